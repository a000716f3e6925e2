//! What holds over every history of doors that shut and open, outages that come and go, and
//! answers that are lost.

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::Config;
use tradewind_engine::Route;
use tradewind_model::Decimal;
use tradewind_model::call::EndpointGroup;
use tradewind_model::id::ClientOrderId;
use tradewind_model::money::Quantity;
use tradewind_model::order::{Denied, OrderState, Side};
use tradewind_model::outcome::RefusalKind;
use tradewind_scheduler::{Outage, ScopeKey};

use super::super::{Limits, Router, RouterConfig};
use super::desk::{Desk, Truth};
use crate::cases::{at, four, holding, post_only, qty, routes_of};
use crate::decision::Decision;
use crate::health::News;
use crate::policy::{OnOpen, OnShut, Policy};

const STRATEGIES: [&str; 2] = ["grid", "maker"];

/// Two thousand histories, unless `PROPTEST_CASES` asks for another number.
fn cases() -> Config {
    let config = Config { failure_persistence: None, ..Config::default() };
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => config,
        None => Config { cases: 2_000, ..config },
    }
}

/// What an order may meet next.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Leave,
    Accept,
    Refuse(RefusalKind),
    Deny,
    Lose { is_there: bool },
    Resolve,
    Fill,
    Cancel,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Submit { strategy: usize, is_buy: bool },
    Order { which: usize, fate: Fate },
    Shut { route: usize, what: u8 },
    Open { which: usize },
    Reconciled,
    Breaker { route: usize, outage: Outage },
    Closed { route: usize },
    Stale { route: usize },
    Live { route: usize },
    Fault { route: usize },
    Pass { secs: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let refusals = [RefusalKind::Validation, RefusalKind::Business, RefusalKind::DuplicateOrder];
    let fate = prop_oneof![
        4 => Just(Fate::Leave),
        4 => Just(Fate::Accept),
        2 => prop::sample::select(refusals.to_vec()).prop_map(Fate::Refuse),
        2 => Just(Fate::Deny),
        3 => any::<bool>().prop_map(|is_there| Fate::Lose { is_there }),
        2 => Just(Fate::Resolve),
        2 => Just(Fate::Fill),
        1 => Just(Fate::Cancel),
    ];
    let outages = [Outage::Transport, Outage::Timeout, Outage::Server, Outage::Overload];
    prop_oneof![
        8 => (0_usize..2, any::<bool>())
            .prop_map(|(strategy, is_buy)| Step::Submit { strategy, is_buy }),
        14 => (any::<usize>(), fate).prop_map(|(which, fate)| Step::Order { which, fate }),
        3 => (0_usize..4, 0_u8..3).prop_map(|(route, what)| Step::Shut { route, what }),
        4 => any::<usize>().prop_map(|which| Step::Open { which }),
        4 => Just(Step::Reconciled),
        1 => (0_usize..4, prop::sample::select(outages.to_vec()))
            .prop_map(|(route, outage)| Step::Breaker { route, outage }),
        2 => (0_usize..4).prop_map(|route| Step::Closed { route }),
        1 => (0_usize..4).prop_map(|route| Step::Stale { route }),
        2 => (0_usize..4).prop_map(|route| Step::Live { route }),
        1 => (0_usize..4).prop_map(|route| Step::Fault { route }),
        5 => prop_oneof![1_u64..5, 20_u64..21, 100_u64..400].prop_map(|secs| Step::Pass { secs }),
    ]
}

fn policy() -> impl Strategy<Value = Policy> {
    (any::<bool>(), any::<bool>()).prop_map(|(mirrors, keeps)| Policy {
        on_shut: if mirrors { OnShut::Mirror { cap: qty("100") } } else { OnShut::NewOnly },
        on_open: if keeps { OnOpen::Keep } else { OnOpen::CancelFirst },
        ..Policy::default()
    })
}

fn play(policy: Policy, steps: &[Step]) -> Desk {
    let mut desk = Desk::new(&four(), policy);
    for step in steps {
        take(&mut desk, *step);
        check(&desk);
    }
    desk
}

