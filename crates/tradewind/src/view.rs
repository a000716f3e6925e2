//! What a run looks like while it lasts.
//!
//! On a terminal a page that is drawn anew in its place; on a pipe one line a second, as text or
//! as JSON. What is shown is a function of the snapshot and the size of the screen, so that it can
//! be tested without either; [`screen`] puts it on a terminal and takes care to leave that as it
//! was.

pub(crate) mod screen;

use std::cmp::Reverse;
use std::time::Duration;

use serde_json::{Value, json};
use tradewind_engine::{PositionView, Snapshot};
use tradewind_model::id::InstrumentId;
use tradewind_model::notice::VenueStatus;
use tradewind_model::order::{OrderState, OrderUpdate, Side};
use tradewind_model::tariff::LimitKind;
use tradewind_scheduler::BucketView;

use crate::report::shown;
use crate::session::About;

/// How a line is to be read at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Faint,
    Strong,
    Buy,
    Sell,
    Alarm,
}

/// One line of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) tone: Tone,
    pub(crate) text: String,
}

/// What there is to be shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene<'s> {
    pub(crate) about: &'s About,
    pub(crate) snapshot: &'s Snapshot,
    /// How long it may still take, where that is limited.
    pub(crate) left: Option<Duration>,
    pub(crate) is_stopping: bool,
}

/// Columns and rows of a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
}

/// Rows of the screen for each limit that is shown: a small screen has better use for them.
const ROWS_PER_LIMIT: usize = 5;

/// Log lines at the bottom of a page.
pub(crate) const LOG_LINES: usize = 4;

