//! What a venue out there is asked at the end, asked of the embedded one, whose books say whether
//! the answer is right.

use serde::Deserialize;
use tradewind_model::Decimal;
use tradewind_model::instrument::Instrument;
use tradewind_model::market::Quote;
use tradewind_model::money::{Price, Quantity};
use tradewind_model::notice::Recovered;
use tradewind_model::order::{OrderKind, OrderRequest, OrderState, OrderUpdate, Side, TimeInForce};
use tradewind_model::stream::Feed;
use tradewind_strategy::{Context, InvalidParams, Strategy};

use super::*;
use crate::report::{Inquest, Testimony};

/// What a wait may take on a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_secs(60);

/// Takes from both sides of the market in turn, and rests one order far below it.
struct Taker {
    instrument: InstrumentId,
    rounds_left: u32,
    is_waiting: bool,
}

#[derive(Deserialize)]
struct TakerParams {
    rounds: u32,
}

impl Taker {
    fn submit(&mut self, side: Side, kind: OrderKind, cx: &mut Context<'_>) {
        let instrument = self.instrument.clone();
        self.is_waiting = cx.submit(OrderRequest { instrument, side, kind, tag: 0 }).is_ok();
    }
}

impl Strategy for Taker {
    type Params = TakerParams;

    fn new(params: TakerParams, instruments: &[InstrumentId]) -> Result<Self, InvalidParams> {
        let instrument = instruments[0].clone();
        Ok(Self { instrument, rounds_left: params.rounds, is_waiting: false })
    }

    fn on_start(&mut self, _: &Recovered, cx: &mut Context<'_>) {
        cx.subscribe(&self.instrument, Feed::Quote);
    }

    fn on_quote(&mut self, _: &InstrumentId, quote: &Quote, cx: &mut Context<'_>) {
        if self.is_waiting {
            return;
        }
        let qty: Quantity = "0.003".parse().unwrap();
        if self.rounds_left > 0 {
            // One more buy than sells, so that something is held at the end.
            let side = if self.rounds_left.is_multiple_of(3) { Side::Sell } else { Side::Buy };
            // Across the market and no more: not every venue takes a market order by its quantity.
            let across = match side {
                Side::Buy => quote.ask.get() * Decimal::new(101, 2),
                Side::Sell => quote.bid.get() * Decimal::new(99, 2),
            };
            let tick = cx.instrument(&self.instrument).map(Instrument::tick).unwrap();
            let price = Price::new(across).unwrap().floor_to(tick);
            let time_in_force = TimeInForce::ImmediateOrCancel;
            self.submit(side, OrderKind::Limit { price, qty, time_in_force }, cx);
            self.rounds_left -= u32::from(self.is_waiting);
        } else {
            let tick = cx.instrument(&self.instrument).map(Instrument::tick).unwrap();
            let far = quote.bid.get() * Decimal::new(9, 1);
            let price = Price::new(far).unwrap().floor_to(tick);
            self.submit(Side::Buy, OrderKind::PostOnly { price, qty }, cx);
        }
    }

    fn on_order(&mut self, update: &OrderUpdate, _: &mut Context<'_>) {
        if update.state.is_terminal() {
            self.is_waiting = false;
        }
    }
}

async fn started() -> Session {
    started_at("binance").await
}

async fn started_at(adapter: &str) -> Session {
    let text = format!(
        "[venue]\nname = 'embedded'\nadapter = '{adapter}'\n[venue.embedded]\nseed = 1\n\
         [[strategy]]\nkind = 'taker'\ninstruments = ['BTC-USDT']\n\
         [strategy.params]\nrounds = 5\n"
    );
    let config = Config::parse("a.toml", &text).unwrap();
    Session::start(&config, &Registry::new().with::<Taker>("taker")).await.unwrap()
}

/// The book is settled: five rounds are over and one order rests.
async fn until_resting(session: &Session) {
    let mut desk = session.desk();
    let waited = tokio::time::timeout(PATIENCE, async {
        loop {
            let snapshot = desk.renewed().await.expect("the engine runs");
            let rests = |order: &OrderUpdate| order.state == OrderState::Open;
            if snapshot.counters.orders_filled == 5 && snapshot.open_orders.iter().any(rests) {
                return;
            }
        }
    });
    waited.await.unwrap();
}

async fn inquest(session: &Session, prefixes: &[String]) -> Testimony {
    // As if nothing were known of the venue.
    let mut traded: Vec<_> =
        session.traded.iter().map(|one| Traded { assets: None, ..one.clone() }).collect();
    let since = session.about.started_at;
    let said = Inquest { desk: &session.desk, since, orders_since: since, prefixes }
        .hold(&mut traded)
        .await
        .unwrap();
    assert_eq!(traded, session.traded, "the venue has told what the instruments are made of");
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_venue_answers_is_what_its_books_say() {
    let session = started().await;
    until_resting(&session).await;
    let books = Testimony::of_ledger(&session.embedded.as_ref().unwrap().ledger());
    let answers = inquest(&session, &session.prefixes).await;
    let added = |said: &Testimony| -> Vec<_> {
        let moved = said.added.iter().filter(|(_, qty)| !qty.is_zero());
        moved.map(|(asset, qty)| (asset.clone(), qty.normalize())).collect()
    };
    assert_eq!(added(&answers), added(&books));
    assert_eq!(added(&books).len(), 2, "{books:?}");
    assert_eq!(answers.open_orders, books.open_orders);
    assert_eq!((answers.open_orders.len(), answers.duplicates), (1, 0));
    assert_eq!(session.close(PATIENCE).await.unwrap().flaw(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_of_another_slot_are_not_ours() {
    let session = started().await;
    until_resting(&session).await;
    let other = ClientOrderIds::new(1, session.about.started_at).slot_prefix().to_owned();
    let answers = inquest(&session, &[other]).await;
    assert_eq!(answers, Testimony::default());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_traded_before_a_run_is_not_counted_as_of_it() {
    for adapter in Adapter::names() {
        let session = started_at(adapter).await;
        until_resting(&session).await;
        let added = async |since| {
            let mut traded = session.traded.clone();
            let began = session.about.started_at;
            let inquest = Inquest {
                desk: &session.desk,
                since,
                orders_since: began,
                prefixes: &session.prefixes,
            };
            let added = inquest.hold(&mut traded).await.unwrap().added;
            added.values().filter(|qty| !qty.is_zero()).count()
        };
        assert_eq!(added(session.about.started_at).await, 2, "{adapter}");
        // As if all of it had been an earlier run's.
        assert_eq!(added(session.now()).await, 0, "{adapter}");
        session.close(PATIENCE).await.unwrap();
    }
}
