//! The figures, from the venue's own books.

use std::collections::BTreeMap;
use std::time::Duration;

use tradewind::prelude::{ClientOrderId, Timestamp};
use tradewind_simulator::account::{AcceptedOrder, CanceledOrder};
use tradewind_simulator::binance::{Binance, VenueLedger};
use tradewind_simulator::exchange::AccountId;
use tradewind_simulator::limits::{LimitKind, WindowUse};

use crate::reads::Reads;
use crate::wishes::Book;

/// What one limit has seen.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LimitFigures {
    pub(crate) kind: LimitKind,
    pub(crate) limit: u32,
    /// Full windows; the rest of this is of those alone, or zero where there are none.
    pub(crate) windows: usize,
    /// Parts of the limit, 1 for all of it.
    pub(crate) used_median: f64,
    pub(crate) used_least: f64,
    pub(crate) used_most: f64,
    /// Of what the stranger left.
    pub(crate) left_used_median: f64,
    /// What the stranger used of the limit, in the mean.
    pub(crate) stranger_used: f64,
    /// To us, in all of the run.
    pub(crate) http_429: u64,
    pub(crate) http_418: u64,
    /// To the stranger.
    pub(crate) stranger_429: u64,
}

/// Waits of one class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Waits {
    pub(crate) count: usize,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    pub(crate) max: Duration,
}

/// Everything.
#[derive(Clone, Debug)]
pub(crate) struct Figures {
    /// How long the flood lasted, by the venue's clock.
    pub(crate) lasted: Duration,
    /// How long the program took.
    pub(crate) wall: Duration,
    pub(crate) limits: Vec<LimitFigures>,
    pub(crate) cancels: Waits,
    pub(crate) orders: Waits,
    pub(crate) queries: Waits,
    pub(crate) background: Waits,
    pub(crate) reads: Reads,
    /// Reads that arrived at the venue, those of the engine's own among them.
    pub(crate) reads_arrived: u64,
    pub(crate) denied: BTreeMap<&'static str, u64>,
    pub(crate) orders_accepted: usize,
    pub(crate) orders_rejected: u64,
    pub(crate) cancels_accepted: usize,
    pub(crate) bans: u64,
    /// What is wrong with the run otherwise: books that differ, orders left open.
    pub(crate) flaw: Option<String>,
}

impl Figures {
    /// The figures of a flood that lasted from `from` until `until`, by the venue's clock.
    pub(crate) fn of(
        venue: &Binance,
        book: &Book,
        reads: Reads,
        from: Timestamp,
        until: Timestamp,
    ) -> Self {
        let ledger = venue.ledger();
        let account = venue.exchange().ledger(AccountId(0));
        let accepted = account.map(|account| account.orders()).unwrap_or_default();
        let canceled = account.map(|account| account.cancels()).unwrap_or_default();
        let kinds = [
            LimitKind::Weight,
            LimitKind::RawRequests,
            LimitKind::OrdersTenSeconds,
            LimitKind::OrdersDay,
            LimitKind::Connections,
        ];
        let mut reads = reads;
        Self {
            lasted: until.since(from),
            wall: Duration::ZERO,
            limits: kinds.map(|kind| limit(venue, &ledger, kind, from, until)).into(),
            cancels: waits(cancel_waits(canceled, &book.cancels)),
            orders: waits(order_waits(accepted, &book.orders)),
            queries: waits(std::mem::take(&mut reads.query_waits)),
            background: waits(std::mem::take(&mut reads.background_waits)),
            reads,
            reads_arrived: arrived(&ledger),
            denied: book.denied.clone(),
            orders_accepted: accepted.len(),
            orders_rejected: ledger.accounts.first().map_or(0, |account| account.orders_rejected),
            cancels_accepted: canceled.len(),
            bans: ledger.bans,
            flaw: None,
        }
    }

    /// One limit's.
    pub(crate) fn limit(&self, kind: LimitKind) -> Option<&LimitFigures> {
        self.limits.iter().find(|one| one.kind == kind)
    }
}

