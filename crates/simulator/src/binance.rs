//! Binance spot, as its clients see it: REST, WebSocket API and market streams in front of one
//! exchange.
//!
//! A pure value: requests and frames go in with the time they arrive, answers and frames come
//! out. It counts, refuses and bans as the documentation says and its [`VenueLedger`] remembers
//! what a client did. The hard part is order: an account report may leave before or after the
//! answer to the call that caused it, and a seed decides which, so that nobody learns to rely on
//! one.

pub mod nonsense;

mod ailment;
mod body;
mod config;
mod desk;
mod fault;
mod feed;
mod gate;
mod heartbeat;
mod ledger;
mod method;
mod params;
mod refusal;
mod reports;
mod rest;
mod seed;
mod session;
mod signature;
mod streams;
mod topic;
mod user_data;
mod ws_api;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use tradewind_model::Timestamp;

pub use self::ailment::Ailment;
pub use self::config::{ApiKey, BinanceConfig, FrontConfig, Hint, Hints, embedded, fake};
pub use self::fault::{Canned, Delivery, Fault, Pattern, Rule, RuleId};
pub use self::heartbeat::HeartbeatConfig;
pub use self::ledger::{AccountLedger, Arrival, Door, VenueLedger};
pub use self::session::{Frame, SessionId};
pub use self::signature::KeySecret;

use self::desk::{Answer, Desk};
use self::fault::{Late, Overdue, Script};
use self::feed::Feeds;
use self::ledger::Notes;
use self::method::Row;
use self::seed::Dice;
use self::session::Session;
use self::user_data::Outbox;
use crate::exchange::{AccountId, Exchange, ExchangeEvent, SymbolStatus};
use crate::limits::{LimitKind, Limits};

/// The venue. See the module's page.
#[derive(Debug)]
pub struct Binance {
    desk: Desk,
    sessions: BTreeMap<SessionId, Session>,
    /// Who listens to a market stream, by its name.
    listeners: BTreeMap<String, BTreeSet<SessionId>>,
    frames: VecDeque<(SessionId, Frame)>,
    feeds: Feeds,
    outbox: Outbox,
    script: Script,
    late: Late,
    notes: Notes,
    dice: Dice,
    uuid: u64,
    next_session: u64,
    /// A `User-Agent` whose traffic the ledger tells apart.
    other_agent: Option<String>,
}

impl Binance {
    /// A venue with nobody connected. The same seed and the same calls are the same run.
    #[must_use]
    pub fn new(config: &BinanceConfig, seed: u64, now: Timestamp) -> Self {
        let mut exchange = Exchange::new(&config.exchange, seed, now);
        // What made the market's past is nobody's news.
        exchange.drain_events();
        Self {
            desk: Desk {
                exchange,
                exchange_filters: config.exchange.filters,
                limits: Limits::new(config.front.limits.clone()),
                config: config.front.clone(),
                seed,
                revoked: BTreeSet::new(),
            },
            sessions: BTreeMap::new(),
            listeners: BTreeMap::new(),
            frames: VecDeque::new(),
            feeds: Feeds::new(now),
            outbox: Outbox::default(),
            script: Script::new(seed),
            late: Late::default(),
            notes: Notes::default(),
            dice: Dice::new(seed),
            uuid: seed,
            next_session: 0,
            other_agent: None,
        }
    }

    /// Plays the market up to `now`, sends what is due, and closes what is over.
    pub fn advance(&mut self, now: Timestamp) {
        self.desk.exchange.advance(now);
        self.publish(now);
        self.flush_reports(now);
        self.tick_feeds(now);
        self.beat(now);
        self.repeat(now);
        self.release_late(now);
    }

    /// When [`Self::advance`] next has something to do.
    #[must_use]
    pub fn wakeup(&self) -> Option<Timestamp> {
        let feeds = self.are_feeds_due().then(|| self.feeds.wakeup());
        let beats = self.sessions.values().map(|session| session.heartbeat.wakeup()).min();
        let illnesses = self.sessions.values().filter_map(|session| session.illness);
        let repeats = illnesses.filter_map(|illness| illness.wakeup()).min();
        let (exchange, outbox) = (self.desk.exchange.wakeup(), self.outbox.wakeup());
        [exchange, outbox, self.late.wakeup(), feeds, beats, repeats].into_iter().flatten().min()
    }

    /// The next frame for a client, oldest first. Ask until there is none.
    pub fn poll_frame(&mut self) -> Option<(SessionId, Frame)> {
        let (id, frame) = self.frames.pop_front()?;
        if let Some(session) = self.sessions.get_mut(&id) {
            session.backlog = session.backlog.saturating_sub(1);
        }
        Some((id, frame))
    }

