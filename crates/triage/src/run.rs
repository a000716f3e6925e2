//! A file in, a text out: all that a command needs.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use crate::triage::Triage;

/// How much of the file is read at a time.
const BUFFER_BYTES: usize = 256 * 1024;

/// How files begin that hold a log in another form (RFC 1952, RFC 8878, the xz file format, RFC
/// 2781), what they are, and what to do about it.
const PACKED: [(&[u8], &str, &str); 5] = [
    (b"\x1f\x8b", "packed with gzip", "unpack it first: gzip -dk FILE"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd", "unpack it first: zstd -dk FILE"),
    (b"\xfd7zXZ\x00", "packed with xz", "unpack it first: xz -dk FILE"),
    (b"\xff\xfe", "in UTF-16", "convert it first: iconv -f UTF-16 -t UTF-8 FILE"),
    (b"\xfe\xff", "in UTF-16", "convert it first: iconv -f UTF-16 -t UTF-8 FILE"),
];

/// Why a file could not be judged.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such file.
    #[error("{} does not exist; name the file that the bot logs its attempts to", .0.display())]
    Missing(PathBuf),
    /// It cannot be read.
    #[error("{} cannot be read ({source}); check that it is a file and yours to read", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is nothing in it.
    #[error("{} is empty; wait for the bot to make its first call, or name another file", .0.display())]
    Empty(PathBuf),
    /// It is a log perhaps, but packed or in another encoding.
    #[error("{} is {what}, not lines of JSON in UTF-8; {way_out}", path.display())]
    Packed {
        /// Which file.
        path: PathBuf,
        /// What it is.
        what: &'static str,
        /// How to make a log of it.
        way_out: &'static str,
    },
    /// No line of it is JSON.
    #[error(
        "{} is not a log of JSON lines ({lines} lines, none readable); name the file with the \
         attempt events",
        path.display()
    )]
    NotJsonLines {
        /// Which file.
        path: PathBuf,
        /// How many lines it has.
        lines: u64,
    },
    /// It is a log, but of other things.
    #[error(
        "{} has {lines} lines of JSON and no attempt among them; name the file with the attempt \
         events",
        path.display()
    )]
    NoAttempts {
        /// Which file.
        path: PathBuf,
        /// How many lines of JSON it has.
        lines: u64,
    },
    /// The report cannot be written as JSON.
    #[error("the report cannot be written as JSON ({0}); ask for it as text")]
    Unwritable(#[source] serde_json::Error),
}

/// Reads the file at `path` and gives the report back, as text for an operator or as one line of
/// JSON.
///
/// # Errors
/// When there is no such file, it cannot be read, or no attempt is in it.
pub fn run(path: &Path, json: bool) -> Result<String, Error> {
    let unreadable = |source: io::Error| {
        let path = path.to_owned();
        if source.kind() == io::ErrorKind::NotFound {
            Error::Missing(path)
        } else {
            Error::Unreadable { path, source }
        }
    };
    let file = File::open(path).map_err(unreadable)?;
    let mut source = BufReader::with_capacity(BUFFER_BYTES, file);
    let begins = source.fill_buf().map_err(unreadable)?;
    let packed = PACKED.iter().find(|(magic, ..)| begins.starts_with(magic));
    if let Some(&(_, what, way_out)) = packed {
        return Err(Error::Packed { path: path.to_owned(), what, way_out });
    }
    let report = Triage::read(source).map_err(unreadable)?;
    let lines = report.lines;
    if report.span.is_none() {
        let path = path.to_owned();
        return Err(match (lines.other, lines.bad) {
            (0, 0) => Error::Empty(path),
            (0, lines) => Error::NotJsonLines { path, lines },
            (lines, _) => Error::NoAttempts { path, lines },
        });
    }
    if json {
        serde_json::to_string(&report).map_err(Error::Unwritable)
    } else {
        Ok(report.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of this test alone, gone when it ends.
    struct Scratch(PathBuf);

    impl Scratch {
        fn holding(name: &str, text: impl AsRef<[u8]>) -> Self {
            let file = format!("tradewind-triage-{}-{name}", std::process::id());
            let path = std::env::temp_dir().join(file);
            std::fs::write(&path, text).unwrap();
            Self(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            drop(std::fs::remove_file(&self.0));
        }
    }

    #[test]
    fn a_file_without_an_answer_is_named_with_the_way_out() {
        for (name, text, said) in [
            ("empty", "", "is empty"),
            ("prose", "it was a dark\nand stormy night\n", "is not a log of JSON lines (2 lines"),
            ("other", "{\"level\":\"INFO\"}\n", "has 1 lines of JSON and no attempt"),
        ] {
            let file = Scratch::holding(name, text);
            let error = run(&file.0, false).unwrap_err().to_string();
            assert!(error.starts_with(&file.0.display().to_string()), "{error}");
            assert!(error.contains(said) && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn a_packed_file_and_one_in_another_encoding_say_what_to_do() {
        for (name, bytes, said) in [
            ("gzip", &b"\x1f\x8b\x08\x00\x00\n\x00"[..], "packed with gzip"),
            ("zstd", b"\x28\xb5\x2f\xfd\x04", "packed with zstd"),
            ("utf-16", b"\xff\xfe{\x00\n\x00", "in UTF-16"),
            ("latin-1", b"caf\xe9\n", "(1 lines, none readable)"),
        ] {
            let file = Scratch::holding(name, bytes);
            let error = run(&file.0, false).unwrap_err().to_string();
            assert!(error.contains(said) && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn a_missing_file_and_a_folder_are_told_apart() {
        let missing = std::env::temp_dir().join("tradewind-triage-there-is-none");
        assert!(matches!(run(&missing, false), Err(Error::Missing(_))));
        assert!(matches!(run(&std::env::temp_dir(), false), Err(Error::Unreadable { .. })));
    }

    #[test]
    fn one_attempt_is_enough_for_an_answer_in_both_forms() {
        let line = r#"{"ts":"2026-10-05T00:00:00Z","bot_instance_id":"b","exchange":"binance","endpoint":"depth","status":200}"#;
        let file = Scratch::holding("one", line);
        assert!(run(&file.0, false).unwrap().starts_with("healthy: 1 attempts"));
        assert!(run(&file.0, true).unwrap().starts_with(r#"{"findings":[]"#));
    }
}
