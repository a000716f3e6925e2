//! When traffic changed against the hour before: a deploy, a scale-out, a step.
//!
//! Processes say when they started and as which version, so a deploy is read and not guessed. It
//! is trouble only when calls begin to be turned away behind it that were not before, *and*
//! something that a deploy multiplies did rise: processes, attempts on the wire, attempts at all,
//! what they cost, or retries in step. Without the second condition a hot endpoint that met its
//! limit on the day of a deploy would pass for the deploy's fault.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tradewind_model::Timestamp;

use crate::attempt::{Attempt, HOUR_MS, Log, MINUTE_MS};
use crate::door::{Sums, counts};
use crate::names::NameId;
use crate::permille::Permille;
use crate::retry;

/// How much log has to lie before a change for a comparison.
const BEFORE_MIN_MS: u64 = 5 * MINUTE_MS;
/// How long after the last start a deploy is looked at: what it multiplies shows within minutes,
/// and what lasts longer has another cause.
const AFTER_MS: u64 = 15 * MINUTE_MS;
/// Starts closer than this are one deploy.
const ROLLING_MS: u64 = 10 * MINUTE_MS;
/// The longest a deploy takes; an instance that starts over and over is not one long deploy.
const DEPLOY_MAX_MS: u64 = 30 * MINUTE_MS;
/// The stretch right before a change, which must not have had the same trouble already.
const JUST_BEFORE_MS: u64 = 10 * MINUTE_MS;
/// How many calls must be turned away: a first one in each of a few windows is what limits are
/// for.
const LIMITED_MIN: u64 = 5;
/// How many times as often as before.
const LIMITED_FACTOR: u64 = 3;
/// What counts as risen, in percent of before. Less lies within a quiet hour's own variation.
const RISEN: u64 = 130;
/// For the number of processes: one more of five.
const RISEN_INSTANCES: u64 = 120;
/// By which factor attempts rise in a step without a start.
const STEP_FACTOR: u64 = 2;
/// And by how many, at least, within [`AFTER_MS`].
const STEP_MIN: u64 = 100;
/// The grid on which steps are looked for.
const STEP_GRID_MS: u64 = 5 * MINUTE_MS;

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Processes of another version started.
    Deploy,
    /// More processes run than before, of the same version.
    ScaleOut,
    /// Processes started again, as many as before and of the same version.
    Restart,
    /// Nothing started, and attempts at least doubled.
    Step,
}

/// Traffic over some stretch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// The length of the stretch in minutes, rounded up.
    pub minutes: u64,
    /// Attempts a minute.
    pub attempts_per_min: u64,
    /// Attempts a minute and process.
    pub attempts_per_min_each: u64,
    /// Attempts turned away by a limit, in all.
    pub limited: u64,
    /// The processes that made them.
    pub instances: u64,
    /// Attempts on the wire at once, the mean over attempts, in tenths.
    pub inflight_tenths: u64,
}

/// A change, with the traffic before and after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What changed.
    pub kind: ChangeKind,
    /// The first start, or the step.
    pub at: Timestamp,
    /// Until when it is looked at.
    pub until: Timestamp,
    /// How many processes started.
    pub starts: u64,
    /// The versions that started; of a deploy, the new ones.
    pub versions: Vec<String>,
    /// The hour before.
    pub before: Traffic,
    /// From the change on.
    pub after: Traffic,
    /// The correlation of retries after it, in bins of 100 ms.
    pub correlation: Permille,
    /// Whether those came in step.
    pub is_in_step: bool,
    /// Whether calls began to be turned away behind it, for a reason that it brought.
    pub is_spike: bool,
}

/// A group of starts.
struct Starts {
    first_ms: u64,
    last_ms: u64,
    lives: Vec<NameId>,
}

/// The changes in the log, in the order of time. What follows one of `others` (storms, blocks) is
/// no longer the change's.
pub(crate) fn find(log: &Log, others: &[(u64, u64)]) -> Vec<Change> {
    let Some((log_start, log_end)) = log.span() else {
        return Vec::new();
    };
    let groups = starts(log, log_start);
    let mut changes: Vec<Change> = groups
        .iter()
        .enumerate()
        .map(|(index, group)| {
            let next_ms = groups.get(index + 1).map_or(log_end + 1, |next| next.first_ms);
            let other_ms = others.iter().map(|(from, _)| *from);
            let other_ms = other_ms.filter(|from| *from > group.first_ms + 2 * MINUTE_MS).min();
            let until = (group.last_ms + AFTER_MS).min(next_ms).min(other_ms.unwrap_or(u64::MAX));
            let until = until.max(group.first_ms + 1);
            compare(log, group.first_ms, until, log_start, Some(group))
        })
        .collect();
    changes.extend(steps(log, log_start, log_end, &groups));
    changes.sort_by_key(|change| change.at);
    changes
}

