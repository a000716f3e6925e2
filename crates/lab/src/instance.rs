//! One process: an engine, its strategies, its way to the venue and its idea of the time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use tradewind_engine::journal::Routed;
use tradewind_engine::{
    Answer, Beginning, Engine, EngineConfig, Failure, Identity, Incident, OnFailure, Route,
    Snapshot, StrategySetup, TradingRefused,
};
use tradewind_journal::{MemoryDisk, MemoryJournal};
use tradewind_model::attempt::AttemptEvent;
use tradewind_model::id::{
    AccountId, CallId, ClientOrderId, ClientOrderIds, EgressId, InstrumentId, StrategyId,
};
use tradewind_model::notice::Notice;
use tradewind_model::stream::StreamKind;
use tradewind_model::time::Timestamp;
use tradewind_model::trading::TradingLimits;
use tradewind_scheduler::{RetryPolicy, SchedulerConfig};
use tradewind_simulator::front::SessionId;
use tradewind_strategy::{Host, Mailbox, Params, Registry};
use tradewind_venue::{Signer, Venue};

use crate::clock::Clock;
use crate::disk::Desk;
use crate::network::{Network, Weather};

/// One instance of a world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(pub(crate) usize);

/// A strategy that an instance runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrategySpec {
    /// Its name; unique within the instance.
    pub name: String,
    /// Its kind, as the registry knows it.
    pub kind: String,
    /// Its parameters, as TOML.
    pub params: String,
    /// What it trades.
    pub instruments: Vec<InstrumentId>,
    /// What it may do at the most.
    pub limits: TradingLimits,
    /// What becomes of its orders when it fails.
    pub on_failure: OnFailure,
}

impl StrategySpec {
    /// A strategy of this kind that bears the kind's name and trades BTC-USDT.
    #[must_use]
    pub fn new(kind: &str, params: &str) -> Self {
        Self {
            name: kind.to_owned(),
            kind: kind.to_owned(),
            params: params.to_owned(),
            instruments: vec!["BTC-USDT".into()],
            limits: TradingLimits::default(),
            on_failure: OnFailure::default(),
        }
    }
}

/// What an instance is made from, again at every start of it.
#[derive(Clone)]
pub struct InstanceSetup {
    /// Its name; unique within the world.
    pub name: String,
    /// The version of the program, as it logs it.
    pub version: String,
    /// Of all its randomness and of its network's. Each life draws another from it.
    pub seed: u64,
    /// The address it leaves by.
    pub peer: IpAddr,
    /// What it calls that address.
    pub egress: EgressId,
    /// What it calls its login.
    pub account: AccountId,
    /// The key of that login; none takes the key that the simulated venue's own account comes with.
    pub signer: Option<Signer>,
    /// Its way to the venue.
    pub weather: Weather,
    /// Its idea of the time.
    pub clock: Clock,
    /// The kinds of strategies there are.
    pub registry: Arc<Registry>,
    /// The strategies it runs.
    pub strategies: Vec<StrategySpec>,
    /// The slot of its first strategy in names of orders; the next ones follow. No two instances
    /// of one account may share one.
    pub first_slot: u16,
    /// How its calls are scheduled; the seed in it is replaced by one drawn from `seed`.
    pub scheduler: SchedulerConfig,
    /// How often what failed is tried again.
    pub retry: RetryPolicy,
    /// How late the venue may still accept an order.
    pub recv_window: Duration,
    /// How long an order may wait for leave to be sent.
    pub order_deadline: Duration,
    /// How long to wait for the answer to a call.
    pub call_timeout: Duration,
    /// How long the venue may take to tell what has to be known before the first order.
    pub startup_timeout: Duration,
    /// Whether own orders are canceled when trading ends.
    pub cancels_on_stop: bool,
    /// What all strategies may do together at the most.
    pub limits: TradingLimits,
    /// The disk that outlives it, by name: instances that name the same one are on one machine.
    /// None keeps nothing.
    pub disk: Option<String>,
    /// How long it takes to write a group of records down; none when nothing is written down. They
    /// outlive the instance where it has a disk.
    pub journal_takes: Option<Duration>,
    /// The first call waits for so long at the most, by chance.
    pub start_jitter: Duration,
    /// Whether it is one lane of a larger process: its strategies live elsewhere, and what its engine
    /// tells them is kept for whoever runs them.
    pub is_lane: bool,
    /// Attempts, and incidents, that are remembered, newest last; the oldest are dropped.
    pub records_max: usize,
}

