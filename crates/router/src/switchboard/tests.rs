//! A switchboard between one strategy and two engines that say what the tests let them say.
#![expect(clippy::wildcard_enum_match_arm, reason = "each look is for a few of what is told")]

use std::collections::BTreeMap;

use tradewind_engine::{Doors, Event as EngineEvent, Route, Routing};
use tradewind_model::Timestamp;
use tradewind_model::balance::Balance;
use tradewind_model::call::WhenNotCanceled;
use tradewind_model::id::{Asset, ClientOrderId, ClientOrderIds, InstrumentId, StrategyId};
use tradewind_model::market::Quote;
use tradewind_model::money::{Notional, Quantity};
use tradewind_model::notice::{Command, Notice, Recovered, VenueStatus};
use tradewind_model::order::{Denied, Link, OrderState, OrderUpdate, Side};
use tradewind_model::position::Position;
use tradewind_model::trading::TradingLimits;
use tradewind_scheduler::{ScopeKey, ShutReason, ShutRecord};

use super::{Input, Member, Output, Switchboard};
use crate::cases::{at, decimal, holding, id, instrument, post_only, price, qty, route, routes_of};
use crate::decision::{Decision, DecisionKind, Reason};
use crate::policy::Policy;
use crate::router::{Limits, RouterConfig};

fn two() -> [Route; 2] {
    [route("binance", "main", "eth0"), route("bitget", "main", "eth0")]
}

fn grid() -> StrategyId {
    holding("grid").strategy
}

/// What an engine shows that was never told to ask what rests.
fn doors(status: VenueStatus, shut: Vec<ShutRecord>) -> Doors {
    Doors { status, shut, outages: BTreeMap::new(), resyncs: 0 }
}

/// The same, behind a ban that ends then, or that nobody knows the end of.
fn banned(route: Route, until: Option<Timestamp>) -> Doors {
    let (scope, reason) = (ScopeKey::Egress(route.egress), ShutReason::Banned);
    let record = ShutRecord { scope, reason, since: at(0), until, strikes: 1 };
    let until = until.unwrap_or(Timestamp::MAX);
    doors(VenueStatus::Shut { until, reason: "banned".to_owned() }, vec![record])
}

fn bitcoin() -> InstrumentId {
    holding("grid").instrument
}

struct Bench {
    board: Switchboard,
    now: Timestamp,
    /// What strategies were told, in order.
    told: Vec<Notice>,
    /// What engines were told, but for decisions to be written down.
    engines: Vec<(Route, EngineEvent)>,
    /// The decision that waits to be written down.
    noting: Option<u64>,
    /// Whether decisions are written down at once.
    writes: bool,
}

impl Bench {
    /// Both engines are live and neither has told what it found.
    fn new() -> Self {
        Self::limited(Limits::default())
    }

    fn limited(limits: Limits) -> Self {
        let ids = ClientOrderIds::new(99, at(0));
        let config =
            RouterConfig { routes: routes_of(&two()), policy: Policy::default(), limits, ids };
        let members = vec![Member { strategy: grid(), instruments: vec![bitcoin()] }];
        let board = Switchboard::new(config, members);
        let (told, engines) = (Vec::new(), Vec::new());
        let mut bench = Self { board, now: at(0), told, engines, noting: None, writes: true };
        for route in two() {
            bench.live(route);
        }
        bench
    }

    /// Both engines have found nothing, and it has begun.
    fn begun() -> Self {
        let mut bench = Self::new();
        for route in two() {
            bench.found(route, found("1000"));
        }
        assert_eq!(bench.starts().len(), 1);
        bench
    }

    fn live(&mut self, route: Route) {
        let doors = doors(VenueStatus::Live, Vec::new());
        self.tell(Input::Looked { route, doors });
    }

    fn tell(&mut self, input: Input) {
        self.board.handle(self.now, input);
        self.drain();
    }

    fn notice(&mut self, route: Route, notice: Notice) {
        self.tell(Input::Notice { route, strategy: grid(), notice });
    }

    fn found(&mut self, route: Route, found: Recovered) {
        self.notice(route, Notice::Started(Box::new(found)));
    }

    fn command(&mut self, command: Command) {
        self.tell(Input::Command { strategy: grid(), command });
    }

    fn submit(&mut self, number: u32) -> ClientOrderId {
        let request = post_only(Side::Buy, "100", "1");
        self.command(Command::Submit { client_order_id: id(number), request });
        id(number)
    }

