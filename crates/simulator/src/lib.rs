//! Venues of our own that speak the real wire.
//!
//! [`exchange`] is the pure core: books, matching, balances and a seeded market, with `now` as a
//! parameter and no I/O. [`binance`] and [`bitget`] speak a venue's wire in front of it, as pure, by
//! what [`front`] has for all; [`limits`] count as Binance does; [`venue`] is whichever of them, and [`server`] puts it on sockets.
//! Nothing here is shared with an adapter: they meet only as bytes, so that one cannot be wrong as
//! the other is.

pub mod account;
pub mod exchange;
pub mod front;
pub mod limits;

pub mod binance;
pub mod bitget;
pub mod server;
pub mod venue;
