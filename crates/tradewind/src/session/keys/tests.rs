use super::*;

const BINANCE: KeyKinds = KeyKinds { ed25519: true, rsa: true, wants_phrase: false };
const BITGET: KeyKinds = KeyKinds { ed25519: false, rsa: true, wants_phrase: true };

fn read_as(adapter: &str, kinds: KeyKinds, set: &[(&str, &str)]) -> Result<Signer, String> {
    let venue = VenueId::new(&format!("{adapter}-demo")).unwrap();
    let variable =
        |name: &str| set.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
    let read = read(venue, &AccountConfig::usual(adapter), kinds, variable);
    read.map_err(|error| {
        let error = error.to_string();
        assert!(!error.contains('\n'), "{error}");
        error
    })
}

fn binance(set: &[(&str, &str)]) -> Result<Signer, String> {
    read_as("binance", BINANCE, set)
}

fn bitget(set: &[(&str, &str)]) -> Result<Signer, String> {
    read_as("bitget", BITGET, set)
}

const KEY: (&str, &str) = ("BITGET_API_KEY", "bg_abc");
const SECRET: (&str, &str) = ("BITGET_API_SECRET", "def");
const PASSPHRASE: (&str, &str) = ("BITGET_PASSPHRASE", "ghi");

#[test]
fn a_missing_key_is_said_in_one_line_with_the_variables_to_set() {
    for (set, missing) in [
        (&[][..], "BINANCE_API_KEY is not set"),
        (&[("BINANCE_API_KEY", "k")][..], "none of BINANCE_API_SECRET, BINANCE_ED25519_KEY_FILE"),
    ] {
        let error = binance(set).unwrap_err();
        for part in [missing, "binance-demo needs a key", "BINANCE_API_KEY", "embedded"] {
            assert!(error.contains(part), "{error}");
        }
        assert!(!error.contains("PASSPHRASE"), "{error}");
    }
    for (set, missing) in [
        (&[][..], "BITGET_API_KEY is not set"),
        (&[KEY], "none of BITGET_API_SECRET, BITGET_RSA_KEY_FILE is set"),
        (&[KEY, PASSPHRASE], "none of BITGET_API_SECRET, BITGET_RSA_KEY_FILE is set"),
        (&[KEY, SECRET], "BITGET_PASSPHRASE is not set"),
        (&[SECRET, PASSPHRASE], "BITGET_API_KEY is not set"),
    ] {
        let error = bitget(set).unwrap_err();
        for part in [missing, "set BITGET_API_KEY to", "and BITGET_PASSPHRASE to", "embedded"] {
            assert!(error.contains(part), "{error}");
        }
        assert!(!error.contains("ED25519"), "{error}");
    }
}

#[test]
fn no_error_and_no_print_quotes_a_secret() {
    let broken = [("BINANCE_API_KEY", "abc"), ("BINANCE_API_SECRET", "top secret")];
    let error = binance(&broken).unwrap_err();
    assert!(error.contains("BINANCE_API_SECRET"), "{error}");
    assert!(!error.contains("top") && !error.contains("abc"), "{error}");
    for broken in ["words to remember", "gr\u{fc}n-words", "words\n"] {
        let error = bitget(&[KEY, SECRET, ("BITGET_PASSPHRASE", broken)]).unwrap_err();
        assert!(error.contains("BITGET_PASSPHRASE") && !error.contains("words"), "{error}");
    }
    let whole = bitget(&[KEY, SECRET, PASSPHRASE]).unwrap();
    let printed = format!("{whole:?}");
    assert!(!printed.contains("ghi") && !printed.contains("def"), "{printed}");
}

#[test]
fn a_key_is_read_whole() {
    let whole = [("BINANCE_API_KEY", "abc"), ("BINANCE_API_SECRET", "def")];
    let signer = binance(&whole).unwrap();
    assert_eq!((signer.api_key(), signer.passphrase()), ("abc", None));
    let signer = bitget(&[KEY, SECRET, PASSPHRASE]).unwrap();
    assert_eq!((signer.api_key(), signer.passphrase()), ("bg_abc", Some("ghi")));
}

#[test]
fn a_private_half_in_a_file_is_preferred_and_named_when_it_is_not_there() {
    let set = [
        ("BINANCE_API_KEY", "abc"),
        ("BINANCE_API_SECRET", "def"),
        ("BINANCE_ED25519_KEY_FILE", "no/such/key.pem"),
    ];
    let error = binance(&set).unwrap_err();
    assert!(error.contains("BINANCE_ED25519_KEY_FILE names no/such/key.pem"), "{error}");
    let rsa = |file| [KEY, SECRET, PASSPHRASE, ("BITGET_RSA_KEY_FILE", file)];
    let error = bitget(&rsa("no/such/key.pem")).unwrap_err();
    assert!(error.contains("BITGET_RSA_KEY_FILE names no/such/key.pem"), "{error}");
    // A file that is there and no key: this one.
    let error = bitget(&rsa(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))).unwrap_err();
    assert!(error.contains("BITGET_RSA_KEY_FILE") && error.contains("no RSA key"), "{error}");
    assert!(!error.contains("[package]"), "{error}");
}

#[test]
fn what_a_venue_does_not_take_is_named_instead_of_passed_over() {
    let error = bitget(&[KEY, SECRET, PASSPHRASE, ("BITGET_ED25519_KEY_FILE", "a.pem")]);
    let error = error.unwrap_err();
    for part in ["BITGET_ED25519_KEY_FILE is set", "takes no Ed25519 key", "unset it"] {
        assert!(error.contains(part), "{error}");
    }
    let whole = [("BINANCE_API_KEY", "abc"), ("BINANCE_API_SECRET", "def")];
    let error = binance(&[&whole[..], &[("BINANCE_PASSPHRASE", "ghi")]].concat()).unwrap_err();
    assert!(error.contains("BINANCE_PASSPHRASE is set") && !error.contains("ghi"), "{error}");
}
