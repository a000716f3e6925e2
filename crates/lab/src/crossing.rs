//! One process that trades at several venues: an engine in each world, and a switchboard above.
//!
//! The worlds know nothing of each other. They are played in step: to the next moment at which
//! anything happens anywhere, all of them, and then the process does what is to be done.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tradewind_engine::Route;
use tradewind_model::Timestamp;
use tradewind_model::id::{ClientOrderIds, StrategyId};
use tradewind_model::notice::Notice;
use tradewind_router::routes::Endpoint;
use tradewind_router::{
    Decision, Input, Limits, Member, Output, Policy, RouteSetup, RouterConfig, Routes, Switchboard,
};
use tradewind_strategy::{Host, Input as HostInput, Registry};

use crate::instance::{
    Instance, InstanceId, InstanceSetup, Relayed, SetupError, StrategySpec, make_host,
};
use crate::world::{World, WorldSetup};

/// What a crossing is made from.
#[derive(Clone)]
pub struct CrossingSetup {
    /// Of all randomness.
    pub seed: u64,
    /// The venues, the most preferred first; each with what is different about the instance there.
    pub venues: Vec<(WorldSetup, InstanceSetup)>,
    /// How orders move.
    pub policy: Policy,
    /// The kinds of strategies there are.
    pub registry: Arc<Registry>,
    /// The strategies.
    pub strategies: Vec<StrategySpec>,
}

/// The slot of orders that the switchboard places by itself.
const OWN_SLOT: u16 = 900;

/// What strategies were told that is remembered for whoever asks; the oldest is dropped.
const TOLD_MAX: usize = 16_384;

/// A process with an engine in each of several worlds.
pub struct Crossing {
    setup: CrossingSetup,
    lanes: Vec<Lane>,
    running: Option<Running>,
    now: Timestamp,
    decisions: Vec<Decision>,
    told: VecDeque<(StrategyId, Notice)>,
}

struct Lane {
    route: Route,
    world: World,
    id: InstanceId,
    /// Whether its engine has ended in this life of the process.
    is_gone: bool,
}

struct Running {
    board: Switchboard,
    /// When the board has something to do by itself. It names only moments that are to come, so
    /// that this one is remembered until it is here.
    due: Option<Timestamp>,
    hosts: BTreeMap<StrategyId, Host>,
}

impl Crossing {
    /// Makes the worlds, and starts the process.
    ///
    /// # Errors
    /// When one of the strategies cannot be made.
    ///
    /// # Panics
    /// When there is no venue, or two of one name and account: there is nothing to cross then.
    pub fn new(setup: CrossingSetup) -> Result<Self, SetupError> {
        let mut lanes = Vec::new();
        for (world, instance) in &setup.venues {
            let name = world.name;
            let mut world = World::new(world.clone());
            let instance = InstanceSetup {
                is_lane: true,
                registry: Arc::clone(&setup.registry),
                strategies: setup.strategies.clone(),
                disk: instance.disk.clone().or_else(|| Some("disk".to_owned())),
                ..instance.clone()
            };
            let (account, egress) = (instance.account, instance.egress);
            let id = world.spawn(instance)?;
            lanes.push(Lane {
                route: Route { venue: name, account, egress },
                world,
                id,
                is_gone: false,
            });
        }
        let now = lanes.first().expect("a crossing has venues").world.now();
        let mut crossing =
            Self { setup, lanes, running: None, now, decisions: Vec::new(), told: VecDeque::new() };
        crossing.begin()?;
        Ok(crossing)
    }

    /// The true time.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// The route by which a venue is reached, in the order of the setup.
    #[must_use]
    pub fn route(&self, index: usize) -> Route {
        self.lanes[index].route
    }

    /// One of the worlds.
    #[must_use]
    pub fn world(&self, index: usize) -> &World {
        &self.lanes[index].world
    }

    /// The instance in one of the worlds.
    #[must_use]
    pub fn instance(&self, index: usize) -> &Instance {
        self.lanes[index].world.instance(self.lanes[index].id)
    }

    /// Which instance of one of the worlds it is.
    #[must_use]
    pub fn id(&self, index: usize) -> InstanceId {
        self.lanes[index].id
    }

