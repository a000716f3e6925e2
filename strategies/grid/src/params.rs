//! What a grid is told by its configuration, and what of it makes no sense.

use serde::Deserialize;
use tradewind_model::Decimal;
use tradewind_model::money::{Price, Quantity};
use tradewind_strategy::InvalidParams;

/// The parameters of a grid. The range is given either by `lower` and `upper` or by `width`.
///
/// Write prices and quantities in quotes, so that no digit is lost on the way.
#[derive(Clone, Debug, Deserialize)]
pub struct GridParams {
    /// The price of the lowest rung, brought down to the instrument's tick.
    pub lower: Option<Price>,
    /// The price of the highest rung, brought down to the tick; above `lower`.
    pub upper: Option<Price>,
    /// The whole range as a share of the middle between bid and ask of the first quote once the
    /// venue is live: with `"0.01"` the lowest rung is half a percent below it, the highest half a
    /// percent above. More than 0, less than 2. The center found is kept over restarts, for as
    /// long as `width` stays the same.
    pub width: Option<Decimal>,
    /// How many rungs, 2 to 200, evenly spaced, those at both ends of the range included. At most
    /// one order fewer rests.
    pub levels: u32,
    /// How much each order buys or sells, in base asset, brought down to the instrument's step.
    pub qty: Quantity,
    /// Whether orders are post-only, which never pay a taker's fee: an order that would trade at
    /// once waits until it would rest. Otherwise they are limit orders, and trade at once.
    #[serde(default = "yes")]
    pub post_only: bool,
}

const fn yes() -> bool {
    true
}

/// Parameters that make sense together.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) span: Span,
    pub(crate) levels: u32,
    pub(crate) qty: Quantity,
    pub(crate) post_only: bool,
}

/// Where the rungs lie.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Span {
    Fixed { lower: Price, upper: Price },
    Around { width: Decimal },
}

impl Span {
    /// Lowest and highest price, around `center` where that is needed.
    pub(crate) fn ends(self, center: Price) -> (Price, Price) {
        match self {
            Self::Fixed { lower, upper } => (lower, upper),
            Self::Around { width } => {
                let half = center.get().saturating_mul(width) / Decimal::TWO;
                let end = |price| Price::new(price).unwrap_or_default();
                (end(center.get().saturating_sub(half)), end(center.get().saturating_add(half)))
            }
        }
    }
}

impl GridParams {
    /// The fewest rungs: with one there is nothing to sell at.
    pub const LEVELS_MIN: u32 = 2;
    /// The most rungs: Binance typically takes 200 open orders of an account on a spot symbol
    /// (exchangeInfo, `MAX_NUM_ORDERS`, read 2026-11).
    pub const LEVELS_MAX: u32 = 200;

    pub(crate) fn plan(&self) -> Result<Plan, InvalidParams> {
        let Self { levels, qty, .. } = *self;
        if !(Self::LEVELS_MIN..=Self::LEVELS_MAX).contains(&levels) {
            let (min, max) = (Self::LEVELS_MIN, Self::LEVELS_MAX);
            let message = format!("levels is {levels}; a grid has {min} to {max} rungs");
            return Err(InvalidParams::at("levels", message));
        }
        if qty.is_zero() {
            let message = "qty is 0; give what one order buys or sells, in base asset";
            return Err(InvalidParams::at("qty", message));
        }
        Ok(Plan { span: self.span()?, levels, qty, post_only: self.post_only })
    }

    fn span(&self) -> Result<Span, InvalidParams> {
        let wrong = |key, message: String| Err(InvalidParams::at(key, message));
        match (self.lower, self.upper, self.width) {
            (Some(lower), Some(upper), None) => {
                if lower.is_zero() {
                    return wrong("lower", "lower is 0; give a price above it".to_owned());
                }
                if lower >= upper {
                    let message = format!("lower {lower} is not below upper {upper}; raise upper");
                    return wrong("lower", message);
                }
                Ok(Span::Fixed { lower, upper })
            }
            (None, None, Some(width)) => {
                if width <= Decimal::ZERO || width >= Decimal::TWO {
                    let message = format!(
                        "width is {width}; give a share above 0 and below 2, such as \"0.01\" for \
                         half a percent to either side"
                    );
                    return wrong("width", message);
                }
                Ok(Span::Around { width })
            }
            (None, None, None) => {
                wrong("lower", "the range is missing; give lower and upper, or width".to_owned())
            }
            (_, _, Some(width)) => {
                let message = format!(
                    "width {width} is given beside lower or upper; give either width, or both of \
                     the others"
                );
                wrong("width", message)
            }
            (Some(lower), None, None) => {
                let message = format!("lower {lower} is given without upper; give both, or width");
                wrong("lower", message)
            }
            (None, Some(upper), None) => {
                let message = format!("upper {upper} is given without lower; give both, or width");
                wrong("upper", message)
            }
        }
    }
}
