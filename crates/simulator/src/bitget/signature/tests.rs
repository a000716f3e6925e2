//! Signatures, by vectors and by a key of the tests' own.

use ring::rand::SystemRandom;
use ring::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};

use super::*;

/// A made-up secret and what it signs: payload, signature.
const SECRET: &str = "s3cr3t-demo-key-0123456789abcdef";
const SIGNED: [(&str, &str); 9] = [
    ("1700000000000GET/api/v2/spot/account/info", "tYa+FRcAHFWC75ZII69RtevM+eWn+ifI3fLYwwVHjq4="),
    (
        "1700000000000GET/api/v2/spot/account/assets?coin=USDT",
        "AcqXaLQBCF1OEqNYmULGhpPJRRt2N0lQhQ3PLt3adxw=",
    ),
    (
        "1700000000000GET/api/v2/spot/trade/unfilled-orders?idLessThan=1234567890&limit=100\
         &symbol=BTCUSDT",
        "IEWsus1qx1rK97yXT70BjnwX/guKIwfJ7oQ0+TLlQKg=",
    ),
    (
        "1700000000000GET/api/v2/spot/trade/unfilled-orders?symbol=BTCUSDT&limit=100\
         &idLessThan=1234567890",
        "hjAVPtU73erO/wi5nqWOnM4zmR1aLsjvrFN6VkST4yU=",
    ),
    (
        "1700000000000POST/api/v2/spot/trade/place-order{\"symbol\":\"BTCUSDT\",\"side\":\"buy\",\
         \"orderType\":\"limit\",\"force\":\"gtc\",\"price\":\"50000.01\",\"size\":\"0.001\",\
         \"clientOid\":\"abc-1\"}",
        "kjUb4fTp4HC+0TpmHK+Edqfa6PNgIXuSAj8Jt9uFCL4=",
    ),
    (
        "1700000000000POST/api/v2/mix/order/cancel-order{\"symbol\":\"BTCUSDT\",\
         \"productType\":\"USDT-FUTURES\",\"marginCoin\":\"USDT\",\"orderId\":\"1234567890\"}",
        "J7cPDBwMFQIUPfMK+zSs3AQnKj5H2O45slGR/qAZ5OY=",
    ),
    (
        "1700000000000POST/api/v2/spot/account/upgrade",
        "XwNQk7+JvlkTATPklRuAX9p//q1pp5VjEGM2wSkNxHY=",
    ),
    ("1700000000GET/user/verify", "UWeHJkPehuPPsUjZz7CqbnJFcadnWpL17elmfGq7OAM="),
    ("1700000000000GET/user/verify", "2uoD1TZ/8REKsQTwJIB5PYPBAyfsgtzW8Yh/ROaSCXg="),
];

