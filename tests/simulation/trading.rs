//! How much trading an operator allows: at the last door, for what rests, over restarts.

use std::sync::Arc;
use std::time::Duration;

use tradewind_engine::journal::{FaultKind, Trading};
use tradewind_engine::{Incident, OnFailure, StrategyFailure, TradingRefused};
use tradewind_lab::{InstanceId, InstanceSetup, StrategySpec, Weather, World, WorldSetup};
use tradewind_model::Decimal;
use tradewind_model::call::CallKind;
use tradewind_model::id::{ClientOrderId, ClientOrderIds};
use tradewind_model::money::{Price, Quantity};
use tradewind_model::notice::{Command, VenueStatus};
use tradewind_model::order::{Denied, OrderKind, OrderRequest, OrderState, OrderUpdate, Side};
use tradewind_model::time::Timestamp;
use tradewind_model::trading::{CLOSING_TAG, TradingScope, TradingState};
use tradewind_simulator::front::{Fault, Pattern, Rule};
use tradewind_simulator::venue::VenueConfig;

use super::orders::{post_only, qty};
use super::probe::{self, of_order, told};
use super::venue_kind::{VenueKind, at_each_venue};

at_each_venue! {
    halted_what_waits_never_leaves_what_rests_is_canceled_and_questions_pass,
    an_order_that_is_held_back_or_tried_again_meets_the_last_door,
    a_halt_outlives_the_process_and_holds_before_its_first_call,
    what_forbids_holds_at_once_and_what_allows_once_it_is_written_down,
    a_halt_that_cannot_be_written_down_holds_and_is_written_once_it_can_be,
    a_strategy_is_halted_alone_and_a_scope_that_is_not_ours_is_refused,
    reduce_only_clamps_to_flat_and_denies_what_leads_away_from_it,
    an_order_in_doubt_takes_room_and_makes_none,
    reduce_only_never_crosses_zero_whatever_races,
    flatten_cancels_closes_and_ends_flat_at_the_venue,
    flatten_goes_on_after_a_restart_and_counts_what_is_in_doubt,
    what_the_engine_closes_by_is_not_for_strategies,
    what_exceeds_a_limit_is_denied_with_its_name_and_figures,
    more_lost_than_may_be_lets_orders_only_reduce_and_is_told_once,
    while_too_much_is_in_doubt_no_new_risk_is_taken_and_cancels_pass,
    a_strategy_that_hangs_is_cut_off_and_its_orders_follow_its_policy,
}

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MILLI: Duration = Duration::from_millis(1);

/// A world that is live, whose instance has a disk and one strategy or more that only listen.
pub(crate) struct Floor {
    pub(crate) world: World,
    pub(crate) me: InstanceId,
    pub(crate) at: VenueKind,
    ids: ClientOrderIds,
}

impl Floor {
    pub(crate) fn open(at: VenueKind, seed: u64, change: impl FnOnce(&mut InstanceSetup)) -> Self {
        Self::open_at(at, seed, |_| {}, change)
    }

    /// The same, with something else about the venue.
    pub(crate) fn open_at(
        at: VenueKind,
        seed: u64,
        venue: impl FnOnce(&mut VenueConfig),
        change: impl FnOnce(&mut InstanceSetup),
    ) -> Self {
        let mut setup = WorldSetup { seed, venue: at.config(), ..WorldSetup::default() };
        venue(&mut setup.venue);
        let mut world = World::new(setup);
        let strategies = vec![StrategySpec::new("probe", "feeds = [\"quote\"]")];
        let mut setup = InstanceSetup {
            disk: Some("disk".to_owned()),
            journal_takes: Some(MILLI),
            seed,
            ..InstanceSetup::new(Arc::new(probe::registry()), strategies)
        };
        change(&mut setup);
        let me = world.spawn(setup).unwrap();
        world.run_for(SECOND * 5);
        told();
        let floor = Self { world, me, at, ids: ClientOrderIds::new(0, Timestamp::EPOCH) };
        assert_eq!(floor.status(), VenueStatus::Live);
        floor
    }

    pub(crate) fn snapshot(&self) -> tradewind_engine::Snapshot {
        self.world.instance(self.me).snapshot(self.world.now()).unwrap()
    }

    pub(crate) fn status(&self) -> VenueStatus {
        self.snapshot().status
    }

