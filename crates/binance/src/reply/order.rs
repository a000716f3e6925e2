//! Orders in answers: placed, canceled, asked about, listed.
//!
//! The same object with other fields left out each time. One trap: the answer to a cancel names
//! the order in `origClientOrderId`, and in `clientOrderId` the cancel itself. Another: an order
//! that waits for its trigger is `NEW` like one that rests, and only `isWorking` or a `workingTime`
//! of -1 tells them apart.

use serde::Deserialize;
use tradewind_model::call::{NewOrder, OrderRef};
use tradewind_model::id::{Asset, ClientOrderId, OrderListId, Symbol, TradeId, VenueOrderId};
use tradewind_model::order::Side;
use tradewind_model::report::{ExecutionReport, Fill, ReportedStatus};

use crate::number::{Malformed, Number, time};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderRow {
    symbol: Symbol,
    order_id: u64,
    /// -1 for an order that is in no list.
    #[serde(default = "in_no_list")]
    order_list_id: i64,
    #[serde(default)]
    client_order_id: String,
    #[serde(default)]
    orig_client_order_id: String,
    price: Number,
    orig_qty: Number,
    executed_qty: Number,
    /// The venue's spelling. It is negative where the venue does not know.
    cummulative_quote_qty: Option<Number>,
    status: String,
    side: String,
    /// Zero or missing for kinds without one.
    stop_price: Option<Number>,
    /// In answers to questions.
    is_working: Option<bool>,
    /// In answers to new orders too; -1 while the order waits.
    working_time: Option<i64>,
    transact_time: Option<i64>,
    update_time: Option<i64>,
    time: Option<i64>,
    expiry_reason: Option<String>,
    #[serde(default)]
    fills: Vec<FillRow>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FillRow {
    price: Number,
    qty: Number,
    commission: Number,
    commission_asset: Option<Asset>,
    trade_id: u64,
}

/// The answer to a new order; it must be about that order, or it says nothing about it.
pub(super) fn placed(body: &[u8], order: &NewOrder) -> Result<ExecutionReport, Malformed> {
    let report = one(body, &order.symbol)?;
    if report.client_order_id == Some(order.client_order_id) {
        Ok(report)
    } else {
        Err(Malformed::field("clientOrderId", "is of another order"))
    }
}

/// The answer about one order.
pub(super) fn one(body: &[u8], symbol: &Symbol) -> Result<ExecutionReport, Malformed> {
    of_symbol(serde_json::from_slice::<OrderRow>(body)?.report()?, symbol)
}

/// A report, if it is about this symbol.
pub(super) fn of_symbol(
    report: ExecutionReport,
    symbol: &Symbol,
) -> Result<ExecutionReport, Malformed> {
    if report.symbol == *symbol {
        Ok(report)
    } else {
        Err(Malformed::field("symbol", "is another"))
    }
}

/// Whether a report is about the order that was named.
pub(super) fn is_of(report: &ExecutionReport, order: OrderRef) -> bool {
    match order {
        OrderRef::Client(id) => report.client_order_id == Some(id),
        OrderRef::Venue(id) => report.venue_order_id == id,
    }
}

/// A list of orders, in the venue's order: oldest first.
pub(super) fn several(body: &[u8]) -> Result<Vec<ExecutionReport>, Malformed> {
    let rows: Vec<OrderRow> = serde_json::from_slice(body)?;
    rows.into_iter().map(OrderRow::report).collect()
}

const fn in_no_list() -> i64 {
    -1
}

impl OrderRow {
    pub(super) fn report(self) -> Result<ExecutionReport, Malformed> {
        let millis = self.transact_time.or(self.update_time).or(self.time);
        let at = time(millis.ok_or_else(|| Malformed::field("updateTime", "is missing"))?);
        let id = if self.orig_client_order_id.is_empty() {
            &self.client_order_id
        } else {
            &self.orig_client_order_id
        };
        let fills = self
            .fills
            .into_iter()
            .map(|fill| {
                Ok(Fill {
                    trade_id: TradeId(fill.trade_id),
                    price: fill.price.price("fills.price")?,
                    qty: fill.qty.quantity("fills.qty")?,
                    commission: fill.commission.decimal("fills.commission")?,
                    commission_asset: fill.commission_asset,
                    // What trades before the answer is written has taken.
                    is_maker: false,
                    at,
                })
            })
            .collect::<Result<_, Malformed>>()?;
        let status = status(&self.status);
        let is_put_aside = self.is_working == Some(false) || self.working_time == Some(-1);
        Ok(ExecutionReport {
            symbol: self.symbol,
            client_order_id: client_order_id(id),
            venue_order_id: venue_order_id(self.order_id),
            side: side(&self.side)?,
            is_waiting: is_waiting(&status, is_put_aside),
            list: order_list_id(self.order_list_id),
            price: self.price.price_if_any("price")?,
            trigger_price: match self.stop_price {
                Some(price) => price.price_if_any("stopPrice")?,
                None => None,
            },
            qty: self.orig_qty.quantity("origQty")?,
            cum_qty: self.executed_qty.quantity("executedQty")?,
            cum_quote: match self.cummulative_quote_qty {
                Some(value) => value.notional_if_known("cummulativeQuoteQty")?,
                None => None,
            },
            fills,
            reason: reason([self.expiry_reason.as_deref(), None], &self.status),
            status,
            at,
        })
    }
}

/// An order's state, as the venue spells it (enums.md, order status, read 2026-11).
pub(crate) fn status(word: &str) -> ReportedStatus {
    match word {
        "NEW" => ReportedStatus::Open,
        "PENDING_NEW" => ReportedStatus::PendingNew,
        "PARTIALLY_FILLED" => ReportedStatus::PartiallyFilled,
        "FILLED" => ReportedStatus::Filled,
        "CANCELED" => ReportedStatus::Canceled,
        "REJECTED" => ReportedStatus::Rejected,
        "EXPIRED" | SELF_TRADE => ReportedStatus::Expired,
        unknown => ReportedStatus::Unknown(unknown.to_owned()),
    }
}

/// Whether an order of this state that is not in the book may yet come there.
pub(crate) const fn is_waiting(status: &ReportedStatus, is_put_aside: bool) -> bool {
    match status {
        ReportedStatus::PendingNew => true,
        ReportedStatus::Open => is_put_aside,
        ReportedStatus::PartiallyFilled
        | ReportedStatus::Filled
        | ReportedStatus::Canceled
        | ReportedStatus::Rejected
        | ReportedStatus::Expired
        | ReportedStatus::Unknown(_) => false,
    }
}

/// The state of an order that would have traded with another of the same owner. It counts as
/// expired, and the word is the reason why.
const SELF_TRADE: &str = "EXPIRED_IN_MATCH";

/// Why an order ended: the first word that gives a reason, or a state that is one.
pub(crate) fn reason(words: [Option<&str>; 2], state: &str) -> Option<String> {
    let given = words.into_iter().flatten().find(|word| !word.is_empty() && *word != "NONE");
    given.or_else(|| Some(state).filter(|state| *state == SELF_TRADE)).map(str::to_owned)
}

/// Which way an order goes.
pub(crate) fn side(word: &str) -> Result<Side, Malformed> {
    match word {
        "BUY" => Ok(Side::Buy),
        "SELL" => Ok(Side::Sell),
        other => Err(Malformed::field("side", format_args!("{other:?} is none"))),
    }
}

/// Our name of an order; none for a name that cannot be ours.
pub(crate) fn client_order_id(text: &str) -> Option<ClientOrderId> {
    ClientOrderId::new(text).ok()
}

/// The venue's name of an order.
pub(crate) fn venue_order_id(id: u64) -> VenueOrderId {
    VenueOrderId::new(&id.to_string()).expect("at most twenty digits are an id")
}

/// The venue's name of a list; none for -1, which stands for no list.
pub(crate) fn order_list_id(id: i64) -> Option<OrderListId> {
    let id = u64::try_from(id).ok()?;
    Some(OrderListId::new(&id.to_string()).expect("at most twenty digits are an id"))
}
