use tradewind_model::call::{OrderRef, PageEnd};
use tradewind_model::id::{Symbol, TradeId};
use tradewind_model::market::Interval;
use tradewind_model::order::{MarketQuantity, OrderKind, Side};
use tradewind_model::report::{ExecutionReport, Fill, ReportedStatus};
use tradewind_model::stream::StreamKind;

use super::*;
use crate::samples::{
    self, NAMES, ORDER, UNFILLED, bars, cancel, done, fate, fills, limit_order, older, query,
    success, symbol,
};

fn dec<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn order(call: &Call, data: &str) -> ExecutionReport {
    let answer = done(call, data);
    let Reply::Order(report) = answer else { panic!("{answer:?}") };
    report
}

fn orders(call: &Call, data: &str) -> Vec<ExecutionReport> {
    let answer = done(call, data);
    let Reply::Orders(reports) = answer else { panic!("{answer:?}") };
    reports
}

fn is_unreadable(call: &Call, data: &str) -> bool {
    matches!(fate(call, 200, &success(data)), Fate::Unknown(Unknown::Unreadable(_)))
}

fn one(row: &str) -> String {
    format!("[{row}]")
}

#[test]
fn a_query_tells_what_is_true_of_an_order() {
    assert_eq!(
        order(&query(), &one(ORDER)),
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
            at: at(1_800_000_000_250),
        }
    );
}

#[test]
fn an_empty_list_is_an_unknown_order_and_no_list_is_nothing_known() {
    let unknown = fate(&query(), 200, &success("[]"));
    let Fate::Refused(refusal) = unknown else { panic!("{unknown:?}") };
    assert_eq!(refusal.kind, RefusalKind::UnknownOrder);
    assert!(is_unreadable(&query(), "null"));
    assert!(is_unreadable(&query(), "{}"));
    let without = r#"{"code":"00000","msg":"success","requestTime":1}"#;
    assert!(matches!(fate(&query(), 200, without), Fate::Unknown(Unknown::Unreadable(_))));
    assert!(is_unreadable(&query(), &format!("[{ORDER},{ORDER}]")), "one was asked about");
}

#[test]
fn a_placement_says_that_it_was_taken_and_nothing_more() {
    let report = order(&limit_order(), NAMES);
    assert_eq!(report.status, ReportedStatus::Open);
    assert_eq!((report.cum_qty, report.cum_quote, &report.fills), (dec("0"), None, &Vec::new()));
    assert_eq!((report.qty, report.price), (dec("1000000.5"), Some(dec("0.0000123"))));
    assert_eq!(report.venue_order_id, samples::venue_order_id());
    assert_eq!(report.at, at(1_800_000_000_400), "when the answer was written");
    let market = OrderKind::Market(MarketQuantity::Quote(dec("20")));
    let report = order(&samples::new_order(Side::Buy, market), NAMES);
    assert_eq!((report.qty, report.price), (dec("0"), None));
    // A name that the venue leaves out is ours all the same.
    let nameless = r#"{"orderId":"1300000000000000001","clientOid":null}"#;
    assert_eq!(order(&limit_order(), nameless).client_order_id, Some(samples::client_order_id()));
}