    pub(crate) fn price(&self, percent: i64) -> Price {
        let mid = self.snapshot().quotes.values().next().unwrap().mid().get();
        let factor = Decimal::from(100 + percent) / Decimal::ONE_HUNDRED;
        Price::new((mid * factor).round()).unwrap()
    }

    pub(crate) fn submit(&mut self, side: Side, kind: OrderKind) -> ClientOrderId {
        self.submit_as("probe", side, kind, 7)
    }

    fn submit_as(
        &mut self,
        strategy: &str,
        side: Side,
        kind: OrderKind,
        tag: u32,
    ) -> ClientOrderId {
        let client_order_id = self.ids.next();
        let request = OrderRequest { instrument: "BTC-USDT".into(), side, kind, tag };
        self.world.command(self.me, strategy, Command::Submit { client_order_id, request });
        client_order_id
    }

    pub(crate) fn market(&mut self, side: Side, quantity: &str) -> ClientOrderId {
        let percent = if side == Side::Buy { 3 } else { -3 };
        let kind = self.at.at_once(side, qty(quantity), self.price(percent));
        self.submit(side, kind)
    }

    pub(crate) fn rest(&mut self, side: Side, quantity: &str) -> ClientOrderId {
        let percent = if side == Side::Buy { -3 } else { 3 };
        let kind = post_only(self.price(percent), qty(quantity));
        self.submit(side, kind)
    }

    pub(crate) fn set(&mut self, scope: TradingScope, state: TradingState) -> u64 {
        let trading = Trading { scope, state, reason: "a test".to_owned() };
        self.world.set_trading(self.me, trading)
    }

    pub(crate) fn set_all(&mut self, state: TradingState) -> u64 {
        self.set(TradingScope::Everything, state)
    }

    pub(crate) fn state(&self) -> Option<TradingState> {
        self.snapshot().trading.first().map(|view| view.trading.state)
    }

    fn news(&mut self, id: ClientOrderId) -> Vec<OrderUpdate> {
        self.world.run_for(SECOND);
        of_order(&told(), id)
    }

    fn denial(&mut self, id: ClientOrderId) -> Denied {
        let updates = self.news(id);
        let last = updates.last().expect("something was told");
        assert_eq!(last.state, OrderState::Denied, "{updates:?}");
        last.denied.clone().unwrap()
    }

    pub(crate) fn sent(&self, call: CallKind) -> usize {
        self.world.trips().filter(|trip| trip.call == call).count()
    }

    pub(crate) fn base(&self) -> Decimal {
        self.snapshot().positions.iter().map(|view| view.base).sum()
    }

    pub(crate) fn resting_at_venue(&self) -> usize {
        self.world.ledger().accounts[0].open_orders.len()
    }

    /// What the venue says was bought less what was sold, and less fees.
    pub(crate) fn traded_at_venue(&self) -> Decimal {
        let ledger = self.world.ledger();
        let traded = ledger.accounts[0].position.iter().find(|(asset, _)| asset == "BTC");
        traded.map(|(_, qty)| *qty).unwrap_or_default()
    }

    pub(crate) fn incidents(&self, is_it: impl Fn(&Incident) -> bool) -> usize {
        self.world.instance(self.me).incidents().iter().filter(|one| is_it(&one.1)).count()
    }

    pub(crate) fn alerts(&self) -> Vec<String> {
        let incidents = self.world.instance(self.me).incidents().iter();
        let alerts = incidents.filter(|(_, incident)| incident.is_alert());
        alerts.map(|(_, incident)| incident.to_string()).collect()
    }

    pub(crate) fn honest(&self, context: &str) {
        if let Err(broken) = tradewind_lab::check_always(&self.world) {
            panic!("{context}: {broken}");
        }
    }

    pub(crate) fn strike(&mut self, what: &str, fault: Fault) {
        let rule = Rule::once(Pattern::what(what), fault);
        self.world.at_venue(|venue, _| venue.add_fault(rule));
    }
}

fn strategy(name: &str) -> TradingScope {
    TradingScope::Strategy(name.parse().unwrap())
}

