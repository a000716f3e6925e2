//! What a grid does on good days: placing, following fills, starting again.

use tradewind_model::Decimal;
use tradewind_model::id::ClientOrderIds;
use tradewind_model::notice::{Command, Notice, Recovered, VenueStatus};
use tradewind_model::order::{OrderKind, OrderRequest, OrderState, Side};
use tradewind_model::stream::Feed;
use tradewind_model::time::Timestamp;

use super::bench::*;

#[test]
fn buys_go_below_the_bid_and_sells_above_the_ask_but_none_nearest_the_price() {
    let mut bench = Bench::live(FIVE, rich());
    assert!(bench.said.is_empty());
    let orders = bench.quote("121", "121.2");
    assert_eq!(
        told(&orders),
        ["buy 100 x 0.1", "buy 110 x 0.1", "sell 130 x 0.1", "sell 140 x 0.1"]
    );
    assert!(matches!(orders[0].1.kind, OrderKind::PostOnly { .. }));
    assert_eq!(orders[0].1.tag.abs_diff(2), 1, "nearest the price first");
    assert!(bench.quote("125.5", "125.6").is_empty());
}

#[test]
fn it_follows_quotes_and_waits_for_the_venue_to_be_live() {
    let mut bench = Bench::new(FIVE, rich());
    assert!(bench.said.contains(&Command::Subscribe { instrument: foo(), feed: Feed::Quote }));
    assert_eq!(bench.status().as_deref(), Some("working"));
    assert!(bench.quote("121", "121.2").is_empty());
    assert_eq!(bench.tell(Notice::Venue(VenueStatus::Live)).len(), 4);
}

#[test]
fn outside_of_the_range_all_orders_are_on_one_side() {
    let mut bench = Bench::live(FIVE, rich());
    assert_eq!(
        told(&bench.quote("90", "90.1")),
        ["sell 110 x 0.1", "sell 120 x 0.1", "sell 130 x 0.1", "sell 140 x 0.1"]
    );
    let mut bench = Bench::live(FIVE, rich());
    assert_eq!(
        told(&bench.quote("150", "150.1")),
        ["buy 100 x 0.1", "buy 110 x 0.1", "buy 120 x 0.1", "buy 130 x 0.1"]
    );
}

#[test]
fn a_filled_buy_is_sold_one_rung_up_and_a_filled_sell_bought_one_rung_down() {
    let mut bench = Bench::live(FIVE, rich());
    let first = bench.quote("121", "121.2");
    bench.open(&first);
    bench.quote("109.9", "110.1");
    let sell = bench.order(&at(&first, 1), OrderState::Filled, "0.1");
    assert_eq!(told(&sell), ["sell 120 x 0.1"]);
    bench.open(&sell);
    bench.quote("120.1", "120.2");
    let buy = bench.order(&sell[0], OrderState::Filled, "0.1");
    assert_eq!(told(&buy), ["buy 110 x 0.1"]);
}

#[test]
fn a_partly_filled_order_rests_on_and_is_followed_once_it_is_done() {
    let mut bench = Bench::live(FIVE, rich());
    let first = bench.quote("121", "121.2");
    bench.open(&first);
    bench.quote("109.9", "110.1");
    let buy = at(&first, 1);
    for cum in ["0.03", "0.06"] {
        assert!(bench.order(&buy, OrderState::PartiallyFilled, cum).is_empty());
    }
    assert_eq!(told(&bench.order(&buy, OrderState::Filled, "0.1")), ["sell 120 x 0.1"]);
}

#[test]
fn an_order_that_ends_half_way_is_followed_by_both_of_its_parts() {
    let mut bench = Bench::live(FIVE, rich());
    let first = bench.quote("121", "121.2");
    bench.open(&first);
    let buy = at(&first, 1);
    bench.quote("110", "110.1");
    bench.order(&buy, OrderState::PartiallyFilled, "0.05");
    assert_eq!(
        told(&bench.order(&buy, OrderState::Canceled, "0.05")),
        ["sell 120 x 0.05"],
        "the rest is bought again after the wait"
    );
    bench.quote("115", "115.1");
    assert_eq!(told(&bench.wait(1_000)), ["buy 110 x 0.05"]);
}

