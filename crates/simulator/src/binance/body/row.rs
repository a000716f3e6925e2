//! Rows of lists: trades, bars, balances.

use serde::Serialize;

use super::{Fixed, OrNone, TimeUnit, fixed};
use crate::exchange::{BalanceView, FillView, Kline, Side, TradeView};

/// A row of `myTrades`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MyTrade<'a> {
    symbol: &'a str,
    id: u64,
    order_id: u64,
    order_list_id: OrNone,
    price: Fixed,
    qty: Fixed,
    quote_qty: Fixed,
    commission: Fixed,
    commission_asset: &'a str,
    time: u64,
    is_buyer: bool,
    is_maker: bool,
    is_best_match: bool,
}

impl<'a> MyTrade<'a> {
    pub(crate) fn of(unit: TimeUnit, fill: &'a FillView) -> Self {
        Self {
            symbol: &fill.symbol,
            id: fill.trade_id,
            order_id: fill.order_id,
            order_list_id: fill.list_id.into(),
            price: fixed(fill.price),
            qty: fixed(fill.qty),
            quote_qty: fixed(fill.quote_qty),
            commission: fixed(fill.commission),
            commission_asset: &fill.commission_asset,
            time: unit.stamp(fill.time),
            is_buyer: fill.side == Side::Buy,
            is_maker: fill.is_maker,
            is_best_match: true,
        }
    }
}

/// A row of `trades`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PublicTrade {
    id: u64,
    price: Fixed,
    qty: Fixed,
    quote_qty: Fixed,
    time: u64,
    is_buyer_maker: bool,
    is_best_match: bool,
}

impl PublicTrade {
    pub(crate) fn of(unit: TimeUnit, trade: &TradeView) -> Self {
        Self {
            id: trade.id,
            price: fixed(trade.price),
            qty: fixed(trade.qty),
            quote_qty: fixed(trade.quote_qty),
            time: unit.stamp(trade.time),
            is_buyer_maker: trade.is_buyer_maker,
            is_best_match: true,
        }
    }
}

/// A row of `klines`: twelve columns, the last without meaning.
pub(crate) fn kline(unit: TimeUnit, kline: &Kline) -> impl Serialize + use<> {
    (
        unit.stamp(kline.open_time),
        fixed(kline.open),
        fixed(kline.high),
        fixed(kline.low),
        fixed(kline.close),
        fixed(kline.volume),
        unit.stamp(kline.close_time),
        fixed(kline.quote_volume),
        kline.trades,
        fixed(kline.taker_buy_volume),
        fixed(kline.taker_buy_quote_volume),
        "0",
    )
}

/// A row of an account's balances.
#[derive(Debug, Serialize)]
pub(crate) struct Balance<'a> {
    asset: &'a str,
    free: Fixed,
    locked: Fixed,
}

impl<'a> Balance<'a> {
    pub(crate) fn of(balance: &'a BalanceView) -> Self {
        Self { asset: &balance.asset, free: fixed(balance.free), locked: fixed(balance.locked) }
    }
}