    fn wake_at(&mut self, now: Timestamp) {
        self.now = now;
        self.board.wake(now);
        self.drain();
    }

    fn note(&mut self) {
        let number = self.noting.take().expect("a decision waits");
        self.tell(Input::Noted { number });
    }

    fn drain(&mut self) {
        while let Some(output) = self.board.poll() {
            match output {
                Output::Engine { route, event } => match *event {
                    over @ EngineEvent::Route { entry: Routing::Over { .. }, .. } => {
                        self.engines.push((route, over));
                    }
                    EngineEvent::Route { number, .. } if self.writes => {
                        self.board.handle(self.now, Input::Noted { number });
                    }
                    EngineEvent::Route { number, .. } => self.noting = Some(number),
                    event => self.engines.push((route, event)),
                },
                Output::Notify { notice, .. } => self.told.push(notice),
                Output::UseEndpoint { .. } | Output::Decided(_) => {}
            }
        }
    }

    fn starts(&self) -> Vec<Recovered> {
        let starts = self.told.iter().filter_map(|notice| match notice {
            Notice::Started(found) => Some(found.as_ref().clone()),
            _ => None,
        });
        starts.collect()
    }

    fn bids(&self) -> Vec<String> {
        let bids = self.told.iter().filter_map(|notice| match notice {
            Notice::Quote(_, quote) => Some(quote.bid.to_string()),
            _ => None,
        });
        bids.collect()
    }

    /// Engines that were asked to place this order.
    fn placed(&self, wanted: ClientOrderId) -> Vec<Route> {
        let placed = self.engines.iter().filter(|(_, event)| {
            matches!(event, EngineEvent::Command { command: Command::Submit { client_order_id, .. }, .. }
                if *client_order_id == wanted)
        });
        placed.map(|(route, _)| *route).collect()
    }
}

/// What an engine finds of a strategy that holds and has nothing; so much of its money is free.
fn found(free: &str) -> Recovered {
    let usdt = Balance { asset: Asset::new("USDT"), free: decimal(free), locked: decimal("0") };
    Recovered {
        instruments: vec![instrument("0.01", "0.001", "5")],
        balances: vec![usdt],
        ..Recovered::default()
    }
}

fn holds(base: &str, fills: u64) -> BTreeMap<InstrumentId, Position> {
    let position = Position { base: decimal(base), fills, ..Position::default() };
    BTreeMap::from([(bitcoin(), position)])
}

fn open(number: u32) -> OrderUpdate {
    let request = post_only(Side::Buy, "100", "1");
    OrderUpdate {
        client_order_id: id(number),
        venue_order_id: None,
        instrument: request.instrument,
        side: request.side,
        kind: request.kind,
        tag: request.tag,
        link: Link::Alone,
        state: OrderState::Open,
        cum_qty: Quantity::ZERO,
        cum_quote: Notional::ZERO,
        leaves_qty: qty("1"),
        fill: None,
        reason: None,
        denied: None,
        refusal: None,
        at: at(0),
    }
}

fn quote(bid: &str) -> Notice {
    let (bid, bid_qty) = (price(bid), qty("1"));
    let quote = Quote { bid, bid_qty, ask: price("1000"), ask_qty: qty("1"), at: at(0) };
    Notice::Quote(bitcoin(), quote)
}

#[test]
fn a_beginning_waits_half_a_minute_for_an_engine_that_is_late_and_tells_that_one_the_rest() {
    let [binance, bitget] = two();
    let mut bench = Bench::new();
    bench.wake_at(at(5));
    bench.found(binance, found("1000"));
    assert!(bench.board.wakeup(bench.now).is_some_and(|wakeup| wakeup <= at(35)));
    bench.wake_at(at(34));
    assert_eq!(bench.starts().len(), 0);
    bench.wake_at(at(35));
    assert_eq!(bench.starts().len(), 1);
    bench.command(Command::Started);
    let starts = |bench: &Bench| {
        let starts = bench.engines.iter().filter(|(_, event)| {
            matches!(event, EngineEvent::Command { command: Command::Started, .. })
        });
        starts.map(|(route, _)| *route).collect::<Vec<_>>()
    };
    assert_eq!(starts(&bench), [binance], "the other has no such strategy yet");
    let late = Recovered { orders: vec![open(7)], positions: holds("3", 1), ..found("1000") };
    bench.found(bitget, late);
    assert_eq!(bench.starts().len(), 1, "it begins once");
    assert_eq!(starts(&bench), [binance, bitget]);
    let news = bench.told.iter().filter(
        |notice| matches!(notice, Notice::Order(update) if update.client_order_id == id(7)),
    );
    assert_eq!(news.count(), 1, "what was found late is news");
    assert_eq!(bench.board.router().exposure(&holding("grid")).held, decimal("3"));
}

