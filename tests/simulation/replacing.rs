//! Orders that give way to others: never more is traded than was wanted, whatever becomes of the
//! request that replaces, and a protection that is lost is told.

use std::time::Duration;

use tradewind_engine::Incident;
use tradewind_model::Decimal;
use tradewind_model::call::{CallKind, WhenNotCanceled};
use tradewind_model::id::ClientOrderId;
use tradewind_model::money::Price;
use tradewind_model::notice::{Command, Whose};
use tradewind_model::order::{
    Denied, Link, OrderKind, OrderRequest, OrderState, OrderUpdate, Side,
};
use tradewind_model::setback::Setback;
use tradewind_simulator::binance::{Canned, Fault};

use super::journal::{Desk, MILLI, SECOND, states};
use super::orders::{post_only, qty};
use super::probe::{Told, of_order, setbacks, told};
use super::venue_kind::{VenueKind, at_each_venue};

at_each_venue! {
    where_the_venue_has_no_such_request_the_second_follows_the_first,
    an_order_that_has_filled_meanwhile_is_not_replaced,
    an_order_that_is_wanted_anyway_comes_though_the_first_has_filled,
    everything_that_is_there_can_be_sold_again_by_the_order_that_comes_instead,
    all_own_orders_on_an_instrument_are_canceled_by_their_names_and_nobody_elses,
    canceling_everybodys_orders_is_not_repeated_and_ours_go_one_by_one,
}

const SWAP: &str = "POST /api/v3/order/cancelReplace";
/// What is wanted in all: more than trades at one blow in a calm market.
const TOTAL: &str = "2";

/// A calm market, so that orders trade bit by bit.
fn calm(at: VenueKind) -> Desk {
    Desk::open_with(at, MILLI, |venue| {
        venue.exchange_mut().symbols[0].market.volatility_ppm = 0;
    })
}

impl Desk {
    fn replace_when(
        &mut self,
        first: ClientOrderId,
        kind: OrderKind,
        when_not_canceled: WhenNotCanceled,
    ) -> ClientOrderId {
        let replacement_id = self.name();
        let (instrument, side) = ("BTC-USDT".into(), Side::Sell);
        let request = OrderRequest { instrument, side, kind, tag: 8 };
        let command =
            Command::Replace { client_order_id: first, replacement_id, request, when_not_canceled };
        self.world.command(self.me, "probe", command);
        replacement_id
    }

    fn replace(&mut self, first: ClientOrderId, kind: OrderKind) -> ClientOrderId {
        self.replace_when(first, kind, WhenNotCanceled::Stop)
    }

    pub(crate) fn sold(&self) -> Decimal {
        self.world.ledger().accounts[0].fills.iter().map(|fill| fill.qty).sum()
    }

    /// What may still be sold.
    fn offered(&self) -> Decimal {
        let open = self.world.ledger().accounts[0].open_orders.clone();
        open.iter().map(|order| order.remaining()).sum()
    }

    /// A sell for everything that is wanted, at the top of the book.
    fn offer(&mut self) -> ClientOrderId {
        let ask = self.quote().ask;
        let id = self.order(Side::Sell, post_only(ask, qty(TOTAL)));
        self.world.run_for(MILLI * 60);
        let update = last(&told(), id);
        assert_eq!(update.state, OrderState::Open, "{update:?}");
        id
    }

    /// Nobody is told of orders and trades from now on.
    fn keep_news_back(&mut self) {
        for what in [self.at.names().report, "push fill"] {
            self.strike_all(what, Fault::RequestLost);
        }
    }

    /// Lets a part of it trade, without a word to anybody.
    fn trade_a_part(&mut self) -> Decimal {
        self.keep_news_back();
        for _ in 0..60_000 {
            self.world.run_for(MILLI * 10);
            if !self.sold().is_zero() {
                break;
            }
        }
        let sold = self.sold();
        assert!(!sold.is_zero() && sold < qty(TOTAL).get(), "{sold}");
        sold
    }

