use super::*;
use crate::verdict::FindingKind;

mod generator;

use generator::{SYMPTOMS, World};

/// The seeds that thresholds were looked at with, seeds that they were not, and one in which a hot
/// endpoint once hid a storm.
const SEEDS: [std::ops::Range<u64>; 3] = [1..6, 1_000..1_012, 7_026..7_027];

fn report(log: &[u8]) -> Report {
    Triage::read(log).unwrap()
}

/// The symptoms among the findings.
fn symptoms(report: &Report) -> Vec<FindingKind> {
    let mut kinds: Vec<FindingKind> = report
        .findings
        .iter()
        .map(|finding| finding.kind)
        .filter(|kind| SYMPTOMS.contains(kind))
        .collect();
    kinds.dedup();
    kinds
}

/// Everything that went differently, rather than the first.
fn assert_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn a_healthy_log_is_called_healthy_however_busy() {
    let wrong: Vec<String> = SEEDS
        .into_iter()
        .flatten()
        .map(|seed| (seed, report(&World::healthy(seed).log())))
        .filter(|(_, report)| !report.is_healthy())
        .map(|(seed, report)| format!("seed {seed}\n{report}"))
        .collect();
    assert_none(&wrong);
}

#[test]
fn each_symptom_is_the_only_one_found_in_its_log() {
    let mut wrong = Vec::new();
    for symptom in SYMPTOMS {
        for seed in SEEDS.into_iter().flatten() {
            let report = report(&World::with(symptom, seed).log());
            let is_main = report.findings.first().is_some_and(|first| first.kind == symptom);
            if !is_main || symptoms(&report) != [symptom] {
                wrong.push(format!("{symptom:?} of seed {seed}\n{report}"));
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn two_symptoms_in_one_log_are_both_found_and_the_worse_is_first() {
    let mut wrong = Vec::new();
    for (index, worse) in SYMPTOMS.into_iter().enumerate() {
        for milder in SYMPTOMS.into_iter().skip(index + 1) {
            for seed in SEEDS.into_iter().flatten() {
                let report = report(&World::with_both(worse, milder, seed).log());
                let is_main = report.findings.first().is_some_and(|first| first.kind == worse);
                if !is_main || symptoms(&report) != [worse, milder] {
                    wrong.push(format!("{worse:?} and {milder:?} of seed {seed}\n{report}"));
                }
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn a_report_leads_with_the_worst_and_names_the_first_safe_move() {
    let text = report(&World::with(FindingKind::HotEndpoint, 1).log()).to_string();
    let first = text.lines().nth(2).unwrap();
    assert!(first.starts_with("1. one endpoint fills its bucket: "), "{text}");
    assert!(text.contains("first safe move: call "), "{text}");
    assert!(report(&World::healthy(1).log()).to_string().starts_with("healthy: "));
}

#[test]
fn lines_in_another_order_give_the_same_report() {
    let log = World::with(FindingKind::ReconnectStorm, 3).log();
    let mut lines: Vec<&[u8]> = log.split_inclusive(|byte| *byte == b'\n').collect();
    // As if each instance had written a file of its own.
    lines.sort_by_key(|line| line.windows(6).position(|text| text == b"\"bot-0").is_some());
    assert_eq!(report(&lines.concat()).findings, report(&log).findings);
}

#[test]
fn bad_lines_are_counted_and_never_fatal() {
    let mut log = World::healthy(2).log();
    let good = report(&log).lines.attempts;
    log.extend_from_slice(b"{\"level\":\"INFO\"}\n\n\xff\xfe\n{\"ts\":\n");
    log.extend_from_slice(&vec![b'x'; 200_000]);
    log.extend_from_slice(b"\nthe end");
    let report = report(&log);
    let first_bad = Some(good + 3);
    assert_eq!(report.lines, Lines { attempts: good, other: 1, bad: 4, first_bad, ignored: 0 });
    assert!(report.is_healthy());
    let said = format!("\nnot read: 4 bad lines, the first is line {}", good + 3);
    assert!(report.to_string().ends_with(&said), "{report}");
}

#[test]
fn a_log_that_comes_in_pieces_is_read_as_one_that_does_not() {
    let mut log = World::healthy(6).log();
    log.truncate(40_000);
    log.extend_from_slice(&vec![b'y'; 70_000]);
    let whole = report(&log);
    for size in [1, 7, 600, 4_096, 65_536] {
        let pieces = io::BufReader::with_capacity(size, log.as_slice());
        assert_eq!(Triage::read(pieces).unwrap(), whole, "pieces of {size}");
    }
}

#[test]
fn a_report_is_read_back_from_its_json() {
    let report = report(&World::with(FindingKind::AuthFailing, 5).log());
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
}
