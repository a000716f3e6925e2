//! The configuration: one TOML file a process.
//!
//! Everything in it is checked before anything is opened. An error is one line that begins with
//! file and line, names the thing, and says the way out. Keys are not in it, only the names of the
//! environment variables they are in, so that a file can be shown to anybody.

use std::net::SocketAddr;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IntoDeserializer};
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use tradewind_engine::OnFailure;
use tradewind_model::id::{AccountId, InstrumentId, StrategyId, VenueId};
use tradewind_model::trading::TradingLimits;
use tradewind_scheduler::{Concurrency, RetryPolicy, SchedulerConfig};
use tradewind_strategy::{InvalidParams, Params};
use tradewind_venue::Endpoint;

/// Processes that share a venue's limits at the most: with more, a part of the smallest limit is
/// nothing.
const SHARE_MAX: u32 = 1_000;
/// The longest that a start is held back by chance.
const START_JITTER_MAX_MS: u64 = 600_000;
/// How long it is held back at the most, unless somebody says otherwise.
const START_JITTER_MS: u64 = 2_000;
/// How late a venue may still accept an order, unless somebody says otherwise: less than half of
/// the five seconds that Binance takes for granted (rest-api.md, timing security, read 2026-11).
const RECV_WINDOW_MS: u64 = 2_000;
/// The same for the embedded venue, to which there is no network.
const RECV_WINDOW_EMBEDDED_MS: u64 = 500;
/// For how many days orders that are over are kept, unless somebody says otherwise.
const KEEP_DAYS: u64 = 90;
/// And at the most: a hundred years.
const KEEP_DAYS_MAX: u64 = 36_500;
/// A day.
const DAY: Duration = Duration::from_hours(24);

/// A configuration, with the places of what strategies read themselves.
#[derive(Clone, Debug)]
pub struct Config<'t> {
    /// The exchange.
    pub venue: VenueConfig,
    /// The login.
    pub account: AccountConfig,
    /// The engine's bounds.
    pub engine: EngineSection,
    /// The scheduler's caps.
    pub scheduler: SchedulerConfig,
    /// How often what failed is tried again.
    pub retry: RetryPolicy,
    /// What is written down.
    pub log: LogSection,
    /// What outlives the process.
    pub state: StateSection,
    /// Where orders are written down.
    pub journal: JournalSection,
    /// How a run is commanded from outside.
    pub control: ControlSection,
    /// What all strategies may do together at the most.
    pub limits: TradingLimits,
    /// The strategies; at least one.
    pub strategies: Vec<StrategyConfig<'t>>,
    source: Source<'t>,
}

/// The exchange, and how it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VenueConfig {
    /// Its name in logs and ids.
    pub name: VenueId,
    /// Which wire it speaks: `binance`.
    pub adapter: String,
    /// Where it is.
    pub place: Place,
}

/// Where an exchange is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In this process: the embedded venue, with the seed of its market.
    Embedded {
        /// The same seed gives the same market.
        seed: Option<u64>,
    },
    /// The embedded venue in a process of its own, which `tradewind venue` serves: it outlives the
    /// bot, and its one key is the one that everybody knows.
    Served(SocketAddr),
    /// Out there.
    Remote(Endpoint),
}

impl Place {
    /// Whether it is simulated: on this machine, for no money, and nobody else calls it.
    #[must_use]
    pub const fn is_simulated(&self) -> bool {
        match self {
            Self::Embedded { .. } | Self::Served(_) => true,
            Self::Remote(_) => false,
        }
    }
}

/// The login.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccountConfig {
    /// Its name in logs.
    pub name: AccountId,
    /// The environment variable that holds the API key.
    pub api_key_env: String,
    /// The environment variable that holds the secret of an HMAC key.
    pub api_secret_env: String,
    /// The environment variable that holds the path of an Ed25519 key file, which is preferred
    /// when it is set.
    pub ed25519_key_file_env: String,
}

impl Default for AccountConfig {
    fn default() -> Self {
        Self {
            name: AccountId::new("main").expect("a short name"),
            api_key_env: "BINANCE_API_KEY".to_owned(),
            api_secret_env: "BINANCE_API_SECRET".to_owned(),
            ed25519_key_file_env: "BINANCE_ED25519_KEY_FILE".to_owned(),
        }
    }
}

