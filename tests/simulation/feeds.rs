//! Feeds: what a strategy is told of the market is what the venue's market did.

use std::time::Duration;

use tradewind_lab::Weather;
use tradewind_model::Decimal;
use tradewind_model::market::{Interval, Level};
use tradewind_model::notice::{Command, VenueStatus};
use tradewind_model::stream::{Feed, StreamKind};

use super::probe::{self, Told};
use super::solo::{Setup, Solo};
use super::venue_kind::{VenueKind, at_each_venue};

at_each_venue! {
    history_comes_first_and_whole_then_the_venue_is_live_then_bars_go_on,
    a_book_is_the_venues_own_also_after_the_stream_was_cut,
    quotes_and_trades_flow_and_a_lost_stream_is_told,
    a_feed_asked_for_later_is_added_to_the_socket_that_stands,
    history_asked_for_while_live_is_told_and_nothing_stays_stale,
}

fn world(at: VenueKind, params: &'static str) -> Solo {
    let registry = probe::registry();
    let strategy = ("probe", params);
    Solo::new(Setup {
        seed: 11,
        weather: Weather::FAIR,
        venue: at.config(),
        skew_ms: 40,
        cancels_on_stop: true,
        registry,
        strategy,
    })
}

fn is_live(told: &Told) -> bool {
    *told == Told::Venue(VenueStatus::Live)
}

fn history_comes_first_and_whole_then_the_venue_is_live_then_bars_go_on(at: VenueKind) {
    let mut world = world(at, "feeds = [\"1m\"]\nhistory = 30");
    world.run_for(Duration::from_secs(130));
    let told = probe::told();
    let live = told.iter().position(is_live).expect("never live");
    assert!(matches!(&told[0], Told::Started(recovered) if recovered.instruments.len() == 1));
    let bars = |told: &[Told]| -> Vec<_> {
        let bars = told.iter().filter_map(|one| {
            let Told::Bar(bar) = one else { return None };
            Some(bar.clone())
        });
        bars.collect()
    };
    let history: Vec<_> = bars(&told[..live]).into_iter().filter(|bar| bar.is_closed).collect();
    assert_eq!(history.len(), 30);
    let minute = Duration::from_secs(60);
    assert!(history.windows(2).all(|pair| pair[0].open_at + minute == pair[1].open_at));
    let closed: Vec<_> = bars(&told[live..]).into_iter().filter(|bar| bar.is_closed).collect();
    assert!(closed.len() >= 2, "{} bars closed in two minutes", closed.len());
    assert_eq!(history[29].open_at + minute, closed[0].open_at, "no hole between the two");
    assert!(bars(&told[live..]).iter().any(|bar| !bar.is_closed), "the open bar is told");
}

fn a_book_is_the_venues_own_also_after_the_stream_was_cut(at: VenueKind) {
    let mut world = world(at, "feeds = [\"book\"]");
    let mut compared = 0;
    for round in 0..4 {
        for _ in 0..400 {
            world.run_for(Duration::from_millis(50));
            let Some(Told::Book(book)) = probe::told().into_iter().next_back() else { continue };
            let depth = world.venue().exchange().depth("BTCUSDT", 5).unwrap();
            if depth.last_update_id == book.last_update_id {
                let levels = |levels: &[Level]| -> Vec<(Decimal, Decimal)> {
                    levels.iter().map(|(price, qty)| (price.get(), qty.get())).collect()
                };
                assert_eq!((levels(&book.bids), levels(&book.asks)), (depth.bids, depth.asks));
                compared += 1;
            }
        }
        assert!(compared > 5 * (round + 1), "round {round}: {compared} books compared");
        world.cut_streams(StreamKind::Market);
    }
}

fn quotes_and_trades_flow_and_a_lost_stream_is_told(at: VenueKind) {
    let mut world = world(at, "feeds = [\"quote\", \"trade\"]");
    world.run_for(Duration::from_secs(10));
    let told = probe::told();
    let count = |is: &dyn Fn(&Told) -> bool| told.iter().filter(|told| is(told)).count();
    assert!(count(&|told| matches!(told, Told::Quote(_))) > 20);
    assert!(count(&|told| matches!(told, Told::Trade(_))) > 20);
    world.cut_streams(StreamKind::Market);
    world.run_for(Duration::from_secs(5));
    let statuses: Vec<_> =
        probe::told().into_iter().filter(|told| matches!(told, Told::Venue(_))).collect();
    assert!(
        matches!(&statuses[..], [Told::Venue(VenueStatus::Stale { .. }), last] if is_live(last))
    );
}

fn a_feed_asked_for_later_is_added_to_the_socket_that_stands(at: VenueKind) {
    let mut world = world(at, "feeds = [\"quote\"]");
    world.run_for(Duration::from_secs(5));
    probe::told();
    let connections = world.ledger().connections_accepted;
    let (instrument, feed) = ("BTC-USDT".into(), Feed::Book(20));
    world.command("probe", Command::Subscribe { instrument, feed });
    world.run_for(Duration::from_secs(5));
    let told = probe::told();
    let books = told.iter().filter(|told| matches!(told, Told::Book(_)));
    assert!(books.count() > 10);
    assert_eq!(world.ledger().connections_accepted, connections);
}

fn history_asked_for_while_live_is_told_and_nothing_stays_stale(at: VenueKind) {
    let mut world = world(at, "feeds = [\"quote\"]");
    world.run_for(Duration::from_secs(5));
    probe::told();
    let (instrument, interval) = ("BTC-USDT".into(), Interval::Minute5);
    world.command("probe", Command::History { instrument, interval, bars: 12 });
    world.run_for(Duration::from_secs(2));
    let told = probe::told();
    assert_eq!(told.iter().filter(|told| matches!(told, Told::Bar(_))).count(), 12);
    assert!(
        !matches!(told.iter().rfind(|told| matches!(told, Told::Venue(_))), Some(last) if !is_live(last))
    );
}
