//! Orders, one claim at a time.

use std::time::Duration;

use tradewind_engine::Incident;
use tradewind_lab::{InstanceSetup, Weather};
use tradewind_model::Decimal;
use tradewind_model::call::WhenNotCanceled;
use tradewind_model::id::{ClientOrderId, ClientOrderIds, InstrumentId};
use tradewind_model::money::{Price, Quantity};
use tradewind_model::notice::{Command, VenueStatus};
use tradewind_model::order::{Denied, OrderKind, OrderRequest, OrderState, Side, TimeInForce};
use tradewind_model::stream::StreamKind;
use tradewind_model::time::Timestamp;
use tradewind_simulator::venue::VenueConfig;

use super::probe::{self, Told, of_order, told};
use super::solo::{PEER, Setup, Solo};
use super::venue_kind::{VenueKind, at_each_venue};

at_each_venue! {
    an_order_rests_and_is_canceled,
    each_fill_is_told_once_and_the_end_once_after_them,
    a_name_stands_for_one_order_for_ever,
    an_order_canceled_before_it_left_costs_no_request,
    a_replacement_follows_the_first_and_takes_off_what_that_has_filled,
    an_order_whose_answer_is_lost_is_asked_about_and_never_sent_again,
    while_the_stream_is_down_new_orders_are_denied_and_cancels_pass,
    a_refused_time_is_read_anew_and_the_order_goes_once_more,
    a_connection_that_cannot_be_made_is_tried_again_under_the_same_name,
    an_order_that_cannot_leave_is_denied_by_its_deadline,
    trades_that_the_stream_has_lost_are_fetched_before_the_end_is_told,
    orders_that_the_policy_leaves_are_left_those_on_their_way_as_soon_as_they_rest,
}

pub(crate) struct Desk {
    pub(crate) world: Solo,
    ids: ClientOrderIds,
}

impl Desk {
    /// A world whose only strategy listens, live.
    pub(crate) fn open(at: VenueKind, weather: Weather) -> Self {
        Self::open_at(weather, at.config())
    }

    fn open_at(weather: Weather, venue: VenueConfig) -> Self {
        Self::with(weather, venue, true)
    }

    fn with(weather: Weather, venue: VenueConfig, cancels_on_stop: bool) -> Self {
        Self::of(weather, venue, |instance| instance.cancels_on_stop = cancels_on_stop)
    }

    /// A desk with something else about its instance.
    pub(crate) fn of(
        weather: Weather,
        venue: VenueConfig,
        change: impl FnOnce(&mut InstanceSetup),
    ) -> Self {
        let setup = Setup {
            seed: 4,
            weather,
            venue,
            skew_ms: 0,
            cancels_on_stop: true,
            registry: probe::registry(),
            strategy: ("probe", "feeds = [\"quote\"]"),
        };
        let mut world = Solo::new_with(setup, change);
        world.run_for(Duration::from_secs(5));
        assert!(told().contains(&Told::Venue(VenueStatus::Live)));
        Self { world, ids: ClientOrderIds::new(99, Timestamp::EPOCH) }
    }

    fn mid(&self) -> Price {
        let snapshot = self.world.snapshot();
        snapshot.quotes.values().next().unwrap().mid()
    }

    /// A price so many percent from the middle, on the tick.
    pub(crate) fn price(&self, percent: i64) -> Price {
        let factor = Decimal::from(100 + percent) / Decimal::ONE_HUNDRED;
        Price::new((self.mid().get() * factor).round()).unwrap()
    }

    pub(crate) fn submit(&mut self, side: Side, kind: OrderKind) -> ClientOrderId {
        let client_order_id = self.ids.next();
        self.resubmit(client_order_id, side, kind);
        client_order_id
    }

    fn resubmit(&mut self, client_order_id: ClientOrderId, side: Side, kind: OrderKind) {
        let request = OrderRequest { instrument: "BTC-USDT".into(), side, kind, tag: 1 };
        self.world.command("probe", Command::Submit { client_order_id, request });
    }

