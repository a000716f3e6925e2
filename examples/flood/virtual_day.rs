//! The flood in virtual time: the engine, the codecs and the venue are the real ones, and between
//! them is no socket but a queue.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tradewind::prelude::Timestamp;
use tradewind_engine::{Incident, Urgency};
use tradewind_lab::{InstanceId, InstanceSetup, StrategySpec, World, WorldSetup};
use tradewind_simulator::binance::BinanceConfig;
use tradewind_simulator::exchange::{MarketConfig, Model};

use crate::Failed;
use crate::args::Plan;
use crate::demand::{Demand, PATIENCE};
use crate::figures::Figures;
use crate::orders;
use crate::reads::Reads;
use crate::stranger::stranger;
use crate::trouble;
use crate::wishes::Wishes;

/// How long the start may take.
const START_MAX: Duration = Duration::from_secs(120);

/// Floods for so long, or until it is over.
pub(crate) fn run(plan: &Plan, time: Duration, is_over: &AtomicBool) -> Result<Figures, Failed> {
    let wishes = Wishes::default();
    let mut world = World::new(WorldSetup {
        seed: plan.seed,
        venue: venue().into(),
        trips_max: 0,
        ..WorldSetup::default()
    });
    world.at_venue(|venue, _| {
        if let Some(venue) = venue.binance() {
            trouble::prepare(venue, plan);
        }
    });
    if let Some(stranger) = stranger(plan) {
        world.add_stranger(&stranger);
    }
    let strategy = StrategySpec::new(orders::KIND, &orders::params(plan.order_every, plan.seed));
    let id = world.spawn(InstanceSetup {
        seed: plan.seed,
        records_max: 256,
        ..InstanceSetup::new(Arc::new(orders::registry(&wishes)), vec![strategy])
    })?;
    go_live(&mut world, id)?;
    let from = world.now();
    let reads = flood(&mut world, id, plan.seed, from + time, is_over);
    if let Some(failure) = world.instance(id).failure() {
        return Err(failure.clone().into());
    }
    let snapshot = world.instance(id).snapshot(world.now()).ok_or("the instance is gone")?;
    let reads = Reads { coalesced: snapshot.counters.reads.coalesced, ..reads };
    let book = wishes.book();
    let venue = world.venue().as_binance().ok_or("the venue counts in another way")?;
    Ok(Figures::of(venue, &book, reads, from, world.now()))
}

fn go_live(world: &mut World, id: InstanceId) -> Result<(), Failed> {
    let is_live = |world: &World| {
        let mut incidents = world.instance(id).incidents().iter();
        incidents.any(|(_, incident)| *incident == Incident::Live)
    };
    world.run_until(world.now() + START_MAX, is_live);
    if is_live(world) {
        return Ok(());
    }
    Err(format!("not live within {} virtual seconds", START_MAX.as_secs()).into())
}

fn flood(
    world: &mut World,
    id: InstanceId,
    seed: u64,
    until: Timestamp,
    is_over: &AtomicBool,
) -> Reads {
    let mut demand = Demand::new(seed, world.now());
    let mut reads = Reads::default();
    let mut waiting: BTreeMap<u64, (Timestamp, Urgency)> = BTreeMap::new();
    while world.now() < until && !is_over.load(Ordering::Relaxed) {
        world.run_until(demand.next_due().min(until), |_| false);
        for (inquiry, (at, answer)) in world.take_answers(id) {
            if let Some((asked_at, urgency)) = waiting.remove(&inquiry) {
                reads.note(urgency, at.since(asked_at), &answer);
            }
        }
        let now = world.now();
        if demand.next_due() <= now
            && let Some((call, urgency)) = demand.take(now)
        {
            reads.asked += 1;
            waiting.insert(world.ask(id, call, urgency, PATIENCE), (now, urgency));
        }
    }
    reads
}

/// A market in which little happens: what is measured is the traffic, and not the matching.
fn venue() -> BinanceConfig {
    let mut config = BinanceConfig::default();
    config.front.arrivals_max = 0;
    for symbol in &mut config.exchange.symbols {
        symbol.market = MarketConfig {
            model: Model::MeanReverting { reversion: Duration::from_secs(120) },
            step: Duration::from_secs(10),
            ..symbol.market
        };
    }
    config
}
