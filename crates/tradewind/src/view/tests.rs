use std::collections::BTreeMap;

use tradewind_engine::{Counters, StreamView};
use tradewind_model::Timestamp;
use tradewind_model::market::Quote;
use tradewind_model::money::{Notional, Price, Quantity};
use tradewind_model::order::{Link, OrderKind};
use tradewind_model::stream::StreamKind;

use super::*;

const INSTRUMENT: &str = "BTC-USDT";

fn price(units: u32) -> Price {
    Price::new(units.into()).unwrap()
}

fn order(number: u32, side: Side, units: u32) -> OrderUpdate {
    let qty = Quantity::new(1.into()).unwrap();
    OrderUpdate {
        client_order_id: format!("tw1-{number}").parse().unwrap(),
        venue_order_id: None,
        instrument: INSTRUMENT.into(),
        side,
        kind: OrderKind::PostOnly { price: price(units), qty },
        tag: number,
        link: Link::Alone,
        state: OrderState::Open,
        cum_qty: Quantity::ZERO,
        cum_quote: Notional::ZERO,
        leaves_qty: qty,
        fill: None,
        reason: None,
        denied: None,
        refusal: None,
        at: Timestamp::EPOCH,
    }
}

/// Ten rungs on each side of a market at 100.
fn snapshot() -> Snapshot {
    let quote = Quote {
        bid: price(99),
        bid_qty: Quantity::ZERO,
        ask: price(101),
        ask_qty: Quantity::ZERO,
        at: Timestamp::EPOCH,
    };
    let sells = (0..10).map(|rung| order(rung, Side::Sell, 101 + rung));
    let buys = (0..10).map(|rung| order(10 + rung, Side::Buy, 99 - rung));
    Snapshot {
        at: Timestamp::from_secs(12),
        clock_offset_nanos: 0,
        status: VenueStatus::Live,
        streams: [StreamKind::Account, StreamKind::Market].map(|kind| StreamView {
            kind,
            is_live: true,
            whole_since: None,
            heard_at: Timestamp::EPOCH,
            standing: 1,
            opening: 0,
        }),
        timers: 0,
        calls: 0,
        counters: Counters { orders_sent: 20, ..Counters::default() },
        open_orders: sells.chain(buys).collect(),
        in_doubt: Vec::new(),
        positions: Vec::new(),
        quotes: BTreeMap::from([(INSTRUMENT.into(), quote)]),
        balances: Vec::new(),
        trading: Vec::new(),
        cut_off: Vec::new(),
        scheduler: tradewind_scheduler::Snapshot {
            buckets: Vec::new(),
            queued: tradewind_scheduler::Priority::ALL.map(|class| (class, 0)),
            in_flight: [(); 4].map(|()| (tradewind_model::call::EndpointGroup::Orders, 0)),
            caps: [(); 4].map(|()| (tradewind_model::call::EndpointGroup::Orders, 0)),
            shut: Vec::new(),
            scopes: Vec::new(),
            breakers: Vec::new(),
        },
    }
}

fn about() -> About {
    About {
        venue: "embedded".parse().unwrap(),
        seed: Some(7),
        instruments: vec![INSTRUMENT.into()],
        started_at: Timestamp::from_secs(2),
        cancels_on_stop: true,
    }
}

fn page(size: (usize, usize), logs: &[String]) -> Vec<Line> {
    let (about, snapshot) = (about(), snapshot());
    let scene = Scene { about: &about, snapshot: &snapshot, left: None, is_stopping: false };
    scene.page(Size { columns: size.0, rows: size.1 }, logs)
}

#[test]
fn a_page_fits_on_any_screen() {
    let logs = vec!["a warning".to_owned(); LOG_LINES];
    for columns in [0, 1, 7, 20, 80, 300] {
        for rows in [0, 1, 2, 5, 10, 24, 100] {
            let page = page((columns, rows), &logs);
            assert!(page.len() <= rows);
            assert!(page.iter().all(|line| line.text.chars().count() <= columns));
        }
    }
}

#[test]
fn the_ladder_falls_from_sells_to_buys_with_the_market_between() {
    let page = page((80, 100), &[]);
    let rungs: Vec<_> = page.iter().filter(|line| line.text.starts_with("  ")).collect();
    let tones: Vec<_> = rungs.iter().map(|line| line.tone).collect();
    let expected = [vec![Tone::Sell; 10], vec![Tone::Strong], vec![Tone::Buy; 10]].concat();
    assert_eq!(tones, expected);
    assert!(rungs[0].text.contains("110") && rungs[20].text.contains("90"));
}

#[test]
fn when_room_is_short_the_rungs_nearest_to_the_market_stay() {
    let page = page((80, 11), &[]);
    let rungs: Vec<_> = page.iter().filter(|line| line.text.starts_with("  ")).collect();
    assert!(rungs.iter().any(|line| line.tone == Tone::Strong), "{page:#?}");
    assert!(rungs.iter().any(|line| line.text.contains("101")), "{page:#?}");
    assert!(!rungs.iter().any(|line| line.text.contains("110")), "{page:#?}");
}

#[test]
fn no_text_moves_the_cursor() {
    let page = page((80, 24), &["\u{1b}[2J evil\n".to_owned()]);
    assert!(page.iter().all(|line| !line.text.chars().any(char::is_control)));
}

#[test]
fn a_line_for_a_pipe_says_what_matters() {
    let (about, snapshot) = (about(), snapshot());
    let scene = Scene { about: &about, snapshot: &snapshot, left: None, is_stopping: false };
    assert_eq!(
        scene.text(),
        "1970-01-01T00:00:12.000Z live  BTC-USDT 100  sent 20 open 20 fills 0"
    );
    let json = scene.json();
    assert_eq!((&json["kind"], &json["live"]), (&"state".into(), &true.into()));
    assert_eq!(json["market"][0]["bid"], "99");
}

#[test]
fn rungs_stand_in_columns() {
    let mut snapshot = snapshot();
    snapshot.open_orders[0].kind =
        OrderKind::PostOnly { price: "100.50".parse().unwrap(), qty: Quantity::ZERO };
    let about = about();
    let scene = Scene { about: &about, snapshot: &snapshot, left: None, is_stopping: false };
    let page = scene.page(Size { columns: 80, rows: 60 }, &[]);
    let ends: Vec<_> = page.iter().filter_map(|line| line.text.find("  open")).collect();
    assert_eq!(ends.len(), 20);
    assert!(ends.iter().all(|end| *end == ends[0]), "{page:#?}");
}
