use super::*;
use crate::samples::{API_KEY, ed25519, hmac, stamp};

fn signature(params: &Params) -> String {
    params.0["signature"].to_string()
}

fn order(symbol: &str, side: &str, price: &str, qty: &str) -> Params {
    Params::default()
        .with("type", "LIMIT")
        .with("symbol", symbol)
        .with("side", side)
        .with("timeInForce", "GTC")
        .with("quantity", qty)
        .with("price", price)
}

#[test]
fn parameters_are_signed_in_order_of_their_names() {
    let params = order("BTCUSDT", "SELL", "52000.00", "0.01000000")
        .signed(stamp(1_645_423_376_532, 100), &hmac());
    assert_eq!(
        signature(&params),
        "aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24"
    );
}

#[test]
fn parameters_are_signed_without_percent_encoding() {
    let params = order("１２３４５６", "BUY", "0.10000000", "1.00000000")
        .signed(stamp(1_645_423_376_532, 5_000), &hmac());
    assert_eq!(
        signature(&params),
        "b33892ae8e687c939f4468c6268ddd4c40ac1af18ad19a064864c47bae0752cd"
    );
}

#[test]
fn a_subscription_to_the_account_signs_key_and_time() {
    let bare = Params::default().with("timestamp", 1_747_385_641_636);
    assert_eq!(
        signature(&bare.with_signature(&hmac())),
        "681110a6057ad58657af22f5640fab9dd17418834cdfccdc81be8b0f7b2cde3e"
    );
    let with_window =
        Params::default().with("timestamp", 1_747_385_641_636).with("recvWindow", "5000.123");
    assert_eq!(
        signature(&with_window.with_signature(&hmac())),
        "4f5ce4eef412ad30bc135b8832896051c0ac27d0ed06f0b8644046edcf1356e5"
    );
}

#[test]
fn an_ed25519_signature_is_plain_base64() {
    let key = "4yNzx3yWC5bS6YTwEkSRaC0nRmSQIIStAUOh1b6kqaBrTLIhjCpI5lJH8q8R8WNO";
    let params = Params::default().with("timestamp", 1_649_729_878_532);
    assert_eq!(
        signature(&params.with_signature(&ed25519(key))),
        "NBJq5sX1RkU7ta3XDctruMgnrhyBcouMvvPIxxQSCUbVWxhp3ai6W7a0Iip/3nOwmJxkVIv6n20cekYCOa5qAg=="
    );
}

#[test]
fn what_was_signed_reads_the_same_in_the_json() {
    let params = Params::default().signed(stamp(1_747_385_641_636, 2_000), &hmac());
    let json = serde_json::to_value(&params).unwrap();
    assert_eq!(json["timestamp"], 1_747_385_641_636_u64);
    assert_eq!(json["recvWindow"], 2_000);
    assert_eq!(json["apiKey"], API_KEY);
}
