//! A strategy replayed without a venue: bars in, fills at the close out, time as the bars say.
//!
//! This is a sketch pad, not a backtest: every market order fills whole, at the close of the last
//! bar, without slippage. What it does take seriously is order. Time moves only when the loop moves
//! it, and the loop waits for the model's answer to each bar before it goes on, so two runs are the
//! same run however threads are scheduled.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use tradewind_model::Decimal;
use tradewind_model::id::{Asset, ClientOrderId, ClientOrderIds, InstrumentId, Symbol, TradeId};
use tradewind_model::instrument::{Filter, Instrument, InstrumentStatus, Range};
use tradewind_model::market::{Bar, Interval};
use tradewind_model::money::{Notional, Price, Quantity};
use tradewind_model::notice::{Command, Notice, Recovered, VenueStatus};
use tradewind_model::order::{Link, OrderRequest, OrderState, OrderUpdate, Side};
use tradewind_model::report::Fill;
use tradewind_model::time::Timestamp;
use tradewind_strategy::{
    Host, Input, InvalidParams, Mailbox, MailboxFull, Message, Params, Registry,
};

use crate::strategy::Momentum;

/// How long the model may really take. No result depends on it.
const MODEL_TIMEOUT: Duration = Duration::from_secs(30);
/// Taken of what a trade receives.
const FEE: Decimal = Decimal::from_parts(1, 0, 0, false, 3);

/// One trade of a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trade {
    pub(crate) at: Timestamp,
    pub(crate) side: Side,
    pub(crate) qty: Quantity,
    pub(crate) price: Price,
}

/// What a replay came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) trades: Vec<Trade>,
    /// Quote asset earned, what is held at the end counted at the last close.
    pub(crate) profit: Decimal,
}

/// Why a replay ended before its bars did.
#[derive(Debug)]
pub(crate) enum ReplayError {
    Params(InvalidParams),
    ModelSilent,
}

impl std::fmt::Display for ReplayError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Params(error) => error.fmt(f),
            Self::ModelSilent => f.write_str("the model gave no answer; see whether it panicked"),
        }
    }
}

impl std::error::Error for ReplayError {}

pub(crate) fn instrument() -> Instrument {
    Instrument {
        id: InstrumentId::from("TIDE-USDT"),
        symbol: Symbol::from("TIDEUSDT"),
        base: Asset::from("TIDE"),
        quote: Asset::from("USDT"),
        status: InstrumentStatus::Trading,
        base_precision: 8,
        quote_precision: 8,
        takes_market_orders: true,
        takes_quote_quantity: true,
        takes_post_only: true,
        offers: Vec::new(),
        filters: vec![Filter::LotSize(Range {
            min: Decimal::new(1, 3),
            max: Decimal::ZERO,
            step: Decimal::new(1, 3),
        })],
    }
}

/// A replay under way.
pub(crate) struct Replay {
    host: Host,
    mail: Receiver<Message>,
    now: Timestamp,
    close: Price,
    base: Decimal,
    money: Decimal,
    pub(crate) trades: Vec<Trade>,
}

impl Replay {
    /// A strategy that has started and waits for its history.
    pub(crate) fn start(params: &str, at: Timestamp) -> Result<Self, ReplayError> {
        let (post, mail) = sync_channel(1_024);
        let mailbox = Mailbox::new(move |message| post.try_send(message).map_err(|_| MailboxFull));
        let host = Params::parse(params).and_then(|params| {
            Host::new(
                &Registry::new().with::<Momentum>("momentum"),
                "momentum".parse().expect("a short word is a name"),
                "momentum",
                &params,
                &[instrument().id],
                ClientOrderIds::new(0, at),
                mailbox,
            )
        });
        let mut replay = Self {
            host: host.map_err(ReplayError::Params)?,
            mail,
            now: at,
            close: Price::ZERO,
            base: Decimal::ZERO,
            money: Decimal::ZERO,
            trades: Vec::new(),
        };
        let recovered = Recovered { instruments: vec![instrument()], ..Recovered::default() };
        replay.tell(Notice::Started(Box::new(recovered)));
        Ok(replay)
    }

