//! A stranger on our address takes what it takes; we use what is left, and are never turned away.

use std::time::Duration;

use tradewind_lab::{Burst, Clock, STRANGER_AGENT, Stranger, Weather, check_always, check_silence};
use tradewind_model::Decimal;
use tradewind_model::call::{Call, CallKind};
use tradewind_model::id::{ClientOrderId, ClientOrderIds};
use tradewind_model::market::Interval;
use tradewind_model::money::Price;
use tradewind_model::notice::Command;
use tradewind_model::order::{OrderRequest, OrderState, Side};
use tradewind_model::time::Timestamp;
use tradewind_simulator::binance::BinanceConfig;
use tradewind_simulator::limits::LimitKind;

use super::orders::{post_only, qty};
use super::probe::{self, Told, told};
use super::solo::{PEER, Setup, Solo};

const MINUTE: Duration = Duration::from_secs(60);
const LIMIT: u32 = 6_000;

fn world(seed: u64) -> Solo {
    let mut venue = BinanceConfig::default();
    venue.exchange.symbols.truncate(1);
    venue.exchange.symbols[0].market.step = Duration::from_secs(1);
    let mut solo = Solo::new_with(
        Setup {
            seed,
            weather: Weather::FAIR,
            venue: venue.into(),
            skew_ms: 0,
            cancels_on_stop: true,
            registry: probe::registry(),
            strategy: ("probe", "feeds = [\"quote\"]"),
        },
        |instance| {
            instance.clock = Clock::ahead_by_millis(-40_000);
            instance.records_max = 1 << 20;
        },
    );
    solo.at_venue(|venue, _| venue.tell_apart(STRANGER_AGENT));
    // Two fifths of the weight: 1,200 reads of weight 2 a minute, a quarter of them in bursts.
    solo.add_stranger(&Stranger {
        peer: PEER,
        calls: vec![Call::Bars {
            symbol: "BTCUSDT".into(),
            interval: Interval::Minute1,
            from: None,
            until: None,
            limit: 1,
        }],
        every: Some(MINUTE / 900),
        burst: Some(Burst { every: Duration::from_secs(5), size: 25 }),
        seed,
    });
    solo.run_for(Duration::from_secs(10));
    told();
    solo
}

/// Plays for a quarter of an hour: reads are asked for at twice the rate of what is left, and an
/// order is placed and canceled every second.
fn play(solo: &mut Solo) {
    let mut ids = ClientOrderIds::new(99, Timestamp::EPOCH);
    let price = {
        let quote = solo.snapshot().quotes.into_values().next().unwrap();
        Price::new((quote.bid.get() * Decimal::new(9, 1)).round()).unwrap()
    };
    let mut last: Option<ClientOrderId> = None;
    for tick in 0..15 * 60 * 12 {
        // No two that wait are the same, or they would be one.
        for half in 0..2 {
            let levels = 1 + (tick * 2 + half) % 100;
            solo.inquire(Call::Depth { symbol: "BTCUSDT".into(), levels });
        }
        if tick % 12 == 0 {
            if let Some(client_order_id) = last.take() {
                solo.command("probe", Command::Cancel { client_order_id });
            }
            let client_order_id = ids.next();
            let (side, kind) = (Side::Buy, post_only(price, qty("0.001")));
            let request = OrderRequest { instrument: "BTC-USDT".into(), side, kind, tag: 1 };
            solo.command("probe", Command::Submit { client_order_id, request });
            last = Some(client_order_id);
        }
        solo.run_for(Duration::from_nanos(83_333_333));
    }
    let news = told();
    let is_denied = |one: &&Told| {
        let Told::Order(update) = one else { return false };
        update.state == OrderState::Denied
    };
    assert_eq!(news.iter().filter(is_denied).count(), 0, "no order waits until it is worthless");
}

/// Weight by whole minute, the first two left out: the stranger's, and all.
fn minutes(solo: &Solo) -> Vec<(u32, u32)> {
    let ledger = solo.ledger();
    let weight = ledger.windows.iter().filter(|window| window.kind == LimitKind::Weight);
    let mut minutes: Vec<_> =
        weight.map(|window| (window.by_others, window.used)).skip(2).collect();
    minutes.pop();
    minutes
}

#[test]
fn what_a_stranger_leaves_is_used_and_nobody_is_turned_away() {
    // With 4, three of the stranger's bursts fall into the last moment of a minute.
    for seed in [1, 4, 7] {
        let mut solo = world(seed);
        play(&mut solo);
        let turned_away = solo.trips().filter(|trip| trip.is_turned_away()).count();
        assert_eq!((turned_away, solo.ledger().bans), (0, 0), "seed {seed}");
        // After the minutes in which it was learnt how much there is.
        let minutes = minutes(&solo);
        let its: u32 = minutes.iter().map(|(its, _)| its).sum();
        let ours: u32 = minutes.iter().map(|(its, all)| all - its).sum();
        let all = LIMIT * u32::try_from(minutes.len()).unwrap();
        assert!(minutes.len() >= 12 && its * 100 / all >= 35, "seed {seed}: {its} of {all}");
        let used = f64::from(ours) / f64::from(all - its);
        assert!(used >= 0.9, "seed {seed}: {:.1} % of what was left", used * 100.0);
        cancels_are_quick(&solo, seed);
        nobody_starves(&solo, seed);
        check_silence(&solo, true).unwrap();
        check_always(&solo).unwrap();
    }
}

/// Of a hundred cancels, at most one waits for a quarter of a second.
fn cancels_are_quick(solo: &Solo, seed: u64) {
    let cancels = solo.me().attempts().iter().filter(|one| one.endpoint == "cancel_order");
    let mut waited: Vec<_> = cancels.map(|one| one.queue_ms).collect();
    waited.sort_unstable();
    assert!(waited.len() > 850, "{} cancels", waited.len());
    let p99 = waited[waited.len() * 99 / 100];
    assert!(p99 < 250, "seed {seed}: {p99} ms");
}

/// Nothing goes without for more than a window.
fn nobody_starves(solo: &Solo, seed: u64) {
    let end = solo.now();
    for kind in [CallKind::PlaceOrder, CallKind::CancelOrder, CallKind::Depth] {
        let sent = solo.trips().filter(|trip| trip.call == kind).map(|trip| trip.sent_at);
        let sent: Vec<_> = sent.chain([end]).collect();
        let longest = sent.windows(2).map(|pair| pair[1].since(pair[0])).max();
        assert!(longest.unwrap() <= MINUTE, "seed {seed}: {kind:?} waited {longest:?}");
    }
}
