//! Orders whose answer was lost: found by whatever tells of them, ruled out when nothing can any
//! more, and never sent twice but by leave.

use std::time::Duration;

use tradewind_engine::Incident;
use tradewind_engine::journal::{Ending, FaultKind};
use tradewind_model::Decimal;
use tradewind_model::call::CallKind;
use tradewind_model::id::ClientOrderId;
use tradewind_model::notice::Command;
use tradewind_model::order::{Denied, MarketQuantity, OrderKind, OrderState, Side, TimeInForce};
use tradewind_model::stream::StreamKind;
use tradewind_simulator::front::{Fault, Pattern, Rule};
use tradewind_simulator::venue::VenueConfig;

use super::journal::{Desk, MILLI, SECOND, states};
use super::orders::{post_only, qty};
use super::probe::{of_order, told};
use super::venue_kind::{VenueKind, at_each_venue};

at_each_venue! {
    an_order_that_was_taken_though_the_answer_said_otherwise_is_told_once,
    an_order_that_has_filled_behind_a_lost_answer_is_told_with_all_its_trades,
    an_order_that_the_venue_never_had_is_ruled_out_when_it_can_be_and_no_sooner,
    nobody_hears_of_a_verdict_that_cannot_be_written_down,
    answers_that_are_none_rule_nothing_out,
    after_a_gap_in_the_stream_every_trade_since_is_looked_at_before_a_verdict,
    an_order_that_is_not_wanted_any_more_is_canceled_by_its_name_before_a_verdict,
    an_order_that_turns_up_after_it_was_ruled_out_is_taken_in_and_canceled,
    an_order_that_can_only_rest_is_sent_once_more_under_its_name_where_that_is_allowed,
    an_order_that_the_venue_had_after_all_is_adopted_when_it_refuses_the_second_try,
    an_order_is_never_sent_a_third_time,
    what_could_trade_at_once_is_never_sent_again_nor_what_is_not_wanted_any_more,
}

impl Desk {
    pub(crate) fn strike(&mut self, what: &str, fault: Fault) {
        let rule = Rule::once(Pattern::what(what), fault);
        self.world.at_venue(|venue, _| venue.add_fault(rule));
    }

    pub(crate) fn strike_all(&mut self, what: &str, fault: Fault) {
        let rule = Rule::always(Pattern::what(what), fault);
        self.world.at_venue(|venue, _| venue.add_fault(rule));
    }

    pub(crate) fn heal(&mut self) {
        self.world.at_venue(|venue, _| venue.clear_faults());
    }

    pub(crate) fn posts(&self) -> usize {
        self.sent(CallKind::PlaceOrder).len()
    }

    pub(crate) fn orders_at_venue(&self) -> usize {
        self.world.ledger().accounts[0].open_orders.len()
    }

    /// Checks what must hold whatever happened.
    pub(crate) fn honest(&self, context: &str) {
        if let Err(broken) = tradewind_lab::check_always(&self.world) {
            panic!("{context}: {broken}");
        }
    }
}

fn an_order_that_was_taken_though_the_answer_said_otherwise_is_told_once(at: VenueKind) {
    let unknown = [
        ("misreported", Fault::Misreported(at.timed_out())),
        ("reset", Fault::AnswerReset),
        ("lost", Fault::AnswerLost),
        ("cut", Fault::AnswerCut(40)),
        ("named twice", Fault::Misreported(at.duplicate())),
    ];
    for (name, fault) in unknown {
        // The report comes before the first question, while it is on its way, and after.
        for report_millis in [0, 20, 100, 180, 200, 220, 300, 1_000] {
            let context = format!("{name}, told after {report_millis} ms");
            let mut desk = Desk::open(at, MILLI);
            desk.strike(at.names().place, fault.clone());
            let late = Duration::from_millis(report_millis);
            desk.strike(at.names().report, Fault::AnswerHeld(late));
            let id = desk.rest();
            let updates = desk.news(id, SECOND * 20);
            let mut seen = states(&updates);
            seen.retain(|state| *state != OrderState::InDoubt);
            assert_eq!(seen, [OrderState::Open], "{context}: {updates:?}");
            assert_eq!((desk.posts(), desk.orders_at_venue()), (1, 1), "{context}");
            desk.honest(&context);
        }
    }
}

