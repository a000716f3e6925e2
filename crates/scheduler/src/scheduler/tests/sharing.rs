//! Who gets how much of what many want.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use tradewind_model::call::EndpointGroup;
use tradewind_model::id::CallId;
use tradewind_model::tariff::{Charge, Cost, LimitKind, Weight};

use super::desk::{Desk, MIDNIGHT, plain, weighing};
use super::weather::limit;
use crate::cases::cases;
use crate::config::{Concurrency, SchedulerConfig};
use crate::never::Shed;
use crate::scheduler::Next;
use crate::ticket::Priority;

const WEIGHT: LimitKind = LimitKind::RequestWeight;
/// What an address may draw in a minute of those who always want more.
const CAPACITY: Weight = 60;
const MINUTE: Duration = Duration::from_secs(60);

/// What leaves in a window of 100, by whom it was asked for.
fn served(desk: &mut Desk, asked: &BTreeMap<CallId, (u32, Weight)>) -> BTreeMap<u32, Weight> {
    let mut served = BTreeMap::new();
    for call in desk.leaving() {
        let (owner, weight) = asked[&call];
        *served.entry(owner).or_default() += weight;
        desk.answer(call, &[]);
    }
    served
}

fn ask(desk: &mut Desk, class: Priority, owner: u32, weight: Weight, times: u32) -> Asks {
    desk.owner = owner;
    (0..times)
        .map(|_| (desk.submit(class, EndpointGroup::Public, weighing(weight)), (owner, weight)))
        .collect()
}

type Asks = BTreeMap<CallId, (u32, Weight)>;

#[test]
fn owners_share_a_class_by_weight_and_not_by_who_shouts() {
    for class in [Priority::Trade, Priority::Background] {
        let mut desk = Desk::new(plain(), &[limit(WEIGHT, 60, 120)]);
        let mut asked = ask(&mut desk, class, 1, 1, 200);
        desk.deadline = desk.deadline - Duration::from_secs(1_000);
        asked.extend(ask(&mut desk, class, 2, 10, 30));
        asked.extend(ask(&mut desk, class, 3, 2, 100));
        let served = served(&mut desk, &asked);
        assert_eq!(served, BTreeMap::from([(1, 40), (2, 40), (3, 40)]), "{class:?}");
    }
}

#[test]
fn one_call_at_a_time_with_an_early_deadline_starves_nobody() {
    let mut desk = Desk::new(plain(), &[limit(WEIGHT, 1, 1)]);
    let many = ask(&mut desk, Priority::Trade, 1, 1, 100);
    desk.deadline = desk.deadline - Duration::from_secs(1_000);
    let mut of_many = 0;
    for second in 11..51 {
        desk.at(second * 1_000 + 10);
        ask(&mut desk, Priority::Trade, 2, 1, 1);
        let left = desk.leaving();
        assert_eq!(left.len(), 1);
        of_many += u32::from(many.contains_key(&left[0]));
        desk.answer(left[0], &[]);
    }
    assert!((19..=21).contains(&of_many), "{of_many} of 40");
}

#[test]
fn being_idle_earns_nothing() {
    let mut desk = Desk::new(plain(), &[limit(WEIGHT, 60, 100)]);
    ask(&mut desk, Priority::Trade, 2, 1, 1);
    let mut asked = ask(&mut desk, Priority::Trade, 1, 1, 500);
    desk.leaving();
    asked.extend(ask(&mut desk, Priority::Trade, 2, 1, 500));
    desk.at(60_010);
    let served = served(&mut desk, &asked);
    assert!(served.values().all(|weight| (49..=51).contains(weight)), "{served:?}");
}

#[test]
fn the_background_gets_a_twentieth_of_what_queries_leave_nothing_of() {
    let mut desk = Desk::new(plain(), &[limit(WEIGHT, 60, 1_000)]);
    let mut asked = ask(&mut desk, Priority::Background, 1, 5, 500);
    asked.extend(ask(&mut desk, Priority::Query, 2, 2, 1_000));
    let served = served(&mut desk, &asked);
    assert_eq!(served.values().sum::<Weight>(), 1_000);
    assert!((45..=55).contains(&served[&1]), "{served:?}");
}

#[test]
fn what_is_shed_says_why() {
    let mut desk = Desk::new(plain(), &[limit(WEIGHT, 60, 10)]);
    let never = desk.try_submit(Priority::Query, EndpointGroup::Public, weighing(11));
    assert!(matches!(Shed::from(never.unwrap_err()), Shed::Refused(_)));
    desk.deadline = desk.now + Duration::from_millis(1_500);
    let full = desk.read(10);
    desk.read(10);
    assert_eq!(desk.leaving(), [full]);
    desk.now = desk.deadline;
    let Some(Next::Expire(ticket)) = desk.scheduler.poll(desk.now) else { panic!() };
    let shed = Shed::expired(desk.now, &ticket).to_string();
    assert_eq!(shed, "query call waited 1500 ms for leave, and then it was too late");
}

