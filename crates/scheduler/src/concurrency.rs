//! How many calls of each group are on the wire.
//!
//! Order entry has slots of its own, which reads never take, so that a slow history cannot stand
//! before a cancel; and what is urgent has one more among the signed reads, so that an order in
//! doubt is never asked about behind them.
//!
//! How many reads a venue takes at once is found out: each success adds a little while the slots
//! are used and answers come as fast as they ever do; each sign of trouble takes a part away, and
//! a refusal by a limit half. Never more than was configured, never less than one.

use std::time::Duration;

use tradewind_model::Timestamp;
use tradewind_model::call::EndpointGroup;

use crate::config::Concurrency;
use crate::ticket::Priority;

/// All groups, in the order in which they are shown.
const GROUPS: [EndpointGroup; 4] =
    [EndpointGroup::Orders, EndpointGroup::Private, EndpointGroup::Public, EndpointGroup::Streams];
/// One slot, in the unit that caps are kept in.
const SLOT: u32 = 1_000;
/// The fastest answer is forgotten after this: routes change.
const FASTEST_MEMORY: Duration = Duration::from_secs(600);

/// The slots on the wire.
#[derive(Debug)]
pub(crate) struct Slots {
    most: Concurrency,
    taken: [u32; GROUPS.len()],
    learnt: [Learnt; GROUPS.len()],
}

/// How a read went, as far as slots go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trip {
    /// It was answered.
    Answered,
    /// No answer, or one that says that the venue is in trouble.
    Trouble,
    /// A limit turned it away.
    Throttled,
}

/// What was found out about a group.
#[derive(Clone, Copy, Debug)]
struct Learnt {
    /// In thousandths of a slot.
    cap: u32,
    fastest: Option<(Duration, Timestamp)>,
    shrunk_at: Timestamp,
}

const fn index(group: EndpointGroup) -> usize {
    match group {
        EndpointGroup::Orders => 0,
        EndpointGroup::Private => 1,
        EndpointGroup::Public => 2,
        EndpointGroup::Streams => 3,
    }
}

/// Whether the cap of a group is found out.
const fn is_adaptive(group: EndpointGroup) -> bool {
    match group {
        EndpointGroup::Private | EndpointGroup::Public => true,
        EndpointGroup::Orders | EndpointGroup::Streams => false,
    }
}

impl Slots {
    /// With these caps, of which this process has one part in `share`.
    pub(crate) fn new(caps: Concurrency, share: u32) -> Self {
        let part = |cap: u32| (cap / share.max(1)).max(1);
        let Concurrency { orders, private, public, streams } = caps;
        let most = Concurrency {
            orders: part(orders),
            private: part(private),
            public: part(public),
            streams: part(streams),
        };
        let learnt = GROUPS.map(|group| Learnt {
            cap: most.cap(group).saturating_mul(SLOT),
            fastest: None,
            shrunk_at: Timestamp::EPOCH,
        });
        Self { most, taken: [0; GROUPS.len()], learnt }
    }

    /// How many calls of a group may be on the wire now.
    pub(crate) fn cap(&self, group: EndpointGroup) -> u32 {
        (self.learnt[index(group)].cap / SLOT).clamp(1, self.most.cap(group))
    }

    /// Whether a call of this group and class finds a slot.
    pub(crate) fn has_room(&self, group: EndpointGroup, class: Priority) -> bool {
        let (cap, taken) = (self.cap(group), self.taken[index(group)]);
        match (group, class) {
            (EndpointGroup::Orders, Priority::Critical)
            | (EndpointGroup::Public | EndpointGroup::Streams, _) => taken < cap,
            (EndpointGroup::Orders, _) => taken < cap - u32::from(cap > 1),
            (EndpointGroup::Private, Priority::Critical) => taken <= cap,
            (EndpointGroup::Private, _) => taken < cap,
        }
    }

    pub(crate) fn take(&mut self, group: EndpointGroup) {
        self.taken[index(group)] += 1;
    }

    pub(crate) fn release(&mut self, group: EndpointGroup) {
        let taken = &mut self.taken[index(group)];
        debug_assert!(*taken > 0, "a slot of {group:?} was released twice");
        *taken = taken.saturating_sub(1);
    }

