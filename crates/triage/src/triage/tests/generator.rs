//! Logs to be judged: a made-up venue that counts, clients with good or bad manners, and a script
//! of what goes wrong. A log is a function of its seed.
//!
//! Clients keep a schedule; the venue answers what its script and its counter say; whoever is
//! turned away may try again. So the 429s of a log come about as real ones do, and what the reader
//! has to find was never written into the log by name.

mod symptoms;

pub(super) use symptoms::SYMPTOMS;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use tradewind_model::Timestamp;
use tradewind_model::attempt::{
    AccountHash, AttemptEvent, FateName, RedactedMessage, RetryReason, ScopeState,
};
use tradewind_model::id::{EgressId, StrategyId, VenueId};

pub(super) const SEC: u64 = 1_000;
pub(super) const MIN: u64 = 60 * SEC;
/// 2026-10-05 00:00 UTC.
const EPOCH_MS: u64 = 1_791_158_400_000;

/// SplitMix64.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 0x5151_7777)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From `low`, inclusive, to `high`, exclusive.
    pub(super) fn within(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low)
    }

    pub(super) fn percent(&mut self, chance: u64) -> bool {
        self.within(0, 100) < chance
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.within(0, of.len() as u64)).unwrap()]
    }
}

/// Endpoint, method, weight, whether signed, priority.
type Kind = (&'static str, &'static str, u32, bool, &'static str);

const PLACE: Kind = ("place_order", "POST", 1, true, "trade");
const CANCEL: Kind = ("cancel_order", "DELETE", 1, true, "critical");
const OPEN_ORDERS: Kind = ("open_orders", "GET", 6, true, "query");
const ACCOUNT: Kind = ("account", "GET", 20, true, "query");
const FILLS: Kind = ("fill_history", "GET", 20, true, "query");
const HISTORY: Kind = ("order_history", "GET", 20, true, "query");
const DEPTH: Kind = ("depth", "GET", 50, false, "background");
const BARS: Kind = ("bars", "GET", 2, false, "background");
const TICKER: Kind = ("ticker", "GET", 4, false, "background");
const OPEN_STREAM: Kind = ("open_stream", "WS", 1, false, "query");

/// From so many calls at once on, a client does not look whether the window has room.
const CARELESS: u32 = 4;

/// One attempt that is to be made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Draft {
    at_ms: u64,
    order: u64,
    bot: usize,
    kind: Kind,
    attempt: u32,
    delay_ms: u64,
    reason: u8,
    inflight: u32,
}

/// One process after another under one name.
#[derive(Clone)]
struct Bot {
    name: String,
    account: u8,
    /// When each life begins, and its version.
    lives: Vec<(u64, u32)>,
    until_ms: u64,
}

/// What the venue does beside counting.
#[derive(Clone, Copy)]
enum Script {
    /// 403 without a code from then on, for signed calls alone or for all.
    Block { from: u64, signed_only: bool },
    /// One account is refused with this status and code, each time by this chance.
    Refuse { from: u64, until: u64, account: u8, status: u16, code: i64, percent: u64 },
    /// Everything fails for some seconds.
    Hiccup { from: u64, until: u64 },
}

/// How a client tries again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manners {
    Jittered,
    /// Everybody at the next full interval of the clock.
    InStep,
}

/// A log in the making.
pub(super) struct World {
    random: Random,
    start_ms: u64,
    end_ms: u64,
    capacity: u32,
    bots: Vec<Bot>,
    drafts: BinaryHeap<Reverse<Draft>>,
    script: Vec<Script>,
    manners: Manners,
    order: u64,
    /// What bots call, as often as it stands here.
    mix: Vec<Kind>,
    gap_ms: u64,
}