/// A key that was made for this test and opens nothing.
const FAKE_RSA_PKCS8: &str = "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDLdOtObXAL0ryWwny7ed257niXsDuA7GPm\
    k6xRnpKKJLvP6HH+FvfbCesj2hm92wHiweLQT9KjJa2K6AuYpxv5PbywFhaJKJpErsGeVSYwLMiU4ay9q7oA\
    wCRk2fpQdE8Ju5xVxxhLx2027i+YfDbYkpNm27Ty9+YAnnyov8j2oMOaQ/PFOhDBnz1fDpIx4XS7r+oEhe2Q\
    O8pniTNHPLfrd0+z8rcpwwCb+cjrtuPeg5RUjIZdjzlxA1LeDbr9SK15CX3WWqq32qCpAWNHAHbpT90LNp9Q\
    i0sx9L8rkjvLAOhgQ1GkJl+wtGcckK5cGE6pbavwVz7/QbKIu8FlGls7AgMBAAECggEAEzBKxRHTQHo2qS1c\
    oD3lKJUSMJRBeG5TGbsRxHzlKzw9rmUo4yL9a14rHC2EwgA21FEe+DCfGB4EmRY7icExBTfKZP0gUP1QV2v3\
    /NvhBygiHtCN/zGEEHAOvqhEUHQ3xB46p2hopTUA2u5p9MK6VYC1gDz2evfgbGyGK1AzPvdNXNJc7H8EbMV5\
    CB+kei0vlyltBkbBFQ7WFl0np3mcq7zvrd/Vs0CLbcz5U+IlFTsIEhJ/JfIuJvJyYuMAmSBBaAOa+oGhVLRw\
    OHcIhdURkVPeKZY3uis9lrF3EPyZLgWmJfAPhzzQcCQI5GGVhRbS6LBdH3+DSMN0FyBSQdSa8QKBgQD7Bqh7\
    oqzvV4KU9qVJY79U4fSgulmNCXKoS/GcFkhzOhJFBY7stlpKMhSxsAtj4cFvhN2p77BNwdNkCQPs2QFj3sWI\
    LFAiChKMGJ/+rEnxxOL/XPt1Q6BUsuT4VDZ5yvd9v6EbTt3UHkT6YSDAVccMQe2hLzUw0dP05WdMcwSZ2QKB\
    gQDPfPajoQAmROHP5Sxq5itUJWZ0v67ozAnnXq2VGCJcFEYgjq8wFcvBIFzSnFF10xZ/jVm9TnaA8mHzf56u\
    HvETgCF1mPO4QN0flcERPKvb+lPJyA9KVwO9jOSMDSxenU4e5HdoryUFy9Hp4LwEcee6c5/GgSiRIJmmK/1h\
    w189MwKBgQDtqnsgO3/iR4dRxEfvuSnwktJKzsR0fOp6nxSNBKfpuKSNhtqwEWJg9xOSvCu8kITVMgWwnEff\
    BtE+2C5IM5lWVhfNeq8P21t+Gt54f+SurAuDXSSS/MkzCAEzgH/nRhyWiTVepofuCg6ixAz/LPd9CnqS7iA9\
    LZyxM/Vec1N62QKBgQC6QdRp+OpYcDdBV9mysKIurFA396Z9BkTRtPUfxQV7IRv+t/ddtAMvf+yzh2281lv4\
    7pujS58ni+4QFv0ME2yX88qVdVM7kMavRtCEt7ETDLlQhs3rDweljafQbTbqTE3Hf5INoEQc2uW6DGrblqDN\
    iGPiXyladihXul9/9lE1bwKBgAtJ9k/0r+fkGDfuozUuNHDgqfGu5WhwDrotEo5owfUQBJH18MwOX7UcAuPv\
    i+Xbmw9s0t8dVeaAj6QLyGAaZ1sZdEfJyg2DurwLU00xT+HCghaZKfSW7IqfuU0g0sH3EZiqitck9k+MDdlg\
    rZeUwAFOj820XLIPLKWntzupm0Ux";

#[test]
fn each_vector_has_its_signature_and_no_other() {
    let secret = KeySecret::Hmac(SECRET.to_owned());
    for (place, (payload, text)) in SIGNED.into_iter().enumerate() {
        assert!(secret.verifies(payload.as_bytes(), text), "{payload}");
        let other = SIGNED[(place + 1) % SIGNED.len()].1;
        assert!(!secret.verifies(payload.as_bytes(), other), "{payload}");
    }
    assert!(!secret.verifies(b"", "not base64"));
}

#[test]
fn a_request_signs_its_clock_verb_path_query_and_body_with_a_mark_before_a_query_alone() {
    let payload = |query: &str, body: &str| {
        rest_payloads("17", "GET", "/api/v2/spot/account/assets", query, body)[0].clone()
    };
    assert_eq!(payload("", ""), "17GET/api/v2/spot/account/assets");
    assert_eq!(payload("coin=USDT", ""), "17GET/api/v2/spot/account/assets?coin=USDT");
    assert_eq!(payload("", "{}"), "17GET/api/v2/spot/account/assets{}");
    let [sent, decoded] = rest_payloads("17", "GET", "/a", "clientOid=a%23b", "");
    assert_eq!(
        (sent.as_str(), decoded.as_str()),
        ("17GET/a?clientOid=a%23b", "17GET/a?clientOid=a#b")
    );
    assert_eq!(login_payload("1700000000"), "1700000000GET/user/verify");
}

#[test]
fn a_request_may_be_signed_by_an_rsa_key() {
    let pkcs8 = STANDARD.decode(FAKE_RSA_PKCS8.replace(' ', "")).unwrap();
    let pair = RsaKeyPair::from_pkcs8(&pkcs8).unwrap();
    let mut tag = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), b"payload", &mut tag).unwrap();
    let secret = KeySecret::Rsa(pair.public_key().as_ref().to_vec());
    let text = STANDARD.encode(&tag);
    assert!(secret.verifies(b"payload", &text));
    assert!(!secret.verifies(b"another", &text));
    assert!(!KeySecret::Rsa(vec![1, 2, 3]).verifies(b"payload", &text));
}

#[test]
fn no_secret_prints() {
    let secrets = [KeySecret::Hmac(SECRET.to_owned()), KeySecret::Rsa(vec![7])];
    assert_eq!(format!("{secrets:?}"), "[Hmac(..), Rsa(..)]");
}
