//! What is known of one window of the venue's.

use tradewind_model::Timestamp;
use tradewind_model::tariff::Weight;

use crate::bucket::Room;
use crate::bucket::open::Open;

/// The sums of one window.
#[derive(Debug)]
pub(super) struct Window {
    pub(super) index: u64,
    /// Our own resolved charges.
    pub(super) own: u64,
    /// Those of them that no reading is known to cover.
    pub(super) unseen: u64,
    /// When the last of those was resolved.
    pub(super) unseen_until: Timestamp,
    /// The highest reading.
    pub(super) used: Option<Weight>,
    /// The first and the highest reading, each with what was ours by then.
    seen: Option<(Seen, Seen)>,
    /// Of a counter that may fall: the readings that may be the newest.
    bounds: Vec<Bound>,
}

/// A reading, and what was ours by then.
#[derive(Clone, Copy, Debug)]
struct Seen {
    own: u64,
    used: Weight,
}

/// A reading of a counter that may fall, and what may have landed after it.
#[derive(Debug)]
struct Bound {
    resolved_at: Timestamp,
    used: u64,
}

impl Window {
    pub(super) const fn new(index: u64) -> Self {
        Self {
            index,
            own: 0,
            unseen: 0,
            unseen_until: Timestamp::EPOCH,
            used: None,
            seen: None,
            bounds: Vec::new(),
        }
    }

    /// The most that we may draw of a window that others draw on, too, by what was seen of it. The
    /// part of us all in what was left when it was first read: what was gone by then was gone for
    /// everybody, be it an earlier life of each of us or a stranger. And the same of what is left
    /// now, since a stranger may have come.
    pub(super) fn part(&self, room: Room) -> Option<u64> {
        let (first, highest) = self.seen?;
        let part = |seen: Seen| {
            let left = u64::from(room.whole.saturating_sub(seen.used));
            seen.own + left * u64::from(room.ours) / u64::from(room.whole.max(1))
        };
        Some(part(first).min(part(highest)))
    }

    /// The most that the venue can have counted of what is resolved.
    pub(super) fn resolved(&self) -> u64 {
        match self.bounds.iter().map(|bound| bound.used).max() {
            Some(greatest) => greatest,
            None => self.own.max(u64::from(self.used.unwrap_or(0)) + self.unseen),
        }
    }

    pub(super) fn add(&mut self, weight: Weight) {
        let weight = u64::from(weight);
        self.own += weight;
        for bound in &mut self.bounds {
            bound.used += weight;
        }
    }

    /// Takes in what the answer to `open`, complete at `at`, said of this window. Of a counter that
    /// may fall, with what was resolved while that was open.
    pub(super) fn read(
        &mut self,
        open: &Open,
        used: Weight,
        at: Timestamp,
        overlapped: Option<u64>,
    ) {
        let seen = Seen { own: self.own, used };
        let (first, highest) = self.seen.unwrap_or((seen, seen));
        self.seen = Some((first, if used >= highest.used { seen } else { highest }));
        if let Some(overlapped) = overlapped {
            self.used = Some(used);
            self.bounds.retain(|bound| bound.resolved_at > open.sent_at);
            self.bounds.push(Bound { resolved_at: at, used: u64::from(used) + overlapped });
        } else {
            self.used = self.used.max(Some(used));
            if open.sent_at >= self.unseen_until {
                self.unseen = 0;
            }
        }
    }
}
