//! What must hold for every schedule of calls over every weather.

use std::collections::BTreeSet;

use proptest::prelude::*;
use tradewind_model::id::CallId;

use super::weather::{LIMITS, Weather};
use super::world::World;
use crate::cases::cases;
use crate::config::SchedulerConfig;

fn weather() -> impl Strategy<Value = Weather> {
    (
        any::<u64>(),
        -2_000_i64..2_000,
        0_u64..300,
        2_u64..200,
        2_u64..200,
        2_u64..200,
        prop_oneof![Just(2_u64), Just(8), Just(40)],
        1_u64..120,
        1_u64..30,
        any::<bool>(),
        any::<bool>(),
        prop_oneof![9 => 20_u64..150, 1 => 150_u64..700],
    )
        .prop_map(
            |(
                seed,
                true_offset_ms,
                eps_ms,
                lost_one_in,
                unsent_one_in,
                mute_one_in,
                calls_per_s,
                patience_s,
                asked_one_in,
                limits_change,
                has_stranger,
                calls,
            )| {
                Weather {
                    seed,
                    true_offset_ms,
                    eps_ms,
                    lost_one_in,
                    unsent_one_in,
                    mute_one_in,
                    calls_per_s,
                    calls,
                    patience_s,
                    asked_one_in,
                    limits_change,
                    has_stranger,
                }
            },
        )
}

proptest! {
    #![proptest_config(cases())]

    /// The world asserts while it runs: see [`World`].
    #[test]
    fn no_window_is_ever_exceeded_and_every_call_ends_once(weather in weather()) {
        let mut world = World::new(SchedulerConfig::default(), weather);
        world.run();
        let left: BTreeSet<CallId> = world.departures.iter().map(|(call, _)| *call).collect();
        prop_assert_eq!(left.len(), world.departures.len(), "each leaves once");
        prop_assert!(world.expired.values().all(|times| *times == 1));
        prop_assert!(left.iter().all(|call| !world.expired.contains_key(call)));
        let ended = left.len() as u64 + world.expired.len() as u64 + world.refused;
        prop_assert_eq!(ended, world.submitted);
        // Everything was given back.
        let snapshot = world.scheduler.snapshot(world.now);
        prop_assert!(snapshot.in_flight.iter().all(|(_, count)| *count == 0));
    }

    /// What leaves follows from what happened and when, and from nothing else.
    #[test]
    fn the_same_schedule_over_the_same_weather_is_the_same_run(weather in weather()) {
        let run = || {
            let mut world = World::new(SchedulerConfig::default(), Weather { calls: 40, ..weather });
            world.run();
            (world.now, world.departures, world.expired, world.scheduler.snapshot(world.now))
        };
        prop_assert_eq!(run(), run());
    }
}

/// With nobody else on the address and a sound network, hardly anything is left unused.
#[test]
fn what_a_window_holds_is_used() {
    let weather = Weather {
        seed: 7,
        true_offset_ms: 137,
        eps_ms: 5,
        lost_one_in: u64::MAX,
        unsent_one_in: u64::MAX,
        mute_one_in: u64::MAX,
        calls_per_s: 40,
        calls: 12_000,
        patience_s: 60,
        asked_one_in: u64::MAX,
        limits_change: false,
        has_stranger: false,
    };
    let mut world = World::new(SchedulerConfig::default(), weather);
    world.run();
    for (limit, percent) in [(LIMITS[0], 99), (LIMITS[2], 90)] {
        let fullest = world.fullest[&limit];
        assert!(fullest * 100 >= limit.capacity * percent, "{fullest} of {limit:?}");
    }
}
