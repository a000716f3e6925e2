//! What is known of the routes, from what stands before them.
//!
//! An engine is looked at rather than asked to report: what has changed since the last look is
//! news, so that nothing can be missed and nothing is told twice.

use tradewind_engine::{Doors, Event as EngineEvent, Route};
use tradewind_model::Timestamp;
use tradewind_model::notice::VenueStatus;

use super::Switchboard;
use crate::event::Event;
use crate::health::News;

impl Switchboard {
    pub(super) fn looked(&mut self, now: Timestamp, route: Route, doors: Doors) {
        let Some(lane) = self.lanes.get_mut(&route).filter(|lane| !lane.is_gone) else { return };
        if lane.doors.as_ref() == Some(&doors) {
            return;
        }
        let before = lane.doors.replace(doors.clone());
        // It may have said so before it was told, or before it heard of it.
        let is_answer = doors.resyncs >= lane.resyncs;
        let is_known = lane.is_resyncing && is_answer && doors.status == VenueStatus::Live;
        lane.is_resyncing &= !is_known;
        // The venue has said when to come back.
        if doors.shut.iter().any(|record| record.until.is_some()) {
            self.be_patient(|other| *other != route);
        }
        for news in news(before.as_ref(), &doors) {
            self.decide(now, Event::Health { route, news });
        }
        if is_known {
            self.decide(now, Event::Reconciled { route });
        }
    }

    /// Has an engine ask what rests and what has traded. It is known once the engine, which is
    /// stale meanwhile, is live again.
    pub(super) fn reconcile(&mut self, route: Route) {
        if let Some(lane) = self.lanes.get_mut(&route) {
            lane.is_resyncing = true;
            lane.resyncs += 1;
            // What stood before it then says nothing of what comes.
            if let Some(doors) = &mut lane.doors {
                doors.status = VenueStatus::Stale { reason: "asking what rests".to_owned() };
            }
            self.tell_engine(route, EngineEvent::Resync);
        }
    }

    pub(super) fn gone(&mut self, now: Timestamp, route: Route, reason: String) {
        self.decide(now, Event::Health { route, news: News::Stale { reason } });
        if let Some(lane) = self.lanes.get_mut(&route) {
            lane.is_gone = true;
        }
        self.unnoted(route);
        self.begin_without(now);
    }
}

/// What has changed from one look to the next.
fn news(before: Option<&Doors>, now: &Doors) -> Vec<News> {
    let mut news = Vec::new();
    let shut_before = before.map(|doors| doors.shut.as_slice()).unwrap_or_default();
    for record in &now.shut {
        let is_same = |known: &&tradewind_scheduler::ShutRecord| {
            (known.scope, known.until, known.reason) == (record.scope, record.until, record.reason)
        };
        if !shut_before.iter().any(|known| is_same(&known)) {
            let (scope, until, reason) = (record.scope, record.until, record.reason);
            news.push(News::Shut { scope, until, reason });
        }
    }
    for known in shut_before {
        if !now.shut.iter().any(|record| record.scope == known.scope) {
            news.push(News::Opened { scope: known.scope });
        }
    }
    for (group, outage) in &now.outages {
        if before.is_none_or(|doors| doors.outages.get(group) != Some(outage)) {
            news.push(News::BreakerOpen { group: *group, outage: *outage });
        }
    }
    for group in before.iter().flat_map(|doors| doors.outages.keys()) {
        if !now.outages.contains_key(group) {
            news.push(News::BreakerClosed { group: *group });
        }
    }
    let was_live = before.is_some_and(|doors| doors.status == VenueStatus::Live);
    match &now.status {
        VenueStatus::Live if !was_live => news.push(News::Live),
        VenueStatus::Stale { reason } if was_live || before.is_none() => {
            news.push(News::Stale { reason: reason.clone() });
        }
        // What is shut was told as such, and makes the route stale by itself if streams go too.
        VenueStatus::Live
        | VenueStatus::Stale { .. }
        | VenueStatus::Shut { .. }
        | VenueStatus::Moved { .. } => {}
    }
    news
}
