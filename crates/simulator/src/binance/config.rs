//! What the venue's front is told at its start: limits, keys, and how late it tells what it knows.

use std::time::Duration;

use rust_decimal::Decimal;
use tradewind_model::Timestamp;

use super::heartbeat::HeartbeatConfig;
use super::refusal::Place;
use super::signature::KeySecret;
use crate::exchange::{AccountConfig, AccountId, ExchangeConfig};
use crate::limits::LimitsConfig;

/// A key of an account.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// What `X-MBX-APIKEY` carries: 1 to 128 letters and digits.
    pub api_key: String,
    /// How its signatures are checked.
    pub secret: KeySecret,
    /// Whose orders and balances it reaches.
    pub account: AccountId,
    /// Whether it may place and cancel orders.
    pub can_trade: bool,
}

/// The front's knobs. What the documentation states is a default here; what it leaves open is
/// said to be ours.
#[derive(Clone, Debug)]
pub struct FrontConfig {
    /// Windows, bans, order credit.
    pub limits: LimitsConfig,
    /// The keys that exist.
    pub keys: Vec<ApiKey>,
    /// Pings and the 24-hour close.
    pub heartbeat: HeartbeatConfig,
    /// Messages a market-stream client may send within any second (documented: 5).
    pub stream_messages_per_second: usize,
    /// Streams on one connection (documented: 1024).
    pub streams_per_connection: usize,
    /// Half of all account reports leave before the answer to the call that caused them, the
    /// others up to this much later, by seed. Zero still leaves the order to the seed.
    pub report_delay_max: Duration,
    /// How long `GET order`, `openOrders` and `myTrades` may not know of an order or a fill yet:
    /// up to this much, by seed. Undocumented; up to half a second has been seen.
    pub order_read_lag_max: Duration,
    /// The same for `allOrders`, which is answered from a database.
    pub history_read_lag_max: Duration,
    /// How long the venue works on a request at the most. What waits in front of it for longer is
    /// answered with -1007 and never done (errors.md, -1007: ten seconds, read 2026-11).
    pub processing_max: Duration,
    /// Frames waiting for one connection before it is closed for being slow.
    pub session_backlog_max: usize,
    /// Requests whose arrival the ledger remembers, newest last.
    pub arrivals_max: usize,
    /// What those who are turned away are told of when to come back.
    pub hints: Hints,
}

/// What those who are turned away are told of when to come back, in each of the places where the
/// venue says it. They need not agree, and none has to be there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// `Retry-After`, in seconds.
    pub header: Hint,
    /// In the text of a ban, by the venue's clock.
    pub text: Hint,
    /// In the data of an error on the WebSocket API, by the venue's clock.
    pub data: Hint,
}

/// One of those places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hint {
    /// The truth.
    #[default]
    True,
    /// So much later than the truth; earlier when negative.
    OffMillis(i64),
    /// Nothing.
    Absent,
}

impl Hints {
    pub(crate) fn is_exact(&self) -> bool {
        *self == Self::default()
    }

    /// What is said at a place; none when it is left empty.
    pub(crate) fn told(&self, place: Place, until: Timestamp) -> Option<Timestamp> {
        let hint = match place {
            Place::Header => self.header,
            Place::Text => self.text,
            Place::Data => self.data,
        };
        match hint {
            Hint::True => Some(until),
            Hint::OffMillis(millis) => Some(until.offset_by(millis.saturating_mul(1_000_000))),
            Hint::Absent => None,
        }
    }
}

impl Default for FrontConfig {
    fn default() -> Self {
        Self {
            limits: LimitsConfig::default(),
            keys: Vec::new(),
            heartbeat: HeartbeatConfig::default(),
            stream_messages_per_second: 5,
            streams_per_connection: 1_024,
            report_delay_max: Duration::from_millis(5),
            order_read_lag_max: Duration::ZERO,
            history_read_lag_max: Duration::ZERO,
            processing_max: Duration::from_secs(10),
            session_backlog_max: 16_384,
            arrivals_max: 65_536,
            hints: Hints::default(),
        }
    }
}

