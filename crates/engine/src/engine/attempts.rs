//! One event for every attempt, from which an operator can tell what went wrong.

use std::borrow::Cow;
use std::time::Duration;

use tradewind_model::attempt::{
    AttemptEvent, BucketName, FateName, RedactedMessage, RetryReason, ScopeState,
};
use tradewind_model::call::Call;
use tradewind_model::id::{ClientOrderId, StrategyId};
use tradewind_model::outcome::{Fate, Meter, NotTaken, RefusalKind, Unknown};
use tradewind_model::tariff::Weight;
use tradewind_model::time::Timestamp;
use tradewind_scheduler::{BucketView, ScopeKey};

use super::Engine;
use super::calls::{Owner, PendingCall};
use super::outcome::describe;
use crate::action::Action;

/// Why a call that ended like this is tried again.
pub(super) fn retry_reason(fate: &Fate) -> RetryReason {
    match fate {
        Fate::NotTaken(NotTaken::Throttled(_)) => RetryReason::RateLimit,
        Fate::NotTaken(NotTaken::Overloaded(_)) | Fate::Unknown(Unknown::Venue { .. }) => {
            RetryReason::Server
        }
        Fate::Unknown(Unknown::Timeout) => RetryReason::Timeout,
        Fate::NotTaken(NotTaken::NotSent(_))
        | Fate::Unknown(Unknown::Broken(_) | Unknown::Unreadable(_)) => RetryReason::Network,
        Fate::Refused(refusal) if refusal.kind == RefusalKind::Clock => RetryReason::Clock,
        Fate::Refused(_) | Fate::Done(_) | Fate::NotTaken(NotTaken::NotAttempted(_)) => {
            RetryReason::None
        }
    }
}