#[test]
fn what_happens_while_a_beginning_waits_is_told_after_it() {
    let [binance, bitget] = two();
    let mut bench = Bench::new();
    bench.found(binance, Recovered { orders: vec![open(7)], ..found("1000") });
    let over = OrderUpdate { state: OrderState::Canceled, leaves_qty: Quantity::ZERO, ..open(7) };
    bench.notice(binance, Notice::Order(Box::new(over)));
    assert_eq!(bench.told, [], "it knows of no order yet");
    bench.found(bitget, found("1000"));
    let states = bench.told.iter().filter_map(|notice| match notice {
        Notice::Started(found) => Some(found.orders[0].state),
        Notice::Order(update) => Some(update.state),
        _ => None,
    });
    assert_eq!(states.collect::<Vec<_>>(), [OrderState::Open, OrderState::Canceled]);
}

#[test]
fn a_beginning_with_too_much_to_tell_waits_no_longer() {
    let [binance, _] = two();
    let mut bench = Bench::new();
    bench.found(binance, Recovered { orders: vec![open(7)], ..found("1000") });
    for _ in 0..5_000 {
        bench.notice(binance, Notice::Order(Box::new(open(7))));
        if bench.board.wakeup(bench.now).is_some_and(|wakeup| wakeup <= bench.now) {
            bench.wake_at(bench.now);
        }
    }
    assert_eq!(bench.starts().len(), 1, "half a minute is not over");
    assert!(matches!(bench.told[0], Notice::Started(_)), "it comes first: {:?}", bench.told[0]);
    let news = bench.told.iter().filter(|notice| matches!(notice, Notice::Order(_)));
    assert_eq!(news.count(), 5_000, "and nothing is missing");
}

#[test]
fn nobody_waits_for_an_engine_that_is_gone_and_nothing_is_asked_of_it() {
    let [binance, bitget] = two();
    let mut bench = Bench::new();
    bench.found(bitget, found("1000"));
    assert_eq!(bench.starts().len(), 0);
    bench.tell(Input::Gone { route: binance, reason: "it has failed".to_owned() });
    assert_eq!(bench.starts().len(), 1);
    bench.engines.clear();
    // Once that has lasted for longer than a gap, orders go to where somebody is.
    bench.wake_at(at(60));
    let order = bench.submit(1);
    assert_eq!(bench.placed(order), [bitget]);
    assert!(bench.engines.iter().all(|(route, _)| *route == bitget), "{:?}", bench.engines);
}

#[test]
fn a_decision_that_nobody_can_write_down_any_more_holds_nothing_up() {
    let [binance, bitget] = two();
    let mut bench = Bench::new();
    bench.found(binance, found("1000"));
    bench.writes = false;
    bench.found(bitget, found("1000"));
    assert!(bench.noting.is_some());
    assert_eq!(bench.starts().len(), 0, "it has a home only once that is written down");
    bench.tell(Input::Gone { route: binance, reason: "its disk is gone".to_owned() });
    assert_eq!(bench.starts().len(), 1);
}

#[test]
fn nothing_that_follows_a_decision_is_done_before_it_is_written_down() {
    let [binance, bitget] = two();
    let mut bench = Bench::begun();
    bench.writes = false;
    bench.tell(Input::Looked {
        route: binance,
        doors: doors(VenueStatus::Stale { reason: "its streams are down".to_owned() }, Vec::new()),
    });
    bench.wake_at(at(60));
    assert!(bench.noting.is_some(), "its orders go elsewhere from here on");
    let order = bench.submit(1);
    assert_eq!(bench.placed(order), []);
    bench.tell(Input::Noted { number: bench.noting.unwrap_or_default() + 1 });
    assert_eq!(bench.placed(order), [], "that was another one");
    bench.note();
    assert_eq!(bench.placed(order), [bitget]);
}

