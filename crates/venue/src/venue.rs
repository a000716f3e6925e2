//! The codec of one venue's wire.

use std::time::Duration;

use bytes::Bytes;
use tradewind_model::call::{Call, CallKind};
use tradewind_model::id::{CallId, InstrumentId, Symbol, VenueId};
use tradewind_model::lookup::Lookup;
use tradewind_model::manners::Manners;
use tradewind_model::outcome::Outcome;
use tradewind_model::report::OrderName;
use tradewind_model::stream::{StreamEvent, StreamKind};
use tradewind_model::tariff::Tariff;
use tradewind_model::time::Timestamp;

use crate::signer::Signer;

/// Where one endpoint of a venue is reached: the base URLs of its services, without a trailing
/// slash. They are configuration; an adapter knows only what comes after them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Of REST: `https://api.binance.com`.
    pub rest: String,
    /// Of the socket that carries the account's events: `wss://ws-api.binance.com:443/ws-api/v3`.
    pub account_stream: String,
    /// Of the sockets that carry market data: `wss://stream.binance.com:9443`.
    pub market_stream: String,
}

/// The moment a request is signed at, and for how long it is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The venue's clock, as well as it is known.
    pub venue_now: Timestamp,
    /// How late the venue may still accept the request, in whole milliseconds.
    pub recv_window: Duration,
}

/// Why a call has no bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The venue has nothing like it.
    #[error("{venue} offers no {kind:?}")]
    Unsupported {
        /// The venue.
        venue: VenueId,
        /// What was asked of it.
        kind: CallKind,
    },
    /// The call is signed, and the account has no key.
    #[error("{0:?} is signed and the account has no key; give it one or leave the call")]
    NeedsKey(CallKind),
    /// The call is signed, and the venue wants the passphrase of the key beside it.
    #[error(
        "{0:?} is signed with a passphrase and the key has none; configure the one that was \
             chosen when the key was made"
    )]
    NeedsPassphrase(CallKind),
    /// The venue offers the call, and not with this in it.
    #[error("{venue} offers no {what}; leave it out, or trade where it is offered")]
    NotOffered {
        /// The venue.
        venue: VenueId,
        /// What it does not offer.
        what: String,
    },
    /// Base URL and path do not make a URL.
    #[error("{url:?} is no URL: {problem}; mend the venue's base URLs in the configuration")]
    Url {
        /// What they made.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// Why a message from a stream says nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unreadable message ({problem}): {excerpt}")]
pub struct FrameError {
    /// What is wrong with it.
    pub problem: String,
    /// How it begins, shortened.
    pub excerpt: String,
    /// The order that it is about, where that much of it could be read.
    pub order: Option<Box<OrderName>>,
}

/// One venue's wire.
///
/// Implementations hold data only; every method is a function of its arguments.
pub trait Venue: Send + Sync {
    /// The venue's name, as configuration spells it.
    fn id(&self) -> VenueId;

    /// How the venue spells an instrument of ours: without the hyphens and in capitals, as both
    /// Binance and Bitget do. `BTC-USDT` and `BTCUSDT` are the same to it.
    fn symbol(&self, instrument: &InstrumentId) -> Symbol {
        Symbol::from(instrument.as_str().replace('-', "").to_uppercase())
    }

    /// Its limits before it has told them, and what its calls cost.
    fn tariff(&self) -> Tariff;

    /// For how long it proves nothing that the venue knows no such order.
    fn lookup(&self) -> Lookup;

    /// What it expects of those who hold its sockets and read its lists.
    fn manners(&self) -> Manners {
        Manners::default()
    }

    /// The bytes of a call: a REST request, or the handshake of a WebSocket for
    /// [`Call::OpenStream`]. What is signed is sent unchanged.
    ///
    /// # Errors
    /// When the venue has no such call, or no key was given for a signed one.
    fn encode(
        &self,
        call: &Call,
        endpoint: &Endpoint,
        stamp: Stamp,
        signer: Option<&Signer>,
    ) -> Result<http::Request<Bytes>, EncodeError>;

    /// What became of a call, by the answer to it. Total: whatever cannot be understood is a fate
    /// too, and never a panic.
    fn decode(
        &self,
        call: &Call,
        response: &http::Response<Bytes>,
        received_at: Timestamp,
    ) -> Outcome;

    /// The text of a control message on an open socket; `id` comes back with the answer.
    ///
    /// # Errors
    /// As for [`Venue::encode`].
    fn encode_frame(
        &self,
        id: CallId,
        call: &Call,
        stamp: Stamp,
        signer: Option<&Signer>,
    ) -> Result<String, EncodeError>;

    /// What a message on an open socket says.
    ///
    /// # Errors
    /// When it cannot be read; the socket is as good as before, and what the message may have
    /// said has to be asked for.
    fn decode_frame(
        &self,
        kind: StreamKind,
        text: &str,
        received_at: Timestamp,
    ) -> Result<StreamEvent, FrameError>;
}
