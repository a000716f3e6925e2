//! The words Tradewind speaks.
//!
//! Every other crate names these types and none of its own for the same thing; see the vocabulary
//! in `crates/README.md`. Nothing here decides, reads a clock or does I/O.

pub mod time;

pub use time::Timestamp;
