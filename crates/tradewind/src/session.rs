//! A run, from a configuration to its closing report.
//!
//! [`Session::start`] checks everything that can be checked before anything is opened, so that
//! what is wrong with the input is said at once and in one line. [`Session::close`] ends trading
//! and has the run audited: what the venue says of it is asked of the venue, and not of us.

mod embedded;
mod keys;

pub(crate) mod command;
pub mod kept;

use std::sync::Arc;
use std::time::Duration;

use tradewind_binance::BinanceSpot;
use tradewind_engine::journal::Recovered;
use tradewind_engine::{
    Beginning, EngineConfig, Failure, Identity, Route, Snapshot, StrategySetup,
};
use tradewind_journal::OpenError;
use tradewind_model::Timestamp;
use tradewind_model::id::{
    AccountId, ClientOrderId, ClientOrderIds, EgressId, InstrumentId, VenueId,
};
use tradewind_model::lookup::Lookup;
use tradewind_runtime::config::{Place, StrategyConfig};
use tradewind_runtime::strategy_host::Inbox;
use tradewind_runtime::{
    Clock, Config, ConfigError, Desk, End, HostSetup, Setup, State, StateError, seed,
};
use tradewind_scheduler::SchedulerConfig;
use tradewind_simulator::server::Embedded;
use tradewind_strategy::{Host, Mailbox, Registry};
use tradewind_transport::Net;
use tradewind_venue::{InvalidKey, Venue};

use crate::report::{self, Closing, Traded};

/// The adapters there are.
const ADAPTERS: [&str; 1] = ["binance"];
/// Strategies of one process at the most: each has a range of client order ids of its own.
pub const STRATEGIES_MAX: u16 = 16;
/// Processes on one account at the most.
pub const SLOTS_MAX: u16 = ClientOrderIds::SLOTS / STRATEGIES_MAX;

/// Markets that a run which names none draws from.
const SEEDS: u64 = 1_000_000;
/// How long the engine is waited for once all is said: it writes down what is shut.
const GOODBYE_MAX: Duration = Duration::from_secs(3);

/// Why a session does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration, or what a strategy says of its parameters.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// An adapter that does not exist.
    #[error("venue.adapter is `{adapter}`; this program knows {}", ADAPTERS.join(", "))]
    UnknownAdapter {
        /// What was asked for.
        adapter: String,
    },
    /// More than the client order ids can tell apart.
    #[error("{0}")]
    TooMany(String),
    /// An instrument that the embedded venue does not list.
    #[error("the embedded venue lists no {instrument}; it has {listed}")]
    NotListed {
        /// What was asked for.
        instrument: InstrumentId,
        /// What there is.
        listed: String,
    },
    /// There is no key for a venue that needs one.
    #[error(
        "{venue} needs a key and {missing}; set {wanted}, or trade on the embedded venue, which \
         needs none"
    )]
    NoKey {
        /// The venue.
        venue: VenueId,
        /// What is not there.
        missing: String,
        /// The variables to set.
        wanted: String,
    },
    /// The file of a key cannot be read.
    #[error("{variable} names {path}, which cannot be read: {error}")]
    KeyFile {
        /// The environment variable.
        variable: String,
        /// The file.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// The key is no key.
    #[error("the key in {variables} cannot be used: {error}")]
    Key {
        /// The environment variables.
        variables: String,
        /// What is wrong with it.
        error: InvalidKey,
    },
    /// A part of the limits that is too small to start with.
    #[error(
        "scheduler.share leaves too little of a limit to start with: {never}; let fewer processes \
         share, or give them addresses of their own"
    )]
    Share {
        /// The call that never fits.
        never: tradewind_scheduler::Never,
    },
    /// What outlives a process cannot be kept.
    #[error(transparent)]
    State(#[from] StateError),
    /// What was traded before cannot be read, or what will be cannot be written down.
    #[error(transparent)]
    Journal(#[from] OpenError),
    /// An earlier life was told that the key is not accepted, and nobody has seen to it.
    #[error(
        "{venue} has refused the key of account {account} at {since}, and trying it again would \
         look like an attack; see to the key, its rights and its addresses, then say so: \
         `tradewind state --config FILE --clear-key`. Another key needs no clearing"
    )]
    KeyRefused {
        /// The venue.
        venue: VenueId,
        /// The account.
        account: AccountId,
        /// When.
        since: Timestamp,
    },
    /// The token of the endpoint is none.
    #[error("the token in {variable} cannot be used: {error}")]
    Token {
        /// The environment variable.
        variable: String,
        /// What is wrong with it.
        error: String,
    },
    /// The port of the endpoint is taken.
    #[error(
        "control.port {port} cannot be used ({error}); name another, 0 for one that is free, or \
         set control.enabled = false"
    )]
    Control {
        /// The port.
        port: u16,
        /// Why.
        error: std::io::Error,
    },
    /// This machine would not give a port, a thread or TLS.
    #[error("cannot start: {0}")]
    Machine(String),
}

