//! What all records come to.

use std::collections::BTreeMap;
use std::time::Duration;

use tradewind_model::id::{
    AccountId, ClientOrderId, InstrumentId, StrategyId, Symbol, TradeId, VenueId,
};
use tradewind_model::time::Timestamp;
use tradewind_model::trading::{TradingScope, TradingState};
use tradewind_scheduler::{ScopeKey, ShutRecord};

use super::entry::{Entry, Record, Routed, Trading};
use super::order::OrderRecord;
use super::turnover::{Turnover, TurnoverKey};

/// What an engine finds at its start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Orders that are not over. Each may be at the venue, and is asked about.
    pub orders: BTreeMap<ClientOrderId, OrderRecord>,
    /// Orders that are over, so that late news of them finds them: at least the newest of them.
    pub closed: BTreeMap<ClientOrderId, OrderRecord>,
    /// What was bought and sold, by all fills ever.
    pub turnovers: BTreeMap<TurnoverKey, Turnover>,
    /// The highest trade that is recorded: where to go on reading an account's history.
    pub last_trades: BTreeMap<(VenueId, AccountId, Symbol), TradeId>,
    /// What strategies want remembered.
    pub stores: BTreeMap<StrategyId, BTreeMap<String, String>>,
    /// What of trading is not allowed, and since when.
    pub trading: BTreeMap<TradingScope, (Timestamp, Trading)>,
    /// What the venue has shut.
    pub shut: BTreeMap<ScopeKey, ShutRecord>,
    /// Decisions about routes that hold, by subject, and when they were made.
    pub routed: BTreeMap<String, (Timestamp, Routed)>,
    /// Names that were given out, by slot.
    pub slots: BTreeMap<u16, SlotMark>,
}

/// A bound on the names that a slot has given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SlotMark {
    /// When the latest source of names began.
    pub started: Timestamp,
    /// It has given out no name with this count or a higher one.
    pub below: u64,
}

impl SlotMark {
    /// Counts are marked in steps of this, so that a mark moves seldom.
    const STEP: u64 = 1_024;

    /// When a new source may begin, so that it repeats no name though the clock went back.
    #[must_use]
    pub fn next_start(self, now: Timestamp) -> Timestamp {
        now.max(self.started + Duration::from_millis(1))
    }
}

/// What a record changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// Nothing: it was known.
    Known,
    /// An order that was not known before.
    NewOrder,
    /// What is known of an order.
    Order,
    /// A trade that was not known, and with it an order and a turnover.
    Trade,
    /// Something that is no order's.
    Other,
    /// Nothing, and it should have: it names an order that is not known.
    Stray,
}

impl Recovered {
    /// Takes in a record.
    pub fn apply(&mut self, record: &Record) -> Applied {
        let at = record.at;
        let Some(id) = record.entry.client_order_id() else {
            return self.apply_other(at, &record.entry);
        };
        if let Entry::Intent(intent) | Entry::Adopted(intent) = &record.entry {
            self.mark(id);
            if self.order(id).is_none() {
                self.orders.insert(id, OrderRecord::new(*intent.clone(), at));
                return Applied::NewOrder;
            }
        }
        let Some(mut order) = self.orders.remove(&id).or_else(|| self.closed.remove(&id)) else {
            return Applied::Stray;
        };
        let applied = self.apply_to(&mut order, at, &record.entry);
        if applied != Applied::Known {
            order.updated_at = order.updated_at.max(at);
        }
        let place = if order.over.is_some() { &mut self.closed } else { &mut self.orders };
        place.insert(id, order);
        applied
    }

    /// An order, over or not.
    #[must_use]
    pub fn order(&self, id: ClientOrderId) -> Option<&OrderRecord> {
        self.orders.get(&id).or_else(|| self.closed.get(&id))
    }

    /// What a whole account has bought and sold, by instrument.
    pub fn account_turnovers(
        &self,
        venue: VenueId,
        account: AccountId,
    ) -> BTreeMap<InstrumentId, Turnover> {
        let mut sums = BTreeMap::<_, Turnover>::new();
        let own = |key: &TurnoverKey| key.venue == venue && key.account == account;
        for (key, turnover) in self.turnovers.iter().filter(|(key, _)| own(key)) {
            sums.entry(key.instrument.clone()).or_default().add(turnover);
        }
        sums
    }

