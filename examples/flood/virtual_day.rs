//! The flood in virtual time: the engine, the codecs and the venue are the real ones, and between
//! them is no socket but a queue.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tradewind::prelude::Timestamp;
use tradewind_engine::Incident;
use tradewind_lab::{
    Burst, InstanceId, InstanceSetup, STRANGER_AGENT, Stranger, StrategySpec, Weather, World,
    WorldSetup,
};
use tradewind_model::call::Call;
use tradewind_model::id::Symbol;
use tradewind_scheduler::Priority;
use tradewind_simulator::binance::BinanceConfig;
use tradewind_simulator::exchange::{MarketConfig, Model};

use crate::Failed;
use crate::args::Plan;
use crate::demand::{Demand, WEIGHT_LIMIT};
use crate::figures::Figures;
use crate::orders;
use crate::reads::Reads;
use crate::wishes::Wishes;

/// How long the start may take.
const START_MAX: Duration = Duration::from_secs(120);
/// The address that everybody shares.
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Answers in a thousand that come late.
const TAILS_PERMILLE: u64 = 20;
/// What each of the stranger's requests weighs.
const TICKER_WEIGHT: u32 = 2;

/// Floods for so long, or until it is over.
pub(crate) fn run(plan: &Plan, time: Duration, is_over: &AtomicBool) -> Result<Figures, Failed> {
    let wishes = Wishes::default();
    let mut world = World::new(WorldSetup {
        seed: plan.seed,
        venue: venue(),
        trips_max: 0,
        ..WorldSetup::default()
    });
    world.at_venue(|venue, _| venue.tell_apart(STRANGER_AGENT));
    if let Some(stranger) = stranger(plan) {
        world.add_stranger(&stranger);
    }
    let strategy = StrategySpec::new(orders::KIND, &orders::params(plan.order_every, plan.seed));
    let (tail, tails_permille) =
        plan.tails.map_or((Duration::ZERO, 0), |tail| (tail, TAILS_PERMILLE));
    let id = world.spawn(InstanceSetup {
        seed: plan.seed,
        weather: Weather { tail, tails_permille, ..Weather::FAIR },
        records_max: 256,
        ..InstanceSetup::new(Arc::new(orders::registry(&wishes)), vec![strategy])
    })?;
    go_live(&mut world, id)?;
    let from = world.now();
    let reads = flood(&mut world, id, plan.seed, from + time, is_over);
    if let Some(failure) = world.instance(id).failure() {
        return Err(failure.clone().into());
    }
    let book = wishes.book();
    Ok(Figures::of(world.venue(), &book, reads, from, world.now()))
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
    let mut waiting: BTreeMap<u64, (Timestamp, Priority)> = BTreeMap::new();
    while world.now() < until && !is_over.load(Ordering::Relaxed) {
        world.run_until(demand.next_due().min(until), |_| false);
        for (inquiry, (at, fate)) in world.take_answers(id) {
            if let Some((asked_at, priority)) = waiting.remove(&inquiry) {
                reads.note(priority, at.since(asked_at), &fate);
            }
        }
        let now = world.now();
        if demand.next_due() <= now
            && let Some((call, priority)) = demand.take(now)
        {
            reads.asked += 1;
            waiting.insert(world.inquire(id, call, priority), (now, priority));
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

/// Somebody else who uses a part of the limit: a fifth of that in bursts of a hundredth of the
/// limit, the rest at random.
fn stranger(plan: &Plan) -> Option<Stranger> {
    let share = u64::from(plan.stranger_permille) * u64::from(WEIGHT_LIMIT) / 1_000;
    if share == 0 {
        return None;
    }
    let size = WEIGHT_LIMIT / 100 / TICKER_WEIGHT;
    let nanos = |weight: u64, per_minute: u64| {
        Duration::from_nanos(60_000_000_000 * weight / per_minute.max(1))
    };
    let every = nanos(u64::from(TICKER_WEIGHT), share - share / 5);
    let burst = Burst { every: nanos(u64::from(WEIGHT_LIMIT / 100), share / 5), size };
    Some(Stranger {
        peer: PEER,
        calls: vec![Call::Ticker { symbol: Symbol::new("BTCUSDT") }],
        every: Some(every),
        burst: Some(burst),
        seed: plan.seed,
    })
}
