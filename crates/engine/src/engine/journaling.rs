//! What is written down: before it is done, before it is acted upon, and behind.
//!
//! An order's intent is durable before the order may even queue for leave. So the wait for the
//! disk holds no permit, no place on the wire and no budget; it counts against the order's
//! deadline like any other wait. What has happened since is written behind, in the order in which
//! it became known; a verdict that ends an order without the venue's word is durable before
//! anybody is told of it. Cancels wait for nothing: they only lower risk.
//!
//! When the storage fails, what is unwritten cannot be forgotten safely: no new risk is taken until
//! it works again, and orders that have not left do not leave. Cancels, questions and what the
//! venue tells go on.

use std::collections::BTreeMap;
use std::time::Duration;

use tradewind_model::Decimal;
use tradewind_model::id::ClientOrderId;
use tradewind_model::money::Quantity;
use tradewind_model::order::{Denied, OrderState};
use tradewind_model::report::{ExecutionReport, Fill};
use tradewind_model::time::Timestamp;
use tradewind_model::trading::TradingScope;
use tradewind_scheduler::Backoff;

use super::trading::Decision;
use super::{Engine, Timer};
use crate::action::Action;
use crate::event::Routing;
use crate::incident::Incident;
use crate::journal::{
    Answer, Append, AppendId, Ending, Entry, FaultKind, Intent, Record, StorageFault, Trade,
};
use crate::order::Order;

/// Records written behind together at the most.
const BEHIND_MAX: usize = 256;
/// How soon a storage that has failed is first tried again. A full disk or a lock is seen to by a
/// person, so that nothing is gained by asking often.
const RETRY_FIRST: Duration = Duration::from_secs(5);

/// What the engine knows of whoever writes things down.
#[derive(Debug, Default)]
pub(super) struct Journaling {
    /// Whether anything is written down at all.
    is_kept: bool,
    last: u64,
    /// What has happened and was not handed out yet.
    behind: Vec<Record>,
    /// What waits until its record is durable.
    awaited: BTreeMap<AppendId, Awaited>,
    fault: Option<StorageFault>,
    retries: u32,
}

/// What may happen once its record is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Awaited {
    /// An order may queue.
    Place {
        id: ClientOrderId,
        /// Which of its attempts.
        attempt: u32,
        /// When it is worth nothing any more.
        deadline: Timestamp,
    },
    /// A lower quantity may be asked for.
    Amend {
        id: ClientOrderId,
        /// When it is worth nothing any more.
        deadline: Timestamp,
    },
    /// The verdict that the venue never had an order may be acted upon.
    NotPlaced(ClientOrderId),
    /// So much trading is allowed.
    Trading(Box<Decision>),
    /// Whoever decides about routes may go on.
    Routing(u64),
}

impl Journaling {
    pub(super) fn new(is_kept: bool) -> Self {
        Self { is_kept, ..Self::default() }
    }

    /// Whether anything is written down.
    pub(super) const fn is_kept(&self) -> bool {
        self.is_kept
    }

    /// What is wrong with the storage.
    pub(super) const fn fault(&self) -> Option<&StorageFault> {
        self.fault.as_ref()
    }

    fn next_id(&mut self) -> AppendId {
        self.last += 1;
        AppendId(self.last)
    }
}

impl Engine {
    /// Writes down what has happened, some time soon.
    pub(super) fn record(&mut self, now: Timestamp, entry: Entry) {
        if self.journaling.is_kept {
            self.journaling.behind.push(Record { at: now, entry });
            if self.journaling.behind.len() >= BEHIND_MAX {
                self.hand_out_records();
            }
        }
    }

    /// Hands out what has been recorded, before anything that is recorded later.
    pub(super) fn hand_out_records(&mut self) {
        if self.journaling.behind.is_empty() {
            return;
        }
        let records = std::mem::take(&mut self.journaling.behind);
        let id = self.journaling.next_id();
        self.actions.push_back(Action::Append(Append { id, records }));
    }

