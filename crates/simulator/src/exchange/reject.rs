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
