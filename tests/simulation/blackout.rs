//! Nothing can be reached for half an hour, but for moments, while orders rest.

use tradewind_engine::Level;
use tradewind_lab::{Chance, Weather};
use tradewind_model::order::{Denied, OrderState};
use tradewind_model::stream::StreamKind;

use super::counter::{Counter, MINUTE, SECOND};
use super::orders::qty;
use super::venue_kind::{VenueKind, at_each_venue};

at_each_venue! {
    orders_stay_open_through_a_blackout_and_each_trade_in_it_is_booked_once_afterwards,
    an_outage_wakes_somebody_once_however_often_it_pauses,
}

/// No name can be resolved: nothing that needs a new connection leaves.
const DARK: Weather = Weather { refused_permille: 1_000, ..Weather::FAIR };

fn go_dark(counter: &mut Counter) {
    counter.set_weather(DARK);
    for kind in [StreamKind::Account, StreamKind::Market] {
        counter.world.cut_streams(kind);
    }
}

fn orders_stay_open_through_a_blackout_and_each_trade_in_it_is_booked_once_afterwards(
    at: VenueKind,
) {
    for seed in 1..=12 {
        let context = format!("seed {seed}");
        let mut counter = Counter::with(at, seed, |_, instance| {
            instance.strategies[0].params = "feeds = [\"quote\"]".to_owned();
        });
        let mut chance = Chance::new(seed, 3);
        let ids: Vec<_> = (0..6).map(|step| counter.buy(50_000 - step * 10, "0.6")).collect();
        counter.run_for(MINUTE * 2);
        let begun = counter.world.now();
        let mut actions = 0;
        while counter.world.now().since(begun) < MINUTE * 25 {
            go_dark(&mut counter);
            let dark = SECOND * 40 + chance.up_to(SECOND * 110);
            counter.run_for(dark / 2);
            match actions {
                0..=3 => counter.sell("BTCUSDT", "0.2"),
                4 => counter.cancel_by_hand(ids[4]),
                5..=8 => counter.sell("BTCUSDT", "0.3"),
                _ => {}
            }
            actions += 1;
            let denied = counter.buy(40_000, "0.1");
            counter.run_for(dark / 2);
            let refused = counter.news(denied);
            assert!(
                matches!(refused[..], [ref only] if matches!(only.denied, Some(Denied::Closed(_)))),
                "{context}: {refused:?}"
            );
            // What was told to be over is over at the venue.
            let open: Vec<_> = counter.world.ledger().accounts[0]
                .open_orders
                .iter()
                .map(|order| order.client_order_id.clone())
                .collect();
            for id in &ids {
                let is_told_over = counter.state(*id).is_some_and(OrderState::is_terminal);
                let is_open = open.iter().any(|name| name == id.as_str());
                assert!(!(is_told_over && is_open), "{context}: {id} was declared dead");
            }
            // Names are resolved for a moment, and are not again.
            counter.set_weather(Weather::FAIR);
            let light = chance.up_to(SECOND * 20);
            counter.run_for(light);
        }
        assert!(actions >= 9, "{context}: {actions}");
        counter.set_weather(Weather::FAIR);
        counter.run_for(MINUTE * 2);
        assert!(counter.is_live(), "{context}: {:?}", counter.status());
        assert_eq!(counter.state(ids[4]), Some(OrderState::Canceled), "{context}");
        let traded = ids.iter().fold(qty("0.00001"), |sum, id| sum + counter.traded(*id));
        assert_eq!(traded.get().round_dp(4), qty("2").get(), "{context}");
        let alerts = counter.incidents(|one| one.level() == Level::Error);
        assert_eq!(alerts, 1, "{context}");
        counter.honest(&context);
    }
}

fn an_outage_wakes_somebody_once_however_often_it_pauses(at: VenueKind) {
    let mut counter = Counter::open(at, 5);
    counter.run_for(MINUTE * 2);
    let alerted = |counter: &Counter| counter.incidents(|one| one.level() == Level::Error);
    go_dark(&mut counter);
    counter.run_for(SECOND * 10);
    assert_eq!(alerted(&counter), 0, "not for a moment");
    for _ in 0..10 {
        go_dark(&mut counter);
        counter.run_for(MINUTE * 2);
        counter.set_weather(Weather::FAIR);
        counter.run_for(SECOND * 20);
    }
    assert_eq!(alerted(&counter), 1);
    counter.run_for(MINUTE * 5);
    assert!(counter.is_live());
    go_dark(&mut counter);
    counter.run_for(MINUTE * 2);
    assert_eq!(alerted(&counter), 2, "another outage is another alert");
}
