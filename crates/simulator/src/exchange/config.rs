//! What the exchange is made of: symbols with their filters and markets, and accounts.

use std::time::Duration;

use rust_decimal::Decimal;

use super::filters::{
    ExchangeFilters, Filters, LotSize, Notional, PercentPriceBySide, PriceFilter, TrailingDelta,
};
use super::order::StpMode;

/// Everything an exchange starts with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExchangeConfig {
    /// What can be traded.
    pub symbols: Vec<SymbolConfig>,
    /// Who can trade; an account's index is its [`AccountId`](super::AccountId).
    pub accounts: Vec<AccountConfig>,
    /// Limits over all symbols.
    pub filters: ExchangeFilters,
}

impl Default for ExchangeConfig {
    /// `BTCUSDT`, `ETHUSDT` and `DOGEUSDT`, and one account with plenty of each.
    fn default() -> Self {
        Self {
            symbols: vec![
                SymbolConfig::btcusdt(),
                SymbolConfig::ethusdt(),
                SymbolConfig::dogeusdt(),
            ],
            accounts: vec![AccountConfig::default()],
            filters: ExchangeFilters::default(),
        }
    }
}

/// One tradable symbol.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SymbolConfig {
    /// The venue's spelling of it.
    pub symbol: String,
    /// What is bought and sold.
    pub base: String,
    /// What it is paid with.
    pub quote: String,
    /// Most decimals of a base quantity.
    pub base_precision: u32,
    /// Most decimals of a price or a quote quantity.
    pub quote_precision: u32,
    /// Decimals of a commission in base; more are cut off.
    pub base_commission_precision: u32,
    /// Decimals of a commission in quote; more are cut off.
    pub quote_commission_precision: u32,
    /// What its orders must satisfy.
    pub filters: Filters,
    /// Self-trade prevention of an order that names no mode.
    pub default_stp: StpMode,
    /// The modes an order may name.
    pub allowed_stp: Vec<StpMode>,
    /// What becomes of an order that may only make and would take.
    pub crossing_maker: CrossingMaker,
    /// What else is offered on it.
    pub features: Features,
    /// The other participants.
    pub market: MarketConfig,
}

/// What becomes of an order that may only make and meets a book in which it would take.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum CrossingMaker {
    /// It is refused, and nothing has happened.
    #[default]
    Refused,
    /// It is accepted like any other, and ended at once.
    Ended,
}

/// What a symbol may offer beyond limit and market orders. Production symbols offer all of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Features {
    /// Orders that wait for the last price.
    pub contingent: bool,
    /// Pairs of which one cancels the other (`ocoAllowed`).
    pub oco: bool,
    /// Cancel and place in one request (`cancelReplaceAllowed`).
    pub cancel_replace: bool,
    /// Lower a quantity in place (`amendAllowed`).
    pub amend: bool,
}

impl Default for Features {
    /// All of it.
    fn default() -> Self {
        Self { contingent: true, oco: true, cancel_replace: true, amend: true }
    }
}

/// How the fair price moves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Model {
    /// Around the start price, and back to it within about this long.
    MeanReverting {
        /// The time constant of the pull.
        reversion: Duration,
    },
    /// Away from the start price.
    Trending {
        /// Parts per million of the start price per minute; negative falls. The path stays
        /// between half and twice the start price.
        drift_ppm_per_minute: i32,
    },
    /// Not at all: the ladder is put up once, nobody takes, and there is nothing to wake up for.
    Still,
}

/// The other participants of a symbol: a ladder of resting orders around a moving fair price, and
/// takers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MarketConfig {
    /// The fair price at the start, in quote.
    pub start_price: Decimal,
    /// How it moves.
    pub model: Model,
    /// Parts per million of the start price: of a mean-reverting path the standard deviation
    /// around the start, of a trending one that of one second's move.
    pub volatility_ppm: u32,
    /// Distance of the best bid and ask, in parts per million of the price; at least one tick.
    pub spread_ppm: u32,
    /// Distance of neighboring levels of the ladder, in parts per million; at least one tick.
    pub level_gap_ppm: u32,
    /// Resting orders on each side, at most 200.
    pub levels: u32,
    /// Mean base quantity of a resting order; each has between half and one and a half of it.
    pub level_qty: Decimal,
    /// How often the participants act, at least every millisecond.
    pub step: Duration,
    /// In how many of a hundred steps somebody takes.
    pub taker_percent: u32,
    /// Mean base quantity of a taker.
    pub taker_qty: Decimal,
}

