//! What a virtual day of one busy bot costs, an hour at a time.
//!
//! Four order calls and six reads a second through the real codecs, a calm market, a stranger on
//! the address: a day of it is 350,000 order calls and 500,000 reads. Twenty-four times the figure
//! is a day.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use tradewind_lab::{InstanceId, InstanceSetup, Stranger, StrategySpec, World, WorldSetup};
use tradewind_model::Decimal;
use tradewind_model::call::Call;
use tradewind_model::id::{ClientOrderId, InstrumentId};
use tradewind_model::market::Quote;
use tradewind_model::money::{Price, Quantity};
use tradewind_model::notice::Recovered;
use tradewind_model::order::{OrderKind, OrderRequest, OrderUpdate, Side};
use tradewind_model::stream::Feed;
use tradewind_simulator::binance::BinanceConfig;
use tradewind_strategy::{Context, InvalidParams, Registry, Schedule, Strategy, TimerKey};

/// Replaces its one resting order twice a second.
struct Churn {
    instrument: InstrumentId,
    price: Option<Price>,
    resting: Option<ClientOrderId>,
}

const TICK: TimerKey = TimerKey(1);
const EVERY: Duration = Duration::from_millis(500);

impl Strategy for Churn {
    type Params = BTreeMap<String, u32>;

    fn new(_: Self::Params, instruments: &[InstrumentId]) -> Result<Self, InvalidParams> {
        Ok(Self { instrument: instruments[0].clone(), price: None, resting: None })
    }

    fn on_start(&mut self, _: &Recovered, cx: &mut Context<'_>) {
        cx.subscribe(&self.instrument, Feed::Quote);
        cx.timer(TICK, Schedule::Every(EVERY));
    }

    fn on_quote(&mut self, _: &InstrumentId, quote: &Quote, _: &mut Context<'_>) {
        let far = (quote.bid.get() * Decimal::new(9, 1)).round();
        self.price = Price::new(far).ok();
    }

    fn on_timer(&mut self, _: TimerKey, cx: &mut Context<'_>) {
        if let Some(order) = self.resting.take() {
            // One that has just ended is no error here.
            cx.cancel(order).ok();
        }
        let (Some(price), Ok(qty)) = (self.price, "0.01".parse::<Quantity>()) else { return };
        let kind = OrderKind::PostOnly { price, qty };
        let request =
            OrderRequest { instrument: self.instrument.clone(), side: Side::Buy, kind, tag: 0 };
        self.resting = cx.submit(request).ok();
    }

    fn on_order(&mut self, _: &OrderUpdate, _: &mut Context<'_>) {}
}

fn world() -> (World, InstanceId) {
    let mut venue = BinanceConfig::default();
    for symbol in &mut venue.exchange.symbols {
        symbol.market.step = Duration::from_secs(5);
    }
    let mut world = World::new(WorldSetup { venue: venue.into(), ..WorldSetup::default() });
    let registry = Arc::new(Registry::new().with::<Churn>("churn"));
    let setup = InstanceSetup::new(registry, vec![StrategySpec::new("churn", "")]);
    let id = world.spawn(setup).expect("the setup is sound");
    world.add_stranger(&Stranger {
        peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        calls: vec![Call::Ticker { symbol: "BTCUSDT".into() }],
        every: Some(Duration::from_secs(1)),
        burst: None,
        seed: 3,
    });
    world.run_for(Duration::from_secs(10));
    (world, id)
}

/// Plays, with six reads a second from outside.
fn play(world: &mut World, id: InstanceId, seconds: u32) {
    let reads = [
        Call::Ticker { symbol: "BTCUSDT".into() },
        Call::Depth { symbol: "BTCUSDT".into(), levels: 20 },
        Call::OpenOrders { symbol: Some("BTCUSDT".into()) },
    ];
    let mut waiting = Vec::new();
    for number in 0..seconds * 6 {
        let call = reads[number as usize % reads.len()].clone();
        waiting.push(world.inquire(id, call));
        world.run_for(Duration::from_nanos(166_666_667));
        waiting.retain(|inquiry| world.take_answer(id, *inquiry).is_none());
    }
    assert!(waiting.len() < 20, "{} reads wait", waiting.len());
}

fn hour(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("lab");
    group.sample_size(10);
    group.bench_function("hour", |bencher| {
        bencher.iter_batched(
            world,
            |(mut world, id)| {
                play(&mut world, id, 3_600);
                let orders = world.ledger().requests.get("POST /api/v3/order").copied();
                assert!(orders.unwrap_or_default() > 7_000, "{orders:?} orders");
                world
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, hour);
criterion_main!(benches);
