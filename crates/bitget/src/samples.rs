//! What the tests have in common: a made-up key, one of every call, made-up answers.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tradewind_model::Timestamp;
use tradewind_model::call::{
    Call, HistoryStart, NewOrder, OrderListRef, OrderRef, PageEnd, StreamFeed,
};
use tradewind_model::id::{Asset, ClientOrderId, Symbol, TradeId, VenueId, VenueOrderId};
use tradewind_model::market::Interval;
use tradewind_model::order::{MarketQuantity, OrderKind, Side, TimeInForce};
use tradewind_model::outcome::{Fate, Outcome, Reply};
use tradewind_model::stream::{Feed, StreamKind};
use tradewind_venue::{EncodeError, Endpoint, Signer, Stamp, Venue};

use crate::BitgetSpot;

pub(crate) const API_KEY: &str = "bg_0123456789abcdef0123456789abcdef";
pub(crate) const PASSPHRASE: &str = "canaryPhrase";
const API_SECRET: &str = "s3cr3t-demo-key-0123456789abcdef";

/// When all answers come, unless a test says otherwise.
pub(crate) const RECEIVED_AT: Timestamp = Timestamp::from_millis(1_800_000_000_500);

pub(crate) fn bare_signer() -> Signer {
    Signer::hmac_sha256(API_KEY, API_SECRET).unwrap()
}

pub(crate) fn signer() -> Signer {
    bare_signer().with_passphrase(PASSPHRASE).unwrap()
}

pub(crate) fn stamp(millis: u64, recv_window_ms: u64) -> Stamp {
    Stamp {
        venue_now: Timestamp::from_millis(millis),
        recv_window: Duration::from_millis(recv_window_ms),
    }
}

pub(crate) fn endpoint() -> Endpoint {
    Endpoint {
        rest: "https://venue.test/".to_owned(),
        account_stream: "wss://ws.venue.test/v2/ws/private".to_owned(),
        market_stream: "wss://ws.venue.test/v2/ws/public".to_owned(),
    }
}

pub(crate) fn venue() -> VenueId {
    BitgetSpot::default().id()
}

pub(crate) fn symbol() -> Symbol {
    Symbol::from("FOOUSDT")
}

pub(crate) fn client_order_id() -> ClientOrderId {
    ClientOrderId::new("tw1-abc").unwrap()
}

pub(crate) fn venue_order_id() -> VenueOrderId {
    VenueOrderId::new("1300000000000000001").unwrap()
}

pub(crate) fn new_order(side: Side, kind: OrderKind) -> Call {
    let client_order_id = client_order_id();
    Call::PlaceOrder(NewOrder { client_order_id, symbol: symbol(), side, kind })
}

pub(crate) fn limit_order() -> Call {
    limit(TimeInForce::GoodTillCanceled)
}

fn limit(time_in_force: TimeInForce) -> Call {
    let (price, qty) = ("0.00001230".parse().unwrap(), "1000000.50".parse().unwrap());
    new_order(Side::Buy, OrderKind::Limit { price, qty, time_in_force })
}

pub(crate) fn query() -> Call {
    Call::QueryOrder { symbol: symbol(), order: OrderRef::Client(client_order_id()) }
}

pub(crate) fn cancel() -> Call {
    Call::CancelOrder { symbol: symbol(), order: OrderRef::Venue(venue_order_id()) }
}

pub(crate) fn fills(since: Option<HistoryStart<TradeId>>) -> Call {
    Call::FillHistory { symbol: symbol(), order: None, since, limit: 1_000 }
}

pub(crate) fn older(of: Call, than: PageEnd) -> Call {
    Call::Older { of: Box::new(of), than }
}

pub(crate) fn bars(interval: Interval, until: Option<u64>) -> Call {
    let until = until.map(Timestamp::from_millis);
    Call::Bars { symbol: symbol(), interval, from: None, until, limit: 5_000 }
}

