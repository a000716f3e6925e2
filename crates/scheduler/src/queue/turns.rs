//! Whose turn it is in a class.
//!
//! Lanes are asked by the deadlines of their first calls. Where a class is shared (new orders
//! between strategies, refreshes between refreshers), the owner goes first who has been served the
//! least weight since both were there, and its lanes by their deadlines. That is deficit round
//! robin without rounds: an owner who waits builds up a claim, one who was idle builds up none.

use std::collections::BTreeMap;

use tradewind_model::tariff::Weight;

use crate::ordered::{Ordered, Places};
use crate::queue::lane::{Head, LaneId, Rank};
use crate::queue::parking::Pile;
use crate::ticket::Priority;

/// How many owners without calls are remembered.
const IDLE_OWNERS_MAX: usize = 256;

/// The owners of one class, and those of their lanes that are to be asked.
#[derive(Debug)]
pub(super) struct Turns {
    /// Whether it matters who owns a lane.
    is_shared: bool,
    owners: Vec<Owner>,
    /// Where each is.
    by_name: BTreeMap<u32, OwnerAt>,
    /// How many lanes have calls.
    lanes: usize,
    /// The share of who was served last: where those begin who were idle.
    level: u64,
    /// Owners with lanes that are to be asked, by the first of those.
    order: Ordered<Head>,
    owner_places: Places,
    lane_places: Places,
}

/// Where an owner is noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OwnerAt(u32);

impl OwnerAt {
    pub(super) const UNKNOWN: Self = Self(u32::MAX);
}

#[derive(Debug)]
struct Owner {
    name: u32,
    share: u64,
    /// How many of its lanes have calls.
    lanes: usize,
    /// Those of them that are to be asked.
    asked: Ordered<Rank>,
    /// From where some of those have come out, as the first.
    leads: Vec<Pile>,
}

impl Turns {
    pub(super) fn of(class: Priority) -> Self {
        let is_shared = match class {
            Priority::Trade | Priority::Background => true,
            Priority::Critical | Priority::Query => false,
        };
        Self {
            is_shared,
            owners: Vec::new(),
            by_name: BTreeMap::new(),
            lanes: 0,
            level: 0,
            order: Ordered::new(),
            owner_places: Places::default(),
            lane_places: Places::default(),
        }
    }

    /// The lane that is to be asked first, and its head.
    pub(super) fn first(&self) -> Option<(Head, LaneId)> {
        let (head, at) = self.order.first()?;
        let (_, lane) = self.owners[at as usize].asked.first()?;
        Some((head, LaneId(lane)))
    }

    /// A lane gets its first call; where its owner was noted before, `at` tells. Gives back where
    /// it is now.
    pub(super) fn open(&mut self, name: u32, at: OwnerAt) -> OwnerAt {
        let name = if self.is_shared { name } else { 0 };
        let is_there = self.owners.get(at.0 as usize).is_some_and(|owner| owner.name == name);
        let at = if is_there { at } else { self.look_up(name) };
        let owner = &mut self.owners[at.0 as usize];
        if owner.lanes == 0 {
            // Being idle earns nothing.
            owner.share = owner.share.max(self.level);
        }
        owner.lanes += 1;
        self.lanes += 1;
        at
    }

    /// A lane's last call is gone.
    pub(super) fn close(&mut self, at: OwnerAt, lane: LaneId) {
        self.pass(at, lane);
        self.owners[at.0 as usize].lanes -= 1;
        self.lanes -= 1;
    }

    /// A lane is to be asked, by the rank of its first call.
    pub(super) fn ask(&mut self, at: OwnerAt, lane: LaneId, rank: Rank) {
        self.owners[at.0 as usize].asked.set(&mut self.lane_places, lane.0, rank);
        self.reorder(at);
    }

    /// A lane is not to be asked any more.
    pub(super) fn pass(&mut self, at: OwnerAt, lane: LaneId) {
        self.owners[at.0 as usize].asked.remove(&mut self.lane_places, lane.0);
        self.reorder(at);
    }

    /// The head of a lane whose first call has this rank.
    pub(super) fn head(&self, at: OwnerAt, rank: Rank) -> Head {
        Head { share: self.owners[at.0 as usize].share, rank }
    }

    /// A lane of an owner has come out as the first of a pile. When the owner was served, another
    /// may be the first of it.
    pub(super) fn lead(&mut self, at: OwnerAt, pile: Pile) {
        if self.is_shared {
            let leads = &mut self.owners[at.0 as usize].leads;
            if !leads.contains(&pile) {
                leads.push(pile);
            }
        }
    }

    /// An owner is served, and its place changes when the lane is asked again or closed. Gives
    /// back the piles that have to be looked at.
    pub(super) fn serve(&mut self, at: OwnerAt, weight: Weight) -> std::vec::Drain<'_, Pile> {
        let owner = &mut self.owners[at.0 as usize];
        self.level = self.level.max(owner.share);
        // Alone, there is nobody to compare with.
        if self.is_shared && self.lanes != owner.lanes {
            owner.share += u64::from(weight);
        }
        owner.leads.drain(..)
    }

    fn reorder(&mut self, at: OwnerAt) {
        let owner = &self.owners[at.0 as usize];
        match owner.asked.first() {
            Some((rank, _)) => {
                let head = Head { share: owner.share, rank };
                self.order.set(&mut self.owner_places, at.0, head);
            }
            None => self.order.remove(&mut self.owner_places, at.0),
        }
    }

    fn look_up(&mut self, name: u32) -> OwnerAt {
        if let Some(at) = self.by_name.get(&name) {
            return *at;
        }
        let level = self.level;
        let is_forgotten = |owner: &Owner| owner.lanes == 0 && owner.share <= level;
        // One who is forgotten leaves the place to another.
        let vacant = (self.owners.len() >= IDLE_OWNERS_MAX)
            .then(|| self.owners.iter().position(is_forgotten))
            .flatten();
        let owner = Owner { name, share: 0, lanes: 0, asked: Ordered::new(), leads: Vec::new() };
        let at = match vacant {
            Some(at) => {
                let before = std::mem::replace(&mut self.owners[at], owner);
                self.by_name.remove(&before.name);
                at
            }
            None => {
                self.owners.push(owner);
                self.owners.len() - 1
            }
        };
        let at = OwnerAt(u32::try_from(at).expect("memory does not hold so many"));
        self.by_name.insert(name, at);
        at
    }
}
