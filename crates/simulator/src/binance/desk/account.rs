//! What an account may know of itself.

use std::time::Duration;

use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Value, json};
use tradewind_model::Timestamp;

use super::catalogue::limit;
use super::terms::order_ref;
use super::{Caller, Desk, Reply};
use crate::binance::body::{self, Balance, Body, Fixed, MyTrade, OrderRow, fixed};
use crate::binance::params::Params;
use crate::binance::refusal::Refusal;
use crate::exchange::{AccountId, FillFilter, OrderFilter, OrderView, QueryReject};
use crate::limits::LimitKind;

/// What an account is, and what it has.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the venue's own")]
struct AccountBody<'a> {
    maker_commission: u64,
    taker_commission: u64,
    buyer_commission: u64,
    seller_commission: u64,
    commission_rates: Rates,
    can_trade: bool,
    can_withdraw: bool,
    can_deposit: bool,
    brokered: bool,
    require_self_trade_prevention: bool,
    prevent_sor: bool,
    update_time: u64,
    account_type: &'static str,
    balances: Vec<Balance<'a>>,
    permissions: [&'static str; 1],
    uid: u64,
}

/// What is paid of a trade, by role.
#[derive(Debug, Serialize)]
struct Rates {
    maker: Fixed,
    taker: Fixed,
    buyer: Fixed,
    seller: Fixed,
}

/// Longest span of a query by start and end.
const SPAN_MAX: Duration = Duration::from_secs(86_400);

impl Desk {
    pub(super) fn order(&self, caller: Caller, account: AccountId, params: &mut Params) -> Reply {
        let symbol = self.known_symbol(params)?;
        let wanted = order_ref(params)?;
        params.finish()?;
        let order =
            self.exchange.order(account, &symbol, &wanted).map_err(|reject| match reject {
                QueryReject::UnknownSymbol => Refusal::invalid_symbol(),
                QueryReject::UnknownOrder => Refusal::no_such_order(),
                QueryReject::IdMismatch => {
                    Refusal::bad(-2039, "Client order ID is not correct for this order ID.")
                }
            })?;
        if !self.is_visible(caller, self.config.order_read_lag_max, &order) {
            return Err(Refusal::no_such_order());
        }
        Ok(body::text(&OrderRow::of(caller.unit, &order)))
    }

    pub(super) fn open_orders(
        &self,
        caller: Caller,
        account: AccountId,
        params: &mut Params,
    ) -> Reply {
        let symbol = params.symbol_if_sent()?;
        params.finish()?;
        if let Some(symbol) = &symbol {
            self.check_symbol(symbol)?;
        }
        let lag = self.config.order_read_lag_max;
        let orders = self.exchange.open_orders(account, symbol.as_deref());
        Ok(self.visible(caller, lag, &orders))
    }

    pub(super) fn all_orders(
        &self,
        caller: Caller,
        account: AccountId,
        params: &mut Params,
    ) -> Reply {
        let symbol = self.known_symbol(params)?;
        let from_id = params.integer("orderId")?;
        let start = params.time(caller.now, "startTime")?;
        let end = params.time(caller.now, "endTime")?;
        let limit = params.limit(500, 1_000)?;
        params.finish()?;
        check_span(start, end)?;
        if from_id.is_some() && (start.is_some() || end.is_some()) {
            return Err(Refusal::bad_combination());
        }
        let filter = OrderFilter { from_id, start, end, limit };
        let orders = self.exchange.all_orders(account, &symbol, &filter);
        Ok(self.visible(caller, self.config.history_read_lag_max, &orders))
    }

    pub(super) fn my_trades(
        &self,
        caller: Caller,
        account: AccountId,
        params: &mut Params,
    ) -> Reply {
        let symbol = self.known_symbol(params)?;
        let order_id = params.integer("orderId")?;
        let from_id = params.integer("fromId")?;
        let start = params.time(caller.now, "startTime")?;
        let end = params.time(caller.now, "endTime")?;
        let limit = params.limit(500, 1_000)?;
        params.finish()?;
        check_span(start, end)?;
        let has_times = start.is_some() || end.is_some();
        if has_times && (order_id.is_some() || from_id.is_some()) {
            return Err(Refusal::bad_combination());
        }
        let filter = FillFilter { order_id, from_id, start, end, limit };
        let fills = self.exchange.my_trades(account, &symbol, &filter);
        let lag = self.config.order_read_lag_max;
        let told = fills
            .iter()
            .filter(|fill| caller.now >= fill.time + self.lag(lag, fill.trade_id))
            .map(|fill| MyTrade::of(caller.unit, fill));
        Ok(body::list(told))
    }

