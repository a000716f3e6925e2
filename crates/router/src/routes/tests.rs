//! What a list of routes is, and what two of them share.

use super::*;
use crate::cases::{four, routes_of, setup};

#[test]
fn a_list_that_is_none_says_what_is_wrong_with_it() {
    let [one, ..] = four();
    let unreached = RouteSetup { endpoints: Vec::new(), ..setup(one, 1) };
    let mut poor = setup(one, 1);
    poor.capital.insert(Asset::new("BTC"), Decimal::NEGATIVE_ONE);
    for (setups, said) in [
        (vec![], "no route is configured"),
        (vec![setup(one, 1), setup(one, 2)], "binance/main/eth0 is configured twice"),
        (vec![unreached], "are missing"),
        (vec![poor], "is -1 BTC"),
    ] {
        let error = Routes::new(setups).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn two_exchanges_share_no_account_whatever_their_logins_are_called() {
    let [one, again, sub, elsewhere] = four();
    let shares = |other: &Route| {
        let Shared { venue, account, egress } = Shared::between(&one, other);
        [venue, account, egress]
    };
    assert_eq!(shares(&again), [true, true, false]);
    assert_eq!(shares(&sub), [true, false, false]);
    assert_eq!(shares(&elsewhere), [false, false, true]);
    assert_eq!(routes_of(&four()).of_account(one).collect::<Vec<_>>(), [one, again]);
}

#[test]
fn a_load_leaves_what_the_fuller_of_its_parts_leaves() {
    let left = |orders: i64, budget: i64| {
        Load { orders: Decimal::new(orders, 2), budget: Decimal::new(budget, 2) }.left()
    };
    assert_eq!(left(20, 70), Decimal::new(30, 2));
    assert_eq!(left(150, 0), Decimal::ZERO);
    assert_eq!(left(-5, 0), Decimal::ONE);
}
