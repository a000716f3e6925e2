//! What waits: four classes, and in each the earliest deadline first.
//!
//! Calls of a class that are alike in all that decides about their leaving (group, origin, cost)
//! stand in one lane, by deadline. If its first may not leave, none of the lane may, so asking
//! what may leave costs by the number of lanes, not of calls; and a lane that was asked in vain
//! stands behind its obstacle ([`parking`]) until that has moved, so it does not even cost by the
//! number of lanes. Some classes are shared by those who ask ([`turns`]).

pub(crate) mod lane;
mod lanes;
mod line;
pub(crate) mod parking;
mod turns;

use tradewind_model::Timestamp;
use tradewind_model::call::EndpointGroup;
use tradewind_model::id::CallId;
use tradewind_model::tariff::Weight;

use crate::budget::BucketId;
use crate::by_call::ByCall;
use crate::config::QueueCapacity;
use crate::ordered::{Ordered, Places};
use crate::queue::lane::{Lane, LaneId, Rank, Standing, likeness};
use crate::queue::lanes::Lanes;
use crate::queue::line::InLine;
use crate::queue::parking::{Cause, Obstacle, Parked, Parking, Pile};
use crate::queue::turns::Turns;
use crate::ticket::{Priority, Ticket};

/// All waiting calls.
#[derive(Debug)]
pub(crate) struct Queue {
    capacity: QueueCapacity,
    calls: ByCall<Waiting>,
    lanes: Lanes,
    classes: [Class; 4],
    /// The first of every lane, by deadline. Of lanes whose first has left since, by what that
    /// was: they are put right when that is asked for.
    due: Ordered<Rank>,
    due_places: Places,
    parking: Parking,
    arrivals: u64,
    /// Empty but while obstacles are looked at.
    looked_at: Vec<Obstacle>,
    /// Empty but while lanes are asked.
    passed: Vec<LaneId>,
}

#[derive(Debug)]
struct Waiting {
    ticket: Ticket,
    lane: LaneId,
    rank: Rank,
}

#[derive(Debug)]
struct Class {
    turns: Turns,
    /// How many calls wait.
    waiting: usize,
}

/// Who knows what may leave.
pub(crate) trait Gatekeeper {
    /// Whether the first of a lane may leave.
    ///
    /// # Errors
    /// With what must change first; with none when it has to be asked again in any case.
    fn may_leave(&mut self, id: LaneId, lane: &mut Lane) -> Result<(), Option<Parked>>;

    /// Whether a cause that calls of `class` have in common, which want `weight` of it, has ceased
    /// to stand in their way.
    ///
    /// # Errors
    /// With the time until which it does stand there; with none when only a change can help.
    fn has_room(
        &mut self,
        class: Priority,
        cause: Cause,
        weight: Weight,
    ) -> Result<(), Option<Timestamp>>;
}

/// Which obstacles may have moved.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// All of them.
    pub(crate) all: bool,
    pub(crate) gate: bool,
    /// Slots, and the warmth of addresses.
    pub(crate) wire: bool,
    pub(crate) reservations: bool,
    pub(crate) buckets: Vec<BucketId>,
}

/// A class has no room for another call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Full {
    pub(crate) capacity: usize,
}

