//! What outlives the process, so that no life of it trades twice or loses a fill.
//!
//! The engine says what has to be written down, as values (`tradewind_engine::journal`); this
//! crate makes it durable and says what it comes to when a process starts. [`DiskJournal`] writes
//! to an SQLite database, on a thread of its own; [`MemoryJournal`] does the same in a virtual
//! world. Both are a [`Journal`].
//!
//! # What is promised
//!
//! * What was answered as durable is found again after the process was killed, at any moment and
//!   by any means. With [`SyncMode::Full`], and always for decisions, after a loss of power too.
//! * A group of records is there whole or not at all, and in the order in which it was given.
//! * A journal that is missing, damaged, empty, of a newer version, of another program, held by
//!   another process or on a disk that cannot be written to is an [`OpenError`] with the file and
//!   the way out in it. It is never taken for a first start.
//! * A storage that fails while running says so once. From then on everything is refused, until
//!   somebody asks for another try; what happened meanwhile is kept and written first.
//!
//! What a loss of power can cost without [`SyncMode::Full`] is the last moments, intents included.
//! Such orders are found at the venue by their names. What SQLite cannot see is a digit changed in
//! place by a failing disk: its pages carry no checksums, and of its log it passes over, as it
//! must after a crash, all that comes after the first broken part.
//!
//! # Asking it
//!
//! The folder holds `journal.db` (with `journal.db-wal` and `journal.db-shm` while it is open),
//! `journal.id`, which says that there is a journal, and `journal.lock`, which holds the number of
//! the process that writes. To copy it, run `sqlite3 journal.db ".backup COPY"`, or copy the whole
//! folder while the bot does not run; whoever puts a copy of `journal.db` back removes the
//! `journal.db-wal` that is there. Any SQLite client may read while the bot runs:
//!
//! ```text
//! sqlite3 -readonly journal.db 'SELECT * FROM open_orders'
//! ```
//!
//! | table or view | what it holds |
//! |---|---|
//! | `orders` | every order that is kept, with its times as text, how far it has come (`stage`) and which others it belongs with (`pair` and `other`, `replaces`) |
//! | `open_orders`, `orders_in_doubt` | those that are not over; those that the venue may or may not have |
//! | `fills`, `fills_by_day` | every trade of our orders, each once; their sums by day, strategy and side |
//! | `positions`, `turnovers` | what our own trades come to, for reading and exactly |
//! | `store` | what strategies want remembered |
//! | `state` | what trading is not allowed, what the venue has shut, where new orders go instead |
//! | `last_trades`, `slots`, `meta` | where to go on reading trades; names given out; which journal this is |
//! | `log` | every record in order, with all it said as JSON |
//! | `live_orders`, `closed_orders` | what `orders` is made from |
//! | `events`, `fresh` | what `log` is made from: records that the other tables say, and the latest, which they do not say yet |
//!
//! What is durable stands in `log` at once. The other tables say it as soon as nobody waits for the
//! journal, which is some milliseconds later. Money is text, so that no digit is lost; `price + 0`
//! makes a number of it, inexactly. Times are nanoseconds, with a readable column beside them. The
//! `.schema` of the file explains each column. Whoever writes to it by hand does so while the bot
//! does not run.
//!
//! It grows by some hundred bytes a record. [`Journal::compact`] removes orders that are over for
//! long, with their trades and records; what they traded stays counted in `turnovers`.

mod disk;
mod folder;
mod inbox;
mod inspection;
mod journal;
mod look_out;
mod memory;
mod open_error;
mod sqlite;
mod storage;
mod writer;

pub use disk::{DiskJournal, Tell};
pub use inspection::inspect;
pub use journal::{AppendError, Health, Journal, SyncMode};
pub use look_out::look_out;
pub use memory::{MemoryDisk, MemoryJournal, Remains};
pub use open_error::OpenError;

#[cfg(test)]
mod tests;