    /// Keeps the newest of the orders that are over, so many of them.
    pub fn keep_closed(&mut self, max: usize) {
        let Some(excess) = self.closed.len().checked_sub(max) else { return };
        let ended = |order: &OrderRecord| order.over.as_ref().map(|over| over.at);
        let mut ends: Vec<_> = self.closed.iter().map(|(id, one)| (ended(one), *id)).collect();
        ends.sort_unstable();
        for (_, id) in ends.into_iter().take(excess) {
            self.closed.remove(&id);
        }
    }

    /// Removes the orders that ended before `before`, and gives their names. What they traded
    /// stays counted.
    pub fn compact(&mut self, before: Timestamp) -> Vec<ClientOrderId> {
        let is_old = |order: &OrderRecord| order.over.as_ref().is_some_and(|over| over.at < before);
        let old: Vec<_> =
            self.closed.iter().filter(|(_, one)| is_old(one)).map(|(id, _)| *id).collect();
        for id in &old {
            self.closed.remove(id);
        }
        old
    }

    fn apply_to(&mut self, order: &mut OrderRecord, at: Timestamp, entry: &Entry) -> Applied {
        let has_changed = match entry {
            Entry::Intent(intent) => order.intend(at, intent),
            Entry::Adopted(_) => false,
            Entry::Sent { .. } => order.sent(at),
            Entry::Accepted { venue_order_id, .. } => order.accepted(at, *venue_order_id),
            Entry::Traded(trade) => {
                if !order.traded(at, trade) {
                    return Applied::Known;
                }
                let key = TurnoverKey::of(&order.intent);
                let symbol = (trade.venue, key.account, trade.symbol.clone());
                let side = order.intent.request.side;
                self.turnovers.entry(key).or_default().book(side, &trade.fill, trade.base_fee);
                let last = self.last_trades.entry(symbol).or_insert(trade.fill.trade_id);
                *last = trade.fill.trade_id.max(*last);
                return Applied::Trade;
            }
            Entry::CancelAsked { .. } => order.cancel_asked(at),
            Entry::AmendAsked { qty, .. } => order.amend_asked(*qty),
            Entry::Amended { qty, .. } => order.amended(*qty),
            Entry::InDoubt { .. } => order.in_doubt(at),
            Entry::Resolved { .. } => order.resolved(),
            Entry::Ended { ending, reason, .. } => order.ended(at, *ending, reason.as_deref()),
            Entry::Trading(_)
            | Entry::Shut(_)
            | Entry::Opened(_)
            | Entry::Routed(_)
            | Entry::Unrouted { .. }
            | Entry::Remembered { .. } => false,
        };
        if has_changed { Applied::Order } else { Applied::Known }
    }

    fn apply_other(&mut self, at: Timestamp, entry: &Entry) -> Applied {
        match entry {
            Entry::Trading(trading) => match trading.state {
                TradingState::Running => {
                    self.trading.remove(&trading.scope);
                }
                TradingState::ReduceOnly | TradingState::Halted | TradingState::Flatten => {
                    self.trading.insert(trading.scope, (at, *trading.clone()));
                }
            },
            Entry::Shut(shut) => {
                self.shut.insert(shut.scope, **shut);
            }
            Entry::Opened(scope) => {
                self.shut.remove(scope);
            }
            Entry::Routed(routed) => {
                self.routed.insert(routed.subject.clone(), (at, *routed.clone()));
            }
            Entry::Unrouted { subject } => {
                self.routed.remove(subject);
            }
            Entry::Remembered { strategy, key, value: Some(value) } => {
                let store = self.stores.entry(*strategy).or_default();
                store.insert(key.clone(), value.clone());
            }
            Entry::Remembered { strategy, key, value: None } => {
                if let Some(store) = self.stores.get_mut(strategy) {
                    store.remove(key);
                    if store.is_empty() {
                        self.stores.remove(strategy);
                    }
                }
            }
            Entry::Intent(_)
            | Entry::Adopted(_)
            | Entry::Sent { .. }
            | Entry::Accepted { .. }
            | Entry::Traded(_)
            | Entry::CancelAsked { .. }
            | Entry::AmendAsked { .. }
            | Entry::Amended { .. }
            | Entry::InDoubt { .. }
            | Entry::Resolved { .. }
            | Entry::Ended { .. } => {}
        }
        Applied::Other
    }

    /// Moves the mark of a name's slot past it.
    fn mark(&mut self, id: ClientOrderId) {
        let Some(minted) = id.minted() else { return };
        let below = (minted.count / SlotMark::STEP + 1).saturating_mul(SlotMark::STEP);
        let mark = SlotMark { started: minted.started, below };
        let known = self.slots.entry(minted.slot).or_insert(mark);
        *known = mark.max(*known);
    }
}