/// A part of everything that processes have in common, and of nothing that is each one's own.
#[test]
fn one_of_twenty_keeps_to_a_twentieth_of_what_is_shared() {
    let limits = [
        limit(WEIGHT, 60, 6_000),
        limit(LimitKind::RawRequests, 300, 61_000),
        limit(LimitKind::Orders, 10, 100),
        limit(LimitKind::Orders, 86_400, 10),
        limit(LimitKind::Connections, 300, 300),
        limit(LimitKind::Messages, 1, 5),
    ];
    let config = SchedulerConfig {
        share: 20,
        concurrency: Concurrency { orders: 8, private: 2, public: 41, streams: 1 },
        ..plain()
    };
    let mut desk = Desk::new(config, &limits);
    desk.origin.socket = Some(1);
    let all = [WEIGHT, LimitKind::Orders, LimitKind::Connections, LimitKind::Messages];
    let cost = all.into_iter().fold(Cost::default(), |cost, kind| cost.and(Charge::fixed(kind, 1)));
    let call = desk.submit(Priority::Critical, EndpointGroup::Orders, cost);
    assert_eq!(desk.leaving(), [call]);
    let snapshot = desk.scheduler.snapshot(desk.now);
    let parts: Vec<_> = snapshot.buckets.iter().map(|view| (view.limit, view.capacity)).collect();
    let expected = limits.into_iter().zip([300, 3_050, 5, 1, 15, 5]);
    for (limit, part) in expected {
        assert!(parts.contains(&(limit, part)), "{limit:?} is {part} of {parts:?}");
    }
    assert_eq!(snapshot.caps.map(|(_, cap)| cap), [1, 1, 2, 1], "never below one");
    // What a part never holds is refused at the door, and the door says so.
    let never = desk.try_submit(Priority::Query, EndpointGroup::Public, weighing(301));
    assert!(never.unwrap_err().to_string().contains("301"));
}

proptest! {
    #![proptest_config(cases())]

    /// Owners who always want more are served alike, however heavy their calls are, and whatever
    /// their deadlines.
    #[test]
    fn owners_who_want_more_are_served_alike(
        weights in prop::collection::vec(1_u32..=10, 2..5),
        is_trade in any::<bool>(),
        minutes in 1_usize..6,
        hurry in 0_u64..100,
    ) {
        let class = if is_trade { Priority::Trade } else { Priority::Background };
        let mut desk = Desk::new(plain(), &[limit(WEIGHT, 60, CAPACITY)]);
        let mut owners: BTreeMap<CallId, usize> = BTreeMap::new();
        let mut served = vec![0_u64; weights.len()];
        let ask = |desk: &mut Desk, owners: &mut BTreeMap<_, _>, owner: usize| {
            desk.owner = u32::try_from(owner).unwrap();
            // Some are always in more of a hurry.
            let early = Duration::from_secs(hurry * owner as u64);
            desk.deadline = MIDNIGHT + Duration::from_secs(1_000_000) - early;
            let call = desk.submit(class, EndpointGroup::Public, weighing(weights[owner]));
            owners.insert(call, owner);
        };
        for owner in 0..weights.len() {
            (0..2).for_each(|_| ask(&mut desk, &mut owners, owner));
        }
        for _ in 0..minutes {
            desk.now = desk.now + MINUTE;
            while let Some(next) = desk.scheduler.poll(desk.now) {
                let Next::Admit(permit) = next else { panic!("{next:?}") };
                let owner = owners[&permit.call()];
                served[owner] += u64::from(weights[owner]);
                desk.answer(permit.call(), &[]);
                ask(&mut desk, &mut owners, owner);
            }
            // One call each, and what a lighter one takes at the end of a window.
            let (least, most) = (served.iter().min().unwrap(), served.iter().max().unwrap());
            prop_assert!(most - least <= 20, "{served:?} of {weights:?}");
        }
    }

    /// While queries take all they can, the background has a twentieth.
    #[test]
    fn the_background_has_a_twentieth(
        query in 1_u32..=10,
        background in 1_u32..=10,
        minutes in 5_usize..30,
    ) {
        let mut desk = Desk::new(plain(), &[limit(WEIGHT, 60, CAPACITY)]);
        let ask = |desk: &mut Desk, class| {
            let weight = if class == Priority::Query { query } else { background };
            desk.submit(class, EndpointGroup::Public, weighing(weight))
        };
        let mut classes = BTreeMap::new();
        for class in [Priority::Query, Priority::Background].repeat(2) {
            classes.insert(ask(&mut desk, class), class);
        }
        let mut served = BTreeMap::from([(Priority::Query, 0), (Priority::Background, 0)]);
        for _ in 0..minutes {
            desk.now = desk.now + MINUTE;
            while let Some(next) = desk.scheduler.poll(desk.now) {
                let Next::Admit(permit) = next else { panic!("{next:?}") };
                let class = classes[&permit.call()];
                *served.get_mut(&class).unwrap() +=
                    if class == Priority::Query { query } else { background };
                desk.answer(permit.call(), &[]);
                classes.insert(ask(&mut desk, class), class);
            }
        }
        let fair = share_beside(served[&Priority::Query]);
        let had = served[&Priority::Background];
        // At the end of a window, what no query fits is the background's as well.
        let leftovers = u32::try_from(minutes).unwrap() * query;
        prop_assert!(had + background + 1 >= fair, "{had} of {fair}");
        prop_assert!(had <= fair + background + leftovers, "{had} of {fair}");
    }
}

/// The background's share beside what queries had.
const fn share_beside(queries: Weight) -> Weight {
    queries / 19
}
