use proptest::prelude::*;
use tradewind_model::id::TradeId;
use tradewind_model::money::Price;
use tradewind_model::order::{Link, TimeInForce};

use super::*;

fn qty(units: u32) -> Quantity {
    Quantity::new(units.into()).unwrap()
}

fn price() -> Price {
    "10".parse().unwrap()
}

fn order() -> Order {
    Order {
        id: "a".parse().unwrap(),
        strategy: "s".parse().unwrap(),
        instrument: InstrumentId::from("FOO-USDT"),
        symbol: Symbol::from("FOOUSDT"),
        side: Side::Buy,
        kind: OrderKind::Limit {
            price: price(),
            qty: qty(10),
            time_in_force: TimeInForce::GoodTillCanceled,
        },
        tag: 0,
        link: Link::Alone,
        attempt: 1,
        state: OrderState::InFlight,
        venue_order_id: None,
        qty: qty(10),
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

fn fill(trade: u64, units: u32) -> Fill {
    Fill {
        trade_id: TradeId(trade),
        price: price(),
        qty: qty(units),
        commission: "0.01".parse().unwrap(),
        commission_asset: None,
        is_maker: true,
        at: Timestamp::EPOCH,
    }
}

fn report(status: ReportedStatus, cum: u32, fills: Vec<Fill>) -> ExecutionReport {
    ExecutionReport {
        symbol: Symbol::from("FOOUSDT"),
        client_order_id: Some("a".parse().unwrap()),
        venue_order_id: "1".parse().unwrap(),
        side: Side::Buy,
        status,
        is_waiting: false,
        list: None,
        price: Some(price()),
        trigger_price: None,
        qty: qty(10),
        cum_qty: qty(cum),
        cum_quote: Some(price() * qty(cum)),
        fills,
        reason: None,
        at: Timestamp::from_millis(u64::from(cum)),
    }
}

/// A life of an order as a venue tells it: accepted, some trades, and an end or none; told on the
/// stream one by one, in the reply, and again in an answer to a question.
fn life() -> impl Strategy<Value = Vec<ExecutionReport>> {
    (proptest::collection::vec(1u32..4, 0..4), 0u8..3).prop_map(|(trades, end)| {
        let mut told = vec![report(ReportedStatus::Open, 0, Vec::new())];
        let mut cum = 0;
        let mut all = Vec::new();
        for (number, units) in (1..).zip(trades) {
            cum = (cum + units).min(9);
            let one = fill(number, units.min(9));
            all.push(one.clone());
            told.push(report(ReportedStatus::PartiallyFilled, cum, vec![one]));
        }
        match end {
            1 => told.push(report(ReportedStatus::Canceled, cum, Vec::new())),
            2 => {
                let last = fill(99, 10 - cum);
                all.push(last.clone());
                told.push(report(ReportedStatus::Filled, 10, vec![last]));
            }
            _ => {}
        }
        told.push(report(ReportedStatus::Open, 0, Vec::new()));
        let last = told.iter().rev().find(|told| told.cum_qty == qty(cum)).cloned();
        told.extend(last);
        told
    })
}

proptest! {
    #[test]
    fn statements_commute_and_repeating_them_changes_nothing(
        (straight, shuffled) in life().prop_flat_map(|told| {
            let twice: Vec<_> = told.iter().chain(&told).cloned().collect();
            (Just(told), Just(twice).prop_shuffle())
        })
    ) {
        let run = |told: &[ExecutionReport]| {
            let mut order = order();
            let mut booked: Vec<_> =
                told.iter().flat_map(|report| order.apply(report).fills).collect();
            booked.sort_by_key(|fill| fill.trade_id);
            (order.state, order.cum_qty, order.cum_quote, order.venue_order_id, booked)
        };
        prop_assert_eq!(run(&straight), run(&shuffled));
    }

    #[test]
    fn a_state_never_goes_back(told in life().prop_shuffle()) {
        let mut order = order();
        for report in &told {
            let before = (rank(order.state), order.cum_qty);
            order.apply(report);
            prop_assert!((rank(order.state), order.cum_qty) >= before);
        }
    }
}

#[test]
fn an_order_that_was_refused_and_turns_up_is_adopted() {
    let mut order = order();
    order.state = OrderState::Rejected;
    assert!(order.apply(&report(ReportedStatus::Open, 0, Vec::new())).has_moved);
    assert_eq!(order.state, OrderState::Open);
}

#[test]
fn a_late_acceptance_does_not_revive_what_is_over() {
    let mut order = order();
    order.apply(&report(ReportedStatus::Canceled, 3, Vec::new()));
    let change = order.apply(&report(ReportedStatus::Open, 0, Vec::new()));
    assert_eq!(change, Change::default());
    assert_eq!(order.state, OrderState::Canceled);
    assert!(order.has_unbooked_fills());
    assert!(order.book(&fill(1, 3)) && !order.book(&fill(1, 3)));
    assert!(!order.has_unbooked_fills());
}

#[test]
fn an_unknown_word_moves_nothing_but_its_trades_count() {
    let mut order = order();
    let change = order.apply(&report(ReportedStatus::Unknown("ODD".into()), 0, vec![fill(1, 2)]));
    assert_eq!(change.fills.len(), 1);
    assert_eq!((order.state, order.cum_qty), (OrderState::InFlight, qty(2)));
}

#[test]
fn a_lower_quantity_is_taken_in_and_an_older_statement_does_not_raise_it() {
    let lowered = ExecutionReport { qty: qty(6), ..report(ReportedStatus::Open, 0, Vec::new()) };
    let older = report(ReportedStatus::PartiallyFilled, 2, vec![fill(1, 2)]);
    for statements in [[&lowered, &older], [&older, &lowered]] {
        let mut order = order();
        let changes = statements.map(|statement| order.apply(statement));
        assert_eq!(changes.iter().filter(|change| change.is_lowered).count(), 1);
        assert_eq!((order.qty, order.leaves_qty()), (qty(6), qty(4)));
        assert!(changes.iter().all(|change| change.has_moved));
    }
}
