//! Which bucket is hot, and who heats it.
//!
//! A full bucket is no trouble: that is a scheduler doing its work. It is trouble when limits
//! persist: when the venue goes on turning calls away, or orders and most reads have to wait, in
//! window after window. And one endpoint is to blame when it draws half of the bucket or more in just those
//! windows: no other then can be throttled to the same effect.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tradewind_model::Timestamp;
use tradewind_model::attempt::BucketName;
use tradewind_model::tariff::LimitKind;

use crate::attempt::{Attempt, Log, MINUTE_MS};
use crate::names::NameId;
use crate::permille::Permille;

/// From which part of its capacity on a bucket counts as full, in percent. Limiters keep a tenth
/// back for what they cannot see.
const FULL_SHARE: u64 = 90;
/// For how long limits persist: backoff of a minute or two would have ended a burst.
const PERSISTENT_MS: u64 = 10 * MINUTE_MS;
/// Which part of the windows of that time must be troubled, in percent. A first refusal in a window
/// here and there is what limits are for.
const PERSISTENT_SHARE: u64 = 50;
/// Troubled windows farther apart than this are not the same trouble.
const LULL_MS: u64 = 5 * MINUTE_MS;
/// Which part of the drawn weight makes one endpoint the culprit.
const DOMINANT: Permille = Permille(500);
/// How long an order waits before it hurts: the bound that a scheduler promises for the worst
/// hundredth of them.
const ORDER_WAIT_MS: u32 = 1_000;
/// How many orders of a window have to wait: one may have had another reason.
const ORDERS_WAITING_MIN: u64 = 3;
/// How long a read waits before it hurts. One that comes when a window is full waits for the next,
/// and that is as it should be; where most wait this long, window after window, more is asked for
/// than there is, and what waits longest is dropped without ever standing in the log.
const READ_WAIT_MS: u32 = 10_000;
/// How many reads of a window have to wait, and they have to be half of them.
const READS_WAITING_MIN: u64 = 3;

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
    /// In how many windows that hurt, in the worst stretch of such windows: calls were turned away,
    /// or orders or most reads had to wait. Deploys, storms and blocks aside, which explain themselves.
    pub windows_troubled: u64,
    /// The first of these and the end of the last.
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

/// A stretch of troubled windows.
#[derive(Default)]
struct Stretch {
    first_ms: u64,
    end_ms: u64,
    windows: u64,
    own: u64,
    told: u64,
    drawn: BTreeMap<NameId, u64>,
}

impl Stretch {
    /// Whether limits persisted in it, whoever is to blame.
    const fn is_persistent(&self, interval_ms: u64) -> bool {
        let length_ms = self.end_ms - self.first_ms;
        length_ms >= PERSISTENT_MS
            && self.windows * interval_ms * 100 >= length_ms * PERSISTENT_SHARE
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
    reads: u64,
    reads_waiting: u64,
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
    drawn: BTreeMap<NameId, u64>,
    stretches: Vec<Stretch>,
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
        let interval_ms = interval_ms(name);
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
            let capacity = name.map_or(0, |name| u64::from(name.capacity));
            tally.close(capacity, interval_ms(name), explained);
            tally.describe(log, key, name)
        })
        .collect();
    uses.sort_by_key(|usage| std::cmp::Reverse((usage.is_hot, usage.used_share_max)));
    uses
}

impl Window {
    fn take(&mut self, attempt: &Attempt) {
        self.own += u64::from(attempt.weight);
        self.told = self.told.max(attempt.used.map_or(0, u64::from));
        self.limited += u64::from(attempt.is_limited());
        self.orders_waiting += u64::from(attempt.is_urgent && attempt.queue_ms >= ORDER_WAIT_MS);
        let is_read = !attempt.is_urgent && !attempt.is_handshake;
        self.reads += u64::from(is_read);
        self.reads_waiting += u64::from(is_read && attempt.queue_ms >= READ_WAIT_MS);
        *self.drawn.entry(attempt.endpoint).or_default() += u64::from(attempt.weight);
    }

    /// Whether what draws on it had to wait for longer than is usual.
    const fn is_waited_for(&self) -> bool {
        self.orders_waiting >= ORDERS_WAITING_MIN
            || (self.reads_waiting >= READS_WAITING_MIN && self.reads_waiting * 2 >= self.reads)
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
        let hurts = window.limited > 0 || (is_full && window.is_waited_for());
        if is_explained || !hurts {
            return;
        }
        if self.stretches.last().is_none_or(|open| window.start_ms > open.end_ms + LULL_MS) {
            let first_ms = window.start_ms;
            self.stretches.push(Stretch { first_ms, ..Stretch::default() });
        }
        let Some(stretch) = self.stretches.last_mut() else { return };
        stretch.end_ms = end_ms;
        stretch.windows += 1;
        if window.told > 0 {
            stretch.own += window.own.min(window.told);
            stretch.told += window.told;
        }
        for (endpoint, weight) in window.drawn {
            *stretch.drawn.entry(endpoint).or_default() += weight;
        }
    }

    fn describe(self, log: &Log, key: Key, name: Option<BucketName>) -> BucketUse {
        let (bucket, door, account) = key;
        let capacity = name.map_or(0, |name| name.capacity);
        let interval_ms = interval_ms(name);
        let worst = self.stretches.iter().max_by_key(|stretch| stretch.windows);
        let drawn = worst.map_or(&self.drawn, |worst| &worst.drawn);
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
            windows_troubled: worst.map_or(0, |worst| worst.windows),
            troubled: worst.map(|worst| {
                (Timestamp::from_millis(worst.first_ms), Timestamp::from_millis(worst.end_ms))
            }),
            own_share: worst
                .filter(|worst| worst.told > 0)
                .map(|worst| Permille::of(worst.own, worst.told)),
            endpoints,
            is_hot: false,
        };
        // Handshakes are one endpoint by nature, and a question of their own.
        let is_judged = name.is_none_or(|name| name.kind != LimitKind::Connections);
        usage.is_hot = is_judged
            && is_dominated
            && worst.is_some_and(|worst| worst.is_persistent(interval_ms));
        usage
    }
}

/// The length of a window; a minute where the log does not say, as with most limits.
fn interval_ms(name: Option<BucketName>) -> u64 {
    name.map_or(MINUTE_MS, |name| u64::from(name.interval_secs) * 1_000)
}
