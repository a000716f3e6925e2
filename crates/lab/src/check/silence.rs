//! What the venue has told to be left alone is left alone.
//!
//! The one rule that a ban hangs on: nothing leaves after the answer that said no was in our
//! hands, and before the time that it named. What had left before that is nobody's fault.
//!
//! An answer may not say that it is the address which is shut out. Then nothing may leave after the
//! second that says no, if that is about another kind of call, and else after the third: each after
//! the time that the kind was to be left alone for, and with nothing let through in between.

use std::collections::BTreeMap;

use tradewind_model::call::EndpointGroup;
use tradewind_model::time::Timestamp;

use crate::trip::{Closed, Covers, Trip};
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
    for (trip, silence) in of_addresses(world) {
        told.entry(key(trip)).or_default().push(silence);
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

/// Answers after which it is known that an address is shut out, though none of them says so.
fn of_addresses(world: &World) -> Vec<(&Trip, (Timestamp, Closed))> {
    let mut answered: Vec<_> =
        world.trips().filter_map(|trip| Some((trip.told_at?, trip))).collect();
    answered.sort_by_key(|(told_at, trip)| (*told_at, trip.sent_at));
    // The first in each life, and how often its kind was tried again.
    let mut first: BTreeMap<_, (&Trip, u32)> = BTreeMap::new();
    let mut found = Vec::new();
    for (told_at, trip) in answered {
        if trip.call.group() == EndpointGroup::Streams {
            continue;
        }
        let life = (trip.instance, trip.life);
        let Some(closed) = trip.closed else {
            first.remove(&life);
            continue;
        };
        let Some(until) = closed.shut_until.filter(|_| closed.covers != Covers::Everything) else {
            continue;
        };
        let (before, again) = first.entry(life).or_insert((trip, 0));
        let was_away = before.closed.is_some_and(|away| away.until <= trip.sent_at);
        *again += u32::from(was_away);
        if before.call != trip.call || *again > 1 {
            found.push((trip, (told_at, Closed { until, covers: Covers::Everything, ..closed })));
        }
    }
    found
}
