//! What the venue counts, and what it does to those who do not stop.
//!
//! Binance counts in calendar windows aligned to the epoch: every counter falls to zero on the
//! minute, not a minute after the first call (rest-api.md, limits, read 2026-11). Over a limit a
//! request is answered 429; whoever goes on is banned by IP (418), longer at every offense, and a
//! client that goes on during the ban makes it longer still. How many requests are forgiven and
//! how long the bans are is published nowhere, so both are knobs here.
//!
//! The hard part is order count: it counts *unfilled* orders. A placement adds one, the first
//! fill gives credit a moment later, and the count never falls below zero.

mod config;
pub(crate) mod history;
mod window;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use tradewind_model::Timestamp;

pub use self::config::{EdgeConfig, LimitsConfig, StreamPenalty};
pub use self::history::{Refused, WindowUse};
pub use self::window::Window;

use self::history::History;

/// What arrives so long after an answer has left cannot have been on its way then.
pub(crate) const HEARD_AFTER: Duration = Duration::from_millis(100);
const SECOND: Duration = Duration::from_secs(1);
const TEN_SECONDS: Duration = Duration::from_secs(10);
const MINUTE: Duration = Duration::from_secs(60);
const FIVE_MINUTES: Duration = Duration::from_secs(300);
const DAY: Duration = Duration::from_secs(86_400);

/// Peers remembered at once. A loopback venue has a handful; past this the idle ones are forgotten.
const PEERS_MAX: usize = 4_096;

/// The kinds of limit, as `rateLimits` names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LimitKind {
    /// `REQUEST_WEIGHT`, one minute, per IP.
    Weight,
    /// `RAW_REQUESTS`, five minutes, per IP; another venue's minutes are those of its windows.
    RawRequests,
    /// `ORDERS`, ten seconds, per account.
    OrdersTenSeconds,
    /// `ORDERS`, one day, per account.
    OrdersDay,
    /// `CONNECTIONS`, five minutes, per IP and service.
    Connections,
    /// Requests for one path, one second, per IP or account: what a venue counts that knows no
    /// weights.
    Calls(&'static str),
}

impl LimitKind {
    /// How long its windows are.
    #[must_use]
    pub const fn interval(self) -> Duration {
        match self {
            Self::Weight => MINUTE,
            Self::RawRequests | Self::Connections => FIVE_MINUTES,
            Self::OrdersTenSeconds => TEN_SECONDS,
            Self::OrdersDay => DAY,
            Self::Calls(_) => SECOND,
        }
    }
}

/// Why a request, an order or a handshake is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// A limit is used up until its window ends (429).
    Over {
        /// Which limit.
        kind: LimitKind,
        /// Its size.
        limit: u32,
        /// When its counter falls to zero.
        until: Timestamp,
    },
    /// The IP is banned (418).
    Banned {
        /// When the ban ends.
        until: Timestamp,
    },
    /// The edge lets nothing of the IP through (403).
    Edge {
        /// Until when; it does not say.
        until: Timestamp,
    },
}

impl Denied {
    /// The earliest moment at which asking again may help.
    #[must_use]
    pub const fn until(&self) -> Timestamp {
        match self {
            Self::Over { until, .. } | Self::Banned { until } | Self::Edge { until } => *until,
        }
    }
}

/// What one limit has seen at most in any of its windows, over all peers or accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peak {
    /// Which limit.
    pub kind: LimitKind,
    /// Its size.
    pub limit: u32,
    /// The most that was used in one window. May pass `limit`: refused requests count too.
    pub used: u32,
}

#[derive(Debug)]
struct Peer {
    weight: Window,
    raw: Window,
    ws_api_connections: Window,
    stream_connections: Window,
    /// Refusals by 429 in the current minute; past the tolerated number comes the ban.
    strikes: Window,
    banned_until: Timestamp,
    banned_for: LimitKind,
    last_ban: Timestamp,
    /// When it was first told of the ban that is on.
    told_at: Option<Timestamp>,
    step: usize,
    requests_in_ban: u32,
    /// Stream connections closed for their manners, within the time that counts.
    violations: VecDeque<Timestamp>,
    streams_shut_until: Timestamp,
    /// Requests that look like an attack, within the time that counts.
    offenses: VecDeque<Timestamp>,
    edge_until: Timestamp,
    requests_at_edge: u32,
}

