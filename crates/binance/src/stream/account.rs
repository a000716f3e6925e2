//! Messages of the WebSocket API: the account's events, and answers.
//!
//! An event is wrapped with the number of its subscription, an answer has a status like that of a
//! REST answer and is judged by the same classifier. The hard part is the order's name: in a
//! report of a cancel `c` is the cancel's own name and `C` the order's, in all others `C` is empty.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use tradewind_model::balance::Balance;
use tradewind_model::id::{Asset, Symbol, TradeId};
use tradewind_model::outcome::{Fate, Meter, Reply, Unknown};
use tradewind_model::report::{ExecutionReport, Fill, OrderListReport, OrderName};
use tradewind_model::stream::StreamEvent;

use super::replied;
use crate::errors::{self, VenueError};
use crate::limits::{self, LimitRow};
use crate::number::{Malformed, Number, Present, time};
use crate::reply::{
    ListRow, client_order_id, is_waiting, order_list_id, reason, side, status, venue_order_id,
};

/// What tells the messages apart.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    #[serde(borrow)]
    event: Option<&'a RawValue>,
    #[serde(borrow)]
    e: Option<Cow<'a, str>>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    status: Option<u16>,
    #[serde(default)]
    result: Present,
    error: Option<VenueError>,
    #[serde(borrow)]
    rate_limits: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    e: Cow<'a, str>,
}

pub(super) fn decode(text: &str) -> Result<StreamEvent, Malformed> {
    if let Ok(wrapped) = serde_json::from_str::<WrappedReport>(text) {
        return report(wrapped.event.0).map(StreamEvent::Report);
    }
    let head: Head = serde_json::from_str(text)?;
    if let Some(wrapped) = head.event {
        let kind: Event = serde_json::from_str(wrapped.get())?;
        return event(&kind.e, wrapped.get());
    }
    match (head.status, &head.e) {
        (Some(status), _) => reply(status, &head),
        (None, Some(kind)) => event(kind, text),
        (None, None) => Err(Malformed::whole("neither an event nor an answer")),
    }
}

/// The answer to a request.
fn reply(status: u16, head: &Head<'_>) -> Result<StreamEvent, Malformed> {
    let Some(id) = head.id else {
        // Nobody asked: the key was taken away, or our address was, and the login with it
        // (web-socket-api.md, session authentication, read 2026-11).
        return match (status, &head.error) {
            (401, _) => Ok(StreamEvent::Terminated),
            (_, Some(error)) => Err(Malformed::field(
                "id",
                format_args!("is missing, status {status}: {}", error.message()),
            )),
            (_, None) => Err(Malformed::field("id", "is missing")),
        };
    };
    let fate = match &head.error {
        Some(error) => errors::fate(status, error, None),
        None if status == 200 && head.result == Present(true) => Fate::Done(Reply::Ack),
        None if status == 200 => {
            Fate::Unknown(Unknown::Unreadable("result: is missing".to_owned()))
        }
        None => errors::wordless_fate(status, None, ""),
    };
    let mut meter = Meter { status: Some(status), ..Meter::default() };
    // Counters that cannot be read are no reason to lose the answer.
    let rows =
        head.rate_limits.and_then(|raw| serde_json::from_str::<Vec<LimitRow>>(raw.get()).ok());
    limits::note_rows(&mut meter, rows.as_deref().unwrap_or_default());
    replied(id, fate, meter)
}

/// One of the account's events (user-data-stream.md, read 2026-11).
fn event(kind: &str, text: &str) -> Result<StreamEvent, Malformed> {
    match kind {
        "executionReport" => report(serde_json::from_str(text)?).map(StreamEvent::Report),
        "outboundAccountPosition" => balances(text).map(StreamEvent::Balances),
        // A transfer, or a lock from outside; the absolute balance comes on its own.
        "balanceUpdate" | "externalLockUpdate" => Ok(StreamEvent::BalanceMoved),
        "eventStreamTerminated" => Ok(StreamEvent::Terminated),
        "serverShutdown" => Ok(StreamEvent::Closing),
        "listStatus" => list_report(text).map(StreamEvent::ListReport),
        _ => Ok(StreamEvent::Ignored),
    }
}

#[derive(Deserialize)]
struct ReportRow<'a> {
    s: Symbol,
    #[serde(borrow)]
    c: Cow<'a, str>,
    #[serde(default, borrow, rename = "C")]
    orig_client_order_id: Cow<'a, str>,
    #[serde(borrow, rename = "S")]
    side: Cow<'a, str>,
    q: Number,
    p: Number,
    /// Zero for kinds without one.
    #[serde(rename = "P")]
    stop_price: Option<Number>,
    /// The list; -1 for none.
    #[serde(default = "in_no_list")]
    g: i64,
    #[serde(borrow, rename = "x")]
    execution: Cow<'a, str>,
    #[serde(borrow, rename = "X")]
    status: Cow<'a, str>,
    #[serde(default, borrow, rename = "r")]
    reject_reason: Cow<'a, str>,
    #[serde(borrow, rename = "eR")]
    expiry_reason: Option<Cow<'a, str>>,
    i: u64,
    #[serde(rename = "l")]
    last_qty: Number,
    z: Number,
    #[serde(rename = "L")]
    last_price: Number,
    #[serde(rename = "n")]
    commission: Option<Number>,
    #[serde(rename = "N")]
    commission_asset: Option<Asset>,
    #[serde(rename = "T")]
    at: i64,
    /// Number of the trade; -1 when there was none.
    t: i64,
    /// Whether the order is in the book.
    w: Option<bool>,
    m: bool,
    #[serde(rename = "Z")]
    cum_quote: Number,
}

