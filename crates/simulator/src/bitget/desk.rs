//! Where a request becomes an answer: count it, check who asks, do it.

mod account;
mod canceling;
mod history;
mod market;
mod placing;
mod replacing;

pub(super) use self::account::asset;
pub(super) use self::market::{DayTicker, candle_rows};

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use serde_json::Value;
use tradewind_model::Timestamp;

use super::config::FrontConfig;
use super::endpoint::{Ask, Endpoint, Security};
use super::gate;
use super::limits::{Limits, Who};
use super::params::Params;
use super::refusal::Refusal;
use super::register::Register;
use crate::exchange::{AccountId, Exchange, SymbolConfig};
use crate::front::mix;

/// What a handler answers: the data of its envelope.
pub(super) type Reply = Result<Value, Refusal>;

/// Who asks, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller {
    pub(super) now: Timestamp,
    pub(super) account: AccountId,
    /// The place of the key.
    pub(super) key: usize,
}

/// An answer, who asked for it if they said so, and how many requests are left of the path's second.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) reply: Reply,
    pub(super) account: Option<AccountId>,
    pub(super) left: Option<u32>,
}

/// What is known of a request by the time it is refused.
#[derive(Debug, Default)]
struct Noted {
    account: Option<AccountId>,
    left: Option<u32>,
}

/// The venue without its doors.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) exchange: Exchange,
    pub(super) limits: Limits,
    pub(super) config: FrontConfig,
    pub(super) seed: u64,
    pub(super) register: Register,
    /// Keys that no longer open anything, by place.
    pub(super) revoked: BTreeSet<usize>,
    /// Who was signed for, and from where.
    pub(super) signed: BTreeSet<(AccountId, IpAddr)>,
    /// Orders of batches that were not placed since this was last asked for.
    pub(super) failed_in_batch: u64,
    /// When each order was last asked to be canceled, as far back as it counts.
    asked_to_cancel: BTreeMap<u64, Timestamp>,
}

impl Desk {
    pub(super) fn new(exchange: Exchange, config: FrontConfig, seed: u64) -> Self {
        let symbols = exchange.symbols().iter().map(|symbol| symbol.symbol.as_str());
        let register = Register::new(symbols);
        Self {
            register,
            exchange,
            limits: Limits::new(config.limits.clone()),
            config,
            seed,
            revoked: BTreeSet::new(),
            signed: BTreeSet::new(),
            failed_in_batch: 0,
            asked_to_cancel: BTreeMap::new(),
        }
    }

    /// Answers a request from its first check to its data.
    pub(super) fn call(
        &mut self,
        now: Timestamp,
        peer: IpAddr,
        endpoint: Option<&'static Endpoint>,
        request: &Request<Bytes>,
    ) -> Answer {
        let mut noted = Noted::default();
        let reply = match self.limits.request(now, peer).map_err(Refusal::limited) {
            Err(refusal) => {
                // Nothing was counted for the path, and all of its second is left.
                noted.left = endpoint.map(|endpoint| endpoint.per_second);
                Err(refusal)
            }
            Ok(()) => match endpoint {
                None => Err(Refusal::no_path(request.uri().path())),
                Some(endpoint) if endpoint.security == Security::Public => {
                    self.enter_public(now, peer, endpoint, request, &mut noted)
                }
                Some(endpoint) => self.enter_private(now, peer, endpoint, request, &mut noted),
            },
        };
        Answer { reply, account: noted.account, left: noted.left }
    }

    fn enter_public(
        &mut self,
        now: Timestamp,
        peer: IpAddr,
        endpoint: &Endpoint,
        request: &Request<Bytes>,
        noted: &mut Noted,
    ) -> Reply {
        // What is for everybody has no demo.
        if gate::is_demo(request.headers()) {
            return Err(Refusal::not_found());
        }
        noted.left = Some(self.count(now, Who::Address(peer), endpoint)?);
        let params = self.read(request)?;
        self.public(now, endpoint.ask, &params)
    }

