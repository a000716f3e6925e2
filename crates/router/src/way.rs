//! The three ways of failing over, which must not be confused.
//!
//! To confuse them is to trade twice, or to be banned for good. Another base URL of the same
//! account helps against a bad connection and against nothing else. Another account at the same
//! exchange helps where an account or an address is shut, if nothing of that account lives behind
//! the address that is shut; it does not help where the exchange itself is down. Another exchange
//! helps against everything. So each is a type of its own, which can only be made of what it
//! connects, and says itself when it is safe.
//!
//! There is no fourth: the same account by another address is no way at all. Addresses are there
//! for capacity and to keep trouble apart; to go on behind a ban by another door is how a ban of an
//! address becomes one of an account.

use serde::{Deserialize, Serialize};
use tradewind_engine::Route;
use tradewind_scheduler::{Outage, ScopeKey};

use crate::health::Cause;
use crate::routes::{Endpoint, Shared};

/// To another base URL of the same account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToEndpoint {
    route: Route,
    from: Endpoint,
    to: Endpoint,
}

impl ToEndpoint {
    /// From one endpoint of a route to another; none when they are the same.
    #[must_use]
    pub fn new(route: Route, from: &Endpoint, to: &Endpoint) -> Option<Self> {
        (from != to).then(|| Self { route, from: from.clone(), to: to.clone() })
    }

    /// Whose endpoints they are.
    #[must_use]
    pub const fn route(&self) -> Route {
        self.route
    }

    /// Where calls went.
    #[must_use]
    pub const fn from(&self) -> &Endpoint {
        &self.from
    }

    /// Where they go.
    #[must_use]
    pub const fn to(&self) -> &Endpoint {
        &self.to
    }

    /// Whether it may be gone while this stands against the route: only against a bad connection.
    /// What is shut is shut at each base URL, and a call to another one would be a call into a ban.
    #[must_use]
    pub const fn is_safe(cause: Option<&Cause>) -> bool {
        match cause {
            None => true,
            Some(Cause::Breaker { outage, .. }) => {
                matches!(outage, Outage::Transport | Outage::Timeout)
            }
            Some(Cause::Stale { .. }) => true,
            Some(Cause::Shut { .. } | Cause::Behind { .. } | Cause::Reconciling) => false,
        }
    }
}

/// To another account at the same exchange, with its own key and capital.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToSubAccount {
    from: Route,
    to: Route,
}

impl ToSubAccount {
    /// From one route to another; none unless they are two accounts of one exchange.
    #[must_use]
    pub fn new(from: Route, to: Route) -> Option<Self> {
        let shared = Shared::between(&from, &to);
        (shared.venue && !shared.account).then_some(Self { from, to })
    }

    /// Whether it helps against this. What is wrong with the account that is gone to is not asked
    /// here.
    #[must_use]
    pub fn is_safe(&self, cause: Option<&Cause>) -> bool {
        let by_another_address = self.from.egress != self.to.egress;
        match cause {
            // What moves because of itself (refused, never sent) may go to any account.
            None => true,
            Some(Cause::Shut { scope, .. } | Cause::Behind { scope, .. }) => match scope {
                ScopeKey::Egress(egress) | ScopeKey::Group(egress, _) => self.to.egress != *egress,
                ScopeKey::Account(account) | ScopeKey::NewOrders(account) => {
                    self.to.account != *account
                }
            },
            Some(Cause::Breaker { outage, .. }) => match outage {
                Outage::Transport | Outage::Timeout => by_another_address,
                // The exchange itself is down, for whoever asks.
                Outage::Server | Outage::Overload => false,
            },
            Some(Cause::Stale { .. } | Cause::Reconciling) => true,
        }
    }
}

/// To another exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToVenue {
    from: Route,
    to: Route,
}

impl ToVenue {
    /// From one route to another; none unless they are of two exchanges.
    #[must_use]
    pub fn new(from: Route, to: Route) -> Option<Self> {
        (!Shared::between(&from, &to).venue).then_some(Self { from, to })
    }

    /// Whether it helps against this: another exchange has limits, keys and servers of its own.
    #[must_use]
    pub fn is_safe(&self, cause: Option<&Cause>) -> bool {
        match cause {
            // A connection that fails may be the address's own fault, which is not known; the
            // other exchange's engine finds out for itself, without an order.
            None
            | Some(
                Cause::Shut { .. }
                | Cause::Behind { .. }
                | Cause::Breaker { .. }
                | Cause::Stale { .. }
                | Cause::Reconciling,
            ) => self.from.venue != self.to.venue,
        }
    }
}

/// A way for new intents from one route to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To another account at the same exchange.
    SubAccount(ToSubAccount),
    /// To another exchange.
    Venue(ToVenue),
}

impl Way {
    /// The way between two routes; none between two that are of one account.
    #[must_use]
    pub fn between(from: Route, to: Route) -> Option<Self> {
        let account = ToSubAccount::new(from, to).map(Self::SubAccount);
        account.or_else(|| ToVenue::new(from, to).map(Self::Venue))
    }

    /// Whether it helps against this, and harms nothing.
    #[must_use]
    pub fn is_safe(&self, cause: Option<&Cause>) -> bool {
        match self {
            Self::SubAccount(way) => way.is_safe(cause),
            Self::Venue(way) => way.is_safe(cause),
        }
    }
}