#[test]
fn a_part_too_small_to_sell_is_carried_until_the_rest_is_bought() {
    let mut bench = Bench::live(FIVE, rich());
    let first = bench.quote("121", "121.2");
    bench.open(&first);
    assert!(bench.order(&at(&first, 1), OrderState::Canceled, "0.02").is_empty());
    bench.quote("115", "115.1");
    let rest = bench.wait(1_000);
    assert_eq!(told(&rest), ["buy 110 x 0.08"]);
    assert_eq!(told(&bench.order(&rest[0], OrderState::Filled, "0.08")), ["sell 120 x 0.1"]);
}

#[test]
fn a_cell_whose_two_parts_are_both_too_small_does_not_stand_still() {
    let params = FIVE.replace("'0.1'", "'0.06'");
    let mut bench = Bench::live(&params, rich());
    let first = bench.quote("121", "121.2");
    bench.open(&first);
    bench.order(&at(&first, 1), OrderState::Canceled, "0.03");
    bench.quote("115", "115.1");
    let whole = bench.wait(1_000);
    assert_eq!(told(&whole), ["buy 110 x 0.06"]);
    let sell = bench.order(&whole[0], OrderState::Filled, "0.06");
    assert_eq!(told(&sell), ["sell 120 x 0.09"]);
    bench.quote("120.1", "120.2");
    assert_eq!(told(&bench.order(&sell[0], OrderState::Filled, "0.09")), ["buy 110 x 0.06"]);
}

#[test]
fn a_fee_in_the_base_asset_is_not_sold_when_there_is_nothing_to_pay_it_with() {
    let mut poor = rich();
    poor.balances[0].free = Decimal::ZERO;
    let mut bench = Bench::live(FIVE, poor);
    let first = bench.quote("121", "121.2");
    assert_eq!(told(&first), ["buy 100 x 0.1", "buy 110 x 0.1"]);
    bench.open(&first);
    bench.quote("109.9", "110.1");
    let buy = at(&first, 1);
    let mut filled = update(&buy, OrderState::Filled, qty("0.1"));
    filled.fill = Some(fill(&buy.1, 1, qty("0.1"), dec("0.0001")));
    assert!(bench.tell(Notice::Order(Box::new(filled))).is_empty());
    let told_base = vec![balance("FOO", dec("0.0999"), Decimal::ZERO)];
    let sell = bench.tell(Notice::Balances(told_base));
    assert_eq!(told(&sell), ["sell 120 x 0.099"]);
    bench.open(&sell);
    bench.quote("120.1", "120.2");
    assert_eq!(told(&bench.order(&sell[0], OrderState::Filled, "0.099")), ["buy 110 x 0.1"]);
}

#[test]
fn it_asks_for_no_more_than_is_free_and_for_the_rest_once_there_is_more() {
    let mut poor = rich();
    poor.balances[0].free = dec("0.15");
    poor.balances[1].free = dec("15");
    let mut bench = Bench::live(FIVE, poor);
    let first = bench.quote("121", "121.2");
    assert_eq!(told(&first), ["buy 110 x 0.1", "sell 130 x 0.1"]);
    // Told before the orders were taken: nothing of it is new.
    assert!(
        bench.tell(Notice::Balances(vec![balance("FOO", dec("0.15"), Decimal::ZERO)])).is_empty()
    );
    bench.open(&first);
    let more = vec![balance("FOO", dec("0.15"), dec("0.1"))];
    assert_eq!(told(&bench.tell(Notice::Balances(more))), ["sell 140 x 0.1"]);
}

