use tradewind_engine::StreamView;
use tradewind_model::Timestamp;
use tradewind_model::notice::VenueStatus;
use tradewind_model::stream::StreamKind;

use super::*;

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn traded() -> Vec<Traded> {
    let assets = Some((Asset::from("BTC"), Asset::from("USDT")));
    vec![Traded { id: "BTC-USDT".into(), symbol: "BTCUSDT".into(), assets }]
}

fn snapshot() -> Snapshot {
    let fee = (Asset::from("BNB"), decimal("0.01"));
    let position = PositionView {
        strategy: "grid".parse().unwrap(),
        instrument: "BTC-USDT".into(),
        base: decimal("0.0200"),
        quote: decimal("-1200"),
        cost: decimal("1200"),
        realized: Some(decimal("1.5")),
        unrealized: Some(decimal("2")),
        profit: Some(decimal("3.5")),
        fees: BTreeMap::from([fee]),
        fees_in_quote: Some(Decimal::ZERO),
        fills: 2,
        inherited: tradewind_model::position::Position::default(),
    };
    Snapshot {
        at: Timestamp::from_secs(90),
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
        counters: Counters { orders_sent: 2, fills: 2, ..Counters::default() },
        open_orders: Vec::new(),
        in_doubt: Vec::new(),
        positions: vec![position],
        quotes: BTreeMap::new(),
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

fn testimony() -> Testimony {
    let added = [("BTC", "0.02"), ("USDT", "-1200.00"), ("BNB", "-0.01")];
    let added = added.map(|(asset, qty)| (Asset::from(asset), decimal(qty)));
    Testimony { added: added.into(), refused: Some((0, 0)), ..Testimony::default() }
}

fn closing(testimony: Result<Testimony, String>, unresolved: &[&str]) -> Closing {
    let about = About {
        venue: "embedded".parse().unwrap(),
        seed: Some(7),
        instruments: vec!["BTC-USDT".into()],
        started_at: Timestamp::from_secs(60),
        cancels_on_stop: true,
    };
    let unresolved = unresolved.iter().map(|id| id.parse().unwrap()).collect();
    Closing::of(&about, &snapshot(), unresolved, &traded(), testimony)
}

#[test]
fn a_run_that_the_venue_agrees_on_has_no_flaw() {
    let closing = closing(Ok(testimony()), &[]);
    assert_eq!(closing.flaw(), None);
    let json = closing.json();
    assert_eq!((&json["position"], &json["venue_position"]), (&"0.02".into(), &"0.02".into()));
    assert_eq!((&json["profit"], &json["seconds"]), (&"3.5".into(), &30.into()));
    assert_eq!(json["assets"]["BNB"]["ours"], "-0.01", "a fee in a third asset counts");
}

#[test]
fn whatever_the_venue_says_otherwise_is_a_flaw() {
    let changed = |change: fn(&mut Testimony)| {
        let mut said = testimony();
        change(&mut said);
        closing(Ok(said), &[]).flaw().expect("it is a flaw")
    };
    let twice = changed(|said| said.duplicates = 1);
    assert!(twice.contains("two orders"), "{twice}");
    let open = changed(|said| said.open_orders.push("tw1x".to_owned()));
    assert!(open.contains("still open at the venue: tw1x"), "{open}");
    let other = changed(|said| {
        said.added.insert(Asset::from("BTC"), Decimal::ONE);
    });
    assert!(other.contains("0.02 BTC by us, 1 by the venue"), "{other}");
    let missing = changed(|said| {
        said.added.remove(&Asset::from("BNB"));
    });
    assert!(missing.contains("BNB"), "{missing}");
}

#[test]
fn a_venue_that_cannot_be_asked_is_a_flaw_and_no_agreement() {
    let closing = closing(Err("no answer within 15 s".to_owned()), &[]);
    assert!(closing.flaw().unwrap().contains("no answer within 15 s"));
    assert!(closing.json()["venue_position"].is_null());
}

#[test]
fn an_order_whose_end_is_not_known_is_a_flaw() {
    let flaw = closing(Ok(testimony()), &["tw1abc"]).flaw().unwrap();
    assert!(flaw.contains("the end of tw1abc is not known"), "{flaw}");
}

#[test]
fn refusals_are_the_venues_count() {
    let said = Testimony { refused: Some((3, 1)), ..testimony() };
    let counters = closing(Ok(said), &[]).counters;
    assert_eq!((counters.http_429, counters.http_418), (3, 1));
}

#[test]
fn the_table_says_what_the_object_says() {
    let table = closing(Ok(testimony()), &[]).to_string();
    for part in ["seed 7", "2 sent", "0 of 429", "position 0.02", "BTC       0.02 by us"] {
        assert!(table.contains(part), "{part}: {table}");
    }
}
