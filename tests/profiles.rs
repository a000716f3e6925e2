//! The profiles of `config/`: each is whole, and says what the parts' defaults are.

use tradewind::{Config, Place, Registry, Session, StartError};
use tradewind_grid::Grid;
use tradewind_runtime::config::{AccountConfig, EngineSection, Funds};
use tradewind_simulator::binance::{BinanceConfig, embedded};
use tradewind_simulator::bitget::{self, BitgetConfig};

const EMBEDDED: (&str, &str) = ("config/embedded.toml", include_str!("../config/embedded.toml"));
const EMBEDDED_BITGET: (&str, &str) =
    ("config/embedded-bitget.toml", include_str!("../config/embedded-bitget.toml"));
const REMOTE: [(&str, &str); 5] = [
    ("config/binance-testnet.toml", include_str!("../config/binance-testnet.toml")),
    ("config/binance-demo.toml", include_str!("../config/binance-demo.toml")),
    ("config/binance.toml", include_str!("../config/binance.toml")),
    ("config/bitget-demo.toml", include_str!("../config/bitget-demo.toml")),
    ("config/bitget.toml", include_str!("../config/bitget.toml")),
];

#[test]
fn every_profile_is_read_and_spells_out_the_defaults() {
    for (name, text) in REMOTE.into_iter().chain([EMBEDDED, EMBEDDED_BITGET]) {
        let config = Config::parse(name, text).unwrap();
        assert_eq!(
            config.route.account,
            AccountConfig::usual(&config.route.venue.adapter),
            "{name}"
        );
        let place = &config.route.venue.place;
        let window = EngineSection::default().recv_window(place);
        assert_eq!(config.engine.recv_window(place), window, "{name}");
        let named = EngineSection { recv_window_ms: None, ..config.engine.clone() };
        assert_eq!(named, EngineSection::default(), "{name}");
        let defaults = Config::parse("bare", BARE).unwrap();
        assert_eq!(config.scheduler, defaults.scheduler, "{name}");
        assert_eq!(config.state, defaults.state, "{name}");
        assert_eq!(config.journal, defaults.journal, "{name}");
        assert_eq!(config.control, defaults.control, "{name}");
        assert_eq!(config.limits, defaults.limits, "{name}");
        let (strategy, default) = (&config.strategies[0], &defaults.strategies[0]);
        assert_eq!(strategy.on_failure, default.on_failure, "{name}");
        assert_eq!(strategy.callback_max, default.callback_max, "{name}");
        assert_eq!(strategy.inbox_max, default.inbox_max, "{name}");
        assert_eq!(name, format!("config/{}.toml", config.route.venue.name));
        for section in [
            "[venue",
            "[engine]",
            "[scheduler]",
            "[state]",
            "[journal]",
            "[control]",
            "[limits]",
            "[[strategy]]",
        ] {
            assert!(text.contains(section), "{name} has no {section}");
        }
        let is_remote = matches!(config.route.venue.place, Place::Remote { .. });
        assert_eq!(is_remote, ![EMBEDDED, EMBEDDED_BITGET].contains(&(name, text)));
    }
}

#[test]
fn the_embedded_venues_are_asked_for_no_less_than_they_promise() {
    let config = Config::parse(EMBEDDED.0, EMBEDDED.1).unwrap();
    let venue = BinanceConfig::embedded();
    assert_eq!(config.engine.recv_window(&config.route.venue.place), embedded::RECV_WINDOW);
    assert_eq!(venue.front.processing_max, embedded::PROCESSING_MAX);
    assert!(venue.front.order_read_lag_max <= embedded::READ_LAG_MAX);
    assert!(venue.front.history_read_lag_max <= embedded::READ_LAG_MAX);
    let venue = BitgetConfig::embedded();
    assert_eq!(venue.front.processing_max, bitget::embedded::PROCESSING_MAX);
    assert!(venue.front.order_read_lag_max <= bitget::embedded::READ_LAG_MAX);
    assert!(venue.front.history_read_lag_max <= bitget::embedded::READ_LAG_MAX);
}