/// Where a call would stand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot {
    likeness: u64,
    /// None when there is no lane for it yet.
    pub(crate) lane: Option<LaneId>,
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
            calls: ByCall::new(),
            lanes: Lanes::new(),
            classes: Priority::ALL.map(|class| Class { turns: Turns::of(class), waiting: 0 }),
            due: Ordered::new(),
            due_places: Places::default(),
            parking: Parking::default(),
            arrivals: 0,
            looked_at: Vec::new(),
            passed: Vec::new(),
        }
    }

    pub(crate) fn contains(&self, call: CallId) -> bool {
        self.calls.contains(call)
    }

    /// Where a call would stand.
    pub(crate) fn spot(&self, ticket: &Ticket) -> Spot {
        let likeness = likeness(ticket);
        Spot { likeness, lane: self.lanes.find(likeness, ticket) }
    }

    /// Adds a call that does not wait yet. Gives back its lane.
    pub(crate) fn push(&mut self, ticket: Ticket, spot: Spot) -> Result<LaneId, Full> {
        let capacity = self.capacity.of(ticket.priority);
        let class = &mut self.classes[ticket.priority.index()];
        if class.waiting >= capacity {
            return Err(Full { capacity });
        }
        class.waiting += 1;
        self.arrivals += 1;
        let rank = Rank::new(ticket.deadline, self.arrivals);
        let id = match spot.lane {
            Some(id) => id,
            None => self.lanes.add(&ticket, spot.likeness),
        };
        let lane = self.lanes.get_mut(id);
        let before = lane.rank();
        if before.is_none() {
            lane.owner_at = class.turns.open(lane.owner, lane.owner_at);
            self.lanes.empty -= 1;
        }
        let call = ticket.call;
        let place = self.calls.insert(call, Waiting { ticket, lane: id, rank });
        self.lanes.get_mut(id).calls.push(InLine { rank, call, place });
        self.move_head(id, before);
        Ok(id)
    }

    /// Takes a call out, wherever it stands.
    pub(crate) fn remove(&mut self, call: CallId) -> Option<Taken> {
        let Waiting { ticket, lane: id, .. } = self.calls.remove(call)?;
        self.classes[ticket.priority.index()].waiting -= 1;
        let lane = self.lanes.get_mut(id);
        let before = lane.rank();
        lane.calls.forget(|call| waits(&self.calls, call));
        let closed = self.move_head(id, before).then_some(id);
        Some(Taken { ticket, closed })
    }

    /// Takes out the first call of a lane that may leave: its owner is served.
    pub(crate) fn serve(&mut self, id: LaneId) {
        let lane = self.lanes.get_mut(id);
        let before = lane.rank();
        let Some(first) = lane.calls.pop(|call| waits(&self.calls, call)) else { return };
        self.calls.discard(first.call);
        let class = &mut self.classes[lane.class.index()];
        class.waiting -= 1;
        for pile in class.turns.serve(lane.owner_at, lane.weight) {
            self.parking.suspect(pile);
        }
        self.move_head(id, before);
    }

    /// Whether calls of a class wait.
    pub(crate) fn is_waiting(&self, class: Priority) -> bool {
        self.classes[class.index()].waiting > 0
    }

    pub(crate) fn lane(&self, id: LaneId) -> &Lane {
        self.lanes.get(id)
    }

    pub(crate) fn lane_mut(&mut self, id: LaneId) -> &mut Lane {
        self.lanes.get_mut(id)
    }

    /// The first call of a lane, and when it is worth nothing any more.
    pub(crate) fn first(&self, id: LaneId) -> Option<(CallId, Timestamp)> {
        let first = self.lanes.get(id).calls.first()?;
        Some((first.call, first.rank.deadline()))
    }

    /// No call has an earlier deadline than this.
    pub(crate) fn nothing_is_due_before(&self) -> Option<Timestamp> {
        self.due.first().map(|(rank, _)| rank.deadline())
    }

    /// The lane whose first call has the earliest deadline of all, and that.
    pub(crate) fn next_to_expire(&mut self) -> Option<(Timestamp, LaneId)> {
        loop {
            let (rank, number) = self.due.first()?;
            match self.lanes.rank(LaneId(number)) {
                Some(first) if first == rank => return Some((rank.deadline(), LaneId(number))),
                Some(first) => self.due.set(&mut self.due_places, number, first),
                None => self.due.remove(&mut self.due_places, number),
            }
        }
    }

    /// The first lane of a class that may leave, asked in the order of their heads. Those that
    /// may not are put behind what stands in their way.
    pub(crate) fn find(
        &mut self,
        class: Priority,
        gatekeeper: &mut impl Gatekeeper,
    ) -> Option<LaneId> {
        let found = self.find_first(class, gatekeeper);
        for id in self.passed.drain(..) {
            let lane = self.lanes.get(id);
            if let Some(rank) = lane.rank() {
                self.classes[class.index()].turns.ask(lane.owner_at, id, rank);
            }
        }
        found
    }

    /// As [`find`](Self::find), but takes lanes out that are to be asked again.
    fn find_first(&mut self, class: Priority, gatekeeper: &mut impl Gatekeeper) -> Option<LaneId> {
        loop {
            let turns = &mut self.classes[class.index()].turns;
            let (head, id) = turns.first()?;
            let lane = self.lanes.get_mut(id);
            let Err(parked) = gatekeeper.may_leave(id, lane) else { return Some(id) };
            turns.pass(lane.owner_at, id);
            let before = lane.standing;
            match parked {
                Some(parked) => {
                    let pile = Pile::of(class, parked);
                    lane.standing = Standing::Parked { pile, head };
                    self.parking.park(pile, parked.until, head, id);
                }
                None => {
                    lane.standing = Standing::Asked { from: None };
                    self.passed.push(id);
                }
            }
            // Who stood behind it may leave where it may not.
            if let Standing::Asked { from: Some(from) } = before {
                let obstacle = self.parking.unlead(from);
                self.look_at(obstacle, gatekeeper);
            }
        }
    }

    /// Has those lanes asked again whose time has come, or whose obstacle has moved.
    pub(crate) fn unpark(
        &mut self,
        now: Timestamp,
        changes: &mut Changes,
        gatekeeper: &mut impl Gatekeeper,
    ) {
        if self.parking.is_empty() {
            changes.buckets.clear();
            let Changes { all, gate, wire, reservations, .. } = changes;
            (*all, *gate, *wire, *reservations) = (false, false, false, false);
            return;
        }
        let mut due = std::mem::take(&mut self.looked_at);
        let all = std::mem::take(&mut changes.all);
        self.parking.take_due(now, &mut due);
        if all {
            self.parking.take(Cause::Gate, |_| true, &mut due);
        }
        if std::mem::take(&mut changes.gate) {
            self.parking.take(Cause::Gate, |cause| cause == Cause::Gate, &mut due);
        }
        if std::mem::take(&mut changes.wire) && self.parking.has_wire() {
            self.parking.take(Cause::Cold, |cause| cause == Cause::Cold, &mut due);
            let slots = Cause::Slot(EndpointGroup::Orders);
            self.parking.take(slots, |cause| matches!(cause, Cause::Slot(_)), &mut due);
        }
        if std::mem::take(&mut changes.reservations) {
            self.parking.take(Cause::Reserved, |cause| cause == Cause::Reserved, &mut due);
        }
        for bucket in changes.buckets.drain(..) {
            let bucket = Cause::Bucket(bucket);
            self.parking.take(bucket, |cause| cause == bucket, &mut due);
        }
        for obstacle in due.drain(..) {
            if all || !obstacle.is_common() {
                self.clear(obstacle);
            } else {
                self.look_at(obstacle, gatekeeper);
            }
        }
        self.looked_at = due;
    }

    /// When an obstacle is next to be looked at again.
    pub(crate) fn next_to_unpark(&self) -> Option<Timestamp> {
        self.parking.next()
    }

    pub(crate) fn waiting(&self) -> [(Priority, usize); 4] {
        Priority::ALL.map(|class| (class, self.classes[class.index()].waiting))
    }

    /// Lets out from behind an obstacle whom it stands in the way of no longer: of each pile the
    /// first lane, unless that is out already.
    fn look_at(&mut self, obstacle: Obstacle, gatekeeper: &mut impl Gatekeeper) {
        let Obstacle { class, cause, .. } = obstacle;
        let mut lighter = None;
        while let Some((pile, weight, is_led)) = self.parking.next_pile(obstacle, lighter) {
            if let Err(until) = gatekeeper.has_room(class, cause, weight) {
                self.parking.tell(obstacle, until);
                return;
            }
            if !is_led {
                self.let_out(pile);
            }
            lighter = Some(weight);
        }
        self.parking.tell(obstacle, None);
    }

    /// Lets all lanes out from behind an obstacle.
    fn clear(&mut self, obstacle: Obstacle) {
        while let Some((pile, ..)) = self.parking.next_pile(obstacle, None) {
            self.let_out(pile);
        }
    }

    /// Lets the first lane of a pile out.
    fn let_out(&mut self, pile: Pile) {
        let turns = &mut self.classes[pile.obstacle.class.index()].turns;
        let lanes = &mut self.lanes;
        let refresh = |id, before| {
            let lane = lanes.get_mut(id);
            let head = lane.rank().map_or(before, |rank| turns.head(lane.owner_at, rank));
            lane.standing = Standing::Parked { pile, head };
            head
        };
        let Some((head, id, has_others)) = self.parking.pop(pile, refresh) else { return };
        let lane = self.lanes.get_mut(id);
        turns.ask(lane.owner_at, id, head.rank);
        let from = (has_others && pile.obstacle.is_common()).then_some(pile);
        if let Some(pile) = from {
            turns.lead(lane.owner_at, pile);
        }
        lane.standing = Standing::Asked { from };
    }

    /// Keeps all orders in step with a lane whose first call was of rank `before`. Tells whether
    /// its last call is gone.
    fn move_head(&mut self, id: LaneId, before: Option<Rank>) -> bool {
        let lane = self.lanes.get_mut(id);
        let after = lane.rank();
        if before == after {
            return false;
        }
        let turns = &mut self.classes[lane.class.index()].turns;
        match (lane.standing, after) {
            (Standing::Parked { pile, head: before }, Some(rank)) => {
                let head = turns.head(lane.owner_at, rank);
                lane.standing = Standing::Parked { pile, head };
                self.parking.move_head(pile, before, head, id);
            }
            (Standing::Parked { pile, head }, None) => {
                self.parking.leave(pile, head, id);
                lane.standing = Standing::Asked { from: None };
            }
            (Standing::Asked { from }, after) => {
                if let Some(rank) = after {
                    turns.ask(lane.owner_at, id, rank);
                }
                if let Some(from) = from {
                    self.parking.suspect(from);
                }
                lane.standing = Standing::Asked { from: None };
            }
        }
        match after {
            // Of one that is later, it is asked when it matters.
            Some(rank) if before.is_none_or(|before| rank < before) => {
                self.due.set(&mut self.due_places, id.0, rank);
            }
            Some(_) => {}
            None => {
                turns.close(lane.owner_at, id);
                self.lanes.close();
            }
        }
        after.is_none()
    }
}

/// Whether a call that was put in line waits still.
fn waits(calls: &ByCall<Waiting>, call: InLine) -> bool {
    calls.at(call.place).is_some_and(|waiting| waiting.rank == call.rank)
}