#[test]
fn what_an_engine_said_before_it_was_told_to_ask_is_no_answer() {
    let [binance, bitget] = two();
    let mut bench = Bench::new();
    bench.found(binance, Recovered { orders: vec![open(1)], ..found("1000") });
    bench.found(bitget, found("7"));
    let canceled = |bench: &Bench| {
        bench.engines.iter().any(|(route, event)| {
            let cancels =
                matches!(event, EngineEvent::Command { command: Command::Cancel { .. }, .. });
            *route == binance && cancels
        })
    };
    bench.tell(Input::Looked { route: binance, doors: banned(binance, Some(at(60))) });
    bench.wake_at(at(60));
    bench.live(binance);
    let asks = |(route, event): &(Route, EngineEvent)| {
        *route == binance && matches!(event, EngineEvent::Resync)
    };
    assert_eq!(bench.engines.iter().filter(|told| asks(told)).count(), 1);
    bench.live(binance);
    assert!(!canceled(&bench), "what rests there is not known yet");
    let known = Doors { resyncs: 1, ..doors(VenueStatus::Live, Vec::new()) };
    bench.tell(Input::Looked { route: binance, doors: known });
    assert!(canceled(&bench), "and what is found is canceled first");
}

#[test]
fn a_strategy_sees_the_quotes_of_where_its_orders_go_and_no_others() {
    let [binance, bitget] = two();
    let mut bench = Bench::begun();
    bench.notice(binance, quote("100"));
    bench.notice(bitget, quote("200"));
    assert_eq!(bench.bids(), ["100"]);
    bench.tell(Input::Gone { route: binance, reason: "it has failed".to_owned() });
    bench.wake_at(at(60));
    assert_eq!(bench.bids(), ["100", "200"], "what is known there, as soon as it goes there");
    bench.notice(binance, quote("101"));
    bench.notice(bitget, quote("201"));
    assert_eq!(bench.bids(), ["100", "200", "201"]);
}

#[test]
fn a_beginning_is_all_that_the_engines_have_found() {
    let [binance, bitget] = two();
    let mut bench = Bench::new();
    let store = |value: &str| BTreeMap::from([("center".to_owned(), value.to_owned())]);
    let home = Recovered {
        orders: vec![open(1)],
        positions: holds("2", 3),
        store: store("home"),
        ..found("1000")
    };
    let away = Recovered {
        orders: vec![open(2), open(3)],
        positions: holds("-0.5", 1),
        store: store("away"),
        ..found("7")
    };
    // In the order in which they were ready, which is not that of preference.
    bench.found(bitget, away);
    bench.found(binance, home);
    let starts = bench.starts();
    let [all] = &starts[..] else { panic!("{starts:?}") };
    let mut orders: Vec<_> = all.orders.iter().map(|order| order.client_order_id).collect();
    orders.sort_unstable();
    assert_eq!(orders, [id(1), id(2), id(3)]);
    let position = &all.positions[&bitcoin()];
    assert_eq!((position.base, position.fills), (decimal("1.5"), 4));
    let free: Vec<_> = all.balances.iter().map(|balance| balance.free).collect();
    assert_eq!(free, [decimal("1000")], "what can be spent where its orders go");
    assert_eq!(all.store, store("home"));
    assert_eq!(all.instruments.len(), 1);
    let is_news = |notice: &Notice| matches!(notice, Notice::Order(_));
    assert!(!bench.told.iter().any(is_news), "what was found is no news");
    assert_eq!(bench.board.router().exposure(&holding("grid")).held, decimal("1.5"));
}

#[test]
fn no_decision_takes_the_place_of_one_that_a_later_life_has_to_know() {
    let [binance, bitget] = two();
    let decision = |kind| Decision {
        at: at(1),
        kind,
        from: Some(binance),
        to: Some(bitget),
        reason: Reason::Nowhere,
    };
    let subject = |kind| decision(kind).subject();
    let of = holding("grid");
    let moved = subject(DecisionKind::FailedOver(of.clone()));
    assert_eq!(moved, subject(DecisionKind::FailedBack(of.clone())), "the later one holds");
    assert_ne!(moved, subject(DecisionKind::Stranded(of.clone())), "it is still away");
    assert_ne!(moved, subject(DecisionKind::Assigned(of)));
    // What nobody reads again has one place, however many orders it is about.
    for kind in [DecisionKind::CanceledFirst, DecisionKind::TurnedUp, DecisionKind::NotMirrored] {
        assert_eq!(subject(kind(id(1))), subject(kind(id(2))));
    }
    assert_ne!(subject(DecisionKind::Moved(id(1))), subject(DecisionKind::Moved(id(2))));
}

/// Engines that were told to take their time.
fn patient(bench: &Bench) -> Vec<Route> {
    let told = bench.engines.iter();
    let told = told.filter(|(_, event)| matches!(event, EngineEvent::StartPatiently));
    told.map(|(route, _)| *route).collect()
}

