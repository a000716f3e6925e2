//! The venues that a scenario is played at.
//!
//! A scenario is written once, as a function of a [`VenueKind`], and [`at_each_venue`] makes a test
//! of it for each. What differs between venues is asked of the adapter where it says so (what is
//! offered, for how long nothing is proved), and named here where it is a word: how the venue's
//! ledger calls a request, and what the venue says when it says no.

use std::time::Duration;

use serde_json::json;
use tradewind_binance::BinanceSpot;
use tradewind_bitget::BitgetSpot;
use tradewind_model::call::{Call, NewOrder};
use tradewind_model::id::{ClientOrderId, VenueId};
use tradewind_model::lookup::Lookup;
use tradewind_model::manners::Manners;
use tradewind_model::money::{Price, Quantity};
use tradewind_model::order::{MarketQuantity, OrderKind, Side, TimeInForce};
use tradewind_model::tariff::{LimitKind, Weight};
use tradewind_model::time::Timestamp;
use tradewind_simulator::binance::BinanceConfig;
use tradewind_simulator::bitget::{self, BitgetConfig};
use tradewind_simulator::exchange::CrossingMaker;
use tradewind_simulator::front::Canned;
use tradewind_simulator::venue::VenueConfig;
use tradewind_venue::{EncodeError, Endpoint, Signer, Stamp, Venue};

/// A venue that a scenario is played at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VenueKind {
    Binance,
    Bitget,
}

/// Makes a test at each venue of each scenario of a module, named for the scenario and the venue.
macro_rules! at_each_venue {
    ($($scenario:ident),+ $(,)?) => { $(
        mod $scenario {
            use crate::simulation::venue_kind::VenueKind;

            #[test]
            fn at_binance() {
                super::$scenario(VenueKind::Binance);
            }

            #[test]
            fn at_bitget() {
                super::$scenario(VenueKind::Bitget);
            }
        }
    )+ };
}

pub(crate) use at_each_venue;

/// How a venue's ledger calls what it is asked, and what it sends of orders by itself.
#[derive(Debug)]
pub(crate) struct Names {
    pub(crate) place: &'static str,
    pub(crate) cancel: &'static str,
    /// All orders on a symbol are canceled.
    pub(crate) clear: &'static str,
    pub(crate) query: &'static str,
    pub(crate) open_orders: &'static str,
    pub(crate) account: &'static str,
    pub(crate) time: &'static str,
    pub(crate) catalog: &'static str,
    /// The best levels of a symbol's book.
    pub(crate) depth: &'static str,
    /// The best prices of a symbol.
    pub(crate) ticker: &'static str,
    /// The last message that a socket has to send before it is told of the account's events.
    pub(crate) join: &'static str,
    /// What tells of an order that rests.
    pub(crate) report: &'static str,
}

const BINANCE: Names = Names {
    place: "POST /api/v3/order",
    cancel: "DELETE /api/v3/order",
    clear: "DELETE /api/v3/openOrders",
    query: "GET /api/v3/order",
    open_orders: "GET /api/v3/openOrders",
    account: "GET /api/v3/account",
    time: "GET /api/v3/time",
    catalog: "GET /api/v3/exchangeInfo",
    depth: "GET /api/v3/depth",
    ticker: "GET /api/v3/ticker/bookTicker",
    join: "userDataStream.subscribe.signature",
    report: "push execution*",
};

const BITGET: Names = Names {
    place: "POST /api/v2/spot/trade/place-order",
    cancel: "POST /api/v2/spot/trade/cancel-order",
    clear: "POST /api/v2/spot/trade/cancel-symbol-order",
    query: "GET /api/v2/spot/trade/orderInfo",
    open_orders: "GET /api/v2/spot/trade/unfilled-orders",
    account: "GET /api/v2/spot/account/assets",
    time: "GET /api/v2/public/time",
    catalog: "GET /api/v2/spot/public/symbols",
    depth: "GET /api/v2/spot/market/orderbook",
    ticker: "GET /api/v2/spot/market/tickers",
    join: "subscribe",
    report: "push orders",
};

impl VenueKind {
    /// What the simulated venue is made of if nobody says more.
    pub(crate) fn config(self) -> VenueConfig {
        match self {
            Self::Binance => BinanceConfig::default().into(),
            Self::Bitget => BitgetConfig::default().into(),
        }
    }

