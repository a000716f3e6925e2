//! What each strategy has made, on an account that several share, whatever fees are paid in.

use std::sync::Arc;
use std::time::Duration;

use tradewind_engine::{Incident, PositionView, Snapshot};
use tradewind_lab::{InstanceSetup, StrategySpec, WorldSetup, check_always};
use tradewind_model::Decimal;
use tradewind_model::id::{Asset, ClientOrderId, ClientOrderIds};
use tradewind_model::money::Price;
use tradewind_model::notice::{Command, VenueStatus};
use tradewind_model::order::{OrderKind, OrderRequest, Side};
use tradewind_model::time::Timestamp;
use tradewind_simulator::exchange::Discount;

use super::orders::qty;
use super::probe;
use super::solo::Solo;
use super::venue_kind::{VenueKind, at_each_venue};

at_each_venue! {
    strategies_on_one_account_have_books_of_their_own_net_of_fees_in_a_third_coin,
    what_our_trades_do_not_explain_is_told_once_and_our_own_trades_never,
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn registry() -> Arc<tradewind_strategy::Registry> {
    Arc::new(probe::registry())
}

fn named(name: &str) -> StrategySpec {
    StrategySpec { name: name.to_owned(), ..StrategySpec::new("probe", "feeds = [\"quote\"]") }
}

/// Two strategies on one account that pays its fees in the venue's coin, which neither trades. The
/// market stands still.
fn shared(at: VenueKind) -> Solo {
    let venue = at.config();
    let mut world = WorldSetup { venue, traces: false, ..WorldSetup::default() };
    let exchange = world.venue.exchange_mut();
    for symbol in &mut exchange.symbols {
        symbol.market = symbol.market.still();
    }
    let ether = exchange.symbols.iter().find(|one| one.symbol == "ETHUSDT").unwrap();
    let mut coin = ether.clone();
    (coin.symbol, coin.base) = ("BNBUSDT".to_owned(), "BNB".to_owned());
    exchange.symbols.push(coin);
    let account = &mut exchange.accounts[0];
    account.balances.push(("BNB".to_owned(), Decimal::ONE_HUNDRED));
    account.discount = Some(Discount { asset: "BNB".to_owned(), rate: Decimal::new(75, 2) });
    let mut instance = InstanceSetup::new(registry(), vec![named("alpha"), named("beta")]);
    instance.disk = Some("disk".to_owned());
    let mut solo = Solo::of(world, instance);
    solo.run_for(SECOND * 5);
    assert_eq!(solo.snapshot().status, VenueStatus::Live);
    solo
}

/// An order that trades so much at once.
fn at_once(at: VenueKind, solo: &Solo, side: Side, size: &str) -> OrderKind {
    let depth = solo.venue().exchange().depth("BTCUSDT", 1).unwrap();
    let (best, percent) = match side {
        Side::Buy => (depth.asks[0].0, 103),
        Side::Sell => (depth.bids[0].0, 97),
    };
    let surely = Price::new((best * Decimal::new(percent, 2)).round()).unwrap();
    at.at_once(side, qty(size), surely)
}

fn trade(
    at: VenueKind,
    solo: &mut Solo,
    strategy: &str,
    id: ClientOrderId,
    side: Side,
    size: &str,
) {
    let kind = at_once(at, solo, side, size);
    let request = OrderRequest { instrument: "BTC-USDT".into(), side, kind, tag: 1 };
    solo.command(strategy, Command::Submit { client_order_id: id, request });
    solo.run_for(SECOND);
}

fn of<'s>(snapshot: &'s Snapshot, strategy: &str) -> &'s PositionView {
    snapshot.positions.iter().find(|one| one.strategy.as_str() == strategy).unwrap()
}

fn differences(solo: &Solo) -> Vec<(Asset, Decimal)> {
    let told = solo.incidents().filter_map(|incident| {
        let Incident::BooksDiffer { asset, by } = incident else { return None };
        Some((asset.clone(), *by))
    });
    told.collect()
}

