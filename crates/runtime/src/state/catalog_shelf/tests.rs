use tradewind_model::id::Asset;
use tradewind_model::instrument::{Filter, InstrumentStatus, Range};
use tradewind_model::tariff::{Alignment, LimitKind, LimitScope};

use super::*;

const NOW: Timestamp = Timestamp::from_nanos(1_800_000_000_123_456_789);
const HOUR: Duration = Duration::from_secs(3_600);

fn instrument(symbol: &str) -> Instrument {
    let tick = Range {
        min: "0.01".parse().unwrap(),
        max: "1000000.00".parse().unwrap(),
        step: "0.01".parse().unwrap(),
    };
    Instrument {
        id: symbol.into(),
        symbol: symbol.into(),
        base: Asset::new("A"),
        quote: Asset::new("B"),
        status: InstrumentStatus::Trading,
        base_precision: 8,
        quote_precision: 8,
        takes_market_orders: true,
        takes_quote_quantity: true,
        takes_post_only: true,
        offers: vec![tradewind_model::instrument::Offer::StopLoss],
        filters: vec![
            Filter::Price(tick),
            Filter::MaxNumOrders(200),
            Filter::TrailingDelta { above: (10, 2_000), below: (10, 2_000) },
            Filter::Unknown("NEW_FILTER".to_owned()),
        ],
    }
}

fn limit() -> Limit {
    Limit {
        kind: LimitKind::RequestWeight,
        scope: LimitScope::Egress,
        interval: Duration::from_secs(60),
        alignment: Alignment::Calendar,
        capacity: 6_000,
    }
}

pub(crate) fn catalog(read_at: Timestamp, symbols: &[&str]) -> Catalog {
    let instruments = symbols.iter().map(|symbol| instrument(symbol)).collect();
    Catalog { read_at, instruments, limits: vec![limit()] }
}

fn shelf(catalog: Catalog) -> CatalogShelf {
    let mut shelf = CatalogShelf::default();
    shelf.put(NOW, catalog);
    shelf
}

fn symbols(symbols: &[&str]) -> Vec<Symbol> {
    symbols.iter().map(|symbol| (*symbol).into()).collect()
}

#[test]
fn what_was_told_is_found_as_it_was_told() {
    let told = catalog(NOW, &["BTCUSDT", "ETHUSDT", "币安人生USDT"]);
    let text = shelf(told.clone()).render(NOW);
    let found = CatalogShelf::parse(NOW, &text).unwrap();
    assert_eq!(found, shelf(told.clone()));
    let all = symbols(&["BTCUSDT", "ETHUSDT", "币安人生USDT"]);
    assert_eq!(found.find(&all, NOW), Some(told));
}

#[test]
fn what_is_too_old_or_not_all_there_is_asked_anew() {
    let mut shelf = shelf(catalog(NOW, &["BTCUSDT"]));
    let one = symbols(&["BTCUSDT"]);
    assert!(shelf.find(&one, NOW).is_some());
    assert_eq!(shelf.find(&one, NOW + Duration::from_nanos(1)), None);
    let both = symbols(&["BTCUSDT", "ETHUSDT"]);
    assert_eq!(shelf.find(&both, NOW), None);
    shelf.put(NOW + HOUR, catalog(NOW + HOUR, &["ETHUSDT"]));
    assert_eq!(shelf.find(&both, NOW).unwrap().read_at, NOW, "as old as the oldest of it");
    assert_eq!(shelf.find(&symbols(&["ETHUSDT"]), NOW).unwrap().read_at, NOW + HOUR);
    // An old answer that was put down late changes nothing.
    let before = shelf.clone();
    shelf.put(NOW + HOUR, catalog(NOW - HOUR, &["BTCUSDT"]));
    assert_eq!(shelf, before);
}

#[test]
fn what_nobody_reads_any_more_is_dropped() {
    let mut shelf = shelf(catalog(NOW, &["GONEUSDT"]));
    shelf.put(NOW + HOUR * 24, catalog(NOW + HOUR * 24, &["BTCUSDT"]));
    assert_eq!(shelf.extent(), (1, Some(NOW + HOUR * 24)));
}

#[test]
fn what_cannot_be_is_not_believed() {
    let text = shelf(catalog(NOW, &["BTCUSDT"])).render(NOW);
    let text = String::from_utf8(text).unwrap();
    let rows = [
        (text[..text.len() - 9].to_owned(), "cut short"),
        (text.replace("\"schema\": 1", "\"schema\": 9"), "version 9"),
        (text.replace("\"capacity\": 6000", "\"capacity\": 0"), "a limit that nothing fits"),
        (text.replace("\"secs\": 60", "\"secs\": 0"), "a limit that nothing fits"),
        (text.replace("\"read_at\": \"2027", "\"read_at\": \"2028"), "in the future"),
    ];
    for (damaged, said) in rows {
        assert_ne!(damaged, text);
        let damage = CatalogShelf::parse(NOW, damaged.as_bytes()).unwrap_err().to_string();
        assert!(damage.contains(said), "{damage}");
    }
}

#[test]
fn where_a_venue_names_no_limits_its_instruments_are_shared_all_the_same() {
    let bare = |read_at, names| Catalog { limits: Vec::new(), ..catalog(read_at, names) };
    let mut shelf = shelf(bare(NOW, &["AB"]));
    let found = shelf.find(&symbols(&["AB"]), NOW).expect("it was told");
    assert_eq!((found.instruments.len(), found.limits.len()), (1, 0));
    let text = shelf.render(NOW);
    assert_eq!(CatalogShelf::parse(NOW, &text), Ok(shelf.clone()));
    // Where it has named some, an answer without them does not take them away.
    shelf.put(NOW, catalog(NOW, &["AB"]));
    shelf.put(NOW + HOUR, bare(NOW + HOUR, &["AB"]));
    let found = shelf.find(&symbols(&["AB"]), NOW).expect("it was told");
    assert_eq!((found.limits, found.read_at), (vec![limit()], NOW));
}