/// When processes started, grouped. Those that ran when the log began are no change.
fn starts(log: &Log, log_start: u64) -> Vec<Starts> {
    let mut first_seen: Vec<Option<u64>> = vec![None; log.lives.len()];
    for attempt in &log.attempts {
        first_seen[usize::from(attempt.life)].get_or_insert(attempt.at_ms);
    }
    let mut starts: Vec<(u64, NameId)> = first_seen
        .into_iter()
        .enumerate()
        .filter_map(|(id, seen)| {
            let (seen, life) = (seen?, log.lives.get(id)?);
            // A log of another make may not say when its processes started.
            let began = if life.started_ms == 0 { seen } else { life.started_ms };
            (began >= log_start + BEFORE_MIN_MS).then_some((began, u16::try_from(id).ok()?))
        })
        .collect();
    starts.sort_unstable();
    let mut groups: Vec<Starts> = Vec::new();
    for (at_ms, life) in starts {
        match groups.last_mut() {
            Some(open)
                if at_ms <= open.last_ms + ROLLING_MS && at_ms <= open.first_ms + DEPLOY_MAX_MS =>
            {
                open.last_ms = at_ms;
                open.lives.push(life);
            }
            Some(_) | None => {
                groups.push(Starts { first_ms: at_ms, last_ms: at_ms, lives: vec![life] });
            }
        }
    }
    groups
}

/// Places where attempts at least double against the hour before and nothing started.
fn steps(log: &Log, log_start: u64, log_end: u64, groups: &[Starts]) -> Vec<Change> {
    let bins = counts(&log.attempts, log_start, log_end + STEP_GRID_MS, STEP_GRID_MS);
    let (hour, look) = (12, 3);
    let mut found = Vec::new();
    let mut index = look;
    while index + look <= bins.len() {
        let before = &bins[index.saturating_sub(hour)..index];
        let usual = before.iter().sum::<u64>() * look as u64 / before.len() as u64;
        let after: u64 = bins[index..index + look].iter().sum();
        let at_ms = log_start + index as u64 * STEP_GRID_MS;
        let is_near_start = groups.iter().any(|group| {
            (group.first_ms.saturating_sub(AFTER_MS)..group.last_ms + AFTER_MS).contains(&at_ms)
        });
        if is_near_start || after < STEP_FACTOR * usual || after < usual + STEP_MIN {
            index += 1;
            continue;
        }
        // The bin where it rises most is where it began.
        let rise = |at: &usize| bins[*at].saturating_sub(bins[*at - 1]);
        let start = (index..index + look).max_by_key(|at| (rise(at), usize::MAX - at));
        let at_ms = log_start + start.unwrap_or(index) as u64 * STEP_GRID_MS;
        found.push(compare(log, at_ms, at_ms + AFTER_MS, log_start, None));
        index += hour;
    }
    found
}

