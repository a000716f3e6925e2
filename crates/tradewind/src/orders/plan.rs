//! What a start would do about orders and trades of earlier runs.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};
use tradewind_engine::journal::OrderRecord;
use tradewind_model::id::ClientOrderId;
use tradewind_model::report::ExecutionReport;
use tradewind_runtime::Config;

use super::{Books, list};
use crate::session;

/// What a start would do.
pub(super) struct Plan<'p> {
    books: &'p Books,
    config: &'p Config<'p>,
    /// What the venue lists as open, or why that is not known.
    open: Result<&'p [ExecutionReport], &'p str>,
    /// After so long from its start, an order that the venue does not know was never placed.
    conclusive_after: Duration,
}

pub(super) fn of<'p>(
    config: &'p Config<'p>,
    books: &'p Books,
    open: &'p Result<Vec<ExecutionReport>, String>,
) -> Plan<'p> {
    let open = open.as_deref().map_err(String::as_str);
    Plan { books, config, open, conclusive_after: session::conclusive_after(config) }
}

impl Plan<'_> {
    pub(super) fn print(&self, is_json: bool) -> String {
        if is_json { self.json().to_string() } else { self.text() }
    }

    /// Names that the venue lists as open.
    fn listed(&self) -> Option<BTreeSet<ClientOrderId>> {
        let open = self.open.ok()?;
        Some(open.iter().filter_map(|report| report.client_order_id).collect())
    }

    /// What would be done about an order.
    fn step(&self, record: &OrderRecord, listed: Option<&BTreeSet<ClientOrderId>>) -> String {
        let is_listed = listed.map(|listed| listed.contains(&record.intent.client_order_id));
        let mut step = match (record.accepted_at, is_listed) {
            (Some(_), Some(true)) | (None, Some(true)) => {
                "it is listed as open: taken up as it is".to_owned()
            }
            (Some(_), Some(false)) => {
                "it is not listed as open: asked about by name, until the venue says how it ended"
                    .to_owned()
            }
            (Some(_), None) => "looked for in the list of open orders, then asked about".to_owned(),
            (None, Some(false) | None) => format!(
                "in doubt: asked about by name; not placed once the venue does not know it twice, a \
                 second apart, from {} s after the start on",
                self.conclusive_after.as_secs_f32()
            ),
        };
        if record.cancel_asked_at.is_some() {
            step.push_str("; canceled if it rests, which was wanted before");
        }
        step
    }

    /// Where trades are read from, by symbol.
    fn reads(&self) -> Vec<String> {
        let here = (self.config.route.venue.name, self.config.route.account.name);
        let recovered = &self.books.recovered;
        let known = recovered.last_trades.iter();
        let known = known.filter(|((venue, account, _), _)| (*venue, *account) == here);
        known
            .map(|((_, _, symbol), trade)| format!("trades of {symbol} are read from {trade} on"))
            .collect()
    }

    /// What the venue lists that no record speaks of: ours by name, and others.
    fn unknown(&self) -> (Vec<&ExecutionReport>, Vec<&ExecutionReport>) {
        let open = self.open.unwrap_or_default().iter();
        let unknown = open.filter(|report| {
            report.client_order_id.is_none_or(|id| self.books.recovered.order(id).is_none())
        });
        unknown.partition(|report| !list::is_foreign(self.config, self.books, report))
    }

    fn text(&self) -> String {
        let open = self.books.open();
        let listed = self.listed();
        let mut text = format!("{}, at {}\n", self.books.folder.display(), self.books.at);
        writeln!(text, "a start would take up {} orders", open.len()).ok();
        for record in open {
            writeln!(text, "  {}", list::line(record)).ok();
            writeln!(text, "    {}", self.step(record, listed.as_ref())).ok();
        }
        for line in self.reads() {
            writeln!(text, "{line}").ok();
        }
        match self.open {
            Err(why) => {
                writeln!(
                    text,
                    "what is open at {} is not known: {why}",
                    self.config.route.venue.name
                )
                .ok();
            }
            Ok(_) => {
                let (adopted, foreign) = self.unknown();
                for report in adopted {
                    writeln!(text, "ours by name and not written down: taken in").ok();
                    writeln!(text, "  {}", list::said(report)).ok();
                }
                writeln!(text, "{} open orders of others are left alone", foreign.len()).ok();
            }
        }
        for (scope, (at, trading)) in &self.books.recovered.trading {
            let (state, reason) = (trading.state, &trading.reason);
            writeln!(text, "{scope} is {state} since {at}: {reason}").ok();
        }
        text
    }

    fn json(&self) -> Value {
        let listed = self.listed();
        let row = |record: &OrderRecord| {
            json!({
                "order": list::row(record),
                "listed": listed
                    .as_ref()
                    .map(|listed| listed.contains(&record.intent.client_order_id)),
                "step": self.step(record, listed.as_ref()),
            })
        };
        let (adopted, foreign) = self.unknown();
        let told = |reports: Vec<&ExecutionReport>| {
            reports.into_iter().map(list::told).collect::<Vec<_>>()
        };
        json!({
            "kind": "plan",
            "journal": self.books.folder.display().to_string(),
            "at": self.books.at.to_string(),
            "conclusive_after_ms": u64::try_from(self.conclusive_after.as_millis()).ok(),
            "orders": self.books.open().into_iter().map(row).collect::<Vec<_>>(),
            "reads": self.reads(),
            "venue_unknown": self.open.err(),
            "adopted": told(adopted),
            "foreign": told(foreign),
        })
    }
}
