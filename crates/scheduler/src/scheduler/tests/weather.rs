//! The limits and the bad luck that worlds are made of.

use std::time::Duration;

use tradewind_model::id::{AccountId, EgressId};
use tradewind_model::tariff::{Alignment, Limit, LimitKind, LimitScope, Weight};

use crate::ticket::Origin;

pub(super) const fn limit(kind: LimitKind, secs: u64, capacity: Weight) -> Limit {
    Limit {
        kind,
        scope: match kind {
            LimitKind::Orders | LimitKind::Calls(_) => LimitScope::Account,
            LimitKind::Messages => LimitScope::Socket,
            LimitKind::RequestWeight | LimitKind::RawRequests | LimitKind::Connections => {
                LimitScope::Egress
            }
        },
        interval: Duration::from_secs(secs),
        alignment: match kind {
            LimitKind::Messages | LimitKind::Calls(_) => Alignment::Rolling,
            LimitKind::RequestWeight
            | LimitKind::RawRequests
            | LimitKind::Orders
            | LimitKind::Connections => Alignment::Calendar,
        },
        capacity,
    }
}

pub(super) fn origin(egress: &str) -> Origin {
    Origin {
        egress: EgressId::new(egress).unwrap(),
        account: Some(AccountId::new("main").unwrap()),
        socket: Some(1),
    }
}

pub(super) const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The limits that the worlds below have: tight enough to be in the way all the time.
pub(super) const LIMITS: [Limit; 6] = [
    limit(LimitKind::RequestWeight, 60, 300),
    limit(LimitKind::RawRequests, 300, 900),
    limit(LimitKind::Orders, 10, 12),
    limit(LimitKind::Orders, 86_400, 500),
    limit(LimitKind::Messages, 1, 5),
    limit(LimitKind::RawRequests, 1, 9),
];

/// A small generator of its own, so that a failing seed says everything.
#[derive(Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below.max(1)
    }

    pub(super) fn one_in(&mut self, sides: u64) -> bool {
        self.roll(sides) == 0
    }
}

/// How bad the days are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weather {
    pub(super) seed: u64,
    /// The venue's clock minus ours.
    pub(super) true_offset_ms: i64,
    /// How far off the client's idea of it may be.
    pub(super) eps_ms: u64,
    /// One call in so many is lost.
    pub(super) lost_one_in: u64,
    /// Of one call in so many, it turns out that nothing was written.
    pub(super) unsent_one_in: u64,
    /// One answer in so many says nothing of counters.
    pub(super) mute_one_in: u64,
    /// Calls a second.
    pub(super) calls_per_s: u64,
    pub(super) calls: u64,
    pub(super) patience_s: u64,
    /// At one turn in so many, all that wait are asked.
    pub(super) asked_one_in: u64,
    /// Limits change while calls are under way.
    pub(super) limits_change: bool,
    /// Somebody else uses the same counters.
    pub(super) has_stranger: bool,
}
