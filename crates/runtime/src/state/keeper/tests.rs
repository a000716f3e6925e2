use std::fs;

use super::*;
use crate::state::catalog_shelf::tests::catalog;
use crate::state::tests::{Scratch, banned, tenant};

/// What a wait may take on a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_secs(60);

struct Process {
    keeper: Keeper,
    events: mpsc::Receiver<Event>,
}

impl Process {
    fn start(scratch: &Scratch, slot: u16) -> Self {
        let clock = Clock::start();
        let state = State::open(scratch.path(), tenant("main", slot), &clock).unwrap();
        let (sender, events) = mpsc::channel(64);
        Self { keeper: Keeper::start(state, clock, sender).unwrap(), events }
    }

    async fn hears(&mut self) -> Event {
        let heard = tokio::time::timeout(PATIENCE, self.events.recv()).await;
        heard.expect("something is heard in time").expect("the keeper lives")
    }

    fn seek(&self) {
        self.keeper.seek_catalog(vec!["BTCUSDT".into()], Clock::start().now() - PATIENCE);
    }
}

#[tokio::test]
async fn what_one_process_is_told_the_others_hear() {
    let scratch = Scratch::new("hear");
    let mut processes: Vec<_> = (0..4).map(|slot| Process::start(&scratch, slot)).collect();
    let record = banned(Clock::start().now(), 120);
    processes[0].keeper.keep_shut(vec![record]);
    for process in &mut processes[1..] {
        assert_eq!(process.hears().await, Event::ShutElsewhere(vec![record]));
        // It heeds that, and says so.
        process.keeper.keep_shut(vec![record]);
    }
    // One is told more.
    let longer = banned(record.since, 600);
    processes[3].keeper.keep_shut(vec![longer]);
    for process in &mut processes[..3] {
        assert_eq!(process.hears().await, Event::ShutElsewhere(vec![longer]));
    }
    assert!(processes[3].events.try_recv().is_err(), "what it knows it is not told");
}

#[tokio::test]
async fn what_was_told_last_is_written_before_the_end() {
    let scratch = Scratch::new("end");
    let process = Process::start(&scratch, 0);
    let record = banned(Clock::start().now(), 120);
    for secs in 1..50 {
        process.keeper.keep_shut(vec![banned(record.since, secs)]);
    }
    process.keeper.keep_shut(vec![record]);
    drop(process);
    let state = State::open(scratch.path(), tenant("main", 0), &Clock::start()).unwrap();
    assert_eq!(state.beginning().shut, [record]);
}

#[tokio::test]
async fn of_many_who_want_the_catalog_one_asks_for_it() {
    let scratch = Scratch::new("catalog");
    let mut processes: Vec<_> = (0..20).map(|slot| Process::start(&scratch, slot)).collect();
    processes[0].seek();
    assert_eq!(processes[0].hears().await, Event::CatalogSought(None), "nobody has it");
    for process in &processes[1..] {
        process.seek();
    }
    let told = catalog(Clock::start().now(), &["BTCUSDT"]);
    processes[0].keeper.keep_catalog(Box::new(told.clone()));
    for process in &mut processes[1..] {
        assert_eq!(process.hears().await, Event::CatalogSought(Some(Box::new(told.clone()))));
    }
    // It is young enough for a later one.
    let mut later = Process::start(&scratch, 20);
    later.seek();
    assert_eq!(later.hears().await, Event::CatalogSought(Some(Box::new(told))));
}

#[tokio::test]
async fn the_turn_of_one_that_dies_is_the_next_ones() {
    let scratch = Scratch::new("turn");
    let mut first = Process::start(&scratch, 0);
    first.seek();
    assert_eq!(first.hears().await, Event::CatalogSought(None));
    let mut second = Process::start(&scratch, 1);
    second.seek();
    drop(first);
    assert_eq!(second.hears().await, Event::CatalogSought(None));
}

/// What the thread does, look by look.
fn desk(scratch: &Scratch, slot: u16) -> (FileDesk, mpsc::Receiver<Event>) {
    let clock = Clock::start();
    let state = State::open(scratch.path(), tenant("main", slot), &clock).unwrap();
    let (sender, events) = mpsc::channel(64);
    (FileDesk::new(state, clock, sender), events)
}

