//! What calls cost, what the limits are, and what the venue says it has counted.
//!
//! All of it is data. The limits here hold until `exchangeInfo` has named the real ones; the
//! prices are documented and nowhere to be asked for. Binance counts sockets apart for each
//! service and we count them together: one limit for the handshakes of both kinds of socket is
//! stricter than the venue and needs no second name.

use std::time::Duration;

use http::HeaderMap;
use serde::Deserialize;
use tradewind_model::call::CallKind;
use tradewind_model::lookup::Lookup;
use tradewind_model::outcome::{Meter, Reading};
use tradewind_model::stream::StreamKind;
use tradewind_model::tariff::{
    Alignment, Charge, Cost, Limit, LimitKind, LimitScope, PriceLine, Tariff, Tier, Weight,
};

/// Longest request id that is kept; the venue's have 36 characters.
const REQUEST_ID_CHARS_MAX: usize = 64;

const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;

/// The venue works on a request for ten seconds at the most before it answers that it does not know
/// (errors.md, -1007, read 2026-11). How far its reads lag behind the matching engine is not
/// documented; five seconds are more than was seen. Orders that ended without a trade are archived
/// after 90 days (rest-api.md, query order, read 2026-11).
pub(crate) const fn lookup() -> Lookup {
    Lookup {
        processing_max: Duration::from_secs(10),
        lag_max: Duration::from_secs(5),
        horizon: Duration::from_secs(90 * DAY),
        listed: Duration::from_secs(90 * DAY),
    }
}

/// Limits until the venue has named its own, and what every call costs (rest-api.md,
/// web-socket-api.md, web-socket-streams.md, read 2026-11).
pub(crate) fn tariff() -> Tariff {
    Tariff { limits: default_limits(), prices: prices() }
}

fn default_limits() -> Vec<Limit> {
    let mut limits = vec![
        limit(LimitKind::RequestWeight, MINUTE, 6_000),
        limit(LimitKind::RawRequests, 5 * MINUTE, 300_000),
        limit(LimitKind::Orders, 10, 100),
        limit(LimitKind::Orders, DAY, 200_000),
        limit(LimitKind::Connections, 5 * MINUTE, 300),
        limit(LimitKind::Messages, 1, 5),
    ];
    limits.sort_unstable();
    limits
}

fn limit(kind: LimitKind, secs: u64, capacity: Weight) -> Limit {
    // How the windows of sockets lie is not documented; of messages it is observed to roll.
    let (scope, alignment) = match kind {
        LimitKind::RequestWeight | LimitKind::RawRequests => {
            (LimitScope::Egress, Alignment::Calendar)
        }
        LimitKind::Orders => (LimitScope::Account, Alignment::Calendar),
        LimitKind::Connections => (LimitScope::Egress, Alignment::Rolling),
        LimitKind::Messages => (LimitScope::Socket, Alignment::Rolling),
        // The venue has none of these.
        LimitKind::Calls(_) => (LimitScope::Egress, Alignment::Rolling),
    };
    Limit { kind, scope, interval: Duration::from_secs(secs), alignment, capacity }
}

fn prices() -> Vec<PriceLine> {
    let line = |kind, tier, cost| PriceLine { kind, tier, cost };
    let always = |kind, cost| line(kind, Tier::Always, cost);
    let message = || Cost::from(Charge::fixed(LimitKind::Messages, 1));
    let connection = Charge::fixed(LimitKind::Connections, 1);
    vec![
        always(CallKind::Ping, read(1)),
        always(CallKind::ServerTime, read(1)),
        always(CallKind::Catalog, read(20)),
        line(CallKind::Depth, Tier::RowsUpTo(100), read(5)),
        line(CallKind::Depth, Tier::RowsUpTo(500), read(25)),
        line(CallKind::Depth, Tier::RowsUpTo(1_000), read(50)),
        always(CallKind::Depth, read(250)),
        always(CallKind::Bars, read(2)),
        always(CallKind::Ticker, read(2)),
        always(CallKind::PlaceOrder, order_entry().and(Charge::fixed(LimitKind::Orders, 1))),
        // An order that is not attempted counts too (rest-api.md, cancel and replace, read 2026-11).
        always(CallKind::ReplaceOrder, order_entry().and(Charge::fixed(LimitKind::Orders, 1))),
        // Not given back, unless the order ends by it (CHANGELOG.md 2026-04-02, read 2026-11).
        always(CallKind::AmendOrder, read(4)),
        always(CallKind::PlaceOco, order_entry().and(Charge::fixed(LimitKind::Orders, 2))),
        always(CallKind::CancelOrder, order_entry()),
        always(CallKind::CancelOpenOrders, order_entry()),
        always(CallKind::CancelOrderList, order_entry()),
        always(CallKind::QueryOrder, read(4)),
        line(CallKind::OpenOrders, Tier::OneSymbol, read(6)),
        always(CallKind::OpenOrders, read(80)),
        always(CallKind::QueryOrderList, read(4)),
        always(CallKind::OpenOrderLists, read(6)),
        always(CallKind::OrderHistory, read(20)),
        line(CallKind::FillHistory, Tier::OneOrder, read(5)),
        always(CallKind::FillHistory, read(20)),
        always(CallKind::Account, read(20)),
        always(CallKind::OrderCounts, read(40)),
        line(CallKind::OpenStream, Tier::Stream(StreamKind::Market), connection.into()),
        line(
            CallKind::OpenStream,
            Tier::Stream(StreamKind::Account),
            Cost::from(connection).and(Charge::fixed(LimitKind::RequestWeight, 2)),
        ),
        always(CallKind::Subscribe, message()),
        always(CallKind::Unsubscribe, message()),
        always(CallKind::SubscribeAccount, Charge::fixed(LimitKind::RequestWeight, 2).into()),
    ]
}