    fn far(&self) -> OrderKind {
        post_only(self.price(5), qty(TOTAL))
    }

    fn open_names(&self) -> Vec<String> {
        let open = self.world.ledger().accounts[0].open_orders.clone();
        let mut names: Vec<_> = open.into_iter().map(|order| order.client_order_id).collect();
        names.sort_unstable();
        names
    }
}

fn last(told: &[Told], id: ClientOrderId) -> OrderUpdate {
    of_order(told, id).last().unwrap_or_else(|| panic!("nothing was told of {id}")).clone()
}

#[test]
fn one_request_cancels_an_untouched_order_and_places_the_other() {
    let mut desk = Desk::open(VenueKind::Binance, MILLI);
    let first = desk.order(Side::Sell, post_only(desk.price(5), qty("1")));
    desk.world.run_for(SECOND);
    let second = desk.replace(first, post_only(desk.price(6), qty("1")));
    desk.world.run_for(SECOND);
    let told = told();
    assert_eq!(last(&told, first).state, OrderState::Canceled);
    let update = last(&told, second);
    assert_eq!((update.state, update.link), (OrderState::Open, Link::Instead { of: first }));
    assert_eq!(desk.sent(CallKind::ReplaceOrder).len(), 1);
    assert_eq!((desk.posts(), desk.sent(CallKind::CancelOrder).len()), (1, 0));
    assert_eq!(setbacks(&told), []);
    desk.honest("one request");
    let recovered = desk.killed();
    assert_eq!(recovered.orders[&second].intent.link, Link::Instead { of: first });
}

/// Answers that say nothing of a request that was done, or was not.
fn lost_answers(is_done: bool) -> Vec<(&'static str, Fault)> {
    if is_done {
        vec![
            ("lost", Fault::AnswerLost),
            ("reset", Fault::AnswerReset),
            ("cut", Fault::AnswerCut(60)),
            ("503", Fault::Misreported(Canned::timed_out())),
            ("page", Fault::Misreported(Canned::page(502, "502 Bad Gateway"))),
            ("empty", Fault::Misreported(Canned::empty())),
        ]
    } else {
        vec![
            ("never came", Fault::RequestLost),
            ("503", Fault::Answered(Canned::timed_out())),
            ("page", Fault::Answered(Canned::page(502, "502 Bad Gateway"))),
            ("empty", Fault::Answered(Canned::empty())),
        ]
    }
}

#[test]
fn both_done_behind_a_lost_answer_are_found_and_nothing_is_sent_again() {
    for (name, fault) in lost_answers(true) {
        for is_told in [true, false] {
            let context = format!("{name}, told on the stream: {is_told}");
            let mut desk = calm(VenueKind::Binance);
            let first = desk.order(Side::Sell, post_only(desk.price(5), qty("1")));
            desk.world.run_for(SECOND);
            desk.strike(SWAP, fault.clone());
            if !is_told {
                desk.strike_all("push execution*", Fault::RequestLost);
            }
            let second = desk.replace(first, post_only(desk.price(6), qty("1")));
            desk.world.run_for(SECOND * 30);
            let told = told();
            assert_eq!(last(&told, second).state, OrderState::Open, "{context}");
            assert_eq!(last(&told, first).state, OrderState::Canceled, "{context}");
            assert_eq!(desk.sent(CallKind::ReplaceOrder).len(), 1, "{context}");
            assert_eq!((desk.posts(), desk.offered()), (1, Decimal::ONE), "{context}");
            assert_eq!(setbacks(&told), [], "{context}");
            desk.honest(&context);
        }
    }
}

