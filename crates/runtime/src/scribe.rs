//! The way to the journal and back.
//!
//! What the engine wants written down goes to the journal's thread at once and in order; what
//! became of it comes back as events, ahead of everything else, because orders wait for it.

use std::path::Path;
use std::time::Duration;

use tokio::sync::mpsc;
use tradewind_engine::Event;
use tradewind_engine::journal::{Answer, Append, Durability, Recovered};
use tradewind_journal::{
    DiskJournal, Journal, MemoryDisk, MemoryJournal, OpenError, SyncMode, look_out,
};
use tradewind_model::time::Timestamp;

/// How often what is over for too long is removed.
const TIDY_EVERY: Duration = Duration::from_hours(24);

/// An open journal, and its answers.
///
/// Nothing bounds the answers but what was asked: there is one for each append, appends are bounded
/// by the journal's inbox, and the driver takes all answers before it asks for more.
#[derive(Debug)]
pub struct Scribe {
    journal: Place,
    /// How old what is over may become.
    keep: Duration,
    /// When what is older is removed next.
    tidy_due: Timestamp,
    /// Where the answers go.
    answers: mpsc::UnboundedSender<Answer>,
    answered: mpsc::UnboundedReceiver<Answer>,
    /// Whether an order waits for what was appended last.
    is_awaited: bool,
}

#[derive(Debug)]
enum Place {
    Disk(DiskJournal),
    /// It writes when it is told to, which is at once.
    Memory(MemoryJournal),
}

impl Scribe {
    /// Opens the journal in `folder`, or makes one where there never was one; gives what its
    /// records come to.
    ///
    /// # Errors
    /// When it cannot be opened, or not all of it can be read. Whoever traded all the same would
    /// not know what is traded already.
    pub fn open(
        folder: &Path,
        sync: SyncMode,
        now: Timestamp,
        keep: Duration,
    ) -> Result<(Self, Recovered), OpenError> {
        let (answers, answered) = mpsc::unbounded_channel();
        let own = answers.clone();
        // Nobody listens any more when the driver has ended.
        let tell = Box::new(move |answer| drop(own.send(answer)));
        let (journal, recovered) = DiskJournal::open(folder, sync, now, tell)?;
        let journal = Place::Disk(journal);
        Ok((Self { journal, keep, tidy_due: now, answers, answered, is_awaited: false }, recovered))
    }

    /// A journal in memory, for a venue whose own memory ends with the process as well.
    ///
    /// # Errors
    /// Never: nobody else holds it.
    pub fn in_memory() -> Result<Self, OpenError> {
        let (answers, answered) = mpsc::unbounded_channel();
        let (journal, _) = MemoryDisk::new().open(SyncMode::Normal)?;
        let (journal, tidy_due) = (Place::Memory(journal), Timestamp::EPOCH);
        // What is over for a day tells nobody anything when the venue ends with the process.
        Ok(Self { journal, keep: TIDY_EVERY, tidy_due, answers, answered, is_awaited: false })
    }

    /// Has records written down.
    pub(crate) fn append(&mut self, append: Append) {
        self.is_awaited |= append.durability() != Durability::Behind;
        if let Err(error) = self.seam().append(append) {
            self.tell(error.into_answer());
        }
        self.turn();
    }

    /// Has what is over for too long removed, once a day.
    pub(crate) fn tidy(&mut self, now: Timestamp) {
        if now >= self.tidy_due {
            self.tidy_due = now + TIDY_EVERY;
            self.seam().compact(now, self.keep);
            self.turn();
        }
    }

    /// Has the storage tried again.
    pub(crate) fn retry(&self) {
        self.seam().retry();
        self.turn();
    }

    /// The next answer, as an event.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        self.answered.recv().await.map(Event::Journal)
    }

    /// The next answer, as an event, if an order waits for it and it comes in a moment. To wait for
    /// it asleep would take longer than the journal does.
    pub(crate) fn look_out(&mut self) -> Option<Event> {
        let is_awaited = std::mem::take(&mut self.is_awaited);
        if is_awaited { look_out(|| self.try_next()) } else { None }
    }

    /// The next answer that is there already, as an event.
    pub(crate) fn try_next(&mut self) -> Option<Event> {
        self.answered.try_recv().ok().map(Event::Journal)
    }

    /// Writes what is left and closes the journal.
    pub(crate) fn close(self) {
        if let Place::Disk(journal) = self.journal
            && let Err(fault) = journal.close()
        {
            tracing::error!("the journal was closed with records missing: {fault}");
        }
    }

    fn seam(&self) -> &dyn Journal {
        match &self.journal {
            Place::Disk(journal) => journal,
            Place::Memory(journal) => journal,
        }
    }

    fn turn(&self) {
        if let Place::Memory(journal) = &self.journal {
            while journal.is_due() {
                journal.turn().into_iter().for_each(|answer| self.tell(answer));
            }
        }
    }

    fn tell(&self, answer: Answer) {
        // The other end is ours.
        self.answers.send(answer).ok();
    }
}