fn take(desk: &mut Desk, step: Step) {
    let group = EndpointGroup::Orders;
    match step {
        Step::Submit { strategy, is_buy } => {
            let (side, price) = if is_buy { (Side::Buy, "100") } else { (Side::Sell, "110") };
            desk.submit(STRATEGIES[strategy], post_only(side, price, "1"));
        }
        Step::Order { which, fate } => {
            let open: Vec<(Route, ClientOrderId)> = desk
                .orders
                .iter()
                .filter(|(_, order)| order.truth != Truth::Over)
                .map(|(key, _)| *key)
                .collect();
            if let Some((route, id)) = open.get(which % open.len().max(1)).copied() {
                meet(desk, route, id, fate);
            }
        }
        Step::Shut { route, what } => {
            let route = desk.routes[route];
            let scope = match what {
                0 => ScopeKey::Egress(route.egress),
                1 => ScopeKey::Account(route.account),
                _ => ScopeKey::NewOrders(route.account),
            };
            desk.shut(route, scope);
        }
        Step::Open { which } => {
            let shut: Vec<_> = desk.shut.iter().copied().collect();
            if let Some((venue, scope)) = shut.get(which % shut.len().max(1)) {
                let route = desk.routes.iter().find(|route| route.venue == *venue).copied();
                desk.open(route.unwrap(), *scope);
            }
        }
        Step::Reconciled => desk.reconcile(),
        Step::Breaker { route, outage } => {
            desk.news(desk.routes[route], News::BreakerOpen { group, outage });
        }
        Step::Closed { route } => desk.news(desk.routes[route], News::BreakerClosed { group }),
        Step::Stale { route } => {
            desk.news(desk.routes[route], News::Stale { reason: "a gap".to_owned() });
        }
        Step::Live { route } => desk.news(desk.routes[route], News::Live),
        Step::Fault { route } => desk.news(desk.routes[route], News::TransportFault),
        Step::Pass { secs } => desk.pass(Duration::from_secs(secs)),
    }
}

/// What cannot befall an order as it is befalls it not.
fn meet(desk: &mut Desk, route: Route, id: ClientOrderId, fate: Fate) {
    let order = desk.orders.get(&(route, id)).unwrap();
    let rest = order.request.kind.qty().unwrap_or_default().saturating_sub(order.traded);
    let none = Quantity::ZERO;
    match (fate, order.truth) {
        (Fate::Leave, Truth::Waiting) => desk.become_(route, id, OrderState::InFlight),
        (Fate::Accept, Truth::Sent) => desk.become_(route, id, OrderState::Open),
        (Fate::Refuse(kind), Truth::Sent) => {
            desk.become_with(route, id, OrderState::Rejected, None, Some(kind), none);
        }
        (Fate::Deny, Truth::Waiting) => {
            let denied = Denied::Closed("stale".to_owned());
            desk.become_with(route, id, OrderState::Denied, Some(denied), None, none);
        }
        (Fate::Lose { is_there }, Truth::Sent) => {
            desk.become_(route, id, OrderState::InDoubt);
            desk.orders.get_mut(&(route, id)).unwrap().truth = Truth::Doubt { is_there };
        }
        (Fate::Resolve, Truth::Doubt { is_there: true }) => {
            desk.become_(route, id, OrderState::Open);
        }
        (Fate::Resolve, Truth::Doubt { is_there: false }) => {
            let denied = Some(Denied::NotPlaced);
            desk.become_with(route, id, OrderState::Denied, denied, None, none);
        }
        (Fate::Fill, Truth::Live) => {
            desk.become_with(route, id, OrderState::Filled, None, None, rest);
        }
        (Fate::Cancel, Truth::Live) => desk.become_(route, id, OrderState::Canceled),
        (
            Fate::Leave
            | Fate::Accept
            | Fate::Refuse(_)
            | Fate::Deny
            | Fate::Lose { .. }
            | Fate::Resolve
            | Fate::Fill
            | Fate::Cancel,
            Truth::Waiting | Truth::Sent | Truth::Doubt { .. } | Truth::Live | Truth::Over,
        ) => {}
    }
}