fn halted_what_waits_never_leaves_what_rests_is_canceled_and_questions_pass(at: VenueKind) {
    let mut floor = Floor::open(at, 1, |_| {});
    let resting: Vec<_> = (0..5).map(|_| floor.rest(Side::Buy, "0.01")).collect();
    floor.world.run_for(SECOND);
    assert_eq!(floor.resting_at_venue(), 5);
    // More at once than orders have slots: most of them wait.
    let waiting: Vec<_> = (0..40).map(|_| floor.rest(Side::Buy, "0.001")).collect();
    floor.world.run_for(MILLI * 2);
    let before = floor.sent(CallKind::PlaceOrder);
    told();
    let command = floor.set_all(TradingState::Halted);
    floor.world.run_for(SECOND * 3);
    assert_eq!(floor.world.instance(floor.me).commanded(command), Some(&Ok(())));
    assert_eq!(floor.sent(CallKind::PlaceOrder), before, "nothing leaves after the command");
    assert_eq!(floor.resting_at_venue(), 0);
    let told = told();
    for id in resting {
        assert_eq!(of_order(&told, id).last().unwrap().state, OrderState::Canceled);
    }
    let is_denied = |update: &OrderUpdate| matches!(update.denied, Some(Denied::Forbidden { .. }));
    let denied = waiting.iter().filter(|id| of_order(&told, **id).iter().any(is_denied)).count();
    assert_eq!(denied, waiting.len() - (before - 5));
    let late = floor.rest(Side::Buy, "0.01");
    assert!(matches!(floor.denial(late), Denied::Forbidden { state: TradingState::Halted, .. }));
    let question = floor.world.inquire(floor.me, tradewind_model::call::Call::Account);
    floor.world.run_for(SECOND);
    assert!(floor.world.instance(floor.me).answer(question).unwrap().is_ok());
    floor.honest("halted");
}

fn an_order_that_is_held_back_or_tried_again_meets_the_last_door(at: VenueKind) {
    let mut floor = Floor::open(at, 2, |_| {});
    // Turned away without having been taken: it waits for its next try.
    floor.strike(at.names().place, Fault::Answered(at.turned_away()));
    let id = floor.rest(Side::Buy, "0.01");
    floor.world.run_until(floor.world.now() + SECOND, |world| {
        world.trips().any(|trip| trip.call == CallKind::PlaceOrder && trip.told_at.is_some())
    });
    assert_eq!(floor.sent(CallKind::PlaceOrder), 1);
    floor.set_all(TradingState::Halted);
    floor.world.run_for(SECOND * 20);
    assert_eq!(floor.sent(CallKind::PlaceOrder), 1);
    assert_eq!(of_order(&told(), id).last().unwrap().state, OrderState::Denied);
}

fn a_halt_outlives_the_process_and_holds_before_its_first_call(at: VenueKind) {
    let mut floor = Floor::open(at, 3, |_| {});
    floor.rest(Side::Buy, "0.01");
    let kind = post_only(floor.price(-3), qty("0.01"));
    floor.world.run_for(SECOND);
    floor.set_all(TradingState::Halted);
    // Killed as soon as it is durable, before the cancel has arrived.
    floor.world.run_for(MILLI);
    floor.world.restart(floor.me).unwrap();
    assert_eq!(floor.state(), Some(TradingState::Halted));
    let before = floor.sent(CallKind::PlaceOrder);
    floor.submit(Side::Buy, kind);
    floor.world.run_for(SECOND * 10);
    assert_eq!(floor.status(), VenueStatus::Live);
    assert_eq!(floor.resting_at_venue(), 0, "what an earlier life has left is canceled");
    let late = floor.rest(Side::Buy, "0.01");
    assert!(matches!(floor.denial(late), Denied::Forbidden { .. }));
    assert_eq!(floor.sent(CallKind::PlaceOrder), before);
    floor.set_all(TradingState::Running);
    floor.world.run_for(SECOND);
    assert_eq!(floor.state(), None);
    let again = floor.rest(Side::Buy, "0.01");
    assert_eq!(floor.news(again).last().unwrap().state, OrderState::Open);
    floor.world.restart(floor.me).unwrap();
    assert_eq!(floor.state(), None, "that it runs is remembered too");
}