impl World {
    /// Some bots that run well for `minutes`.
    fn new(seed: u64, minutes: u64, is_busy: bool) -> Self {
        let mut random = Random::new(seed);
        let start_ms = EPOCH_MS + random.within(0, 86_400) * SEC;
        let end_ms = start_ms + minutes * MIN;
        let count = random.within(2, 9);
        let accounts = random.within(1, 3);
        let bots = (0..count)
            .map(|number| Bot {
                name: format!("bot-{number}"),
                account: u8::try_from(number % accounts).unwrap(),
                lives: vec![(start_ms - random.within(10, 5_000) * MIN, 1)],
                until_ms: end_ms,
            })
            .collect();
        let mut mix = vec![PLACE, PLACE, CANCEL, OPEN_ORDERS, ACCOUNT, BARS, TICKER, DEPTH, FILLS];
        // Many a healthy bot lives from one endpoint.
        for _ in 0..random.within(0, 4) {
            mix.push(random.pick(&[PLACE, BARS, TICKER, DEPTH, OPEN_ORDERS]));
        }
        let gap_ms = count * 60 * SEC / random.within(18, 40);
        let offered: u64 = mix.iter().map(|kind| u64::from(kind.2)).sum::<u64>() / mix.len() as u64
            * (count * 60 * SEC / gap_ms);
        // Room for a quiet day, or just enough for a busy one.
        let factor = if is_busy { 1 } else { random.within(2, 4) };
        let capacity = u32::try_from((offered * factor).max(400)).unwrap();
        let mut world = Self {
            random,
            start_ms,
            end_ms,
            capacity,
            bots,
            drafts: BinaryHeap::new(),
            script: Vec::new(),
            manners: Manners::Jittered,
            order: 0,
            mix,
            gap_ms,
        };
        world.weather();
        world
    }

    /// What befalls healthy bots.
    fn weather(&mut self) {
        for _ in 0..self.random.within(0, 4) {
            let from = self.moment();
            let until = from + self.random.within(1, 5) * SEC;
            self.script.push(Script::Hiccup { from, until });
        }
        for bot in 0..self.bots.len() {
            for _ in 0..self.random.within(0, 4) {
                let at_ms = self.moment();
                self.reconnect(bot, at_ms, 5, 3);
            }
            // A clock steps: one failure, a sync, and on.
            if self.random.percent(30) {
                let from = self.moment();
                self.push(Draft {
                    at_ms: from,
                    ..draft(bot, ("query_order", "GET", 4, true, "clock"))
                });
            }
        }
        if self.random.percent(30) {
            let at_ms = self.moment();
            self.push(Draft { at_ms, ..draft(0, ("bars", "GET", 2, false, "firewall")) });
        }
        if self.random.percent(20) {
            let at_ms = self.moment();
            self.push(Draft { at_ms, ..draft(0, ("account", "GET", 20, true, "denied")) });
        }
        for _ in 0..self.random.within(0, 4) {
            let at_ms = self.moment();
            self.push(Draft { at_ms, ..draft(0, ("depth", "GET", 5, false, "limited")) });
        }
    }

    fn moment(&mut self) -> u64 {
        self.random.within(self.start_ms + 5 * MIN, self.end_ms - 15 * MIN)
    }

    fn push(&mut self, draft: Draft) {
        self.order += 1;
        self.drafts.push(Reverse(Draft { order: self.order, ..draft }));
    }

    /// A handshake and what is asked after it.
    fn reconnect(&mut self, bot: usize, at_ms: u64, calls: u64, inflight: u32) {
        self.push(Draft { at_ms, inflight, ..draft(bot, OPEN_STREAM) });
        for call in 0..calls {
            let kind = [OPEN_ORDERS, ACCOUNT, FILLS, HISTORY, OPEN_ORDERS]
                [usize::try_from(call % 5).unwrap()];
            let at_ms = at_ms + 200 + call * self.random.within(50, 400);
            self.push(Draft { at_ms, inflight, ..draft(bot, kind) });
        }
    }

    /// New lives of all bots from `at_ms` on, one after the other.
    fn restart(&mut self, at_ms: u64, version: u32) {
        let stagger = self.random.within(0, 40) * SEC;
        for bot in 0..self.bots.len() {
            let from = at_ms + stagger * bot as u64;
            if self.bots[bot].lives[0].0 < from {
                self.bots[bot].lives.push((from, version));
                for socket in 0..3 {
                    self.reconnect(bot, from + SEC + socket * 300, 2, 3);
                }
            }
        }
    }

