//! A simulated venue, whichever wire it speaks.
//!
//! Whoever runs one, on sockets or in virtual time, hands over bytes and gets bytes back; which
//! venue it is decides who wrote the configuration. What only one of them has is reached through
//! [`AnyVenue::binance`] and [`AnyVenue::bitget`].

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tradewind_model::Timestamp;

use crate::binance::{Binance, BinanceConfig};
use crate::bitget::{Bitget, BitgetConfig};
use crate::exchange::{AccountId, Exchange, ExchangeConfig, SymbolStatus};
use crate::front::{Ailment, Arrival, Delivery, Frame, Rule, RuleId, SessionId, VenueLedger};
use crate::limits::Service;

/// What a venue is made of, and with that which one it is.
#[derive(Clone, Debug)]
pub enum VenueConfig {
    /// Binance spot.
    Binance(Box<BinanceConfig>),
    /// Bitget spot.
    Bitget(Box<BitgetConfig>),
}

impl VenueConfig {
    /// Symbols, accounts and the market's other participants, whoever is in front of them.
    pub const fn exchange_mut(&mut self) -> &mut ExchangeConfig {
        match self {
            Self::Binance(config) => &mut config.exchange,
            Self::Bitget(config) => &mut config.exchange,
        }
    }

    /// How long reads may not know of an order or a trade yet, and lists of what is over: up to this
    /// much, by seed.
    pub const fn set_read_lags(&mut self, orders: Duration, history: Duration) {
        match self {
            Self::Binance(config) => {
                config.front.order_read_lag_max = orders;
                config.front.history_read_lag_max = history;
            }
            Self::Bitget(config) => {
                config.front.order_read_lag_max = orders;
                config.front.history_read_lag_max = history;
            }
        }
    }

    /// How many requests the ledger remembers the arrival of.
    pub const fn set_arrivals_max(&mut self, max: usize) {
        match self {
            Self::Binance(config) => config.front.arrivals_max = max,
            Self::Bitget(config) => config.front.arrivals_max = max,
        }
    }

    /// The configuration, if it is Binance's.
    #[must_use]
    pub const fn binance(&mut self) -> Option<&mut BinanceConfig> {
        match self {
            Self::Binance(config) => Some(config),
            Self::Bitget(_) => None,
        }
    }

    /// The configuration, if it is Bitget's.
    #[must_use]
    pub const fn bitget(&mut self) -> Option<&mut BitgetConfig> {
        match self {
            Self::Binance(_) => None,
            Self::Bitget(config) => Some(config),
        }
    }
}

impl Default for VenueConfig {
    /// Binance's defaults.
    fn default() -> Self {
        BinanceConfig::default().into()
    }
}

impl From<BinanceConfig> for VenueConfig {
    fn from(config: BinanceConfig) -> Self {
        Self::Binance(Box::new(config))
    }
}

impl From<&BinanceConfig> for VenueConfig {
    fn from(config: &BinanceConfig) -> Self {
        config.clone().into()
    }
}

impl From<BitgetConfig> for VenueConfig {
    fn from(config: BitgetConfig) -> Self {
        Self::Bitget(Box::new(config))
    }
}

impl From<&BitgetConfig> for VenueConfig {
    fn from(config: &BitgetConfig) -> Self {
        config.clone().into()
    }
}

/// A venue. See the module's page.
#[derive(Debug)]
pub enum AnyVenue {
    /// Binance spot.
    Binance(Box<Binance>),
    /// Bitget spot.
    Bitget(Box<Bitget>),
}

/// The same for whichever it is.
macro_rules! whichever {
    ($of:expr, $venue:ident => $do:expr) => {
        match $of {
            AnyVenue::Binance($venue) => $do,
            AnyVenue::Bitget($venue) => $do,
        }
    };
}

impl AnyVenue {
    /// A venue with nobody connected. The same seed and the same calls are the same run.
    #[must_use]
    pub fn new(config: &VenueConfig, seed: u64, now: Timestamp) -> Self {
        match config {
            VenueConfig::Binance(config) => {
                Self::Binance(Box::new(Binance::new(config, seed, now)))
            }
            VenueConfig::Bitget(config) => Self::Bitget(Box::new(Bitget::new(config, seed, now))),
        }
    }

    /// The venue, if it is Binance.
    #[must_use]
    pub fn binance(&mut self) -> Option<&mut Binance> {
        match self {
            Self::Binance(venue) => Some(venue),
            Self::Bitget(_) => None,
        }
    }

