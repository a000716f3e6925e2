//! A host with one grid in it, and short words for what it is told and asks for.

use tradewind_model::Decimal;
use tradewind_model::balance::Balance;
use tradewind_model::id::{Asset, ClientOrderId, ClientOrderIds, InstrumentId, Symbol, TradeId};
use tradewind_model::instrument::{Filter, Instrument, InstrumentStatus, Range};
use tradewind_model::market::Quote;
use tradewind_model::money::{Notional, Quantity};
use tradewind_model::notice::{Command, Notice, Recovered, VenueStatus};
use tradewind_model::order::{Link, OrderRequest, OrderState, OrderUpdate, Side};
use tradewind_model::report::Fill;
use tradewind_model::time::Timestamp;
use tradewind_strategy::{Host, Input, InvalidParams, Mailbox, Params, Registry};

use crate::Grid;

/// Five rungs at 100, 110, 120, 130 and 140.
pub(super) const FIVE: &str = "lower = '100'\nupper = '140'\nlevels = 5\nqty = '0.1'";

pub(super) fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub(super) fn qty(text: &str) -> Quantity {
    text.parse().unwrap()
}

pub(super) fn foo() -> InstrumentId {
    InstrumentId::from("FOO-USDT")
}

pub(super) fn instrument() -> Instrument {
    let range =
        |step: &str, min: &str| Range { min: dec(min), max: Decimal::ZERO, step: dec(step) };
    Instrument {
        id: foo(),
        symbol: Symbol::from("FOOUSDT"),
        base: Asset::from("FOO"),
        quote: Asset::from("USDT"),
        status: InstrumentStatus::Trading,
        base_precision: 8,
        quote_precision: 8,
        takes_market_orders: true,
        takes_quote_quantity: true,
        takes_post_only: true,
        offers: Vec::new(),
        filters: vec![
            Filter::Price(range("0.01", "0.01")),
            Filter::LotSize(range("0.001", "0.001")),
            Filter::MinNotional { min: "5".parse().unwrap(), applies_to_market: true },
        ],
    }
}

pub(super) fn balance(asset: &str, free: Decimal, locked: Decimal) -> Balance {
    Balance { asset: Asset::from(asset), free, locked }
}

/// What a strategy finds that starts with nothing but money.
pub(super) fn rich() -> Recovered {
    Recovered {
        instruments: vec![instrument()],
        balances: vec![
            balance("FOO", dec("100"), Decimal::ZERO),
            balance("USDT", dec("100000"), Decimal::ZERO),
        ],
        ..Recovered::default()
    }
}

pub(super) fn make(params: &str, start: u64) -> Result<Host, InvalidParams> {
    Host::new(
        &Registry::new().with::<Grid>("grid"),
        "grid".parse().unwrap(),
        "grid",
        &Params::parse(params)?,
        &[foo()],
        ClientOrderIds::new(0, Timestamp::from_millis(start)),
        Mailbox::new(|_| Ok(())),
    )
}

/// An order that was asked for.
pub(super) type Asked = (ClientOrderId, OrderRequest);

pub(super) struct Bench {
    pub(super) host: Host,
    pub(super) millis: u64,
    /// What the last notice made the grid do.
    pub(super) said: Vec<Command>,
}

impl Bench {
    pub(super) fn new(params: &str, recovered: Recovered) -> Self {
        let mut bench = Self { host: make(params, 0).unwrap(), millis: 0, said: Vec::new() };
        bench.tell(Notice::Started(Box::new(recovered)));
        bench
    }

