//! A run, from a configuration to its closing report.
//!
//! [`Session::start`] checks everything that can be checked before anything is opened, so that
//! what is wrong with the input is said at once and in one line. [`Session::close`] ends trading
//! and has the run audited: what the venue says of it is asked of the venue, and not of us.

mod keys;
pub(crate) mod prepared;
mod reach;
mod start_error;

pub(crate) mod command;
pub mod kept;

use std::sync::Arc;
use std::time::Duration;

use tradewind_engine::{
    Beginning, EngineConfig, Failure, Identity, Route, Snapshot, StrategySetup,
};
use tradewind_model::Timestamp;
use tradewind_model::id::{ClientOrderId, ClientOrderIds, InstrumentId, VenueId};
use tradewind_runtime::config::StrategyConfig;
use tradewind_runtime::strategy_host::Inbox;
use tradewind_runtime::{Clock, Config, ConfigError, Desk, End, HostSetup, Setup, seed};
use tradewind_scheduler::SchedulerConfig;
use tradewind_simulator::server::Embedded;
use tradewind_strategy::{Host, Mailbox, Registry};
use tradewind_venue::Venue;

use self::prepared::Prepared;
pub(crate) use self::reach::{reach_out, way_out};
pub use self::start_error::StartError;

use crate::adapter::Adapter;
use crate::report::{self, Closing, Traded};

/// Strategies of one process at the most: each has a range of client order ids of its own.
pub const STRATEGIES_MAX: u16 = 16;
/// Processes on one account at the most.
pub const SLOTS_MAX: u16 = ClientOrderIds::SLOTS / STRATEGIES_MAX;

/// How often a venue is asked again whose lists lag.
const AUDIT_EVERY: Duration = Duration::from_millis(500);
/// How long the engine is waited for once all is said: it writes down what is shut.
const GOODBYE_MAX: Duration = Duration::from_secs(3);

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
    /// How long what has happened may be missing in what the venue lists.
    lag_max: Duration,
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

impl Session {
    /// Starts everything; must be called within a tokio runtime.
    ///
    /// # Errors
    /// The first thing that is wrong. Nothing is running then.
    pub async fn start(config: &Config<'_>, registry: &Registry) -> Result<Self, StartError> {
        if config.is_routed() {
            let routes = config.routes().count();
            let base_urls = config.routes().map(|route| route.venue.base_urls.len()).sum();
            return Err(StartError::SeveralRoutes { routes, base_urls });
        }
        let clock = Clock::start();
        // What is wrong with a strategy is said before anything is opened.
        strategies(config, registry, clock.now())?;
        let prepared = Prepared::of(config, clock).await?;
        let (hosts, prefixes) = strategies(config, registry, prepared.names_after())?;
        let ready = command::Ready::take(config, std::slice::from_ref(&prepared)).await?;
        let (setup, ended) = prepared.parts(prefixes);
        let desk =
            tradewind_runtime::run(Setup { hosts, ..setup }).map_err(|error| machine(&error))?;
        let slot = config.engine.slot;
        let commanded = ready.map(|ready| ready.serve(desk.clone(), slot)).transpose()?;
        Ok(ended(desk, commanded))
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
        let closing = self.audit(&last, &unresolved, patience).await;
        if let Some(commanded) = self.commanded {
            commanded.stop().await;
        }
        // The engine first, so that it does not take the venue's end for an outage. Somebody else
        // may have kept a desk.
        tokio::time::timeout(GOODBYE_MAX, self.desk.leave()).await.ok();
        if let Some(embedded) = self.embedded {
            embedded.stop().await;
        }
        Ok(closing)
    }

    /// Holds our books against the venue's. Its lists may lag behind what it has told: as long as
    /// both differ, it is asked again until that cannot be why. The books of one inside of this
    /// process are looked into, and lag behind nothing.
    async fn audit(
        &mut self,
        last: &Snapshot,
        unresolved: &[ClientOrderId],
        patience: Duration,
    ) -> Closing {
        let until = self.clock.now() + self.lag_max;
        loop {
            let asked_at = self.clock.now();
            let testimony = self.testimony(last, patience).await;
            let (about, unresolved) = (&self.about, unresolved.to_vec());
            let closing = Closing::of(about, last, unresolved, &self.traded, testimony);
            if self.embedded.is_some() || !closing.differs() || asked_at >= until {
                return closing;
            }
            tokio::time::sleep(AUDIT_EVERY).await;
        }
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

pub(crate) fn machine(error: &dyn std::error::Error) -> StartError {
    StartError::Machine(error.to_string())
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

type Hosts = Vec<HostSetup>;

/// Makes the strategies. Each names its orders from a slot of its own: slot times
/// [`STRATEGIES_MAX`] plus its place in the configuration.
pub(crate) fn strategies(
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
    adapter: &Adapter,
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
            venue: config.route.venue.name,
            account: config.route.account.name,
            egress: config.route.egress.name,
        },
        tariff: venue.tariff(),
        scheduler: SchedulerConfig { seed, ..config.scheduler.clone() },
        retry: config.retry,
        strategies: config.strategies.iter().zip(0..).map(setup).collect(),
        recv_window: engine.recv_window(&config.route.venue.place),
        lookup: adapter.lookup(&config.route.venue.place, venue.lookup()),
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

/// Whether an order was named by a process with this configuration.
pub(crate) fn is_named_by(config: &Config<'_>, id: ClientOrderId) -> bool {
    let first = config.engine.slot * STRATEGIES_MAX;
    id.minted().is_some_and(|minted| (first..first + STRATEGIES_MAX).contains(&minted.slot))
}

/// How long after a start it proves something that the venue does not know an order which an
/// earlier run may have sent.
pub(crate) fn conclusive_after(config: &Config<'_>) -> Duration {
    let place = &config.route.venue.place;
    let patience = Adapter::of(&config.route)
        .and_then(|adapter| Ok(adapter.lookup(place, adapter.venue(&config.route)?.lookup())))
        .map(|lookup| lookup.processing_max + lookup.lag_max);
    config.engine.recv_window(place) + patience.unwrap_or_default()
}

#[cfg(test)]
mod tests;
