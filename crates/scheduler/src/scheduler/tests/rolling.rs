//! Limits whose windows may lie anywhere.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use proptest::prelude::*;
use tradewind_model::Timestamp;
use tradewind_model::call::EndpointGroup;
use tradewind_model::id::CallId;
use tradewind_model::tariff::{Charge, LimitKind};

use super::desk::{Desk, plain};
use super::weather::{limit, millis};
use crate::cases::cases;
use crate::scheduler::Next;
use crate::ticket::Priority;

/// One call, and what the network does with it.
#[derive(Clone, Copy, Debug)]
struct Trip {
    after_ms: u64,
    class: Priority,
    /// From its sending to its answer, or until its connection is closed.
    back_ms: u64,
    /// It lands after this much of that, in thousandths; of a call without an answer, of that and
    /// the five seconds in which it may still land.
    landing: u64,
    is_answered: bool,
}

fn trip() -> impl Strategy<Value = Trip> {
    let class = prop_oneof![
        1 => Just(Priority::Critical),
        1 => Just(Priority::Trade),
        2 => Just(Priority::Query),
        1 => Just(Priority::Background),
    ];
    let back_ms = prop_oneof![8 => 0_u64..80, 1 => 0_u64..4_000];
    let is_answered = prop_oneof![9 => Just(true), 1 => Just(false)];
    (0_u64..300, class, back_ms, 0_u64..=1_000, is_answered).prop_map(
        |(after_ms, class, back_ms, landing, is_answered)| Trip {
            after_ms,
            class,
            back_ms,
            landing,
            is_answered,
        },
    )
}

/// Of these landings, no window of this length, wherever it lies, holds more than `most`.
fn is_within(landings: &mut [Timestamp], length: Duration, most: usize) -> bool {
    landings.sort_unstable();
    landings.windows(most + 1).all(|window| window[most].since(window[0]) >= length)
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn no_window_holds_more_wherever_it_lies_and_a_quarter_is_for_what_is_critical(
        trips in prop::collection::vec(trip(), 1..60),
        capacity in 2_u32..9,
        length_ms in prop_oneof![Just(1_000_u64), 200_u64..3_000],
    ) {
        let mut desk = Desk::new(plain(), &[limit(LimitKind::Messages, 1, capacity)]);
        let length = millis(length_ms);
        let messages = limit(LimitKind::Messages, 1, capacity);
        let limits = [tradewind_model::tariff::Limit { interval: length, ..messages }];
        desk.scheduler.set_limits(desk.now, &limits);
        let mut agenda = BinaryHeap::new();
        let mut at = desk.now;
        for (index, trip) in trips.iter().enumerate() {
            at = at + millis(trip.after_ms);
            agenda.push(Reverse((at, index, true)));
        }
        let mut calls: BTreeMap<CallId, usize> = BTreeMap::new();
        let (mut landings, mut of_others) = (Vec::new(), Vec::new());
        while landings.len() < trips.len() || !agenda.is_empty() {
            while let Some(next) = desk.scheduler.poll(desk.now) {
                let Next::Admit(permit) = next else { panic!("{next:?}") };
                let index = calls[&permit.call()];
                let trip = trips[index];
                let tail = if trip.is_answered { 0 } else { 5_000_000 };
                let lands_after = (trip.back_ms * 1_000 + tail) * trip.landing / 1_000;
                let landed_at = desk.now + Duration::from_micros(lands_after);
                landings.push(landed_at);
                if trip.class != Priority::Critical {
                    of_others.push(landed_at);
                }
                agenda.push(Reverse((desk.now + millis(trip.back_ms), index, false)));
            }
            let next = agenda.peek().map(|Reverse((at, ..))| *at);
            match desk.scheduler.wakeup().filter(|at| next.is_none_or(|next| *at < next)) {
                Some(wakeup) if wakeup < desk.deadline => desk.now = desk.now.max(wakeup),
                _ => {
                    let Some(Reverse((at, index, is_new))) = agenda.pop() else { break };
                    desk.now = desk.now.max(at);
                    let trip = trips[index];
                    if is_new {
                        let cost = Charge::fixed(LimitKind::Messages, 1);
                        calls.insert(desk.submit(trip.class, EndpointGroup::Streams, cost), index);
                        continue;
                    }
                    let call = calls.iter().find(|(_, of)| **of == index).map(|(call, _)| *call);
                    match trip.is_answered {
                        true => desk.answer(call.unwrap(), &[]),
                        false => desk.scheduler.abandon(desk.now, call.unwrap()),
                    }
                }
            }
        }
        prop_assert_eq!(landings.len(), trips.len(), "all have left");
        let kept = (capacity / 4).max(1) as usize;
        prop_assert!(is_within(&mut landings, length, capacity as usize));
        prop_assert!(is_within(&mut of_others, length, capacity as usize - kept));
    }
}
