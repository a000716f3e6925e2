//! A market with nobody in it, an account of ours, and whoever else a day needs: a person who acts
//! on the venue's own pages, and another account that trades with ours.

use std::time::Duration;

use tradewind_engine::{Incident, StreamView};
use tradewind_lab::{InstanceSetup, Weather, WorldSetup};
use tradewind_model::Decimal;
use tradewind_model::id::{ClientOrderId, ClientOrderIds};
use tradewind_model::money::Quantity;
use tradewind_model::notice::{Command, VenueStatus};
use tradewind_model::order::{OrderKind, OrderRequest, OrderState, OrderUpdate, Side};
use tradewind_model::stream::StreamKind;
use tradewind_model::time::Timestamp;
use tradewind_simulator::exchange::{
    self, AccountConfig, AccountId, CancelRestriction, MarketQty, NewOrder, OrderRef,
};

use super::orders::{post_only, qty};
use super::probe::{Told, told};
use super::solo::Solo;
use super::venue_kind::VenueKind;

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const HOUR: Duration = Duration::from_secs(3_600);

/// Ours at the venue, and the other one.
pub(crate) const OURS: AccountId = AccountId(0);
pub(crate) const OTHER: AccountId = AccountId(1);

pub(crate) struct Counter {
    pub(crate) world: Solo,
    pub(crate) at: VenueKind,
    ids: ClientOrderIds,
    /// Everything that our strategy was told.
    told: Vec<Told>,
}

impl Counter {
    pub(crate) fn open(at: VenueKind, seed: u64) -> Self {
        Self::with(at, seed, |_, _| {})
    }

    /// The same, with something else about the world or our instance.
    pub(crate) fn with(
        at: VenueKind,
        seed: u64,
        change: impl FnOnce(&mut WorldSetup, &mut InstanceSetup),
    ) -> Self {
        let world = Solo::calm(at, |world, instance| {
            world.seed = seed;
            instance.seed = seed;
            for symbol in &mut world.venue.exchange_mut().symbols {
                symbol.market = symbol.market.deserted();
            }
            let plenty = [("USDT", 10_000_000), ("BTC", 1_000), ("ETH", 10_000)];
            let plenty = plenty.map(|(asset, qty)| (asset, Decimal::from(qty)));
            world.venue.exchange_mut().accounts = vec![AccountConfig::with_balances(&plenty); 2];
            change(world, instance);
        });
        Self { world, at, ids: ClientOrderIds::new(77, Timestamp::EPOCH), told: Vec::new() }
    }

    pub(crate) fn run_for(&mut self, duration: Duration) {
        self.world.run_for(duration);
        self.told.extend(told());
    }

    /// A buy of ours that rests, at so many USDT.
    pub(crate) fn buy(&mut self, price: u32, quantity: &str) -> ClientOrderId {
        self.buy_on("BTC-USDT", price, quantity)
    }

    pub(crate) fn buy_on(&mut self, instrument: &str, price: u32, text: &str) -> ClientOrderId {
        let client_order_id = self.ids.next();
        let kind = post_only(price.to_string().parse().unwrap(), qty(text));
        self.submit(client_order_id, instrument, kind);
        client_order_id
    }

    fn submit(&mut self, client_order_id: ClientOrderId, instrument: &str, kind: OrderKind) {
        let request = OrderRequest { instrument: instrument.into(), side: Side::Buy, kind, tag: 0 };
        self.world.command("probe", Command::Submit { client_order_id, request });
    }

    pub(crate) fn cancel(&mut self, client_order_id: ClientOrderId) {
        self.world.command("probe", Command::Cancel { client_order_id });
    }

    /// The other account sells so much to whoever buys dearest.
    pub(crate) fn sell(&mut self, symbol: &str, quantity: &str) {
        let kind = exchange::OrderKind::Market(MarketQty::Base(quantity.parse().unwrap()));
        let order = NewOrder::of(symbol, exchange::Side::Sell, kind);
        self.place(OTHER, order);
    }

    /// Somebody places a buy with our account, not through us.
    pub(crate) fn buy_by_hand(&mut self, price: u32, quantity: &str) {
        let (price, qty) = (price.into(), quantity.parse().unwrap());
        self.place(OURS, NewOrder::limit("BTCUSDT", exchange::Side::Buy, price, qty));
    }

    fn place(&mut self, account: AccountId, order: NewOrder) {
        let placed = self.world.at_venue(|venue, now| {
            venue.by_hand(now, |exchange, now| exchange.place(now, account, order))
        });
        placed.unwrap();
    }

