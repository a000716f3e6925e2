//! What the venue has told to be left alone is left alone.
//!
//! The one rule that a ban hangs on: nothing leaves after the answer that said no was in our
//! hands, and before the time that it named. What had left before that is nobody's fault.

use std::collections::BTreeMap;

use tradewind_model::time::Timestamp;

use crate::trip::{Closed, Trip};
use crate::world::World;

pub(super) fn kept(world: &World, claims: &mut Vec<String>) {
    kept_by(world, false, claims);
}

pub(super) fn kept_by(world: &World, survives_death: bool, claims: &mut Vec<String>) {
    // What each instance was told, by the moment it was.
    let mut told: BTreeMap<_, Vec<(Timestamp, Closed)>> = BTreeMap::new();
    let key = |trip: &Trip| (trip.instance, if survives_death { 0 } else { trip.life });
    for trip in world.trips() {
        if let (Some(at), Some(closed)) = (trip.told_at, trip.closed) {
            told.entry(key(trip)).or_default().push((at, closed));
        }
    }
    for list in told.values_mut() {
        list.sort_by_key(|(at, _)| *at);
    }
    for trip in world.trips() {
        let list = told.get(&key(trip)).map_or(&[][..], Vec::as_slice);
        // Those that were told before it left; the newest first, since they matter longest.
        let before = list.partition_point(|(at, _)| *at < trip.sent_at);
        let covering = list[..before]
            .iter()
            .rev()
            .find(|(_, closed)| closed.covers.call(trip.call) && trip.sent_at < closed.until);
        if let Some((at, closed)) = covering {
            claims.push(format!(
                "{} sent {} at {}, told at {at} to stay away until {}",
                world.instance(trip.instance).name(),
                trip.call.name(),
                trip.sent_at,
                closed.until
            ));
        }
    }
}
