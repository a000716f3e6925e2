//! A way to a market: an exchange, a login there, and the address we leave by.

use tradewind_model::id::EgressId;

use super::account::{AccountConfig, AccountSection};
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
    pub egress: EgressId,
}

impl Source<'_> {
    /// The way that `[venue]` and `[account]` say.
    pub(super) fn route(
        self,
        venue: VenueSection,
        account: AccountSection,
    ) -> Result<RouteConfig, ConfigError> {
        let venue = self.venue(venue)?;
        let account = self.account(account, &venue.adapter)?;
        let egress = EgressId::new("direct").expect("a short word is a name");
        Ok(RouteConfig { venue, account, egress })
    }
}
