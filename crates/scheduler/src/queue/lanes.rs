//! All lanes, found by what their calls have in common.

use crate::queue::lane::{Lane, LaneId, Rank};
use crate::table::Table;
use crate::ticket::Ticket;

/// How many empty lanes are kept, because calls like those of before are likely to come.
const EMPTY_MAX: usize = 256;

/// The lanes of all classes. Empty ones stay until there are too many of them, and so does what
/// was found out about their calls.
#[derive(Debug)]
pub(super) struct Lanes {
    lanes: Vec<Option<Lane>>,
    vacant: Vec<LaneId>,
    by_likeness: Table,
    /// How many are empty.
    pub(super) empty: usize,
}

impl Lanes {
    pub(super) fn new() -> Self {
        Self { lanes: Vec::new(), vacant: Vec::new(), by_likeness: Table::new(), empty: 0 }
    }

    /// The lane that a call stands in, or would.
    pub(super) fn find(&self, likeness: u64, ticket: &Ticket) -> Option<LaneId> {
        let is_its = |lane| self.lane(LaneId(lane)).is_some_and(|lane| lane.is_of(ticket));
        self.by_likeness.find(likeness, is_its).map(LaneId)
    }

    /// Adds a lane for calls like this, empty.
    pub(super) fn add(&mut self, ticket: &Ticket, likeness: u64) -> LaneId {
        let id = self.vacant.pop().unwrap_or_else(|| {
            self.lanes.push(None);
            let last = u32::try_from(self.lanes.len() - 1);
            LaneId(last.expect("memory does not hold so many"))
        });
        self.lanes[id.index()] = Some(Lane::for_calls_like(ticket, likeness));
        self.by_likeness.insert(likeness, id.0);
        self.empty += 1;
        id
    }

    pub(super) fn get(&self, id: LaneId) -> &Lane {
        self.lane(id).expect("a lane is dropped after nothing names it")
    }

    pub(super) fn get_mut(&mut self, id: LaneId) -> &mut Lane {
        let lane = self.lanes.get_mut(id.index()).and_then(Option::as_mut);
        lane.expect("a lane is dropped after nothing names it")
    }

    /// The rank of the first call of a lane; none when there is none, or no lane.
    pub(super) fn rank(&self, id: LaneId) -> Option<Rank> {
        self.lane(id)?.rank()
    }

    /// A lane is empty now. Nothing may name it any more.
    pub(super) fn close(&mut self) {
        self.empty += 1;
        if self.empty > EMPTY_MAX {
            self.drop_empty();
        }
    }

    fn drop_empty(&mut self) {
        for (number, lane) in (0_u32..).zip(&mut self.lanes) {
            if let Some(empty) = lane.take_if(|lane| lane.calls.is_empty()) {
                self.by_likeness.remove(empty.likeness, |lane| lane == number);
                self.vacant.push(LaneId(number));
            }
        }
        self.empty = 0;
    }

    fn lane(&self, id: LaneId) -> Option<&Lane> {
        self.lanes.get(id.index())?.as_ref()
    }
}