    /// More bots from `at_ms` to `until_ms`.
    fn scale_out(&mut self, at_ms: u64, until_ms: u64, more: u64, version: u32) -> Vec<usize> {
        (0..more)
            .map(|number| {
                let bot = self.bots.len();
                let from = at_ms + self.random.within(0, 60) * SEC;
                self.bots.push(Bot {
                    name: format!("bot-x{number}"),
                    account: 0,
                    lives: vec![(from, version)],
                    until_ms,
                });
                self.reconnect(bot, from + SEC, 2, 3);
                bot
            })
            .collect()
    }

    fn burst(&mut self, bot: usize, from: u64, until: u64, gap_ms: u64, inflight: u32) {
        let mut at_ms = from;
        while at_ms < until {
            let kind = self.random.pick(&self.mix);
            self.push(Draft { at_ms, inflight, ..draft(bot, kind) });
            at_ms += 1 + self.random.within(0, 2 * gap_ms);
        }
    }

    /// Lets it all happen.
    pub(super) fn log(mut self) -> Vec<u8> {
        for bot in 0..self.bots.len() {
            let (from, until) =
                (self.bots[bot].lives[0].0.max(self.start_ms), self.bots[bot].until_ms);
            self.burst(bot, from, until, self.gap_ms, 1);
        }
        let mut used: BTreeMap<(bool, u64), u32> = BTreeMap::new();
        let mut lines = Vec::new();
        while let Some(Reverse(draft)) = self.drafts.pop() {
            if draft.at_ms >= self.end_ms || draft.at_ms < self.start_ms {
                continue;
            }
            let event = self.attempt(draft, &mut used);
            if let Some(event) = event {
                serde_json::to_writer(&mut lines, &event).unwrap();
                lines.push(b'\n');
            }
        }
        lines
    }

    /// Makes one attempt; none where a careful client would have waited for the next window.
    fn attempt(
        &mut self,
        draft: Draft,
        used: &mut BTreeMap<(bool, u64), u32>,
    ) -> Option<AttemptEvent> {
        let (endpoint, method, weight, is_signed, priority) = draft.kind;
        let is_handshake = endpoint == "open_stream";
        let (capacity, window_ms) =
            if is_handshake { (300, 5 * MIN) } else { (self.capacity, MIN) };
        let count = used.entry((is_handshake, draft.at_ms / window_ms)).or_default();
        let is_over = *count + weight > capacity;
        let is_careful = draft.inflight < CARELESS;
        if is_over && is_careful && !self.is_rushed(draft.at_ms) {
            return None;
        }
        *count += weight;
        let told = *count;
        let bot = &self.bots[draft.bot];
        let (name, account) = (bot.name.clone(), bot.account);
        let life = bot.lives.iter().rev().find(|life| life.0 <= draft.at_ms);
        let (started, version) = *life?;
        let answer = self.answer(draft, is_over, account);
        let (status, code) = answer;
        let again = match (status, code) {
            (Some(429), _) => Some(1),
            (None, _) => Some(2),
            (Some(500..), _) => Some(3),
            (_, Some(-1021)) => Some(5),
            (Some(401 | 400), Some(-1022 | -2014 | -2015)) => Some(4),
            _ => None,
        };
        if let Some(reason) = again.filter(|_| draft.attempt < 3) {
            self.try_again(draft, reason);
        }
        let limited = status == Some(429);
        let fate = match status {
            Some(101 | 200) => FateName::Done,
            _ if limited => FateName::NotTaken,
            None | Some(500..) => FateName::Unknown,
            Some(_) => FateName::Refused,
        };
        Some(AttemptEvent {
            ts: Timestamp::from_millis(draft.at_ms),
            bot_instance_id: name,
            exchange: VenueId::new("binance").unwrap(),
            endpoint: endpoint.into(),
            method: method.into(),
            status,
            error_code: code,
            error_message: code.map(|code| RedactedMessage::new(&format!("code {code}"))),
            request_id: status.map(|_| format!("r-{}", draft.order)),
            attempt: draft.attempt,
            latency_ms: status.map(|_| self.random.within(4, 90)),
            rate_limit_bucket: if is_handshake {
                "connections/5m/300".parse().ok()
            } else {
                format!("request-weight/1m/{capacity}").parse().ok()
            },
            weight,
            used_weight: status.filter(|status| *status != 403).map(|_| told),
            concurrency_inflight: draft.inflight + u32::try_from(self.random.within(0, 2)).unwrap(),
            retry_reason: [
                RetryReason::None,
                RetryReason::RateLimit,
                RetryReason::Timeout,
                RetryReason::Server,
                RetryReason::Network,
                RetryReason::Clock,
            ][usize::from(draft.reason)],
            delay_ms: draft.delay_ms,
            idempotency_key: (priority == "trade").then(|| format!("tw-{}", draft.order)),
            priority: priority.into(),
            queue_ms: self.random.within(0, 30),
            fate,
            scope_state: ScopeState::Open,
            egress: EgressId::new("eth0").unwrap(),
            account: is_signed.then(|| AccountHash::new([account; 8])),
            strategy: StrategyId::new("grid").ok(),
            version: format!("1.{version}.0"),
            started_at: Timestamp::from_millis(started),
        })
    }

