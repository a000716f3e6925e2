//! What accounts hear of themselves, on its way to whoever has subscribed.
//!
//! Nothing is numbered and nothing is told twice: who was not there has missed it. Rows show what
//! is, not what changed. The size of a buy is told in quote and its base is `newSize`; what a fill
//! did is told with the fill alone (order channel, read 2026-11).

use std::sync::Arc;
use std::time::Duration;

use rust_decimal::Decimal;
use serde_json::{Value, json};
use tradewind_model::Timestamp;

use super::body::{self, millis, number};
use super::channel::Channel;
use super::config::BalancePushes;
use super::desk::asset;
use super::{Bitget, SessionId};
use crate::exchange::{
    AccountId, ExecType, ExecutionReport, FillView, MarketQty, OrderKind, OrderView, Side, StpMode,
};

/// What is told of an account, and on which channel.
#[derive(Clone, Debug)]
pub(super) enum Report {
    Order(Arc<str>, Value),
    Fill(Arc<str>, Value),
    Balances(Vec<Value>),
}

impl Report {
    /// The name of its channel.
    const fn name(&self) -> &'static str {
        match self {
            Self::Order(..) => "orders",
            Self::Fill(..) => "fill",
            Self::Balances(_) => "account",
        }
    }

    fn is_for(&self, channel: &Channel) -> bool {
        let is_of = |symbol: &Arc<str>, wanted: &Option<String>| {
            wanted.as_ref().is_none_or(|wanted| **wanted == **symbol)
        };
        match (self, channel) {
            (Self::Order(symbol, _), Channel::Orders(wanted))
            | (Self::Fill(symbol, _), Channel::Fill(wanted)) => is_of(symbol, wanted),
            (Self::Balances(_), Channel::Account) => true,
            (Self::Order(..) | Self::Fill(..) | Self::Balances(_), _) => false,
        }
    }
}

impl Bitget {
    /// Writes down what a report says and queues it for its subscribers.
    pub(super) fn queue_report(
        &mut self,
        now: Timestamp,
        delay: Duration,
        report: &ExecutionReport,
    ) {
        self.desk.register.note(report);
        // What loses a part of itself to self-trade prevention and lives is told when it ends.
        if report.exec_type == ExecType::TradePrevention && report.order.status.is_open() {
            return;
        }
        let symbol = Arc::clone(&report.order.symbol);
        let row = self.order_row(report);
        self.outbox.push(now + delay, report.account, Report::Order(Arc::clone(&symbol), row));
        if let Some(fill) = &report.fill {
            let row = self.fill_row(report, fill);
            self.outbox.push(now + delay, report.account, Report::Fill(symbol, row));
            self.traded.insert(report.account);
        }
    }

    /// Queues a change of balances, if it is of a kind that is told.
    pub(super) fn queue_balances(
        &mut self,
        now: Timestamp,
        delay: Duration,
        change: &crate::exchange::BalanceChange,
    ) {
        let has_traded = self.traded.remove(&change.account);
        let is_told = match self.desk.config.balance_pushes {
            BalancePushes::OnFills => has_traded,
            BalancePushes::OnChanges => true,
        };
        if is_told {
            let rows = change.balances.iter().map(|balance| asset(balance, change.time));
            let report = Report::Balances(rows.collect());
            self.outbox.push(now + delay, change.account, report);
        }
    }

    /// Sends the reports whose moment has come.
    pub(super) fn flush_reports(&mut self, now: Timestamp) {
        while let Some((account, report)) = self.outbox.pop_due(now) {
            for (id, arg) in self.subscribers(account, &report) {
                let rows = match &report {
                    Report::Order(_, row) | Report::Fill(_, row) => vec![row.clone()],
                    Report::Balances(rows) => rows.clone(),
                };
                let text = push(now, "snapshot", &arg, &Value::Array(rows));
                let fault = self.front.strike_push(id, report.name());
                self.front.push(now, id, text, fault);
            }
        }
    }

    fn subscribers(&self, account: AccountId, report: &Report) -> Vec<(SessionId, Value)> {
        let mut found = Vec::new();
        for (id, socket) in &self.front.sockets {
            if socket.own.account != Some(account) {
                continue;
            }
            let channels = socket.own.channels.values();
            let meant = channels.filter(|(channel, _)| report.is_for(channel));
            found.extend(meant.map(|(_, arg)| (*id, arg.clone())));
        }
        found
    }

