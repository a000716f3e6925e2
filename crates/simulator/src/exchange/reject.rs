//! Refusals, by reason. The front turns each into a code and a text of its venue.

use super::filters::FilterName;

/// Why an order was not accepted. Nothing has changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Reject {
    /// No such symbol.
    #[error("unknown symbol")]
    UnknownSymbol,
    /// No such account.
    #[error("unknown account")]
    UnknownAccount,
    /// The symbol is not trading.
    #[error("market is closed")]
    MarketClosed,
    /// The quantity, or price × quantity, is zero or less.
    #[error("price times quantity is zero or less")]
    QtyZero,
    /// A price or a quantity beyond what the exchange counts with: a million millions.
    #[error("price or quantity too large")]
    TooLarge,
    /// A filter of the symbol or the exchange failed.
    #[error("filter failure: {}", .0.as_str())]
    Filter(FilterName),
    /// The symbol does not allow this mode of self-trade prevention.
    #[error("self-trade prevention mode not allowed")]
    StpNotAllowed,
    /// The visible part of an iceberg is larger than the order.
    #[error("iceberg quantity exceeds quantity")]
    IcebergExceedsQty,
    /// An iceberg that is not good till canceled, or a market order with a visible part.
    #[error("unsupported order combination")]
    UnsupportedCombination,
    /// An open order of the account on the symbol has this client order id.
    #[error("duplicate order")]
    DuplicateOrder,
    /// The free balance does not cover the order.
    #[error("insufficient balance")]
    InsufficientBalance,
    /// A maker-only order would take.
    #[error("order would immediately match and take")]
    WouldMatch,
    /// A market order by quote quantity met a book with less than the smallest lot.
    #[error("book liquidity is less than the smallest lot")]
    NoLiquidity,
    /// The last price has reached the stop price already.
    #[error("order would trigger immediately")]
    WouldTrigger,
    /// The last price does not lie between the two orders of a pair.
    #[error("the prices of the pair do not lie on both sides of the market")]
    OcoBadPrices,
    /// The symbol does not offer it.
    #[error("{} are not offered on the symbol", .0.as_str())]
    NotOffered(Offering),
}

/// What a symbol may not offer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Offering {
    /// An order that waits, by the word of the wire for its kind.
    Contingent(&'static str),
    /// A pair.
    Oco,
    /// A cancel and an order in one request.
    CancelReplace,
}

impl Offering {
    /// The word of the wire, or what comes closest.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Contingent(kind) => kind,
            Self::Oco => "OCO",
            Self::CancelReplace => "cancelReplace",
        }
    }
}

/// Why a cancel did not happen. Nothing has changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CancelReject {
    /// No such symbol.
    #[error("unknown symbol")]
    UnknownSymbol,
    /// No such open order: never placed, filled, or canceled before; or, for a cancel of all,
    /// nothing open.
    #[error("unknown order")]
    UnknownOrder,
    /// Both ids were given and name different orders.
    #[error("the two ids name different orders")]
    IdMismatch,
    /// The order is not in the state the cancel insisted on.
    #[error("order not canceled due to restrictions")]
    Restricted,
}

/// Why an order was not amended. Nothing has changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AmendReject {
    /// No such symbol.
    #[error("unknown symbol")]
    UnknownSymbol,
    /// The symbol does not offer it.
    #[error("amending is not offered on the symbol")]
    NotOffered,
    /// The symbol is not trading.
    #[error("market is closed")]
    MarketClosed,
    /// No such open order.
    #[error("unknown order")]
    UnknownOrder,
    /// Both ids were given and name different orders.
    #[error("the two ids name different orders")]
    IdMismatch,
    /// Another open order has the id that this one was to get.
    #[error("duplicate order")]
    DuplicateOrder,
    /// The quantity is zero or less.
    #[error("quantity is zero or less")]
    QtyZero,
    /// The quantity is larger than it was.
    #[error("quantity increase is not supported")]
    Increase,
    /// The quantity is what it was.
    #[error("the amendment changes nothing")]
    NoChange,
    /// It was amended as often as one order may be.
    #[error("too many amendments")]
    TooManyAmends,
    /// A filter of the symbol failed.
    #[error("filter failure: {}", .0.as_str())]
    Filter(FilterName),
}

/// Why a query has no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum QueryReject {
    /// No such symbol.
    #[error("unknown symbol")]
    UnknownSymbol,
    /// No such order.
    #[error("order does not exist")]
    UnknownOrder,
    /// Both ids were given and name different orders.
    #[error("the two ids name different orders")]
    IdMismatch,
}
