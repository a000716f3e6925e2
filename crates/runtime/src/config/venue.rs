//! `[venue]`: the exchange, and how it is reached.

use std::net::SocketAddr;

use serde::Deserialize;
use tradewind_model::id::VenueId;
use tradewind_venue::Endpoint;

use super::source::{ConfigError, Source};

/// Base URLs of one venue at the most: no venue names as many.
const BASE_URLS_MAX: usize = 16;

/// The exchange, and how it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VenueConfig {
    /// Its name in logs and ids.
    pub name: VenueId,
    /// Which wire it speaks, by the name of an adapter.
    pub adapter: String,
    /// Where it is.
    pub place: Place,
    /// Further base URLs of the same venue, by which the same account is reached when the first
    /// ones cannot be connected to.
    pub base_urls: Vec<Endpoint>,
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
    Remote {
        /// Its base URLs.
        endpoint: Endpoint,
        /// What is traded with there.
        funds: Funds,
    },
}

/// What is traded with, where a venue serves real and demo accounts at one address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Funds {
    /// Whatever the address is for: money, unless it is a test network's.
    #[default]
    Real,
    /// A demo account's, by a key that is good for nothing else.
    Demo,
}

impl Place {
    /// Whether it is simulated: on this machine, for no money, and nobody else calls it.
    #[must_use]
    pub const fn is_simulated(&self) -> bool {
        match self {
            Self::Embedded { .. } | Self::Served(_) => true,
            Self::Remote { .. } => false,
        }
    }

    /// Whether it is in this process.
    #[must_use]
    pub const fn is_inside(&self) -> bool {
        match self {
            Self::Embedded { .. } => true,
            Self::Served(_) | Self::Remote { .. } => false,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VenueSection {
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
    #[serde(default)]
    funds: Funds,
    #[serde(default)]
    base_urls: Vec<BaseUrls>,
}

/// Further base URLs; those that are not named are as before.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BaseUrls {
    rest: String,
    account_stream: Option<String>,
    market_stream: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EmbeddedSection {
    seed: Option<u64>,
    at: Option<String>,
}

impl<'t> Source<'t> {
    /// The exchange, which is at exactly one place.
    pub(super) fn venue(self, section: VenueSection) -> Result<VenueConfig, ConfigError> {
        let VenueSection { name, adapter, endpoint, embedded } = section;
        let (place, base_urls) = match (endpoint, embedded) {
            (Some(endpoint), None) => self.endpoint(endpoint)?,
            (None, Some(embedded)) => (self.embedded(&embedded)?, Vec::new()),
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
        Ok(VenueConfig { name, adapter, place, base_urls })
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

    fn endpoint(self, section: EndpointSection) -> Result<(Place, Vec<Endpoint>), ConfigError> {
        let EndpointSection { rest, account_stream, market_stream, funds, base_urls } = section;
        let first = Endpoint { rest, account_stream, market_stream };
        self.urls("venue.endpoint", &first)?;
        let mut further: Vec<Endpoint> = Vec::new();
        for BaseUrls { rest, account_stream, market_stream } in base_urls {
            let endpoint = Endpoint {
                rest,
                account_stream: account_stream.unwrap_or_else(|| first.account_stream.clone()),
                market_stream: market_stream.unwrap_or_else(|| first.market_stream.clone()),
            };
            self.urls("venue.endpoint.base_urls", &endpoint)?;
            let mut known = std::iter::once(&first).chain(&further);
            if known.any(|known| known.rest == endpoint.rest) {
                let message = format!(
                    "venue.endpoint.base_urls names {} twice; name each base URL once",
                    endpoint.rest
                );
                return Err(self.error(None, message));
            }
            further.push(endpoint);
        }
        if further.len() >= BASE_URLS_MAX {
            let message = format!(
                "venue.endpoint has {} base_urls; keep fewer than {BASE_URLS_MAX}",
                further.len()
            );
            return Err(self.error(None, message));
        }
        Ok((Place::Remote { endpoint: first, funds }, further))
    }

    fn urls(self, section: &str, endpoint: &Endpoint) -> Result<(), ConfigError> {
        let urls = [
            ("rest", &endpoint.rest, ["https://", "http://"]),
            ("account_stream", &endpoint.account_stream, ["wss://", "ws://"]),
            ("market_stream", &endpoint.market_stream, ["wss://", "ws://"]),
        ];
        for (key, url, schemes) in urls {
            let is_whole = schemes
                .iter()
                .any(|scheme| url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
            if !is_whole || url.ends_with('/') {
                let message = format!(
                    "{section}.{key} is {url:?}; it begins with {} and has no slash at its end",
                    schemes[0]
                );
                return Err(self.error(None, message));
            }
        }
        Ok(())
    }
}