    /// All balances of an account that are not nought, for who has just subscribed.
    pub(super) fn balance_rows(&self, now: Timestamp, account: AccountId) -> Value {
        let balances = self.desk.exchange.balances(account);
        let held = balances.iter().filter(|balance| !(balance.free + balance.locked).is_zero());
        held.map(|balance| asset(balance, now)).collect()
    }

    fn order_row(&self, report: &ExecutionReport) -> Value {
        let order = &report.order;
        let id = self.desk.register.order_id(order);
        let known = self.desk.register.find(report.account, id);
        let fee = known.and_then(|entry| entry.fee.as_ref());
        let fees = fee.map(|(coin, paid)| json!({"feeCoin": **coin, "fee": number(-*paid)}));
        let (size, new_size) = sizes(order);
        let mut row = json!({
            "instId": *order.symbol,
            "orderId": id.to_string(),
            "clientOid": order.client_order_id,
            "size": number(size),
            "newSize": number(new_size),
            "notional": number(notional(order)),
            "orderType": body::order_kind(order.kind),
            "force": body::tif(order.kind),
            "side": body::side(order.side),
            "accBaseVolume": number(order.executed_qty),
            "priceAvg": number(body::average(order)),
            "status": body::status(order.status),
            "cTime": millis(order.time),
            "uTime": millis(report.time),
            "stpMode": stp(order.stp),
            "feeDetail": fees.into_iter().collect::<Vec<_>>(),
            "enterPointSource": "API",
        });
        if !order.kind.is_market() {
            row["price"] = number(order.price).into();
        }
        if let Some(fill) = &report.fill {
            let trade = self.desk.register.trade_id(fill.time, &fill.symbol, fill.trade_id);
            row["fillPrice"] = number(fill.price).into();
            row["tradeId"] = trade.to_string().into();
            row["baseVolume"] = number(fill.qty).into();
            row["fillTime"] = millis(fill.time).into();
            row["fillFee"] = number(-fill.commission).into();
            row["fillFeeCoin"] = (*fill.commission_asset).into();
            row["tradeScope"] = if fill.is_maker { "M" } else { "T" }.into();
        }
        row
    }

    /// As its channel tells a fill: without the client's id of its order.
    fn fill_row(&self, report: &ExecutionReport, fill: &FillView) -> Value {
        let register = &self.desk.register;
        let trade = register.trade_id(fill.time, &fill.symbol, fill.trade_id);
        let fee = json!({
            "deduction": "no",
            "feeCoin": *fill.commission_asset,
            "totalDeductionFee": "0",
            // Here it is what was paid, and elsewhere what was added.
            "totalFee": number(fill.commission),
        });
        json!({
            "orderId": register.order_id(&report.order).to_string(),
            "tradeId": trade.to_string(),
            "symbol": *fill.symbol,
            "orderType": body::order_kind(report.order.kind),
            "side": body::side(fill.side),
            "priceAvg": number(fill.price),
            "size": number(fill.qty),
            "amount": number(fill.quote_qty),
            "tradeScope": if fill.is_maker { "maker" } else { "taker" },
            "feeDetail": [fee],
            "cTime": millis(fill.time),
            "uTime": millis(fill.time),
        })
    }
}

/// A push: what it is, on which channel, and the rows.
pub(super) fn push(now: Timestamp, action: &str, arg: &Value, data: &Value) -> String {
    json!({"action": action, "arg": arg, "data": data, "ts": now.as_millis()}).to_string()
}

/// The size of an order in the two fields that tell it: in quote for every buy, and in the unit
/// that it was placed in.
fn sizes(order: &OrderView) -> (Decimal, Decimal) {
    let placed = body::size(order);
    match (order.side, order.kind) {
        (Side::Sell, _) | (Side::Buy, OrderKind::Market(MarketQty::Quote(_))) => (placed, placed),
        (Side::Buy, _) => (order.price * order.orig_qty, placed),
    }
}

/// What an order is worth, in quote.
fn notional(order: &OrderView) -> Decimal {
    match order.kind {
        OrderKind::Market(MarketQty::Quote(quote)) => quote,
        OrderKind::Market(MarketQty::Base(_)) => order.cum_quote_qty,
        OrderKind::Limit { price, qty, .. } | OrderKind::LimitMaker { price, qty } => price * qty,
        OrderKind::Contingent(order) => order.stop_price * order.qty,
    }
}

const fn stp(mode: StpMode) -> &'static str {
    match mode {
        StpMode::None | StpMode::Decrement | StpMode::Transfer => "none",
        StpMode::ExpireMaker => "cancel_maker",
        StpMode::ExpireTaker => "cancel_taker",
        StpMode::ExpireBoth => "cancel_both",
    }
}