/// One account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountConfig {
    /// Free balances at the start, by asset.
    pub balances: Vec<(String, Decimal)>,
    /// Share of the received amount paid when resting.
    pub maker_rate: Decimal,
    /// Share of the received amount paid when taking.
    pub taker_rate: Decimal,
    /// Pay commissions in another asset, cheaper.
    pub discount: Option<Discount>,
}

/// Commissions paid in the venue's own coin.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Discount {
    /// The coin. Its price in a quote asset is that of the symbol `coin + quote` here; without
    /// that symbol, or without enough of the coin, the received asset pays the full rate.
    pub asset: String,
    /// What is left of the commission: 0.75 takes a quarter off.
    pub rate: Decimal,
}

impl Default for AccountConfig {
    /// 1,000,000 USDT, 20 BTC, 400 ETH and 2,000,000 DOGE at 0.1 % for maker and taker.
    fn default() -> Self {
        let balances = [("USDT", 1_000_000), ("BTC", 20), ("ETH", 400), ("DOGE", 2_000_000)];
        Self {
            balances: balances.map(|(asset, n)| (asset.to_owned(), Decimal::from(n))).to_vec(),
            maker_rate: Decimal::new(1, 3),
            taker_rate: Decimal::new(1, 3),
            discount: None,
        }
    }
}

impl AccountConfig {
    /// An account with these balances and the default rates.
    #[must_use]
    pub fn with_balances(balances: &[(&str, Decimal)]) -> Self {
        Self {
            balances: balances.iter().map(|&(asset, qty)| (asset.to_owned(), qty)).collect(),
            ..Self::default()
        }
    }
}

impl MarketConfig {
    /// A lively market: about six tenths of a percent around the start, back within a second or
    /// two.
    #[must_use]
    pub const fn lively(start_price: Decimal, level_qty: Decimal, taker_qty: Decimal) -> Self {
        Self {
            start_price,
            model: Model::MeanReverting { reversion: Duration::from_millis(1_200) },
            volatility_ppm: 6_000,
            spread_ppm: 100,
            level_gap_ppm: 300,
            levels: 15,
            level_qty,
            step: Duration::from_millis(200),
            taker_percent: 50,
            taker_qty,
        }
    }

    /// The same market, but nobody moves.
    #[must_use]
    pub const fn still(mut self) -> Self {
        self.model = Model::Still;
        self
    }

    /// The same market with nobody in it at all: an empty book that only accounts fill.
    #[must_use]
    pub const fn deserted(mut self) -> Self {
        self.model = Model::Still;
        self.levels = 0;
        self
    }
}

/// What differs between the symbols we make up.
struct Recipe {
    base: &'static str,
    tick: Decimal,
    max_price: Decimal,
    step: Decimal,
    max_qty: Decimal,
    market: MarketConfig,
}