impl StartError {
    /// Whether it is this machine's fault and not the input's.
    #[must_use]
    pub const fn is_of_machine(&self) -> bool {
        matches!(self, Self::Machine(_))
    }
}

/// A run under way.
#[derive(Debug)]
pub struct Session {
    desk: Desk,
    clock: Clock,
    embedded: Option<Embedded>,
    commanded: Option<command::Commanded>,
    about: About,
    traded: Vec<Traded>,
    /// The beginnings of our client order ids.
    prefixes: Vec<String>,
    /// When the oldest order was asked for that earlier runs have left.
    oldest: Option<Timestamp>,
}

/// What is said about a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The venue's name.
    pub venue: VenueId,
    /// The seed of the embedded venue's market; none when the venue is a real one.
    pub seed: Option<u64>,
    /// What is traded.
    pub instruments: Vec<InstrumentId>,
    /// When it began, by our clock.
    pub started_at: Timestamp,
    /// Whether own orders are canceled at the end.
    pub cancels_on_stop: bool,
}

/// What a venue that may be inside of this process is to the session.
pub(crate) struct Reached {
    pub(crate) endpoint: tradewind_venue::Endpoint,
    pub(crate) signer: tradewind_venue::Signer,
    embedded: Option<Embedded>,
    seed: Option<u64>,
}

