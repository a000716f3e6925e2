//! When may a call leave.
//!
//! Venues count calls in windows and ban whoever exceeds them. This crate keeps the same books as
//! the venue, from the side that cannot see the venue's: it knows when a call was sent, when its
//! answer came, and what the venue said of its counters, and from these it bounds what the venue
//! can have counted. A call leaves when every limit it draws on has room whatever the network did.
//!
//! Pure: `now` goes in, decisions come out. Calls enter as a [`Ticket`], leave with a [`Permit`],
//! and each permit is accounted for once: settled by an answer, abandoned with its connection, or
//! taken back because nothing was written.

pub mod backoff;
pub mod breaker;
pub mod config;
pub mod never;
pub mod permit;
pub mod refusals;
pub mod retry;
pub mod scheduler;
pub mod shut;
pub mod singleflight;
pub mod snapshot;
pub mod ticket;

mod admission;
mod bucket;
mod budget;
mod by_call;
mod clock;
mod cold_start;
mod concurrency;
mod ordered;
mod queue;
mod reservation;
mod table;

#[cfg(test)]
mod cases;

pub use backoff::{Backoff, Jitter};
pub use breaker::{BreakerKey, BreakerState, Outage};
pub use config::{Concurrency, QueueCapacity, Reserve, Reserves, SchedulerConfig};
pub use never::{Never, Shed};
pub use permit::Permit;
pub use refusals::{RefusalBreaker, RefusedAlike};
pub use retry::{
    FailedTry, FailureClass, Loosened, NextTry, OverReason, Retries, RetryBucket, RetryPolicy,
    Verdict, judge,
};
pub use scheduler::{Next, Scheduler, Settlement};
pub use shut::{ScopeKey, ScopeState, ShutReason, ShutRecord};
pub use singleflight::{Asked, Singleflight, Staleness};
pub use snapshot::{BucketOwner, BucketView, Snapshot, Throttled};
pub use ticket::{Origin, Priority, Probe, Ticket};
