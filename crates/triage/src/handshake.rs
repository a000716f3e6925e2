//! Reconnect storms: sockets that come and go, and a resync of everything behind each.
//!
//! The venue's limit is 300 handshakes in five minutes from an address (web-socket-streams.md,
//! limits, read 2026-11), and a storm shows long before: what hurts is the resync behind every
//! handshake. A restart is no storm, since a process opens all its sockets then, once; nor is
//! backoff while the venue refuses, since a stream that backs off to half a minute knocks some
//! thirty times in five minutes at most.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tradewind_model::Timestamp;
use tradewind_model::tariff::LimitKind;

use crate::attempt::{Answer, Attempt, HOUR_MS, Log, MINUTE_MS};
use crate::door::{Sums, counts, median};
use crate::names::NameId;

/// The length of the venue's window.
const WINDOW_MS: u64 = 5 * MINUTE_MS;
/// The venue's limit, where the log does not name one.
const LIMIT: u64 = 300;
/// How old a process is before its handshakes are reconnects.
const START_MS: u64 = 5 * MINUTE_MS;
/// How many handshakes in a window, per process, are more than a start of all of them at once.
const STARTING_SOCKETS: u64 = 4;
/// How many of one process's handshakes in a window, taken by the venue, mean that sockets keep
/// falling: three streams that each drop three times.
const FALLING_MIN: usize = 10;
/// And by which factor its other calls then exceed what is usual, for a resync behind each.
const RESYNC_FACTOR: u64 = 2;
/// How many of one process's handshakes in a window are more than backoff allows three streams.
const UNBOUNDED_MIN: usize = 100;
/// Windows closer than this are one storm.
const LULL_MS: u64 = 10 * MINUTE_MS;

/// Handshakes, and the storms among them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handshakes {
    /// How many there were.
    pub total: u64,
    /// The most in any five minutes through one door.
    pub max_in_5_min: u64,
    /// The venue's limit for that.
    pub limit: u64,
    /// When these five minutes began.
    pub max_at: Option<Timestamp>,
    /// The storms, in the order of time.
    pub storms: Vec<Storm>,
}

/// A reconnect storm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Storm {
    /// The exchange and the address.
    pub door: String,
    /// The first handshake of it.
    pub first: Timestamp,
    /// The last.
    pub last: Timestamp,
    /// How many handshakes.
    pub handshakes: u64,
    /// The most of them in five minutes.
    pub max_in_5_min: u64,
    /// Who, by name.
    pub instances: Vec<String>,
    /// Other calls in five minutes of the storm, on average.
    pub calls_per_5_min: u64,
    /// The median of that over the hour before.
    pub calls_usual: u64,
    /// The call that was made most, and how often.
    pub top_call: Option<(String, u64)>,
    /// How many attempts were turned away by a limit.
    pub limited: u64,
}

/// The handshakes in the log.
pub(crate) fn find(log: &Log) -> Handshakes {
    let mut by_door: BTreeMap<NameId, Vec<&Attempt>> = BTreeMap::new();
    for attempt in log.attempts.iter().filter(|attempt| attempt.is_handshake) {
        by_door.entry(attempt.door).or_default().push(attempt);
    }
    let mut found = Handshakes { limit: limit(log), ..Handshakes::default() };
    for (door, handshakes) in &by_door {
        found.total += handshakes.len() as u64;
        let (max, at_ms) = fullest(handshakes);
        if max > found.max_in_5_min {
            found.max_in_5_min = max;
            found.max_at = Some(Timestamp::from_millis(at_ms));
        }
        let mut windows = crowded(handshakes, found.limit);
        for of_life in by_life(handshakes).values() {
            windows.extend(restless(log, of_life));
        }
        windows.sort_unstable();
        for (first, last) in merged(windows) {
            found.storms.push(describe(log, *door, handshakes, first, last));
        }
    }
    found.storms.sort_by_key(|storm| storm.first);
    found
}

fn limit(log: &Log) -> u64 {
    let named = log.buckets.iter().flatten().find(|name| name.kind == LimitKind::Connections);
    named.map_or(LIMIT, |name| u64::from(name.capacity))
}

/// The most in any window, and when it began.
fn fullest(handshakes: &[&Attempt]) -> (u64, u64) {
    (0..handshakes.len())
        .map(|start| (window_end(handshakes, start) - start, handshakes[start].at_ms))
        .map(|(count, at_ms)| (count as u64, at_ms))
        .max_by_key(|(count, at_ms)| (*count, std::cmp::Reverse(*at_ms)))
        .unwrap_or((0, 0))
}

/// Where the window ends that begins with the handshake at `start`.
fn window_end(handshakes: &[&Attempt], start: usize) -> usize {
    let until = handshakes[start].at_ms + WINDOW_MS;
    start + handshakes[start..].partition_point(|handshake| handshake.at_ms < until)
}

fn by_life<'a>(handshakes: &[&'a Attempt]) -> BTreeMap<NameId, Vec<&'a Attempt>> {
    let mut by_life: BTreeMap<NameId, Vec<&Attempt>> = BTreeMap::new();
    for handshake in handshakes {
        by_life.entry(handshake.life).or_default().push(handshake);
    }
    by_life
}

