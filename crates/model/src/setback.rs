//! What a strategy asked for, about an order that lives or lived, and did not get.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{ClientOrderId, InstrumentId};
use crate::money::Quantity;
use crate::order::Denied;

/// Something that leaves a strategy with less than it may think it has: an order that is gone, or
/// that is as it was before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setback {
    /// An order is gone, and what was to come in its stead is not there.
    Unreplaced {
        /// Of what.
        instrument: InstrumentId,
        /// The order that is gone.
        gone: ClientOrderId,
        /// The order that was to come in its stead.
        wanted: ClientOrderId,
        /// How much the first had left to trade.
        left: Quantity,
        /// Whether the first was there to stop a loss: then nothing stops it any more.
        was_protection: bool,
        /// Why the second did not come.
        reason: String,
    },
    /// An order that was there to stop a loss has ended, or both of a pair have, though nobody
    /// here asked for that and not all of it has traded.
    Unprotected {
        /// Of what.
        instrument: InstrumentId,
        /// Which order; of a pair, the one that stops the loss.
        client_order_id: ClientOrderId,
        /// How much has not traded.
        left: Quantity,
        /// Why it ended, in the venue's words where it has any.
        reason: String,
    },
    /// An order has the quantity that it had before.
    NotAmended {
        /// Which order.
        client_order_id: ClientOrderId,
        /// The quantity that it was to be lowered to.
        wanted: Quantity,
        /// Why it was not.
        why: Denied,
    },
}

impl Setback {
    /// Whether a loss that was to be stopped is not any more.
    #[must_use]
    pub const fn loses_protection(&self) -> bool {
        match self {
            Self::Unreplaced { was_protection, .. } => *was_protection,
            Self::Unprotected { .. } => true,
            Self::NotAmended { .. } => false,
        }
    }
}

impl fmt::Display for Setback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreplaced { instrument, gone, wanted, left, was_protection, reason } => {
                let what = if *was_protection { "stop" } else { "order" };
                write!(
                    f,
                    "{what} {gone} on {instrument} is gone with {left} untraded, and {wanted} did \
                     not come in its stead: {reason}"
                )
            }
            Self::Unprotected { instrument, client_order_id, left, reason } => write!(
                f,
                "stop {client_order_id} on {instrument} has ended unasked with {left} untraded: \
                 {reason}"
            ),
            Self::NotAmended { client_order_id, wanted, why } => {
                write!(f, "order {client_order_id} was not lowered to {wanted}: {why}")
            }
        }
    }
}
