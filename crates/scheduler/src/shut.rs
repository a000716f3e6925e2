//! What the venue has told us to leave alone, and until when.
//!
//! Checked before everything else: while a scope is shut, not one byte leaves that it covers.

use std::collections::BTreeMap;
use std::fmt;

use tradewind_model::Timestamp;
use tradewind_model::call::EndpointGroup;
use tradewind_model::id::{AccountId, EgressId};
use tradewind_model::tariff::LimitKind;

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