/// A report in its wrapping, read in one go: what comes most often is not looked at three times.
/// It has to begin with its kind, as the venue writes it; anything else is no error, but is read
/// the long way.
#[derive(Deserialize)]
struct WrappedReport<'a> {
    #[serde(borrow)]
    event: KindFirst<'a>,
}

struct KindFirst<'a>(ReportRow<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for KindFirst<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Row;

        impl<'de> Visitor<'de> for Row {
            type Value = KindFirst<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a report that begins with its kind")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let first: Option<(&str, &str)> = map.next_entry()?;
                if first != Some(("e", "executionReport")) {
                    return Err(A::Error::custom("it does not"));
                }
                ReportRow::deserialize(MapAccessDeserializer::new(map)).map(KindFirst)
            }
        }

        deserializer.deserialize_map(Row)
    }
}

/// What names an order in a report, and nothing else of it.
#[derive(Deserialize)]
struct NameRow<'a> {
    s: Symbol,
    #[serde(default, borrow)]
    c: Cow<'a, str>,
    #[serde(default, borrow, rename = "C")]
    orig_client_order_id: Cow<'a, str>,
    i: u64,
}

#[derive(Deserialize)]
struct Wrapper<'a> {
    #[serde(borrow)]
    event: &'a RawValue,
}

/// The order that a message is about which cannot be read as a whole.
pub(super) fn order_named(text: &str) -> Option<OrderName> {
    let inner = serde_json::from_str::<Wrapper>(text).map_or(text, |wrapper| wrapper.event.get());
    let row: NameRow = serde_json::from_str(inner).ok()?;
    let id = if row.orig_client_order_id.is_empty() { &row.c } else { &row.orig_client_order_id };
    Some(OrderName {
        client_order_id: client_order_id(id),
        venue_order_id: venue_order_id(row.i),
        symbol: row.s,
    })
}

const fn in_no_list() -> i64 {
    -1
}

fn report(row: ReportRow<'_>) -> Result<ExecutionReport, Malformed> {
    let id = if row.orig_client_order_id.is_empty() { &row.c } else { &row.orig_client_order_id };
    let status = status(&row.status);
    Ok(ExecutionReport {
        client_order_id: client_order_id(id),
        venue_order_id: venue_order_id(row.i),
        side: side(&row.side)?,
        is_waiting: is_waiting(&status, row.w == Some(false)),
        status,
        list: order_list_id(row.g),
        price: row.p.price_if_any("p")?,
        trigger_price: match &row.stop_price {
            Some(price) => price.price_if_any("P")?,
            None => None,
        },
        qty: row.q.quantity("q")?,
        cum_qty: row.z.quantity("z")?,
        cum_quote: row.cum_quote.notional_if_known("Z")?,
        fills: match row.execution.as_ref() {
            "TRADE" => vec![fill(&row)?],
            _ => Vec::new(),
        },
        reason: reason([Some(&row.reject_reason), row.expiry_reason.as_deref()], &row.status),
        at: time(row.at),
        symbol: row.s,
    })
}

fn fill(row: &ReportRow<'_>) -> Result<Fill, Malformed> {
    let trade_id =
        u64::try_from(row.t).map_err(|_| Malformed::field("t", "a trade without a number"))?;
    Ok(Fill {
        trade_id: TradeId(trade_id),
        price: row.last_price.price("L")?,
        qty: row.last_qty.quantity("l")?,
        commission: match &row.commission {
            Some(commission) => commission.decimal("n")?,
            None => rust_decimal::Decimal::ZERO,
        },
        commission_asset: row.commission_asset.clone(),
        is_maker: row.m,
        at: time(row.at),
    })
}

/// How a list of orders stands, with the short names of a stream.
#[derive(Deserialize)]
struct ListStatusRow {
    s: Symbol,
    g: i64,
    #[serde(rename = "L")]
    status: String,
    #[serde(default)]
    r: String,
    #[serde(rename = "C")]
    client_list_id: String,
    #[serde(rename = "T")]
    at: i64,
    #[serde(rename = "O")]
    orders: Vec<ListedRow>,
}

#[derive(Deserialize)]
struct ListedRow {
    i: u64,
    c: String,
}

fn list_report(text: &str) -> Result<OrderListReport, Malformed> {
    let row: ListStatusRow = serde_json::from_str(text)?;
    let reason = Some(row.r).filter(|reason| !reason.is_empty() && reason != "NONE");
    let orders = row.orders.into_iter().map(|order| (order.i, order.c));
    ListRow::of(row.s, row.g, row.client_list_id, row.status, row.at, orders).report(reason)
}

#[derive(Deserialize)]
struct PositionRow {
    #[serde(rename = "B")]
    balances: Vec<BalanceRow>,
}

#[derive(Deserialize)]
struct BalanceRow {
    a: Asset,
    f: Number,
    l: Number,
}

fn balances(text: &str) -> Result<Vec<Balance>, Malformed> {
    let row: PositionRow = serde_json::from_str(text)?;
    row.balances
        .into_iter()
        .map(|balance| {
            Ok(Balance {
                free: balance.f.decimal("B.f")?,
                locked: balance.l.decimal("B.l")?,
                asset: balance.a,
            })
        })
        .collect()
}
