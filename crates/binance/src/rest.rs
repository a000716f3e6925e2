//! Calls as requests.
//!
//! Every parameter goes in the query, for POST and DELETE too, and the body stays empty: then the
//! bytes that were signed are one string that is sent as it stands, and no client on the way can
//! write them anew as a form. Sockets are opened by a `GET` of a `ws` URL, to which the transport
//! adds the headers of the upgrade.

mod order;
mod query;

pub(crate) use self::query::recv_window_ms;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use tradewind_model::call::{Call, HistoryStart, StreamFeed};
use tradewind_model::id::{Symbol, VenueId};
use tradewind_model::stream::StreamKind;
use tradewind_model::time::Timestamp;
use tradewind_venue::{EncodeError, Endpoint, Signer, Stamp};

use self::query::Query;
use crate::{stream, symbols};

const API_KEY: HeaderName = HeaderName::from_static("x-mbx-apikey");

/// Most levels of a depth snapshot (rest-api.md, order book, read 2026-11).
const DEPTH_LEVELS_MAX: u32 = 5_000;
/// Most rows of bars, orders and trades (rest-api.md, read 2026-11).
const ROWS_MAX: u32 = 1_000;

/// The request of a call.
pub(crate) fn encode(
    venue: VenueId,
    call: &Call,
    endpoint: &Endpoint,
    stamp: Stamp,
    signer: Option<&Signer>,
) -> Result<Request<Bytes>, EncodeError> {
    let (method, path, query) = match call {
        Call::Ping => (Method::GET, "ping", Query::default()),
        Call::ServerTime => (Method::GET, "time", Query::default()),
        Call::Catalog { symbols } => (Method::GET, "exchangeInfo", catalog(symbols)),
        Call::Depth { symbol, levels } => {
            let limit = (*levels).clamp(1, DEPTH_LEVELS_MAX);
            let query = Query::of(symbol).with("limit", limit);
            (Method::GET, "depth", query)
        }
        Call::Bars { symbol, interval, from, until, limit } => {
            let query = Query::of(symbol)
                .with("interval", interval)
                .with_some("startTime", from.map(Timestamp::as_millis))
                .with_some("endTime", until.map(Timestamp::as_millis))
                .with("limit", rows(*limit));
            (Method::GET, "klines", query)
        }
        Call::Ticker { symbol } => (Method::GET, "ticker/bookTicker", Query::of(symbol)),
        Call::Rate { base, quote } => {
            (Method::GET, "ticker/bookTicker", Query::of(&symbols::spelled(base, quote)))
        }
        Call::PlaceOrder(order) => (Method::POST, "order", order::placement(order)),
        Call::ReplaceOrder(replacement) => {
            (Method::POST, "order/cancelReplace", order::replacement(replacement))
        }
        Call::AmendOrder(amendment) => {
            (Method::PUT, "order/amend/keepPriority", order::amendment(amendment))
        }
        Call::PlaceOco(pair) => (Method::POST, "orderList/oco", order::pair(pair)),
        Call::CancelOrder { symbol, order } => {
            (Method::DELETE, "order", order::one(symbol, *order))
        }
        Call::CancelOpenOrders { symbol } => (Method::DELETE, "openOrders", Query::of(symbol)),
        Call::CancelOrderList { symbol, list } => {
            (Method::DELETE, "orderList", order::list_to_cancel(symbol, *list))
        }
        Call::QueryOrder { symbol, order } => (Method::GET, "order", order::one(symbol, *order)),
        Call::OpenOrders { symbol } => {
            let query = Query::default().with_some("symbol", symbol.as_ref());
            (Method::GET, "openOrders", query)
        }
        Call::QueryOrderList { list } => (Method::GET, "orderList", order::list_to_query(*list)),
        Call::OpenOrderLists => (Method::GET, "openOrderList", Query::default()),
        Call::OrderHistory { symbol, since, limit } => {
            let query = from_start(Query::of(symbol), *since, "orderId");
            (Method::GET, "allOrders", query.with("limit", rows(*limit)))
        }
        Call::FillHistory { symbol, order, since, limit } => {
            // Order and time together are refused (rest-api.md, account trade list, read
            // 2026-11); the reply leaves out what is too old instead.
            let since =
                since.filter(|since| order.is_none() || matches!(since, HistoryStart::Id(_)));
            let query = Query::of(symbol).with_some("orderId", *order);
            let query = from_start(query, since, "fromId");
            (Method::GET, "myTrades", query.with("limit", rows(*limit)))
        }
        Call::Account => {
            let query = Query::default().with("omitZeroBalances", true);
            (Method::GET, "account", query)
        }
        Call::OrderCounts => (Method::GET, "rateLimit/order", Query::default()),
        Call::OpenStream { kind, feeds } => return handshake(*kind, feeds, endpoint),
        Call::Subscribe { .. }
        | Call::Unsubscribe { .. }
        | Call::SubscribeAccount
        | Call::Authenticate
        | Call::PingStream { .. }
        | Call::Older { .. } => {
            return Err(EncodeError::Unsupported { venue, kind: call.kind() });
        }
    };
    let url = format!("{}/api/v3/{path}", base(&endpoint.rest));
    if !call.kind().is_signed() {
        return request(method, &url, &query);
    }
    let signer = signer.ok_or_else(|| EncodeError::NeedsKey(call.kind()))?;
    let mut request = request(method, &url, &query.signed(stamp, signer))?;
    let mut key = HeaderValue::from_str(signer.api_key())
        .expect("a signer takes visible ASCII as its API key and nothing else");
    key.set_sensitive(true);
    request.headers_mut().insert(API_KEY, key);
    Ok(request)
}