    /// The one that a strategy goes to when this one has shut its door.
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Binance => Self::Bitget,
            Self::Bitget => Self::Binance,
        }
    }

    /// What it is called where there are several.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Binance => "binance",
            Self::Bitget => "bitget",
        }
    }

    pub(crate) const fn names(self) -> &'static Names {
        match self {
            Self::Binance => &BINANCE,
            Self::Bitget => &BITGET,
        }
    }

    /// The key of the account that the simulated venue comes with.
    pub(crate) const fn api_key(self) -> &'static str {
        match self {
            Self::Binance => tradewind_simulator::binance::fake::API_KEY,
            Self::Bitget => bitget::fake::API_KEY,
        }
    }

    /// A key of this name with the secret of that account.
    pub(crate) fn signer(self, api_key: &str) -> Signer {
        use tradewind_simulator::binance::fake;
        match self {
            Self::Binance => Signer::hmac_sha256(api_key, fake::API_SECRET).unwrap(),
            Self::Bitget => {
                let key = Signer::hmac_sha256(api_key, bitget::fake::API_SECRET).unwrap();
                key.with_passphrase(bitget::fake::PASSPHRASE).unwrap()
            }
        }
    }

    fn adapter(self) -> Box<dyn Venue> {
        let name = VenueId::new("simulated").unwrap();
        match self {
            Self::Binance => Box::new(BinanceSpot::new(name)),
            Self::Bitget => Box::new(BitgetSpot::new(name)),
        }
    }

    /// How long it takes from when an order has left until its absence proves something: it may be
    /// taken for so long, and then the venue works on it and comes to tell of it.
    pub(crate) fn proof_takes(self, recv_window: Duration) -> Duration {
        let Lookup { processing_max, lag_max, .. } = self.adapter().lookup();
        recv_window + processing_max + lag_max
    }

    /// What the venue expects of those who hold its sockets and read its lists.
    pub(crate) fn manners(self) -> Manners {
        self.adapter().manners()
    }

    /// What a call weighs there; where nothing is weighed, how many requests it is.
    pub(crate) fn weight(self, call: &Call) -> Weight {
        let tariff = self.adapter().tariff();
        let cost = tariff.cost(call).unwrap();
        let weight = cost.weight(LimitKind::RequestWeight);
        if weight > 0 { weight } else { cost.weight(LimitKind::RawRequests) }
    }

    /// Whether an order that may only make and would take is taken, and ended at once.
    pub(crate) fn ends_crossing_makers(self) -> bool {
        self.config().exchange_mut().symbols[0].crossing_maker == CrossingMaker::Ended
    }

    /// Whether such an order can be asked for there.
    pub(crate) fn takes(self, side: Side, kind: OrderKind) -> bool {
        let endpoint = Endpoint {
            rest: "http://venue".to_owned(),
            account_stream: String::new(),
            market_stream: String::new(),
        };
        let (symbol, client_order_id) = ("BTCUSDT".into(), ClientOrderId::new("any").unwrap());
        let call = Call::PlaceOrder(NewOrder { symbol, client_order_id, side, kind });
        let (venue_now, recv_window) = (Timestamp::EPOCH, Duration::from_secs(1));
        let written =
            self.adapter().encode(&call, &endpoint, Stamp { venue_now, recv_window }, None);
        !matches!(written, Err(EncodeError::NotOffered { .. } | EncodeError::Unsupported { .. }))
    }

    /// The venue has given up waiting for itself: done or not, it does not know.
    pub(crate) fn timed_out(self) -> Canned {
        match self {
            Self::Binance => Canned::timed_out(),
            Self::Bitget => bitget::canned::timed_out(),
        }
    }

    /// Turned away without having been taken, to be tried again soon.
    pub(crate) fn turned_away(self) -> Canned {
        match self {
            Self::Binance => Canned::overloaded(),
            Self::Bitget => bitget::canned::too_many_requests(),
        }
    }

    /// An order that trades so much at once: at the market's price where the venue takes that in
    /// base asset, and else at one that surely finds somebody.
    pub(crate) fn at_once(self, side: Side, qty: Quantity, surely: Price) -> OrderKind {
        let market = OrderKind::Market(MarketQuantity::Base(qty));
        let time_in_force = TimeInForce::ImmediateOrCancel;
        let limit = OrderKind::Limit { price: surely, qty, time_in_force };
        if self.takes(side, market) { market } else { limit }
    }

    /// Ways in which a report cannot be right.
    pub(crate) const fn wrong_reports(self) -> [&'static str; 18] {
        match self {
            Self::Binance => tradewind_simulator::binance::nonsense::WRONG,
            Self::Bitget => bitget::nonsense::WRONG,
        }
    }

    /// A report about an order by its two names that is wrong in one of those ways.
    pub(crate) fn wrong_report(self, name: &str, venue_id: &str, wrong: &str) -> String {
        match self {
            Self::Binance => tradewind_simulator::binance::nonsense::report(name, venue_id, wrong),
            Self::Bitget => bitget::nonsense::report(name, venue_id, wrong),
        }
    }

    /// Messages that mean nothing.
    pub(crate) const fn nonsense(self) -> &'static [&'static str] {
        match self {
            Self::Binance => &tradewind_simulator::binance::nonsense::MESSAGES,
            Self::Bitget => &bitget::nonsense::MESSAGES,
        }
    }

    /// An order of this name is there.
    pub(crate) fn duplicate(self) -> Canned {
        match self {
            Self::Binance => Canned::error(400, -2010, "Duplicate order sent."),
            Self::Bitget => bitget::canned::error(400, "43118", "clientOrderId duplicate"),
        }
    }

    /// Refused: there is not as much money as it takes.
    pub(crate) fn no_money(self) -> Canned {
        match self {
            Self::Binance => {
                let words = "Account has insufficient balance for requested action.";
                Canned::error(400, -2010, words)
            }
            Self::Bitget => bitget::canned::error(400, "43012", "Insufficient balance"),
        }
    }

    /// The answer to a question about an order that is not known.
    pub(crate) fn not_found(self) -> Canned {
        match self {
            Self::Binance => Canned::error(400, -2013, "Order does not exist."),
            Self::Bitget => {
                let body = json!({"code": "00000", "msg": "success", "requestTime": 0, "data": []});
                Canned::json(200, &body)
            }
        }
    }

    /// The answer to a cancel of an order that is not known, or over.
    pub(crate) fn nothing_to_cancel(self) -> Canned {
        match self {
            Self::Binance => Canned::error(400, -2011, "Unknown order sent."),
            Self::Bitget => bitget::canned::error(400, "43001", "The order does not exist"),
        }
    }
}
