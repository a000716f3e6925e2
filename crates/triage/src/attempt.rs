//! An attempt as a few numbers, and the log as a list of them in the order of time.
//!
//! A day of half a million attempts fits into some thirty megabytes this way, so that every
//! question can look at all of it, in any order, without reading a line twice.

use std::collections::BTreeMap;

use tradewind_model::attempt::{BucketName, RetryReason, ScopeState};

use crate::line::RawAttempt;
use crate::names::{NameId, Names};

/// The most attempts that are kept, some 300 MB of them: about a fortnight of a busy bot. Later
/// ones are counted and otherwise ignored, and the report says so.
const ATTEMPTS_MAX: usize = 5_000_000;

/// A minute, in milliseconds.
pub(crate) const MINUTE_MS: u64 = 60_000;
/// An hour, in milliseconds.
pub(crate) const HOUR_MS: u64 = 60 * MINUTE_MS;

/// What kind of answer an attempt got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Answer {
    /// The venue did it.
    Good,
    /// A limit turned it away: 429, or a limit's own code.
    Limited,
    /// The address is banned: 418.
    Banned,
    /// 403 without a code: the venue's edge, not its API.
    Edge,
    /// The key, its rights or the signature.
    Auth,
    /// The request's time lay outside the venue's window.
    Clock,
    /// The venue said no to this one request.
    Refused,
    /// The venue failed: 5xx.
    Failed,
    /// Bytes left and no answer came.
    Silent,
    /// No connection stood.
    Unsent,
}

/// One attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt {
    pub(crate) at_ms: u64,
    pub(crate) code: i64,
    pub(crate) delay_ms: u32,
    pub(crate) queue_ms: u32,
    pub(crate) weight: u32,
    pub(crate) used: Option<u32>,
    pub(crate) inflight: u32,
    pub(crate) status: u16,
    pub(crate) life: NameId,
    pub(crate) endpoint: NameId,
    /// The exchange and the address: whose counters it drew on, and what a ban shuts.
    pub(crate) door: NameId,
    pub(crate) bucket: Option<NameId>,
    pub(crate) account: Option<NameId>,
    pub(crate) answer: Answer,
    pub(crate) reason: RetryReason,
    pub(crate) is_retry: bool,
    /// Whether it was an order or a cancel: what must not wait.
    pub(crate) is_urgent: bool,
    pub(crate) is_handshake: bool,
    pub(crate) left_shut_scope: bool,
}

impl Attempt {
    /// Whether a limit or a ban turned it away.
    pub(crate) fn is_limited(&self) -> bool {
        matches!(self.answer, Answer::Limited | Answer::Banned)
    }
}

/// One process from its start to its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Life {
    pub(crate) instance: NameId,
    pub(crate) version: NameId,
    pub(crate) started_ms: u64,
}

/// Everything kept of a log.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// In the order of time once [`Log::sort`] has run.
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) instances: Names,
    pub(crate) versions: Names,
    pub(crate) endpoints: Names,
    pub(crate) accounts: Names,
    /// `binance via eth0`.
    pub(crate) doors: Names,
    bucket_names: Names,
    /// What each of `bucket_names` says, where it is one of ours.
    pub(crate) buckets: Vec<Option<BucketName>>,
    pub(crate) lives: Vec<Life>,
    life_ids: BTreeMap<(NameId, NameId, u64), NameId>,
    /// The life that each instance was last seen in.
    last_lives: Vec<NameId>,
    /// The exchange and the egress of each door, to find its number without writing its name.
    door_ids: BTreeMap<(NameId, NameId), NameId>,
    exchanges: Names,
    egresses: Names,
    /// Attempts that there was no room for.
    pub(crate) ignored: u64,
}

impl Log {
    /// Takes one attempt in.
    pub(crate) fn push(&mut self, raw: &RawAttempt<'_>) {
        if self.attempts.len() >= ATTEMPTS_MAX {
            self.ignored += 1;
            return;
        }
        let exchange = raw.exchange.as_str();
        let priority = raw.priority.as_str();
        let attempt = Attempt {
            at_ms: raw.ts.0,
            code: raw.error_code.0,
            delay_ms: u32::try_from(raw.delay_ms).unwrap_or(u32::MAX),
            queue_ms: u32::try_from(raw.queue_ms).unwrap_or(u32::MAX),
            weight: raw.weight,
            used: raw.used_weight,
            inflight: raw.concurrency_inflight,
            status: raw.status.unwrap_or(0),
            life: self.life(raw),
            endpoint: self.endpoints.id(raw.endpoint.as_str()),
            door: self.door(exchange, raw.egress.as_str()),
            bucket: self.bucket(raw.rate_limit_bucket.as_str()),
            account: Some(raw.account.as_str())
                .filter(|account| !account.is_empty())
                .map(|account| self.accounts.id(account)),
            answer: answer(raw),
            reason: raw.retry_reason,
            is_retry: raw.attempt > 1 || raw.retry_reason != RetryReason::None,
            is_urgent: matches!(priority, "critical" | "trade"),
            is_handshake: is_handshake(raw),
            left_shut_scope: raw.scope_state == ScopeState::Shut,
        };
        self.attempts.push(attempt);
    }

    /// Puts the attempts into the order of time. Logs of several instances, one behind the other,
    /// become one.
    pub(crate) fn sort(&mut self) {
        self.attempts.sort_by_key(|attempt| attempt.at_ms);
    }

