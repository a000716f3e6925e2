//! A run over several routes: the same strategies, and a venue to go to when one shuts its door.
//!
//! Each route of the configuration has an engine, a journal and a state of its own, as if it were
//! alone. Between them and the strategies stands a router: see `[router]` and `[[routes]]`.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};
use tradewind_engine::journal::Trading;
use tradewind_engine::{Beginning, EngineConfig, Failure, Route};
use tradewind_model::Timestamp;
use tradewind_model::id::{Asset, ClientOrderIds};
use tradewind_model::trading::TradingScope;
use tradewind_router::routes::Endpoint;
use tradewind_router::{Decision, DecisionKind, Limits, Member, RouteSetup, RouterConfig, Routes};
use tradewind_runtime::{Clock, Config, Lane, Move, RoutedDesk, RoutedSetup, Timeline, run_routed};
use tradewind_strategy::Registry;

use crate::report::{Added, Closing};
use crate::session::{
    STRATEGIES_MAX, Session, StartError, command, machine, prepared::Prepared, strategies,
};

/// A run over several routes, under way.
#[derive(Debug)]
pub struct RoutedSession {
    desk: RoutedDesk,
    lanes: Vec<(Route, Session)>,
    commanded: Option<command::Commanded>,
    clock: Clock,
    started_at: Timestamp,
}

impl RoutedSession {
    /// Starts everything; must be called within a tokio runtime.
    ///
    /// # Errors
    /// The first thing that is wrong. Nothing is running then.
    pub async fn start(config: &Config<'_>, registry: &Registry) -> Result<Self, StartError> {
        let clock = Clock::start();
        let started_at = clock.now();
        // What is wrong with a strategy is said before anything is opened.
        strategies(config, registry, started_at)?;
        let mut all = Vec::new();
        for route in config.routes() {
            all.push(Prepared::of(&config.by(route), clock).await?);
        }
        leave_by_one_name(&all)?;
        forbid_alike(&mut all);
        let ready = command::Ready::take(config, &all).await?;
        let names_from = all.iter().map(Prepared::names_after).max().unwrap_or(started_at);
        let (hosts, prefixes) = strategies(config, registry, names_from)?;
        let members = config.strategies.iter().map(|strategy| Member {
            strategy: strategy.id,
            instruments: strategy.instruments.clone(),
        });
        let mut decisions: Vec<_> = all.iter().flat_map(|one| one.decisions.clone()).collect();
        decisions.sort_by_key(|(at, _)| *at);
        let routes = all.iter().map(route_setup).collect();
        // The names of orders that the router places by itself come after those of all strategies.
        let own = config.engine.slot * STRATEGIES_MAX + STRATEGIES_MAX - 1;
        let router = RouterConfig {
            routes: Routes::new(routes)?,
            policy: config.router.policy(),
            limits: Limits {
                all: config.limits,
                strategies: config.strategies.iter().map(|one| (one.id, one.limits)).collect(),
            },
            ids: ClientOrderIds::new(own, names_from),
        };
        let mut lanes = Vec::new();
        let mut sessions = Vec::new();
        for prepared in all {
            let endpoints = endpoints(&prepared).map(|one| (Endpoint::new(&one.rest), one.clone()));
            let endpoints = endpoints.collect();
            let (mut setup, session) = prepared.parts(prefixes.clone());
            let EngineConfig { limits, strategies, .. } = &mut setup.engine;
            let its = strategies.iter_mut().map(|strategy| &mut strategy.limits);
            its.chain([limits]).for_each(|limits| *limits = limits.of_one_route());
            lanes.push(Lane { setup, endpoints });
            sessions.push(session);
        }
        let desk = run_routed(RoutedSetup {
            lanes,
            router,
            decisions: decisions.into_iter().map(|(_, decision)| decision).collect(),
            hosts: hosts.into_iter().zip(members).collect(),
            clock,
        })
        .map_err(|error| machine(&error))?;
        let slot = config.engine.slot;
        let commanded = ready.map(|ready| ready.serve(desk.clone(), slot)).transpose()?;
        let lanes = desk.lanes.iter().zip(sessions);
        let lanes = lanes.map(|((route, desk), session)| (*route, session(desk.clone(), None)));
        Ok(Self { lanes: lanes.collect(), desk, commanded, clock, started_at })
    }

    /// The handle on the engines and the router.
    #[must_use]
    pub fn desk(&self) -> RoutedDesk {
        self.desk.clone()
    }