pub(crate) fn feeds() -> Vec<StreamFeed> {
    [Feed::Quote, Feed::Trade, Feed::Book(5), Feed::Book(20), Feed::Bar(Interval::Minute5)]
        .map(|feed| StreamFeed { symbol: symbol(), feed })
        .to_vec()
}

/// One of every call that the venue offers, and of every kind of order.
pub(crate) fn calls() -> Vec<Call> {
    let (symbol, dec) = (symbol(), |text: &str| text.parse().unwrap());
    let order_page = PageEnd::Order(venue_order_id());
    vec![
        Call::Ping,
        Call::ServerTime,
        Call::Catalog { symbols: Vec::new() },
        Call::Catalog { symbols: vec![symbol.clone()] },
        Call::Catalog { symbols: vec![symbol.clone(), Symbol::from("BARUSDT")] },
        Call::Depth { symbol: symbol.clone(), levels: 1_000 },
        bars(Interval::Hour1, None),
        bars(Interval::Day1, Some(1_000)),
        Call::Ticker { symbol: symbol.clone() },
        Call::Rate { base: Asset::from("BGB"), quote: Asset::from("USDT") },
        limit_order(),
        limit(TimeInForce::ImmediateOrCancel),
        limit(TimeInForce::FillOrKill),
        new_order(Side::Sell, OrderKind::PostOnly { price: dec("10"), qty: "2".parse().unwrap() }),
        new_order(Side::Buy, OrderKind::Market(MarketQuantity::Quote("25.5".parse().unwrap()))),
        new_order(Side::Sell, OrderKind::Market(MarketQuantity::Base("2".parse().unwrap()))),
        cancel(),
        Call::CancelOrder { symbol: symbol.clone(), order: OrderRef::Client(client_order_id()) },
        Call::CancelOpenOrders { symbol: symbol.clone() },
        query(),
        Call::QueryOrder { symbol: symbol.clone(), order: OrderRef::Venue(venue_order_id()) },
        Call::OpenOrders { symbol: Some(symbol.clone()) },
        older(Call::OpenOrders { symbol: None }, order_page),
        Call::OrderHistory { symbol: symbol.clone(), since: None, limit: 0 },
        fills(None),
        older(fills(None), PageEnd::Trade(TradeId(77))),
        Call::FillHistory { symbol, order: Some(venue_order_id()), since: None, limit: 50 },
        Call::Account,
        Call::OpenStream { kind: StreamKind::Market, feeds: feeds() },
        Call::OpenStream { kind: StreamKind::Account, feeds: Vec::new() },
        Call::Subscribe { feeds: feeds() },
        Call::Unsubscribe { feeds: feeds() },
        Call::SubscribeAccount,
        Call::Authenticate,
        Call::PingStream { kind: StreamKind::Market },
    ]
}

/// What the venue does not offer.
pub(crate) fn unsupported() -> Vec<Call> {
    let list = OrderListRef::Client(client_order_id());
    vec![
        Call::OrderCounts,
        Call::OpenOrderLists,
        Call::QueryOrderList { list },
        Call::CancelOrderList { symbol: symbol(), list },
    ]
}

pub(crate) fn encode(call: &Call) -> Result<Request<Bytes>, EncodeError> {
    encode_at(call, 1_800_000_000_000)
}

pub(crate) fn encode_at(call: &Call, millis: u64) -> Result<Request<Bytes>, EncodeError> {
    let signer = signer();
    BitgetSpot::default().encode(call, &endpoint(), stamp(millis, 2_000), Some(&signer))
}

pub(crate) fn answer(status: u16, body: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::copy_from_slice(body.as_bytes()));
    *response.status_mut() = status.try_into().unwrap();
    response
}

pub(crate) fn decode(call: &Call, status: u16, body: &str) -> Outcome {
    BitgetSpot::default().decode(call, &answer(status, body), RECEIVED_AT)
}

