use super::*;
use crate::samples::{bare_signer, signer, stamp};

/// What is signed at 1,700,000,000,000 ms, and the signature of a made-up secret.
const VECTORS: [(&str, &str, &str, &str); 8] = [
    ("GET", "/api/v2/spot/account/info", "", "tYa+FRcAHFWC75ZII69RtevM+eWn+ifI3fLYwwVHjq4="),
    (
        "GET",
        "/api/v2/spot/account/assets?coin=USDT",
        "",
        "AcqXaLQBCF1OEqNYmULGhpPJRRt2N0lQhQ3PLt3adxw=",
    ),
    (
        "GET",
        "/api/v2/spot/trade/unfilled-orders?idLessThan=1234567890&limit=100&symbol=BTCUSDT",
        "",
        "IEWsus1qx1rK97yXT70BjnwX/guKIwfJ7oQ0+TLlQKg=",
    ),
    (
        "GET",
        "/api/v2/spot/trade/unfilled-orders?symbol=BTCUSDT&limit=100&idLessThan=1234567890",
        "",
        "hjAVPtU73erO/wi5nqWOnM4zmR1aLsjvrFN6VkST4yU=",
    ),
    (
        "POST",
        "/api/v2/spot/trade/place-order",
        r#"{"symbol":"BTCUSDT","side":"buy","orderType":"limit","force":"gtc","price":"50000.01","size":"0.001","clientOid":"abc-1"}"#,
        "kjUb4fTp4HC+0TpmHK+Edqfa6PNgIXuSAj8Jt9uFCL4=",
    ),
    (
        "POST",
        "/api/v2/mix/order/cancel-order",
        r#"{"symbol":"BTCUSDT","productType":"USDT-FUTURES","marginCoin":"USDT","orderId":"1234567890"}"#,
        "J7cPDBwMFQIUPfMK+zSs3AQnKj5H2O45slGR/qAZ5OY=",
    ),
    (
        "POST",
        "/api/v3/trade/place-order",
        r#"{"category":"SPOT","symbol":"BTCUSDT","qty":"0.001","side":"buy","orderType":"limit","price":"50000.01","timeInForce":"gtc","clientOid":"abc-1"}"#,
        "ZF6FgzR2DiUoT4qpL466uRmp9vaDXEXUM12SFkQ8JwA=",
    ),
    ("POST", "/api/v2/spot/account/upgrade", "", "XwNQk7+JvlkTATPklRuAX9p//q1pp5VjEGM2wSkNxHY="),
];

#[test]
fn time_method_path_and_body_are_signed_in_this_order() {
    for (method, path, body, expected) in VECTORS {
        let mut headers = HeaderMap::new();
        let (method, kind) = (method.parse().unwrap(), CallKind::Account);
        let at = stamp(1_700_000_000_000, 2_000);
        sign(&mut headers, kind, &method, path, body, at, &signer()).unwrap();
        assert_eq!(headers[SIGNATURE], expected, "{method} {path}");
        assert_eq!(headers[TIMESTAMP], "1700000000000");
        assert!(headers.values().all(HeaderValue::is_sensitive), "none of it belongs in a log");
    }
}

#[test]
fn a_login_is_signed_in_seconds() {
    let signer = signer();
    let login = login(stamp(1_700_000_000_999, 2_000), &signer).unwrap();
    let json = serde_json::to_value(&login).unwrap();
    assert_eq!(json["timestamp"], "1700000000");
    assert_eq!(json["sign"], "UWeHJkPehuPPsUjZz7CqbnJFcadnWpL17elmfGq7OAM=");
    assert_eq!(json["passphrase"], crate::samples::PASSPHRASE);
    assert_eq!(json["apiKey"], crate::samples::API_KEY);
    // In milliseconds it would be another.
    let payload = payload(1_700_000_000_000, &Method::GET, "/user/verify", "");
    assert_eq!(
        signer.sign_base64(payload.as_bytes()),
        "2uoD1TZ/8REKsQTwJIB5PYPBAyfsgtzW8Yh/ROaSCXg="
    );
}

#[test]
fn a_key_without_a_passphrase_says_what_is_missing() {
    let mut headers = HeaderMap::new();
    let (kind, at) = (CallKind::PlaceOrder, stamp(1, 1));
    let error = sign(&mut headers, kind, &Method::GET, "/", "", at, &bare_signer()).unwrap_err();
    assert_eq!(error, EncodeError::NeedsPassphrase(kind));
    assert!(error.to_string().contains("configure the one"), "{error}");
    assert!(login(at, &bare_signer()).is_err());
    assert!(headers.is_empty());
}

#[test]
fn a_window_is_shorter_than_a_minute() {
    assert_eq!(receive_window_ms(stamp(1, 2_000)), 2_000);
    assert_eq!(receive_window_ms(stamp(1, 90_000)), 59_999);
}
