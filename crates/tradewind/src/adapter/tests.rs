use tradewind_runtime::Config;

use super::*;

fn route(adapter: &str, place: &str) -> RouteConfig {
    let text = format!(
        "[venue]\nname = 'a'\nadapter = '{adapter}'\n{place}\n\
         [[strategy]]\nkind = 'grid'\ninstruments = ['BTC-USDT']\n"
    );
    Config::parse("a.toml", &text).unwrap().route
}

fn endpoint(sockets: &str, funds: &str) -> String {
    format!(
        "[venue.endpoint]\nrest = 'https://api.bitget.com'\n\
         account_stream = 'wss://{sockets}/v2/ws/private'\n\
         market_stream = 'wss://{sockets}/v2/ws/public'\n{funds}"
    )
}

#[test]
fn every_adapter_is_found_by_its_name_and_nothing_else_is() {
    for adapter in ADAPTERS {
        assert_eq!(Adapter::named(adapter.name()).map(Adapter::name), Some(adapter.name()));
        let route = route(adapter.name(), "[venue.embedded]");
        assert_eq!(Adapter::of(&route).unwrap().name(), adapter.name());
        assert_eq!(adapter.venue(&route).unwrap().id().as_str(), "a");
        adapter.fake_key().unwrap();
        assert!(adapter.listed().iter().any(|(symbol, ..)| symbol == "BTCUSDT"));
    }
    for name in ["", "Binance", "bitget ", "kraken"] {
        assert!(Adapter::named(name).is_none(), "{name}");
        let error = Adapter::of(&route(name, "[venue.embedded]")).unwrap_err().to_string();
        assert!(error.contains("this program knows binance, bitget"), "{error}");
    }
}

#[test]
fn demo_trading_is_not_mistaken_for_trading_with_money() {
    let demo = "funds = 'demo'";
    for (sockets, funds, said) in [
        ("ws.bitget.com", "", None),
        ("wspap.bitget.com", demo, None),
        ("proxy.test:8443", "", None),
        ("proxy.test:8443", demo, None),
        ("wspap.bitget.com", "", Some("add funds = \"demo\"")),
        ("WSPAP.bitget.com:443", "", Some("add funds = \"demo\"")),
        ("ws.bitget.com", demo, Some("leave funds out")),
        ("vip-ws.bitget.com", demo, Some("leave funds out")),
    ] {
        let route = route("bitget", &endpoint(sockets, funds));
        let venue = Adapter::of(&route).unwrap().venue(&route).map(|_| ());
        let error = venue.err().map(|error| error.to_string());
        match (&error, said) {
            (None, None) => {}
            (Some(error), Some(said)) => assert!(error.contains(said), "{error}"),
            _ => panic!("{sockets} {funds}: {error:?}"),
        }
    }
    let route = route("binance", &endpoint("demo.test", demo));
    let error = Adapter::of(&route).unwrap().venue(&route).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("a: venue.endpoint.funds") && error.contains("leave it out"), "{error}");
}
