//! Which base URL of its account a route uses.
//!
//! A connection that cannot be had is tried elsewhere: three times within ten seconds, and calls
//! go to the next URL. Nothing else moves them: whatever a venue *says* holds at each of its URLs.
//! Back and forth is bounded like every other move, by the same window.

use std::collections::BTreeMap;
use std::time::Duration;

use tradewind_engine::Route;
use tradewind_model::Timestamp;

use crate::health::Cause;
use crate::routes::{Endpoint, Routes};
use crate::way::ToEndpoint;

/// So many faults move a route to its next endpoint...
const FAULTS: u32 = 3;
/// ...if they come within this time.
const WITHIN: Duration = Duration::from_secs(10);

/// The endpoints in use.
#[derive(Clone, Debug)]
pub struct Endpoints {
    routes: Routes,
    window: Duration,
    in_use: BTreeMap<Route, InUse>,
}

#[derive(Clone, Debug, Default)]
struct InUse {
    /// Its place in the route's list.
    index: usize,
    faults: u32,
    first_fault: Option<Timestamp>,
    last_fault: Option<Timestamp>,
    moved_at: Option<Timestamp>,
}

impl Endpoints {
    /// Each route at its first endpoint. `window` is the time between two moves of one.
    #[must_use]
    pub fn new(routes: &Routes, window: Duration) -> Self {
        let in_use = routes.names().map(|route| (route, InUse::default())).collect();
        Self { routes: routes.clone(), window, in_use }
    }

    /// The endpoint in use; none for a route that is not configured.
    #[must_use]
    pub fn of(&self, route: &Route) -> Option<&Endpoint> {
        self.routes.get(route)?.endpoints.get(self.in_use.get(route)?.index)
    }

    /// Takes a transport fault, and says where to go on; with it, how many faults there were.
    pub fn fault(
        &mut self,
        now: Timestamp,
        route: Route,
        cause: Option<&Cause>,
    ) -> Option<(ToEndpoint, u32)> {
        let endpoints = &self.routes.get(&route)?.endpoints;
        let state = self.in_use.get_mut(&route)?;
        if state.first_fault.is_none_or(|first| now.since(first) > WITHIN) {
            state.first_fault = Some(now);
            state.faults = 0;
        }
        state.faults = state.faults.saturating_add(1);
        state.last_fault = Some(now);
        let may_move = state.moved_at.is_none_or(|at| now >= at + self.window);
        if state.faults < FAULTS || !may_move || !ToEndpoint::is_safe(cause) {
            return None;
        }
        let next = (state.index + 1) % endpoints.len();
        let way = ToEndpoint::new(route, endpoints.get(state.index)?, endpoints.get(next)?)?;
        let faults = state.faults;
        *state = InUse { index: next, moved_at: Some(now), ..InUse::default() };
        Some((way, faults))
    }

    /// The way back to a route's own endpoint, once no fault has been heard of for a window.
    pub fn back(
        &mut self,
        now: Timestamp,
        route: Route,
        cause: Option<&Cause>,
    ) -> Option<ToEndpoint> {
        if now < self.due(&route)? || !ToEndpoint::is_safe(cause) {
            return None;
        }
        let endpoints = &self.routes.get(&route)?.endpoints;
        let state = self.in_use.get_mut(&route)?;
        let way = ToEndpoint::new(route, endpoints.get(state.index)?, endpoints.first()?)?;
        *state = InUse { moved_at: Some(now), ..InUse::default() };
        Some(way)
    }

    /// Puts a route where a decision of an earlier life has put it.
    pub fn remember(&mut self, at: Timestamp, way: &ToEndpoint) {
        let Some(setup) = self.routes.get(&way.route()) else { return };
        let Some(index) = setup.endpoints.iter().position(|endpoint| endpoint == way.to()) else {
            return;
        };
        if let Some(state) = self.in_use.get_mut(&way.route()) {
            *state = InUse { index, moved_at: Some(at), ..InUse::default() };
        }
    }

    /// When a route may go back to its own endpoint; none while it is there.
    #[must_use]
    pub fn due(&self, route: &Route) -> Option<Timestamp> {
        let state = self.in_use.get(route).filter(|state| state.index != 0)?;
        let moved = state.moved_at? + self.window;
        Some(state.last_fault.map_or(moved, |fault| moved.max(fault + self.window)))
    }
}

#[cfg(test)]
mod tests;
