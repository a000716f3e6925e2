//! Strategies on one side, engines on the other, and the router in between.
//!
//! A strategy says what it wants and hears what comes of it as if there were one venue. Each engine
//! serves every strategy as if there were no other engine. In between, what a strategy asks for goes
//! to the engine of the route that the router names, and what the engines tell becomes one story:
//! one beginning, one position, quotes from where its orders go, every trade once.
//!
//! What is decided is written down before anything that follows from it is done: outputs are held
//! until whoever writes has answered.

mod beginning;
mod commands;
mod looking;
mod notices;
mod noting;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use tradewind_engine::{Doors, Event as EngineEvent, Route};
use tradewind_model::Timestamp;
use tradewind_model::balance::Balance;
use tradewind_model::id::{ClientOrderId, InstrumentId, StrategyId};
use tradewind_model::market::Quote;
use tradewind_model::notice::{Command, Notice, Recovered, VenueStatus};
use tradewind_model::stream::Feed;

use crate::decision::Decision;
use crate::router::{Router, RouterConfig};
use crate::routes::{Endpoint, Load};

/// What a switchboard is told.
#[derive(Clone, Debug)]
pub enum Input {
    /// A strategy wants something.
    Command {
        /// Which one.
        strategy: StrategyId,
        /// What.
        command: Command,
    },
    /// A route's engine tells a strategy something.
    Notice {
        /// Which route.
        route: Route,
        /// Whom.
        strategy: StrategyId,
        /// What.
        notice: Notice,
    },
    /// What stands before a route. To be told whenever its engine was called.
    Looked {
        /// Which route.
        route: Route,
        /// What.
        doors: Doors,
    },
    /// A connection to a route's endpoint could not be had, or broke.
    Fault {
        /// Which route.
        route: Route,
    },
    /// How much of a route is in use.
    Load {
        /// Which route.
        route: Route,
        /// So much.
        load: Load,
    },
    /// A decision is written down: the engine's [`tradewind_engine::Action::Routed`].
    Noted {
        /// Its number.
        number: u64,
    },
    /// A route's engine has ended, and answers nothing any more.
    Gone {
        /// Which route.
        route: Route,
        /// Why.
        reason: String,
    },
}

/// What a switchboard wants done, in the order given.
#[derive(Clone, Debug)]
pub enum Output {
    /// Tell a route's engine something.
    Engine {
        /// Which route.
        route: Route,
        /// What.
        event: Box<EngineEvent>,
    },
    /// Tell a strategy something.
    Notify {
        /// Whom.
        strategy: StrategyId,
        /// What.
        notice: Notice,
    },
    /// Calls of a route go to this base URL from here on.
    UseEndpoint {
        /// Which route.
        route: Route,
        /// The base URL.
        endpoint: Endpoint,
    },
    /// Tell the operator; it is written down by now.
    Decided(Box<Decision>),
}

/// A strategy that a switchboard serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub strategy: StrategyId,
    /// What it trades.
    pub instruments: Vec<InstrumentId>,
}

/// Everything between strategies and engines.
#[derive(Clone, Debug)]
pub struct Switchboard {
    router: Router,
    routes: Vec<Route>,
    lanes: BTreeMap<Route, Lane>,
    desks: BTreeMap<StrategyId, Desk>,
    /// What is kept in a journal about single orders, and which those are.
    kept: BTreeMap<String, Vec<ClientOrderId>>,
    outputs: VecDeque<Step>,
    /// The number of the decision that is being written down, and by which route's engine.
    noting: Option<(u64, Route)>,
    last_note: u64,
}

/// What is known of a route's engine.
#[derive(Clone, Debug, Default)]
struct Lane {
    doors: Option<Doors>,
    /// How often it was told to ask what rests.
    resyncs: u64,
    /// Whether what it was told to find out is not known yet.
    is_resyncing: bool,
    is_gone: bool,
    /// Whether it was told that it may take its time to begin.
    is_patient: bool,
    quotes: BTreeMap<InstrumentId, Quote>,
    balances: BTreeMap<StrategyId, BTreeMap<tradewind_model::id::Asset, Balance>>,
}

