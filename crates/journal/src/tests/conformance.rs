//! The same on a disk and in a virtual world: the same operations, the same answers, the same
//! state afterwards.

use std::sync::Arc;
use std::time::Duration;

use tradewind_engine::journal::{Answer, Append, AppendId, FaultKind, Record, Recovered};

use super::faults::{Faults, faulty};
use super::steps::{self, Says, Step};
use super::support::{Desk, Folder, START, copy_of};
use crate::memory::Remains;
use crate::{Journal, MemoryDisk, MemoryJournal, OpenError, SyncMode};

/// A journal that is open, whatever it is written on.
trait Subject {
    fn journal(&self) -> &dyn Journal;
    /// So many answers, in order.
    fn answers(&mut self, count: usize) -> Vec<Answer>;
    fn fail_commit(&mut self, nth: u64, kind: FaultKind, remains: Remains);
    /// Whether a second one can be opened where this one is.
    fn second(&self) -> Result<(), OpenError>;
    /// Dies with all that waits, and is opened again.
    fn die(&mut self) -> Recovered;
}

struct OnDisk {
    folder: Folder,
    desk: Desk,
    faults: Arc<Faults>,
}

impl OnDisk {
    fn new() -> Self {
        let folder = Folder::new("conformance");
        let (desk, faults, recovered) = faulty(&folder);
        assert_eq!(recovered, Recovered::default());
        Self { folder, desk, faults }
    }
}

impl Subject for OnDisk {
    fn journal(&self) -> &dyn Journal {
        &self.desk.journal
    }

    fn answers(&mut self, count: usize) -> Vec<Answer> {
        (0..count).map(|_| self.desk.answer()).collect()
    }

    fn fail_commit(&mut self, nth: u64, kind: FaultKind, remains: Remains) {
        self.faults.fail_commit(nth, kind, remains);
    }

    fn second(&self) -> Result<(), OpenError> {
        Desk::open(&self.folder).map(drop)
    }

    fn die(&mut self) -> Recovered {
        let copy = self.faults.between_commits(|| copy_of(&self.folder));
        let (desk, faults, recovered) = faulty(&copy);
        (self.desk, self.faults, self.folder) = (desk, faults, copy);
        recovered
    }
}

struct InMemory {
    disk: MemoryDisk,
    /// None while it is dead.
    journal: Option<MemoryJournal>,
}

impl InMemory {
    fn new() -> Self {
        let disk = MemoryDisk::new();
        let (journal, recovered) = disk.open(SyncMode::Normal).unwrap();
        assert_eq!(recovered, Recovered::default());
        Self { disk, journal: Some(journal) }
    }
}

impl Subject for InMemory {
    fn journal(&self) -> &dyn Journal {
        self.journal.as_ref().unwrap()
    }

    fn answers(&mut self, count: usize) -> Vec<Answer> {
        let journal = self.journal.as_ref().unwrap();
        let mut answers = Vec::new();
        while answers.len() < count {
            assert!(journal.is_due(), "{count} answers were expected, and these came: {answers:?}");
            answers.extend(journal.turn());
        }
        answers
    }

    fn fail_commit(&mut self, nth: u64, kind: FaultKind, remains: Remains) {
        self.disk.fail_commit(nth, kind, remains);
    }

    fn second(&self) -> Result<(), OpenError> {
        self.disk.open(SyncMode::Normal).map(drop)
    }

    fn die(&mut self) -> Recovered {
        self.journal = None;
        let (journal, recovered) = self.disk.open(SyncMode::Normal).unwrap();
        self.journal = Some(journal);
        recovered
    }
}

/// Puts both through the same, and compares what it gives.
fn both<T: PartialEq + std::fmt::Debug>(story: impl Fn(&mut dyn Subject) -> T) -> T {
    let on_disk = story(&mut OnDisk::new());
    let in_memory = story(&mut InMemory::new());
    assert_eq!(on_disk, in_memory, "on disk, and in memory");
    on_disk
}

