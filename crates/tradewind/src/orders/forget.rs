//! The word that an order is gone for good: written down before anything rests on it.
//!
//! It takes the folder's lock, so that it is refused while a bot runs, and no bot starts meanwhile.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use tradewind_engine::journal::{
    Answer, Append, AppendId, Ending, Entry, FaultKind, Record, Recovered, StorageFault,
};
use tradewind_journal::{DiskJournal, Journal, OpenError, SyncMode};
use tradewind_model::time::Timestamp;
use tradewind_runtime::Config;

use super::confirm::Assent;
use super::{Books, OperatorError};
use crate::session::kept;

/// What the log says of who said so.
const REASON: &str = "an operator has said that it is gone";

/// Forgets one order.
pub(super) fn one(config: &Config<'_>, id: &str, assent: Assent) -> Result<String, OperatorError> {
    let books = Books::read(config)?;
    let id = books.order(id)?;
    let Some(record) = books.recovered.order(id) else {
        return Err(OperatorError::Unknown { id, folder: books.folder });
    };
    if let Some(over) = &record.over {
        return Err(OperatorError::Over { id, stage: over.ending.name(), at: over.at });
    }
    let (symbol, stage) = (record.intent.symbol.clone(), record.stage());
    // Held from here on: a bot that runs is found out before anybody is asked.
    let ledger = Pen::take(&books.folder, books.at)?;
    assent.obtain(&format!(
        "Order {id} on {symbol} is {stage}. If it still rests at the venue, it will trade there \
         and no strategy will know."
    ))?;
    let ending = Ending::Forgotten;
    let entry = Entry::Ended { client_order_id: id, ending, reason: Some(REASON.to_owned()) };
    ledger.write(vec![Record { at: books.at, entry }])?;
    ledger.close()?;
    Ok(format!("order {id} is forgotten; a start does not ask about it any more"))
}

/// Forgets a whole venue: sets the journal aside and begins another, which keeps what was decided
/// and what strategies want remembered.
pub(super) fn all(config: &Config<'_>, assent: Assent) -> Result<String, OperatorError> {
    let books = Books::read(config)?;
    let folder = &books.folder;
    let orders = books.recovered.orders.len();
    let pen = Pen::take(folder, books.at)?;
    assent.obtain(&format!(
        "{orders} orders without an end, every trade and every position in {} are set aside, as \
         if nothing had ever been traded at {}.",
        folder.display(),
        config.route.venue.name
    ))?;
    let next = kept::next_journal(folder);
    if next.exists() {
        // An earlier try was stopped before it was complete.
        fs::remove_dir_all(&next).map_err(|error| machine(&next, "removed", error))?;
    }
    let successor = Pen::take(&next, books.at)?;
    successor.write(kept_records(&books.recovered, books.at))?;
    successor.close()?;
    pen.close()?;
    let aside = aside(folder, books.at);
    fs::rename(folder, &aside).map_err(|error| machine(folder, "moved aside", error))?;
    // Should this process end here, the next start puts the new one into its place.
    fs::rename(&next, folder).map_err(|error| machine(&next, "put into its place", error))?;
    Ok(format!("the journal begins anew; the one of before is in {}", aside.display()))
}

/// What outlives a venue that was reset.
fn kept_records(recovered: &Recovered, at: Timestamp) -> Vec<Record> {
    let trading = recovered
        .trading
        .values()
        .map(|(at, trading)| Record { at: *at, entry: Entry::Trading(Box::new(trading.clone())) });
    let failovers = recovered.failovers.values().map(|(at, failover)| Record {
        at: *at,
        entry: Entry::FailedOver(Box::new(failover.clone())),
    });
    let shut = recovered.shut.values().map(|shut| Entry::Shut(Box::new(*shut)));
    let stores = recovered.stores.iter().flat_map(|(strategy, store)| {
        store.iter().map(|(key, value)| Entry::Remembered {
            strategy: *strategy,
            key: key.clone(),
            value: Some(value.clone()),
        })
    });
    let undated = shut.chain(stores).map(|entry| Record { at, entry });
    trading.chain(failovers).chain(undated).collect()
}

fn aside(folder: &Path, at: Timestamp) -> PathBuf {
    let mark: String = at.to_string().chars().filter(char::is_ascii_alphanumeric).collect();
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(format!(".before-reset-{mark}"));
    folder.with_file_name(name)
}

fn machine(path: &Path, done: &'static str, error: std::io::Error) -> OperatorError {
    OperatorError::Machine { what: path.display().to_string(), done, error }
}

/// The right to write.
struct Pen {
    journal: DiskJournal,
    answers: mpsc::Receiver<Answer>,
}

impl Pen {
    fn take(folder: &Path, now: Timestamp) -> Result<Self, OperatorError> {
        let (tell, answers) = mpsc::channel();
        // Nobody listens any more once all is said.
        let tell = Box::new(move |answer| drop(tell.send(answer)));
        match DiskJournal::open(folder, SyncMode::Full, now, tell) {
            Ok((journal, _)) => Ok(Self { journal, answers }),
            Err(OpenError::Held { pid, .. }) => {
                let holder = pid
                    .map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
                Err(OperatorError::Running { holder })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Writes records down, and comes back once they are durable.
    fn write(&self, records: Vec<Record>) -> Result<(), OperatorError> {
        if records.is_empty() {
            return Ok(());
        }
        let append = Append { id: AppendId(1), records };
        if let Err(refused) = self.journal.append(append)
            && let Answer::Refused(_, fault) = refused.into_answer()
        {
            return Err(fault.into());
        }
        // One answer for each append, so that this ends.
        for answer in self.answers.iter() {
            match answer {
                Answer::Durable(_) => return Ok(()),
                Answer::Refused(_, fault) | Answer::Failed(fault) => return Err(fault.into()),
                Answer::Restored | Answer::Compacted { .. } => {}
            }
        }
        let message = "the journal's thread has ended".to_owned();
        Err(StorageFault { kind: FaultKind::Io, message }.into())
    }

    fn close(self) -> Result<(), OperatorError> {
        Ok(self.journal.close()?)
    }
}