    /// What was told of an order within a while.
    fn news(&mut self, id: ClientOrderId, secs: u64) -> Vec<(OrderState, Quantity)> {
        self.world.run_for(Duration::from_secs(secs));
        let updates = of_order(&told(), id);
        updates.into_iter().map(|update| (update.state, update.cum_qty)).collect()
    }

    pub(crate) fn requests(&self, what: &str) -> u64 {
        self.world.ledger().requests.get(what).copied().unwrap_or_default()
    }

    pub(crate) fn finish(mut self) {
        self.world.stop(Duration::from_secs(30));
        self.world.check("seed 4");
    }
}

pub(crate) fn qty(text: &str) -> Quantity {
    text.parse().unwrap()
}

pub(crate) fn post_only(price: Price, qty: Quantity) -> OrderKind {
    OrderKind::PostOnly { price, qty }
}

fn an_order_rests_and_is_canceled(at: VenueKind) {
    let mut desk = Desk::open(at, Weather::FAIR);
    let id = desk.submit(Side::Buy, post_only(desk.price(-10), qty("0.01")));
    assert_eq!(desk.news(id, 1), [(OrderState::Open, Quantity::ZERO)]);
    desk.world.command("probe", Command::Cancel { client_order_id: id });
    assert_eq!(desk.news(id, 1), [(OrderState::Canceled, Quantity::ZERO)]);
    desk.finish();
}

fn each_fill_is_told_once_and_the_end_once_after_them(at: VenueKind) {
    let mut desk = Desk::open(at, Weather::FAIR);
    for side in [Side::Buy, Side::Sell] {
        let surely = desk.price(if side == Side::Buy { 3 } else { -3 });
        let id = desk.submit(side, at.at_once(side, qty("0.9"), surely));
        desk.world.run_for(Duration::from_secs(3));
        let updates = of_order(&told(), id);
        let fills: Vec<_> = updates.iter().filter_map(|update| update.fill.as_ref()).collect();
        assert!(fills.len() > 1, "it eats several levels: {updates:?}");
        let mut trades: Vec<_> = fills.iter().map(|fill| fill.trade_id).collect();
        trades.dedup();
        assert_eq!(trades.len(), fills.len());
        let total = fills.iter().fold(Quantity::ZERO, |sum, fill| sum + fill.qty);
        assert_eq!(total, qty("0.9"));
        let ends = updates.iter().filter(|update| update.state.is_terminal()).count();
        assert_eq!((ends, updates.last().unwrap().state), (1, OrderState::Filled));
    }
    desk.finish();
}

#[test]
fn what_the_venue_would_refuse_is_denied_without_a_request() {
    let mut desk = Desk::open(VenueKind::Binance, Weather::FAIR);
    let (near, far) = (desk.price(-1), desk.price(-95));
    let before = desk.world.ledger().total_requests();
    for (kind, reason) in [
        (post_only(near, qty("0.000001")), "LOT_SIZE"),
        (post_only(near, qty("0.00005")), "NOTIONAL"),
        (post_only(far, qty("0.1")), "PERCENT_PRICE_BY_SIDE"),
        (
            post_only(Price::new(near.get() + Decimal::new(1, 3)).unwrap(), qty("0.01")),
            "PRICE_FILTER",
        ),
        (post_only(near, qty("5")), "USDT: needs"),
    ] {
        let id = desk.submit(Side::Buy, kind);
        let updates = of_order(&told(), id);
        assert_eq!(updates, [], "nothing is told before its time");
        desk.world.run_for(Duration::from_millis(10));
        let updates = of_order(&told(), id);
        assert_eq!(updates[0].state, OrderState::Denied);
        let text = updates[0].reason.clone().unwrap();
        assert!(text.contains(reason), "{text}");
    }
    assert_eq!(desk.world.ledger().total_requests(), before);
    desk.finish();
}

