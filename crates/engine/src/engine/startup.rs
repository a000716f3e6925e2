//! What has to be known before the first order, read in order.
//!
//! The venue's clock; its instruments and limits; the account's stream, and only then the account
//! itself, so that nothing falls between the two; the venue's count of our orders. Then the
//! strategies begin, and their feeds and histories are fetched. Nothing is traded until all of it
//! is there.

use std::collections::BTreeSet;

use tradewind_model::balance::AccountSnapshot;
use tradewind_model::call::{Call, CallKind};
use tradewind_model::id::{CallId, ClientOrderId, StrategyId, Symbol};
use tradewind_model::instrument::Instrument;
use tradewind_model::notice::{Notice, Recovered};
use tradewind_model::report::ExecutionReport;
use tradewind_model::setback::Setback;
use tradewind_model::stream::StreamKind;
use tradewind_model::time::Timestamp;
use tradewind_scheduler::{Never, Origin, Priority, Scheduler, Ticket};

use super::calls::Owner;
use super::{Engine, EngineConfig, Timer};
use crate::action::Failure;
use crate::beginning::Catalog;
use crate::incident::Incident;

/// What is known already, and what is not.
#[derive(Debug, Default)]
pub(super) struct Startup {
    has_catalog: bool,
    pub(super) has_account: bool,
    has_order_counts: bool,
    missing_open_orders: BTreeSet<Symbol>,
    pub(super) has_begun_strategies: bool,
    /// Everything was there once.
    is_done: bool,
    has_read_missed_trades: bool,
    /// Orders of which something may have happened unheard.
    pub(super) unsure: BTreeSet<ClientOrderId>,
    /// What strategies are to be told once they have begun.
    setbacks: Vec<(StrategyId, Setback)>,
    /// Others serve the strategies meanwhile: it may take as long as it needs.
    is_patient: bool,
    /// It was told that it takes long.
    has_told: bool,
    /// The last read that failed, for the message when time runs out.
    pub(super) last_failure: Option<(CallKind, String)>,
}

impl Startup {
    /// Whether everything was there once; what fails later is tried again for ever.
    pub(super) fn is_over(&self) -> bool {
        self.is_done
    }

    /// Whether the venue's instruments are known.
    pub(super) fn has_catalog(&self) -> bool {
        self.has_catalog
    }
}

/// What every start asks for, whatever is traded: the dearest calls are among it.
const CALLS: [Call; 5] = [
    Call::ServerTime,
    Call::Account,
    Call::OrderCounts,
    Call::SubscribeAccount,
    Call::OpenStream { kind: StreamKind::Account, feeds: Vec::new() },
];

impl EngineConfig {
    /// Why no start would ever come to its end: a call that is made at each is more than this
    /// process may have of some limit. None when there is no such thing.
    #[must_use]
    pub fn never_starts(&self) -> Option<Never> {
        let mut scheduler = Scheduler::new(self.scheduler.clone());
        let now = Timestamp::EPOCH;
        scheduler.set_limits(now, &self.tariff.limits);
        let symbols = self.strategies.iter().flat_map(|setup| setup.instruments.iter());
        let symbols: Vec<_> = symbols.map(|(_, symbol)| symbol.clone()).collect();
        let orders =
            symbols.first().map(|symbol| Call::OpenOrders { symbol: Some(symbol.clone()) });
        let calls = CALLS.into_iter().chain(orders).chain([Call::Catalog { symbols }]);
        calls.zip(1_u64..).find_map(|(call, number)| {
            let ticket = Ticket {
                call: CallId(number),
                cost: self.tariff.cost(&call)?.clone(),
                priority: Priority::Query,
                group: call.kind().group(),
                origin: Origin {
                    egress: self.route.egress,
                    account: call.kind().is_signed().then_some(self.route.account),
                    socket: None,
                },
                deadline: Timestamp::MAX,
                submitted_at: now,
                owner: 0,
                probe: None,
            };
            scheduler.submit(now, ticket).err()
        })
    }
}

