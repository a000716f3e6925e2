//! Lanes that may not leave, each behind what stands in its way.
//!
//! Asking a lane costs, and while nothing has changed the answer is the same; so a lane that may
//! not leave is put behind its obstacle, and is not asked before that has moved. Lanes that wait
//! for the same thing stand together, in one pile for each weight that they want of it: while a
//! minute has no room for a call of 4, it has none for one of 20 either, and once it has room for
//! one of 20, it has for whoever of those is first. So an obstacle that has moved is tried with
//! the lightest weight first, however many stand there, and of each pile that has room one lane
//! comes out. The next follows when something has become of that one.

use std::collections::{BTreeMap, BTreeSet};

use tradewind_model::Timestamp;
use tradewind_model::call::EndpointGroup;
use tradewind_model::tariff::Weight;

use crate::admission::earlier;
use crate::budget::BucketId;
use crate::queue::lane::{Head, LaneId};
use crate::ticket::Priority;

/// What has to change before a lane may leave, unless a time does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    /// A shut scope or a breaker.
    Gate,
    /// An address that is cold.
    Cold,
    /// Room that is reserved for another lane.
    Reserved,
    /// That all slots of a group are taken.
    Slot(EndpointGroup),
    /// What a bucket holds.
    Bucket(BucketId),
}

/// A lane that need not be asked again before the time given, or before its cause has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parked {
    pub(crate) cause: Cause,
    /// What one of its calls wants of a bucket; 0 of anything else.
    pub(crate) weight: Weight,
    /// None when only a change can help.
    pub(crate) until: Option<Timestamp>,
}

/// What lanes of one class stand behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Obstacle {
    pub(super) cause: Cause,
    pub(super) class: Priority,
    /// Where each lane has a time of its own, that.
    own: Option<Timestamp>,
}

impl Obstacle {
    fn new(class: Priority, parked: Parked) -> Self {
        let Parked { cause, until, .. } = parked;
        let own = if is_common(cause) { None } else { until };
        Self { cause, class, own }
    }

    /// Whether to look at it once will do for all who stand there.
    pub(super) const fn is_common(self) -> bool {
        is_common(self.cause)
    }
}

/// Whether a cause is the same for all lanes of a class that want the same weight.
const fn is_common(cause: Cause) -> bool {
    match cause {
        Cause::Gate | Cause::Cold | Cause::Reserved => false,
        Cause::Slot(_) | Cause::Bucket(_) => true,
    }
}

/// Whether calls on the wire are the cause.
const fn is_on_wire(cause: Cause) -> bool {
    match cause {
        Cause::Cold | Cause::Slot(_) => true,
        Cause::Gate | Cause::Reserved | Cause::Bucket(_) => false,
    }
}

/// Those behind an obstacle who want the same weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pile {
    pub(super) obstacle: Obstacle,
    weight: Weight,
}

impl Pile {
    pub(super) fn of(class: Priority, parked: Parked) -> Self {
        Self { obstacle: Obstacle::new(class, parked), weight: parked.weight }
    }
}

/// All lanes that may not leave.
#[derive(Debug, Default)]
pub(super) struct Parking {
    behind: BTreeMap<Obstacle, Behind>,
    timed: BTreeSet<(Timestamp, Obstacle)>,
    /// How many of the obstacles are slots, or the cold of an address.
    on_wire: usize,
    /// To be looked at again, though nothing may have changed about them.
    suspect: Vec<Obstacle>,
}

/// The lanes behind one obstacle.
#[derive(Debug, Default)]
struct Behind {
    until: Option<Timestamp>,
    piles: BTreeMap<Weight, Lanes>,
}

#[derive(Debug, Default)]
struct Lanes {
    lanes: BTreeSet<(Head, LaneId)>,
    /// Whether the first has come out, and nothing has become of it yet.
    is_led: bool,
}

impl Parking {
    pub(super) fn is_empty(&self) -> bool {
        self.behind.is_empty()
    }

    /// Whether anybody waits for a slot, or for an address to warm.
    pub(super) const fn has_wire(&self) -> bool {
        self.on_wire > 0
    }

    /// Puts a lane on a pile, until then.
    pub(super) fn park(
        &mut self,
        Pile { obstacle, weight }: Pile,
        until: Option<Timestamp>,
        head: Head,
        id: LaneId,
    ) {
        let behind = self.behind.entry(obstacle).or_insert_with(|| {
            self.on_wire += usize::from(is_on_wire(obstacle.cause));
            Behind::default()
        });
        behind.piles.entry(weight).or_default().lanes.insert((head, id));
        let until = earlier(behind.until, until);
        self.tell(obstacle, until);
    }

    /// An obstacle is to be looked at then.
    pub(super) fn tell(&mut self, obstacle: Obstacle, until: Option<Timestamp>) {
        let Some(behind) = self.behind.get_mut(&obstacle) else { return };
        if behind.until == until {
            return;
        }
        if let Some(before) = std::mem::replace(&mut behind.until, until) {
            self.timed.remove(&(before, obstacle));
        }
        if let Some(until) = until {
            self.timed.insert((until, obstacle));
        }
    }