/// A whole venue: what is traded, and how it is reached.
#[derive(Clone, Debug)]
pub struct BinanceConfig {
    /// Symbols, accounts and the market's other participants.
    pub exchange: ExchangeConfig,
    /// Limits, keys, delays.
    pub front: FrontConfig,
}

impl Default for BinanceConfig {
    /// The exchange's default symbols and one account with 100,000 USDT, 2 BTC and 20 ETH, reached
    /// by the keys in [`fake`].
    fn default() -> Self {
        let balances = [("USDT", 100_000), ("BTC", 2), ("ETH", 20)];
        let balances = balances.map(|(asset, qty)| (asset, Decimal::from(qty)));
        let exchange = ExchangeConfig {
            accounts: vec![AccountConfig::with_balances(&balances)],
            ..ExchangeConfig::default()
        };
        let front = FrontConfig { keys: fake::keys(AccountId(0)), ..FrontConfig::default() };
        Self { exchange, front }
    }
}

impl BinanceConfig {
    /// The venue that runs beside a bot on one machine: that of the examples and of `tradewind
    /// venue`. It does at once what the real one may take seconds for, and promises so, which is
    /// why a lost answer is cleared up sooner here: see [`embedded`]. It keeps no list of arrivals:
    /// that is for tests, and a run may be long.
    #[must_use]
    pub fn embedded() -> Self {
        let mut config = Self::default();
        config.front.processing_max = embedded::PROCESSING_MAX;
        config.front.arrivals_max = 0;
        config
    }
}

/// What the embedded venue promises of lost answers, so that whoever trades there may count on it.
pub mod embedded {
    use std::time::Duration;

    /// How late an order may still be accepted, unless somebody asks for something else. The venue
    /// refuses what is older than its sender allowed, as the real one does.
    pub const RECV_WINDOW: Duration = Duration::from_millis(500);
    /// How long it works on a request at the most.
    pub const PROCESSING_MAX: Duration = Duration::from_secs(1);
    /// How much later than that what came of it can be found at the most; its reads do not lag
    /// unless somebody lets them.
    pub const READ_LAG_MAX: Duration = Duration::from_millis(500);
}

/// Keys of the default account. They open nothing but a simulated venue.
pub mod fake {
    use super::{AccountId, ApiKey, KeySecret};

    /// The header that carries the name of a key.
    pub const KEY_HEADER: &str = "X-MBX-APIKEY";
    /// Names the HMAC key.
    pub const API_KEY: &str = "FAKE0simulated0hmac0key0opens0nothing000000000000000000000000000";
    /// Its secret.
    pub const API_SECRET: &str = "FAKE0simulated0secret0signs0nothing00000000000000000000000000000";
    /// Names the Ed25519 key.
    pub const ED25519_API_KEY: &str =
        "FAKE0simulated0ed255190key0opens0nothing000000000000000000000000";
    /// Seed of its private half: the first test vector of RFC 8032.
    pub const ED25519_SEED: [u8; 32] = [
        0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c,
        0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae,
        0x7f, 0x60,
    ];
    /// Its public half.
    pub const ED25519_PUBLIC: [u8; 32] = [
        0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07,
        0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07,
        0x51, 0x1a,
    ];

    /// Both keys, for one account.
    #[must_use]
    pub fn keys(account: AccountId) -> Vec<ApiKey> {
        let key = |api_key: &str, secret| ApiKey {
            api_key: api_key.to_owned(),
            secret,
            account,
            can_trade: true,
        };
        vec![
            key(API_KEY, KeySecret::Hmac(API_SECRET.to_owned())),
            key(ED25519_API_KEY, KeySecret::Ed25519(ED25519_PUBLIC)),
        ]
    }
}
