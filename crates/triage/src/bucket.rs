//! Which bucket is hot, and who heats it.
//!
//! A full bucket is no trouble: that is a scheduler doing its work. It is trouble when limits
//! persist: when the venue goes on turning calls away, or orders and most reads have to wait, in
//! window after window. And one endpoint is to blame when it draws half of the bucket or more in
//! just those windows: no other then can be throttled to the same effect.

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
/// Unless one endpoint is to blame both times and they are no farther apart than this: whoever was
/// turned away keeps more room for a while, and then it begins again.
const SAME_CULPRIT_MS: u64 = 15 * MINUTE_MS;
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
/// How many reads of a window have to wait, and they have to be half of them by weight: by number,
/// what others ask at the same address would hide them.
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
    /// or orders or most reads had to wait. Stretches near it that the same endpoint is to blame
    /// for are counted with it. Deploys, storms and blocks aside, which explain themselves.
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
#[derive(Clone, Default)]
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

    /// The endpoint that draws most of it, if one is to blame.
    fn culprit(&self) -> Option<NameId> {
        let sum = self.drawn.values().sum();
        let (endpoint, weight) = self.drawn.iter().max_by_key(|(_, weight)| **weight)?;
        (Permille::of(*weight, sum) >= DOMINANT).then_some(*endpoint)
    }

    /// Takes in another, as one trouble with a pause in it.
    fn join(&mut self, other: &Self) {
        self.first_ms = self.first_ms.min(other.first_ms);
        self.end_ms = self.end_ms.max(other.end_ms);
        self.windows += other.windows;
        self.own += other.own;
        self.told += other.told;
        for (endpoint, weight) in &other.drawn {
            *self.drawn.entry(*endpoint).or_default() += weight;
        }
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
    reads_weight: u64,
    reads_waiting: u64,
    reads_waiting_weight: u64,
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
        if is_read {
            let weight = u64::from(attempt.weight);
            let is_waiting = attempt.queue_ms >= READ_WAIT_MS;
            self.reads_weight += weight;
            self.reads_waiting += u64::from(is_waiting);
            self.reads_waiting_weight += if is_waiting { weight } else { 0 };
        }
        *self.drawn.entry(attempt.endpoint).or_default() += u64::from(attempt.weight);
    }

    /// Whether what draws on it had to wait for longer than is usual.
    const fn is_waited_for(&self) -> bool {
        self.orders_waiting >= ORDERS_WAITING_MIN
            || (self.reads_waiting >= READS_WAITING_MIN
                && self.reads_waiting_weight * 2 >= self.reads_weight)
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

    fn worst(&self) -> Option<&Stretch> {
        self.stretches.iter().max_by_key(|stretch| stretch.windows)
    }

    /// A stretch with those before and behind it that one endpoint is to blame for as well.
    fn whole(&self, worst: &Stretch) -> Stretch {
        let mut whole = worst.clone();
        let Some(culprit) = worst.culprit() else { return whole };
        let is_same = |other: &&Stretch| other.culprit() == Some(culprit);
        let before = self.stretches.iter().rev().filter(|other| other.end_ms <= worst.first_ms);
        for other in before.take_while(is_same) {
            if whole.first_ms > other.end_ms + SAME_CULPRIT_MS {
                break;
            }
            whole.join(other);
        }
        let behind = self.stretches.iter().filter(|other| other.first_ms >= worst.end_ms);
        for other in behind.take_while(is_same) {
            if other.first_ms > whole.end_ms + SAME_CULPRIT_MS {
                break;
            }
            whole.join(other);
        }
        whole
    }

    fn describe(self, log: &Log, key: Key, name: Option<BucketName>) -> BucketUse {
        let (bucket, door, account) = key;
        let capacity = name.map_or(0, |name| name.capacity);
        let interval_ms = interval_ms(name);
        let worst = self.worst();
        let is_persistent = worst.is_some_and(|worst| worst.is_persistent(interval_ms));
        let worst = worst.map(|worst| self.whole(worst));
        let worst = worst.as_ref();
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
        usage.is_hot = is_judged && is_dominated && is_persistent;
        usage
    }
}

/// The length of a window; a minute where the log does not say, as with most limits.
fn interval_ms(name: Option<BucketName>) -> u64 {
    name.map_or(MINUTE_MS, |name| u64::from(name.interval_secs) * 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Troubled from one minute to another, most of it by one endpoint.
    fn stretch(from: u64, until: u64, culprit: NameId) -> Stretch {
        Stretch {
            first_ms: from * MINUTE_MS,
            end_ms: until * MINUTE_MS,
            windows: until - from,
            drawn: BTreeMap::from([(culprit, 900), (culprit + 1, 100)]),
            ..Stretch::default()
        }
    }

    fn whole(stretches: Vec<Stretch>) -> (u64, u64) {
        let tally = Tally { stretches, ..Tally::default() };
        let whole = tally.whole(tally.worst().unwrap());
        (whole.first_ms / MINUTE_MS, whole.end_ms / MINUTE_MS)
    }

    #[test]
    fn one_trouble_with_pauses_in_it_is_told_from_its_first_window_to_its_last() {
        let pauses = || vec![stretch(0, 2, 1), stretch(10, 22, 1), stretch(37, 38, 1)];
        assert_eq!(whole(pauses()), (0, 38));
        let mut with_another = pauses();
        with_another[0] = stretch(0, 2, 5);
        assert_eq!(whole(with_another), (10, 38), "somebody else was to blame");
        let mut long_ago = pauses();
        long_ago[2] = stretch(38, 39, 1);
        assert_eq!(whole(long_ago), (0, 22), "too long after");
    }
}