    /// Changes something in one of the worlds.
    pub fn at<T>(&mut self, index: usize, change: impl FnOnce(&mut World, InstanceId) -> T) -> T {
        let lane = &mut self.lanes[index];
        change(&mut lane.world, lane.id)
    }

    /// What stands between the strategies and the engines; none while the process is dead.
    #[must_use]
    pub fn board(&self) -> Option<&Switchboard> {
        self.running.as_ref().map(|running| &running.board)
    }

    /// What was decided, of all lives, in order.
    #[must_use]
    pub fn decisions(&self) -> &[Decision] {
        &self.decisions
    }

    /// What strategies were told of their beginning and their orders since this was last asked,
    /// oldest first.
    pub fn take_told(&mut self) -> VecDeque<(StrategyId, Notice)> {
        std::mem::take(&mut self.told)
    }

    /// Lets a strategy be called as if it had been told this.
    pub fn tell(&mut self, strategy: &str, notice: Notice) {
        let Ok(strategy) = StrategyId::new(strategy) else { return };
        self.call(strategy, &HostInput::Notice(notice));
        self.settle();
    }

    /// Does what a strategy would ask for.
    pub fn command(&mut self, strategy: &str, command: tradewind_model::notice::Command) {
        let Ok(strategy) = StrategyId::new(strategy) else { return };
        let now = self.now;
        if let Some(running) = &mut self.running {
            running.board.handle(now, Input::Command { strategy, command });
        }
        self.settle();
    }

    /// Kills the process without a word.
    pub fn kill(&mut self) {
        self.running = None;
        for lane in &mut self.lanes {
            lane.world.kill(lane.id);
        }
    }

    /// Starts it again, from what is on its disks.
    ///
    /// # Errors
    /// When one of the strategies cannot be made.
    pub fn restart(&mut self) -> Result<(), SetupError> {
        self.kill();
        for lane in &mut self.lanes {
            lane.world.restart(lane.id)?;
            lane.is_gone = false;
        }
        self.begin()
    }

    /// Ends trading everywhere, and waits until it has ended.
    pub fn stop(&mut self, patience: Duration) {
        let deadline = self.now + patience;
        for lane in &mut self.lanes {
            lane.world.tell(lane.id, tradewind_engine::Event::Stop { deadline });
        }
        self.run_until(deadline + patience, |crossing| {
            (0..crossing.lanes.len()).all(|index| crossing.instance(index).drained().is_some())
        });
    }

    /// Plays for a while.
    pub fn run_for(&mut self, duration: Duration) {
        self.run_until(self.now + duration, |_| false);
    }

    /// Plays until `until`, or until `is_over` says so.
    pub fn run_until(&mut self, until: Timestamp, is_over: impl Fn(&Self) -> bool) {
        self.settle();
        while !is_over(self) {
            let next = self.next_moment().min(until);
            for lane in &mut self.lanes {
                lane.world.run_until(next, |_| false);
            }
            let is_at_end = next >= until && self.now >= until;
            self.now = self.now.max(next);
            self.settle();
            if is_at_end {
                return;
            }
        }
    }

    fn begin(&mut self) -> Result<(), SetupError> {
        let now = self.now;
        let routes = self.lanes.iter().map(|lane| RouteSetup {
            route: lane.route,
            endpoints: vec![Endpoint::new("http://venue")],
            capital: BTreeMap::new(),
        });
        let routes = Routes::new(routes.collect()).expect("venues have different names");
        let ids = ClientOrderIds::new(OWN_SLOT, now);
        let limits = Limits::default();
        let config = RouterConfig { routes, policy: self.setup.policy, limits, ids };
        let mut hosts = BTreeMap::new();
        let mut members = Vec::new();
        let first_slot = self.setup.venues[0].1.first_slot;
        for (slot, spec) in (first_slot..).zip(&self.setup.strategies) {
            let host = make_host(&self.setup.registry, spec, slot, now)?;
            let (strategy, instruments) = (host.id(), spec.instruments.clone());
            members.push(Member { strategy, instruments });
            hosts.insert(strategy, host);
        }
        let mut board = Switchboard::new(config, members);
        let mut kept: Vec<_> =
            (0..self.lanes.len()).flat_map(|index| self.instance(index).routed.clone()).collect();
        kept.sort_by_key(|(at, _)| *at);
        for decision in kept.iter().filter_map(|(_, routed)| Decision::read(routed)) {
            board.remember(&decision);
        }
        self.running = Some(Running { board, due: Some(now), hosts });
        self.settle();
        Ok(())
    }

