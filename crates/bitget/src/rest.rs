//! Calls as requests.
//!
//! What is asked goes in the query of a GET, what is to be done in the JSON body of a POST. The
//! query is signed as it reads and sent percent-encoded, its names in order; the body is signed and
//! sent as one string of bytes. Sockets are opened by a `GET` of a `ws` URL, to which the transport
//! adds the headers of the upgrade.

mod body;
mod query;
mod signing;

pub(crate) use self::signing::login;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use tradewind_model::call::{Call, NewOrder, OrderRef, PageEnd};
use tradewind_model::id::{Symbol, VenueId};
use tradewind_model::market::Interval;
use tradewind_model::stream::StreamKind;
use tradewind_model::time::Timestamp;
use tradewind_venue::{EncodeError, Endpoint, Signer, Stamp};

use self::body::Body;
use self::query::Query;
use crate::spot::Money;
use crate::{bars, limits, symbols};

const LOCALE: HeaderName = HeaderName::from_static("locale");
const PAPER_TRADING: HeaderName = HeaderName::from_static("paptrading");

/// Most levels of a depth snapshot (get orderbook depth, read 2026-11).
const DEPTH_LEVELS_MAX: u32 = 150;
/// Most bars of the path for recent ones (get candlestick data, read 2026-11).
const BARS_MAX: u32 = 1_000;
/// Most bars of the path for old ones (get history candlestick data, read 2026-11).
const OLD_BARS_MAX: u32 = 200;
/// Bars of a minute are kept for about a month by the path for recent ones, which answers with
/// nothing at all beyond; a few days are left for safety.
const RECENT_DAYS: u64 = 25;

/// What a call asks for, before it is addressed and signed.
struct Asked {
    method: Method,
    path: &'static str,
    query: Query,
    body: Body,
}

impl Asked {
    fn get(path: &'static str, query: Query) -> Self {
        Self { method: Method::GET, path, query, body: Body::default() }
    }

    fn post(path: &'static str, body: Body) -> Self {
        Self { method: Method::POST, path, query: Query::default(), body }
    }
}

