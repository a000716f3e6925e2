//! What a run came to, and whether the venue agrees.
//!
//! A bot's own account of itself is worth little: the bug that trades twice also counts wrong. So
//! whatever the venue can be asked is taken from the venue's [`Testimony`], and our own figures
//! stand beside it. A run on which both differ is not a success, however it ended.

mod inquest;
mod testimony;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tradewind_engine::{Counters, PositionView, Snapshot};
use tradewind_model::Decimal;
use tradewind_model::id::{Asset, ClientOrderId, InstrumentId, Symbol};
use tradewind_model::order::OrderUpdate;

use crate::session::About;

pub(crate) use inquest::Inquest;
pub use testimony::Testimony;

/// Something that is traded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Traded {
    pub(crate) id: InstrumentId,
    pub(crate) symbol: Symbol,
    /// Base and quote, once the venue has told.
    pub(crate) assets: Option<(Asset, Asset)>,
}

/// The most that was used of a limit in one window, by our ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peak {
    /// The most used.
    pub peak: u32,
    /// What a window holds.
    pub limit: u32,
}

/// What trading added to an asset, fees deducted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Added {
    /// By our ledger.
    pub ours: Decimal,
    /// By the venue's; none when it could not be asked.
    pub venues: Option<Decimal>,
}

/// The closing report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// What it is about.
    pub about: About,
    /// How long it took.
    pub took: Duration,
    /// Our counters; those of refusals by 429 and 418 as the venue counted them where it has.
    pub counters: Counters,
    /// Orders whose end is not known.
    pub unresolved: Vec<ClientOrderId>,
    /// Client order ids of ours under which the venue took more than one order.
    pub duplicates: usize,
    /// Requests that the venue got while we knew that it had banned us; none where it does not tell.
    pub knocks: Option<u64>,
    /// Orders of ours that are open at the venue and should not be, by client order id.
    pub orphans: Vec<String>,
    /// Of each limit the most that was used, by name.
    pub used_peak: BTreeMap<String, Peak>,
    /// What strategies have made.
    pub positions: Vec<PositionView>,
    /// What trading added to each asset.
    pub added: BTreeMap<Asset, Added>,
    /// Base asset of each instrument, where it is known.
    bases: BTreeMap<InstrumentId, Asset>,
    /// Why the venue could not be asked.
    unasked: Option<String>,
}

impl Closing {
    pub(crate) fn of(
        about: &About,
        last: &Snapshot,
        unresolved: Vec<ClientOrderId>,
        traded: &[Traded],
        testimony: Result<Testimony, String>,
    ) -> Self {
        let mut counters = last.counters.clone();
        let (testimony, unasked) = match testimony {
            Ok(testimony) => (Some(testimony), None),
            Err(reason) => (None, Some(reason)),
        };
        if let Some((http_429, http_418)) = testimony.as_ref().and_then(|said| said.refused) {
            (counters.http_429, counters.http_418) = (http_429, http_418);
        }
        // Orders that the configuration leaves open are none to be surprised by, as long as we
        // know of them.
        let is_left = |id: &&String| {
            let is_it = |order: &OrderUpdate| order.client_order_id.as_str() == id.as_str();
            !about.cancels_on_stop && last.open_orders.iter().any(is_it)
        };
        let orphans = testimony.iter().flat_map(|said| &said.open_orders);
        let orphans = orphans.filter(|id| !is_left(id)).cloned().collect();
        let assets_of: BTreeMap<_, _> = traded
            .iter()
            .filter_map(|one| one.assets.clone().map(|assets| (one.id.clone(), assets)))
            .collect();
        Self {
            about: about.clone(),
            took: last.at.since(about.started_at),
            unresolved,
            duplicates: testimony.as_ref().map_or(0, |said| said.duplicates),
            knocks: testimony.as_ref().and_then(|said| said.knocks),
            orphans,
            used_peak: used_peak(last),
            positions: last.positions.clone(),
            added: added(&last.positions, &assets_of, testimony.as_ref()),
            bases: assets_of.into_iter().map(|(id, (base, _))| (id, base)).collect(),
            unasked,
            counters,
        }
    }

    /// What trading added to the base asset of the first instrument.
    #[must_use]
    pub fn position(&self) -> Added {
        let base = self.about.instruments.first().and_then(|id| self.bases.get(id));
        let none = Added { ours: Decimal::ZERO, venues: None };
        base.and_then(|base| self.added.get(base)).copied().unwrap_or(none)
    }

