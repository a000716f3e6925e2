//! Bringing what the log says into the tables beside it.
//!
//! Durable is what stands in the log, and an order waits for no more than that. The tables follow
//! when nobody waits, some records at a time; how far they have come is written with them. What is
//! in the log and not in them yet is taken from it by a start, and by whoever looks from outside.

use std::collections::VecDeque;

use rusqlite::Connection;
use tradewind_engine::journal::{Applied, Record};

use super::Open;
use super::fault::Fault;
use super::mirror::Mirror;
use super::{read, write};
use crate::journal::SyncMode;
use crate::storage::Filed;

/// Records filed at a time: what somebody who comes meanwhile may have to wait for.
const FILED_AT_ONCE: usize = 16;

/// What is durable and in no table yet.
#[derive(Debug)]
pub(super) struct Unfiled {
    /// With their places in the log, the oldest first.
    records: VecDeque<(i64, Record)>,
    /// The place of the last one that is filed; zero when none is.
    pub(super) filed: i64,
}

impl Unfiled {
    /// What the log holds beyond the tables.
    pub(super) fn read(connection: &Connection) -> Result<Self, Fault> {
        let filed = read::filed(connection)?;
        Ok(Self { records: read::records_after(connection, filed)?, filed })
    }

    /// Adds what was just committed.
    pub(super) fn add(&mut self, records: impl IntoIterator<Item = (i64, Record)>) {
        self.records.extend(records);
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// Lets a mirror of the tables know what is not in them.
    pub(super) fn tell(&self, connection: &Connection, mirror: &mut Mirror) -> Result<(), Fault> {
        for (_, record) in &self.records {
            mirror.take_in(connection, record)?;
        }
        Ok(())
    }
}

impl Open {
    /// Files some of what is not filed, all at once or not at all.
    pub(super) fn file_some(&mut self) -> Result<Filed, Fault> {
        let mut filed = Filed::default();
        let count = self.unfiled.len().min(FILED_AT_ONCE);
        if count == 0 {
            return Ok(filed);
        }
        // What is filed stands in the log, and can be filed again.
        self.set_sync(SyncMode::Normal)?;
        let records: Vec<_> = self.unfiled.records.drain(..count).collect();
        self.transaction(|open| {
            for (seq, record) in &records {
                filed.strays += u64::from(write::file(open, record)? == Applied::Stray);
                open.unfiled.filed = *seq;
            }
            write::changed(open)?;
            write::filed(open)
        })?;
        self.mirror.forget_oldest();
        Ok(filed)
    }

    /// Files all of it.
    pub(super) fn file_all(&mut self) -> Result<Filed, Fault> {
        let mut sum = Filed::default();
        while self.unfiled.len() > 0 {
            sum.strays += self.file_some()?.strays;
        }
        Ok(sum)
    }
}
