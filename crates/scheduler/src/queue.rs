//! What waits: four classes, and in each the earliest deadline first.
//!
//! Calls of a class that are alike in all that decides about their leaving (group, origin, cost)
//! stand in one lane, by deadline. If its first may not leave, none of the lane may, so asking
//! what may leave costs by the number of lanes, not of calls.

pub(crate) mod lane;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tradewind_model::Timestamp;
use tradewind_model::id::CallId;

use crate::budget::Draw;
use crate::config::QueueCapacity;
use crate::queue::lane::{Lane, LaneId, LaneKey, Rank};
use crate::ticket::{Priority, Ticket};

/// All waiting calls.
#[derive(Debug)]
pub(crate) struct Queue {
    capacity: QueueCapacity,
    classes: [Class; 4],
    places: BTreeMap<CallId, Place>,
    deadlines: BTreeSet<(Rank, CallId)>,
    arrivals: u64,
    lanes_opened: u64,
}

/// Where a call stands.
#[derive(Clone, Copy, Debug)]
struct Place {
    class: Priority,
    lane: LaneId,
    rank: Rank,
}

#[derive(Debug, Default)]
struct Class {
    lanes: BTreeMap<LaneId, Lane>,
    by_key: BTreeMap<LaneKey, LaneId>,
    /// The first of every lane, the earliest deadline first.
    heads: BTreeSet<(Rank, LaneId)>,
    waiting: usize,
}

/// A class has no room for another call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Full {
    pub(crate) capacity: usize,
}

/// A call that left the queue.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) ticket: Ticket,
    /// The lane that it was the last of.
    pub(crate) closed: Option<LaneId>,
}

impl Queue {
    pub(crate) fn new(capacity: QueueCapacity) -> Self {
        Self {
            capacity,
            classes: Default::default(),
            places: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            arrivals: 0,
            lanes_opened: 0,
        }
    }

    pub(crate) fn contains(&self, call: CallId) -> bool {
        self.places.contains_key(&call)
    }

    pub(crate) fn push(&mut self, ticket: Ticket) -> Result<(), Full> {
        let capacity = self.capacity.of(ticket.priority);
        let class = &mut self.classes[ticket.priority.index()];
        if class.waiting >= capacity {
            return Err(Full { capacity });
        }
        self.arrivals += 1;
        let rank = Rank { deadline: ticket.deadline, arrival: self.arrivals };
        let key = LaneKey::of(&ticket);
        let id = *class.by_key.entry(key).or_insert_with(|| {
            self.lanes_opened += 1;
            LaneId(self.lanes_opened)
        });
        let lane = class.lanes.entry(id).or_insert_with(|| Lane::for_calls_like(&ticket));
        let place = Place { class: ticket.priority, lane: id, rank };
        self.places.insert(ticket.call, place);
        self.deadlines.insert((rank, ticket.call));
        let head_before = lane.head();
        lane.tickets.insert(rank, ticket);
        class.waiting += 1;
        class.move_head(id, head_before);
        Ok(())
    }

    /// Takes a call out, wherever it stands.
    pub(crate) fn remove(&mut self, call: CallId) -> Option<Taken> {
        let place = self.places.remove(&call)?;
        self.deadlines.remove(&(place.rank, call));
        let class = &mut self.classes[place.class.index()];
        let lane = class.lanes.get_mut(&place.lane)?;
        let head_before = lane.head();
        let ticket = lane.tickets.remove(&place.rank)?;
        class.waiting -= 1;
        class.move_head(place.lane, head_before);
        let closed = class.close_if_empty(place.lane, &ticket);
        Some(Taken { ticket, closed })
    }

    /// The first call of a lane, and what it draws; none before the lane was looked up in the
    /// budget.
    pub(crate) fn head(&self, class: Priority, lane: LaneId) -> Option<(CallId, Arc<[Draw]>)> {
        let lane = self.classes[class.index()].lanes.get(&lane)?;
        let (_, ticket) = lane.tickets.first_key_value()?;
        let (_, draws) = lane.draws.as_ref()?;
        Some((ticket.call, Arc::clone(draws)))
    }

    /// The call whose deadline comes first, of all classes.
    pub(crate) fn next_to_expire(&self) -> Option<(Timestamp, CallId)> {
        self.deadlines.first().map(|(rank, call)| (rank.deadline, *call))
    }

    /// The first lane of a class that `may_leave`, asked in the order of their first deadlines.
    pub(crate) fn find(
        &mut self,
        class: Priority,
        mut may_leave: impl FnMut(LaneId, &mut Lane) -> bool,
    ) -> Option<LaneId> {
        let Class { lanes, heads, .. } = &mut self.classes[class.index()];
        heads
            .iter()
            .map(|(_, id)| *id)
            .find(|id| lanes.get_mut(id).is_some_and(|lane| may_leave(*id, lane)))
    }

    pub(crate) fn waiting(&self) -> [(Priority, usize); 4] {
        Priority::ALL.map(|class| (class, self.classes[class.index()].waiting))
    }
}

impl Class {
    /// Keeps the order of heads in step with a lane whose first call was `before`.
    fn move_head(&mut self, id: LaneId, before: Option<Rank>) {
        let after = self.lanes.get(&id).and_then(Lane::head);
        if before == after {
            return;
        }
        if let Some(before) = before {
            self.heads.remove(&(before, id));
        }
        if let Some(after) = after {
            self.heads.insert((after, id));
        }
    }

    fn close_if_empty(&mut self, id: LaneId, last: &Ticket) -> Option<LaneId> {
        let is_empty = self.lanes.get(&id)?.tickets.is_empty();
        if !is_empty {
            return None;
        }
        self.lanes.remove(&id);
        self.by_key.remove(&LaneKey::of(last));
        Some(id)
    }
}