fn arrived(ledger: &VenueLedger) -> u64 {
    let reads = ledger.requests.iter().filter(|(what, _)| what.starts_with("GET "));
    reads.map(|(_, count)| count).sum()
}

fn order_waits(
    accepted: &[AcceptedOrder],
    wishes: &BTreeMap<ClientOrderId, Timestamp>,
) -> Vec<Duration> {
    let arrivals = accepted.iter().map(|order| (order.client_order_id.as_str(), order.time));
    between(arrivals, wishes)
}

fn cancel_waits(
    canceled: &[CanceledOrder],
    wishes: &BTreeMap<ClientOrderId, Timestamp>,
) -> Vec<Duration> {
    let arrivals = canceled.iter().map(|order| (order.client_order_id.as_str(), order.time));
    between(arrivals, wishes)
}

/// From each wish to its arrival; what never arrived has none.
fn between<'a>(
    arrivals: impl Iterator<Item = (&'a str, Timestamp)>,
    wishes: &BTreeMap<ClientOrderId, Timestamp>,
) -> Vec<Duration> {
    let wished = |id: &str| wishes.get(&ClientOrderId::new(id).ok()?).copied();
    arrivals.filter_map(|(id, at)| wished(id).map(|wish| at.since(wish))).collect()
}

fn waits(mut waits: Vec<Duration>) -> Waits {
    waits.sort_unstable();
    let at = |permille: usize| {
        let rank = (waits.len() * permille).div_ceil(1_000).max(1) - 1;
        waits.get(rank).copied().unwrap_or_default()
    };
    Waits { count: waits.len(), p50: at(500), p99: at(990), max: at(1_000) }
}

fn limit(
    venue: &Binance,
    ledger: &VenueLedger,
    kind: LimitKind,
    from: Timestamp,
    until: Timestamp,
) -> LimitFigures {
    let interval = kind.interval();
    // The windows at both ends are not ours alone, so they say nothing.
    let first = if from.window_start(interval) == from {
        from
    } else {
        from.window_start(interval) + interval
    };
    let end = until.window_start(interval);
    let count = usize::try_from(end.since(first).as_nanos() / interval.as_nanos()).unwrap_or(0);
    let is_full = |window: &&WindowUse| {
        window.kind == kind && window.starts_at >= first && window.starts_at < end
    };
    let seen: Vec<_> = ledger.windows.iter().filter(is_full).collect();
    let limit = venue.limit_of(kind);
    // A window in which nothing happened is not in the ledger.
    let with_empty = |used: Vec<f64>| {
        let mut used = used;
        used.resize(count, 0.0);
        used.sort_by(f64::total_cmp);
        used
    };
    let part = |used: u32, of: u32| if of == 0 { 0.0 } else { f64::from(used) / f64::from(of) };
    let used = with_empty(seen.iter().map(|window| part(window.used, window.limit)).collect());
    let left = with_empty(
        seen.iter()
            .map(|window| {
                let ours = window.used.saturating_sub(window.by_others);
                part(ours, window.limit.saturating_sub(window.by_others))
            })
            .collect(),
    );
    let strangers = seen.iter().map(|window| part(window.by_others, window.limit)).sum::<f64>();
    let mut figures = LimitFigures {
        kind,
        limit,
        windows: count,
        used_median: median(&used),
        used_least: used.first().copied().unwrap_or_default(),
        used_most: used.last().copied().unwrap_or_default(),
        left_used_median: median(&left),
        stranger_used: if count == 0 { 0.0 } else { strangers / count as f64 },
        http_429: 0,
        http_418: 0,
        stranger_429: 0,
    };
    for refused in ledger.refused.iter().filter(|refused| refused.kind == kind) {
        if refused.is_other {
            figures.stranger_429 += refused.http_429 + refused.http_418;
        } else {
            figures.http_429 += refused.http_429;
            figures.http_418 += refused.http_418;
        }
    }
    figures
}

/// The middle of sorted numbers, the lower one of two.
fn median(sorted: &[f64]) -> f64 {
    sorted.get(sorted.len().saturating_sub(1) / 2).copied().unwrap_or_default()
}