#[derive(Debug)]
struct OrderCount {
    ten_seconds: Window,
    day: Window,
}

#[derive(Debug)]
struct Credit {
    at: Timestamp,
    account: u64,
    orders: u32,
}

/// Which front a handshake is for: each counts its own connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// The WebSocket API (`/ws-api/v3`), and what another venue has for accounts.
    WsApi,
    /// The market streams (`/ws`, `/stream`), and what another venue has for markets.
    Streams,
}

impl Service {
    /// That of accounts, where a venue calls it private.
    pub const PRIVATE: Self = Self::WsApi;
    /// That of markets, where a venue calls it public.
    pub const PUBLIC: Self = Self::Streams;
}

/// All counters of the venue. See the module's page.
#[derive(Debug)]
pub struct Limits {
    config: LimitsConfig,
    peers: BTreeMap<IpAddr, Peer>,
    accounts: BTreeMap<u64, OrderCount>,
    /// In order of time: every credit waits equally long.
    credits: VecDeque<Credit>,
    peaks: BTreeMap<LimitKind, u32>,
    refused_429: u64,
    refused_418: u64,
    knocks: u64,
    refused_403: u64,
    bans: u64,
    history: History,
    /// Weight that was counted since it was last asked for.
    charged: u32,
}

impl Limits {
    /// Counters at zero.
    #[must_use]
    pub fn new(config: LimitsConfig) -> Self {
        let history = History::new(config.windows_max);
        Self {
            config,
            history,
            peers: BTreeMap::new(),
            accounts: BTreeMap::new(),
            credits: VecDeque::new(),
            peaks: BTreeMap::new(),
            refused_429: 0,
            refused_418: 0,
            knocks: 0,
            refused_403: 0,
            bans: 0,
            charged: 0,
        }
    }

    /// What is counted.
    #[must_use]
    pub const fn config(&self) -> &LimitsConfig {
        &self.config
    }

    /// Counts a REST request, before its weight is known.
    ///
    /// # Errors
    /// When the IP is banned or has used up its raw requests.
    pub fn raw_request(&mut self, now: Timestamp, ip: IpAddr) -> Result<(), Denied> {
        self.refuse_banned(now, ip)?;
        let peer = self.peer(now, ip);
        let used = peer.raw.add(now, 1);
        let (limit, until) = (peer.raw.limit(), peer.raw.ends_at(now));
        self.note(now, LimitKind::RawRequests, used, 1);
        if used > limit {
            return Err(self.strike(now, ip, LimitKind::RawRequests, limit, until));
        }
        Ok(())
    }

    /// Counts the weight of a request. A refused request counts as well: the counter of an
    /// offender keeps rising. Order entry asks with a weight of zero, because only its failures
    /// cost (changelog 2026-04-02): see [`Self::charge`].
    ///
    /// # Errors
    /// When the IP is banned or the weight does not fit into what is left of the minute.
    pub fn admit(&mut self, now: Timestamp, ip: IpAddr, weight: u32) -> Result<(), Denied> {
        self.refuse_banned(now, ip)?;
        let peer = self.peer(now, ip);
        let used = peer.weight.add(now, weight);
        let (limit, until) = (peer.weight.limit(), peer.weight.ends_at(now));
        self.note(now, LimitKind::Weight, used, weight);
        self.charged = self.charged.saturating_add(weight);
        if used > limit {
            return Err(self.strike(now, ip, LimitKind::Weight, limit, until));
        }
        Ok(())
    }

    /// Adds weight after the fact: an order entry that failed.
    pub fn charge(&mut self, now: Timestamp, ip: IpAddr, weight: u32) {
        let used = self.peer(now, ip).weight.add(now, weight);
        self.note(now, LimitKind::Weight, used, weight);
        self.charged = self.charged.saturating_add(weight);
    }

    /// Weight that was counted since this was last asked, for whomever.
    pub const fn take_charged(&mut self) -> u32 {
        std::mem::replace(&mut self.charged, 0)
    }

    /// Books a request that no working client sends. Who sends too many of them is shut out at
    /// the edge.
    pub fn offense(&mut self, now: Timestamp, ip: IpAddr) {
        let Some(edge) = self.config.edge else { return };
        let peer = self.peer(now, ip);
        while peer.offenses.pop_front_if(|at| now.since(*at) >= edge.within).is_some() {}
        peer.offenses.push_back(now);
        if peer.offenses.len() >= usize::try_from(edge.offenses).unwrap_or(usize::MAX) {
            peer.offenses.clear();
            peer.requests_at_edge = 0;
            peer.edge_until = now + edge.lasts;
        }
    }