fn compare(log: &Log, at_ms: u64, until_ms: u64, log_start: u64, group: Option<&Starts>) -> Change {
    let from_ms = at_ms.saturating_sub(HOUR_MS).max(log_start);
    let just_from_ms = at_ms.saturating_sub(JUST_BEFORE_MS).max(log_start);
    let (hour, just) = (log.between(from_ms, at_ms), log.between(just_from_ms, at_ms));
    let later = log.between(at_ms, until_ms);
    let before = Traffic { instances: instances(log, just), ..traffic(log, hour, at_ms - from_ms) };
    let after = traffic(log, later, until_ms - at_ms);
    let synchrony = retry::find(log, at_ms, until_ms);
    let has_risen = |was: u64, is: u64| is * 100 >= was * RISEN && is > was;
    let grew = after.instances * 100 >= before.instances * RISEN_INSTANCES
        || has_risen(before.inflight_tenths, after.inflight_tenths)
        || has_risen(before.attempts_per_min, after.attempts_per_min)
        || has_risen(breadth(hour, at_ms - from_ms), breadth(later, until_ms - at_ms))
        || synchrony.is_in_step;
    let stretches = [(hour, at_ms - from_ms), (just, at_ms - just_from_ms)];
    let is_limited_more = exceeds(&stretches, later, until_ms - at_ms, None)
        || most_limited(hour).is_some_and(|usual_suspect| {
            exceeds(&stretches, later, until_ms - at_ms, Some(usual_suspect))
        });
    let lives = group.map_or(&[][..], |group| &group.lives);
    let versions: BTreeSet<NameId> =
        lives.iter().map(|life| log.lives[usize::from(*life)].version).collect();
    let known: BTreeSet<NameId> =
        log.between(log_start, at_ms).iter().map(|a| log.life_of(a).version).collect();
    let kind = if group.is_none() {
        ChangeKind::Step
    } else if versions.iter().any(|version| !known.contains(version)) {
        ChangeKind::Deploy
    } else if after.instances > before.instances {
        ChangeKind::ScaleOut
    } else {
        ChangeKind::Restart
    };
    let is_told = |id: &NameId| kind != ChangeKind::Deploy || !known.contains(id);
    Change {
        kind,
        at: Timestamp::from_millis(at_ms),
        until: Timestamp::from_millis(until_ms),
        starts: lives.len() as u64,
        versions: versions
            .into_iter()
            .filter(is_told)
            .map(|id| log.versions.name(id).to_owned())
            .collect(),
        before,
        after,
        correlation: synchrony.correlation_100ms,
        is_in_step: synchrony.is_in_step,
        is_spike: grew && is_limited_more,
    }
}

/// Whether more calls are turned away `later` than in either stretch before, leaving `but` aside.
fn exceeds(
    before: &[(&[Attempt], u64)],
    later: &[Attempt],
    later_ms: u64,
    but: Option<NameId>,
) -> bool {
    let limited = |attempts: &[Attempt]| {
        let counted =
            attempts.iter().filter(|attempt| attempt.is_limited() && Some(attempt.endpoint) != but);
        counted.count() as u64
    };
    let count = limited(later);
    count >= LIMITED_MIN
        && before.iter().all(|(attempts, length_ms)| {
            count * (*length_ms).max(1) >= LIMITED_FACTOR * limited(attempts) * later_ms
        })
}

/// The weight a minute of everything but the endpoint that costs most, which may be hot for reasons
/// of its own. Where bots fall silent for a ban, attempts do not rise over a quarter of an hour,
/// however dear each of them has become.
fn breadth(attempts: &[Attempt], length_ms: u64) -> u64 {
    let mut by_endpoint: BTreeMap<NameId, u64> = BTreeMap::new();
    for attempt in attempts {
        *by_endpoint.entry(attempt.endpoint).or_default() += u64::from(attempt.weight);
    }
    let most = by_endpoint.values().max().copied().unwrap_or(0);
    (by_endpoint.values().sum::<u64>() - most) * MINUTE_MS / length_ms.max(1)
}

/// The endpoint that was turned away most.
fn most_limited(attempts: &[Attempt]) -> Option<NameId> {
    let mut endpoints: Vec<NameId> =
        attempts.iter().filter(|a| a.is_limited()).map(|a| a.endpoint).collect();
    endpoints.sort_unstable();
    endpoints.chunk_by(|one, other| one == other).max_by_key(|chunk| chunk.len()).map(|c| c[0])
}

fn instances(log: &Log, attempts: &[Attempt]) -> u64 {
    let distinct: BTreeSet<NameId> =
        attempts.iter().map(|attempt| log.life_of(attempt).instance).collect();
    distinct.len() as u64
}

fn traffic(log: &Log, attempts: &[Attempt], length_ms: u64) -> Traffic {
    let sums = Sums::of(attempts);
    let instances = instances(log, attempts);
    let per_min = sums.attempts * MINUTE_MS / length_ms.max(1);
    Traffic {
        minutes: length_ms.div_ceil(MINUTE_MS),
        attempts_per_min: per_min,
        attempts_per_min_each: per_min / instances.max(1),
        limited: sums.limited,
        instances,
        inflight_tenths: sums.inflight * 10 / sums.attempts.max(1),
    }
}
