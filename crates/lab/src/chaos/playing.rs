//! A day as it is played: what begins, what ends, and what is heard meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tradewind_model::Timestamp;
use tradewind_model::id::VenueId;
use tradewind_model::money::Quantity;
use tradewind_model::notice::{Notice, VenueStatus};
use tradewind_model::order::OrderState;
use tradewind_model::stream::StreamKind;
use tradewind_router::{Holding, OnOpen, OnShut, Policy};
use tradewind_simulator::bitget::BitgetConfig;
use tradewind_simulator::front::RuleId;

use super::lives::Lives;
use super::plan::{Mishap, Side, Trouble, draw};
use super::{ChaosSetup, Report};
use crate::chance::Chance;
use crate::crossing::{Crossing, CrossingSetup};
use crate::instance::{InstanceSetup, SetupError};
use crate::network::Weather;
use crate::world::WorldSetup;

/// How long everything may take to be live again once nothing goes wrong any more: a few bans, one
/// after the other.
const SETTLING_MAX: Duration = Duration::from_secs(3_600);

/// A door that stays shut for longer than this is not waited for by a process that runs.
const LONG: Duration = Duration::from_secs(600);

/// How often it is looked whether all is settled.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How long orders may take to be gone at the end.
const STOP_PATIENCE: Duration = Duration::from_secs(60);

/// The purpose of chance: the terms on which a day is played.
const TERMS: u64 = 72;

pub(super) struct Day {
    pub(super) crossing: Crossing,
    pub(super) policy: Policy,
    pub(super) holdings: Vec<Holding>,
    pub(super) report: Report,
    length: Duration,
    begun: Timestamp,
    plan: Vec<Mishap>,
    /// The lines of a venue's script, by the mishap that they are of.
    rules: BTreeMap<usize, RuleId>,
    /// How many mishaps hold something at a venue, where several may at a time.
    holds: BTreeMap<(usize, Hold), u32>,
    lives: Lives,
}

/// What several mishaps may hold at a time, and the last of them lets go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Hold {
    Sockets,
    Account,
    Way,
}

/// One thing to do at its time.
#[derive(Clone, Copy, Debug)]
enum Step {
    Begin(usize),
    End(usize),
}

impl Day {
    pub(super) fn begin(setup: &ChaosSetup) -> Result<Self, SetupError> {
        let mut chance = Chance::new(setup.seed, TERMS);
        let policy = terms(&mut chance);
        let journal_takes = Some(Duration::from_micros(20 + chance.below(5_000)));
        let venue = |side: Side, name: &str, world: WorldSetup| {
            let seed = setup.seed.wrapping_mul(2).wrapping_add(side.index() as u64);
            let name = VenueId::new(name).expect("letters are a name");
            let mut world = WorldSetup { seed, name, ..world };
            world.venue.exchange_mut().symbols.retain(|symbol| symbol.base == "BTC");
            let instance = InstanceSetup::new(Arc::clone(&setup.registry), Vec::new());
            (world, InstanceSetup { name: name.to_string(), seed, journal_takes, ..instance })
        };
        let bitget = WorldSetup { venue: BitgetConfig::default().into(), ..WorldSetup::default() };
        let crossing = Crossing::new(CrossingSetup {
            seed: setup.seed,
            venues: vec![
                venue(Side::Binance, "binance", WorldSetup::default()),
                venue(Side::Bitget, "bitget", bitget),
            ],
            policy,
            registry: Arc::clone(&setup.registry),
            strategies: setup.strategies.clone(),
        })?;
        let holdings = setup.strategies.iter().filter_map(|spec| {
            let strategy = spec.name.parse().ok()?;
            let of = |instrument: &_| Holding { strategy, instrument: Clone::clone(instrument) };
            Some(spec.instruments.iter().map(of).collect::<Vec<_>>())
        });
        Ok(Self {
            begun: crossing.now(),
            crossing,
            policy,
            holdings: holdings.flatten().collect(),
            report: Report { seed: setup.seed, ..Report::default() },
            length: setup.length,
            plan: draw(setup.seed, setup.length),
            rules: BTreeMap::new(),
            holds: BTreeMap::new(),
            lives: Lives::default(),
        })
    }

    pub(super) fn play(mut self) -> Result<Report, SetupError> {
        for (at, step) in self.steps() {
            self.run_until(self.begun + at);
            match step {
                Step::Begin(index) => self.strike(index),
                Step::End(index) => self.relent(index)?,
            }
            self.listen();
        }
        self.run_until(self.begun + self.length);
        self.lift()?;
        self.settle()?;
        self.crossing.stop(STOP_PATIENCE);
        self.run_until(self.crossing.now() + LOOK_EVERY);
        self.judge();
        Ok(self.report)
    }

