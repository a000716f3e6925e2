//! What a strategy needs: `use tradewind::prelude::*`.

pub use tradewind_model::balance::{Balance, Fees};
pub use tradewind_model::call::WhenNotCanceled;
pub use tradewind_model::id::{Asset, ClientOrderId, InstrumentId, StrategyId};
pub use tradewind_model::instrument::Instrument;
pub use tradewind_model::market::{Bar, Book, Interval, Level, Quote, Trade};
pub use tradewind_model::money::{Notional, Price, Quantity};
pub use tradewind_model::notice::{Recovered, VenueStatus};
pub use tradewind_model::order::{
    Denied, LimitTerms, Link, MarketQuantity, Oco, OcoRequest, OcoStop, OcoTake, OrderKind,
    OrderRequest, OrderState, OrderUpdate, Side, TimeInForce, Trigger,
};
pub use tradewind_model::position::Position;
pub use tradewind_model::report::Fill;
pub use tradewind_model::setback::Setback;
pub use tradewind_model::stream::Feed;
pub use tradewind_model::{Decimal, Timestamp};
pub use tradewind_strategy::{
    Context, Exposure, InvalidParams, Mailbox, MailboxFull, Message, PairIds, Registry, Schedule,
    Strategy, TimerKey,
};
