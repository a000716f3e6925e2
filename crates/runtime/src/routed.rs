//! Several engines, and one switchboard between them and the strategies.
//!
//! Each route has an engine with a task of its own, as if it were alone. The switchboard's task
//! hands strategies' wishes to the engine that the router names, and makes one story of what the
//! engines say.

mod commands;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tradewind_engine::{Event, Route};
use tradewind_model::id::ClientOrderId;
use tradewind_model::notice::Notice;
use tradewind_model::order::{OrderState, OrderUpdate};
use tradewind_model::time::Timestamp;
use tradewind_router::routes::Endpoint as EndpointName;
use tradewind_router::{Decision, DecisionKind, Input, Member, Output, RouterConfig, Switchboard};
use tradewind_venue::Endpoint;

use crate::clock::Clock;
use crate::desk::{Desk, End, Request};
use crate::driver::{Setup, run_linked};
use crate::hosts::{HostSetup, Hosts};
use crate::link::{Link, way_up};

pub use self::commands::NotByAll;

/// Wishes of strategies that wait at the most; the strategies wait then.
const COMMANDS_MAX: usize = 1_024;
/// Inputs of one kind taken in before what they led to is done.
const BATCH_MAX: usize = 256;
/// How often strategies are looked after.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Decisions, and moves, that are kept for whoever looks; the oldest are dropped.
const KEPT_MAX: usize = 4_096;

/// A route, with what its engine is made from.
pub struct Lane {
    /// The engine and its way to the venue, without strategies: all of them are told through the
    /// switchboard.
    pub setup: Setup,
    /// Its base URLs, by the names that the router knows.
    pub endpoints: BTreeMap<EndpointName, Endpoint>,
}

/// What a run over several routes is made from.
pub struct RoutedSetup {
    /// The routes' engines. Each serves all strategies.
    pub lanes: Vec<Lane>,
    /// The routes in the order of preference, and how orders move.
    pub router: RouterConfig,
    /// What earlier lives have decided, the oldest first.
    pub decisions: Vec<Decision>,
    /// The strategies, and what each trades.
    pub hosts: Vec<(HostSetup, Member)>,
    /// Time, the same for all.
    pub clock: Clock,
}

/// An order that was moved to another route under its own name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// Its name.
    pub client_order_id: ClientOrderId,
    /// From which route.
    pub from: Route,
    /// To which.
    pub to: Route,
    /// Since when the first was shut; none when it was not.
    pub shut_since: Option<Timestamp>,
    /// When it was moved.
    pub moved_at: Timestamp,
    /// When the other venue was heard to have it.
    pub accepted_at: Option<Timestamp>,
}

/// What was decided lately, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// Decisions, with their reasons.
    pub decisions: Vec<Decision>,
    /// Orders that were moved.
    pub moves: Vec<Move>,
}

/// The handle on a run over several routes. When the last one is dropped, all of it stops.
#[derive(Clone, Debug)]
pub struct RoutedDesk {
    /// The handles on the engines, the most preferred first.
    pub lanes: Vec<(Route, Desk)>,
    timeline: watch::Receiver<Arc<Timeline>>,
}

impl RoutedDesk {
    /// What was decided lately.
    #[must_use]
    pub fn timeline(&self) -> Arc<Timeline> {
        Arc::clone(&self.timeline.borrow())
    }

    /// Waits until more was decided; false when nothing ever will be.
    pub async fn decided(&mut self) -> bool {
        self.timeline.changed().await.is_ok()
    }

    /// Ends trading by every route.
    pub async fn stop(&self, patience: Duration) {
        for (_, desk) in &self.lanes {
            desk.stop(patience).await;
        }
    }

    /// Waits until trading has ended by every route, and says how.
    pub async fn ended(&mut self) -> Vec<(Route, End)> {
        let mut ends = Vec::new();
        for (route, desk) in &mut self.lanes {
            ends.push((*route, desk.ended().await));
        }
        ends
    }
}

/// Starts everything; must be called within a tokio runtime.
///
/// # Errors
/// When a thread cannot be started.
pub fn run_routed(setup: RoutedSetup) -> std::io::Result<RoutedDesk> {
    let RoutedSetup { lanes, router, decisions, hosts, clock } = setup;
    let (up, said) = way_up();
    let (command_events, commands) = mpsc::channel(COMMANDS_MAX);
    let (hosts, members): (Vec<_>, Vec<_>) = hosts.into_iter().unzip();
    let mut board = Switchboard::new(router, members);
    for decision in &decisions {
        board.remember(decision);
    }
    let mut ways = BTreeMap::new();
    let mut desks = Vec::new();
    for Lane { mut setup, endpoints } in lanes {
        let route = setup.engine.route;
        // An earlier life may have gone to another base URL, and is remembered.
        if let Some(endpoint) = board.router().endpoint(&route).and_then(|at| endpoints.get(at)) {
            setup.endpoint = endpoint.clone();
        }
        let (link, tell) = Link::new(route, up.clone());
        let desk = run_linked(Setup { hosts: Vec::new(), ..setup }, Some(link))?;
        ways.insert(route, Way { tell, requests: desk.requests.downgrade(), endpoints });
        desks.push((route, desk));
    }
    let hosts = Hosts::start(hosts, clock, &command_events)?;
    let (told, timeline) = watch::channel(Arc::default());
    let shut = BTreeMap::new();
    let (wake_due, look_due) = (clock.now(), clock.now());
    let task = Task { board, hosts, ways, said, commands, told, shut, clock, wake_due, look_due };
    tokio::spawn(task.run());
    Ok(RoutedDesk { lanes: desks, timeline })
}

/// The way to an engine.
struct Way {
    tell: mpsc::UnboundedSender<Event>,
    /// Not what keeps the engine alive.
    requests: mpsc::WeakSender<Request>,
    endpoints: BTreeMap<EndpointName, Endpoint>,
}