#[test]
fn what_others_lock_is_not_taken_for_its_own_lock() {
    let mut poor = rich();
    poor.balances[0] = balance("FOO", dec("0.15"), dec("5"));
    let mut bench = Bench::live(FIVE, poor);
    let first = bench.quote("121", "121.2");
    assert_eq!(told(&first), ["buy 100 x 0.1", "buy 110 x 0.1", "sell 130 x 0.1"]);
    assert!(bench.quote("121", "121.2").is_empty());
}

#[test]
fn what_a_fill_spent_is_not_spent_again_before_the_balance_is_told() {
    let mut poor = rich();
    poor.balances[0].free = dec("0.15");
    let mut bench = Bench::live(FIVE, poor);
    let first = bench.quote("121", "121.2");
    let sell = at(&first, 3);
    let next = bench.order(&sell, OrderState::Filled, "0.1");
    assert_eq!(told(&next), ["buy 120 x 0.1"], "and no sell at 140");
    let told_base = vec![balance("FOO", dec("0.05"), Decimal::ZERO)];
    assert!(bench.tell(Notice::Balances(told_base)).is_empty());
    let told_base = vec![balance("FOO", dec("0.1"), Decimal::ZERO)];
    assert_eq!(told(&bench.tell(Notice::Balances(told_base))), ["sell 140 x 0.1"]);
}

#[test]
fn what_a_fill_brought_is_not_given_to_a_rung_that_has_not_begun() {
    let mut poor = rich();
    poor.balances[0].free = Decimal::ZERO;
    let mut bench = Bench::live(FIVE, poor);
    let first = bench.quote("121", "121.2");
    bench.open(&first);
    // The price stands where the sell of what was bought could not rest.
    bench.quote("121", "121.2");
    bench.order(&at(&first, 1), OrderState::Filled, "0.1");
    let bought = vec![balance("FOO", dec("0.1"), Decimal::ZERO)];
    assert!(bench.tell(Notice::Balances(bought)).is_empty());
    assert_eq!(told(&bench.quote("119", "119.2")), ["sell 120 x 0.1"]);
}

#[test]
fn a_sell_waits_while_a_buy_rests_on_its_rung() {
    let mut bench = Bench::live(FIVE, rich());
    let first = bench.quote("121", "121.2");
    bench.open(&first);
    bench.quote("99.9", "100.1");
    // The lower buy's fill is told first.
    assert!(bench.order(&at(&first, 0), OrderState::Filled, "0.1").is_empty());
    assert_eq!(
        told(&bench.order(&at(&first, 1), OrderState::Filled, "0.1")),
        ["sell 110 x 0.1", "sell 120 x 0.1"]
    );
}

#[test]
fn nothing_new_is_asked_for_until_the_venue_is_live_and_has_quoted_again() {
    let mut bench = Bench::live(FIVE, rich());
    let first = bench.quote("121", "121.2");
    bench.open(&first);
    bench.stale();
    assert!(bench.order(&at(&first, 1), OrderState::Filled, "0.1").is_empty());
    bench.order(&at(&first, 3), OrderState::Canceled, "0");
    assert!(bench.wait(5_000).is_empty());
    assert!(bench.tell(Notice::Venue(VenueStatus::Live)).is_empty());
    assert_eq!(told(&bench.quote("112", "112.1")), ["sell 120 x 0.1", "sell 130 x 0.1"]);
}

#[test]
fn a_large_grid_is_asked_for_in_parts() {
    let params = "lower = '100'\nupper = '300'\nlevels = 101\nqty = '0.1'";
    let mut bench = Bench::live(params, rich());
    let first = bench.quote("201", "201.2");
    assert_eq!(first.len(), crate::placing::ASKED_MAX);
    assert!(first.iter().all(|(_, request)| request.tag.abs_diff(50) <= 11));
    let mut waiting = first;
    let mut all = 0;
    while let Some(order) = waiting.pop() {
        all += 1;
        waiting.extend(bench.order(&order, OrderState::Open, "0"));
        assert!(waiting.len() <= crate::placing::ASKED_MAX);
    }
    assert_eq!(all, 100);
}