pub(crate) fn fate(call: &Call, status: u16, body: &str) -> Fate {
    let mut legs = decode(call, status, body).legs;
    assert_eq!(legs.len(), 1);
    legs.remove(0).1
}

/// A success with this in it.
pub(crate) fn success(data: &str) -> String {
    format!(r#"{{"code":"00000","msg":"success","requestTime":1800000000400,"data":{data}}}"#)
}

pub(crate) fn failure(code: &str, message: &str) -> String {
    format!(r#"{{"code":"{code}","msg":"{message}","requestTime":1800000000400,"data":null}}"#)
}

pub(crate) fn done(call: &Call, data: &str) -> Reply {
    let fate = fate(call, 200, &success(data));
    let Fate::Done(reply) = fate else { panic!("{fate:?}") };
    reply
}

pub(crate) const NAMES: &str = r#"{"orderId":"1300000000000000001","clientOid":"tw1-abc"}"#;

pub(crate) const ORDER: &str = r#"{"userId":"9","symbol":"FOOUSDT","orderId":"1300000000000000001",
"clientOid":"tw1-abc","price":"10.50","size":"2.000","orderType":"limit","force":"gtc","side":"buy",
"status":"partially_filled","priceAvg":"10.5","baseVolume":"0.5","quoteVolume":"5.25",
"enterPointSource":"API","orderSource":"normal","cancelReason":"",
"feeDetail":"{\"newFees\":{\"c\":0,\"d\":0,\"deduction\":false,\"r\":-0.0005,\"t\":-0.0005}}",
"cTime":"1800000000100","uTime":"1800000000250"}"#;

/// As the list of open orders has it.
pub(crate) const UNFILLED: &str = r#"{"userId":"9","symbol":"FOOUSDT",
"orderId":"1300000000000000001","clientOid":"tw1-abc","priceAvg":"10.50","basePrice":"10.4",
"size":"2.000","orderType":"limit","side":"buy","status":"partially_filled","baseVolume":"0.5",
"quoteVolume":"5.2","enterPointSource":"API","orderSource":"normal","tpslType":"normal",
"triggerPrice":null,"cTime":"1800000000100","uTime":"1800000000250"}"#;

pub(crate) const FILLS: &str = r#"[{"userId":"9","symbol":"FOOUSDT","orderId":"1300000000000000009",
"tradeId":"1300000000000000095","orderType":"limit","side":"sell","priceAvg":"11","size":"1",
"amount":"11","feeDetail":{"deduction":"no","feeCoin":"USDT","totalDeductionFee":"",
"totalFee":"-0.011"},"tradeScope":"maker","cTime":"1800000000350","uTime":"1800000000351"},
{"userId":"9","symbol":"FOOUSDT","orderId":"1300000000000000001","tradeId":"1300000000000000091",
"orderType":"limit","side":"buy","priceAvg":"10.5","size":"0.5","amount":"5.25",
"feeDetail":{"deduction":"no","feeCoin":"FOO","totalDeductionFee":null,"totalFee":"-0.0005"},
"tradeScope":"taker","cTime":"1800000000200","uTime":"1800000000201"}]"#;

pub(crate) const ASSETS: &str = r#"[{"coin":"USDT","available":"900.25","frozen":"20","locked":"1",
"limitAvailable":"0","uTime":"1800000000000"},{"coin":"FOO","available":"7","frozen":"","locked":"0",
"uTime":"1800000000000"}]"#;