#[test]
fn demo_money_is_named_where_one_address_takes_both() {
    for (name, text) in REMOTE {
        let config = Config::parse(name, text).unwrap();
        let Place::Remote { funds, .. } = config.route.venue.place else { panic!("{name}") };
        let is_named = if name == "config/bitget-demo.toml" { Funds::Demo } else { Funds::Real };
        assert_eq!(funds, is_named, "{name}");
    }
}

const BARE: &str = "[venue]\nname = 'a'\nadapter = 'binance'\n[venue.embedded]\n\
                    [[strategy]]\nkind = 'grid'\ninstruments = ['BTC-USDT']\n";

fn refused(text: &str) -> StartError {
    let config = Config::parse("a.toml", text).expect("it can be read");
    let registry = Registry::new().with::<Grid>("grid");
    let runtime = tokio::runtime::Runtime::new().expect("this machine has threads");
    runtime.block_on(Session::start(&config, &registry)).map(|_| ()).expect_err("it does not start")
}

#[test]
fn what_is_wrong_is_said_before_anything_is_opened() {
    let good = EMBEDDED.1;
    for (old, new, expected) in [
        ("levels = 11", "levels = 1", "a.toml:"),
        ("levels = 11", "levls = 11", "levels"),
        ("kind = \"grid\"", "kind = \"gird\"", "this program knows grid"),
        ("adapter = \"binance\"", "adapter = \"binanse\"", "this program knows binance, bitget"),
        ("BTC-USDT", "XYZ-USDT", "lists no XYZ-USDT; it has BTC-USDT"),
        ("slot = 0", "slot = 2048", "use 0 to 2047"),
        ("share = \"1/1\"", "share = \"1/1000\"", "scheduler.share leaves too little of a limit"),
        ("# dir = \"state\"", "dir = \"/dev/null/state\"", "state.dir is /dev/null/state"),
    ] {
        assert!(good.contains(old), "{old}");
        let error = refused(&good.replacen(old, new, 1));
        let line = error.to_string();
        assert!(line.contains(expected), "{new}: {line}");
        assert!(!line.contains('\n'), "{line}");
        assert_eq!(tradewind::trade::Stopped::from(error).code(), 2, "{line}");
    }
}

#[test]
fn a_venue_out_there_is_not_tried_without_a_key() {
    let text = REMOTE[0].1.replace("\"BINANCE_", "\"NOT_SET_BINANCE_");
    let line = refused(&text).to_string();
    assert!(line.contains("NOT_SET_BINANCE_API_KEY is not set"), "{line}");
    for (name, text) in REMOTE.into_iter().filter(|(name, _)| name.contains("bitget")) {
        let line = refused(&text.replace("\"BITGET_", "\"NOT_SET_BITGET_")).to_string();
        assert!(line.contains("NOT_SET_BITGET_API_KEY is not set"), "{name}: {line}");
        assert!(line.contains("NOT_SET_BITGET_PASSPHRASE"), "{name}: {line}");
    }
}

#[test]
fn profiles_of_several_venues_name_those_that_have_profiles_of_their_own() {
    let of = |text| Config::parse("a.toml", text).unwrap();
    let [embedded, testnet] = [
        include_str!("../config/embedded-failover.toml"),
        include_str!("../config/testnet-failover.toml"),
    ]
    .map(of);
    for config in [&embedded, &testnet] {
        let adapters: Vec<_> = config.routes().map(|route| &route.venue.adapter).collect();
        assert_eq!(adapters, ["binance", "bitget"]);
    }
    let accounts = of(include_str!("../config/testnet-subaccounts.toml"));
    let names: Vec<_> = accounts.routes().map(|route| route.egress.name.to_string()).collect();
    assert_eq!(names, ["192.0.2.7", "192.0.2.8"]);
    for route in accounts.routes() {
        assert_eq!(accounts.by(route).scheduler.share, 1, "each has limits of its own");
    }
    let places: Vec<_> = testnet.routes().map(|route| route.venue.place.clone()).collect();
    let alone = ["config/binance-testnet.toml", "config/bitget-demo.toml"]
        .map(|wanted| REMOTE.iter().find(|(name, _)| *name == wanted).unwrap().1)
        .map(|text| of(text).route.venue.place);
    assert_eq!(places, alone);
    assert!(accounts.routes().all(|route| route.venue.place == alone[0]));
}