#[test]
fn the_venues_refusal_is_told_in_its_words() {
    let mut desk = Desk::open(VenueKind::Binance, Weather::FAIR);
    let id = desk.submit(Side::Buy, post_only(desk.price(2), qty("0.01")));
    desk.world.run_for(Duration::from_secs(1));
    let updates = of_order(&told(), id);
    assert_eq!(updates.last().unwrap().state, OrderState::Rejected);
    let reason = updates.last().unwrap().reason.clone().unwrap();
    assert!(reason.contains("would immediately match"), "{reason}");
    desk.finish();
}

fn a_name_stands_for_one_order_for_ever(at: VenueKind) {
    let mut desk = Desk::open(at, Weather::FAIR);
    let kind = at.at_once(Side::Buy, qty("0.01"), desk.price(3));
    let id = desk.submit(Side::Buy, kind);
    desk.world.run_for(Duration::from_secs(1));
    desk.resubmit(id, Side::Buy, kind);
    desk.world.run_for(Duration::from_secs(1));
    assert_eq!(desk.requests(at.names().place), 1);
    let is_told = |incident: &Incident| matches!(incident, Incident::DuplicateId { .. });
    assert!(desk.world.incidents().any(is_told));
    desk.finish();
}

fn an_order_canceled_before_it_left_costs_no_request(at: VenueKind) {
    let mut desk = Desk::open(at, Weather::FAIR);
    let price = desk.price(-10);
    // More at once than orders have slots: the last ones wait.
    let ids: Vec<_> =
        (0..30).map(|_| desk.submit(Side::Buy, post_only(price, qty("0.001")))).collect();
    let last = *ids.last().unwrap();
    desk.world.command("probe", Command::Cancel { client_order_id: last });
    assert_eq!(desk.news(last, 5), [(OrderState::Canceled, Quantity::ZERO)]);
    assert_eq!(desk.requests(at.names().place), 29);
    assert_eq!(desk.requests(at.names().cancel), 0);
    desk.finish();
}

fn a_replacement_follows_the_first_and_takes_off_what_that_has_filled(at: VenueKind) {
    let mut desk = Desk::open(at, Weather::FAIR);
    // More than rests at the top of the book, so part of it trades and the rest waits.
    let quote = desk.world.snapshot().quotes.values().next().unwrap().clone();
    let total = quote.ask_qty + qty("0.5");
    let total = Quantity::new(total.get().round_dp(5)).unwrap();
    let limit = |price| OrderKind::Limit {
        price,
        qty: total,
        time_in_force: TimeInForce::GoodTillCanceled,
    };
    let first = desk.submit(Side::Buy, limit(quote.ask));
    desk.world.run_for(Duration::from_millis(60));
    let second = desk.ids.next();
    let request = OrderRequest {
        instrument: InstrumentId::from("BTC-USDT"),
        side: Side::Buy,
        kind: limit(desk.price(-10)),
        tag: 2,
    };
    desk.world.command(
        "probe",
        Command::Replace {
            client_order_id: first,
            replacement_id: second,
            request,
            when_not_canceled: WhenNotCanceled::Stop,
        },
    );
    desk.world.run_for(Duration::from_secs(2));
    let told = told();
    let (first, second) = (of_order(&told, first), of_order(&told, second));
    let done = first.last().unwrap();
    assert_eq!(done.state, OrderState::Canceled, "{first:?}");
    assert!(!done.cum_qty.is_zero(), "part of it traded");
    assert_eq!(second.last().unwrap().state, OrderState::Open);
    assert_eq!(second.last().unwrap().leaves_qty, total.saturating_sub(done.cum_qty));
    desk.finish();
}

fn an_order_whose_answer_is_lost_is_asked_about_and_never_sent_again(at: VenueKind) {
    let weather = Weather { lost_answers_permille: 1000, ..Weather::FAIR };
    let mut desk = Desk::open(at, Weather::FAIR);
    desk.world.set_weather(weather);
    let id = desk.submit(Side::Buy, post_only(desk.price(-10), qty("0.01")));
    // The order arrives, its answer does not, and neither does its report.
    desk.world.run_for(Duration::from_millis(1));
    desk.world.cut_streams(StreamKind::Account);
    desk.world.run_for(Duration::from_secs(12));
    let states: Vec<_> = of_order(&told(), id).iter().map(|update| update.state).collect();
    assert_eq!(states, [OrderState::InDoubt]);
    desk.world.set_weather(Weather::FAIR);
    let news = desk.news(id, 60);
    assert_eq!(news, [(OrderState::Open, Quantity::ZERO)]);
    assert_eq!(desk.requests(at.names().place), 1);
    desk.finish();
}

