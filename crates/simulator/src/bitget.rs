//! Bitget spot, as its clients see it: REST and sockets of the classic account in front of one
//! exchange.
//!
//! A pure value: requests and frames go in with the time they arrive, answers and frames come out.
//! It counts, refuses and forgets as the documentation says and its [`VenueLedger`] remembers what
//! a client did. The hard part is how little an answer says: an order that was taken has a name and
//! nothing else, a cancel that was taken is no cancel yet, and what became of either comes on a
//! stream without numbers, before the answer or after it, by seed, so that nobody learns to rely on
//! one.

pub mod canned;
pub mod nonsense;

mod body;
mod channel;
mod checksum;
mod config;
mod control;
mod desk;
mod endpoint;
mod feed;
mod gate;
mod granularity;
mod limits;
mod params;
mod refusal;
mod register;
mod reports;
mod rest;
mod session;
mod signature;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use tradewind_model::Timestamp;

pub use self::config::{
    ApiKey, BalancePushes, BitgetConfig, Environment, FrontConfig, SocketConfig, embedded, fake,
};
pub use self::limits::{LimitsConfig, Windows};
pub use self::signature::KeySecret;
pub use crate::front::{
    AccountLedger, Ailment, Arrival, Canned, Delivery, Door, Fault, Frame, Pattern, Rule, RuleId,
    SessionId, VenueLedger,
};

use self::desk::Desk;
use self::feed::Feeds;
use self::limits::Who;
use self::reports::Report;
use self::session::Session;
use crate::exchange::{AccountId, Exchange, ExchangeEvent, SymbolStatus};
use crate::front::{self, Bounds, Front, Outbox, Overdue};
use crate::limits::Service;

/// The venue. See the module's page.
#[derive(Debug)]
pub struct Bitget {
    desk: Desk,
    front: Front<Session>,
    feeds: Feeds,
    outbox: Outbox<Report>,
    /// Accounts that have traded since their balances were last told.
    traded: BTreeSet<AccountId>,
    /// Who is refused from the next order on, and for how long.
    doomed: BTreeMap<IpAddr, Duration>,
}

