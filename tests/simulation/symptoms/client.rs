//! A bot that somebody wrote without a scheduler, and that logs its attempts as we do.
//!
//! It speaks to the venue through the same codec and is counted by the same counters, but it asks
//! when it likes, tries again as it likes, and reads no meter. What a log shows of a symptom is
//! mostly such a bot's work: an instance of ours has no way to misbehave like that.

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Duration;

use tradewind_model::attempt::{
    AttemptEvent, BucketName, FateName, RedactedMessage, RetryReason, ScopeState,
};
use tradewind_model::call::{Call, CallKind};
use tradewind_model::id::{EgressId, VenueId};
use tradewind_model::outcome::{Fate, Meter, NotTaken, Outcome, RefusalKind, Unknown};
use tradewind_model::tariff::{LimitKind, Tariff};
use tradewind_model::time::Timestamp;
use tradewind_simulator::binance::SessionId;
use tradewind_venue::Signer;

use super::dice::Dice;

/// How a client tries again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manners {
    /// Twice at most, after as long as it was told or a while with jitter; never a refusal.
    Polite,
    /// Three times, whatever went wrong, at the next full so many seconds of its clock.
    InStep(u64),
    /// So many times, whatever went wrong, after so many milliseconds or a bit more.
    Stubborn { times: u32, after_ms: u64 },
}

/// Somebody else's bot.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) started_at: Timestamp,
    pub(crate) peer: IpAddr,
    pub(crate) signer: Signer,
    /// How far its clock is behind, in milliseconds.
    pub(crate) behind_ms: i64,
    pub(crate) manners: Manners,
    /// It falls silent for as long as the venue asks for.
    pub(crate) heeds_bans: bool,
    /// It is gone from then on.
    pub(crate) until: Timestamp,
    pub(crate) hushed_until: Timestamp,
    pub(crate) dice: Dice,
    pub(crate) inflight: u32,
    pub(crate) socket: Option<SessionId>,
    pub(crate) log: Vec<AttemptEvent>,
}

/// One try.
#[derive(Clone, Debug)]
pub(crate) struct Try {
    pub(crate) call: Call,
    pub(crate) number: u32,
    pub(crate) reason: RetryReason,
    pub(crate) delay: Duration,
    pub(crate) sent_at: Timestamp,
    /// What of its life it belongs to: an answer to an earlier one finds nobody.
    pub(crate) started_at: Timestamp,
}

impl Client {
    /// Its own idea of the time.
    pub(crate) const fn clock(&self, now: Timestamp) -> Timestamp {
        now.offset_by(self.behind_ms.saturating_mul(-1_000_000))
    }

    /// Whether it sends nothing now.
    pub(crate) fn is_silent(&self, now: Timestamp) -> bool {
        now < self.started_at || now >= self.until || now < self.hushed_until
    }

    /// Writes down what became of a try.
    pub(crate) fn note(&mut self, tried: &Try, outcome: &Outcome, now: Timestamp, tariff: &Tariff) {
        let (fate, meter) = (&outcome.legs[0].1, &outcome.meter);
        let kind = tried.call.kind();
        let (bucket, weight, used) = bucket(&tried.call, meter, tariff);
        let is_answered = meter.status.is_some();
        self.log.push(AttemptEvent {
            ts: self.clock(tried.sent_at),
            bot_instance_id: self.name.clone(),
            exchange: VenueId::new("simulated").unwrap(),
            endpoint: Cow::Borrowed(kind.name()),
            method: Cow::Borrowed(kind.method()),
            status: meter.status,
            error_code: code(fate),
            error_message: message(fate).map(RedactedMessage::new),
            request_id: meter.request_id.clone(),
            attempt: tried.number,
            latency_ms: is_answered
                .then(|| u64::try_from(now.since(tried.sent_at).as_millis()).unwrap()),
            rate_limit_bucket: bucket,
            weight,
            used_weight: used,
            concurrency_inflight: self.inflight,
            retry_reason: tried.reason,
            delay_ms: u64::try_from(tried.delay.as_millis()).unwrap(),
            idempotency_key: None,
            priority: Cow::Borrowed("query"),
            queue_ms: 0,
            fate: FateName::from(fate),
            scope_state: ScopeState::Open,
            egress: EgressId::new("here").unwrap(),
            account: kind.is_signed().then(|| self.signer.account_hash()),
            strategy: None,
            version: self.version.clone(),
            started_at: self.clock(self.started_at),
        });
    }

