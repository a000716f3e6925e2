//! Asking the venue what is open, without trading there.
//!
//! It goes the way of every other request, through a scheduler that heeds what is noted as shut; but
//! no strategy lives in this engine, no name of an order is its own, and it cancels nothing when it
//! ends. So it can be asked beside a bot whose orders it sees.

use std::collections::BTreeSet;
use std::time::Duration;

use tradewind_engine::{Identity, OnFailure, StrategySetup};
use tradewind_model::call::Call;
use tradewind_model::id::{ClientOrderIds, InstrumentId, StrategyId, Symbol};
use tradewind_model::outcome::Reply;
use tradewind_model::report::ExecutionReport;
use tradewind_model::trading::TradingLimits;
use tradewind_runtime::{Ask, Clock, Config, Desk, End, Setup};

use super::Books;
use crate::adapter::Adapter;
use crate::session::{self, kept};

/// How long the venue may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the engine is waited for afterwards.
const GOODBYE_MAX: Duration = Duration::from_secs(1);

/// What is open on the account, on every symbol that the configuration or the journal names.
pub(super) fn open_orders(
    config: &Config<'_>,
    books: &Books,
) -> Result<Vec<ExecutionReport>, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let told = runtime.block_on(async {
        let (desk, symbols) = start(config, books)?;
        let told = ask(&desk, &symbols).await;
        tokio::time::timeout(GOODBYE_MAX, desk.leave()).await.ok();
        told
    });
    runtime.shutdown_timeout(GOODBYE_MAX);
    told
}

fn start(config: &Config<'_>, books: &Books) -> Result<(Desk, BTreeSet<Symbol>), String> {
    let clock = Clock::start();
    let adapter = Adapter::of(&config.route).map_err(|error| error.to_string())?;
    let venue = adapter.venue(&config.route).map_err(|error| error.to_string())?;
    let reached = session::reach_out(&config.route).map_err(|error| error.to_string())?;
    let (_, net) = session::way_out(&config.route).map_err(|error| error.to_string())?;
    let identity = Identity {
        instance: format!("{}-look", std::process::id()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: clock.now(),
        account: Some(reached.signer.account_hash()),
    };
    let mut engine = session::engine_config(config, adapter, venue.as_ref(), identity);
    let named: BTreeSet<(InstrumentId, Symbol)> =
        engine.strategies.iter().flat_map(|setup| setup.instruments.iter().cloned()).collect();
    let mut symbols: BTreeSet<_> = named.iter().map(|(_, symbol)| symbol.clone()).collect();
    symbols.extend(books.recovered.orders.values().map(|order| order.intent.symbol.clone()));
    // A slot that no name is ever minted in: every order is somebody else's.
    engine.strategies = vec![StrategySetup {
        id: StrategyId::new("look").map_err(|error| error.to_string())?,
        slot: ClientOrderIds::SLOTS,
        instruments: named.into_iter().collect(),
        limits: TradingLimits::default(),
        on_failure: OnFailure::Leave,
    }];
    engine.cancels_on_stop = false;
    engine.beginning = kept::glance(config, reached.signer.account_hash(), &clock)
        .map_err(|error| error.to_string())?;
    let desk = tradewind_runtime::run(Setup {
        engine,
        venue,
        endpoint: reached.endpoint,
        signer: Some(reached.signer),
        transport: net,
        clock,
        hosts: Vec::new(),
        state: None,
        scribe: None,
    });
    Ok((desk.map_err(|error| error.to_string())?, symbols))
}

async fn ask(desk: &Desk, symbols: &BTreeSet<Symbol>) -> Result<Vec<ExecutionReport>, String> {
    let mut open = Vec::new();
    let mut end = desk.clone();
    for symbol in symbols {
        let call = Call::OpenOrders { symbol: Some(symbol.clone()) };
        let ask = Ask::default().within(PATIENCE);
        let answer = tokio::select! {
            answer = desk.ask(call, ask) => answer,
            end = end.ended() => return Err(match end {
                End::Failed(failure) => failure.to_string(),
                End::Drained { .. } => "the engine has ended".to_owned(),
            }),
        };
        match answer.as_deref() {
            Ok(Reply::Orders(orders)) => open.extend(orders.iter().cloned()),
            Ok(_) => return Err(format!("an answer of another kind for {symbol}")),
            Err(failed) => return Err(format!("{symbol}: {failed}")),
        }
    }
    Ok(open)
}