impl Scene<'_> {
    /// A page that fits on the screen, line by line.
    pub(crate) fn page(&self, size: Size, logs: &[String]) -> Vec<Line> {
        let mut page = vec![self.title(), self.status()];
        page.extend(self.market());
        page.push(self.orders());
        page.extend(self.limits(size));
        let logs: Vec<_> = logs.iter().map(|log| line(Tone::Faint, log.clone())).collect();
        // What is left of the screen is the ladder's, which gives way first.
        let room = size.rows.saturating_sub(page.len() + logs.len() + 2);
        page.push(line(Tone::Plain, String::new()));
        page.extend(self.ladder(room));
        page.extend(logs);
        page.truncate(size.rows);
        for line in &mut page {
            line.text = fitted(&line.text, size.columns);
        }
        page
    }

    fn title(&self) -> Line {
        let About { venue, seed, started_at, .. } = self.about;
        let seed = seed.map(|seed| format!(" seed {seed}")).unwrap_or_default();
        let took = self.snapshot.at.since(*started_at).as_secs();
        let left = self.left.map(|left| format!(", {} s left", left.as_secs()));
        let stop = if self.is_stopping { "stopping" } else { "Ctrl-C stops" };
        let left = left.unwrap_or_default();
        line(Tone::Strong, format!("tradewind on {venue}{seed}   {took} s{left}   {stop}"))
    }

    fn status(&self) -> Line {
        match &self.snapshot.status {
            VenueStatus::Live => line(Tone::Plain, "live".to_owned()),
            VenueStatus::Stale { reason } => {
                line(Tone::Alarm, format!("not live: {reason}; new orders are denied"))
            }
            VenueStatus::Shut { reason, .. } => line(Tone::Alarm, format!("shut: {reason}")),
            VenueStatus::Moved { reason, .. } => line(Tone::Plain, format!("moved: {reason}")),
        }
    }

    /// The market and what is held of it, for each instrument.
    fn market(&self) -> Vec<Line> {
        let rows = |id: &InstrumentId| {
            let quote = self.snapshot.quotes.get(id);
            let quote = quote.map_or_else(
                || "no price yet".to_owned(),
                |quote| format!("bid {} ask {}", quote.bid, quote.ask),
            );
            let market = line(Tone::Plain, format!("{id}   {quote}"));
            let held = self.positions(id).map(|view| line(Tone::Plain, position(view)));
            std::iter::once(market).chain(held.collect::<Vec<_>>())
        };
        self.about.instruments.iter().flat_map(rows).collect()
    }

    fn positions(&self, id: &InstrumentId) -> impl Iterator<Item = &PositionView> {
        self.snapshot.positions.iter().filter(move |view| view.instrument == *id)
    }

    fn orders(&self) -> Line {
        let counters = &self.snapshot.counters;
        let text = format!(
            "orders   sent {} open {} filled {} canceled {} rejected {} in doubt {}   fills {}",
            counters.orders_sent,
            self.snapshot.open_orders.len(),
            counters.orders_filled,
            counters.orders_canceled,
            counters.orders_rejected,
            self.snapshot.in_doubt.len(),
            counters.fills,
        );
        let tone = if self.snapshot.in_doubt.is_empty() { Tone::Plain } else { Tone::Alarm };
        line(tone, text)
    }

    /// One row a limit, those that came nearest to it first: how much of the current window is
    /// used, and the most that ever was.
    fn limits(&self, size: Size) -> Vec<Line> {
        let gauge = size.columns.saturating_sub(60).min(20);
        let row = |bucket: &BucketView| {
            let (used, capacity) = (bucket.used, bucket.limit.capacity);
            let full = gauge * used.min(capacity) as usize / capacity.max(1) as usize;
            let gauge = match gauge {
                0 => String::new(),
                _ => format!("  {}{}", "#".repeat(full), ".".repeat(gauge - full)),
            };
            let tone = if is_nearly_full(bucket) { Tone::Alarm } else { Tone::Faint };
            let (name, peak) = (bucket.name(), bucket.peak);
            line(tone, format!("{name:<18}{gauge} {used:>5} of {capacity}, peak {peak}"))
        };
        let mut buckets: Vec<_> = self.snapshot.scheduler.buckets.iter().collect();
        buckets.sort_by_key(|bucket| Reverse(share_of_peak(bucket)));
        buckets.into_iter().take(size.rows / ROWS_PER_LIMIT).map(row).collect()
    }

    /// Open orders by price with the market among them; the nearest ones when room is short.
    fn ladder(&self, room: usize) -> Vec<Line> {
        let mut rows = Vec::new();
        for id in &self.about.instruments {
            let mid = self.snapshot.quotes.get(id).map(|quote| quote.mid());
            let mut open: Vec<_> = self.snapshot.open_orders.iter().collect();
            open.retain(|order| order.instrument == *id);
            open.sort_by_key(|order| Reverse((order.kind.price(), order.side)));
            let is_above = |order: &&OrderUpdate| order.kind.price() > mid;
            let (above, below): (Vec<_>, Vec<_>) = open.into_iter().partition(is_above);
            let center = above.len();
            let mut ladder: Vec<_> = above.into_iter().map(rung).collect();
            if let Some(mid) = mid {
                ladder.push(line(Tone::Strong, format!("  ----  {mid:>14}  {id}")));
            }
            ladder.extend(below.into_iter().map(rung));
            // Each instrument gets its share, centered on the market.
            let share = room / self.about.instruments.len().max(1);
            let first = center.saturating_sub(share / 2).min(ladder.len().saturating_sub(share));
            rows.extend(ladder.into_iter().skip(first).take(share));
        }
        rows
    }

    /// The state in one line, for a pipe.
    pub(crate) fn text(&self) -> String {
        let Snapshot { counters, open_orders, .. } = self.snapshot;
        let status = match &self.snapshot.status {
            VenueStatus::Live => "live".to_owned(),
            VenueStatus::Stale { reason } => format!("not live ({reason})"),
            VenueStatus::Shut { reason, .. } => format!("shut ({reason})"),
            VenueStatus::Moved { reason, .. } => format!("moved ({reason})"),
        };
        let market = self.about.instruments.iter().map(|id| {
            let quote = self.snapshot.quotes.get(id);
            let price = quote.map_or_else(|| "-".to_owned(), |quote| quote.mid().to_string());
            let held: Vec<_> =
                self.positions(id).map(|view| format!("  {}", position(view))).collect();
            format!("  {id} {price}{}", held.concat())
        });
        let market: Vec<_> = market.collect();
        let sent = counters.orders_sent;
        let (open, fills) = (open_orders.len(), counters.fills);
        let used: Vec<_> = self
            .snapshot
            .scheduler
            .buckets
            .iter()
            .filter(|bucket| bucket.limit.kind == LimitKind::RequestWeight)
            .map(|bucket| format!("  weight {} of {}", bucket.used, bucket.limit.capacity))
            .collect();
        let at = self.snapshot.at;
        format!(
            "{at} {status}{}  sent {sent} open {open} fills {fills}{}",
            market.concat(),
            used.concat()
        )
    }

    /// The state as one object, for a pipe that a machine reads; money as text.
    pub(crate) fn json(&self) -> Value {
        let Snapshot { counters, open_orders, .. } = self.snapshot;
        let market = self.about.instruments.iter().map(|id| {
            let quote = self.snapshot.quotes.get(id);
            let positions = self.positions(id).map(|view| {
                json!({
                    "strategy": view.strategy.as_str(),
                    "position": view.base.normalize().to_string(),
                    "profit": view.profit.map(|profit| profit.normalize().to_string()),
                })
            });
            json!({
                "instrument": id.as_str(),
                "bid": quote.map(|quote| quote.bid.to_string()),
                "ask": quote.map(|quote| quote.ask.to_string()),
                "positions": positions.collect::<Vec<_>>(),
            })
        });
        json!({
            "kind": "state",
            "at": self.snapshot.at.to_string(),
            "live": self.snapshot.status == VenueStatus::Live,
            "market": market.collect::<Vec<_>>(),
            "orders_sent": counters.orders_sent,
            "orders_open": open_orders.len(),
            "in_doubt": self.snapshot.in_doubt.len(),
            "fills": counters.fills,
        })
    }
}

fn line(tone: Tone, text: String) -> Line {
    Line { tone, text }
}

fn position(view: &PositionView) -> String {
    let profit = view.profit.map_or_else(|| "?".to_owned(), shown);
    format!("{} holds {} profit {profit}", view.strategy, view.base.normalize())
}

fn rung(order: &OrderUpdate) -> Line {
    let price = order.kind.price().map_or_else(|| "market".to_owned(), |price| price.to_string());
    let tone = match (order.side, order.state) {
        (_, OrderState::InDoubt) => Tone::Alarm,
        (Side::Buy, _) => Tone::Buy,
        (Side::Sell, _) => Tone::Sell,
    };
    let (side, leaves, state) = (order.side, order.leaves_qty, order.state);
    line(tone, format!("  {side:<4}  {price:>14}  {leaves:>12}  {state}"))
}

/// How much of a limit was used at the most, in parts per million.
fn share_of_peak(bucket: &BucketView) -> u64 {
    u64::from(bucket.peak) * 1_000_000 / u64::from(bucket.limit.capacity.max(1))
}

/// Whether four fifths of the current window are used.
fn is_nearly_full(bucket: &BucketView) -> bool {
    u64::from(bucket.used) * 5 > u64::from(bucket.limit.capacity) * 4
}

/// A text that does not wrap, and that moves no cursor.
fn fitted(text: &str, columns: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(columns).collect()
}

#[cfg(test)]
mod tests;
