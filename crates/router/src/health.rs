//! What is known of each route, from what it was told.
//!
//! A fold and nothing else: news go in with the time, and whether a route can be used comes out.
//! Nothing here opens by the passing of time. The moment that a venue names is the earliest at
//! which somebody may ask; that the door is open is known when a call has come back, and that is
//! for the route's engine to say.
//!
//! What is shut is shut for an exchange and not for a route: all routes of the exchange that leave
//! by the same address, or sign for the same account, share it. And a route whose account lives
//! behind a shut address as well, by another route, is as silent as that one.

use std::collections::BTreeMap;
use std::time::Duration;

use tradewind_engine::Route;
use tradewind_model::Timestamp;
use tradewind_model::call::EndpointGroup;
use tradewind_model::id::VenueId;
use tradewind_scheduler::{Outage, ScopeKey, ShutReason};

use crate::decision::Reason;
use crate::routes::Routes;

/// How long a route may take to be live for the first time. Those that start side by side are
/// ready one after the other, and none of them is to be left for that.
const STARTING: Duration = Duration::from_secs(30);

/// News of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// The venue has shut something that the route uses, or shut it for longer.
    Shut {
        /// What.
        scope: ScopeKey,
        /// Until when, at the earliest; none for until a person clears it.
        until: Option<Timestamp>,
        /// Why.
        reason: ShutReason,
    },
    /// A call has gone well there: it is open.
    Opened {
        /// What.
        scope: ScopeKey,
    },
    /// What keeps failing is left alone for a while.
    BreakerOpen {
        /// Which calls.
        group: EndpointGroup,
        /// How they fail.
        outage: Outage,
    },
    /// They go well again.
    BreakerClosed {
        /// Which calls.
        group: EndpointGroup,
    },
    /// Something may have happened that is not known yet.
    Stale {
        /// Why.
        reason: String,
    },
    /// Everything that happened is known.
    Live,
    /// A connection to the endpoint in use could not be had, or broke.
    TransportFault,
}

/// What stands against a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The venue has shut it.
    Shut {
        /// What of it.
        scope: ScopeKey,
        /// Why.
        why: ShutReason,
        /// Until when, at the earliest.
        until: Option<Timestamp>,
    },
    /// Its account lives behind a shut address by another route.
    Behind {
        /// What is shut.
        scope: ScopeKey,
        /// The other route.
        route: Route,
    },
    /// Orders, or questions about them, keep failing.
    Breaker {
        /// Which calls.
        group: EndpointGroup,
        /// How.
        outage: Outage,
    },
    /// What it tells is not up to date.
    Stale {
        /// Why.
        reason: String,
    },
    /// It has opened, and what rests there is not known yet.
    Reconciling,
}

impl Cause {
    /// Whether the venue, rather than the way to it, says no.
    #[must_use]
    pub const fn is_shut(&self) -> bool {
        match self {
            Self::Shut { .. } | Self::Behind { .. } => true,
            Self::Breaker { .. } | Self::Stale { .. } | Self::Reconciling => false,
        }
    }

    /// The same, as it is written down.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::Shut { scope, why, until } => {
                Reason::Shut { scope: *scope, why: *why, until: *until }
            }
            Self::Behind { scope, route } => Reason::Behind { scope: *scope, route: *route },
            Self::Breaker { group, outage } => {
                Reason::Breaker { group: *group, outage: format!("{outage:?}").to_lowercase() }
            }
            Self::Stale { reason } => Reason::Stale(reason.clone()),
            Self::Reconciling => Reason::Reconciling,
        }
    }
}

/// What is known of all routes.
#[derive(Clone, Debug)]
pub struct Health {
    routes: Routes,
    patience: Duration,
    shut: BTreeMap<(VenueId, ScopeKey), Shut>,
    conditions: BTreeMap<Route, Condition>,
    /// When something was first heard of any of them.
    begun_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug)]
struct Shut {
    why: ShutReason,
    until: Option<Timestamp>,
}

#[derive(Clone, Debug, Default)]
struct Condition {
    breakers: BTreeMap<EndpointGroup, Outage>,
    stale: Option<(Timestamp, String)>,
    /// Whether it was ever live.
    has_been_live: bool,
    reconciling: bool,
    /// Since when nothing at all stands against it.
    healthy_since: Option<Timestamp>,
}

impl Health {
    /// Routes of which nothing is known: none can be used before it is told to be live. `patience`
    /// is how long one that is stale may still be used: an engine denies what it must, and most
    /// gaps are over before anybody should care.
    #[must_use]
    pub fn new(routes: &Routes, patience: Duration) -> Self {
        let begin = || Condition {
            stale: Some((Timestamp::EPOCH, "it has not been live yet".to_owned())),
            ..Condition::default()
        };
        let conditions = routes.names().map(|route| (route, begin())).collect();
        let (routes, shut) = (routes.clone(), BTreeMap::new());
        Self { routes, patience, shut, conditions, begun_at: None }
    }

