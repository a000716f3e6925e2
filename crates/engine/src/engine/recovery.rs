//! What earlier lives have left: orders that may rest, trades that were missed, what was bought and
//! sold, what strategies wanted remembered.
//!
//! All of it is taken up before anything new. Orders that are not over are looked for in the
//! venue's list of open orders, and asked about when they are not in it; where the journal has lost its tail, orders that bear the name of one of our slots are
//! adopted; trades are read from the last one that is written down. Orders of others, other slots
//! of ours among them, are left alone. Only then do strategies begin, and are told what there is.
//! Nothing here depends on how often it is done: a second start that follows at once ends in the
//! same state.

use std::collections::BTreeMap;

use tradewind_model::id::{ClientOrderId, InstrumentId, StrategyId, Symbol, TradeId};
use tradewind_model::money::{Notional, Quantity};
use tradewind_model::order::{Link, MarketQuantity, OrderKind, OrderState, TimeInForce};
use tradewind_model::report::{ExecutionReport, ReportedStatus};
use tradewind_model::time::Timestamp;

use super::Engine;
use super::orders::Watch;
use crate::incident::Incident;
use crate::journal::{Ending, Entry, Intent, OrderRecord, Recovered, Turnover};
use crate::order::{Order, Trades};

/// What is known of earlier lives and not used up yet.
#[derive(Debug, Default)]
pub(super) struct Recovery {
    /// Until the catalog has said which assets they are in.
    turnovers: BTreeMap<(StrategyId, InstrumentId), Turnover>,
    /// The last trade of each symbol that is written down.
    last_trades: BTreeMap<Symbol, TradeId>,
    /// The first order of each symbol that may have traded without a word, and when it was asked
    /// for.
    doubted_since: BTreeMap<Symbol, Timestamp>,
}

impl Engine {
    /// Takes up what the journal holds, as far as it is about this account.
    pub(super) fn take_up(&mut self, now: Timestamp) {
        let Some(recovered) = self.config.beginning.journal.take() else {
            return;
        };
        let Recovered { orders, closed, turnovers, last_trades, stores, .. } = *recovered;
        let route = self.config.route;
        let is_here = |record: &OrderRecord| {
            (record.intent.venue, record.intent.account) == (route.venue, route.account)
        };
        let mut closed: Vec<_> = closed.into_values().filter(is_here).collect();
        closed.sort_by_key(|record| record.over.as_ref().map(|over| over.at));
        for record in closed {
            let id = record.intent.client_order_id;
            self.restore(record);
            self.ledger.close(id);
        }
        let lookup = self.config.lookup;
        self.memory.conclusive_from = now + lookup.processing_max + lookup.lag_max;
        let mut orphans = 0;
        for record in orders.into_values().filter(is_here) {
            let id = record.intent.client_order_id;
            orphans += usize::from(!self.members.contains_key(&record.intent.strategy));
            self.watches.insert(id, Watch::inherited(true));
            let is_doubted = record.accepted_at.is_none();
            let (symbol, since) = (record.intent.symbol.clone(), record.intent.created_at);
            let sent = (since, record.intent.recv_window);
            self.restore(record);
            if !is_doubted {
                self.memory.rested(id);
            }
            if is_doubted {
                let known = self.recovery.doubted_since.entry(symbol).or_insert(since);
                *known = since.min(*known);
                self.doubt_restored(now, id, sent);
            }
        }
        self.restore_successions();
        if orphans > 0 {
            self.tell(Incident::Orphans { count: orphans });
        }
        for (key, turnover) in turnovers {
            if (key.venue, key.account) == (route.venue, route.account) {
                self.recovery.turnovers.insert((key.strategy, key.instrument), turnover);
            }
        }
        for ((venue, account, symbol), trade) in last_trades {
            if (venue, account) == (route.venue, route.account) {
                self.memory.traded(&symbol);
                self.recovery.last_trades.insert(symbol, trade);
            }
        }
        for (strategy, store) in stores {
            if let Some(member) = self.members.get_mut(&strategy) {
                member.store = store;
            }
        }
    }

    /// Orders that were to come in others' stead, and of which nothing was heard: the others may
    /// have been canceled for their sake.
    fn restore_successions(&mut self) {
        let doubted = self.ledger.open().filter(|order| order.state == OrderState::InDoubt);
        let doubted: Vec<_> = doubted
            .filter_map(|order| Some((order.link.instead_of()?, order.id, order.kind.qty())))
            .collect();
        for (first, id, wanted) in doubted {
            self.succeed(first, id, wanted);
        }
    }

    fn restore(&mut self, record: OrderRecord) {
        let (id, venue) = (record.intent.client_order_id, record.venue_order_id);
        self.ledger.insert(order(record));
        if let Some(venue) = venue {
            self.ledger.name(id, venue);
        }
    }

    /// The catalog has said which assets an instrument is made of: positions are known now.
    pub(super) fn restore_positions(&mut self) {
        for (key, turnover) in std::mem::take(&mut self.recovery.turnovers) {
            match self.instruments.get(&key.1) {
                Some(one) => {
                    let position = turnover.position(&one.quote);
                    self.ledger.inherit(key, position);
                }
                // It is not traded any more.
                None => {
                    self.recovery.turnovers.insert(key, turnover);
                }
            }
        }
    }