    /// Writes down what may only be done once that is durable.
    fn record_first(&mut self, now: Timestamp, entries: Vec<Entry>, awaited: Awaited) {
        // On its own, so that what has happened is never turned away with it.
        self.hand_out_records();
        let id = self.journaling.next_id();
        self.journaling.awaited.insert(id, awaited);
        let records = entries.into_iter().map(|entry| Record { at: now, entry }).collect();
        self.actions.push_back(Action::Append(Append { id, records }));
    }

    /// Writes down that an order is wanted, and with it the other half of its pair, and queues them
    /// once that is durable.
    pub(super) fn intend(&mut self, now: Timestamp, id: ClientOrderId) {
        let deadline = now + self.config.order_deadline;
        if !self.journaling.is_kept {
            self.queue_order(now, id, deadline);
            return;
        }
        let Some(order) = self.ledger.order(id) else {
            return;
        };
        let attempt = order.attempt;
        let together = self.placed_together(id).filter_map(|id| self.ledger.order(id));
        let entries: Vec<_> =
            together.map(|order| Entry::Intent(Box::new(self.intent(order, deadline)))).collect();
        for id in self.placed_together(id) {
            if let Some(watch) = self.watches.get_mut(&id) {
                watch.is_recorded = true;
            }
        }
        self.timers.set(Timer::Unwritten(id), deadline);
        self.record_first(now, entries, Awaited::Place { id, attempt, deadline });
    }

    /// Writes down that an order is to have a lower quantity, and asks for that once it is durable.
    pub(super) fn intend_amendment(&mut self, now: Timestamp, id: ClientOrderId, qty: Quantity) {
        let deadline = now + self.config.order_deadline;
        if self.journaling.is_kept {
            let entries = vec![Entry::AmendAsked { client_order_id: id, qty }];
            self.record_first(now, entries, Awaited::Amend { id, deadline });
        } else {
            self.send_amendment(now, id, deadline);
        }
    }

    /// Writes down how much trading is allowed, and acts upon it once that is durable.
    pub(super) fn decide_trading(&mut self, now: Timestamp, entry: Entry, decision: Decision) {
        self.record_first(now, vec![entry], Awaited::Trading(Box::new(decision)));
    }

    /// Writes down a decision about routes.
    pub(super) fn route(&mut self, now: Timestamp, number: u64, routing: Routing) {
        if !self.journaling.is_kept || self.journaling.fault.is_some() {
            return self.routed(number);
        }
        let entry = match routing {
            Routing::Made(routed) => Entry::Routed(routed),
            Routing::Over { subject } => Entry::Unrouted { subject },
        };
        self.record_first(now, vec![entry], Awaited::Routing(number));
    }

    fn routed(&mut self, number: u64) {
        self.actions.push_back(Action::Routed { number });
    }

    /// Whether a command about a scope is being written down.
    pub(super) fn is_deciding(&self, scope: TradingScope) -> bool {
        let mut awaited = self.journaling.awaited.values();
        awaited.any(|one| matches!(one, Awaited::Trading(decision) if decision.scope() == scope))
    }

    /// Writes down that an order is sent once more under its name, and queues it once that is
    /// durable.
    pub(super) fn intend_again(&mut self, now: Timestamp, id: ClientOrderId, deadline: Timestamp) {
        if !self.journaling.is_kept {
            self.queue_order(now, id, deadline);
            return;
        }
        let Some(order) = self.ledger.order(id) else {
            return;
        };
        let (attempt, intent) = (order.attempt, self.intent(order, deadline));
        self.timers.set(Timer::Unwritten(id), deadline);
        let entries = vec![Entry::Intent(Box::new(intent))];
        self.record_first(now, entries, Awaited::Place { id, attempt, deadline });
    }

    /// An order as it is written down.
    pub(super) fn intent(&self, order: &Order, deadline: Timestamp) -> Intent {
        Intent {
            client_order_id: order.id,
            venue: self.config.route.venue,
            account: self.config.route.account,
            strategy: order.strategy,
            request: order.request(),
            link: order.link,
            symbol: order.symbol.clone(),
            deadline,
            recv_window: self.config.recv_window,
            attempt: order.attempt,
            created_at: order.created_at,
        }
    }

