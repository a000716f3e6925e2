//! `exchangeInfo`: what can be traded, by which rules, and within which limits.

use serde_json::{Value, json};

use super::{Caller, Desk, Reply};
use crate::binance::body::{self, fixed};
use crate::binance::params::Params;
use crate::binance::refusal::Refusal;
use crate::exchange::{ExchangeFilters, Filters, StpMode, SymbolConfig};
use crate::front::Door;
use crate::limits::{LimitKind, LimitsConfig};

/// The permission every symbol here has.
const PERMISSION: &str = "SPOT";

impl Desk {
    pub(super) fn exchange_info(&self, caller: Caller, params: &mut Params) -> Reply {
        let symbol = params.symbol_if_sent()?;
        let symbols = params.symbols()?;
        let permissions = params.take("permissions")?;
        let show_sets = params.flag("showPermissionSets")?.unwrap_or(true);
        let wanted = Self::wanted_status(params)?;
        params.finish()?;
        let selectors = [symbol.is_some(), symbols.is_some(), permissions.is_some()];
        let named = symbol.is_some() || symbols.is_some();
        if selectors.iter().filter(|sent| **sent).count() > 1 || (named && wanted.is_some()) {
            return Err(Refusal::bad_combination());
        }
        let names: Option<Vec<String>> = symbol.map(|symbol| vec![symbol]).or(symbols);
        for name in names.iter().flatten() {
            self.check_symbol(name)?;
        }
        let is_permitted = permissions.is_none_or(|text| is_spot(&text));
        let symbols: Vec<Value> = self
            .exchange
            .symbols()
            .iter()
            .filter(|_| is_permitted)
            .filter(|config| names.as_ref().is_none_or(|names| names.contains(&config.symbol)))
            .filter(|config| wanted.is_none() || self.exchange.status(&config.symbol) == wanted)
            .map(|config| self.symbol_body(config, show_sets))
            .collect();
        // Only the socket's catalogue names the limit on handshakes.
        let names_connections = matches!(caller.door, Door::Socket(_));
        Ok(body::text(&json!({
            "timezone": "UTC",
            "serverTime": caller.unit.stamp(caller.now),
            "rateLimits": limits(self.limits.config(), names_connections),
            "exchangeFilters": exchange_filters(self.exchange_filters),
            "symbols": symbols,
        })))
    }

    fn symbol_body(&self, config: &SymbolConfig, show_sets: bool) -> Value {
        let status = self.exchange.status(&config.symbol).map_or("BREAK", |status| status.as_str());
        let allowed: Vec<&str> = config.allowed_stp.iter().copied().map(StpMode::as_str).collect();
        let offered = config.features;
        let mut types = vec!["LIMIT", "LIMIT_MAKER", "MARKET"];
        if offered.contingent {
            types.extend(["STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"]);
        }
        let sets = if show_sets { json!([[PERMISSION]]) } else { json!([]) };
        json!({
            "symbol": config.symbol,
            "status": status,
            "baseAsset": config.base,
            "baseAssetPrecision": config.base_precision,
            "quoteAsset": config.quote,
            "quotePrecision": config.quote_precision,
            "quoteAssetPrecision": config.quote_precision,
            "baseCommissionPrecision": config.base_commission_precision,
            "quoteCommissionPrecision": config.quote_commission_precision,
            "orderTypes": types,
            "icebergAllowed": true,
            "ocoAllowed": offered.oco,
            "otoAllowed": false,
            "opoAllowed": false,
            "quoteOrderQtyMarketAllowed": true,
            "allowTrailingStop": false,
            "cancelReplaceAllowed": offered.cancel_replace,
            "amendAllowed": offered.amend,
            "pegInstructionsAllowed": false,
            "isSpotTradingAllowed": true,
            "isMarginTradingAllowed": false,
            "filters": filters(&config.filters),
            "permissions": [],
            "permissionSets": sets,
            "defaultSelfTradePreventionMode": config.default_stp.as_str(),
            "allowedSelfTradePreventionModes": allowed,
        })
    }
}

/// Whether a permission name or a JSON array of them holds ours.
fn is_spot(text: &str) -> bool {
    let names: Result<Vec<String>, _> = serde_json::from_str(text);
    names.map_or_else(|_| text == PERMISSION, |names| names.iter().any(|name| name == PERMISSION))
}

/// `rateLimits` of `exchangeInfo`.
fn limits(config: &LimitsConfig, names_connections: bool) -> Vec<Value> {
    let mut list = vec![
        limit(LimitKind::Weight, config.weight_per_minute, None),
        limit(LimitKind::OrdersTenSeconds, config.orders_per_ten_seconds, None),
        limit(LimitKind::OrdersDay, config.orders_per_day, None),
        limit(LimitKind::RawRequests, config.raw_requests_per_five_minutes, None),
    ];
    if names_connections {
        list.push(limit(LimitKind::Connections, config.connections_per_five_minutes, None));
    }
    list
}

/// One entry of a `rateLimits` list, with the current count where the venue gives it.
pub(crate) fn limit(kind: LimitKind, limit: u32, count: Option<u32>) -> Value {
    let (name, interval, num) = match kind {
        LimitKind::Weight => ("REQUEST_WEIGHT", "MINUTE", 1),
        LimitKind::RawRequests => ("RAW_REQUESTS", "MINUTE", 5),
        LimitKind::OrdersTenSeconds => ("ORDERS", "SECOND", 10),
        LimitKind::OrdersDay => ("ORDERS", "DAY", 1),
        LimitKind::Connections => ("CONNECTIONS", "MINUTE", 5),
        // This venue has none.
        LimitKind::Calls(path) => (path, "SECOND", 1),
    };
    let mut entry = json!({
        "rateLimitType": name,
        "interval": interval,
        "intervalNum": num,
        "limit": limit,
    });
    if let Some(count) = count {
        entry["count"] = count.into();
    }
    entry
}

