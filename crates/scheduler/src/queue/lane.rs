//! Calls that differ only in their deadlines.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrayvec::ArrayVec;
use tradewind_model::Timestamp;
use tradewind_model::call::EndpointGroup;
use tradewind_model::tariff::{Cost, LimitKind, Weight};

use crate::budget::{BucketId, Draw};
use crate::ticket::{Origin, Probe, Ticket};

/// A lane's number; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LaneId(pub(crate) u64);

/// A call's place in its class: by deadline, and of equal ones by arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    pub(crate) deadline: Timestamp,
    pub(crate) arrival: u64,
}

/// The place of a lane in its class: whose owner was served least goes first, then whose first
/// call is due first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Head {
    pub(crate) share: u64,
    pub(crate) rank: Rank,
}

/// All that decides whether a call may leave, but for its class and its deadline.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LaneKey {
    group: EndpointGroup,
    owner: u32,
    probe: Option<Probe>,
    origin: Origin,
    charges: ArrayVec<(LimitKind, Weight, Weight), 4>,
}

impl LaneKey {
    pub(crate) fn of(ticket: &Ticket) -> Self {
        let mut charges: ArrayVec<_, 4> = ticket
            .cost
            .charges
            .iter()
            .map(|charge| (charge.kind, charge.weight, charge.weight_on_success))
            .collect();
        charges.sort_unstable();
        let Ticket { group, owner, probe, origin, .. } = *ticket;
        Self { group, owner, probe, origin, charges }
    }
}

/// A lane, and what was last found out about it.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) group: EndpointGroup,
    pub(crate) owner: u32,
    /// What its owner had been served when its first call took its place.
    pub(crate) share: u64,
    pub(crate) origin: Origin,
    pub(crate) probe: Option<Probe>,
    pub(crate) cost: Cost,
    pub(crate) tickets: BTreeMap<Rank, Ticket>,
    /// What its calls draw, and in which layout of the budget.
    pub(crate) draws: Option<(u64, Arc<[Draw]>)>,
    /// Set while it is not to be asked.
    pub(crate) parked: Option<Parked>,
}

/// What has to change before a lane may leave, unless a time does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    /// A shut scope or a breaker.
    Gate,
    /// A slot on the wire, or the warmth of an address.
    Wire,
    /// What a bucket holds.
    Bucket(BucketId),
}

/// A lane that need not be asked again before the time given, or before its cause has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parked {
    pub(crate) cause: Cause,
    /// None when only a change can help.
    pub(crate) until: Option<Timestamp>,
}

impl Lane {
    pub(crate) fn for_calls_like(ticket: &Ticket) -> Self {
        Self {
            group: ticket.group,
            owner: ticket.owner,
            share: 0,
            origin: ticket.origin,
            probe: ticket.probe,
            cost: ticket.cost.clone(),
            tickets: BTreeMap::new(),
            draws: None,
            parked: None,
        }
    }

    /// The place of its first call among those of other lanes.
    pub(crate) fn head(&self) -> Option<Head> {
        let (rank, _) = self.tickets.first_key_value()?;
        Some(Head { share: self.share, rank: *rank })
    }

    /// What one of its calls weighs when owners are compared: the most that it draws from any
    /// limit, and at least 1.
    pub(crate) fn weight(&self) -> Weight {
        self.cost.charges.iter().map(|charge| charge.weight).max().unwrap_or(0).max(1)
    }
}