fn code(fate: &Fate) -> Option<i64> {
    match fate {
        Fate::Refused(refusal) => Some(refusal.code),
        Fate::Unknown(Unknown::Venue { code, .. }) => *code,
        Fate::Done(_) | Fate::NotTaken(_) | Fate::Unknown(_) => None,
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The name under which a call changes something at most once.
fn name_of(call: &Call) -> Option<ClientOrderId> {
    match call {
        Call::PlaceOrder(order) => Some(order.client_order_id),
        Call::ReplaceOrder(replacement) => Some(replacement.order.client_order_id),
        Call::PlaceOco(pair) => Some(pair.client_list_id),
        Call::Ping
        | Call::ServerTime
        | Call::Catalog { .. }
        | Call::Depth { .. }
        | Call::Bars { .. }
        | Call::Ticker { .. }
        | Call::Rate { .. }
        | Call::AmendOrder(_)
        | Call::CancelOrder { .. }
        | Call::CancelOpenOrders { .. }
        | Call::CancelOrderList { .. }
        | Call::QueryOrder { .. }
        | Call::OpenOrders { .. }
        | Call::QueryOrderList { .. }
        | Call::OpenOrderLists
        | Call::OrderHistory { .. }
        | Call::FillHistory { .. }
        | Call::Account
        | Call::OrderCounts
        | Call::OpenStream { .. }
        | Call::Subscribe { .. }
        | Call::Unsubscribe { .. }
        | Call::SubscribeAccount
        | Call::Authenticate
        | Call::PingStream { .. }
        | Call::Older { .. } => None,
    }
}

impl Engine {
    /// Tells of an attempt that has come back. What never left is none.
    pub(super) fn report_attempt(
        &mut self,
        now: Timestamp,
        pending: &PendingCall,
        fate: &Fate,
        meter: &Meter,
    ) {
        let Some(sent_at) = pending.sent_at else { return };
        let snapshot = self.scheduler.snapshot(now);
        let (bucket, weight, used) = self.tightest(&pending.call, &snapshot.buckets, meter);
        let others: usize = snapshot.in_flight.iter().map(|(_, count)| count).sum();
        let kind = pending.call.kind();
        let is_answered = meter.status.is_some();
        let event = AttemptEvent {
            ts: sent_at,
            bot_instance_id: self.config.identity.instance.clone(),
            exchange: self.config.route.venue,
            endpoint: Cow::Borrowed(kind.name()),
            method: Cow::Borrowed(kind.method()),
            status: meter.status,
            error_code: code(fate),
            error_message: match fate {
                Fate::Done(_) => None,
                Fate::Refused(_) | Fate::NotTaken(_) | Fate::Unknown(_) => {
                    Some(RedactedMessage::new(&describe(fate)))
                }
            },
            request_id: meter.request_id.clone(),
            attempt: pending.tries.attempt(),
            latency_ms: is_answered.then(|| millis(now.since(sent_at))),
            rate_limit_bucket: bucket,
            weight,
            used_weight: used,
            concurrency_inflight: u32::try_from(others + 1).unwrap_or(u32::MAX),
            retry_reason: pending.tries.reason,
            delay_ms: match pending.tries.reason {
                RetryReason::None => 0,
                RetryReason::RateLimit
                | RetryReason::Timeout
                | RetryReason::Server
                | RetryReason::Network
                | RetryReason::Clock => millis(pending.tries.delay),
            },
            idempotency_key: name_of(&pending.call).map(|id| id.to_string()),
            priority: Cow::Borrowed(pending.priority.name()),
            queue_ms: millis(sent_at.since(pending.queued_at)),
            fate: FateName::from(fate),
            scope_state: self.scope_state(now, pending),
            egress: self.config.route.egress,
            account: self.config.identity.account.filter(|_| kind.is_signed()),
            strategy: self.strategy_of(&pending.owner),
            version: self.config.identity.version.clone(),
            started_at: self.config.identity.started_at,
        };
        self.actions.push_back(Action::Attempt(Box::new(event)));
    }

    /// The limit with the least room left of those a call drew on, what it drew, and how much of
    /// it the venue says is used.
    fn tightest(
        &self,
        call: &Call,
        buckets: &[BucketView],
        meter: &Meter,
    ) -> (Option<BucketName>, Weight, Option<Weight>) {
        let Some(cost) = self.tariff.cost(call) else { return (None, 0, None) };
        let drawn = buckets.iter().filter(|view| cost.weight(view.limit.kind) > 0);
        let fullness = |view: &&BucketView| {
            u64::from(view.used) * 1_000_000 / u64::from(view.limit.capacity.max(1))
        };
        let Some(view) = drawn.max_by_key(fullness) else { return (None, 0, None) };
        let limit = view.limit;
        let told = meter
            .readings
            .iter()
            .find(|reading| reading.kind == limit.kind && reading.interval == limit.interval);
        let weight = cost.weight(limit.kind);
        (Some(BucketName::from(&limit)), weight, told.map(|reading| reading.used))
    }

    fn scope_state(&self, now: Timestamp, pending: &PendingCall) -> ScopeState {
        if pending.probe.is_some() {
            return ScopeState::Probe;
        }
        let egress = ScopeKey::Egress(self.config.route.egress);
        match self.scheduler.scope_state(now, &egress) {
            tradewind_scheduler::ScopeState::Open => ScopeState::Open,
            tradewind_scheduler::ScopeState::Ramp { .. } => ScopeState::Ramp,
            tradewind_scheduler::ScopeState::Shut { .. }
            | tradewind_scheduler::ScopeState::Probing { .. } => ScopeState::Shut,
        }
    }

    /// The strategy that a call is for; none for the engine's own needs.
    pub(super) fn strategy_of(&self, owner: &Owner) -> Option<StrategyId> {
        match owner {
            Owner::Place(id)
            | Owner::Cancel(id)
            | Owner::Amend(id)
            | Owner::Ask(id)
            | Owner::Fetch(id) => self.ledger.order(*id).map(|order| order.strategy),
            Owner::History { strategy, .. } => Some(*strategy),
            Owner::Clock
            | Owner::Catalog
            | Owner::Account
            | Owner::OrderCounts
            | Owner::OpenOrders(_)
            | Owner::Clear(_)
            | Owner::Resync(..)
            | Owner::Vanished(..)
            | Owner::Crosscheck(_)
            | Owner::Pulse(_)
            | Owner::Scan(_)
            | Owner::Identify(_)
            | Owner::Listing(_)
            | Owner::Newest(_)
            | Owner::Depth(_)
            | Owner::Rate(_)
            | Owner::Open(..)
            | Owner::Authenticate(_)
            | Owner::Ping(..)
            | Owner::Join(_)
            | Owner::Follow(_)
            | Owner::Renew(..)
            | Owner::Probe
            | Owner::Read => None,
        }
    }
}
