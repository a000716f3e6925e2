//! Public market data.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use tradewind_model::Timestamp;

use super::{Desk, Reply};
use crate::bitget::body::{self, millis, number, scaled};
use crate::bitget::granularity::Granularity;
use crate::bitget::params::Params;
use crate::bitget::refusal::Refusal;
use crate::exchange::{
    BookTicker, Exchange, Interval, Kline, Side, SymbolConfig, SymbolStatus, TradeView,
};

/// Minutes of a day, for tickers over 24 hours.
const DAY_MINUTES: usize = 1_440;
/// Levels of each side of a book.
const LEVELS_MAX: usize = 150;
/// Rows of recent bars, and of older ones.
const BARS_MAX: usize = 1_000;
const OLD_BARS_MAX: usize = 200;
/// Recent trades, whatever is asked for: the documentation says more.
const TRADES_MAX: usize = 100;

impl Desk {
    pub(super) fn time(now: Timestamp) -> Value {
        json!({"serverTime": millis(now)})
    }

    pub(super) fn symbols(&self, params: &Params) -> Reply {
        let symbol = self.symbol_if_sent(params)?;
        let all = self.exchange.symbols().iter();
        let wanted = all.filter(|config| symbol.is_none_or(|symbol| config.symbol == symbol));
        Ok(wanted.map(|config| self.symbol_row(config)).collect())
    }

    fn symbol_row(&self, config: &SymbolConfig) -> Value {
        let status = match self.exchange.status(&config.symbol) {
            Some(SymbolStatus::Trading) => "online",
            Some(SymbolStatus::Halt) => "halt",
            Some(SymbolStatus::Break) | None => "offline",
        };
        let filters = &config.filters;
        let band = filters.percent_price_by_side;
        let above = band.map(|band| band.bid_multiplier_up - Decimal::ONE).unwrap_or_default();
        let below = band.map(|band| Decimal::ONE - band.ask_multiplier_down).unwrap_or_default();
        let least = filters.notional.map(|rule| rule.min_notional).unwrap_or_default();
        // The account's own rates are asked for by a key; these are what everybody begins with.
        let rate = number(Decimal::new(1, 3));
        json!({
            "symbol": config.symbol,
            "baseCoin": config.base,
            "quoteCoin": config.quote,
            "minTradeAmount": "0",
            "maxTradeAmount": "900000000000000000000",
            "takerFeeRate": rate,
            "makerFeeRate": rate,
            "pricePrecision": body::price_scale(config).to_string(),
            "quantityPrecision": body::size_scale(config).to_string(),
            "quotePrecision": config.quote_precision.to_string(),
            "status": status,
            "minTradeUSDT": number(least),
            "buyLimitPriceRatio": number(above),
            "sellLimitPriceRatio": number(below),
            "areaSymbol": "no",
            "orderQuantity": filters.max_num_orders.unwrap_or_default().to_string(),
            "openTime": "1532454360000",
            "offTime": "",
        })
    }

    pub(super) fn tickers(&self, now: Timestamp, params: &Params) -> Reply {
        let symbol = self.symbol_if_sent(params)?;
        let all = self.exchange.symbols().iter();
        let wanted = all.filter(|config| symbol.is_none_or(|symbol| config.symbol == symbol));
        Ok(wanted.map(|config| DayTicker::of(&self.exchange, config, now).row()).collect())
    }

    pub(super) fn order_book(&self, now: Timestamp, params: &Params) -> Reply {
        let (symbol, config) = self.symbol(params)?;
        let limit = params.limit(LEVELS_MAX, LEVELS_MAX)?;
        let step = match params.get("type").unwrap_or("step0") {
            "step0" => 0,
            "step1" => 1,
            "step2" => 2,
            "step3" => 3,
            "step4" => 4,
            "step5" => 5,
            other => return Err(Refusal::unknown(other)),
        };
        let depth = self.exchange.depth(symbol, usize::MAX).unwrap_or_else(|| {
            crate::exchange::Depth { last_update_id: 0, bids: Vec::new(), asks: Vec::new() }
        });
        Ok(json!({
            "asks": merged(config, Side::Sell, &depth.asks, step, limit),
            "bids": merged(config, Side::Buy, &depth.bids, step, limit),
            "ts": millis(now),
        }))
    }

    /// Recent bars, the one in progress among them.
    pub(super) fn candles(&self, params: &Params) -> Reply {
        let (symbol, config) = self.symbol(params)?;
        let granularity = read_granularity(params)?;
        let start = params.time("startTime")?;
        let end = params.time("endTime")?;
        let limit = params.limit(100, BARS_MAX)?;
        let mut bars = granularity.bars(&self.exchange, symbol, end, limit);
        bars.retain(|bar| start.is_none_or(|start| bar.open_time >= start));
        Ok(candle_rows(config, &bars))
    }

    /// Bars that are over, before a moment that must be named.
    pub(super) fn history_candles(&self, params: &Params) -> Reply {
        let (symbol, config) = self.symbol(params)?;
        let granularity = read_granularity(params)?;
        let end = params.time("endTime")?.ok_or_else(|| Refusal::missing("endTime"))?;
        let limit = params.limit(100, OLD_BARS_MAX)?;
        // One more, for the one that may be in progress or begin at the end itself.
        let mut bars = granularity.bars(&self.exchange, symbol, Some(end), limit + 1);
        let now = self.exchange.now();
        bars.retain(|bar| bar.open_time < end && bar.close_time < now);
        let surplus = bars.len().saturating_sub(limit);
        Ok(candle_rows(config, &bars.split_off(surplus)))
    }

