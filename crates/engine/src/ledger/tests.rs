use tradewind_model::id::TradeId;
use tradewind_model::instrument::InstrumentStatus;
use tradewind_model::money::Notional;
use tradewind_model::order::{Link, OrderState};
use tradewind_model::time::Timestamp;

use crate::order::Trades;

use super::*;

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn instrument() -> Instrument {
    Instrument {
        id: InstrumentId::from("FOO-USDT"),
        symbol: Symbol::from("FOOUSDT"),
        base: Asset::from("FOO"),
        quote: Asset::from("USDT"),
        status: InstrumentStatus::Trading,
        base_precision: 8,
        quote_precision: 8,
        takes_market_orders: true,
        takes_quote_quantity: true,
        takes_post_only: true,
        offers: Vec::new(),
        filters: Vec::new(),
    }
}

fn buy(price: &str, qty: &str) -> OrderKind {
    OrderKind::PostOnly { price: price.parse().unwrap(), qty: qty.parse().unwrap() }
}

fn order(id: &str, side: Side) -> Order {
    let kind = buy("10", "1");
    Order {
        id: id.parse().unwrap(),
        strategy: "s".parse().unwrap(),
        instrument: InstrumentId::from("FOO-USDT"),
        symbol: Symbol::from("FOOUSDT"),
        side,
        kind,
        tag: 0,
        link: Link::Alone,
        attempt: 1,
        state: OrderState::Open,
        venue_order_id: None,
        qty: kind.qty().unwrap(),
        cum_qty: Quantity::ZERO,
        cum_quote: Notional::ZERO,
        trades: Trades::default(),
        reason: None,
        is_cancel_wanted: false,
        refusal: None,
        is_ruled_out: false,
        created_at: Timestamp::EPOCH,
        sent_at: None,
        updated_at: Timestamp::EPOCH,
    }
}

fn fill(trade: u64, price: &str, qty: &str, commission: &str, asset: &str) -> Fill {
    Fill {
        trade_id: TradeId(trade),
        price: price.parse().unwrap(),
        qty: qty.parse().unwrap(),
        commission: dec(commission),
        commission_asset: Some(Asset::from(asset)),
        is_maker: true,
        at: Timestamp::EPOCH,
    }
}

fn usdt(free: &str) -> Vec<Balance> {
    vec![Balance { asset: Asset::from("USDT"), free: dec(free), locked: Decimal::ZERO }]
}

#[test]
fn a_position_counts_fees_in_the_asset_they_are_paid_in() {
    let mut ledger = Ledger::default();
    let (bought, sold) = (order("a", Side::Buy), order("b", Side::Sell));
    ledger.insert(bought.clone());
    ledger.insert(sold.clone());
    ledger.book(bought.id, &fill(1, "10", "1", "0.001", "FOO"), &instrument(), false);
    ledger.book(sold.id, &fill(2, "11", "0.4", "0.0044", "USDT"), &instrument(), false);
    ledger.book(sold.id, &fill(3, "11", "0.1", "0.00002", "BNB"), &instrument(), false);
    let position = ledger.positions().values().next().unwrap();
    assert_eq!(position.base, dec("0.499"));
    assert_eq!(position.quote, dec("-4.5044"));
    assert_eq!(position.fees[&Asset::from("BNB")], dec("0.00002"));
    assert_eq!(position.fills, 3);
}

#[test]
fn what_orders_on_their_way_will_lock_is_not_free_until_the_venue_has_said_so() {
    let mut ledger = Ledger::default();
    let (first, second) = ("a".parse().unwrap(), "b".parse().unwrap());
    ledger.set_balances(&usdt("100"), true);
    let kind = buy("10", "6");
    assert_eq!(ledger.hold(first, Side::Buy, &kind, &instrument(), None, None), Ok(()));
    let refused = ledger.hold(second, Side::Buy, &kind, &instrument(), None, None);
    assert_eq!(refused, Err((Asset::from("USDT"), dec("60"), dec("40"))));
    // A balance told before the venue had the order says nothing of it.
    ledger.set_balances(&usdt("100"), false);
    assert_eq!(ledger.free(&Asset::from("USDT")), dec("40"));
    ledger.acknowledge(first);
    ledger.set_balances(&usdt("40"), false);
    assert_eq!(ledger.free(&Asset::from("USDT")), dec("40"));
}

#[test]
fn an_order_that_is_over_holds_nothing_and_is_still_found() {
    let mut ledger = Ledger::default();
    ledger.set_balances(&usdt("100"), true);
    let one = order("a", Side::Buy);
    let (id, symbol) = (one.id, one.symbol.clone());
    ledger.insert(one);
    ledger.hold(id, Side::Buy, &buy("10", "6"), &instrument(), None, None).unwrap();
    let venue = "77".parse().unwrap();
    ledger.order_mut(id).unwrap().venue_order_id = Some(venue);
    ledger.name(id, venue);
    ledger.order_mut(id).unwrap().state = OrderState::Canceled;
    ledger.close(id);
    assert_eq!(ledger.free(&Asset::from("USDT")), dec("100"));
    assert_eq!(ledger.find(&symbol, None, venue), Some(id));
    for number in 0..CLOSED_MAX {
        let other = order(&format!("x{number}"), Side::Buy);
        let id = other.id;
        ledger.insert(other);
        ledger.close(id);
    }
    assert_eq!(ledger.find(&symbol, Some(id), venue), None, "what is remembered is bounded");
}

#[test]
fn an_order_that_turns_up_after_its_end_is_open_again_and_never_forgotten() {
    let mut ledger = Ledger::default();
    ledger.insert(Order { state: OrderState::Rejected, ..order("o-1", Side::Buy) });
    let id = "o-1".parse().unwrap();
    ledger.close(id);
    assert_eq!(ledger.open().count(), 0);
    ledger.order_mut(id).unwrap().state = OrderState::Open;
    assert!(ledger.unfile(id));
    assert!(!ledger.unfile(id), "once");
    for other in 0..=CLOSED_MAX {
        let other = Order { state: OrderState::Denied, ..order(&format!("x-{other}"), Side::Buy) };
        let id = other.id;
        ledger.insert(other);
        ledger.close(id);
    }
    assert_eq!(ledger.open().map(|order| order.id).collect::<Vec<_>>(), [id]);
}
