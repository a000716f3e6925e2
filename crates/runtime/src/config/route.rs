//! A way to a market: an exchange, a login there, and the address we leave by.

use serde::Deserialize;
use tradewind_model::id::VenueId;

use super::account::{AccountConfig, AccountSection};
use super::egress::{EgressConfig, EgressSection};
use super::source::{ConfigError, Source};
use super::venue::{VenueConfig, VenueSection};

/// A way to a market. Whatever reaches a venue takes one of these and not the configuration, so
/// that it does not matter how many there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteConfig {
    /// The exchange.
    pub venue: VenueConfig,
    /// The login.
    pub account: AccountConfig,
    /// The address we leave by.
    pub egress: EgressConfig,
}

impl RouteConfig {
    /// Whether a venue counts what is sent by either of two against the same limits: those of an
    /// address, or of an account.
    #[must_use]
    pub fn shares_limits_with(&self, other: &Self) -> bool {
        self.venue.name == other.venue.name
            && (self.egress.name == other.egress.name || self.account.name == other.account.name)
    }

    /// What is wrong with having both of two.
    pub(super) fn contradicts(&self, other: &Self) -> Option<String> {
        let name: VenueId = self.venue.name;
        if name != other.venue.name {
            return None;
        }
        if self.venue.adapter != other.venue.adapter {
            return Some(format!(
                "venue {name} has two adapters; give the two venues names of their own"
            ));
        }
        if self.venue.place.is_inside() || other.venue.place.is_inside() {
            return Some(format!(
                "venue {name} is inside of this process, where each route has one of its own; \
                 give them names of their own"
            ));
        }
        self.egress.contradicts(&other.egress)
    }
}

/// A further way, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RouteSection {
    pub(super) venue: VenueSection,
    #[serde(default)]
    pub(super) account: AccountSection,
    #[serde(default)]
    pub(super) egress: EgressSection,
}

impl Source<'_> {
    /// The way that `[venue]`, `[account]` and `[egress]` say.
    pub(super) fn route(
        self,
        venue: VenueSection,
        account: AccountSection,
        egress: EgressSection,
    ) -> Result<RouteConfig, ConfigError> {
        let venue = self.venue(venue)?;
        let account = self.account(account, &venue.adapter)?;
        let egress = self.egress(egress)?;
        Ok(RouteConfig { venue, account, egress })
    }
}