impl Session {
    /// Starts everything; must be called within a tokio runtime.
    ///
    /// # Errors
    /// The first thing that is wrong. Nothing is running then.
    pub async fn start(config: &Config<'_>, registry: &Registry) -> Result<Self, StartError> {
        let venue = adapter(config)?;
        let clock = Clock::start();
        let (hosts, prefixes) = hosts(config, registry, clock.now())?;
        let instruments = instruments(config);
        let traded: Vec<_> = instruments
            .iter()
            .map(|id| Traded { id: id.clone(), symbol: venue.symbol(id), assets: None })
            .collect();
        let (reached, traded) = reach(config, traded).await?;
        // One moment for all: what was traded before it is not of this run, whoever counts.
        let started_at = clock.now();
        let identity = Identity {
            instance: format!("{}-{}", std::process::id(), started_at.as_millis()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at,
            account: Some(reached.signer.account_hash()),
        };
        let mut engine = engine_config(config, venue.as_ref(), identity);
        if let Some(never) = engine.never_starts() {
            return Err(StartError::Share { never });
        }
        let state = kept::open(config, reached.signer.account_hash(), &clock)?;
        let hash = reached.signer.account_hash();
        let (scribe, recovered) = kept::open_journal(config, state.as_ref(), hash, &clock)?;
        let (hosts, prefixes) = match names_after(config, &recovered, clock.now()) {
            // The clock went back: no name is given twice.
            Some(later) => self::hosts(config, registry, later)?,
            None => (hosts, prefixes),
        };
        let ready = command::Ready::take(config, state.as_ref()).await?;
        let halted = state.as_ref().and_then(State::halted).into_iter().collect();
        let known = state.as_ref().map(State::beginning).unwrap_or_default();
        let jitter = config.state.start_jitter(&config.venue.place);
        let oldest = recovered.orders.values().map(|order| order.intent.created_at).min();
        let journal = Some(Box::new(recovered));
        engine.beginning = Beginning { jitter, journal, trading: halted, ..known };
        let about = About {
            venue: config.venue.name,
            seed: reached.seed,
            instruments,
            started_at,
            cancels_on_stop: config.engine.cancels_on_stop,
        };
        let desk = tradewind_runtime::run(Setup {
            engine,
            venue,
            endpoint: reached.endpoint,
            signer: Some(reached.signer),
            transport: Arc::new(Net::new().map_err(|error| machine(&error))?),
            clock,
            hosts,
            state,
            scribe: Some(scribe),
        })
        .map_err(|error| machine(&error))?;
        let slot = config.engine.slot;
        let commanded = ready.map(|ready| ready.serve(desk.clone(), hash, slot)).transpose()?;
        let embedded = reached.embedded;
        Ok(Self { desk, clock, embedded, commanded, about, traded, prefixes, oldest })
    }

    /// The handle on the engine.
    #[must_use]
    pub fn desk(&self) -> Desk {
        self.desk.clone()
    }

    /// What it is about.
    #[must_use]
    pub const fn about(&self) -> &About {
        &self.about
    }

    /// Now, by the clock that the run is timed by.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The venue, when it is inside of this process.
    #[must_use]
    pub const fn embedded(&self) -> Option<&Embedded> {
        self.embedded.as_ref()
    }

    /// Ends trading, asks the venue what it made of the run, and says so. Own orders are canceled
    /// first, unless the configuration leaves them; that and the asking may take `patience` each.
    ///
    /// # Errors
    /// When the engine had failed: there is nothing to report on then.
    pub async fn close(mut self, patience: Duration) -> Result<Closing, Failure> {
        self.desk.stop(patience).await;
        let unresolved = match self.desk.ended().await {
            End::Drained { unresolved } => unresolved,
            End::Failed(failure) => {
                self.abandon().await;
                return Err(failure);
            }
        };
        // The snapshot that shows the end is the one made after it.
        let ended_at = self.clock.now();
        let mut last = self.desk.snapshot();
        while last.at < ended_at {
            match self.desk.renewed().await {
                Some(next) => last = next,
                None => break,
            }
        }
        let testimony = self.testimony(&last, patience).await;
        if let Some(commanded) = self.commanded {
            commanded.stop().await;
        }
        // The engine first, so that it does not take the venue's end for an outage. Somebody else
        // may have kept a desk.
        tokio::time::timeout(GOODBYE_MAX, self.desk.leave()).await.ok();
        if let Some(embedded) = self.embedded {
            embedded.stop().await;
        }
        Ok(Closing::of(&self.about, &last, unresolved, &self.traded, testimony))
    }

    /// Lets go of everything at once, and waits until what is shut is written down.
    pub(crate) async fn abandon(self) {
        if let Some(commanded) = self.commanded {
            commanded.stop().await;
        }
        tokio::time::timeout(GOODBYE_MAX, self.desk.leave()).await.ok();
        if let Some(embedded) = self.embedded {
            embedded.stop().await;
        }
    }

    /// What the venue says.
    async fn testimony(
        &mut self,
        last: &Snapshot,
        patience: Duration,
    ) -> Result<report::Testimony, String> {
        if let Some(embedded) = &self.embedded {
            return Ok(report::Testimony::of_ledger(&embedded.ledger()));
        }
        if last.counters.orders_sent == 0 && self.oldest.is_none() {
            return Ok(report::Testimony::default());
        }
        let began = self.about.started_at;
        let inquest = report::Inquest {
            desk: &self.desk,
            since: began.offset_by(last.clock_offset_nanos),
            orders_since: self
                .oldest
                .map_or(began, |oldest| oldest.min(began))
                .offset_by(last.clock_offset_nanos),
            prefixes: &self.prefixes,
        };
        let asked = inquest.hold(&mut self.traded);
        match tokio::time::timeout(patience, asked).await {
            Ok(testimony) => testimony,
            Err(_) => Err(format!("no answer within {} s", patience.as_secs())),
        }
    }
}

fn machine(error: &dyn std::error::Error) -> StartError {
    StartError::Machine(error.to_string())
}

/// What speaks the venue's wire.
pub(crate) fn adapter(config: &Config<'_>) -> Result<Arc<dyn Venue>, StartError> {
    match config.venue.adapter.as_str() {
        "binance" => Ok(Arc::new(BinanceSpot::new(config.venue.name))),
        other => Err(StartError::UnknownAdapter { adapter: other.to_owned() }),
    }
}

/// Every instrument once, in the order of the configuration.
fn instruments(config: &Config<'_>) -> Vec<InstrumentId> {
    let mut instruments: Vec<InstrumentId> = Vec::new();
    for id in config.strategies.iter().flat_map(|strategy| &strategy.instruments) {
        if !instruments.contains(id) {
            instruments.push(id.clone());
        }
    }
    instruments
}

/// When names have to begin so that none is given a second time; none when it is later anyway.
fn names_after(config: &Config<'_>, recovered: &Recovered, now: Timestamp) -> Option<Timestamp> {
    let first = config.engine.slot * STRATEGIES_MAX;
    let own = recovered.slots.range(first..first + STRATEGIES_MAX);
    own.map(|(_, mark)| mark.next_start(now)).max().filter(|later| *later > now)
}

type Hosts = Vec<HostSetup>;

/// Makes the strategies. Each names its orders from a slot of its own: slot times
/// [`STRATEGIES_MAX`] plus its place in the configuration.
fn hosts(
    config: &Config<'_>,
    registry: &Registry,
    now: Timestamp,
) -> Result<(Hosts, Vec<String>), StartError> {
    let slot = config.engine.slot;
    if slot >= SLOTS_MAX {
        let message = format!("engine.slot is {slot}; use 0 to {}", SLOTS_MAX - 1);
        return Err(StartError::TooMany(message));
    }
    let mut hosts = Vec::new();
    let mut prefixes = Vec::new();
    for (strategy, index) in config.strategies.iter().zip(0_u16..) {
        if index >= STRATEGIES_MAX {
            let message = format!(
                "there are {} strategies; a process runs {STRATEGIES_MAX} at the most, so start \
                 another one with a slot of its own",
                config.strategies.len()
            );
            return Err(StartError::TooMany(message));
        }
        let ids = ClientOrderIds::new(slot * STRATEGIES_MAX + index, now);
        prefixes.push(ids.slot_prefix().to_owned());
        hosts.push(host(config, registry, strategy, ids)?);
    }
    Ok((hosts, prefixes))
}

fn host(
    config: &Config<'_>,
    registry: &Registry,
    strategy: &StrategyConfig<'_>,
    ids: ClientOrderIds,
) -> Result<HostSetup, ConfigError> {
    let inbox = Arc::new(Inbox::new());
    let own = Arc::clone(&inbox);
    let mailbox = Mailbox::new(move |message| own.post(message));
    let (kind, instruments) = (&strategy.kind, &strategy.instruments);
    Host::new(registry, strategy.id, kind, &strategy.params, instruments, ids, mailbox)
        .map(|host| HostSetup {
            host,
            inbox,
            callback_max: strategy.callback_max,
            inbox_max: strategy.inbox_max,
        })
        .map_err(|error| config.params_error(strategy, error))
}

/// The engine of a configuration, that has no past yet.
pub(crate) fn engine_config(
    config: &Config<'_>,
    venue: &dyn Venue,
    identity: Identity,
) -> EngineConfig {
    let setup = |(strategy, index): (&StrategyConfig<'_>, u16)| StrategySetup {
        id: strategy.id,
        slot: config.engine.slot * STRATEGIES_MAX + index,
        instruments: strategy.instruments.iter().map(|id| (id.clone(), venue.symbol(id))).collect(),
        limits: strategy.limits,
        on_failure: strategy.on_failure,
    };
    let engine = &config.engine;
    // Processes that were given one seed between them must not jitter together either.
    let seed = engine.seed.map(|seed| seed.wrapping_add(u64::from(engine.slot) << 32));
    let seed = seed.unwrap_or_else(seed::fresh);
    EngineConfig {
        route: Route {
            venue: config.venue.name,
            account: config.account.name,
            egress: EgressId::new("direct").expect("a short word is a name"),
        },
        tariff: venue.tariff(),
        scheduler: SchedulerConfig { seed, ..config.scheduler.clone() },
        retry: config.retry,
        strategies: config.strategies.iter().zip(0..).map(setup).collect(),
        recv_window: engine.recv_window(&config.venue.place),
        lookup: lookup(config, venue),
        manners: venue.manners(),
        order_deadline: Duration::from_millis(engine.order_deadline_ms),
        call_timeout: Duration::from_millis(engine.call_timeout_ms),
        startup_timeout: Duration::from_millis(engine.startup_timeout_ms),
        cancels_on_stop: engine.cancels_on_stop,
        limits: config.limits,
        identity,
        beginning: Beginning::default(),
        seed,
    }
}

/// For how long it proves nothing that the venue knows no such order.
fn lookup(config: &Config<'_>, venue: &dyn Venue) -> Lookup {
    let whole = venue.lookup();
    if config.venue.place.is_simulated() { embedded::lookup(whole) } else { whole }
}

/// Finds a venue outside of this process.
///
/// # Errors
/// When it is inside, or its key is not in the environment.
pub(crate) fn reach_out(config: &Config<'_>) -> Result<Reached, StartError> {
    let (endpoint, signer) = match &config.venue.place {
        Place::Embedded { .. } => return Err(StartError::State(StateError::NotKept)),
        Place::Served(at) => (embedded::served(*at), embedded::signer()?),
        Place::Remote(endpoint) => {
            let signer = keys::from_environment(config.venue.name, &config.account)?;
            (endpoint.clone(), signer)
        }
    };
    Ok(Reached { endpoint, signer, embedded: None, seed: None })
}

/// Whether an order was named by a process with this configuration.
pub(crate) fn is_named_by(config: &Config<'_>, id: ClientOrderId) -> bool {
    let first = config.engine.slot * STRATEGIES_MAX;
    id.minted().is_some_and(|minted| (first..first + STRATEGIES_MAX).contains(&minted.slot))
}

/// How long after a start it proves something that the venue does not know an order which an
/// earlier run may have sent.
pub(crate) fn conclusive_after(config: &Config<'_>) -> Duration {
    let lookup = adapter(config).map(|venue| lookup(config, venue.as_ref()));
    let patience = lookup.map(|lookup| lookup.processing_max + lookup.lag_max);
    config.engine.recv_window(&config.venue.place) + patience.unwrap_or_default()
}

/// Finds the venue: starts the embedded one, or reads the key for the one out there.
async fn reach(
    config: &Config<'_>,
    traded: Vec<Traded>,
) -> Result<(Reached, Vec<Traded>), StartError> {
    match &config.venue.place {
        Place::Embedded { seed } => {
            // Short enough to be typed again.
            let seed = seed.unwrap_or_else(|| seed::fresh() % SEEDS);
            let (embedded, traded) = embedded::start(seed, traded).await?;
            let reached = Reached {
                endpoint: embedded::endpoint(&embedded),
                signer: embedded::signer()?,
                embedded: Some(embedded),
                seed: Some(seed),
            };
            Ok((reached, traded))
        }
        Place::Served(_) | Place::Remote(_) => Ok((reach_out(config)?, traded)),
    }
}

#[cfg(test)]
mod tests;
