//! All the limits that a call draws on, as one: it is charged to all of them or to none.
//!
//! Limits are templates; a counter of a limit exists once per owner, from the first call of that
//! owner on. Counters of addresses and accounts stay, because there are as many as were configured;
//! those of sockets come and go with them, and are dropped when they cannot matter any more.

mod buckets;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tradewind_model::Timestamp;
use tradewind_model::outcome::Meter;
use tradewind_model::tariff::{Alignment, Cost, Limit, LimitKind, LimitScope, Weight};

use crate::bucket::{Amount, Bucket, ChargeId, Resolution, Terms};
pub(crate) use crate::budget::buckets::BucketId;
use crate::budget::buckets::Buckets;
use crate::clock::Now;
use crate::config::Reserves;
use crate::snapshot::{BucketOwner, BucketView};
use crate::ticket::{Origin, Priority};

/// How many counters of sockets may stand before those that are idle are dropped.
const SOCKET_BUCKETS_MAX: usize = 64;

/// What a call draws from one bucket. There is one for every calendar limit of its origin, also
/// where it draws nothing: its answer may tell of that counter. Of limits that roll there may be one
/// for every path, and an answer tells of none but its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Draw {
    pub(crate) bucket: BucketId,
    pub(crate) amount: Amount,
}

/// Which bucket stands in the way, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Blocked {
    pub(crate) bucket: BucketId,
    /// What was to be drawn from it.
    pub(crate) weight: Weight,
    /// The length of the bucket's windows.
    pub(crate) interval: Duration,
    /// The earliest time at which there may be room, if nothing else happens; none when only an
    /// answer can make room.
    pub(crate) until: Option<Timestamp>,
}

/// All limits of a venue, for all owners.
#[derive(Debug)]
pub(crate) struct Budget {
    reserves: Reserves,
    pacing: bool,
    share: u32,
    limits: Vec<Limit>,
    buckets: Buckets,
    index: BTreeMap<(Identity, BucketOwner), BucketId>,
    /// Changes whenever a list of draws may have become wrong.
    layout: u64,
    /// Changes with the limits.
    edition: u64,
    cold_start_interval: Option<Duration>,
}

/// What makes a limit the same limit when its capacity changes.
type Identity = (LimitKind, LimitScope, Duration, Alignment);

const fn identity(limit: &Limit) -> Identity {
    (limit.kind, limit.scope, limit.interval, limit.alignment)
}

/// Whose counter of such a limit a call draws on; none when it draws on nobody's.
fn owner(scope: LimitScope, origin: &Origin) -> Option<BucketOwner> {
    match scope {
        LimitScope::Egress => Some(BucketOwner::Egress(origin.egress)),
        LimitScope::Account => origin.account.map(BucketOwner::Account),
        LimitScope::Socket => {
            origin.socket.map(|socket| BucketOwner::Socket(origin.egress, socket))
        }
    }
}

fn amount(cost: &Cost, kind: LimitKind) -> Amount {
    cost.charges.iter().find(|charge| charge.kind == kind).map_or(Amount::NOTHING, |charge| {
        Amount { weight: charge.weight, on_success: charge.weight_on_success }
    })
}

impl Budget {
    pub(crate) fn new(reserves: Reserves, pacing: bool, share: u32) -> Self {
        Self {
            reserves,
            pacing,
            share: share.max(1),
            limits: Vec::new(),
            buckets: Buckets::new(),
            index: BTreeMap::new(),
            layout: 0,
            edition: 0,
            cold_start_interval: None,
        }
    }

    /// Puts `limits` in force. Counters of limits that stay are kept, the others are dropped.
    pub(crate) fn set_limits(&mut self, limits: &[Limit]) {
        self.limits.clear();
        self.limits.extend(limits.iter().filter(|limit| !limit.interval.is_zero()));
        let limits = &self.limits;
        self.buckets.retain(|bucket| {
            let kept = limits.iter().find(|limit| identity(limit) == identity(bucket.limit()));
            if let Some(limit) = kept {
                bucket.set_capacity(limit.capacity);
            }
            kept.is_some()
        });
        self.index.retain(|_, id| self.buckets.get(*id).is_some());
        self.layout += 1;
        self.edition += 1;
        let told = self.limits.iter().filter(|limit| paces_cold_start(limit));
        self.cold_start_interval = told.map(|limit| limit.interval).min();
    }