    /// An order's time has passed before its intent was durable.
    pub(super) fn unwritten(&mut self, now: Timestamp, id: ClientOrderId) {
        let Some(order) = self.ledger.order(id) else {
            return;
        };
        let waited = now.since(order.created_at).as_millis();
        let waited_ms = u64::try_from(waited).unwrap_or(u64::MAX);
        self.deny_entry(now, id, &Denied::Deadline { waited_ms });
    }

    /// Writes down the verdict that the venue never had an order, and acts upon it once that is
    /// durable.
    pub(super) fn rule_out(&mut self, now: Timestamp, id: ClientOrderId, reason: String) {
        if !self.journaling.is_kept {
            self.ruled_out(now, id);
            return;
        }
        let (client_order_id, reason) = (id, Some(reason));
        let entry = Entry::Ended { client_order_id, ending: Ending::NotPlaced, reason };
        self.record_first(now, vec![entry], Awaited::NotPlaced(id));
    }

    /// Whoever writes things down has answered.
    pub(super) fn journal_answered(&mut self, now: Timestamp, answer: Answer) {
        match answer {
            Answer::Durable(id) => self.recorded(now, id),
            Answer::Refused(id, fault) => self.not_recorded(now, id, fault),
            Answer::Failed(fault) => self.storage_failed(now, fault),
            Answer::Restored => {
                self.journaling.retries = 0;
                self.timers.clear(Timer::Journal);
                if self.journaling.fault.take().is_some() {
                    self.tell(Incident::StorageRestored);
                }
                self.write_trading_again(now);
            }
            Answer::Compacted { .. } => {}
        }
    }

    fn recorded(&mut self, now: Timestamp, id: AppendId) {
        match self.journaling.awaited.remove(&id) {
            Some(Awaited::Place { id, attempt, deadline }) => {
                self.intended(now, id, attempt, deadline);
            }
            Some(Awaited::Amend { id, deadline }) => self.send_amendment(now, id, deadline),
            Some(Awaited::NotPlaced(id)) => self.ruled_out(now, id),
            Some(Awaited::Trading(decision)) => self.trading_decided(now, *decision),
            Some(Awaited::Routing(number)) => self.routed(number),
            None => {}
        }
    }

    /// An order's intent is durable. It may have been canceled, or its time may have passed.
    fn intended(&mut self, now: Timestamp, id: ClientOrderId, attempt: u32, deadline: Timestamp) {
        // Other terms may be on their way to the disk already.
        if self.ledger.order(id).is_none_or(|order| order.attempt != attempt) {
            return;
        }
        if self.timers.clear(Timer::Unwritten(id)) && self.is_pending(id) {
            self.queue_order(now, id, deadline);
        }
    }

    fn not_recorded(&mut self, now: Timestamp, id: AppendId, fault: StorageFault) {
        match self.journaling.awaited.remove(&id) {
            Some(Awaited::Place { id, .. }) => {
                self.timers.clear(Timer::Unwritten(id));
                self.forget_intent(id);
                self.deny_entry(now, id, &Denied::Unrecorded(fault.message));
            }
            Some(Awaited::Amend { id, .. }) => {
                self.amendment_unsent(id, Denied::Unrecorded(fault.message));
            }
            Some(Awaited::NotPlaced(id)) => self.not_ruled_out(id),
            Some(Awaited::Trading(decision)) => self.trading_undecided(*decision, fault),
            Some(Awaited::Routing(number)) => self.routed(number),
            None => {}
        }
    }

    /// Nothing of an order's intent is written, and nothing of its end is to be.
    fn forget_intent(&mut self, id: ClientOrderId) {
        let is_first = self.ledger.order(id).is_some_and(|order| order.attempt <= 1);
        for id in self.placed_together(id) {
            if let Some(watch) = self.watches.get_mut(&id) {
                watch.is_recorded &= !is_first;
            }
        }
    }