    /// The first and the last moment; none for an empty log.
    pub(crate) fn span(&self) -> Option<(u64, u64)> {
        Some((self.attempts.first()?.at_ms, self.attempts.last()?.at_ms))
    }

    /// The attempts from `from_ms`, inclusive, to `until_ms`, exclusive.
    pub(crate) fn between(&self, from_ms: u64, until_ms: u64) -> &[Attempt] {
        let from = self.attempts.partition_point(|attempt| attempt.at_ms < from_ms);
        let until = self.attempts.partition_point(|attempt| attempt.at_ms < until_ms);
        &self.attempts[from..until.max(from)]
    }

    /// The life an attempt belongs to.
    pub(crate) fn life_of(&self, attempt: &Attempt) -> Life {
        self.lives[usize::from(attempt.life)]
    }

    fn life(&mut self, raw: &RawAttempt<'_>) -> NameId {
        let instance = self.instances.id(raw.bot_instance_id.as_str());
        let version = self.versions.id(raw.version.as_str());
        let started_ms = raw.started_at.0;
        let last = self.last_lives.get(usize::from(instance)).copied().unwrap_or(NameId::MAX);
        if let Some(life) = self.lives.get(usize::from(last))
            && (life.instance, life.version, life.started_ms) == (instance, version, started_ms)
        {
            return last;
        }
        let id = self.find_life(instance, version, started_ms);
        if self.last_lives.len() <= usize::from(instance) {
            self.last_lives.resize(usize::from(instance) + 1, NameId::MAX);
        }
        self.last_lives[usize::from(instance)] = id;
        id
    }

    fn find_life(&mut self, instance: NameId, version: NameId, started_ms: u64) -> NameId {
        let key = (instance, version, started_ms);
        if let Some(&id) = self.life_ids.get(&key) {
            return id;
        }
        // A log with more lives than that is of a field that changes with every line; the rest
        // counts as the last.
        let Ok(id) = NameId::try_from(self.lives.len()) else {
            return NameId::MAX;
        };
        self.lives.push(Life { instance, version, started_ms });
        self.life_ids.insert(key, id);
        id
    }

    fn door(&mut self, exchange: &str, egress: &str) -> NameId {
        let key = (self.exchanges.id(exchange), self.egresses.id(egress));
        if let Some(&id) = self.door_ids.get(&key) {
            return id;
        }
        let name = if egress.is_empty() {
            exchange.to_owned()
        } else {
            format!("{exchange} via {egress}")
        };
        let id = self.doors.id(&name);
        self.door_ids.insert(key, id);
        id
    }

    fn bucket(&mut self, name: &str) -> Option<NameId> {
        if name.is_empty() {
            return None;
        }
        let id = self.bucket_names.id(name);
        if usize::from(id) == self.buckets.len() {
            self.buckets.push(name.parse().ok());
        }
        Some(id)
    }

    /// A bucket's name without its capacity.
    pub(crate) fn bucket_name(&self, id: NameId) -> &str {
        let name = self.bucket_names.name(id);
        name.rsplit_once('/').map_or(name, |(short, _)| short)
    }
}

fn is_handshake(raw: &RawAttempt<'_>) -> bool {
    raw.endpoint.as_str() == "open_stream"
        || raw.rate_limit_bucket.as_str().starts_with("connections/")
        || raw.method.as_str() == "CONNECT"
}

fn answer(raw: &RawAttempt<'_>) -> Answer {
    let code = raw.error_code.0;
    let is_bitget = raw.exchange.as_str().starts_with("bitget");
    if is_bitget && BITGET_AUTH.contains(&code) || !is_bitget && BINANCE_AUTH.contains(&code) {
        return Answer::Auth;
    }
    if is_bitget && BITGET_CLOCK.contains(&code) || !is_bitget && code == BINANCE_CLOCK {
        return Answer::Clock;
    }
    match raw.status {
        // A handshake that succeeds is told without its status, and so is whatever comes over a
        // socket that does not number its answers.
        None => match raw.fate.as_str() {
            "done" => Answer::Good,
            "refused" => Answer::Refused,
            "not_taken" => Answer::Unsent,
            _ => Answer::Silent,
        },
        Some(101 | 200..=299) => Answer::Good,
        Some(418) => Answer::Banned,
        Some(429) => Answer::Limited,
        Some(401) => Answer::Auth,
        Some(403) if code == 0 => Answer::Edge,
        Some(403) => Answer::Auth,
        Some(500..) => Answer::Failed,
        Some(_) => Answer::Refused,
    }
}

/// Unauthorized, bad signature, bad key format, key or address or permission refused
/// (errors.md, read 2026-11).
const BINANCE_AUTH: [i64; 4] = [-1002, -1022, -2014, -2015];
/// Outside the time window (errors.md, read 2026-11).
const BINANCE_CLOCK: i64 = -1021;
/// The key, the passphrase, the signature, the address, the permission (error codes, read 2026-11).
const BITGET_AUTH: [i64; 14] = [
    40_001, 40_002, 40_003, 40_006, 40_009, 40_011, 40_012, 40_014, 40_018, 40_036, 40_037, 40_038,
    40_040, 40_041,
];
/// The timestamp, missing or outside the window (error codes, read 2026-11).
const BITGET_CLOCK: [i64; 4] = [40_005, 40_008, 40_078, 40_079];
