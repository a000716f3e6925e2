//! Binance spot, as its clients see it: REST, WebSocket API and market streams in front of one
//! exchange.
//!
//! A pure value: requests and frames go in with the time they arrive, answers and frames come
//! out. It counts, refuses and bans as the documentation says and its [`VenueLedger`] remembers
//! what a client did. The hard part is order: an account report may leave before or after the
//! answer to the call that caused it, and a seed decides which, so that nobody learns to rely on
//! one.

pub mod nonsense;

mod body;
mod canned;
mod config;
mod desk;
mod feed;
mod gate;
mod heartbeat;
mod method;
mod params;
mod refusal;
mod reports;
mod rest;
mod session;
mod signature;
mod streams;
mod topic;
mod user_data;
mod ws_api;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use tradewind_model::Timestamp;

pub use self::config::{ApiKey, BinanceConfig, FrontConfig, Hint, Hints, embedded, fake};
pub use self::heartbeat::HeartbeatConfig;
pub use self::signature::KeySecret;
pub use crate::front::{
    AccountLedger, Ailment, Arrival, Canned, Delivery, Door, Fault, Frame, Pattern, Rule, RuleId,
    SessionId, VenueLedger,
};

use self::desk::{Answer, Desk};
use self::feed::Feeds;
use self::method::Row;
use self::session::Session;
use crate::exchange::{AccountId, Exchange, ExchangeEvent, SymbolStatus};
use crate::front::{self, Bounds, Front, Outbox, Overdue};
use crate::limits::{LimitKind, Limits, Service};

/// The venue. See the module's page.
#[derive(Debug)]
pub struct Binance {
    desk: Desk,
    front: Front<Session>,
    feeds: Feeds,
    outbox: Outbox<ExchangeEvent>,
    uuid: u64,
    /// Who is banned with the next order, and for how long.
    doomed: BTreeMap<IpAddr, Duration>,
}

impl Binance {
    /// A venue with nobody connected. The same seed and the same calls are the same run.
    #[must_use]
    pub fn new(config: &BinanceConfig, seed: u64, now: Timestamp) -> Self {
        let mut exchange = Exchange::new(&config.exchange, seed, now);
        // What made the market's past is nobody's news.
        exchange.drain_events();
        let bounds = Bounds {
            backlog_max: config.front.session_backlog_max,
            arrivals_max: config.front.arrivals_max,
        };
        Self {
            desk: Desk {
                exchange,
                exchange_filters: config.exchange.filters,
                limits: Limits::new(config.front.limits.clone()),
                config: config.front.clone(),
                seed,
                revoked: BTreeSet::new(),
                signed: BTreeSet::new(),
            },
            front: Front::new(seed, bounds),
            feeds: Feeds::new(now),
            outbox: Outbox::default(),
            uuid: seed,
            doomed: BTreeMap::new(),
        }
    }

    /// Plays the market up to `now`, sends what is due, and closes what is over.
    pub fn advance(&mut self, now: Timestamp) {
        self.desk.exchange.advance(now);
        self.publish(now);
        self.flush_reports(now);
        self.tick_feeds(now);
        self.beat(now);
        self.front.repeat(now);
        self.release_late(now);
    }

    /// When [`Self::advance`] next has something to do.
    #[must_use]
    pub fn wakeup(&self) -> Option<Timestamp> {
        let feeds = self.are_feeds_due().then(|| self.feeds.wakeup());
        let sockets = self.front.sockets.values();
        let beats = sockets.map(|socket| socket.own.heartbeat.wakeup()).min();
        let repeats = self.front.next_repeat();
        let (exchange, outbox) = (self.desk.exchange.wakeup(), self.outbox.wakeup());
        [exchange, outbox, self.front.late.wakeup(), feeds, beats, repeats]
            .into_iter()
            .flatten()
            .min()
    }

    /// The next frame for a client, oldest first. Ask until there is none.
    pub fn poll_frame(&mut self) -> Option<(SessionId, Frame)> {
        self.front.poll_frame()
    }

    /// Bans an address by the next step of the ladder, as a venue may for reasons of its own.
    /// Returns when the ban ends.
    pub fn ban(&mut self, now: Timestamp, peer: IpAddr) -> Timestamp {
        let until = self.desk.limits.ban(now, peer);
        self.close_banned(peer);
        until
    }

