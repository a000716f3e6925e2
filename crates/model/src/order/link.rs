//! How orders belong together.

use serde::{Deserialize, Serialize};

use crate::id::ClientOrderId;

/// How an order came to be asked for: alone, or together with another.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// By itself.
    #[default]
    Alone,
    /// With another of which at most one trades: one request placed both, and what cancels one of
    /// them cancels both.
    Half {
        /// Our name of the pair.
        pair: ClientOrderId,
        /// The other half.
        other: ClientOrderId,
    },
    /// In the stead of another, which was to be gone first.
    Instead {
        /// Of which.
        of: ClientOrderId,
    },
}

impl Link {
    /// The other half of a pair, and our name of the pair.
    #[must_use]
    pub const fn half(self) -> Option<(ClientOrderId, ClientOrderId)> {
        match self {
            Self::Half { pair, other } => Some((pair, other)),
            Self::Alone | Self::Instead { .. } => None,
        }
    }

    /// The order in whose stead it came.
    #[must_use]
    pub const fn instead_of(self) -> Option<ClientOrderId> {
        match self {
            Self::Instead { of } => Some(of),
            Self::Alone | Self::Half { .. } => None,
        }
    }
}
