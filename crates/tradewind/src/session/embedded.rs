//! The venue inside of the process.

use tradewind_model::id::Asset;
use tradewind_simulator::binance::{BinanceConfig, fake};
use tradewind_simulator::server::Embedded;
use tradewind_venue::{Endpoint, Signer};

use super::StartError;
use crate::report::Traded;

/// Starts the venue, and says what the instruments are made of.
///
/// It keeps no list of arrivals: that is for tests, and a run may be long.
pub(super) async fn start(
    seed: u64,
    traded: Vec<Traded>,
) -> Result<(Embedded, Vec<Traded>), StartError> {
    let mut config = BinanceConfig::default();
    config.front.arrivals_max = 0;
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
pub(super) fn endpoint(embedded: &Embedded) -> Endpoint {
    Endpoint {
        rest: embedded.rest_url(),
        account_stream: embedded.ws_api_url(),
        market_stream: embedded.stream_url(),
    }
}

/// The key of its one account. It opens nothing else.
pub(super) fn signer() -> Result<Signer, StartError> {
    Signer::hmac_sha256(fake::API_KEY, fake::API_SECRET)
        .map_err(|error| StartError::Key { variables: "the simulator".to_owned(), error })
}