fn what_forbids_holds_at_once_and_what_allows_once_it_is_written_down(at: VenueKind) {
    let mut floor = Floor::open(at, 4, |setup| setup.journal_takes = Some(MILLI * 500));
    floor.set_all(TradingState::Halted);
    assert_eq!(floor.state(), Some(TradingState::Halted));
    assert!(!floor.snapshot().trading[0].is_durable);
    let resumed = floor.set_all(TradingState::Running);
    floor.world.run_for(MILLI * 400);
    assert_eq!(floor.state(), Some(TradingState::Halted));
    assert_eq!(floor.world.instance(floor.me).commanded(resumed), None);
    // Somebody else halts while that is being written.
    floor.set_all(TradingState::Halted);
    floor.world.run_for(SECOND * 3);
    assert_eq!(floor.world.instance(floor.me).commanded(resumed), Some(&Ok(())));
    assert_eq!(floor.state(), Some(TradingState::Halted), "the last word counts");
    floor.world.restart(floor.me).unwrap();
    assert_eq!(floor.state(), Some(TradingState::Halted));
}

fn a_halt_that_cannot_be_written_down_holds_and_is_written_once_it_can_be(at: VenueKind) {
    let mut floor = Floor::open(at, 5, |_| {});
    floor.world.journal(floor.me).unwrap().damage(FaultKind::NoSpace);
    let halted = floor.set_all(TradingState::Halted);
    floor.world.run_for(SECOND);
    let result = floor.world.instance(floor.me).commanded(halted).cloned();
    assert!(matches!(result, Some(Err(TradingRefused::Unrecorded(_)))), "{result:?}");
    assert_eq!(floor.state(), Some(TradingState::Halted));
    let resumed = floor.set_all(TradingState::Running);
    floor.world.run_for(SECOND);
    assert!(floor.world.instance(floor.me).commanded(resumed).unwrap().is_err());
    assert_eq!(floor.state(), Some(TradingState::Halted), "nothing is allowed on the quiet");
    floor.world.journal(floor.me).unwrap().repair();
    floor.world.run_for(SECOND * 60);
    assert!(floor.snapshot().trading[0].is_durable);
    floor.world.restart(floor.me).unwrap();
    assert_eq!(floor.state(), Some(TradingState::Halted));
}

fn a_strategy_is_halted_alone_and_a_scope_that_is_not_ours_is_refused(at: VenueKind) {
    let two = |setup: &mut InstanceSetup| {
        let second = StrategySpec { name: "second".to_owned(), ..setup.strategies[0].clone() };
        setup.strategies.push(second);
    };
    let mut floor = Floor::open(at, 6, two);
    floor.set(strategy("second"), TradingState::Halted);
    let price = floor.price(-3);
    let own = floor.submit_as("probe", Side::Buy, post_only(price, qty("0.01")), 7);
    assert_eq!(floor.news(own).last().unwrap().state, OrderState::Open);
    let other = floor.submit_as("second", Side::Buy, post_only(price, qty("0.01")), 7);
    assert!(matches!(floor.denial(other), Denied::Forbidden { .. }));
    // Everything may be allowed, and this one still is not.
    floor.set_all(TradingState::Running);
    let other = floor.submit_as("second", Side::Buy, post_only(price, qty("0.01")), 7);
    assert!(matches!(floor.denial(other), Denied::Forbidden { .. }));
    let account = TradingScope::Account("binance".parse().unwrap(), "somebody".parse().unwrap());
    for scope in [strategy("third"), account] {
        let command = floor.set(scope, TradingState::Halted);
        floor.world.run_for(SECOND);
        let result = floor.world.instance(floor.me).commanded(command).cloned();
        assert_eq!(result, Some(Err(TradingRefused::UnknownScope(scope))));
    }
}

fn reduce_only_clamps_to_flat_and_denies_what_leads_away_from_it(at: VenueKind) {
    let mut floor = Floor::open(at, 7, |_| {});
    floor.market(Side::Buy, "0.5");
    floor.world.run_for(SECOND * 2);
    let held = floor.base();
    assert!(held > Decimal::ZERO);
    let away = floor.rest(Side::Buy, "0.01");
    let nearer = floor.rest(Side::Sell, "0.3");
    floor.world.run_for(SECOND);
    told();
    floor.set_all(TradingState::ReduceOnly);
    let updates = floor.news(away);
    assert_eq!(updates.last().unwrap().state, OrderState::Canceled, "it would lead away");
    assert_eq!(of_order(&told(), nearer), [], "it stays");
    let away = floor.rest(Side::Buy, "0.01");
    let zero = Quantity::ZERO;
    assert!(matches!(floor.denial(away), Denied::ReduceOnly { room, .. } if room == zero));
    // Two fifths are spoken for by what rests; what is left is less than this asks for.
    let large = floor.market(Side::Sell, "0.5");
    let updates = floor.news(large);
    let last = updates.last().unwrap();
    assert_eq!(last.state, OrderState::Filled, "{updates:?}");
    assert!(last.cum_qty.get() <= held - qty("0.3").get() && last.cum_qty > zero, "{last:?}");
    assert!(last.reason.as_ref().unwrap().contains("reduced from 0.5"), "{last:?}");
    let more = floor.market(Side::Sell, "0.1");
    assert!(matches!(floor.denial(more), Denied::ReduceOnly { .. }), "nothing is left to sell");
    floor.honest("reduce only");
}

