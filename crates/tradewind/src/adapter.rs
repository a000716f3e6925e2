//! The venues that this program speaks to: the one place where a name becomes a venue.
//!
//! What a run has to know of a venue beside its wire is data here: which keys it takes, and how its
//! simulated counterpart is set up and reached. A further venue is a file and a line; nothing
//! elsewhere asks which one it is.

mod binance;
mod bitget;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tradewind_model::id::Asset;
use tradewind_model::lookup::Lookup;
use tradewind_runtime::config::{Place, RouteConfig, VenueConfig};
use tradewind_simulator::exchange::ExchangeConfig;
use tradewind_simulator::venue::VenueConfig as Simulation;
use tradewind_venue::{Endpoint, InvalidKey, Signer, Venue};

use crate::session::StartError;

/// All of them.
const ADAPTERS: [&Adapter; 2] = [&binance::ADAPTER, &bitget::ADAPTER];

/// A kind of venue.
#[derive(Debug)]
pub struct Adapter {
    name: &'static str,
    keys: KeyKinds,
    /// What speaks its wire, or what is wrong with the place, with the way out.
    venue: fn(&VenueConfig) -> Result<Arc<dyn Venue>, String>,
    simulated: fn() -> Simulated,
}

/// What logs in at a venue, beside the API key and an HMAC secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyKinds {
    /// An Ed25519 key can stand in for the secret.
    pub(crate) ed25519: bool,
    /// An RSA key can.
    pub(crate) rsa: bool,
    /// A passphrase is sent with it.
    pub(crate) wants_phrase: bool,
}

/// The counterpart that comes with us.
struct Simulated {
    config: Simulation,
    key: Result<Signer, InvalidKey>,
    /// How long it works on a request at the most.
    processing_max: Duration,
    /// How much later what came of it can be found.
    lag_max: Duration,
    /// What the addresses of its sockets end with.
    account_path: &'static str,
    market_path: &'static str,
}

impl Adapter {
    /// The one with a name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        ADAPTERS.into_iter().find(|adapter| adapter.name == name)
    }

    /// All names, for whoever has to choose.
    pub fn names() -> impl Iterator<Item = &'static str> {
        ADAPTERS.into_iter().map(|adapter| adapter.name)
    }

    /// What configurations call it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The one that a route goes by.
    pub(crate) fn of(route: &RouteConfig) -> Result<&'static Self, StartError> {
        let name = &route.venue.adapter;
        Self::named(name).ok_or_else(|| StartError::UnknownAdapter { adapter: name.clone() })
    }

    /// What speaks the wire of a route's venue.
    pub(crate) fn venue(&self, route: &RouteConfig) -> Result<Arc<dyn Venue>, StartError> {
        let venue = route.venue.name;
        (self.venue)(&route.venue).map_err(|problem| StartError::Place { venue, problem })
    }

    /// Which keys its venue takes.
    pub(crate) const fn keys(&self) -> KeyKinds {
        self.keys
    }

    /// Its simulated counterpart, as it runs beside a bot on one machine.
    #[must_use]
    pub fn embedded(&self) -> Simulation {
        (self.simulated)().config
    }

    /// What is listed there: each symbol with its assets, base first.
    pub(crate) fn listed(&self) -> Vec<(String, Asset, Asset)> {
        let simulation = self.embedded();
        let symbols = exchange(&simulation).symbols.iter();
        symbols
            .map(|one| (one.symbol.clone(), Asset::new(&one.base), Asset::new(&one.quote)))
            .collect()
    }

    /// The key of its one account. It opens nothing else.
    pub(crate) fn fake_key(&self) -> Result<Signer, StartError> {
        let variables = "the simulator".to_owned();
        (self.simulated)().key.map_err(|error| StartError::Key { variables, error })
    }

    /// Where it is reached when all of it is at one address.
    pub(crate) fn served(&self, at: SocketAddr) -> Endpoint {
        let Simulated { account_path, market_path, .. } = (self.simulated)();
        Endpoint {
            rest: format!("http://{at}"),
            account_stream: format!("ws://{at}{account_path}"),
            market_stream: format!("ws://{at}{market_path}"),
        }
    }

    /// For how long it proves nothing that the venue of a route knows no such order. The simulated
    /// one does all at once, and promises to: what is left is for this machine to be slow.
    pub(crate) fn lookup(&self, place: &Place, whole: Lookup) -> Lookup {
        if !place.is_simulated() {
            return whole;
        }
        let Simulated { processing_max, lag_max, .. } = (self.simulated)();
        Lookup { processing_max, lag_max, ..whole }
    }
}

const fn exchange(simulation: &Simulation) -> &ExchangeConfig {
    match simulation {
        Simulation::Binance(config) => &config.exchange,
        Simulation::Bitget(config) => &config.exchange,
    }
}

#[cfg(test)]
mod tests;
