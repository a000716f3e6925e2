//! Where a request becomes an answer: count it, check who asks, do it.
//!
//! REST and the WebSocket API end here, so that a limit, a check or a body cannot differ between
//! them. A handler reads its parameters, refuses what is left over, and only then acts.

mod account;
mod catalogue;
mod market;
mod pairing;
mod placing;
mod replacing;
mod terms;

pub(crate) use self::catalogue::limit;
pub(crate) use self::market::DayTicker;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use tradewind_model::Timestamp;

use super::body::{Body, TimeUnit};
use super::config::FrontConfig;
use super::gate::{self, Proof};
use super::method::{Ask, Method, Row};
use super::params::Params;
use super::refusal::Refusal;
use crate::exchange::{AccountId, Exchange, ExchangeFilters, SymbolStatus};
use crate::front::{Door, mix};
use crate::limits::Limits;

/// What a handler answers.
pub(crate) type Reply = Result<Body, Refusal>;

/// Who asks, when, and how times are to be told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    pub(crate) now: Timestamp,
    pub(crate) ip: IpAddr,
    pub(crate) door: Door,
    pub(crate) unit: TimeUnit,
}

/// An answer, and whose order it placed, if it placed one.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) reply: Reply,
    pub(crate) account: Option<AccountId>,
    pub(crate) placed: bool,
}

/// The venue without its doors.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) exchange: Exchange,
    pub(crate) exchange_filters: ExchangeFilters,
    pub(crate) limits: Limits,
    pub(crate) config: FrontConfig,
    pub(crate) seed: u64,
    /// Keys that no longer open anything, by index.
    pub(crate) revoked: BTreeSet<usize>,
    /// Who was signed for, and from where.
    pub(crate) signed: BTreeSet<(AccountId, IpAddr)>,
}

impl Desk {
    /// Counts a request and checks who asks. Returns the index of the key, if the method needs
    /// one.
    pub(crate) fn enter(
        &mut self,
        caller: Caller,
        row: &Row,
        params: &mut Params,
        proof: &Proof<'_>,
    ) -> Result<Option<usize>, Refusal> {
        let weight = if row.is_order_entry() { 0 } else { row.weight(params) };
        self.limits.admit(caller.now, caller.ip, weight).map_err(Refusal::limited)?;
        let key = gate::check(caller.now, &self.config.keys, row.security, proof, params)?;
        if key.is_some_and(|key| self.is_revoked(key)) {
            return Err(Refusal::unknown_key());
        }
        if let Some(known) = key.and_then(|key| self.config.keys.get(key)) {
            self.signed.insert((known.account, caller.ip));
        }
        Ok(key)
    }

    /// Whether a key was taken back.
    pub(crate) fn is_revoked(&self, key: usize) -> bool {
        self.revoked.contains(&key)
    }

    /// Answers a request from its first check to its body.
    pub(crate) fn call(
        &mut self,
        caller: Caller,
        row: &Row,
        params: &mut Params,
        proof: &Proof<'_>,
    ) -> Answer {
        let entered = self.enter(caller, row, params, proof);
        let key = entered.as_ref().ok().copied().flatten();
        let account = key.and_then(|key| self.config.keys.get(key)).map(|key| key.account);
        let reply = entered.and_then(|_| match row.ask {
            Ask::Desk(method) => self.handle(caller, method, account, params),
            Ask::Session(_) => Err(Refusal::unsupported()),
        });
        let is_banned = reply.as_ref().is_err_and(|refusal| refusal.status == 418);
        if row.is_order_entry() && !row.is_free(&reply) && !is_banned {
            self.limits.charge(caller.now, caller.ip, row.weight(params));
        }
        let placed = row.places() && reply.is_ok();
        Answer { reply, account, placed }
    }

    fn handle(
        &mut self,
        caller: Caller,
        method: Method,
        account: Option<AccountId>,
        params: &mut Params,
    ) -> Reply {
        let signed = || account.ok_or_else(Refusal::key_format);
        match method {
            Method::Ping => Self::ping(params),
            Method::Time => Self::time(caller, params),
            Method::ExchangeInfo => self.exchange_info(caller, params),
            Method::Depth => self.depth(params),
            Method::Trades => self.trades(caller, params),
            Method::Klines => self.klines(caller, params),
            Method::AveragePrice => self.average_price(caller, params),
            Method::TickerDay => self.ticker_day(caller, params),
            Method::TickerPrice => self.ticker_price(params),
            Method::TickerBook => self.ticker_book(params),
            Method::OrderPlace => self.place(caller, signed()?, params),
            Method::OrderTest => self.test(signed()?, params),
            Method::OrderCancel => self.cancel(caller, signed()?, params),
            Method::OpenOrdersCancel => self.cancel_all(caller, signed()?, params),
            Method::OrderReplace => self.replace(caller, signed()?, params),
            Method::OrderAmend => self.amend(caller, signed()?, params),
            Method::OcoPlace => self.place_oco(caller, signed()?, params),
            Method::OrderListCancel => self.cancel_list(caller, signed()?, params),
            Method::OrderListStatus => self.order_list(caller, signed()?, params),
            Method::OpenOrderLists => self.open_order_lists(caller, signed()?, params),
            Method::OrderStatus => self.order(caller, signed()?, params),
            Method::OpenOrders => self.open_orders(caller, signed()?, params),
            Method::AllOrders => self.all_orders(caller, signed()?, params),
            Method::MyTrades => self.my_trades(caller, signed()?, params),
            Method::Account => self.account(caller, signed()?, params),
            Method::RateLimitOrders => self.rate_limit_orders(caller, signed()?, params),
            Method::Commission => self.commission(signed()?, params),
        }
    }

    /// A mandatory symbol that exists.
    fn known_symbol(&self, params: &mut Params) -> Result<String, Refusal> {
        let symbol = params.symbol()?;
        self.check_symbol(&symbol)?;
        Ok(symbol)
    }

    fn check_symbol(&self, symbol: &str) -> Result<(), Refusal> {
        self.exchange.symbol(symbol).map(|_| ()).ok_or_else(Refusal::invalid_symbol)
    }

    /// The status a caller insists on, if it does.
    fn wanted_status(params: &mut Params) -> Result<Option<SymbolStatus>, Refusal> {
        match params.take("symbolStatus")?.as_deref() {
            None => Ok(None),
            Some("TRADING") => Ok(Some(SymbolStatus::Trading)),
            Some("HALT") => Ok(Some(SymbolStatus::Halt)),
            Some("BREAK") => Ok(Some(SymbolStatus::Break)),
            Some(_) => Err(Refusal::bad(-1122, "Invalid symbolStatus.")),
        }
    }

    /// How late the venue knows of something: up to `max`, the same at every question.
    fn lag(&self, max: Duration, salt: u64) -> Duration {
        if max.is_zero() {
            return Duration::ZERO;
        }
        let part = mix(self.seed ^ salt) >> 32;
        Duration::from_nanos(
            u64::try_from((max.as_nanos() * u128::from(part)) >> 32).unwrap_or(u64::MAX),
        )
    }
}
