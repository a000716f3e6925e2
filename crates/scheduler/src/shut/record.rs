//! What is told of shut scopes, and kept of them across a restart.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tradewind_model::Timestamp;
use tradewind_model::call::EndpointGroup;
use tradewind_model::id::{AccountId, EgressId};

/// What can be shut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScopeKey {
    /// Everything that leaves by this address, handshakes and keep-alives included.
    Egress(EgressId),
    /// Everything that is signed for this account, its cancels included.
    Account(AccountId),
    /// New orders of this account; its cancels and reads stay open.
    NewOrders(AccountId),
    /// One group of endpoints, as called by this address: for venues that limit them apart and do
    /// not say which limit was hit.
    Group(EgressId, EndpointGroup),
}

impl fmt::Display for ScopeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Egress(egress) => write!(f, "egress {egress}"),
            Self::Account(account) => write!(f, "account {account}"),
            Self::NewOrders(account) => write!(f, "new orders of {account}"),
            Self::Group(egress, group) => write!(f, "{group:?} calls of {egress}"),
        }
    }
}

/// Why a scope is shut; the graver of two is the later one here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShutReason {
    /// A limit turned a call away.
    Throttled,
    /// An earlier life may have been told to stay away, and what it noted of that is lost.
    Forgotten,
    /// The venue's edge refused us: status 403 without words of the venue's own.
    Edge,
    /// The venue has banned us.
    Banned,
    /// The venue does not accept our key or signature. Trying again would look like an attack, so
    /// a person must look first.
    Auth,
}

impl ShutReason {
    /// How long to stay away when the venue names no time, the first time; doubled each time
    /// after that until the scope has opened again. None for what only a person ends.
    pub(super) const fn usual(self) -> Option<Duration> {
        match self {
            // The longest of the common windows.
            Self::Throttled | Self::Forgotten => Some(Duration::from_secs(60)),
            Self::Edge => Some(Duration::from_secs(300)),
            // Bans begin at two minutes (Binance: rest-api.md, IP limits, read 2026-11).
            Self::Banned => Some(Duration::from_secs(120)),
            Self::Auth => None,
        }
    }

    /// Whether one call must have gone well before others follow.
    #[must_use]
    pub const fn needs_probe(self) -> bool {
        match self {
            Self::Throttled => false,
            Self::Forgotten | Self::Edge | Self::Banned | Self::Auth => true,
        }
    }
}

impl fmt::Display for ShutReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Throttled => "a limit turned a call away",
            Self::Forgotten => "what an earlier life was told is lost",
            Self::Edge => "the venue's edge refused a call",
            Self::Banned => "banned by the venue",
            Self::Auth => "the venue refused our key",
        })
    }
}

/// How a scope stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeState {
    /// Nothing holds calls back.
    Open,
    /// Nothing leaves.
    Shut {
        /// Why.
        reason: ShutReason,
        /// Since when.
        since: Timestamp,
        /// Until when; with none, until a person clears it.
        until: Option<Timestamp>,
    },
    /// Nothing leaves but one probe.
    Probing {
        /// Why it was shut.
        reason: ShutReason,
        /// Since when it was.
        since: Timestamp,
    },
    /// What was held up leaves slowly.
    Ramp {
        /// Until when.
        until: Timestamp,
    },
}

/// A shut scope, as it outlives the process: a restart ten seconds into a ban stays silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShutRecord {
    /// What is shut.
    pub scope: ScopeKey,
    /// Why.
    pub reason: ShutReason,
    /// Since when.
    pub since: Timestamp,
    /// Until when; none for until a person clears it.
    pub until: Option<Timestamp>,
    /// How often it was shut since it was last open.
    pub strikes: u32,
}
