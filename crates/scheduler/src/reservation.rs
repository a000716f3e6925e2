//! Room kept for calls that lighter ones would pass for ever.
//!
//! A heavy call needs much room at once; lighter ones of its class take what there is as it
//! appears. For one window that is right, because they would otherwise wait for nothing. After it,
//! nothing of the same class or a lower one draws on the bucket in question until the heavy call
//! has gone or expired. Classes above are never held back.

use std::collections::BTreeSet;
use std::time::Duration;

use tradewind_model::Timestamp;

use crate::budget::{BucketId, Draw};
use crate::queue::lane::LaneId;
use crate::ticket::Priority;

/// The lanes that wait for room.
#[derive(Debug)]
pub(crate) struct Reservations {
    /// By lane.
    waiting: Vec<Option<Waiting>>,
    /// Of each bucket, by class, who has waited longest first.
    by_bucket: BTreeSet<(BucketId, Place)>,
    /// By when they have room reserved.
    by_time: BTreeSet<(Timestamp, LaneId)>,
    /// Whether room has become free for others, and nobody has taken note.
    has_changed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Waiting {
    place: Place,
    /// The bucket that stands in its way, and the length of its windows.
    bucket: BucketId,
    interval: Duration,
}

/// A lane gives way to those before it: a total order, so that no two wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    class: Priority,
    since: Timestamp,
    lane: LaneId,
}

impl Waiting {
    /// From when on the room is reserved.
    fn reserved_at(&self) -> Timestamp {
        self.place.since + self.interval
    }
}

impl Reservations {
    pub(crate) const fn new() -> Self {
        Self {
            waiting: Vec::new(),
            by_bucket: BTreeSet::new(),
            by_time: BTreeSet::new(),
            has_changed: false,
        }
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
        if self.waiting.len() <= lane.index() {
            self.waiting.resize(lane.index() + 1, None);
        }
        let before = self.of(lane);
        let since = before.map_or(now, |before| before.place.since);
        let waiting = Waiting { place: Place { class, since, lane }, bucket, interval };
        if before == Some(waiting) {
            return;
        }
        self.end(lane);
        self.by_bucket.insert((bucket, waiting.place));
        self.waiting[lane.index()] = Some(waiting);
        self.by_time.insert((waiting.reserved_at(), lane));
    }

    /// A lane waits no longer, or not for room.
    pub(crate) fn end(&mut self, lane: LaneId) {
        let Some(waiting) = self.waiting.get_mut(lane.index()).and_then(Option::take) else {
            return;
        };
        self.by_bucket.remove(&(waiting.bucket, waiting.place));
        self.by_time.remove(&(waiting.reserved_at(), lane));
        self.has_changed = true;
    }

    /// Whether room has become free for others since that was last taken note of.
    pub(crate) const fn has_changed(&self) -> bool {
        self.has_changed
    }

    /// Takes note of whether room has become free for others.
    pub(crate) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.has_changed)
    }

    /// Whether a lane, which has room, may use it.
    ///
    /// # Errors
    /// When it must leave it to another: with the time from which on it has precedence itself;
    /// with none when only a change can help.
    pub(crate) fn check(
        &self,
        now: Timestamp,
        class: Priority,
        lane: LaneId,
        draws: &[Draw],
    ) -> Result<(), Option<Timestamp>> {
        if self.by_time.first().is_none_or(|(first_at, _)| now < *first_at) {
            return Ok(());
        }
        let own = self.of(lane);
        let reserved = own.filter(|own| now >= own.reserved_at());
        let is_held_back = draws.iter().filter(|draw| draw.amount.weight > 0).any(|draw| {
            self.first_reserved(now, class, lane, draw.bucket)
                .is_some_and(|other| reserved.is_none_or(|own| other < own.place))
        });
        if is_held_back {
            let precedes_at = own.map(|own| own.reserved_at()).filter(|at| *at > now);
            return Err(precedes_at);
        }
        Ok(())
    }

    /// Of the other lanes of `class` or a higher one that have reserved room in a bucket, the one
    /// with precedence.
    fn first_reserved(
        &self,
        now: Timestamp,
        class: Priority,
        lane: LaneId,
        bucket: BucketId,
    ) -> Option<Place> {
        let mut classes = Priority::ALL.into_iter().take_while(|other| *other <= class);
        classes.find_map(|class| {
            let first = Place { class, since: Timestamp::EPOCH, lane: LaneId::FIRST };
            let places = self.by_bucket.range((bucket, first)..);
            let others = places
                .take_while(|(of, place)| *of == bucket && place.class == class)
                .map(|(_, place)| *place)
                .find(|place| place.lane != lane);
            // All wait for windows of the same length, so if the first has reserved none, none has.
            others.filter(|place| self.of(place.lane).is_some_and(|of| now >= of.reserved_at()))
        })
    }

    fn of(&self, lane: LaneId) -> Option<Waiting> {
        self.waiting.get(lane.index()).copied().flatten()
    }
}