impl InstanceSetup {
    /// An instance at the loopback address with the simulated account's key, fair weather, a clock
    /// that is right, and the time limits of a profile.
    ///
    /// # Panics
    /// Never: the names are well formed.
    #[must_use]
    pub fn new(registry: Arc<Registry>, strategies: Vec<StrategySpec>) -> Self {
        let name = |text| EgressId::new(text).expect("a few letters are a name");
        Self {
            name: "simulated".to_owned(),
            version: "lab".to_owned(),
            seed: 1,
            peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
            egress: name("here"),
            account: AccountId::new("main").expect("a few letters are a name"),
            signer: None,
            weather: Weather::FAIR,
            clock: Clock::default(),
            registry,
            strategies,
            first_slot: 0,
            scheduler: SchedulerConfig::default(),
            retry: RetryPolicy::default(),
            recv_window: Duration::from_secs(2),
            order_deadline: Duration::from_secs(10),
            call_timeout: Duration::from_secs(10),
            startup_timeout: Duration::from_secs(60),
            cancels_on_stop: true,
            limits: TradingLimits::default(),
            disk: None,
            journal_takes: Some(Duration::from_micros(20)),
            start_jitter: Duration::ZERO,
            is_lane: false,
            records_max: 65_536,
        }
    }
}

/// Why an instance cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// A name that no strategy can bear.
    #[error("`{name}` is no name for a strategy ({problem}); use letters, digits and hyphens")]
    Name {
        /// What was asked for.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A kind that is not registered, or parameters that it does not take.
    #[error("strategy `{name}` cannot be made: {problem}")]
    Strategy {
        /// Which one.
        name: String,
        /// What is wrong.
        problem: String,
    },
}

/// One process of the world, through all of its lives.
#[derive(Debug)]
pub struct Instance {
    pub(crate) setup: SetupBox,
    pub(crate) signer: Signer,
    pub(crate) clock: Clock,
    pub(crate) network: Network,
    /// How often it was started.
    pub(crate) life: u32,
    pub(crate) running: Option<Running>,
    /// What it has to do with its disk.
    pub(crate) desk: Desk,
    /// What is written down, and the way there while it runs.
    pub(crate) journal: Option<MemoryDisk>,
    pub(crate) open_journal: Option<MemoryJournal>,
    pub(crate) is_journal_writing: bool,
    pub(crate) asleep_until: Option<Timestamp>,
    /// By how much the wall's clock will have moved against its own when it wakes.
    pub(crate) overslept: Duration,
    /// Its open sockets.
    pub(crate) sockets: BTreeMap<(StreamKind, u32), SessionId>,
    /// Trips of control messages that are not answered yet.
    pub(crate) writes: BTreeMap<CallId, u64>,
    pub(crate) refuses_handshakes: bool,
    pub(crate) is_account_muted: bool,
    /// When the engine or a strategy next wants something, by true time.
    pub(crate) wakeup: Timestamp,
    pub(crate) incidents: VecDeque<(Timestamp, Incident)>,
    pub(crate) attempts: VecDeque<AttemptEvent>,
    pub(crate) answers: BTreeMap<u64, (Timestamp, Answer)>,
    /// What became of commands about trading.
    pub(crate) commanded: BTreeMap<u64, Result<(), TradingRefused>>,
    /// Strategies whose callback does not come back.
    pub(crate) hanging: BTreeSet<StrategyId>,
    /// What a lane's engine has said to the process around it.
    pub(crate) relayed: VecDeque<Relayed>,
    /// The decisions about routes that its journal held when it started.
    pub(crate) routed: Vec<(Timestamp, Routed)>,
    pub(crate) drained: Option<Vec<ClientOrderId>>,
    pub(crate) failure: Option<Failure>,
}

