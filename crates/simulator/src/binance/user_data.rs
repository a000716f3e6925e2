//! Account reports on their way to whoever has subscribed.
//!
//! Reports of one account keep their order whatever their delay. A socket that is gone loses what
//! happens meanwhile: nothing is replayed, as on the real venue.

use std::time::Duration;

use serde::Serialize;
use tradewind_model::Timestamp;

use super::body::TimeUnit;
use super::reports::{self, AccountPosition, Event, Execution, ListStatus};
use super::session::Kind;
use super::{Binance, SessionId};
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

    /// Ends every subscription to an account's events, as a venue may, and says so; the connections
    /// stand.
    pub fn end_events(&mut self, now: Timestamp) {
        let mut ended = Vec::new();
        for (id, socket) in &mut self.front.sockets {
            let unit = socket.own.unit;
            if let Kind::WsApi(ws) = &mut socket.own.kind {
                let numbers = std::mem::take(&mut ws.subscriptions).into_keys();
                ended.extend(numbers.map(|number| (*id, number, unit)));
            }
        }
        for (id, number, unit) in ended {
            self.send_event(now, id, number, &reports::terminated(unit, now));
        }
    }

    pub(super) fn send_event(
        &mut self,
        now: Timestamp,
        id: SessionId,
        subscription: u32,
        event: &impl Event,
    ) {
        let fault = self.front.strike_push(id, event.name());
        let frame = Frame { subscription_id: subscription, event };
        let text = serde_json::to_string(&frame).expect("its keys are strings");
        self.front.push(now, id, text, fault);
    }

    fn subscribers(&self, account: AccountId) -> Vec<(SessionId, u32, TimeUnit)> {
        let mut found = Vec::new();
        for (id, socket) in &self.front.sockets {
            let Kind::WsApi(ws) = &socket.own.kind else {
                continue;
            };
            for (number, subscription) in &ws.subscriptions {
                if subscription.account == account {
                    found.push((*id, *number, socket.own.unit));
                }
            }
        }
        found
    }
}
