//! Bringing what was committed into the tables.
//!
//! A commit writes one row with all of its records, and an order waits for no more than that. They
//! move into the log and into the tables beside it when nobody waits, some records at a time. Those
//! that have not moved yet are taken from where they are by a start, and by whoever looks from
//! outside.

use std::collections::VecDeque;

use rusqlite::Connection;
use tradewind_engine::journal::{Applied, Record};

use super::Open;
use super::fault::Fault;
use super::mirror::Mirror;
use super::{read, write};
use crate::journal::SyncMode;
use crate::storage::Filed;

/// Records in a row, and records filed at a time: what somebody who comes meanwhile may have to
/// wait for.
pub(super) const FILED_AT_ONCE: usize = 16;

/// What is durable and in no table yet.
#[derive(Debug, Default)]
pub(super) struct Unfiled {
    /// The rows, with their places, the oldest first.
    rows: VecDeque<(i64, Vec<Record>)>,
    records: usize,
}

impl Unfiled {
    /// What there is in a file.
    pub(super) fn read(connection: &Connection) -> Result<Self, Fault> {
        let mut unfiled = Self::default();
        read::fresh(connection, |place, records| unfiled.add(place, records))?;
        Ok(unfiled)
    }

    /// Adds a row that was just committed.
    pub(super) fn add(&mut self, place: i64, records: Vec<Record>) {
        self.records += records.len();
        self.rows.push_back((place, records));
    }

    /// Records.
    pub(super) fn len(&self) -> usize {
        self.records
    }

    /// Lets a mirror of the tables know what is not in them.
    pub(super) fn tell(&self, connection: &Connection, mirror: &mut Mirror) -> Result<(), Fault> {
        for record in self.rows.iter().flat_map(|(_, records)| records) {
            mirror.take_in(connection, record)?;
        }
        Ok(())
    }

    /// Takes the oldest rows, with as many records as are filed at a time.
    fn take_some(&mut self) -> Vec<(i64, Vec<Record>)> {
        let mut taken = 0;
        let count = self.rows.iter().take_while(|(_, records)| {
            taken += records.len();
            taken <= FILED_AT_ONCE
        });
        // A row of an older version may have more.
        let count = count.count().max(1).min(self.rows.len());
        let rows: Vec<_> = self.rows.drain(..count).collect();
        self.records -= rows.iter().map(|(_, records)| records.len()).sum::<usize>();
        rows
    }
}

impl Open {
    /// Files some of what is not filed, all at once or not at all.
    pub(super) fn file_some(&mut self) -> Result<Filed, Fault> {
        let mut filed = Filed::default();
        let rows = self.unfiled.take_some();
        let Some((last, _)) = rows.last() else { return Ok(filed) };
        // What is filed was durable before, and can be filed again.
        self.set_sync(SyncMode::Normal)?;
        self.transaction(|open| {
            for record in rows.iter().flat_map(|(_, records)| records) {
                filed.strays += u64::from(write::file(open, record)? == Applied::Stray);
            }
            write::changed(open)?;
            write::filed(&open.connection, *last)
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
