//! Lists that a venue tells from the newest on, a page at a time.
//!
//! Whoever asks for a list gets the whole of it, oldest first, as from a venue that tells lists from
//! a point on: a page that is full is followed by the one before it, until a page is not full, or
//! nothing in it is as late as was asked for. What has been read stays with the call, so that a page
//! that fails is asked for again and not the list. A list is as of when its first page was asked
//! for: what has changed since may or may not be in it.

use tradewind_model::call::{Call, PageEnd};
use tradewind_model::outcome::Reply;
use tradewind_model::report::{ExecutionReport, HistoricFill};
use tradewind_model::time::Timestamp;

use super::Engine;
use super::calls::{Owner, PendingCall};
use super::dispatch::PATIENCE;
use crate::incident::Incident;

/// What has been read of a list.
#[derive(Clone, Debug)]
pub(super) struct Pages {
    /// The list, as it was asked for.
    of: Call,
    /// When its first page was.
    asked_at: Option<Timestamp>,
    newer: Rows,
}

/// Rows, oldest first.
#[derive(Clone, Debug)]
enum Rows {
    Orders(Vec<ExecutionReport>),
    Fills(Vec<HistoricFill>),
}

impl Rows {
    fn len(&self) -> usize {
        match self {
            Self::Orders(rows) => rows.len(),
            Self::Fills(rows) => rows.len(),
        }
    }

    /// Where the page ends.
    fn end(&self) -> Option<PageEnd> {
        match self {
            Self::Orders(rows) => rows.first().map(|row| PageEnd::Order(row.venue_order_id)),
            Self::Fills(rows) => rows.first().map(|row| PageEnd::Trade(row.fill.trade_id)),
        }
    }

    /// The rows of a reply, or the reply if it is not a list that comes in pages.
    #[expect(clippy::result_large_err, reason = "the reply goes back to whom it came from")]
    fn of(reply: Reply) -> Result<Self, Reply> {
        match reply {
            Reply::Orders(rows) => Ok(Self::Orders(rows)),
            Reply::Fills(rows) => Ok(Self::Fills(rows)),
            Reply::Ack
            | Reply::Time(_)
            | Reply::Catalog { .. }
            | Reply::Depth(_)
            | Reply::Bars(_)
            | Reply::Ticker(_)
            | Reply::Order(_)
            | Reply::OrderList(_)
            | Reply::OrderLists(_)
            | Reply::Account(_)
            | Reply::OrderCounts => Err(reply),
        }
    }

    /// These, and then those that are newer. Pages of two kinds are no list: then these alone.
    fn before(self, newer: Self) -> Result<Self, Self> {
        match (self, newer) {
            (Self::Orders(mut rows), Self::Orders(newer)) => {
                rows.extend(newer);
                Ok(Self::Orders(rows))
            }
            (Self::Fills(mut rows), Self::Fills(newer)) => {
                rows.extend(newer);
                Ok(Self::Fills(rows))
            }
            (these @ Self::Orders(_), Self::Fills(_))
            | (these @ Self::Fills(_), Self::Orders(_)) => Err(these),
        }
    }

    fn reply(self) -> Reply {
        match self {
            Self::Orders(rows) => Reply::Orders(rows),
            Self::Fills(rows) => Reply::Fills(rows),
        }
    }
}

impl Engine {
    /// Gives back a call with all that was asked for; none when a page before it is being read. An
    /// answer to anything else than a list in pages comes back as it is.
    pub(super) fn whole_list(
        &mut self,
        now: Timestamp,
        mut pending: PendingCall,
        reply: Reply,
        unreadable: u32,
    ) -> Option<(PendingCall, Reply)> {
        let most = self.config.manners.page_rows.filter(|_| is_paged(&pending));
        let Some(most) = most else { return Some((pending, reply)) };
        let rows = match Rows::of(reply) {
            Ok(rows) => rows,
            Err(other) => return Some((pending, other)),
        };
        let is_full = rows.len() as u64 + u64::from(unreadable) >= u64::from(most);
        let end = rows.end();
        let repeats = is_full
            && matches!(&pending.call, Call::Older { than, .. } if end.as_ref() == Some(than));
        let (of, asked_at, rows) = match pending.pages.take() {
            None => (pending.call.clone(), pending.sent_at, rows),
            Some(pages) => {
                let Pages { of, asked_at, newer } = *pages;
                let rows = match rows.before(newer) {
                    Ok(rows) => rows,
                    // Another list than the one that was begun: it is no answer to either.
                    Err(other) => return Some((pending, other.reply())),
                };
                (of, asked_at, rows)
            }
        };
        if repeats {
            self.tell(Incident::ListRepeats { what: format!("{:?}", of.kind()) });
        }
        match end.filter(|_| is_full && !repeats && !has_enough(&of, rows.len())) {
            Some(than) => {
                pending.call = Call::Older { of: Box::new(of.clone()), than };
                pending.pages = Some(Box::new(Pages { of, asked_at, newer: rows }));
                pending.sent_at = None;
                pending.deadline = now + PATIENCE;
                let call = self.enqueue(now, pending);
                self.track(call);
                None
            }
            None => {
                (pending.call, pending.sent_at) = (of, asked_at);
                Some((pending, rows.reply()))
            }
        }
    }
}

/// As many rows as nobody asks for who wants a page.
const WHOLE: u32 = 1_000;

/// Whether a list is wanted as a whole. Who asks from outside gets a page, unless they ask for more
/// rows than any page has.
fn is_paged(pending: &PendingCall) -> bool {
    let call = if let Call::Older { of, .. } = &pending.call { of.as_ref() } else { &pending.call };
    let is_list = matches!(
        call,
        Call::OpenOrders { .. } | Call::OrderHistory { .. } | Call::FillHistory { .. }
    );
    is_list && (pending.owner != Owner::Read || call.rows().is_some_and(|rows| rows >= WHOLE))
}

/// Whether the newest rows are all that was asked for, and are there.
fn has_enough(of: &Call, rows: usize) -> bool {
    let is_of_newest = matches!(
        of,
        Call::OrderHistory { since: None, .. } | Call::FillHistory { since: None, .. }
    );
    is_of_newest && of.rows().is_some_and(|wanted| rows >= wanted as usize)
}