fn an_order_in_doubt_takes_room_and_makes_none(at: VenueKind) {
    let mut floor = Floor::open(at, 8, |_| {});
    floor.market(Side::Buy, "0.5");
    floor.world.run_for(SECOND * 2);
    floor.set_all(TradingState::ReduceOnly);
    floor.world.run_for(SECOND);
    // It never reached the venue, which nobody knows for a while.
    floor.strike(at.names().place, Fault::RequestLost);
    let doubted = floor.market(Side::Sell, "0.4");
    floor.world.run_for(SECOND * 11);
    assert_eq!(floor.snapshot().in_doubt, [doubted]);
    let second = floor.market(Side::Sell, "0.4");
    let updates = floor.news(second);
    assert!(updates.last().unwrap().cum_qty < qty("0.1"), "{updates:?}");
    // Nor may what is in doubt be bought back.
    let back = floor.market(Side::Buy, "0.1");
    assert!(matches!(floor.denial(back), Denied::ReduceOnly { .. }));
    floor.world.run_for(at.proof_takes(SECOND * 2));
    assert_eq!(floor.snapshot().in_doubt, []);
    floor.market(Side::Sell, "0.5");
    floor.world.run_for(SECOND * 2);
    assert!(floor.base() >= Decimal::ZERO && floor.base() < Decimal::new(1, 3));
    floor.honest("in doubt");
}

fn reduce_only_never_crosses_zero_whatever_races(at: VenueKind) {
    for seed in 0..12_u64 {
        let mut floor = Floor::open(at, 100 + seed, |_| {});
        let weather = Weather { lost_answers_permille: 80, delay_max: MILLI * 60, ..Weather::FAIR };
        floor.world.set_weather(floor.me, weather);
        let opens = if seed % 2 == 0 { Side::Buy } else { Side::Sell };
        floor.market(opens, "0.6");
        floor.world.run_for(SECOND * 25);
        // Some rest on either side close to the market, and trade while the state changes.
        for step in 0..6 {
            let side = if step % 2 == 0 { Side::Buy } else { Side::Sell };
            let kind = OrderKind::PostOnly { price: floor.price(0), qty: qty("0.05") };
            floor.submit(side, kind);
        }
        floor.world.run_for(Duration::from_millis(seed * 7));
        let sign = |base: Decimal| base.is_sign_positive() && !base.is_zero();
        floor.set_all(TradingState::ReduceOnly);
        let was_long = opens == Side::Buy;
        for step in 0..40_u64 {
            let side = if step % 5 == 0 { opens } else { opens.opposite() };
            floor.market(side, "0.11");
            let percent = if side == Side::Buy { -1 } else { 1 };
            let price = floor.price(percent);
            floor.submit(side, post_only(price, qty("0.07")));
            floor.world.run_for(Duration::from_millis((step * 37 + seed * 11) % 400));
            let traded = floor.traded_at_venue();
            let has_crossed = !traded.is_zero() && sign(traded) != was_long;
            assert!(!has_crossed, "seed {seed}, step {step}: {traded}");
        }
        floor.world.run_for(SECOND * 40);
        let traded = floor.traded_at_venue();
        assert!(traded.is_zero() || sign(traded) == was_long, "seed {seed}: {traded}");
        floor.honest(&format!("seed {seed}"));
    }
}

