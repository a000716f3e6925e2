//! Finding the venue of a route: out there, served by another process, or started inside of this one.

use std::sync::Arc;

use tradewind_runtime::config::{Place, RouteConfig};
use tradewind_runtime::{StateError, seed};
use tradewind_simulator::server::Embedded;
use tradewind_transport::{Egress, Net};
use tradewind_venue::{Endpoint, Signer};

use super::{StartError, keys};
use crate::adapter::Adapter;
use crate::report::Traded;

/// Markets that a run which names none draws from.
const SEEDS: u64 = 1_000_000;

/// What a venue that may be inside of this process is to the session.
pub(crate) struct Reached {
    pub(crate) endpoint: Endpoint,
    pub(crate) signer: Signer,
    pub(super) embedded: Option<Embedded>,
    pub(super) seed: Option<u64>,
}

/// Finds a venue outside of this process.
///
/// # Errors
/// When it is inside, or its key is not in the environment.
pub(crate) fn reach_out(route: &RouteConfig) -> Result<Reached, StartError> {
    let endpoint = match &route.venue.place {
        Place::Embedded { .. } => return Err(StartError::State(StateError::NotKept)),
        Place::Served(at) => Adapter::of(route)?.served(*at),
        Place::Remote { endpoint, .. } => endpoint.clone(),
    };
    Ok(Reached { endpoint, signer: signer(route)?, embedded: None, seed: None })
}

/// The way out of a route: whatever calls by it, calls by this and by no other.
///
/// # Errors
/// When it is none: a variable that is not set, an address that is not this machine's.
pub(crate) fn way_out(route: &RouteConfig) -> Result<(Egress, Arc<Net>), StartError> {
    let (venue, account) = (route.venue.name, route.account.name);
    let wrong = |problem: String| StartError::Egress { venue, account, problem };
    let egress = route.egress.resolve(|name| std::env::var(name).ok());
    let egress = egress.map_err(|error| wrong(error.to_string()))?;
    let net = Net::by(&egress).map_err(|error| wrong(error.to_string()))?;
    Ok((egress, Arc::new(net)))
}

/// Whose login it is. A simulated venue has one, which everybody knows.
pub(super) fn signer(route: &RouteConfig) -> Result<Signer, StartError> {
    let adapter = Adapter::of(route)?;
    match &route.venue.place {
        Place::Embedded { .. } | Place::Served(_) => adapter.fake_key(),
        Place::Remote { .. } => {
            keys::from_environment(route.venue.name, &route.account, adapter.keys())
        }
    }
}

/// Finds the venue: starts the embedded one, or reads the key for the one out there.
pub(super) async fn reach(
    route: &RouteConfig,
    traded: Vec<Traded>,
) -> Result<(Reached, Vec<Traded>), StartError> {
    match &route.venue.place {
        Place::Embedded { seed } => {
            // Short enough to be typed again.
            let seed = seed.unwrap_or_else(|| seed::fresh() % SEEDS);
            let adapter = Adapter::of(route)?;
            let traded = known(adapter, traded)?;
            let embedded = Embedded::start(adapter.embedded(), seed)
                .await
                .map_err(|error| super::machine(&error))?;
            let endpoint = Endpoint {
                rest: embedded.rest_url(),
                account_stream: embedded.ws_api_url(),
                market_stream: embedded.stream_url(),
            };
            let signer = adapter.fake_key()?;
            let reached = Reached { endpoint, signer, embedded: Some(embedded), seed: Some(seed) };
            Ok((reached, traded))
        }
        Place::Served(_) | Place::Remote { .. } => Ok((reach_out(route)?, traded)),
    }
}

/// Says what the instruments are made of.
fn known(adapter: &Adapter, traded: Vec<Traded>) -> Result<Vec<Traded>, StartError> {
    let listed = adapter.listed();
    let known = traded.into_iter().map(|one| {
        match listed.iter().find(|(symbol, ..)| symbol == one.symbol.as_str()) {
            Some((_, base, quote)) => {
                Ok(Traded { assets: Some((base.clone(), quote.clone())), ..one })
            }
            None => {
                let all: Vec<_> =
                    listed.iter().map(|(_, base, quote)| format!("{base}-{quote}")).collect();
                Err(StartError::NotListed { instrument: one.id, listed: all.join(", ") })
            }
        }
    });
    known.collect()
}
