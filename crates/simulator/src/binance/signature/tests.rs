//! Signature vectors: the documented ones where they exist, recomputed ones where they do not.

use super::*;

const KEY: &str = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";
const SECRET: &str = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";

fn hmac_key() -> KeySecret {
    KeySecret::Hmac(SECRET.to_owned())
}

fn ed25519_key() -> KeySecret {
    let public =
        const_hex::decode("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    KeySecret::Ed25519(public.unwrap().try_into().unwrap())
}

#[test]
fn rest_requests_verify_in_either_case_of_hex() {
    let cases = [
        (
            "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559",
            "",
            "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71",
        ),
        (
            "symbol=%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559",
            "",
            "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3",
        ),
        (
            "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC",
            "quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559",
            "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77",
        ),
    ];
    for (query, body, signature) in cases {
        let payload = rest_payload(query, body).unwrap();
        assert!(hmac_key().verifies(payload.as_bytes(), signature), "{query} {body}");
        assert!(hmac_key().verifies(payload.as_bytes(), &signature.to_uppercase()));
        let other = payload.replace("timestamp=1", "timestamp=2");
        assert!(!hmac_key().verifies(other.as_bytes(), signature), "another moment, {query}");
    }
}

#[test]
fn the_signature_itself_is_left_out_wherever_it_stands() {
    assert_eq!(rest_payload("a=1&signature=00&b=2", "signature=11").unwrap(), "a=1&b=2");
    assert_eq!(rest_payload("signature=00", "a=1&b=2&signature=11").unwrap(), "a=1&b=2");
}

#[test]
fn what_is_not_percent_encoded_has_no_payload() {
    assert_eq!(rest_payload("symbol=１２３&timestamp=1", ""), None);
    assert_eq!(rest_payload("symbol=A B", ""), None);
}

#[test]
fn websocket_requests_verify_over_sorted_raw_text() {
    let cases: [(&[(&str, &str)], &str); 4] = [
        (
            &[
                ("symbol", "BTCUSDT"),
                ("side", "SELL"),
                ("type", "LIMIT"),
                ("timeInForce", "GTC"),
                ("quantity", "0.01000000"),
                ("price", "52000.00"),
                ("recvWindow", "100"),
                ("timestamp", "1645423376532"),
                ("apiKey", KEY),
            ],
            "aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24",
        ),
        (
            &[
                ("symbol", "１２３４５６"),
                ("side", "BUY"),
                ("type", "LIMIT"),
                ("timeInForce", "GTC"),
                ("quantity", "1.00000000"),
                ("price", "0.10000000"),
                ("recvWindow", "5000"),
                ("timestamp", "1645423376532"),
                ("apiKey", KEY),
            ],
            "b33892ae8e687c939f4468c6268ddd4c40ac1af18ad19a064864c47bae0752cd",
        ),
        (
            &[("timestamp", "1747385641636"), ("apiKey", KEY)],
            "681110a6057ad58657af22f5640fab9dd17418834cdfccdc81be8b0f7b2cde3e",
        ),
        (
            &[("timestamp", "1747385641636"), ("recvWindow", "5000.123"), ("apiKey", KEY)],
            "4f5ce4eef412ad30bc135b8832896051c0ac27d0ed06f0b8644046edcf1356e5",
        ),
    ];
    for (params, signature) in cases {
        let with_signature = params.iter().copied().chain([("signature", signature)]);
        let payload = ws_payload(with_signature);
        assert!(hmac_key().verifies(payload.as_bytes(), signature), "{payload}");
    }
}

#[test]
fn ed25519_verifies_base64_over_either_payload() {
    let rest = rest_payload(
        "symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=GTC&quantity=1&price=0.2&timestamp=1668481559918&recvWindow=5000",
        "",
    );
    let ws = ws_payload(
        [
            ("timestamp", "1649729878532"),
            ("apiKey", "4yNzx3yWC5bS6YTwEkSRaC0nRmSQIIStAUOh1b6kqaBrTLIhjCpI5lJH8q8R8WNO"),
        ]
        .into_iter(),
    );
    let cases = [
        (
            rest.unwrap(),
            "XtZirsmmi0noRzUfkqktvkVfxpkq/WtbLg2UOL3QGYdUBZVlqOBEMuEVw8zioY93N54NcKj9UuAXQEa9zgTDBg==",
        ),
        (
            ws,
            "NBJq5sX1RkU7ta3XDctruMgnrhyBcouMvvPIxxQSCUbVWxhp3ai6W7a0Iip/3nOwmJxkVIv6n20cekYCOa5qAg==",
        ),
    ];
    for (payload, signature) in cases {
        assert!(ed25519_key().verifies(payload.as_bytes(), signature), "{payload}");
        assert!(!ed25519_key().verifies(payload.as_bytes(), &signature.to_lowercase()));
        assert!(!hmac_key().verifies(payload.as_bytes(), signature));
    }
}

#[test]
fn a_secret_does_not_print() {
    assert_eq!(format!("{:?}", hmac_key()), "Hmac(..)");
}