    /// What is to be done, in its order.
    fn steps(&self) -> Vec<(Duration, Step)> {
        let mut steps = Vec::new();
        for (index, mishap) in self.plan.iter().enumerate() {
            let Mishap { at, lasts, trouble, .. } = mishap;
            if let Trouble::Edge { shut, open, times } = trouble {
                let again = (0..*times).map(|time| *at + (*shut + *open) * time);
                steps.extend(again.map(|at| (at, Step::Begin(index))));
            } else {
                steps.push((*at, Step::Begin(index)));
                steps.push((*at + *lasts, Step::End(index)));
            }
        }
        steps.retain(|(at, _)| *at < self.length);
        steps.sort_by_key(|(at, _)| *at);
        steps
    }

    /// Plays on, and takes in what strategies are told. In small pieces: what was told is kept for
    /// a while only.
    fn run_until(&mut self, until: Timestamp) {
        while self.crossing.now() < until {
            let next = until.min(self.crossing.now() + LOOK_EVERY);
            self.crossing.run_until(next, |_| false);
            self.listen();
        }
    }

    fn listen(&mut self) {
        let claims = &mut self.report.flaws;
        for (_, notice) in self.crossing.take_told() {
            match notice {
                Notice::Started(found) => {
                    found.orders.iter().for_each(|update| self.lives.found(update, claims));
                }
                Notice::Order(update) => {
                    self.report.in_doubt += u64::from(update.state == OrderState::InDoubt);
                    self.lives.told(&update, claims);
                }
                // Of these there is nothing to count.
                Notice::Setback(_)
                | Notice::Quote(..)
                | Notice::Trade(..)
                | Notice::Book(..)
                | Notice::Bar(..)
                | Notice::Balances(_)
                | Notice::Venue(_)
                | Notice::Stopping => {}
            }
        }
    }

    /// A mishap begins, or goes on.
    fn strike(&mut self, index: usize) {
        let Mishap { side, trouble, .. } = self.plan[index].clone();
        let lane = side.index();
        let peer = self.crossing.instance(lane).peer();
        match trouble {
            Trouble::Ban => {
                self.crossing.at(lane, |world, _| {
                    world.at_venue(|venue, now| venue.ban(now, peer));
                });
            }
            Trouble::Crowd => {
                // All of what either venue allows an address.
                self.crossing.at(lane, |world, _| {
                    world.at_venue(|venue, now| venue.burn(now, peer, 6_000));
                });
            }
            Trouble::Edge { shut, .. } => {
                self.crossing.at(lane, |world, _| {
                    world.at_venue(|venue, now| venue.shut_out(now, peer, shut));
                });
            }
            Trouble::Script(rule) => {
                let id = self
                    .crossing
                    .at(lane, |world, _| world.at_venue(|venue, _| venue.add_fault(rule)));
                self.rules.insert(index, id);
            }
            Trouble::Ailing(service, ailment) => {
                self.crossing.at(lane, |world, _| {
                    world.at_venue(|venue, now| venue.ail(now, service, ailment));
                });
            }
            Trouble::HalfOpen => self.crossing.at(lane, |world, id| {
                world.half_open_streams(id, StreamKind::Account);
                world.half_open_streams(id, StreamKind::Market);
            }),
            Trouble::Cut => self.crossing.at(lane, |world, id| {
                world.cut_streams(id, StreamKind::Account);
                world.cut_streams(id, StreamKind::Market);
            }),
            Trouble::NoSockets => self.hold(lane, Hold::Sockets),
            Trouble::Muted => self.hold(lane, Hold::Account),
            Trouble::Foul => self.hold(lane, Hold::Way),
            Trouble::Kill => {
                self.listen();
                self.crossing.kill();
                self.lives = Lives::default();
                self.report.kills += 1;
            }
        }
    }

    /// A mishap is over.
    fn relent(&mut self, index: usize) -> Result<(), SetupError> {
        let Mishap { side, trouble, .. } = self.plan[index].clone();
        let lane = side.index();
        match trouble {
            Trouble::NoSockets => self.let_go(lane, Hold::Sockets),
            Trouble::Muted => self.let_go(lane, Hold::Account),
            Trouble::Foul => self.let_go(lane, Hold::Way),
            Trouble::Script(_) => {
                if let Some(id) = self.rules.remove(&index) {
                    self.crossing.at(lane, |world, _| {
                        world.at_venue(|venue, _| venue.remove_fault(id));
                    });
                }
            }
            Trouble::Kill if self.crossing.board().is_none() => self.crossing.restart()?,
            // The rest ends by itself, or when whoever is struck by it has noticed.
            Trouble::Kill
            | Trouble::Ban
            | Trouble::Crowd
            | Trouble::Edge { .. }
            | Trouble::HalfOpen
            | Trouble::Ailing(..)
            | Trouble::Cut => {}
        }
        Ok(())
    }

    fn hold(&mut self, lane: usize, hold: Hold) {
        *self.holds.entry((lane, hold)).or_default() += 1;
        self.set(lane, hold, true);
    }