    /// The account's events flow: what was missed before is read from where the journal ends.
    pub(super) fn read_missed_trades(&mut self, now: Timestamp) {
        let mut starts = std::mem::take(&mut self.recovery.last_trades);
        for (symbol, since) in std::mem::take(&mut self.recovery.doubted_since) {
            if !starts.contains_key(&symbol) {
                self.scan_since(now, &symbol, since);
            }
        }
        while let Some((symbol, last)) = starts.pop_first() {
            self.scan_after(now, &symbol, last);
        }
    }

    /// Which strategy an order was named by; none when it is not one of ours.
    fn named_by(&self, id: ClientOrderId) -> Option<StrategyId> {
        let slot = id.minted()?.slot;
        let setups = self.config.strategies.iter();
        setups.into_iter().find(|setup| setup.slot == slot).map(|setup| setup.id)
    }

    /// Takes in an order that the venue tells of and the journal does not: it has lost its tail.
    /// None when the order is not ours, or nothing has come of it.
    pub(super) fn adopt_order(
        &mut self,
        now: Timestamp,
        report: &ExecutionReport,
    ) -> Option<ClientOrderId> {
        let id = report.client_order_id?;
        let strategy = self.named_by(id)?;
        let instrument = self.symbols.get(&report.symbol)?.clone();
        let is_over = matches!(
            report.status,
            ReportedStatus::Canceled | ReportedStatus::Rejected | ReportedStatus::Expired
        );
        if self.ledger.order(id).is_some() || is_over && report.cum_qty.is_zero() {
            return None;
        }
        let adopted = adopted(now, strategy, instrument, id, report);
        let intent: Intent = self.intent(&adopted, now);
        self.ledger.insert(adopted);
        let is_recorded = self.journaling.is_kept();
        self.watches.insert(id, Watch::inherited(is_recorded));
        self.record(now, Entry::Adopted(Box::new(intent)));
        self.tell(Incident::Adopted { client_order_id: id });
        self.take_in(now, id, report);
        Some(id)
    }
}

/// An order as it is written down.
fn order(record: OrderRecord) -> Order {
    let state = record.live_state().unwrap_or_else(|| {
        let ending = record.over.as_ref().map(|over| over.ending);
        match ending {
            Some(Ending::Filled) => OrderState::Filled,
            Some(Ending::Canceled) => OrderState::Canceled,
            Some(Ending::Expired) => OrderState::Expired,
            Some(Ending::Rejected) => OrderState::Rejected,
            Some(Ending::Unsent | Ending::NotPlaced | Ending::Forgotten) | None => {
                OrderState::Denied
            }
        }
    });
    let is_ruled_out = record.over.as_ref().is_some_and(|over| over.ending == Ending::NotPlaced);
    let (qty, cum_qty, cum_quote) = (record.qty(), record.cum_qty(), record.cum_quote());
    let OrderRecord { intent, sent_at, venue_order_id, cancel_asked_at, over, updated_at, .. } =
        record;
    Order {
        id: intent.client_order_id,
        strategy: intent.strategy,
        symbol: intent.symbol,
        side: intent.request.side,
        kind: intent.request.kind,
        tag: intent.request.tag,
        link: intent.link,
        attempt: intent.attempt,
        instrument: intent.request.instrument,
        state,
        venue_order_id,
        qty: qty.unwrap_or_default(),
        cum_qty,
        cum_quote,
        trades: record.fills.iter().map(|(trade, fill)| (*trade, fill.qty)).collect(),
        reason: over.and_then(|over| over.reason),
        is_cancel_wanted: cancel_asked_at.is_some(),
        refusal: None,
        is_ruled_out,
        created_at: intent.created_at,
        // Its bytes may have left though that is not written down.
        sent_at: Some(sent_at.unwrap_or(intent.created_at)),
        updated_at,
    }
}

/// An order of which nothing is known but what the venue says. What it looked like when it was
/// asked for is made up so that what is left of it is right; the strategy's mark is lost.
fn adopted(
    now: Timestamp,
    strategy: StrategyId,
    instrument: InstrumentId,
    id: ClientOrderId,
    report: &ExecutionReport,
) -> Order {
    let time_in_force = TimeInForce::GoodTillCanceled;
    let kind = match report.price {
        Some(price) => OrderKind::Limit { price, qty: report.qty, time_in_force },
        None => OrderKind::Market(MarketQuantity::Base(report.qty)),
    };
    Order {
        id,
        strategy,
        instrument,
        symbol: report.symbol.clone(),
        side: report.side,
        kind,
        tag: 0,
        link: Link::Alone,
        attempt: 1,
        state: OrderState::InDoubt,
        venue_order_id: Some(report.venue_order_id),
        qty: report.qty,
        cum_qty: Quantity::ZERO,
        cum_quote: Notional::ZERO,
        trades: Trades::default(),
        reason: None,
        is_cancel_wanted: false,
        refusal: None,
        is_ruled_out: false,
        created_at: now,
        sent_at: Some(now),
        updated_at: now,
    }
}
