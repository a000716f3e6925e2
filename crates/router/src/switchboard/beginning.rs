//! One beginning, of what every engine has found.
//!
//! A strategy begins when all engines have told what they found of it, or when one has and the
//! others have had their time: a venue that cannot be reached is what there are several for. What
//! an engine tells afterwards comes as news.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tradewind_engine::{Event as EngineEvent, Route};
use tradewind_model::Timestamp;
use tradewind_model::id::StrategyId;
use tradewind_model::notice::{Command, Notice, Recovered};
use tradewind_model::position::Position;

use super::{Desk, Lane, Member, Switchboard};
use crate::decision::Holding;
use crate::event::Event;

/// How long the first engine that is ready waits for the others. A start takes a few seconds, and
/// one that takes longer may take until a ban is over.
const PATIENCE: Duration = Duration::from_secs(30);

/// What may have happened before a beginning; one with more to tell waits no longer.
const HELD_MAX: usize = 4_096;

impl Desk {
    pub(super) fn new(member: Member) -> Self {
        Self {
            instruments: member.instruments,
            found: BTreeMap::new(),
            found_at: None,
            has_begun: false,
            held: Vec::new(),
            feeds: Vec::new(),
            has_started: false,
            present: BTreeSet::new(),
            statuses: BTreeMap::new(),
            told: None,
            is_stopping: false,
        }
    }

    /// When it begins with what was found by then; none when that is not for the time to say.
    pub(super) fn begins_by(&self) -> Option<Timestamp> {
        let patience = if self.held.len() < HELD_MAX { PATIENCE } else { Duration::ZERO };
        self.found_at.filter(|_| !self.has_begun).map(|at| at + patience)
    }
}

impl Switchboard {
    /// An engine has told what it found.
    pub(super) fn found(
        &mut self,
        now: Timestamp,
        route: Route,
        strategy: StrategyId,
        found: Recovered,
    ) {
        let Some(desk) = self.desks.get_mut(&strategy) else { return };
        desk.present.insert(route);
        let has_begun = desk.has_begun;
        if !has_begun {
            desk.found_at.get_or_insert(now);
            desk.found.insert(route, found.clone());
        }
        // All of them: what is there waits for the others until its strategies have begun.
        self.be_patient(|_| true);
        self.take_in(now, route, strategy, &found, has_begun);
        let has_all = |desk: &Desk| self.routes.iter().all(|route| desk.present.contains(route));
        if !has_begun && self.desks.values().all(has_all) {
            self.write_off_lost();
        }
        if has_begun {
            self.catch_up(route, strategy);
        } else if self.are_all_there(strategy) {
            self.begin(now, strategy);
        }
    }

    /// Somebody is there, or will be: engines may begin when they can. As long as there is nobody
    /// a start that takes too long fails, and whoever began the run is told.
    pub(super) fn be_patient(&mut self, is_meant: impl Fn(&Route) -> bool) {
        let is_new = |(route, lane): (&Route, &mut Lane)| {
            let is_new = is_meant(route) && !std::mem::replace(&mut lane.is_patient, true);
            is_new.then_some(*route)
        };
        let told: Vec<Route> = self.lanes.iter_mut().filter_map(is_new).collect();
        for route in told {
            self.tell_engine(route, EngineEvent::StartPatiently);
        }
    }

    /// Begins what has waited long enough for engines that are late.
    pub(super) fn begin_late(&mut self, now: Timestamp) {
        let due =
            self.desks.iter().filter(|(_, desk)| desk.begins_by().is_some_and(|at| at <= now));
        let due: Vec<StrategyId> = due.map(|(strategy, _)| *strategy).collect();
        for strategy in due {
            self.begin(now, strategy);
        }
    }

    /// Begins what waited only for engines that are gone.
    pub(super) fn begin_without(&mut self, now: Timestamp) {
        let waiting =
            self.desks.iter().filter(|(_, desk)| !desk.has_begun && !desk.found.is_empty());
        let waiting: Vec<StrategyId> = waiting.map(|(strategy, _)| *strategy).collect();
        for strategy in waiting {
            if self.are_all_there(strategy) {
                self.begin(now, strategy);
            }
        }
    }