    /// The venue, if it is Binance, to look at.
    #[must_use]
    pub const fn as_binance(&self) -> Option<&Binance> {
        match self {
            Self::Binance(venue) => Some(venue),
            Self::Bitget(_) => None,
        }
    }

    /// The venue, if it is Bitget.
    #[must_use]
    pub fn bitget(&mut self) -> Option<&mut Bitget> {
        match self {
            Self::Binance(_) => None,
            Self::Bitget(venue) => Some(venue),
        }
    }

    /// Plays the market up to `now`, sends what is due, and closes what is over.
    pub fn advance(&mut self, now: Timestamp) {
        whichever!(self, venue => venue.advance(now));
    }

    /// When [`Self::advance`] next has something to do.
    #[must_use]
    pub fn wakeup(&self) -> Option<Timestamp> {
        whichever!(self, venue => venue.wakeup())
    }

    /// The next frame for a client, oldest first. Ask until there is none.
    pub fn poll_frame(&mut self) -> Option<(SessionId, Frame)> {
        whichever!(self, venue => venue.poll_frame())
    }

    /// Answers one REST request from `peer`, or does with it what the script says.
    pub fn ask(
        &mut self,
        now: Timestamp,
        peer: IpAddr,
        request: &Request<Bytes>,
    ) -> Delivery<Response<Bytes>> {
        whichever!(self, venue => venue.ask(now, peer, request))
    }

    /// Answers one REST request from `peer`, past the script of what goes wrong.
    pub fn rest(
        &mut self,
        now: Timestamp,
        peer: IpAddr,
        request: &Request<Bytes>,
    ) -> Response<Bytes> {
        whichever!(self, venue => venue.rest(now, peer, request))
    }

    /// Judges a handshake as [`Self::open`] does, or does with it what the script says.
    pub fn connect(
        &mut self,
        now: Timestamp,
        peer: IpAddr,
        service: Service,
        path_and_query: &str,
    ) -> Delivery<Result<SessionId, Response<Bytes>>> {
        whichever!(self, venue => venue.connect(now, peer, service, path_and_query))
    }

    /// Judges a handshake from `peer`, past the script of what goes wrong.
    ///
    /// # Errors
    /// The HTTP answer to refuse it with.
    #[expect(clippy::result_large_err, reason = "a refusal is an HTTP answer, and rare")]
    pub fn open(
        &mut self,
        now: Timestamp,
        peer: IpAddr,
        service: Service,
        path_and_query: &str,
    ) -> Result<SessionId, Response<Bytes>> {
        whichever!(self, venue => venue.open(now, peer, service, path_and_query))
    }

    /// Takes a message from a client. Sessions that are gone are ignored.
    pub fn receive(&mut self, now: Timestamp, id: SessionId, frame: Frame) {
        whichever!(self, venue => venue.receive(now, id, frame));
    }

    /// A connection is gone without a word.
    pub fn closed(&mut self, now: Timestamp, id: SessionId) {
        whichever!(self, venue => venue.closed(now, id));
    }

    /// Closes every connection of a service.
    pub fn close_all(&mut self, service: Service) {
        whichever!(self, venue => venue.close_all(service));
    }

    /// Closes the connection of a service that has stood longest.
    pub fn close_oldest(&mut self, service: Service) {
        whichever!(self, venue => venue.close_oldest(service));
    }

    /// From now on something is wrong with every connection of a service that stands.
    pub fn ail(&mut self, now: Timestamp, service: Service, ailment: Ailment) {
        whichever!(self, venue => venue.ail(now, service, ailment));
    }

    /// Sends a text of somebody else's making on every connection of a service.
    pub fn say(&mut self, service: Service, text: &str) {
        whichever!(self, venue => venue.say(service, text));
    }

    /// Adds a line to the script of what goes wrong.
    pub fn add_fault(&mut self, rule: Rule) -> RuleId {
        whichever!(self, venue => venue.add_fault(rule))
    }

    /// Takes a line out of the script. Returns whether it was there.
    pub fn remove_fault(&mut self, id: RuleId) -> bool {
        whichever!(self, venue => venue.remove_fault(id))
    }

    /// How many requests a line of the script has struck so far.
    #[must_use]
    pub fn struck(&self, id: RuleId) -> u64 {
        whichever!(self, venue => venue.struck(id))
    }

    /// Takes all lines out of the script. What is held back already still comes.
    pub fn clear_faults(&mut self) {
        whichever!(self, venue => venue.clear_faults());
    }