/// The engine's bounds; all times in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EngineSection {
    /// Which of the processes on this account this is: part of every client order id.
    pub slot: u16,
    /// How late the venue may still accept an order. When it is not given, 2000; and 500 for the
    /// embedded venue, which no network lies before.
    pub recv_window_ms: Option<u64>,
    /// How long an order may wait for leave to be sent.
    pub order_deadline_ms: u64,
    /// How long to wait for an answer.
    pub call_timeout_ms: u64,
    /// How long the start may take.
    pub startup_timeout_ms: u64,
    /// Whether own orders are canceled at the end.
    pub cancels_on_stop: bool,
    /// Of the jitter of retries; random when it is not given.
    pub seed: Option<u64>,
}

impl Default for EngineSection {
    fn default() -> Self {
        Self {
            slot: 0,
            recv_window_ms: None,
            order_deadline_ms: 10_000,
            call_timeout_ms: 10_000,
            startup_timeout_ms: 30_000,
            cancels_on_stop: true,
            seed: None,
        }
    }
}

/// What is written down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogSection {
    /// The file that a line of JSON for each attempt is added to, for `tradewind triage`; none are
    /// written when there is none.
    pub attempts: Option<PathBuf>,
}

/// What outlives the process, and how it begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StateSection {
    /// The folder that holds what the venue has shut, the catalog, and recent starts. When it is
    /// not given, a folder of the user's; and none for the embedded venue, which takes its bans
    /// with it.
    pub dir: Option<PathBuf>,
    /// The first call waits for so long at the most, by chance, so that processes which are
    /// started together do not call together. When it is not given, 2000; and 0 for the embedded
    /// venue, which nobody else calls.
    pub start_jitter_ms: Option<u64>,
}

/// How orders, trades and decisions are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JournalSection {
    /// What a record survives from the moment on at which an order may rest on it.
    pub durability: JournalDurability,
    /// For how many days orders that are over are kept; what they traded stays counted for ever.
    pub keep_days: u64,
}

impl Default for JournalSection {
    fn default() -> Self {
        Self { durability: JournalDurability::default(), keep_days: KEEP_DAYS }
    }
}

impl JournalSection {
    /// How old what is over may become.
    #[must_use]
    pub fn keep(&self) -> Duration {
        DAY.saturating_mul(u32::try_from(self.keep_days).unwrap_or(u32::MAX))
    }
}

/// How a run is commanded from outside: an endpoint on the loopback address, for whoever has its
/// token.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ControlSection {
    /// Whether there is one. Where no state is kept there is none either, unless `port` and the
    /// token are given.
    pub enabled: bool,
    /// Its port; with 0, one that is free, which is noted in the folder of the state.
    pub port: u16,
    /// The environment variable that holds the token. When it is not set, each run draws a token
    /// of its own and notes it in the folder of the state, for this user alone.
    pub token_env: String,
}

impl Default for ControlSection {
    fn default() -> Self {
        Self { enabled: true, port: 0, token_env: "TRADEWIND_CONTROL_TOKEN".to_owned() }
    }
}

/// What a record of the journal survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JournalDurability {
    /// The death of the process. A loss of power can cost the last moments; orders that are
    /// forgotten by that are found at the venue by their names. Decisions survive it always.
    #[default]
    Normal,
    /// A loss of power as well: each order waits for the disk.
    Full,
}

/// One strategy.
#[derive(Clone, Debug)]
pub struct StrategyConfig<'t> {
    /// Its name in logs.
    pub id: StrategyId,
    /// Which plug-in.
    pub kind: String,
    /// What it trades; at least one.
    pub instruments: Vec<InstrumentId>,
    /// What it may do at the most.
    pub limits: TradingLimits,
    /// What becomes of its orders when it fails.
    pub on_failure: OnFailure,
    /// How long a callback of its may take before it has failed.
    pub callback_max: Duration,
    /// How many messages may wait for it before it has failed.
    pub inbox_max: usize,
    /// What the plug-in reads itself.
    pub params: Params<'t>,
    span: Range<usize>,
}

/// What is wrong with a configuration, in one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct ConfigError {
    /// File and line.
    pub place: String,
    /// What is wrong, and the way out.
    pub message: String,
}