fn flatten_cancels_closes_and_ends_flat_at_the_venue(at: VenueKind) {
    for side in [Side::Buy, Side::Sell] {
        let mut floor = Floor::open(at, 9, |_| {});
        floor.market(side, "0.7");
        floor.rest(Side::Buy, "0.01");
        floor.rest(Side::Sell, "0.01");
        floor.world.run_for(SECOND * 3);
        assert_eq!(floor.resting_at_venue(), 2);
        told();
        floor.set_all(TradingState::Flatten);
        let late = floor.rest(Side::Buy, "0.01");
        floor.world.run_for(SECOND * 20);
        assert!(matches!(of_order(&told(), late)[0].denied, Some(Denied::Forbidden { .. })));
        assert_eq!(floor.resting_at_venue(), 0);
        // What fees have taken off is less than the venue trades.
        assert!(floor.base().abs() < Decimal::new(1, 3), "{side}: {}", floor.base());
        let flattened = |one: &Incident| matches!(one, Incident::Flattened { .. });
        assert_eq!(floor.incidents(flattened), 1, "{side}");
        let orders = floor.sent(CallKind::PlaceOrder);
        floor.world.run_for(SECOND * 120);
        assert_eq!(floor.sent(CallKind::PlaceOrder), orders, "and leaves it at that");
        assert_eq!(floor.state(), Some(TradingState::Flatten), "only a command resumes");
        floor.honest("flat");
    }
}

fn flatten_goes_on_after_a_restart_and_counts_what_is_in_doubt(at: VenueKind) {
    let mut floor = Floor::open(at, 10, |_| {});
    floor.market(Side::Buy, "0.7");
    floor.world.run_for(SECOND * 3);
    // The order that closes has traded, and nobody says so.
    floor.strike(at.names().place, Fault::AnswerLost);
    floor.strike(at.names().report, Fault::RequestLost);
    floor.set_all(TradingState::Flatten);
    floor.world.run_until(floor.world.now() + SECOND * 5, |world| {
        world.trips().filter(|trip| trip.call == CallKind::PlaceOrder).count() == 2
    });
    floor.world.run_for(MILLI * 50);
    floor.world.restart(floor.me).unwrap();
    floor.world.run_for(SECOND * 40);
    assert_eq!(floor.state(), Some(TradingState::Flatten));
    assert!(floor.base().abs() < Decimal::new(1, 3), "{}", floor.base());
    let traded = floor.traded_at_venue();
    assert!(traded >= Decimal::ZERO && traded < Decimal::new(2, 3), "{traded}");
    floor.honest("after a restart");
}

fn what_the_engine_closes_by_is_not_for_strategies(at: VenueKind) {
    let mut floor = Floor::open(at, 11, |_| {});
    let price = floor.price(-3);
    let marked = floor.submit_as("probe", Side::Buy, post_only(price, qty("0.01")), CLOSING_TAG);
    assert!(matches!(floor.denial(marked), Denied::Unsupported(_)));
}

fn what_exceeds_a_limit_is_denied_with_its_name_and_figures(at: VenueKind) {
    let limited = |name: &str, change: fn(&mut tradewind_model::trading::TradingLimits)| {
        let mut floor = Floor::open(at, 12, |setup| change(&mut setup.limits));
        let small = floor.rest(Side::Buy, "0.001");
        assert_eq!(floor.news(small).last().unwrap().state, OrderState::Open, "{name}");
        let large = floor.rest(Side::Buy, "0.1");
        let Denied::Limit { limit, scope, most, value } = floor.denial(large) else {
            panic!("{name}: denied for something else");
        };
        assert_eq!((limit, scope), (format!("limits.{name}"), TradingScope::Everything));
        assert!(value > most, "{name}: {value} > {most}");
        floor
    };
    limited("max_order_notional", |limits| {
        limits.max_order_notional = Some("1000".parse().unwrap());
    });
    limited("max_open_orders", |limits| limits.max_open_orders = Some(1));
    let mut floor = limited("max_position_notional", |limits| {
        limits.max_position_notional = Some("1000".parse().unwrap());
    });
    // Nearer to zero passes, however large: a short of the same value is the limit there.
    let sold = floor.market(Side::Sell, "0.01");
    assert_eq!(floor.news(sold).last().unwrap().state, OrderState::Filled);
    let more = floor.market(Side::Sell, "0.01");
    assert!(matches!(floor.denial(more), Denied::Limit { .. }));
    let back = floor.market(Side::Buy, "0.01");
    assert_eq!(floor.news(back).last().unwrap().state, OrderState::Filled);
}