    /// Whether somebody's bad manners make everybody's calls be sent into a full window.
    fn is_rushed(&self, at_ms: u64) -> bool {
        self.script.iter().any(|script| matches!(script, Script::Block { from, .. } if at_ms < *from && at_ms + 30 * MIN > *from))
    }

    fn answer(&mut self, draft: Draft, is_over: bool, account: u8) -> (Option<u16>, Option<i64>) {
        let (endpoint, _, _, is_signed, priority) = draft.kind;
        let at_ms = draft.at_ms;
        for index in 0..self.script.len() {
            let script = self.script[index];
            match script {
                Script::Block { from, signed_only }
                    if at_ms >= from && (is_signed || !signed_only) =>
                {
                    return (Some(403), None);
                }
                Script::Refuse { from, until, account: whose, status, code, percent }
                    if is_signed && whose == account && (from..until).contains(&at_ms) =>
                {
                    if self.random.percent(percent) {
                        return (Some(status), Some(code));
                    }
                }
                Script::Hiccup { from, until } if (from..until).contains(&at_ms) => {
                    return (Some(503), None);
                }
                Script::Block { .. } | Script::Refuse { .. } | Script::Hiccup { .. } => {}
            }
        }
        if draft.attempt == 1 {
            match priority {
                "clock" => return (Some(400), Some(-1021)),
                "firewall" => return (Some(403), None),
                "denied" => return (Some(401), Some(-2015)),
                "limited" => return (Some(429), Some(-1003)),
                _ => {}
            }
        }
        if is_over {
            return (Some(429), Some(-1003));
        }
        match endpoint {
            "open_stream" => (Some(101), None),
            "place_order" if self.random.percent(2) => (Some(400), Some(-2010)),
            "cancel_order" if self.random.percent(3) => (Some(400), Some(-2011)),
            _ if self.random.percent(1) && self.random.percent(40) => (None, None),
            _ => (Some(200), None),
        }
    }

    fn try_again(&mut self, draft: Draft, reason: u8) {
        let delay_ms = match (self.manners, reason) {
            (_, 4) => self.random.within(100, 1_500),
            (_, 5) => 150,
            (Manners::Jittered, 1) => self.random.within(500, 20_000),
            (Manners::Jittered, _) => self.random.within(20, 4_000),
            (Manners::InStep, _) => 5_000 - draft.at_ms % 5_000 + self.random.within(0, 30),
        };
        self.push(Draft {
            at_ms: draft.at_ms + delay_ms,
            attempt: draft.attempt + 1,
            delay_ms,
            reason: if reason == 4 { 4 } else { reason },
            ..draft
        });
    }
}

fn draft(bot: usize, kind: Kind) -> Draft {
    Draft { at_ms: 0, order: 0, bot, kind, attempt: 1, delay_ms: 0, reason: 0, inflight: 1 }
}
