//! Homes.

use super::*;
use crate::cases::{holding, route, setup};

struct Houses {
    routes: Routes,
    loads: BTreeMap<Route, Load>,
    balances: BTreeMap<(VenueId, AccountId), BTreeMap<Asset, Decimal>>,
    standings: BTreeMap<Holding, Standing>,
    quote: Asset,
}

impl Houses {
    /// Two accounts at one exchange with so much capital each.
    fn with(capital: [u32; 2]) -> (Self, [Route; 2]) {
        let both = [route("binance", "main", "eth0"), route("binance", "sub", "eth1")];
        let setups = vec![setup(both[0], capital[0]), setup(both[1], capital[1])];
        let houses = Self {
            routes: Routes::new(setups).unwrap(),
            loads: BTreeMap::new(),
            balances: BTreeMap::new(),
            standings: BTreeMap::new(),
            quote: Asset::new("USDT"),
        };
        (houses, both)
    }

    fn candidates(&self) -> Candidates<'_> {
        let Self { routes, loads, balances, standings, quote } = self;
        Candidates { routes, loads, balances, standings, quote }
    }

    fn has(&mut self, route: Route, free: u32) {
        let balances = BTreeMap::from([(self.quote.clone(), Decimal::from(free))]);
        self.balances.insert((route.venue, route.account), balances);
    }

    fn best(&self) -> Route {
        self.candidates().best(self.routes.names(), |_| true).unwrap()
    }

    fn settle(&mut self, strategy: &str) -> Route {
        let home = self.best();
        self.standings.insert(holding(strategy), Standing::at(home));
        home
    }
}

#[test]
fn home_is_where_most_capital_is_to_spare() {
    let (mut houses, [main, sub]) = Houses::with([100, 300]);
    assert_eq!(houses.best(), sub);
    houses.loads.insert(sub, Load { orders: Decimal::new(9, 1), budget: Decimal::ZERO });
    assert_eq!(houses.best(), main);
}

#[test]
fn what_is_not_there_is_no_capital_whatever_may_be_traded_with() {
    let (mut houses, [main, sub]) = Houses::with([100, 300]);
    houses.has(main, 90);
    houses.has(sub, 50);
    assert_eq!(houses.best(), main);
    houses.has(sub, 9_000);
    assert_eq!(houses.best(), sub);
}

#[test]
fn without_a_bound_it_is_what_is_free() {
    let (mut houses, [main, sub]) = Houses::with([0, 0]);
    let unbound =
        [main, sub].map(|route| RouteSetup { capital: BTreeMap::new(), ..setup(route, 0) });
    houses.routes = Routes::new(unbound.into()).unwrap();
    assert_eq!(houses.best(), main, "nothing is known of either");
    houses.has(sub, 1);
    assert_eq!(houses.best(), sub);
    houses.has(main, 2);
    assert_eq!(houses.best(), main);
}

#[test]
fn of_two_that_are_equal_the_more_preferred_comes_first_and_newcomers_spread() {
    let (mut houses, [main, sub]) = Houses::with([100, 100]);
    let homes: Vec<Route> = ["a", "b", "c"].map(|name| houses.settle(name)).into();
    assert_eq!(homes, [main, sub, main]);
}

#[test]
fn one_that_can_be_used_comes_before_any_that_cannot() {
    let (houses, [main, sub]) = Houses::with([100, 900]);
    let best = houses.candidates().best(houses.routes.names(), |route| *route == main);
    assert_eq!(best, Some(main));
    let none = houses.candidates().best(houses.routes.names(), |_| false);
    assert_eq!(none, Some(sub), "a home is a home, shut or not");
}

#[test]
fn another_home_has_to_be_twice_as_good() {
    for (there, expected) in [(199, false), (200, true)] {
        let (mut houses, [main, sub]) = Houses::with([100, there]);
        houses.standings.insert(holding("grid"), Standing::at(main));
        let better = houses.candidates().better(&holding("grid"), main, |_| true);
        assert_eq!(better, expected.then_some(sub), "{there}");
    }
}