/// All symbols' permission sets are hundreds of names each, of which nothing is used.
fn catalog(symbols: &[Symbol]) -> Query {
    let query = match symbols {
        [] => Query::default(),
        [symbol] => Query::of(symbol),
        several => Query::default().with("symbols", json_array(several)),
    };
    query.with("showPermissionSets", false)
}

fn json_array(symbols: &[Symbol]) -> String {
    let names: Vec<&str> = symbols.iter().map(Symbol::as_str).collect();
    serde_json::to_string(&names).expect("an array of strings is JSON")
}

fn from_start<Id: std::fmt::Display>(
    query: Query,
    start: Option<HistoryStart<Id>>,
    id_name: &'static str,
) -> Query {
    match start {
        None => query,
        Some(HistoryStart::Id(id)) => query.with(id_name, id),
        Some(HistoryStart::Time(at)) => query.with("startTime", at.as_millis()),
    }
}

fn rows(limit: u32) -> u32 {
    limit.clamp(1, ROWS_MAX)
}

fn handshake(
    kind: StreamKind,
    feeds: &[StreamFeed],
    endpoint: &Endpoint,
) -> Result<Request<Bytes>, EncodeError> {
    match kind {
        StreamKind::Account => {
            request(Method::GET, base(&endpoint.account_stream), &Query::default())
        }
        StreamKind::Market => {
            let url = format!("{}/stream", base(&endpoint.market_stream));
            let names = stream::feeds::names(feeds);
            let query = if names.is_empty() { Query::default() } else { Query::streams(&names) };
            request(Method::GET, &url, &query)
        }
    }
}

/// A base URL without a slash at its end.
fn base(url: &str) -> &str {
    url.trim_end_matches('/')
}

fn request(method: Method, url: &str, query: &Query) -> Result<Request<Bytes>, EncodeError> {
    // The query may hold a signature, so an error names what comes before it.
    let invalid = |problem: String| EncodeError::Url { url: url.to_owned(), problem };
    let text = if query.is_empty() { url.to_owned() } else { format!("{url}?{}", query.as_str()) };
    let uri = Uri::try_from(text).map_err(|error| invalid(error.to_string()))?;
    if uri.scheme().is_none() || uri.authority().is_none() {
        return Err(invalid("no scheme or no host".to_owned()));
    }
    Request::builder()
        .method(method)
        .uri(uri)
        .body(Bytes::new())
        .map_err(|error| invalid(error.to_string()))
}

#[cfg(test)]
mod tests;
