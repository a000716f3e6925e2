//! What the venue counts, and what it does to those who do not stop.
//!
//! Every path has a counter of its own, of one second: by address where anybody may ask, by account
//! where a key must. Beside them an address has 6,000 requests a minute for everything; who passes
//! that is refused for five minutes (rate limit page and FAQ, read 2026-11). Whether a second is
//! the calendar's or the last one is documented nowhere, so it is a knob.

#[cfg(test)]
mod tests;

mod counter;

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use tradewind_model::Timestamp;

use self::counter::Counter;
use crate::exchange::AccountId;
use crate::limits::history::History;
use crate::limits::{EdgeConfig, HEARD_AFTER, LimitKind, Peak, Refused, StreamPenalty, WindowUse};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const FIVE_MINUTES: Duration = Duration::from_secs(300);

/// Peers, and counters of paths, that are remembered at once; past this the idle ones are forgotten.
const REMEMBERED_MAX: usize = 16_384;

/// How seconds and minutes are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Windows {
    /// By the calendar: a counter falls to zero when its window ends.
    Fixed,
    /// The last second, the last minute, at any moment.
    Sliding,
}

/// What is counted and how offenders are treated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitsConfig {
    /// How windows are counted. Undocumented.
    pub windows: Windows,
    /// Requests of an address in a minute, whatever their path.
    pub requests_per_minute: u32,
    /// How long an address is refused that has passed it (changelog 2025-08-11).
    pub penalty: Duration,
    /// Handshakes an address may attempt in five minutes.
    pub connections_per_five_minutes: u32,
    /// Connections an address may have open.
    pub open_connections: usize,
    /// What the edge does about requests that look like an attack; `None` when there is no edge.
    /// That there is one has been seen, and no more.
    pub edge: Option<EdgeConfig>,
    /// What repeated floods of messages cost an address; `None` for nothing. That they may is
    /// documented, and no figure is.
    pub stream_penalty: Option<StreamPenalty>,
    /// Windows of each limit that the ledger remembers, newest last.
    pub windows_max: usize,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            windows: Windows::Fixed,
            requests_per_minute: 6_000,
            penalty: FIVE_MINUTES,
            connections_per_five_minutes: 300,
            open_connections: 100,
            edge: Some(EdgeConfig { offenses: 100, within: MINUTE, lasts: FIVE_MINUTES }),
            stream_penalty: Some(StreamPenalty {
                violations: 3,
                within: MINUTE,
                lasts: 2 * MINUTE,
            }),
            // An hour of seconds for each path.
            windows_max: 3_600,
        }
    }
}

/// Why a request or a handshake is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denied {
    /// 429: a path's second, or an address's minute and what follows it.
    TooMany,
    /// 403: the edge lets nothing of the address through.
    Edge,
}

/// Who is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    Address(IpAddr),
    Account(AccountId),
}

#[derive(Debug)]
struct Peer {
    requests: Counter,
    connections: Counter,
    /// Refused until then for having asked too much.
    shut_until: Timestamp,
    /// When it was first told that it is refused.
    told_at: Option<Timestamp>,
    edge_until: Timestamp,
    offenses: VecDeque<Timestamp>,
    /// Connections closed for their manners.
    violations: VecDeque<Timestamp>,
    sockets_shut_until: Timestamp,
}

/// All counters of the venue. See the module's page.
#[derive(Debug)]
pub(super) struct Limits {
    config: LimitsConfig,
    peers: BTreeMap<IpAddr, Peer>,
    calls: BTreeMap<(&'static str, Who), Counter>,
    peaks: BTreeMap<LimitKind, (u32, u32)>,
    history: History,
    refused_429: u64,
    refused_shut: u64,
    knocks: u64,
    refused_403: u64,
    penalties: u64,
}

impl Limits {
    pub(super) fn new(config: LimitsConfig) -> Self {
        let history = History::new(config.windows_max);
        Self {
            config,
            history,
            peers: BTreeMap::new(),
            calls: BTreeMap::new(),
            peaks: BTreeMap::new(),
            refused_429: 0,
            refused_shut: 0,
            knocks: 0,
            refused_403: 0,
            penalties: 0,
        }
    }