#[test]
fn one_that_never_answers_is_not_waited_for_for_ever() {
    let scratch = Scratch::new("never");
    let seek = || Seek { symbols: vec!["BTCUSDT".into()], not_before: Timestamp::EPOCH };
    let (mut first, mut heard_first) = desk(&scratch, 0);
    first.seeking = Some((seek(), SEEKING_MAX));
    first.seek();
    assert_eq!(heard_first.try_recv(), Ok(Event::CatalogSought(None)));
    let (mut second, mut heard_second) = desk(&scratch, 1);
    second.seeking = Some((seek(), SEEKING_MAX));
    for _ in 0..SEEKING_MAX {
        second.seek();
        assert!(heard_second.try_recv().is_err(), "another has the turn");
    }
    second.seek();
    assert_eq!(heard_second.try_recv(), Ok(Event::CatalogSought(None)));
    // The turn is nobody's for ever, either.
    for _ in 0..=LEASE_MAX {
        assert!(second.state.lease_catalog().unwrap().is_none());
        first.seek();
    }
    assert!(second.state.lease_catalog().unwrap().is_some());
}

#[test]
fn a_disk_that_fails_is_told_once_and_written_to_when_it_is_mended() {
    let scratch = Scratch::new("fails");
    let (mut desk, _heard) = desk(&scratch, 0);
    let look = |desk: &mut FileDesk| {
        let kept = desk.keep();
        let is_kept = kept.is_ok();
        desk.note(kept);
        is_kept
    };
    assert!(look(&mut desk));
    assert_eq!(desk.failing, None);
    let folder = desk.state.path().to_owned();
    let away = scratch.path().join("away");
    fs::rename(&folder, &away).unwrap();
    fs::write(&folder, b"in the way").unwrap();
    desk.known = vec![banned(desk.clock.now(), 120)];
    desk.unkept = Some(Box::new(catalog(desk.clock.now(), &["BTCUSDT"])));
    assert!(!look(&mut desk) && !look(&mut desk));
    assert_eq!(desk.failing, Some(RETRY_AFTER), "it is tried again after a while");
    fs::remove_file(&folder).unwrap();
    fs::rename(&away, &folder).unwrap();
    assert!(look(&mut desk));
    assert_eq!(desk.failing, None);
    assert!(desk.unkept.is_none(), "nothing is lost");
    let (known, other) = (desk.known.clone(), tenant("main", 1));
    let other = State::open(scratch.path(), other, &desk.clock).unwrap();
    assert_eq!(other.beginning().shut, known);
}

#[test]
fn a_file_that_is_gone_or_damaged_while_we_run_is_written_again() {
    let scratch = Scratch::new("gone");
    let (mut desk, _heard) = desk(&scratch, 0);
    desk.known = vec![banned(desk.clock.now(), 120)];
    desk.keep().unwrap();
    let file = desk.state.path().join("shut.json");
    for damage in [None, Some("{")] {
        match damage {
            None => fs::remove_file(&file).unwrap(),
            Some(text) => fs::write(&file, text).unwrap(),
        }
        desk.keep().unwrap();
        let (book, is_whole) =
            crate::state::change_shut(&desk.state.folder, desk.frame().wall, |_| {}).unwrap();
        assert!(is_whole);
        assert_eq!(book.records(desk.state.login), desk.known);
    }
}

#[tokio::test]
async fn a_person_who_has_seen_to_the_key_is_heard_by_those_who_run() {
    let scratch = Scratch::new("cleared");
    let mut process = Process::start(&scratch, 0);
    let login = tenant("main", 0).login;
    State::clear_key(scratch.path(), "api.venue.example", login, &Clock::start()).unwrap();
    assert_eq!(process.hears().await, Event::ClearAccount);
    // Who begins afterwards has nothing to be told.
    let mut later = Process::start(&scratch, 1);
    process.keeper.keep_shut(vec![banned(Clock::start().now(), 60)]);
    assert!(matches!(later.hears().await, Event::ShutElsewhere(_)));
}

#[test]
fn a_wall_clock_that_is_set_anew_is_followed_by_whole_seconds() {
    let now = Timestamp::from_secs(1_800_000_000);
    let millis = |millis: i64| now.offset_by(millis * 1_000_000);
    for (wall, ahead) in
        [(0, 0), (999, 0), (-999, 0), (1_000, 1), (7_400, 7), (-7_600, -8), (3_600_000, 3_600)]
    {
        let frame = Frame::at(now, millis(wall));
        assert_eq!(frame.wall, millis(ahead * 1_000), "{wall}");
        assert_eq!(frame.local_of(frame.wall_of(now)), now);
    }
}