    /// A bench whose venue is live.
    pub(super) fn live(params: &str, recovered: Recovered) -> Self {
        let mut bench = Self::new(params, recovered);
        bench.tell(Notice::Venue(VenueStatus::Live));
        bench
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.millis)
    }

    pub(super) fn tell(&mut self, notice: Notice) -> Vec<Asked> {
        self.said = self.host.handle(self.now(), &Input::Notice(notice));
        submits(&self.said)
    }

    /// Lets time pass, and the timers with it.
    pub(super) fn wait(&mut self, millis: u64) -> Vec<Asked> {
        self.millis += millis;
        self.said = self.host.handle(self.now(), &Input::Wake);
        submits(&self.said)
    }

    pub(super) fn quote(&mut self, bid: &str, ask: &str) -> Vec<Asked> {
        let quote = quote(bid, ask, self.now());
        self.tell(Notice::Quote(foo(), quote))
    }

    pub(super) fn stale(&mut self) -> Vec<Asked> {
        let reason = "stream lost".to_owned();
        self.tell(Notice::Venue(VenueStatus::Stale { reason }))
    }

    pub(super) fn order(&mut self, order: &Asked, state: OrderState, cum: &str) -> Vec<Asked> {
        let update = update(order, state, qty(cum));
        self.tell(Notice::Order(Box::new(update)))
    }

    /// Says of every order that it rests.
    pub(super) fn open(&mut self, orders: &[Asked]) -> Vec<Asked> {
        let opened = orders.iter().map(|order| self.order(order, OrderState::Open, "0"));
        opened.flatten().collect()
    }

    /// The status that the last notice made the grid keep.
    pub(super) fn status(&self) -> Option<String> {
        self.remembered("status")
    }

    /// What the last notice made the grid keep under a key.
    pub(super) fn remembered(&self, wanted: &str) -> Option<String> {
        self.said.iter().find_map(|command| {
            if let Command::Remember { key, value } = command {
                value.clone().filter(|_| key == wanted)
            } else {
                None
            }
        })
    }
}

pub(super) fn quote(bid: &str, ask: &str, at: Timestamp) -> Quote {
    Quote {
        bid: bid.parse().unwrap(),
        bid_qty: qty("1"),
        ask: ask.parse().unwrap(),
        ask_qty: qty("1"),
        at,
    }
}

pub(super) fn submits(commands: &[Command]) -> Vec<Asked> {
    let orders = commands.iter().filter_map(|command| {
        if let Command::Submit { client_order_id, request } = command {
            Some((*client_order_id, request.clone()))
        } else {
            None
        }
    });
    orders.collect()
}

/// `buy 100 x 0.1`, in the order of the rungs.
pub(super) fn told(orders: &[Asked]) -> Vec<String> {
    let mut orders: Vec<&OrderRequest> = orders.iter().map(|(_, request)| request).collect();
    orders.sort_by_key(|request| request.tag);
    let text = |request: &&OrderRequest| {
        format!(
            "{} {} x {}",
            request.side,
            request.kind.price().unwrap(),
            request.kind.qty().unwrap()
        )
    };
    orders.iter().map(text).collect()
}

/// The order among those asked for that rests on a rung.
pub(super) fn at(orders: &[Asked], tag: u32) -> Asked {
    let order = orders.iter().find(|(_, request)| request.tag == tag);
    order.cloned().unwrap()
}

pub(super) fn update((id, request): &Asked, state: OrderState, cum: Quantity) -> OrderUpdate {
    let qty = request.kind.qty().unwrap();
    OrderUpdate {
        client_order_id: *id,
        venue_order_id: None,
        instrument: request.instrument.clone(),
        side: request.side,
        kind: request.kind,
        tag: request.tag,
        link: Link::Alone,
        state,
        cum_qty: cum,
        cum_quote: Notional::ZERO,
        leaves_qty: if state.is_terminal() { Quantity::ZERO } else { qty.saturating_sub(cum) },
        fill: None,
        reason: None,
        denied: None,
        refusal: None,
        at: Timestamp::EPOCH,
    }
}

/// A fill of so much, with a fee in the base asset for buys.
pub(super) fn fill(request: &OrderRequest, trade: u64, qty: Quantity, fee: Decimal) -> Fill {
    let asset = match request.side {
        Side::Buy => "FOO",
        Side::Sell => "USDT",
    };
    Fill {
        trade_id: TradeId(trade),
        price: request.kind.price().unwrap(),
        qty,
        commission: fee,
        commission_asset: Some(Asset::from(asset)),
        is_maker: true,
        at: Timestamp::EPOCH,
    }
}
