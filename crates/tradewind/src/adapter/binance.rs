//! Binance spot.

use std::sync::Arc;

use tradewind_binance::BinanceSpot;
use tradewind_runtime::config::{Funds, Place, VenueConfig};
use tradewind_simulator::binance::{BinanceConfig, embedded, fake};
use tradewind_venue::{Signer, Venue};

use super::{Adapter, KeyKinds, Simulated};

pub(super) const ADAPTER: Adapter = Adapter {
    name: "binance",
    keys: KeyKinds { ed25519: true, rsa: true, wants_phrase: false },
    venue,
    simulated,
};

fn venue(config: &VenueConfig) -> Result<Arc<dyn Venue>, String> {
    match &config.place {
        Place::Remote { funds: Funds::Demo, .. } => {
            Err("venue.endpoint.funds is \"demo\", and this venue's demo trading has addresses of \
                 its own; leave it out, and take them from config/binance-demo.toml"
                .to_owned())
        }
        Place::Remote { funds: Funds::Real, .. } | Place::Embedded { .. } | Place::Served(_) => {
            Ok(Arc::new(BinanceSpot::new(config.name)))
        }
    }
}

fn simulated() -> Simulated {
    Simulated {
        config: BinanceConfig::embedded().into(),
        key: Signer::hmac_sha256(fake::API_KEY, fake::API_SECRET),
        processing_max: embedded::PROCESSING_MAX,
        lag_max: embedded::READ_LAG_MAX,
        account_path: "/ws-api/v3",
        market_path: "",
    }
}
