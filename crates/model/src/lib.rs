//! The words Tradewind speaks.
//!
//! Every other crate names these types and none of its own for the same thing; see the vocabulary
//! in `crates/README.md`. Nothing here decides, reads a clock or does I/O.

pub mod attempt;
pub mod balance;
pub mod call;
pub mod id;
pub mod instrument;
pub mod lookup;
pub mod manners;
pub mod market;
pub mod money;
pub mod notice;
pub mod order;
pub mod outcome;
pub mod position;
pub mod report;
pub mod setback;
pub mod stream;
pub mod tariff;
pub mod time;
pub mod trading;

mod float;

pub use rust_decimal::Decimal;
pub use time::Timestamp;
