//! Orders placed once more elsewhere while they cannot be reached, and what becomes of both.

use tradewind_model::Timestamp;
use tradewind_model::money::Quantity;
use tradewind_model::order::{OrderKind, OrderRequest, TimeInForce};

use super::Router;
use crate::action::Action;
use crate::decision::{DecisionKind, Reason};
use crate::mirrors::Mirrored;
use crate::orders::{Key, Placed, Stage};
use crate::policy::{OnOpen, OnShut};
use crate::way::Way;

impl Router {
    /// Mirrors what rests where the venue has shut its door, if that is the policy.
    pub(super) fn mirror_resting(&mut self, now: Timestamp) {
        let OnShut::Mirror { cap } = self.policy.on_shut else { return };
        let resting: Vec<(Key, Placed)> = self
            .orders
            .iter()
            .filter(|(key, placed)| self.wants_mirror(now, key, placed))
            .map(|(key, placed)| (*key, placed.clone()))
            .collect();
        for (key, placed) in resting {
            if self.mirrors.consider(now, self.policy.window, key.1) {
                self.mirror(now, key, &placed, cap);
            }
        }
    }

    /// The mirror of an order is over. If it has traded, the order goes as soon as it can be
    /// reached; until then the pair stays, so that no other mirror is placed.
    pub(super) fn mirror_over(&mut self, now: Timestamp, mirror: &Key) {
        let Some(pair) = self.mirrors.of(&mirror.1) else { return };
        let original_lives = self.orders.get(&pair.original).is_some();
        if original_lives && self.health.shut_for(&pair.original.0).is_some() {
            return;
        }
        let goes = pair.has_traded && original_lives;
        self.end_pair(now, &pair, goes.then_some(pair.original));
    }

    /// An order is over that has a mirror. Nobody needs that any more if the order has traded;
    /// else it is all that is left of the wish.
    pub(super) fn original_over(&mut self, now: Timestamp, pair: &Mirrored, cum_qty: Quantity) {
        let goes =
            cum_qty > pair.before && !pair.is_ending && self.orders.get(&pair.mirror).is_some();
        self.end_pair(now, pair, goes.then_some(pair.mirror));
    }

    /// An order of a pair has news and lives on. When it is the original and has traded, its mirror
    /// is in the way.
    pub(super) fn note_mirrored(&mut self, now: Timestamp, key: &Key) {
        let Some(pair) = self.mirrors.of(&key.1).filter(|pair| pair.original == *key) else {
            return;
        };
        let has_traded = self.orders.get(key).is_some_and(|placed| placed.cum_qty > pair.before);
        if has_traded {
            self.cancel_mirror(now, &pair);
        }
    }

    /// The route of an order is open and known again: one of the two goes, unless the order is
    /// canceled with all the others there.
    pub(super) fn undo(&mut self, now: Timestamp, pair: &Mirrored) {
        let original_lives = self.orders.get(&pair.original).is_some();
        let mirror_lives = self.orders.get(&pair.mirror).is_some();
        if pair.has_traded && original_lives && self.policy.on_open == OnOpen::Keep {
            self.end_pair(now, pair, Some(pair.original));
        } else if !mirror_lives && !pair.has_traded {
            self.end_pair(now, pair, None);
        } else if self.policy.on_open == OnOpen::Keep {
            self.cancel_mirror(now, pair);
        }
    }

    /// Cancels a mirror. The pair stays until one of the two is over: it may yet trade.
    fn cancel_mirror(&mut self, now: Timestamp, pair: &Mirrored) {
        if pair.is_ending || self.orders.get(&pair.mirror).is_none() {
            return;
        }
        self.mirrors.note_ending(pair);
        self.decide_end(now, pair, Some(pair.mirror));
    }

    fn end_pair(&mut self, now: Timestamp, pair: &Mirrored, canceled: Option<Key>) {
        self.mirrors.remove(pair);
        if !pair.is_ending || canceled.is_some() {
            self.decide_end(now, pair, canceled);
        }
    }

    fn decide_end(&mut self, now: Timestamp, pair: &Mirrored, canceled: Option<Key>) {
        let kind = DecisionKind::MirrorEnded {
            original: pair.original.1,
            mirror: pair.mirror.1,
            canceled: canceled.map(|(_, id)| id),
        };
        let (from, to) = (Some(pair.original.0), Some(pair.mirror.0));
        self.decide(now, kind, from, to, Reason::OtherOver);
        if let Some((route, id)) = canceled {
            self.actions.push_back(Action::Cancel { route, id });
        }
    }

    fn wants_mirror(&self, now: Timestamp, key: &Key, placed: &Placed) -> bool {
        let (route, id) = key;
        let Some(cause) = self.health.shut_for(route) else { return false };
        let active = self.standings.get(&placed.holding).map(|standing| standing.active);
        let can_go = active.is_some_and(|active| {
            self.health.is_usable(now, &active)
                && Way::between(*route, active).is_some_and(|way| way.is_safe(Some(&cause)))
        });
        can_go
            && placed.stage == Stage::Resting
            && placed.leaves.is_some_and(|leaves| !leaves.is_zero())
            && can_rest(&placed.request.kind)
            && self.mirrors.of(id).is_none()
            // One that nobody wants, or that is nobody's wish here, gets none.
            && self.wishes.get(id).is_some_and(|wish| wish.is_wanted && wish.at == *route)
    }

    fn mirror(&mut self, now: Timestamp, key: Key, placed: &Placed, cap: Quantity) {
        let holding = &placed.holding;
        let Some(to) = self.standings.get(holding).map(|standing| standing.active) else { return };
        let kind = placed.request.kind.with_qty(placed.leaves.unwrap_or_default());
        let request = OrderRequest { kind, ..placed.request.clone() };
        let fitted = self.fit(to, holding, &request).map_err(Reason::Unfit).and_then(|fitted| {
            let cap = self.policy.most.map_or(cap, |most| cap.min(most));
            let checked = self
                .check_exposure(holding, to, &fitted, Some(cap), None)
                .and_then(|()| self.check_limits(holding, to, &fitted, None));
            checked.map(|()| fitted).map_err(Reason::Exposure)
        });
        let fitted = match fitted {
            Ok(fitted) => fitted,
            Err(reason) => {
                let kind = DecisionKind::NotMirrored(key.1);
                self.decide(now, kind, Some(key.0), Some(to), reason);
                return;
            }
        };
        let mirror = self.ids.next();
        self.mirrors.insert(key, (to, mirror), placed.cum_qty);
        let reason = self.health.shut_for(&key.0).map_or(Reason::Nowhere, |cause| cause.reason());
        let kind = DecisionKind::Mirrored { original: key.1, mirror };
        self.decide(now, kind, Some(key.0), Some(to), reason);
        self.place(to, holding, mirror, fitted);
    }
}

/// Whether an order rests in a book until it is filled or canceled. What waits for a trigger
/// protects what is held where it is, and is not mirrored.
const fn can_rest(kind: &OrderKind) -> bool {
    match kind {
        OrderKind::PostOnly { .. } => true,
        OrderKind::Limit { time_in_force, .. } => {
            matches!(time_in_force, TimeInForce::GoodTillCanceled)
        }
        OrderKind::Market(_) | OrderKind::Triggered { .. } => false,
    }
}
