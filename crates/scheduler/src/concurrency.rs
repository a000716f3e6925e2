//! How many calls of each group are on the wire.
//!
//! Order entry has slots of its own, which reads never take, so that a slow history cannot stand
//! before a cancel.

use tradewind_model::call::EndpointGroup;

use crate::config::Concurrency;
use crate::ticket::Priority;

/// All groups, in the order in which they are shown.
const GROUPS: [EndpointGroup; 4] =
    [EndpointGroup::Orders, EndpointGroup::Private, EndpointGroup::Public, EndpointGroup::Streams];

/// The slots on the wire.
#[derive(Debug)]
pub(crate) struct Slots {
    caps: Concurrency,
    taken: [u32; GROUPS.len()],
}

const fn index(group: EndpointGroup) -> usize {
    match group {
        EndpointGroup::Orders => 0,
        EndpointGroup::Private => 1,
        EndpointGroup::Public => 2,
        EndpointGroup::Streams => 3,
    }
}

impl Slots {
    pub(crate) const fn new(caps: Concurrency) -> Self {
        Self { caps, taken: [0; GROUPS.len()] }
    }

    /// Whether a call of this group and class finds a slot.
    pub(crate) fn has_room(&self, group: EndpointGroup, class: Priority) -> bool {
        let cap = self.caps.cap(group);
        let is_last_kept = group == EndpointGroup::Orders && class != Priority::Critical && cap > 1;
        self.taken[index(group)] < cap - u32::from(is_last_kept)
    }

    pub(crate) fn take(&mut self, group: EndpointGroup) {
        self.taken[index(group)] += 1;
    }

    pub(crate) fn release(&mut self, group: EndpointGroup) {
        let taken = &mut self.taken[index(group)];
        debug_assert!(*taken > 0, "a slot of {group:?} was released twice");
        *taken = taken.saturating_sub(1);
    }

    pub(crate) fn in_flight(&self) -> [(EndpointGroup, usize); GROUPS.len()] {
        GROUPS.map(|group| (group, self.taken[index(group)] as usize))
    }
}
