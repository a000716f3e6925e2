//! What an asset is worth in another: fees are paid in coins that nobody trades.
//!
//! A venue takes its fees in a coin of its own where an account wants that. What such a fee has
//! cost is known once that coin has a price in the asset that the books are kept in. The market
//! that strategies follow answers first; what they do not follow is read now and then, as long as
//! such fees stand in the books.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

use tradewind_model::Decimal;
use tradewind_model::call::Call;
use tradewind_model::id::Asset;
use tradewind_model::instrument::Instrument;
use tradewind_model::market::Quote;
use tradewind_model::report::Fill;
use tradewind_model::time::Timestamp;
use tradewind_scheduler::Priority;

use super::calls::Owner;
use super::{Engine, Timer};

/// A fee is a thousandth of what was traded: a price of a minute ago is near enough.
const READ_EVERY: Duration = Duration::from_secs(60);

/// One asset, priced in another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pair {
    pub(super) base: Asset,
    pub(super) quote: Asset,
}

impl Pair {
    fn turned(&self) -> Self {
        Self { base: self.quote.clone(), quote: self.base.clone() }
    }
}

/// Prices that are wanted, and what is known of them.
#[derive(Debug, Default)]
pub(super) struct Rates {
    wanted: BTreeMap<Pair, Rate>,
}

#[derive(Debug, Default)]
struct Rate {
    price: Option<Decimal>,
    /// Whether the venue has it only the other way around.
    is_turned: bool,
    /// Whether the venue has it neither way.
    is_unknown: bool,
}

impl Rate {
    fn asked_as(&self, pair: &Pair) -> Pair {
        if self.is_turned { pair.turned() } else { pair.clone() }
    }
}

/// The asset that a fee was paid in, and what it is priced in, when the instrument has no part of it.
pub(super) fn fee_elsewhere(fill: &Fill, instrument: &Instrument) -> Option<(Asset, Asset)> {
    let asset = fill.commission_asset.as_ref()?;
    let is_elsewhere = ![&instrument.base, &instrument.quote].contains(&asset);
    is_elsewhere.then(|| (asset.clone(), instrument.quote.clone()))
}

impl Engine {
    /// What earlier lives hold and have paid in fees stands in the books as well.
    pub(super) fn want_rates_of_books(&mut self, now: Timestamp) {
        let mut wanted = Vec::new();
        for ((_, id), position) in self.ledger.positions() {
            let Some(one) = self.instruments.get(id) else { continue };
            if !position.base.is_zero() {
                wanted.push((one.base.clone(), one.quote.clone()));
            }
            let elsewhere =
                position.fees.keys().filter(|asset| ![&one.base, &one.quote].contains(asset));
            wanted.extend(elsewhere.map(|asset| (asset.clone(), one.quote.clone())));
        }
        for (base, quote) in wanted {
            self.want_rate(now, base, quote);
        }
    }

    /// What an asset is worth is to be known.
    pub(super) fn want_rate(&mut self, now: Timestamp, base: Asset, quote: Asset) {
        let pair = Pair { base, quote };
        if let Entry::Vacant(place) = self.rates.wanted.entry(pair) {
            place.insert(Rate::default());
            self.timers.set(Timer::Rates, now);
        }
    }

    /// Reads what nobody follows.
    pub(super) fn read_rates(&mut self, now: Timestamp) {
        let unfollowed = |pair: &&Pair| self.followed_rate(&pair.base, &pair.quote).is_none();
        let wanted = self.rates.wanted.iter().filter(|(_, rate)| !rate.is_unknown);
        let pairs: Vec<_> = wanted
            .filter(|(pair, _)| unfollowed(pair))
            .map(|(pair, rate)| (pair.clone(), rate.asked_as(pair)))
            .collect();
        for (pair, Pair { base, quote }) in pairs {
            let owner = Owner::Rate(pair);
            if !self.calls.is_waited_for(&owner) {
                self.request(now, Call::Rate { base, quote }, owner, Priority::Background);
            }
        }
        let next = now + self.apart(now, READ_EVERY);
        self.timers.set(Timer::Rates, next);
    }

    pub(super) fn rate_read(&mut self, pair: &Pair, quote: &Quote) {
        let Some(rate) = self.rates.wanted.get_mut(pair) else { return };
        let mid = quote.mid().get();
        rate.price = if rate.is_turned { Decimal::ONE.checked_div(mid) } else { Some(mid) };
    }

    /// The venue has no such market.
    pub(super) fn rate_refused(&mut self, now: Timestamp, pair: &Pair) {
        let Some(rate) = self.rates.wanted.get_mut(pair) else { return };
        rate.is_unknown = rate.is_turned;
        rate.is_turned = true;
        if !rate.is_unknown {
            self.timers.set(Timer::Rates, now);
        }
    }

    /// What one of an asset is worth in another; none while that is not known.
    pub(crate) fn rate(&self, asset: &Asset, quote: &Asset) -> Option<Decimal> {
        if asset == quote {
            return Some(Decimal::ONE);
        }
        let pair = Pair { base: asset.clone(), quote: quote.clone() };
        self.followed_rate(asset, quote)
            .or_else(|| self.rates.wanted.get(&pair).and_then(|rate| rate.price))
    }

    /// What the market says that somebody follows.
    fn followed_rate(&self, asset: &Asset, quote: &Asset) -> Option<Decimal> {
        let price = |base: &Asset, quote: &Asset| {
            let mut named =
                self.instruments.values().filter(|one| one.base == *base && one.quote == *quote);
            named.find_map(|one| self.quotes.get(&one.symbol)).map(|quote| quote.mid().get())
        };
        let turned = || price(quote, asset).and_then(|mid| Decimal::ONE.checked_div(mid));
        price(asset, quote).or_else(turned)
    }
}
