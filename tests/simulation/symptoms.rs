//! What `tradewind triage` says of logs that come of whole days in virtual time.
//!
//! Nothing in these logs was made for the reader: they are what instances of ours and bots of
//! others wrote while a venue counted, banned and blocked. Thresholds were chosen with the seeds
//! 1 to 3 and 101 to 214, and those below were drawn afterwards.

mod churn;
mod client;
mod dice;
mod scenes;
mod stage;

use tradewind_triage::{Finding, FindingKind, Report, Triage};

use scenes::{Done, SYMPTOMS, Scene, healthy, with, with_both};

fn report(scene: &Scene) -> Report {
    Triage::read(scene.log.as_slice()).unwrap()
}

/// The symptoms among the findings.
fn symptoms(report: &Report) -> Vec<FindingKind> {
    let kinds = report.findings.iter().map(|finding| finding.kind);
    let mut kinds: Vec<FindingKind> = kinds.filter(|kind| SYMPTOMS.contains(kind)).collect();
    kinds.dedup();
    kinds
}

/// What the report says otherwise than what was done: nothing, when it is right.
fn wrong(scene: &Scene, report: &Report) -> Vec<String> {
    let mut wrong = Vec::new();
    let wanted: Vec<FindingKind> = scene.done.iter().map(|done| done.kind).collect();
    let found = symptoms(report);
    if found != wanted {
        wrong.push(format!("found {found:?} instead of {wanted:?}"));
    }
    if let (None, Some(finding)) = (scene.done.first(), report.findings.first()) {
        wrong.push(format!("found {:?} where nothing was wrong", finding.kind));
    }
    if report.findings.first().map(|finding| finding.kind) != wanted.first().copied() {
        wrong.push("the worst is not the first".to_owned());
    }
    for done in &scene.done {
        let finding = report.findings.iter().find(|finding| finding.kind == done.kind);
        wrong.extend(finding.and_then(|finding| differs(done, finding)));
    }
    wrong
}

/// What a finding says otherwise than what was done.
fn differs(done: &Done, finding: &Finding) -> Option<String> {
    let late = finding.first.since(done.at).as_secs();
    let early = done.at.since(finding.first).as_secs();
    // Whose machine has slept writes with a clock that is behind by its nap, of 90 s at most, and
    // by what else the clock was set: what it met then seems to have been earlier than it was.
    if late > 5 * 60 || early > 2 * 60 {
        return Some(format!("it began at {}, not at {}", done.at, finding.first));
    }
    if !finding.who.contains(&done.who) {
        return Some(format!("it was {}, not {}", done.who, finding.who));
    }
    let (confirm, safe_move) = table(done.kind);
    let evidence = finding.evidence.join("\n");
    let unsaid = confirm.iter().find(|said| !evidence.contains(**said));
    let undone = safe_move.iter().find(|said| !finding.first_safe_move.contains(**said));
    unsaid.or(undone).map(|said| format!("it does not say `{said}`"))
}

/// What confirms a finding, and what is safe to do about it, as an operator has to read them.
const fn table(kind: FindingKind) -> (&'static [&'static str], &'static [&'static str]) {
    match kind {
        FindingKind::EdgeBlock => (
            &["of good ones", "in the half-hour before: up to", "× 429"],
            &["stop all traffic", "hold the breaker open", "one light probe", "come back slower"],
        ),
        FindingKind::AuthFailing => (&["failures:", "by "], &["stop", "sync the clock"]),
        FindingKind::ConcurrencyJump => (
            &["instances", "at once", "retries after it correlate"],
            &["cap calls per endpoint and instance", "jitter", "stagger"],
        ),
        FindingKind::ReconnectStorm => (
            &["handshakes, up to", "other calls in 5 min (usually"],
            &["one reconnect at a time", "jitter", "only what the gap missed"],
        ),
        FindingKind::HotEndpoint => (&["full in", "drawn by"], &["less: cache it, batch it, shed"]),
        FindingKind::Banned
        | FindingKind::Limited
        | FindingKind::RetriesInStep
        | FindingKind::VenueDegraded => (&[], &[]),
    }
}

/// Everything that is told wrongly of some scenes, rather than the first.
fn assert_right(scenes: impl IntoIterator<Item = (String, Scene)>) {
    let mut all = Vec::new();
    for (name, scene) in scenes {
        let report = report(&scene);
        let wrong = wrong(&scene, &report);
        if !wrong.is_empty() {
            let acts: Vec<_> = scene.done.iter().map(|done| done.variant).collect();
            let (wrong, acts) = (wrong.join("; "), acts.join(", "));
            all.push(format!("{name} ({acts}): {wrong}\n{:?}\n{report}", scene.done));
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n\n"));
}

fn assert_each_is_found(kind: FindingKind) {
    assert_right(SINGLE.map(|seed| (format!("seed {seed}"), with(kind, seed))));
}

fn assert_both_are_found(pairs: &[(FindingKind, FindingKind)]) {
    assert_right(pairs.iter().enumerate().map(|(place, (worse, milder))| {
        let seed = MIXED[place % MIXED.len()];
        (format!("{worse:?} and {milder:?} of seed {seed}"), with_both(*worse, *milder, seed))
    }));
}

/// Drawn after the thresholds were chosen.
const HEALTHY: [u64; 2] = [175349394, 1146164977];
/// See [`HEALTHY`].
const SINGLE: [u64; 3] = [4003438049, 2265236324, 3065968351];
/// See [`HEALTHY`].
const MIXED: [u64; 4] = [2569455219, 1446987165, 1397373857, 838566470];

#[test]
fn hours_on_which_all_is_well_are_called_healthy() {
    assert_right(HEALTHY.map(|seed| (format!("seed {seed}"), healthy(seed))));
}

#[test]
fn a_block_by_the_edge_is_found_with_the_bursts_before_it() {
    assert_each_is_found(FindingKind::EdgeBlock);
}

#[test]
fn refusals_that_repeat_are_found_with_the_account_they_stop() {
    assert_each_is_found(FindingKind::AuthFailing);
}

#[test]
fn calls_turned_away_since_a_deploy_or_a_scale_out_are_laid_to_it() {
    assert_each_is_found(FindingKind::ConcurrencyJump);
}

#[test]
fn a_reconnect_that_becomes_a_storm_is_found_with_who_reconnects() {
    assert_each_is_found(FindingKind::ReconnectStorm);
}

#[test]
fn an_endpoint_that_fills_its_bucket_is_named() {
    assert_each_is_found(FindingKind::HotEndpoint);
}

#[test]
fn a_block_and_something_else_are_both_found_and_the_block_is_first() {
    let [block, others @ ..] = SYMPTOMS;
    assert_both_are_found(&others.map(|other| (block, other)));
}

#[test]
fn refusals_and_something_milder_are_both_found() {
    let [_, auth, others @ ..] = SYMPTOMS;
    assert_both_are_found(&others.map(|other| (auth, other)));
}

#[test]
fn jumps_storms_and_heat_are_told_apart() {
    let [_, _, jump, storm, heat] = SYMPTOMS;
    assert_both_are_found(&[(jump, storm), (jump, heat), (storm, heat)]);
}
