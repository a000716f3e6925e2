//! What it all came to, by the venue's books.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use tradewind::prelude::{Decimal, InstrumentId};
use tradewind_engine::journal::{Recovered, Turnover};
use tradewind_model::id::Asset;
use tradewind_simulator::exchange::{AccountId, Exchange};
use tradewind_simulator::front::VenueLedger;

use crate::Failed;
use crate::args::Args;

const INSTRUMENT: &str = "BTC-USDT";
const BASE: &str = "BTC";
const QUOTE: &str = "USDT";
/// The venue's one account.
const ACCOUNT: AccountId = AccountId(0);

/// What is counted from kill to kill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) kills: u32,
    /// Kills that met an order of that life between its intent and the venue's word on it.
    pub(crate) in_flight: u32,
    /// Kills that met an order that an earlier kill had left so.
    pub(crate) resolving: u32,
    /// The most rungs with more than one order on them that were ever seen after a kill.
    pub(crate) doubled: usize,
}

impl Tally {
    pub(crate) fn line(&self, took: Duration) -> String {
        let Self { kills, in_flight, resolving, .. } = self;
        let took = took.as_secs();
        format!("{kills} kills in {took} s: {in_flight} in flight, {resolving} while resolving")
    }
}

/// Rungs that more than one order rests on: the grid wants one at the most.
pub(crate) fn doubled(exchange: &Exchange) -> usize {
    let mut rungs = BTreeMap::<_, usize>::new();
    for order in exchange.open_orders(ACCOUNT, None) {
        *rungs.entry((order.side.as_str(), order.price)).or_default() += 1;
    }
    rungs.values().filter(|count| **count > 1).count()
}

/// The comparison.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    seed: u64,
    tally: Tally,
    took: Duration,
    /// Names under which the venue took more than one order.
    duplicates: usize,
    /// Orders open at the venue at the end, and orders that it took and the journal does not know.
    orphans: usize,
    /// Orders in the journal that have no end.
    unresolved: usize,
    position: Decimal,
    venue_position: Decimal,
    /// Orders that the venue took.
    orders: usize,
    fills: u64,
    venue_fills: usize,
    refused: (u64, u64),
    /// What the last life's own report finds wrong.
    complaint: Option<String>,
}

impl Verdict {
    pub(crate) fn of(
        args: &Args,
        tally: Tally,
        took: Duration,
        recovered: &Recovered,
        ledger: &VenueLedger,
        exchange: &Exchange,
        closing: Value,
    ) -> Result<Self, Failed> {
        let account = ledger.accounts.first().ok_or("the venue has no account")?;
        let accepted = exchange.ledger(ACCOUNT).ok_or("the venue has no books")?.orders();
        let known: BTreeSet<_> = recovered.orders.keys().chain(recovered.closed.keys()).collect();
        let known: BTreeSet<_> = known.into_iter().map(|id| id.as_str()).collect();
        let unknown = accepted.iter().filter(|order| !known.contains(&*order.client_order_id));
        let mut turnover = Turnover::default();
        let instrument = InstrumentId::from(INSTRUMENT);
        let own = recovered.turnovers.iter().filter(|(key, _)| key.instrument == instrument);
        own.for_each(|(_, one)| turnover.add(one));
        let position = turnover.position(&Asset::new(QUOTE));
        let venues = account.position.iter().find(|(asset, _)| asset == BASE);
        let complaint = (closing["duplicates"] != 0 || closing["orphans"] != 0)
            .then(|| format!("the last life reports {closing}"));
        Ok(Self {
            seed: args.seed,
            tally,
            took,
            duplicates: account.duplicate_client_ids.len(),
            orphans: account.open_orders.len() + unknown.count(),
            unresolved: recovered.orders.len(),
            position: position.base.normalize(),
            venue_position: venues.map(|(_, net)| net.normalize()).unwrap_or_default(),
            orders: accepted.len(),
            fills: turnover.fills,
            venue_fills: account.fills.len(),
            refused: (ledger.rate_limited, ledger.banned),
            complaint,
        })
    }

    /// What is wrong, the worst first; none when nothing is.
    pub(crate) fn flaw(&self) -> Option<String> {
        let (kills, in_flight) = (self.tally.kills, self.tally.in_flight);
        let says = [
            (self.duplicates > 0, format!("{} orders were placed twice", self.duplicates)),
            (self.tally.doubled > 0, format!("{} rungs had two orders", self.tally.doubled)),
            (self.orphans > 0, format!("{} orders belong to nobody", self.orphans)),
            (
                self.position != self.venue_position,
                format!("we hold {} and the venue says {}", self.position, self.venue_position),
            ),
            (
                usize::try_from(self.fills) != Ok(self.venue_fills),
                format!("{} trades are known of {}", self.fills, self.venue_fills),
            ),
            (self.unresolved > 0, format!("{} orders have no end", self.unresolved)),
            (
                in_flight * 2 < kills,
                format!("only {in_flight} of {kills} kills met an order in flight"),
            ),
        ];
        let found = says.into_iter().find_map(|(is_so, what)| is_so.then_some(what));
        found.or_else(|| self.complaint.clone())
    }

    /// For people; with JSON as the last line when that is asked for.
    pub(crate) fn text(&self, is_json: bool) -> String {
        let Tally { kills, in_flight, resolving, .. } = self.tally;
        let mut text = format!(
            "embedded, seed {}, {} s\n  kills     {kills}: {in_flight} with an order in flight, \
             {resolving} while an earlier one was cleared up\n  orders    {} taken by the venue, {} \
             duplicates, {} orphans, {} without an end\n  trades    {} by us, {} by the venue\n  \
             BTC       {} by us, {} by the venue",
            self.seed,
            self.took.as_secs(),
            self.orders,
            self.duplicates,
            self.orphans,
            self.unresolved,
            self.fills,
            self.venue_fills,
            self.position,
            self.venue_position,
        );
        if is_json {
            text = format!("{text}\n{}", self.json());
        }
        text
    }

    fn json(&self) -> Value {
        json!({
            "kind": "crash",
            "seed": self.seed,
            "took_s": self.took.as_secs(),
            "kills": self.tally.kills,
            "kills_in_flight": self.tally.in_flight,
            "kills_resolving": self.tally.resolving,
            "duplicates": self.duplicates,
            "doubled_rungs": self.tally.doubled,
            "orphans": self.orphans,
            "unresolved": self.unresolved,
            "position": self.position.to_string(),
            "venue_position": self.venue_position.to_string(),
            "orders": self.orders,
            "fills": self.fills,
            "venue_fills": self.venue_fills,
            "http_429": self.refused.0,
            "http_418": self.refused.1,
            "flaw": self.flaw(),
        })
    }
}
