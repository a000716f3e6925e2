//! What reads others' words takes any words: the corpus of the fuzz targets, and mistakes put into
//! it by a generator with a seed, so that every machine has at least this much of the fuzzing.

mod subjects;

use std::fs;
use std::path::{Path, PathBuf};

/// Damaged copies of each file of the corpus.
const COPIES: u64 = 100;

fn corpus(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut files: Vec<_> = entries.map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    let read = |path: PathBuf| {
        let bytes = fs::read(&path).expect("a file that can be read");
        (path, bytes)
    };
    files.into_iter().map(read).collect()
}

/// A generator that is good enough to break things, and gives the same again for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.roll() % bound.max(1) as u64).unwrap_or(0)
    }
}

/// Bytes that mean something to a reader of JSON, TOML, numbers or text.
const SPLINTERS: [&[u8]; 16] = [
    b"\"",
    b"{",
    b"}",
    b"[[[[[[[[[[[[[[[[",
    b",",
    b":",
    b"null",
    b"-1",
    b"1e999999999",
    b"99999999999999999999999999999999",
    b"0.00000000000000000000000000000000001",
    b"\\u0000",
    b"\xff\xfe",
    b"\n",
    "币".as_bytes(),
    b"NaN",
];

fn damage(dice: &mut Dice, bytes: &[u8], other: &[u8]) -> Vec<u8> {
    let mut damaged = bytes.to_vec();
    for _ in 0..=dice.below(3) {
        let at = dice.below(damaged.len());
        match dice.below(6) {
            0 => damaged.truncate(at),
            1 if !damaged.is_empty() => damaged[at] = dice.roll().to_le_bytes()[0],
            2 if !damaged.is_empty() => {
                damaged.remove(at);
            }
            3 => {
                let splinter = SPLINTERS[dice.below(SPLINTERS.len())];
                damaged.splice(at..at, splinter.iter().copied());
            }
            4 => {
                let from = dice.below(other.len());
                damaged.splice(at.., other[from..].iter().copied());
            }
            _ => {
                let end = at + dice.below(damaged.len() - at);
                let part = damaged[at..end].to_vec();
                damaged.splice(end..end, part);
            }
        }
    }
    damaged
}

#[test]
fn no_reader_of_others_words_panics_or_grows_whatever_it_is_given() {
    for (name, subject) in subjects::ALL {
        let files = corpus(name);
        assert!(files.len() >= 3, "{name} has a corpus");
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
        for (place, (path, bytes)) in files.iter().enumerate() {
            let run = |what: &str, bytes: &[u8]| {
                let outcome = std::panic::catch_unwind(|| subject(bytes));
                let shown = String::from_utf8_lossy(bytes);
                assert!(outcome.is_ok(), "{name} panics on {what} {path:?}: {shown}");
            };
            run("all of", bytes);
            let (_, other) = &files[(place + 1) % files.len()];
            for copy in 0..COPIES {
                let damaged = damage(&mut dice, bytes, other);
                run(&format!("copy {copy} of"), &damaged);
            }
        }
    }
}

/// A corpus whose calls nobody can read any more would try nothing.
#[test]
fn every_reply_of_the_corpus_is_to_a_call_and_every_kind_of_call_has_one() {
    let mut kinds = std::collections::BTreeSet::new();
    for (path, bytes) in corpus("replies").into_iter().chain(corpus("bitget_replies")) {
        let end = bytes.iter().position(|byte| *byte == b'\n').expect("a first line");
        let call = subjects::call_of(&bytes[..end]);
        let call = call.unwrap_or_else(|| panic!("{path:?} does not begin with a call"));
        kinds.insert(format!("{:?}", call.kind()));
    }
    for kind in ["PlaceOrder", "ReplaceOrder", "AmendOrder", "PlaceOco", "CancelOrder", "Account"] {
        assert!(kinds.contains(kind), "{kind} is not among {kinds:?}");
    }
}

/// What is refused for its signature is read no further.
#[test]
fn requests_are_signed_well_enough_to_be_read() {
    let read = |method, path| subjects::request_to_bitget(method, path, b"");
    assert_eq!(read("GET", "/api/v2/spot/account/assets?coin=USDT"), Some(200));
    assert_eq!(read("POST", "/api/v2/spot/trade/place-order"), Some(400), "it has no order");
}
