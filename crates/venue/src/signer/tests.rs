use super::*;

/// Test 1 of RFC 8032, section 7.1.
const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

#[test]
fn hmac_signs_as_rfc_4231_says() {
    let signer = Signer::hmac_sha256("key", "Jefe").unwrap();
    assert_eq!(
        signer.sign(b"what do ya want for nothing?"),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
}

#[test]
fn ed25519_signs_as_rfc_8032_says_from_a_seed_and_from_a_pem_alike() {
    let seed = const_hex::decode(SEED).unwrap();
    let signer = Signer::ed25519_seed("key", &seed).unwrap();
    let mut der = const_hex::decode("302e020100300506032b657004220420").unwrap();
    der.extend_from_slice(&seed);
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(der)
    );
    let from_pem = Signer::ed25519_pem("key", &pem).unwrap();
    assert_eq!(from_pem.sign(b""), signer.sign(b""));
    let rfc = const_hex::decode(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701c\
         f9b46bd25bf5f0595bbe24655141438e7a100b",
    )
    .unwrap();
    assert_eq!(STANDARD.decode(signer.sign(b"")).unwrap(), rfc);
}

#[test]
fn neither_key_nor_secret_prints() {
    let signer = Signer::hmac_sha256("abcdefghijklmnopqrstuvwxyz", "canary-secret").unwrap();
    let shown = format!("{signer:?} {signer:#?}");
    assert!(!shown.contains("canary") && !shown.contains("efgh"), "{shown}");
}

#[test]
fn a_malformed_key_is_refused_without_being_repeated() {
    for (key, secret) in [("", "s"), ("k", ""), ("k\n", "s"), ("k", "s s"), ("ключ", "s")] {
        let error = Signer::hmac_sha256(key, secret).unwrap_err().to_string();
        assert!(error.contains("copy it again"), "{error}");
    }
    for pem in ["", "-----BEGIN PRIVATE KEY-----\n!!\n-----END PRIVATE KEY-----"] {
        assert!(Signer::ed25519_pem("key", pem).is_err());
    }
}