fn left_over(params: &str) -> (Bench, Vec<Asked>) {
    let mut bench = Bench::live(params, rich());
    let first = bench.quote("121", "121.2");
    (bench, first)
}

fn recovered_with(updates: Vec<tradewind_model::order::OrderUpdate>) -> Recovered {
    Recovered { orders: updates, ..rich() }
}

#[test]
fn orders_of_an_earlier_life_are_taken_over_and_not_doubled() {
    let (_, first) = left_over(FIVE);
    let buy = at(&first, 1);
    let orders = vec![
        update(&buy, OrderState::PartiallyFilled, qty("0.06")),
        update(&at(&first, 3), OrderState::Open, qty("0")),
    ];
    let mut bench = Bench::live(FIVE, recovered_with(orders));
    assert!(submits(&bench.said).is_empty());
    assert_eq!(told(&bench.quote("121", "121.2")), ["buy 100 x 0.1", "sell 140 x 0.1"]);
    bench.quote("109", "109.1");
    assert_eq!(told(&bench.order(&buy, OrderState::Filled, "0.1")), ["sell 120 x 0.1"]);
}

#[test]
fn orders_of_other_parameters_are_canceled_before_anything_is_placed() {
    let (_, first) = left_over(&FIVE.replace("'140'", "'180'"));
    let stray = at(&first, 2);
    assert_eq!(told(std::slice::from_ref(&stray)).len(), 1);
    let orders = vec![update(&stray, OrderState::Open, qty("0"))];
    let mut bench = Bench::new(FIVE, recovered_with(orders));
    assert!(bench.said.contains(&Command::Cancel { client_order_id: stray.0 }));
    bench.tell(Notice::Venue(VenueStatus::Live));
    assert!(bench.quote("121", "121.2").is_empty());
    assert_eq!(bench.order(&stray, OrderState::Canceled, "0").len(), 4);
}

#[test]
fn a_grid_given_by_its_width_is_centered_once() {
    let params = "width = '0.2'\nlevels = 3\nqty = '0.1'";
    let mut bench = Bench::live(params, rich());
    let first = bench.quote("99.5", "100.5");
    assert_eq!(told(&first), ["buy 90 x 0.1", "sell 110 x 0.1"]);
    let center = bench.remembered("center");
    let mut recovered = recovered_with(vec![update(&first[0], OrderState::Open, qty("0"))]);
    recovered.store.insert("center".to_owned(), center.clone().unwrap());
    let other_side = first[1].1.clone();
    let mut bench = Bench::live(params, recovered);
    let again = bench.quote("103", "103.1");
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].1, other_side);
    // Another width is another grid.
    let mut recovered = rich();
    recovered.store.insert("center".to_owned(), center.unwrap());
    let mut bench = Bench::live(&params.replace("0.2", "0.1"), recovered);
    assert_eq!(told(&bench.quote("199.5", "200.5")), ["buy 190 x 0.1", "sell 210 x 0.1"]);
}

#[test]
fn an_order_the_venue_knew_but_the_start_did_not_is_taken_over_when_told() {
    let mut bench = Bench::live(FIVE, rich());
    let mut ids = ClientOrderIds::new(9, Timestamp::from_millis(9));
    let price = "110".parse().unwrap();
    let request = OrderRequest {
        instrument: foo(),
        side: Side::Buy,
        kind: OrderKind::PostOnly { price, qty: qty("0.1") },
        tag: 1,
    };
    let found = (ids.next(), request);
    bench.order(&found, OrderState::Open, "0");
    assert_eq!(
        told(&bench.quote("121", "121.2")),
        ["buy 100 x 0.1", "sell 130 x 0.1", "sell 140 x 0.1"]
    );
}
