//! Messages of the account's socket: orders, trades, balances.
//!
//! Every row is how something stands now, whatever the message calls itself, and none is numbered.
//! The trap of the rows of orders: `size` is in quote asset for buys, and `newSize` for market buys
//! alone, so the latter is read.

use serde::Deserialize;
use serde_json::value::RawValue;
use tradewind_model::id::Symbol;
use tradewind_model::money::Quantity;
use tradewind_model::order::Side;
use tradewind_model::report::{ExecutionReport, Fill, HistoricFill, OrderName};
use tradewind_model::stream::StreamEvent;

use super::args::{BALANCES, FILLS, ORDERS};
use super::control::Head;
use super::several;
use crate::fee::Fee;
use crate::number::{Malformed, Number, Word};
use crate::reply::{AssetRow, FillRow, is_maker, named};
use crate::words::{self, MARKET};

pub(super) fn decode(head: &Head<'_>) -> Result<StreamEvent, Malformed> {
    let (Some(arg), Some(data)) = (&head.arg, head.data) else {
        return Err(Malformed::whole("neither an event nor an answer"));
    };
    match arg.channel() {
        _ if !arg.is_spot() => Ok(StreamEvent::Ignored),
        ORDERS => orders(data, &head.ts),
        FILLS => fills(data),
        BALANCES => balances(data),
        _ => Ok(StreamEvent::Ignored),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrderRow {
    inst_id: Symbol,
    order_id: Word,
    #[serde(default)]
    client_oid: Word,
    #[serde(default)]
    price: Number,
    #[serde(default)]
    size: Number,
    #[serde(default)]
    new_size: Number,
    order_type: Word,
    #[serde(default)]
    force: Word,
    side: Word,
    status: Word,
    #[serde(default)]
    cancel_reason: Word,
    #[serde(default)]
    acc_base_volume: Number,
    /// Of the trade that the row tells of, if it tells of one.
    #[serde(default)]
    trade_id: Word,
    #[serde(default)]
    fill_price: Number,
    #[serde(default)]
    base_volume: Number,
    #[serde(default)]
    fill_fee: Number,
    #[serde(default)]
    fill_fee_coin: Word,
    #[serde(default)]
    fill_time: Number,
    #[serde(default)]
    trade_scope: Word,
    #[serde(default)]
    c_time: Number,
    #[serde(default)]
    u_time: Number,
}

fn orders(data: &RawValue, sent_at: &Number) -> Result<StreamEvent, Malformed> {
    let rows: Vec<OrderRow> = serde_json::from_str(data.get())?;
    let report = |row: OrderRow| row.report(sent_at).map(StreamEvent::Report);
    rows.into_iter().map(report).collect::<Result<_, _>>().map(several)
}

impl OrderRow {
    fn report(self, sent_at: &Number) -> Result<ExecutionReport, Malformed> {
        let times = [&self.u_time, &self.c_time, sent_at];
        let at = times.into_iter().find(|time| !time.is_missing()).unwrap_or(sent_at);
        let at = at.time("uTime")?;
        let side = words::side(self.side.as_str())?;
        let is_market = self.order_type.as_str() == MARKET;
        let may_rest = words::may_rest(self.order_type.as_str(), self.force.as_str());
        Ok(ExecutionReport {
            client_order_id: words::client_order_id(&self.client_oid),
            venue_order_id: words::venue_order_id(&self.order_id)?,
            status: words::status(self.status.as_str(), self.cancel_reason.as_str(), may_rest),
            is_waiting: false,
            list: None,
            price: if is_market { None } else { self.price.price_if_any("price")? },
            trigger_price: None,
            qty: self.qty(side, is_market)?,
            cum_qty: self.acc_base_volume.quantity_or_zero("accBaseVolume")?,
            cum_quote: None,
            fills: self.fill()?.into_iter().collect(),
            reason: words::reason(&self.cancel_reason),
            at,
            symbol: self.inst_id,
            side,
        })
    }

    /// How much was asked for; zero for what is counted in quote asset.
    fn qty(&self, side: Side, is_market: bool) -> Result<Quantity, Malformed> {
        match side {
            Side::Buy if is_market => Ok(Quantity::ZERO),
            Side::Sell if self.new_size.is_missing() => self.size.quantity("size"),
            Side::Buy | Side::Sell => self.new_size.quantity("newSize"),
        }
    }

    /// The trade that the row tells of. Its fields are there for trades alone.
    fn fill(&self) -> Result<Option<Fill>, Malformed> {
        let has_traded = self.trade_id.given().is_some_and(|id| id != "0");
        if !has_traded || self.base_volume.is_missing() {
            return Ok(None);
        }
        let fee = Fee::of(&self.fill_fee, &self.fill_fee_coin, "fillFee")?;
        let at = if self.fill_time.is_missing() { &self.u_time } else { &self.fill_time };
        Ok(Some(Fill {
            trade_id: words::trade_id(&self.trade_id)?,
            price: self.fill_price.price("fillPrice")?,
            qty: self.base_volume.quantity("baseVolume")?,
            commission: fee.paid,
            commission_asset: fee.asset,
            is_maker: is_maker(&self.trade_scope),
            at: at.time("fillTime")?,
        }))
    }
}

/// Trades by themselves. They name their order by the venue's number alone, and are said to tell
/// what was paid with another sign than everything else.
fn fills(data: &RawValue) -> Result<StreamEvent, Malformed> {
    let rows: Vec<FillRow<'_>> = serde_json::from_str(data.get())?;
    let told = |row: FillRow<'_>| {
        let (one, fee) = row.fill()?;
        let commission = fee.paid_either_way().paid;
        let fill = Fill { commission, ..one.fill };
        Ok(StreamEvent::Fill(HistoricFill { fill, ..one }))
    };
    rows.into_iter().map(told).collect::<Result<_, Malformed>>().map(several)
}

fn balances(data: &RawValue) -> Result<StreamEvent, Malformed> {
    let rows: Vec<AssetRow> = serde_json::from_str(data.get())?;
    let balances = rows.into_iter().map(AssetRow::balance).collect::<Result<_, _>>()?;
    Ok(StreamEvent::Balances(balances))
}

/// What names an order in a row, and nothing else of it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NameRow {
    #[serde(alias = "symbol")]
    inst_id: Symbol,
    order_id: Word,
    #[serde(default)]
    client_oid: Word,
}

#[derive(Deserialize)]
struct Names {
    data: Vec<NameRow>,
}

/// The order that a message is about which cannot be read as a whole; none when it may be about
/// several.
pub(super) fn order_named(text: &str) -> Option<OrderName> {
    let mut names: Names = serde_json::from_str(text).ok()?;
    let row = names.data.pop().filter(|_| names.data.is_empty())?;
    named(row.inst_id, &row.client_oid, &row.order_id)
}