#[test]
fn neither_done_behind_a_lost_answer_leaves_the_first_and_rules_out_the_second() {
    for (name, fault) in lost_answers(false) {
        let mut desk = calm(VenueKind::Binance);
        let first = desk.order(Side::Sell, post_only(desk.price(5), qty("1")));
        desk.world.run_for(SECOND);
        desk.strike(SWAP, fault);
        let second = desk.replace(first, post_only(desk.price(6), qty("1")));
        desk.world.run_for(SECOND * 15);
        let early = last(&told(), second);
        assert_eq!(early.state, OrderState::InDoubt, "{name}: it is not given up too soon");
        desk.world.run_for(SECOND * 15);
        let told = told();
        assert_eq!(last(&told, second).denied, Some(Denied::NotPlaced), "{name}");
        assert_eq!(desk.open_names(), [first.to_string()], "{name}");
        assert_eq!(desk.sent(CallKind::ReplaceOrder).len(), 1, "{name}");
        assert_eq!(setbacks(&told), [], "{name}: nothing is lost");
        // It can be replaced again, and now it works.
        let third = desk.replace(first, post_only(desk.price(6), qty("1")));
        desk.world.run_for(SECOND);
        assert_eq!(desk.open_names(), [third.to_string()], "{name}");
        desk.honest(name);
    }
}

#[test]
fn what_trades_while_the_request_is_on_its_way_is_taken_off_the_second() {
    let mut desk = calm(VenueKind::Binance);
    let first = desk.offer();
    let sold = desk.trade_a_part();
    let second = desk.replace(first, desk.far());
    desk.world.run_for(SECOND * 10);
    let told = told();
    assert_eq!(desk.sent(CallKind::ReplaceOrder).len(), 1, "it was tried, and not done");
    assert_eq!(last(&told, first).state, OrderState::Canceled);
    let placed = last(&told, second);
    assert_eq!(placed.state, OrderState::Open, "{placed:?}");
    assert_eq!(desk.sold() + desk.offered(), qty(TOTAL).get());
    assert!(desk.sold() >= sold);
    assert_eq!(setbacks(&told), []);
    desk.heal();
    desk.world.run_for(SECOND * 10);
    desk.honest("a part traded meanwhile");
    // The second intent under the name says how much of it was left.
    let recovered = desk.killed();
    let record = &recovered.orders[&second];
    assert_eq!(record.intent.attempt, 2);
    assert!(record.qty().unwrap() < qty(TOTAL), "{record:?}");
}

#[test]
fn what_trades_behind_a_lost_answer_is_never_traded_twice() {
    for is_done in [true, false] {
        for (name, fault) in lost_answers(is_done) {
            let mut desk = calm(VenueKind::Binance);
            let first = desk.offer();
            desk.trade_a_part();
            desk.strike(SWAP, fault);
            desk.replace(first, desk.far());
            for _ in 0..40 {
                desk.world.run_for(SECOND);
                let most = desk.sold() + desk.offered();
                assert!(most <= qty(TOTAL).get(), "{name}: {most} at the most");
            }
            assert_eq!(desk.sent(CallKind::ReplaceOrder).len(), 1, "{name}");
            desk.heal();
            desk.world.run_for(SECOND * 10);
            desk.honest(name);
        }
    }
}

fn an_order_that_has_filled_meanwhile_is_not_replaced(at: VenueKind) {
    let mut desk = calm(at);
    let ask = desk.quote().ask;
    let first = desk.order(Side::Sell, post_only(ask, qty("0.05")));
    desk.world.run_for(MILLI * 20);
    desk.keep_news_back();
    let until = desk.world.now() + SECOND * 600;
    desk.world.run_until(until, |world| {
        let sold: Decimal = world.ledger().accounts[0].fills.iter().map(|fill| fill.qty).sum();
        sold == Decimal::new(5, 2)
    });
    assert_eq!(desk.sold(), Decimal::new(5, 2));
    let second = desk.replace(first, post_only(desk.price(5), qty("0.05")));
    desk.world.run_for(SECOND * 10);
    let told = told();
    assert_eq!(last(&told, first).state, OrderState::Filled);
    assert!(matches!(last(&told, second).denied, Some(Denied::Closed(_))));
    assert_eq!((desk.posts(), desk.offered()), (1, Decimal::ZERO));
    assert_eq!(setbacks(&told), []);
    desk.honest("filled meanwhile");
}