    /// What all strategies have made together, in quote asset; none while a price is missing or
    /// the quote assets differ.
    #[must_use]
    pub fn profit(&self) -> Option<Decimal> {
        self.positions.iter().map(|one| one.profit).sum()
    }

    /// All fees paid, in quote asset; none while a price is missing.
    #[must_use]
    pub fn fees(&self) -> Option<Decimal> {
        self.positions.iter().map(|one| one.fees_in_quote).sum()
    }

    /// Whether what trading added to an asset is not the same by us and by the venue.
    #[must_use]
    pub fn differs(&self) -> bool {
        let is_other = |added: &Added| added.venues.is_some_and(|venues| venues != added.ours);
        self.added.values().any(is_other)
    }

    /// What is wrong with the run, in one line; none when nothing is.
    #[must_use]
    pub fn flaw(&self) -> Option<String> {
        let mut flaws = Vec::new();
        if let Some(reason) = &self.unasked {
            flaws.push(format!("the venue could not be asked what it knows ({reason})"));
        }
        if let Some(knocks) = self.knocks.filter(|knocks| *knocks > 0) {
            flaws.push(format!("{knocks} requests into a ban that was known"));
        }
        if self.duplicates > 0 {
            flaws.push(format!("{} client order ids stand for two orders", self.duplicates));
        }
        if !self.orphans.is_empty() {
            flaws.push(format!("still open at the venue: {}", self.orphans.join(", ")));
        }
        if !self.unresolved.is_empty() {
            let ids: Vec<_> = self.unresolved.iter().map(ToString::to_string).collect();
            flaws.push(format!("the end of {} is not known", ids.join(", ")));
        }
        for (asset, added) in &self.added {
            if let Some(venues) = added.venues.filter(|venues| *venues != added.ours) {
                let ours = added.ours;
                flaws.push(format!("trading added {ours} {asset} by us, {venues} by the venue"));
            }
        }
        (!flaws.is_empty()).then(|| format!("{}; look at the account", flaws.join("; ")))
    }

    /// The report as one object; money as text, so that no digit is lost.
    #[must_use]
    pub fn json(&self) -> Value {
        let position = self.position();
        let counters = &self.counters;
        let peaks = self
            .used_peak
            .iter()
            .map(|(name, used)| (name.clone(), json!({ "peak": used.peak, "limit": used.limit })));
        let added = self.added.iter().map(|(asset, added)| {
            let both = json!({ "ours": text(added.ours), "venue": added.venues.map(text) });
            (asset.to_string(), both)
        });
        json!({
            "kind": "closing",
            "venue": self.about.venue.as_str(),
            "symbol": self.about.instruments.first().map(InstrumentId::as_str),
            "seed": self.about.seed,
            "seconds": self.took.as_secs(),
            "orders_sent": counters.orders_sent,
            "orders_accepted": counters.orders_accepted,
            "orders_filled": counters.orders_filled,
            "orders_canceled": counters.orders_canceled,
            "orders_rejected": counters.orders_rejected,
            "orders_expired": counters.orders_expired,
            "orders_denied": counters.orders_denied,
            "orders_in_doubt": counters.orders_in_doubt,
            "fills": counters.fills,
            "duplicates": self.duplicates,
            "orphans": self.orphans.len(),
            "unresolved": self.unresolved.len(),
            "http_429": counters.http_429,
            "http_418": counters.http_418,
            "requests_while_banned": self.knocks,
            "streams_lost": counters.streams_lost,
            "unreadable_messages": counters.unreadable_messages,
            "used_peak": Value::Object(peaks.collect::<Map<_, _>>()),
            "position": text(position.ours),
            "venue_position": position.venues.map(text),
            "profit": self.profit().map(text),
            "fees": self.fees().map(text),
            "assets": Value::Object(added.collect::<Map<_, _>>()),
            "strategies": self.positions.iter().map(strategy).collect::<Vec<_>>(),
            "flaw": self.flaw(),
        })
    }
}

fn strategy(view: &PositionView) -> Value {
    json!({
        "strategy": view.strategy.as_str(),
        "instrument": view.instrument.as_str(),
        "position": text(view.base),
        "profit": view.profit.map(text),
        "fees": view.fees_in_quote.map(text),
        "fills": view.fills,
    })
}

