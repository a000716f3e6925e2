//! The venue: which module answers which question.

use bytes::Bytes;
use tradewind_model::Timestamp;
use tradewind_model::call::Call;
use tradewind_model::id::{CallId, VenueId};
use tradewind_model::lookup::Lookup;
use tradewind_model::manners::Manners;
use tradewind_model::outcome::Outcome;
use tradewind_model::stream::{StreamEvent, StreamKind};
use tradewind_model::tariff::Tariff;
use tradewind_venue::{EncodeError, Endpoint, FrameError, Signer, Stamp, Venue};

use crate::{limits, reply, rest, stream};

/// Bitget spot, as classic accounts trade it: live, or with demo money.
///
/// Both have the same address; demo keys are keys of their own, and what they sign says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BitgetSpot {
    id: VenueId,
    money: Money,
}

/// What is traded with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Money {
    Live,
    Demo,
}

impl BitgetSpot {
    /// The venue under the name that configuration gives it: `bitget`.
    #[must_use]
    pub const fn new(id: VenueId) -> Self {
        Self { id, money: Money::Live }
    }

    /// The venue's demo trading under the name that configuration gives it: `bitget-demo`. Its
    /// sockets have an address of their own.
    #[must_use]
    pub const fn demo(id: VenueId) -> Self {
        Self { id, money: Money::Demo }
    }

    /// Whether a socket of an endpoint is one of the venue's for demo trading (demo trading, read
    /// 2026-11). An address of somebody's own in between is neither this nor live.
    #[must_use]
    pub fn has_demo_sockets(endpoint: &Endpoint) -> bool {
        has_socket_at(endpoint, "wspap.bitget.com")
    }

    /// Whether a socket of an endpoint is one of the venue's for trading with money.
    #[must_use]
    pub fn has_live_sockets(endpoint: &Endpoint) -> bool {
        ["ws.bitget.com", "vip-ws.bitget.com"].iter().any(|host| has_socket_at(endpoint, host))
    }
}

fn has_socket_at(endpoint: &Endpoint, host: &str) -> bool {
    [&endpoint.account_stream, &endpoint.market_stream].into_iter().any(|url| {
        let (_, behind) = url.split_once("://").unwrap_or_default();
        let named = behind.split(['/', ':', '?']).next().unwrap_or_default();
        named.eq_ignore_ascii_case(host)
    })
}

impl Default for BitgetSpot {
    /// The venue under the name `bitget`.
    fn default() -> Self {
        Self::new(VenueId::new("bitget").expect("six letters are a name"))
    }
}

impl Venue for BitgetSpot {
    fn id(&self) -> VenueId {
        self.id
    }

    fn tariff(&self) -> Tariff {
        limits::tariff()
    }

    fn lookup(&self) -> Lookup {
        limits::lookup()
    }

    fn manners(&self) -> Manners {
        limits::manners()
    }

    fn encode(
        &self,
        call: &Call,
        endpoint: &Endpoint,
        stamp: Stamp,
        signer: Option<&Signer>,
    ) -> Result<http::Request<Bytes>, EncodeError> {
        rest::encode(self.id, self.money, call, endpoint, stamp, signer)
    }

    fn decode(
        &self,
        call: &Call,
        response: &http::Response<Bytes>,
        received_at: Timestamp,
    ) -> Outcome {
        reply::decode(call, response, received_at)
    }

    fn encode_frame(
        &self,
        _id: CallId,
        call: &Call,
        stamp: Stamp,
        signer: Option<&Signer>,
    ) -> Result<String, EncodeError> {
        stream::encode_frame(self.id, call, stamp, signer)
    }

    fn decode_frame(
        &self,
        kind: StreamKind,
        text: &str,
        received_at: Timestamp,
    ) -> Result<StreamEvent, FrameError> {
        stream::decode_frame(kind, text, received_at)
    }
}

#[cfg(test)]
mod tests;
