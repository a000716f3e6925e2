//! A strategy that is at home at one venue and has the other one behind it, and somebody who trades
//! with it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tradewind_lab::{
    Crossing, CrossingSetup, InstanceSetup, StrategySpec, WorldSetup, check_always,
};
use tradewind_model::Decimal;
use tradewind_model::id::{ClientOrderId, ClientOrderIds, VenueId};
use tradewind_model::notice::{Command, VenueStatus};
use tradewind_model::order::{OrderKind, OrderRequest, OrderState, OrderUpdate, Side, TimeInForce};
use tradewind_model::time::Timestamp;
use tradewind_router::{DecisionKind, Holding, Policy};
use tradewind_simulator::exchange::{self, MarketQty, NewOrder};
use tradewind_simulator::front::{AccountLedger, Fault, Pattern, Rule};
use tradewind_simulator::venue::AnyVenue;

use super::counter::{OTHER, OURS};
use super::probe::{Told, of_order, told};
use super::solo::PEER;
use super::venue_kind::VenueKind;

/// Where it trades as long as it can, and where it goes when it cannot.
pub(crate) const HOME: usize = 0;
pub(crate) const AWAY: usize = 1;
/// Both of them.
pub(crate) const BOTH: [usize; 2] = [HOME, AWAY];

/// A process that trades BTC-USDT at both venues.
pub(crate) struct Pair {
    pub(crate) crossing: Crossing,
    pub(crate) ids: ClientOrderIds,
    pub(crate) heard: Vec<Told>,
}

impl Pair {
    pub(crate) fn new(at: VenueKind, seed: u64, policy: Policy) -> Self {
        Self::with(at, seed, policy, |_, _| {})
    }

    /// One in whose markets nobody trades but our strategy and [`Self::sell`].
    pub(crate) fn deserted(at: VenueKind, seed: u64, policy: Policy) -> Self {
        Self::with(at, seed, policy, |home, away| {
            for world in [home, away] {
                for symbol in &mut world.venue.exchange_mut().symbols {
                    symbol.market = symbol.market.deserted();
                }
            }
        })
    }

    /// The same, with something else about the worlds, the one at home first.
    pub(crate) fn with(
        at: VenueKind,
        seed: u64,
        policy: Policy,
        change: impl FnOnce(&mut WorldSetup, &mut WorldSetup),
    ) -> Self {
        let world = |at: VenueKind, seed| {
            let (name, venue) = (VenueId::new(at.name()).unwrap(), at.config());
            let mut world = WorldSetup { seed, name, venue, ..WorldSetup::default() };
            let exchange = world.venue.exchange_mut();
            for symbol in &mut exchange.symbols {
                symbol.market = symbol.market.still();
            }
            exchange.accounts.push(exchange.accounts[0].clone());
            world
        };
        let registry = Arc::new(super::probe::registry());
        let (mut home, mut away) = (world(at, seed * 2 - 1), world(at.other(), seed * 2));
        change(&mut home, &mut away);
        let venues = [home, away].map(|world| {
            let (name, seed) = (world.name.to_string(), world.seed);
            let instance = InstanceSetup::new(Arc::clone(&registry), Vec::new());
            (world, InstanceSetup { name, seed, ..instance })
        });
        let setup = CrossingSetup {
            seed,
            venues: venues.into(),
            policy,
            registry,
            strategies: vec![StrategySpec::new("probe", "feeds = [\"quote\"]")],
        };
        let mut crossing = Crossing::new(setup).unwrap();
        told();
        crossing.run_for(Duration::from_secs(10));
        let ids = ClientOrderIds::new(0, crossing.now());
        let mut pair = Self { crossing, ids, heard: Vec::new() };
        pair.listen();
        let last = pair.statuses().pop();
        assert_eq!(last, Some(VenueStatus::Live), "{:?}", pair.heard);
        pair.heard.clear();
        pair
    }

    pub(crate) fn listen(&mut self) {
        self.heard.extend(told());
    }

    pub(crate) fn run_for(&mut self, duration: Duration) {
        self.crossing.run_for(duration);
        self.listen();
    }

    /// Kills the process and starts it again.
    pub(crate) fn restart(&mut self) {
        self.listen();
        self.crossing.restart().unwrap();
        // As its strategy would name its orders from then on.
        self.ids = ClientOrderIds::new(0, self.crossing.now());
    }

    /// How far the venue can be trusted, as it was told.
    pub(crate) fn statuses(&self) -> Vec<VenueStatus> {
        let statuses = self.heard.iter().filter_map(|one| {
            let Told::Venue(status) = one else { return None };
            Some(status.clone()).filter(|status| !matches!(status, VenueStatus::Moved { .. }))
        });
        statuses.collect()
    }

    /// Places an order that rests far below the market, or one that trades at once.
    pub(crate) fn buy(&mut self, price: &str) -> ClientOrderId {
        self.buy_some(price, "0.001")
    }

    pub(crate) fn buy_some(&mut self, price: &str, qty: &str) -> ClientOrderId {
        let (price, qty) = (price.parse().unwrap(), qty.parse().unwrap());
        let time_in_force = TimeInForce::GoodTillCanceled;
        self.submit(Side::Buy, OrderKind::Limit { price, qty, time_in_force })
    }