/// A REST request of this weight. Raw requests are counted for REST alone (enums.md, rate
/// limiters, read 2026-11).
fn read(weight: Weight) -> Cost {
    Cost::from(Charge::fixed(LimitKind::RequestWeight, weight))
        .and(Charge::fixed(LimitKind::RawRequests, 1))
}

/// A placement or a cancel: its weight is given back when it succeeds.
fn order_entry() -> Cost {
    let weight = Charge { kind: LimitKind::RequestWeight, weight: 1, weight_on_success: 0 };
    Cost::from(weight).and(Charge::fixed(LimitKind::RawRequests, 1))
}

/// A row of a `rateLimits` array: a limit, and with most answers how much of it is used.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LimitRow {
    rate_limit_type: String,
    interval: String,
    interval_num: u64,
    #[serde(default)]
    limit: u64,
    #[serde(default)]
    count: Option<i64>,
}

impl LimitRow {
    fn kind(&self) -> Option<LimitKind> {
        match self.rate_limit_type.as_str() {
            "REQUEST_WEIGHT" => Some(LimitKind::RequestWeight),
            "RAW_REQUESTS" => Some(LimitKind::RawRequests),
            "ORDERS" => Some(LimitKind::Orders),
            "CONNECTIONS" => Some(LimitKind::Connections),
            _ => None,
        }
    }

    fn secs(&self) -> Option<u64> {
        let unit = match self.interval.as_str() {
            "SECOND" => 's',
            "MINUTE" => 'm',
            "HOUR" => 'h',
            "DAY" => 'd',
            _ => return None,
        };
        window_secs(self.interval_num, unit)
    }

    /// The limit; none when it counts something that we do not know, or holds nothing.
    fn limit(&self) -> Option<Limit> {
        let capacity = Weight::try_from(self.limit).unwrap_or(Weight::MAX);
        let limit = limit(self.kind()?, self.secs()?, capacity);
        Some(limit).filter(|limit| limit.capacity > 0)
    }

    fn reading(&self) -> Option<Reading> {
        let used = u64::try_from(self.count?).ok()?;
        Some(Reading {
            kind: self.kind()?,
            interval: Duration::from_secs(self.secs()?),
            used: Weight::try_from(used).unwrap_or(Weight::MAX),
        })
    }
}

/// The limits that `exchangeInfo` names, sorted.
pub(crate) fn told(rows: &[LimitRow]) -> Vec<Limit> {
    let mut limits: Vec<Limit> = rows.iter().filter_map(LimitRow::limit).collect();
    limits.sort_unstable();
    limits
}

/// What the headers of an answer say of the limits.
///
/// The bare `x-mbx-used-weight` is left out, as it names no window; so are counts of -1, by which
/// the venue says that it has not counted.
pub(crate) fn meter(headers: &HeaderMap) -> Meter {
    let mut meter = Meter::default();
    for (name, value) in headers {
        let Ok(value) = value.to_str() else { continue };
        let name = name.as_str();
        let counted = [
            ("x-mbx-used-weight-", LimitKind::RequestWeight),
            ("x-mbx-order-count-", LimitKind::Orders),
        ];
        if name == "x-mbx-uuid" {
            meter.request_id = Some(value.chars().take(REQUEST_ID_CHARS_MAX).collect());
        } else if let Some(reading) = counted
            .iter()
            .find_map(|(prefix, kind)| header_reading(*kind, name.strip_prefix(prefix)?, value))
        {
            note(&mut meter, reading);
        }
    }
    meter
}

/// Adds what the rows of a body or a frame say; it is newer than what the headers said.
pub(crate) fn note_rows(meter: &mut Meter, rows: &[LimitRow]) {
    for reading in rows.iter().filter_map(LimitRow::reading) {
        note(meter, reading);
    }
}

/// Adds a reading in the place of an earlier one of the same limit. Past the meter's room, which
/// is more than the venue has limits, it is dropped.
fn note(meter: &mut Meter, reading: Reading) {
    let place = |other: &Reading| (other.kind, other.interval);
    meter.readings.retain(|other| place(other) != place(&reading));
    if meter.readings.try_push(reading).is_ok() {
        meter.readings.sort_unstable_by_key(place);
    }
}

/// `window` is what a header's name ends with: `1m`, `10s`.
fn header_reading(kind: LimitKind, window: &str, value: &str) -> Option<Reading> {
    let unit = window.chars().next_back()?;
    let number = window.strip_suffix(unit)?.parse().ok()?;
    let used: u64 = value.trim().parse().ok()?;
    Some(Reading {
        kind,
        interval: Duration::from_secs(window_secs(number, unit)?),
        used: Weight::try_from(used).unwrap_or(Weight::MAX),
    })
}

fn window_secs(number: u64, unit: char) -> Option<u64> {
    let secs = match unit {
        's' => 1,
        'm' => MINUTE,
        'h' => 60 * MINUTE,
        'd' => DAY,
        _ => return None,
    };
    number.checked_mul(secs).filter(|secs| *secs > 0)
}

#[cfg(test)]
mod tests;
