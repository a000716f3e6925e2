//! The configuration: one TOML file a process.
//!
//! Everything in it is checked before anything is opened. An error is one line that begins with
//! file and line, names the thing, and says the way out. Keys are not in it, only the names of the
//! environment variables they are in, so that a file can be shown to anybody.

mod account;
mod control;
mod egress;
mod engine;
mod journal;
mod log;
mod route;
mod router;
mod scheduler;
mod source;
mod state;
mod strategy;
mod venue;

use serde::Deserialize;
use toml::de::DeTable;
use tradewind_model::trading::TradingLimits;
use tradewind_scheduler::{RetryPolicy, SchedulerConfig};
use tradewind_strategy::InvalidParams;

pub use self::account::AccountConfig;
pub use self::control::ControlSection;
pub use self::egress::{EgressConfig, EgressUnknown, EgressWay};
pub use self::engine::EngineSection;
pub use self::journal::{JournalDurability, JournalSection};
pub use self::log::LogSection;
pub use self::route::RouteConfig;
pub use self::router::RouterSection;
pub use self::source::ConfigError;
pub use self::state::StateSection;
pub use self::strategy::StrategyConfig;
pub use self::venue::{Funds, Place, VenueConfig};

use self::account::AccountSection;
use self::egress::EgressSection;
use self::route::RouteSection;
use self::scheduler::SchedulerSection;
use self::source::Source;
use self::venue::VenueSection;

/// A configuration, with the places of what strategies read themselves.
#[derive(Clone, Debug)]
pub struct Config<'t> {
    /// The way to the market: which exchange, by which login. Of several the most preferred.
    pub route: RouteConfig,
    /// The others, in the order of preference.
    pub others: Vec<RouteConfig>,
    /// How orders move from one to another.
    pub router: RouterSection,
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    venue: VenueSection,
    #[serde(default)]
    account: AccountSection,
    #[serde(default)]
    egress: EgressSection,
    #[serde(default)]
    routes: Vec<RouteSection>,
    #[serde(default)]
    router: RouterSection,
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
        let (control, limits, router) = (head.control, head.limits, head.router);
        let others = head.routes.into_iter();
        let others = others.map(|one| source.route(one.venue, one.account, one.egress));
        let strategies = source.strategies(strategies)?;
        let config = Self {
            route: source.route(venue, account, head.egress)?,
            others: others.collect::<Result<_, _>>()?,
            router,
            engine,
            scheduler: scheduler.config(),
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

    /// All routes, the most preferred first.
    pub fn routes(&self) -> impl Iterator<Item = &RouteConfig> {
        std::iter::once(&self.route).chain(&self.others)
    }

    /// Whether there is anything to choose from: another route, or another base URL.
    #[must_use]
    pub fn is_routed(&self) -> bool {
        !self.others.is_empty() || !self.route.venue.base_urls.is_empty()
    }

    /// The same, as if one of its routes were the only one. Of limits that others draw on as well,
    /// each has its part.
    #[must_use]
    pub fn by(&self, route: &RouteConfig) -> Self {
        let mut own = Self { route: route.clone(), others: Vec::new(), ..self.clone() };
        let sharing = self.routes().filter(|one| one.shares_limits_with(route)).count();
        let sharing = u32::try_from(sharing.max(1)).unwrap_or(u32::MAX);
        own.scheduler.share = own.scheduler.share.saturating_mul(sharing);
        own
    }

    fn check(&self) -> Result<(), ConfigError> {
        let sections =
            [self.engine.check(), self.journal.check(), self.state.check(), self.router.check()];
        for checked in sections {
            checked.map_err(|message| self.source.error(None, message))?;
        }
        let routes: Vec<_> = self.routes().collect();
        for (index, route) in routes.iter().enumerate() {
            let wrong = routes[..index].iter().find_map(|other| other.contradicts(route));
            if let Some(message) = wrong {
                return Err(self.source.error(None, message));
            }
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

#[cfg(test)]
mod tests;
