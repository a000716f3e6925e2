//! What it takes an engine to take in one trade, told by the account's stream: the order moved
//! along, the position and its cost, the record for the journal, the notice for the strategy.
//!
//! The engine is brought up in a world of its own and taken out of it, with twenty orders resting;
//! then each of them trades in turn, a little at a time. The journal answers at once.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use tradewind_engine::journal::Answer;
use tradewind_engine::{Action, Engine, Event, SocketEvent};
use tradewind_lab::{InstanceSetup, StrategySpec, World, WorldSetup};
use tradewind_model::id::{Asset, InstrumentId, TradeId};
use tradewind_model::market::Quote;
use tradewind_model::money::{Price, Quantity};
use tradewind_model::notice::Recovered;
use tradewind_model::order::{OrderKind, OrderRequest, OrderState, OrderUpdate, Side};
use tradewind_model::report::{ExecutionReport, Fill, ReportedStatus};
use tradewind_model::stream::{Feed, StreamEvent, StreamKind};
use tradewind_model::{Decimal, Timestamp};
use tradewind_strategy::{Context, InvalidParams, Registry, Strategy};

const ORDERS: u32 = 20;

/// Places its orders far from the market, and lets them rest.
struct Rests {
    instrument: InstrumentId,
    has_placed: bool,
}

impl Strategy for Rests {
    type Params = BTreeMap<String, u32>;

    fn new(_: Self::Params, instruments: &[InstrumentId]) -> Result<Self, InvalidParams> {
        Ok(Self { instrument: instruments[0].clone(), has_placed: false })
    }

    fn on_start(&mut self, _: &Recovered, cx: &mut Context<'_>) {
        cx.subscribe(&self.instrument, Feed::Quote);
    }

    fn on_quote(&mut self, _: &InstrumentId, quote: &Quote, cx: &mut Context<'_>) {
        if std::mem::replace(&mut self.has_placed, true) {
            return;
        }
        for level in 0..ORDERS {
            let far = (quote.bid.get() * Decimal::new(9, 1)).round() - Decimal::from(level);
            let price = Price::new(far).expect("it is above zero");
            let kind = OrderKind::PostOnly { price, qty: "0.01".parse().expect("a quantity") };
            let instrument = self.instrument.clone();
            let request = OrderRequest { instrument, side: Side::Buy, kind, tag: level };
            cx.submit(request).expect("it fits the filters");
        }
    }

    fn on_order(&mut self, _: &OrderUpdate, _: &mut Context<'_>) {}
}

/// What the venue says next of orders that rest.
struct Trading {
    reports: Vec<ExecutionReport>,
    trades: u64,
    turn: usize,
    now: Timestamp,
}

impl Trading {
    /// The next trade: so little that no order is ever done.
    fn next(&mut self) -> Event {
        self.turn = (self.turn + 1) % self.reports.len();
        self.trades += 1;
        let report = &mut self.reports[self.turn];
        let qty = Quantity::new(Decimal::new(1, 12)).expect("it is above zero");
        report.cum_qty = report.cum_qty + qty;
        report.fills = vec![Fill {
            trade_id: TradeId(self.trades),
            price: report.price.expect("it has a limit"),
            qty,
            commission: Decimal::new(1, 15),
            commission_asset: Some(Asset::from("BTC")),
            is_maker: true,
            at: self.now,
        }];
        let event = SocketEvent::Message(Box::new(StreamEvent::Report(report.clone())));
        Event::Stream { kind: StreamKind::Account, generation: 1, event }
    }
}

/// An engine whose orders rest, and who trades with them.
fn engine() -> (Engine, Trading) {
    let mut world = World::new(WorldSetup::default());
    let registry = Arc::new(Registry::new().with::<Rests>("rests"));
    let setup = InstanceSetup::new(registry, vec![StrategySpec::new("rests", "")]);
    let id = world.spawn(setup).expect("the setup is sound");
    world.run_for(Duration::from_secs(20));
    let now = world.now();
    let snapshot = world.instance(id).snapshot(now).expect("it runs");
    let reports = snapshot.open_orders.iter().map(|order| {
        assert_eq!(order.state, OrderState::Open);
        ExecutionReport {
            symbol: "BTCUSDT".into(),
            client_order_id: Some(order.client_order_id),
            venue_order_id: order.venue_order_id.expect("it was accepted"),
            side: Side::Buy,
            status: ReportedStatus::PartiallyFilled,
            is_waiting: false,
            list: None,
            price: order.kind.price(),
            trigger_price: None,
            qty: order.leaves_qty,
            cum_qty: Quantity::ZERO,
            cum_quote: None,
            fills: Vec::new(),
            reason: None,
            at: now,
        }
    });
    let trading = Trading { reports: reports.collect(), trades: 0, turn: 0, now };
    assert_eq!(trading.reports.len(), ORDERS as usize);
    (world.take_engine(id).expect("it ran"), trading)
}

fn take_in(engine: &mut Engine, now: Timestamp, event: Event) {
    engine.handle(now, event);
    while let Some(action) = engine.poll(now) {
        if let Action::Append(append) = black_box(action) {
            engine.handle(now, Event::Journal(Answer::Durable(append.id)));
        }
    }
}

fn reports(criterion: &mut Criterion) {
    let (mut engine, mut trading) = engine();
    let now = trading.now;
    let mut group = criterion.benchmark_group("engine");
    // Each trade is remembered: more than these would measure how large a map gets.
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    group.bench_function("a trade of ours", |bencher| {
        bencher.iter_batched(
            || trading.next(),
            |event| take_in(&mut engine, now, event),
            BatchSize::SmallInput,
        );
    });
    group.finish();
    assert_eq!(engine.snapshot(now).counters.fills, trading.trades, "each was booked once");
}

criterion_group!(benches, reports);
criterion_main!(benches);