    /// Tells closed bars, the first `history` of them before the venue is live.
    pub(crate) fn run(mut self, bars: &[Bar], history: usize) -> Result<Outcome, ReplayError> {
        for (index, bar) in bars.iter().enumerate() {
            if index == history {
                self.tell(Notice::Venue(VenueStatus::Live));
            }
            self.bar(bar);
            self.answer()?;
        }
        self.tell(Notice::Stopping);
        Ok(Outcome { profit: self.money + self.base * self.close.get(), trades: self.trades })
    }

    pub(crate) fn tell(&mut self, notice: Notice) {
        self.handle(&Input::Notice(notice));
    }

    /// Moves time to a bar's end, past the timers on the way, and tells the bar.
    pub(crate) fn bar(&mut self, bar: &Bar) {
        let end = bar.open_at + bar.interval.duration();
        self.wait_until(end);
        self.close = bar.close;
        self.tell(Notice::Bar(instrument().id, bar.clone()));
    }

    /// Lets time pass, timer by timer.
    pub(crate) fn wait_until(&mut self, end: Timestamp) {
        while let Some(due) = self.host.wakeup().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.handle(&Input::Wake);
        }
        self.now = self.now.max(end);
    }

    /// Waits for the answer that each bar is given, and delivers it.
    pub(crate) fn answer(&mut self) -> Result<(), ReplayError> {
        let message = self.mail.recv_timeout(MODEL_TIMEOUT);
        let message = message.map_err(|_| ReplayError::ModelSilent)?;
        self.handle(&Input::Message(message));
        Ok(())
    }

    /// Does what the strategy asks for, and what it asks for upon that.
    fn handle(&mut self, input: &Input) {
        let mut commands = VecDeque::from(self.host.handle(self.now, input));
        while let Some(command) = commands.pop_front() {
            // The bars are told as they are: no other wish has anything to be done for it.
            if let Command::Submit { client_order_id, request } = command {
                let update = self.fill(client_order_id, request);
                let notice = Input::Notice(Notice::Order(Box::new(update)));
                commands.extend(self.host.handle(self.now, &notice));
            }
        }
    }

    fn fill(&mut self, client_order_id: ClientOrderId, request: OrderRequest) -> OrderUpdate {
        let qty = request.kind.qty().unwrap_or_default();
        let value = (self.close * qty).get();
        let (commission, asset) = match request.side {
            Side::Buy => (qty.get() * FEE, instrument().base),
            Side::Sell => (value * FEE, instrument().quote),
        };
        match request.side {
            Side::Buy => {
                self.base += qty.get() - commission;
                self.money -= value;
            }
            Side::Sell => {
                self.base -= qty.get();
                self.money += value - commission;
            }
        }
        self.trades.push(Trade { at: self.now, side: request.side, qty, price: self.close });
        OrderUpdate {
            client_order_id,
            venue_order_id: None,
            instrument: request.instrument,
            side: request.side,
            kind: request.kind,
            tag: request.tag,
            link: Link::Alone,
            state: OrderState::Filled,
            cum_qty: qty,
            cum_quote: self.close * qty,
            leaves_qty: Quantity::ZERO,
            fill: Some(Fill {
                trade_id: TradeId(self.trades.len() as u64),
                price: self.close,
                qty,
                commission,
                commission_asset: Some(asset),
                is_maker: false,
                at: self.now,
            }),
            reason: None,
            denied: None,
            refusal: None,
            at: self.now,
        }
    }
}

/// Minute bars of a made-up market: a tide of four hours, with noise from a seed.
pub(crate) fn tide(seed: u64, count: u64, start: Timestamp) -> Vec<Bar> {
    const TURN: u64 = 120;
    let mut noise = seed;
    let mut open = cents(10_000);
    let bar = |minute: u64| {
        // Knuth's multiplier for a 64-bit linear congruence; the upper bits are the good ones.
        noise =
            noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let phase = minute % (2 * TURN);
        let height = phase.min(2 * TURN - phase);
        let close = cents(10_000 + 5 * height + (noise >> 33) % 60);
        let bar = Bar {
            interval: Interval::Minute1,
            open_at: start + Duration::from_secs(60 * minute),
            open,
            high: open.max(close),
            low: open.min(close),
            close,
            volume: Quantity::ZERO,
            quote_volume: Notional::ZERO,
            is_closed: true,
        };
        open = close;
        bar
    };
    (0..count).map(bar).collect()
}

fn cents(cents: u64) -> Price {
    Price::new(Decimal::from(cents) / Decimal::ONE_HUNDRED).expect("cents are never negative")
}
