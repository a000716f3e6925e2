//! What really happened, for checkers: every request, every refusal, every order.
//!
//! A client's own account of a run is what a test doubts; this is what it is compared with. It is
//! a snapshot: nothing in it changes when the venue goes on.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;

use rust_decimal::Decimal;
use tradewind_model::Timestamp;

use crate::account::Ledger;
use crate::exchange::{AccountId, BalanceView, Exchange, FillView, OrderView};
use crate::limits::{Peak, Refused, Service, WindowUse};

/// One thing that came from a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When.
    pub at: Timestamp,
    /// From where.
    pub peer: IpAddr,
    /// By which door.
    pub door: Door,
    /// What: `POST /api/v3/order`, `order.place`, `SUBSCRIBE`, `handshake`; `?` for what the
    /// venue does not know.
    pub what: &'static str,
    /// The weight that was counted for it.
    pub weight: u32,
    /// The HTTP status it was answered with, or would be; 1008 when it closed a stream.
    pub status: u16,
}

/// The way a request came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Door {
    /// REST.
    Rest,
    /// A WebSocket: a request on it, a control message, or its handshake.
    Socket(Service),
}

/// What is true of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountLedger {
    /// Which.
    pub account: AccountId,
    /// Orders the exchange accepted.
    pub orders_accepted: usize,
    /// Placements that were refused, for whatever reason.
    pub orders_rejected: u64,
    /// Client order ids under which more than one order was accepted: symbol, id, how many.
    pub duplicate_client_ids: Vec<(String, String, usize)>,
    /// What is in the book now.
    pub open_orders: Vec<OrderView>,
    /// Every fill, oldest first.
    pub fills: Vec<FillView>,
    /// What trading added to each asset since the start, commissions deducted.
    pub position: Vec<(String, Decimal)>,
    /// Free and locked balances.
    pub balances: Vec<BalanceView>,
    /// The addresses from which it was signed for.
    pub peers: Vec<IpAddr>,
}

/// What is true of the venue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VenueLedger {
    /// When the snapshot was taken.
    pub at: Timestamp,
    /// Requests by what they asked for, all doors.
    pub requests: BTreeMap<&'static str, u64>,
    /// Arrivals, oldest first; only the newest are remembered
    /// (`arrivals_max` of the venue's front).
    pub arrivals: Vec<Arrival>,
    /// Answers 429 to who is not.
    pub rate_limited: u64,
    /// Answers 418, or whatever the venue says to who is banned.
    pub banned: u64,
    /// Those of them that went to who had been told of its ban already, a tenth of a second before
    /// or earlier: what is on its way when the first answer leaves is nobody's fault.
    pub knocks: u64,
    /// Bans that began.
    pub bans: u64,
    /// Answers 403 of the edge.
    pub forbidden: u64,
    /// Streams closed for too many messages.
    pub policy_closes: u64,
    /// The most of each limit that one window has seen.
    pub peaks: Vec<Peak>,
    /// What each window held, by limit and oldest first; those in which nothing happened are left
    /// out, and only the newest are remembered
    /// (`windows_max` of the venue's limits).
    pub windows: Vec<WindowUse>,
    /// Answers 429 and 418 by what for, those to an agent that is told apart on lines of their own.
    pub refused: Vec<Refused>,
    /// Handshakes accepted so far.
    pub connections_accepted: u64,
    /// Handshakes refused so far.
    pub connections_refused: u64,
    /// Connections open now.
    pub connections_open: usize,
    /// Each account.
    pub accounts: Vec<AccountLedger>,
}

impl VenueLedger {
    /// All requests, by any door; handshakes and control messages among them.
    #[must_use]
    pub fn total_requests(&self) -> u64 {
        self.requests.values().sum()
    }

    /// Everything that arrived after the first refusal by 429 or 418, in order: what a careful
    /// client does not send before its time has come.
    #[must_use]
    pub fn after_first_429(&self) -> &[Arrival] {
        let first = self.arrivals.iter().position(|arrival| matches!(arrival.status, 429 | 418));
        first.and_then(|first| self.arrivals.get(first + 1..)).unwrap_or(&[])
    }
}

/// The venue's running notes.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) requests: BTreeMap<&'static str, u64>,
    pub(crate) arrivals: VecDeque<Arrival>,
    pub(crate) policy_closes: u64,
    pub(crate) connections_accepted: u64,
    pub(crate) connections_refused: u64,
    pub(crate) rejected: BTreeMap<AccountId, u64>,
}

impl Notes {
    pub(crate) fn arrived(&mut self, max: usize, arrival: Arrival) {
        *self.requests.entry(arrival.what).or_default() += 1;
        if max == 0 {
            return;
        }
        if self.arrivals.len() >= max {
            self.arrivals.pop_front();
        }
        self.arrivals.push_back(arrival);
    }
}

/// What is true of every account of an exchange.
pub(crate) fn accounts(
    exchange: &Exchange,
    notes: &Notes,
    signed: &BTreeSet<(AccountId, IpAddr)>,
) -> Vec<AccountLedger> {
    let count = u32::try_from(exchange.account_count()).unwrap_or(u32::MAX);
    let peers = |id| signed.iter().filter(move |(by, _)| *by == id).map(|(_, peer)| *peer);
    let ledger = |id| AccountLedger { peers: peers(id).collect(), ..account(exchange, notes, id) };
    (0..count).map(AccountId).map(ledger).collect()
}

fn account(exchange: &Exchange, notes: &Notes, account: AccountId) -> AccountLedger {
    let balances = exchange.balances(account);
    let ledger = exchange.ledger(account);
    let net = |asset: &str| ledger.map(|ledger| ledger.net(asset)).unwrap_or_default();
    AccountLedger {
        account,
        orders_accepted: ledger.map_or(0, |ledger| ledger.orders().len()),
        orders_rejected: notes.rejected.get(&account).copied().unwrap_or_default(),
        duplicate_client_ids: ledger
            .map(Ledger::reused_client_ids)
            .unwrap_or_default()
            .into_iter()
            .map(|(symbol, id, count)| (symbol.to_string(), id, count))
            .collect(),
        open_orders: exchange.open_orders(account, None),
        fills: ledger.map(|ledger| ledger.fills().to_vec()).unwrap_or_default(),
        position: balances
            .iter()
            .map(|balance| (balance.asset.to_string(), net(&balance.asset)))
            .collect(),
        balances,
        peers: Vec::new(),
    }
}