/// What a lane's engine says to the process around it.
#[derive(Clone, Debug)]
pub(crate) enum Relayed {
    /// Something for a strategy.
    Notice(StrategyId, Notice),
    /// A decision is written down.
    Routed(u64),
    /// A connection could not be had, or broke.
    Fault,
}

/// What dies with the process.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) engine: Engine,
    pub(crate) hosts: BTreeMap<StrategyId, Host>,
}

/// A setup, which holds a registry that cannot print.
pub(crate) struct SetupBox(pub(crate) InstanceSetup);

impl std::fmt::Debug for SetupBox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("InstanceSetup").field(&self.0.name).finish()
    }
}

impl Instance {
    /// An instance that is not running yet.
    pub(crate) fn new(setup: InstanceSetup, signer: Signer) -> Self {
        Self {
            clock: setup.clock,
            network: Network::new(setup.weather, setup.seed),
            life: 0,
            running: None,
            desk: Desk::default(),
            journal: None,
            open_journal: None,
            is_journal_writing: false,
            asleep_until: None,
            overslept: Duration::ZERO,
            sockets: BTreeMap::new(),
            writes: BTreeMap::new(),
            refuses_handshakes: false,
            is_account_muted: false,
            wakeup: Timestamp::MAX,
            incidents: VecDeque::new(),
            attempts: VecDeque::new(),
            answers: BTreeMap::new(),
            commanded: BTreeMap::new(),
            hanging: BTreeSet::new(),
            relayed: VecDeque::new(),
            routed: Vec::new(),
            drained: None,
            failure: None,
            setup: SetupBox(setup),
            signer,
        }
    }

    /// Begins the next life, from nothing but what was on disk.
    pub(crate) fn start(
        &mut self,
        venue: &dyn Venue,
        now: Timestamp,
        beginning: Beginning,
    ) -> Result<(), SetupError> {
        let now = self.clock.read(now);
        let setup = &self.setup.0;
        let mut hosts = BTreeMap::new();
        let mut strategies = Vec::new();
        let marks = beginning.journal.as_ref().map(|known| known.slots.clone()).unwrap_or_default();
        for (slot, spec) in (setup.first_slot..).zip(&setup.strategies) {
            // No name is given twice, though the clock went back.
            let started = marks.get(&slot).map_or(now, |mark| mark.next_start(now));
            let host = make_host(&setup.registry, spec, slot, started)?;
            let id = host.id();
            let symbol = |id: &InstrumentId| (id.clone(), venue.symbol(id));
            let instruments = spec.instruments.iter().map(symbol).collect();
            let (limits, on_failure) = (spec.limits, spec.on_failure);
            strategies.push(StrategySetup { id, slot, instruments, limits, on_failure });
            if !setup.is_lane {
                hosts.insert(id, host);
            }
        }
        let routed = beginning.journal.as_ref().map(|known| known.routed.values().cloned());
        self.routed = routed.into_iter().flatten().collect();
        let seed = setup.seed.wrapping_add(u64::from(self.life) << 32);
        let config = EngineConfig {
            route: Route { venue: venue.id(), account: setup.account, egress: setup.egress },
            tariff: venue.tariff(),
            scheduler: SchedulerConfig { seed, ..setup.scheduler.clone() },
            retry: setup.retry,
            strategies,
            recv_window: setup.recv_window,
            lookup: venue.lookup(),
            manners: venue.manners(),
            order_deadline: setup.order_deadline,
            call_timeout: setup.call_timeout,
            startup_timeout: setup.startup_timeout,
            cancels_on_stop: setup.cancels_on_stop,
            limits: setup.limits,
            identity: Identity {
                instance: setup.name.clone(),
                version: setup.version.clone(),
                started_at: now,
                account: Some(self.signer.account_hash()),
            },
            beginning,
            seed,
        };
        self.life += 1;
        self.relayed.clear();
        self.drained = None;
        self.failure = None;
        self.running = Some(Running { engine: Engine::new(config, now), hosts });
        Ok(())
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.setup.0.name
    }