impl Engine {
    /// The catalog is known, or known anew.
    pub(super) fn catalog_read(&mut self, now: Timestamp, catalog: Catalog) {
        let Catalog { read_at, instruments, limits } = catalog;
        self.refresh_catalog_after(now, read_at);
        if !limits.is_empty() {
            self.tariff.replace_limits(&limits);
            self.scheduler.set_limits(now, &self.tariff.limits);
        }
        let setups = self.config.strategies.iter().flat_map(|setup| setup.instruments.iter());
        let mut missing = Vec::new();
        for (id, symbol) in setups {
            match instruments.iter().find(|one| one.symbol == *symbol) {
                Some(listed) => {
                    // Strategies know it by the name that the configuration gave it.
                    let named = Instrument { id: id.clone(), ..listed.clone() };
                    self.symbols.insert(symbol.clone(), id.clone());
                    self.instruments.insert(id.clone(), named);
                }
                None => missing.push(id.to_string()),
            }
        }
        let names = missing.join(" or ");
        let message = "it is not in the venue's list".to_owned();
        if self.startup.has_catalog {
            if !names.is_empty() {
                self.tell(Incident::ReadFailed {
                    what: format!("Catalog of {names}"),
                    reason: message,
                });
            }
        } else if names.is_empty() {
            self.startup.has_catalog = true;
            self.restore_positions();
            self.want_rates_of_books(now);
            self.open_stream(now, StreamKind::Account);
        } else {
            let venue = self.config.route.venue;
            self.fail(Failure::UnknownInstrument { venue, names, message });
        }
    }

    /// The account's events flow: whatever is read from here on misses nothing.
    pub(super) fn read_account(&mut self, now: Timestamp) {
        if !self.calls.is_waited_for(&Owner::Account) {
            self.request(now, Call::Account, Owner::Account, Priority::Query);
        }
        if !self.startup.is_done {
            // Nothing is counted where there is nothing to ask.
            if self.tariff.cost(&Call::OrderCounts).is_none() {
                self.startup.has_order_counts = true;
            } else {
                self.request(now, Call::OrderCounts, Owner::OrderCounts, Priority::Query);
            }
            let symbols: Vec<_> = self.symbols.keys().cloned().collect();
            for symbol in symbols {
                self.startup.missing_open_orders.insert(symbol.clone());
                let call = Call::OpenOrders { symbol: Some(symbol.clone()) };
                self.request(now, call, Owner::OpenOrders(symbol), Priority::Query);
            }
            if !std::mem::replace(&mut self.startup.has_read_missed_trades, true) {
                self.read_missed_trades(now);
            }
        }
    }

    pub(super) fn account_read(
        &mut self,
        now: Timestamp,
        sent_at: Timestamp,
        account: AccountSnapshot,
    ) {
        if !account.can_trade && !self.startup.is_done {
            let (venue, account) = (self.config.route.venue, self.config.route.account);
            let message = "the account may not trade".to_owned();
            self.fail(Failure::Auth { venue, account, message });
            return;
        }
        self.ledger.fees = account.fees;
        self.ledger.set_balances(&account.balances, true);
        // Balances of before the stream stood may miss what happened until then.
        if self.account_stream.has_stood_since(sent_at) {
            self.startup.has_account = true;
        } else if self.account_stream.is_live() {
            self.read_account(now);
        }
        self.tell_balances(&account.balances);
        self.begin_strategies(now);
        if self.startup.has_account {
            self.audit(now, &account.balances);
        }
    }

    pub(super) fn order_counts_read(&mut self, now: Timestamp) {
        self.startup.has_order_counts = true;
        self.begin_strategies(now);
    }

    pub(super) fn open_orders_read(
        &mut self,
        now: Timestamp,
        symbol: &Symbol,
        orders: &[ExecutionReport],
    ) {
        self.startup.missing_open_orders.remove(symbol);
        let mut count = 0;
        let mut listed = BTreeSet::new();
        for report in orders {
            let (client, venue) = (report.client_order_id, report.venue_order_id);
            let known = self.ledger.find(&report.symbol, client, venue);
            match known {
                Some(id) => {
                    listed.insert(id);
                    self.take_in(now, id, report);
                }
                None => count += usize::from(self.adopt_order(now, report).is_none()),
            }
        }
        if count > 0 {
            self.tell(Incident::ForeignOrders { count });
        }
        self.ask_about_unlisted(now, symbol, &listed);
        self.begin_strategies(now);
    }

    /// Begins the strategies once everything they are told at their beginning is known.
    pub(super) fn begin_strategies(&mut self, now: Timestamp) {
        let startup = &self.startup;
        let is_known = startup.has_account
            && startup.has_order_counts
            && startup.missing_open_orders.is_empty()
            && startup.unsure.is_empty()
            && self.scans.is_empty();
        if startup.has_begun_strategies || !is_known || self.is_missing_trades() {
            return;
        }
        self.startup.has_begun_strategies = true;
        let strategies: Vec<_> = self.members.keys().copied().collect();
        for strategy in strategies {
            let recovered = self.recovered(strategy);
            self.notify(strategy, Notice::Started(Box::new(recovered)));
        }
        for (strategy, setback) in std::mem::take(&mut self.startup.setbacks) {
            self.notify(strategy, Notice::Setback(Box::new(setback)));
        }
        if self.members.is_empty() {
            self.open_market_stream(now);
        }
    }

