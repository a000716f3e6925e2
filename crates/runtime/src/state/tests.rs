use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tradewind_model::attempt::AccountHash;
use tradewind_model::id::{AccountId, EgressId};
use tradewind_scheduler::ShutReason;

use super::*;

/// A folder of a test's own, which goes with it.
pub(super) struct Scratch {
    path: PathBuf,
}

impl Scratch {
    pub(super) fn new(name: &str) -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("tradewind-{}-{number}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self { path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.path).ok();
    }
}

pub(super) fn tenant(account: &str, slot: u16) -> Tenant {
    let digest = account.bytes().map(u64::from).sum::<u64>().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let login = Login {
        account: AccountId::new(account).unwrap(),
        hash: AccountHash::new(digest.to_be_bytes()),
    };
    Tenant { venue: "api.venue.example".to_owned(), login, slot, holds_back: true }
}

pub(super) fn banned(now: Timestamp, secs: u64) -> ShutRecord {
    ShutRecord {
        scope: ScopeKey::Egress(EgressId::new("direct").unwrap()),
        reason: ShutReason::Banned,
        since: now,
        until: Some(now + Duration::from_secs(secs)),
        strikes: 1,
    }
}

fn open(scratch: &Scratch, account: &str, slot: u16) -> State {
    State::open(scratch.path(), tenant(account, slot), &Clock::start()).unwrap()
}

fn refused_record(login: Login, now: Timestamp) -> ShutRecord {
    let scope = ScopeKey::Account(login.account);
    ShutRecord { scope, reason: ShutReason::Auth, until: None, ..banned(now, 0) }
}

#[test]
fn a_later_life_knows_what_was_shut() {
    let scratch = Scratch::new("later");
    let clock = Clock::start();
    let first = open(&scratch, "main", 0);
    assert_eq!(first.beginning().shut, []);
    assert!(first.beginning().is_shut_known, "a first start is no damage");
    let known = [banned(clock.now(), 120)];
    first.enter(Frame::of(&clock), &[], &known).unwrap();
    drop(first);
    let later = open(&scratch, "main", 0);
    assert_eq!(later.beginning().shut, known);
    assert!(later.beginning().is_shut_known);
    // Another account behind the same address is banned as well.
    assert_eq!(open(&scratch, "second", 0).beginning().shut, known);
}

#[test]
fn a_damaged_file_is_moved_aside_and_the_process_begins_with_a_probe() {
    let whole = {
        let scratch = Scratch::new("whole");
        let clock = Clock::start();
        let state = open(&scratch, "main", 0);
        state.enter(Frame::of(&clock), &[], &[banned(clock.now(), 120)]).unwrap();
        fs::read_to_string(state.path().join(SHUT)).unwrap()
    };
    for damaged in [
        String::new(),
        "{".to_owned(),
        "not JSON at all".to_owned(),
        whole[..whole.len() / 3].to_owned(),
        whole.replace("\"schema\": 1", "\"schema\": 7"),
        whole.replace("\"until\": \"20", "\"until\": \"24"),
        " ".repeat(2 << 20),
    ] {
        let scratch = Scratch::new("damaged");
        let path = open(&scratch, "main", 0).path().to_owned();
        fs::write(path.join(SHUT), &damaged).unwrap();
        let state = open(&scratch, "main", 0);
        let said: String = damaged.chars().take(40).collect();
        assert!(!state.beginning().is_shut_known, "{said}");
        let names = state.folder.names().unwrap();
        let aside: Vec<_> = names.iter().filter(|name| name.contains("damaged")).collect();
        assert_eq!(aside.len(), 1, "{names:?}");
        assert!(aside[0].starts_with("shut.json.damaged-20"), "{aside:?}");
        assert_eq!(fs::read_to_string(path.join(aside[0])).unwrap(), damaged);
        // It is known again from here on.
        drop(state);
        assert!(open(&scratch, "main", 0).beginning().is_shut_known);
    }
}