pub(crate) const SYMBOLS: &str = r#"[{"symbol":"ZOOUSDC","baseCoin":"ZOO","quoteCoin":"USDC",
"minTradeAmount":"0","maxTradeAmount":"900000000000000000000","takerFeeRate":"0.001",
"makerFeeRate":"0.001","pricePrecision":"4","quantityPrecision":"1","quotePrecision":"6",
"status":"halt","minTradeUSDT":"1","buyLimitPriceRatio":"0.05","sellLimitPriceRatio":"0.1",
"areaSymbol":"no","orderQuantity":"200","openTime":"0","offTime":""},
{"symbol":"FOOUSDT","baseCoin":"FOO","quoteCoin":"USDT","pricePrecision":"2",
"quantityPrecision":"3","quotePrecision":"5","status":"online","minTradeUSDT":"1",
"buyLimitPriceRatio":"0.05","sellLimitPriceRatio":"0.1","orderQuantity":"200"},
{"symbol":"FOOBTC","baseCoin":"FOO","quoteCoin":"BTC","pricePrecision":"8",
"quantityPrecision":"2","status":"gray","minTradeUSDT":"1"},
{"symbol":"BADUSDT","baseCoin":"BAD","quoteCoin":"USDT","pricePrecision":"many",
"quantityPrecision":"2","status":"online"}]"#;

pub(crate) const DEPTH: &str = r#"{"asks":[["10.50","92233720368.54775807"]],
"bids":[["10.40","3"],["10.30","1"]],"ts":"1800000000390"}"#;

pub(crate) const TICKERS: &str = r#"[{"symbol":"FOOUSDT","high24h":"11","open":"10","low24h":"9",
"lastPr":"10.4","quoteVolume":"1","baseVolume":"1","usdtVolume":"1","bidPr":"10.4","askPr":"10.5",
"bidSz":"3","askSz":"4","openUtc":"10","ts":"1800000000380","change24h":"0"}]"#;

/// Oldest first, the last one open.
pub(crate) const BARS: &str = r#"[["1799996400000","10","10.9","9.8","10.2","55.5","561","560"],
["1800000000000","10.2","10.4","10.1","10.3","4","42","41"]]"#;

pub(crate) const TIME: &str = r#"{"serverTime":"1800000000123"}"#;

/// Rows of the socket of orders: one that rests, the same with a trade, and the end of it.
pub(crate) const LIVE: &str = r#"{"action":"snapshot","arg":{"instType":"SPOT","channel":"orders",
"instId":"default"},"data":[{"instId":"FOOUSDT","orderId":"1300000000000000001",
"clientOid":"tw1-abc","price":"10.50","size":"21.000","newSize":"2.000","notional":"21",
"orderType":"limit","force":"gtc","side":"buy","accBaseVolume":"0","priceAvg":"0","status":"live",
"cTime":"1800000000100","uTime":"1800000000101","stpMode":"none","feeDetail":[],
"enterPointSource":"API"}],"ts":1800000000110}"#;

pub(crate) const TRADED: &str = r#"{"action":"snapshot","arg":{"instType":"SPOT",
"channel":"orders","instId":"default"},"data":[{"instId":"FOOUSDT","orderId":"1300000000000000001",
"clientOid":"tw1-abc","price":"10.50","size":"21.000","newSize":"2.000","notional":"21",
"orderType":"limit","force":"gtc","side":"buy","fillPrice":"10.5","tradeId":"1300000000000000091",
"baseVolume":"0.5","fillTime":"1800000000200","fillFee":"-0.0005","fillFeeCoin":"FOO",
"tradeScope":"T","accBaseVolume":"0.5","priceAvg":"10.5","status":"partially_filled",
"cTime":"1800000000100","uTime":"1800000000201","feeDetail":[{"feeCoin":"FOO","fee":"-0.0005"}]}],
"ts":1800000000210}"#;

pub(crate) const FILL: &str = r#"{"action":"snapshot","arg":{"instType":"SPOT","channel":"fill",
"instId":"default"},"data":[{"orderId":"1300000000000000001","tradeId":"1300000000000000091",
"symbol":"FOOUSDT","orderType":"limit","side":"buy","priceAvg":"10.5","size":"0.5",
"amount":"5.25","tradeScope":"taker","feeDetail":[{"feeCoin":"FOO","deduction":"no",
"totalDeductionFee":"0","totalFee":"0.0005"}],"cTime":"1800000000200","uTime":"1800000000200"}],
"ts":1800000000211}"#;

