//! What the tests have in common: published keys, one of every call, made-up answers.

mod order_entry;

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tradewind_model::Timestamp;
use tradewind_model::call::{Call, HistoryStart, NewOrder, OrderRef, StreamFeed};
use tradewind_model::id::{Asset, ClientOrderId, Symbol, TradeId, VenueId, VenueOrderId};
use tradewind_model::market::Interval;
use tradewind_model::order::{MarketQuantity, OrderKind, Side, TimeInForce};
use tradewind_model::outcome::{Fate, Outcome, Reply};
use tradewind_model::stream::{Feed, StreamKind};
use tradewind_venue::{EncodeError, Endpoint, Signer, Stamp, Venue};

pub(crate) use self::order_entry::*;
use crate::BinanceSpot;

/// The key and secret of the venue's own signing examples.
pub(crate) const API_KEY: &str = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";
const API_SECRET: &str = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";

/// When all answers come, unless a test says otherwise.
pub(crate) const RECEIVED_AT: Timestamp = Timestamp::from_millis(1_800_000_000_500);

pub(crate) fn hmac() -> Signer {
    Signer::hmac_sha256(API_KEY, API_SECRET).unwrap()
}

/// The first key of RFC 8032.
pub(crate) fn ed25519(api_key: &str) -> Signer {
    let seed: Vec<u8> = (0..32)
        .map(|i| {
            let hex = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
            u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()
        })
        .collect();
    Signer::ed25519_seed(api_key, &seed).unwrap()
}

pub(crate) fn stamp(millis: u64, recv_window_ms: u64) -> Stamp {
    Stamp {
        venue_now: Timestamp::from_millis(millis),
        recv_window: Duration::from_millis(recv_window_ms),
    }
}

pub(crate) fn endpoint() -> Endpoint {
    Endpoint {
        rest: "https://venue.test".to_owned(),
        account_stream: "wss://ws-api.venue.test:443/ws-api/v3".to_owned(),
        market_stream: "wss://stream.venue.test:9443".to_owned(),
    }
}

pub(crate) fn symbol() -> Symbol {
    Symbol::from("FOOUSDT")
}

pub(crate) fn client_order_id() -> ClientOrderId {
    ClientOrderId::new("tw1-abc").unwrap()
}

pub(crate) fn venue_order_id() -> VenueOrderId {
    VenueOrderId::new("4711").unwrap()
}

pub(crate) fn new_order(kind: OrderKind) -> Call {
    Call::PlaceOrder(NewOrder {
        client_order_id: client_order_id(),
        symbol: symbol(),
        side: Side::Buy,
        kind,
    })
}

pub(crate) fn limit_order() -> Call {
    new_order(OrderKind::Limit {
        price: "0.00001230".parse().unwrap(),
        qty: "1000000.50".parse().unwrap(),
        time_in_force: TimeInForce::GoodTillCanceled,
    })
}

pub(crate) fn feeds() -> Vec<StreamFeed> {
    [Feed::Quote, Feed::Trade, Feed::Book(5), Feed::Book(20), Feed::Bar(Interval::Minute5)]
        .map(|feed| StreamFeed { symbol: symbol(), feed })
        .to_vec()
}

/// One of every call and of every kind of order.
pub(crate) fn calls() -> Vec<Call> {
    let symbol = symbol();
    let [stop, stop_limit, profit, profit_limit] = triggered_orders();
    vec![
        Call::Ping,
        Call::ServerTime,
        Call::Catalog { symbols: Vec::new() },
        Call::Catalog { symbols: vec![symbol.clone()] },
        Call::Catalog { symbols: vec![symbol.clone(), Symbol::from("币BTC")] },
        Call::Depth { symbol: symbol.clone(), levels: 100 },
        Call::Bars {
            symbol: symbol.clone(),
            interval: Interval::Hour1,
            from: Some(Timestamp::from_millis(1_000)),
            until: Some(Timestamp::from_millis(2_000)),
            limit: 5_000,
        },
        Call::Ticker { symbol: symbol.clone() },
        Call::Rate { base: Asset::from("BNB"), quote: Asset::from("USDT") },
        limit_order(),
        new_order(OrderKind::PostOnly { price: "10".parse().unwrap(), qty: "2".parse().unwrap() }),
        new_order(OrderKind::Market(MarketQuantity::Base("2".parse().unwrap()))),
        new_order(OrderKind::Market(MarketQuantity::Quote("25.5".parse().unwrap()))),
        stop,
        stop_limit,
        profit,
        profit_limit,
        replace(),
        replace_anyway(),
        amend(),
        oco(),
        oco_of_triggers(),
        Call::CancelOrder { symbol: symbol.clone(), order: OrderRef::Client(client_order_id()) },
        Call::CancelOpenOrders { symbol: symbol.clone() },
        cancel_list(),
        Call::QueryOrder { symbol: symbol.clone(), order: OrderRef::Venue(venue_order_id()) },
        Call::OpenOrders { symbol: Some(symbol.clone()) },
        Call::OpenOrders { symbol: None },
        query_list(),
        Call::OpenOrderLists,
        Call::OrderHistory {
            symbol: symbol.clone(),
            since: Some(HistoryStart::Id(venue_order_id())),
            limit: 0,
        },
        Call::FillHistory {
            symbol: symbol.clone(),
            order: None,
            since: Some(HistoryStart::Id(TradeId(7))),
            limit: 500,
        },
        Call::FillHistory {
            symbol,
            order: Some(venue_order_id()),
            since: Some(HistoryStart::Time(Timestamp::from_millis(9))),
            limit: 500,
        },
        Call::Account,
        Call::OrderCounts,
        Call::OpenStream { kind: StreamKind::Market, feeds: feeds() },
        Call::OpenStream { kind: StreamKind::Market, feeds: Vec::new() },
        Call::OpenStream { kind: StreamKind::Account, feeds: Vec::new() },
        Call::Subscribe { feeds: feeds() },
        Call::Unsubscribe { feeds: feeds() },
        Call::SubscribeAccount,
    ]
}

