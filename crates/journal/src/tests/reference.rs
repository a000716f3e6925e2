//! What a history comes to, worked out another way: every question is answered from the whole
//! history, and nothing is kept from one record to the next.
#![expect(clippy::wildcard_enum_match_arm, reason = "each question is about a few records alone")]

use std::collections::{BTreeMap, BTreeSet};

use tradewind_engine::journal::{
    Ending, Entry, Intent, OrderRecord, Over, Record, Recovered, SlotMark, Trade, TurnoverKey,
};
use tradewind_model::id::ClientOrderId;
use tradewind_model::money::Quantity;
use tradewind_model::time::Timestamp;
use tradewind_model::trading::TradingState;

/// What records come to.
pub(super) fn recovered(records: &[Record]) -> Recovered {
    let mut recovered = Recovered::default();
    let names: BTreeSet<_> =
        records.iter().filter_map(|record| record.entry.client_order_id()).collect();
    let mut trades = Vec::new();
    for id in names {
        let own = |record: &&Record| record.entry.client_order_id() == Some(id);
        let own: Vec<_> = records.iter().filter(own).collect();
        mark(&mut recovered, id, &own);
        let Some(order) = order(&own) else { continue };
        for trade in first_of_each(&own) {
            trades.push((TurnoverKey::of(&order.intent), order.intent.request.side, trade));
        }
        let is_over = order.over.is_some();
        let place = if is_over { &mut recovered.closed } else { &mut recovered.orders };
        place.insert(id, order);
    }
    // What a position has cost depends on the order of its trades.
    trades.sort_by_key(|(_, _, trade)| {
        records.iter().position(
            |record| matches!(&record.entry, Entry::Traded(told) if std::ptr::eq(&**told, *trade)),
        )
    });
    for (key, side, trade) in trades {
        let symbol = (trade.venue, key.account, trade.symbol.clone());
        let last = recovered.last_trades.entry(symbol).or_insert(trade.fill.trade_id);
        *last = trade.fill.trade_id.max(*last);
        recovered.turnovers.entry(key).or_default().book(side, &trade.fill, trade.base_fee);
    }
    decisions(&mut recovered, records);
    recovered
}

/// The names of a slot are counted in steps of 1,024.
fn mark(recovered: &mut Recovered, id: ClientOrderId, own: &[&Record]) {
    let is_given = |record: &&Record| matches!(record.entry, Entry::Intent(_) | Entry::Adopted(_));
    if let (Some(minted), true) = (id.minted(), own.iter().any(is_given)) {
        let below = (minted.count + 1).next_multiple_of(1_024);
        let mark = SlotMark { started: minted.started, below };
        let known = recovered.slots.entry(minted.slot).or_insert(mark);
        *known = mark.max(*known);
    }
}

/// The trades of an order, each as it was first told, from when the order is known.
fn first_of_each<'r>(own: &[&'r Record]) -> Vec<&'r Trade> {
    let mut seen = BTreeSet::new();
    let known = own.iter().skip_while(|record| intent(record).is_none());
    let trades = known.filter_map(|record| match &record.entry {
        Entry::Traded(trade) => Some(&**trade),
        _ => None,
    });
    trades.filter(|trade| seen.insert(trade.fill.trade_id)).collect()
}

fn intent(record: &Record) -> Option<&Intent> {
    match &record.entry {
        Entry::Intent(intent) | Entry::Adopted(intent) => Some(intent),
        _ => None,
    }
}

/// What the records of one order come to.
fn order(own: &[&Record]) -> Option<OrderRecord> {
    let first = own.iter().position(|record| intent(record).is_some())?;
    let mut order = OrderRecord::new(intent(own[first])?.clone(), own[first].at);
    for end in first + 2..=own.len() {
        let (record, before) = (own[end - 1], order.clone());
        tell(&mut order, record.at, &record.entry);
        if order != before {
            order.updated_at = record.at;
        }
    }
    Some(order)
}

