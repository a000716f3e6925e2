//! Account reports on their way to whoever has subscribed.
//!
//! Reports of one account keep their order whatever their delay. A socket that is gone loses what
//! happens meanwhile: nothing is replayed, as on the real venue.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use tradewind_model::Timestamp;

use super::Binance;
use super::body::TimeUnit;
use super::reports::{AccountPosition, Event, Execution, ListStatus};
use super::session::{Kind, SessionId};
use crate::exchange::{AccountId, ExchangeEvent, FillView};

/// A subscription to the reports of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Subscription {
    pub(crate) account: AccountId,
    /// Whether it hangs on the session's log-on and ends with it.
    pub(crate) by_logon: bool,
}

/// An event on its way to a subscription.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Frame<'a, E> {
    subscription_id: u32,
    event: &'a E,
}

/// Reports that wait for their moment.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    waiting: BTreeMap<(Timestamp, u64), (AccountId, ExchangeEvent)>,
    /// When the last waiting report of an account is due: the next one cannot overtake it.
    last_due: BTreeMap<AccountId, Timestamp>,
    sequence: u64,
}

impl Outbox {
    pub(crate) fn wakeup(&self) -> Option<Timestamp> {
        self.waiting.first_key_value().map(|((due, _), _)| *due)
    }

    fn push(&mut self, due: Timestamp, account: AccountId, event: ExchangeEvent) {
        let last = self.last_due.entry(account).or_default();
        let due = due.max(*last);
        *last = due;
        self.sequence += 1;
        self.waiting.insert((due, self.sequence), (account, event));
    }

    fn pop_due(&mut self, now: Timestamp) -> Option<(AccountId, ExchangeEvent)> {
        let entry = self.waiting.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(entry.remove())
    }
}

impl Binance {
    /// Books what a report means for the limits and queues it for its subscribers.
    pub(super) fn queue_report(&mut self, now: Timestamp, delay: Duration, event: ExchangeEvent) {
        let account = match &event {
            ExchangeEvent::Execution(report) => {
                let is_first = |fill: &&FillView| report.order.executed_qty == fill.qty;
                if let Some(fill) = report.fill.as_ref().filter(is_first) {
                    let account = u64::from(report.account.0);
                    self.desk.limits.first_fill(now, account, fill.is_maker);
                }
                report.account
            }
            ExchangeEvent::Balance(change) => change.account,
            ExchangeEvent::List(change) => change.account,
            ExchangeEvent::Trade(_)
            | ExchangeEvent::Depth(_)
            | ExchangeEvent::BookTicker(_)
            | ExchangeEvent::Kline { .. } => return,
        };
        self.outbox.push(now + delay, account, event);
    }

    /// Sends the reports whose moment has come.
    pub(super) fn flush_reports(&mut self, now: Timestamp) {
        while let Some((account, event)) = self.outbox.pop_due(now) {
            for (id, subscription, unit) in self.subscribers(account) {
                match &event {
                    ExchangeEvent::Execution(report) => {
                        let event = Execution::of(unit, now, report);
                        self.send_event(now, id, subscription, &event);
                    }
                    ExchangeEvent::Balance(change) => {
                        let event = AccountPosition::of(unit, now, change);
                        self.send_event(now, id, subscription, &event);
                    }
                    ExchangeEvent::List(change) => {
                        let event = ListStatus::of(unit, now, change);
                        self.send_event(now, id, subscription, &event);
                    }
                    // Nobody's own: these never get here.
                    ExchangeEvent::Trade(_)
                    | ExchangeEvent::Depth(_)
                    | ExchangeEvent::BookTicker(_)
                    | ExchangeEvent::Kline { .. } => {}
                }
            }
        }
    }

    pub(super) fn send_event(
        &mut self,
        now: Timestamp,
        id: SessionId,
        subscription: u32,
        event: &impl Event,
    ) {
        let fault = self.strike_push(id, event.name());
        let frame = Frame { subscription_id: subscription, event };
        let text = serde_json::to_string(&frame).expect("its keys are strings");
        self.send_struck(now, id, text, fault);
    }

    fn subscribers(&self, account: AccountId) -> Vec<(SessionId, u32, TimeUnit)> {
        let mut found = Vec::new();
        for (id, session) in &self.sessions {
            let Kind::WsApi(ws) = &session.kind else {
                continue;
            };
            for (number, subscription) in &ws.subscriptions {
                if subscription.account == account {
                    found.push((*id, *number, session.unit));
                }
            }
        }
        found
    }
}
