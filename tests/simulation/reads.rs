//! Questions from outside: shared, cached, shed by type, and always answered in time.

use std::time::Duration;

use tradewind_engine::{Answer, ReadFailed, Urgency};
use tradewind_model::call::Call;
use tradewind_model::id::Symbol;
use tradewind_model::outcome::Reply;
use tradewind_scheduler::{Never, Priority, QueueCapacity, ScopeKey, Shed, Staleness};

use super::solo::{PEER, Solo};
use super::venue_kind::{VenueKind, at_each_venue};

at_each_venue! {
    the_same_question_of_thousands_is_one_request,
    what_grows_stale_slowly_is_asked_once_an_hour_and_fees_beside_balances_too,
    who_cannot_wait_until_a_ban_is_over_is_told_at_once_and_the_others_after_it,
    what_would_change_something_is_no_question,
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn depth(levels: u32) -> Call {
    Call::Depth { symbol: Symbol::new("BTCUSDT"), levels }
}

/// As many as may be asked without being the same.
fn bars(from: u64) -> Call {
    Call::Bars {
        symbol: Symbol::new("BTCUSDT"),
        interval: tradewind_model::market::Interval::Minute1,
        from: Some(tradewind_model::time::Timestamp::from_secs(1_700_000_000 + from)),
        until: None,
        limit: 1,
    }
}

fn catalog() -> Call {
    Call::Catalog { symbols: vec![Symbol::new("BTCUSDT"), Symbol::new("ETHUSDT")] }
}

fn shed(answer: Option<Answer>) -> Option<Shed> {
    match answer {
        Some(Err(ReadFailed::Shed(shed))) => Some(shed),
        _ => None,
    }
}

fn the_same_question_of_thousands_is_one_request(at: VenueKind) {
    let mut world = Solo::calm(at, |_, _| {});
    for call in [Call::Account, Call::OpenOrders { symbol: None }, depth(100)] {
        let before = world.ledger().total_requests();
        let asked: Vec<_> =
            (0..3_000).map(|_| world.ask(call.clone(), Urgency::Query, SECOND * 10)).collect();
        world.run_for(SECOND);
        assert_eq!(world.ledger().total_requests() - before, 1, "{call:?}");
        let first = world.answer(asked[0]).unwrap().unwrap();
        for one in &asked {
            let answer = world.answer(*one).unwrap().unwrap();
            assert!(std::sync::Arc::ptr_eq(&answer, &first), "one answer, not copies of it");
        }
        // What changes with every trade is not kept: who asks later asks the venue.
        let later = world.ask(call.clone(), Urgency::Query, SECOND * 10);
        world.run_for(SECOND);
        assert!(world.answer(later).unwrap().is_ok());
        assert_eq!(world.ledger().total_requests() - before, 2, "{call:?}");
    }
    let reads = world.snapshot().counters.reads;
    assert_eq!((reads.asked, reads.answered, reads.shed(), reads.failed), (9_003, 9_003, 0, 0));
    assert_eq!((reads.coalesced, reads.cached), (3 * 2_999, 0));
}

fn what_grows_stale_slowly_is_asked_once_an_hour_and_fees_beside_balances_too(at: VenueKind) {
    let mut world = Solo::calm(at, |_, _| {});
    let catalogs = |world: &Solo| world.requests(at.names().catalog);
    let accounts = |world: &Solo| world.requests(at.names().account);
    assert_eq!((catalogs(&world), accounts(&world)), (1, 1), "the engine's own");
    let begun = world.now();
    while world.now().since(begun) < Duration::from_secs(3_500) {
        let asked = world.ask(catalog(), Urgency::Background, SECOND);
        assert!(world.answer(asked).unwrap().is_ok(), "at once");
        let fees = world.ask_accepting(Call::Account, Staleness::Fees);
        assert!(matches!(*world.answer(fees).unwrap().unwrap(), Reply::Account(_)), "at once");
        world.run_for(MINUTE);
    }
    assert_eq!(accounts(&world), 1);
    // The engine itself reads instruments anew before an hour has passed, at a time of its own.
    assert_eq!(catalogs(&world), 2);
    world.run_for(MINUTE * 2);
    let asked = world.ask(catalog(), Urgency::Background, SECOND);
    let permissions = world.ask_accepting(Call::Account, Staleness::Permissions);
    world.run_for(SECOND);
    assert!(world.answer(asked).unwrap().is_ok() && world.answer(permissions).unwrap().is_ok());
    assert_eq!((catalogs(&world), accounts(&world)), (2, 2), "an hour has passed");
    let again = world.ask_accepting(Call::Account, Staleness::Permissions);
    assert!(world.answer(again).unwrap().is_ok(), "at once");
    world.run_for(Duration::from_secs(601));
    let again = world.ask_accepting(Call::Account, Staleness::Permissions);
    world.run_for(SECOND);
    assert!(world.answer(again).unwrap().is_ok());
    assert_eq!(accounts(&world), 3, "ten minutes have passed");
}

#[test]
fn more_than_the_venue_allows_is_shed_in_time_and_by_type() {
    let mut world = Solo::calm(VenueKind::Binance, |_, _| {});
    // Three times what the minute holds, for who waits five seconds.
    let patience = SECOND * 5;
    let mut asked = Vec::new();
    for second in 0..180_u32 {
        for read in 0..6 {
            let urgency = if read % 2 == 0 { Urgency::Query } else { Urgency::Background };
            let call = if read < 3 { depth(5_000) } else { depth(1_000 + second * 6 + read) };
            asked.push((world.now(), world.ask(call, urgency, patience)));
        }
        world.run_for(SECOND);
        for (at, inquiry) in &asked {
            let is_over = world.now().since(*at) >= patience;
            assert!(!is_over || world.answer(*inquiry).is_some(), "answered by its deadline");
        }
    }
    world.run_for(patience);
    let answers: Vec<_> =
        asked.iter().map(|(_, inquiry)| world.answer(*inquiry).unwrap()).collect();
    let answered = answers.iter().filter(|answer| answer.is_ok()).count();
    let late = answers
        .iter()
        .filter(|answer| matches!(answer, Err(ReadFailed::Shed(Shed::TooLate { .. }))))
        .count();
    // What leaves just in time may come back just too late.
    let missed = answers.iter().filter(|answer| matches!(answer, Err(ReadFailed::Unknown(_))));
    let missed = missed.count();
    assert_eq!(answered + late + missed, asked.len());
    assert!(missed * 100 < asked.len(), "{missed} came too late");
    assert!(answered > 60 && late > 60, "{answered} answered, {late} too late");
    let reads = world.snapshot().counters.reads;
    assert_eq!(reads.asked, reads.answered + reads.failed + reads.shed());
    assert_eq!((reads.answered, reads.shed_late), (answered as u64, late as u64));
    assert!(reads.coalesced > 100, "{reads}");
    let ledger = world.ledger();
    assert_eq!((ledger.rate_limited, ledger.banned), (0, 0));
    let waits = answers.iter().filter_map(|answer| match answer {
        Err(ReadFailed::Shed(Shed::TooLate { waited, .. })) => Some(*waited),
        _ => None,
    });
    // Given up as soon as the answer could not come in time, not only when the time was over.
    assert!(waits.max().unwrap() <= patience);
}

#[test]
fn a_full_queue_and_a_crowd_say_so() {
    let mut world = Solo::calm(VenueKind::Binance, |_, instance| {
        instance.scheduler.queue = QueueCapacity { background: 10, ..QueueCapacity::default() };
    });
    world.at_venue(|venue, now| venue.burn(now, PEER, 5_900));
    // The engine hears of it with the next answer; then nothing more leaves this minute.
    let heard = world.ask(Call::ServerTime, Urgency::Query, SECOND);
    world.run_for(SECOND);
    assert!(world.answer(heard).unwrap().is_ok());
    let asked: Vec<_> =
        (0..40).map(|one| world.ask(bars(one), Urgency::Background, MINUTE)).collect();
    world.run_for(Duration::from_millis(10));
    let full: Vec<_> = asked.iter().filter_map(|one| shed(world.answer(*one))).collect();
    assert!(full.len() >= 25, "{} of 40", full.len());
    let is_full = |shed: &Shed| {
        let class = Priority::Background;
        *shed == Shed::Refused(Never::QueueFull { class, capacity: 10 })
    };
    assert!(full.iter().all(is_full), "{full:?}");
    assert_eq!(world.snapshot().counters.reads.shed_full, full.len() as u64);
    // The same question waits with the one that waits already, in as large a crowd as there may be.
    let waiting: Vec<_> =
        (0..70_000).map(|_| world.ask(bars(0), Urgency::Background, MINUTE)).collect();
    let crowded = waiting.iter().filter_map(|one| shed(world.answer(*one)));
    let most = 65_536;
    assert!(crowded.clone().all(|shed| shed == Shed::Crowded { most }));
    let reads = world.snapshot().counters.reads;
    let waited = reads.asked - reads.answered - reads.failed - reads.shed();
    assert_eq!((waited, crowded.count() as u64), (most as u64, reads.shed_crowded));
    world.run_for(MINUTE);
    let still_waiting = asked.iter().chain(&waiting).filter(|one| world.answer(**one).is_none());
    assert_eq!(still_waiting.count(), 0);
}

#[test]
fn each_who_waits_is_told_at_their_own_deadline_and_the_call_lives_on_for_the_others() {
    let mut world = Solo::calm(VenueKind::Binance, |_, _| {});
    let begun = world.now();
    let window_ends = (begun.window_start(MINUTE) + MINUTE).since(begun);
    world.at_venue(|venue, now| venue.burn(now, PEER, 5_800));
    let heard = world.ask(Call::ServerTime, Urgency::Query, SECOND);
    world.run_for(SECOND);
    assert!(world.answer(heard).unwrap().is_ok());
    let short = world.ask(depth(5_000), Urgency::Background, SECOND * 2);
    let long = world.ask(depth(5_000), Urgency::Query, MINUTE * 2);
    let middling = world.ask(depth(5_000), Urgency::Background, SECOND * 4);
    world.run_for(SECOND * 2);
    assert!(matches!(
        shed(world.answer(short)),
        Some(Shed::TooLate { class: Priority::Background, .. })
    ));
    assert!(world.answer(middling).is_none());
    world.run_for(SECOND * 2);
    assert!(matches!(shed(world.answer(middling)), Some(Shed::TooLate { .. })));
    assert!(world.answer(long).is_none());
    world.run_for(window_ends);
    assert!(world.answer(long).unwrap().is_ok(), "as what it was asked as most urgently");
    assert_eq!(world.requests("GET /api/v3/depth"), 1);
}

fn who_cannot_wait_until_a_ban_is_over_is_told_at_once_and_the_others_after_it(at: VenueKind) {
    let mut world = Solo::calm(at, |_, _| {});
    let until = world.at_venue(|venue, now| venue.ban(now, PEER));
    let patient = until.since(world.now()) + MINUTE;
    // It is learnt with the first answer, while others wait behind it.
    let first = world.ask(Call::ServerTime, Urgency::Query, MINUTE);
    let queued: Vec<_> = (0..50).map(|one| world.ask(bars(one), Urgency::Query, MINUTE)).collect();
    let patiently: Vec<_> =
        (0..3).map(|one| world.ask(bars(100 + one), Urgency::Query, patient)).collect();
    world.run_for(SECOND);
    let banned_at = world.now();
    let is_shut = |answer: Option<Answer>| matches!(shed(answer), Some(Shed::Shut { scope: ScopeKey::Egress(_), until: at }) if at >= until);
    let told = queued.iter().filter(|one| is_shut(world.answer(**one))).count();
    assert!(told >= 45, "{told} of 50; the others were on the wire");
    // One that is asked during it.
    let late = world.ask(Call::Ping, Urgency::Query, SECOND * 10);
    assert!(is_shut(world.answer(late)), "at once");
    let cached = world.ask(catalog(), Urgency::Query, SECOND * 10);
    assert!(world.answer(cached).unwrap().is_ok(), "what is known is told whatever is shut");
    world.run_until(until, |_| false);
    let during = world.arrivals_since(banned_at);
    assert_eq!(during, [], "not a byte");
    world.run_for(MINUTE);
    for one in patiently {
        assert!(world.answer(one).unwrap().is_ok());
    }
    assert!(world.answer(first).unwrap().is_err());
    let reads = world.snapshot().counters.reads;
    assert_eq!(reads.asked, reads.answered + reads.failed + reads.shed(), "{reads}");
    assert!(reads.shed_shut > told as u64);
}

fn what_would_change_something_is_no_question(at: VenueKind) {
    let mut world = Solo::calm(at, |_, _| {});
    let call = Call::CancelOpenOrders { symbol: Symbol::new("BTCUSDT") };
    let asked = world.ask(call.clone(), Urgency::Query, SECOND);
    assert_eq!(world.answer(asked), Some(Err(ReadFailed::NotARead(call.kind()))));
    let late = world.ask(Call::Ping, Urgency::Query, Duration::ZERO);
    assert!(matches!(shed(world.answer(late)), Some(Shed::TooLate { .. })));
}