/// A strategy, as it is known here.
#[derive(Clone, Debug)]
struct Desk {
    instruments: Vec<InstrumentId>,
    /// What the engines have found of it, until it begins.
    found: BTreeMap<Route, Recovered>,
    /// When the first of them had.
    found_at: Option<Timestamp>,
    has_begun: bool,
    /// What has happened since the first engine told what it had found: news from the beginning on.
    /// Until then it can be no more than what becomes of the orders that were found.
    held: Vec<Notice>,
    /// What it wants to follow, for engines that come later.
    feeds: Vec<(InstrumentId, Feed)>,
    /// Whether it has seen its beginning.
    has_started: bool,
    /// Engines that have told of its beginning.
    present: BTreeSet<Route>,
    /// How far each engine can be trusted, as it said.
    statuses: BTreeMap<Route, VenueStatus>,
    told: Option<VenueStatus>,
    is_stopping: bool,
}

/// What is to be done, or written down first.
#[derive(Clone, Debug)]
enum Step {
    Do(Output),
    Note(Box<Decision>),
}

impl Switchboard {
    /// A switchboard that knows nothing yet.
    #[must_use]
    pub fn new(config: RouterConfig, members: Vec<Member>) -> Self {
        let routes: Vec<Route> = config.routes.names().collect();
        let desks = members.into_iter().map(|member| (member.strategy, Desk::new(member)));
        Self {
            router: Router::new(config),
            lanes: routes.iter().map(|route| (*route, Lane::default())).collect(),
            routes,
            desks: desks.collect(),
            kept: BTreeMap::new(),
            outputs: VecDeque::new(),
            noting: None,
            last_note: 0,
        }
    }

    /// Takes in something. Drain [`Self::poll`] afterwards.
    pub fn handle(&mut self, now: Timestamp, input: Input) {
        match input {
            Input::Command { strategy, command } => self.command(now, strategy, command),
            Input::Notice { route, strategy, notice } => self.notice(now, route, strategy, notice),
            Input::Looked { route, doors } => self.looked(now, route, doors),
            Input::Fault { route } => {
                let news = crate::health::News::TransportFault;
                self.decide(now, crate::event::Event::Health { route, news });
            }
            Input::Load { route, load } => {
                self.decide(now, crate::event::Event::Load { route, load });
            }
            Input::Noted { number } => self.noted(number),
            Input::Gone { route, reason } => self.gone(now, route, reason),
        }
        self.tell_statuses(now);
    }

    /// Does what has become due. To be called at [`Self::wakeup`].
    pub fn wake(&mut self, now: Timestamp) {
        self.begin_late(now);
        self.router.wake(now);
        self.carry_out(now);
        self.tell_statuses(now);
    }

    /// The next thing to be done; none when there is nothing, or when what is next waits for a
    /// decision to be written down.
    pub fn poll(&mut self) -> Option<Output> {
        if self.noting.is_some() {
            return None;
        }
        match self.outputs.pop_front()? {
            Step::Do(output) => Some(output),
            Step::Note(decision) => Some(self.note(*decision)),
        }
    }

    /// The next moment at which something may become due; none when only an input can bring it.
    #[must_use]
    pub fn wakeup(&self, now: Timestamp) -> Option<Timestamp> {
        let late = self.desks.values().filter_map(Desk::begins_by);
        late.chain(self.router.wakeup(now)).min()
    }

    /// What is decided.
    #[must_use]
    pub const fn router(&self) -> &Router {
        &self.router
    }

    /// Takes a decision of an earlier life; see [`Router::remember`].
    pub fn remember(&mut self, decision: &Decision) {
        self.router.remember(decision);
        self.remember_subject(decision);
    }

    fn push(&mut self, output: Output) {
        self.outputs.push_back(Step::Do(output));
    }

    /// Tells a strategy something; before its beginning, once it has begun.
    fn notify(&mut self, strategy: StrategyId, notice: Notice) {
        if let Some(desk) = self.desks.get_mut(&strategy).filter(|desk| !desk.has_begun) {
            return desk.held.push(notice);
        }
        self.push(Output::Notify { strategy, notice });
    }

    fn tell_engine(&mut self, route: Route, event: EngineEvent) {
        if self.lanes.get(&route).is_some_and(|lane| !lane.is_gone) {
            self.push(Output::Engine { route, event: Box::new(event) });
        }
    }
}

#[cfg(test)]
mod tests;
