//! A process that writes, and is killed again and again.
//!
//! The process is this test's own binary, asked to run the one test that writes. It says on its
//! output what was answered as durable; it is killed after any number of such lines, and sometimes
//! before the first. Whatever it said is found afterwards, and what is found is the beginning of
//! what it was writing, whole.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rusqlite::{Connection, OpenFlags};
use tradewind_engine::journal::{Answer, Append, AppendId, Recovered};

use super::steps;
use super::support::{Desk, Folder, START};
use crate::{DiskJournal, Journal, OpenError, SyncMode};

/// Where the process that is killed finds its folder.
const FOLDER: &str = "TRADEWIND_JOURNAL_OF_A_TEST";
/// What its lines begin with, among those of the test harness.
const DURABLE: &str = "durable ";
const KILLS: u64 = 60;

#[test]
#[ignore = "is run, and killed, by another test"]
fn a_process_that_writes_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let tell = Box::new(|answer| {
        if let Answer::Durable(id) = answer {
            // One write for each line: what was said is said, whenever the end comes.
            let line = format!("{DURABLE}{}\n", id.0);
            std::io::stdout().write_all(line.as_bytes()).ok();
            std::io::stdout().flush().ok();
        }
    });
    let (journal, _) = DiskJournal::open(folder, SyncMode::Normal, START, tell).unwrap();
    let mut n = written(folder);
    // It ends by being killed, or when nobody listens: its output is closed then.
    while std::io::stdout().write_all(b"\n").is_ok() {
        let size = 1 + n % 3;
        let records = (n + 1..=n + size).map(|n| steps::record(n, steps::lived(n))).collect();
        n += size;
        let mut append = Append { id: AppendId(n), records };
        // Faster than the disk by far: what is refused is asked for again.
        while let Err(crate::AppendError::Full(back)) = journal.append(append) {
            append = back;
            std::thread::yield_now();
        }
        while journal.health().waiting > 64 {
            std::thread::yield_now();
        }
    }
}

/// How many records a journal holds.
pub(super) fn written(folder: &Path) -> u64 {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = Connection::open_with_flags(folder.join("journal.db"), flags).unwrap();
    let count: i64 =
        connection.query_row("SELECT count(*) FROM log", [], |row| row.get(0)).unwrap();
    u64::try_from(count).unwrap()
}

fn spawn(folder: &Folder) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tests::kills::a_process_that_writes_until_it_is_killed"])
        .args(["--include-ignored", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Lets a process write until it has said so many things, then kills it; tells the last that it
/// said.
fn killed_after(folder: &Folder, lines_wanted: u64) -> u64 {
    let mut child = spawn(folder);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut last = 0;
    let mut said = 0;
    let mut hear = |line: String| {
        if let Some(n) = line.strip_prefix(DURABLE) {
            last = n.parse().unwrap();
            said += 1;
        }
        said
    };
    while lines_wanted > 0
        && let Some(Ok(line)) = lines.next()
        && hear(line) < lines_wanted
    {}
    child.kill().unwrap();
    child.wait().unwrap();
    // What it had said by then.
    for line in lines.map_while(Result::ok) {
        hear(line);
    }
    last
}

#[test]
fn what_was_durable_is_found_after_every_one_of_sixty_kills() {
    let folder = Folder::new("kills");
    let (mut fold, mut folded) = (Recovered::default(), 0);
    let mut chance = 0x1234_5678_u64;
    for kill in 0..KILLS {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let last = killed_after(&folder, (chance >> 33) % 120);
        let found = match Desk::open(&folder) {
            Ok((desk, found)) => {
                drop(desk);
                found
            }
            Err(error) => panic!("after kill {kill}: {error}"),
        };
        let count = written(folder.path());
        assert!(count >= last, "kill {kill}: {last} was durable, and {count} are found");
        assert!(count >= folded, "kill {kill}: what an earlier life left is still there");
        while folded < count {
            folded += 1;
            fold.apply(&steps::record(folded, steps::lived(folded)));
        }
        assert!(found == fold, "kill {kill}: {count} records come to something else");
    }
    assert!(folded > KILLS * 20, "it wrote {folded}, too few to prove anything");
}

#[test]
fn a_journal_whose_making_was_killed_is_made_again_or_whole() {
    let made = ["journal.lock", "journal.db.new", "journal.db", "journal.id", "journal.db-wal"];
    for round in 0..15 {
        let folder = Folder::new("making");
        let mut child = spawn(&folder);
        // Between its first file and its last: one of them, or a later one, is there.
        let awaited = &made[round % made.len()..];
        while !awaited.iter().any(|name| folder.file(name).exists()) {
            assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        if let Err(error) = Desk::open(&folder) {
            panic!("killed at {}: {error}", awaited[0]);
        }
    }
}

#[test]
fn a_journal_held_by_another_process_is_refused_with_its_number() {
    let folder = Folder::new("held");
    let mut child = spawn(&folder);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while !lines.next().unwrap().unwrap().starts_with(DURABLE) {}
    let error = Desk::open(&folder).unwrap_err();
    let OpenError::Held { folder: held, pid } = &error else { panic!("{error}") };
    assert_eq!((held.as_path(), *pid), (folder.path(), Some(child.id())));
    let text = error.to_string();
    assert!(text.contains(&format!("process {}", child.id())), "{text}");
    child.kill().unwrap();
    child.wait().unwrap();
    Desk::open(&folder).unwrap();
}
