//! Days on which little goes wrong: orders rest, trade and are canceled, sockets stand and fall, and
//! a new life follows an old one.

use std::time::Duration;

use tradewind_lab::InstanceSetup;
use tradewind_model::notice::Recovered;
use tradewind_model::order::OrderState;
use tradewind_model::stream::StreamKind;
use tradewind_simulator::front::{Fault, Pattern, Rule};

use super::counter::{Counter, HOUR, MINUTE, SECOND, assert_told_once};
use super::orders::qty;
use super::probe::Told;
use super::venue_kind::{VenueKind, at_each_venue};

at_each_venue! {
    orders_rest_trade_and_are_canceled_and_the_books_agree,
    what_traded_while_no_socket_stood_is_asked_for,
    a_new_life_knows_what_the_old_one_placed_and_what_it_missed,
    an_order_whose_answer_is_lost_is_found_and_not_sent_again,
    a_quiet_day_loses_no_socket_and_runs_into_no_limit,
}

/// A deserted market at Bitget, and our instance on a machine with a disk, live.
fn open(at: VenueKind, seed: u64) -> Counter {
    open_with(at, seed, |_| {})
}

fn open_with(at: VenueKind, seed: u64, change: impl FnOnce(&mut InstanceSetup)) -> Counter {
    Counter::with(at, seed, |_, instance| {
        instance.disk = Some("disk".to_owned());
        change(instance);
    })
}

fn orders_rest_trade_and_are_canceled_and_the_books_agree(at: VenueKind) {
    let mut counter = open(at, 1);
    let (first, second) = (counter.buy(50_000, "1"), counter.buy(49_000, "0.5"));
    counter.run_for(SECOND * 2);
    assert_eq!(counter.state(first), Some(OrderState::Open));
    counter.sell("BTCUSDT", "0.25");
    counter.run_for(SECOND * 2);
    assert_eq!(counter.state(first), Some(OrderState::PartiallyFilled));
    assert_eq!(counter.traded(first), qty("0.25"));
    counter.sell("BTCUSDT", "0.75");
    counter.cancel(second);
    counter.run_for(SECOND * 5);
    assert_eq!(counter.state(first), Some(OrderState::Filled));
    assert_eq!(counter.traded(first), qty("1"));
    assert_eq!(counter.state(second), Some(OrderState::Canceled));
    assert_eq!(counter.world.requests(at.names().place), 2);
    counter.honest("a straight day");
    counter.world.stop(MINUTE);
    counter.world.check("stopped");
}

fn what_traded_while_no_socket_stood_is_asked_for(at: VenueKind) {
    for seed in 0..8 {
        let context = format!("seed {seed}");
        let mut counter = open(at, seed);
        let (first, second) = (counter.buy(50_000, "1"), counter.buy(49_000, "0.5"));
        counter.run_for(SECOND * 2);
        counter.world.cut_streams(StreamKind::Account);
        counter.sell("BTCUSDT", "1.25");
        counter.run_for(SECOND * 30);
        assert!(counter.is_live(), "{context}: {:?}", counter.status());
        assert_eq!(counter.state(first), Some(OrderState::Filled), "{context}");
        assert_eq!(counter.traded(first), qty("1"), "{context}");
        assert_eq!(counter.traded(second), qty("0.25"), "{context}");
        // The market's socket comes back by itself, too.
        counter.world.cut_streams(StreamKind::Market);
        counter.run_for(SECOND * 30);
        assert!(counter.is_live(), "{context}: {:?}", counter.status());
        counter.cancel(second);
        counter.run_for(SECOND * 5);
        assert_eq!(counter.state(second), Some(OrderState::Canceled), "{context}");
        counter.honest(&context);
    }
}

fn a_new_life_knows_what_the_old_one_placed_and_what_it_missed(at: VenueKind) {
    for seed in 0..8 {
        let context = format!("seed {seed}");
        let mut counter = open_with(at, seed, |instance| instance.cancels_on_stop = false);
        let id = counter.buy(50_000, "1");
        counter.run_for(SECOND * 2);
        counter.sell("BTCUSDT", "0.25");
        counter.run_for(SECOND * 2);
        assert_eq!(counter.traded(id), qty("0.25"), "{context}");
        counter.kill_for(MINUTE, |counter| counter.sell("BTCUSDT", "0.5"));
        counter.run_for(SECOND * 30);
        assert!(counter.is_live(), "{context}: {:?}", counter.status());
        let known = counter.all_told().iter().rev().find_map(|told| {
            let Told::Started(Recovered { orders, .. }) = told else { return None };
            Some(orders.len())
        });
        assert_eq!(known, Some(1), "{context}");
        counter.cancel(id);
        counter.run_for(SECOND * 5);
        assert_eq!(counter.state(id), Some(OrderState::Canceled), "{context}");
        assert_eq!(counter.world.ledger().accounts[0].fills.len(), 2, "{context}");
        assert_eq!(counter.world.requests(at.names().place), 1, "{context}");
        if let Err(broken) = tradewind_lab::check_always(&counter.world) {
            panic!("{context}: {broken}");
        }
    }
}

fn an_order_whose_answer_is_lost_is_found_and_not_sent_again(at: VenueKind) {
    for seed in 0..8 {
        let context = format!("seed {seed}");
        let mut counter = open(at, seed);
        let lost = Rule::once(Pattern::what(at.names().place), Fault::AnswerLost);
        counter.world.at_venue(|venue, _| venue.add_fault(lost));
        let id = counter.buy(50_000, "1");
        counter.run_for(MINUTE);
        assert_eq!(counter.state(id), Some(OrderState::Open), "{context}");
        assert_eq!(counter.world.requests(at.names().place), 1, "{context}");
        counter.sell("BTCUSDT", "1");
        counter.run_for(SECOND * 5);
        assert_eq!(counter.state(id), Some(OrderState::Filled), "{context}");
        counter.honest(&context);
    }
}

fn a_quiet_day_loses_no_socket_and_runs_into_no_limit(at: VenueKind) {
    let mut counter = open(at, 3);
    let id = counter.buy(50_000, "1");
    counter.run_for(MINUTE);
    let connections = counter.world.ledger().connections_accepted;
    counter.run_for(HOUR * 6);
    let ledger = counter.world.ledger();
    assert_eq!(ledger.connections_accepted, connections, "none was given up");
    assert_eq!((ledger.rate_limited, ledger.banned, ledger.policy_closes), (0, 0, 0));
    counter.sell("BTCUSDT", "0.5");
    counter.run_for(Duration::from_millis(500));
    assert_eq!(counter.traded(id), qty("0.5"), "the socket tells at once");
    counter.run_for(HOUR * 20);
    assert!(counter.is_live());
    counter.sell("BTCUSDT", "0.5");
    counter.run_for(SECOND * 2);
    assert_eq!(counter.state(id), Some(OrderState::Filled));
    counter.honest("a quiet day");
    assert_told_once(counter.all_told(), "a quiet day");
}