    /// A lane that was parked by its head `before` has another now.
    pub(super) fn move_head(&mut self, pile: Pile, before: Head, after: Head, id: LaneId) {
        if let Some(lanes) = self.lanes(pile) {
            lanes.remove(&(before, id));
            lanes.insert((after, id));
            // Whoever came out may not be the first of all any more.
            self.suspect(pile);
        }
    }

    /// A lane that was parked by this head is gone.
    pub(super) fn leave(&mut self, pile: Pile, head: Head, id: LaneId) {
        if let Some(lanes) = self.lanes(pile) {
            lanes.remove(&(head, id));
            self.forget_if_empty(pile);
        }
    }

    /// The first lane of a pile comes out. Tells whether others stand there still. `refresh` gives
    /// what the head of a lane is now, by which it is parked from then on.
    pub(super) fn pop(
        &mut self,
        pile: Pile,
        mut refresh: impl FnMut(LaneId, Head) -> Head,
    ) -> Option<(Head, LaneId, bool)> {
        let lanes = self.lanes(pile)?;
        // Heads only move back behind our back: their owners are served by other lanes.
        let (head, id) = loop {
            let (before, id) = lanes.pop_first()?;
            let head = refresh(id, before);
            if head == before {
                break (head, id);
            }
            lanes.insert((head, id));
        };
        let has_others = !self.forget_if_empty(pile);
        if has_others
            && let Some(behind) = self.behind.get_mut(&pile.obstacle)
            && let Some(lanes) = behind.piles.get_mut(&pile.weight)
        {
            lanes.is_led = true;
        }
        Some((head, id, has_others))
    }

    /// The lightest pile behind an obstacle that is heavier than `weight`, what it weighs, and
    /// whether its first lane has come out already.
    pub(super) fn next_pile(
        &self,
        obstacle: Obstacle,
        weight: Option<Weight>,
    ) -> Option<(Pile, Weight, bool)> {
        let piles = &self.behind.get(&obstacle)?.piles;
        let (weight, lanes) = match weight {
            None => piles.first_key_value(),
            Some(weight) => piles.range(weight.saturating_add(1)..).next(),
        }?;
        Some((Pile { obstacle, weight: *weight }, *weight, lanes.is_led))
    }

    /// Something became of who came out of a pile, so another may. Gives back where it stands.
    pub(super) fn unlead(&mut self, Pile { obstacle, weight }: Pile) -> Obstacle {
        if let Some(behind) = self.behind.get_mut(&obstacle)
            && let Some(lanes) = behind.piles.get_mut(&weight)
        {
            lanes.is_led = false;
        }
        obstacle
    }

    /// As [`unlead`](Self::unlead), and has the obstacle looked at soon.
    pub(super) fn suspect(&mut self, pile: Pile) {
        let obstacle = self.unlead(pile);
        if obstacle.is_common() && !self.suspect.contains(&obstacle) {
            self.suspect.push(obstacle);
        }
    }

    /// Moves those obstacles to `due` that are to be looked at by now.
    pub(super) fn take_due(&mut self, now: Timestamp, due: &mut Vec<Obstacle>) {
        due.append(&mut self.suspect);
        let passed = self.timed.iter().take_while(|(until, _)| *until <= now);
        due.extend(passed.map(|(_, obstacle)| *obstacle));
    }

    /// Adds those obstacles to `due` whose cause `is_meant`; of these, `first` is the least.
    pub(super) fn take(
        &self,
        first: Cause,
        is_meant: impl Fn(Cause) -> bool,
        due: &mut Vec<Obstacle>,
    ) {
        let first = Obstacle { cause: first, class: Priority::Critical, own: None };
        let obstacles = self.behind.range(first..).map(|(obstacle, _)| *obstacle);
        due.extend(obstacles.take_while(|obstacle| is_meant(obstacle.cause)));
    }

    /// When something is next to be looked at.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.timed.first().map(|(until, _)| *until)
    }

    fn lanes(&mut self, pile: Pile) -> Option<&mut BTreeSet<(Head, LaneId)>> {
        let behind = self.behind.get_mut(&pile.obstacle)?;
        behind.piles.get_mut(&pile.weight).map(|lanes| &mut lanes.lanes)
    }

    /// Tells whether a pile was empty, and so is gone.
    fn forget_if_empty(&mut self, Pile { obstacle, weight }: Pile) -> bool {
        let Some(behind) = self.behind.get_mut(&obstacle) else { return true };
        if behind.piles.get(&weight).is_some_and(|lanes| !lanes.lanes.is_empty()) {
            return false;
        }
        behind.piles.remove(&weight);
        if behind.piles.is_empty() {
            self.tell(obstacle, None);
            self.behind.remove(&obstacle);
            self.on_wire -= usize::from(is_on_wire(obstacle.cause));
        }
        true
    }
}
