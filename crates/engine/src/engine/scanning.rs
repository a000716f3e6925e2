//! Trades read from a point in an account's history on, and whose they are.
//!
//! A history names an order by the venue's number alone. Trades of an order whose number is not
//! known are parked until its name has been read: it may be one of ours whose answer was lost, and
//! until that is known nothing may be concluded from what was not found.

use std::collections::BTreeMap;

use tradewind_model::call::{Call, HistoryStart, OrderRef};
use tradewind_model::id::{ClientOrderId, Symbol, TradeId, VenueOrderId};
use tradewind_model::report::{ExecutionReport, Fill, HistoricFill};
use tradewind_model::time::Timestamp;
use tradewind_scheduler::Priority;

use super::Engine;
use super::calls::{Owner, PendingCall};
use crate::incident::Incident;

/// Trades, or orders, read at once: the most that a venue gives.
pub(super) const PAGE: u32 = 1_000;
/// How often orders are asked for whose trades the venue has told already. Its history of orders
/// lags behind that of trades by seconds at the most.
const IDENTIFYING_MAX: u32 = 10;
/// How far the clocks of earlier lives are trusted.
pub(super) const CLOCK_DOUBT: std::time::Duration = std::time::Duration::from_secs(60);

/// A symbol's trades that are being read.
#[derive(Debug)]
pub(super) struct Scan {
    /// Trades of orders that are not known, by the order.
    parked: BTreeMap<VenueOrderId, Vec<Fill>>,
    /// The last trade that was known before, from which on they are read.
    known: Option<TradeId>,
    /// Nothing that happened before this is missing at its end.
    began_at: Timestamp,
}

impl Engine {
    /// Reads a symbol's trades that came after one, and that one: a venue which does not list it
    /// either lags, or was reset.
    pub(super) fn scan_after(&mut self, now: Timestamp, symbol: &Symbol, last: TradeId) {
        self.scan(now, symbol, HistoryStart::Id(last), Some(last));
    }

    /// Reads a symbol's trades that came after a time by our clock.
    pub(super) fn scan_since(&mut self, now: Timestamp, symbol: &Symbol, since: Timestamp) {
        let since = self.clock.venue_time(since - CLOCK_DOUBT);
        self.scan(now, symbol, HistoryStart::Time(since), None);
    }

    fn scan(
        &mut self,
        now: Timestamp,
        symbol: &Symbol,
        since: HistoryStart<TradeId>,
        known: Option<TradeId>,
    ) {
        if self.scans.contains_key(symbol) {
            return;
        }
        let scan = Scan { parked: BTreeMap::new(), known, began_at: now };
        self.scans.insert(symbol.clone(), scan);
        self.read_trades(now, symbol, since);
    }

    fn read_trades(&mut self, now: Timestamp, symbol: &Symbol, since: HistoryStart<TradeId>) {
        let symbol = symbol.clone();
        let owner = Owner::Scan(symbol.clone());
        let since = Some(since);
        let call = Call::FillHistory { symbol, order: None, since, limit: PAGE };
        self.request(now, call, owner, Priority::Query);
    }

    /// A page of trades has been read.
    pub(super) fn trades_read(
        &mut self,
        now: Timestamp,
        symbol: &Symbol,
        pending: PendingCall,
        told: &[HistoricFill],
    ) {
        let known = self.scans.get(symbol).and_then(|scan| scan.known);
        if known.is_some() && told.is_empty() && now < self.memory.conclusive_from {
            // It lists not even what was known: its reads lag.
            let (at, tries) = self.patiently(now, &pending);
            self.requeue(now, pending.after(tries), at.max(self.memory.conclusive_from));
            return;
        }
        let mut own: BTreeMap<ClientOrderId, Vec<Fill>> = BTreeMap::new();
        let Some(scan) = self.scans.get_mut(symbol) else {
            return;
        };
        let is_first = scan.known.take().is_some();
        for one in told.iter().filter(|one| Some(one.fill.trade_id) != known) {
            match self.ledger.find(symbol, None, one.venue_order_id) {
                Some(id) => own.entry(id).or_default().push(one.fill.clone()),
                None => {
                    let parked = scan.parked.entry(one.venue_order_id).or_default();
                    parked.push(one.fill.clone());
                }
            }
        }
        let last = told.last().map(|one| one.fill.trade_id);
        let is_full = told.len() >= PAGE as usize;
        let repeats = is_full && is_of_before(&pending.call, last);
        if is_first && told.is_empty() {
            self.trades_forgotten(now, symbol);
        } else if is_first {
            self.memory.told_of_trade();
        }
        for (id, fills) in own {
            self.book_missed(now, id, &fills);
        }
        if repeats {
            self.tell(Incident::ListRepeats { what: format!("trades of {symbol}") });
        }
        match last.filter(|_| is_full && !repeats) {
            Some(last) => {
                let next = HistoryStart::Id(TradeId(last.0.saturating_add(1)));
                self.read_trades(now, symbol, next);
            }
            None => self.identify(now, symbol),
        }
    }

