//! The straight path in virtual time: a strategy, the engine, the real codecs over real bytes, a
//! network that misbehaves, and a venue. No socket, no clock, no thread: the same seed is the same
//! run.

#![expect(clippy::unwrap_used, reason = "a world that cannot be built is a test that has failed")]

mod bitget;
mod blackout;
mod books;
mod chaos;
mod clock;
mod counter;
mod days;
mod exile;
mod failover;
mod feeds;
mod fleet;
mod forgetful;
mod gap;
mod grid;
mod herd;
mod journal;
mod kill;
mod kinds;
mod lives;
mod lookalikes;
mod lookup;
mod mute;
mod neighbor;
mod order_counts;
mod orders;
mod outliving;
mod pair;
mod pauses;
mod pileup;
mod poison;
mod probe;
mod reads;
mod refusals;
mod replacing;
mod retries;
mod rotation;
mod rush;
mod shut;
mod silence;
mod solo;
mod symptoms;
mod trading;
mod venue_kind;
mod verdicts;
