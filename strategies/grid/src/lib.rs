//! A spot grid: rungs at even distances, buys resting below the price and sells above it.
//!
//! A buy that fills on one rung is followed by a sell on the rung above, and a sell by a buy on
//! the rung below: each such round earns the distance of two rungs, less fees. The grid has no
//! opinion of where the price goes; outside of its range it waits.
//!
//! ```toml
//! [[strategy]]
//! kind = "grid"
//! instruments = ["BTC-USDT"]
//! [strategy.params]
//! lower = "58000"     # or, instead of both: width = "0.04"
//! upper = "62000"
//! levels = 41
//! qty = "0.001"
//! ```
//!
//! What it takes care of, so that it can be left alone: it never has two orders on one rung, nor a
//! buy above a sell of its own; it asks for no more than the free balance covers; it keeps to the
//! instrument's filters, and when they leave it nothing to do it says so once, under the key
//! `status` of its store, and stops; what is refused is asked for again after a wait that doubles,
//! not in a loop. An order that the price has run past before it could rest waits until the price
//! comes back. Orders of an earlier life are known by their tag, the rung, and taken over.

mod cell;
mod funds;
mod grid;
mod ladder;
mod params;
mod placing;

pub use grid::Grid;
pub use params::GridParams;