    fn next_moment(&self) -> Timestamp {
        let worlds = self.lanes.iter().map(|lane| lane.world.next_moment());
        let running = self.running.iter();
        let own = running.flat_map(|running| {
            let hosts = running.hosts.values().filter_map(Host::wakeup);
            hosts.chain(running.due)
        });
        worlds.chain(own).min().unwrap_or(Timestamp::MAX).max(self.now)
    }

    /// Everybody in the process does what there is to do at this moment.
    fn settle(&mut self) {
        self.wake();
        loop {
            let mut is_quiet = self.take_in();
            while let Some(output) = self.running.as_mut().and_then(|running| running.board.poll())
            {
                is_quiet = false;
                self.carry_out(output);
            }
            if is_quiet {
                break;
            }
        }
        if let Some(running) = &mut self.running {
            running.due = running.board.wakeup(self.now);
        }
    }

    fn wake(&mut self) {
        let now = self.now;
        let Some(running) = &mut self.running else { return };
        if running.due.is_some_and(|at| at <= now) {
            running.board.wake(now);
        }
        let due =
            running.hosts.iter().filter(|(_, host)| host.wakeup().is_some_and(|at| at <= now));
        let due: Vec<StrategyId> = due.map(|(strategy, _)| *strategy).collect();
        for strategy in due {
            self.call(strategy, &HostInput::Wake);
        }
    }

    /// Takes in what the engines have said. True when there was nothing.
    fn take_in(&mut self) -> bool {
        let now = self.now;
        let mut is_quiet = true;
        let Some(running) = &mut self.running else { return true };
        for lane in &mut self.lanes {
            let route = lane.route;
            let relayed = lane.world.take_relayed(lane.id);
            is_quiet &= relayed.is_empty();
            // Before what it says: news of an order may be due to a door that has shut.
            if let Some(engine) = lane.world.instance(lane.id).engine() {
                running.board.handle(now, Input::Looked { route, doors: engine.doors(now) });
            }
            for one in relayed {
                let input = match one {
                    Relayed::Notice(strategy, notice) => Input::Notice { route, strategy, notice },
                    Relayed::Routed(number) => Input::Noted { number },
                    Relayed::Fault => Input::Fault { route },
                };
                running.board.handle(now, input);
            }
            let failure = lane.world.instance(lane.id).failure().map(ToString::to_string);
            if let Some(reason) = failure.filter(|_| !lane.is_gone) {
                lane.is_gone = true;
                is_quiet = false;
                running.board.handle(now, Input::Gone { route, reason });
            }
        }
        is_quiet
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Engine { route, event } => {
                if let Some(lane) = self.lanes.iter_mut().find(|lane| lane.route == route) {
                    lane.world.tell(lane.id, *event);
                }
            }
            Output::Notify { strategy, notice } => {
                self.note_told(strategy, &notice);
                self.call(strategy, &HostInput::Notice(notice));
            }
            Output::Decided(decision) => self.decisions.push(*decision),
            // A world has one way in.
            Output::UseEndpoint { .. } => {}
        }
    }

    fn note_told(&mut self, strategy: StrategyId, notice: &Notice) {
        if !matches!(notice, Notice::Started(_) | Notice::Order(_)) {
            return;
        }
        if self.told.len() >= TOLD_MAX {
            self.told.pop_front();
        }
        self.told.push_back((strategy, notice.clone()));
    }

    fn call(&mut self, strategy: StrategyId, input: &HostInput) {
        let now = self.now;
        let Some(running) = &mut self.running else { return };
        let Some(host) = running.hosts.get_mut(&strategy) else { return };
        let commands: VecDeque<_> = host.handle(now, input).into();
        for command in commands {
            running.board.handle(now, Input::Command { strategy, command });
        }
    }
}
