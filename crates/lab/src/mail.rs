//! What is on its way, in the order in which it arrives.
//!
//! The order is kept apart from the parcels: a queue of whole parcels would move each of them a
//! dozen times on its way through, and a day has millions.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use tradewind_model::time::Timestamp;

/// Parcels by the moment of their arrival; of one moment, as they were posted.
#[derive(Debug)]
pub(crate) struct Mail<P> {
    order: BinaryHeap<Reverse<(Timestamp, u64, usize)>>,
    parcels: Vec<Option<P>>,
    free: Vec<usize>,
    posted: u64,
}

impl<P> Mail<P> {
    pub(crate) const fn new() -> Self {
        Self { order: BinaryHeap::new(), parcels: Vec::new(), free: Vec::new(), posted: 0 }
    }

    pub(crate) fn post(&mut self, due: Timestamp, parcel: P) {
        self.posted += 1;
        let slot = self.free.pop().unwrap_or_else(|| {
            self.parcels.push(None);
            self.parcels.len() - 1
        });
        self.parcels[slot] = Some(parcel);
        self.order.push(Reverse((due, self.posted, slot)));
    }

    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.order.peek().map(|Reverse((due, _, _))| *due)
    }

    /// The next parcel that has arrived by `now`.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Option<P> {
        self.next_due().filter(|due| *due <= now)?;
        let Reverse((_, _, slot)) = self.order.pop()?;
        self.free.push(slot);
        self.parcels[slot].take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_first_comes_first_and_of_one_moment_what_was_posted_first() {
        let at = Timestamp::from_secs;
        let mut mail = Mail::new();
        for (due, parcel) in [(3, 'd'), (1, 'a'), (2, 'b'), (2, 'c')] {
            mail.post(at(due), parcel);
        }
        assert_eq!(mail.take_due(at(0)), None);
        assert_eq!(mail.take_due(at(1)), Some('a'));
        mail.post(at(2), 'x');
        let rest: String = std::iter::from_fn(|| mail.take_due(at(9))).collect();
        assert_eq!(rest, "bcxd");
        assert_eq!(mail.next_due(), None);
    }
}
