//! Balances and trades of an account, in answers.
//!
//! What an account pays is told by a call of its own, and for one symbol at a time. Until it is
//! asked for, the rates are those of an account without any discount, which is the most that is
//! paid.

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;
use tradewind_model::balance::{AccountSnapshot, Balance, Fees};
use tradewind_model::id::{Asset, Symbol};
use tradewind_model::report::{Fill, HistoricFill};
use tradewind_model::time::Timestamp;

use super::Rows;
use crate::fee::Fee;
use crate::number::{Malformed, Number, Word};
use crate::words;

/// A tenth of a percent, for makers and takers alike: spot's rate without discounts (get symbol
/// info, fee rates, read 2026-11).
const FEES: Fees = Fees {
    maker: Decimal::from_parts(1, 0, 0, false, 3),
    taker: Decimal::from_parts(1, 0, 0, false, 3),
};

#[derive(Deserialize)]
pub(crate) struct AssetRow {
    coin: Asset,
    available: Number,
    #[serde(default)]
    frozen: Number,
    #[serde(default)]
    locked: Number,
}

impl AssetRow {
    /// What open orders hold is `frozen`; what is `locked` is held by something else.
    pub(crate) fn balance(self) -> Result<Balance, Malformed> {
        let frozen = self.frozen.decimal_or_zero("frozen")?;
        let locked = self.locked.decimal_or_zero("locked")?;
        Ok(Balance {
            free: self.available.decimal("available")?,
            locked: frozen.saturating_add(locked),
            asset: self.coin,
        })
    }
}

/// Balances, ordered by asset. What an account may do is told elsewhere.
pub(super) fn snapshot(rows: Rows<'_>, at: Timestamp) -> Result<AccountSnapshot, Malformed> {
    let rows: Vec<AssetRow> = match rows {
        Some(rows) => serde_json::from_str(rows.get())?,
        None => Vec::new(),
    };
    let balances = rows.into_iter().map(AssetRow::balance);
    let mut balances = balances.collect::<Result<Vec<_>, _>>()?;
    balances.sort_unstable_by(|a, b| a.asset.cmp(&b.asset));
    Ok(AccountSnapshot { balances, fees: FEES, can_trade: true, at })
}

/// A trade, as lists and the stream have it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FillRow<'a> {
    symbol: Symbol,
    order_id: Word,
    trade_id: Word,
    side: Word,
    /// Of this trade alone.
    price_avg: Number,
    size: Number,
    #[serde(default, borrow)]
    fee_detail: Option<&'a RawValue>,
    #[serde(default)]
    trade_scope: Word,
    #[serde(default)]
    c_time: Number,
    #[serde(default)]
    u_time: Number,
}

impl FillRow<'_> {
    pub(crate) fn fill(self) -> Result<(HistoricFill, Fee), Malformed> {
        let fee = Fee::read(self.fee_detail, "feeDetail")?;
        let at = if self.c_time.is_missing() { &self.u_time } else { &self.c_time };
        let one = HistoricFill {
            venue_order_id: words::venue_order_id(&self.order_id)?,
            side: words::side(self.side.as_str())?,
            fill: Fill {
                trade_id: words::trade_id(&self.trade_id)?,
                price: self.price_avg.price("priceAvg")?,
                qty: self.size.quantity("size")?,
                commission: fee.paid,
                commission_asset: fee.asset.clone(),
                is_maker: is_maker(&self.trade_scope),
                at: at.time("cTime")?,
            },
            symbol: self.symbol,
        };
        Ok((one, fee))
    }
}

/// Whether a trade was of an order that rested: `maker` in lists, `M` on the stream.
pub(crate) fn is_maker(scope: &Word) -> bool {
    scope.as_str().eq_ignore_ascii_case("maker") || scope.as_str().eq_ignore_ascii_case("m")
}

/// Trades, oldest first: the venue lists them the other way round.
pub(super) fn fills(rows: Rows<'_>) -> Result<Vec<HistoricFill>, Malformed> {
    let Some(rows) = rows else { return Ok(Vec::new()) };
    let rows: Vec<FillRow<'_>> = serde_json::from_str(rows.get())?;
    let fills = rows.into_iter().map(|row| Ok(row.fill()?.0));
    let mut fills = fills.collect::<Result<Vec<_>, Malformed>>()?;
    fills.sort_by_key(|one| one.fill.trade_id);
    Ok(fills)
}
