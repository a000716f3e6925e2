//! A venue that cannot be reached when a process begins, and the other one that can.

use std::time::Duration;

use tradewind_engine::{Failure, Incident};
use tradewind_model::order::OrderState;
use tradewind_router::Policy;

use super::pair::{AWAY, BOTH, HOME, Pair};
use super::venue_kind::{VenueKind, at_each_venue};

at_each_venue! {
    a_venue_that_cannot_be_reached_at_the_start_joins_when_it_can,
    a_start_at_venues_none_of_which_can_be_reached_fails,
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn refuse(pair: &mut Pair, venue: usize, refuses: bool) {
    pair.crossing.at(venue, |world, id| world.refuse_handshakes(id, refuses));
}

fn a_venue_that_cannot_be_reached_at_the_start_joins_when_it_can(at: VenueKind) {
    for seed in 1..=3 {
        let mut pair = Pair::new(at, seed, Policy::default());
        refuse(&mut pair, AWAY, true);
        pair.restart();
        pair.run_for(MINUTE * 5);
        let home = pair.buy("40000");
        pair.run_for(SECOND);
        assert_eq!(pair.state(home), Some(OrderState::Open), "it begins without the other");
        let away = pair.crossing.instance(AWAY);
        assert_eq!(away.failure(), None);
        let told = away.incidents().iter();
        let told = told.filter(|(_, one)| matches!(one, Incident::NotStarted { .. }));
        assert_eq!(told.count(), 1, "somebody is told, once");

        refuse(&mut pair, AWAY, false);
        pair.run_for(MINUTE * 3);
        pair.ban();
        let moved = pair.buy("40001");
        pair.run_for(SECOND);
        assert_eq!(pair.state(moved), Some(OrderState::Open));
        assert_eq!((pair.taken(HOME), pair.taken(AWAY)), (1, 1), "it is there when it is needed");
        pair.check();
    }
}

fn a_start_at_venues_none_of_which_can_be_reached_fails(at: VenueKind) {
    let mut pair = Pair::new(at, 1, Policy::default());
    for venue in BOTH {
        refuse(&mut pair, venue, true);
    }
    pair.restart();
    pair.run_for(MINUTE * 3);
    for venue in BOTH {
        let failure = pair.crossing.instance(venue).failure();
        assert!(matches!(failure, Some(Failure::Unreachable { .. })), "{failure:?}");
    }
}