    /// Bans an address for so long, whatever the ladder says. Returns when the ban ends.
    pub fn ban_for(&mut self, now: Timestamp, peer: IpAddr, lasts: Duration) -> Timestamp {
        let until = self.desk.limits.ban_for(now, peer, lasts);
        self.close_banned(peer);
        until
    }

    /// Bans an address for so long with the next order that comes from it over REST: that is how
    /// whoever sent it hears of the ban.
    pub fn ban_with_order(&mut self, peer: IpAddr, lasts: Duration) {
        self.doomed.insert(peer, lasts);
    }

    /// Has the ledger tell one `User-Agent` apart from now on. It is counted like everybody's.
    pub fn tell_apart(&mut self, agent: &str) {
        self.front.tell_apart(agent);
    }

    /// Load from a stranger behind the same address: uses up weight.
    pub fn burn_weight(&mut self, now: Timestamp, peer: IpAddr, weight: u32) {
        self.desk.limits.charge(now, peer, weight);
        // It belongs to no request that the ledger lists.
        self.desk.limits.take_charged();
    }

    /// Shuts an address out at the venue's edge for so long, as it may for reasons of its own.
    pub fn shut_out(&mut self, now: Timestamp, peer: IpAddr, lasts: Duration) {
        self.desk.limits.shut_out(now, peer, lasts);
    }

    /// Does something on the exchange that comes through none of its doors here: what a person does
    /// on the venue's own pages, or another account. Everybody is told of it as of anything else.
    pub fn by_hand<T>(
        &mut self,
        now: Timestamp,
        act: impl FnOnce(&mut Exchange, Timestamp) -> T,
    ) -> T {
        self.advance(now);
        let done = act(&mut self.desk.exchange, now);
        self.publish(now);
        self.flush_reports(now);
        done
    }

    /// Changes what those who are turned away are told of when to come back.
    pub const fn set_hints(&mut self, hints: Hints) {
        self.desk.config.hints = hints;
    }

    /// From now on something is wrong with every connection of a service that stands.
    pub fn ail(&mut self, now: Timestamp, service: Service, ailment: Ailment) {
        self.front.ail(now, service, ailment);
    }

    /// Sends a text of somebody else's making on every connection of a service, as if the venue had
    /// said it.
    pub fn say(&mut self, service: Service, text: &str) {
        self.front.say(service, text);
    }

    /// Adds a line to the script of what goes wrong. It holds for [`Self::ask`],
    /// [`Self::connect`] and for what comes and goes on sockets.
    pub fn add_fault(&mut self, rule: Rule) -> RuleId {
        self.front.script.add(rule)
    }

    /// Takes a line out of the script. Returns whether it was there.
    pub fn remove_fault(&mut self, id: RuleId) -> bool {
        self.front.script.remove(id)
    }

    /// How many requests a line of the script has struck so far, those among them that still wait in
    /// front of the venue.
    #[must_use]
    pub fn struck(&self, id: RuleId) -> u64 {
        self.front.script.struck(id)
    }

    /// Takes all lines out of the script. What is held back already still comes.
    pub fn clear_faults(&mut self) {
        self.front.script.clear();
    }

    /// What arrived, oldest first, as far as it is remembered: the ledger's without a copy.
    pub fn arrivals(&self) -> impl DoubleEndedIterator<Item = &Arrival> {
        self.front.notes.arrivals.iter()
    }

    /// How often something was asked for, by any door, as the ledger names it.
    #[must_use]
    pub fn requests(&self, what: &str) -> u64 {
        self.front.notes.requests.get(what).copied().unwrap_or_default()
    }

    /// Whose orders and balances a key reaches, if there is such a key.
    #[must_use]
    pub fn account_of(&self, api_key: &str) -> Option<AccountId> {
        let key = self.desk.config.keys.iter().find(|key| key.api_key == api_key);
        key.map(|key| key.account)
    }

    /// When the ban of an address ends, if it is banned.
    #[must_use]
    pub fn banned_until(&self, now: Timestamp, peer: IpAddr) -> Option<Timestamp> {
        self.desk.limits.banned_until(now, peer)
    }

    /// Every text that belongs in nobody's log: names of keys, and their secrets.
    #[must_use]
    pub fn secrets(&self) -> Vec<&str> {
        let keys = self.desk.config.keys.iter();
        keys.flat_map(|key| {
            let shared = match &key.secret {
                KeySecret::Hmac(secret) => Some(secret.as_str()),
                KeySecret::Ed25519(_) => None,
            };
            shared.into_iter().chain([key.api_key.as_str()])
        })
        .collect()
    }