fn an_order_that_is_wanted_anyway_comes_though_the_first_has_filled(at: VenueKind) {
    let mut desk = calm(at);
    let ask = desk.quote().ask;
    let first = desk.order(Side::Sell, post_only(ask, qty("0.05")));
    desk.world.run_for(MILLI * 20);
    desk.keep_news_back();
    let until = desk.world.now() + SECOND * 600;
    desk.world.run_until(until, |world| world.ledger().accounts[0].open_orders.is_empty());
    let kind = post_only(desk.price(5), qty("0.05"));
    let second = desk.replace_when(first, kind, WhenNotCanceled::PlaceAnyway);
    desk.world.run_for(SECOND * 10);
    let told = told();
    assert_eq!(last(&told, first).state, OrderState::Filled);
    assert_eq!(last(&told, second).state, OrderState::Open);
    assert_eq!((desk.sold(), desk.offered()), (Decimal::new(5, 2), Decimal::new(5, 2)));
    desk.honest("wanted anyway");
}

/// A stop below the market, and the price that it waits for.
fn stop(desk: &mut Desk) -> (ClientOrderId, Price) {
    let at = desk.price(-3);
    let id = desk.order(Side::Sell, OrderKind::stop_loss(at, qty("1")));
    desk.world.run_for(SECOND);
    assert_eq!(last(&told(), id).state, OrderState::Open);
    (id, at)
}

fn lost_protection(first: ClientOrderId, second: ClientOrderId, told: &[Told]) {
    let [Setback::Unreplaced { gone, wanted, left, was_protection, reason, .. }] =
        <[_; 1]>::try_from(setbacks(told)).expect("one setback is told")
    else {
        panic!("another setback")
    };
    assert_eq!((gone, wanted, left, was_protection), (first, second, qty("1"), true));
    assert!(!reason.is_empty());
}

#[test]
fn a_stop_that_is_gone_and_not_replaced_is_told_to_the_strategy_and_to_the_operator() {
    // Refused in the answer; refused behind a lost answer, with and without the stream's word.
    for (name, fault) in [
        ("answered", None),
        ("lost", Some(Fault::AnswerLost)),
        ("503", Some(Fault::Misreported(Canned::timed_out()))),
    ] {
        let mut desk = calm(VenueKind::Binance);
        let (first, _) = stop(&mut desk);
        if let Some(fault) = fault {
            desk.strike(SWAP, fault);
        }
        // A stop above the market would be set off at once, which only the matching engine sees.
        let second = desk.replace(first, OrderKind::stop_loss(desk.price(3), qty("1")));
        desk.world.run_for(SECOND * 40);
        let told = told();
        assert_eq!(last(&told, first).state, OrderState::Canceled, "{name}");
        let end = last(&told, second).state;
        assert!(matches!(end, OrderState::Rejected | OrderState::Denied), "{name}: {end}");
        lost_protection(first, second, &told);
        let is_it = |one: &Incident| matches!(one, Incident::ProtectionLost { .. });
        assert_eq!(desk.incidents(is_it), 1, "{name}");
        assert_eq!((desk.sold(), desk.offered()), (Decimal::ZERO, Decimal::ZERO), "{name}");
        desk.honest(name);
    }
}

#[test]
fn a_replacement_that_breaks_a_rule_costs_nothing() {
    let mut desk = calm(VenueKind::Binance);
    let (first, at) = stop(&mut desk);
    let before = desk.world.trips().count();
    let second = desk.replace(first, OrderKind::stop_loss(at, qty("0.000001")));
    desk.world.run_for(MILLI * 100);
    assert!(matches!(last(&told(), second).denied, Some(Denied::Filter(_))));
    assert_eq!(desk.world.trips().count(), before, "the stop is where it was");
    assert_eq!(desk.open_names(), [first.to_string()]);
}