struct Task {
    board: Switchboard,
    hosts: Hosts,
    ways: BTreeMap<Route, Way>,
    said: mpsc::Receiver<Input>,
    commands: mpsc::Receiver<Event>,
    told: watch::Sender<Arc<Timeline>>,
    /// Since when routes are shut.
    shut: BTreeMap<Route, Timestamp>,
    clock: Clock,
    /// When the board has something to do though nobody says anything. It names only moments that
    /// are to come, so that this one is remembered until it is here.
    wake_due: Timestamp,
    look_due: Timestamp,
}

impl Task {
    async fn run(mut self) {
        loop {
            let now = self.clock.now();
            if now >= self.wake_due {
                self.board.wake(now);
            }
            while let Some(output) = self.board.poll() {
                self.carry_out(now, output);
            }
            if now >= self.look_due {
                self.look_due = now + LOOK_EVERY;
                for (strategy, how) in self.hosts.look_after(now) {
                    self.tell_all(&Event::StrategyLost { strategy, how });
                }
            }
            self.wake_due = self.board.wakeup(now).unwrap_or(Timestamp::MAX);
            let wakeup = self.wake_due.min(self.look_due);
            let sleep = tokio::time::sleep(wakeup.since(self.clock.now()));
            // In order: what venues say before what strategies wish.
            tokio::select! {
                biased;
                input = self.said.recv() => match input {
                    Some(input) => self.said(input),
                    // All engines have ended.
                    None => return self.hosts.stop(),
                },
                Some(event) = self.commands.recv() => self.wished(event),
                () = sleep => {}
            }
            self.take_in_waiting();
        }
    }

    fn take_in_waiting(&mut self) {
        for _ in 0..BATCH_MAX {
            let Ok(input) = self.said.try_recv() else { break };
            self.said(input);
        }
        for _ in 0..BATCH_MAX {
            let Ok(event) = self.commands.try_recv() else { break };
            self.wished(event);
        }
    }

    /// An engine has said something.
    fn said(&mut self, input: Input) {
        let now = self.clock.now();
        match &input {
            Input::Looked { route, doors } => {
                match doors.shut.iter().map(|record| record.since).min() {
                    Some(since) => drop(self.shut.entry(*route).or_insert(since)),
                    None => drop(self.shut.remove(route)),
                }
            }
            Input::Notice { route, notice: Notice::Order(update), .. } => {
                self.note_order(now, *route, update);
            }
            Input::Notice { .. }
            | Input::Command { .. }
            | Input::Fault { .. }
            | Input::Load { .. }
            | Input::Noted { .. }
            | Input::Gone { .. } => {}
        }
        self.board.handle(now, input);
    }

    /// Notes that an order which was moved has come to where it went.
    fn note_order(&self, now: Timestamp, route: Route, update: &OrderUpdate) {
        let is_there = |state| {
            matches!(state, OrderState::Open | OrderState::PartiallyFilled | OrderState::Filled)
        };
        let is_it = |one: &Move| {
            one.to == route
                && one.accepted_at.is_none()
                && one.client_order_id == update.client_order_id
        };
        if is_there(update.state) && self.told.borrow().moves.iter().any(is_it) {
            self.told.send_modify(|told| {
                let moves = &mut Arc::make_mut(told).moves;
                moves
                    .iter_mut()
                    .filter(|one| is_it(one))
                    .for_each(|one| one.accepted_at = Some(now));
            });
        }
    }

    /// A strategy wants something, or has failed.
    fn wished(&mut self, event: Event) {
        let now = self.clock.now();
        if let Event::Command { strategy, command } = event {
            self.board.handle(now, Input::Command { strategy, command });
        } else {
            self.tell_all(&event);
        }
    }

    fn tell_all(&self, event: &Event) {
        for way in self.ways.values() {
            // One that has ended needs to hear nothing.
            way.tell.send(event.clone()).ok();
        }
    }

    fn carry_out(&mut self, now: Timestamp, output: Output) {
        match output {
            Output::Engine { route, event } => {
                if let Some(way) = self.ways.get(&route) {
                    way.tell.send(*event).ok();
                }
            }
            Output::Notify { strategy, notice } => self.hosts.notify(now, strategy, notice),
            Output::Decided(decision) => self.decided(*decision),
            Output::UseEndpoint { route, endpoint } => {
                let Some(way) = self.ways.get(&route) else { return };
                let (Some(endpoint), Some(requests)) =
                    (way.endpoints.get(&endpoint).cloned(), way.requests.upgrade())
                else {
                    return;
                };
                // An engine whose way in is full is about to end, or asked for more than it can do.
                requests.try_send(Request::UseEndpoint { endpoint }).ok();
            }
        }
    }

    fn decided(&self, decision: Decision) {
        tracing::info!(target: "tradewind::routes", "{decision}");
        let moved = self.moved(&decision);
        self.told.send_modify(|told| {
            let told = Arc::make_mut(told);
            keep(&mut told.decisions, decision);
            if let Some(moved) = moved {
                keep(&mut told.moves, moved);
            }
        });
    }

    fn moved(&self, decision: &Decision) -> Option<Move> {
        let DecisionKind::Moved(client_order_id) = &decision.kind else { return None };
        let (from, to) = (decision.from?, decision.to?);
        Some(Move {
            client_order_id: *client_order_id,
            from,
            to,
            shut_since: self.shut.get(&from).copied(),
            moved_at: decision.at,
            accepted_at: None,
        })
    }
}

/// Adds to a list that is bounded.
fn keep<T>(list: &mut Vec<T>, one: T) {
    if list.len() >= KEPT_MAX {
        list.remove(0);
    }
    list.push(one);
}