    /// Whether it tries again, why, and after how long.
    pub(crate) fn again(
        &mut self,
        tried: &Try,
        fate: &Fate,
        now: Timestamp,
    ) -> Option<(RetryReason, Duration)> {
        let reason = reason(fate)?;
        let is_refusal = matches!(fate, Fate::Refused(_));
        let told = match fate {
            Fate::NotTaken(NotTaken::Throttled(throttle)) => throttle.retry_after,
            Fate::Done(_) | Fate::Refused(_) | Fate::NotTaken(_) | Fate::Unknown(_) => None,
        };
        if self.heeds_bans
            && let Fate::NotTaken(NotTaken::Throttled(throttle)) = fate
            && (throttle.is_ban || self.manners == Manners::Polite)
        {
            let rest = told.unwrap_or(Duration::from_secs(60)) + self.dice.seconds(0, 10);
            self.hushed_until = self.hushed_until.max(now + rest);
        }
        let (times, delay) = match self.manners {
            Manners::Polite if is_refusal && reason != RetryReason::Clock => return None,
            Manners::Polite => {
                (2, told.unwrap_or_default() + Duration::from_millis(self.dice.within(50, 4_000)))
            }
            Manners::InStep(secs) => {
                let next = (self.clock(now).as_secs() / secs + 1) * secs;
                (3, Timestamp::from_secs(next).since(self.clock(now)))
            }
            Manners::Stubborn { times, after_ms } => {
                (times, Duration::from_millis(after_ms + self.dice.within(0, after_ms / 4 + 1)))
            }
        };
        (tried.number <= times).then_some((reason, delay))
    }
}

/// Why something that ended like this is tried again by whoever does; none where it is no failure.
fn reason(fate: &Fate) -> Option<RetryReason> {
    match fate {
        Fate::Done(_) | Fate::NotTaken(NotTaken::NotAttempted(_)) => None,
        Fate::Refused(refusal) => match refusal.kind {
            RefusalKind::Clock => Some(RetryReason::Clock),
            RefusalKind::Auth | RefusalKind::Validation | RefusalKind::UnknownOrder => {
                Some(RetryReason::None)
            }
            RefusalKind::Business | RefusalKind::DuplicateOrder => None,
        },
        Fate::NotTaken(NotTaken::Throttled(_)) => Some(RetryReason::RateLimit),
        Fate::NotTaken(NotTaken::Overloaded(_)) | Fate::Unknown(Unknown::Venue { .. }) => {
            Some(RetryReason::Server)
        }
        Fate::Unknown(Unknown::Timeout) => Some(RetryReason::Timeout),
        Fate::NotTaken(NotTaken::NotSent(_))
        | Fate::Unknown(Unknown::Broken(_) | Unknown::Unreadable(_)) => Some(RetryReason::Network),
    }
}

/// The limit it draws on, what of it, and how much of that is used.
fn bucket(call: &Call, meter: &Meter, tariff: &Tariff) -> (Option<BucketName>, u32, Option<u32>) {
    let messages = [CallKind::Subscribe, CallKind::Unsubscribe, CallKind::SubscribeAccount];
    let kind = if call.kind() == CallKind::OpenStream {
        LimitKind::Connections
    } else if messages.contains(&call.kind()) {
        LimitKind::Messages
    } else {
        LimitKind::RequestWeight
    };
    let limit = tariff.limits.iter().find(|limit| limit.kind == kind);
    let weight = tariff.cost(call).map_or(0, |cost| cost.weight(kind));
    let told = meter.readings.iter().find(|reading| reading.kind == kind);
    (limit.map(BucketName::from), weight, told.map(|reading| reading.used))
}

fn code(fate: &Fate) -> Option<i64> {
    match fate {
        Fate::Refused(refusal) => Some(refusal.code),
        Fate::Unknown(Unknown::Venue { code, .. }) => *code,
        Fate::Done(_) | Fate::NotTaken(_) | Fate::Unknown(_) => None,
    }
}

fn message(fate: &Fate) -> Option<&str> {
    match fate {
        Fate::Done(_) => None,
        Fate::Refused(refusal) => Some(&refusal.message),
        Fate::NotTaken(NotTaken::Throttled(throttle)) => Some(&throttle.message),
        Fate::NotTaken(
            NotTaken::NotSent(text) | NotTaken::Overloaded(text) | NotTaken::NotAttempted(text),
        ) => Some(text),
        Fate::Unknown(Unknown::Venue { message, .. }) => Some(message),
        Fate::Unknown(Unknown::Broken(text) | Unknown::Unreadable(text)) => Some(text),
        Fate::Unknown(Unknown::Timeout) => Some("no answer in time"),
    }
}