    /// Takes a key back, as its owner or the venue may at any time. Returns whether there was one.
    pub fn revoke(&mut self, api_key: &str) -> bool {
        let index = self.desk.config.keys.iter().position(|key| key.api_key == api_key);
        index.is_some_and(|index| self.desk.revoked.insert(index))
    }

    /// Opens or closes trading of a symbol.
    pub fn set_status(&mut self, now: Timestamp, symbol: &str, status: SymbolStatus) {
        self.desk.exchange.set_status(now, symbol, status);
    }

    /// The size of a limit.
    #[must_use]
    pub const fn limit_of(&self, kind: LimitKind) -> u32 {
        self.desk.limits.limit_of(kind)
    }

    /// The exchange behind the doors, for checkers.
    #[must_use]
    pub const fn exchange(&self) -> &Exchange {
        &self.desk.exchange
    }

    /// What really happened so far.
    #[must_use]
    pub fn ledger(&self) -> VenueLedger {
        let (rate_limited, banned, bans) = self.desk.limits.refusals();
        VenueLedger {
            at: self.desk.exchange.now(),
            requests: self.front.notes.requests.clone(),
            arrivals: self.front.notes.arrivals.iter().cloned().collect(),
            rate_limited,
            banned,
            bans,
            knocks: self.desk.limits.knocks(),
            forbidden: self.desk.limits.refused_at_edge(),
            policy_closes: self.front.notes.policy_closes,
            peaks: self.desk.limits.peaks(),
            windows: self.desk.limits.windows().copied().collect(),
            refused: self.desk.limits.refused().collect(),
            connections_accepted: self.front.notes.connections_accepted,
            connections_refused: self.front.notes.connections_refused,
            connections_open: self.front.sockets.len(),
            accounts: front::accounts(&self.desk.exchange, &self.front.notes, &self.desk.signed),
        }
    }

    fn arrived(
        &mut self,
        now: Timestamp,
        peer: IpAddr,
        door: Door,
        what: &'static str,
        status: u16,
    ) {
        let weight = self.desk.limits.take_charged();
        let arrival = Arrival { at: now, peer, door, what, weight, status };
        self.front.arrived(arrival);
    }

    /// Lets go of what was held back and whose moment has come.
    fn release_late(&mut self, now: Timestamp) {
        while let Some((id, overdue)) = self.front.late.pop_due(now) {
            match overdue {
                Overdue::Request(text) => self.answer_frame(now, id, &text, None),
                Overdue::Frame(frame) => self.front.send(id, frame),
            }
        }
    }

    fn note_rejection(&mut self, row: &Row, answer: &Answer) {
        if let (true, Some(account), Err(_)) = (row.places(), answer.account, &answer.reply) {
            *self.front.notes.rejected.entry(account).or_default() += 1;
        }
    }

    /// Sends what a call has caused, and closes the sockets of whoever it got banned.
    fn after_call(&mut self, now: Timestamp, peer: IpAddr, status: u16) {
        self.publish(now);
        self.flush_reports(now);
        if status == 418 {
            self.close_banned(peer);
        }
    }

    /// Hands the exchange's news to accounts and listeners.
    fn publish(&mut self, now: Timestamp) {
        let events = self.desk.exchange.drain_events();
        if events.is_empty() {
            return;
        }
        let delay = self.report_delay();
        for event in events {
            match event {
                ExchangeEvent::Execution(_)
                | ExchangeEvent::Balance(_)
                | ExchangeEvent::List(_) => {
                    self.queue_report(now, delay, event);
                }
                ExchangeEvent::Trade(_)
                | ExchangeEvent::Depth(_)
                | ExchangeEvent::BookTicker(_)
                | ExchangeEvent::Kline { .. } => self.feed(now, event),
            }
        }
    }

    /// How late the next account reports are: half of the time not at all.
    fn report_delay(&mut self) -> Duration {
        if self.front.dice.roll() & 1 == 0 {
            return Duration::ZERO;
        }
        let max = self.desk.config.report_delay_max.as_nanos();
        Duration::from_nanos(1 + self.front.dice.up_to(u64::try_from(max).unwrap_or(u64::MAX)))
    }
}
