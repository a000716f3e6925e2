//! What the venue's front is told at its start: limits, keys, and how late it tells what it knows.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use rust_decimal::Decimal;

use super::limits::LimitsConfig;
use super::signature::KeySecret;
use crate::exchange::filters::{LotSize, Notional, PercentPriceBySide, PriceFilter};
use crate::exchange::{
    AccountConfig, AccountId, CrossingMaker, ExchangeConfig, Features, Filters, MarketConfig,
    StpMode, SymbolConfig,
};

/// Where a key is good: keys of demo trading open nothing else, and no other key opens that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// Trading with money.
    Live,
    /// Trading on paper, named by a header of each request.
    Demo,
}

/// A key of an account.
#[derive(Clone)]
pub struct ApiKey {
    /// What `ACCESS-KEY` carries.
    pub api_key: String,
    /// How its signatures are checked.
    pub secret: KeySecret,
    /// What was chosen with the key and is sent with each request.
    pub passphrase: String,
    /// Whose orders and balances it reaches.
    pub account: AccountId,
    /// Whether it may place and cancel orders.
    pub can_trade: bool,
    /// Where it is good.
    pub environment: Environment,
    /// The addresses that may use it; any may when there is none.
    pub addresses: Vec<IpAddr>,
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey")
            .field("api_key", &self.api_key)
            .field("account", &self.account)
            .field("can_trade", &self.can_trade)
            .field("environment", &self.environment)
            .finish_non_exhaustive()
    }
}

/// When balances are told on the account's channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BalancePushes {
    /// When something traded: all that is documented of trading.
    OnFills,
    /// Whenever they changed, also by what an order holds.
    OnChanges,
}

/// What is asked of whoever has a socket (WebSocket page, read 2026-11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketConfig {
    /// Time within which the client has to say `ping` again.
    pub ping_within: Duration,
    /// Time after which the venue closes the connection in any case.
    pub lifetime: Duration,
    /// Messages of a client within any second, `ping` among them.
    pub messages_per_second: usize,
    /// Subscriptions and their ends within any hour of a connection.
    pub subscribes_per_hour: usize,
    /// Channels of one connection.
    pub channels: usize,
    /// Bytes of one message.
    pub message_bytes: usize,
}

impl Default for SocketConfig {
    fn default() -> Self {
        Self {
            ping_within: Duration::from_secs(120),
            lifetime: Duration::from_secs(86_400),
            messages_per_second: 10,
            subscribes_per_hour: 240,
            channels: 1_000,
            message_bytes: 4_096,
        }
    }
}

/// The front's knobs. What the documentation states is a default here; what it leaves open is said
/// to be ours.
#[derive(Clone, Debug)]
pub struct FrontConfig {
    /// Windows and penalties.
    pub limits: LimitsConfig,
    /// The keys that exist.
    pub keys: Vec<ApiKey>,
    /// Accounts of the unified kind, which nothing here answers.
    pub unified: BTreeSet<AccountId>,
    /// What is asked of sockets.
    pub sockets: SocketConfig,
    /// So many in a hundred account reports leave before the answer to the call that caused them.
    /// Ours; that some do has been seen.
    pub reports_ahead_percent: u64,
    /// The others leave this much later at the least. Ours.
    pub report_delay_min: Duration,
    /// And this much at the most. Ours.
    pub report_delay_max: Duration,
    /// When balances are told.
    pub balance_pushes: BalancePushes,
    /// How long `orderInfo`, `unfilled-orders` and `fills` may not know of an order or a fill yet:
    /// up to this much, by seed. Undocumented.
    pub order_read_lag_max: Duration,
    /// The same for `history-orders`.
    pub history_read_lag_max: Duration,
    /// How long an order can be asked about by its client's id (changelog 2025-03-20: two hours).
    pub client_id_lookup: Duration,
    /// Orders in one batch. Documented as 50 in one place and as 20 in another.
    pub batch_max: usize,
    /// How long the venue works on a request at the most; undocumented. What waits in front of it
    /// for longer is answered with 40010 and never done.
    pub processing_max: Duration,
    /// Frames waiting for one connection before it is closed for being slow.
    pub session_backlog_max: usize,
    /// Requests whose arrival the ledger remembers, newest last.
    pub arrivals_max: usize,
}

impl Default for FrontConfig {
    fn default() -> Self {
        Self {
            limits: LimitsConfig::default(),
            keys: Vec::new(),
            unified: BTreeSet::new(),
            sockets: SocketConfig::default(),
            reports_ahead_percent: 25,
            report_delay_min: Duration::from_millis(5),
            report_delay_max: Duration::from_millis(50),
            balance_pushes: BalancePushes::OnFills,
            order_read_lag_max: Duration::ZERO,
            history_read_lag_max: Duration::ZERO,
            client_id_lookup: Duration::from_secs(2 * 3_600),
            batch_max: 50,
            processing_max: Duration::from_secs(10),
            session_backlog_max: 16_384,
            arrivals_max: 65_536,
        }
    }
}

/// A whole venue: what is traded, and how it is reached.
#[derive(Clone, Debug)]
pub struct BitgetConfig {
    /// Symbols, accounts and the market's other participants.
    pub exchange: ExchangeConfig,
    /// Limits, keys, delays.
    pub front: FrontConfig,
}