    /// Shuts an address out at the edge, as the venue may for reasons of its own.
    pub fn shut_out(&mut self, now: Timestamp, ip: IpAddr, lasts: Duration) {
        let peer = self.peer(now, ip);
        peer.requests_at_edge = 0;
        peer.edge_until = now + lasts;
    }

    /// How often the edge has refused.
    #[must_use]
    pub const fn refused_at_edge(&self) -> u64 {
        self.refused_403
    }

    /// Counts a handshake and the weight it costs.
    ///
    /// # Errors
    /// When the IP is banned or has used up its handshakes or its weight.
    pub fn connect(
        &mut self,
        now: Timestamp,
        ip: IpAddr,
        service: Service,
        weight: u32,
    ) -> Result<(), Denied> {
        self.refuse_banned(now, ip)?;
        let peer = self.peer(now, ip);
        let shut_until = peer.streams_shut_until;
        if service == Service::Streams && shut_until > now {
            self.refused_429 += 1;
            self.history.refused(LimitKind::Connections, 429);
            let (kind, limit) = (LimitKind::Connections, 0);
            return Err(Denied::Over { kind, limit, until: shut_until });
        }
        let window = match service {
            Service::WsApi => &mut peer.ws_api_connections,
            Service::Streams => &mut peer.stream_connections,
        };
        let used = window.add(now, 1);
        let (limit, until) = (window.limit(), window.ends_at(now));
        self.note(now, LimitKind::Connections, used, 1);
        if used > limit {
            return Err(self.strike(now, ip, LimitKind::Connections, limit, until));
        }
        if weight == 0 { Ok(()) } else { self.admit(now, ip, weight) }
    }

    /// Books a stream connection that was closed for sending too much. Who does it again and
    /// again finds the streams shut for a while.
    pub fn stream_violation(&mut self, now: Timestamp, ip: IpAddr) {
        let Some(penalty) = self.config.stream_penalty else {
            return;
        };
        let peer = self.peer(now, ip);
        while peer.violations.pop_front_if(|at| now.since(*at) >= penalty.within).is_some() {}
        peer.violations.push_back(now);
        if peer.violations.len() >= penalty.violations {
            peer.violations.clear();
            peer.streams_shut_until = now + penalty.lasts;
        }
    }

    /// Whether `account` may place one more order now. A refusal is a strike against `ip`.
    ///
    /// # Errors
    /// When either window of the account is full.
    pub fn order_headroom(
        &mut self,
        now: Timestamp,
        ip: IpAddr,
        account: u64,
    ) -> Result<(), Denied> {
        self.settle_credits(now);
        let count = self.account(account);
        let full = [
            (LimitKind::OrdersTenSeconds, &mut count.ten_seconds),
            (LimitKind::OrdersDay, &mut count.day),
        ]
        .into_iter()
        .find_map(|(kind, window)| {
            (window.used(now) >= window.limit())
                .then(|| (kind, window.limit(), window.ends_at(now)))
        });
        match full {
            None => Ok(()),
            Some((kind, limit, until)) => Err(self.strike(now, ip, kind, limit, until)),
        }
    }

    /// Counts a placed order.
    pub fn order_placed(&mut self, now: Timestamp, account: u64) {
        self.settle_credits(now);
        let count = self.account(account);
        let used = [
            (LimitKind::OrdersTenSeconds, count.ten_seconds.add(now, 1)),
            (LimitKind::OrdersDay, count.day.add(now, 1)),
        ];
        for (kind, used) in used {
            self.note(now, kind, used, 1);
        }
    }

    /// Books the credit for the first fill of an order; it takes effect a moment later and in the
    /// windows that are current then.
    pub fn first_fill(&mut self, now: Timestamp, account: u64, maker: bool) {
        let orders =
            if maker { self.config.maker_fill_credit } else { self.config.taker_fill_credit };
        let at = now + self.config.fill_credit_delay;
        self.credits.push_back(Credit { at, account, orders });
    }

    /// Weight used by `ip` in the current minute.
    pub fn weight_used(&mut self, now: Timestamp, ip: IpAddr) -> u32 {
        self.peer(now, ip).weight.used(now)
    }

