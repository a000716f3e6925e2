//! The venue itself failing: 5xx and silence.
//!
//! A hiccup of seconds is weather. Minutes in which half of all attempts fail are an outage, and
//! worth telling apart from what we did ourselves, since the answer to it is patience.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tradewind_model::Timestamp;

use crate::attempt::{Answer, Log, MINUTE_MS};
use crate::names::NameId;

/// The least attempts in a minute that a share can be told from.
const ATTEMPTS_MIN: u64 = 10;
/// How many such minutes are an outage.
const MINUTES_MIN: usize = 3;
/// Minutes closer than this belong together.
const LULL_MS: u64 = 10 * MINUTE_MS;

/// A stretch in which a venue failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Degraded {
    /// The exchange and the address.
    pub door: String,
    /// The first minute in which half of the attempts and more failed.
    pub first: Timestamp,
    /// The end of the last.
    pub last: Timestamp,
    /// How many attempts failed, in those minutes.
    pub failed: u64,
    /// Of how many.
    pub attempts: u64,
}

/// When a minute began, how many attempts failed in it, and of how many.
type BadMinute = (u64, u64, u64);

/// The outages in the log, in the order of time.
pub(crate) fn find(log: &Log) -> Vec<Degraded> {
    let mut minutes: BTreeMap<(NameId, u64), (u64, u64)> = BTreeMap::new();
    for attempt in &log.attempts {
        let is_failure = matches!(attempt.answer, Answer::Failed | Answer::Silent);
        let minute = attempt.at_ms / MINUTE_MS;
        let (failed, attempts) = minutes.entry((attempt.door, minute)).or_default();
        *failed += u64::from(is_failure);
        *attempts += 1;
    }
    let mut stretches: Vec<(NameId, Vec<BadMinute>)> = Vec::new();
    for ((door, minute), (failed, attempts)) in minutes {
        if attempts < ATTEMPTS_MIN || failed * 2 < attempts {
            continue;
        }
        let at_ms = minute * MINUTE_MS;
        match stretches.last_mut() {
            Some((same, open))
                if *same == door && open.last().is_some_and(|last| at_ms <= last.0 + LULL_MS) =>
            {
                open.push((at_ms, failed, attempts));
            }
            Some(_) | None => stretches.push((door, vec![(at_ms, failed, attempts)])),
        }
    }
    let mut found: Vec<Degraded> = stretches
        .into_iter()
        .filter(|(_, minutes)| minutes.len() >= MINUTES_MIN)
        .map(|(door, minutes)| Degraded {
            door: log.doors.name(door).to_owned(),
            first: Timestamp::from_millis(minutes[0].0),
            last: Timestamp::from_millis(minutes[minutes.len() - 1].0 + MINUTE_MS),
            failed: minutes.iter().map(|minute| minute.1).sum(),
            attempts: minutes.iter().map(|minute| minute.2).sum(),
        })
        .collect();
    found.sort_by_key(|degraded| degraded.first);
    found
}