pub(crate) const BALANCES: &str = r#"{"action":"snapshot","arg":{"instType":"SPOT",
"channel":"account","coin":"default"},"data":[{"coin":"USDT","available":"900.0",
"frozen":"100.00002","locked":"0","limitAvailable":"0","uTime":"1800000000125"}],
"ts":1800000000131}"#;

pub(crate) const BOOK: &str = r#"{"action":"snapshot","arg":{"instType":"SPOT","channel":"books",
"instId":"FOOUSDT"},"data":[{"asks":[["0.5010","2.00"],["0.5020","4"]],
"bids":[["0.5000","1.50"],["0.4990","3"]],"checksum":-624916755,"seq":1000,"pseq":0,
"ts":"1800000000100"}],"ts":1800000000101}"#;

pub(crate) const CHANGE: &str = r#"{"action":"update","arg":{"instType":"SPOT","channel":"books",
"instId":"FOOUSDT"},"data":[{"asks":[["0.5010","0"]],"bids":[],"checksum":-12,"seq":1010,
"pseq":1000,"ts":"1800000000300"}],"ts":1800000000301}"#;

pub(crate) const BEST: &str = r#"{"action":"snapshot","arg":{"instType":"SPOT","channel":"books1",
"instId":"FOOUSDT"},"data":[{"asks":[["10.5","4"]],"bids":[["10.4","3"]],"checksum":0,"seq":5,
"ts":"1800000000300"}],"ts":1800000000301}"#;

pub(crate) const TICKER: &str = r#"{"action":"snapshot","arg":{"instType":"SPOT",
"channel":"ticker","instId":"FOOUSDT"},"data":[{"instId":"FOOUSDT","lastPr":"10.4","bidPr":"10.4",
"askPr":"10.5","bidSz":"3","askSz":"4","ts":"1800000000300"}],"ts":1800000000301}"#;

pub(crate) const TRADES: &str = r#"{"action":"update","arg":{"instType":"SPOT","channel":"trade",
"instId":"FOOUSDT"},"data":[{"ts":"1800000000360","price":"11","size":"1","side":"sell",
"tradeId":"1300000000000000095"},{"ts":"1800000000350","price":"10.9","size":"2","side":"buy",
"tradeId":"1300000000000000094"}],"ts":1800000000361}"#;

pub(crate) const CANDLES: &str = r#"{"action":"update","arg":{"instType":"SPOT",
"channel":"candle5m","instId":"FOOUSDT"},"data":[["1799999700000","10","10.9","9.8","10.2","55.5",
"560","561"],["1800000000000","10.2","10.4","10.1","10.3","4","41","42"]],"ts":1800000000361}"#;

/// Every message there is a sample of.
pub(crate) const FRAMES: [&str; 18] = [
    LIVE,
    TRADED,
    FILL,
    BALANCES,
    BOOK,
    CHANGE,
    BEST,
    TICKER,
    TRADES,
    CANDLES,
    "pong",
    r#"{"event":"login","code":0,"connId":"x"}"#,
    r#"{"event":"login","code":"0","msg":""}"#,
    r#"{"event":"subscribe","arg":{"instType":"SPOT","channel":"books","instId":"FOOUSDT"}}"#,
    r#"{"event":"subscribe","arg":{"instType":"SPOT","channel":"account","coin":"default"}}"#,
    r#"{"event":"unsubscribe","arg":{"instType":"SPOT","channel":"trade","instId":"FOOUSDT"}}"#,
    r#"{"event":"error","arg":{"instType":"SPOT","channel":"books","instId":"NOPE"},"code":30001,"msg":"instType:SPOT,channel:books,instId:NOPE doesn't exist","op":"subscribe"}"#,
    r#"{"event":"error","code":30015,"msg":"Invalid sign"}"#,
];
