//! Bitget spot.

use std::sync::Arc;

use tradewind_bitget::BitgetSpot;
use tradewind_runtime::config::{Funds, Place, VenueConfig};
use tradewind_simulator::bitget::{BitgetConfig, embedded, fake};
use tradewind_venue::{Signer, Venue};

use super::{Adapter, KeyKinds, Simulated};

pub(super) const ADAPTER: Adapter = Adapter {
    name: "bitget",
    keys: KeyKinds { ed25519: false, rsa: true, wants_phrase: true },
    venue,
    simulated,
};

fn venue(config: &VenueConfig) -> Result<Arc<dyn Venue>, String> {
    let (endpoint, funds) = match &config.place {
        Place::Embedded { .. } | Place::Served(_) => {
            return Ok(Arc::new(BitgetSpot::new(config.name)));
        }
        Place::Remote { endpoint, funds } => (endpoint, funds),
    };
    match funds {
        // A bot that was meant for a demo would trade with money, or the other way round.
        Funds::Real if BitgetSpot::has_demo_sockets(endpoint) => {
            Err("the sockets of venue.endpoint are those of demo trading; add funds = \"demo\" \
                 there, or take the addresses from config/bitget.toml"
                .to_owned())
        }
        Funds::Demo if BitgetSpot::has_live_sockets(endpoint) => Err(
            "venue.endpoint.funds is \"demo\" and the sockets are those of live trading; leave \
                 funds out, or take the addresses from config/bitget-demo.toml"
                .to_owned(),
        ),
        Funds::Real => Ok(Arc::new(BitgetSpot::new(config.name))),
        Funds::Demo => Ok(Arc::new(BitgetSpot::demo(config.name))),
    }
}

fn simulated() -> Simulated {
    Simulated {
        config: BitgetConfig::embedded().into(),
        key: Signer::hmac_sha256(fake::API_KEY, fake::API_SECRET)
            .and_then(|key| key.with_passphrase(fake::PASSPHRASE)),
        processing_max: embedded::PROCESSING_MAX,
        lag_max: embedded::READ_LAG_MAX,
        account_path: "/v2/ws/private",
        market_path: "/v2/ws/public",
    }
}
