//! What waits: four classes, and in each the earliest deadline first.
//!
//! Calls of a class that are alike in all that decides about their leaving (group, origin, cost)
//! stand in one lane, by deadline. If its first may not leave, none of the lane may, so asking
//! what may leave costs by the number of lanes, not of calls.
//!
//! Where a class is shared (new orders between strategies, refreshes between refreshers), the owner
//! goes first who has been served the least weight since both were there. That is deficit round
//! robin without rounds: an owner who waits builds up a claim, one who was idle builds up none.

pub(crate) mod lane;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tradewind_model::Timestamp;
use tradewind_model::id::CallId;
use tradewind_model::tariff::Weight;

use crate::admission::Changes;
use crate::budget::Draw;
use crate::config::QueueCapacity;
use crate::queue::lane::{Cause, Head, Lane, LaneId, LaneKey, Parked, Rank};
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
    /// Lanes that may not leave, by what stands in their way, and by when it may not.
    parked: BTreeMap<(Cause, LaneId), Priority>,
    timed: BTreeMap<(Timestamp, LaneId), Priority>,
    /// Empty but while lanes are asked.
    to_park: Vec<(Head, LaneId, Parked)>,
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
    /// The first of every lane, in the order in which they are asked.
    heads: BTreeSet<(Head, LaneId)>,
    waiting: usize,
    /// How many lanes are empty.
    empty: usize,
    /// Of a class that is shared: what each owner was served, and how many lanes it has.
    owners: BTreeMap<u32, Owner>,
    /// The share of who was served last: where those begin who were idle.
    level: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Owner {
    share: u64,
    lanes: usize,
}

/// How many empty lanes are kept, because calls like those of before are likely to come.
const EMPTY_LANES_MAX: usize = 64;
/// How many owners without calls are remembered.
const IDLE_OWNERS_MAX: usize = 256;

/// Whether owners share a class by what they were served.
const fn is_shared(class: Priority) -> bool {
    match class {
        Priority::Trade | Priority::Background => true,
        Priority::Critical | Priority::Query => false,
    }
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
            parked: BTreeMap::new(),
            timed: BTreeMap::new(),
            to_park: Vec::new(),
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
        class.open(id, &ticket);
        let Some(lane) = class.lanes.get_mut(&id) else {
            return Ok(());
        };
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
        let (closed, parked) = class.close_if_empty(place.lane);
        if let (Some(id), Some(parked)) = (closed, parked) {
            self.forget_parked(id, parked);
        }
        Some(Taken { ticket, closed })
    }

    /// The first call of a lane leaves: its owner was served.
    pub(crate) fn serve(&mut self, class: Priority, lane: LaneId) {
        if is_shared(class) {
            self.classes[class.index()].serve(lane);
        }
    }

    /// Whether calls of a class wait.
    pub(crate) fn is_waiting(&self, class: Priority) -> bool {
        self.classes[class.index()].waiting > 0
    }

    /// What a call of a lane weighs.
    pub(crate) fn weight(&self, class: Priority, lane: LaneId) -> Weight {
        self.classes[class.index()].lanes.get(&lane).map_or(1, Lane::weight)
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

    /// The first lane of a class that `may_leave`, asked in the order of their heads. Those that
    /// may not are not asked again before what stands in their way has changed.
    pub(crate) fn find(
        &mut self,
        class: Priority,
        mut may_leave: impl FnMut(LaneId, &mut Lane) -> Result<(), Option<Parked>>,
    ) -> Option<LaneId> {
        let Class { lanes, heads, .. } = &mut self.classes[class.index()];
        let mut found = None;
        for (head, id) in heads.iter() {
            let Some(lane) = lanes.get_mut(id) else { continue };
            match may_leave(*id, lane) {
                Ok(()) => {
                    found = Some(*id);
                    break;
                }
                Err(None) => {}
                Err(Some(parked)) => self.to_park.push((*head, *id, parked)),
            }
        }
        for (head, id, parked) in self.to_park.drain(..) {
            heads.remove(&(head, id));
            if let Some(lane) = lanes.get_mut(&id) {
                lane.parked = Some(parked);
            }
            self.parked.insert((parked.cause, id), class);
            if let Some(until) = parked.until {
                self.timed.insert((until, id), class);
            }
        }
        found
    }

    /// Has those lanes asked again whose time has come, or whose obstacle has changed.
    pub(crate) fn unpark(&mut self, now: Timestamp, changes: &mut Changes) {
        if self.parked.is_empty() {
            changes.buckets.clear();
            (changes.all, changes.gate, changes.wire) = (false, false, false);
            return;
        }
        while let Some((&(until, id), &class)) = self.timed.first_key_value()
            && until <= now
        {
            self.unpark_lane(class, id);
        }
        if std::mem::take(&mut changes.all) {
            while let Some((&(_, id), &class)) = self.parked.first_key_value() {
                self.unpark_lane(class, id);
            }
        }
        if std::mem::take(&mut changes.gate) {
            self.unpark_all(Cause::Gate);
        }
        if std::mem::take(&mut changes.wire) {
            self.unpark_all(Cause::Wire);
        }
        for bucket in changes.buckets.drain(..) {
            self.unpark_all(Cause::Bucket(bucket));
        }
    }

    /// When a lane is next to be asked again.
    pub(crate) fn next_to_unpark(&self) -> Option<Timestamp> {
        self.timed.first_key_value().map(|((until, _), _)| *until)
    }

    fn unpark_all(&mut self, cause: Cause) {
        let first = (cause, LaneId(0));
        while let Some((&(of, id), &class)) = self.parked.range(first..).next()
            && of == cause
        {
            self.unpark_lane(class, id);
        }
    }

    fn unpark_lane(&mut self, class: Priority, id: LaneId) {
        let class = &mut self.classes[class.index()];
        let lane = class.lanes.get_mut(&id).expect("a lane that closes is not parked any more");
        let parked = lane.parked.take().expect("what is listed as parked is");
        if let Some(head) = lane.head() {
            class.heads.insert((head, id));
        }
        self.forget_parked(id, parked);
    }

    fn forget_parked(&mut self, id: LaneId, parked: Parked) {
        self.parked.remove(&(parked.cause, id));
        if let Some(until) = parked.until {
            self.timed.remove(&(until, id));
        }
    }

    pub(crate) fn waiting(&self) -> [(Priority, usize); 4] {
        Priority::ALL.map(|class| (class, self.classes[class.index()].waiting))
    }
}