    fn let_go(&mut self, lane: usize, hold: Hold) {
        let holders = self.holds.entry((lane, hold)).or_default();
        *holders = holders.saturating_sub(1);
        if *holders == 0 {
            self.set(lane, hold, false);
        }
    }

    fn set(&mut self, lane: usize, hold: Hold, is_held: bool) {
        self.crossing.at(lane, |world, id| match hold {
            Hold::Sockets => world.refuse_handshakes(id, is_held),
            Hold::Account => world.mute_account_stream(id, is_held),
            Hold::Way => {
                world.set_weather(id, if is_held { Weather::FOUL } else { Weather::FAIR });
            }
        });
    }

    /// Nothing goes wrong any more, but for what a venue keeps up by itself.
    fn lift(&mut self) -> Result<(), SetupError> {
        for lane in Side::ALL.map(Side::index) {
            for hold in [Hold::Sockets, Hold::Account, Hold::Way] {
                self.set(lane, hold, false);
            }
            self.crossing.at(lane, |world, _| world.at_venue(|venue, _| venue.clear_faults()));
        }
        if self.crossing.board().is_none() {
            self.crossing.restart()?;
        }
        self.listen();
        Ok(())
    }

    /// Waits until everything is live, open and known.
    fn settle(&mut self) -> Result<(), SetupError> {
        let mut begun = self.crossing.now();
        while let Some(what) = self.unsettled() {
            if self.crossing.now() >= begun + SETTLING_MAX {
                self.report.flaws.push(format!("not settled in time: {what}"));
                break;
            }
            self.run_until(self.crossing.now() + LOOK_EVERY);
            self.revive()?;
            begun = begun + self.sleep_in()?;
        }
        self.report.settled_after = self.crossing.now().since(begun);
        Ok(())
    }

    /// Has the process killed while a door stays shut for long, as after one ban too many, and
    /// started again a moment before it opens. Returns how long that was; it is no time to settle
    /// in.
    fn sleep_in(&mut self) -> Result<Duration, SetupError> {
        let now = self.crossing.now();
        let doors = |side: Side| Some(self.crossing.instance(side.index()).engine()?.doors(now));
        let shut = Side::ALL.into_iter().filter_map(doors).flat_map(|doors| doors.shut);
        let opens = shut.filter_map(|record| record.until).max();
        let Some(opens) = opens.filter(|opens| opens.since(now) > LONG) else {
            return Ok(Duration::ZERO);
        };
        self.listen();
        self.crossing.kill();
        self.lives = Lives::default();
        self.report.sleeps += 1;
        self.run_until(opens - LOOK_EVERY);
        self.crossing.restart()?;
        Ok(self.crossing.now().since(now))
    }

    /// Starts the process again if one of its engines could not go on, as whoever runs it would.
    fn revive(&mut self) -> Result<(), SetupError> {
        let failure = |side: Side| self.crossing.instance(side.index()).failure();
        if let Some(failure) = Side::ALL.into_iter().find_map(failure) {
            self.report.revivals.push(failure.to_string());
            self.listen();
            self.lives = Lives::default();
            self.crossing.restart()?;
        }
        Ok(())
    }

    /// What is still in the way; none when everything is live and known.
    fn unsettled(&self) -> Option<String> {
        let now = self.crossing.now();
        let Some(board) = self.crossing.board() else { return Some("it is dead".to_owned()) };
        for side in Side::ALL {
            let instance = self.crossing.instance(side.index());
            let Some(engine) = instance.engine() else { return Some(format!("{side:?} is dead")) };
            let doors = engine.doors(now);
            if doors.status != VenueStatus::Live || !doors.shut.is_empty() {
                return Some(format!("{side:?}: {doors:?}"));
            }
            let in_doubt = instance.snapshot(now).map(|snapshot| snapshot.in_doubt);
            if let Some(id) = in_doubt.iter().flatten().next() {
                return Some(format!("{side:?}: {id} is in doubt"));
            }
            let route = self.crossing.route(side.index());
            if let Some(cause) = board.router().health().trouble(now, &route) {
                return Some(format!("{side:?}: {cause:?}"));
            }
        }
        let standings = self.holdings.iter().filter_map(|one| board.router().standing(one));
        let stranded = standings.filter(|standing| standing.is_stranded).count();
        (stranded > 0).then(|| "a strategy is stranded".to_owned())
    }
}

/// How orders move on this day.
fn terms(chance: &mut Chance) -> Policy {
    let cap = Quantity::new(tradewind_model::Decimal::new(5, 2)).unwrap_or_default();
    let window = [45, 90, 300][usize::try_from(chance.below(3)).unwrap_or_default()];
    Policy {
        on_shut: if chance.permille(300) { OnShut::Mirror { cap } } else { OnShut::NewOnly },
        on_open: if chance.permille(500) { OnOpen::CancelFirst } else { OnOpen::Keep },
        window: Duration::from_secs(window),
        ..Policy::default()
    }
}
