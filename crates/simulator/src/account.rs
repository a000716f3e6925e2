//! Accounts: what they own, what their orders hold, what they pay.
//!
//! Money only moves between accounts, never into or out of the exchange: what a fill takes from
//! one side arrives at the other or at the venue's fee account, to the last decimal. `free` and
//! `locked` are never negative; an order locks what it may need before it reaches the book.

pub mod ledger;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rust_decimal::Decimal;

pub use ledger::{AcceptedOrder, CanceledOrder, Ledger};

use crate::exchange::{AccountConfig, BalanceView, Discount};

/// What an account pays.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Commission {
    /// Share of the received amount when resting.
    pub maker: Decimal,
    /// Share of the received amount when taking.
    pub taker: Decimal,
    /// The coin it pays in, and what is left of the commission then.
    pub discount: Option<Discount>,
}

#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Balance {
    free: Decimal,
    locked: Decimal,
}

/// One account.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    balances: BTreeMap<Arc<str>, Balance>,
    /// Assets that changed since [`Account::take_touched`].
    touched: BTreeSet<Arc<str>>,
    pub(crate) commission: Commission,
    pub(crate) ledger: Ledger,
}

impl Account {
    pub(crate) fn new(config: &AccountConfig) -> Self {
        let mut balances: BTreeMap<Arc<str>, Balance> = BTreeMap::new();
        for (asset, qty) in &config.balances {
            balances.entry(asset.as_str().into()).or_default().free += (*qty).max(Decimal::ZERO);
        }
        let commission = Commission {
            maker: config.maker_rate,
            taker: config.taker_rate,
            discount: config.discount.clone(),
        };
        Self { balances, touched: BTreeSet::new(), commission, ledger: Ledger::default() }
    }

    pub(crate) fn free(&self, asset: &str) -> Decimal {
        self.balances.get(asset).map_or(Decimal::ZERO, |balance| balance.free)
    }

    /// Free and locked together.
    pub(crate) fn total(&self, asset: &str) -> Decimal {
        self.balances.get(asset).map_or(Decimal::ZERO, |balance| balance.free + balance.locked)
    }

    /// Moves from free to locked.
    ///
    /// # Panics
    /// When less is free: the exchange asks before.
    pub(crate) fn lock(&mut self, asset: &Arc<str>, qty: Decimal) {
        let balance = self.touch(asset);
        balance.free -= qty;
        balance.locked += qty;
        assert!(!balance.free.is_sign_negative() || balance.free.is_zero(), "locked unowned money");
    }

    /// Moves from locked to free.
    ///
    /// # Panics
    /// When less is locked: an order releases only what it holds.
    pub(crate) fn release(&mut self, asset: &Arc<str>, qty: Decimal) {
        let balance = self.touch(asset);
        balance.locked -= qty;
        balance.free += qty;
        assert!(balance.locked >= Decimal::ZERO, "released what was not locked");
    }

    /// Takes from locked.
    ///
    /// # Panics
    /// When less is locked: an order pays only from what it holds.
    pub(crate) fn pay(&mut self, asset: &Arc<str>, qty: Decimal) {
        let balance = self.touch(asset);
        balance.locked -= qty;
        assert!(balance.locked >= Decimal::ZERO, "paid what was not locked");
        self.ledger.add(asset, -qty);
    }

    /// Adds to free.
    pub(crate) fn receive(&mut self, asset: &Arc<str>, qty: Decimal) {
        self.touch(asset).free += qty;
        self.ledger.add(asset, qty);
    }

    /// Takes a commission from free.
    ///
    /// # Panics
    /// When less is free: a commission is a share of what has just been received, or was asked
    /// for.
    pub(crate) fn charge(&mut self, asset: &Arc<str>, qty: Decimal) {
        let balance = self.touch(asset);
        balance.free -= qty;
        assert!(balance.free >= Decimal::ZERO, "charged what was not free");
        self.ledger.add(asset, -qty);
    }

    /// Every asset it ever had, by name.
    pub(crate) fn views(&self) -> Vec<BalanceView> {
        self.balances.keys().map(|asset| self.view(asset)).collect()
    }

    /// The assets that changed since the last call, by name.
    pub(crate) fn take_touched(&mut self) -> Vec<BalanceView> {
        let touched = std::mem::take(&mut self.touched);
        touched.iter().map(|asset| self.view(asset)).collect()
    }

    fn view(&self, asset: &Arc<str>) -> BalanceView {
        let balance = self.balances.get(asset).copied().unwrap_or_default();
        BalanceView { asset: Arc::clone(asset), free: balance.free, locked: balance.locked }
    }

    fn touch(&mut self, asset: &Arc<str>) -> &mut Balance {
        if !self.touched.contains(asset) {
            self.touched.insert(Arc::clone(asset));
        }
        self.balances.entry(Arc::clone(asset)).or_default()
    }
}
