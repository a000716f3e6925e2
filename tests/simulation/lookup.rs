//! Orders in doubt for longer than a venue can be asked about them by our names.

use std::time::Duration;

use tradewind_engine::Incident;
use tradewind_model::id::ClientOrderId;
use tradewind_model::notice::VenueStatus;
use tradewind_simulator::front::{Fault, Pattern, Rule};

use super::counter::{Counter, HOUR, MINUTE};
use super::orders::qty;
use super::venue_kind::{VenueKind, at_each_venue};

at_each_venue! {
    what_was_in_doubt_for_hours_is_found_or_ruled_out,
}

/// A buy of which nothing is heard.
fn unheard(counter: &mut Counter, price: u32, fault: Fault) -> ClientOrderId {
    let rule = Rule::once(Pattern::what(counter.at.names().place), fault);
    counter.world.at_venue(|venue, _| venue.add_fault(rule));
    let id = counter.buy(price, "0.5");
    counter.run_for(Duration::from_millis(500));
    id
}

fn what_was_in_doubt_for_hours_is_found_or_ruled_out(at: VenueKind) {
    for seed in [3, 4] {
        let mut counter = Counter::with(at, seed, |_, instance| {
            instance.disk = Some("disk".to_owned());
            instance.cancels_on_stop = false;
        });
        counter.run_for(MINUTE);
        counter.world.mute_account_stream(true);
        let filled = unheard(&mut counter, 50_300, Fault::AnswerLost);
        let canceled = unheard(&mut counter, 50_200, Fault::AnswerLost);
        let rests = unheard(&mut counter, 50_100, Fault::AnswerLost);
        let never = unheard(&mut counter, 50_000, Fault::RequestLost);
        counter.kill_for(HOUR * 3, |counter| {
            counter.sell("BTCUSDT", "0.5");
            counter.cancel_by_hand(canceled);
        });
        counter.world.mute_account_stream(false);
        counter.run_for(MINUTE * 3);
        let context = format!("seed {seed}");
        assert_eq!(counter.status(), VenueStatus::Live, "{context}");
        let snapshot = counter.world.snapshot();
        assert_eq!(snapshot.in_doubt, [], "{context}");
        let open: Vec<_> = snapshot.open_orders.iter().map(|one| one.client_order_id).collect();
        assert_eq!(open, [rests], "{context}");
        let ruled_out = counter.world.incidents().filter_map(|one| {
            let Incident::NotPlaced { client_order_id, .. } = one else { return None };
            Some(*client_order_id)
        });
        assert_eq!(ruled_out.collect::<Vec<_>>(), [never], "{context}");
        let held: Vec<_> = snapshot.positions.iter().map(|one| one.base.round_dp(1)).collect();
        assert_eq!(held, [qty("0.5").get()], "{context}: {filled} has traded");
        let sent = counter.world.requests(at.names().place);
        assert_eq!(sent, 3, "{context}: what was lost never came, and nothing was sent again");
        counter.honest(&context);
    }
}
