//! Messages that nobody understands, and more of them than anybody reads.

use std::time::Duration;

use tradewind_model::call::CallKind;
use tradewind_model::order::OrderState;
use tradewind_model::stream::StreamKind;
use tradewind_simulator::front::{Canned, Fault, Pattern, Rule};
use tradewind_simulator::limits::Service;

use super::counter::{Counter, MINUTE, SECOND};
use super::orders::qty;
use super::venue_kind::{VenueKind, at_each_venue};

at_each_venue! {
    an_order_whose_report_cannot_be_read_is_asked_about_and_the_others_go_on,
    what_says_nothing_is_passed_over_and_what_it_may_have_said_is_asked_within_bounds,
}

const MILLI: Duration = Duration::from_millis(1);

fn say(counter: &mut Counter, service: Service, text: &str) {
    counter.world.at_venue(|venue, _| venue.say(service, text));
}

fn sent(counter: &Counter, call: CallKind) -> usize {
    counter.world.trips().filter(|trip| trip.call == call).count()
}

fn an_order_whose_report_cannot_be_read_is_asked_about_and_the_others_go_on(at: VenueKind) {
    for (number, wrong) in (1_u64..).zip(at.wrong_reports()) {
        let mut counter = Counter::open(at, number);
        let (poisoned, sound) = (counter.buy(50_000, "0.5"), counter.buy(49_000, "0.5"));
        counter.run_for(SECOND);
        let update = counter.news(poisoned).pop().unwrap();
        let venue_id = update.venue_order_id.unwrap().as_str().to_owned();
        // The order has traded, and that is what could not be read.
        let lost = Rule::once(Pattern::what(at.names().report), Fault::RequestLost);
        counter.world.at_venue(|venue, _| venue.add_fault(lost));
        counter.sell("BTCUSDT", "0.2");
        let (asked, before) =
            (sent(&counter, CallKind::QueryOrder), counter.world.snapshot().counters);
        let text = at.wrong_report(poisoned.as_str(), &venue_id, wrong);
        say(&mut counter, Service::WsApi, &text);
        counter.run_for(MILLI * 100);
        let after = counter.world.snapshot().counters;
        let noted = (after.unreadable_messages + after.unknown_words)
            - (before.unreadable_messages + before.unknown_words);
        assert_eq!(noted, 1, "{wrong}: counted");
        assert_eq!(sent(&counter, CallKind::QueryOrder), asked + 1, "{wrong}: asked about, alone");
        assert!(counter.is_live(), "{wrong}: {:?}", counter.status());
        counter.run_for(SECOND * 3);
        assert_eq!(counter.traded(poisoned), qty("0.2"), "{wrong}");
        assert_eq!(counter.state(sound), Some(OrderState::Open), "{wrong}");
        assert_eq!(counter.world.snapshot().counters.streams_lost, 0, "{wrong}");
        counter.honest(wrong);
    }
}

fn what_says_nothing_is_passed_over_and_what_it_may_have_said_is_asked_within_bounds(
    at: VenueKind,
) {
    let mut counter = Counter::open(at, 3);
    let ids: Vec<_> = (0..5).map(|step| counter.buy(50_000 - step, "0.5")).collect();
    counter.run_for(SECOND * 10);
    let begun = counter.world.now();
    for round in 0..400 {
        for text in at.nonsense() {
            say(&mut counter, Service::WsApi, text);
            say(&mut counter, Service::Streams, text);
        }
        counter.run_for(MILLI * 25);
        if round == 200 {
            counter.sell("BTCUSDT", "0.5");
        }
    }
    counter.run_for(SECOND * 10);
    let counters = counter.world.snapshot().counters;
    assert!(counters.unreadable_messages > 1_000, "{counters:?}");
    assert_eq!(counters.streams_lost, 0, "the sockets are sound");
    let weight = counter.weight_since(begun);
    assert!(weight < 600, "{weight} in twenty seconds of nonsense");
    assert_eq!(counter.state(ids[0]), Some(OrderState::Filled));
    assert_eq!(counter.traded(ids[0]), qty("0.5"));
    counter.run_for(MINUTE);
    assert!(counter.is_live());
    counter.honest("garbage");
}

#[test]
fn one_broken_row_of_a_list_leaves_the_others_and_its_order_is_asked_about() {
    let mut counter = Counter::open(VenueKind::Binance, 4);
    let ids: Vec<_> = (0..4).map(|step| counter.buy(50_000 - step, "0.5")).collect();
    counter.run_for(SECOND * 6);
    let rows: Vec<_> = ids
        .iter()
        .enumerate()
        .map(|(number, id)| {
            let venue = counter.news(*id).pop().unwrap().venue_order_id.unwrap();
            let side = if number == 1 { "null" } else { "\"BUY\"" };
            format!(
                "{{\"symbol\":\"BTCUSDT\",\"orderId\":{venue},\"clientOrderId\":\"{id}\",\
                 \"price\":\"{}\",\"origQty\":\"0.5\",\"executedQty\":\"0\",\
                 \"cummulativeQuoteQty\":\"0\",\"status\":\"NEW\",\"side\":{side},\
                 \"time\":1795298500000,\"updateTime\":1795298500000,\"type\":\"LIMIT_MAKER\",\
                 \"timeInForce\":\"GTC\"}}",
                50_000 - number
            )
        })
        .collect();
    let body = format!("[{}]", rows.join(","));
    let canned = Canned { body: body.into_bytes().into(), ..Canned::empty() };
    let rule = Rule::once(Pattern::what("GET /api/v3/openOrders"), Fault::Answered(canned));
    counter.world.at_venue(|venue, _| venue.add_fault(rule));
    let asked = sent(&counter, CallKind::QueryOrder);
    counter.world.cut_streams(StreamKind::Account);
    counter.run_for(SECOND * 3);
    assert!(counter.is_live(), "{:?}", counter.status());
    assert_eq!(sent(&counter, CallKind::QueryOrder), asked + 1, "about that one alone");
    assert_eq!(counter.world.snapshot().counters.unreadable_rows, 1);
    assert!(ids.iter().all(|id| counter.state(*id) == Some(OrderState::Open)));
    counter.honest("one broken row");
}