fn strategies_on_one_account_have_books_of_their_own_net_of_fees_in_a_third_coin(at: VenueKind) {
    let mut solo = shared(at);
    let (mut alpha, mut beta) =
        (ClientOrderIds::new(0, Timestamp::EPOCH), ClientOrderIds::new(1, Timestamp::EPOCH));
    trade(at, &mut solo, "alpha", alpha.next(), Side::Buy, "0.1");
    trade(at, &mut solo, "beta", beta.next(), Side::Sell, "0.04");
    trade(at, &mut solo, "alpha", alpha.next(), Side::Sell, "0.1");
    solo.run_for(MINUTE * 2);
    let snapshot = solo.snapshot();
    let (ours, theirs) = (of(&snapshot, "alpha"), of(&snapshot, "beta"));
    assert_eq!((ours.base, theirs.base), (Decimal::ZERO, Decimal::new(-4, 2)));
    let coin = Asset::from("BNB");
    assert_eq!(ours.fees.keys().collect::<Vec<_>>(), [&coin]);
    assert!(ours.fees[&coin] > Decimal::ZERO);
    // Flat: all is realized, the spread and the fees in quote asset.
    assert_eq!((ours.cost, ours.unrealized), (Decimal::ZERO, Some(Decimal::ZERO)));
    let fees = ours.fees_in_quote.expect("the venue was asked what the coin is worth");
    assert!(fees > Decimal::ZERO);
    assert_eq!(ours.realized, Some(ours.quote - fees));
    assert_eq!(ours.profit, ours.realized);
    // Sold short: what it was sold for, and what it would cost to buy back.
    let mid = snapshot.quotes.values().next().unwrap().mid().get();
    assert_eq!(theirs.unrealized, Some(theirs.base * mid - theirs.cost));
    assert_eq!(theirs.cost, -theirs.quote);
    check_always(&solo).unwrap();

    // The next life has the same books, and knows again what the coin is worth.
    solo.restart();
    solo.run_for(MINUTE * 2);
    let again = solo.snapshot();
    for (before, after) in [(ours, of(&again, "alpha")), (theirs, of(&again, "beta"))] {
        assert_eq!((before.base, before.quote, before.cost), (after.base, after.quote, after.cost));
        assert_eq!((before.realized, before.profit), (after.realized, after.profit));
    }
}

fn what_our_trades_do_not_explain_is_told_once_and_our_own_trades_never(at: VenueKind) {
    let mut solo = shared(at);
    let mut alpha = ClientOrderIds::new(0, Timestamp::EPOCH);
    solo.run_for(MINUTE * 15);
    for side in [Side::Buy, Side::Sell, Side::Buy] {
        trade(at, &mut solo, "alpha", alpha.next(), side, "0.1");
        solo.run_for(MINUTE * 15);
    }
    assert_eq!(differences(&solo), []);

    // Somebody trades on the account by hand.
    let mut by_hand = InstanceSetup::new(registry(), vec![named("hand")]);
    (by_hand.name, by_hand.first_slot) = ("hand".to_owned(), 7);
    let hand = solo.spawn(by_hand).unwrap();
    solo.run_for(SECOND * 5);
    let client_order_id = ClientOrderIds::new(7, Timestamp::EPOCH).next();
    let kind = at_once(at, &solo, Side::Buy, "0.03");
    let request = OrderRequest { instrument: "BTC-USDT".into(), side: Side::Buy, kind, tag: 1 };
    solo.command_at(hand, "hand", Command::Submit { client_order_id, request });
    solo.run_for(MINUTE * 60);
    let told = differences(&solo);
    let assets: Vec<_> = told.iter().map(|(asset, _)| asset.as_str()).collect();
    assert_eq!(assets, ["BNB", "BTC", "USDT"], "{told:?}");
    assert_eq!(told[1].1, Decimal::new(3, 2));
    assert!(told[0].1 < Decimal::ZERO && told[2].1 < Decimal::ZERO, "{told:?}");
    assert_eq!(solo.snapshot().counters.books_differed, 3);
}
