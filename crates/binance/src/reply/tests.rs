use tradewind_model::call::{OrderRef, StreamFeed};
use tradewind_model::id::{Symbol, TradeId};
use tradewind_model::market::Interval;
use tradewind_model::order::Side;
use tradewind_model::outcome::Unknown;
use tradewind_model::report::{ExecutionReport, Fill, ReportedStatus};
use tradewind_model::stream::StreamKind;

mod lists;
mod replace;

use super::*;
use crate::samples::{self, RECEIVED_AT, done, limit_order, symbol};

fn dec<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn query() -> Call {
    Call::QueryOrder { symbol: symbol(), order: OrderRef::Client(samples::client_order_id()) }
}

fn order(call: &Call, body: &str) -> ExecutionReport {
    let answer = done(call, body);
    let Reply::Order(report) = answer else { panic!("{answer:?}") };
    report
}

fn is_unreadable(call: &Call, body: &str) -> bool {
    let fate = samples::fate(samples::decode(call, 200, body));
    matches!(fate, Fate::Unknown(Unknown::Unreadable(_)))
}

#[test]
fn a_query_tells_what_is_true_of_an_order() {
    assert_eq!(
        order(&query(), samples::ORDER),
        ExecutionReport {
            symbol: symbol(),
            client_order_id: Some(samples::client_order_id()),
            venue_order_id: samples::venue_order_id(),
            side: Side::Buy,
            status: ReportedStatus::PartiallyFilled,
            is_waiting: false,
            list: None,
            price: Some(dec("10.5")),
            trigger_price: None,
            qty: dec("2"),
            cum_qty: dec("0.5"),
            cum_quote: Some(dec("5.25")),
            fills: Vec::new(),
            reason: None,
            at: Timestamp::from_millis(1_800_000_000_250),
        }
    );
}

#[test]
fn a_placement_brings_its_fills() {
    let report = order(&limit_order(), samples::PLACED);
    let fill = |trade_id, price, qty, commission| Fill {
        trade_id: TradeId(trade_id),
        price: dec(price),
        qty: dec(qty),
        commission: dec(commission),
        commission_asset: Some("FOO".into()),
        is_maker: false,
        at: Timestamp::from_millis(1_800_000_000_300),
    };
    assert_eq!(report.fills, [fill(81, "10.5", "2", "0.002"), fill(82, "10.6", "1", "0.001")]);
    assert_eq!(report.status, ReportedStatus::Filled);
    assert_eq!(report.price, None, "a market order has none");
    assert_eq!(report.cum_quote, Some(dec("31.6")));
}

#[test]
fn an_answer_about_another_order_says_nothing_of_this_one() {
    for (from, to) in [("tw1-abc", "someone"), ("FOOUSDT", "BARUSDT")] {
        let other = samples::PLACED.replace(from, to);
        assert!(is_unreadable(&limit_order(), &other), "{to}");
    }
    let other = samples::ORDER.replace("FOOUSDT", "BARUSDT");
    assert!(is_unreadable(&query(), &other));
}

#[test]
fn a_cancel_names_the_order_and_not_itself() {
    let call =
        Call::CancelOrder { symbol: symbol(), order: OrderRef::Venue(samples::venue_order_id()) };
    let report = order(&call, samples::CANCELED);
    assert_eq!(report.client_order_id, Some(samples::client_order_id()));
    assert_eq!(report.status, ReportedStatus::Canceled);
    assert_eq!(report.at, Timestamp::from_millis(1_800_000_000_400));
}

#[test]
fn canceling_all_tells_of_every_order_those_in_lists_too() {
    let second = samples::CANCELED.replace("4711", "4720");
    let third = samples::CANCELED.replace("4711", "4721");
    let body = format!(
        r#"[{},{{"orderListId":9,"contingencyType":"OCO","listStatusType":"ALL_DONE",
        "listOrderStatus":"ALL_DONE","listClientOrderId":"x","transactionTime":1,
        "symbol":"FOOUSDT","orders":[],"orderReports":[{second},{third}]}}]"#,
        samples::CANCELED
    );
    let Reply::Orders(reports) = done(&Call::CancelOpenOrders { symbol: symbol() }, &body) else {
        panic!()
    };
    let ids: Vec<_> = reports.iter().map(|it| it.venue_order_id.as_str()).collect();
    assert_eq!(ids, ["4711", "4720", "4721"]);
}