#[test]
fn engines_may_take_their_time_once_one_is_there() {
    let [_, bitget] = two();
    let mut bench = Bench::new();
    assert_eq!(patient(&bench), [], "with nobody there, a start that fails is told");
    bench.found(bitget, found("7"));
    assert_eq!(patient(&bench), two(), "it waits for the other itself");
    bench.found(two()[0], found("1000"));
    assert_eq!(patient(&bench), two(), "once");
}

#[test]
fn engines_may_take_their_time_while_a_venue_has_said_when_to_come_back() {
    let [binance, bitget] = two();
    let mut bench = Bench::new();
    bench.tell(Input::Looked { route: binance, doors: banned(binance, None) });
    assert_eq!(patient(&bench), [], "that one may never open");
    bench.tell(Input::Looked { route: binance, doors: banned(binance, Some(at(60))) });
    assert_eq!(patient(&bench), [bitget]);
}

/// Subjects that this engine was told are over.
fn over(bench: &Bench, at: Route) -> Vec<String> {
    let over = bench.engines.iter().filter_map(|(route, event)| match event {
        EngineEvent::Route { entry: Routing::Over { subject }, .. } if *route == at => {
            Some(subject.clone())
        }
        _ => None,
    });
    over.collect()
}

#[test]
fn what_was_decided_about_an_order_is_kept_until_the_order_is_over() {
    let [binance, bitget] = two();
    let mut bench = Bench::begun();
    let order = bench.submit(1);
    bench.tell(Input::Looked { route: binance, doors: banned(binance, Some(at(60))) });
    let recalled =
        OrderUpdate { state: OrderState::Denied, denied: Some(Denied::Recalled), ..open(1) };
    bench.notice(binance, Notice::Order(Box::new(recalled)));
    assert_eq!(bench.placed(order), [binance, bitget], "it has moved");
    bench.notice(bitget, Notice::Order(Box::new(open(1))));
    assert_eq!(over(&bench, binance), [] as [&str; 0]);
    let end = OrderUpdate { state: OrderState::Canceled, ..open(1) };
    bench.notice(bitget, Notice::Order(Box::new(end)));
    for route in two() {
        assert_eq!(over(&bench, route), [format!("order {order}")], "in whichever journal");
    }
}

#[test]
fn what_earlier_lives_decided_about_orders_that_nobody_has_is_over() {
    let [binance, bitget] = two();
    let mut bench = Bench::new();
    for number in [1, 2] {
        bench.board.remember(&Decision {
            at: at(0),
            kind: DecisionKind::Moved(id(number)),
            from: Some(binance),
            to: Some(bitget),
            reason: Reason::Nowhere,
        });
    }
    bench.found(binance, found("1000"));
    assert_eq!(over(&bench, binance), [] as [&str; 0], "one has not said what it has");
    bench.found(bitget, Recovered { orders: vec![open(2)], ..found("7") });
    assert_eq!(over(&bench, binance), [format!("order {}", id(1))]);
}

#[test]
fn an_order_in_anothers_stead_is_held_to_the_limits_over_all_routes_without_that_other() {
    let [binance, bitget] = two();
    let worth = Some("200".parse().unwrap());
    let all = TradingLimits { max_position_notional: worth, ..TradingLimits::default() };
    let mut bench = Bench::limited(Limits { all, ..Limits::default() });
    bench.found(binance, Recovered { orders: vec![open(1)], ..found("1000") });
    bench.found(bitget, Recovered { positions: holds("0.5", 1), ..found("7") });
    let mut replace = |number, qty| {
        bench.command(Command::Replace {
            client_order_id: id(1),
            replacement_id: id(number),
            request: post_only(Side::Buy, "100", qty),
            when_not_canceled: WhenNotCanceled::Stop,
        });
        let is_replace = |(route, event): &(Route, EngineEvent)| {
            *route == binance
                && matches!(event, EngineEvent::Command { command: Command::Replace { replacement_id, .. }, .. }
                    if *replacement_id == id(number))
        };
        let denied = bench.told.iter().any(|notice| {
            matches!(notice, Notice::Order(update) if update.client_order_id == id(number)
                && matches!(update.denied, Some(Denied::Limit { .. })))
        });
        (bench.engines.iter().any(is_replace), denied)
    };
    // Half of one is held at the other venue, and the one that rests goes when the new one comes.
    assert_eq!(replace(2, "1.5"), (true, false));
    assert_eq!(replace(3, "1.6"), (false, true));
}
