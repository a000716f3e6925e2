//! Calls that differ only in their deadlines.

use std::sync::Arc;

use tradewind_model::Timestamp;
use tradewind_model::call::EndpointGroup;
use tradewind_model::tariff::{Charge, Cost, LimitKind, Weight};

use crate::breaker::BreakerKey;
use crate::budget::Draw;
use crate::queue::line::Line;
use crate::queue::parking::Pile;
use crate::queue::turns::OwnerAt;
use crate::shut::is_new_order;
use crate::ticket::{Origin, Priority, Probe, Ticket};

/// A lane's number; another lane may have it once this one is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LaneId(pub(super) u32);

impl LaneId {
    /// None is less.
    pub(crate) const FIRST: Self = Self(0);

    /// The place in a list with an entry a lane.
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A call's place in its class: by deadline, and of equal ones by arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank(u128);

impl Rank {
    pub(super) fn new(deadline: Timestamp, arrival: u64) -> Self {
        // One number, because it is compared at every turn.
        Self(u128::from(deadline.as_nanos()) << u64::BITS | u128::from(arrival))
    }

    pub(super) fn deadline(self) -> Timestamp {
        Timestamp::from_nanos(u64::try_from(self.0 >> u64::BITS).unwrap_or(u64::MAX))
    }
}

/// The place of a lane in its class: whose owner was served least goes first, then whose first
/// call is due first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Head {
    pub(crate) share: u64,
    pub(crate) rank: Rank,
}

/// A lane, and what was found out about its calls so far: it is the same for all of them.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) class: Priority,
    pub(crate) group: EndpointGroup,
    pub(crate) owner: u32,
    pub(crate) origin: Origin,
    pub(crate) probe: Option<Probe>,
    pub(crate) cost: Cost,
    /// What one of its calls weighs when owners are compared: the most that it draws from any
    /// limit, and at least 1.
    pub(crate) weight: Weight,
    pub(crate) is_new_order: bool,
    /// The breaker that lets its calls pass or not, and whether they are what it is probed with.
    pub(crate) breaker: BreakerKey,
    pub(crate) probes_breaker: bool,
    pub(super) likeness: u64,
    pub(super) owner_at: OwnerAt,
    pub(super) calls: Line,
    pub(super) standing: Standing,
    /// What its calls draw, and in which layout of the budget.
    pub(crate) draws: Option<(u64, Arc<[Draw]>)>,
    /// Of which limits it is known that they can hold one of its calls, by their edition.
    pub(crate) fits: Option<u64>,
    /// Of which shut scopes it is known that none covers it, by their version.
    pub(crate) uncovered: Option<u64>,
}

/// Where a lane is to be looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Among those that are asked. It may have come out as the first of a pile: the others follow
    /// when something has become of it.
    Asked { from: Option<Pile> },
    /// Behind an obstacle, by what its head was when it came there or was last looked at. What its
    /// owner was served meanwhile is taken into account when it comes out.
    Parked { pile: Pile, head: Head },
}

impl Lane {
    pub(super) fn for_calls_like(ticket: &Ticket, likeness: u64) -> Self {
        let Ticket { priority: class, group, owner, origin, probe, .. } = *ticket;
        let cost = ticket.cost.clone();
        let (breaker, probes_breaker) = match probe {
            Some(Probe::Breaker(probed)) => (probed, true),
            Some(Probe::Scope(_)) | None => (ticket.breaker(), false),
        };
        Self {
            class,
            group,
            owner,
            origin,
            probe,
            weight: cost.charges.iter().map(|charge| charge.weight).max().unwrap_or(0).max(1),
            is_new_order: is_new_order(&cost, group, class),
            cost,
            breaker,
            probes_breaker,
            likeness,
            owner_at: OwnerAt::UNKNOWN,
            calls: Line::default(),
            standing: Standing::Asked { from: None },
            draws: None,
            fits: None,
            uncovered: None,
        }
    }

    /// Whether a call stands in this lane: whether all is alike that decides about its leaving,
    /// but for its deadline.
    pub(super) fn is_of(&self, ticket: &Ticket) -> bool {
        self.class == ticket.priority
            && self.group == ticket.group
            && self.owner == ticket.owner
            && self.origin == ticket.origin
            && self.probe == ticket.probe
            && (self.cost == ticket.cost || sorted(&self.cost) == sorted(&ticket.cost))
    }

    /// The rank of its first call.
    pub(super) fn rank(&self) -> Option<Rank> {
        self.calls.first().map(|first| first.rank)
    }
}

/// The charges of a cost come in no order that matters.
fn sorted(cost: &Cost) -> Cost {
    let mut cost = cost.clone();
    cost.charges.sort_unstable_by_key(|charge| charge.kind);
    cost
}

/// A number that calls of one lane have in common, and those of others hardly ever.
pub(super) fn likeness(ticket: &Ticket) -> u64 {
    let Ticket { priority, group, owner, origin, probe, ref cost, .. } = *ticket;
    let mut mix = Mix(u64::from(owner));
    mix.add((priority.index() as u64) << 8 | group as u64);
    mix.add_name(origin.egress.as_str());
    mix.add_name(origin.account.as_ref().map_or("", |account| account.as_str()));
    mix.add(origin.socket.map_or(0, |socket| 1 + u64::from(socket)));
    mix.add(u64::from(probe.is_some()));
    let charge = |&Charge { kind, weight, weight_on_success }: &Charge| {
        let weights = u64::from(weight) << 32 | u64::from(weight_on_success);
        (weights ^ number(kind) << 29).wrapping_mul(SPREAD)
    };
    // A sum, because charges come in no order that matters.
    cost.charges.iter().map(charge).fold(mix.0, u64::wrapping_add)
}

/// A number for each kind of limit.
const fn number(kind: LimitKind) -> u64 {
    match kind {
        LimitKind::RequestWeight => 0,
        LimitKind::RawRequests => 1,
        LimitKind::Orders => 2,
        LimitKind::Connections => 3,
        LimitKind::Messages => 4,
        LimitKind::Calls(kind) => 8 + kind as u64,
    }
}

/// An odd number with as many ones as zeros.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// A quick mixture, in which nobody outside has a say.
struct Mix(u64);

impl Mix {
    fn add(&mut self, word: u64) {
        let mixed = (self.0 ^ word).wrapping_mul(SPREAD);
        self.0 = mixed ^ mixed >> 32;
    }

    fn add_name(&mut self, name: &str) {
        let bytes = name.as_bytes();
        let (words, _) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.add(u64::from_le_bytes(*word)));
        // What is left over, by words that lie over each other: quicker than byte by byte.
        let rest =
            match (bytes.last_chunk::<8>(), bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
                (Some(end), ..) => u64::from_le_bytes(*end),
                (None, Some(start), Some(end)) => {
                    u64::from(u32::from_le_bytes(*start)) << 32
                        | u64::from(u32::from_le_bytes(*end))
                }
                _ => bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)),
            };
        self.add(rest ^ (bytes.len() as u64) << 56);
    }
}