#[test]
fn a_folder_that_cannot_be_used_is_one_line_with_the_way_out() {
    let scratch = Scratch::new("unusable");
    let file = scratch.path().join("file");
    fs::write(&file, b"").unwrap();
    let clock = Clock::start();
    for dir in [file.clone(), file.join("below"), "/proc/nowhere".into()] {
        let error = State::open(&dir, tenant("main", 0), &clock).unwrap_err();
        assert!(matches!(error, StateError::Unusable { .. }), "{error:?}");
        let line = error.to_string();
        assert!(line.contains(&format!("state.dir is {}", dir.display())), "{line}");
        assert!(line.contains("or name another") && !line.contains('\n'), "{line}");
    }
}

#[test]
fn a_slot_is_for_one_process_at_a_time() {
    let scratch = Scratch::new("slot");
    let first = open(&scratch, "main", 3);
    let again = State::open(scratch.path(), tenant("main", 3), &Clock::start());
    assert!(again.unwrap_err().to_string().contains("engine.slot 3"));
    open(&scratch, "main", 4);
    open(&scratch, "second", 3);
    drop(first);
    open(&scratch, "main", 3);
}

#[test]
fn what_many_enter_at_once_is_all_kept() {
    let scratch = Scratch::new("many");
    std::thread::scope(|threads| {
        for account in 0..12 {
            let scratch = &scratch;
            threads.spawn(move || {
                let clock = Clock::start();
                let state = open(scratch, &format!("account-{account}"), 0);
                let known = [refused_record(state.login, clock.now())];
                state.enter(Frame::of(&clock), &[], &known).unwrap();
            });
        }
    });
    for account in 0..12 {
        let state = open(&scratch, &format!("account-{account}"), 0);
        assert!(state.refused_since().is_some(), "{account}");
    }
}

#[test]
fn a_crash_loop_holds_back_and_other_instances_do_not() {
    let scratch = Scratch::new("loop");
    let delays: Vec<_> = (0..4).map(|_| open(&scratch, "main", 0).beginning().delay).collect();
    assert_eq!(delays, [0, 0, 5, 10].map(Duration::from_secs));
    assert_eq!(open(&scratch, "main", 1).beginning().delay, Duration::ZERO);
    // A file that cannot be read is begun anew.
    let state = open(&scratch, "main", 0);
    let names = state.folder.names().unwrap();
    for name in names.iter().filter(|name| name.starts_with("starts-")) {
        fs::write(state.path().join(name), b"{").unwrap();
    }
    drop(state);
    assert_eq!(open(&scratch, "main", 0).beginning().delay, Duration::ZERO);
}

#[test]
fn a_refused_key_stays_refused_until_a_person_has_seen_to_it() {
    let scratch = Scratch::new("refused");
    let clock = Clock::start();
    let state = open(&scratch, "main", 0);
    let login = state.login;
    assert_eq!(state.refused_since(), None);
    let known = [refused_record(login, clock.now()), banned(clock.now(), 60)];
    state.enter(Frame::of(&clock), &[], &known).unwrap();
    drop(state);
    assert_eq!(open(&scratch, "main", 0).refused_since(), Some(known[0].since));
    assert_eq!(open(&scratch, "second", 0).refused_since(), None);
    let clear = || State::clear_key(scratch.path(), "api.venue.example", login, &clock).unwrap();
    assert!(clear());
    assert!(!clear(), "it was noted once");
    let state = open(&scratch, "main", 0);
    assert_eq!(state.refused_since(), None);
    assert_eq!(state.beginning().shut, known[1..], "nobody ends a ban");
}

#[test]
fn a_person_can_look_without_changing_anything() {
    let scratch = Scratch::new("look");
    let clock = Clock::start();
    let look =
        || Inspection::of(scratch.path(), "api.venue.example", clock.now()).unwrap().to_string();
    assert!(look().contains("nothing was ever kept there"));
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
    let state = open(&scratch, "main", 0);
    assert!(look().contains("nothing is shut") && look().contains("no catalog"), "{}", look());
    state.enter(Frame::of(&clock), &[], &[banned(clock.now(), 120)]).unwrap();
    assert!(look().contains("egress direct is shut until"), "{}", look());
    fs::write(state.path().join(SHUT), b"{").unwrap();
    assert!(look().contains("shut.json cannot be used"), "{}", look());
    assert!(state.path().join(SHUT).exists());
}