    fn are_all_there(&self, strategy: StrategyId) -> bool {
        let Some(desk) = self.desks.get(&strategy) else { return false };
        self.lanes.iter().all(|(route, lane)| lane.is_gone || desk.present.contains(route))
    }

    /// Tells the router what an engine has found; after the beginning, the strategy too.
    fn take_in(
        &mut self,
        now: Timestamp,
        route: Route,
        strategy: StrategyId,
        found: &Recovered,
        has_begun: bool,
    ) {
        let instruments = found.instruments.clone();
        self.decide(now, Event::Catalog { venue: route.venue, instruments });
        self.decide(now, Event::Balances { route, balances: found.balances.clone() });
        for (instrument, position) in &found.positions {
            let holding = Holding { strategy, instrument: instrument.clone() };
            self.decide(now, Event::Held { route, holding, base: position.base });
        }
        for update in &found.orders {
            // What a strategy finds at its beginning is not told again as news.
            let held = self.desks.get(&strategy).map_or(0, |desk| desk.held.len());
            self.decide(now, Event::Order { route, strategy, update: Box::new(update.clone()) });
            if let Some(desk) = self.desks.get_mut(&strategy).filter(|_| !has_begun) {
                desk.held.truncate(held);
            }
        }
    }

    fn begin(&mut self, now: Timestamp, strategy: StrategyId) {
        let Some(desk) = self.desks.get(&strategy) else { return };
        let instruments = desk.instruments.clone();
        for instrument in &instruments {
            let holding = Holding { strategy, instrument: instrument.clone() };
            self.decide(now, Event::Enlist { holding });
        }
        // Where it is at home is news like all that has happened so far, and comes after it.
        let Some(desk) = self.desks.get_mut(&strategy) else { return };
        desk.has_begun = true;
        let found = std::mem::take(&mut desk.found);
        let held = std::mem::take(&mut desk.held);
        // The rules and balances of where it is at home come last, and so are what it sees.
        let home = instruments.first().and_then(|first| self.followed(strategy, first));
        let mut all = Recovered::default();
        let last = home.and_then(|home| Some((home, found.get(&home)?)));
        let others = found.iter().filter(|(route, _)| Some(**route) != home);
        for (_, one) in others.map(|(route, one)| (*route, one)).chain(last) {
            merge(&mut all, one);
        }
        self.notify(strategy, Notice::Started(Box::new(all)));
        for notice in held {
            self.notify(strategy, notice);
        }
    }

    /// An engine has come when its strategies had begun: it is told what they asked for.
    fn catch_up(&mut self, route: Route, strategy: StrategyId) {
        let Some(desk) = self.desks.get(&strategy) else { return };
        let feeds = desk.feeds.clone();
        let has_started = desk.has_started;
        let feeds = feeds
            .into_iter()
            .map(|(instrument, feed)| Command::Subscribe { instrument, feed })
            .chain(has_started.then_some(Command::Started));
        for command in feeds {
            self.tell_engine(route, EngineEvent::Command { strategy, command });
        }
    }
}

/// Adds what another engine has found.
fn merge(all: &mut Recovered, one: &Recovered) {
    for instrument in &one.instruments {
        all.instruments.retain(|known| known.id != instrument.id);
        all.instruments.push(instrument.clone());
    }
    all.orders.extend(one.orders.iter().cloned());
    for (instrument, position) in &one.positions {
        let sum = all.positions.entry(instrument.clone()).or_default();
        *sum = added(sum, position);
    }
    for balance in &one.balances {
        all.balances.retain(|known| known.asset != balance.asset);
        all.balances.push(balance.clone());
    }
    all.fees = one.fees;
    all.store.extend(one.store.iter().map(|(key, value)| (key.clone(), value.clone())));
}

fn added(one: &Position, other: &Position) -> Position {
    let mut sum = one.clone();
    sum.base = sum.base.saturating_add(other.base);
    sum.quote = sum.quote.saturating_add(other.quote);
    sum.cost = sum.cost.saturating_add(other.cost);
    for (asset, fee) in &other.fees {
        let known = sum.fees.entry(asset.clone()).or_default();
        *known = known.saturating_add(*fee);
    }
    sum.fills += other.fills;
    sum
}
