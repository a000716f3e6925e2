//! What must hold for every schedule of calls over every weather.
//!
//! 256 schedules each by default; `PROPTEST_CASES` asks for more.

use proptest::prelude::*;

use super::weather::{LIMITS, Weather};
use super::world::World;
use crate::config::SchedulerConfig;

fn weather() -> impl Strategy<Value = Weather> {
    (
        any::<u64>(),
        -2_000_i64..2_000,
        0_u64..300,
        2_u64..200,
        2_u64..200,
        prop_oneof![Just(2_u64), Just(8), Just(40)],
        1_u64..120,
        any::<bool>(),
        100_u64..700,
    )
        .prop_map(
            |(
                seed,
                true_offset_ms,
                eps_ms,
                lost_one_in,
                mute_one_in,
                calls_per_s,
                patience_s,
                has_stranger,
                calls,
            )| {
                Weather {
                    seed,
                    true_offset_ms,
                    eps_ms,
                    lost_one_in,
                    mute_one_in,
                    calls_per_s,
                    calls,
                    patience_s,
                    has_stranger,
                }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// The world asserts while it runs: no window of the venue is exceeded, no reserve taken by a
    /// read, nothing polls for ever, and no settlement counts twice.
    #[test]
    fn no_window_is_ever_exceeded_and_every_call_ends_once(weather in weather()) {
        let mut world = World::new(SchedulerConfig::default(), weather);
        world.run();
        prop_assert!(world.admitted.values().all(|times| *times == 1));
        prop_assert!(world.expired.values().all(|times| *times == 1));
        prop_assert!(world.admitted.keys().all(|call| !world.expired.contains_key(call)));
        let ended = world.admitted.len() as u64 + world.expired.len() as u64 + world.refused;
        prop_assert_eq!(ended, world.submitted);
        // Everything was given back.
        let snapshot = world.scheduler.snapshot(world.now);
        prop_assert!(snapshot.in_flight.iter().all(|(_, count)| *count == 0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// What leaves follows from what happened and when, and from nothing else.
    #[test]
    fn the_same_schedule_over_the_same_weather_is_the_same_run(weather in weather()) {
        let run = || {
            let mut world = World::new(SchedulerConfig::default(), Weather { calls: 60, ..weather });
            world.run();
            (world.now, world.admitted, world.expired, world.scheduler.snapshot(world.now))
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
        mute_one_in: u64::MAX,
        calls_per_s: 40,
        calls: 12_000,
        patience_s: 60,
        has_stranger: false,
    };
    let mut world = World::new(SchedulerConfig::default(), weather);
    world.run();
    for (limit, percent) in [(LIMITS[0], 99), (LIMITS[2], 90)] {
        let fullest = world.fullest[&limit];
        assert!(fullest * 100 >= limit.capacity * percent, "{fullest} of {limit:?}");
    }
}