    /// Learns from a call that was sent at `sent_at` and is over, and still holds its slot.
    pub(crate) fn note(
        &mut self,
        now: Timestamp,
        group: EndpointGroup,
        sent_at: Timestamp,
        trip: Trip,
    ) {
        if !is_adaptive(group) {
            return;
        }
        let most = self.most.cap(group).saturating_mul(SLOT);
        let taken = self.taken[index(group)].saturating_mul(SLOT);
        let learnt = &mut self.learnt[index(group)];
        let took = now.since(sent_at);
        match trip {
            Trip::Answered => {
                let fastest = match learnt.fastest {
                    Some((fastest, at)) if fastest <= took && now.since(at) < FASTEST_MEMORY => {
                        fastest
                    }
                    _ => {
                        learnt.fastest = Some((took, now));
                        took
                    }
                };
                if taken * 2 > learnt.cap && took < fastest.saturating_mul(2).max(MOMENT) {
                    learnt.cap += SLOT * SLOT / learnt.cap.max(SLOT);
                }
            }
            // What was sent before the last cut says nothing about what is left after it.
            Trip::Trouble if sent_at >= learnt.shrunk_at => {
                learnt.cap = learnt.cap / 10 * 7;
                learnt.shrunk_at = now;
            }
            Trip::Trouble => {}
            Trip::Throttled => {
                learnt.cap /= 2;
                learnt.shrunk_at = now;
            }
        }
        learnt.cap = learnt.cap.clamp(SLOT, most);
    }

    pub(crate) fn in_flight(&self) -> [(EndpointGroup, usize); GROUPS.len()] {
        GROUPS.map(|group| (group, self.taken[index(group)] as usize))
    }

    pub(crate) fn caps(&self) -> [(EndpointGroup, u32); GROUPS.len()] {
        GROUPS.map(|group| (group, self.cap(group)))
    }
}

/// Answers as fast as this are never slow, however fast the fastest was.
const MOMENT: Duration = Duration::from_millis(5);

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
    const PUBLIC: EndpointGroup = EndpointGroup::Public;

    fn slots() -> Slots {
        Slots::new(Concurrency { orders: 8, private: 2, public: 8, streams: 1 }, 1)
    }

    fn at(millis: u64) -> Timestamp {
        NOW + Duration::from_millis(millis)
    }

    #[test]
    fn trouble_shrinks_the_cap_once_a_round_trip_and_success_grows_it_slowly() {
        let mut slots = slots();
        slots.note(at(100), PUBLIC, at(50), Trip::Trouble);
        assert_eq!(slots.cap(PUBLIC), 5);
        slots.note(at(110), PUBLIC, at(60), Trip::Trouble);
        assert_eq!(slots.cap(PUBLIC), 5, "sent before the cut");
        slots.note(at(170), PUBLIC, at(120), Trip::Trouble);
        assert_eq!(slots.cap(PUBLIC), 3);
        slots.note(at(180), PUBLIC, at(175), Trip::Throttled);
        assert_eq!(slots.cap(PUBLIC), 1);
        for _ in 0..100 {
            slots.note(at(300), PUBLIC, at(250), Trip::Answered);
        }
        assert_eq!(slots.cap(PUBLIC), 1, "nobody uses more");
        for _ in 0..8 {
            slots.take(PUBLIC);
        }
        let mut successes = 0;
        while slots.cap(PUBLIC) < 8 {
            slots.note(at(400), PUBLIC, at(350), Trip::Answered);
            successes += 1;
        }
        assert!((25..45).contains(&successes), "{successes}");
        slots.note(at(800), PUBLIC, at(600), Trip::Answered);
        assert_eq!(slots.cap(PUBLIC), 8, "never more than was configured");
    }

    #[test]
    fn slow_answers_do_not_grow_it() {
        let mut slots = slots();
        (0..4).for_each(|_| slots.take(PUBLIC));
        slots.note(at(50), PUBLIC, at(0), Trip::Answered);
        slots.note(at(60), PUBLIC, at(55), Trip::Throttled);
        for _ in 0..100 {
            slots.note(at(1_000), PUBLIC, at(800), Trip::Answered);
        }
        assert_eq!(slots.cap(PUBLIC), 4);
    }

    #[test]
    fn an_order_in_doubt_never_waits_behind_reads_and_orders_keep_their_slots() {
        let mut slots = slots();
        let private = EndpointGroup::Private;
        (0..2).for_each(|_| slots.take(private));
        assert!(!slots.has_room(private, Priority::Query));
        assert!(slots.has_room(private, Priority::Critical));
        slots.take(private);
        assert!(!slots.has_room(private, Priority::Critical));
        for _ in 0..50 {
            slots.note(at(100), EndpointGroup::Orders, at(50), Trip::Throttled);
        }
        assert_eq!(slots.cap(EndpointGroup::Orders), 8);
    }

    #[test]
    fn a_part_of_the_caps_is_at_least_one() {
        let slots = Slots::new(Concurrency::default(), 3);
        assert_eq!(slots.caps().map(|(_, cap)| cap), [2, 1, 1, 1]);
    }
}