fn more_lost_than_may_be_lets_orders_only_reduce_and_is_told_once(at: VenueKind) {
    let mut floor = Floor::open(at, 13, |setup| {
        setup.strategies[0].limits.max_loss = Some("10".parse().unwrap());
    });
    // Fees and the spread alone cost more than that.
    for _ in 0..8 {
        floor.market(Side::Buy, "0.9");
        floor.world.run_for(SECOND);
        floor.market(Side::Sell, "0.8");
        floor.world.run_for(SECOND);
    }
    assert_eq!(floor.state(), Some(TradingState::ReduceOnly));
    let tripped = |one: &Incident| matches!(one, Incident::LossLimit { .. });
    assert_eq!(floor.incidents(tripped), 1);
    assert_eq!(floor.alerts().len(), 1, "{:?}", floor.alerts());
    let away = floor.market(Side::Buy, "0.01");
    assert!(matches!(floor.denial(away), Denied::ReduceOnly { .. }));
    floor.world.restart(floor.me).unwrap();
    assert_eq!(floor.state(), Some(TradingState::ReduceOnly), "a restart forgets no loss");
}

fn while_too_much_is_in_doubt_no_new_risk_is_taken_and_cancels_pass(at: VenueKind) {
    let mut floor = Floor::open(at, 14, |setup| setup.limits.max_unresolved = Some(0));
    let resting = floor.rest(Side::Buy, "0.01");
    floor.world.run_for(SECOND);
    floor.strike(at.names().place, Fault::RequestLost);
    floor.rest(Side::Buy, "0.01");
    floor.world.run_for(SECOND * 11);
    let denied = floor.rest(Side::Buy, "0.01");
    let Denied::Limit { limit, .. } = floor.denial(denied) else { panic!("another reason") };
    assert_eq!(limit, "limits.max_unresolved");
    floor.world.command(floor.me, "probe", Command::Cancel { client_order_id: resting });
    assert_eq!(floor.news(resting).last().unwrap().state, OrderState::Canceled);
    assert_eq!(floor.alerts().len(), 1, "{:?}", floor.alerts());
    floor.world.run_for(at.proof_takes(SECOND * 2));
    let later = floor.rest(Side::Buy, "0.01");
    assert_eq!(floor.news(later).last().unwrap().state, OrderState::Open, "it is over by itself");
}

fn a_strategy_that_hangs_is_cut_off_and_its_orders_follow_its_policy(at: VenueKind) {
    for (on_failure, left) in [(OnFailure::Cancel, 1), (OnFailure::Leave, 2)] {
        let mut floor = Floor::open(at, 15, |setup| {
            setup.strategies[0].on_failure = on_failure;
            let other = StrategySpec { name: "other".to_owned(), ..setup.strategies[0].clone() };
            setup.strategies.push(other);
        });
        let hung = floor.rest(Side::Buy, "0.01");
        let price = floor.price(-3);
        floor.submit_as("other", Side::Buy, post_only(price, qty("0.01")), 7);
        floor.world.run_for(SECOND);
        assert_eq!(floor.resting_at_venue(), 2);
        floor.world.hang(floor.me, "probe", SECOND * 5);
        floor.world.run_for(SECOND * 10);
        assert_eq!(floor.resting_at_venue(), left, "{on_failure:?}");
        let is_it = |one: &Incident| {
            matches!(one, Incident::StrategyLost { how: StrategyFailure::Hung(_), .. })
        };
        assert_eq!((floor.incidents(is_it), floor.alerts().len()), (1, 1));
        // It comes back, and wants to go on.
        let before = floor.sent(CallKind::PlaceOrder);
        floor.rest(Side::Buy, "0.01");
        floor.world.command(floor.me, "probe", Command::Cancel { client_order_id: hung });
        floor.world.run_for(SECOND);
        assert_eq!(floor.sent(CallKind::PlaceOrder), before);
        assert_eq!(floor.resting_at_venue(), left, "what it asks for is not done");
        assert_eq!(floor.snapshot().counters.commands_dropped, 2);
        let other = floor.submit_as("other", Side::Buy, post_only(price, qty("0.01")), 7);
        assert_eq!(floor.news(other).last().unwrap().state, OrderState::Open, "others go on");
    }
}
