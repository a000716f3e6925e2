//! Histories: every kind of record, about a few orders, in any order and as often as it comes.
//!
//! What an order or a trade is like follows from its number, so that the same one is the same
//! whenever it is spoken of.

use std::time::Duration;

use proptest::prelude::*;
use tradewind_engine::journal::{Ending, Entry, Intent, Record, Routed, Trade, Trading};
use tradewind_model::id::{
    AccountId, Asset, ClientOrderId, ClientOrderIds, EgressId, InstrumentId, StrategyId, Symbol,
    TradeId, VenueId, VenueOrderId,
};
use tradewind_model::money::Quantity;
use tradewind_model::order::{
    LimitTerms, Link, MarketQuantity, OrderKind, OrderRequest, Side, TimeInForce, Trigger,
};
use tradewind_model::report::Fill;
use tradewind_model::time::Timestamp;
use tradewind_model::trading::{TradingScope, TradingState};
use tradewind_scheduler::{ScopeKey, ShutReason, ShutRecord};

use super::support::START;

/// What a record is about, and what it says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) order: u32,
    pub(super) says: Says,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Says {
    Intent(u32),
    Adopted,
    Sent,
    Accepted,
    Traded(u32),
    CancelAsked,
    AmendAsked(u32),
    Amended(u32),
    InDoubt,
    Resolved,
    Ended(usize),
    Trading(u32),
    Shut(u32),
    Opened,
    Routed,
    Unrouted,
    Remembered(Option<u32>),
}

/// A step about one of `orders` orders.
pub(super) fn step(orders: u32) -> impl Strategy<Value = Step> {
    let says = prop_oneof![
        6 => (1..4_u32).prop_map(Says::Intent),
        1 => Just(Says::Adopted),
        2 => Just(Says::Sent),
        3 => Just(Says::Accepted),
        5 => (0..6_u32).prop_map(Says::Traded),
        1 => Just(Says::CancelAsked),
        1 => (0..4_u32).prop_map(Says::AmendAsked),
        2 => (0..4_u32).prop_map(Says::Amended),
        2 => Just(Says::InDoubt),
        1 => Just(Says::Resolved),
        4 => (0..Ending::ALL.len()).prop_map(Says::Ended),
        1 => (0..4_u32).prop_map(Says::Trading),
        1 => (0..5_u32).prop_map(Says::Shut),
        1 => Just(Says::Opened),
        1 => Just(Says::Routed),
        1 => Just(Says::Unrouted),
        2 => prop::option::weighted(0.7, 0..9_u32).prop_map(Says::Remembered),
    ];
    (0..orders, says).prop_map(|(order, says)| Step { order, says })
}

/// Everything that a record can say, each ending included.
pub(super) fn one_of_each() -> Vec<Step> {
    let says = [
        Says::Intent(1),
        Says::Sent,
        Says::Accepted,
        Says::Traded(1),
        Says::CancelAsked,
        Says::AmendAsked(1),
        Says::Amended(1),
        Says::InDoubt,
        Says::Resolved,
        Says::Trading(1),
        Says::Shut(1),
        Says::Opened,
        Says::Routed,
        Says::Unrouted,
        Says::Remembered(Some(1)),
        Says::Remembered(None),
    ];
    let lives = says.into_iter().map(|says| Step { order: 0, says });
    let endings = (0..Ending::ALL.len()).zip(1..).flat_map(|(ending, order)| {
        [Says::Adopted, Says::Ended(ending)].map(|says| Step { order, says })
    });
    lives.chain(endings).collect()
}

/// The `n`-th step of the long life that is killed again and again: orders that come, trade and
/// end, a hundred at a time.
pub(super) fn lived(n: u64) -> Step {
    let mut state = n.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x5851_f42d_4c95_7f2d);
    let mut draw = |below: u32| {
        state ^= state >> 29;
        state = state.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state ^= state >> 32;
        u32::try_from(state % u64::from(below)).unwrap()
    };
    let newest = u32::try_from(n / 5).unwrap();
    let order = newest.saturating_sub(draw(100));
    let says = match draw(20) {
        0..=5 => return Step { order: newest, says: Says::Intent(1) },
        6..=7 => Says::Sent,
        8..=10 => Says::Accepted,
        11..=13 => Says::Traded(draw(6)),
        14 => Says::InDoubt,
        15..=17 => Says::Ended(usize::try_from(draw(7)).unwrap()),
        18 => Says::Remembered(Some(draw(1_000))),
        _ => Says::Trading(draw(4)),
    };
    Step { order, says }
}

