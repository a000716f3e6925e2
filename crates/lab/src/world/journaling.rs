//! What instances write down before they act.

use std::time::Duration;

use tradewind_engine::Event;
use tradewind_engine::journal::{Append, Recovered};
use tradewind_journal::{Journal, MemoryDisk, SyncMode};

use super::{Parcel, Receiver, World};
use crate::instance::InstanceId;

impl World {
    /// The disk of an instance's journal, to let it fail, lose power or be repaired; none before
    /// its first start, and when it writes nothing down.
    #[must_use]
    pub fn journal(&self, id: InstanceId) -> Option<&MemoryDisk> {
        self.instances[id.0].journal.as_ref()
    }

    /// Tells an instance's journal that its disk may work again, as an operator would.
    pub fn retry_journal(&mut self, id: InstanceId) {
        self.try_journal(self.receiver(id));
    }

    /// Opens the journal of the next life of an instance.
    pub(super) fn open_journal(&mut self, id: InstanceId) -> Option<Box<Recovered>> {
        let instance = &mut self.instances[id.0];
        let setup = &instance.setup.0;
        setup.journal_takes?;
        if setup.disk.is_none() || instance.journal.is_none() {
            // Nothing outlives the process, or nothing was there before.
            instance.journal = Some(MemoryDisk::new());
        }
        let disk = instance.journal.as_ref()?;
        let (journal, recovered) = disk.open(SyncMode::Normal).ok()?;
        instance.open_journal = Some(journal);
        Some(Box::new(recovered))
    }

    /// Writes down what an engine wants written down, some time later.
    pub(super) fn append(&mut self, from: Receiver, append: Append) {
        let instance = &self.instances[from.id.0];
        let Some(journal) = &instance.open_journal else { return };
        match journal.append(append) {
            Ok(()) => self.turn_later(from),
            Err(error) => {
                let event = Event::Journal(error.into_answer());
                self.mail.post(self.now, Parcel::Event { to: from, event: Box::new(event) });
            }
        }
    }

    pub(super) fn try_journal(&mut self, from: Receiver) {
        if let Some(journal) = &self.instances[from.id.0].open_journal {
            journal.retry();
            self.turn_later(from);
        }
    }

    /// Groups follow each other: while one is being written, the next one fills.
    fn turn_later(&mut self, to: Receiver) {
        let instance = &mut self.instances[to.id.0];
        if !std::mem::replace(&mut instance.is_journal_writing, true) {
            let takes = instance.setup.0.journal_takes.unwrap_or(Duration::ZERO);
            self.mail.post(self.now + takes, Parcel::Written { to });
        }
    }

    /// A group of an instance's records is on its disk.
    pub(super) fn written(&mut self, to: Receiver) {
        let instance = &mut self.instances[to.id.0];
        instance.is_journal_writing = false;
        let Some(journal) = &instance.open_journal else { return };
        let answers = journal.turn();
        if journal.is_due() {
            self.turn_later(to);
        }
        for answer in answers {
            self.handle(to.id, Event::Journal(answer));
        }
    }
}
