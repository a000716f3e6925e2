//! One instance that has the venue, its account and its address to itself.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use tradewind_engine::{Event, Incident, Snapshot};
use tradewind_lab::{
    Clock, Instance, InstanceId, InstanceSetup, StrategySpec, Weather, World, WorldSetup,
};
use tradewind_model::call::Call;
use tradewind_model::id::ClientOrderId;
use tradewind_model::notice::Command;
use tradewind_model::stream::StreamKind;
use tradewind_simulator::binance::BinanceConfig;
use tradewind_strategy::Registry;

pub(crate) const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// What such a world is made from.
pub(crate) struct Setup {
    pub(crate) seed: u64,
    pub(crate) weather: Weather,
    pub(crate) venue: BinanceConfig,
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
        let mut world = World::new(WorldSetup {
            seed,
            venue,
            venue_clock,
            traces: true,
            ..WorldSetup::default()
        });
        let strategies = vec![StrategySpec::new(strategy.0, strategy.1)];
        let mut instance = InstanceSetup {
            seed,
            weather,
            cancels_on_stop,
            ..InstanceSetup::new(Arc::new(registry), strategies)
        };
        change(&mut instance);
        let id = world.spawn(instance).unwrap();
        Self { world, id }
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
