//! What a grid does when it is refused something: by its parameters, by the rules, by the venue.

use tradewind_model::Decimal;
use tradewind_model::id::Asset;
use tradewind_model::instrument::Filter;
use tradewind_model::notice::{Command, Notice};
use tradewind_model::order::{Denied, OrderKind, OrderState, TimeInForce};

use super::bench::*;

#[test]
fn parameters_that_make_no_sense_are_named_with_the_way_out() {
    let cases = [
        ("levels = 1", "levels is 1; a grid has 2 to 200 rungs"),
        ("levels = 0", "levels is 0; a grid has 2 to 200 rungs"),
        ("levels = 201", "levels is 201; a grid has 2 to 200 rungs"),
        ("lower = '140'", "lower 140 is not below upper 140; raise upper"),
        ("lower = '0'", "lower is 0; give a price above it"),
        ("qty = '0'", "qty is 0; give what one order buys or sells, in base asset"),
        (
            "width = '0.1'",
            "width 0.1 is given beside lower or upper; give either width, or both of the others",
        ),
    ];
    for (line, message) in cases {
        let key = line.split(' ').next().unwrap();
        let mut lines: Vec<&str> = FIVE.lines().filter(|one| !one.starts_with(key)).collect();
        lines.push(line);
        let text = lines.join("\n");
        let error = make(&text, 0).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert_eq!(&text[error.span.unwrap()], key);
    }
    for (text, message) in [
        (
            "lower = '1'\nlevels = 5\nqty = '1'",
            "lower 1 is given without upper; give both, or width",
        ),
        (
            "upper = '1'\nlevels = 5\nqty = '1'",
            "upper 1 is given without lower; give both, or width",
        ),
        ("levels = 5\nqty = '1'", "the range is missing; give lower and upper, or width"),
        (
            "width = '2'\nlevels = 5\nqty = '1'",
            "width is 2; give a share above 0 and below 2, such as \"0.01\" for half a percent to \
             either side",
        ),
    ] {
        assert_eq!(make(text, 0).unwrap_err().to_string(), message);
    }
}

/// The status of a grid under other rules, and what it asks for.
fn under(params: &str, filters: &[Filter]) -> (String, Vec<String>) {
    let mut recovered = rich();
    recovered.instruments[0].filters.extend_from_slice(filters);
    let mut bench = Bench::live(params, recovered);
    // The status is said at the start.
    let status = Bench::new(params, {
        let mut recovered = rich();
        recovered.instruments[0].filters.extend_from_slice(filters);
        recovered
    })
    .status()
    .unwrap();
    let orders = bench.quote("121", "121.2");
    for _ in 0..10 {
        assert!(bench.quote("121", "121.2").is_empty());
        assert!(bench.wait(10_000).is_empty());
        assert_eq!(bench.status(), None, "said once");
    }
    (status, told(&orders))
}

#[test]
fn a_grid_that_could_place_nothing_says_so_once_and_stops() {
    let least = Filter::MinNotional { min: "50".parse().unwrap(), applies_to_market: true };
    let (status, orders) = under(FIVE, &[least]);
    assert_eq!(
        status,
        "stopped: FOO-USDT would take no order of this grid: MIN_NOTIONAL: price times quantity \
         is at least 50, not 10; nearest is 50; change qty or the range"
    );
    assert!(orders.is_empty());
    let (status, orders) = under(FIVE, &[Filter::MaxNumOrders(3)]);
    assert_eq!(status, "stopped: FOO-USDT takes 3 open orders at most; lower levels to 4");
    assert!(orders.is_empty());
    let narrow = "lower = '100'\nupper = '100.02'\nlevels = 5\nqty = '0.1'";
    let (status, orders) = under(narrow, &[]);
    assert_eq!(
        status,
        "stopped: two rungs fall on one price, FOO-USDT's tick being 0.01; lower levels or widen \
         the range"
    );
    assert!(orders.is_empty());
}

#[test]
fn rounds_that_the_rules_make_impossible_are_left_out_and_said() {
    let least = Filter::MinNotional { min: "11".parse().unwrap(), applies_to_market: true };
    let (status, orders) = under(FIVE, &[least]);
    assert_eq!(
        status,
        "working, but 1 of 4 rounds are left out, the first because of MIN_NOTIONAL: price times \
         quantity is at least 11, not 10; nearest is 11"
    );
    assert_eq!(orders, ["buy 110 x 0.1", "sell 130 x 0.1", "sell 140 x 0.1"]);
}

