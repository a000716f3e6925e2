//! Accounts: what they own, what their orders hold, what they pay.
//!
//! Money only moves between accounts, never into or out of the exchange: what a fill takes from
//! one side arrives at the other or at the venue's fee account, to the last decimal. `free` and
//! `locked` are never negative; an order locks what it may need before it reaches the book.

pub mod ledger;

use rust_decimal::Decimal;

pub use ledger::{AcceptedOrder, Ledger};

/// What an account pays.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Commission {
    /// Share of the received amount when resting.
    pub maker: Decimal,
    /// Share of the received amount when taking.
    pub taker: Decimal,
    /// The coin it pays in, and what is left of the commission then.
    pub discount: Option<(String, Decimal)>,
}
