//! Whole days of engines and a venue, in virtual time.
//!
//! A [`World`] holds one simulated venue, of either wire, any number of [`Instance`]s (an engine with its
//! strategies, a network and a clock of its own) and [`Stranger`]s on the same addresses. Between
//! them go bytes: requests are written and answers read by the real codecs. No socket, no thread,
//! no clock: one queue of what is on its way, and a time that jumps to the next of it. The same
//! seed is the same run.
//!
//! What may go wrong is data: [`Weather`] for the network, [`Clock`] for time, a stranger's traffic
//! for the address; an instance can be killed, put to sleep and started again, with what is on its
//! [`Disk`]. [`check()`] reads afterwards, in the venue's own books, what has to be true of every
//! run. [`chaos`] draws a bad day from a seed, plays it over two venues, and reads all of that.

pub mod chance;
pub mod chaos;
pub mod check;
pub mod clock;
pub mod crossing;
pub mod disk;
pub mod instance;
pub mod log;
pub mod network;
pub mod stranger;
pub mod trip;
pub mod world;

mod mail;
mod wire;

pub use chance::Chance;
pub use check::{Broken, Canaries, check, check_always, check_ended, check_secrets, check_silence};
pub use clock::Clock;
pub use crossing::{Crossing, CrossingSetup};
pub use disk::Disk;
pub use instance::{Instance, InstanceId, InstanceSetup, SetupError, StrategySpec};
pub use log::write_log;
pub use network::Weather;
pub use stranger::{Burst, STRANGER_AGENT, Stranger, StrangerId};
pub use trip::{Closed, Covers, Trip};
pub use world::{World, WorldSetup};