impl Bitget {
    /// A venue with nobody connected. The same seed and the same calls are the same run.
    #[must_use]
    pub fn new(config: &BitgetConfig, seed: u64, now: Timestamp) -> Self {
        let mut exchange = Exchange::new(&config.exchange, seed, now);
        // What made the market's past is nobody's news.
        exchange.drain_events();
        let bounds = Bounds {
            backlog_max: config.front.session_backlog_max,
            arrivals_max: config.front.arrivals_max,
        };
        Self {
            desk: Desk::new(exchange, config.front.clone(), seed),
            front: Front::new(seed, bounds),
            feeds: Feeds::default(),
            outbox: Outbox::default(),
            traded: BTreeSet::new(),
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
        let moments = [
            self.desk.exchange.wakeup(),
            self.outbox.wakeup(),
            self.front.late.wakeup(),
            self.feeds.wakeup(),
            self.next_beat(),
            self.front.next_repeat(),
        ];
        moments.into_iter().flatten().min()
    }

    /// The next frame for a client, oldest first. Ask until there is none.
    pub fn poll_frame(&mut self) -> Option<(SessionId, Frame)> {
        self.front.poll_frame()
    }

    /// Refuses an address as if it had asked too much, as the venue may for reasons of its own.
    /// Returns until when.
    pub fn ban(&mut self, now: Timestamp, peer: IpAddr) -> Timestamp {
        self.desk.limits.shut(now, peer)
    }

    /// The same, for so long.
    pub fn ban_for(&mut self, now: Timestamp, peer: IpAddr, lasts: Duration) -> Timestamp {
        self.desk.limits.shut_for(now, peer, lasts)
    }

    /// Refuses an address for so long from the next order on that comes from it.
    pub fn ban_with_order(&mut self, peer: IpAddr, lasts: Duration) {
        self.doomed.insert(peer, lasts);
    }

    /// Until when an address is refused for having asked too much, if it is.
    #[must_use]
    pub fn banned_until(&self, now: Timestamp, peer: IpAddr) -> Option<Timestamp> {
        self.desk.limits.shut_until(now, peer)
    }

    /// Shuts an address out at the venue's edge for so long, as it may for reasons of its own.
    pub fn shut_out(&mut self, now: Timestamp, peer: IpAddr, lasts: Duration) {
        self.desk.limits.shut_out(now, peer, lasts);
    }

    /// Has the ledger tell one `User-Agent` apart from now on. It is counted like everybody's.
    pub fn tell_apart(&mut self, agent: &str) {
        self.front.tell_apart(agent);
    }

    /// Load from a stranger behind the same address: so many requests of its minute.
    pub fn burn_requests(&mut self, now: Timestamp, peer: IpAddr, requests: u32) {
        self.desk.limits.burn(now, peer, requests);
    }

    /// Load from a stranger with a key of the same account: so many requests for one path, as the
    /// ledger names it. Returns whether there is such a path.
    pub fn burn_calls(
        &mut self,
        now: Timestamp,
        account: AccountId,
        route: &str,
        requests: u32,
    ) -> bool {
        let (verb, path) = route.split_once(' ').unwrap_or_default();
        let Some(endpoint) = endpoint::by_route(verb, path) else {
            return false;
        };
        let (who, limit) = (Who::Account(account), endpoint.per_second);
        self.desk.limits.count(now, who, endpoint.route, limit, requests);
        true
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
    /// [`Self::connect`] and for what comes and goes on sockets: messages are named `ping`,
    /// `login`, `subscribe` and `unsubscribe`, and pushes by their channel, as in `push orders` or
    /// `push books BTCUSDT`.
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

    /// Every text that belongs in nobody's log: names of keys, their secrets, and what was chosen
    /// with them.
    #[must_use]
    pub fn secrets(&self) -> Vec<&str> {
        let keys = self.desk.config.keys.iter();
        keys.flat_map(|key| {
            let shared = match &key.secret {
                KeySecret::Hmac(secret) => Some(secret.as_str()),
                KeySecret::Rsa(_) => None,
            };
            shared.into_iter().chain([key.api_key.as_str(), key.passphrase.as_str()])
        })
        .collect()
    }

    /// Takes a key back, as its owner or the venue may at any time. Returns whether there was one.
    pub fn revoke(&mut self, api_key: &str) -> bool {
        let place = self.desk.config.keys.iter().position(|key| key.api_key == api_key);
        place.is_some_and(|place| self.desk.revoked.insert(place))
    }

    /// Makes an account one of the unified kind, as its owner or the venue may at any time.
    pub fn unify(&mut self, account: AccountId) {
        self.desk.config.unified.insert(account);
    }

    /// Opens or closes trading of a symbol.
    pub fn set_status(&mut self, now: Timestamp, symbol: &str, status: SymbolStatus) {
        self.desk.exchange.set_status(now, symbol, status);
    }

    /// The exchange behind the doors, for checkers.
    #[must_use]
    pub const fn exchange(&self) -> &Exchange {
        &self.desk.exchange
    }

    /// What really happened so far. There is no status 418 here: `banned` counts what was refused
    /// while its address was, and `bans` how often that began.
    #[must_use]
    pub fn ledger(&self) -> VenueLedger {
        let (rate_limited, banned, forbidden, bans) = self.desk.limits.refusals();
        let notes = &self.front.notes;
        VenueLedger {
            at: self.desk.exchange.now(),
            requests: notes.requests.clone(),
            arrivals: notes.arrivals.iter().cloned().collect(),
            rate_limited,
            banned,
            bans,
            knocks: self.desk.limits.knocks(),
            forbidden,
            policy_closes: notes.policy_closes,
            peaks: self.desk.limits.peaks(),
            windows: self.desk.limits.windows().copied().collect(),
            refused: self.desk.limits.refused().collect(),
            connections_accepted: notes.connections_accepted,
            connections_refused: notes.connections_refused,
            connections_open: self.front.sockets.len(),
            accounts: front::accounts(&self.desk.exchange, notes, &self.desk.signed),
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
        // Nothing here weighs more than anything else.
        let weight = u32::from(door == Door::Rest);
        self.front.arrived(Arrival { at: now, peer, door, what, weight, status });
    }

    /// Lets go of what was held back and whose moment has come.
    fn release_late(&mut self, now: Timestamp) {
        while let Some((id, overdue)) = self.front.late.pop_due(now) {
            match overdue {
                Overdue::Request(text) => self.hear_late(now, id, &text),
                Overdue::Frame(frame) => self.front.send(id, frame),
            }
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
                ExchangeEvent::Execution(report) => self.queue_report(now, delay, &report),
                ExchangeEvent::Balance(change) => self.queue_balances(now, delay, &change),
                // There are no lists here.
                ExchangeEvent::List(_) => {}
                ExchangeEvent::Trade(_)
                | ExchangeEvent::Depth(_)
                | ExchangeEvent::BookTicker(_)
                | ExchangeEvent::Kline { .. } => self.feed(now, &event),
            }
        }
    }

    /// How late the next account reports are: some of the time not at all.
    fn report_delay(&mut self) -> Duration {
        let config = &self.desk.config;
        if self.front.dice.up_to(99) < config.reports_ahead_percent {
            return Duration::ZERO;
        }
        let least = config.report_delay_min;
        let span = config.report_delay_max.saturating_sub(least).as_nanos();
        let more = self.front.dice.up_to(u64::try_from(span).unwrap_or(u64::MAX));
        least + Duration::from_nanos(more)
    }
}
