//! Pauses and broken storage: each ends in a state that is written down, with one alert.

use std::time::Duration;

use tradewind_engine::Incident;
use tradewind_engine::journal::FaultKind;
use tradewind_model::call::CallKind;
use tradewind_model::notice::VenueStatus;
use tradewind_model::order::{Denied, Side};
use tradewind_simulator::front::{Fault, Pattern, Rule};

use super::probe::{of_order, told};
use super::trading::{Floor, MILLI, SECOND};
use super::venue_kind::{VenueKind, at_each_venue};

at_each_venue! {
    a_process_that_was_stopped_for_ten_minutes_asks_everything_anew_and_says_so_once,
    a_machine_that_slept_for_ten_minutes_says_so_once,
    a_venue_that_answers_nothing_for_forty_seconds_is_told_of_once,
    a_disk_that_is_full_or_read_only_lets_cancels_pass_and_is_told_of_once,
}

const MINUTE: Duration = Duration::from_secs(60);

/// A floor with an order that rests and one in the books as traded.
fn busy(at: VenueKind, seed: u64) -> Floor {
    let mut floor = Floor::open(at, seed, |_| {});
    floor.market(Side::Buy, "0.1");
    floor.rest(Side::Buy, "0.01");
    floor.world.run_for(SECOND * 2);
    assert_eq!(floor.alerts(), Vec::<String>::new());
    floor
}

fn is_open_for_business(floor: &mut Floor, context: &str) {
    told();
    assert_eq!(floor.status(), VenueStatus::Live, "{context}");
    let id = floor.rest(Side::Buy, "0.01");
    floor.world.run_for(SECOND);
    let updates = of_order(&told(), id);
    assert!(updates.last().unwrap().state.may_be_live(), "{context}: {updates:?}");
    floor.honest(context);
}

fn a_process_that_was_stopped_for_ten_minutes_asks_everything_anew_and_says_so_once(at: VenueKind) {
    let mut floor = busy(at, 31);
    // Asked for as it stops: it is not to leave ten minutes later.
    let asked = floor.sent(CallKind::PlaceOrder);
    floor.world.pause(floor.me, MINUTE * 10);
    floor.rest(Side::Buy, "0.01");
    floor.world.run_for(MINUTE * 10 + MILLI * 100);
    assert_ne!(floor.status(), VenueStatus::Live, "nothing is traded by what was known");
    floor.world.run_for(SECOND * 30);
    assert_eq!(floor.sent(CallKind::PlaceOrder), asked);
    is_open_for_business(&mut floor, "stopped");
    assert_eq!(floor.alerts().len(), 1, "{:?}", floor.alerts());
    assert_eq!(floor.incidents(|one| matches!(one, Incident::Paused { .. })), 1);
}

fn a_machine_that_slept_for_ten_minutes_says_so_once(at: VenueKind) {
    let mut floor = busy(at, 32);
    floor.world.sleep(floor.me, MINUTE * 10);
    floor.world.run_for(MINUTE * 10 + SECOND * 30);
    is_open_for_business(&mut floor, "slept");
    assert_eq!(floor.alerts().len(), 1, "{:?}", floor.alerts());
}

fn a_venue_that_answers_nothing_for_forty_seconds_is_told_of_once(at: VenueKind) {
    for seed in 33..38 {
        let mut floor = busy(at, seed);
        let silence = Rule::always(Pattern::default(), Fault::RequestLost);
        let rule = floor.world.at_venue(|venue, _| venue.add_fault(silence));
        for _ in 0..3 {
            floor.rest(Side::Buy, "0.01");
        }
        floor.world.run_for(SECOND * 40);
        floor.world.at_venue(|venue, _| venue.remove_fault(rule));
        floor.world.run_for(MINUTE * 2);
        assert_eq!(floor.snapshot().in_doubt, [], "seed {seed}");
        is_open_for_business(&mut floor, "silent");
        assert_eq!(floor.alerts().len(), 1, "seed {seed}: {:?}", floor.alerts());
        assert_eq!(floor.incidents(|one| *one == Incident::Answering), 1);
    }
}

fn a_disk_that_is_full_or_read_only_lets_cancels_pass_and_is_told_of_once(at: VenueKind) {
    for (seed, kind) in [(41, FaultKind::NoSpace), (42, FaultKind::ReadOnly)] {
        let mut floor = busy(at, seed);
        floor.world.journal(floor.me).unwrap().damage(kind);
        for _ in 0..3 {
            let id = floor.rest(Side::Buy, "0.01");
            floor.world.run_for(SECOND);
            let updates = of_order(&told(), id);
            assert!(matches!(updates[0].denied, Some(Denied::Unrecorded(_))), "{updates:?}");
        }
        floor.world.run_for(MINUTE * 10);
        assert_eq!(floor.alerts().len(), 1, "{kind}: {:?}", floor.alerts());
        floor.world.journal(floor.me).unwrap().repair();
        floor.world.run_for(MINUTE);
        is_open_for_business(&mut floor, "repaired");
        assert_eq!(floor.alerts().len(), 1, "{kind}: {:?}", floor.alerts());
    }
}