    /// Bans an address by the next step of the ladder, as a venue may for reasons of its own.
    /// Returns when the ban ends.
    pub fn ban(&mut self, now: Timestamp, peer: IpAddr) -> Timestamp {
        let until = self.desk.limits.ban(now, peer);
        self.close_banned(peer);
        until
    }

    /// Has the ledger tell one `User-Agent` apart from now on. It is counted like everybody's.
    pub fn tell_apart(&mut self, agent: &str) {
        self.other_agent = Some(agent.to_owned());
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

    /// Adds a line to the script of what goes wrong. It holds for [`Self::ask`],
    /// [`Self::connect`] and for what comes and goes on sockets.
    pub fn add_fault(&mut self, rule: Rule) -> RuleId {
        self.script.add(rule)
    }

    /// Takes a line out of the script. Returns whether it was there.
    pub fn remove_fault(&mut self, id: RuleId) -> bool {
        self.script.remove(id)
    }

    /// How many requests a line of the script has struck so far, those among them that still wait in
    /// front of the venue.
    #[must_use]
    pub fn struck(&self, id: RuleId) -> u64 {
        self.script.struck(id)
    }

    /// Takes all lines out of the script. What is held back already still comes.
    pub fn clear_faults(&mut self) {
        self.script.clear();
    }

    /// What arrived, oldest first, as far as it is remembered: the ledger's without a copy.
    pub fn arrivals(&self) -> impl DoubleEndedIterator<Item = &Arrival> {
        self.notes.arrivals.iter()
    }

    /// How often something was asked for, by any door, as the ledger names it.
    #[must_use]
    pub fn requests(&self, what: &str) -> u64 {
        self.notes.requests.get(what).copied().unwrap_or_default()
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
        let count = u32::try_from(self.desk.exchange.account_count()).unwrap_or(u32::MAX);
        VenueLedger {
            at: self.desk.exchange.now(),
            requests: self.notes.requests.clone(),
            arrivals: self.notes.arrivals.iter().cloned().collect(),
            rate_limited,
            banned,
            bans,
            forbidden: self.desk.limits.refused_at_edge(),
            policy_closes: self.notes.policy_closes,
            peaks: self.desk.limits.peaks(),
            windows: self.desk.limits.windows().copied().collect(),
            refused: self.desk.limits.refused().collect(),
            connections_accepted: self.notes.connections_accepted,
            connections_refused: self.notes.connections_refused,
            connections_open: self.sessions.len(),
            accounts: (0..count).map(|id| self.account_ledger(AccountId(id))).collect(),
        }
    }

    fn account_ledger(&self, account: AccountId) -> AccountLedger {
        let exchange = &self.desk.exchange;
        let balances = exchange.balances(account);
        let ledger = exchange.ledger(account);
        let net = |asset: &str| ledger.map(|ledger| ledger.net(asset)).unwrap_or_default();
        AccountLedger {
            account,
            orders_accepted: ledger.map_or(0, |ledger| ledger.orders().len()),
            orders_rejected: self.notes.rejected.get(&account).copied().unwrap_or_default(),
            duplicate_client_ids: ledger
                .map(crate::account::Ledger::reused_client_ids)
                .unwrap_or_default()
                .into_iter()
                .map(|(symbol, id, count)| (symbol.to_string(), id, count))
                .collect(),
            open_orders: exchange.open_orders(account, None),
            fills: ledger.map(|ledger| ledger.fills().to_vec()).unwrap_or_default(),
            position: balances
                .iter()
                .map(|balance| (balance.asset.to_string(), net(&balance.asset)))
                .collect(),
            balances,
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
        self.notes.arrived(self.desk.config.arrivals_max, arrival);
    }

    /// Lets go of what was held back and whose moment has come.
    fn release_late(&mut self, now: Timestamp) {
        while let Some((id, overdue)) = self.late.pop_due(now) {
            match overdue {
                Overdue::Request(text) => self.answer_frame(now, id, &text, None),
                Overdue::Frame(frame) => self.send(id, frame),
            }
        }
    }

    fn note_rejection(&mut self, row: &Row, answer: &Answer) {
        if let (true, Some(account), Err(_)) = (row.places(), answer.account, &answer.reply) {
            *self.notes.rejected.entry(account).or_default() += 1;
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
        if self.dice.roll() & 1 == 0 {
            return Duration::ZERO;
        }
        let max = self.desk.config.report_delay_max.as_nanos();
        Duration::from_nanos(1 + self.dice.up_to(u64::try_from(max).unwrap_or(u64::MAX)))
    }
}
