//! Binance spot, as a pure codec.
//!
//! Calls become signed bytes, bytes become fates and events; nothing here opens a socket, reads a
//! clock or remembers anything. What an answer does not prove is [`Unknown`], so that no order is
//! ever placed twice because a reply was hard to read.
//!
//! [`Unknown`]: tradewind_model::outcome::Fate::Unknown

mod spot;

mod reply;
mod rest;
mod stream;

mod errors;
mod limits;
mod symbols;

mod excerpt;
mod number;

pub use spot::BinanceSpot;

#[cfg(test)]
mod samples;