    pub(crate) fn submit(&mut self, side: Side, kind: OrderKind) -> ClientOrderId {
        let id = self.ids.next();
        let request = OrderRequest { instrument: "BTC-USDT".into(), side, kind, tag: 7 };
        self.crossing.command("probe", Command::Submit { client_order_id: id, request });
        id
    }

    pub(crate) fn cancel(&mut self, client_order_id: ClientOrderId) {
        self.crossing.command("probe", Command::Cancel { client_order_id });
    }

    pub(crate) fn news(&self, id: ClientOrderId) -> Vec<OrderUpdate> {
        of_order(&self.heard, id)
    }

    pub(crate) fn state(&self, id: ClientOrderId) -> Option<OrderState> {
        self.news(id).last().map(|update| update.state)
    }

    /// Changes something at one of the venues.
    pub(crate) fn at_venue<T>(
        &mut self,
        venue: usize,
        change: impl FnOnce(&mut AnyVenue, Timestamp) -> T,
    ) -> T {
        self.crossing.at(venue, |world, _| world.at_venue(change))
    }

    /// Bans our address at home.
    pub(crate) fn ban(&mut self) -> Timestamp {
        self.at_venue(HOME, |venue, now| venue.ban(now, PEER))
    }

    /// Strikes the next request of a kind at one of the venues.
    pub(crate) fn strike_next(&mut self, venue: usize, what: &str, fault: Fault) {
        let rule = Rule::once(Pattern::what(what), fault);
        self.at_venue(venue, |venue, _| venue.add_fault(rule));
    }

    /// Somebody sells so much at one of the venues to whoever buys dearest.
    pub(crate) fn sell(&mut self, venue: usize, quantity: &str) {
        let kind = exchange::OrderKind::Market(MarketQty::Base(quantity.parse().unwrap()));
        let order = NewOrder::of("BTCUSDT", exchange::Side::Sell, kind);
        let sold = self.at_venue(venue, |venue, now| {
            venue.by_hand(now, |exchange, now| exchange.place(now, OTHER, order))
        });
        sold.unwrap();
    }

    /// Our account at one of the venues.
    pub(crate) fn account(&self, venue: usize) -> AccountLedger {
        self.crossing.world(venue).ledger().accounts.swap_remove(0)
    }

    /// Orders of ours that a venue has taken.
    pub(crate) fn taken(&self, venue: usize) -> usize {
        self.account(venue).orders_accepted
    }

    pub(crate) fn open_at(&self, venue: usize) -> usize {
        self.account(venue).open_orders.len()
    }

    /// The names of all orders of ours that a venue has taken.
    pub(crate) fn names_at(&self, venue: usize) -> BTreeSet<String> {
        let books = self.crossing.world(venue).venue().exchange().ledger(OURS);
        let orders = books.iter().flat_map(|books| books.orders());
        orders.map(|order| order.client_order_id.clone()).collect()
    }

    /// What we have bought at both venues together, in base asset.
    pub(crate) fn traded(&self) -> Decimal {
        let fills = BOTH.into_iter().flat_map(|venue| self.account(venue).fills);
        fills.map(|fill| fill.qty).sum()
    }

    /// What both venues together say that we hold by trading, in base asset, less fees.
    pub(crate) fn venue_position(&self) -> Decimal {
        let positions = BOTH.into_iter().flat_map(|venue| self.account(venue).position);
        positions.filter(|(asset, _)| asset == "BTC").map(|(_, qty)| qty).sum()
    }

    /// What reached one of the venues since then.
    pub(crate) fn arrivals_since(
        &self,
        venue: usize,
        since: Timestamp,
    ) -> Vec<(Timestamp, &'static str)> {
        let arrivals = self.crossing.world(venue).venue().arrivals();
        arrivals.filter(|one| one.at >= since).map(|one| (one.at, one.what)).collect()
    }

    /// When something of this kind was decided.
    pub(crate) fn decided(&self, is_it: impl Fn(&DecisionKind) -> bool) -> Vec<Timestamp> {
        let decisions = self.crossing.decisions().iter();
        decisions.filter(|one| is_it(&one.kind)).map(|one| one.at).collect()
    }

    pub(crate) fn failed_over(&self) -> usize {
        self.decided(|kind| matches!(kind, DecisionKind::FailedOver(_))).len()
    }

    pub(crate) fn failed_back(&self) -> usize {
        self.decided(|kind| matches!(kind, DecisionKind::FailedBack(_))).len()
    }

    /// Nobody holds two orders for one wish, no name is at two venues, and everybody agrees on what
    /// is held.
    pub(crate) fn check(&self) {
        for venue in BOTH {
            check_always(self.crossing.world(venue)).unwrap_or_else(|broken| panic!("{broken}"));
        }
        let names = BOTH.map(|venue| self.names_at(venue));
        let at_both: Vec<_> = names[0].intersection(&names[1]).collect();
        assert!(at_both.is_empty(), "at both venues: {at_both:?}");
        let held = self.crossing.board().unwrap().router().exposure(&holding()).held;
        assert_eq!(held, self.venue_position());
    }
}

fn holding() -> Holding {
    Holding { strategy: "probe".parse().unwrap(), instrument: "BTC-USDT".into() }
}

/// Whether new orders go to the venue at home.
pub(crate) fn is_home(crossing: &Crossing) -> bool {
    let standing = crossing.board().and_then(|board| board.router().standing(&holding()));
    standing.is_some_and(|standing| standing.active == standing.home)
}