    fn enter_private(
        &mut self,
        now: Timestamp,
        peer: IpAddr,
        endpoint: &Endpoint,
        request: &Request<Bytes>,
        noted: &mut Noted,
    ) -> Reply {
        let key = gate::key_of(request.headers(), &self.config.keys)?;
        let known = self.config.keys.get(key).filter(|_| !self.revoked.contains(&key));
        let known = known.ok_or_else(gate::unknown_key)?.clone();
        noted.account = Some(known.account);
        noted.left = Some(self.count(now, Who::Account(known.account), endpoint)?);
        if self.config.unified.contains(&known.account) {
            let text = "You are in Unified Account mode, and the Classic Account API is not \
                        supported at this time";
            return Err(Refusal::bad("40085", text));
        }
        gate::check(now, peer, &known, endpoint.security, request)?;
        self.signed.insert((known.account, peer));
        let params = self.read(request)?;
        let caller = Caller { now, account: known.account, key };
        self.private(caller, endpoint.ask, &params)
    }

    fn count(&mut self, now: Timestamp, who: Who, endpoint: &Endpoint) -> Result<u32, Refusal> {
        let counted = self.limits.call(now, who, endpoint.route, endpoint.per_second);
        counted.map_err(Refusal::limited)
    }

    fn read(&self, request: &Request<Bytes>) -> Result<Params, Refusal> {
        if request.method() == http::Method::GET {
            return Ok(Params::from_query(request.uri().query().unwrap_or("")));
        }
        Params::from_body(request.body(), self.config.batch_max)
    }

    fn public(&self, now: Timestamp, ask: Ask, params: &Params) -> Reply {
        match ask {
            Ask::Time => Ok(Self::time(now)),
            Ask::Symbols => self.symbols(params),
            Ask::Tickers => self.tickers(now, params),
            Ask::OrderBook => self.order_book(now, params),
            Ask::Candles => self.candles(params),
            Ask::HistoryCandles => self.history_candles(params),
            Ask::Trades => self.trades(params),
            Ask::TradeRate
            | Ask::Place
            | Ask::PlaceBatch
            | Ask::Cancel
            | Ask::CancelBatch
            | Ask::CancelSymbol
            | Ask::Replace
            | Ask::ReplaceBatch
            | Ask::OrderInfo
            | Ask::OpenOrders
            | Ask::OrderHistory
            | Ask::Fills
            | Ask::AccountInfo
            | Ask::Assets => Err(Refusal::not_found()),
        }
    }

    fn private(&mut self, caller: Caller, ask: Ask, params: &Params) -> Reply {
        match ask {
            Ask::TradeRate => self.trade_rate(caller, params),
            Ask::Place => self.place(caller, params),
            Ask::PlaceBatch => self.place_batch(caller, params),
            Ask::Cancel => self.cancel(caller, params),
            Ask::CancelBatch => self.cancel_batch(caller, params),
            Ask::CancelSymbol => self.cancel_symbol(caller, params),
            Ask::Replace => self.replace(caller, params),
            Ask::ReplaceBatch => self.replace_batch(caller, params),
            Ask::OrderInfo => self.order_info(caller, params),
            Ask::OpenOrders => self.open_orders(caller, params),
            Ask::OrderHistory => self.order_history(caller, params),
            Ask::Fills => self.fills(caller, params),
            Ask::AccountInfo => self.account_info(caller),
            Ask::Assets => self.assets(caller, params),
            Ask::Time
            | Ask::Symbols
            | Ask::Tickers
            | Ask::OrderBook
            | Ask::Candles
            | Ask::HistoryCandles
            | Ask::Trades => Err(Refusal::not_found()),
        }
    }

    /// A symbol that must be named and exist.
    fn symbol<'a>(&self, params: &'a Params) -> Result<(&'a str, &SymbolConfig), Refusal> {
        let symbol = params.need("symbol")?;
        let config = self.exchange.symbol(symbol).ok_or_else(|| Refusal::unknown(symbol))?;
        Ok((symbol, config))
    }

    /// A symbol that may be left out, and must exist if it is not.
    fn symbol_if_sent<'a>(&self, params: &'a Params) -> Result<Option<&'a str>, Refusal> {
        if params.get("symbol").is_none() {
            return Ok(None);
        }
        self.symbol(params).map(|(symbol, _)| Some(symbol))
    }

    /// How late the venue knows of something: up to `max`, the same at every question.
    fn lag(&self, max: Duration, salt: u64) -> Duration {
        if max.is_zero() {
            return Duration::ZERO;
        }
        let part = mix(self.seed ^ salt) >> 32;
        let lag = (max.as_nanos() * u128::from(part)) >> 32;
        Duration::from_nanos(u64::try_from(lag).unwrap_or(u64::MAX))
    }
}