#[derive(Clone, Copy, Debug)]
struct Source<'t> {
    name: &'t str,
    text: &'t str,
}

impl Source<'_> {
    fn error(self, span: Option<Range<usize>>, message: impl Into<String>) -> ConfigError {
        let place = match span.and_then(|span| self.text.get(..span.start)) {
            Some(before) => format!("{}:{}", self.name, before.matches('\n').count() + 1),
            None => self.name.to_owned(),
        };
        // An error is a line, whatever it quotes.
        let message = message.into().split_whitespace().collect::<Vec<_>>().join(" ");
        ConfigError { place, message }
    }

    fn read<T: DeserializeOwned>(self, table: Spanned<DeTable<'_>>) -> Result<T, ConfigError> {
        T::deserialize(table.into_deserializer())
            .map_err(|error: toml::de::Error| self.error(error.span(), error.message()))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    venue: VenueSection,
    #[serde(default)]
    account: AccountConfig,
    #[serde(default)]
    engine: EngineSection,
    #[serde(default)]
    scheduler: SchedulerSection,
    #[serde(default)]
    retry: RetryPolicy,
    #[serde(default)]
    log: LogSection,
    #[serde(default)]
    state: StateSection,
    #[serde(default)]
    journal: JournalSection,
    #[serde(default)]
    control: ControlSection,
    #[serde(default)]
    limits: TradingLimits,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VenueSection {
    name: VenueId,
    adapter: String,
    endpoint: Option<EndpointSection>,
    embedded: Option<EmbeddedSection>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndpointSection {
    rest: String,
    account_stream: String,
    market_stream: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EmbeddedSection {
    seed: Option<u64>,
    at: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SchedulerSection {
    orders: u32,
    private: u32,
    public: u32,
    streams: u32,
    share: Share,
}

impl Default for SchedulerSection {
    fn default() -> Self {
        let Concurrency { orders, private, public, streams } = Concurrency::default();
        Self { orders, private, public, streams, share: Share::default() }
    }
}

/// One part of so many: `1/20`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Spelled")]
struct Share(u32);

impl Default for Share {
    /// All of it.
    fn default() -> Self {
        Self(1)
    }
}

/// A share as somebody may write it; only one of these is right.
#[derive(Deserialize)]
#[serde(untagged)]
enum Spelled {
    Text(String),
    Whole(i64),
    Fraction(f64),
}

/// No text that says a share.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "scheduler.share is {text}; write \"1/20\" for one of twenty processes, with 1 to \
     {SHARE_MAX} below the line"
)]
struct InvalidShare {
    text: String,
}

impl TryFrom<Spelled> for Share {
    type Error = InvalidShare;

    fn try_from(spelled: Spelled) -> Result<Self, InvalidShare> {
        let text = match spelled {
            Spelled::Text(text) => text,
            // All of it is one of one, however it is written.
            Spelled::Whole(1) => return Ok(Self(1)),
            Spelled::Whole(whole) => return Err(InvalidShare { text: whole.to_string() }),
            Spelled::Fraction(fraction) => {
                return Err(InvalidShare { text: fraction.to_string() });
            }
        };
        let below = text.trim().strip_prefix("1/").and_then(|below| below.trim().parse().ok());
        match below {
            Some(below) if (1..=SHARE_MAX).contains(&below) => Ok(Self(below)),
            _ => Err(InvalidShare { text: format!("{text:?}") }),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StrategyHead {
    id: Option<StrategyId>,
    kind: String,
    instruments: Vec<InstrumentId>,
    #[serde(default)]
    limits: TradingLimits,
    #[serde(default)]
    on_failure: OnFailure,
    #[serde(default = "callback_max_ms")]
    callback_max_ms: u64,
    #[serde(default = "inbox_max")]
    inbox_max: usize,
}

/// A callback that takes longer than this is not slow, it hangs.
const fn callback_max_ms() -> u64 {
    10_000
}

/// More than a busy market leaves behind in a minute.
const fn inbox_max() -> usize {
    50_000
}

impl<'t> Config<'t> {
    /// Reads a configuration; `name` is what errors call it.
    ///
    /// # Errors
    /// The first thing that is wrong, with its line.
    pub fn parse(name: &'t str, text: &'t str) -> Result<Self, ConfigError> {
        let source = Source { name, text };
        let mut whole =
            DeTable::parse(text).map_err(|error| source.error(error.span(), error.message()))?;
        let strategies = whole.get_mut().remove("strategy");
        let head: Head = source.read(whole)?;
        let Head { venue, account, engine, scheduler, retry, log, state, journal, .. } = head;
        let (control, limits) = (head.control, head.limits);
        let strategies = source.strategies(strategies)?;
        let config = Self {
            venue: source.venue(venue)?,
            account,
            engine,
            scheduler: SchedulerConfig {
                concurrency: Concurrency {
                    orders: scheduler.orders,
                    private: scheduler.private,
                    public: scheduler.public,
                    streams: scheduler.streams,
                },
                share: scheduler.share.0,
                ..SchedulerConfig::default()
            },
            retry,
            log,
            state,
            journal,
            control,
            limits,
            strategies,
            source,
        };
        config.check()?;
        Ok(config)
    }

    /// The error of a strategy's own parameters, with its line.
    #[must_use]
    pub fn params_error(&self, strategy: &StrategyConfig<'_>, error: InvalidParams) -> ConfigError {
        let error = strategy.params.placed(error);
        let span =
            error.span.filter(|span| !span.is_empty()).or_else(|| Some(strategy.span.clone()));
        self.source.error(span, format!("strategy `{}`: {}", strategy.id, error.message))
    }

    fn check(&self) -> Result<(), ConfigError> {
        let bounds = [
            ("recv_window_ms", self.engine.recv_window_ms.unwrap_or(RECV_WINDOW_MS), 60_000),
            ("order_deadline_ms", self.engine.order_deadline_ms, 3_600_000),
            ("call_timeout_ms", self.engine.call_timeout_ms, 120_000),
            ("startup_timeout_ms", self.engine.startup_timeout_ms, 3_600_000),
        ];
        for (key, value, most) in bounds {
            if !(1..=most).contains(&value) {
                let message = format!("engine.{key} is {value}; use 1 to {most}");
                return Err(self.source.error(None, message));
            }
        }
        let keep_days = self.journal.keep_days;
        if !(1..=KEEP_DAYS_MAX).contains(&keep_days) {
            let message = format!("journal.keep_days is {keep_days}; use 1 to {KEEP_DAYS_MAX}");
            return Err(self.source.error(None, message));
        }
        if let Some(jitter) = self.state.start_jitter_ms
            && jitter > START_JITTER_MAX_MS
        {
            let message =
                format!("state.start_jitter_ms is {jitter}; use 0 to {START_JITTER_MAX_MS}");
            return Err(self.source.error(None, message));
        }
        for (index, strategy) in self.strategies.iter().enumerate() {
            if self.strategies[..index].iter().any(|other| other.id == strategy.id) {
                let message =
                    format!("two strategies are called `{}`; give each an `id`", strategy.id);
                return Err(self.source.error(Some(strategy.span.clone()), message));
            }
        }
        Ok(())
    }
}

impl<'t> Source<'t> {
    fn venue(self, section: VenueSection) -> Result<VenueConfig, ConfigError> {
        let VenueSection { name, adapter, endpoint, embedded } = section;
        let place = match (endpoint, embedded) {
            (Some(endpoint), None) => Place::Remote(self.endpoint(endpoint)?),
            (None, Some(embedded)) => self.embedded(&embedded)?,
            (Some(_), Some(_)) => {
                let message = "venue has an endpoint and is embedded; keep one of \
                               [venue.endpoint] and [venue.embedded]";
                return Err(self.error(None, message));
            }
            (None, None) => {
                let message = "venue has no place; add [venue.endpoint] with rest, \
                               account_stream and market_stream, or [venue.embedded]";
                return Err(self.error(None, message));
            }
        };
        Ok(VenueConfig { name, adapter, place })
    }

    fn embedded(self, section: &EmbeddedSection) -> Result<Place, ConfigError> {
        let Some(at) = &section.at else {
            return Ok(Place::Embedded { seed: section.seed });
        };
        if section.seed.is_some() {
            let message = "venue.embedded has a seed and is served by another process at `at`; \
                           give the seed to `tradewind venue`";
            return Err(self.error(None, message));
        }
        at.parse().map(Place::Served).map_err(|_| {
            let message =
                format!("venue.embedded.at is {at:?}; write an address as in 127.0.0.1:9000");
            self.error(None, message)
        })
    }

    fn endpoint(self, section: EndpointSection) -> Result<Endpoint, ConfigError> {
        let EndpointSection { rest, account_stream, market_stream } = section;
        let urls = [
            ("rest", &rest, ["https://", "http://"]),
            ("account_stream", &account_stream, ["wss://", "ws://"]),
            ("market_stream", &market_stream, ["wss://", "ws://"]),
        ];
        for (key, url, schemes) in urls {
            let is_whole = schemes
                .iter()
                .any(|scheme| url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
            if !is_whole || url.ends_with('/') {
                let message = format!(
                    "venue.endpoint.{key} is {url:?}; it begins with {} and has no slash at its end",
                    schemes[0]
                );
                return Err(self.error(None, message));
            }
        }
        Ok(Endpoint { rest, account_stream, market_stream })
    }

    fn strategies(
        self,
        strategies: Option<Spanned<DeValue<'t>>>,
    ) -> Result<Vec<StrategyConfig<'t>>, ConfigError> {
        let missing = "there is no strategy; add a [[strategy]] with kind, instruments and params";
        let Some(strategies) = strategies else { return Err(self.error(None, missing)) };
        let span = strategies.span();
        let DeValue::Array(tables) = strategies.into_inner() else {
            return Err(self.error(Some(span), "`strategy` is a list: write [[strategy]]"));
        };
        let read: Result<Vec<_>, _> = tables.into_iter().map(|one| self.strategy(one)).collect();
        match read {
            Ok(read) if read.is_empty() => Err(self.error(Some(span), missing)),
            read => read,
        }
    }

    fn strategy(self, value: Spanned<DeValue<'t>>) -> Result<StrategyConfig<'t>, ConfigError> {
        let span = value.span();
        let DeValue::Table(mut table) = value.into_inner() else {
            return Err(self.error(Some(span), "a strategy is a table: write [[strategy]]"));
        };
        let params = table.remove("params");
        let head: StrategyHead = self.read(Spanned::new(span.clone(), table))?;
        if head.instruments.is_empty() {
            let message = "`instruments` is empty; name at least one, as in [\"BTC-USDT\"]";
            return Err(self.error(Some(span), message));
        }
        for (key, value) in [
            ("callback_max_ms", head.callback_max_ms),
            ("inbox_max", u64::try_from(head.inbox_max).unwrap_or(u64::MAX)),
        ] {
            if value == 0 {
                return Err(self.error(Some(span), format!("`{key}` is 0; use 1 or more")));
            }
        }
        let params = match params.map(|params| (params.span(), params.into_inner())) {
            None => Spanned::new(span.clone(), DeTable::default()),
            Some((at, DeValue::Table(params))) => Spanned::new(at, params),
            Some((at, _)) => {
                return Err(self.error(Some(at), "`params` is a table: write [strategy.params]"));
            }
        };
        let id = match head.id {
            Some(id) => id,
            None => StrategyId::new(&head.kind)
                .map_err(|error| self.error(Some(span.clone()), error.to_string()))?,
        };
        let params = Params::from_table(params);
        Ok(StrategyConfig {
            id,
            kind: head.kind,
            instruments: head.instruments,
            limits: head.limits,
            on_failure: head.on_failure,
            callback_max: Duration::from_millis(head.callback_max_ms),
            inbox_max: head.inbox_max,
            params,
            span,
        })
    }
}

impl StateSection {
    /// How long the first call waits at the most, by chance.
    #[must_use]
    pub fn start_jitter(&self, place: &Place) -> Duration {
        let usual = match place {
            Place::Embedded { .. } | Place::Served(_) => 0,
            Place::Remote(_) => START_JITTER_MS,
        };
        Duration::from_millis(self.start_jitter_ms.unwrap_or(usual))
    }
}

impl EngineSection {
    /// How late the venue may still accept an order.
    #[must_use]
    pub fn recv_window(&self, place: &Place) -> Duration {
        let usual = if place.is_simulated() { RECV_WINDOW_EMBEDDED_MS } else { RECV_WINDOW_MS };
        Duration::from_millis(self.recv_window_ms.unwrap_or(usual))
    }
}

#[cfg(test)]
mod tests;
