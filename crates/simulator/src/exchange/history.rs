//! What one account did on one symbol, for its queries.
//!
//! The newest of each kind are kept, up to a bound; the account's ledger keeps everything.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use tradewind_model::Timestamp;

use super::order::{FillView, OrderView, PreventedMatch};
use super::query::{FillFilter, OrderFilter};

/// Finished orders kept per account and symbol.
const FINISHED_MAX: usize = 200_000;
/// Fills, and prevented matches, kept per account and symbol.
const FILLS_MAX: usize = 500_000;

#[derive(Clone, Debug, Default)]
pub(super) struct History {
    /// In the book, or waiting for a trigger.
    open: BTreeSet<u64>,
    finished: BTreeMap<u64, OrderView>,
    /// The latest order placed under each id.
    by_client_id: BTreeMap<String, u64>,
    fills: VecDeque<FillView>,
    prevented: VecDeque<PreventedMatch>,
}

impl History {
    /// Open orders, oldest first.
    pub(super) fn open(&self) -> impl DoubleEndedIterator<Item = u64> {
        self.open.iter().copied()
    }

    pub(super) fn open_count(&self) -> usize {
        self.open.len()
    }

    pub(super) fn is_open(&self, order_id: u64) -> bool {
        self.open.contains(&order_id)
    }

    /// The latest order placed under this id.
    pub(super) fn by_client_id(&self, client_order_id: &str) -> Option<u64> {
        self.by_client_id.get(client_order_id).copied()
    }

    pub(super) fn finished(&self, order_id: u64) -> Option<&OrderView> {
        self.finished.get(&order_id)
    }

    pub(super) fn accept(&mut self, order: &OrderView) {
        self.by_client_id.insert(order.client_order_id.clone(), order.order_id);
    }

    /// An open order has another id from now on.
    pub(super) fn rename(&mut self, order_id: u64, before: &str, after: &str) {
        if self.by_client_id(before) == Some(order_id) {
            self.by_client_id.remove(before);
        }
        self.by_client_id.insert(after.to_owned(), order_id);
    }

    pub(super) fn rest(&mut self, order_id: u64) {
        self.open.insert(order_id);
    }

    pub(super) fn finish(&mut self, order: OrderView) {
        self.open.remove(&order.order_id);
        self.finished.insert(order.order_id, order);
        if self.finished.len() > FINISHED_MAX
            && let Some((id, oldest)) = self.finished.pop_first()
            && self.by_client_id(&oldest.client_order_id) == Some(id)
        {
            self.by_client_id.remove(&oldest.client_order_id);
        }
    }

    pub(super) fn fill(&mut self, fill: FillView) {
        push_bounded(&mut self.fills, fill);
    }

    pub(super) fn prevent(&mut self, prevented: PreventedMatch) {
        push_bounded(&mut self.prevented, prevented);
    }

    pub(super) fn prevented(&self) -> impl Iterator<Item = &PreventedMatch> {
        self.prevented.iter()
    }

    /// Open and finished orders by the rules of the filter; `open` reads one from the book.
    pub(super) fn orders(
        &self,
        filter: &OrderFilter,
        open: impl Fn(u64) -> Option<OrderView>,
    ) -> Vec<OrderView> {
        let from = filter.from_id.unwrap_or(0);
        let finished = self.finished.range(from..).map(|(&id, _)| id);
        let open_ids = self.open.range(from..).copied();
        let view = |id| match self.finished.get(&id) {
            Some(view) => Some(view.clone()),
            None => open(id),
        };
        let is_wanted = |view: &OrderView| within(view.time, filter.start, filter.end);
        // From the end that is wanted, and no further than that: a day has hundreds of thousands.
        if filter.from_id.is_some() || filter.start.is_some() {
            let ids = merged(finished, open_ids, |one, other| one < other);
            return ids.filter_map(view).filter(is_wanted).take(filter.limit).collect();
        }
        let ids = merged(finished.rev(), open_ids.rev(), |one, other| one > other);
        let mut views: Vec<_> = ids.filter_map(view).filter(is_wanted).take(filter.limit).collect();
        views.reverse();
        views
    }

    /// Fills by the rules of the filter.
    pub(super) fn fills(&self, filter: &FillFilter) -> Vec<FillView> {
        let first = filter.from_id.unwrap_or(0);
        let first = self.fills.partition_point(|fill| fill.trade_id < first);
        let is_wanted = |fill: &&FillView| {
            filter.order_id.is_none_or(|id| fill.order_id == id)
                && within(fill.time, filter.start, filter.end)
        };
        let fills = self.fills.range(first..);
        if filter.from_id.is_some() || filter.start.is_some() {
            return fills.filter(is_wanted).take(filter.limit).cloned().collect();
        }
        let mut fills: Vec<_> = fills.rev().filter(is_wanted).take(filter.limit).cloned().collect();
        fills.reverse();
        fills
    }
}

/// Two ordered lists of ids as one; `is_before` is their order. No id is in both.
fn merged(
    one: impl Iterator<Item = u64>,
    other: impl Iterator<Item = u64>,
    is_before: impl Fn(u64, u64) -> bool,
) -> impl Iterator<Item = u64> {
    let (mut one, mut other) = (one.peekable(), other.peekable());
    std::iter::from_fn(move || match (one.peek().copied(), other.peek().copied()) {
        (Some(first), Some(second)) if is_before(first, second) => one.next(),
        (Some(_), None) => one.next(),
        (_, _) => other.next(),
    })
}

/// The venue's times are in milliseconds, and both ends belong to the window.
const fn within(time: Timestamp, start: Option<Timestamp>, end: Option<Timestamp>) -> bool {
    let millis = time.as_millis();
    let after = match start {
        Some(start) => millis >= start.as_millis(),
        None => true,
    };
    let before = match end {
        Some(end) => millis <= end.as_millis(),
        None => true,
    };
    after && before
}

fn push_bounded<T>(items: &mut VecDeque<T>, item: T) {
    if items.len() >= FILLS_MAX {
        items.pop_front();
    }
    items.push_back(item);
}