pub(crate) fn encode(call: &Call, signer: Option<&Signer>) -> Result<Request<Bytes>, EncodeError> {
    BinanceSpot::default().encode(call, &endpoint(), stamp(1_800_000_000_000, 2_000), signer)
}

pub(crate) fn response(status: u16, body: &str) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::copy_from_slice(body.as_bytes())).unwrap()
}

pub(crate) fn decode(call: &Call, status: u16, body: &str) -> Outcome {
    BinanceSpot::default().decode(call, &response(status, body), RECEIVED_AT)
}

/// The only fate of a call with one leg.
pub(crate) fn fate(outcome: Outcome) -> Fate {
    assert_eq!(outcome.legs.len(), 1);
    outcome.legs.into_iter().next().unwrap().1
}

/// What a call that is answered with success brings back.
pub(crate) fn done(call: &Call, body: &str) -> Reply {
    let answer = fate(decode(call, 200, body));
    let Fate::Done(reply) = answer else { panic!("{answer:?}") };
    reply
}

pub(crate) fn venue() -> VenueId {
    BinanceSpot::default().id()
}

/// A resting order, as a query answers it.
pub(crate) const ORDER: &str = r#"{"symbol":"FOOUSDT","orderId":4711,"orderListId":-1,
    "clientOrderId":"tw1-abc","price":"10.50000000","origQty":"2.00000000",
    "executedQty":"0.50000000","cummulativeQuoteQty":"5.25000000","status":"PARTIALLY_FILLED",
    "timeInForce":"GTC","type":"LIMIT","side":"BUY","stopPrice":"0.00000000",
    "icebergQty":"0.00000000","time":1800000000001,"updateTime":1800000000250,"isWorking":true,
    "workingTime":1800000000001,"origQuoteOrderQty":"0.00000000",
    "selfTradePreventionMode":"EXPIRE_MAKER"}"#;

/// A market order that filled in two trades, as its placement answers it.
pub(crate) const PLACED: &str = r#"{"symbol":"FOOUSDT","orderId":4712,"orderListId":-1,
    "clientOrderId":"tw1-abc","transactTime":1800000000300,"price":"0.00000000",
    "origQty":"3.00000000","executedQty":"3.00000000","origQuoteOrderQty":"0.00000000",
    "cummulativeQuoteQty":"31.60000000","status":"FILLED","timeInForce":"GTC","type":"MARKET",
    "side":"BUY","workingTime":1800000000300,"selfTradePreventionMode":"EXPIRE_MAKER",
    "fills":[{"price":"10.50000000","qty":"2.00000000","commission":"0.00200000",
    "commissionAsset":"FOO","tradeId":81},{"price":"10.60000000","qty":"1.00000000",
    "commission":"0.00100000","commissionAsset":"FOO","tradeId":82}]}"#;

/// A canceled order, as its cancel answers it.
pub(crate) const CANCELED: &str = r#"{"symbol":"FOOUSDT","origClientOrderId":"tw1-abc",
    "orderId":4711,"orderListId":-1,"clientOrderId":"cxl9","transactTime":1800000000400,
    "price":"10.50000000","origQty":"2.00000000","executedQty":"0.50000000",
    "origQuoteOrderQty":"0.00000000","cummulativeQuoteQty":"5.25000000","status":"CANCELED",
    "timeInForce":"GTC","type":"LIMIT","side":"BUY","selfTradePreventionMode":"EXPIRE_MAKER"}"#;

