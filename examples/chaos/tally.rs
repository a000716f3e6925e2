//! What all runs come to.

use std::time::Duration;

use serde_json::{Value, json};
use tradewind_lab::chaos::Report;

use crate::args::Args;

/// The most seeds, and flaws of one, that are printed.
const SHOWN_MAX: usize = 20;

/// All runs together.
#[derive(Debug)]
pub(crate) struct Tally {
    reports: Vec<Report>,
    took: Duration,
}

impl Tally {
    pub(crate) const fn of(reports: Vec<Report>, took: Duration) -> Self {
        Self { reports, took }
    }

    fn sum(&self, of: impl Fn(&Report) -> u64) -> u64 {
        self.reports.iter().map(of).sum()
    }

    fn flawed(&self) -> impl Iterator<Item = &Report> {
        self.reports.iter().filter(|report| !report.flaws.is_empty())
    }

    /// One line that names the seeds that failed; none when none has.
    pub(crate) fn flaw(&self) -> Option<String> {
        let seeds: Vec<u64> = self.flawed().map(|report| report.seed).collect();
        let (first, shown) = (*seeds.first()?, &seeds[..seeds.len().min(SHOWN_MAX)]);
        let count = seeds.len();
        let runs = self.reports.len();
        Some(format!(
            "{count} of {runs} runs are flawed, of the seeds {shown:?}; see one with --seed {first} \
             --runs 1"
        ))
    }

    pub(crate) fn text(&self, args: &Args) -> String {
        if args.json { self.json(args).to_string() } else { self.table(args) }
    }

    fn table(&self, args: &Args) -> String {
        let runs = self.reports.len();
        let mut text = format!(
            "{runs} runs of {} s from seed {}, {:.1} s\n  orders      {}, {} of them away from home\n  \
             trades      {}\n  in doubt    {}\n  fail-overs  {}, fail-backs {}\n  moved       {} \
             orders, {} mirrored\n  kills       {}, {} revivals, {} nights \
             slept through\n  bans        {}, {} requests turned \
             away\n  settled     {} s after the last trouble, on average",
            args.time.as_secs(),
            args.seed,
            self.took.as_secs_f32(),
            self.sum(|one| one.orders),
            self.sum(|one| one.orders_away),
            self.sum(|one| one.fills),
            self.sum(|one| one.in_doubt),
            self.sum(|one| one.fail_overs),
            self.sum(|one| one.fail_backs),
            self.sum(|one| one.moved),
            self.sum(|one| one.mirrored),
            self.sum(|one| one.kills),
            self.sum(|one| one.revivals.len() as u64),
            self.sum(|one| one.sleeps),
            self.sum(|one| one.bans),
            self.sum(|one| one.turned_away),
            self.settled_after(),
        );
        if let [alone] = &self.reports[..] {
            for why in &alone.revivals {
                text += &format!("\n  revived: {why}");
            }
        }
        for report in self.flawed().take(SHOWN_MAX) {
            text += &format!("\n  seed {}", report.seed);
            for flaw in report.flaws.iter().take(SHOWN_MAX) {
                text += &format!("\n    {flaw}");
            }
        }
        text
    }

    fn settled_after(&self) -> u64 {
        let sum = self.sum(|one| one.settled_after.as_secs());
        sum / u64::try_from(self.reports.len().max(1)).unwrap_or(u64::MAX)
    }

    fn json(&self, args: &Args) -> Value {
        let flaws: Vec<Value> = self
            .flawed()
            .take(SHOWN_MAX)
            .map(|report| {
                let flaws: Vec<_> = report.flaws.iter().take(SHOWN_MAX).collect();
                json!({"seed": report.seed, "flaws": flaws})
            })
            .collect();
        json!({
            "kind": "chaos",
            "runs": self.reports.len(),
            "seed": args.seed,
            "run_s": args.time.as_secs(),
            "took_s": self.took.as_secs_f32(),
            "flaws": self.sum(|one| one.flaws.len() as u64),
            "flawed_runs": self.flawed().count(),
            "flawed": flaws,
            "orders": self.sum(|one| one.orders),
            "orders_away": self.sum(|one| one.orders_away),
            "fills": self.sum(|one| one.fills),
            "in_doubt": self.sum(|one| one.in_doubt),
            "fail_overs": self.sum(|one| one.fail_overs),
            "fail_backs": self.sum(|one| one.fail_backs),
            "moved": self.sum(|one| one.moved),
            "mirrored": self.sum(|one| one.mirrored),
            "kills": self.sum(|one| one.kills),
            "revivals": self.sum(|one| one.revivals.len() as u64),
            "sleeps": self.sum(|one| one.sleeps),
            "bans": self.sum(|one| one.bans),
            "turned_away": self.sum(|one| one.turned_away),
            "settled_after_s": self.settled_after(),
        })
    }
}