fn exchange_filters(filters: ExchangeFilters) -> Value {
    let mut list = Vec::new();
    if let Some(max) = filters.max_num_orders {
        list.push(json!({"filterType": "EXCHANGE_MAX_NUM_ORDERS", "maxNumOrders": max}));
    }
    if let Some(max) = filters.max_num_iceberg_orders {
        list.push(json!({
            "filterType": "EXCHANGE_MAX_NUM_ICEBERG_ORDERS",
            "maxNumIcebergOrders": max,
        }));
    }
    if let Some(max) = filters.max_num_algo_orders {
        list.push(json!({"filterType": "EXCHANGE_MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": max}));
    }
    if let Some(max) = filters.max_num_order_lists {
        list.push(json!({"filterType": "EXCHANGE_MAX_NUM_ORDER_LISTS", "maxNumOrderLists": max}));
    }
    list.into()
}

/// A symbol's filters, in the order production lists them.
fn filters(filters: &Filters) -> Value {
    let lot = |name: &str, lot: &crate::exchange::filters::LotSize| {
        json!({
            "filterType": name,
            "minQty": fixed(lot.min_qty),
            "maxQty": fixed(lot.max_qty),
            "stepSize": fixed(lot.step_size),
        })
    };
    let plain = |multiplier: rust_decimal::Decimal| multiplier.normalize().to_string();
    let price = filters.price.as_ref().map(|price| {
        json!({
            "filterType": "PRICE_FILTER",
            "minPrice": fixed(price.min_price),
            "maxPrice": fixed(price.max_price),
            "tickSize": fixed(price.tick_size),
        })
    });
    let trailing = filters.trailing_delta.as_ref().map(|delta| {
        json!({
            "filterType": "TRAILING_DELTA",
            "minTrailingAboveDelta": delta.min_above,
            "maxTrailingAboveDelta": delta.max_above,
            "minTrailingBelowDelta": delta.min_below,
            "maxTrailingBelowDelta": delta.max_below,
        })
    });
    let percent = filters.percent_price.as_ref().map(|percent| {
        json!({
            "filterType": "PERCENT_PRICE",
            "multiplierUp": plain(percent.multiplier_up),
            "multiplierDown": plain(percent.multiplier_down),
            "avgPriceMins": percent.avg_price_mins,
        })
    });
    let by_side = filters.percent_price_by_side.as_ref().map(|percent| {
        json!({
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": plain(percent.bid_multiplier_up),
            "bidMultiplierDown": plain(percent.bid_multiplier_down),
            "askMultiplierUp": plain(percent.ask_multiplier_up),
            "askMultiplierDown": plain(percent.ask_multiplier_down),
            "avgPriceMins": percent.avg_price_mins,
        })
    });
    [
        price,
        filters.lot_size.as_ref().map(|size| lot("LOT_SIZE", size)),
        filters.iceberg_parts.map(|parts| json!({"filterType": "ICEBERG_PARTS", "limit": parts})),
        filters.market_lot_size.as_ref().map(|size| lot("MARKET_LOT_SIZE", size)),
        trailing,
        percent,
        by_side,
    ]
    .into_iter()
    .chain(amount_filters(filters))
    .flatten()
    .collect()
}

/// The filters on notional, position and numbers of orders.
fn amount_filters(filters: &Filters) -> [Option<Value>; 8] {
    let min_notional = filters.min_notional.as_ref().map(|notional| {
        json!({
            "filterType": "MIN_NOTIONAL",
            "minNotional": fixed(notional.min_notional),
            "applyToMarket": notional.apply_to_market,
            "avgPriceMins": notional.avg_price_mins,
        })
    });
    let notional = filters.notional.as_ref().map(|notional| {
        json!({
            "filterType": "NOTIONAL",
            "minNotional": fixed(notional.min_notional),
            "applyMinToMarket": notional.apply_min_to_market,
            "maxNotional": fixed(notional.max_notional),
            "applyMaxToMarket": notional.apply_max_to_market,
            "avgPriceMins": notional.avg_price_mins,
        })
    });
    [
        min_notional,
        notional,
        filters
            .max_position
            .map(|max| json!({"filterType": "MAX_POSITION", "maxPosition": fixed(max)})),
        filters
            .max_num_orders
            .map(|max| json!({"filterType": "MAX_NUM_ORDERS", "maxNumOrders": max})),
        filters
            .max_num_iceberg_orders
            .map(|max| json!({"filterType": "MAX_NUM_ICEBERG_ORDERS", "maxNumIcebergOrders": max})),
        filters
            .max_num_algo_orders
            .map(|max| json!({"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": max})),
        filters
            .max_num_order_lists
            .map(|max| json!({"filterType": "MAX_NUM_ORDER_LISTS", "maxNumOrderLists": max})),
        filters
            .max_num_order_amends
            .map(|max| json!({"filterType": "MAX_NUM_ORDER_AMENDS", "maxNumOrderAmends": max})),
    ]
}
