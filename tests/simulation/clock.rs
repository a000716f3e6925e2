//! Clocks that drift, are set, stand still, or are refused.

use std::time::Duration;

use tradewind_engine::{Event, Incident, Urgency};
use tradewind_lab::{Clock, Weather};
use tradewind_model::call::Call;
use tradewind_model::id::{ClientOrderId, ClientOrderIds, InstrumentId};
use tradewind_model::notice::{Command, VenueStatus};
use tradewind_model::order::{Denied, OrderKind, OrderRequest, OrderState, Side};
use tradewind_model::time::Timestamp;
use tradewind_scheduler::ShutReason;
use tradewind_simulator::front::{Fault, Pattern, Rule};

use super::orders::{post_only, qty};
use super::probe::{Told, of_order, told};
use super::solo::{PEER, Solo};
use super::venue_kind::{VenueKind, at_each_venue};

at_each_venue! {
    a_clock_that_drifts_is_followed_and_never_refused,
    a_clock_that_is_set_costs_one_refusal_at_the_most_and_no_order,
    a_reading_that_contradicts_the_others_is_told_and_checked_at_once,
    after_a_sleep_the_clock_is_read_and_everything_asked_before_anything_is_traded,
    a_machine_that_stood_still_without_knowing_is_refused_once,
    a_wall_clock_that_is_set_moves_no_timeout_and_no_window,
    a_time_refused_again_right_after_the_clock_was_read_shuts_the_account,
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

struct Trader {
    world: Solo,
    ids: ClientOrderIds,
    seen: Vec<Told>,
}

impl Trader {
    fn new(world: Solo) -> Self {
        Self { world, ids: ClientOrderIds::new(99, Timestamp::EPOCH), seen: Vec::new() }
    }

    fn submit(&mut self) -> ClientOrderId {
        let client_order_id = self.ids.next();
        let instrument = InstrumentId::from("BTC-USDT");
        let kind: OrderKind = post_only("50000".parse().unwrap(), qty("0.001"));
        let request = OrderRequest { instrument, side: Side::Buy, kind, tag: 0 };
        self.world.command("probe", Command::Submit { client_order_id, request });
        client_order_id
    }

    /// Plays on, and cancels what rests.
    fn run(&mut self, duration: Duration) {
        self.world.run_for(duration);
        let news = told();
        for told in &news {
            if let Told::Order(update) = told
                && update.state == OrderState::Open
            {
                let client_order_id = update.client_order_id;
                self.world.command("probe", Command::Cancel { client_order_id });
            }
        }
        self.seen.extend(news);
    }

    /// Trades for so long, one order each `every`, and its cancel half of that later: of what
    /// needs a right time, one thing at a time is on the wire.
    fn trade(&mut self, duration: Duration, every: Duration) {
        let until = self.world.now() + duration;
        while self.world.now() < until {
            self.submit();
            self.run(every / 2);
            self.run(every / 2);
        }
    }

    fn states(&self, id: ClientOrderId) -> Vec<OrderState> {
        of_order(&self.seen, id).iter().map(|update| update.state).collect()
    }

    /// What the venue has refused: nothing here is wrong but its time.
    fn refused(&self) -> usize {
        let arrivals = self.world.ledger().arrivals;
        arrivals.iter().filter(|one| one.status == 400).count()
    }

    fn accepted(&self) -> usize {
        self.world.ledger().accounts[0].orders_accepted
    }

    fn incidents(&self, is_meant: impl Fn(&Incident) -> bool) -> usize {
        self.world.incidents().filter(|one| is_meant(one)).count()
    }
}

fn a_clock_that_drifts_is_followed_and_never_refused(at: VenueKind) {
    for (ppm, ahead) in [(100, 40_000), (-100, -40_000)] {
        let mut trader = Trader::new(Solo::calm(at, |world, instance| {
            let clock = Clock::ahead_by_millis(ahead);
            instance.clock = clock.drifting(world.begins_at, ppm);
        }));
        trader.trade(HOUR * 6, SECOND * 30);
        assert_eq!(trader.refused(), 0, "{ppm}");
        assert_eq!(trader.accepted(), 720, "{ppm}");
        let ledger = trader.world.ledger();
        assert_eq!(ledger.rate_limited, 0);
        let is_doubt = |one: &Incident| {
            matches!(one, Incident::ClockContradicted { .. } | Incident::ClockRefused)
        };
        assert_eq!(trader.incidents(is_doubt), 0, "{ppm}");
    }
}

fn a_clock_that_is_set_costs_one_refusal_at_the_most_and_no_order(at: VenueKind) {
    let mut trader = Trader::new(Solo::calm(at, |_, _| {}));
    for (round, millis) in [7_000, -3_000, 800, 86_400_000, -4_000].into_iter().enumerate() {
        trader.trade(MINUTE * 3, SECOND);
        let (refused, accepted) = (trader.refused(), trader.accepted());
        trader.world.step_venue_clock(millis);
        trader.trade(MINUTE * 3, SECOND);
        trader.run(SECOND * 5);
        assert!(trader.refused() - refused <= 1, "round {round}: {}", trader.refused() - refused);
        assert_eq!(trader.accepted() - accepted, 180, "round {round}");
    }
    assert_eq!(trader.incidents(|one| matches!(one, Incident::Shut { .. })), 0);
    assert_eq!(trader.world.ledger().rate_limited, 0);
}

fn a_reading_that_contradicts_the_others_is_told_and_checked_at_once(at: VenueKind) {
    let mut trader = Trader::new(Solo::calm(at, |_, _| {}));
    trader.run(MINUTE * 3);
    // Too little for anything to be refused.
    trader.world.step_venue_clock(400);
    let before = trader.world.requests(at.names().time);
    trader.run(MINUTE * 2);
    let is_told = |one: &Incident| matches!(one, Incident::ClockContradicted { .. });
    assert_eq!(trader.incidents(is_told), 1);
    assert_eq!(trader.world.requests(at.names().time) - before, 3, "one more than usual");
    trader.run(MINUTE);
    let offset = trader.world.snapshot().clock_offset_nanos;
    assert!((399_000_000..=401_000_000).contains(&offset), "{offset}");
    assert_eq!(trader.refused(), 0);
}

fn after_a_sleep_the_clock_is_read_and_everything_asked_before_anything_is_traded(at: VenueKind) {
    let mut trader = Trader::new(Solo::calm(at, |_, _| {}));
    trader.trade(MINUTE, SECOND);
    let resting = trader.submit();
    trader.world.run_for(SECOND);
    trader.seen.extend(told());
    // An order waits for leave when the lid is shut, and another's answer is on its way.
    trader.world.at_venue(|venue, now| venue.burn(now, PEER, 1));
    let on_its_way = trader.submit();
    trader.world.run_for(Duration::from_micros(100));
    trader.world.sleep(HOUR);
    let (asleep_at, woke_at) = (trader.world.now(), trader.world.now() + HOUR);
    trader.world.run_until(woke_at, |_| false);
    let late = trader.submit();
    trader.run(SECOND * 10);
    assert_eq!(trader.refused(), 0, "not one time was wrong");
    assert_eq!(trader.incidents(|one| matches!(one, Incident::ClockJumped { .. })), 1);
    let what: Vec<_> =
        trader.world.arrivals_since(woke_at).into_iter().map(|(_, what, _)| what).collect();
    assert_eq!(what[0], at.names().time, "{what:?}");
    let first = |wanted: &str| what.iter().position(|what| *what == wanted);
    assert!(first(at.names().account).is_some(), "{what:?}");
    assert!(first(at.names().open_orders).is_some(), "what may have traded is asked: {what:?}");
    assert_eq!(first(at.names().place), None, "{what:?}");
    // Those who wished for something meanwhile are told that nobody knows enough.
    let why = of_order(&trader.seen, late).pop().and_then(|update| update.denied);
    assert!(matches!(why, Some(Denied::Closed(_))), "{why:?}");
    assert!(trader.states(on_its_way).contains(&OrderState::Open), "sent before the sleep");
    assert!(trader.states(resting).contains(&OrderState::Open));
    let statuses = trader.seen.iter().filter_map(|told| {
        let Told::Venue(status) = told else { return None };
        Some(status.clone())
    });
    let statuses: Vec<_> = statuses.collect();
    assert!(matches!(statuses[0], VenueStatus::Stale { .. }));
    assert_eq!(statuses.last(), Some(&VenueStatus::Live));
    trader.trade(MINUTE, SECOND);
    assert_eq!(trader.refused(), 0);
    assert!(trader.world.now().since(asleep_at) > HOUR);
    trader.world.stop(SECOND * 30);
    trader.world.check("after a sleep");
}

#[test]
fn an_order_that_waited_when_the_machine_slept_does_not_leave_an_hour_later() {
    let mut trader = Trader::new(Solo::calm(VenueKind::Binance, |world, _| {
        world.venue.binance().unwrap().front.limits.orders_per_ten_seconds = 20;
    }));
    let start = trader.world.now();
    let fresh = (start.window_start(SECOND * 10) + SECOND * 10).since(start);
    trader.run(fresh + SECOND);
    let ids: Vec<_> = (0..40).map(|_| trader.submit()).collect();
    trader.world.run_for(SECOND);
    let sent = trader.world.requests("POST /api/v3/order");
    trader.world.sleep(HOUR);
    trader.run(HOUR + MINUTE);
    assert_eq!(trader.world.requests("POST /api/v3/order"), sent, "none of those that waited");
    let denied = ids.iter().filter_map(|id| of_order(&trader.seen, *id).pop()?.denied);
    let late = denied.filter(
        |denied| matches!(denied, Denied::Deadline { waited_ms } if *waited_ms >= 3_600_000),
    );
    assert_eq!(late.count() as u64, 40 - sent);
}

fn a_machine_that_stood_still_without_knowing_is_refused_once(at: VenueKind) {
    let mut trader = Trader::new(Solo::calm(at, |_, _| {}));
    trader.trade(MINUTE, SECOND);
    trader.world.freeze(HOUR);
    trader.run(HOUR);
    let accepted = trader.accepted();
    trader.trade(MINUTE * 2, SECOND);
    trader.run(SECOND * 5);
    assert!(trader.refused() <= 1, "{}", trader.refused());
    assert!(trader.accepted() - accepted >= 118, "{}", trader.accepted() - accepted);
}

#[test]
fn what_waits_long_for_leave_is_signed_when_it_leaves() {
    let mut trader = Trader::new(Solo::calm(VenueKind::Binance, |world, instance| {
        world.venue.binance().unwrap().front.limits.orders_per_ten_seconds = 20;
        instance.recv_window = Duration::from_millis(500);
    }));
    let ids: Vec<_> = (0..25).map(|_| trader.submit()).collect();
    for _ in 0..150 {
        trader.run(Duration::from_millis(100));
    }
    assert_eq!(trader.refused(), 0);
    assert_eq!(trader.accepted(), 25, "all of them, in two windows");
    let waits = trader.world.attempts_at("place_order").into_iter().map(|one| one.queue_ms);
    assert!(waits.max() > Some(1_000), "some have waited for longer than a signature lives");
    let ends = ids.iter().filter(|id| trader.states(**id).contains(&OrderState::Canceled));
    assert_eq!(ends.count(), 25);
}

fn a_wall_clock_that_is_set_moves_no_timeout_and_no_window(at: VenueKind) {
    let mut trader = Trader::new(Solo::calm(at, |_, _| {}));
    trader.run(MINUTE);
    let before = trader.world.now();
    let lost = Weather { lost_answers_permille: 1_000, ..Weather::FAIR };
    trader.world.set_weather(lost);
    trader.world.mute_account_stream(true);
    let doubtful = trader.submit();
    trader.world.run_for(SECOND);
    trader.world.set_weather(Weather::FAIR);
    for nanos in [7_200_000_000_000, -7_200_000_000_000_i64] {
        trader.world.tell(Event::ClockJumped { nanos });
        trader.world.run_for(SECOND * 2);
    }
    trader.seen.extend(told());
    assert!(!trader.states(doubtful).contains(&OrderState::InDoubt), "not before its time");
    trader.world.mute_account_stream(false);
    trader.run(SECOND * 6);
    let in_doubt = of_order(&trader.seen, doubtful)
        .into_iter()
        .find(|update| update.state == OrderState::InDoubt);
    // What is asked after a gap of the stream finds it before its own timeout does.
    assert!(trader.states(doubtful).contains(&OrderState::Open) || in_doubt.is_some());
    // Weights are still counted in the venue's minute.
    for _ in 0..200 {
        let call = Call::Depth { symbol: "BTCUSDT".into(), levels: 5_000 };
        trader.world.ask(call, Urgency::Query, MINUTE * 3);
        trader.run(Duration::from_millis(700));
    }
    let ledger = trader.world.ledger();
    assert_eq!((ledger.rate_limited, trader.refused()), (0, 0));
    assert!(trader.world.now().since(before) > MINUTE * 2);
}

fn a_time_refused_again_right_after_the_clock_was_read_shuts_the_account(at: VenueKind) {
    let mut trader = Trader::new(Solo::calm(at, |_, _| {}));
    trader.trade(MINUTE * 2, SECOND);
    trader.world.step_venue_clock(7_000);
    trader.trade(SECOND * 5, SECOND);
    assert_eq!(trader.refused(), 1);
    trader.world.step_venue_clock(7_000);
    trader.trade(SECOND * 5, SECOND);
    assert_eq!(trader.refused(), 2, "the second is the last");
    let is_latched =
        |one: &Incident| matches!(one, Incident::Shut { reason: ShutReason::Auth, .. });
    assert_eq!(trader.incidents(is_latched), 1);
    assert_eq!(trader.incidents(|one| matches!(one, Incident::ClockRefusedAgain { .. })), 1);
    let latched_at = trader.world.now() + Duration::from_secs(14);
    trader.trade(MINUTE * 30, SECOND * 10);
    let signed = trader
        .world
        .arrivals_since(latched_at)
        .into_iter()
        .filter(|(_, what, _)| ![at.names().time, "handshake", "ping"].contains(what));
    assert_eq!(signed.collect::<Vec<_>>(), [], "nothing signed until somebody has looked");
    trader.world.tell(Event::ClearAccount);
    trader.run(MINUTE);
    let accepted = trader.accepted();
    trader.trade(MINUTE, SECOND);
    trader.run(SECOND);
    assert_eq!(trader.accepted() - accepted, 60, "and then it goes on");
}

#[test]
fn what_is_late_on_its_way_says_nothing_of_the_clock() {
    let mut trader = Trader::new(Solo::calm(VenueKind::Binance, |_, instance| {
        instance.recv_window = Duration::from_millis(2_000);
    }));
    trader.trade(MINUTE * 2, SECOND);
    let (accepted, read) = (trader.accepted(), trader.world.requests("GET /api/v3/time"));
    let held = Fault::RequestHeld(Duration::from_millis(2_200));
    let slow = Rule::sometimes(Pattern::what("POST /api/v3/order"), 500, held);
    let slow = trader.world.at_venue(|venue, _| venue.add_fault(slow));
    trader.trade(MINUTE, SECOND);
    trader.world.at_venue(|venue, _| venue.remove_fault(slow));
    assert!(trader.refused() > 20, "{} were late", trader.refused());
    let is_late = |one: &Incident| matches!(one, Incident::LateOnTheWay { took } if *took >= Duration::from_millis(2_000));
    assert_eq!(trader.incidents(is_late), trader.refused());
    let is_wrong = |one: &Incident| {
        matches!(
            one,
            Incident::ClockRefused | Incident::ClockRefusedAgain { .. } | Incident::Shut { .. }
        )
    };
    assert_eq!(trader.incidents(is_wrong), 0, "the account goes on, by the clock it had");
    assert_eq!(trader.world.requests("GET /api/v3/time") - read, 1, "as often as ever");
    assert!(
        trader.accepted() - accepted >= 40,
        "{}: most go at once, or at the second try",
        trader.accepted() - accepted
    );
}
