//! What is tried again, how often, and how it is told.

use std::time::Duration;

use tradewind_engine::{Incident, ReadFailed, Urgency};
use tradewind_lab::Weather;
use tradewind_model::attempt::{AttemptEvent, RetryReason};
use tradewind_model::call::Call;
use tradewind_model::id::{ClientOrderIds, Symbol};
use tradewind_model::notice::Command;
use tradewind_model::order::{OrderRequest, OrderState, Side};
use tradewind_model::outcome::NotTaken;
use tradewind_model::stream::StreamKind;
use tradewind_model::time::Timestamp;
use tradewind_scheduler::{FailureClass, RetryPolicy};

use super::orders::{post_only, qty};
use super::probe::{of_order, told};
use super::solo::{PEER, Solo};
use super::venue_kind::{VenueKind, at_each_venue};

at_each_venue! {
    a_read_has_as_many_tries_as_the_table_says_each_told_as_what_it_is,
    no_try_begins_that_cannot_end_before_its_deadline,
    retries_are_paid_for_by_what_goes_well,
    an_order_in_doubt_is_asked_about_for_ever_and_never_in_a_storm,
    a_stream_is_opened_again_for_ever_within_its_backoff_and_forgets_after_a_healthy_minute,
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// No connection can be made.
const DOWN: Weather = Weather { refused_permille: 1_000, ..Weather::FAIR };

fn depth(levels: u32) -> Call {
    Call::Depth { symbol: Symbol::new("BTCUSDT"), levels }
}

fn told_of(attempts: &[AttemptEvent]) -> Vec<(u32, RetryReason)> {
    attempts.iter().map(|one| (one.attempt, one.retry_reason)).collect()
}

fn a_read_has_as_many_tries_as_the_table_says_each_told_as_what_it_is(at: VenueKind) {
    for (transient, attempts) in [(2, 3), (1, 2), (0, 1)] {
        let mut world = Solo::calm(at, |_, instance| {
            let policy = RetryPolicy::default().with(FailureClass::Transient, transient);
            instance.retry = policy.unwrap();
        });
        world.set_weather(DOWN);
        let asked = world.ask(depth(5), Urgency::Query, MINUTE);
        world.run_for(SECOND * 2);
        let failed = world.answer(asked).unwrap().unwrap_err();
        assert!(matches!(failed, ReadFailed::NotTaken(NotTaken::NotSent(_))), "{failed}");
        let made = world.attempts_at("depth");
        let all = [(1, RetryReason::None), (2, RetryReason::Network), (3, RetryReason::Network)];
        assert_eq!(told_of(&made), all[..attempts]);
        assert_eq!(made[0].delay_ms, 0);
        for (attempt, most) in made.iter().skip(1).zip([250, 500]) {
            assert!(attempt.delay_ms <= most, "{attempt:?}");
        }
        for pair in made.windows(2) {
            let apart = pair[1].ts.since(pair[0].ts).as_millis();
            assert!(apart >= u128::from(pair[1].delay_ms), "{pair:?}");
        }
    }
}

fn no_try_begins_that_cannot_end_before_its_deadline(at: VenueKind) {
    let mut tried = 0;
    for patience in [1, 10, 50, 100, 200] {
        let mut world = Solo::calm(at, |_, _| {});
        let answers_late = Weather { delay_max: Duration::from_millis(40), ..DOWN };
        world.set_weather(answers_late);
        let patience = Duration::from_millis(patience);
        let (begun, asked) = (world.now(), world.ask(depth(5), Urgency::Query, patience));
        world.run_for(patience);
        assert!(world.answer(asked).unwrap().is_err(), "told by the deadline");
        world.run_for(SECOND * 5);
        for attempt in world.attempts_at("depth") {
            let left = (begun + patience).since(attempt.ts);
            assert!(left > Duration::from_micros(500), "{left:?} were left of {patience:?}");
            tried += u32::from(attempt.attempt > 1);
        }
    }
    assert!(tried > 0, "some were tried again");
}

#[test]
fn what_the_venue_asks_for_is_waited_for() {
    let mut world = Solo::calm(VenueKind::Binance, |_, _| {});
    world.at_venue(|venue, now| venue.burn(now, PEER, 6_000));
    let asked = world.ask(depth(5), Urgency::Query, MINUTE * 3);
    world.run_for(MINUTE * 2);
    assert!(world.answer(asked).unwrap().is_ok());
    let made = world.attempts_at("depth");
    assert_eq!(told_of(&made), [(1, RetryReason::None), (2, RetryReason::RateLimit)]);
    let opens = made[0].ts.window_start(MINUTE) + MINUTE;
    assert!(made[1].ts >= opens, "{} before {opens}", made[1].ts);
    assert_eq!(world.ledger().rate_limited, 1);
    // One whose time ends before that is not kept waiting for nothing.
    world.at_venue(|venue, now| venue.burn(now, PEER, 6_000));
    let hasty = world.ask(depth(10), Urgency::Query, SECOND);
    world.run_for(Duration::from_millis(50));
    assert!(matches!(world.answer(hasty), Some(Err(_))));
}

fn retries_are_paid_for_by_what_goes_well(at: VenueKind) {
    let mut world = Solo::calm(at, |_, instance| instance.records_max = 1 << 20);
    world.set_weather(Weather { refused_permille: 300, ..Weather::FAIR });
    for read in 0..2_000 {
        world.ask(depth(10 + read), Urgency::Background, MINUTE * 10);
        world.run_for(Duration::from_millis(300));
    }
    let made = world.attempts_at("depth");
    let count = |is_first: bool, is_done: bool| {
        let of_these = made.iter().filter(|one| (one.attempt == 1) == is_first);
        of_these.filter(|one| one.status.is_some() == is_done).count()
    };
    let again_failed = count(false, false);
    let (first_done, first_failed) = (count(true, true), count(true, false));
    assert!(first_failed > 300, "{first_failed} of {}", made.len());
    // Each costs 14 of 500, gets them back when it goes well, and each first try that does brings
    // one more.
    assert!(again_failed * 14 <= 500 + first_done, "{again_failed} for {first_done}");
    let again = made.iter().filter(|one| one.attempt == 2).count();
    assert!(again > 100 && again < first_failed * 9 / 10, "{again} for {first_failed}");
}

fn an_order_in_doubt_is_asked_about_for_ever_and_never_in_a_storm(at: VenueKind) {
    let mut world = Solo::calm(at, |_, _| {});
    let mut ids = ClientOrderIds::new(99, Timestamp::EPOCH);
    let lost = Weather { lost_answers_permille: 1_000, ..Weather::FAIR };
    world.set_weather(lost);
    world.refuse_handshakes(true);
    world.mute_account_stream(true);
    let orders: Vec<_> = (0..5)
        .map(|_| {
            let (client_order_id, kind) =
                (ids.next(), post_only("50000".parse().unwrap(), qty("0.001")));
            let (instrument, side) = ("BTC-USDT".into(), Side::Buy);
            let request = OrderRequest { instrument, side, kind, tag: 0 };
            world.command("probe", Command::Submit { client_order_id, request });
            client_order_id
        })
        .collect();
    let hours = 2;
    world.run_for(MINUTE * 60 * hours);
    let asked = world.attempts_at("query_order");
    // Each answer is waited for ten seconds, and the next question for up to thirty.
    let most = 5 * u64::from(hours) * 3_600 / 10;
    assert!(asked.len() as u64 <= most, "{}", asked.len());
    let last = asked.last().unwrap().ts;
    assert!(world.now().since(last) < MINUTE * 2, "it is still asked");
    assert!(asked.iter().any(|one| one.attempt > 2 && one.retry_reason == RetryReason::Timeout));
    assert_eq!(world.requests(at.names().place), 5, "asked about, not sent again");
    world.set_weather(Weather::FAIR);
    world.refuse_handshakes(false);
    world.mute_account_stream(false);
    world.run_for(MINUTE * 3);
    let news = told();
    for id in orders {
        assert_eq!(of_order(&news, id).last().unwrap().state, OrderState::Open);
    }
}

fn a_stream_is_opened_again_for_ever_within_its_backoff_and_forgets_after_a_healthy_minute(
    at: VenueKind,
) {
    let mut world = Solo::calm(at, |_, _| {});
    world.run_for(MINUTE * 2);
    world.refuse_handshakes(true);
    world.cut_streams(StreamKind::Account);
    world.run_for(MINUTE * 30);
    let tries = world.attempts_at("open_stream").into_iter().skip(1).collect::<Vec<_>>();
    // Seven quick ones, and then one in fifteen seconds on average.
    assert!((60..=240).contains(&tries.len()), "{}", tries.len());
    for (failures, attempt) in (0_u32..).zip(&tries) {
        let bound = (250_u64 << failures.min(20)).min(30_000);
        assert!(attempt.delay_ms <= bound, "{failures}: {attempt:?}");
        assert_eq!(
            (attempt.attempt, attempt.retry_reason),
            (failures + 2, RetryReason::Network),
            "{failures}"
        );
    }
    let late: Vec<_> = tries.iter().skip(10).map(|one| one.delay_ms).collect();
    assert!(late.iter().any(|delay| *delay < 10_000) && late.iter().any(|delay| *delay > 20_000));
    // A socket that falls again at once is no reason to begin anew; one that has stood is.
    world.refuse_handshakes(false);
    world.run_for(MINUTE);
    let stood = world.attempts_at("open_stream").len();
    world.cut_streams(StreamKind::Account);
    world.run_for(MINUTE * 2);
    let soon = &world.attempts_at("open_stream")[stood..];
    let is_lost = |one: &&Incident| matches!(one, Incident::StreamLost { .. });
    assert_eq!(soon.len(), 1);
    world.cut_streams(StreamKind::Account);
    world.run_for(SECOND * 2);
    let after = &world.attempts_at("open_stream")[stood + 1..];
    assert!(after[0].delay_ms <= 250 && after[0].attempt == 2, "{after:?}");
    assert!(world.incidents().filter(is_lost).count() > 60);
}