    /// The routes, the most preferred first, each as a session of its own.
    #[must_use]
    pub fn lanes(&self) -> &[(Route, Session)] {
        &self.lanes
    }

    /// When it began.
    #[must_use]
    pub const fn started_at(&self) -> Timestamp {
        self.started_at
    }

    /// Now, by the clock that the run is timed by.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Ends trading by every route, asks each venue what it made of the run, and says so. Own
    /// orders are canceled first, unless the configuration leaves them; that and the asking may
    /// take `patience` each.
    ///
    /// # Errors
    /// When an engine had failed: there is nothing to report on it then.
    pub async fn close(mut self, patience: Duration) -> Result<RoutedClosing, Failure> {
        self.desk.stop(patience).await;
        self.desk.ended().await;
        let timeline = self.desk.timeline();
        let took = self.clock.now().since(self.started_at);
        let mut lanes = Vec::new();
        if let Some(commanded) = self.commanded {
            commanded.stop().await;
        }
        drop(self.desk);
        for (route, session) in self.lanes {
            lanes.push((route, session.close(patience).await?));
        }
        Ok(RoutedClosing {
            lanes,
            timeline: (*timeline).clone(),
            took,
            started_at: self.started_at,
        })
    }
}

fn route_setup(prepared: &Prepared) -> RouteSetup {
    RouteSetup {
        route: prepared.setup.engine.route,
        endpoints: endpoints(prepared).map(|one| Endpoint::new(&one.rest)).collect(),
        // What is there is known once the venue has told it.
        capital: BTreeMap::new(),
    }
}

/// The base URLs of a route, its own first.
fn endpoints(prepared: &Prepared) -> impl Iterator<Item = &tradewind_venue::Endpoint> {
    std::iter::once(&prepared.setup.endpoint).chain(&prepared.base_urls)
}

/// One way out has one name at a venue: by two, a ban of it would be heeded by one route alone.
fn leave_by_one_name(all: &[Prepared]) -> Result<(), StartError> {
    for (index, one) in all.iter().enumerate() {
        let route = one.setup.engine.route;
        let is_same = |other: &&Prepared| {
            let beside = other.setup.engine.route;
            beside.venue == route.venue
                && beside.egress != route.egress
                && other.egress == one.egress
        };
        if let Some(other) = all[..index].iter().find(is_same) {
            let (known, name) = (other.setup.engine.route.egress, route.egress);
            let problem = format!(
                "egress {name} and egress {known} are both left {}; give them one name",
                one.egress
            );
            return Err(StartError::Egress { venue: route.venue, account: route.account, problem });
        }
    }
    Ok(())
}

/// What one route was told to leave alone, all do: a command may not have reached the journal of
/// each before a life ended.
fn forbid_alike(all: &mut [Prepared]) {
    let mut strictest: BTreeMap<TradingScope, Trading> = BTreeMap::new();
    for told in all.iter().flat_map(|one| forbidden(&one.setup.engine.beginning)) {
        match told.scope {
            TradingScope::Account(..) => continue,
            TradingScope::Everything | TradingScope::Strategy(_) => {}
        }
        let known = strictest.entry(told.scope).or_insert_with(|| told.clone());
        if known.state.allows_more_than(told.state) {
            *known = told.clone();
        }
    }
    for one in all {
        let beginning = &mut one.setup.engine.beginning;
        let missing = strictest.values().filter(|wanted| {
            let own = forbidden(beginning).filter(|own| own.scope == wanted.scope);
            own.map(|own| own.state.strictness()).max().unwrap_or_default()
                < wanted.state.strictness()
        });
        let missing: Vec<_> = missing.cloned().collect();
        beginning.trading.extend(missing);
    }
}

/// What an engine begins with.
fn forbidden(beginning: &Beginning) -> impl Iterator<Item = &Trading> {
    let kept = beginning.journal.iter().flat_map(|journal| journal.trading.values());
    kept.map(|(_, trading)| trading).chain(&beginning.trading)
}

/// The closing report of a run over several routes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutedClosing {
    /// Each route's own, the most preferred first.
    pub lanes: Vec<(Route, Closing)>,
    /// What was decided.
    pub timeline: Timeline,
    /// How long it took.
    pub took: Duration,
    /// When it began.
    pub started_at: Timestamp,
}

impl RoutedClosing {
    /// What trading added to the base asset of the first instrument, over all routes.
    #[must_use]
    pub fn position(&self) -> Added {
        let all = self.lanes.iter().map(|(_, closing)| closing.position());
        all.reduce(added).unwrap_or(Added { ours: tradewind_model::Decimal::ZERO, venues: None })
    }

