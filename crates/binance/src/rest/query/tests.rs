use super::*;
use crate::samples::{ed25519, hmac, stamp};

fn order(symbol: &str) -> Query {
    Query::of(&Symbol::from(symbol))
        .with("side", "BUY")
        .with("type", "LIMIT")
        .with("timeInForce", "GTC")
        .with("quantity", 1)
        .with("price", "0.1")
}

fn signature(query: &Query) -> &str {
    query.as_str().split_once("&signature=").unwrap().1
}

#[test]
fn a_query_is_signed_as_the_venue_signs_its_example() {
    let query = order("LTCBTC").signed(stamp(1_499_827_319_559, 5_000), &hmac());
    assert_eq!(
        query.as_str(),
        "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1\
         &recvWindow=5000&timestamp=1499827319559\
         &signature=c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
    );
}

#[test]
fn a_query_is_signed_over_its_encoded_form() {
    let query = order("１２３４５６").signed(stamp(1_499_827_319_559, 5_000), &hmac());
    assert!(
        query
            .as_str()
            .starts_with("symbol=%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96&side=BUY")
    );
    assert_eq!(
        signature(&query),
        "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3"
    );
}

/// Query and body are signed as one text with nothing between; ours is all query.
#[test]
fn what_is_signed_is_the_text_itself() {
    let text = "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTCquantity=1&price=0.1\
                &recvWindow=5000&timestamp=1499827319559";
    assert_eq!(
        signature(&Query(text.to_owned()).with_signature(&hmac())),
        "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77"
    );
}

#[test]
fn an_ed25519_signature_is_encoded_like_any_value() {
    let query = Query::of(&Symbol::from("BTCUSDT"))
        .with("side", "SELL")
        .with("type", "LIMIT")
        .with("timeInForce", "GTC")
        .with("quantity", 1)
        .with("price", "0.2")
        .with("timestamp", 1_668_481_559_918_u64)
        .with("recvWindow", 5_000)
        .with_signature(&ed25519("key"));
    assert_eq!(
        signature(&query),
        "XtZirsmmi0noRzUfkqktvkVfxpkq%2FWtbLg2UOL3QGYdUBZVlqOBEMuEVw8zioY93N54NcKj9UuAXQEa9zgTDBg\
         %3D%3D"
    );
}

#[test]
fn the_window_is_never_longer_than_the_venue_takes() {
    assert_eq!(recv_window_ms(stamp(0, 1_500)), 1_500);
    assert_eq!(recv_window_ms(stamp(0, 90_000)), 60_000);
}
