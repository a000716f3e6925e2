//! The straight path in virtual time: a strategy, the engine, the real codecs over real bytes, a
//! network that misbehaves, and a venue. No socket, no clock, no thread: the same seed is the same
//! run.

#![expect(clippy::unwrap_used, reason = "a world that cannot be built is a test that has failed")]

mod books;
mod clock;
mod feeds;
mod fleet;
mod grid;
mod herd;
mod journal;
mod lives;
mod neighbor;
mod order_counts;
mod orders;
mod outliving;
mod probe;
mod reads;
mod refusals;
mod retries;
mod shut;
mod silence;
mod solo;
mod symptoms;
mod verdicts;
