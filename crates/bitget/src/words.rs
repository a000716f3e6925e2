//! Words that stand in answers and messages alike: states, sides, names.
//!
//! Spot writes `cancelled` and the documentation of other products `canceled`; both are read, here
//! and in whatever comes next.

use tradewind_model::id::{ClientOrderId, TradeId, VenueOrderId};
use tradewind_model::order::Side;
use tradewind_model::report::ReportedStatus;

use crate::number::{Malformed, Word};

/// An order's state. An order that was canceled though it cannot have rested has expired: the venue
/// takes an order that must fill at once or not at all, and cancels what is left of it.
pub(crate) fn status(word: &str, reason: &str, may_rest: bool) -> ReportedStatus {
    match word {
        "live" | "new" | "init" => ReportedStatus::Open,
        "partially_filled" | "partial_fill" => ReportedStatus::PartiallyFilled,
        "filled" | "full_fill" => ReportedStatus::Filled,
        "cancelled" | "canceled" if !may_rest || reason == SELF_TRADE => ReportedStatus::Expired,
        "cancelled" | "canceled" => ReportedStatus::Canceled,
        unknown => ReportedStatus::Unknown(unknown.to_owned()),
    }
}

/// Why the venue itself has ended an order that would have traded with another of its owner.
const SELF_TRADE: &str = "stp_cancel";
/// What stands for no reason in particular.
const AS_ASKED: &str = "normal_cancel";

/// Why an order ended, where the word says more than that somebody wanted it.
pub(crate) fn reason(word: &Word) -> Option<String> {
    word.given().filter(|word| *word != AS_ASKED).map(str::to_owned)
}

/// Whether an order of this type and force can rest in the book. Reads leave the force out at
/// times; then it counts as one that can.
pub(crate) fn may_rest(order_type: &str, force: &str) -> bool {
    order_type != MARKET && !matches!(force, "ioc" | "fok")
}

/// The type of an order that takes whatever price there is.
pub(crate) const MARKET: &str = "market";

/// Which way an order goes.
pub(crate) fn side(word: &str) -> Result<Side, Malformed> {
    if word.eq_ignore_ascii_case("buy") {
        Ok(Side::Buy)
    } else if word.eq_ignore_ascii_case("sell") {
        Ok(Side::Sell)
    } else {
        Err(Malformed::field("side", format_args!("{word:?} is none")))
    }
}

/// Our name of an order; none for a name that cannot be ours.
pub(crate) fn client_order_id(word: &Word) -> Option<ClientOrderId> {
    ClientOrderId::new(word.as_str()).ok()
}

/// The venue's name of an order.
pub(crate) fn venue_order_id(word: &Word) -> Result<VenueOrderId, Malformed> {
    VenueOrderId::new(word.as_str()).map_err(|error| Malformed::field("orderId", error))
}

/// The venue's number of a trade: nineteen digits or so.
pub(crate) fn trade_id(word: &Word) -> Result<TradeId, Malformed> {
    let number = word.as_str().parse();
    number.map(TradeId).map_err(|_| Malformed::field("tradeId", "is no number"))
}
