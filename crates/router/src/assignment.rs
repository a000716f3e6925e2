//! Which route is home to a strategy on an instrument.
//!
//! Home is at the most preferred exchange that has the instrument; other exchanges are where one
//! goes when home is shut. Among the accounts there, home is where most capital is to spare:
//! what there is of the quote asset, as the venue told it, less the part in use, shared with those
//! that live there already. It is kept: an assignment that follows the load around would leave a
//! trail of half positions. It changes only while there is nothing to leave behind, and for
//! something that is twice as good.

use std::collections::BTreeMap;

use tradewind_engine::Route;
use tradewind_model::id::{AccountId, Asset, VenueId};
use tradewind_model::{Decimal, Timestamp};

use crate::decision::Holding;
use crate::routes::{Load, RouteSetup, Routes};

/// How much better another home has to be.
const TIMES_BETTER: Decimal = Decimal::TWO;

/// Where a strategy's intents on an instrument go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Where they belong.
    pub home: Route,
    /// Where new ones go now.
    pub active: Route,
    /// When that was last changed; none when it never was.
    pub moved_at: Option<Timestamp>,
    /// Whether it has been said that they can go nowhere.
    pub is_stranded: bool,
}

impl Standing {
    /// At home.
    #[must_use]
    pub const fn at(home: Route) -> Self {
        Self { home, active: home, moved_at: None, is_stranded: false }
    }
}

/// What is looked at to find a home.
#[derive(Clone, Copy, Debug)]
pub struct Candidates<'a> {
    /// The routes.
    pub routes: &'a Routes,
    /// How much of each is in use.
    pub loads: &'a BTreeMap<Route, Load>,
    /// What is free in each account, as far as it was told.
    pub balances: &'a BTreeMap<(VenueId, AccountId), BTreeMap<Asset, Decimal>>,
    /// What all have been given.
    pub standings: &'a BTreeMap<Holding, Standing>,
    /// What is paid with.
    pub quote: &'a Asset,
}

impl Candidates<'_> {
    /// The best home for a newcomer among these, which are of one exchange; of two that are equal
    /// the more preferred. One that can be used comes before any that cannot.
    pub fn best(
        &self,
        among: impl Iterator<Item = Route>,
        is_usable: impl Fn(&Route) -> bool,
    ) -> Option<Route> {
        let mut best: Option<((bool, Decimal), Route)> = None;
        for route in among {
            let score = (is_usable(&route), self.score(route, None));
            if best.is_none_or(|(most, _)| score > most) {
                best = Some((score, route));
            }
        }
        best.map(|(_, route)| route)
    }

    /// A home that is at least twice as good as the one it has; none when there is none.
    pub fn better(
        &self,
        holding: &Holding,
        home: Route,
        is_usable: impl Fn(&Route) -> bool,
    ) -> Option<Route> {
        let now = self.score(home, Some(holding));
        let others = self.routes.of_venue(home.venue).map(|setup| setup.route);
        let others = others.filter(|route| route.account != home.account && is_usable(route));
        let mut best: Option<(Decimal, Route)> = None;
        for route in others {
            let score = self.score(route, Some(holding));
            let is_better = score > Decimal::ZERO && score >= now.saturating_mul(TIMES_BETTER);
            if is_better && best.is_none_or(|(most, _)| score > most) {
                best = Some((score, route));
            }
        }
        best.map(|(_, route)| route)
    }

    /// The capital to spare, for each who would share it.
    fn score(&self, route: Route, but: Option<&Holding>) -> Decimal {
        let capital = self.routes.get(&route).map(|setup| self.capital(setup)).unwrap_or_default();
        let left = self.loads.get(&route).copied().unwrap_or_default().left();
        let others = self.standings.iter().filter(|(holding, standing)| {
            standing.home.venue == route.venue
                && standing.home.account == route.account
                && Some(*holding) != but
        });
        let sharing = Decimal::from(others.count()).saturating_add(Decimal::ONE);
        capital.saturating_mul(left).checked_div(sharing).unwrap_or_default()
    }

    fn capital(&self, setup: &RouteSetup) -> Decimal {
        let route = &setup.route;
        let told = self.balances.get(&(route.venue, route.account));
        let free = told.and_then(|balances| balances.get(self.quote)).copied();
        // What may be traded with is no more than what is there.
        match (setup.capital.get(self.quote).copied(), free) {
            (Some(most), Some(free)) => most.min(free).max(Decimal::ZERO),
            (Some(one), None) | (None, Some(one)) => one.max(Decimal::ZERO),
            (None, None) => Decimal::ZERO,
        }
    }
}

#[cfg(test)]
mod tests;