fn an_order_that_has_filled_behind_a_lost_answer_is_told_with_all_its_trades(at: VenueKind) {
    for has_stream in [true, false] {
        let mut desk = Desk::open(at, MILLI);
        desk.strike(at.names().place, Fault::Misreported(at.timed_out()));
        let kind = desk.at_once("0.9");
        let id = desk.submit(kind);
        if !has_stream {
            desk.world.run_for(MILLI * 2);
            desk.world.cut_streams(desk.me, StreamKind::Account);
        }
        let updates = desk.news(id, SECOND * 20);
        assert_eq!(updates.last().unwrap().state, OrderState::Filled);
        let fills = updates.iter().filter_map(|update| update.fill.as_ref());
        let traded: Decimal = fills.map(|fill| fill.qty.get()).sum();
        assert_eq!(traded, qty("0.9").get());
        assert_eq!(desk.posts(), 1);
        desk.honest("filled behind a lost answer");
    }
}

/// An order that never reached the venue, and when it left.
fn lost(desk: &mut Desk) -> ClientOrderId {
    desk.strike(desk.at.names().place, Fault::RequestLost);
    desk.rest()
}

fn an_order_that_the_venue_never_had_is_ruled_out_when_it_can_be_and_no_sooner(at: VenueKind) {
    let mut desk = Desk::open(at, MILLI);
    let id = lost(&mut desk);
    desk.world.run_for(MILLI * 5);
    let sent = desk.sent(CallKind::PlaceOrder)[0];
    desk.world.run_until(sent + at.proof_takes(SECOND * 2), |_| false);
    assert_eq!(states(&of_order(&told(), id)), [OrderState::InDoubt]);
    assert_eq!(desk.incidents(|one| matches!(one, Incident::NotPlaced { .. })), 0);
    let updates = desk.news(id, SECOND * 4);
    assert_eq!(states(&updates), [OrderState::Denied]);
    assert_eq!(updates[0].denied, Some(Denied::NotPlaced));
    desk.world.run_for(SECOND * 60);
    assert_eq!(desk.posts(), 1, "and nothing is sent again");
    desk.honest("never had");
    let recovered = desk.killed();
    assert_eq!(recovered.closed[&id].over.as_ref().unwrap().ending, Ending::NotPlaced);
}

fn nobody_hears_of_a_verdict_that_cannot_be_written_down(at: VenueKind) {
    let mut desk = Desk::open(at, MILLI);
    let id = lost(&mut desk);
    desk.world.run_for(SECOND);
    desk.world.journal(desk.me).unwrap().damage(FaultKind::Io);
    let updates = desk.news(id, SECOND * 60);
    assert_eq!(states(&updates), [OrderState::InDoubt]);
    desk.world.journal(desk.me).unwrap().repair();
    let updates = desk.news(id, SECOND * 120);
    assert_eq!(states(&updates), [OrderState::Denied], "it is asked about for as long as it takes");
}

fn answers_that_are_none_rule_nothing_out(at: VenueKind) {
    let mut desk = Desk::open(at, MILLI);
    let id = lost(&mut desk);
    desk.strike_all(at.names().query, Fault::Answered(at.timed_out()));
    let updates = desk.news(id, SECOND * 29);
    assert_eq!(states(&updates), [OrderState::InDoubt]);
    let lasts = |one: &Incident| matches!(one, Incident::DoubtLasts { .. });
    assert_eq!(desk.incidents(lasts), 0);
    desk.world.run_for(SECOND * 15);
    assert_eq!(desk.incidents(lasts), 1, "somebody is woken");
    // Then no new risk is taken, and cancels pass.
    let resting = desk.rest();
    assert_eq!(states(&desk.news(resting, SECOND)), [OrderState::Open]);
    desk.world.run_for(SECOND * 90);
    let denied = desk.rest();
    let updates = desk.news(denied, SECOND);
    assert_eq!(updates[0].denied, Some(Denied::Unresolved(id)));
    desk.cancel(resting);
    assert_eq!(states(&desk.news(resting, SECOND)), [OrderState::Canceled]);
    desk.heal();
    let updates = desk.news(id, SECOND * 60);
    assert_eq!(updates.last().unwrap().denied, Some(Denied::NotPlaced));
    let accepted = desk.rest();
    assert_eq!(states(&desk.news(accepted, SECOND)), [OrderState::Open]);
}

