//! 403 from the venue's edge: the block that comes of hours of bad manners, all at once.
//!
//! An answer of status 403 without a code was written by the firewall in front of the venue, which
//! judges traffic and not requests. One such answer between good ones is that firewall disliking
//! one request. It is a block when it lasts: nothing good comes behind it through that door, or
//! nearly everything of the next minutes is turned away alike. Signed and unsigned calls are told
//! apart, since the edge may shut the private part alone.

use serde::{Deserialize, Serialize};
use tradewind_model::Timestamp;

use crate::attempt::{Answer, Attempt, HOUR_MS, Log, MINUTE_MS};
use crate::door::{Sums, counts, median};

/// How long is looked at behind a first 403: the venue's own block lasts about five minutes
/// (frequently asked questions of the venue's support, read 2026-11), so within it all answers
/// are alike or it is no block.
const LOOK_AHEAD_MS: u64 = 5 * MINUTE_MS;
/// How many 403s make a block while a few good answers still arrive (those that were on their
/// way), and which part of all answers they must be.
const REPEATED_MIN: usize = 3;
/// See [`REPEATED_MIN`]; in percent.
const REPEATED_SHARE: usize = 80;
/// How far before the block its cause is looked for. Abuse detection is slow: minutes, not hours.
pub(crate) const CAUSE_MS: u64 = 30 * MINUTE_MS;

/// A block by a venue's edge, and what went before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// The exchange, and the address that it turned away.
    pub door: String,
    /// The first 403.
    pub first: Timestamp,
    /// The last 403.
    pub last: Timestamp,
    /// How many there were.
    pub answers: u64,
    /// How many attempts left by that door after the first 403; each may lengthen the block.
    pub attempts_after: u64,
    /// For how long the door had given good answers, in minutes.
    pub good_before_min: u64,
    /// Attempts a minute in the busiest minute of the half-hour before.
    pub peak_per_min: u64,
    /// Attempts a minute, the median over the time before that.
    pub usual_per_min: u64,
    /// 429s in the half-hour before.
    pub limited_before: u64,
    /// 5xx and timeouts in the half-hour before.
    pub failed_before: u64,
    /// Requests that the venue refused as wrong in the half-hour before, signatures included.
    pub refused_before: u64,
    /// The most attempts on the wire at once in the half-hour before, of one process.
    pub inflight_before: u32,
    /// The same over the time before that.
    pub inflight_usual: u32,
}

/// The blocks in the log, one a door and stretch of time, in the order of time.
pub(crate) fn find(log: &Log) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for door in 0..log.doors.len() {
        let through: Vec<&Attempt> =
            log.attempts.iter().filter(|attempt| usize::from(attempt.door) == door).collect();
        if !through.iter().any(|attempt| attempt.answer == Answer::Edge) {
            continue;
        }
        let mut spans: Vec<(u64, u64)> = [true, false]
            .into_iter()
            .flat_map(|is_signed| {
                let lane = through.iter().filter(|attempt| attempt.account.is_some() == is_signed);
                spans(lane.copied())
            })
            .collect();
        spans.sort_unstable();
        for (first, last) in merged(spans) {
            blocks.push(describe(log, &through, door, first, last));
        }
    }
    blocks.sort_by_key(|block| block.first);
    blocks
}

/// The first and the last 403 of each block in one lane.
fn spans<'a>(lane: impl Iterator<Item = &'a Attempt>) -> Vec<(u64, u64)> {
    let judged: Vec<(u64, bool)> = lane
        .filter(|attempt| matches!(attempt.answer, Answer::Edge | Answer::Good))
        .map(|attempt| (attempt.at_ms, attempt.answer == Answer::Edge))
        .collect();
    // How many 403s stand before each place.
    let edges_before: Vec<usize> = std::iter::once(0)
        .chain(judged.iter().scan(0, |sum, (_, is_edge)| {
            *sum += usize::from(*is_edge);
            Some(*sum)
        }))
        .collect();
    let mut spans = Vec::new();
    let mut index = 0;
    while index < judged.len() {
        let (at_ms, is_edge) = judged[index];
        if !is_edge {
            index += 1;
            continue;
        }
        let end = judged.partition_point(|(at, _)| *at < at_ms + LOOK_AHEAD_MS);
        let edges = edges_before[end] - edges_before[index];
        let answers = end - index;
        // A client that falls silent and probes meets it once in a while, and never an open door.
        let is_met_again = judged.get(end).is_none_or(|(_, is_edge)| *is_edge);
        let is_all = edges == answers && (edges >= 2 || is_met_again);
        let is_most = edges >= REPEATED_MIN && edges * 100 >= answers * REPEATED_SHARE;
        if !(is_all || is_most) {
            index += 1;
            continue;
        }
        // Probes that meet it again, with nothing good between, are still the same block.
        let more = judged[end..].iter().take_while(|(_, is_edge)| *is_edge).count();
        let last = judged[index..end + more].iter().rev().find(|(_, is_edge)| *is_edge);
        spans.push((at_ms, last.map_or(at_ms, |(at, _)| *at)));
        index = end + more;
    }
    spans
}

/// Stretches with less than a quarter of an hour between them as one: a probe every few minutes
/// does not make a new block.
fn merged(spans: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    let mut merged: Vec<(u64, u64)> = Vec::new();
    for (first, last) in spans {
        match merged.last_mut() {
            Some(open) if first <= open.1 + 15 * MINUTE_MS => open.1 = open.1.max(last),
            Some(_) | None => merged.push((first, last)),
        }
    }
    merged
}

fn describe(log: &Log, through: &[&Attempt], door: usize, first: u64, last: u64) -> Block {
    let cause_from = first.saturating_sub(CAUSE_MS);
    let from = through.first().map_or(first, |attempt| attempt.at_ms);
    let within = |from: u64, until: u64| {
        through.iter().copied().filter(move |attempt| (from..until).contains(&attempt.at_ms))
    };
    let before = Sums::of(within(cause_from, first));
    let usual = Sums::of(within(from.max(cause_from.saturating_sub(HOUR_MS)), cause_from));
    let usual_from = from.max(cause_from.saturating_sub(HOUR_MS));
    let peaks = counts(within(cause_from, first), cause_from, first, MINUTE_MS);
    let usual_counts = counts(within(usual_from, cause_from), usual_from, cause_from, MINUTE_MS);
    let good_from = within(from, first).find(|attempt| attempt.answer == Answer::Good);
    Block {
        door: log.doors.name(u16::try_from(door).unwrap_or(u16::MAX)).to_owned(),
        first: Timestamp::from_millis(first),
        last: Timestamp::from_millis(last),
        answers: within(first, last + 1).filter(|a| a.answer == Answer::Edge).count() as u64,
        attempts_after: within(first + 1, u64::MAX).count() as u64,
        good_before_min: good_from.map_or(0, |good| (first - good.at_ms) / MINUTE_MS),
        peak_per_min: peaks.into_iter().max().unwrap_or(0),
        usual_per_min: median(usual_counts),
        limited_before: before.limited,
        failed_before: before.failed,
        refused_before: before.refused + before.auth,
        inflight_before: before.inflight_max,
        inflight_usual: usual.inflight_max,
    }
}
