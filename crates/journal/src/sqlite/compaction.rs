//! Removing what is over for long, a little at a time.
//!
//! First the orders with their trades, then the part of the log that speaks of none that is kept.
//! The file does not shrink; what is free in it is used again. `VACUUM`, run by hand while nobody
//! writes, gives it back.

use rusqlite::params;
use tradewind_model::id::ClientOrderId;
use tradewind_model::time::Timestamp;

use super::Open;
use super::column::{Cells, time};
use super::fault::Fault;
use crate::storage::Compacted;

/// Orders looked at in one transaction: some milliseconds.
const ORDERS_MAX: i64 = 256;
/// Records looked at in one transaction.
const RECORDS_MAX: i64 = 2_048;

/// How far a compaction has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    before: Timestamp,
    /// Orders up to this position have been looked at.
    position: i64,
    /// Whether all orders have been.
    is_in_log: bool,
    /// Records up to this one have been looked at.
    seq: i64,
}

impl Open {
    /// Removes a part of what ended before `before`.
    pub(super) fn compact(&mut self, before: Timestamp) -> Result<Compacted, Fault> {
        // What is removed is what the tables say, so they have to say everything.
        self.file_all()?;
        let begin = Progress { before, position: i64::MIN, is_in_log: false, seq: i64::MIN };
        let known = self.progress.take().filter(|progress| progress.before == before);
        let mut progress = known.unwrap_or(begin);
        let mut compacted = Compacted { has_more: true, ..Compacted::default() };
        self.transaction(|open| {
            if progress.is_in_log {
                open.remove_records(&mut progress, &mut compacted)
            } else {
                open.remove_orders(&mut progress, &mut compacted)
            }
        })?;
        self.progress = compacted.has_more.then_some(progress);
        Ok(compacted)
    }

    fn remove_orders(
        &mut self,
        progress: &mut Progress,
        compacted: &mut Compacted,
    ) -> Result<(), Fault> {
        let mut next = self.connection.prepare_cached(
            "SELECT position, client_order_id, ended_ns FROM closed_orders WHERE position > ?1 \
             ORDER BY position LIMIT ?2",
        )?;
        let mut rows = next.query([progress.position, ORDERS_MAX])?;
        let mut old = Vec::new();
        while let Some(row) = rows.next()? {
            let cells = Cells::of("closed_orders", row);
            progress.position = cells.get("position")?;
            if cells.some_time("ended_ns")?.is_some_and(|ended| ended < progress.before) {
                old.push(cells.parse::<ClientOrderId>("client_order_id")?);
            }
        }
        // They are in the order in which they ended: none of these, none of the rest.
        progress.is_in_log = old.is_empty();
        for id in &old {
            for sql in [
                "DELETE FROM fills WHERE client_order_id = ?1",
                "DELETE FROM closed_orders WHERE client_order_id = ?1",
            ] {
                self.connection.prepare_cached(sql)?.execute([id.as_str()])?;
            }
            self.mirror.remove(*id);
        }
        compacted.orders += u64::try_from(old.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    fn remove_records(
        &mut self,
        progress: &mut Progress,
        compacted: &mut Compacted,
    ) -> Result<(), Fault> {
        // The log is in the order of time, so that it ends where the first younger record stands.
        let end: Option<i64> = self
            .connection
            .prepare_cached(
                "SELECT max(seq) FROM (SELECT seq, at_ns FROM events WHERE seq > ?1 \
                 ORDER BY seq LIMIT ?2) WHERE at_ns BETWEEN 0 AND ?3 - 1",
            )?
            .query_row(params![progress.seq, RECORDS_MAX, time(progress.before)], |row| {
                row.get(0)
            })?;
        let Some(end) = end else {
            compacted.has_more = false;
            return Ok(());
        };
        let removed = self
            .connection
            .prepare_cached(
                "DELETE FROM events WHERE seq > ?1 AND seq <= ?2 AND at_ns BETWEEN 0 AND ?3 - 1 \
                 AND NOT EXISTS (SELECT 1 FROM live_orders AS kept \
                 WHERE kept.client_order_id = events.client_order_id) \
                 AND NOT EXISTS (SELECT 1 FROM closed_orders AS kept \
                 WHERE kept.client_order_id = events.client_order_id)",
            )?
            .execute(params![progress.seq, end, time(progress.before)])?;
        compacted.records += u64::try_from(removed).unwrap_or(u64::MAX);
        progress.seq = end;
        Ok(())
    }
}