    /// Somebody cancels an order of ours, not through us.
    pub(crate) fn cancel_by_hand(&mut self, id: ClientOrderId) {
        let order = OrderRef { order_id: None, client_order_id: Some(id.as_str().to_owned()) };
        let canceled = self.world.at_venue(|venue, now| {
            venue.by_hand(now, |exchange, now| {
                let any = CancelRestriction::Any;
                exchange.cancel(now, OURS, "BTCUSDT", &order, None, any)
            })
        });
        canceled.unwrap();
    }

    /// Our instance is dead for so long, in the middle of which something happens.
    pub(crate) fn kill_for(&mut self, duration: Duration, meanwhile: impl FnOnce(&mut Self)) {
        self.world.kill_me();
        self.run_for(duration / 2);
        meanwhile(self);
        self.run_for(duration / 2);
        self.world.restart();
    }

    pub(crate) fn set_weather(&mut self, weather: Weather) {
        self.world.set_weather(weather);
    }

    pub(crate) fn status(&self) -> VenueStatus {
        self.world.snapshot().status
    }

    pub(crate) fn stream(&self, kind: StreamKind) -> StreamView {
        let engine = self.world.me().engine().unwrap();
        engine.streams().into_iter().find(|stream| stream.kind == kind).unwrap()
    }

    pub(crate) fn is_live(&self) -> bool {
        self.status() == VenueStatus::Live
    }

    pub(crate) fn incidents(&self, is_it: impl Fn(&Incident) -> bool) -> usize {
        self.world.incidents().filter(|one| is_it(one)).count()
    }

    /// What our strategy was told so far.
    pub(crate) fn all_told(&self) -> &[Told] {
        &self.told
    }

    /// The news of one order so far.
    pub(crate) fn news(&self, id: ClientOrderId) -> Vec<OrderUpdate> {
        super::probe::of_order(&self.told, id)
    }

    pub(crate) fn state(&self, id: ClientOrderId) -> Option<OrderState> {
        self.news(id).last().map(|update| update.state)
    }

    pub(crate) fn traded(&self, id: ClientOrderId) -> Quantity {
        let news = self.news(id);
        let fills = news.iter().filter_map(|update| update.fill.as_ref());
        fills.fold(Quantity::ZERO, |sum, fill| sum + fill.qty)
    }

    /// The weight that the venue has counted of what arrived since then.
    pub(crate) fn weight_since(&self, since: Timestamp) -> u32 {
        let arrivals = self.world.ledger().arrivals;
        arrivals.iter().filter(|one| one.at >= since).map(|one| one.weight).sum()
    }

    /// Checks what holds on the worst of days, and that each trade was told once and each order's
    /// news make sense.
    pub(crate) fn honest(&self, context: &str) {
        if let Err(broken) = tradewind_lab::check_always(&self.world) {
            panic!("{context}: {broken}");
        }
        assert_told_once(&self.told, context);
    }
}

/// Each trade of ours was told once, quantities only ever grow, and nothing comes after an end.
pub(crate) fn assert_told_once(told: &[Told], context: &str) {
    let mut last = std::collections::BTreeMap::<ClientOrderId, OrderUpdate>::new();
    let mut trades = std::collections::BTreeSet::new();
    for one in told {
        let Told::Order(update) = one else { continue };
        if let Some(fill) = &update.fill {
            let is_new = trades.insert((update.instrument.clone(), fill.trade_id));
            assert!(is_new, "{context}: trade {:?} was told twice", fill.trade_id);
        }
        if let Some(before) = last.get(&update.client_order_id) {
            assert!(!before.state.is_terminal(), "{context}: news after the end: {update:?}");
            assert!(before.cum_qty <= update.cum_qty, "{context}: {before:?} then {update:?}");
            let went_back = before.state == OrderState::PartiallyFilled
                && matches!(update.state, OrderState::Open | OrderState::InFlight);
            assert!(!went_back, "{context}: {before:?} then {update:?}");
        }
        last.insert(update.client_order_id, update.as_ref().clone());
    }
}

#[test]
#[should_panic(expected = "told twice")]
fn a_trade_told_twice_is_seen() {
    let mut counter = Counter::open(VenueKind::Binance, 1);
    counter.buy(50_000, "0.5");
    counter.run_for(SECOND);
    counter.sell("BTCUSDT", "0.1");
    counter.run_for(SECOND);
    let mut told = counter.all_told().to_vec();
    let fill = told.iter().rev().find(|one| matches!(one, Told::Order(of) if of.fill.is_some()));
    told.push(fill.unwrap().clone());
    assert_told_once(&told, "twice");
}