/// The request of a call.
pub(crate) fn encode(
    venue: VenueId,
    money: Money,
    call: &Call,
    endpoint: &Endpoint,
    stamp: Stamp,
    signer: Option<&Signer>,
) -> Result<Request<Bytes>, EncodeError> {
    if let Call::OpenStream { kind, .. } = call {
        let url = match kind {
            StreamKind::Account => &endpoint.account_stream,
            StreamKind::Market => &endpoint.market_stream,
        };
        return request(Method::GET, url.clone(), Bytes::new());
    }
    let asked = asked(venue, call, stamp)?;
    let text = asked.body.text();
    let rest = endpoint.rest.trim_end_matches('/');
    let url = format!("{rest}{}{}", asked.path, asked.query.encoded());
    let mut request = request(asked.method.clone(), url, Bytes::from(text.clone()))?;
    let headers = request.headers_mut();
    // The venue's words in English, whatever the key's owner has chosen.
    headers.insert(LOCALE, HeaderValue::from_static("en-US"));
    if asked.method == Method::POST {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if call.kind().is_signed() {
        let signer = signer.ok_or_else(|| EncodeError::NeedsKey(call.kind()))?;
        let path = format!("{}{}", asked.path, asked.query.plain());
        signing::sign(headers, call.kind(), &asked.method, &path, &text, stamp, signer)?;
        // What is public knows nothing of it, and part of it answers that there is no such path.
        if money == Money::Demo {
            headers.insert(PAPER_TRADING, HeaderValue::from_static("1"));
        }
    }
    Ok(request)
}

fn asked(venue: VenueId, call: &Call, stamp: Stamp) -> Result<Asked, EncodeError> {
    let (of, than) =
        if let Call::Older { of, than } = call { (of.as_ref(), Some(*than)) } else { (call, None) };
    Ok(match of {
        Call::Ping | Call::ServerTime => Asked::get("/api/v2/public/time", Query::default()),
        Call::Catalog { symbols } => {
            let query = match symbols.as_slice() {
                [symbol] => Query::of(symbol),
                _ => Query::default(),
            };
            Asked::get("/api/v2/spot/public/symbols", query)
        }
        Call::Depth { symbol, levels } => {
            let query = Query::of(symbol).with("limit", (*levels).clamp(1, DEPTH_LEVELS_MAX));
            Asked::get("/api/v2/spot/market/orderbook", query.with("type", "step0"))
        }
        Call::Bars { symbol, interval, from, until, limit } => {
            let span = (*from, *until);
            return bars_asked(venue, symbol, *interval, span, *limit, stamp);
        }
        Call::Ticker { symbol } => ticker(symbol),
        Call::Rate { base, quote } => ticker(&symbols::spelled(base, quote)),
        Call::PlaceOrder(order) => {
            Asked::post("/api/v2/spot/trade/place-order", placement(venue, order, stamp)?)
        }
        Call::CancelOrder { symbol, order } => {
            let body = Body::of(symbol);
            let body = match order {
                OrderRef::Client(id) => body.with("clientOid", id),
                OrderRef::Venue(id) => body.with("orderId", id),
            };
            Asked::post("/api/v2/spot/trade/cancel-order", body)
        }
        Call::CancelOpenOrders { symbol } => {
            Asked::post("/api/v2/spot/trade/cancel-symbol-order", Body::of(symbol))
        }
        Call::QueryOrder { order, .. } => {
            let query = match order {
                OrderRef::Client(id) => Query::default().with("clientOid", id),
                OrderRef::Venue(id) => Query::default().with("orderId", id),
            };
            Asked::get("/api/v2/spot/trade/orderInfo", query)
        }
        Call::OpenOrders { symbol } => {
            let query = Query::default().with_some("symbol", symbol.as_ref());
            Asked::get("/api/v2/spot/trade/unfilled-orders", page(query, limits::ROWS_MAX, than))
        }
        Call::OrderHistory { symbol, limit, .. } => {
            let query = page(Query::of(symbol), *limit, than);
            Asked::get("/api/v2/spot/trade/history-orders", query)
        }
        Call::FillHistory { symbol, order, limit, .. } => {
            let query = Query::of(symbol).with_some("orderId", *order);
            Asked::get("/api/v2/spot/trade/fills", page(query, *limit, than))
        }
        Call::Account => Asked::get("/api/v2/spot/account/assets", Query::default()),
        Call::ReplaceOrder(_)
        | Call::AmendOrder(_)
        | Call::PlaceOco(_)
        | Call::CancelOrderList { .. }
        | Call::QueryOrderList { .. }
        | Call::OpenOrderLists
        | Call::OrderCounts
        | Call::OpenStream { .. }
        | Call::Subscribe { .. }
        | Call::Unsubscribe { .. }
        | Call::SubscribeAccount
        | Call::Authenticate
        | Call::PingStream { .. }
        | Call::Older { .. } => {
            return Err(EncodeError::Unsupported { venue, kind: call.kind() });
        }
    })
}

fn ticker(symbol: &Symbol) -> Asked {
    Asked::get("/api/v2/spot/market/tickers", Query::of(symbol))
}

/// A page of a list, the newest rows or those before one that is known. The beginning that a list
/// may be asked for from is left out: with it the venue heeds no row to end before, so what is too
/// old is left out of the answer instead.
fn page(query: Query, rows: u32, than: Option<PageEnd>) -> Query {
    let query = query.with("limit", rows.clamp(1, limits::ROWS_MAX));
    match than {
        Some(PageEnd::Order(id)) => query.with("idLessThan", id),
        Some(PageEnd::Trade(id)) => query.with("idLessThan", id),
        None => query,
    }
}

/// Bars are kept by two paths: that of the recent ones answers with nothing beyond what it keeps,
/// that of the old ones takes an end and no beginning.
fn bars_asked(
    venue: VenueId,
    symbol: &Symbol,
    interval: Interval,
    (from, until): (Option<Timestamp>, Option<Timestamp>),
    limit: u32,
    stamp: Stamp,
) -> Result<Asked, EncodeError> {
    let Some(name) = bars::rest_name(interval) else {
        let what = format!("history of {interval} bars");
        return Err(EncodeError::NotOffered { venue, what });
    };
    let query = Query::of(symbol).with("granularity", name);
    let recent = stamp.venue_now - std::time::Duration::from_secs(RECENT_DAYS * 86_400);
    Ok(match until.filter(|until| *until < recent) {
        Some(until) => {
            // The end is exclusive there.
            let query = query
                .with("endTime", until.as_millis().saturating_add(1))
                .with("limit", limit.clamp(1, OLD_BARS_MAX));
            Asked::get("/api/v2/spot/market/history-candles", query)
        }
        None => {
            let query = query
                .with_some("startTime", from.map(Timestamp::as_millis))
                .with_some("endTime", until.map(Timestamp::as_millis))
                .with("limit", limit.clamp(1, BARS_MAX));
            Asked::get("/api/v2/spot/market/candles", query)
        }
    })
}

fn placement(venue: VenueId, order: &NewOrder, stamp: Stamp) -> Result<Body, EncodeError> {
    let body = body::placement(order).ok_or_else(|| EncodeError::NotOffered {
        venue,
        what: format!("order like {:?} to {}", order.kind, order.side),
    })?;
    // From when on, and for how long, the matching engine may take it.
    Ok(body
        .with("requestTime", stamp.venue_now.as_millis())
        .with("receiveWindow", signing::receive_window_ms(stamp)))
}

fn request(method: Method, url: String, body: Bytes) -> Result<Request<Bytes>, EncodeError> {
    let invalid = |problem: String| EncodeError::Url { url: url.clone(), problem };
    let uri = Uri::try_from(url.as_str()).map_err(|error| invalid(error.to_string()))?;
    if uri.scheme().is_none() || uri.authority().is_none() {
        return Err(invalid("no scheme or no host".to_owned()));
    }
    Request::builder()
        .method(method)
        .uri(uri)
        .body(body)
        .map_err(|error| invalid(error.to_string()))
}

#[cfg(test)]
mod tests;
