//! The routes there are, in the order in which they are preferred, and what each has in common
//! with another.
//!
//! Who shares an account with a route, or an address, decides what may stand in for it: see
//! [`crate::way`]. The list is checked once, when it is made; whoever holds one has nothing left to
//! check.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use tradewind_engine::Route;
use tradewind_model::Decimal;
use tradewind_model::id::{Asset, VenueId};

/// One base URL of a venue.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Endpoint(String);

impl Endpoint {
    /// The endpoint at this URL, as it stands.
    #[must_use]
    pub fn new(url: &str) -> Self {
        Self(url.to_owned())
    }

    /// The URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A route, with what it may trade with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteSetup {
    /// The route.
    pub route: Route,
    /// The base URLs by which its account is reached, its own first. At least one.
    pub endpoints: Vec<Endpoint>,
    /// What may be traded with there at the most, by asset; never below zero. Of an asset that is
    /// not named, whatever is there.
    pub capital: BTreeMap<Asset, Decimal>,
}

/// How much of a route is in use, as fractions from zero (nothing) to one (all of it); what lies
/// outside is taken for the nearer end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Orders that rest, of those that may.
    pub orders: Decimal,
    /// The venue's limits, the one that is used most.
    pub budget: Decimal,
}

impl Load {
    /// What is left, from zero to one.
    #[must_use]
    pub fn left(self) -> Decimal {
        let used = self.orders.max(self.budget).clamp(Decimal::ZERO, Decimal::ONE);
        Decimal::ONE.saturating_sub(used)
    }
}

/// What two routes have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shared {
    /// The exchange.
    pub venue: bool,
    /// The login at it: never true for two exchanges, whatever their logins are called.
    pub account: bool,
    /// The address that we leave by.
    pub egress: bool,
}

impl Shared {
    /// What these two have in common.
    #[must_use]
    pub fn between(one: &Route, other: &Route) -> Self {
        let venue = one.venue == other.venue;
        Self {
            venue,
            account: venue && one.account == other.account,
            egress: one.egress == other.egress,
        }
    }
}

/// Why a list of routes is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRoutes {
    /// There is none in it.
    #[error("no route is configured; name at least one venue, account and egress")]
    Empty,
    /// There are too many.
    #[error("{0} routes are more than {most}; leave out what is never used", most = Routes::MAX)]
    TooMany(usize),
    /// One is in it twice.
    #[error("route {venue}/{account}/{egress} is configured twice; remove one", venue = .0.venue, account = .0.account, egress = .0.egress)]
    Twice(Route),
    /// One has no endpoint, or one twice.
    #[error("the endpoints of {venue}/{account} are {problem}; name each base URL once, its own first", venue = .route.venue, account = .route.account)]
    Endpoints {
        /// Which route.
        route: Route,
        /// What is wrong with them.
        problem: &'static str,
    },
    /// One has less than nothing.
    #[error("the capital of {venue}/{account} is {capital} {asset}; it is zero or more", venue = .route.venue, account = .route.account)]
    Capital {
        /// Which route.
        route: Route,
        /// Of what.
        asset: Asset,
        /// So much.
        capital: Decimal,
    },
}

/// The routes, the most preferred first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routes(Vec<RouteSetup>);

impl Routes {
    /// The most routes of one process: each is an engine with sockets of its own.
    pub const MAX: usize = 64;

    /// Takes a list.
    ///
    /// # Errors
    /// When it is empty or too long, names a route twice, or one of them has no endpoint, an
    /// endpoint twice, or less than no capital.
    pub fn new(setups: Vec<RouteSetup>) -> Result<Self, InvalidRoutes> {
        if setups.is_empty() {
            return Err(InvalidRoutes::Empty);
        }
        if setups.len() > Self::MAX {
            return Err(InvalidRoutes::TooMany(setups.len()));
        }
        let mut seen = BTreeSet::new();
        for setup in &setups {
            let route = setup.route;
            if !seen.insert(route) {
                return Err(InvalidRoutes::Twice(route));
            }
            if setup.endpoints.is_empty() {
                return Err(InvalidRoutes::Endpoints { route, problem: "missing" });
            }
            let apart: BTreeSet<&Endpoint> = setup.endpoints.iter().collect();
            if apart.len() < setup.endpoints.len() {
                return Err(InvalidRoutes::Endpoints { route, problem: "not all different" });
            }
            if let Some((asset, capital)) =
                setup.capital.iter().find(|(_, capital)| **capital < Decimal::ZERO)
            {
                let (asset, capital) = (asset.clone(), *capital);
                return Err(InvalidRoutes::Capital { route, asset, capital });
            }
        }
        Ok(Self(setups))
    }

    /// All of them, the most preferred first.
    pub fn iter(&self) -> impl Iterator<Item = &RouteSetup> {
        self.0.iter()
    }

    /// Their names, the most preferred first.
    pub fn names(&self) -> impl Iterator<Item = Route> {
        self.0.iter().map(|setup| setup.route)
    }

    /// One of them; none when it is not configured.
    #[must_use]
    pub fn get(&self, route: &Route) -> Option<&RouteSetup> {
        self.0.iter().find(|setup| setup.route == *route)
    }

    /// Those by which the account of a route is reached, itself among them.
    pub fn of_account(&self, route: Route) -> impl Iterator<Item = Route> {
        self.names().filter(move |other| Shared::between(&route, other).account)
    }

    /// Those of one exchange, the most preferred first.
    pub fn of_venue(&self, venue: VenueId) -> impl Iterator<Item = &RouteSetup> {
        self.0.iter().filter(move |setup| setup.route.venue == venue)
    }
}

#[cfg(test)]
mod tests;
