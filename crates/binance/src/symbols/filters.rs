//! One rule of `exchangeInfo`.

use serde::Deserialize;
use serde_json::value::RawValue;
use tradewind_model::id::Asset;
use tradewind_model::instrument::{Filter, PercentPrice, Range};

use crate::number::{Malformed, Number};

/// The rules as the venue lists them (filters.md, read 2026-11).
#[derive(Deserialize)]
#[serde(tag = "filterType", rename_all = "SCREAMING_SNAKE_CASE", rename_all_fields = "camelCase")]
enum FilterRow {
    PriceFilter {
        min_price: Number,
        max_price: Number,
        tick_size: Number,
    },
    PercentPrice {
        multiplier_up: Number,
        multiplier_down: Number,
    },
    PercentPriceBySide {
        bid_multiplier_up: Number,
        bid_multiplier_down: Number,
        ask_multiplier_up: Number,
        ask_multiplier_down: Number,
    },
    LotSize {
        min_qty: Number,
        max_qty: Number,
        step_size: Number,
    },
    MarketLotSize {
        min_qty: Number,
        max_qty: Number,
        step_size: Number,
    },
    MinNotional {
        min_notional: Number,
        apply_to_market: bool,
    },
    Notional {
        min_notional: Number,
        apply_min_to_market: bool,
        max_notional: Number,
        apply_max_to_market: bool,
    },
    IcebergParts {
        limit: u32,
    },
    MaxNumOrders {
        max_num_orders: u32,
    },
    MaxNumAlgoOrders {
        max_num_algo_orders: u32,
    },
    MaxNumIcebergOrders {
        max_num_iceberg_orders: u32,
    },
    MaxNumOrderAmends {
        max_num_order_amends: u32,
    },
    MaxNumOrderLists {
        max_num_order_lists: u32,
    },
    MaxPosition {
        max_position: Number,
    },
    TrailingDelta {
        min_trailing_above_delta: u32,
        max_trailing_above_delta: u32,
        min_trailing_below_delta: u32,
        max_trailing_below_delta: u32,
    },
    ExchangeMaxNumOrders {
        max_num_orders: u32,
    },
    ExchangeMaxNumAlgoOrders {
        max_num_algo_orders: u32,
    },
    ExchangeMaxNumIcebergOrders {
        max_num_iceberg_orders: u32,
    },
    ExchangeMaxNumOrderLists {
        max_num_order_lists: u32,
    },
    MaxAsset {
        asset: Asset,
        limit: Number,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Name {
    filter_type: String,
}

/// A rule; one that we do not know, or cannot read and can do without, is named and nothing more.
pub(super) fn decode(raw: &RawValue, base: &str) -> Result<Filter, Malformed> {
    let name = serde_json::from_str::<Name>(raw.get())?.filter_type;
    let filter = serde_json::from_str::<FilterRow>(raw.get())
        .map_err(Malformed::from)
        .and_then(|row| filter(row, base));
    match filter {
        Err(problem) if name == "PRICE_FILTER" || name == "LOT_SIZE" => Err(problem),
        Err(_) => Ok(Filter::Unknown(name)),
        Ok(filter) => Ok(filter),
    }
}

fn filter(row: FilterRow, base: &str) -> Result<Filter, Malformed> {
    Ok(match row {
        FilterRow::PriceFilter { min_price, max_price, tick_size } => {
            Filter::Price(range(&min_price, &max_price, &tick_size)?)
        }
        FilterRow::PercentPrice { multiplier_up, multiplier_down } => {
            Filter::PercentPrice(percent(&multiplier_up, &multiplier_down)?)
        }
        FilterRow::PercentPriceBySide {
            bid_multiplier_up,
            bid_multiplier_down,
            ask_multiplier_up,
            ask_multiplier_down,
        } => Filter::PercentPriceBySide {
            bid: percent(&bid_multiplier_up, &bid_multiplier_down)?,
            ask: percent(&ask_multiplier_up, &ask_multiplier_down)?,
        },
        FilterRow::LotSize { min_qty, max_qty, step_size } => {
            Filter::LotSize(range(&min_qty, &max_qty, &step_size)?)
        }
        FilterRow::MarketLotSize { min_qty, max_qty, step_size } => {
            Filter::MarketLotSize(range(&min_qty, &max_qty, &step_size)?)
        }
        FilterRow::MinNotional { min_notional, apply_to_market } => Filter::MinNotional {
            min: min_notional.notional("minNotional")?,
            applies_to_market: apply_to_market,
        },
        FilterRow::Notional {
            min_notional,
            apply_min_to_market,
            max_notional,
            apply_max_to_market,
        } => Filter::Notional {
            min: min_notional.notional("minNotional")?,
            min_applies_to_market: apply_min_to_market,
            max: max_notional.notional("maxNotional")?,
            max_applies_to_market: apply_max_to_market,
        },
        FilterRow::IcebergParts { limit } => Filter::IcebergParts(limit),
        FilterRow::MaxNumOrders { max_num_orders } => Filter::MaxNumOrders(max_num_orders),
        FilterRow::MaxNumAlgoOrders { max_num_algo_orders } => {
            Filter::MaxNumAlgoOrders(max_num_algo_orders)
        }
        FilterRow::MaxNumIcebergOrders { max_num_iceberg_orders } => {
            Filter::MaxNumIcebergOrders(max_num_iceberg_orders)
        }
        FilterRow::MaxNumOrderAmends { max_num_order_amends } => {
            Filter::MaxNumOrderAmends(max_num_order_amends)
        }
        FilterRow::MaxNumOrderLists { max_num_order_lists } => {
            Filter::MaxNumOrderLists(max_num_order_lists)
        }
        FilterRow::MaxPosition { max_position } => {
            Filter::MaxPosition(max_position.quantity("maxPosition")?)
        }
        FilterRow::TrailingDelta {
            min_trailing_above_delta,
            max_trailing_above_delta,
            min_trailing_below_delta,
            max_trailing_below_delta,
        } => Filter::TrailingDelta {
            above: (min_trailing_above_delta, max_trailing_above_delta),
            below: (min_trailing_below_delta, max_trailing_below_delta),
        },
        FilterRow::ExchangeMaxNumOrders { max_num_orders } => {
            Filter::ExchangeMaxNumOrders(max_num_orders)
        }
        FilterRow::ExchangeMaxNumAlgoOrders { max_num_algo_orders } => {
            Filter::ExchangeMaxNumAlgoOrders(max_num_algo_orders)
        }
        FilterRow::ExchangeMaxNumIcebergOrders { max_num_iceberg_orders } => {
            Filter::ExchangeMaxNumIcebergOrders(max_num_iceberg_orders)
        }
        FilterRow::ExchangeMaxNumOrderLists { max_num_order_lists } => {
            Filter::ExchangeMaxNumOrderLists(max_num_order_lists)
        }
        FilterRow::MaxAsset { asset, limit } => Filter::MaxAsset {
            is_base: asset.as_str() == base,
            limit: limit.quantity("limit")?.get(),
            asset,
        },
    })
}

fn range(min: &Number, max: &Number, step: &Number) -> Result<Range, Malformed> {
    Ok(Range {
        min: min.quantity("min")?.get(),
        max: max.quantity("max")?.get(),
        step: step.quantity("step")?.get(),
    })
}

fn percent(up: &Number, down: &Number) -> Result<PercentPrice, Malformed> {
    Ok(PercentPrice {
        up: up.quantity("multiplierUp")?.get(),
        down: down.quantity("multiplierDown")?.get(),
    })
}