    /// Counts a request of an address, whatever it asks. Those that are refused count too.
    pub(super) fn request(&mut self, now: Timestamp, ip: IpAddr) -> Result<(), Denied> {
        self.refuse_at_edge(now, ip)?;
        let penalty = self.config.penalty;
        let limit = self.config.requests_per_minute;
        let peer = self.peer(now, ip);
        if peer.shut_until > now {
            match peer.told_at {
                None => peer.told_at = Some(now),
                Some(told) => self.knocks += u64::from(now.since(told) > HEARD_AFTER),
            }
            self.refused_shut += 1;
            self.history.refused(LimitKind::RawRequests, 429);
            return Err(Denied::TooMany);
        }
        let used = peer.requests.add(now, 1);
        let is_over = used > limit;
        if is_over {
            (peer.shut_until, peer.told_at) = (now + penalty, Some(now));
            self.penalties += 1;
            self.refused_429 += 1;
            self.history.refused(LimitKind::RawRequests, 429);
        }
        self.note(now, LimitKind::RawRequests, (MINUTE, limit), used, 1);
        if is_over { Err(Denied::TooMany) } else { Ok(()) }
    }

    /// Counts a request for one path. Returns how many are left of its second.
    pub(super) fn call(
        &mut self,
        now: Timestamp,
        who: Who,
        path: &'static str,
        limit: u32,
    ) -> Result<u32, Denied> {
        let used = self.count(now, who, path, limit, 1);
        if used > limit {
            self.refused_429 += 1;
            self.history.refused(LimitKind::Calls(path), 429);
            return Err(Denied::TooMany);
        }
        Ok(limit - used)
    }

    /// Adds requests for one path that the venue answers to somebody else.
    pub(super) fn count(
        &mut self,
        now: Timestamp,
        who: Who,
        path: &'static str,
        limit: u32,
        requests: u32,
    ) -> u32 {
        if self.calls.len() >= REMEMBERED_MAX {
            self.calls.retain(|_, counter| counter.used(now) > 0);
        }
        let windows = self.config.windows;
        let counter =
            self.calls.entry((path, who)).or_insert_with(|| Counter::new(windows, SECOND));
        let used = counter.add(now, requests);
        self.note(now, LimitKind::Calls(path), (SECOND, limit), used, requests);
        used
    }

    /// Adds requests of a stranger's behind the same address.
    pub(super) fn burn(&mut self, now: Timestamp, ip: IpAddr, requests: u32) {
        let limit = self.config.requests_per_minute;
        let used = self.peer(now, ip).requests.add(now, requests);
        self.note(now, LimitKind::RawRequests, (MINUTE, limit), used, requests);
    }

    /// Refuses an address for so long as if it had asked too much. Returns until when.
    pub(super) fn shut(&mut self, now: Timestamp, ip: IpAddr) -> Timestamp {
        self.shut_for(now, ip, self.config.penalty)
    }

    /// The same, for so long.
    pub(super) fn shut_for(&mut self, now: Timestamp, ip: IpAddr, lasts: Duration) -> Timestamp {
        let until = now + lasts;
        let peer = self.peer(now, ip);
        (peer.shut_until, peer.told_at) = (until, None);
        self.penalties += 1;
        until
    }

    /// See [`crate::limits::Limits::knocks`].
    pub(super) const fn knocks(&self) -> u64 {
        self.knocks
    }

    /// Until when an address is refused, if it is.
    pub(super) fn shut_until(&self, now: Timestamp, ip: IpAddr) -> Option<Timestamp> {
        self.peers.get(&ip).map(|peer| peer.shut_until).filter(|until| *until > now)
    }

    /// Books a request that no working client sends.
    pub(super) fn offense(&mut self, now: Timestamp, ip: IpAddr) {
        let Some(edge) = self.config.edge else { return };
        let peer = self.peer(now, ip);
        while peer.offenses.pop_front_if(|at| now.since(*at) >= edge.within).is_some() {}
        peer.offenses.push_back(now);
        if peer.offenses.len() >= usize::try_from(edge.offenses).unwrap_or(usize::MAX) {
            peer.offenses.clear();
            peer.edge_until = now + edge.lasts;
        }
    }