    /// Orders counted for `account` in the current ten seconds and the current day.
    pub fn orders_used(&mut self, now: Timestamp, account: u64) -> (u32, u32) {
        self.settle_credits(now);
        let count = self.account(account);
        (count.ten_seconds.used(now), count.day.used(now))
    }

    /// When the ban of `ip` ends, if it is banned.
    #[must_use]
    pub fn banned_until(&self, now: Timestamp, ip: IpAddr) -> Option<Timestamp> {
        self.peers.get(&ip).map(|peer| peer.banned_until).filter(|until| *until > now)
    }

    /// Bans `ip` by the next step of the ladder, as the venue may for reasons of its own.
    /// Returns when the ban ends.
    pub fn ban(&mut self, now: Timestamp, ip: IpAddr) -> Timestamp {
        let decay = self.config.ban_decay;
        let ladder = self.config.ban_ladder.clone();
        let peer = self.peer(now, ip);
        if peer.last_ban != Timestamp::EPOCH && !decay.is_zero() {
            let clean = now.since(peer.banned_until).as_nanos() / decay.as_nanos();
            peer.step = peer.step.saturating_sub(usize::try_from(clean).unwrap_or(usize::MAX));
        }
        let length = ladder.get(peer.step).or_else(|| ladder.last()).copied().unwrap_or(2 * MINUTE);
        peer.step = (peer.step + 1).min(ladder.len().saturating_sub(1));
        self.ban_for(now, ip, length)
    }

    /// Bans an address for so long, whatever the ladder says. Returns when the ban ends.
    pub fn ban_for(&mut self, now: Timestamp, ip: IpAddr, length: Duration) -> Timestamp {
        let peer = self.peer(now, ip);
        peer.last_ban = now;
        peer.told_at = None;
        peer.banned_until = now + length;
        peer.requests_in_ban = 0;
        let until = peer.banned_until;
        self.bans += 1;
        until
    }

    /// The most that each limit has seen in one window.
    #[must_use]
    pub fn peaks(&self) -> Vec<Peak> {
        self.peaks
            .iter()
            .map(|(&kind, &used)| Peak { kind, limit: self.limit_of(kind), used })
            .collect()
    }

    /// Requests of who had heard of its ban: that came so much later than the first answer which
    /// said so that they cannot have been on their way.
    #[must_use]
    pub const fn knocks(&self) -> u64 {
        self.knocks
    }

    /// How many times the venue has answered 429, answered 418, and begun a ban.
    #[must_use]
    pub const fn refusals(&self) -> (u64, u64, u64) {
        (self.refused_429, self.refused_418, self.bans)
    }

    /// The windows that saw anything, by limit and oldest first; the newest of each.
    pub fn windows(&self) -> impl Iterator<Item = &WindowUse> {
        self.history.windows()
    }

    /// Who was turned away, by what for.
    pub fn refused(&self) -> impl Iterator<Item = Refused> {
        self.history.refusals()
    }

    /// From now on it is the agent that is told apart who asks, or no longer.
    pub const fn attribute(&mut self, is_other: bool) {
        self.history.is_other = is_other;
    }

    /// The size of a limit.
    #[must_use]
    pub const fn limit_of(&self, kind: LimitKind) -> u32 {
        match kind {
            LimitKind::Weight => self.config.weight_per_minute,
            LimitKind::RawRequests => self.config.raw_requests_per_five_minutes,
            LimitKind::OrdersTenSeconds => self.config.orders_per_ten_seconds,
            LimitKind::OrdersDay => self.config.orders_per_day,
            LimitKind::Connections => self.config.connections_per_five_minutes,
            // What has a weight has no count of its own.
            LimitKind::Calls(_) => u32::MAX,
        }
    }

    fn note(&mut self, now: Timestamp, kind: LimitKind, used: u32, added: u32) {
        let peak = self.peaks.entry(kind).or_default();
        *peak = (*peak).max(used);
        let (limit, lasts) = (self.limit_of(kind), kind.interval());
        let window = WindowUse { kind, starts_at: now, lasts, limit, used, by_others: 0 };
        self.history.note(now, window, added);
    }

