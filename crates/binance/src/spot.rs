//! The venue: which module answers which question.

use bytes::Bytes;
use tradewind_model::Timestamp;
use tradewind_model::call::Call;
use tradewind_model::id::{CallId, VenueId};
use tradewind_model::lookup::Lookup;
use tradewind_model::outcome::Outcome;
use tradewind_model::stream::{StreamEvent, StreamKind};
use tradewind_model::tariff::Tariff;
use tradewind_venue::{EncodeError, Endpoint, FrameError, Signer, Stamp, Venue};

use crate::{limits, reply, rest, stream};

/// Binance spot: production, testnet and demo mode alike, which differ in their base URLs only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BinanceSpot {
    id: VenueId,
}

impl BinanceSpot {
    /// The venue under the name that configuration gives it: `binance`, `binance-testnet`.
    #[must_use]
    pub const fn new(id: VenueId) -> Self {
        Self { id }
    }
}

impl Default for BinanceSpot {
    /// The venue under the name `binance`.
    fn default() -> Self {
        Self::new(VenueId::new("binance").expect("seven letters are a name"))
    }
}

impl Venue for BinanceSpot {
    fn id(&self) -> VenueId {
        self.id
    }

    fn tariff(&self) -> Tariff {
        limits::tariff()
    }

    fn lookup(&self) -> Lookup {
        limits::lookup()
    }

    fn encode(
        &self,
        call: &Call,
        endpoint: &Endpoint,
        stamp: Stamp,
        signer: Option<&Signer>,
    ) -> Result<http::Request<Bytes>, EncodeError> {
        rest::encode(self.id, call, endpoint, stamp, signer)
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
        id: CallId,
        call: &Call,
        stamp: Stamp,
        signer: Option<&Signer>,
    ) -> Result<String, EncodeError> {
        stream::encode_frame(self.id, id, call, stamp, signer)
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
