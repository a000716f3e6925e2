use std::time::Duration;

use serde::Deserialize;
use tradewind_model::Decimal;
use tradewind_model::id::{Asset, Symbol, TradeId};
use tradewind_model::instrument::{Filter, Instrument, InstrumentStatus, Range};
use tradewind_model::money::{Notional, Quantity};
use tradewind_model::notice::{Recovered, VenueStatus};
use tradewind_model::order::{
    Denied, Link, MarketQuantity, OrderKind, OrderRequest, OrderState, OrderUpdate, Side,
};
use tradewind_model::report::Fill;

use super::*;
use crate::strategy::Strategy;
use crate::timer::{Schedule, TimerKey};

#[derive(Deserialize)]
struct EchoParams {
    qty: Quantity,
}

/// Buys on every message, remembers what it was called with, beats once a second.
struct Echo {
    instrument: InstrumentId,
    qty: Quantity,
}

impl Strategy for Echo {
    type Params = EchoParams;

    fn new(params: EchoParams, instruments: &[InstrumentId]) -> Result<Self, InvalidParams> {
        if params.qty.is_zero() {
            return Err(InvalidParams::at("qty", "qty is zero; give it at least the lot size"));
        }
        let instrument = instruments.first().cloned();
        let instrument =
            instrument.ok_or_else(|| InvalidParams::at("instruments", "name one instrument"))?;
        Ok(Self { instrument, qty: params.qty })
    }

    fn on_start(&mut self, _recovered: &Recovered, cx: &mut Context<'_>) {
        cx.timer(TimerKey(1), Schedule::Every(Duration::from_secs(1)));
    }

    fn on_order(&mut self, _update: &OrderUpdate, cx: &mut Context<'_>) {
        let position = cx.position(&self.instrument).to_string();
        cx.remember("position", &position);
    }

    fn on_timer(&mut self, key: TimerKey, cx: &mut Context<'_>) {
        cx.remember("beat", &format!("{}@{}", key.0, cx.now().as_millis()));
    }

    fn on_message(&mut self, message: &Message, cx: &mut Context<'_>) {
        let qty = message.body.parse().unwrap_or(self.qty);
        let request = OrderRequest {
            instrument: self.instrument.clone(),
            side: Side::Buy,
            kind: OrderKind::Market(MarketQuantity::Base(qty)),
            tag: 7,
        };
        if let Err(denied) = cx.submit(request) {
            cx.remember("denied", &denied.to_string());
        }
    }
}

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn make(params: &str) -> Result<Host, InvalidParams> {
    Host::new(
        &Registry::new().with::<Echo>("echo"),
        "one".parse().unwrap(),
        "echo",
        &Params::parse(params)?,
        &[InstrumentId::from("FOO-USDT")],
        ClientOrderIds::new(0, at(0)),
        Mailbox::new(|_| Ok(())),
    )
}

fn started() -> Host {
    let mut host = make("qty = 0.5").unwrap();
    let step = Range { min: Decimal::ZERO, max: Decimal::ZERO, step: "0.1".parse().unwrap() };
    let instrument = Instrument {
        id: InstrumentId::from("FOO-USDT"),
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
        filters: vec![Filter::LotSize(step)],
    };
    let recovered = Recovered { instruments: vec![instrument], ..Recovered::default() };
    host.handle(at(0), &Input::Notice(Notice::Started(Box::new(recovered))));
    host
}

fn message(body: &str) -> Input {
    Input::Message(Message { topic: "buy".to_owned(), body: body.to_owned() })
}

fn remembered(commands: &[Command], wanted: &str) -> Option<String> {
    commands.iter().find_map(|command| {
        let Command::Remember { key, value } = command else { return None };
        value.clone().filter(|_| key == wanted)
    })
}

#[test]
fn orders_are_denied_before_the_venue_is_live_and_by_filters_after() {
    let mut host = started();
    let denied = remembered(&host.handle(at(1), &message("0.5")), "denied").unwrap();
    assert!(denied.contains("starting"), "{denied}");
    host.handle(at(2), &Input::Notice(Notice::Venue(VenueStatus::Live)));
    let denied = remembered(&host.handle(at(3), &message("0.55")), "denied").unwrap();
    assert!(denied.starts_with("LOT_SIZE") && denied.ends_with("nearest is 0.5"), "{denied}");
    let commands = host.handle(at(4), &message("0.5"));
    let [Command::Submit { client_order_id, request }] = commands.as_slice() else {
        panic!("{commands:?}");
    };
    assert!(client_order_id.is_ours());
    assert_eq!(request.tag, 7);
}

#[test]
fn a_position_is_the_sum_of_fills_less_fees_in_the_base_asset() {
    let mut host = started();
    let mut commands = Vec::new();
    for (trade, side) in [(1, Side::Buy), (2, Side::Sell)] {
        let update = OrderUpdate {
            client_order_id: "a".parse().unwrap(),
            venue_order_id: None,
            instrument: InstrumentId::from("FOO-USDT"),
            side,
            kind: OrderKind::Market(MarketQuantity::Base("1".parse().unwrap())),
            tag: 0,
            link: Link::Alone,
            state: OrderState::PartiallyFilled,
            cum_qty: "1".parse().unwrap(),
            cum_quote: Notional::ZERO,
            leaves_qty: Quantity::ZERO,
            fill: Some(Fill {
                trade_id: TradeId(trade),
                price: "10".parse().unwrap(),
                qty: if side == Side::Buy { "1" } else { "0.4" }.parse().unwrap(),
                commission: "0.001".parse().unwrap(),
                commission_asset: Some(Asset::from(if side == Side::Buy { "FOO" } else { "USDT" })),
                is_maker: true,
                at: at(5),
            }),
            reason: None,
            denied: None::<Denied>,
            refusal: None,
            at: at(5),
        };
        commands = host.handle(at(5), &Input::Notice(Notice::Order(Box::new(update))));
    }
    assert_eq!(remembered(&commands, "position").as_deref(), Some("0.599"));
}

#[test]
fn timers_are_called_when_due_and_missed_beats_are_not_made_up_for() {
    let mut host = started();
    assert_eq!(host.wakeup(), Some(at(1_000)));
    assert!(host.handle(at(999), &Input::Wake).is_empty());
    let commands = host.handle(at(5_500), &Input::Wake);
    assert_eq!(remembered(&commands, "beat").as_deref(), Some("1@5500"));
    assert_eq!(commands.len(), 1);
    assert_eq!(host.wakeup(), Some(at(6_500)));
}

#[test]
fn wrong_parameters_are_named_with_their_place() {
    let text = "qty = 1\nlevles = 3";
    let error = make(text).unwrap_err();
    assert_eq!(error.to_string(), "`levles` is no parameter of this strategy");
    assert_eq!(&text[error.span.unwrap()], "levles");
    let error = make("qty = 0").unwrap_err();
    assert_eq!(error.to_string(), "qty is zero; give it at least the lot size");
    assert_eq!(error.span, Some(0..3));
    assert!(make("qty = -1").unwrap_err().to_string().contains("negative"));
    let error = make("qyt = 1").unwrap_err().to_string();
    assert_eq!(error, "`qyt` is no parameter of this strategy (missing field `qty`)");
    assert!(make("").unwrap_err().to_string().contains("qty"));
}