    /// Recent trades, newest first.
    pub(super) fn trades(&self, params: &Params) -> Reply {
        let (symbol, config) = self.symbol(params)?;
        let limit = params.limit(TRADES_MAX, TRADES_MAX)?;
        let trades = self.exchange.recent_trades(symbol, limit);
        let rows = trades.iter().rev().map(|trade| {
            let mut row = self.trade_row(config, trade);
            row["symbol"] = symbol.into();
            row
        });
        Ok(rows.collect())
    }

    /// A trade, as everybody is told of it.
    pub(in crate::bitget) fn trade_row(&self, config: &SymbolConfig, trade: &TradeView) -> Value {
        let id = self.register.trade_id(trade.time, &trade.symbol, trade.id);
        json!({
            "ts": millis(trade.time),
            "price": scaled(trade.price, body::price_scale(config)),
            "size": scaled(trade.qty, body::size_scale(config)),
            "side": if trade.is_buyer_maker { "sell" } else { "buy" },
            "tradeId": id.to_string(),
        })
    }
}

fn read_granularity(params: &Params) -> Result<Granularity, Refusal> {
    let word = params.need("granularity")?;
    Granularity::of_query(word).ok_or_else(|| Refusal::wrong("granularity"))
}

/// Levels of one side, those of one step of the price together.
fn merged(
    config: &SymbolConfig,
    side: Side,
    levels: &[(Decimal, Decimal)],
    step: u32,
    limit: usize,
) -> Vec<[String; 2]> {
    let (prices, sizes) = (body::price_scale(config), body::size_scale(config));
    let scale = Decimal::new(1, prices);
    let width = scale * Decimal::from(10_u32.pow(step));
    let mut rows: Vec<(Decimal, Decimal)> = Vec::new();
    for &(price, qty) in levels {
        let price = match side {
            Side::Buy => (price / width).floor() * width,
            Side::Sell => (price / width).ceil() * width,
        };
        if let Some(row) = rows.last_mut().filter(|row| row.0 == price) {
            row.1 += qty;
            continue;
        }
        if rows.len() == limit {
            break;
        }
        rows.push((price, qty));
    }
    rows.iter().map(|(price, qty)| [scaled(*price, prices), scaled(*qty, sizes)]).collect()
}

/// Bars, oldest first. All that is traded here is paid in USDT, so the two sums of what was paid
/// are one.
pub(in crate::bitget) fn candle_rows(config: &SymbolConfig, bars: &[Kline]) -> Value {
    let prices = body::price_scale(config);
    let price = |price| scaled(price, prices);
    let rows = bars.iter().map(|bar| {
        json!([
            millis(bar.open_time),
            price(bar.open),
            price(bar.high),
            price(bar.low),
            price(bar.close),
            number(bar.volume),
            number(bar.quote_volume),
            number(bar.quote_volume),
        ])
    });
    rows.collect()
}

/// The last 24 hours of a symbol, and its best offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::bitget) struct DayTicker<'a> {
    symbol: &'a str,
    prices: u32,
    sizes: u32,
    day: Option<Kline>,
    open_utc: Decimal,
    last: Decimal,
    best: Option<BookTicker>,
    now: Timestamp,
}

impl<'a> DayTicker<'a> {
    pub(in crate::bitget) fn of(
        exchange: &Exchange,
        config: &'a SymbolConfig,
        now: Timestamp,
    ) -> Self {
        let symbol = config.symbol.as_str();
        let today = exchange.current_kline(symbol, Interval::D1);
        Self {
            symbol,
            prices: body::price_scale(config),
            sizes: body::size_scale(config),
            day: exchange.rolling(symbol, DAY_MINUTES),
            open_utc: today.map(|day| day.open).unwrap_or_default(),
            last: exchange.last_price(symbol).unwrap_or_default(),
            best: exchange.book_ticker(symbol),
            now,
        }
    }

    /// What both forms say.
    fn fields(&self) -> Value {
        let of_day = |read: fn(&Kline) -> Decimal| self.day.as_ref().map(read).unwrap_or_default();
        let of_best =
            |read: fn(&BookTicker) -> Decimal| self.best.as_ref().map(read).unwrap_or_default();
        let price = |price| scaled(price, self.prices);
        let size = |size| scaled(size, self.sizes);
        let since = |open: Decimal| {
            let change = (self.last - open).checked_div(open).unwrap_or_default();
            number(change.round_dp(CHANGE_DECIMALS))
        };
        json!({
            "lastPr": price(self.last),
            "high24h": price(of_day(|day| day.high)),
            "low24h": price(of_day(|day| day.low)),
            "bidPr": price(of_best(|best| best.bid_price)),
            "askPr": price(of_best(|best| best.ask_price)),
            "bidSz": size(of_best(|best| best.bid_qty)),
            "askSz": size(of_best(|best| best.ask_qty)),
            "baseVolume": number(of_day(|day| day.volume)),
            "quoteVolume": number(of_day(|day| day.quote_volume)),
            "openUtc": price(self.open_utc),
            "changeUtc24h": since(self.open_utc),
            "change24h": since(of_day(|day| day.open)),
            "ts": millis(self.now),
        })
    }

    fn open(&self) -> Value {
        let open = self.day.as_ref().map(|day| day.open).unwrap_or_default();
        scaled(open, self.prices).into()
    }

    /// As `tickers` shows it.
    fn row(&self) -> Value {
        let mut row = self.fields();
        row["symbol"] = self.symbol.into();
        row["open"] = self.open();
        row["usdtVolume"] = row["quoteVolume"].clone();
        row
    }

    /// As its channel shows it.
    pub(in crate::bitget) fn push(&self) -> Value {
        let mut row = self.fields();
        row["instId"] = self.symbol.into();
        row["open24h"] = self.open();
        row
    }
}

/// Decimals of a change, as a part of what there was.
const CHANGE_DECIMALS: u32 = 5;