    /// Does something on the exchange that comes through none of its doors.
    pub fn by_hand<T>(
        &mut self,
        now: Timestamp,
        act: impl FnOnce(&mut Exchange, Timestamp) -> T,
    ) -> T {
        whichever!(self, venue => venue.by_hand(now, act))
    }

    /// Bans an address, as the venue may for reasons of its own. Returns when the ban ends.
    pub fn ban(&mut self, now: Timestamp, peer: IpAddr) -> Timestamp {
        whichever!(self, venue => venue.ban(now, peer))
    }

    /// Bans an address for so long, whatever the venue's ladder says. Returns when the ban ends.
    pub fn ban_for(&mut self, now: Timestamp, peer: IpAddr, lasts: Duration) -> Timestamp {
        whichever!(self, venue => venue.ban_for(now, peer, lasts))
    }

    /// The same, with the next order that comes from it: that is how whoever sent it hears of it.
    pub fn ban_with_order(&mut self, peer: IpAddr, lasts: Duration) {
        whichever!(self, venue => venue.ban_with_order(peer, lasts));
    }

    /// When the ban of an address ends, if it is banned.
    #[must_use]
    pub fn banned_until(&self, now: Timestamp, peer: IpAddr) -> Option<Timestamp> {
        whichever!(self, venue => venue.banned_until(now, peer))
    }

    /// Shuts an address out at the venue's edge for so long.
    pub fn shut_out(&mut self, now: Timestamp, peer: IpAddr, lasts: Duration) {
        whichever!(self, venue => venue.shut_out(now, peer, lasts));
    }

    /// Load from a stranger behind the same address: so much of what the venue counts by address,
    /// weight or requests.
    pub fn burn(&mut self, now: Timestamp, peer: IpAddr, amount: u32) {
        match self {
            Self::Binance(venue) => venue.burn_weight(now, peer, amount),
            Self::Bitget(venue) => venue.burn_requests(now, peer, amount),
        }
    }

    /// Takes a key back. Returns whether there was one.
    pub fn revoke(&mut self, api_key: &str) -> bool {
        whichever!(self, venue => venue.revoke(api_key))
    }

    /// Whose orders and balances a key reaches, if there is such a key.
    #[must_use]
    pub fn account_of(&self, api_key: &str) -> Option<AccountId> {
        whichever!(self, venue => venue.account_of(api_key))
    }

    /// Every text that belongs in nobody's log: names of keys, their secrets, and what was chosen
    /// with them.
    #[must_use]
    pub fn secrets(&self) -> Vec<&str> {
        whichever!(self, venue => venue.secrets())
    }

    /// Opens or closes trading of a symbol.
    pub fn set_status(&mut self, now: Timestamp, symbol: &str, status: SymbolStatus) {
        whichever!(self, venue => venue.set_status(now, symbol, status));
    }

    /// Has the ledger tell one `User-Agent` apart from now on.
    pub fn tell_apart(&mut self, agent: &str) {
        whichever!(self, venue => venue.tell_apart(agent));
    }

    /// How often something was asked for, by any door, as the ledger names it.
    #[must_use]
    pub fn requests(&self, what: &str) -> u64 {
        whichever!(self, venue => venue.requests(what))
    }

    /// What arrived, oldest first, as far as it is remembered.
    pub fn arrivals(&self) -> Box<dyn DoubleEndedIterator<Item = &Arrival> + '_> {
        whichever!(self, venue => Box::new(venue.arrivals()))
    }

    /// The exchange behind the doors, for checkers.
    #[must_use]
    pub const fn exchange(&self) -> &Exchange {
        whichever!(self, venue => venue.exchange())
    }

    /// What really happened so far.
    #[must_use]
    pub fn ledger(&self) -> VenueLedger {
        whichever!(self, venue => venue.ledger())
    }

    /// What the paths of its sockets begin with, behind the verb of a handshake; every other path is
    /// REST.
    pub(crate) const fn socket_paths(&self) -> &'static [(&'static [u8], Service)] {
        match self {
            Self::Binance(_) => &[
                (b"GET /ws-api/", Service::WsApi),
                (b"GET /ws/", Service::Streams),
                (b"GET /stream", Service::Streams),
            ],
            // What comes behind does not tell them apart, and another path is refused by both.
            Self::Bitget(_) => {
                &[(b"GET /v2/ws/pri", Service::PRIVATE), (b"GET /v2/ws/pub", Service::PUBLIC)]
            }
        }
    }
}