    /// The address it leaves by.
    #[must_use]
    pub const fn peer(&self) -> IpAddr {
        self.setup.0.peer
    }

    /// The key it signs with. It does not belong in a log.
    #[must_use]
    pub fn api_key(&self) -> &str {
        self.signer.api_key()
    }

    /// How often it was started.
    #[must_use]
    pub const fn life(&self) -> u32 {
        self.life
    }

    /// Whether a life of it knows what earlier ones have traded.
    #[must_use]
    pub const fn remembers(&self) -> bool {
        self.setup.0.disk.is_some() && self.setup.0.journal_takes.is_some()
    }

    /// Its engine; none while it is dead.
    #[must_use]
    pub fn engine(&self) -> Option<&Engine> {
        self.running.as_ref().map(|running| &running.engine)
    }

    /// What its operator would see at a true time; none while it is dead.
    #[must_use]
    pub fn snapshot(&self, now: Timestamp) -> Option<Snapshot> {
        self.engine().map(|engine| engine.snapshot(self.clock.read(now)))
    }

    /// What its operator was told, oldest first, with the true times; of all its lives.
    #[must_use]
    pub const fn incidents(&self) -> &VecDeque<(Timestamp, Incident)> {
        &self.incidents
    }

    /// Its log of attempts, oldest first; of all its lives.
    #[must_use]
    pub const fn attempts(&self) -> &VecDeque<AttemptEvent> {
        &self.attempts
    }

    /// What became of an inquiry; none while it waits.
    #[must_use]
    pub fn answer(&self, inquiry: u64) -> Option<&Answer> {
        self.answers.get(&inquiry).map(|(_, answer)| answer)
    }

    /// What became of a command about trading; none while it waits.
    #[must_use]
    pub fn commanded(&self, command: u64) -> Option<&Result<(), TradingRefused>> {
        self.commanded.get(&command)
    }

    /// Orders whose end is not known, once trading has ended as was asked.
    #[must_use]
    pub const fn drained(&self) -> Option<&Vec<ClientOrderId>> {
        self.drained.as_ref()
    }

    /// Why its engine could not go on, if it could not.
    #[must_use]
    pub const fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// When its engine or one of its strategies wants to be called, by true time.
    pub(crate) fn find_wakeup(&self) -> Timestamp {
        let Some(running) = &self.running else { return Timestamp::MAX };
        let hosts = running.hosts.values().filter_map(Host::wakeup);
        let next = hosts.chain(running.engine.wakeup()).min();
        let next = next.map_or(Timestamp::MAX, |due| self.clock.when(due));
        next.max(self.asleep_until.unwrap_or_default())
    }

    pub(crate) fn note_incident(&mut self, now: Timestamp, incident: Incident) {
        push(&mut self.incidents, self.setup.0.records_max, (now, incident));
    }

    pub(crate) fn note_attempt(&mut self, attempt: AttemptEvent) {
        push(&mut self.attempts, self.setup.0.records_max, attempt);
    }
}

/// Adds to a bounded list, from which the oldest goes.
fn push<T>(list: &mut VecDeque<T>, max: usize, entry: T) {
    if list.len() >= max {
        list.pop_front();
    }
    if max > 0 {
        list.push_back(entry);
    }
}

pub(crate) fn make_host(
    registry: &Registry,
    spec: &StrategySpec,
    slot: u16,
    now: Timestamp,
) -> Result<Host, SetupError> {
    let id = StrategyId::new(&spec.name).map_err(|error| SetupError::Name {
        name: spec.name.clone(),
        problem: error.to_string(),
    })?;
    let problem = |problem: String| SetupError::Strategy { name: spec.name.clone(), problem };
    let params = Params::parse(&spec.params).map_err(|error| problem(error.to_string()))?;
    let ids = ClientOrderIds::new(slot, now);
    let mailbox = Mailbox::new(|_| Ok(()));
    Host::new(registry, id, &spec.kind, &params, &spec.instruments, ids, mailbox)
        .map_err(|error| problem(error.to_string()))
}
