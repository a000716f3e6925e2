//! A cancel that meets a fill, at a venue that knows the order no more.

use tradewind_engine::Incident;
use tradewind_model::call::CallKind;
use tradewind_model::call::WhenNotCanceled;
use tradewind_model::id::ClientOrderId;
use tradewind_model::notice::Command;
use tradewind_model::order::{OrderRequest, OrderState, Side};
use tradewind_model::stream::StreamKind;
use tradewind_simulator::front::{Fault, Pattern, Rule};

use super::counter::{Counter, MINUTE, SECOND};
use super::orders::{post_only, qty};
use super::venue_kind::{VenueKind, at_each_venue};

at_each_venue! {
    a_cancel_that_finds_nothing_proves_nothing_and_is_not_repeated_for_ever,
    nothing_takes_the_place_of_an_order_before_its_end_is_known,
    a_cancel_that_stopped_goes_on_when_the_order_turns_out_to_rest,
}

/// Cancels of one order that find nothing, at the most.
const CANCELS_MAX: usize = 6;

/// The venue fills an order, tells nobody, and denies ever having had it.
fn forget(counter: &mut Counter) {
    let rule = |what: &str, fault| Rule::always(Pattern::what(what), fault);
    let unknown = Fault::Answered(counter.at.not_found());
    let query = counter.at.names().query;
    counter.world.at_venue(|venue, _| {
        venue.add_fault(rule("push *", Fault::RequestLost));
        venue.add_fault(rule(query, unknown));
    });
    counter.sell("BTCUSDT", "0.5");
}

fn sent(counter: &Counter, call: CallKind) -> usize {
    counter.world.trips().filter(|trip| trip.call == call).count()
}

fn a_cancel_that_finds_nothing_proves_nothing_and_is_not_repeated_for_ever(at: VenueKind) {
    for seed in 1..=8 {
        let context = format!("seed {seed}");
        let mut counter = Counter::open(at, seed);
        let id = counter.buy(50_000, "0.5");
        counter.run_for(SECOND * 10);
        forget(&mut counter);
        counter.cancel(id);
        counter.run_for(MINUTE * 10);
        assert_eq!(counter.state(id), Some(OrderState::Open), "{context}");
        let open = counter.world.snapshot().open_orders;
        assert_eq!(open.len(), 1, "{context}");
        assert_eq!(open[0].leaves_qty, qty("0.5"), "{context}: exposure is still counted");
        let cancels = sent(&counter, CallKind::CancelOrder);
        assert!((1..=CANCELS_MAX).contains(&cancels), "{context}: {cancels} cancels");
        if let Some(every) = at.manners().cancel_every {
            let trips = counter.world.trips().filter(|trip| trip.call == CallKind::CancelOrder);
            let left: Vec<_> = trips.map(|trip| trip.sent_at).collect();
            let is_paced = left.windows(2).all(|pair| pair[1].since(pair[0]) >= every);
            assert!(is_paced, "{context}: {left:?}");
        }
        let alerts = |is_it: fn(&Incident) -> bool| counter.incidents(is_it);
        assert_eq!(alerts(|one| matches!(one, Incident::CancelFailing { .. })), 1, "{context}");
        assert_eq!(alerts(|one| matches!(one, Incident::NotFound { .. })), 1, "{context}");
        let asked = sent(&counter, CallKind::QueryOrder);
        assert!((20..=200).contains(&asked), "{context}: it is asked about: {asked}");
        // The venue remembers.
        counter.world.at_venue(|venue, _| venue.clear_faults());
        counter.run_for(MINUTE * 2);
        assert_eq!(counter.state(id), Some(OrderState::Filled), "{context}");
        assert_eq!(counter.traded(id), qty("0.5"), "{context}");
        counter.honest(&context);
    }
}

fn nothing_takes_the_place_of_an_order_before_its_end_is_known(at: VenueKind) {
    let mut counter = Counter::open(at, 9);
    let id = counter.buy(50_000, "0.5");
    counter.run_for(SECOND * 10);
    forget(&mut counter);
    let replacement_id = ClientOrderId::new("tw-instead").unwrap();
    let kind = post_only("49000".parse().unwrap(), qty("0.5"));
    let request = OrderRequest { instrument: "BTC-USDT".into(), side: Side::Buy, kind, tag: 0 };
    let command = Command::Replace {
        client_order_id: id,
        replacement_id,
        request,
        when_not_canceled: WhenNotCanceled::Stop,
    };
    counter.world.command("probe", command);
    counter.run_for(MINUTE * 5);
    assert_eq!(sent(&counter, CallKind::PlaceOrder), 1, "the first alone");
    // The late report is what ends it.
    counter.world.at_venue(|venue, _| venue.clear_faults());
    counter.world.cut_streams(StreamKind::Account);
    counter.run_for(MINUTE * 2);
    assert_eq!(counter.state(id), Some(OrderState::Filled));
    assert_eq!(sent(&counter, CallKind::PlaceOrder), 1, "all of it has filled: nothing is left");
    counter.honest("no re-entry");
}

fn a_cancel_that_stopped_goes_on_when_the_order_turns_out_to_rest(at: VenueKind) {
    let mut counter = Counter::open(at, 10);
    let id = counter.buy(50_000, "0.5");
    counter.run_for(SECOND * 10);
    let rules = [(at.names().cancel, at.nothing_to_cancel()), (at.names().query, at.not_found())];
    for (what, answer) in rules {
        let rule = Rule::always(Pattern::what(what), Fault::Answered(answer));
        counter.world.at_venue(|venue, _| venue.add_fault(rule));
    }
    counter.cancel(id);
    counter.run_for(MINUTE * 3);
    let cancels = sent(&counter, CallKind::CancelOrder);
    assert!((1..=CANCELS_MAX).contains(&cancels), "{cancels} cancels");
    counter.world.at_venue(|venue, _| venue.clear_faults());
    counter.run_for(MINUTE * 2);
    assert_eq!(counter.state(id), Some(OrderState::Canceled));
    counter.honest("rests after all");
}
