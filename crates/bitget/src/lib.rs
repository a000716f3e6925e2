//! Bitget spot, as a pure codec: the V2 interface of a classic account.
//!
//! Calls become signed bytes, bytes become fates and events; nothing here opens a socket, reads a
//! clock or remembers anything. What an answer does not prove is [`Unknown`]: Bitget checks our name
//! of an order against open orders alone, so an order that is sent again after a lost answer may
//! trade again.
//!
//! [`Unknown`]: tradewind_model::outcome::Fate::Unknown

mod spot;

mod reply;
mod rest;
mod stream;

mod errors;
mod limits;
mod symbols;

mod bars;
mod excerpt;
mod fee;
mod number;
mod words;

pub use spot::BitgetSpot;

#[cfg(test)]
mod samples;