    /// Takes news of a route; those of a route that is not configured change nothing. What comes
    /// back are the routes that were shut and are so no more, and must be reconciled.
    pub fn tell(&mut self, now: Timestamp, route: Route, news: News) -> Vec<Route> {
        self.begun_at.get_or_insert(now);
        let before: Vec<Route> =
            self.routes.names().filter(|route| self.shut_for(route).is_some()).collect();
        let Some(condition) = self.conditions.get_mut(&route) else { return Vec::new() };
        match news {
            News::Shut { scope, until, reason } => {
                let told = Shut { why: reason, until };
                let shut = self.shut.entry((route.venue, scope)).or_insert(told);
                // Of two the graver and the later is true; without an end is later than any.
                shut.why = shut.why.max(reason);
                shut.until = match (shut.until, until) {
                    (Some(one), Some(other)) => Some(one.max(other)),
                    (None, _) | (_, None) => None,
                };
            }
            News::Opened { scope } => {
                self.shut.remove(&(route.venue, scope));
            }
            News::BreakerOpen { group, outage } => {
                condition.breakers.insert(group, outage);
            }
            News::BreakerClosed { group } => {
                condition.breakers.remove(&group);
            }
            News::Stale { reason } => {
                condition.stale.get_or_insert((now, reason));
            }
            News::Live => (condition.stale, condition.has_been_live) = (None, true),
            News::TransportFault => {}
        }
        let opened: Vec<Route> =
            before.into_iter().filter(|route| self.shut_for(route).is_none()).collect();
        for route in &opened {
            if let Some(condition) = self.conditions.get_mut(route) {
                condition.reconciling = true;
            }
        }
        self.fold(now);
        opened
    }

    /// What rests on a route is known again. Says whether that had been asked for.
    pub fn reconciled(&mut self, now: Timestamp, route: Route) -> bool {
        let Some(condition) = self.conditions.get_mut(&route) else { return false };
        let was_asked = std::mem::take(&mut condition.reconciling);
        self.fold(now);
        was_asked
    }

    /// What stands against new intents by a route, the gravest first; none when it can be used.
    #[must_use]
    pub fn trouble(&self, now: Timestamp, route: &Route) -> Option<Cause> {
        if let Some(cause) = self.shut_for(route) {
            return Some(cause);
        }
        let Some(condition) = self.conditions.get(route) else {
            return Some(Cause::Stale { reason: "it is not configured".to_owned() });
        };
        if condition.reconciling {
            return Some(Cause::Reconciling);
        }
        // What fails for public calls or streams alone makes the route stale if it matters.
        let trading = [EndpointGroup::Orders, EndpointGroup::Private];
        if let Some((group, outage)) =
            trading.iter().find_map(|group| Some((*group, *condition.breakers.get(group)?)))
        {
            return Some(Cause::Breaker { group, outage });
        }
        let (since, reason) = condition.stale.as_ref()?;
        (now >= *since + self.patience).then(|| Cause::Stale { reason: reason.clone() })
    }

    /// Whether new intents may go by it.
    #[must_use]
    pub fn is_usable(&self, now: Timestamp, route: &Route) -> bool {
        self.trouble(now, route).is_none()
    }

    /// Whether a route may still be on its way to its first live moment: so soon after the beginning
    /// that is no trouble of its venue's.
    #[must_use]
    pub fn is_starting(&self, now: Timestamp, route: &Route) -> bool {
        let is_new = self.conditions.get(route).is_some_and(|one| !one.has_been_live);
        is_new && self.shut_for(route).is_none() && self.starts_until().is_none_or(|at| now < at)
    }

    /// Until when routes may be starting; none before anything was heard.
    #[must_use]
    pub fn starts_until(&self) -> Option<Timestamp> {
        self.begun_at.map(|begun| begun + STARTING)
    }

    /// Since when nothing at all stands against a route, not even what is borne for a while.
    #[must_use]
    pub fn healthy_since(&self, route: &Route) -> Option<Timestamp> {
        self.conditions.get(route)?.healthy_since
    }

    /// Why a route is shut: itself, or its account at another address.
    #[must_use]
    pub fn shut_for(&self, route: &Route) -> Option<Cause> {
        if let Some((scope, shut)) = self.shut_itself(route) {
            return Some(Cause::Shut { scope, why: shut.why, until: shut.until });
        }
        let others = self.routes.of_account(*route).filter(|other| other != route);
        others
            .filter_map(|other| Some((other, self.shut_itself(&other)?.0)))
            .map(|(other, scope)| Cause::Behind { scope, route: other })
            .next()
    }

    /// The next moment at which a route that is borne with is so no more.
    #[must_use]
    pub fn wakeup(&self, now: Timestamp) -> Option<Timestamp> {
        let stale = self.conditions.values().filter_map(|condition| condition.stale.as_ref());
        let borne = stale.map(|(since, _)| *since + self.patience);
        borne.chain(self.starts_until()).filter(|at| *at > now).min()
    }

    fn shut_itself(&self, route: &Route) -> Option<(ScopeKey, Shut)> {
        let shut = self.shut.iter().filter(|((venue, _), _)| *venue == route.venue);
        let its = shut.filter(|((_, scope), _)| is_used_by(scope, route));
        its.max_by_key(|(_, shut)| (shut.until.is_none(), shut.until, shut.why))
            .map(|((_, scope), shut)| (*scope, *shut))
    }

    fn fold(&mut self, now: Timestamp) {
        for route in self.routes.names() {
            let is_shut = self.shut_for(&route).is_some();
            let Some(condition) = self.conditions.get_mut(&route) else { continue };
            let is_healthy = !is_shut
                && !condition.reconciling
                && condition.stale.is_none()
                && condition.breakers.is_empty();
            condition.healthy_since =
                if is_healthy { condition.healthy_since.or(Some(now)) } else { None };
        }
    }
}

/// Whether what is sent by a route comes through this.
fn is_used_by(scope: &ScopeKey, route: &Route) -> bool {
    match scope {
        ScopeKey::Egress(egress) => route.egress == *egress,
        ScopeKey::Account(account) | ScopeKey::NewOrders(account) => route.account == *account,
        ScopeKey::Group(egress, EndpointGroup::Orders | EndpointGroup::Private) => {
            route.egress == *egress
        }
        // No order goes there; the route is stale when it misses what does.
        ScopeKey::Group(_, EndpointGroup::Public | EndpointGroup::Streams) => false,
    }
}

#[cfg(test)]
mod tests;