fn append(subject: &mut dyn Subject, id: u64, records: &[Record]) {
    let append = Append { id: AppendId(id), records: records.to_vec() };
    subject.journal().append(append).unwrap();
}

/// What waits is answered before something else is appended, so that commits are counted alike.
fn write(subject: &mut dyn Subject, id: u64, records: &[Record]) -> Answer {
    append(subject, id, records);
    subject.answers(1).remove(0)
}

fn history(count: u64) -> Vec<Record> {
    (1..=count).map(|n| steps::record(n, steps::lived(n))).collect()
}

fn kinds(answers: &[Answer]) -> Vec<String> {
    let kind = |answer: &Answer| match answer {
        Answer::Durable(id) => format!("{id} durable"),
        Answer::Refused(id, fault) => format!("{id} refused: {}", fault.kind),
        Answer::Failed(fault) => format!("failed: {}", fault.kind),
        Answer::Restored => "restored".to_owned(),
        Answer::Compacted { orders, .. } => format!("{orders} orders removed"),
    };
    answers.iter().map(kind).collect()
}

#[test]
fn every_append_is_answered_in_order_and_found_after_a_death() {
    let records = history(600);
    let recovered = both(|subject| {
        for (id, part) in (1..).zip(records.chunks(7)) {
            append(subject, id, part);
        }
        let answers = subject.answers(86);
        let expected: Vec<_> = (1..=86).map(|id| Answer::Durable(AppendId(id))).collect();
        assert_eq!(answers, expected);
        subject.die()
    });
    assert_eq!(recovered, super::reference::recovered(&records));
}

#[test]
fn a_failure_is_said_once_and_everything_is_refused_until_it_is_tried_again() {
    let records = history(40);
    let (told, recovered) = both(|subject| {
        let mut told = vec![write(subject, 1, &records[..10])];
        subject.fail_commit(1, FaultKind::NoSpace, Remains::Nothing);
        append(subject, 2, &records[10..20]);
        told.extend(subject.answers(2));
        told.push(write(subject, 3, &records[20..30]));
        let health = subject.journal().health();
        assert_eq!(health.fault.map(|fault| fault.kind), Some(FaultKind::NoSpace));
        assert!(health.owed > 0);
        subject.journal().retry();
        told.extend(subject.answers(1));
        told.push(write(subject, 4, &records[30..]));
        assert_eq!(subject.journal().health().owed, 0);
        (kinds(&told), subject.die())
    });
    let expected = [
        "append-1 durable",
        "failed: no space",
        "append-2 refused: no space",
        "append-3 refused: no space",
        "restored",
        "append-4 durable",
    ];
    assert_eq!(told, expected);
    // What happened while the disk was full is there; what had to be durable first is not.
    let behind = tradewind_engine::journal::Durability::Behind;
    let is_kept = |(n, record): &(usize, &Record)| {
        !(10..30).contains(n) || record.entry.durability() == behind
    };
    let kept: Vec<_> =
        records.iter().enumerate().filter(is_kept).map(|(_, record)| record.clone()).collect();
    assert_eq!(recovered, super::reference::recovered(&kept));
}

#[test]
fn a_commit_that_failed_and_is_there_all_the_same_is_not_counted_twice() {
    let records = history(60);
    let recovered = both(|subject| {
        write(subject, 1, &records[..20]);
        subject.fail_commit(1, FaultKind::Io, Remains::Everything);
        append(subject, 2, &records[20..40]);
        let told = kinds(&subject.answers(2));
        assert_eq!(told, ["failed: input or output", "append-2 refused: input or output"]);
        subject.journal().retry();
        assert_eq!(subject.answers(1), [Answer::Restored]);
        write(subject, 3, &records[40..]);
        subject.die()
    });
    assert_eq!(recovered.turnovers, super::reference::recovered(&records).turnovers);
    assert_eq!(recovered, super::reference::recovered(&records));
}