    /// Shuts an address out at the edge.
    pub(super) fn shut_out(&mut self, now: Timestamp, ip: IpAddr, lasts: Duration) {
        self.peer(now, ip).edge_until = now + lasts;
    }

    /// Counts a handshake of an address that has so many connections open.
    pub(super) fn connect(
        &mut self,
        now: Timestamp,
        ip: IpAddr,
        open: usize,
    ) -> Result<(), Denied> {
        self.refuse_at_edge(now, ip)?;
        let limit = self.config.connections_per_five_minutes;
        let open_max = self.config.open_connections;
        let peer = self.peer(now, ip);
        let is_shut = peer.sockets_shut_until > now;
        let used = peer.connections.add(now, 1);
        self.note(now, LimitKind::Connections, (FIVE_MINUTES, limit), used, 1);
        if is_shut || used > limit || open >= open_max {
            self.refused_429 += 1;
            self.history.refused(LimitKind::Connections, 429);
            return Err(Denied::TooMany);
        }
        Ok(())
    }

    /// Books a connection that was closed for sending too much.
    pub(super) fn stream_violation(&mut self, now: Timestamp, ip: IpAddr) {
        let Some(penalty) = self.config.stream_penalty else { return };
        let peer = self.peer(now, ip);
        while peer.violations.pop_front_if(|at| now.since(*at) >= penalty.within).is_some() {}
        peer.violations.push_back(now);
        if peer.violations.len() >= penalty.violations {
            peer.violations.clear();
            peer.sockets_shut_until = now + penalty.lasts;
        }
    }

    /// The most that each limit has seen in one window.
    pub(super) fn peaks(&self) -> Vec<Peak> {
        let peaks = self.peaks.iter();
        peaks.map(|(&kind, &(limit, used))| Peak { kind, limit, used }).collect()
    }

    /// How many were refused by a limit, how many while their address was shut, how many by the
    /// edge, and how often an address was shut.
    pub(super) const fn refusals(&self) -> (u64, u64, u64, u64) {
        (self.refused_429, self.refused_shut, self.refused_403, self.penalties)
    }

    pub(super) fn windows(&self) -> impl Iterator<Item = &WindowUse> {
        self.history.windows()
    }

    pub(super) fn refused(&self) -> impl Iterator<Item = Refused> {
        self.history.refusals()
    }

    /// From now on it is the agent that is told apart who asks, or no longer.
    pub(super) const fn attribute(&mut self, is_other: bool) {
        self.history.is_other = is_other;
    }

    fn refuse_at_edge(&mut self, now: Timestamp, ip: IpAddr) -> Result<(), Denied> {
        if self.peers.get(&ip).is_some_and(|peer| peer.edge_until > now) {
            self.refused_403 += 1;
            return Err(Denied::Edge);
        }
        Ok(())
    }

    fn note(
        &mut self,
        now: Timestamp,
        kind: LimitKind,
        (lasts, limit): (Duration, u32),
        used: u32,
        added: u32,
    ) {
        let peak = self.peaks.entry(kind).or_default();
        *peak = (limit, peak.1.max(used));
        let window = WindowUse { kind, starts_at: now, lasts, limit, used, by_others: 0 };
        self.history.note(now, window, added);
    }

    fn peer(&mut self, now: Timestamp, ip: IpAddr) -> &mut Peer {
        if self.peers.len() >= REMEMBERED_MAX && !self.peers.contains_key(&ip) {
            self.peers.retain(|_, peer| {
                peer.shut_until.max(peer.edge_until).max(peer.sockets_shut_until) > now
                    || peer.requests.used(now) > 0
                    || peer.connections.used(now) > 0
            });
        }
        let windows = self.config.windows;
        self.peers.entry(ip).or_insert_with(|| Peer {
            requests: Counter::new(windows, MINUTE),
            connections: Counter::new(windows, FIVE_MINUTES),
            shut_until: Timestamp::EPOCH,
            told_at: None,
            edge_until: Timestamp::EPOCH,
            offenses: VecDeque::new(),
            violations: VecDeque::new(),
            sockets_shut_until: Timestamp::EPOCH,
        })
    }
}
