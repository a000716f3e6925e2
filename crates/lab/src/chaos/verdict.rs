//! What is read in the books at the end of a day.

use std::collections::BTreeMap;

use tradewind_model::Decimal;
use tradewind_router::orders::Stage;
use tradewind_router::{Decision, DecisionKind, Holding};

use super::plan::Side;
use super::playing::Day;
use crate::check::{always_but_silence, check_ended, check_silence};

impl Day {
    /// Reads all books, and says what is wrong with them.
    pub(super) fn judge(&mut self) {
        self.count();
        let mut flaws = Vec::new();
        for side in Side::ALL {
            let lane = side.index();
            let name = self.crossing.route(lane).venue;
            let world = self.crossing.world(lane);
            let mut claims = Vec::new();
            always_but_silence(world, &mut claims);
            let ended = check_ended(world, self.crossing.id(lane));
            claims.extend(ended.err().into_iter().flat_map(|broken| broken.claims));
            let silence = check_silence(world, true);
            claims.extend(silence.err().into_iter().flat_map(|broken| broken.claims));
            flaws.extend(claims.into_iter().map(|claim| format!("{name}: {claim}")));
        }
        self.hold_against_venues(&mut flaws);
        self.one_venue_each(&mut flaws);
        self.one_move_a_window(&mut flaws);
        // What is broken over deaths is broken within one life as well, and once is enough.
        let mut said = std::collections::BTreeSet::new();
        self.report.flaws.extend(flaws);
        self.report.flaws.retain(|flaw| said.insert(flaw.clone()));
    }

    fn count(&mut self) {
        for side in Side::ALL {
            let ledger = self.crossing.world(side.index()).ledger();
            let taken: usize = ledger.accounts.iter().map(|account| account.orders_accepted).sum();
            let fills: usize = ledger.accounts.iter().map(|account| account.fills.len()).sum();
            self.report.orders += taken as u64;
            self.report.fills += fills as u64;
            self.report.bans += ledger.bans;
            self.report.turned_away += ledger.rate_limited + ledger.banned + ledger.forbidden;
            if side == Side::Bitget {
                self.report.orders_away += taken as u64;
            }
        }
        let decisions = self.crossing.decisions();
        let count = |is_it: fn(&DecisionKind) -> bool| {
            decisions.iter().filter(|decision| is_it(&decision.kind)).count() as u64
        };
        self.report.fail_overs = count(|kind| matches!(kind, DecisionKind::FailedOver(_)));
        self.report.fail_backs = count(|kind| matches!(kind, DecisionKind::FailedBack(_)));
        self.report.moved = count(|kind| matches!(kind, DecisionKind::Moved(_)));
        self.report.mirrored = count(|kind| matches!(kind, DecisionKind::Mirrored { .. }));
    }

    /// What the router thinks is held is what the venues say together, and nothing is open to it.
    fn hold_against_venues(&self, flaws: &mut Vec<String>) {
        let Some(board) = self.crossing.board() else {
            flaws.push("the process is dead at the end".to_owned());
            return;
        };
        let held = self.holdings.iter().map(|one| board.router().exposure(one).held);
        let held: Decimal = held.sum();
        let ledgers = Side::ALL.map(|side| self.crossing.world(side.index()).ledger());
        let positions = ledgers.iter().flat_map(|ledger| &ledger.accounts);
        let positions = positions.flat_map(|account| &account.position);
        let theirs: Decimal =
            positions.filter(|(asset, _)| asset == "BTC").map(|(_, qty)| *qty).sum();
        if held != theirs {
            flaws.push(format!("the router holds {held} BTC, and the venues say {theirs}"));
        }
        for ((route, id), placed) in board.router().orders().iter() {
            let (venue, stage) = (route.venue, placed.stage);
            // Handed to an engine that had ended by then: nobody has it, and nobody ever will.
            let is_known =
                Side::ALL.iter().any(|side| self.names_at(*side).any(|name| name == id.as_str()));
            if stage == Stage::Handed && !is_known {
                continue;
            }
            flaws.push(format!("to the router {id} is still {stage:?} at {venue}"));
        }
    }

    /// A name was taken by one venue at the most.
    fn one_venue_each(&self, flaws: &mut Vec<String>) {
        let mut taken: BTreeMap<String, Side> = BTreeMap::new();
        for side in Side::ALL {
            for name in self.names_at(side) {
                let before = taken.insert(name.to_owned(), side);
                if before.is_some_and(|before| before != side) {
                    flaws.push(format!("{name} was taken by both venues"));
                }
            }
        }
    }

    /// The names of all orders that a venue has taken, in its own books.
    fn names_at(&self, side: Side) -> impl Iterator<Item = &str> {
        let lane = side.index();
        let venue = self.crossing.world(lane).venue();
        let account = venue.account_of(self.crossing.instance(lane).api_key());
        let books = account.and_then(|account| venue.exchange().ledger(account));
        books
            .into_iter()
            .flat_map(|books| books.orders())
            .map(|order| order.client_order_id.as_str())
    }

    /// New intents of a strategy on an instrument moved once in a window at the most.
    fn one_move_a_window(&self, flaws: &mut Vec<String>) {
        let mut last: BTreeMap<&Holding, &Decision> = BTreeMap::new();
        for decision in self.crossing.decisions() {
            let (DecisionKind::FailedOver(holding)
            | DecisionKind::FailedBack(holding)
            | DecisionKind::Reassigned(holding)) = &decision.kind
            else {
                continue;
            };
            if let Some(before) = last.insert(holding, decision)
                && decision.at < before.at + self.policy.window
            {
                flaws.push(format!("moved at {} and again at {}", before.at, decision.at));
            }
        }
    }
}
