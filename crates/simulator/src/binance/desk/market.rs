//! Public market data.

use std::time::Duration;

use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Value, json};
use tradewind_model::Timestamp;

use super::{Caller, Desk, Reply};
use crate::binance::body::{self, Fixed, Levels, OrNone, PublicTrade, TimeUnit, fixed};
use crate::binance::params::Params;
use crate::binance::refusal::Refusal;
use crate::exchange::{Exchange, Interval};

/// Minutes of a day, for tickers over 24 hours.
const DAY_MINUTES: usize = 1_440;

impl Desk {
    pub(super) fn ping(params: &Params) -> Reply {
        params.finish()?;
        Ok(body::text(&json!({})))
    }

    pub(super) fn time(caller: Caller, params: &Params) -> Reply {
        params.finish()?;
        Ok(body::text(&json!({"serverTime": caller.unit.stamp(caller.now)})))
    }

    pub(super) fn depth(&self, params: &mut Params) -> Reply {
        let symbol = self.known_symbol(params)?;
        let limit = params.limit(100, 5_000)?;
        let wanted = Self::wanted_status(params)?;
        params.finish()?;
        if wanted.is_some() && self.exchange.status(&symbol) != wanted {
            return Err(status_mismatch());
        }
        let depth = self.exchange.depth(&symbol, limit).ok_or_else(Refusal::invalid_symbol)?;
        Ok(body::text(&Levels::of(&depth)))
    }

    pub(super) fn trades(&self, caller: Caller, params: &mut Params) -> Reply {
        let symbol = self.known_symbol(params)?;
        let limit = params.limit(500, 1_000)?;
        params.finish()?;
        let trades = self.exchange.recent_trades(&symbol, limit);
        Ok(body::list(trades.iter().map(|trade| PublicTrade::of(caller.unit, trade))))
    }

    pub(super) fn klines(&self, caller: Caller, params: &mut Params) -> Reply {
        let symbol = self.known_symbol(params)?;
        let interval = Interval::parse(&params.need("interval")?)
            .ok_or_else(|| Refusal::bad(-1120, "Invalid interval."))?;
        let start = params.time(caller.now, "startTime")?;
        let end = params.time(caller.now, "endTime")?;
        let limit = params.limit(500, 1_000)?;
        // Bars here start by UTC; a client that asks for another zone must not get these.
        if params.take("timeZone")?.is_some_and(|zone| !matches!(&*zone, "0" | "00:00" | "+00:00"))
        {
            return Err(Refusal::invalid_data("timeZone"));
        }
        params.finish()?;
        let klines = self.exchange.klines(&symbol, interval, start, end, limit);
        Ok(body::list(klines.iter().map(|kline| body::kline(caller.unit, kline))))
    }

    pub(super) fn average_price(&self, caller: Caller, params: &mut Params) -> Reply {
        let symbol = self.known_symbol(params)?;
        params.finish()?;
        let mins = 5;
        let price = self.exchange.average_price(&symbol, mins).unwrap_or_default();
        let last = self.exchange.recent_trades(&symbol, 1);
        let close_time = last.first().map_or(caller.now, |trade| trade.time);
        Ok(body::text(&json!({
            "mins": mins,
            "price": fixed(price),
            "closeTime": caller.unit.stamp(close_time),
        })))
    }

    pub(super) fn ticker_price(&self, params: &mut Params) -> Reply {
        self.per_symbol(params, |exchange, symbol| {
            let price = exchange.last_price(symbol).unwrap_or_default();
            json!({"symbol": symbol, "price": fixed(price)})
        })
    }

    pub(super) fn ticker_book(&self, params: &mut Params) -> Reply {
        self.per_symbol(params, |exchange, symbol| {
            let best = exchange.book_ticker(symbol);
            let field = |read: fn(&crate::exchange::BookTicker) -> Decimal| {
                fixed(best.as_ref().map(read).unwrap_or_default())
            };
            BestOffers {
                symbol: symbol.to_owned(),
                bid_price: field(|best| best.bid_price),
                bid_qty: field(|best| best.bid_qty),
                ask_price: field(|best| best.ask_price),
                ask_qty: field(|best| best.ask_qty),
            }
        })
    }

    pub(super) fn ticker_day(&self, caller: Caller, params: &mut Params) -> Reply {
        let mini = match params.take("type")?.as_deref() {
            None | Some("FULL") => false,
            Some("MINI") => true,
            Some(_) => return Err(Refusal::bad(-1139, "Invalid ticker type.")),
        };
        self.per_symbol(params, |exchange, symbol| {
            let ticker = DayTicker::of(exchange, symbol, caller.now);
            if mini { ticker.mini(caller.unit) } else { ticker.full(caller.unit) }
        })
    }