/// What must hold at every moment; where an order is handed over the desk looks itself.
fn check(desk: &Desk) {
    let both = STRATEGIES.map(|strategy| desk.router.exposure(&holding(strategy)));
    let held = both.iter().fold(Decimal::ZERO, |sum, one| sum + one.held);
    assert_eq!(held, desk.really_held(), "what has traded is counted once");
    let open = |side: Side| {
        let its = desk
            .orders
            .values()
            .filter(|order| order.request.side == side && order.truth != Truth::Over);
        its.fold(Decimal::ZERO, |sum, order| {
            sum + (order.request.kind.qty().unwrap_or_default() - order.traded)
        })
    };
    let most = both.iter().fold(Decimal::ZERO, |sum, one| sum + one.most);
    let least = both.iter().fold(Decimal::ZERO, |sum, one| sum + one.least);
    assert_eq!(most, held + open(Side::Buy), "what is open counts, shut or in doubt");
    assert_eq!(least, held - open(Side::Sell), "what is open counts, shut or in doubt");
    for (of, moves) in desk.moves() {
        for pair in moves.windows(2) {
            assert!(pair[1].since(pair[0]) >= desk.window, "{of} moves twice in a window");
        }
    }
}

fn heal(desk: &mut Desk) {
    for (venue, scope) in desk.shut.clone() {
        let route = desk.routes.iter().find(|route| route.venue == venue).copied();
        desk.open(route.unwrap(), scope);
    }
    for route in desk.routes.clone() {
        desk.news(route, News::BreakerClosed { group: EndpointGroup::Orders });
        desk.news(route, News::Live);
    }
    for _ in 0..4 {
        let open: Vec<_> = desk
            .orders
            .iter()
            .filter(|(_, order)| order.truth != Truth::Over)
            .map(|(key, order)| (*key, order.is_unwanted))
            .collect();
        for ((route, id), is_unwanted) in open {
            meet(desk, route, id, Fate::Leave);
            meet(desk, route, id, Fate::Accept);
            meet(desk, route, id, Fate::Resolve);
            if is_unwanted {
                meet(desk, route, id, Fate::Cancel);
            }
        }
        desk.reconcile();
    }
    desk.pass(desk.window * 3);
    check(desk);
}

/// A router made of the decisions of another.
fn remembering(policy: Policy, decisions: &[Decision]) -> Router {
    let ids = tradewind_model::id::ClientOrderIds::new(98, at(0));
    let mut router = Router::new(RouterConfig {
        routes: routes_of(&four()),
        policy,
        limits: Limits::default(),
        ids,
    });
    for decision in decisions {
        router.remember(decision);
    }
    router
}

proptest! {
    #![proptest_config(cases())]

    /// The desk panics at an order that goes where it must not, and `check` at all else.
    #[test]
    fn nothing_is_doubled_nothing_in_doubt_moves_and_no_shut_door_is_knocked_at(
        policy in policy(),
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let mut desk = play(policy, &steps);
        heal(&mut desk);
        for strategy in STRATEGIES {
            if let Some(standing) = desk.router.standing(&holding(strategy)) {
                prop_assert_eq!(standing.active, standing.home, "all is well and it is away");
            }
        }
        prop_assert_eq!(desk.router.mirrors().iter().count(), 0, "all is well, and mirrored");
    }

    #[test]
    fn the_same_history_comes_to_the_same_decisions(
        policy in policy(),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        prop_assert_eq!(play(policy, &steps).decisions, play(policy, &steps).decisions);
    }

    #[test]
    fn a_router_that_remembers_the_decisions_stands_where_the_other_stood(
        policy in policy(),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let desk = play(policy, &steps);
        let text = serde_json::to_string(&desk.decisions).unwrap();
        let read: Vec<Decision> = serde_json::from_str(&text).unwrap();
        let router = remembering(policy, &read);
        for strategy in STRATEGIES {
            let holding = holding(strategy);
            let place = |router: &Router| {
                let standing = router.standing(&holding)?;
                Some((standing.home, standing.active, standing.moved_at))
            };
            prop_assert_eq!(place(&router), place(&desk.router));
        }
        for route in four() {
            prop_assert_eq!(router.endpoint(&route), desk.router.endpoint(&route));
        }
    }
}