    /// What trading added to each asset, over all routes.
    #[must_use]
    pub fn added(&self) -> BTreeMap<Asset, Added> {
        let mut sum = BTreeMap::<Asset, Added>::new();
        for (asset, one) in self.lanes.iter().flat_map(|(_, closing)| &closing.added) {
            sum.entry(asset.clone()).and_modify(|all| *all = added(*all, *one)).or_insert(*one);
        }
        sum
    }

    /// How long it took from the moment at which a route was shut until an order that had gone there
    /// was accepted elsewhere, the longest; none when none was moved.
    #[must_use]
    pub fn failover(&self) -> Option<Duration> {
        let took = |one: &Move| Some(one.accepted_at?.since(one.shut_since?));
        self.timeline.moves.iter().filter_map(took).max()
    }

    /// How often a decision of this kind was made.
    #[must_use]
    pub fn count(&self, is_it: impl Fn(&DecisionKind) -> bool) -> usize {
        self.timeline.decisions.iter().filter(|decision| is_it(&decision.kind)).count()
    }

    /// Requests that venues got while we knew that they had banned us; none where one does not tell.
    #[must_use]
    pub fn knocks(&self) -> Option<u64> {
        self.lanes.iter().map(|(_, closing)| closing.knocks).sum()
    }

    /// What is wrong with the run, in one line; none when nothing is.
    #[must_use]
    pub fn flaw(&self) -> Option<String> {
        let flaws = self.lanes.iter().filter_map(|(route, closing)| {
            closing.flaw().map(|flaw| format!("{}/{}: {flaw}", route.venue, route.account))
        });
        let flaws: Vec<_> = flaws.collect();
        (!flaws.is_empty()).then(|| flaws.join("; "))
    }

    /// The report as one object; money as text, so that no digit is lost.
    #[must_use]
    pub fn json(&self) -> Value {
        let position = self.position();
        let lanes = self.lanes.iter();
        let text = |value: tradewind_model::Decimal| value.normalize().to_string();
        json!({
            "kind": "closing",
            "seconds": self.took.as_secs(),
            "duplicates": self.lanes.iter().map(|(_, one)| one.duplicates).sum::<usize>(),
            "orphans": self.lanes.iter().map(|(_, one)| one.orphans.len()).sum::<usize>(),
            "unresolved": self.lanes.iter().map(|(_, one)| one.unresolved.len()).sum::<usize>(),
            "fills": self.lanes.iter().map(|(_, one)| one.counters.fills).sum::<u64>(),
            "fail_overs": self.count(|kind| matches!(kind, DecisionKind::FailedOver(_))),
            "fail_backs": self.count(|kind| matches!(kind, DecisionKind::FailedBack(_))),
            "moved": self.timeline.moves.len(),
            "failover_ms": self.failover().map(|took| took.as_millis()),
            "requests_while_banned": self.knocks(),
            "position": text(position.ours),
            "venue_position": position.venues.map(text),
            "decisions": self.timeline.decisions.iter().map(decision).collect::<Vec<_>>(),
            "routes": lanes.map(|(_, closing)| closing.json()).collect::<Vec<_>>(),
            "flaw": self.flaw(),
        })
    }
}

fn added(one: Added, other: Added) -> Added {
    let venues = one.venues.zip(other.venues).map(|(one, other)| one + other);
    Added { ours: one.ours + other.ours, venues }
}

fn decision(decision: &Decision) -> Value {
    json!({ "at": decision.at.to_string(), "what": decision.to_string() })
}

impl fmt::Display for RoutedClosing {
    /// What moved when and why, and then each route's own report.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for decision in &self.timeline.decisions {
            let at = decision.at.since(self.started_at);
            writeln!(f, "{:>8.3} s  {decision}", at.as_secs_f64())?;
        }
        for (route, closing) in &self.lanes {
            writeln!(f, "\n{}/{}", route.venue, route.account)?;
            write!(f, "{closing}")?;
        }
        let failover = self.failover().map_or_else(String::new, |took| {
            format!(", {} ms from shut to accepted elsewhere", took.as_millis())
        });
        writeln!(f, "\ntogether  {} orders moved{failover}", self.timeline.moves.len())?;
        for (asset, added) in self.added() {
            let venues = added.venues.map_or_else(|| "unknown".to_owned(), |all| all.to_string());
            writeln!(f, "  {asset:<9} {} by us, {venues} by the venues", added.ours)?;
        }
        Ok(())
    }
}
