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

/// A key that was made for this test and opens nothing.
const THROW_AWAY_RSA: &str = "\
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC2Ixb+Gc0k1RlrIOmDtPc5VvJ+OQlMOt3YkvDWlQLN\
sn2VjC4rkHtJZVMpodEg5GJLBbSeh0ZyxoPN+q2EjElRiGHthCLu2cmx1jm021NLjex/a/he0uNqGMi2XqeeOdr71dEw\
riX4CVLSaA1f6VPYqZbNotaxSiwQBWd/gbEETnGZZNY4x8ZptTL9FsSRHf7NNknzUN5EBQwQ6XK4hwTk3PzAvAkBxrbo\
0Pr0XMPg6fYsn2Sai8pGSbJUqGSZnHQ37aVZ/Wg2yblksECtP89svMAuQ12Y+UGxxOyznijCvuogfpiKw1t94j4c7LGl\
6eQL//fNc0zKC4NbEX5L8+QXAgMBAAECggEAEtMWncWh58Qkn+djayrpgGIlpvkTJm9RHYC2Zp85DnR7uVinLvZ8X44a\
5cslN66TICjjTZ0yoUs2NTRK+c+cBlK/uFI3YBNfXsOC7FfcyIrPHi5VGcvXGFCecgbfcSGOqgej2tGs9/FSv49kjnyp\
n1OL1A4X/XPqkO9WDp4jYwvhj2sHem6KxxjFOkgrh8NfAmXe4TxH57sfHDkgEijUanMH7RvJWgdSFlFOmN5RhdrrNBru\
bDyFZSO/cBkBU5yq5oi8hj1ftEQBS9Q4+xxnVcPfoY2ChAG9mjXa2DtGHxgrubNA6GrQC9SPfaNnLtYHiCawWhda4VAh\
g8CUQEsA6QKBgQDycKFkOm8L1E7dieBUWrQ296puOYqegF4D8YqbFz3B9wsfBkbHa+cOZ3ZC2o/TmgrueExi4O5+WARM\
IgGGClhvEMV4kkDgqrnmX4qVBQjjPsxS00QPsRDRdZOkulaYxEsY8YGsIoOkxSYEhf1my8LnQuReqKiZ6x+Ymx5YdVeH\
3wKBgQDAUwOfvrzp6m9pO8DZK4NlFhWvDHsz/apwcNifm6iYRucv1M/BmhTK7kNFXpIPIR3q7E+8iUI55ZKviysYg0j9\
Vz68Zk50oDLDSPfopQGidIf3r4AHfpDAXGnuy3MM6MQsufCPhWrzrbH9TNL0ETrCRepQdGD9L+BqRbgmlISKyQKBgGOf\
KJJ4+HyR5z5dk5LWGsujhaL5fh6XfQp9zIjiSfxUOXusJpV3n2Bp30ylZwh6ehd301umNhowrMNkDeA4jBJHf/2Fi6dG\
QFGL3PRTN0251lgKfCM+jTyk5eCAuWjY8Er1omVLYXDpmi+tp20AObyx3gmPoIhu93LL+vI6dZddAoGBAJEoFrwjAgKq\
5pvOdadzqCBLouIT0YlUE6f6BAWzPnRwT11Sidvdp4PigPOChUrV+/arlSL/lfSMyUGlEEnYDObpSnh33w83OhkaocH9\
iFZNDbJry33ckPQey/VnqNY9eJMpY99vG2H/3y8HJNEBkA/BJTDEJc/yqraLGIpF3iPBAoGAdSsQ0R+ma/aFSc32TSRW\
bwD1STvk3N33zfjQFiu+H36Q+HOm1+tpIW7lJsYVximMOkza5ay69eEi3itXeHPpN/qb08D2XR6rUD4jZl9EZP2pPSXg\
MWTbGW7M0TirfsTnqf7T7j6S/JOf0NyJOVTKHDihhW7A3ZzsdGanYnHnc8Y=";

fn rsa() -> Result<Signer, InvalidKey> {
    let (begin, end) = ("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----");
    Signer::rsa_pem("key", &format!("{begin}\n{THROW_AWAY_RSA}\n{end}\n"))
}

#[test]
fn what_rsa_signs_its_public_half_verifies_and_nothing_else() {
    use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
    let signer = rsa().unwrap();
    let Secret::Rsa(pair) = &signer.secret else { panic!("another key") };
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public());
    let signature = STANDARD.decode(signer.sign(b"payload")).unwrap();
    assert!(public.verify(b"payload", &signature).is_ok());
    assert!(public.verify(b"payloaf", &signature).is_err());
    assert_eq!(signer.sign(b"payload"), signer.sign_base64(b"payload"), "there is one form of it");
    for bad in ["", THROW_AWAY_RSA] {
        let error = Signer::rsa_pem("key", bad).unwrap_err().to_string();
        assert!(error.contains("openssl genpkey") && !error.contains("MII"), "{error}");
    }
}

#[test]
fn an_hmac_is_the_same_bytes_in_base64() {
    let signer = Signer::hmac_sha256("key", "Jefe").unwrap();
    let payload = b"what do ya want for nothing?";
    let hex = const_hex::decode(signer.sign(payload)).unwrap();
    assert_eq!(STANDARD.decode(signer.sign_base64(payload)).unwrap(), hex);
}

#[test]
fn a_passphrase_is_given_out_and_never_printed() {
    let bare = Signer::hmac_sha256("abcdefghijklmnopqrstuvwxyz", "secret").unwrap();
    assert_eq!(bare.passphrase(), None);
    let signer = bare.clone().with_passphrase("canaryPhrase").unwrap();
    assert_eq!(signer.passphrase(), Some("canaryPhrase"));
    assert!(!format!("{signer:?} {signer:#?}").contains("canary"));
    assert_eq!(signer.sign(b"a"), bare.sign(b"a"));
    for bad in ["", "two words", "line\n"] {
        let error = bare.clone().with_passphrase(bad).unwrap_err().to_string();
        assert!(error.contains("passphrase") && !error.contains("two"), "{error}");
    }
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
