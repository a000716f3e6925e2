//! Which bucket is hot, and who heats it.
//!
//! A full bucket is no trouble: that is a scheduler doing its work. It is trouble when limits
//! persist: when the venue goes on turning calls away, or orders have to wait, in window after
//! window. And one endpoint is to blame when it draws half of the bucket or more in just those
//! windows: no other then can be throttled to the same effect.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tradewind_model::Timestamp;
use tradewind_model::tariff::LimitKind;

use crate::attempt::{Attempt, Log, MINUTE_MS};
use crate::names::NameId;
use crate::permille::Permille;

/// From which part of its capacity on a bucket counts as full, in percent. Limiters keep a tenth
/// back for what they cannot see.
const FULL_SHARE: u64 = 90;
/// In how many windows limits persist: more than a burst and the one that it spills into.
const PERSISTENT_WINDOWS: u64 = 3;
/// And for how long: backoff of a minute or two would have ended a burst.
const PERSISTENT_MS: u64 = 10 * MINUTE_MS;
/// Which part of the drawn weight makes one endpoint the culprit.
const DOMINANT: Permille = Permille(500);
/// How long an order waits before it hurts: the bound that a scheduler promises for the worst
/// hundredth of them.
const ORDER_WAIT_MS: u32 = 1_000;
/// How many orders of a window have to wait: one may have had another reason.
const ORDERS_WAITING_MIN: u64 = 3;

/// What one endpoint drew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointShare {
    /// The endpoint.
    pub endpoint: String,
    /// What it drew, in the bucket's unit.
    pub weight: u64,
    /// Its part of all that we drew.
    pub share: Permille,
}

/// How one bucket was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketUse {
    /// What is counted, and over how long: `request-weight/1m`.
    pub bucket: String,
    /// The exchange and the address.
    pub door: String,
    /// The account's hash, for a limit that is an account's.
    pub account: Option<String>,
    /// The most a window holds; 0 when the log does not say.
    pub capacity: u32,
    /// The most that was used in a window, by the venue's count where it told, else by ours.
    pub used_max: u64,
    /// That, as a part of the capacity.
    pub used_share_max: Permille,
    /// The window in which it was.
    pub used_max_at: Timestamp,
    /// How many windows we drew on it in.
    pub windows: u64,
    /// How many of those were full: nine tenths and more.
    pub windows_full: u64,
    /// How many attempts were turned away.
    pub limited: u64,
    /// In how many windows that hurt, deploys and reconnect storms aside, which explain
    /// themselves: calls were turned away, or orders had to wait.
    pub windows_troubled: u64,
    /// The first and the last of these.
    pub troubled: Option<(Timestamp, Timestamp)>,
    /// In these, the part of the venue's count that we drew ourselves; less than a half means that
    /// somebody else uses the same address or account.
    pub own_share: Option<Permille>,
    /// Who drew on it, the most first, at most five: in the troubled windows, or in all when there
    /// were none.
    pub endpoints: Vec<EndpointShare>,
    /// Whether limits persisted and the first of `endpoints` is to blame.
    pub is_hot: bool,
}

impl BucketUse {
    /// Whether limits persisted, whoever is to blame.
    pub(crate) fn is_persistent(&self) -> bool {
        self.windows_troubled >= PERSISTENT_WINDOWS
            && self
                .troubled
                .is_some_and(|(first, last)| last.as_millis() - first.as_millis() >= PERSISTENT_MS)
    }
}

/// Whose counter it is: the bucket, the door, and the account for a limit that is an account's.
type Key = (NameId, NameId, Option<NameId>);

/// What was drawn in one window.
#[derive(Default)]
struct Window {
    start_ms: u64,
    told: u64,
    own: u64,
    limited: u64,
    orders_waiting: u64,
    drawn: BTreeMap<NameId, u64>,
}

/// What is known of a bucket so far.
#[derive(Default)]
struct Tally {
    window: Window,
    used_max: (u64, u64),
    windows: u64,
    windows_full: u64,
    limited: u64,
    troubled: u64,
    troubled_span: Option<(u64, u64)>,
    troubled_own: u64,
    troubled_used: u64,
    drawn: BTreeMap<NameId, u64>,
    drawn_in_trouble: BTreeMap<NameId, u64>,
}

