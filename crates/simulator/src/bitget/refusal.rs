//! Every way the venue says no, with the code and the text it uses.
//!
//! The codes are the documentation's and those that were seen (error pages, read 2026-11). Texts
//! are parameterized and come in the client's language there, so no client can rely on them; here
//! they are in English.

use super::limits::Denied;
use crate::exchange::{CancelReject, FilterName, Reject, Side};

/// An error answer: HTTP status, code and text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: &'static str,
    pub(super) msg: String,
}

impl Refusal {
    /// A request the venue finds wrong: HTTP 400.
    pub(super) fn bad(code: &'static str, msg: impl Into<String>) -> Self {
        Self { status: 400, code, msg: msg.into() }
    }

    pub(super) fn limited(denied: Denied) -> Self {
        match denied {
            Denied::TooMany => Self::too_many(),
            Denied::Edge => Self { status: 403, code: "", msg: "403 Forbidden".to_owned() },
        }
    }

    pub(super) fn too_many() -> Self {
        Self { status: 429, code: "429", msg: "Too Many Requests".to_owned() }
    }

    pub(super) fn not_found() -> Self {
        Self { status: 404, code: "40404", msg: "Request URL NOT FOUND".to_owned() }
    }

    /// A path that is not there, or no longer.
    pub(super) fn no_path(path: &str) -> Self {
        let is_first = ["/api/spot/v1/", "/api/mix/v1/"].iter().any(|old| path.starts_with(old));
        match is_first {
            true => Self::bad("30032", "The V1 API has been decommissioned"),
            false => Self::not_found(),
        }
    }

    /// Whether no working client sends what was refused: a wrong signature, a key that opens
    /// nothing, a path that is not there.
    pub(super) fn is_offense(&self) -> bool {
        matches!(self.code, "40006" | "40009" | "40012" | "40037" | "40404")
    }

    pub(super) fn missing(name: &str) -> Self {
        Self::bad("400172", format!("Parameter verification failed {name}"))
    }

    pub(super) fn empty(name: &str) -> Self {
        Self::bad("40019", format!("Parameter {name} cannot be empty"))
    }

    pub(super) fn wrong(name: &str) -> Self {
        Self::bad("40020", format!("Parameter {name} error"))
    }

    /// A symbol that is not there, or a word that means nothing: the venue says the same of both.
    pub(super) fn unknown(value: &str) -> Self {
        Self::bad("40034", format!("Parameter {value} does not exist"))
    }

    pub(super) fn too_precise(name: &str, value: &str, scale: u32) -> Self {
        let text = "Parameter verification exception";
        Self::bad(
            "40808",
            format!("{text} {name} checkBDScale error value={value} checkScale={scale}"),
        )
    }

    pub(super) fn window_too_wide() -> Self {
        Self::bad("00001", "startTime and endTime interval cannot be greater than 90 days")
    }

    pub(super) fn duplicate() -> Self {
        Self::bad("43118", "clientOrderId duplicate")
    }

    pub(super) fn no_such_order() -> Self {
        Self::bad("43001", "The order does not exist")
    }

    pub(super) fn order(side: Side, least: &str, reject: Reject) -> Self {
        match reject {
            Reject::UnknownSymbol => Self::unknown("symbol"),
            Reject::UnknownAccount => Self::bad("40041", "User's ApiKey does not exist"),
            Reject::MarketClosed => {
                Self::bad("41114", "The current trading pair is under maintenance")
            }
            Reject::QtyZero => Self::bad("43011", "The parameter does not meet the specification"),
            Reject::TooLarge => {
                Self::bad("43007", "The maximum order quantity of the trading pair is exceeded")
            }
            Reject::Filter(filter) => Self::filter(side, least, filter),
            Reject::StpNotAllowed => Self::wrong("stpMode"),
            Reject::DuplicateOrder => Self::duplicate(),
            Reject::InsufficientBalance => Self::bad("43012", "Insufficient balance"),
            // A market order that finds no book; which code it has is documented nowhere.
            Reject::NoLiquidity => Self::bad("43059", "Request failed, please try again"),
            Reject::IcebergExceedsQty
            | Reject::UnsupportedCombination
            | Reject::WouldMatch
            | Reject::WouldTrigger
            | Reject::OcoBadPrices
            | Reject::NotOffered(_) => Self::wrong("orderType"),
        }
    }

    fn filter(side: Side, least: &str, filter: FilterName) -> Self {
        match filter {
            FilterName::PriceFilter => {
                Self::bad("45115", "The price you enter should be a multiple of the tick")
            }
            FilterName::PercentPrice | FilterName::PercentPriceBySide => match side {
                Side::Buy => Self::bad("43009", "The order price is higher than the highest price"),
                Side::Sell => Self::bad("43008", "The order price is lower than the lowest price"),
            },
            FilterName::LotSize | FilterName::MarketLotSize => {
                Self::bad("43006", "The minimum order quantity of the trading pair is not met")
            }
            FilterName::MinNotional | FilterName::Notional => {
                Self::bad("45110", format!("less than the minimum amount {least} USDT"))
            }
            FilterName::MaxNumOrders | FilterName::ExchangeMaxNumOrders => {
                Self::bad("43005", "Exceed the maximum number of orders")
            }
            FilterName::IcebergParts
            | FilterName::MaxPosition
            | FilterName::MaxNumIcebergOrders
            | FilterName::MaxNumAlgoOrders
            | FilterName::MaxNumOrderLists
            | FilterName::MaxNumOrderAmends
            | FilterName::ExchangeMaxNumIcebergOrders
            | FilterName::ExchangeMaxNumAlgoOrders
            | FilterName::ExchangeMaxNumOrderLists => Self::wrong("size"),
        }
    }

    pub(super) fn cancel(reject: CancelReject) -> Self {
        match reject {
            CancelReject::UnknownSymbol => Self::unknown("symbol"),
            CancelReject::UnknownOrder | CancelReject::IdMismatch | CancelReject::Restricted => {
                Self::no_such_order()
            }
        }
    }
}