    fn storage_failed(&mut self, now: Timestamp, fault: StorageFault) {
        // Only a restart closes a gap.
        if fault.kind != FaultKind::Gap {
            let mut at = now + RETRY_FIRST;
            let failures = self.journaling.retries;
            at = at.max(Backoff::READ.again_at(now, failures, None, &mut self.jitter));
            self.timers.set(Timer::Journal, at);
        }
        let message = fault.message.clone();
        if self.journaling.fault.replace(fault.clone()).is_none_or(|before| before != fault) {
            self.tell(Incident::StorageFailed { fault });
        }
        let unwritten = self.journaling.awaited.values().filter_map(|awaited| match awaited {
            Awaited::Place { id, .. } => Some(*id),
            Awaited::Amend { .. }
            | Awaited::NotPlaced(_)
            | Awaited::Trading(_)
            | Awaited::Routing(_) => None,
        });
        let unwritten: Vec<_> = unwritten.collect();
        for id in unwritten {
            self.forget_intent(id);
        }
        // What has not left does not leave.
        let waiting = self.ledger.open().filter(|order| order.state == OrderState::Pending);
        let waiting: Vec<_> = waiting.map(|order| order.id).collect();
        for id in waiting {
            self.deny(now, id, Denied::Unrecorded(message.clone()));
        }
    }

    /// The storage is to be tried again.
    pub(super) fn retry_journal(&mut self) {
        self.journaling.retries = self.journaling.retries.saturating_add(1);
        self.actions.push_back(Action::RetryJournal);
    }

    fn is_pending(&self, id: ClientOrderId) -> bool {
        self.ledger.order(id).is_some_and(|order| order.state == OrderState::Pending)
    }

    /// Writes down a trade of an order.
    pub(super) fn record_trade(&mut self, now: Timestamp, id: ClientOrderId, fill: &Fill) {
        let Some(order) = self.ledger.order(id).filter(|_| self.journaling.is_kept) else {
            return;
        };
        let Some(venue_order_id) = order.venue_order_id else {
            return;
        };
        let instrument = self.instruments.get(&order.instrument);
        let base_fee = match &fill.commission_asset {
            Some(asset) if instrument.is_some_and(|one| one.base == *asset) => fill.commission,
            _ => Decimal::ZERO,
        };
        let trade = Trade {
            client_order_id: id,
            venue_order_id,
            venue: self.config.route.venue,
            symbol: order.symbol.clone(),
            fill: fill.clone(),
            base_fee,
        };
        self.record(now, Entry::Traded(Box::new(trade)));
    }

    /// Writes down that the venue has an order.
    pub(super) fn record_accepted(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        report: &ExecutionReport,
        was_in_doubt: bool,
    ) {
        let (client_order_id, venue_order_id) = (id, report.venue_order_id);
        if was_in_doubt {
            let evidence = format!("the venue tells of it as {venue_order_id}");
            self.record(now, Entry::Resolved { client_order_id, evidence });
        }
        let transacted_at = Some(report.at);
        self.record(now, Entry::Accepted { client_order_id, venue_order_id, transacted_at });
    }

    /// Writes down how an order has ended, unless that was done before it was acted upon.
    pub(super) fn record_end(&mut self, now: Timestamp, id: ClientOrderId) {
        let Some(order) = self.ledger.order(id).filter(|order| !order.is_ruled_out) else {
            return;
        };
        let ending = match order.state {
            OrderState::Filled => Ending::Filled,
            OrderState::Canceled if order.venue_order_id.is_some() => Ending::Canceled,
            // It was canceled before it left.
            OrderState::Canceled | OrderState::Denied => Ending::Unsent,
            OrderState::Rejected => Ending::Rejected,
            OrderState::Expired => Ending::Expired,
            OrderState::Pending
            | OrderState::InFlight
            | OrderState::InDoubt
            | OrderState::Open
            | OrderState::PartiallyFilled => return,
        };
        let reason = order.reason.clone();
        self.record(now, Entry::Ended { client_order_id: id, ending, reason });
    }
}
