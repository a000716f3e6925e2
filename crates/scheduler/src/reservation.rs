//! Room kept for calls that lighter ones would pass for ever.
//!
//! A heavy call needs much room at once; lighter ones of its class take what there is as it
//! appears. For one window that is right, because they would otherwise wait for nothing. After it,
//! nothing of the same class or a lower one draws on the bucket in question until the heavy call
//! has gone or expired. Classes above are never held back.

use std::time::Duration;

use tradewind_model::Timestamp;

use crate::budget::{BucketId, Draw};
use crate::queue::lane::LaneId;
use crate::ticket::Priority;

/// The lanes that wait for room.
#[derive(Debug)]
pub(crate) struct Reservations {
    waiting: Vec<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    class: Priority,
    since: Timestamp,
    lane: LaneId,
    /// The bucket that stands in its way, and the length of its windows.
    bucket: BucketId,
    interval: Duration,
}

impl Waiting {
    fn is_reserved(&self, now: Timestamp) -> bool {
        now >= self.since + self.interval
    }

    /// Whether `other` gives way to it: a total order, so that no two wait for each other.
    fn precedes(&self, other: &Self) -> bool {
        (self.class, self.since, self.lane) < (other.class, other.since, other.lane)
    }
}

impl Reservations {
    pub(crate) const fn new() -> Self {
        Self { waiting: Vec::new() }
    }

    /// A lane found no room in a bucket.
    pub(crate) fn wait(
        &mut self,
        now: Timestamp,
        class: Priority,
        lane: LaneId,
        bucket: BucketId,
        interval: Duration,
    ) {
        match self.waiting.iter_mut().find(|waiting| waiting.lane == lane) {
            Some(waiting) => (waiting.bucket, waiting.interval) = (bucket, interval),
            None => self.waiting.push(Waiting { class, since: now, lane, bucket, interval }),
        }
    }

    /// A lane waits no longer, or not for room.
    pub(crate) fn end(&mut self, lane: LaneId) {
        self.waiting.retain(|waiting| waiting.lane != lane);
    }

    /// Whether a lane, which has room, must leave it to another.
    pub(crate) fn hold_back(
        &self,
        now: Timestamp,
        class: Priority,
        lane: LaneId,
        draws: &[Draw],
    ) -> bool {
        let own =
            self.waiting.iter().find(|waiting| waiting.lane == lane && waiting.is_reserved(now));
        self.waiting.iter().any(|other| {
            other.lane != lane
                && other.class <= class
                && other.is_reserved(now)
                && draws.iter().any(|draw| draw.bucket == other.bucket && draw.amount.weight > 0)
                && own.is_none_or(|own| other.precedes(own))
        })
    }
}