fn while_the_stream_is_down_new_orders_are_denied_and_cancels_pass(at: VenueKind) {
    let mut desk = Desk::open(at, Weather::FAIR);
    let resting = desk.submit(Side::Buy, post_only(desk.price(-10), qty("0.01")));
    desk.world.run_for(Duration::from_secs(1));
    // No socket can be made any more.
    desk.world.refuse_handshakes(true);
    desk.world.cut_streams(StreamKind::Account);
    let denied = desk.submit(Side::Buy, post_only(desk.price(-10), qty("0.01")));
    desk.world.command("probe", Command::Cancel { client_order_id: resting });
    // Where an answer says only that the cancel was taken, the order is asked about after a second.
    desk.world.run_for(Duration::from_secs(3));
    let told = told();
    let update = &of_order(&told, denied)[0];
    assert!(matches!(&update.denied, Some(Denied::Closed(why)) if why.contains("stream")));
    assert_eq!(of_order(&told, resting).last().unwrap().state, OrderState::Canceled);
    desk.world.refuse_handshakes(false);
    desk.world.run_for(Duration::from_secs(60));
    desk.finish();
}

#[test]
fn after_a_429_nothing_leaves_until_the_venue_said_and_then_trading_goes_on() {
    let mut desk = Desk::open(VenueKind::Binance, Weather::FAIR);
    desk.world.at_venue(|venue, now| venue.burn(now, PEER, 6_000));
    let first = desk.submit(Side::Buy, post_only(desk.price(-10), qty("0.01")));
    desk.world.run_for(Duration::from_secs(5));
    let ledger = desk.world.ledger();
    assert_eq!((ledger.rate_limited, ledger.banned), (1, 0));
    assert_eq!(ledger.after_first_429().len(), 0, "{:?}", ledger.after_first_429());
    let second = desk.submit(Side::Buy, post_only(desk.price(-10), qty("0.01")));
    desk.world.run_for(Duration::from_secs(60));
    let told = told();
    let first = of_order(&told, first);
    assert_eq!(first.last().unwrap().state, OrderState::Denied, "its deadline passed: {first:?}");
    assert!(matches!(of_order(&told, second)[0].denied, Some(Denied::Closed(_))));
    assert_eq!(
        told.iter().rfind(|told| matches!(told, Told::Venue(_))),
        Some(&Told::Venue(VenueStatus::Live))
    );
    let third = desk.submit(Side::Buy, post_only(desk.price(-10), qty("0.01")));
    assert_eq!(desk.news(third, 1), [(OrderState::Open, Quantity::ZERO)]);
    assert_eq!(desk.world.ledger().rate_limited, 1);
}

fn a_refused_time_is_read_anew_and_the_order_goes_once_more(at: VenueKind) {
    let mut desk = Desk::open(at, Weather::FAIR);
    desk.world.step_venue_clock(7_000);
    let id = desk.submit(Side::Buy, post_only(desk.price(-10), qty("0.01")));
    assert_eq!(desk.news(id, 2), [(OrderState::Open, Quantity::ZERO)]);
    assert_eq!(desk.requests(at.names().place), 2, "refused once, taken once");
    let refused = desk.world.incidents().filter(|one| **one == Incident::ClockRefused);
    assert_eq!(refused.count(), 1);
    desk.finish();
}