/// An account of three assets, out of order.
pub(crate) const ACCOUNT: &str = r#"{"makerCommission":10,"takerCommission":12,
    "buyerCommission":0,"sellerCommission":0,"commissionRates":{"maker":"0.00075000",
    "taker":"0.00100000","buyer":"0.00000000","seller":"0.00000000"},"canTrade":true,
    "canWithdraw":false,"canDeposit":true,"brokered":false,"requireSelfTradePrevention":false,
    "preventSor":false,"updateTime":1799999999000,"accountType":"SPOT","balances":[
    {"asset":"USDT","free":"900.25000000","locked":"21.00000000"},
    {"asset":"FOO","free":"7.00000000","locked":"0.00000000"},
    {"asset":"BAR","free":"0.10000000","locked":"0.20000000"}],"permissions":["SPOT"],
    "uid":1234567}"#;

pub(crate) const FILLS: &str = r#"[{"symbol":"FOOUSDT","id":81,"orderId":4712,"orderListId":-1,
    "price":"10.50000000","qty":"2.00000000","quoteQty":"21.00000000","commission":"0.00200000",
    "commissionAsset":"FOO","time":5,"isBuyer":true,"isMaker":false,"isBestMatch":true},
    {"symbol":"FOOUSDT","id":95,"orderId":4713,"orderListId":-1,"price":"11.00000000",
    "qty":"1.00000000","quoteQty":"11.00000000","commission":"-0.00100000",
    "commissionAsset":"USDT","time":1800000000350,"isBuyer":false,"isMaker":true,
    "isBestMatch":true}]"#;

pub(crate) const DEPTH: &str = r#"{"lastUpdateId":900,"bids":[["10.40000000","3.00000000"],
    ["10.30000000","1.00000000",[]]],"asks":[["10.50000000","92233720368.54775807"]]}"#;

pub(crate) const BARS: &str = r#"[[1799996400000,"10.00000000","10.90000000","9.80000000",
    "10.20000000","55.50000000",1799999999999,"560.00000000",12,"20.00000000","200.00000000","0"],
    [1800000000000,"10.20000000","10.30000000","10.10000000","10.30000000","4.00000000",
    1800003599999,"41.00000000",3,"1.00000000","10.20000000","0","new"]]"#;

pub(crate) const TICKER: &str = r#"{"symbol":"FOOUSDT","bidPrice":"10.40000000",
    "bidQty":"3.00000000","askPrice":"10.50000000","askQty":"4.00000000"}"#;

pub(crate) const ORDER_COUNTS: &str = r#"[{"rateLimitType":"ORDERS","interval":"SECOND",
    "intervalNum":10,"limit":100,"count":3},{"rateLimitType":"ORDERS","interval":"DAY",
    "intervalNum":1,"limit":200000,"count":4096}]"#;

/// Two symbols and a row that is none.
pub(crate) const CATALOG: &str = r#"{"timezone":"UTC","serverTime":1800000000123,"rateLimits":[
    {"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":1234},
    {"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":77},
    {"rateLimitType":"ORDERS","interval":"DAY","intervalNum":1,"limit":8888},
    {"rateLimitType":"RAW_REQUESTS","interval":"MINUTE","intervalNum":5,"limit":4321},
    {"rateLimitType":"MOODS","interval":"FORTNIGHT","intervalNum":1,"limit":1}],
    "exchangeFilters":[{"filterType":"EXCHANGE_MAX_NUM_ORDERS","maxNumOrders":1000}],
    "symbols":[{"symbol":"ZOOUSDT","status":"BREAK","baseAsset":"ZOO","baseAssetPrecision":6,
    "quoteAsset":"USDT","quotePrecision":8,"quoteAssetPrecision":7,"orderTypes":["LIMIT"],
    "isSpotTradingAllowed":true,"filters":[],"permissions":[]},
    {"symbol":"BROKEN","status":7},
    {"symbol":"FOOUSDT","status":"TRADING","baseAsset":"FOO","baseAssetPrecision":8,
    "quoteAsset":"USDT","quotePrecision":8,"quoteAssetPrecision":8,"baseCommissionPrecision":8,
    "quoteCommissionPrecision":8,"orderTypes":["LIMIT","LIMIT_MAKER","MARKET",
    "STOP_LOSS_LIMIT"],
    "icebergAllowed":true,"ocoAllowed":true,"otoAllowed":true,"opoAllowed":true,
    "quoteOrderQtyMarketAllowed":true,"allowTrailingStop":true,"cancelReplaceAllowed":true,
    "amendAllowed":true,"pegInstructionsAllowed":true,"isSpotTradingAllowed":true,
    "isMarginTradingAllowed":false,"filters":[
    {"filterType":"PRICE_FILTER","minPrice":"0.01000000","maxPrice":"1000.00000000",
    "tickSize":"0.01000000"},
    {"filterType":"LOT_SIZE","minQty":"0.10000000","maxQty":"9000.00000000",
    "stepSize":"0.10000000"},
    {"filterType":"MOON_PHASE","fullness":"0.5"},
    {"filterType":"NOTIONAL","minNotional":"5.00000000","applyMinToMarket":true,
    "maxNotional":"9000000.00000000","applyMaxToMarket":false,"avgPriceMins":5}],
    "permissions":[],"permissionSets":[["SPOT"]],
    "defaultSelfTradePreventionMode":"EXPIRE_MAKER",
    "allowedSelfTradePreventionModes":["EXPIRE_MAKER"]}]}"#;

