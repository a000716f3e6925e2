//! One group after the other: what is written, what is answered, and what is kept when the storage
//! fails.
//!
//! A failure is said once. From then on no record is written until somebody asks for another try,
//! because a storage that has failed once tells nothing of what it will lose next. What has
//! happened is kept meanwhile, up to a bound, and written first; without that, a trade that was
//! missing here would lie before the last one that is recorded, where no restart looks for it.

use std::sync::{Arc, Mutex, PoisonError};

use tradewind_engine::journal::{
    Answer, Append, AppendId, Durability, FaultKind, Record, StorageFault,
};
use tradewind_model::time::Timestamp;

use crate::inbox::{Errands, GROUP_MAX};
use crate::journal::{Health, SyncMode};
use crate::storage::{Compacted, Storage};

/// Records of the past that are kept while the storage fails: hours of ordinary trading.
const OWED_MAX: usize = 65_536;
/// Records that are durable and in no table yet, when there is never a pause.
const UNFILED_MAX: usize = 4_096;

/// Writes groups.
pub(crate) struct Writer {
    storage: Box<dyn Storage>,
    sync: SyncMode,
    fault: Option<StorageFault>,
    owed: Vec<Record>,
    compaction: Option<(Timestamp, Compacted)>,
    health: Arc<Mutex<Health>>,
}

impl Writer {
    pub(crate) fn new(
        storage: Box<dyn Storage>,
        sync: SyncMode,
        health: Arc<Mutex<Health>>,
    ) -> Self {
        Self { storage, sync, fault: None, owed: Vec::new(), compaction: None, health }
    }

    /// Runs the errands, writes a group, and answers. The group is empty afterwards.
    pub(crate) fn turn(
        &mut self,
        errands: Errands,
        group: &mut Vec<Append>,
        tell: &mut dyn FnMut(Answer),
    ) {
        if errands.has_gap {
            self.fail(gap(), tell);
        }
        if errands.retry {
            self.retry(tell);
        }
        if let Some(before) = errands.compact {
            self.compaction = Some((before, Compacted { has_more: true, ..Compacted::default() }));
        }
        if !group.is_empty() {
            self.write(group, tell);
            group.clear();
        } else if self.fault.is_none() && self.storage.unfiled() > 0 {
            self.file(tell);
        } else if self.is_busy() {
            self.compact(tell);
        }
    }

    /// Whether there is something to do though nobody asks.
    pub(crate) fn is_busy(&self) -> bool {
        self.fault.is_none() && (self.compaction.is_some() || self.storage.unfiled() > 0)
    }

    /// Does what is left to do, and gives what is wrong, at the end.
    pub(crate) fn end(mut self, tell: &mut dyn FnMut(Answer)) -> Option<StorageFault> {
        while self.fault.is_none() && self.storage.unfiled() > 0 {
            self.file(tell);
        }
        self.fault
    }

    fn write(&mut self, group: &mut Vec<Append>, tell: &mut dyn FnMut(Answer)) {
        if let Some(fault) = self.fault.clone() {
            return self.refuse(group, &fault, tell);
        }
        match self.commit(group) {
            Ok(()) => {
                group.iter().for_each(|append| tell(Answer::Durable(append.id)));
                // Whoever waited is on the way already.
                if let Err(fault) = self.storage.check() {
                    self.fail(fault, tell);
                } else if self.storage.unfiled() > UNFILED_MAX {
                    self.file(tell);
                }
            }
            Err(fault) => {
                self.fail(fault.clone(), tell);
                self.refuse(group, &fault, tell);
            }
        }
    }

    fn commit(&mut self, group: &[Append]) -> Result<(), StorageFault> {
        let is_decision = |append: &Append| append.durability() == Durability::BeforeActing;
        let sync = if group.iter().any(is_decision) { SyncMode::Full } else { self.sync };
        let committed = self.storage.commit(group, sync)?;
        let unfiled = self.storage.unfiled();
        self.note(|health| {
            health.groups += 1;
            health.unfiled = unfiled;
            health.records += committed.records;
            health.strays += committed.strays;
        });
        Ok(())
    }

    fn refuse(
        &mut self,
        group: &mut Vec<Append>,
        fault: &StorageFault,
        tell: &mut dyn FnMut(Answer),
    ) {
        for append in group.drain(..) {
            tell(Answer::Refused(append.id, fault.clone()));
            let of_the_past = |record: &Record| record.entry.durability() == Durability::Behind;
            if fault.kind != FaultKind::Gap {
                self.owed.extend(append.records.into_iter().filter(of_the_past));
            }
        }
        if self.owed.len() > OWED_MAX {
            self.owed = Vec::new();
            self.fail(gap(), tell);
        }
        let owed = self.owed.len();
        self.note(|health| health.owed = owed);
    }

    fn fail(&mut self, fault: StorageFault, tell: &mut dyn FnMut(Answer)) {
        // Of a gap nothing makes up for, so that it is never said to be something less.
        if self.fault.as_ref().is_some_and(|before| before.kind == FaultKind::Gap) {
            return;
        }
        self.compaction = None;
        self.fault = Some(fault.clone());
        self.note(|health| health.fault = Some(fault.clone()));
        tell(Answer::Failed(fault));
    }

    fn retry(&mut self, tell: &mut dyn FnMut(Answer)) {
        match &self.fault {
            None => return tell(Answer::Restored),
            Some(fault) if fault.kind == FaultKind::Gap => {
                return tell(Answer::Failed(fault.clone()));
            }
            Some(_) => {}
        }
        match self.storage.reopen().and_then(|()| self.repay()) {
            Ok(()) => {
                self.fault = None;
                self.note(|health| (health.fault, health.owed) = (None, 0));
                tell(Answer::Restored);
            }
            Err(fault) => self.fail(fault, tell),
        }
    }

    /// Writes what was kept. A record that turns out to be there already changes nothing.
    fn repay(&mut self) -> Result<(), StorageFault> {
        while !self.owed.is_empty() {
            let first = self.owed.len().min(GROUP_MAX);
            let records = self.owed[..first].to_vec();
            self.commit(&[Append { id: AppendId::default(), records }])?;
            self.owed.drain(..first);
        }
        Ok(())
    }

    /// Files some of what is only in the log.
    fn file(&mut self, tell: &mut dyn FnMut(Answer)) {
        match self.storage.file() {
            Ok(filed) => {
                let unfiled = self.storage.unfiled();
                self.note(|health| {
                    health.strays += filed.strays;
                    health.unfiled = unfiled;
                });
            }
            Err(fault) => self.fail(fault, tell),
        }
    }

    /// Does one part of a compaction.
    fn compact(&mut self, tell: &mut dyn FnMut(Answer)) {
        let Some((before, mut sum)) = self.compaction.take() else { return };
        match self.storage.compact(before) {
            Ok(part) => {
                sum.orders += part.orders;
                sum.records += part.records;
                if part.has_more {
                    self.compaction = Some((before, sum));
                } else {
                    tell(Answer::Compacted { orders: sum.orders, records: sum.records });
                }
            }
            Err(fault) => self.fail(fault, tell),
        }
    }

    fn note(&self, change: impl FnOnce(&mut Health)) {
        change(&mut self.health.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

fn gap() -> StorageFault {
    StorageFault {
        kind: FaultKind::Gap,
        message: "the journal misses records of what has happened, because the storage was slow \
                  or failing for too long; see to the disk, then restart: the venue is asked for \
                  what is missing"
            .to_owned(),
    }
}