#[test]
fn a_limit_that_turns_the_request_away_leaves_the_stop_in_place() {
    let mut desk = calm(VenueKind::Binance);
    let (first, _) = stop(&mut desk);
    let words = "Too many new orders; current limit is 100 orders per 10 SECOND.";
    let limited = Canned::error(429, -1015, words).with_retry_after(60);
    desk.strike(SWAP, Fault::Answered(limited));
    let second = desk.replace(first, OrderKind::stop_loss(desk.price(-4), qty("1")));
    desk.world.run_for(SECOND * 30);
    let told = told();
    assert_eq!(last(&told, second).state, OrderState::Denied);
    assert_eq!(desk.open_names(), [first.to_string()]);
    assert_eq!(setbacks(&told), []);
    desk.honest("turned away");
}

fn where_the_venue_has_no_such_request_the_second_follows_the_first(at: VenueKind) {
    let mut desk = Desk::open_with(at, MILLI, |venue| {
        venue.exchange_mut().symbols[0].market.volatility_ppm = 0;
        venue.exchange_mut().symbols[0].features.cancel_replace = false;
    });
    let first = desk.offer();
    desk.trade_a_part();
    let second = desk.replace(first, desk.far());
    desk.world.run_for(SECOND * 10);
    let told = told();
    assert_eq!(desk.sent(CallKind::ReplaceOrder).len(), 0);
    assert_eq!(last(&told, second).state, OrderState::Open);
    assert_eq!(desk.sold() + desk.offered(), qty(TOTAL).get());
    desk.heal();
    desk.world.run_for(SECOND * 10);
    desk.honest("in two steps");
}

fn everything_that_is_there_can_be_sold_again_by_the_order_that_comes_instead(at: VenueKind) {
    let mut desk = Desk::open_with(at, MILLI, |venue| {
        let account = &mut venue.exchange_mut().accounts[0];
        for (asset, free) in &mut account.balances {
            if asset == "BTC" {
                *free = Decimal::ONE;
            }
        }
    });
    let first = desk.order(Side::Sell, post_only(desk.price(5), qty("1")));
    desk.world.run_for(SECOND);
    let second = desk.replace(first, post_only(desk.price(6), qty("1")));
    desk.world.run_for(SECOND);
    assert_eq!(last(&told(), second).state, OrderState::Open);
    assert_eq!(desk.offered(), Decimal::ONE);
}

#[test]
fn a_lower_quantity_keeps_its_place_and_is_known_to_the_next_life() {
    for (name, fault) in [
        ("answered", None),
        ("lost", Some(Fault::AnswerLost)),
        ("503 and done", Some(Fault::Misreported(Canned::timed_out()))),
        ("503 and not done", Some(Fault::Answered(Canned::timed_out()))),
    ] {
        let mut desk = calm(VenueKind::Binance);
        let id = desk.order(Side::Sell, post_only(desk.price(5), qty("1")));
        desk.world.run_for(SECOND);
        if let Some(fault) = fault {
            desk.strike("PUT /api/v3/order/amend/keepPriority", fault);
        }
        let amend = Command::Amend { client_order_id: id, qty: qty("0.4") };
        desk.world.command(desk.me, "probe", amend);
        desk.world.run_for(SECOND * 30);
        let told = told();
        assert_eq!(setbacks(&told), [], "{name}");
        let updates = of_order(&told, id);
        assert_eq!(updates.last().unwrap().leaves_qty, qty("0.4"), "{name}: {updates:?}");
        assert_eq!(desk.offered(), qty("0.4").get(), "{name}");
        assert_eq!(desk.open_names(), [id.to_string()], "{name}: under its own name");
        desk.honest(name);
        let recovered = desk.killed();
        let record = &recovered.orders[&id];
        assert_eq!(record.amend_asked, Some(qty("0.4")), "{name}");
        assert_eq!(record.qty(), Some(qty("0.4")), "{name}");
    }
}

