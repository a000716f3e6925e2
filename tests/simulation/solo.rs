//! One instance that has the venue, its account and its address to itself.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use tradewind_engine::{Answer, Event, Incident, Snapshot, Terms, Urgency};
use tradewind_lab::{
    Clock, Instance, InstanceId, InstanceSetup, StrategySpec, Weather, World, WorldSetup,
};
use tradewind_model::attempt::AttemptEvent;
use tradewind_model::call::Call;
use tradewind_model::id::ClientOrderId;
use tradewind_model::notice::{Command, VenueStatus};
use tradewind_model::stream::StreamKind;
use tradewind_model::time::Timestamp;
use tradewind_scheduler::Staleness;
use tradewind_simulator::venue::VenueConfig;
use tradewind_strategy::Registry;

use super::venue_kind::VenueKind;

pub(crate) const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// What such a world is made from.
pub(crate) struct Setup {
    pub(crate) seed: u64,
    pub(crate) weather: Weather,
    pub(crate) venue: VenueConfig,
    /// The venue's clock less ours, in milliseconds.
    pub(crate) skew_ms: i64,
    /// Whether orders are canceled at the end.
    pub(crate) cancels_on_stop: bool,
    pub(crate) registry: Registry,
    /// Kind and parameters of the strategy; it trades BTC-USDT.
    pub(crate) strategy: (&'static str, &'static str),
}

/// A world with one instance.
pub(crate) struct Solo {
    world: World,
    id: InstanceId,
}

impl Solo {
    pub(crate) fn new(setup: Setup) -> Self {
        Self::new_with(setup, |_| {})
    }

    /// The same, with something else about the instance.
    pub(crate) fn new_with(setup: Setup, change: impl FnOnce(&mut InstanceSetup)) -> Self {
        let Setup { seed, weather, venue, skew_ms, cancels_on_stop, registry, strategy } = setup;
        let venue_clock = Clock::ahead_by_millis(skew_ms);
        let world = WorldSetup { seed, venue, venue_clock, traces: true, ..WorldSetup::default() };
        let strategies = vec![StrategySpec::new(strategy.0, strategy.1)];
        let mut instance = InstanceSetup {
            seed,
            weather,
            cancels_on_stop,
            ..InstanceSetup::new(Arc::new(registry), strategies)
        };
        change(&mut instance);
        Self::of(world, instance)
    }

    /// Of parts that say more.
    pub(crate) fn of(world: WorldSetup, instance: InstanceSetup) -> Self {
        let mut world = World::new(world);
        let id = world.spawn(instance).unwrap();
        Self { world, id }
    }

    /// A world that is live, in which nobody but its strategy trades: a probe that trades BTC-USDT
    /// and ETH-USDT and listens to what it is told.
    pub(crate) fn calm(
        at: VenueKind,
        change: impl FnOnce(&mut WorldSetup, &mut InstanceSetup),
    ) -> Self {
        let venue = at.config();
        let mut world = WorldSetup { venue, traces: false, ..WorldSetup::default() };
        for symbol in &mut world.venue.exchange_mut().symbols {
            symbol.market = symbol.market.still();
        }
        let instruments = vec!["BTC-USDT".into(), "ETH-USDT".into()];
        let strategy = StrategySpec { instruments, ..StrategySpec::new("probe", "") };
        let registry = Arc::new(super::probe::registry());
        let mut instance = InstanceSetup::new(registry, vec![strategy]);
        change(&mut world, &mut instance);
        let mut calm = Self::of(world, instance);
        calm.run_for(Duration::from_secs(5));
        assert_eq!(calm.snapshot().status, VenueStatus::Live);
        super::probe::told();
        calm
    }

    /// Its log of attempts at one kind of call.
    pub(crate) fn attempts_at(&self, endpoint: &str) -> Vec<AttemptEvent> {
        let attempts = self.me().attempts().iter();
        attempts.filter(|one| one.endpoint == endpoint).cloned().collect()
    }