/// Money as text: the same number is the same text.
fn text(value: Decimal) -> String {
    value.normalize().to_string()
}

fn used_peak(last: &Snapshot) -> BTreeMap<String, Peak> {
    let mut peaks = BTreeMap::<String, Peak>::new();
    for bucket in &last.scheduler.buckets {
        let used = Peak { peak: bucket.peak, limit: bucket.limit.capacity };
        // Every socket has a bucket of its own; the fullest of them is the one to know of.
        let highest = peaks.entry(bucket.name()).or_insert(used);
        if used.peak > highest.peak {
            *highest = used;
        }
    }
    peaks
}

fn added(
    positions: &[PositionView],
    assets_of: &BTreeMap<InstrumentId, (Asset, Asset)>,
    testimony: Option<&Testimony>,
) -> BTreeMap<Asset, Added> {
    let mut ours = BTreeMap::<Asset, Decimal>::new();
    for (base, quote) in assets_of.values() {
        for asset in [base, quote] {
            ours.entry(asset.clone()).or_default();
        }
    }
    for view in positions {
        let Some((base, quote)) = assets_of.get(&view.instrument) else { continue };
        // What earlier runs have traded is none of this one's.
        let before = &view.inherited;
        *ours.entry(base.clone()).or_default() += view.base - before.base;
        *ours.entry(quote.clone()).or_default() += view.quote - before.quote;
        // Fees in base and quote are deducted there already.
        for (asset, fee) in view.fees.iter().filter(|(asset, _)| ![base, quote].contains(asset)) {
            let paid_before = before.fees.get(asset).copied().unwrap_or_default();
            *ours.entry(asset.clone()).or_default() -= *fee - paid_before;
        }
    }
    let added = |(asset, ours): (Asset, Decimal)| {
        let venues =
            testimony.map(|said| said.added.get(&asset).copied().unwrap_or_default().normalize());
        (asset, Added { ours: ours.normalize(), venues })
    };
    ours.into_iter().map(added).collect()
}

impl fmt::Display for Closing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counters { orders_sent: sent, orders_accepted: accepted, fills, .. } = self.counters;
        let Counters { orders_filled, orders_canceled, orders_rejected, .. } = self.counters;
        let Counters { orders_expired, orders_denied, orders_in_doubt, .. } = self.counters;
        let Counters { http_429, http_418, .. } = self.counters;
        let (unresolved, duplicates) = (self.unresolved.len(), self.duplicates);
        let orphans = self.orphans.len();
        let seed = self.about.seed.map(|seed| format!(", seed {seed}")).unwrap_or_default();
        writeln!(f, "{}{seed}, {} s", self.about.venue, self.took.as_secs())?;
        writeln!(
            f,
            "  orders    {sent} sent, {accepted} accepted, {orders_filled} filled, {orders_canceled} canceled"
        )?;
        writeln!(
            f,
            "            {orders_rejected} rejected, {orders_expired} expired, {orders_denied} never sent"
        )?;
        writeln!(
            f,
            "  doubts    {orders_in_doubt} in doubt, {unresolved} unresolved, {duplicates} duplicates, {orphans} orphans"
        )?;
        writeln!(f, "  refusals  {http_429} of 429, {http_418} of 418")?;
        for (name, used) in &self.used_peak {
            writeln!(f, "  limit     {name:<24} {:>7} of {} at the most", used.peak, used.limit)?;
        }
        writeln!(f, "  fills     {fills}")?;
        for view in &self.positions {
            let PositionView { strategy, instrument, .. } = view;
            let profit = view.profit.map_or_else(|| "unknown".to_owned(), shown);
            let fees = view
                .fees_in_quote
                .map_or_else(|| "unknown".to_owned(), |fees| text(fees.round_dp(2)));
            let base = text(view.base);
            writeln!(
                f,
                "  {strategy:<9} {instrument}: position {base}, profit {profit}, fees {fees}"
            )?;
        }
        for (asset, added) in &self.added {
            let venues = added.venues.map_or_else(|| "unknown".to_owned(), text);
            writeln!(f, "  {asset:<9} {} by us, {venues} by the venue", text(added.ours))?;
        }
        Ok(())
    }
}

/// Money for reading: two decimals are enough of a profit.
pub(crate) fn shown(value: Decimal) -> String {
    format!("{:+}", value.round_dp(2))
}

#[cfg(test)]
mod tests;