    pub(super) fn account(&self, caller: Caller, account: AccountId, params: &mut Params) -> Reply {
        let omit_zero = params.flag("omitZeroBalances")?.unwrap_or(false);
        params.finish()?;
        let rates = self.exchange.commission(account).ok_or_else(Refusal::unknown_key)?;
        let basis_points = |rate: Decimal| {
            u64::try_from((rate * Decimal::from(10_000)).trunc()).unwrap_or_default()
        };
        let balances = self.exchange.balances(account);
        let balances = balances
            .iter()
            .filter(|balance| !(omit_zero && (balance.free + balance.locked).is_zero()))
            .map(Balance::of)
            .collect();
        let can_trade = self.config.keys.iter().any(|key| key.account == account && key.can_trade);
        Ok(body::text(&AccountBody {
            maker_commission: basis_points(rates.maker),
            taker_commission: basis_points(rates.taker),
            buyer_commission: 0,
            seller_commission: 0,
            commission_rates: Rates {
                maker: fixed(rates.maker),
                taker: fixed(rates.taker),
                buyer: fixed(Decimal::ZERO),
                seller: fixed(Decimal::ZERO),
            },
            can_trade,
            can_withdraw: false,
            can_deposit: true,
            brokered: false,
            require_self_trade_prevention: false,
            prevent_sor: false,
            update_time: caller.unit.stamp(self.updated_at(account).unwrap_or(caller.now)),
            account_type: "SPOT",
            balances,
            permissions: ["SPOT"],
            uid: 100_000_000 + u64::from(account.0),
        }))
    }

    pub(super) fn rate_limit_orders(
        &mut self,
        caller: Caller,
        account: AccountId,
        params: &Params,
    ) -> Reply {
        params.finish()?;
        let (ten_seconds, day) = self.limits.orders_used(caller.now, u64::from(account.0));
        let entry = |kind, used| limit(kind, self.limits.limit_of(kind), Some(used));
        Ok(body::list(
            [entry(LimitKind::OrdersTenSeconds, ten_seconds), entry(LimitKind::OrdersDay, day)]
                .iter(),
        ))
    }

    pub(super) fn commission(&self, account: AccountId, params: &mut Params) -> Reply {
        let symbol = self.known_symbol(params)?;
        params.finish()?;
        let mut body = json!({"symbol": symbol});
        if let (Value::Object(fields), Value::Object(rates)) =
            (&mut body, self.commission_rates(account, false))
        {
            fields.extend(rates);
        }
        Ok(body::text(&body))
    }

    /// The rates of an account, with the field names of `account/commission` or of a tested order.
    pub(super) fn commission_rates(&self, account: AccountId, for_order: bool) -> Value {
        let rates = self.exchange.commission(account);
        let (maker, taker) =
            rates.as_ref().map(|rates| (rates.maker, rates.taker)).unwrap_or_default();
        let discount = rates.and_then(|rates| rates.discount);
        let table = |maker: Decimal, taker: Decimal| {
            if for_order {
                json!({"maker": fixed(maker), "taker": fixed(taker)})
            } else {
                json!({
                    "maker": fixed(maker),
                    "taker": fixed(taker),
                    "buyer": fixed(Decimal::ZERO),
                    "seller": fixed(Decimal::ZERO),
                })
            }
        };
        let named = |name: &str| {
            if for_order { format!("{name}ForOrder") } else { name.to_owned() }
        };
        let discount = json!({
            "enabledForAccount": discount.is_some(),
            "enabledForSymbol": discount.is_some(),
            "discountAsset": discount.as_ref().map_or("BNB", |discount| discount.asset.as_str()),
            "discount": fixed(discount.as_ref().map_or(Decimal::ONE, |discount| discount.rate)),
        });
        let none = table(Decimal::ZERO, Decimal::ZERO);
        let mut body = json!({});
        body[named("standardCommission")] = table(maker, taker);
        body[named("specialCommission")] = none.clone();
        body[named("taxCommission")] = none;
        body["discount"] = discount;
        body
    }

    fn updated_at(&self, account: AccountId) -> Option<Timestamp> {
        let ledger = self.exchange.ledger(account)?;
        let filled = ledger.fills().last().map(|fill| fill.time);
        let placed = ledger.orders().last().map(|order| order.time);
        filled.max(placed)
    }

    fn visible(&self, caller: Caller, lag: Duration, orders: &[OrderView]) -> Body {
        let visible = orders.iter().filter(|order| self.is_visible(caller, lag, order));
        body::list(visible.map(|order| OrderRow::of(caller.unit, order)))
    }

    fn is_visible(&self, caller: Caller, lag: Duration, order: &OrderView) -> bool {
        caller.now >= order.time + self.lag(lag, order.order_id)
    }
}

fn check_span(start: Option<Timestamp>, end: Option<Timestamp>) -> Result<(), Refusal> {
    match (start, end) {
        (Some(start), Some(end)) if end.since(start) > SPAN_MAX => {
            let text = "More than 24 hours between startTime and endTime.";
            Err(Refusal::bad(-1127, text))
        }
        (Some(start), Some(end)) if end < start => Err(Refusal::bad_combination()),
        _ => Ok(()),
    }
}
