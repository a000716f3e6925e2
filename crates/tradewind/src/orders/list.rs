//! Orders, as a list for a person or for a program.

use std::fmt::Write as _;

use serde_json::{Value, json};
use tradewind_engine::journal::OrderRecord;
use tradewind_model::report::ExecutionReport;
use tradewind_runtime::Config;

use super::Books;
use crate::session;

/// Orders that are over, in a list: the latest.
const CLOSED: usize = 20;

/// Orders that are over, the latest first.
fn closed(books: &Books) -> Vec<&OrderRecord> {
    let mut closed: Vec<_> = books.recovered.closed.values().collect();
    closed.sort_by_key(|record| {
        let ended = record.over.as_ref().map(|over| over.at);
        std::cmp::Reverse((ended, record.intent.client_order_id))
    });
    closed.truncate(CLOSED);
    closed
}

/// The list, for a person.
pub(super) fn text(books: &Books) -> String {
    let (open, closed) = (books.open(), closed(books));
    let mut text = format!("{}, at {}\n", books.folder.display(), books.at);
    let mut list = |title: String, records: &[&OrderRecord]| {
        writeln!(text, "{title}").ok();
        for record in records {
            writeln!(text, "  {}", line(record)).ok();
        }
    };
    list(format!("{} not over", open.len()), &open);
    list(format!("{} over, the latest first", closed.len()), &closed);
    text
}

/// One order in a line.
pub(super) fn line(record: &OrderRecord) -> String {
    let intent = &record.intent;
    let request = &intent.request;
    let price = request.kind.price().map_or_else(|| "market".to_owned(), |price| price.to_string());
    let qty = request.kind.qty().map_or_else(|| "-".to_owned(), |qty| qty.to_string());
    let since = record.over.as_ref().map_or(intent.created_at, |over| over.at);
    let mut line = format!(
        "{} {} {:?} {qty} at {price}, {} traded, {} since {since}, {} tag {}",
        intent.client_order_id,
        intent.symbol,
        request.side,
        record.cum_qty(),
        record.stage(),
        intent.strategy,
        request.tag,
    );
    if let Some(reason) = record.over.as_ref().and_then(|over| over.reason.as_deref()) {
        write!(line, " ({reason})").ok();
    }
    line
}

/// The list, for a program.
pub(super) fn json(books: &Books) -> Value {
    let rows = |records: Vec<&OrderRecord>| records.into_iter().map(row).collect::<Vec<_>>();
    json!({
        "kind": "orders",
        "journal": books.folder.display().to_string(),
        "at": books.at.to_string(),
        "open": rows(books.open()),
        "closed": rows(closed(books)),
    })
}

/// One order as JSON; money is text, so that no digit is lost.
pub(super) fn row(record: &OrderRecord) -> Value {
    let intent = &record.intent;
    let request = &intent.request;
    json!({
        "client_order_id": intent.client_order_id.as_str(),
        "venue_order_id": record.venue_order_id.map(|id| id.to_string()),
        "strategy": intent.strategy.as_str(),
        "symbol": intent.symbol.as_str(),
        "side": request.side,
        "order": request.kind,
        "tag": request.tag,
        "attempt": intent.attempt,
        "stage": record.stage(),
        "cum_qty": record.cum_qty().to_string(),
        "created_at": intent.created_at.to_string(),
        "ended_at": record.over.as_ref().map(|over| over.at.to_string()),
        "reason": record.over.as_ref().and_then(|over| over.reason.as_deref()),
    })
}

/// Whether an order that the venue lists is none of this bot's: neither written down nor named by
/// one of its slots.
pub(super) fn is_foreign(config: &Config<'_>, books: &Books, report: &ExecutionReport) -> bool {
    report
        .client_order_id
        .is_none_or(|id| books.recovered.order(id).is_none() && !session::is_named_by(config, id))
}

/// Orders of others, as the venue lists them.
pub(super) fn foreign(
    config: &Config<'_>,
    books: &Books,
    open: &[ExecutionReport],
    is_json: bool,
) -> String {
    let foreign: Vec<_> = open.iter().filter(|report| is_foreign(config, books, report)).collect();
    if is_json {
        let rows: Vec<_> = foreign.iter().map(|report| told(report)).collect();
        return json!({ "kind": "foreign-orders", "open": rows }).to_string();
    }
    let mut text =
        format!("{} open orders at {} are not ours\n", foreign.len(), config.route.venue.name);
    for report in foreign {
        writeln!(text, "  {}", said(report)).ok();
    }
    text
}

/// An order as the venue tells of it, in a line.
pub(super) fn said(report: &ExecutionReport) -> String {
    let name = report.client_order_id.map_or_else(|| "unnamed".to_owned(), |id| id.to_string());
    let price = report.price.map_or_else(|| "market".to_owned(), |price| price.to_string());
    format!(
        "{name} ({}) {} {:?} {} at {price}, {} traded",
        report.venue_order_id, report.symbol, report.side, report.qty, report.cum_qty
    )
}

/// The same as JSON.
pub(super) fn told(report: &ExecutionReport) -> Value {
    json!({
        "client_order_id": report.client_order_id.map(|id| id.to_string()),
        "venue_order_id": report.venue_order_id.to_string(),
        "symbol": report.symbol.as_str(),
        "side": report.side,
        "price": report.price.map(|price| price.to_string()),
        "qty": report.qty.to_string(),
        "cum_qty": report.cum_qty.to_string(),
    })
}