/// The buckets of the log: the hot ones first, then by their fullest window. Windows that meet
/// one of `explained` are never troubled.
pub(crate) fn find(log: &Log, explained: &[(u64, u64)]) -> Vec<BucketUse> {
    let mut tallies: BTreeMap<Key, Tally> = BTreeMap::new();
    for attempt in &log.attempts {
        let Some(bucket) = attempt.bucket else { continue };
        let name = log.buckets[usize::from(bucket)];
        let kind = name.map(|name| name.kind);
        if kind == Some(LimitKind::Messages) {
            // A socket's own counter, and the log does not say of which socket.
            continue;
        }
        let account = attempt.account.filter(|_| kind == Some(LimitKind::Orders));
        let interval_ms = name.map_or(MINUTE_MS, |name| u64::from(name.interval_secs) * 1_000);
        let capacity = name.map_or(0, |name| u64::from(name.capacity));
        let tally = tallies.entry((bucket, attempt.door, account)).or_default();
        let start_ms = attempt.at_ms - attempt.at_ms % interval_ms;
        if tally.window.start_ms != start_ms {
            tally.close(capacity, interval_ms, explained);
            tally.window.start_ms = start_ms;
        }
        tally.window.take(attempt);
    }
    let mut uses: Vec<BucketUse> = tallies
        .into_iter()
        .map(|(key, mut tally)| {
            let name = log.buckets[usize::from(key.0)];
            let interval_ms = name.map_or(MINUTE_MS, |name| u64::from(name.interval_secs) * 1_000);
            let capacity = name.map_or(0, |name| name.capacity);
            tally.close(u64::from(capacity), interval_ms, explained);
            tally.describe(log, key, capacity, name.map(|name| name.kind))
        })
        .collect();
    uses.sort_by_key(|usage| {
        std::cmp::Reverse((usage.is_hot, usage.is_persistent(), usage.used_share_max))
    });
    uses
}

impl Window {
    fn take(&mut self, attempt: &Attempt) {
        self.own += u64::from(attempt.weight);
        self.told = self.told.max(attempt.used.map_or(0, u64::from));
        self.limited += u64::from(attempt.is_limited());
        self.orders_waiting += u64::from(attempt.is_urgent && attempt.queue_ms >= ORDER_WAIT_MS);
        *self.drawn.entry(attempt.endpoint).or_default() += u64::from(attempt.weight);
    }

    const fn used(&self) -> u64 {
        // Our own sum is too high where a success costs nothing, so the venue's count wins.
        if self.told > 0 { self.told } else { self.own }
    }
}

impl Tally {
    /// Books the window that has ended.
    fn close(&mut self, capacity: u64, interval_ms: u64, explained: &[(u64, u64)]) {
        let window = std::mem::take(&mut self.window);
        if window.drawn.is_empty() {
            return;
        }
        let is_full = capacity > 0 && window.used() * 100 >= capacity * FULL_SHARE;
        self.windows += 1;
        self.windows_full += u64::from(is_full);
        self.limited += window.limited;
        if window.used() > self.used_max.0 || self.windows == 1 {
            self.used_max = (window.used(), window.start_ms);
        }
        for (endpoint, weight) in &window.drawn {
            *self.drawn.entry(*endpoint).or_default() += weight;
        }
        let end_ms = window.start_ms + interval_ms;
        let is_explained =
            explained.iter().any(|(from, until)| window.start_ms < *until && end_ms > *from);
        let hurts = window.limited > 0 || (is_full && window.orders_waiting >= ORDERS_WAITING_MIN);
        if is_explained || !hurts {
            return;
        }
        self.troubled += 1;
        let first = self.troubled_span.map_or(window.start_ms, |(first, _)| first);
        self.troubled_span = Some((first, window.start_ms));
        if window.told > 0 {
            self.troubled_own += window.own.min(window.told);
            self.troubled_used += window.told;
        }
        for (endpoint, weight) in window.drawn {
            *self.drawn_in_trouble.entry(endpoint).or_default() += weight;
        }
    }

    fn describe(self, log: &Log, key: Key, capacity: u32, kind: Option<LimitKind>) -> BucketUse {
        let (bucket, door, account) = key;
        let drawn = if self.troubled > 0 { &self.drawn_in_trouble } else { &self.drawn };
        let sum: u64 = drawn.values().sum();
        let mut endpoints: Vec<EndpointShare> = drawn
            .iter()
            .map(|(endpoint, &weight)| EndpointShare {
                endpoint: log.endpoints.name(*endpoint).to_owned(),
                weight,
                share: Permille::of(weight, sum),
            })
            .collect();
        endpoints.sort_by_key(|endpoint| std::cmp::Reverse(endpoint.weight));
        endpoints.truncate(5);
        let is_dominated = endpoints.first().is_some_and(|top| top.share >= DOMINANT);
        let mut usage = BucketUse {
            bucket: log.bucket_name(bucket).to_owned(),
            door: log.doors.name(door).to_owned(),
            account: account.map(|account| log.accounts.name(account).to_owned()),
            capacity,
            used_max: self.used_max.0,
            used_share_max: Permille::of(self.used_max.0, u64::from(capacity)),
            used_max_at: Timestamp::from_millis(self.used_max.1),
            windows: self.windows,
            windows_full: self.windows_full,
            limited: self.limited,
            windows_troubled: self.troubled,
            troubled: self
                .troubled_span
                .map(|(first, last)| (Timestamp::from_millis(first), Timestamp::from_millis(last))),
            own_share: (self.troubled_used > 0)
                .then(|| Permille::of(self.troubled_own, self.troubled_used)),
            endpoints,
            is_hot: false,
        };
        // Handshakes are one endpoint by nature, and a question of their own.
        let is_judged = kind != Some(LimitKind::Connections);
        usage.is_hot = is_judged && is_dominated && usage.is_persistent();
        usage
    }
}
