//! Requests that the venue has refused time and again, and that are refused here.
//!
//! Two requests are the same when the venue would object to the same in both: symbol, side, kind,
//! price and quantity of an order, everything of a question. Names and times are no part of it.
//! What was refused alike three times goes once a minute from then on, until the venue takes it.
//! Orders that wait for leave when that happens do not leave either.

use std::hash::{Hash, Hasher};

use tradewind_model::call::Call;
use tradewind_model::id::{ClientOrderId, Symbol};
use tradewind_model::order::{Denied, OrderState};
use tradewind_model::outcome::{Refusal, RefusalKind};
use tradewind_model::time::Timestamp;
use tradewind_scheduler::RefusedAlike;

use super::Engine;
use crate::incident::Incident;
use crate::order::Order;

/// Whether the venue said no to what was asked, rather than to who asked or when.
const fn is_about_the_request(kind: RefusalKind) -> bool {
    match kind {
        RefusalKind::Validation | RefusalKind::Business => true,
        RefusalKind::DuplicateOrder
        | RefusalKind::UnknownOrder
        | RefusalKind::Auth
        | RefusalKind::Clock => false,
    }
}

impl Engine {
    /// Whether an order may be asked for.
    pub(super) fn check_alike(&mut self, now: Timestamp, id: ClientOrderId) -> Result<(), Denied> {
        let Some(order) = self.ledger.order(id) else {
            return Ok(());
        };
        self.refusals.check(now, &order.symbol, of_order(order)).map_err(denied)
    }

    /// The venue has refused an order.
    pub(super) fn note_order_refused(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        refusal: &Refusal,
    ) {
        let Some(order) = self.ledger.order(id).filter(|_| is_about_the_request(refusal.kind))
        else {
            return;
        };
        let (symbol, fingerprint, strategy) =
            (order.symbol.clone(), of_order(order), order.strategy);
        let Refusal { code, message, .. } = refusal;
        let opened = self.refusals.note_refused(now, &symbol, fingerprint, *code, message);
        if let Some(alike) = opened {
            self.deny_alike(now, &symbol, fingerprint, &alike);
            let what = format!("the same order for {symbol}");
            self.tell(Incident::RefusedAlike { strategy: Some(strategy), what, alike });
        }
    }

    /// The venue has taken an order.
    pub(super) fn note_order_accepted(&mut self, id: ClientOrderId) {
        if let Some(order) = self.ledger.order(id) {
            self.refusals.note_accepted(&order.symbol, of_order(order));
        }
    }

    /// Those that wait already do not leave.
    fn deny_alike(
        &mut self,
        now: Timestamp,
        symbol: &Symbol,
        fingerprint: u64,
        alike: &RefusedAlike,
    ) {
        let same = self.ledger.open().filter(|order| {
            order.state == OrderState::Pending
                && order.symbol == *symbol
                && of_order(order) == fingerprint
                && self.placing(order.id).is_some()
        });
        let same: Vec<_> = same.map(|order| order.id).collect();
        for id in same {
            self.deny_entry(now, id, &denied(alike.clone()));
        }
    }

    /// Whether a question may be asked.
    pub(super) fn check_read(&mut self, now: Timestamp, call: &Call) -> Result<(), RefusedAlike> {
        self.refusals.check(now, &symbol_of(call), fingerprint(call))
    }

    /// The venue has refused a question.
    pub(super) fn note_read_refused(&mut self, now: Timestamp, call: &Call, refusal: &Refusal) {
        if !is_about_the_request(refusal.kind) {
            return;
        }
        let (symbol, fingerprint) = (symbol_of(call), fingerprint(call));
        let Refusal { code, message, .. } = refusal;
        let opened = self.refusals.note_refused(now, &symbol, fingerprint, *code, message);
        if let Some(alike) = opened {
            let what = format!("the same {:?}", call.kind());
            self.tell(Incident::RefusedAlike { strategy: None, what, alike });
        }
    }

    /// The venue has answered a question.
    pub(super) fn note_read_accepted(&mut self, call: &Call) {
        self.refusals.note_accepted(&symbol_of(call), fingerprint(call));
    }
}

fn denied(alike: RefusedAlike) -> Denied {
    let RefusedAlike { code, words, times, until } = alike;
    Denied::RefusedAlike { code, words, times, until }
}

fn symbol_of(call: &Call) -> Symbol {
    call.symbol().cloned().unwrap_or_else(|| Symbol::new(""))
}

fn of_order(order: &Order) -> u64 {
    fingerprint(&(order.side, order.kind))
}

/// A number that the same request always has, in this process and the next.
fn fingerprint(request: &impl Hash) -> u64 {
    let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
    request.hash(&mut hasher);
    hasher.finish()
}

/// The hash FNV-1a of 64 bits (Fowler, Noll and Vo, RFC 9923).
struct Fnv(u64);

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