    /// One object for `symbol`, a list for `symbols` or for none.
    fn per_symbol<T: Serialize>(
        &self,
        params: &mut Params,
        body: impl Fn(&Exchange, &str) -> T,
    ) -> Reply {
        let symbol = params.symbol_if_sent()?;
        let symbols = params.symbols()?;
        let wanted = Self::wanted_status(params)?;
        params.finish()?;
        if symbol.is_some() && symbols.is_some() {
            return Err(Refusal::bad_combination());
        }
        for symbol in symbol.iter().chain(symbols.iter().flatten()) {
            self.check_symbol(symbol)?;
        }
        let is_wanted = |symbol: &str| wanted.is_none() || self.exchange.status(symbol) == wanted;
        if let Some(symbol) = symbol {
            if !is_wanted(&symbol) {
                return Err(status_mismatch());
            }
            return Ok(body::text(&body(&self.exchange, &symbol)));
        }
        let all = || self.exchange.symbols().iter().map(|config| config.symbol.clone()).collect();
        let symbols: Vec<String> = symbols.unwrap_or_else(all);
        let wanted = symbols.iter().filter(|symbol| is_wanted(symbol));
        Ok(body::list(wanted.map(|symbol| body(&self.exchange, symbol))))
    }
}

/// A symbol's row of `ticker/bookTicker`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BestOffers {
    symbol: String,
    bid_price: Fixed,
    bid_qty: Fixed,
    ask_price: Fixed,
    ask_qty: Fixed,
}

fn status_mismatch() -> Refusal {
    Refusal::bad(-1220, "The symbol's status does not match the requested symbolStatus.")
}

/// What the last 24 hours were like, for the ticker and its streams.
#[derive(Debug)]
pub(crate) struct DayTicker {
    pub(crate) symbol: String,
    pub(crate) open: Decimal,
    pub(crate) high: Decimal,
    pub(crate) low: Decimal,
    pub(crate) last: Decimal,
    pub(crate) last_qty: Decimal,
    pub(crate) volume: Decimal,
    pub(crate) quote_volume: Decimal,
    pub(crate) bid: (Decimal, Decimal),
    pub(crate) ask: (Decimal, Decimal),
    pub(crate) open_time: Timestamp,
    pub(crate) close_time: Timestamp,
    pub(crate) first_id: Option<u64>,
    pub(crate) last_id: Option<u64>,
    pub(crate) count: u64,
}

impl DayTicker {
    pub(crate) fn of(exchange: &Exchange, symbol: &str, now: Timestamp) -> Self {
        let day = exchange.rolling(symbol, DAY_MINUTES);
        let best = exchange.book_ticker(symbol);
        let last_trade = exchange.recent_trades(symbol, 1).pop();
        let day = day.as_ref();
        let amount =
            |read: fn(&crate::exchange::Kline) -> Decimal| day.map(read).unwrap_or_default();
        Self {
            symbol: symbol.to_owned(),
            open: amount(|day| day.open),
            high: amount(|day| day.high),
            low: amount(|day| day.low),
            last: exchange.last_price(symbol).unwrap_or_default(),
            last_qty: last_trade.map(|trade| trade.qty).unwrap_or_default(),
            volume: amount(|day| day.volume),
            quote_volume: amount(|day| day.quote_volume),
            bid: best.as_ref().map(|best| (best.bid_price, best.bid_qty)).unwrap_or_default(),
            ask: best.as_ref().map(|best| (best.ask_price, best.ask_qty)).unwrap_or_default(),
            open_time: now - Duration::from_secs(86_400),
            close_time: now,
            first_id: day.and_then(|day| day.first_trade_id),
            last_id: day.and_then(|day| day.last_trade_id),
            count: day.map_or(0, |day| day.trades),
        }
    }

    pub(crate) fn change(&self) -> Decimal {
        self.last - self.open
    }

    /// Change in percent, three decimals.
    pub(crate) fn change_percent(&self) -> String {
        let percent = (self.change() * Decimal::ONE_HUNDRED).checked_div(self.open);
        format!("{:.3}", percent.unwrap_or_default().round_dp(3))
    }

    pub(crate) fn average(&self) -> Decimal {
        self.quote_volume.checked_div(self.volume).unwrap_or_default()
    }

    fn full(&self, unit: TimeUnit) -> Value {
        json!({
            "symbol": self.symbol,
            "priceChange": fixed(self.change()),
            "priceChangePercent": self.change_percent(),
            "weightedAvgPrice": fixed(self.average()),
            "prevClosePrice": fixed(self.open),
            "lastPrice": fixed(self.last),
            "lastQty": fixed(self.last_qty),
            "bidPrice": fixed(self.bid.0),
            "bidQty": fixed(self.bid.1),
            "askPrice": fixed(self.ask.0),
            "askQty": fixed(self.ask.1),
            "openPrice": fixed(self.open),
            "highPrice": fixed(self.high),
            "lowPrice": fixed(self.low),
            "volume": fixed(self.volume),
            "quoteVolume": fixed(self.quote_volume),
            "openTime": unit.stamp(self.open_time),
            "closeTime": unit.stamp(self.close_time),
            "firstId": OrNone::from(self.first_id),
            "lastId": OrNone::from(self.last_id),
            "count": self.count,
        })
    }

    fn mini(&self, unit: TimeUnit) -> Value {
        json!({
            "symbol": self.symbol,
            "openPrice": fixed(self.open),
            "highPrice": fixed(self.high),
            "lowPrice": fixed(self.low),
            "lastPrice": fixed(self.last),
            "volume": fixed(self.volume),
            "quoteVolume": fixed(self.quote_volume),
            "openTime": unit.stamp(self.open_time),
            "closeTime": unit.stamp(self.close_time),
            "firstId": OrNone::from(self.first_id),
            "lastId": OrNone::from(self.last_id),
            "count": self.count,
        })
    }
}