fn after_a_gap_in_the_stream_every_trade_since_is_looked_at_before_a_verdict(at: VenueKind) {
    let mut desk = Desk::open(at, MILLI);
    let id = lost(&mut desk);
    desk.world.run_for(SECOND);
    desk.world.cut_streams(desk.me, StreamKind::Account);
    let before = desk.sent(CallKind::FillHistory).len();
    let updates = desk.news(id, at.proof_takes(SECOND * 2) + SECOND * 23);
    assert_eq!(updates.last().unwrap().denied, Some(Denied::NotPlaced));
    assert_eq!(desk.sent(CallKind::FillHistory).len(), before + 1);
}

fn an_order_that_is_not_wanted_any_more_is_canceled_by_its_name_before_a_verdict(at: VenueKind) {
    let mut desk = Desk::open(at, MILLI);
    let id = lost(&mut desk);
    desk.world.run_for(at.proof_takes(SECOND * 2) - SECOND * 5);
    desk.cancel(id);
    let updates = desk.news(id, SECOND * 20);
    assert_eq!(updates.last().unwrap().denied, Some(Denied::NotPlaced));
    assert_eq!(desk.sent(CallKind::CancelOrder).len(), 1);
}

fn an_order_that_turns_up_after_it_was_ruled_out_is_taken_in_and_canceled(at: VenueKind) {
    let mut desk = Desk::open_with(at, MILLI, |venue| {
        // It is taken, and neither a report nor a read tells of it for minutes.
        venue.set_read_lags(SECOND * 600, Duration::ZERO);
    });
    desk.strike(at.names().place, Fault::AnswerLost);
    desk.strike_all(at.names().report, Fault::RequestLost);
    let id = desk.rest();
    let updates = desk.news(id, SECOND * 60);
    assert_eq!(updates.last().map(|one| one.denied.clone()), Some(Some(Denied::NotPlaced)));
    assert_eq!(desk.orders_at_venue(), 1, "the verdict is wrong");
    desk.heal();
    desk.world.run_for(SECOND * 600);
    desk.world.restart(desk.me).unwrap();
    desk.world.run_for(SECOND * 20);
    let turned_up = |one: &Incident| *one == Incident::TurnedUp { client_order_id: id };
    assert_eq!(desk.incidents(turned_up), 1);
    assert_eq!(desk.orders_at_venue(), 0);
    assert_eq!(desk.posts(), 1);
    desk.honest("turned up");
    let again = post_only(desk.price(-10), qty("0.01"));
    let id = desk.submit(again);
    assert_eq!(states(&desk.news(id, SECOND)), [OrderState::Open]);
}

/// A desk whose orders are worth something for minutes, so that one may be sent once more.
fn patient(at: VenueKind, change: impl FnOnce(&mut VenueConfig)) -> Desk {
    Desk::open_as(at, MILLI, change, |instance| instance.order_deadline = SECOND * 120)
}

/// Asks for an order that may be sent once more.
fn insist(desk: &mut Desk, kind: OrderKind) -> ClientOrderId {
    let client_order_id = desk.submit(kind);
    desk.world.command(desk.me, "probe", Command::AllowResend { client_order_id });
    client_order_id
}