    /// What of this kind has reached the venue so far.
    pub(crate) fn requests(&self, what: &str) -> u64 {
        self.ledger().requests.get(what).copied().unwrap_or_default()
    }

    /// What has reached the venue since then, by the venue's clock, in order: what, and how it was
    /// answered.
    pub(crate) fn arrivals_since(&self, since: Timestamp) -> Vec<(Timestamp, &'static str, u16)> {
        let arrivals = self.ledger().arrivals;
        let since = arrivals.iter().filter(|one| one.at >= since);
        since.map(|one| (one.at, one.what, one.status)).collect()
    }

    pub(crate) fn ask(&mut self, call: Call, urgency: Urgency, patience: Duration) -> u64 {
        let id = self.id;
        self.world.ask(id, call, urgency, patience)
    }

    /// Asks something of which only a part matters, which grows stale like this.
    pub(crate) fn ask_accepting(&mut self, call: Call, staleness: Staleness) -> u64 {
        let (id, deadline) = (self.id, self.now() + Duration::from_secs(10));
        let terms = Terms { urgency: Urgency::Query, deadline, staleness: Some(staleness) };
        self.world.ask_on(id, call, terms)
    }

    /// The answer to a question; none while it waits.
    pub(crate) fn answer(&self, inquiry: u64) -> Option<Answer> {
        self.me().answer(inquiry).cloned()
    }

    pub(crate) fn sleep(&mut self, duration: Duration) {
        self.world.sleep(self.id, duration);
    }

    pub(crate) fn kill_me(&mut self) {
        self.world.kill(self.id);
    }

    pub(crate) fn restart(&mut self) {
        self.world.restart(self.id).unwrap();
    }

    pub(crate) fn freeze(&mut self, duration: Duration) {
        self.world.freeze(self.id, duration);
    }

    pub(crate) fn me(&self) -> &Instance {
        self.world.instance(self.id)
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        self.me().snapshot(self.now()).unwrap()
    }

    pub(crate) fn incidents(&self) -> impl Iterator<Item = &Incident> {
        self.me().incidents().iter().map(|(_, incident)| incident)
    }

    pub(crate) fn drained(&self) -> Option<&[ClientOrderId]> {
        self.me().drained().map(Vec::as_slice)
    }

    pub(crate) fn command(&mut self, strategy: &str, command: Command) {
        self.world.command(self.id, strategy, command);
    }

    /// Lets another instance of the world do something.
    pub(crate) fn command_at(&mut self, id: InstanceId, strategy: &str, command: Command) {
        self.world.command(id, strategy, command);
    }

    pub(crate) fn inquire(&mut self, call: Call) -> u64 {
        self.world.inquire(self.id, call)
    }

    pub(crate) fn tell(&mut self, event: Event) {
        self.world.tell(self.id, event);
    }

    pub(crate) fn stop(&mut self, patience: Duration) {
        self.world.stop(self.id, patience);
    }

    pub(crate) fn cut_streams(&mut self, kind: StreamKind) {
        self.world.cut_streams(self.id, kind);
    }

    pub(crate) fn half_open_streams(&mut self, kind: StreamKind) {
        self.world.half_open_streams(self.id, kind);
    }

    pub(crate) fn reconnect(&mut self, kind: StreamKind) {
        self.world.reconnect(self.id, kind);
    }

    pub(crate) fn set_weather(&mut self, weather: Weather) {
        self.world.set_weather(self.id, weather);
    }

    pub(crate) fn mute_account_stream(&mut self, is_muted: bool) {
        self.world.mute_account_stream(self.id, is_muted);
    }

    pub(crate) fn refuse_handshakes(&mut self, refuses: bool) {
        self.world.refuse_handshakes(self.id, refuses);
    }

    /// Checks a run that has been stopped. `context` is what reproduces it.
    pub(crate) fn check(&self, context: &str) {
        if let Err(broken) = tradewind_lab::check(&self.world, self.id) {
            panic!("{context}: {broken}");
        }
    }
}

impl Deref for Solo {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl DerefMut for Solo {
    fn deref_mut(&mut self) -> &mut World {
        &mut self.world
    }
}
