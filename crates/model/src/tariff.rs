//! What a venue's calls cost, and the limits they are paid from, as data.
//!
//! An adapter publishes one [`Tariff`]; the engine prices every call with it, its own cancels and
//! queries included, without knowing the adapter. Limits are replaced by what the venue itself
//! says as soon as it has answered.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::call::{Call, CallKind};
use crate::stream::StreamKind;

/// A price in a limit's unit: request weight, requests, orders, messages.
pub type Weight = u32;

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitKind {
    /// The weight of requests, whatever their number.
    RequestWeight,
    /// Requests, whatever their weight.
    RawRequests,
    /// Orders placed.
    Orders,
    /// Attempts to open a WebSocket.
    Connections,
    /// Messages sent on one WebSocket.
    Messages,
    /// Calls of one kind, where a venue counts each path by itself; kinds that share a path are
    /// charged to the limit of one of them.
    Calls(CallKind),
}

impl LimitKind {
    /// The name in logs and tables; of a limit on one kind of call, the name of that kind.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RequestWeight => "request-weight",
            Self::RawRequests => "raw-requests",
            Self::Orders => "orders",
            Self::Connections => "connections",
            Self::Messages => "messages",
            Self::Calls(kind) => kind.name(),
        }
    }
}

/// Whose counter it is: everybody behind one address, one account wherever it calls from, or one
/// socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitScope {
    /// One counter for an IP address.
    Egress,
    /// One counter for an account.
    Account,
    /// One counter for a socket.
    Socket,
}

/// How the venue's windows lie in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alignment {
    /// On the calendar of UTC: the minute resets at :00 (Binance; rest-api.md, limits,
    /// read 2026-11).
    Calendar,
    /// Rolling, or unknown: any stretch of the interval's length must hold no more.
    Rolling,
}

/// One limit of a venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Limit {
    /// What is counted.
    pub kind: LimitKind,
    /// Whose counter it is.
    pub scope: LimitScope,
    /// Length of a window; never zero.
    pub interval: Duration,
    /// How the windows lie.
    pub alignment: Alignment,
    /// The most a window holds.
    pub capacity: Weight,
}

/// One entry of a [`Cost`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// Every limit of this kind is charged, whatever its interval.
    pub kind: LimitKind,
    /// How much when the call fails, and until it is known.
    pub weight: Weight,
    /// How much once it has succeeded. Order entry costs Binance's weight limit nothing then
    /// (since 2026-04-02; CHANGELOG.md, read 2026-11).
    pub weight_on_success: Weight,
}

impl Charge {
    /// A charge that is the same whether the call succeeds or fails.
    #[must_use]
    pub const fn fixed(kind: LimitKind, weight: Weight) -> Self {
        Self { kind, weight, weight_on_success: weight }
    }
}

/// What one call draws from each kind of limit. At most one charge a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// The charges, in no order that matters.
    pub charges: arrayvec::ArrayVec<Charge, 4>,
}

impl Cost {
    /// What is charged to limits of `kind` until the call's fate is known.
    #[must_use]
    pub fn weight(&self, kind: LimitKind) -> Weight {
        self.charges.iter().find(|charge| charge.kind == kind).map_or(0, |charge| charge.weight)
    }

    /// Adds a charge.
    ///
    /// # Panics
    /// When more than four kinds are charged: there are not that many for one call.
    #[must_use]
    pub fn and(mut self, charge: Charge) -> Self {
        self.charges.push(charge);
        self
    }
}

impl From<Charge> for Cost {
    fn from(charge: Charge) -> Self {
        Self::default().and(charge)
    }
}

/// What a parameter of a call does to its price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tier {
    /// Applies to every call of the kind.
    Always,
    /// Applies when the call asks for at most so many rows.
    RowsUpTo(u32),
    /// Applies when the call names a symbol.
    OneSymbol,
    /// Applies when the call names an order.
    OneOrder,
    /// Applies when the call opens a socket of this kind: they belong to different services.
    Stream(StreamKind),
}

impl Tier {
    fn applies_to(self, call: &Call) -> bool {
        match self {
            Self::Always => true,
            Self::RowsUpTo(most) => call.rows().is_some_and(|rows| rows <= most),
            Self::OneSymbol => call.symbol().is_some(),
            Self::OneOrder => call.names_an_order(),
            Self::Stream(wanted) => {
                matches!(call, Call::OpenStream { kind, .. } if *kind == wanted)
            }
        }
    }
}

/// One line of a price list: the first line whose kind and tier fit gives the price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceLine {
    /// Which calls.
    pub kind: CallKind,
    /// With which parameters.
    pub tier: Tier,
    /// For how much.
    pub cost: Cost,
}

/// A venue's limits and price list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tariff {
    /// The limits in force.
    pub limits: Vec<Limit>,
    /// The price list; the first line that fits counts, so narrow tiers come first.
    pub prices: Vec<PriceLine>,
}

impl Tariff {
    /// What a call costs; none when the venue does not offer it.
    #[must_use]
    pub fn cost(&self, call: &Call) -> Option<&Cost> {
        let kind = call.kind();
        self.prices
            .iter()
            .find(|line| line.kind == kind && line.tier.applies_to(call))
            .map(|line| &line.cost)
    }

    /// Takes over the limits that the venue itself named. A limit of a kind that the venue named
    /// is replaced as a whole; kinds that it was silent about keep their defaults.
    pub fn replace_limits(&mut self, told: &[Limit]) {
        self.limits.retain(|limit| !told.iter().any(|new| new.kind == limit.kind));
        self.limits.extend_from_slice(told);
        self.limits.sort_unstable();
    }
}

#[cfg(test)]
mod tests;