#[test]
fn an_order_that_would_have_traded_is_asked_for_again_by_a_newer_quote_and_after_a_wait() {
    let mut bench = Bench::live(FIVE, rich());
    let first = bench.quote("121", "121.2");
    let mut sell = at(&first, 3);
    for wait in [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000] {
        assert!(bench.order(&sell, OrderState::Rejected, "0").is_empty());
        assert!(bench.quote("121", "121.2").is_empty());
        assert!(bench.wait(wait - 1).is_empty());
        let again = bench.wait(1);
        assert_eq!(told(&again), ["sell 130 x 0.1"], "after {wait} ms");
        sell = again[0].clone();
    }
    bench.order(&sell, OrderState::Rejected, "0");
    assert!(bench.wait(100_000).is_empty(), "there was no quote since");
    assert_eq!(bench.quote("121", "121.2").len(), 1);
}

#[test]
fn a_venue_that_keeps_refusing_is_said() {
    let mut bench = Bench::live(FIVE, rich());
    let mut sell = at(&bench.quote("121", "121.2"), 3);
    for attempt in 1..=4 {
        let mut rejected = update(&sell, OrderState::Rejected, qty("0"));
        rejected.reason = Some("trading is not for you".to_owned());
        bench.tell(Notice::Order(Box::new(rejected)));
        let status = (attempt == 3)
            .then(|| "working, but an order was refused: trading is not for you".to_owned());
        assert_eq!(bench.status(), status);
        bench.quote("121", "121.2");
        sell = bench.wait(60_000)[0].clone();
    }
    bench.open(std::slice::from_ref(&sell));
    bench.order(&sell, OrderState::PartiallyFilled, "0.05");
    assert_eq!(bench.status().as_deref(), Some("working"));
}

#[test]
fn a_denied_order_waits_and_does_not_take_the_others_with_it() {
    let mut bench = Bench::live(FIVE, rich());
    let first = bench.quote("121", "121.2");
    let mut denied = update(&at(&first, 1), OrderState::Denied, qty("0"));
    denied.denied = Some(Denied::Deadline { waited_ms: 900 });
    assert!(bench.tell(Notice::Order(Box::new(denied))).is_empty());
    assert_eq!(
        bench.status().as_deref(),
        Some(
            "working, but an order was refused: no leave to send before its deadline, 900 ms \
             after it was asked for"
        )
    );
    assert!(bench.quote("121", "121.2").is_empty());
    assert_eq!(bench.host.wakeup(), Some(bench.now() + std::time::Duration::from_secs(1)));
    assert_eq!(told(&bench.wait(1_000)), ["buy 110 x 0.1"]);
}

#[test]
fn an_order_that_the_balance_did_not_cover_waits_for_the_balance() {
    let mut bench = Bench::live(FIVE, rich());
    let first = bench.quote("121", "121.2");
    let mut denied = update(&at(&first, 1), OrderState::Denied, qty("0"));
    denied.denied = Some(Denied::InsufficientBalance {
        asset: Asset::from("USDT"),
        needed: dec("11"),
        free: dec("3"),
    });
    bench.tell(Notice::Order(Box::new(denied)));
    assert!(bench.wait(100_000).is_empty());
    assert!(bench.quote("121", "121.2").is_empty());
    let told_balance = vec![balance("USDT", dec("500"), Decimal::ZERO)];
    assert_eq!(told(&bench.tell(Notice::Balances(told_balance))), ["buy 110 x 0.1"]);
}

#[test]
fn a_sell_that_could_not_rest_waits_for_a_quote_that_lets_it() {
    let mut bench = Bench::live(FIVE, rich());
    let first = bench.quote("121", "121.2");
    bench.open(&first);
    assert!(bench.order(&at(&first, 1), OrderState::Filled, "0.1").is_empty());
    assert!(bench.quote("120", "120.1").is_empty());
    assert_eq!(told(&bench.quote("119.9", "120.1")), ["sell 120 x 0.1"]);
}

#[test]
fn a_grid_that_may_take_does_not_wait_to_rest() {
    let params = format!("{FIVE}\npost_only = false");
    let mut bench = Bench::live(&params, rich());
    let first = bench.quote("121", "121.2");
    let limit = first.iter().all(|(_, request)| {
        matches!(
            request.kind,
            OrderKind::Limit { time_in_force: TimeInForce::GoodTillCanceled, .. }
        )
    });
    assert!(limit);
    bench.open(&first);
    assert_eq!(told(&bench.order(&at(&first, 1), OrderState::Filled, "0.1")), ["sell 120 x 0.1"]);
}

#[test]
fn an_instrument_without_post_only_orders_is_said() {
    let mut recovered = rich();
    recovered.instruments[0].takes_post_only = false;
    let bench = Bench::new(FIVE, recovered);
    assert_eq!(
        bench.status().as_deref(),
        Some("stopped: FOO-USDT takes no post-only orders; set post_only = false")
    );
    let nowhere = Bench::new(FIVE, tradewind_model::notice::Recovered::default());
    assert_eq!(nowhere.status().as_deref(), Some("stopped: FOO-USDT is unknown at this venue"));
    assert!(!nowhere.said.iter().any(|command| matches!(command, Command::Submit { .. })));
}