fn tell(order: &mut OrderRecord, at: Timestamp, entry: &Entry) {
    let is_final = order.over.as_ref().is_some_and(|over| !over.ending.is_revocable());
    let is_over = order.over.is_some();
    let has_been_there = order.accepted_at.is_some();
    let turns_up = |order: &mut OrderRecord, name| {
        order.over = order.over.take().filter(|_| is_final);
        order.in_doubt_since = None;
        order.venue_order_id = order.venue_order_id.or(Some(name));
        order.accepted_at = order.accepted_at.or(Some(at));
    };
    match entry {
        Entry::Intent(intent)
            if !is_final && !has_been_there && intent.attempt > order.intent.attempt =>
        {
            *order = OrderRecord::new(*intent.clone(), at);
        }
        Entry::Sent { .. } if !is_over => order.sent_at = Some(at),
        Entry::Accepted { venue_order_id, .. } => turns_up(order, *venue_order_id),
        Entry::Traded(trade) if !order.fills.contains_key(&trade.fill.trade_id) => {
            turns_up(order, trade.venue_order_id);
            order.fills.insert(trade.fill.trade_id, trade.fill.clone());
            let traded = order.fills.values().map(|fill| fill.qty.get()).sum();
            let wanted = whole(order).map(Quantity::get);
            if wanted.is_some_and(|wanted| wanted <= traded) && order.over.is_none() {
                order.over = Some(Over { ending: Ending::Filled, at, reason: None });
            }
        }
        Entry::CancelAsked { .. } if !is_over => order.cancel_asked_at = Some(at),
        Entry::AmendAsked { qty, .. } if !is_over => order.amend_asked = Some(*qty),
        Entry::Amended { qty, .. } if !is_over && whole(order).is_none_or(|whole| *qty < whole) => {
            order.amended_qty = Some(*qty);
        }
        Entry::InDoubt { .. } if !is_over && !has_been_there => {
            order.in_doubt_since = order.in_doubt_since.or(Some(at));
        }
        Entry::Resolved { .. } => order.in_doubt_since = None,
        Entry::Ended { ending, reason, .. } => {
            let worth = |ending: Ending| match ending {
                Ending::Unsent | Ending::Rejected | Ending::NotPlaced | Ending::Forgotten => 0,
                Ending::Expired => 1,
                Ending::Canceled => 2,
                Ending::Filled => 3,
            };
            let counts = match &order.over {
                Some(over) => worth(*ending) > worth(over.ending),
                None => worth(*ending) > 0 || *ending == Ending::Forgotten || !has_been_there,
            };
            if counts {
                order.in_doubt_since = None;
                order.over = Some(Over { ending: *ending, at, reason: reason.clone() });
            }
        }
        _ => {}
    }
}

/// How much an order is to trade in all.
fn whole(order: &OrderRecord) -> Option<Quantity> {
    [order.intent.request.kind.qty(), order.amended_qty].into_iter().flatten().min()
}

/// The last word on each thing holds.
fn decisions(recovered: &mut Recovered, records: &[Record]) {
    let (mut trading, mut shut, mut moved, mut kept) =
        (BTreeMap::new(), BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for Record { at, entry } in records {
        match entry {
            Entry::Trading(one) => drop(trading.insert(one.scope, (*at, *one.clone()))),
            Entry::Shut(one) => drop(shut.insert(one.scope, Some(**one))),
            Entry::Opened(scope) => drop(shut.insert(*scope, None)),
            Entry::Routed(one) => {
                drop(moved.insert(one.subject.clone(), Some((*at, *one.clone()))));
            }
            Entry::Unrouted { subject } => drop(moved.insert(subject.clone(), None)),
            Entry::Remembered { strategy, key, value } => {
                kept.insert((*strategy, key.clone()), value.clone());
            }
            _ => {}
        }
    }
    trading.retain(|_, (_, one)| one.state != TradingState::Running);
    recovered.trading = trading;
    recovered.shut = shut.into_iter().filter_map(|(key, one)| Some((key, one?))).collect();
    recovered.routed = moved.into_iter().filter_map(|(key, one)| Some((key, one?))).collect();
    for ((strategy, key), value) in kept {
        if let Some(value) = value {
            recovered.stores.entry(strategy).or_default().insert(key, value);
        }
    }
}