/// The records of steps that begin after `before` others, a millisecond apart.
pub(super) fn records(before: u64, steps: &[Step]) -> Vec<Record> {
    (before + 1..).zip(steps).map(|(n, step)| record(n, *step)).collect()
}

pub(super) fn record(n: u64, step: Step) -> Record {
    let at = START + Duration::from_millis(n);
    Record { at, entry: entry(at, step) }
}

pub(super) fn strategy(order: u32) -> StrategyId {
    StrategyId::new(["grid", "momentum"][order as usize % 2]).unwrap()
}

/// The name of an order: of two slots, by sources that begin later and later, some of them far on.
pub(super) fn name(order: u32) -> ClientOrderId {
    let started = START + Duration::from_millis(u64::from(order));
    let mut names = ClientOrderIds::new(u16::try_from(order % 2).unwrap(), started);
    let mut name = names.next();
    for _ in 0..order % 3 * 600 {
        name = names.next();
    }
    name
}

fn venue(order: u32) -> VenueId {
    VenueId::new(["binance", "binance", "bitget"][order as usize % 3]).unwrap()
}

fn account(order: u32) -> AccountId {
    AccountId::new(["main", "sub"][order as usize / 2 % 2]).unwrap()
}

fn subject(order: u32) -> String {
    format!("BTC-USDT of {}", strategy(order))
}

fn kind(order: u32) -> OrderKind {
    let qty = "0.30".parse().unwrap();
    let price = "50000.10".parse().unwrap();
    let (at, time_in_force) = ("49000.5".parse().unwrap(), TimeInForce::ImmediateOrCancel);
    match order % 8 {
        0 | 4 => OrderKind::PostOnly { price, qty },
        1 => OrderKind::Limit { price, qty, time_in_force },
        2 => OrderKind::Market(MarketQuantity::Base(qty)),
        3 => OrderKind::stop_loss(at, qty),
        5 => OrderKind::take_profit_limit(at, price, qty),
        6 => {
            let limit = Some(LimitTerms { price, time_in_force });
            OrderKind::Triggered { trigger: Trigger::StopLoss(at), qty, limit }
        }
        _ => OrderKind::Market(MarketQuantity::Quote("1500".parse().unwrap())),
    }
}

/// Some go in pairs, some come in another's stead.
fn link(order: u32) -> Link {
    match order % 6 {
        1 => Link::Half { pair: name(order + 1_000), other: name(order + 1) },
        2 => Link::Half { pair: name(order + 999), other: name(order - 1) },
        5 => Link::Instead { of: name(order - 1) },
        _ => Link::Alone,
    }
}

/// The quantity of an amendment: once more than was asked for, which lowers nothing.
fn lower(amendment: u32) -> Quantity {
    ["0.25", "0.1", "0.5", "0.20"][amendment as usize % 4].parse().unwrap()
}

fn intent(order: u32, attempt: u32) -> Box<Intent> {
    Box::new(Intent {
        client_order_id: name(order),
        venue: venue(order),
        account: account(order),
        strategy: strategy(order),
        request: OrderRequest {
            instrument: InstrumentId::new(["BTC-USDT", "测试-USDT"][order as usize % 2]),
            side: [Side::Buy, Side::Sell][order as usize / 2 % 2],
            kind: kind(order),
            tag: order,
        },
        link: link(order),
        symbol: Symbol::new(["BTCUSDT", "测试USDT"][order as usize % 2]),
        deadline: if order.is_multiple_of(5) { Timestamp::MAX } else { START },
        recv_window: Duration::from_micros(1_500_250),
        attempt,
        created_at: START,
    })
}