fn a_connection_that_cannot_be_made_is_tried_again_under_the_same_name(at: VenueKind) {
    let mut desk = Desk::open(at, Weather::FAIR);
    desk.world.set_weather(Weather { refused_permille: 1000, ..Weather::FAIR });
    let id = desk.submit(Side::Buy, post_only(desk.price(-10), qty("0.01")));
    desk.world.run_for(Duration::from_millis(6));
    desk.world.set_weather(Weather::FAIR);
    assert_eq!(desk.news(id, 9), [(OrderState::Open, Quantity::ZERO)]);
    assert_eq!(desk.world.snapshot().counters.orders_sent, 1);
    desk.finish();
}

fn an_order_that_cannot_leave_is_denied_by_its_deadline(at: VenueKind) {
    let mut desk = Desk::open(at, Weather::FAIR);
    desk.world.set_weather(Weather { refused_permille: 1000, ..Weather::FAIR });
    let id = desk.submit(Side::Buy, post_only(desk.price(-10), qty("0.01")));
    let news = desk.news(id, 11);
    assert_eq!(news, [(OrderState::Denied, Quantity::ZERO)]);
    desk.world.set_weather(Weather::FAIR);
    desk.world.run_for(Duration::from_secs(60));
    desk.finish();
}

fn trades_that_the_stream_has_lost_are_fetched_before_the_end_is_told(at: VenueKind) {
    // A calm market, so that the order trades bit by bit and not at one blow.
    let mut venue = at.config();
    venue.exchange_mut().symbols[0].market.volatility_ppm = 200;
    let mut desk = Desk::open_at(Weather::FAIR, venue);
    let quote = desk.world.snapshot().quotes.values().next().unwrap().clone();
    let wanted = Quantity::new(quote.bid_qty.get().round_dp(5)).unwrap() + qty("0.05");
    let id = desk.submit(Side::Buy, post_only(quote.bid, wanted));
    desk.world.run_for(Duration::from_millis(50));
    let traded = |desk: &Desk| {
        let ledger = desk.world.ledger();
        ledger.accounts[0].fills.iter().map(|fill| fill.qty).sum::<Decimal>()
    };
    // The first trade is lost, a later one arrives.
    desk.world.mute_account_stream(true);
    for _ in 0..60_000 {
        desk.world.run_for(Duration::from_millis(10));
        if !traded(&desk).is_zero() {
            break;
        }
    }
    let lost = traded(&desk);
    assert!(!lost.is_zero() && lost < wanted.get(), "{lost} of {wanted}");
    desk.world.run_for(Duration::from_millis(50));
    desk.world.mute_account_stream(false);
    for _ in 0..60_000 {
        desk.world.run_for(Duration::from_millis(10));
        if traded(&desk) == wanted.get() {
            break;
        }
    }
    desk.world.run_for(Duration::from_secs(5));
    let updates = of_order(&told(), id);
    let fills = updates.iter().filter_map(|update| update.fill.as_ref());
    assert_eq!(fills.fold(Quantity::ZERO, |sum, fill| sum + fill.qty), wanted);
    let ends = updates.iter().filter(|update| update.state.is_terminal()).count();
    assert_eq!((ends, updates.last().unwrap().state), (1, OrderState::Filled), "{updates:?}");
    desk.finish();
}

fn orders_that_the_policy_leaves_are_left_those_on_their_way_as_soon_as_they_rest(at: VenueKind) {
    let mut desk = Desk::with(Weather::FAIR, at.config(), false);
    let resting = desk.submit(Side::Buy, post_only(desk.price(-10), qty("0.01")));
    desk.world.run_for(Duration::from_secs(1));
    let on_its_way = desk.submit(Side::Buy, post_only(desk.price(-11), qty("0.01")));
    desk.world.run_for(Duration::from_micros(100));
    let before = desk.world.now();
    desk.world.stop(Duration::from_secs(30));
    assert_eq!(desk.world.drained(), Some(&[][..]));
    assert!(
        desk.world.now().since(before) < Duration::from_secs(1),
        "nobody waits for the deadline"
    );
    let ledger = desk.world.ledger();
    let mut open: Vec<_> =
        ledger.accounts[0].open_orders.iter().map(|order| order.client_order_id.clone()).collect();
    open.sort_unstable();
    assert_eq!(open, [resting.to_string(), on_its_way.to_string()]);
}