/// The windows in which a door saw its limit's worth, or half of it from too few processes.
fn crowded(handshakes: &[&Attempt], limit: u64) -> Vec<(u64, u64)> {
    let mut windows = Vec::new();
    let mut start = 0;
    while start < handshakes.len() {
        let end = window_end(handshakes, start);
        let count = (end - start) as u64;
        let is_crowded = count >= limit
            || (count * 2 >= limit && {
                let lives: BTreeSet<NameId> =
                    handshakes[start..end].iter().map(|handshake| handshake.life).collect();
                count > STARTING_SOCKETS * lives.len() as u64
            });
        if is_crowded {
            windows.push((handshakes[start].at_ms, handshakes[end - 1].at_ms));
            start = end;
        } else {
            start += 1;
        }
    }
    windows
}

/// The windows in which one process kept reconnecting.
fn restless(log: &Log, handshakes: &[&Attempt]) -> Vec<(u64, u64)> {
    let log_start = log.span().map_or(0, |(first, _)| first);
    let started = handshakes.first().map_or(0, |first| log.life_of(first).started_ms);
    let mature_from = started.max(log_start) + if started >= log_start { START_MS } else { 0 };
    let mut windows = Vec::new();
    let mut start = handshakes.partition_point(|handshake| handshake.at_ms < mature_from);
    while start < handshakes.len() {
        let end = window_end(handshakes, start);
        let window = &handshakes[start..end];
        let taken = window.iter().filter(|handshake| handshake.answer == Answer::Good).count();
        let is_restless =
            window.len() >= UNBOUNDED_MIN || (taken >= FALLING_MIN && resyncs(log, window[0]));
        if is_restless {
            windows.push((window[0].at_ms, window[window.len() - 1].at_ms));
            start = end;
        } else {
            start += 1;
        }
    }
    windows
}

/// Whether the other calls of the handshake's process multiplied in the window it begins: all of
/// them, or all but the one that it makes most anyway. A process that polls one endpoint hard would
/// else hide its resyncs behind that.
fn resyncs(log: &Log, handshake: &Attempt) -> bool {
    let at_ms = handshake.at_ms;
    let from_ms = at_ms.saturating_sub(HOUR_MS).max(log.span().map_or(0, |(first, _)| first));
    let is_its = |attempt: &&Attempt| attempt.life == handshake.life && !attempt.is_handshake;
    let before: Vec<&Attempt> = log.between(from_ms, at_ms).iter().filter(is_its).collect();
    let multiplied = |but: Option<NameId>| {
        let counted = |attempt: &&Attempt| Some(attempt.endpoint) != but;
        let window = log.between(at_ms, at_ms + WINDOW_MS).iter().filter(is_its);
        let calls = window.filter(counted).count() as u64;
        let before = before.iter().copied().filter(counted);
        calls > 0 && calls >= RESYNC_FACTOR * median(counts(before, from_ms, at_ms, WINDOW_MS))
    };
    let mut by_endpoint: BTreeMap<NameId, u64> = BTreeMap::new();
    for call in &before {
        *by_endpoint.entry(call.endpoint).or_default() += 1;
    }
    let most = by_endpoint.into_iter().max_by_key(|(_, count)| *count);
    multiplied(None) || most.is_some_and(|(endpoint, _)| multiplied(Some(endpoint)))
}

fn merged(windows: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    let mut merged: Vec<(u64, u64)> = Vec::new();
    for (first, last) in windows {
        match merged.last_mut() {
            Some(open) if first <= open.1 + LULL_MS => open.1 = open.1.max(last),
            Some(_) | None => merged.push((first, last)),
        }
    }
    merged
}

fn describe(log: &Log, door: NameId, handshakes: &[&Attempt], first: u64, last: u64) -> Storm {
    let within: Vec<&Attempt> = handshakes
        .iter()
        .copied()
        .filter(|handshake| (first..=last).contains(&handshake.at_ms))
        .collect();
    let instances: BTreeSet<&str> = within
        .iter()
        .map(|handshake| log.instances.name(log.life_of(handshake).instance))
        .collect();
    let is_call = |attempt: &&Attempt| attempt.door == door && !attempt.is_handshake;
    let calls: Vec<&Attempt> = log.between(first, last + 1).iter().filter(is_call).collect();
    let from_ms = first.saturating_sub(HOUR_MS).max(log.span().map_or(0, |(start, _)| start));
    let before = log.between(from_ms, first).iter().filter(is_call);
    let mut by_endpoint: BTreeMap<NameId, u64> = BTreeMap::new();
    for call in &calls {
        *by_endpoint.entry(call.endpoint).or_default() += 1;
    }
    let top = by_endpoint.into_iter().max_by_key(|(_, count)| *count);
    let windows = (last - first).div_ceil(WINDOW_MS).max(1);
    Storm {
        door: log.doors.name(door).to_owned(),
        first: Timestamp::from_millis(first),
        last: Timestamp::from_millis(last),
        handshakes: within.len() as u64,
        max_in_5_min: fullest(&within).0,
        instances: instances.into_iter().map(str::to_owned).collect(),
        calls_per_5_min: calls.len() as u64 / windows,
        calls_usual: median(counts(before, from_ms, first, WINDOW_MS)),
        top_call: top.map(|(endpoint, count)| (log.endpoints.name(endpoint).to_owned(), count)),
        limited: Sums::of(log.between(first, last + 1).iter().filter(|a| a.door == door)).limited,
    }
}
