//! What the venue has told us to leave alone is left alone.

use std::time::Duration;

use tradewind_engine::{Event, Incident};
use tradewind_lab::Weather;
use tradewind_model::notice::VenueStatus;
use tradewind_model::order::{OrderState, Side};
use tradewind_model::time::Timestamp;
use tradewind_scheduler::ShutReason;
use tradewind_simulator::front::{Fault, Pattern, Rule};

use super::orders::{Desk, post_only, qty};
use super::probe::{Told, of_order, told};
use super::solo::PEER;
use super::venue_kind::{VenueKind, at_each_venue};

at_each_venue! {
    during_a_ban_not_a_byte_leaves_and_one_probe_goes_first_afterwards,
    a_refused_key_is_not_tried_again_until_somebody_has_seen_to_it,
}

/// What reached the venue after a moment, in order.
fn arrivals_since(desk: &Desk, since: Timestamp) -> Vec<&'static str> {
    let arrivals = desk.world.ledger().arrivals;
    arrivals.iter().filter(|one| one.at > since).map(|one| one.what).collect()
}

fn during_a_ban_not_a_byte_leaves_and_one_probe_goes_first_afterwards(at: VenueKind) {
    let mut desk = Desk::open(at, Weather::FAIR);
    let resting = desk.submit(Side::Buy, post_only(desk.price(-10), qty("0.01")));
    desk.world.run_for(Duration::from_secs(1));
    let until = desk.world.at_venue(|venue, now| venue.ban(now, PEER));
    // Somebody asks for something, and so it is learnt.
    let order = desk.submit(Side::Buy, post_only(desk.price(-10), qty("0.01")));
    desk.world.run_for(Duration::from_secs(2));
    let learnt = desk.world.now();
    assert!(desk.world.ledger().banned >= 1);
    for _ in 0..50 {
        desk.submit(Side::Buy, post_only(desk.price(-10), qty("0.01")));
    }
    desk.world.run_until(until, |_| false);
    assert_eq!(arrivals_since(&desk, learnt), Vec::<&str>::new(), "nothing leaves during the ban");
    desk.world.run_for(Duration::from_secs(120));
    let after = arrivals_since(&desk, until);
    assert_eq!(after[0], at.names().time, "{after:?}");
    let told = told();
    let last = told.iter().rfind(|told| matches!(told, Told::Venue(_)));
    assert_eq!(last, Some(&Told::Venue(VenueStatus::Live)), "trading goes on");
    assert_eq!(of_order(&told, order).last().unwrap().state, OrderState::Denied);
    assert!(!of_order(&told, resting).is_empty());
    desk.world.stop(Duration::from_secs(30));
    assert_eq!(desk.world.drained(), Some(&[][..]));
}

fn a_refused_key_is_not_tried_again_until_somebody_has_seen_to_it(at: VenueKind) {
    let mut desk = Desk::open(at, Weather::FAIR);
    desk.world.at_venue(|venue, _| venue.revoke(at.api_key()));
    let order = desk.submit(Side::Buy, post_only(desk.price(-10), qty("0.01")));
    desk.world.run_for(Duration::from_secs(2));
    let latched = desk.world.now();
    assert_eq!(of_order(&told(), order).last().unwrap().state, OrderState::Rejected);
    let is_auth =
        |incident: &Incident| matches!(incident, Incident::Shut { reason: ShutReason::Auth, .. });
    assert_eq!(desk.world.incidents().filter(|one| is_auth(one)).count(), 1);
    for _ in 0..20 {
        desk.submit(Side::Buy, post_only(desk.price(-10), qty("0.01")));
    }
    desk.world.run_for(Duration::from_secs(600));
    let unsigned = [at.names().time, "handshake", "ping"];
    let signed = |since| {
        let all = arrivals_since(&desk, since);
        all.into_iter().filter(|what| !unsigned.contains(what)).count()
    };
    assert_eq!(signed(latched), 0);
    let cleared = desk.world.now();
    desk.world.tell(Event::ClearAccount);
    desk.world.run_for(Duration::from_secs(5));
    let all = arrivals_since(&desk, cleared);
    let tries = all.iter().filter(|what| !unsigned.contains(what)).count();
    assert_eq!(tries, 1, "one signed read, refused again: {all:?}");
}

#[test]
fn a_call_that_is_turned_away_whenever_it_is_let_through_is_tried_less_and_less() {
    // Where each path is counted by itself, and nobody says that it is something else.
    let at = VenueKind::Bitget;
    let mut desk = Desk::open(at, Weather::FAIR);
    let no = Rule::always(Pattern::what(at.names().place), Fault::Answered(at.turned_away()));
    let rule = desk.world.at_venue(|venue, _| venue.add_fault(no));
    let insist = |desk: &mut Desk, seconds: u64| {
        for _ in 0..seconds * 2 {
            desk.submit(Side::Buy, post_only(desk.price(-2), qty("0.001")));
            desk.world.run_for(Duration::from_millis(500));
        }
        desk.requests(at.names().place)
    };
    let in_a_minute = insist(&mut desk, 60);
    let in_ten = insist(&mut desk, 540);
    assert!((4..=12).contains(&in_a_minute), "{in_a_minute}");
    assert!(in_ten <= in_a_minute + 8, "{in_ten} in ten minutes, {in_a_minute} in the first");
    // It is let through once more, and that is all there is to remember.
    desk.world.at_venue(|venue, _| venue.remove_fault(rule));
    insist(&mut desk, 310);
    let order = desk.submit(Side::Buy, post_only(desk.price(-2), qty("0.001")));
    desk.world.run_for(Duration::from_secs(1));
    assert_eq!(of_order(&told(), order).last().unwrap().state, OrderState::Open);
}

#[test]
fn an_address_that_is_shut_out_without_a_word_is_known_by_the_second_kind_of_call() {
    // Its answers are the same as to a path that is asked too often.
    let at = VenueKind::Bitget;
    let mut desk = Desk::open(at, Weather::FAIR);
    let rules = ["GET *", "POST *"].map(|what| {
        let no = Rule::always(Pattern::what(what), Fault::Answered(at.turned_away()));
        desk.world.at_venue(|venue, _| venue.add_fault(no))
    });
    let begun = desk.world.now();
    let until = begun + at.manners().address_away.unwrap();
    while desk.world.now() < until {
        desk.submit(Side::Buy, post_only(desk.price(-2), qty("0.001")));
        desk.world.run_for(Duration::from_millis(500));
    }
    let arrivals = desk.world.ledger().arrivals;
    let refused: Vec<_> = arrivals.iter().filter(|one| one.status == 429).collect();
    let places = refused.iter().filter(|one| one.what == at.names().place).count();
    assert!((1..=2).contains(&places), "once more, in case it was the path: {refused:?}");
    assert!((places + 1..=3).contains(&refused.len()), "and another kind: {refused:?}");
    for rule in rules {
        desk.world.at_venue(|venue, _| venue.remove_fault(rule));
    }
    desk.world.run_for(Duration::from_secs(120));
    let order = desk.submit(Side::Buy, post_only(desk.price(-2), qty("0.001")));
    desk.world.run_for(Duration::from_secs(1));
    assert_eq!(of_order(&told(), order).last().unwrap().state, OrderState::Open);
}
