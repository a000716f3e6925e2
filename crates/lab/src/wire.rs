//! How a world speaks with the venue it holds: whose codec, to which address, with which key.

use std::fmt;

use bytes::Bytes;
use tradewind_binance::BinanceSpot;
use tradewind_bitget::BitgetSpot;
use tradewind_model::call::Call;
use tradewind_model::id::VenueId;
use tradewind_simulator::venue::VenueConfig;
use tradewind_simulator::{binance, bitget};
use tradewind_venue::{EncodeError, Endpoint, Signer, Stamp, Venue};

/// All that hangs on which venue it is.
pub(crate) struct Wire {
    codec: Box<dyn Venue>,
    endpoint: Endpoint,
    signer: Signer,
}

impl Wire {
    /// The wire that a venue of this kind speaks.
    pub(crate) fn with(name: VenueId, venue: &VenueConfig) -> Self {
        match venue {
            VenueConfig::Binance(_) => Self {
                codec: Box::new(BinanceSpot::new(name)),
                endpoint: endpoint("ws://venue/ws-api/v3", "ws://venue"),
                signer: binance_key(),
            },
            VenueConfig::Bitget(_) => Self {
                codec: Box::new(BitgetSpot::new(name)),
                endpoint: endpoint("ws://venue/v2/ws/private", "ws://venue/v2/ws/public"),
                signer: bitget_key(),
            },
        }
    }

    pub(crate) fn codec(&self) -> &dyn Venue {
        &*self.codec
    }

    /// The key of the account that such a venue comes with.
    pub(crate) fn signer(&self) -> Signer {
        self.signer.clone()
    }

    /// The bytes of a call, to this venue.
    pub(crate) fn encode(
        &self,
        call: &Call,
        stamp: Stamp,
        signer: Option<&Signer>,
    ) -> Result<http::Request<Bytes>, EncodeError> {
        self.codec.encode(call, &self.endpoint, stamp, signer)
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

fn endpoint(account_stream: &str, market_stream: &str) -> Endpoint {
    Endpoint {
        rest: "http://venue".to_owned(),
        account_stream: account_stream.to_owned(),
        market_stream: market_stream.to_owned(),
    }
}

fn binance_key() -> Signer {
    use binance::fake::{API_KEY, API_SECRET};
    Signer::hmac_sha256(API_KEY, API_SECRET).expect("the fake key is letters and digits")
}

fn bitget_key() -> Signer {
    use bitget::fake::{API_KEY, API_SECRET, PASSPHRASE};
    let key = Signer::hmac_sha256(API_KEY, API_SECRET);
    let key = key.and_then(|key| key.with_passphrase(PASSPHRASE));
    key.expect("the fake key is letters and digits")
}