impl Recipe {
    /// The filters of a production symbol, in kind and in proportion.
    fn filters(&self) -> Filters {
        let Self { tick, max_price, step, max_qty, .. } = *self;
        let lot = LotSize { min_qty: step, max_qty, step_size: step };
        let up = Decimal::from(5);
        let down = Decimal::new(2, 1);
        Filters {
            price: Some(PriceFilter { min_price: tick, max_price, tick_size: tick }),
            lot_size: Some(lot),
            // As on production symbols: a maximum and nothing else.
            market_lot_size: Some(LotSize {
                min_qty: Decimal::ZERO,
                max_qty: max_qty / Decimal::from(100),
                step_size: Decimal::ZERO,
            }),
            percent_price: None,
            percent_price_by_side: Some(PercentPriceBySide {
                bid_multiplier_up: up,
                bid_multiplier_down: down,
                ask_multiplier_up: up,
                ask_multiplier_down: down,
                avg_price_mins: 5,
            }),
            min_notional: None,
            notional: Some(Notional {
                min_notional: Decimal::from(5),
                apply_min_to_market: true,
                max_notional: Decimal::from(9_000_000),
                apply_max_to_market: false,
                avg_price_mins: 5,
            }),
            iceberg_parts: Some(100),
            max_num_orders: Some(200),
            max_num_algo_orders: Some(5),
            max_num_iceberg_orders: None,
            max_num_order_lists: Some(20),
            max_num_order_amends: Some(10),
            max_position: None,
            trailing_delta: Some(TrailingDelta {
                min_above: 10,
                max_above: 2_000,
                min_below: 10,
                max_below: 2_000,
            }),
        }
    }
}

impl SymbolConfig {
    /// Bitcoin: tick 0.01, step 0.00001, lively around 67,000.
    #[must_use]
    pub fn btcusdt() -> Self {
        Self::of_usdt(Recipe {
            base: "BTC",
            tick: Decimal::new(1, 2),
            max_price: Decimal::from(1_000_000),
            step: Decimal::new(1, 5),
            max_qty: Decimal::from(9_000),
            market: MarketConfig::lively(
                Decimal::from(67_000),
                Decimal::new(25, 2),
                Decimal::new(2, 2),
            ),
        })
    }

    /// Ether: tick 0.01, step 0.0001, lively around 3,200.
    #[must_use]
    pub fn ethusdt() -> Self {
        Self::of_usdt(Recipe {
            base: "ETH",
            tick: Decimal::new(1, 2),
            max_price: Decimal::from(1_000_000),
            step: Decimal::new(1, 4),
            max_qty: Decimal::from(9_000),
            market: MarketConfig::lively(
                Decimal::from(3_200),
                Decimal::from(5),
                Decimal::new(4, 1),
            ),
        })
    }

    /// Dogecoin: tick 0.00001, step 1, around 0.17.
    #[must_use]
    pub fn dogeusdt() -> Self {
        let lively =
            MarketConfig::lively(Decimal::new(17, 2), Decimal::from(60_000), Decimal::from(4_000));
        Self::of_usdt(Recipe {
            base: "DOGE",
            tick: Decimal::new(1, 5),
            max_price: Decimal::from(1_000),
            step: Decimal::ONE,
            max_qty: Decimal::from(900_000),
            market: MarketConfig {
                model: Model::MeanReverting { reversion: Duration::from_secs(6) },
                taker_percent: 30,
                ..lively
            },
        })
    }

    /// The discount coin: tick 0.01, step 0.001, around 610. Not among the default symbols.
    #[must_use]
    pub fn bnbusdt() -> Self {
        Self::of_usdt(Recipe {
            base: "BNB",
            tick: Decimal::new(1, 2),
            max_price: Decimal::from(100_000),
            step: Decimal::new(1, 3),
            max_qty: Decimal::from(9_000),
            market: MarketConfig::lively(Decimal::from(610), Decimal::from(25), Decimal::from(2)),
        })
    }

    /// The same symbol with another market.
    #[must_use]
    pub fn with_market(mut self, market: MarketConfig) -> Self {
        self.market = market;
        self
    }

    fn of_usdt(recipe: Recipe) -> Self {
        let filters = recipe.filters();
        let Recipe { base, market, .. } = recipe;
        Self {
            symbol: format!("{base}USDT"),
            base: base.to_owned(),
            quote: "USDT".to_owned(),
            base_precision: 8,
            quote_precision: 8,
            base_commission_precision: 8,
            quote_commission_precision: 8,
            filters,
            default_stp: StpMode::ExpireMaker,
            allowed_stp: vec![
                StpMode::None,
                StpMode::ExpireTaker,
                StpMode::ExpireMaker,
                StpMode::ExpireBoth,
                StpMode::Decrement,
            ],
            crossing_maker: CrossingMaker::default(),
            features: Features::default(),
            market,
        }
    }
}