    /// Whether strategies have been told of their beginning.
    pub(super) const fn has_begun_strategies(&self) -> bool {
        self.startup.has_begun_strategies
    }

    /// Keeps for a strategy's beginning what became of an order of an earlier life.
    pub(super) fn keep_setback(&mut self, strategy: StrategyId, setback: Setback) {
        self.startup.setbacks.push((strategy, setback));
    }

    /// Whether the venue has told of trades that it has not told yet.
    fn is_missing_trades(&self) -> bool {
        self.watches.keys().any(|id| {
            self.timers.is_set(Timer::Fetch(*id)) || self.calls.is_waited_for(&Owner::Fetch(*id))
        })
    }

    fn recovered(&self, strategy: StrategyId) -> Recovered {
        let member = self.members.get(&strategy);
        let own = member.map(|member| member.instruments.as_slice()).unwrap_or_default();
        let orders = self.ledger.open().filter(|order| order.strategy == strategy);
        let positions = self.ledger.positions().iter().filter(|((of, _), _)| *of == strategy);
        Recovered {
            instruments: own.iter().filter_map(|id| self.instruments.get(id).cloned()).collect(),
            orders: orders.map(|order| order.update(None, None)).collect(),
            positions: positions
                .map(|((_, id), position)| (id.clone(), position.clone()))
                .collect(),
            balances: self.ledger.balances().cloned().collect(),
            fees: self.ledger.fees,
            store: member.map(|member| member.store.clone()).unwrap_or_default(),
        }
    }

    pub(super) fn strategy_started(&mut self, now: Timestamp, strategy: StrategyId) {
        if let Some(member) = self.members.get_mut(&strategy) {
            member.has_started = true;
        }
        if self.members.values().all(|member| member.has_started) {
            self.open_market_stream(now);
        }
    }

    /// What is missing before the first order, in words; none when nothing is.
    pub(super) fn missing(&self) -> Option<&'static str> {
        let startup = &self.startup;
        if self.timers.is_set(Timer::Begin) {
            Some("holding back before the first call")
        } else if !self.clock.is_known() {
            Some("reading the venue's clock")
        } else if !startup.has_catalog {
            Some("reading the venue's instruments")
        } else if !self.account_stream.is_live() {
            Some("the account's stream is down")
        } else if !startup.has_account || !startup.missing_open_orders.is_empty() {
            Some("reading the account")
        } else if !startup.has_order_counts {
            Some("reading the venue's count of orders")
        } else if !startup.unsure.is_empty() {
            Some("asking about orders after a gap")
        } else if self.resync.is_running() {
            Some("reading what was missed in a gap")
        } else if !startup.has_begun_strategies && !self.scans.is_empty() {
            Some("reading trades that were missed")
        } else if !self.members.values().all(|member| member.has_started) {
            Some("strategies are starting")
        } else if self.market.has_feeds() && !self.market_stream.is_live() {
            Some("the market's stream is down")
        } else if self.market.awaits_history() {
            Some("reading history")
        } else {
            None
        }
    }

    pub(super) fn startup_complete(&mut self) {
        self.startup.is_done = true;
        self.timers.clear(Timer::Startup);
    }

    pub(super) fn start_patiently(&mut self) {
        self.startup.is_patient = true;
    }

    pub(super) fn startup_timed_out(&mut self, now: Timestamp) {
        if self.startup.is_done {
            return;
        }
        if !self.startup.unsure.is_empty() && self.startup.has_account {
            // Orders of earlier lives are asked about for as long as it takes.
            self.timers.set(Timer::Startup, now + self.config.startup_timeout);
            return;
        }
        if let Some((until, scope)) = self.longest_shut(now) {
            if until < Timestamp::MAX {
                // The venue has said when to come back: until then it owes no answer.
                self.timers.set(Timer::Startup, until + self.config.startup_timeout);
            } else {
                let (venue, account) = (self.config.route.venue, self.config.route.account);
                let message = format!("{scope} is shut until somebody clears it");
                self.fail(Failure::Auth { venue, account, message });
            }
            return;
        }
        let missing = self.missing().unwrap_or("starting").to_owned();
        let failure = self.startup.last_failure.clone();
        let waited = self.config.startup_timeout.as_secs();
        let (what, message) = failure.map_or_else(
            || (missing, format!("nothing in {waited} s")),
            |(kind, reason)| (format!("{kind:?}"), reason),
        );
        if !self.startup.is_patient {
            self.fail(Failure::Unreachable { venue: self.config.route.venue, what, message });
        } else if !std::mem::replace(&mut self.startup.has_told, true) {
            self.tell(Incident::NotStarted { what, message });
        }
    }
}
