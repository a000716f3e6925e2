//! Asking a venue out there what it made of a run.
//!
//! Everything is asked anew over REST, past what the streams have told. What trading added is
//! summed up from the venue's trades and not from the difference of balances: a deposit, or an
//! order placed by hand, moves a balance too. Orders of other programs on the account, and of
//! other slots, are told from ours by their names, and left alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tradewind_engine::ReadFailed;
use tradewind_model::Timestamp;
use tradewind_model::call::{Call, HistoryStart};
use tradewind_model::id::{Asset, ClientOrderId, Symbol, TradeId, VenueOrderId};
use tradewind_model::order::Side;
use tradewind_model::outcome::Reply;
use tradewind_model::report::{ExecutionReport, HistoricFill};
use tradewind_runtime::{Ask, Desk};

use super::{Testimony, Traded};

/// How long each answer is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// The most rows of a page (rest-api.md, account endpoints, read 2026-11).
const ROWS: u32 = 1_000;
/// The most pages of one history: a run that fills more is too long to be audited by the page.
const PAGES_MAX: usize = 50;

/// What is asked, and of whose orders.
pub(crate) struct Inquest<'s> {
    pub(crate) desk: &'s Desk,
    /// When the run began, by the venue's clock.
    pub(crate) since: Timestamp,
    /// When the oldest order was asked for that it took up, or when it began.
    pub(crate) orders_since: Timestamp,
    /// The beginnings of our client order ids.
    pub(crate) prefixes: &'s [String],
}

impl Inquest<'_> {
    /// Asks. The instruments' assets are filled in where they were not known.
    pub(crate) async fn hold(&self, traded: &mut [Traded]) -> Result<Testimony, String> {
        self.learn_assets(traded).await?;
        let mut testimony = Testimony::default();
        for one in traded {
            let orders = self.orders(&one.symbol).await?;
            let mut count = BTreeMap::<ClientOrderId, usize>::new();
            for id in orders.values().copied() {
                *count.entry(id).or_default() += 1;
            }
            testimony.duplicates += count.values().filter(|count| **count > 1).count();
            testimony.open_orders.extend(self.open_orders(&one.symbol).await?);
            if let Some(assets) = &one.assets {
                for trade in self.trades(&one.symbol).await? {
                    if orders.contains_key(&trade.venue_order_id) {
                        book(&mut testimony.added, assets, &trade);
                    }
                }
            }
        }
        Ok(testimony)
    }

    async fn ask(&self, call: Call) -> Result<Reply, ReadFailed> {
        let ask = Ask::default().within(PATIENCE);
        self.desk.ask(call, ask).await.map(Arc::unwrap_or_clone)
    }

    async fn learn_assets(&self, traded: &mut [Traded]) -> Result<(), String> {
        if traded.iter().all(|one| one.assets.is_some()) {
            return Ok(());
        }
        let symbols = traded.iter().map(|one| one.symbol.clone()).collect();
        let answer = self.ask(Call::Catalog { symbols }).await;
        let Ok(Reply::Catalog { instruments, .. }) = answer else {
            return Err(unanswered("its instruments", answer));
        };
        for one in traded {
            let listed = instruments.iter().find(|listed| listed.symbol == one.symbol);
            one.assets = listed.map(|listed| (listed.base.clone(), listed.quote.clone()));
        }
        Ok(())
    }

    fn is_own(&self, id: ClientOrderId) -> bool {
        self.prefixes.iter().any(|prefix| id.as_str().starts_with(prefix.as_str()))
    }

    fn own(
        &self,
        reports: Vec<ExecutionReport>,
    ) -> impl Iterator<Item = (VenueOrderId, ClientOrderId)> {
        reports.into_iter().filter_map(|report| {
            let id = report.client_order_id.filter(|id| self.is_own(*id))?;
            Some((report.venue_order_id, id))
        })
    }

    /// Our orders that could trade since the beginning.
    async fn orders(
        &self,
        symbol: &Symbol,
    ) -> Result<BTreeMap<VenueOrderId, ClientOrderId>, String> {
        let mut orders = BTreeMap::new();
        let mut seen = BTreeSet::new();
        let mut since = HistoryStart::Time(self.orders_since);
        for _ in 0..PAGES_MAX {
            let call =
                Call::OrderHistory { symbol: symbol.clone(), since: Some(since), limit: ROWS };
            let answer = self.ask(call).await;
            let Ok(Reply::Orders(page)) = answer else {
                return Err(unanswered("the history of orders", answer));
            };
            let (rows, last) = (page.len(), page.last().map(|last| last.venue_order_id));
            let news = page.iter().filter(|one| seen.insert(one.venue_order_id)).count();
            orders.extend(self.own(page));
            match last {
                Some(last) if is_full(rows) && news > 0 => since = HistoryStart::Id(last),
                _ => return Ok(orders),
            }
        }
        Err(format!("more than {PAGES_MAX} pages of orders"))
    }

    /// Everybody's trades on the account since the beginning, each once.
    async fn trades(&self, symbol: &Symbol) -> Result<Vec<HistoricFill>, String> {
        let mut trades = BTreeMap::<TradeId, HistoricFill>::new();
        // A venue whose lists begin with the newest tells what was before as well.
        let began = self.since.as_millis();
        let mut since = HistoryStart::Time(self.since);
        for _ in 0..PAGES_MAX {
            let call = Call::FillHistory {
                symbol: symbol.clone(),
                order: None,
                since: Some(since),
                limit: ROWS,
            };
            let answer = self.ask(call).await;
            let Ok(Reply::Fills(page)) = answer else {
                return Err(unanswered("the history of trades", answer));
            };
            let (rows, known) = (page.len(), trades.len());
            trades.extend(page.into_iter().map(|trade| (trade.fill.trade_id, trade)));
            match trades.last_key_value() {
                Some((last, _)) if is_full(rows) && trades.len() > known => {
                    since = HistoryStart::Id(*last);
                }
                _ => {
                    trades.retain(|_, trade| trade.fill.at.as_millis() >= began);
                    return Ok(trades.into_values().collect());
                }
            }
        }
        Err(format!("more than {PAGES_MAX} pages of trades"))
    }

    async fn open_orders(&self, symbol: &Symbol) -> Result<Vec<String>, String> {
        let call = Call::OpenOrders { symbol: Some(symbol.clone()) };
        let answer = self.ask(call).await;
        let Ok(Reply::Orders(open)) = answer else {
            return Err(unanswered("open orders", answer));
        };
        Ok(self.own(open).map(|(_, id)| id.to_string()).collect())
    }
}

fn is_full(rows: usize) -> bool {
    u32::try_from(rows).is_ok_and(|rows| rows >= ROWS)
}

fn book(
    added: &mut BTreeMap<Asset, tradewind_model::Decimal>,
    (base, quote): &(Asset, Asset),
    trade: &HistoricFill,
) {
    let fill = &trade.fill;
    let (qty, value) = (fill.qty.get(), (fill.price * fill.qty).get());
    let (base_added, quote_added) = match trade.side {
        Side::Buy => (qty, -value),
        Side::Sell => (-qty, value),
    };
    *added.entry(base.clone()).or_default() += base_added;
    *added.entry(quote.clone()).or_default() += quote_added;
    if let Some(asset) = &fill.commission_asset {
        *added.entry(asset.clone()).or_default() -= fill.commission;
    }
}

fn unanswered(what: &str, answer: Result<Reply, ReadFailed>) -> String {
    match answer {
        Ok(_) => format!("{what}: an answer to something else"),
        Err(failed) => format!("{what}: {failed}"),
    }
}
