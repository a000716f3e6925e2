//! An engine and its way to a venue, before anything runs.

use tradewind_engine::journal::Recovered;
use tradewind_engine::{Beginning, Identity};
use tradewind_model::Timestamp;
use tradewind_model::attempt::AccountHash;
use tradewind_router::Decision;
use tradewind_runtime::{Clock, Config, Desk, Setup, State};
use tradewind_simulator::server::Embedded;
use tradewind_transport::Egress;
use tradewind_venue::Endpoint;

use super::command::Commanded;
use super::{About, STRATEGIES_MAX, Session, StartError, engine_config, instruments, kept, reach};
use crate::adapter::Adapter;
use crate::report::Traded;

/// All that a run by one route needs, but the strategies.
pub(crate) struct Prepared {
    pub(crate) setup: Setup,
    pub(crate) hash: AccountHash,
    /// By which way out it is reached.
    pub(crate) egress: Egress,
    /// Further base URLs of the venue.
    pub(crate) base_urls: Vec<Endpoint>,
    /// What earlier lives have decided about routes, and when.
    pub(crate) decisions: Vec<(Timestamp, Decision)>,
    /// Names that earlier lives may have given out begin before this.
    names_from: Option<Timestamp>,
    clock: Clock,
    about: About,
    traded: Vec<Traded>,
    embedded: Option<Embedded>,
    oldest: Option<Timestamp>,
}

impl Prepared {
    /// Opens what a configuration keeps, and reaches its venue.
    pub(crate) async fn of(config: &Config<'_>, clock: Clock) -> Result<Self, StartError> {
        let adapter = Adapter::of(&config.route)?;
        let venue = adapter.venue(&config.route)?;
        let instruments = instruments(config);
        let traded: Vec<_> = instruments
            .iter()
            .map(|id| Traded { id: id.clone(), symbol: venue.symbol(id), assets: None })
            .collect();
        // What is wrong with the way out is said before anything goes by it.
        let (egress, net) = reach::way_out(&config.route)?;
        let (reached, traded) = reach::reach(&config.route, traded).await?;
        let hash = reached.signer.account_hash();
        // One moment for all: what was traded before it is not of this run, whoever counts.
        let started_at = clock.now();
        let identity = Identity {
            instance: format!("{}-{}", std::process::id(), started_at.as_millis()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at,
            account: Some(hash),
        };
        let mut engine = engine_config(config, adapter, venue.as_ref(), identity);
        if let Some(never) = engine.never_starts() {
            return Err(StartError::Share { never });
        }
        let state = kept::open(config, hash, &clock)?;
        let (scribe, recovered) = kept::open_journal(config, state.as_ref(), hash, &clock)?;
        let halted = state.as_ref().and_then(State::halted).into_iter().collect();
        let known = state.as_ref().map(State::beginning).unwrap_or_default();
        let jitter = config.state.start_jitter(&config.route.venue.place);
        let oldest = recovered.orders.values().map(|order| order.intent.created_at).min();
        let decisions = decisions(&recovered);
        let names_from = names_from(config, &recovered, started_at);
        let journal = Some(Box::new(recovered));
        engine.beginning = Beginning { jitter, journal, trading: halted, ..known };
        let about = About {
            venue: config.route.venue.name,
            seed: reached.seed,
            instruments,
            started_at,
            cancels_on_stop: config.engine.cancels_on_stop,
        };
        let setup = Setup {
            engine,
            venue,
            endpoint: reached.endpoint,
            signer: Some(reached.signer),
            transport: net,
            clock,
            hosts: Vec::new(),
            state,
            scribe: Some(scribe),
        };
        let embedded = reached.embedded;
        let base_urls = config.route.venue.base_urls.clone();
        Ok(Self {
            setup,
            hash,
            egress,
            base_urls,
            decisions,
            names_from,
            clock,
            about,
            traded,
            embedded,
            oldest,
        })
    }

    /// When names have to begin so that none is given a second time, though the clock went back.
    pub(crate) fn names_after(&self) -> Timestamp {
        self.names_from.unwrap_or_default().max(self.clock.now())
    }

    /// What runs, and the session that it becomes then.
    pub(crate) fn parts(
        self,
        prefixes: Vec<String>,
    ) -> (Setup, impl FnOnce(Desk, Option<Commanded>) -> Session) {
        let Self { setup, clock, about, traded, embedded, oldest, .. } = self;
        let lag_max = setup.engine.lookup.lag_max;
        let session = move |desk, commanded| Session {
            desk,
            clock,
            embedded,
            commanded,
            about,
            traded,
            prefixes,
            oldest,
            lag_max,
        };
        (setup, session)
    }
}

/// When names have to begin; none when any time will do.
fn names_from(config: &Config<'_>, recovered: &Recovered, now: Timestamp) -> Option<Timestamp> {
    let first = config.engine.slot * STRATEGIES_MAX;
    let own = recovered.slots.range(first..first + STRATEGIES_MAX);
    own.map(|(_, mark)| mark.next_start(now)).max()
}

/// What was decided about routes. What another version has decided is not known to this one.
fn decisions(recovered: &Recovered) -> Vec<(Timestamp, Decision)> {
    let kept = recovered.routed.values();
    kept.filter_map(|(at, routed)| Some((*at, Decision::read(routed)?))).collect()
}