#[test]
fn states_and_reasons_are_read_as_the_venue_means_them() {
    let unknown = || ReportedStatus::Unknown("MELTED".to_owned());
    for (word, expiry, status, reason) in [
        ("NEW", "", ReportedStatus::Open, None),
        ("PENDING_NEW", "", ReportedStatus::PendingNew, None),
        ("FILLED", "NONE", ReportedStatus::Filled, None),
        ("REJECTED", "", ReportedStatus::Rejected, None),
        ("EXPIRED", "", ReportedStatus::Expired, None),
        (
            "EXPIRED",
            "UNFILLED_FOK_ORDER_EXPIRED",
            ReportedStatus::Expired,
            Some("UNFILLED_FOK_ORDER_EXPIRED"),
        ),
        ("EXPIRED_IN_MATCH", "NONE", ReportedStatus::Expired, Some("EXPIRED_IN_MATCH")),
        ("EXPIRED", "REJECTED", ReportedStatus::Expired, Some("REJECTED")),
        ("MELTED", "", unknown(), None),
    ] {
        let body = samples::ORDER
            .replace("PARTIALLY_FILLED", word)
            .replace("\"isWorking\"", &format!("\"expiryReason\":\"{expiry}\",\"isWorking\""));
        let report = order(&query(), &body);
        assert_eq!(report.status, status);
        assert_eq!(report.reason.as_deref(), reason, "{word} {expiry}");
    }
}

#[test]
fn a_negative_quote_quantity_is_none_and_a_strange_client_id_is_not_ours() {
    let body =
        samples::ORDER.replace("5.25000000", "-1.00000000").replace("tw1-abc", "someone else's é");
    let report = order(&query(), &body);
    assert_eq!(report.cum_quote, None);
    assert_eq!(report.client_order_id, None);
}

#[test]
fn lists_of_orders_keep_the_venues_order() {
    let older = samples::ORDER.replace("4711", "4700");
    let body = format!("[{older},{}]", samples::ORDER);
    for call in [
        Call::OpenOrders { symbol: None },
        Call::OrderHistory { symbol: symbol(), since: None, limit: 10 },
    ] {
        let Reply::Orders(reports) = done(&call, &body) else { panic!() };
        let ids: Vec<_> = reports.iter().map(|it| it.venue_order_id.as_str()).collect();
        assert_eq!(ids, ["4700", "4711"]);
        assert_eq!(done(&call, "[]"), Reply::Orders(Vec::new()));
    }
}

#[test]
fn fills_name_order_side_and_role() {
    let history = |order, since| Call::FillHistory { symbol: symbol(), order, since, limit: 10 };
    let Reply::Fills(fills) = done(&history(None, None), samples::FILLS) else { panic!() };
    assert_eq!(fills.len(), 2);
    assert_eq!((fills[0].side, fills[1].side), (Side::Buy, Side::Sell));
    let last = &fills[1];
    assert_eq!(last.symbol, symbol());
    assert_eq!(last.venue_order_id.as_str(), "4713");
    assert_eq!(
        last.fill,
        Fill {
            trade_id: TradeId(95),
            price: dec("11"),
            qty: dec("1"),
            commission: dec("-0.001"),
            commission_asset: Some("USDT".into()),
            is_maker: true,
            at: Timestamp::from_millis(1_800_000_000_350),
        }
    );

    let since = HistoryStart::Time(Timestamp::from_millis(6));
    let call = history(Some(samples::venue_order_id()), Some(since));
    let Reply::Fills(fills) = done(&call, samples::FILLS) else { panic!() };
    assert_eq!(fills.len(), 1, "what is too old was not asked for");
}

#[test]
fn an_account_is_balances_by_asset_and_fees() {
    let Reply::Account(account) = done(&Call::Account, samples::ACCOUNT) else { panic!() };
    let balances: Vec<_> = account
        .balances
        .iter()
        .map(|it| format!("{} {} {}", it.asset, it.free.normalize(), it.locked.normalize()))
        .collect();
    assert_eq!(balances, ["BAR 0.1 0.2", "FOO 7 0", "USDT 900.25 21"]);
    assert_eq!((account.fees.maker, account.fees.taker), (dec("0.00075000"), dec("0.00100000")));
    assert!(account.can_trade);
    assert_eq!(account.at, Timestamp::from_millis(1_799_999_999_000));

    let old =
        samples::ACCOUNT.replace("commissionRates", "elsewhere").replace("1799999999000", "0");
    let Reply::Account(account) = done(&Call::Account, &old) else { panic!() };
    assert_eq!((account.fees.maker, account.fees.taker), (dec("0.0010"), dec("0.0012")));
    assert_eq!(account.at, RECEIVED_AT);
}