    /// Changes whenever what [`never_holds`](Self::never_holds) gave before may be wrong.
    pub(crate) const fn edition(&self) -> u64 {
        self.edition
    }

    /// Changes whenever what [`draws`](Self::draws) gave before may be wrong.
    pub(crate) const fn layout(&self) -> u64 {
        self.layout
    }

    /// The first limit that will never hold what a call of this class draws.
    pub(crate) fn never_holds(
        &self,
        origin: &Origin,
        cost: &Cost,
        class: Priority,
    ) -> Option<(Limit, Weight)> {
        self.limits.iter().find_map(|limit| {
            let weight = cost.weight(limit.kind);
            let is_ours = owner(limit.scope, origin).is_some();
            let most = Bucket::most_for(limit, class, &self.reserves, self.share);
            (is_ours && weight > most).then_some((*limit, weight))
        })
    }

    /// What a call draws, and on which buckets; those that do not stand yet are made.
    pub(crate) fn draws(&mut self, now: &Now, origin: &Origin, cost: &Cost) -> Arc<[Draw]> {
        if origin.socket.is_some() {
            // Before any bucket is made, lest a new one is found idle and dropped at once.
            self.drop_idle_sockets(now);
        }
        let owned = |limit: &Limit| {
            let may_tell = limit.alignment == Alignment::Calendar;
            let is_drawn_on = may_tell || amount(cost, limit.kind) != Amount::NOTHING;
            Some((*limit, owner(limit.scope, origin)?)).filter(|_| is_drawn_on)
        };
        let owned: Vec<(Limit, BucketOwner)> = self.limits.iter().filter_map(owned).collect();
        owned
            .into_iter()
            .map(|(limit, owner)| Draw {
                amount: amount(cost, limit.kind),
                bucket: self.bucket(limit, owner),
            })
            .collect()
    }

    /// Whether all of it may be drawn now. Of several buckets that stand in the way, the one that
    /// does so longest is named.
    pub(crate) fn check(
        &mut self,
        now: &Now,
        draws: &[Draw],
        class: Priority,
    ) -> Result<(), Blocked> {
        let terms = Terms { class, reserves: &self.reserves, pacing: self.pacing };
        let fits = |draw: &Draw| {
            let bucket = self.buckets.get(draw.bucket);
            bucket.is_some_and(|bucket| bucket.plainly_fits(now, draw.amount.weight, terms))
        };
        if draws.iter().all(fits) {
            return Ok(());
        }
        let mut longest: Option<Blocked> = None;
        for Draw { bucket: id, amount } in draws {
            let Some(bucket) = self.buckets.get_mut(*id) else {
                debug_assert!(false, "the draws are of an earlier layout");
                continue;
            };
            if let Err(until) = bucket.check(now, amount.weight, terms) {
                let is_longer = longest.is_none_or(|blocked| match (blocked.until, until) {
                    (None, _) => false,
                    (Some(_), None) => true,
                    (Some(before), Some(until)) => until > before,
                });
                if is_longer {
                    let interval = bucket.limit().interval;
                    longest = Some(Blocked { bucket: *id, weight: amount.weight, interval, until });
                }
            }
        }
        longest.map_or(Ok(()), Err)
    }

    /// Whether so much may be drawn now from one bucket; from one that is gone, anything.
    ///
    /// # Errors
    /// With the earliest time at which there may be room, if nothing else happens; with none when
    /// only an answer can make room.
    pub(crate) fn check_one(
        &mut self,
        now: &Now,
        bucket: BucketId,
        weight: Weight,
        class: Priority,
    ) -> Result<(), Option<Timestamp>> {
        let Some(bucket) = self.buckets.get_mut(bucket) else { return Ok(()) };
        let terms = Terms { class, reserves: &self.reserves, pacing: self.pacing };
        bucket.check(now, weight, terms)
    }

    /// Whether there may be room now in a bucket for somebody who has found none. Tells it once.
    pub(crate) fn take_loosened(&mut self, now: &Now, bucket: BucketId) -> bool {
        self.buckets.get_mut(bucket).is_some_and(|bucket| bucket.take_loosened(now))
    }

    /// Draws all of it.
    pub(crate) fn charge(&mut self, now: &Now, charge: ChargeId, class: Priority, draws: &[Draw]) {
        for draw in draws {
            if let Some(bucket) = self.buckets.get_mut(draw.bucket) {
                bucket.charge(now, charge, class, draw.amount);
            }
        }
    }