#[test]
fn an_answer_about_another_order_says_nothing_of_this_one() {
    let other = NAMES.replace("tw1-abc", "someone");
    assert!(is_unreadable(&limit_order(), &other));
    assert!(is_unreadable(&limit_order(), r#"{"orderId":"","clientOid":"tw1-abc"}"#));
    assert!(is_unreadable(&cancel(), &NAMES.replace("0001", "0002")));
    assert!(is_unreadable(&cancel(), r#"{"clientOid":"tw1-abc"}"#));
    for (from, to) in [("FOOUSDT", "BARUSDT"), ("tw1-abc", "someone")] {
        assert!(is_unreadable(&query(), &one(&ORDER.replace(from, to))), "{to}");
    }
    let by_venue =
        Call::QueryOrder { symbol: symbol(), order: OrderRef::Venue(samples::venue_order_id()) };
    assert!(is_unreadable(&by_venue, &one(&ORDER.replace("0001", "0002"))));
}

#[test]
fn a_cancel_says_that_it_was_taken_and_not_what_came_of_it() {
    assert_eq!(done(&cancel(), NAMES), Reply::Ack);
    let all = Call::CancelOpenOrders { symbol: symbol() };
    assert_eq!(done(&all, r#"{"symbol":"FOOUSDT"}"#), Reply::Ack);
    let none = fate(&all, 400, &samples::failure("43001", "The order does not exist"));
    assert_eq!(none, Fate::Done(Reply::Orders(Vec::new())), "there was nothing to cancel");
}

#[test]
fn states_and_reasons_are_read_as_the_venue_means_them() {
    let unknown = || ReportedStatus::Unknown("melted".to_owned());
    for (word, force, why, status, reason) in [
        ("live", "gtc", "", ReportedStatus::Open, None),
        ("new", "gtc", "", ReportedStatus::Open, None),
        ("init", "gtc", "", ReportedStatus::Open, None),
        ("filled", "gtc", "", ReportedStatus::Filled, None),
        ("cancelled", "gtc", "normal_cancel", ReportedStatus::Canceled, None),
        ("canceled", "post_only", "", ReportedStatus::Canceled, None),
        ("cancelled", "ioc", "normal_cancel", ReportedStatus::Expired, None),
        ("cancelled", "fok", "", ReportedStatus::Expired, None),
        ("cancelled", "gtc", "stp_cancel", ReportedStatus::Expired, Some("stp_cancel")),
        ("cancelled", "gtc", "delisted", ReportedStatus::Canceled, Some("delisted")),
        ("melted", "gtc", "", unknown(), None),
    ] {
        let row = ORDER
            .replace("partially_filled", word)
            .replace("\"gtc\"", &format!("\"{force}\""))
            .replace("\"cancelReason\":\"\"", &format!("\"cancelReason\":\"{why}\""));
        let report = order(&query(), &one(&row));
        assert_eq!(report.status, status, "{word} {force}");
        assert_eq!(report.reason.as_deref(), reason, "{word} {why}");
    }
}

#[test]
fn the_price_of_an_open_order_is_not_what_it_filled_at() {
    let open = Call::OpenOrders { symbol: None };
    let report = orders(&open, &one(UNFILLED)).remove(0);
    assert_eq!(report.price, Some(dec("10.5")));
    assert_eq!((report.qty, report.cum_qty), (dec("2"), dec("0.5")));
    // Where one order is asked about, that field is what it filled at.
    let filled = ORDER.replace(r#""priceAvg":"10.5""#, r#""priceAvg":"10.4""#);
    assert_eq!(order(&query(), &one(&filled)).price, Some(dec("10.5")));
}

#[test]
fn a_market_buy_has_no_quantity_of_its_own() {
    let row = ORDER.replace("\"limit\"", "\"market\"").replace("\"2.000\"", "\"20.5\"");
    let report = order(&query(), &one(&row));
    assert_eq!((report.qty, report.price), (dec("0"), None));
    let sell = row.replace("\"buy\"", "\"sell\"");
    assert_eq!(order(&query(), &one(&sell)).qty, dec("20.5"));
}

#[test]
fn lists_come_newest_first_and_are_told_oldest_first() {
    let older = ORDER.replace("0000001", "0000000");
    let data = format!("[{ORDER},{older}]");
    for call in [
        Call::OpenOrders { symbol: None },
        Call::OrderHistory { symbol: symbol(), since: None, limit: 10 },
    ] {
        let ids: Vec<_> =
            orders(&call, &data).iter().map(|it| it.venue_order_id.to_string()).collect();
        assert_eq!(ids, ["1300000000000000000", "1300000000000000001"]);
    }
}

#[test]
fn an_empty_list_may_be_left_out() {
    let without = r#"{"code":"00000","msg":"success","requestTime":1}"#;
    for body in [success("[]"), success("null"), without.to_owned()] {
        for (call, reply) in [
            (Call::OpenOrders { symbol: None }, Reply::Orders(Vec::new())),
            (fills(None), Reply::Fills(Vec::new())),
        ] {
            assert_eq!(fate(&call, 200, &body), Fate::Done(reply), "{body}");
        }
    }
}

#[test]
fn a_row_that_cannot_be_read_is_counted_and_costs_no_other() {
    let data = format!("[{ORDER},{{\"orderId\":7}}]");
    let outcome = samples::decode(&Call::OpenOrders { symbol: None }, 200, &success(&data));
    assert_eq!(outcome.meter.unreadable_rows, 1);
    let Fate::Done(Reply::Orders(orders)) = &outcome.legs[0].1 else { panic!() };
    assert_eq!(orders.len(), 1);
}

#[test]
fn a_list_leaves_out_what_is_older_than_it_was_asked_for() {
    let since = Some(HistoryStart::Id(samples::venue_order_id()));
    let history = Call::OrderHistory { symbol: symbol(), since, limit: 10 };
    let older = ORDER.replace("1300000000000000001", "999999999999999999");
    assert_eq!(orders(&history, &format!("[{ORDER},{older}]")).len(), 1);

    let count = |since| {
        let Reply::Fills(told) = done(&fills(Some(since)), samples::FILLS) else { panic!() };
        told.len()
    };
    assert_eq!(count(HistoryStart::Time(at(1_800_000_000_350))), 1);
    assert_eq!(count(HistoryStart::Time(at(1_800_000_000_200))), 2);
    assert_eq!(count(HistoryStart::Id(TradeId(1_300_000_000_000_000_092))), 1);
    assert_eq!(count(HistoryStart::Id(TradeId(1_300_000_000_000_000_091))), 2);
}

#[test]
fn fills_name_order_side_role_and_what_was_paid() {
    for call in [fills(None), older(fills(None), PageEnd::Trade(TradeId(9)))] {
        let Reply::Fills(told) = done(&call, samples::FILLS) else { panic!() };
        assert_eq!((told[0].side, told[1].side), (Side::Buy, Side::Sell));
        assert_eq!(told[0].venue_order_id, samples::venue_order_id());
        assert_eq!(
            told[1].fill,
            Fill {
                trade_id: TradeId(1_300_000_000_000_000_095),
                price: dec("11"),
                qty: dec("1"),
                commission: dec("0.011"),
                commission_asset: Some("USDT".into()),
                is_maker: true,
                at: at(1_800_000_000_350),
            }
        );
        assert!(!told[0].fill.is_maker);
    }
}

#[test]
fn an_account_is_balances_by_asset() {
    let Reply::Account(account) = done(&Call::Account, samples::ASSETS) else { panic!() };
    let balances: Vec<_> = account
        .balances
        .iter()
        .map(|it| format!("{} {} {}", it.asset, it.free, it.locked))
        .collect();
    assert_eq!(balances, ["FOO 7 0", "USDT 900.25 21"]);
    assert_eq!(account.fees.taker, dec("0.001"));
    assert!(account.can_trade);
    assert_eq!(account.at, at(1_800_000_000_400));
}

#[test]
fn market_data_is_dated_by_the_venue() {
    let depth = Call::Depth { symbol: symbol(), levels: 5 };
    let Reply::Depth(book) = done(&depth, samples::DEPTH) else { panic!() };
    assert_eq!(book.bids, [(dec("10.4"), dec("3")), (dec("10.3"), dec("1"))]);
    assert_eq!((book.last_update_id, book.at), (0, at(1_800_000_000_390)));

    let ticker = Call::Ticker { symbol: symbol() };
    let Reply::Ticker(quote) = done(&ticker, samples::TICKERS) else { panic!() };
    assert_eq!((quote.bid, quote.bid_qty), (dec("10.4"), dec("3")));
    assert_eq!((quote.ask, quote.ask_qty), (dec("10.5"), dec("4")));
    assert_eq!(quote.at, at(1_800_000_000_380));
    let other = Call::Ticker { symbol: Symbol::from("BARUSDT") };
    assert!(is_unreadable(&other, samples::TICKERS));
}

#[test]
fn a_bar_is_over_when_its_time_has_passed() {
    let Reply::Bars(told) = done(&bars(Interval::Hour1, None), samples::BARS) else { panic!() };
    assert_eq!([told[0].is_closed, told[1].is_closed], [true, false]);
    assert_eq!(told[0].open_at, at(1_799_996_400_000));
    assert_eq!((told[0].volume, told[0].quote_volume), (dec("55.5"), dec("560")));
    let until = bars(Interval::Hour1, Some(1_799_999_999_999));
    let Reply::Bars(told) = done(&until, samples::BARS) else { panic!() };
    assert_eq!(told.len(), 1, "what is later was not asked for");
    assert!(is_unreadable(&until, r#"[["1","1","1","1","1","1","1"]]"#));
}

#[test]
fn the_time_answers_a_ping_too() {
    assert_eq!(done(&Call::Ping, samples::TIME), Reply::Ack);
    assert_eq!(done(&Call::ServerTime, samples::TIME), Reply::Time(at(1_800_000_000_123)));
    assert!(is_unreadable(&Call::Ping, "{}"));
}

#[test]
fn only_a_socket_switches_protocols() {
    let open = Call::OpenStream { kind: StreamKind::Market, feeds: Vec::new() };
    assert_eq!(fate(&open, 101, ""), Fate::Done(Reply::Ack));
    assert!(matches!(fate(&open, 200, ""), Fate::Unknown(_)));
    assert!(matches!(fate(&open, 200, &success("[]")), Fate::Unknown(_)));
    assert!(matches!(fate(&open, 429, ""), Fate::NotTaken(_)));
    assert!(matches!(fate(&Call::Ping, 101, ""), Fate::Unknown(_)));
}

#[test]
fn a_value_that_is_no_decimal_is_named() {
    for (good, bad, named) in [
        ("\"10.50\"", "\"ten\"", "price: \"ten\" is no decimal"),
        ("\"2.000\"", "\"-2\"", "size: quantity -2 is negative"),
        ("\"2.000\"", "\"\"", "size: is missing"),
        ("\"buy\"", "\"hold\"", "side: \"hold\" is none"),
    ] {
        let fate = fate(&query(), 200, &success(&one(&ORDER.replace(good, bad))));
        assert_eq!(fate, Fate::Unknown(Unknown::Unreadable(named.to_owned())));
    }
}

#[test]
fn an_answer_cut_anywhere_is_never_a_success() {
    for (call, data) in [
        (limit_order(), NAMES.to_owned()),
        (query(), one(ORDER)),
        (Call::Account, samples::ASSETS.to_owned()),
        (Call::OpenOrders { symbol: None }, one(UNFILLED)),
        (fills(None), samples::FILLS.to_owned()),
        (Call::Catalog { symbols: Vec::new() }, samples::SYMBOLS.to_owned()),
    ] {
        let body = success(&data);
        for end in 0..body.len() {
            let fate = fate(&call, 200, &body[..end]);
            assert!(matches!(fate, Fate::Unknown(Unknown::Unreadable(_))), "{}", &body[..end]);
        }
    }
}
