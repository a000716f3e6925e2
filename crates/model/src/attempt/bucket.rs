//! The name of a limit in a log: what it counts, over how long, and how much it holds.
//!
//! The capacity is in the name on purpose. Whoever reads a log has no tariff beside it, and limits
//! change while a process runs: a used weight means something only beside its own limit.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::call::CallKind;
use crate::tariff::{Limit, LimitKind, Weight};

/// A limit's name: `request-weight/1m/6000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BucketName {
    /// What it counts.
    pub kind: LimitKind,
    /// The length of a window in whole seconds; never zero.
    pub interval_secs: u32,
    /// The most a window holds.
    pub capacity: Weight,
}

/// A text that does not name a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a bucket's name is its kind, interval and capacity, as request-weight/1m/6000")]
pub struct InvalidBucketName;

/// Every kind of limit that is not about one kind of call, to find one by its name.
const KINDS: [LimitKind; 5] = [
    LimitKind::RequestWeight,
    LimitKind::RawRequests,
    LimitKind::Orders,
    LimitKind::Connections,
    LimitKind::Messages,
];

/// The units of an interval, the longest first.
const UNITS: [(char, u32); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

impl BucketName {
    /// The length of a window.
    #[must_use]
    pub const fn interval(self) -> Duration {
        Duration::from_secs(self.interval_secs as u64)
    }
}

impl From<&Limit> for BucketName {
    /// The limit's name. An interval below a second counts as one second.
    fn from(limit: &Limit) -> Self {
        let secs = u32::try_from(limit.interval.as_secs()).unwrap_or(u32::MAX).max(1);
        Self { kind: limit.kind, interval_secs: secs, capacity: limit.capacity }
    }
}

impl FromStr for BucketName {
    type Err = InvalidBucketName;

    fn from_str(text: &str) -> Result<Self, InvalidBucketName> {
        parse(text).ok_or(InvalidBucketName)
    }
}

fn parse(text: &str) -> Option<BucketName> {
    let mut parts = text.split('/');
    let (kind, interval, capacity) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let of_calls = CallKind::ALL.into_iter().map(LimitKind::Calls);
    let kind = KINDS.into_iter().chain(of_calls).find(|known| known.name() == kind)?;
    let unit = interval.chars().next_back()?;
    let (_, unit_secs) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
    let count: u32 = interval.strip_suffix(unit)?.parse().ok()?;
    let interval_secs = count.checked_mul(unit_secs).filter(|&secs| secs > 0)?;
    Some(BucketName { kind, interval_secs, capacity: capacity.parse().ok()? })
}

impl TryFrom<String> for BucketName {
    type Error = InvalidBucketName;

    fn try_from(text: String) -> Result<Self, InvalidBucketName> {
        text.parse()
    }
}

impl From<BucketName> for String {
    fn from(name: BucketName) -> Self {
        name.to_string()
    }
}

impl fmt::Display for BucketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secs = self.interval_secs;
        let (unit, unit_secs) =
            UNITS.into_iter().find(|(_, unit)| secs.is_multiple_of(*unit)).unwrap_or(('s', 1));
        write!(f, "{}/{}{unit}/{}", self.kind.name(), secs / unit_secs, self.capacity)
    }
}