impl Default for BitgetConfig {
    /// `BTCUSDT`, `ETHUSDT` and `DOGEUSDT`, by steps of this venue's own, and one account with
    /// 100,000 USDT, 2 BTC and 20 ETH, reached by the key in [`fake`].
    fn default() -> Self {
        let balances = [("USDT", 100_000), ("BTC", 2), ("ETH", 20)];
        let balances = balances.map(|(asset, qty)| (asset, Decimal::from(qty)));
        let exchange = ExchangeConfig {
            symbols: vec![btcusdt(), ethusdt(), dogeusdt()],
            accounts: vec![AccountConfig::with_balances(&balances)],
            ..ExchangeConfig::default()
        };
        let front = FrontConfig { keys: vec![fake::key(AccountId(0))], ..FrontConfig::default() };
        Self { exchange, front }
    }
}

impl BitgetConfig {
    /// The venue that runs beside a bot on one machine. It does at once what the real one may take
    /// seconds for, and promises so: see [`embedded`]. It keeps no list of arrivals: that is for
    /// tests, and a run may be long.
    #[must_use]
    pub fn embedded() -> Self {
        let mut config = Self::default();
        config.front.processing_max = embedded::PROCESSING_MAX;
        config.front.arrivals_max = 0;
        config
    }
}

/// Bitcoin: tick 0.1, step 0.0001.
fn btcusdt() -> SymbolConfig {
    symbol(SymbolConfig::btcusdt(), Decimal::new(1, 1), Decimal::new(1, 4))
}

/// Ether: tick 0.1, step 0.001.
fn ethusdt() -> SymbolConfig {
    symbol(SymbolConfig::ethusdt(), Decimal::new(1, 1), Decimal::new(1, 3))
}

/// Dogecoin: tick 0.0001, step 0.1.
fn dogeusdt() -> SymbolConfig {
    symbol(SymbolConfig::dogeusdt(), Decimal::new(1, 4), Decimal::new(1, 1))
}

/// A symbol of this venue: what it has is what `symbols` tells and no more, so that there is no
/// largest quantity and no order that waits, and whoever may only make is told by the stream.
fn symbol(from: SymbolConfig, tick: Decimal, step: Decimal) -> SymbolConfig {
    let far = Decimal::from(1_000);
    let none = Decimal::ZERO;
    let filters = Filters {
        price: Some(PriceFilter { min_price: tick, max_price: none, tick_size: tick }),
        lot_size: Some(LotSize { min_qty: step, max_qty: none, step_size: step }),
        percent_price_by_side: Some(PercentPriceBySide {
            bid_multiplier_up: Decimal::ONE + PRICE_BAND,
            bid_multiplier_down: none,
            ask_multiplier_up: far,
            ask_multiplier_down: Decimal::ONE - PRICE_BAND,
            // By the last price; documented nowhere.
            avg_price_mins: 0,
        }),
        notional: Some(Notional {
            min_notional: Decimal::ONE,
            apply_min_to_market: true,
            max_notional: none,
            apply_max_to_market: false,
            avg_price_mins: 0,
        }),
        max_num_orders: Some(200),
        ..Filters::default()
    };
    let market = MarketConfig { spread_ppm: 160, level_gap_ppm: 250, ..from.market };
    SymbolConfig {
        filters,
        quote_precision: 6,
        default_stp: StpMode::None,
        allowed_stp: vec![
            StpMode::None,
            StpMode::ExpireTaker,
            StpMode::ExpireMaker,
            StpMode::ExpireBoth,
        ],
        crossing_maker: CrossingMaker::Ended,
        features: Features { contingent: false, oco: false, cancel_replace: false, amend: false },
        market,
        ..from
    }
}

/// How far from the last price an order may be, as a part of it.
const PRICE_BAND: Decimal = Decimal::from_parts(5, 0, 0, false, 2);

/// What the embedded venue promises of lost answers, so that whoever trades there may count on it.
pub mod embedded {
    use std::time::Duration;

    /// How long it works on a request at the most.
    pub const PROCESSING_MAX: Duration = Duration::from_secs(1);
    /// How much later than that what came of it can be found at the most; its reads do not lag
    /// unless somebody lets them.
    pub const READ_LAG_MAX: Duration = Duration::from_millis(500);
}

/// The key of the default account. It opens nothing but a simulated venue.
pub mod fake {
    use super::{AccountId, ApiKey, Environment, KeySecret};

    /// The header that carries the name of a key.
    pub const KEY_HEADER: &str = "ACCESS-KEY";
    /// Names the key.
    pub const API_KEY: &str = "bg_FAKE0simulated0key0opens0nothing";
    /// Its secret.
    pub const API_SECRET: &str = "FAKE0simulated0secret0signs0nothing0at0bitget0000000000000000000";
    /// What was chosen with it.
    pub const PASSPHRASE: &str = "FAKE0simulated0phrase";

    /// The key, for one account.
    #[must_use]
    pub fn key(account: AccountId) -> ApiKey {
        ApiKey {
            api_key: API_KEY.to_owned(),
            secret: KeySecret::Hmac(API_SECRET.to_owned()),
            passphrase: PASSPHRASE.to_owned(),
            account,
            can_trade: true,
            environment: Environment::Live,
            addresses: Vec::new(),
        }
    }
}