fn traded(order: u32, trade: u32) -> Box<Trade> {
    let assets = [Some("BNB"), Some("BTC"), None];
    Box::new(Trade {
        client_order_id: name(order),
        venue_order_id: venue_order(order),
        venue: venue(order),
        symbol: Symbol::new(["BTCUSDT", "测试USDT"][order as usize % 2]),
        fill: Fill {
            // The venue's numbers rise; one lies beyond what a signed number holds.
            trade_id: TradeId(if trade == 5 { u64::MAX } else { u64::from(order * 10 + trade) }),
            price: "50000.1".parse().unwrap(),
            qty: "0.1".parse().unwrap(),
            commission: ["0.00000123", "-0.5", "0"][trade as usize % 3].parse().unwrap(),
            commission_asset: assets[trade as usize % 3].map(Asset::new),
            is_maker: trade.is_multiple_of(2),
            at: START + Duration::from_nanos(u64::from(trade)),
        },
        base_fee: ["0", "-0.5", "0"][trade as usize % 3].parse().unwrap(),
    })
}

fn venue_order(order: u32) -> VenueOrderId {
    VenueOrderId::new(&format!("{order}00")).unwrap()
}

fn entry(at: Timestamp, step: Step) -> Entry {
    let Step { order, says } = step;
    let client_order_id = name(order);
    let scopes = [
        TradingScope::Everything,
        TradingScope::Account(venue(order), account(order)),
        TradingScope::Strategy(strategy(order)),
    ];
    let shut = [
        ScopeKey::Egress(EgressId::new("eth0").unwrap()),
        ScopeKey::Account(account(order)),
        ScopeKey::NewOrders(account(order)),
    ];
    let (scope, shut) = (scopes[order as usize % 3], shut[order as usize % 3]);
    match says {
        Says::Intent(attempt) => Entry::Intent(intent(order, attempt)),
        Says::Adopted => Entry::Adopted(intent(order, 0)),
        Says::Sent => Entry::Sent { client_order_id },
        Says::Accepted => Entry::Accepted {
            client_order_id,
            venue_order_id: venue_order(order),
            transacted_at: order.is_multiple_of(2).then_some(at),
        },
        Says::Traded(trade) => Entry::Traded(traded(order, trade)),
        Says::CancelAsked => Entry::CancelAsked { client_order_id },
        Says::AmendAsked(qty) => Entry::AmendAsked { client_order_id, qty: lower(qty) },
        Says::Amended(qty) => Entry::Amended { client_order_id, qty: lower(qty) },
        Says::InDoubt => Entry::InDoubt { client_order_id, reason: "no answer".to_owned() },
        Says::Resolved => Entry::Resolved { client_order_id, evidence: "found".to_owned() },
        Says::Ended(ending) => Entry::Ended {
            client_order_id,
            ending: Ending::ALL[ending],
            reason: order.is_multiple_of(2).then(|| "it's \"over\"\n".to_owned()),
        },
        Says::Trading(state) => Entry::Trading(Box::new(Trading {
            scope,
            state: [
                TradingState::Running,
                TradingState::ReduceOnly,
                TradingState::Halted,
                TradingState::Flatten,
            ][state as usize],
            reason: "the operator".to_owned(),
        })),
        Says::Shut(strikes) => Entry::Shut(Box::new(ShutRecord {
            scope: shut,
            reason: if strikes == 0 { ShutReason::Auth } else { ShutReason::Banned },
            since: at,
            until: (strikes > 0).then(|| at + Duration::from_secs(120)),
            strikes,
        })),
        Says::Opened => Entry::Opened(shut),
        Says::Routed => Entry::Routed(Box::new(Routed {
            subject: subject(order),
            what: "by bitget: binance is shut".to_owned(),
            record: format!("{{\"order\":{order}}}"),
        })),
        Says::Unrouted => Entry::Unrouted { subject: subject(order) },
        Says::Remembered(value) => Entry::Remembered {
            strategy: strategy(order),
            key: format!("rung {}", order % 3),
            value: value.map(|value| format!("{value}")),
        },
    }
}
