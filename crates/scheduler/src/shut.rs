//! What the venue has told us to leave alone, and until when.
//!
//! Checked before everything else: while a scope is shut, not one byte leaves that it covers.

use std::collections::BTreeMap;
use std::fmt;

use tradewind_model::Timestamp;
use tradewind_model::call::EndpointGroup;
use tradewind_model::id::{AccountId, EgressId};
use tradewind_model::tariff::{Cost, LimitKind};

use crate::ticket::{Origin, Priority};

/// What can be shut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScopeKey {
    /// Everything that leaves by this address, handshakes and keep-alives included.
    Egress(EgressId),
    /// New orders of this account; its cancels and reads stay open.
    NewOrders(AccountId),
}

impl fmt::Display for ScopeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Egress(egress) => write!(f, "egress {egress}"),
            Self::NewOrders(account) => write!(f, "new orders of {account}"),
        }
    }
}

/// All scopes that are shut.
#[derive(Debug)]
pub(crate) struct ShutScopes {
    until: BTreeMap<ScopeKey, Timestamp>,
}

impl ShutScopes {
    pub(crate) const fn new() -> Self {
        Self { until: BTreeMap::new() }
    }

    /// Shuts `scope` until the later of `until` and what it was shut until before.
    pub(crate) fn shut(&mut self, now: Timestamp, scope: ScopeKey, until: Timestamp) {
        self.until.retain(|_, until| *until > now);
        let entry = self.until.entry(scope).or_insert(until);
        *entry = until.max(*entry);
    }

    /// Until when `scope` is shut; none when it is open.
    pub(crate) fn until(&self, now: Timestamp, scope: &ScopeKey) -> Option<Timestamp> {
        self.until.get(scope).copied().filter(|until| *until > now)
    }

    /// Until when a call may not leave; none when nothing that covers it is shut.
    pub(crate) fn covers(
        &self,
        now: Timestamp,
        origin: &Origin,
        is_new_order: bool,
    ) -> Option<Timestamp> {
        if self.until.is_empty() {
            return None;
        }
        let orders = origin
            .account
            .filter(|_| is_new_order)
            .and_then(|account| self.until(now, &ScopeKey::NewOrders(account)));
        self.until(now, &ScopeKey::Egress(origin.egress)).max(orders)
    }

    pub(crate) fn all(&self, now: Timestamp) -> Vec<(ScopeKey, Timestamp)> {
        self.until
            .iter()
            .filter(|(_, until)| **until > now)
            .map(|(scope, until)| (*scope, *until))
            .collect()
    }
}

/// Whether a call places an order: it draws on an order count, or, at a venue without one, it is
/// an order call that does not lower risk.
pub(crate) fn is_new_order(cost: &Cost, group: EndpointGroup, class: Priority) -> bool {
    cost.weight(LimitKind::Orders) > 0
        || (group == EndpointGroup::Orders && class == Priority::Trade)
}