#[test]
fn market_data_is_dated_when_it_came() {
    let depth = Call::Depth { symbol: symbol(), levels: 5 };
    let Reply::Depth(book) = done(&depth, samples::DEPTH) else { panic!() };
    assert_eq!(book.bids, [(dec("10.4"), dec("3")), (dec("10.3"), dec("1"))]);
    assert_eq!(book.asks, [(dec("10.5"), dec("92233720368.54775807"))]);
    assert_eq!((book.last_update_id, book.at), (900, RECEIVED_AT));

    let ticker = Call::Ticker { symbol: symbol() };
    let Reply::Ticker(quote) = done(&ticker, samples::TICKER) else { panic!() };
    assert_eq!((quote.bid, quote.bid_qty), (dec("10.4"), dec("3")));
    assert_eq!((quote.ask, quote.ask_qty), (dec("10.5"), dec("4")));
    assert_eq!(quote.at, RECEIVED_AT);
}

#[test]
fn a_bar_whose_interval_is_not_over_is_open() {
    let call = Call::Bars {
        symbol: symbol(),
        interval: Interval::Hour1,
        from: None,
        until: None,
        limit: 2,
    };
    let Reply::Bars(bars) = done(&call, samples::BARS) else { panic!() };
    assert_eq!([bars[0].is_closed, bars[1].is_closed], [true, false]);
    let bar = &bars[0];
    assert_eq!(bar.interval, Interval::Hour1);
    assert_eq!(bar.open_at, Timestamp::from_millis(1_799_996_400_000));
    assert_eq!([bar.open, bar.high, bar.low, bar.close], ["10", "10.9", "9.8", "10.2"].map(dec));
    assert_eq!((bar.volume, bar.quote_volume), (dec("55.5"), dec("560")));
    assert!(is_unreadable(&call, r#"[[1,"1","1","1","1","1",2]]"#));
}

#[test]
fn a_ping_is_answered_by_nothing_and_the_time_by_the_time() {
    assert_eq!(done(&Call::Ping, "{}"), Reply::Ack);
    assert!(is_unreadable(&Call::Ping, "pong"));
    assert_eq!(
        done(&Call::ServerTime, r#"{"serverTime":1800000000123}"#),
        Reply::Time(Timestamp::from_millis(1_800_000_000_123))
    );
}

#[test]
fn only_a_socket_switches_protocols() {
    let open = Call::OpenStream { kind: StreamKind::Market, feeds: Vec::<StreamFeed>::new() };
    let fate = |call, status| samples::fate(samples::decode(call, status, ""));
    assert_eq!(fate(&open, 101), Fate::Done(Reply::Ack));
    assert!(matches!(fate(&open, 200), Fate::Unknown(_)));
    assert!(matches!(fate(&open, 429), Fate::NotTaken(_)));
    assert!(matches!(fate(&Call::Ping, 101), Fate::Unknown(_)));
}

#[test]
fn a_value_that_is_no_decimal_is_named() {
    for (good, bad, named) in [
        ("10.50000000", "ten", "price: \"ten\" is no decimal"),
        ("2.00000000", "-2", "origQty: quantity -2 is negative"),
        ("2.00000000", "1e3", "origQty: \"1e3\" is no decimal"),
        ("BUY", "HOLD", "side: \"HOLD\" is none"),
    ] {
        let body = samples::ORDER.replace(good, bad);
        let fate = samples::fate(samples::decode(&query(), 200, &body));
        assert_eq!(fate, Fate::Unknown(Unknown::Unreadable(named.to_owned())));
    }
}

#[test]
fn an_answer_cut_anywhere_is_never_a_success() {
    for (call, body) in [
        (limit_order(), samples::PLACED),
        (query(), samples::ORDER),
        (Call::Account, samples::ACCOUNT),
        (Call::OrderCounts, samples::ORDER_COUNTS),
        (Call::OpenOrders { symbol: None }, &format!("[{}]", samples::ORDER)),
        (Call::Catalog { symbols: vec![Symbol::from("FOOUSDT")] }, samples::CATALOG),
    ] {
        for end in 0..body.len() {
            assert!(is_unreadable(&call, &body[..end]), "{}", &body[..end]);
        }
    }
}
