//! Processes of our own on one address that were scaled out, and not told of each other: each takes
//! the whole limit for its own, and learns from the venue's counters that it is not alone.

use std::sync::Arc;
use std::time::Duration;

use tradewind_lab::{InstanceId, InstanceSetup, StrategySpec, World, WorldSetup, check_silence};
use tradewind_model::call::{Call, CallKind};
use tradewind_simulator::limits::LimitKind;

use super::probe::{self, told};

const MINUTE: Duration = Duration::from_secs(60);
const LIMIT: u32 = 6_000;

struct Fleet {
    world: World,
    seed: u64,
    ids: Vec<InstanceId>,
    asked: u32,
}

impl Fleet {
    fn new(seed: u64) -> Self {
        let world = World::new(WorldSetup { seed, ..WorldSetup::default() });
        Self { world, seed, ids: Vec::new(), asked: 0 }
    }

    /// Adds so many, each of which knows of no other.
    fn add(&mut self, count: u16) {
        let registry = Arc::new(probe::registry());
        for _ in 0..count {
            let slot = u16::try_from(self.ids.len()).unwrap();
            let strategies = vec![StrategySpec::new("probe", "feeds = [\"quote\"]")];
            let setup = InstanceSetup {
                name: format!("bot-{slot}"),
                seed: self.seed * 100 + u64::from(slot),
                first_slot: slot,
                ..InstanceSetup::new(Arc::clone(&registry), strategies)
            };
            self.ids.push(self.world.spawn(setup).unwrap());
        }
    }

    /// Each asks for as much as there is in all, `size` reads at a time, in the same moments.
    fn play(&mut self, duration: Duration, size: u32) {
        let until = self.world.now() + duration;
        while self.world.now() < until {
            for id in &self.ids {
                for _ in 0..size {
                    self.asked += 1;
                    // No two that wait are the same, or they would be one.
                    let levels = 101 + self.asked % 400;
                    self.world.inquire(*id, Call::Depth { symbol: "BTCUSDT".into(), levels });
                }
            }
            self.world.run_for(MINUTE / 240 * size);
            told();
        }
    }
}

#[test]
fn four_that_were_not_told_of_each_other_share_the_limit_and_are_not_turned_away() {
    for (seed, size) in [(1, 1), (2, 40), (3, 240)] {
        let mut fleet = Fleet::new(seed);
        fleet.add(1);
        fleet.play(MINUTE * 3, size);
        fleet.add(3);
        let joined = fleet.world.now();
        fleet.play(MINUTE * 12, size);
        let ledger = fleet.world.ledger();
        assert_eq!((ledger.rate_limited, ledger.bans), (0, 0), "seed {seed}");
        // Whole minutes in which there were four of them.
        let used = ledger.windows.iter().filter(|window| window.kind == LimitKind::Weight);
        let mut used: Vec<_> = used.skip(4).map(|window| window.used).collect();
        used.pop();
        let least = used.iter().min().copied().unwrap_or(0);
        assert!(used.len() >= 10 && least >= LIMIT * 9 / 10, "seed {seed}: {used:?}");
        let read = |id: &InstanceId| {
            let trips = fleet.world.trips().filter(|trip| trip.instance == *id);
            trips.filter(|trip| trip.call == CallKind::Depth && trip.sent_at > joined).count()
        };
        let reads: Vec<_> = fleet.ids.iter().map(read).collect();
        let all: usize = reads.iter().sum();
        assert!(reads.iter().all(|reads| reads * 8 > all), "seed {seed}: {reads:?}");
        check_silence(&fleet.world, true).unwrap();
    }
}
