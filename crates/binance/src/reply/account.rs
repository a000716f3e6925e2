//! Balances, fees and trades of an account, in answers.

use rust_decimal::Decimal;
use serde::Deserialize;
use tradewind_model::balance::{AccountSnapshot, Balance, Fees};
use tradewind_model::id::{Asset, Symbol, TradeId};
use tradewind_model::order::Side;
use tradewind_model::report::{Fill, HistoricFill};
use tradewind_model::time::Timestamp;

use super::venue_order_id;
use crate::number::{Malformed, Number, time};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccountRow {
    /// In basis points: what there was before the rates, and is still sent.
    #[serde(default)]
    maker_commission: i64,
    #[serde(default)]
    taker_commission: i64,
    commission_rates: Option<Rates>,
    can_trade: bool,
    #[serde(default)]
    update_time: i64,
    balances: Vec<BalanceRow>,
}

#[derive(Deserialize)]
struct Rates {
    maker: Number,
    taker: Number,
}

#[derive(Deserialize)]
struct BalanceRow {
    asset: Asset,
    free: Number,
    locked: Number,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TradeRow {
    symbol: Symbol,
    id: u64,
    order_id: u64,
    price: Number,
    qty: Number,
    commission: Number,
    commission_asset: Option<Asset>,
    time: i64,
    is_buyer: bool,
    is_maker: bool,
}

/// The account, as of its last change; as of now where the venue does not say.
pub(super) fn snapshot(body: &[u8], received_at: Timestamp) -> Result<AccountSnapshot, Malformed> {
    let row: AccountRow = serde_json::from_slice(body)?;
    let fees = match &row.commission_rates {
        Some(rates) => Fees {
            maker: rates.maker.decimal("commissionRates.maker")?,
            taker: rates.taker.decimal("commissionRates.taker")?,
        },
        None => Fees {
            maker: Decimal::new(row.maker_commission, 4),
            taker: Decimal::new(row.taker_commission, 4),
        },
    };
    let mut balances = row
        .balances
        .into_iter()
        .map(|balance| {
            Ok(Balance {
                free: balance.free.decimal("balances.free")?,
                locked: balance.locked.decimal("balances.locked")?,
                asset: balance.asset,
            })
        })
        .collect::<Result<Vec<_>, Malformed>>()?;
    balances.sort_unstable_by(|a, b| a.asset.cmp(&b.asset));
    Ok(AccountSnapshot {
        balances,
        fees,
        can_trade: row.can_trade,
        at: if row.update_time > 0 { time(row.update_time) } else { received_at },
    })
}

/// Trades, in the venue's order: oldest first.
pub(super) fn fills(body: &[u8]) -> Result<Vec<HistoricFill>, Malformed> {
    let rows: Vec<TradeRow> = serde_json::from_slice(body)?;
    rows.into_iter()
        .map(|row| {
            Ok(HistoricFill {
                symbol: row.symbol,
                venue_order_id: venue_order_id(row.order_id),
                side: if row.is_buyer { Side::Buy } else { Side::Sell },
                fill: Fill {
                    trade_id: TradeId(row.id),
                    price: row.price.price("price")?,
                    qty: row.qty.quantity("qty")?,
                    commission: row.commission.decimal("commission")?,
                    commission_asset: row.commission_asset,
                    is_maker: row.is_maker,
                    at: time(row.time),
                },
            })
        })
        .collect()
}