    /// An answer is complete. Tells whether it said anything of a calendar limit of the address.
    pub(crate) fn settle(
        &mut self,
        now: &Now,
        charge: ChargeId,
        draws: &[Draw],
        succeeded: bool,
        meter: &Meter,
    ) -> bool {
        let mut has_read_egress = false;
        for draw in draws {
            let Some(bucket) = self.buckets.get_mut(draw.bucket) else {
                continue;
            };
            let limit = *bucket.limit();
            let reading = meter
                .readings
                .iter()
                .find(|reading| reading.kind == limit.kind && reading.interval == limit.interval)
                .map(|reading| reading.used);
            has_read_egress |= reading.is_some() && paces_cold_start(&limit);
            bucket.resolve(now, charge, Resolution::Answered { succeeded, reading });
        }
        has_read_egress
    }

    /// A connection was closed without an answer.
    pub(crate) fn abandon(&mut self, now: &Now, charge: ChargeId, draws: &[Draw]) {
        for draw in draws {
            if let Some(bucket) = self.buckets.get_mut(draw.bucket) {
                bucket.resolve(now, charge, Resolution::Closed);
            }
        }
    }

    /// Nothing was written.
    pub(crate) fn forget(&mut self, charge: ChargeId, draws: &[Draw]) {
        for draw in draws {
            if let Some(bucket) = self.buckets.get_mut(draw.bucket) {
                bucket.forget(charge);
            }
        }
    }

    /// The venue has turned a call of this origin away: uses only half of what stands behind the
    /// limits of `kind` until then; with none, behind all that count requests of its address.
    pub(crate) fn halve(&mut self, origin: &Origin, kind: Option<LimitKind>, until: Timestamp) {
        for ((identity, of), id) in &self.index {
            let (limit_kind, scope, ..) = *identity;
            let is_meant = match kind {
                Some(kind) => limit_kind == kind,
                None => {
                    scope == LimitScope::Egress
                        && matches!(limit_kind, LimitKind::RequestWeight | LimitKind::RawRequests)
                }
            };
            if is_meant
                && owner(scope, origin) == Some(*of)
                && let Some(bucket) = self.buckets.get_mut(*id)
            {
                bucket.halve(until);
            }
        }
    }

    /// The windows of the limit that tells what an earlier life of this process has used of an
    /// address; none when the venue has no such limit.
    pub(crate) const fn cold_start_interval(&self) -> Option<Duration> {
        self.cold_start_interval
    }

    pub(crate) fn views(&self, now: &Now) -> Vec<BucketView> {
        self.index
            .values()
            .filter_map(|id| self.buckets.get(*id))
            .map(|bucket| bucket.view(now, &self.reserves))
            .collect()
    }

    /// What is left of each window to others by a call of this class.
    #[cfg(test)]
    pub(crate) fn forecasts(&self, now: &Now, class: Priority) -> Vec<(Limit, u64)> {
        let buckets = self.index.values().filter_map(|id| self.buckets.get(*id));
        buckets.map(|bucket| (*bucket.limit(), bucket.left_to_others(now, class))).collect()
    }

    fn bucket(&mut self, limit: Limit, owner: BucketOwner) -> BucketId {
        let key = (identity(&limit), owner);
        if let Some(id) = self.index.get(&key) {
            return *id;
        }
        let id = self.buckets.insert(Bucket::new(limit, owner, self.share));
        self.index.insert(key, id);
        id
    }

    fn drop_idle_sockets(&mut self, now: &Now) {
        let is_socket = |owner: &BucketOwner| matches!(owner, BucketOwner::Socket(..));
        let sockets = self.index.keys().filter(|(_, owner)| is_socket(owner));
        if sockets.count() < SOCKET_BUCKETS_MAX {
            return;
        }
        let buckets = &mut self.buckets;
        self.index.retain(|(_, owner), id| {
            let is_idle = buckets.get(*id).is_none_or(|bucket| bucket.is_idle(now));
            let is_kept = !(is_socket(owner) && is_idle);
            if !is_kept {
                buckets.remove(*id);
            }
            is_kept
        });
        self.layout += 1;
    }
}

fn paces_cold_start(limit: &Limit) -> bool {
    limit.kind == LimitKind::RequestWeight
        && limit.scope == LimitScope::Egress
        && limit.alignment == Alignment::Calendar
}
