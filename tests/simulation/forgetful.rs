//! A cancel that meets a fill, at a venue that knows the order no more.

use tradewind_engine::Incident;
use tradewind_model::call::CallKind;
use tradewind_model::call::WhenNotCanceled;
use tradewind_model::id::ClientOrderId;
use tradewind_model::notice::Command;
use tradewind_model::order::{OrderRequest, OrderState, Side};
use tradewind_model::stream::StreamKind;
use tradewind_simulator::binance::{Canned, Fault, Pattern, Rule};

use super::counter::{Counter, MINUTE, SECOND};
use super::orders::{post_only, qty};

/// Cancels of one order that find nothing, at the most.
const CANCELS_MAX: usize = 6;

/// The venue fills an order, tells nobody, and denies ever having had it.
fn forget(counter: &mut Counter) {
    let rule = |what: &str, fault| Rule::always(Pattern::what(what), fault);
    let unknown = Fault::Answered(Canned::error(400, -2013, "Order does not exist."));
    counter.world.at_venue(|venue, _| {
        venue.add_fault(rule("push *", Fault::RequestLost));
        venue.add_fault(rule("GET /api/v3/order", unknown));
    });
    counter.sell("BTCUSDT", "0.5");
}

fn sent(counter: &Counter, call: CallKind) -> usize {
    counter.world.trips().filter(|trip| trip.call == call).count()
}

#[test]
fn a_cancel_that_finds_nothing_proves_nothing_and_is_not_repeated_for_ever() {
    for seed in 1..=8 {
        let context = format!("seed {seed}");
        let mut counter = Counter::open(seed);
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

#[test]
fn nothing_takes_the_place_of_an_order_before_its_end_is_known() {
    let mut counter = Counter::open(9);
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

#[test]
fn a_cancel_that_stopped_goes_on_when_the_order_turns_out_to_rest() {
    let mut counter = Counter::open(10);
    let id = counter.buy(50_000, "0.5");
    counter.run_for(SECOND * 10);
    let unknown = |code, text| Fault::Answered(Canned::error(400, code, text));
    let rules = [
        ("DELETE /api/v3/order", unknown(-2011, "Unknown order sent.")),
        ("GET /api/v3/order", unknown(-2013, "Order does not exist.")),
    ];
    for (what, fault) in rules {
        let rule = Rule::always(Pattern::what(what), fault);
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