impl Class {
    /// Opens a lane for calls like this, unless it is open.
    fn open(&mut self, id: LaneId, ticket: &Ticket) {
        if let Some(lane) = self.lanes.get(&id) {
            if !lane.tickets.is_empty() {
                return;
            }
            self.empty -= 1;
        }
        let mut share = 0;
        if is_shared(ticket.priority) {
            let level = self.level;
            if self.owners.len() >= IDLE_OWNERS_MAX {
                self.owners.retain(|_, owner| owner.lanes > 0 || owner.share > level);
            }
            let owner = self.owners.entry(ticket.owner).or_default();
            if owner.lanes == 0 {
                // Being idle earns nothing.
                owner.share = owner.share.max(level);
            }
            owner.lanes += 1;
            share = owner.share;
        }
        let lane = self.lanes.entry(id).or_insert_with(|| Lane::for_calls_like(ticket));
        lane.share = share;
    }

    fn serve(&mut self, id: LaneId) {
        let Some(lane) = self.lanes.get(&id) else { return };
        let (owner, weight) = (lane.owner, u64::from(lane.weight()));
        let Some(entry) = self.owners.get_mut(&owner) else { return };
        self.level = self.level.max(entry.share);
        // Alone, there is nobody to compare with.
        if self.lanes.len() - self.empty == entry.lanes {
            return;
        }
        entry.share += weight;
        let share = entry.share;
        for (id, lane) in self.lanes.iter_mut().filter(|(_, lane)| lane.owner == owner) {
            let before = lane.head();
            lane.share = share;
            if lane.parked.is_none()
                && let (Some(before), Some(after)) = (before, lane.head())
            {
                self.heads.remove(&(before, *id));
                self.heads.insert((after, *id));
            }
        }
    }

    /// Keeps the order of heads in step with a lane whose first call was `before`.
    fn move_head(&mut self, id: LaneId, before: Option<Head>) {
        let lane = self.lanes.get(&id).filter(|lane| lane.parked.is_none());
        let after = lane.and_then(Lane::head);
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

    /// Closes a lane whose last call is gone. Gives back which, and what stood in its way.
    fn close_if_empty(&mut self, id: LaneId) -> (Option<LaneId>, Option<Parked>) {
        let Some(lane) = self.lanes.get_mut(&id).filter(|lane| lane.tickets.is_empty()) else {
            return (None, None);
        };
        let parked = lane.parked.take();
        if let Some(owner) = self.owners.get_mut(&lane.owner) {
            owner.lanes = owner.lanes.saturating_sub(1);
        }
        self.empty += 1;
        if self.empty > EMPTY_LANES_MAX {
            self.empty = 0;
            self.lanes.retain(|_, lane| !lane.tickets.is_empty());
            self.by_key.retain(|_, id| self.lanes.contains_key(id));
        }
        (Some(id), parked)
    }
}