    /// Asks whose the parked trades are, if there are any.
    fn identify(&mut self, now: Timestamp, symbol: &Symbol) {
        let parked = self.scans.get(symbol).and_then(|scan| scan.parked.keys().next().copied());
        let Some(first) = parked else {
            return self.scanned(now, symbol);
        };
        if self.config.manners.page_rows.is_some() {
            // Its histories begin with the newest, and hold nothing that is open.
            let (symbol, order) = (symbol.clone(), OrderRef::Venue(first));
            let owner = Owner::Identify(symbol.clone());
            self.request(now, Call::QueryOrder { symbol, order }, owner, Priority::Query);
            return;
        }
        let (owner, since) = (Owner::Identify(symbol.clone()), Some(HistoryStart::Id(first)));
        let call = Call::OrderHistory { symbol: symbol.clone(), since, limit: PAGE };
        self.request(now, call, owner, Priority::Query);
    }

    /// Orders have been read that the parked trades may be of.
    pub(super) fn orders_read(
        &mut self,
        now: Timestamp,
        symbol: &Symbol,
        pending: PendingCall,
        orders: &[ExecutionReport],
    ) {
        for report in orders {
            let known = self.ledger.find(symbol, report.client_order_id, report.venue_order_id);
            let own = match known {
                Some(id) => {
                    self.take_in(now, id, report);
                    Some(id)
                }
                None => self.adopt_order(now, report),
            };
            let Some(scan) = self.scans.get_mut(symbol) else {
                return;
            };
            if let (Some(fills), Some(id)) = (scan.parked.remove(&report.venue_order_id), own) {
                self.book_missed(now, id, &fills);
            }
        }
        let Some(scan) = self.scans.get_mut(symbol) else {
            return;
        };
        let last = orders.last().map(|report| report.venue_order_id);
        let first = scan.parked.keys().next().copied();
        if first.is_none() || first > last && last.is_some() {
            return self.identify(now, symbol);
        }
        // The venue has told the trades of an order and does not list it yet.
        let failures = pending.tries.failures;
        if failures >= IDENTIFYING_MAX {
            let orders = scan.parked.len();
            scan.parked.clear();
            self.tell(Incident::Unidentified { symbol: symbol.clone(), orders });
            return self.scanned(now, symbol);
        }
        let (at, tries) = self.patiently(now, &pending);
        self.requeue(now, pending.after(tries), at);
    }

    /// Nothing that a symbol has traded before the scan began is missing.
    fn scanned(&mut self, now: Timestamp, symbol: &Symbol) {
        let Some(scan) = self.scans.remove(symbol) else {
            return;
        };
        self.doubts_scanned(now, symbol, scan.began_at);
    }

    /// A trade has been told by itself, and not with its order. True when it was not known. One of an
    /// order whose number is not known yet is told again with its order.
    pub(super) fn told_of_fill(&mut self, now: Timestamp, one: &HistoricFill) -> bool {
        let Some(id) = self.ledger.find(&one.symbol, None, one.venue_order_id) else {
            self.counters.foreign_reports += 1;
            return true;
        };
        let known = |engine: &Self| engine.ledger.order(id).map(crate::order::Order::booked_qty);
        let before = known(self);
        self.book_missed(now, id, std::slice::from_ref(&one.fill));
        before != known(self)
    }

    /// Books trades of an order of ours that nobody had told.
    fn book_missed(&mut self, now: Timestamp, id: ClientOrderId, fills: &[Fill]) {
        let Some(order) = self.ledger.order_mut(id) else {
            return;
        };
        let symbol = order.symbol.clone();
        let new: Vec<Fill> = fills.iter().filter(|fill| order.book(fill)).cloned().collect();
        if new.is_empty() {
            return;
        }
        self.book(now, id, &symbol, &new);
        self.tell_strategy(now, id, new, false);
    }
}

/// Whether a page ends before where it was to begin: a venue that does so would be asked for ever.
fn is_of_before(call: &Call, last: Option<TradeId>) -> bool {
    let Call::FillHistory { since: Some(HistoryStart::Id(from)), .. } = call else { return false };
    last.is_some_and(|last| last < *from)
}
