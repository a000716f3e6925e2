//! The numbers behind a finding, as an operator reads them.

use tradewind_model::Timestamp;

use crate::auth::AuthFailures;
use crate::block::Block;
use crate::bucket::BucketUse;
use crate::change::{Change, ChangeKind};
use crate::handshake::Storm;
use crate::permille::Permille;
use crate::retry::Synchrony;

/// A moment without its milliseconds: `2026-09-21 14:13:20`.
pub(crate) fn clock(at: Timestamp) -> String {
    let text = at.to_string();
    text.get(..19).unwrap_or(&text).replace('T', " ")
}

/// Some names, the first three of them.
pub(crate) fn instances(names: &[String]) -> String {
    match names {
        [] => "nobody".to_owned(),
        [_] | [_, _] | [_, _, _] => names.join(", "),
        [first, second, third, rest @ ..] => {
            format!("{first}, {second}, {third} and {} more", rest.len())
        }
    }
}

pub(super) fn block(block: &Block) -> Vec<String> {
    let mut said = vec![format!(
        "{} answers of 403 without a code after {} h {} min of good ones; {} attempts left after \
         the first",
        block.answers,
        block.good_before_min / 60,
        block.good_before_min % 60,
        block.attempts_after
    )];
    said.push(format!(
        "in the half-hour before: up to {} attempts a minute (usually {}), up to {} at once (before \
         {}), {} × 429, {} failed, {} refused",
        block.peak_per_min,
        block.usual_per_min,
        block.inflight_before,
        block.inflight_usual,
        block.limited_before,
        block.failed_before,
        block.refused_before
    ));
    said
}

pub(super) fn auth(auth: &AuthFailures) -> Vec<String> {
    let codes: Vec<String> = auth
        .codes
        .iter()
        .take(3)
        .map(|(status, code, count)| match (status, code) {
            (status, 0) => format!("{count} × {status}"),
            (0, code) => format!("{count} × code {code}"),
            (status, code) => format!("{count} × {status} with code {code}"),
        })
        .collect();
    let endpoints: Vec<String> =
        auth.endpoints.iter().take(3).map(|(name, count)| format!("{name} {count}")).collect();
    vec![
        format!("{} failures: {}", auth.failures, codes.join(", ")),
        format!("on {}; by {}", endpoints.join(", "), instances(&auth.instances)),
        format!(
            "{} signed attempts left after the first, {} of them got good answers",
            auth.attempts_after, auth.good_after
        ),
    ]
}

pub(crate) fn changed(change: &Change) -> String {
    let versions = change.versions.join(", ");
    match change.kind {
        ChangeKind::Deploy => format!("deploy of {versions}, {} started", change.starts),
        ChangeKind::ScaleOut => {
            format!("scale-out from {} to {}", change.before.instances, change.after.instances)
        }
        ChangeKind::Restart => format!("restart of {}", change.starts),
        ChangeKind::Step => "step in traffic, nothing started".to_owned(),
    }
}

pub(super) fn change(change: &Change) -> Vec<String> {
    let (before, after) = (change.before, change.after);
    let tenths = |value: u64| format!("{}.{}", value / 10, value % 10);
    vec![
        format!(
            "{} turned away in {} min; {} in the {} min before",
            after.limited, after.minutes, before.limited, before.minutes
        ),
        format!(
            "instances {} → {}, attempts a minute {} → {} (each {} → {}), at once {} → {}",
            before.instances,
            after.instances,
            before.attempts_per_min,
            after.attempts_per_min,
            before.attempts_per_min_each,
            after.attempts_per_min_each,
            tenths(before.inflight_tenths),
            tenths(after.inflight_tenths)
        ),
        format!(
            "retries after it correlate at {}{}",
            change.correlation.as_coefficient(),
            if change.is_in_step { ": in step" } else { "" }
        ),
    ]
}

pub(super) fn storm(storm: &Storm, limit: u64) -> Vec<String> {
    let top = storm.top_call.as_ref();
    let top =
        top.map_or_else(String::new, |(name, count)| format!(", most of all {name}, {count}"));
    vec![
        format!(
            "{} handshakes, up to {} in 5 min of {limit} allowed",
            storm.handshakes, storm.max_in_5_min
        ),
        format!(
            "{} other calls in 5 min (usually {}){top}; {} turned away",
            storm.calls_per_5_min, storm.calls_usual, storm.limited
        ),
    ]
}

pub(super) fn bucket(usage: &BucketUse) -> Vec<String> {
    let mut said = vec![full(usage)];
    let shares: Vec<String> = usage
        .endpoints
        .iter()
        .take(3)
        .map(|top| format!("{} {}", top.endpoint, top.share))
        .collect();
    said.push(format!(
        "{} turned away in {} windows; drawn by {}",
        usage.limited,
        usage.windows_troubled,
        shares.join(", ")
    ));
    if let Some(own) = usage.own_share.filter(|own| *own < Permille(500)) {
        said.push(format!("only {own} of it is ours: somebody else uses the same address"));
    }
    said
}

/// How full a bucket was at its fullest.
pub(crate) fn full(usage: &BucketUse) -> String {
    let at = clock(usage.used_max_at);
    if usage.capacity == 0 {
        return format!("{} used at most {} in a window, at {at}", usage.bucket, usage.used_max);
    }
    format!(
        "{} at {} of {} at {at} ({}), full in {} of {} windows",
        usage.bucket,
        usage.used_max,
        usage.capacity,
        usage.used_share_max,
        usage.windows_full,
        usage.windows
    )
}

/// What was seen of retries, against what jitter gives.
pub(crate) fn synchrony(retries: &Synchrony) -> String {
    if retries.instances < 2 {
        return format!("{} retries by {} instance", retries.retries, retries.instances);
    }
    format!(
        "{} retries by {} instances correlate at {} in bins of 100 ms (jitter gives {}), {} in bins \
         of 1 s ({}); {} shared a bin",
        retries.retries,
        retries.instances,
        retries.correlation_100ms.as_coefficient(),
        retries.jittered_100ms.as_coefficient(),
        retries.correlation_1s.as_coefficient(),
        retries.jittered_1s.as_coefficient(),
        retries.shared
    )
}