    fn refuse_at_edge(&mut self, now: Timestamp, ip: IpAddr) -> Result<(), Denied> {
        let edge = self.config.edge;
        let Some(peer) = self.peers.get_mut(&ip).filter(|peer| peer.edge_until > now) else {
            return Ok(());
        };
        peer.requests_at_edge += 1;
        if let Some(edge) = edge.filter(|edge| peer.requests_at_edge >= edge.offenses) {
            peer.edge_until = now + edge.lasts;
            peer.requests_at_edge = 0;
        }
        self.refused_403 += 1;
        Err(Denied::Edge { until: peer.edge_until })
    }

    fn refuse_banned(&mut self, now: Timestamp, ip: IpAddr) -> Result<(), Denied> {
        self.refuse_at_edge(now, ip)?;
        let restarts_after = self.config.ban_restarts_after;
        let ladder = &self.config.ban_ladder;
        let Some(peer) = self.peers.get_mut(&ip).filter(|peer| peer.banned_until > now) else {
            return Ok(());
        };
        match peer.told_at {
            None => peer.told_at = Some(now),
            Some(told) => self.knocks += u64::from(now.since(told) > HEARD_AFTER),
        }
        peer.requests_in_ban += 1;
        if restarts_after.is_some_and(|n| peer.requests_in_ban >= n) {
            // The step points at the next offense already, and this is one.
            let current = peer.banned_until.since(peer.last_ban);
            let longer = ladder.get(peer.step).copied().unwrap_or(current).max(current);
            peer.step = (peer.step + 1).min(ladder.len().saturating_sub(1));
            peer.last_ban = now;
            peer.banned_until = now + longer;
            peer.requests_in_ban = 0;
        }
        self.refused_418 += 1;
        self.history.refused(peer.banned_for, 418);
        Err(Denied::Banned { until: peer.banned_until })
    }

    /// Answers a request over a limit: 429 at first, a ban when it happens too often.
    fn strike(
        &mut self,
        now: Timestamp,
        ip: IpAddr,
        kind: LimitKind,
        limit: u32,
        until: Timestamp,
    ) -> Denied {
        let strikes = self.peer(now, ip).strikes.add(now, 1);
        if strikes > self.config.tolerated_after_first_429.saturating_add(1) {
            self.refused_418 += 1;
            self.history.refused(kind, 418);
            let until = self.ban(now, ip);
            self.peer(now, ip).banned_for = kind;
            return Denied::Banned { until };
        }
        self.refused_429 += 1;
        self.history.refused(kind, 429);
        Denied::Over { kind, limit, until }
    }

    fn settle_credits(&mut self, now: Timestamp) {
        while let Some(credit) = self.credits.pop_front_if(|credit| credit.at <= now) {
            let count = self.account(credit.account);
            count.ten_seconds.give_back(now, credit.orders);
            count.day.give_back(now, credit.orders);
        }
    }

    fn peer(&mut self, now: Timestamp, ip: IpAddr) -> &mut Peer {
        if self.peers.len() >= PEERS_MAX && !self.peers.contains_key(&ip) {
            self.peers.retain(|_, peer| {
                peer.banned_until.max(peer.edge_until) > now || peer.raw.used(now) > 0
            });
        }
        let config = &self.config;
        self.peers.entry(ip).or_insert_with(|| Peer {
            weight: Window::new(MINUTE, config.weight_per_minute),
            raw: Window::new(FIVE_MINUTES, config.raw_requests_per_five_minutes),
            ws_api_connections: Window::new(FIVE_MINUTES, config.connections_per_five_minutes),
            stream_connections: Window::new(FIVE_MINUTES, config.connections_per_five_minutes),
            strikes: Window::new(MINUTE, u32::MAX),
            banned_until: Timestamp::EPOCH,
            banned_for: LimitKind::Weight,
            last_ban: Timestamp::EPOCH,
            told_at: None,
            step: 0,
            requests_in_ban: 0,
            violations: VecDeque::new(),
            streams_shut_until: Timestamp::EPOCH,
            offenses: VecDeque::new(),
            edge_until: Timestamp::EPOCH,
            requests_at_edge: 0,
        })
    }

    fn account(&mut self, account: u64) -> &mut OrderCount {
        let config = &self.config;
        self.accounts.entry(account).or_insert_with(|| OrderCount {
            ten_seconds: Window::new(TEN_SECONDS, config.orders_per_ten_seconds),
            day: Window::new(DAY, config.orders_per_day),
        })
    }
}