#[test]
fn a_quantity_that_is_no_lower_or_that_the_venue_refuses_is_told_and_changes_nothing() {
    let mut desk = calm(VenueKind::Binance);
    let id = desk.order(Side::Sell, post_only(desk.price(5), qty("1")));
    desk.world.run_for(SECOND);
    let refused = |desk: &mut Desk, to: &str| {
        told();
        let amend = Command::Amend { client_order_id: id, qty: qty(to) };
        desk.world.command(desk.me, "probe", amend);
        desk.world.run_for(SECOND * 20);
        let [Setback::NotAmended { client_order_id, why, .. }] =
            <[_; 1]>::try_from(setbacks(&told())).expect("one setback is told")
        else {
            panic!("another setback")
        };
        assert_eq!((client_order_id, desk.offered()), (id, Decimal::ONE));
        why
    };
    for raised in ["1", "2"] {
        assert!(matches!(refused(&mut desk, raised), Denied::NotLower { .. }));
    }
    assert_eq!(desk.sent(CallKind::AmendOrder).len(), 0);
    let words = "Order amend (quantity increase) is not supported.";
    let refusal = Canned::error(400, -2038, words);
    let amend = "PUT /api/v3/order/amend/keepPriority";
    desk.strike(amend, Fault::Answered(refusal));
    let why = refused(&mut desk, "0.5");
    assert!(why.to_string().contains("amend"), "{why}");
    desk.strike_all(amend, Fault::Answered(Canned::timed_out()));
    refused(&mut desk, "0.5");
    desk.honest("not amended");
}

fn all_own_orders_on_an_instrument_are_canceled_by_their_names_and_nobody_elses(at: VenueKind) {
    for whose in [Whose::Own, Whose::Everybodys] {
        let mut desk = Desk::open(at, MILLI);
        let (_, others) = super::lives::other(&mut desk.world);
        let own = [desk.rest(), desk.rest()];
        desk.world.run_for(SECOND);
        let command = Command::CancelAll { instrument: "BTC-USDT".into(), whose };
        desk.world.command(desk.me, "probe", command);
        desk.world.run_for(Duration::from_secs(3));
        let told = told();
        for id in own {
            assert_eq!(last(&told, id).state, OrderState::Canceled, "{whose:?}");
        }
        let (by_name, at_once) =
            (desk.sent(CallKind::CancelOrder).len(), desk.sent(CallKind::CancelOpenOrders).len());
        match whose {
            Whose::Own => {
                assert_eq!((by_name, at_once), (2, 0));
                assert_eq!(desk.open_names(), [others.to_string()]);
            }
            Whose::Everybodys => {
                assert_eq!((by_name, at_once), (0, 1));
                assert_eq!(desk.open_names(), Vec::<String>::new());
            }
        }
        desk.honest("cancel all");
    }
}

fn canceling_everybodys_orders_is_not_repeated_and_ours_go_one_by_one(at: VenueKind) {
    let mut desk = Desk::open(at, MILLI);
    let own = desk.rest();
    desk.world.run_for(SECOND);
    desk.strike(at.names().clear, Fault::RequestLost);
    let whose = Whose::Everybodys;
    desk.world.command(
        desk.me,
        "probe",
        Command::CancelAll { instrument: "BTC-USDT".into(), whose },
    );
    desk.world.run_for(SECOND * 30);
    assert_eq!(desk.sent(CallKind::CancelOpenOrders).len(), 1);
    assert_eq!(last(&told(), own).state, OrderState::Canceled);
    assert_eq!(desk.incidents(|one| matches!(one, Incident::NotCleared { .. })), 1);
    let after = desk.take("0.01");
    assert_eq!(states(&desk.news(after, SECOND)).last(), Some(&OrderState::Filled));
    desk.honest("not repeated");
}