fn an_order_that_can_only_rest_is_sent_once_more_under_its_name_where_that_is_allowed(
    at: VenueKind,
) {
    let away = |desk: &Desk| OrderKind::Limit {
        price: desk.price(-10),
        qty: qty("0.01"),
        time_in_force: TimeInForce::GoodTillCanceled,
    };
    for is_post_only in [true, false] {
        let mut desk = patient(at, |_| {});
        desk.strike(at.names().place, Fault::RequestLost);
        let kind = if is_post_only { post_only(desk.price(-10), qty("0.01")) } else { away(&desk) };
        let id = insist(&mut desk, kind);
        let updates = desk.news(id, SECOND * 60);
        let seen = states(&updates);
        assert_eq!(seen, [OrderState::InDoubt, OrderState::Pending, OrderState::Open]);
        assert_eq!((desk.posts(), desk.orders_at_venue()), (2, 1));
        let resent = |one: &Incident| *one == Incident::Resent { client_order_id: id };
        assert_eq!(desk.incidents(resent), 1);
        let recovered = desk.killed();
        assert_eq!(recovered.orders[&id].intent.attempt, 2);
    }
}

fn an_order_that_the_venue_had_after_all_is_adopted_when_it_refuses_the_second_try(at: VenueKind) {
    let mut desk = patient(at, |venue| {
        // It is taken, and neither a report nor a read tells of it for a while.
        venue.set_read_lags(at.proof_takes(SECOND * 2) * 5 / 2, Duration::ZERO);
    });
    desk.strike(at.names().place, Fault::AnswerLost);
    desk.strike_all(at.names().report, Fault::RequestLost);
    let kind = post_only(desk.price(-10), qty("0.01"));
    let id = insist(&mut desk, kind);
    let mut updates = desk.news(id, at.proof_takes(SECOND * 2) * 2);
    desk.heal();
    updates.extend(desk.news(id, SECOND * 120));
    assert_eq!(updates.last().map(|one| one.state), Some(OrderState::Open), "{updates:?}");
    assert_eq!((desk.posts(), desk.orders_at_venue()), (2, 1));
    assert!(desk.world.ledger().accounts[0].duplicate_client_ids.is_empty());
}

fn an_order_is_never_sent_a_third_time(at: VenueKind) {
    let mut desk = patient(at, |_| {});
    desk.strike_all(at.names().place, Fault::RequestLost);
    let kind = post_only(desk.price(-10), qty("0.01"));
    let id = insist(&mut desk, kind);
    let updates = desk.news(id, SECOND * 100);
    assert_eq!(updates.last().unwrap().denied, Some(Denied::NotPlaced));
    assert_eq!(desk.posts(), 2);
}

fn what_could_trade_at_once_is_never_sent_again_nor_what_is_not_wanted_any_more(at: VenueKind) {
    let limit = |percent, time_in_force| {
        move |desk: &Desk| OrderKind::Limit {
            price: desk.price(percent),
            qty: qty("0.01"),
            time_in_force,
        }
    };
    type Kind = Box<dyn Fn(&Desk) -> OrderKind>;
    let kinds: [Kind; 4] = [
        Box::new(|_| OrderKind::Market(MarketQuantity::Base(qty("0.01")))),
        Box::new(limit(-10, TimeInForce::ImmediateOrCancel)),
        Box::new(limit(-10, TimeInForce::FillOrKill)),
        Box::new(limit(3, TimeInForce::GoodTillCanceled)),
    ];
    for kind in kinds {
        let mut desk = patient(at, |_| {});
        desk.strike(at.names().place, Fault::RequestLost);
        let kind = kind(&desk);
        if !at.takes(Side::Buy, kind) {
            continue;
        }
        let id = insist(&mut desk, kind);
        let updates = desk.news(id, at.proof_takes(SECOND * 2) + SECOND * 43);
        assert_eq!(updates.last().unwrap().denied, Some(Denied::NotPlaced), "{kind:?}");
        assert_eq!(desk.posts(), 1, "{kind:?}");
    }
    let mut desk = patient(at, |_| {});
    desk.strike(at.names().place, Fault::RequestLost);
    let kind = post_only(desk.price(-10), qty("0.01"));
    let id = insist(&mut desk, kind);
    desk.world.run_for(SECOND * 5);
    desk.cancel(id);
    desk.world.run_for(SECOND * 60);
    assert_eq!((desk.posts(), desk.orders_at_venue()), (1, 0));
}
