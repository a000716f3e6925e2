//! The answers, and how they are printed.

use std::fmt;

use serde::{Deserialize, Serialize};
use tradewind_model::Timestamp;

use crate::attempt::{Log, MINUTE_MS};
use crate::auth::{self, AuthFailures};
use crate::ban::{self, Bans};
use crate::block::{self, Block};
use crate::bucket::{self, BucketUse};
use crate::change::{self, Change, ChangeKind};
use crate::handshake::{self, Handshakes};
use crate::platform::{self, Degraded};
use crate::retry::{self, Synchrony};
use crate::verdict::{self, Finding, evidence};

/// What was in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lines {
    /// Attempts that the answers rest on.
    pub attempts: u64,
    /// Lines of JSON that are no attempts.
    pub other: u64,
    /// Lines that are not JSON, are cut off or hold a field of the wrong type.
    pub bad: u64,
    /// Which line of the file the first of these is, counted from 1.
    pub first_bad: Option<u64>,
    /// Attempts beyond the bound on what is kept; no answer rests on them.
    pub ignored: u64,
}

/// What a log says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// What is wrong, the worst first; empty for a healthy log.
    pub findings: Vec<Finding>,
    /// What was in the file.
    pub lines: Lines,
    /// The first and the last attempt; none without any.
    pub span: Option<(Timestamp, Timestamp)>,
    /// How many processes by name.
    pub instances: u64,
    /// How many attempts were turned away by a limit, bans included.
    pub limited: u64,
    /// Each bucket, hot ones first, then by its fullest window.
    pub buckets: Vec<BucketUse>,
    /// Whether retries come in step.
    pub retries: Synchrony,
    /// Failures of authentication, by account.
    pub auth: Vec<AuthFailures>,
    /// When traffic changed.
    pub changes: Vec<Change>,
    /// Handshakes of sockets.
    pub handshakes: Handshakes,
    /// Blocks by a venue's edge.
    pub blocks: Vec<Block>,
    /// Bans.
    pub bans: Bans,
    /// Stretches in which a venue failed.
    pub degraded: Vec<Degraded>,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.findings.is_empty()
    }

    /// Asks every question of a log in the order of time.
    pub(crate) fn of(log: &Log, lines: Lines) -> Self {
        let blocks = block::find(log);
        let handshakes = handshake::find(log);
        let millis = |from: Timestamp, until: Timestamp| (from.as_millis(), until.as_millis());
        let storms = handshakes.storms.iter().map(|storm| millis(storm.first, storm.last));
        let others: Vec<(u64, u64)> = storms
            .clone()
            .chain(blocks.iter().map(|block| millis(block.first, block.last)))
            .collect();
        let changes = change::find(log, &others);
        // A storm, a deploy and the bursts before a block explain the 429s that come with them;
        // what is left of a bucket's trouble is the bucket's own.
        let spikes = changes
            .iter()
            .filter(|change| change.is_spike && change.kind != ChangeKind::Step)
            .map(|change| millis(change.at, change.until));
        let bursts = blocks.iter().map(|block| {
            let (first, last) = millis(block.first, block.last);
            (first.saturating_sub(block::CAUSE_MS), last)
        });
        let explained: Vec<(u64, u64)> = storms
            .map(|(from, until)| (from, until + 2 * MINUTE_MS))
            .chain(spikes)
            .chain(bursts)
            .collect();
        let span = log.span();
        let mut report = Self {
            findings: Vec::new(),
            lines,
            span: span
                .map(|(first, last)| (Timestamp::from_millis(first), Timestamp::from_millis(last))),
            instances: log.instances.len() as u64,
            limited: log.attempts.iter().filter(|attempt| attempt.is_limited()).count() as u64,
            buckets: bucket::find(log, &explained),
            retries: retry::find(log, 0, u64::MAX),
            auth: auth::find(log),
            changes,
            handshakes,
            blocks,
            bans: ban::find(log),
            degraded: platform::find(log),
        };
        report.findings = verdict::judge(log, &report);
        report
    }
}

impl fmt::Display for Report {
    /// The findings with their numbers, the worst first; below, what else was looked at.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, last)) = self.span else {
            return f.write_str("no attempts in this log");
        };
        let minutes = last.since(first).as_secs() / 60;
        let about = format!(
            "{} attempts by {} instances in {} h {} min from {}",
            self.lines.attempts,
            self.instances,
            minutes / 60,
            minutes % 60,
            evidence::clock(first)
        );
        if self.is_healthy() {
            write!(f, "healthy: {about}")?;
        } else {
            write!(f, "{} found in {about}", count(self.findings.len(), "problem"))?;
        }
        for (index, finding) in self.findings.iter().enumerate() {
            write!(
                f,
                "\n\n{}. {}: {}\n   {} to {}",
                index + 1,
                finding.kind.headline(),
                finding.who,
                evidence::clock(finding.first),
                evidence::clock(finding.last)
            )?;
            for said in &finding.evidence {
                write!(f, "\n   - {said}")?;
            }
            write!(f, "\n   first safe move: {}", finding.first_safe_move)?;
        }
        if !self.is_healthy() {
            f.write_str("\n")?;
        }
        self.write_answers(f)
    }
}

impl Report {
    /// The questions that are always asked, with their answers, a line each.
    fn write_answers(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\nlimits: {} turned away, {} by a ban", self.limited, self.bans.answers)?;
        if self.bans.sent_while_shut > 0 {
            write!(f, "; {} left to a shut scope", self.bans.sent_while_shut)?;
        }
        if let Some(usage) = self.buckets.first() {
            write!(f, "\nhottest bucket: {} ({})", evidence::full(usage), usage.door)?;
            if let Some(top) = usage.endpoints.first() {
                write!(f, "; {} draws {}", top.endpoint, top.share)?;
            }
        }
        write!(f, "\nretries: {}", evidence::synchrony(&self.retries))?;
        let failures: u64 = self.auth.iter().map(|auth| auth.failures).sum();
        write!(f, "\nauthentication: {}", count_u64(failures, "failure"))?;
        write!(
            f,
            "\nhandshakes: {}, at most {} in 5 min of {} allowed",
            self.handshakes.total, self.handshakes.max_in_5_min, self.handshakes.limit
        )?;
        write!(f, "\ntraffic: ")?;
        if self.changes.is_empty() {
            f.write_str("no deploy, no scale-out, no step against the hour before")?;
        }
        for (index, change) in self.changes.iter().take(5).enumerate() {
            let gap = if index > 0 { "; " } else { "" };
            let (at, what) = (evidence::clock(change.at), evidence::changed(change));
            write!(f, "{gap}{at} {what}, {} turned away after it", change.after.limited)?;
        }
        if self.changes.len() > 5 {
            write!(f, "; and {} more", self.changes.len() - 5)?;
        }
        if let Some(first) = self.lines.first_bad {
            let bad = count_u64(self.lines.bad, "bad line");
            write!(f, "\nnot read: {bad}, the first is line {first}")?;
        }
        if self.lines.ignored > 0 {
            write!(f, "\nnot kept: {} attempts, the last ones", self.lines.ignored)?;
        }
        Ok(())
    }
}

fn count(number: usize, noun: &str) -> String {
    count_u64(number as u64, noun)
}

fn count_u64(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}
