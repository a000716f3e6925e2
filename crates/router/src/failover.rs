//! When new intents go elsewhere, and when they come home.
//!
//! Away at once, and back late. The first trouble moves them; after that nothing moves them again
//! before a window has passed, whatever the routes do meanwhile: an outage that comes and goes
//! every few seconds would otherwise leave a position in every place it drove us through. Home has
//! to be healthy for a whole window without a break.
//!
//! This is about where *new* intents go. What has been handed out stays where it is, but for what
//! has provably never left.

use std::time::Duration;

use tradewind_engine::Route;
use tradewind_model::Timestamp;

use crate::assignment::Standing;
use crate::decision::Reason;
use crate::health::Health;
use crate::routes::Routes;
use crate::way::Way;

/// What is to become of a standing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// New intents go by another route.
    Away {
        /// Which.
        to: Route,
        /// What stands against the one they went by.
        reason: Reason,
    },
    /// They go home.
    Home {
        /// Why.
        reason: Reason,
    },
    /// The route cannot be used, and they can go nowhere, or not yet.
    Nowhere {
        /// Why not.
        reason: Reason,
    },
}

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Outlook<'a> {
    /// The routes.
    pub routes: &'a Routes,
    /// What is known of them.
    pub health: &'a Health,
    /// See [`crate::policy::Policy::window`].
    pub window: Duration,
}

impl Outlook<'_> {
    /// What to do now; none when all is as it should be.
    pub fn step(
        &self,
        now: Timestamp,
        standing: &Standing,
        lists: impl Fn(&Route) -> bool,
    ) -> Option<Step> {
        if self.health.is_starting(now, &standing.active) {
            return None;
        }
        let may_move = self.may_move(now, standing);
        let Some(cause) = self.health.trouble(now, &standing.active) else {
            let since = self.health.healthy_since(&standing.home)?;
            let is_away = standing.active != standing.home;
            let is_time = may_move && now >= since + self.window;
            let home = Step::Home { reason: Reason::Healthy(since) };
            return (is_away && is_time).then_some(home);
        };
        let mut there = self.routes.names().filter(|route| {
            lists(route)
                && self.health.is_usable(now, route)
                && Way::between(standing.active, *route)
                    .is_some_and(|way| way.is_safe(Some(&cause)))
        });
        let to = there.next();
        Some(match (to, may_move, standing.moved_at) {
            (Some(to), true, _) => Step::Away { to, reason: cause.reason() },
            (Some(_), false, Some(at)) => {
                Step::Nowhere { reason: Reason::TooSoon { at, next: at + self.window } }
            }
            (Some(_), false, None) | (None, ..) => Step::Nowhere { reason: cause.reason() },
        })
    }

    /// The next moment at which a standing may change by the passing of time alone.
    #[must_use]
    pub fn wakeup(&self, now: Timestamp, standing: &Standing) -> Option<Timestamp> {
        let rested = standing.moved_at.map(|at| at + self.window);
        if !self.health.is_usable(now, &standing.active) {
            return rested.filter(|at| *at > now);
        }
        if standing.active == standing.home {
            return None;
        }
        let healthy = self.health.healthy_since(&standing.home)? + self.window;
        Some(rested.map_or(healthy, |rested| rested.max(healthy)))
    }

    /// Whether the last move is a window ago.
    #[must_use]
    pub fn may_move(&self, now: Timestamp, standing: &Standing) -> bool {
        standing.moved_at.is_none_or(|at| now >= at + self.window)
    }
}
