//! The venue that comes with us: inside of this process, or served by another.

use std::net::SocketAddr;

use tradewind_model::id::Asset;
use tradewind_model::lookup::Lookup;
use tradewind_simulator::binance::{BinanceConfig, embedded, fake};
use tradewind_simulator::server::Embedded;
use tradewind_venue::{Endpoint, Signer};

use super::StartError;
use crate::report::Traded;

/// Starts the venue, and says what the instruments are made of.
pub(super) async fn start(
    seed: u64,
    traded: Vec<Traded>,
) -> Result<(Embedded, Vec<Traded>), StartError> {
    let config = BinanceConfig::embedded();
    let symbols = &config.exchange.symbols;
    let mut known = Vec::new();
    for one in traded {
        let Some(listed) = symbols.iter().find(|listed| listed.symbol == one.symbol.as_str())
        else {
            let listed: Vec<_> =
                symbols.iter().map(|listed| format!("{}-{}", listed.base, listed.quote)).collect();
            let listed = listed.join(", ");
            return Err(StartError::NotListed { instrument: one.id, listed });
        };
        let assets = (Asset::new(&listed.base), Asset::new(&listed.quote));
        known.push(Traded { assets: Some(assets), ..one });
    }
    let started = Embedded::start(&config, seed).await;
    Ok((started.map_err(|error| super::machine(&error))?, known))
}

/// Where it is reached.
pub(super) fn endpoint(venue: &Embedded) -> Endpoint {
    Endpoint {
        rest: venue.rest_url(),
        account_stream: venue.ws_api_url(),
        market_stream: venue.stream_url(),
    }
}

/// Where one is reached that another process serves.
pub(super) fn served(at: SocketAddr) -> Endpoint {
    Endpoint {
        rest: format!("http://{at}"),
        account_stream: format!("ws://{at}/ws-api/v3"),
        market_stream: format!("ws://{at}"),
    }
}

/// For how long it proves nothing that it knows no such order. It does all at once, and promises
/// to: what is left is for this machine to be slow.
pub(super) fn lookup(whole: Lookup) -> Lookup {
    Lookup { processing_max: embedded::PROCESSING_MAX, lag_max: embedded::READ_LAG_MAX, ..whole }
}

/// The key of its one account. It opens nothing else.
pub(super) fn signer() -> Result<Signer, StartError> {
    Signer::hmac_sha256(fake::API_KEY, fake::API_SECRET)
        .map_err(|error| StartError::Key { variables: "the simulator".to_owned(), error })
}