/// A trade of ours, as the account's stream tells it.
pub(crate) const REPORT: &str = r#"{"subscriptionId":0,"event":{"e":"executionReport",
    "E":1800000000352,"s":"FOOUSDT","c":"tw1-abc","S":"SELL","o":"LIMIT","f":"GTC",
    "q":"2.00000000","p":"11.00000000","P":"0.00000000","F":"0.00000000","g":-1,"C":"",
    "x":"TRADE","X":"PARTIALLY_FILLED","r":"NONE","i":4713,"l":"1.00000000","z":"1.50000000",
    "L":"11.00000000","n":"-0.00100000","N":"USDT","T":1800000000350,"t":95,"I":77,"w":true,
    "m":true,"M":false,"O":1800000000001,"Z":"16.50000000","Y":"11.00000000","Q":"0.00000000",
    "W":1800000000001,"V":"EXPIRE_MAKER"}}"#;

/// Messages of the market streams, one of each kind.
pub(crate) const MARKET_FRAMES: [&str; 8] = [
    r#"{"stream":"foousdt@bookTicker","data":{"u":901,"s":"FOOUSDT","b":"10.40000000",
        "B":"3.00000000","a":"10.50000000","A":"4.00000000"}}"#,
    r#"{"stream":"foousdt@trade","data":{"e":"trade","E":1800000000361,"s":"FOOUSDT","t":95,
        "p":"11.00000000","q":"1.00000000","T":1800000000360,"m":true,"M":true}}"#,
    r#"{"stream":"foousdt@kline_5m","data":{"e":"kline","E":1800000000400,"s":"FOOUSDT",
        "k":{"t":1800000000000,"T":1800000299999,"s":"FOOUSDT","i":"5m","f":1,"L":3,
        "o":"10.20000000","c":"10.30000000","h":"10.40000000","l":"10.10000000",
        "v":"4.00000000","n":3,"x":false,"q":"41.00000000","V":"1.00000000",
        "Q":"10.20000000","B":"0"}}}"#,
    r#"{"stream":"foousdt@depth@100ms","data":{"e":"depthUpdate","E":1800000000410,
        "s":"FOOUSDT","U":901,"u":905,"b":[["10.40000000","0.00000000"]],
        "a":[["10.50000000","4.00000000"],["10.60000000","1.00000000"]]}}"#,
    r#"{"result":null,"id":12}"#,
    r#"{"error":{"code":2,"msg":"Invalid request: unknown variant"},"id":13}"#,
    r#"{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1800000000420}}"#,
    r#"{"e":"24hrMiniTicker","E":1800000000420,"s":"FOOUSDT","c":"10.3"}"#,
];

/// Messages of the account's socket, one of each kind.
pub(crate) const ACCOUNT_FRAMES: [&str; 8] = [
    REPORT,
    r#"{"subscriptionId":0,"event":{"e":"outboundAccountPosition","E":1800000000353,
        "u":1800000000350,"B":[{"a":"USDT","f":"911.25000000","l":"10.00000000"}]}}"#,
    r#"{"subscriptionId":0,"event":{"e":"balanceUpdate","E":1800000000500,"a":"USDT",
        "d":"-3.00000000","T":1800000000499}}"#,
    r#"{"subscriptionId":0,"event":{"e":"eventStreamTerminated","E":1800000000600}}"#,
    r#"{"event":{"e":"serverShutdown","E":1800000000600}}"#,
    r#"{"id":21,"status":200,"result":{"subscriptionId":0},"rateLimits":[{"rateLimitType":
        "REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":6000,"count":44}]}"#,
    r#"{"id":"22","status":418,"error":{"code":-1003,"msg":"Way too much request weight used; IP banned until 1800000120000. Please use WebSocket Streams for live updates to avoid bans.","data":{"serverTime":1800000000000,"retryAfter":1800000130000}}}"#,
    r#"{"id":null,"status":401,"error":{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}}"#,
];