#[test]
fn a_failure_while_trying_again_keeps_what_is_owed_for_the_next_try() {
    let records = history(40);
    let recovered = both(|subject| {
        subject.fail_commit(1, FaultKind::Io, Remains::Nothing);
        subject.fail_commit(2, FaultKind::NoSpace, Remains::Nothing);
        append(subject, 1, &records);
        subject.answers(2);
        subject.journal().retry();
        assert_eq!(kinds(&subject.answers(1)), ["failed: no space"]);
        subject.journal().retry();
        assert_eq!(subject.answers(1), [Answer::Restored]);
        subject.die()
    });
    let behind = tradewind_engine::journal::Durability::Behind;
    let happened = records.iter().filter(|record| record.entry.durability() == behind);
    let happened: Vec<_> = happened.cloned().collect();
    assert_eq!(recovered, super::reference::recovered(&happened));
}

#[test]
fn a_second_journal_in_the_same_place_is_refused_and_told_who_holds_it() {
    both(|subject| {
        let error = subject.second().unwrap_err();
        assert!(matches!(error, OpenError::Held { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains(&format!("process {}", std::process::id())), "{text}");
        error.kind()
    });
}

#[test]
fn what_is_over_for_long_is_removed_and_its_trades_stay_counted() {
    let records = history(400);
    let later = START + Duration::from_millis(200) + Duration::from_hours(48);
    let (removed, recovered) = both(|subject| {
        write(subject, 1, &records);
        subject.journal().compact(later, Duration::from_hours(48));
        let removed = kinds(&subject.answers(1));
        (removed, subject.die())
    });
    let mut expected = super::reference::recovered(&records);
    let count = expected.compact(START + Duration::from_millis(200)).len();
    assert!(count > 5, "the history has old orders");
    assert_eq!(removed, [format!("{count} orders removed")]);
    assert_eq!(recovered, expected);
}

#[test]
fn nothing_younger_than_a_day_is_removed_whatever_is_asked() {
    let records = history(400);
    both(|subject| {
        write(subject, 1, &records);
        subject.journal().compact(START + Duration::from_hours(23), Duration::ZERO);
        assert_eq!(kinds(&subject.answers(1)), ["0 orders removed"]);
    });
}

#[test]
fn news_of_an_order_without_an_intent_is_counted_as_an_error() {
    both(|subject| {
        let stray = Step { order: 3, says: Says::Accepted };
        write(subject, 1, &steps::records(0, &[stray]));
        super::support::until_filed(subject.journal());
        assert_eq!(subject.journal().health().strays, 1);
        subject.die()
    });
}

#[test]
fn what_a_virtual_disk_did_not_sync_a_loss_of_power_costs_and_decisions_never() {
    let disk = MemoryDisk::new();
    disk.sync();
    let (journal, _) = disk.open(SyncMode::Normal).unwrap();
    let intent = |order| Step { order, says: Says::Intent(1) };
    let halted = Step { order: 0, says: Says::Trading(2) };
    let all = steps::records(0, &[intent(0), halted, intent(1)]);
    for (id, record) in (1..).zip(&all) {
        journal.append(Append { id: AppendId(id), records: vec![record.clone()] }).unwrap();
        assert_eq!(journal.turn(), [Answer::Durable(AppendId(id))]);
    }
    drop(journal);
    disk.lose_power();
    let (_, recovered) = disk.open(SyncMode::Normal).unwrap();
    assert_eq!(recovered, super::reference::recovered(&all[..2]), "all up to the decision");
}

#[test]
fn a_virtual_disk_that_is_broken_opens_with_the_error_of_a_real_one() {
    for kind in [FaultKind::NoSpace, FaultKind::ReadOnly, FaultKind::Damaged, FaultKind::Missing] {
        let disk = MemoryDisk::new();
        disk.damage(kind);
        let error = disk.open(SyncMode::Normal).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        disk.repair();
        disk.open(SyncMode::Normal).unwrap();
    }
}
