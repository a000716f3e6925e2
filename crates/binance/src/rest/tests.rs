use crate::samples::*;
use http::Method;
use tradewind_model::call::{Call, StreamFeed};
use tradewind_model::id::Symbol;
use tradewind_model::order::{OrderKind, TimeInForce};
use tradewind_model::stream::{Feed, StreamKind};
use tradewind_venue::{EncodeError, Endpoint, Stamp, Venue};

/// Method and URL of a call, without what stamps and signs it.
fn line(call: &Call) -> String {
    let signer = hmac();
    let request = encode(call, Some(&signer)).unwrap();
    assert!(request.body().is_empty());
    let url = request.uri().to_string();
    let url = url.split("recvWindow").next().unwrap();
    format!("{} {}", request.method(), url.trim_end_matches(['?', '&']))
}

#[test]
fn every_call_is_the_request_that_the_venue_documents() {
    let lines: Vec<String> =
        calls().iter().filter(|call| encode(call, Some(&hmac())).is_ok()).map(line).collect();
    let order = "POST https://venue.test/api/v3/order?symbol=FOOUSDT&side=BUY";
    let ack = "newClientOrderId=tw1-abc&newOrderRespType=FULL";
    let replace = "POST https://venue.test/api/v3/order/cancelReplace?symbol=FOOUSDT";
    let maker = format!("type=LIMIT_MAKER&quantity=3&price=10&{ack}");
    let oco =
        "POST https://venue.test/api/v3/orderList/oco?symbol=FOOUSDT&listClientOrderId=tw1-list";
    assert_eq!(
        lines,
        [
            "GET https://venue.test/api/v3/ping",
            "GET https://venue.test/api/v3/time",
            "GET https://venue.test/api/v3/exchangeInfo?showPermissionSets=false",
            "GET https://venue.test/api/v3/exchangeInfo?symbol=FOOUSDT&showPermissionSets=false",
            "GET https://venue.test/api/v3/exchangeInfo?symbols=%5B%22FOOUSDT%22%2C%22%E5%B8%81BTC%22%5D&showPermissionSets=false",
            "GET https://venue.test/api/v3/depth?symbol=FOOUSDT&limit=100",
            "GET https://venue.test/api/v3/klines?symbol=FOOUSDT&interval=1h&startTime=1000&endTime=2000&limit=1000",
            "GET https://venue.test/api/v3/ticker/bookTicker?symbol=FOOUSDT",
            "GET https://venue.test/api/v3/ticker/bookTicker?symbol=BNBUSDT",
            &format!("{order}&type=LIMIT&timeInForce=GTC&quantity=1000000.5&price=0.0000123&{ack}"),
            &format!("{order}&type=LIMIT_MAKER&quantity=2&price=10&{ack}"),
            &format!("{order}&type=MARKET&quantity=2&{ack}"),
            &format!("{order}&type=MARKET&quoteOrderQty=25.5&{ack}"),
            &format!("{order}&type=STOP_LOSS&quantity=2&stopPrice=9.5&{ack}"),
            &format!(
                "{order}&type=STOP_LOSS_LIMIT&timeInForce=GTC&quantity=2&price=9.4&stopPrice=9.5&{ack}"
            ),
            &format!("{order}&type=TAKE_PROFIT&quantity=2&stopPrice=9.5&{ack}"),
            &format!(
                "{order}&type=TAKE_PROFIT_LIMIT&timeInForce=IOC&quantity=2&price=9.4&stopPrice=9.5&{ack}"
            ),
            &format!(
                "{replace}&cancelReplaceMode=STOP_ON_FAILURE&cancelOrderId=4711&side=BUY&{maker}"
            ),
            &format!(
                "{replace}&cancelReplaceMode=ALLOW_FAILURE&cancelOrigClientOrderId=tw1-abc&cancelRestrictions=ONLY_NEW&orderRateLimitExceededMode=CANCEL_ONLY&side=BUY&{maker}"
            ),
            "PUT https://venue.test/api/v3/order/amend/keepPriority?symbol=FOOUSDT&origClientOrderId=tw1-abc&newClientOrderId=tw1-abc&newQty=1.5",
            &format!(
                "{oco}&side=SELL&quantity=2&aboveType=LIMIT_MAKER&abovePrice=11&aboveClientOrderId=tw1-take&belowType=STOP_LOSS_LIMIT&belowTimeInForce=GTC&belowPrice=9.4&belowStopPrice=9.5&belowClientOrderId=tw1-stop&newOrderRespType=FULL"
            ),
            &format!(
                "{oco}&side=BUY&quantity=2&belowType=TAKE_PROFIT_LIMIT&belowTimeInForce=GTC&belowPrice=9.3&belowStopPrice=9.2&belowClientOrderId=tw1-take&aboveType=STOP_LOSS&aboveStopPrice=11&aboveClientOrderId=tw1-stop&newOrderRespType=FULL"
            ),
            "DELETE https://venue.test/api/v3/order?symbol=FOOUSDT&origClientOrderId=tw1-abc",
            "DELETE https://venue.test/api/v3/openOrders?symbol=FOOUSDT",
            "DELETE https://venue.test/api/v3/orderList?symbol=FOOUSDT&listClientOrderId=tw1-list",
            "GET https://venue.test/api/v3/order?symbol=FOOUSDT&orderId=4711",
            "GET https://venue.test/api/v3/openOrders?symbol=FOOUSDT",
            "GET https://venue.test/api/v3/openOrders",
            "GET https://venue.test/api/v3/orderList?orderListId=501",
            "GET https://venue.test/api/v3/openOrderList",
            "GET https://venue.test/api/v3/allOrders?symbol=FOOUSDT&orderId=4711&limit=1",
            "GET https://venue.test/api/v3/myTrades?symbol=FOOUSDT&fromId=7&limit=500",
            "GET https://venue.test/api/v3/myTrades?symbol=FOOUSDT&orderId=4711&limit=500",
            "GET https://venue.test/api/v3/account?omitZeroBalances=true",
            "GET https://venue.test/api/v3/rateLimit/order",
            "GET wss://stream.venue.test:9443/stream?streams=foousdt@bookTicker/foousdt@trade/foousdt@depth@100ms/foousdt@kline_5m",
            "GET wss://stream.venue.test:9443/stream",
            "GET wss://ws-api.venue.test:443/ws-api/v3",
        ]
    );
}

#[test]
fn a_signed_call_carries_key_stamp_and_signature_and_an_unsigned_one_none() {
    let signer = hmac();
    for call in calls() {
        let Ok(request) = encode(&call, Some(&signer)) else {
            continue;
        };
        let query = request.uri().query().unwrap_or_default();
        let key = request.headers().get("X-MBX-APIKEY");
        if call.kind().is_signed() {
            assert_eq!(key.unwrap(), API_KEY);
            assert!(key.unwrap().is_sensitive());
            let (signed, signature) = query.split_once("&signature=").unwrap();
            assert!(signed.ends_with("recvWindow=2000&timestamp=1800000000000"));
            assert_eq!(signature, signer.sign(signed.as_bytes()));
        } else {
            assert_eq!(key, None, "{call:?}");
            assert!(!query.contains("signature"), "{call:?}");
        }
    }
}

#[test]
fn a_signed_call_needs_a_key_and_a_control_message_is_no_request() {
    for call in calls() {
        let kind = call.kind();
        let is_message = matches!(
            call,
            Call::Subscribe { .. } | Call::Unsubscribe { .. } | Call::SubscribeAccount
        );
        match encode(&call, None) {
            Ok(_) => assert!(!kind.is_signed() && !is_message, "{kind:?}"),
            Err(EncodeError::NeedsKey(named)) => assert!(kind.is_signed() && named == kind),
            Err(EncodeError::Unsupported { venue: named, .. }) => {
                assert!(is_message && named == venue());
            }
            Err(
                error @ (EncodeError::Url { .. }
                | EncodeError::NeedsPassphrase(_)
                | EncodeError::NotOffered { .. }),
            ) => panic!("{error}"),
        }
    }
}

#[test]
fn each_time_in_force_has_its_word() {
    for (time_in_force, word) in [
        (TimeInForce::GoodTillCanceled, "GTC"),
        (TimeInForce::ImmediateOrCancel, "IOC"),
        (TimeInForce::FillOrKill, "FOK"),
    ] {
        let call = new_order(OrderKind::Limit {
            price: "1".parse().unwrap(),
            qty: "1".parse().unwrap(),
            time_in_force,
        });
        assert!(line(&call).contains(&format!("timeInForce={word}&")));
    }
}

/// The venue lists such symbols, and lower case is more than ASCII's.
#[test]
fn a_stream_of_a_symbol_beyond_ascii_is_lower_case_and_encoded() {
    let call = Call::OpenStream {
        kind: StreamKind::Market,
        feeds: vec![StreamFeed { symbol: Symbol::from("ÄBTC"), feed: Feed::Quote }],
    };
    let request = encode(&call, None).unwrap();
    assert_eq!(request.method(), Method::GET);
    assert_eq!(request.uri().query(), Some("streams=%C3%A4btc@bookTicker"));
}

#[test]
fn a_base_that_is_no_url_is_named_without_the_signature() {
    let signer = hmac();
    for rest in ["", "venue.test/x", "https://ven ue", "/"] {
        let endpoint = Endpoint { rest: rest.to_owned(), ..endpoint() };
        let stamp: Stamp = stamp(1, 1);
        let error = crate::BinanceSpot::default()
            .encode(&Call::Account, &endpoint, stamp, Some(&signer))
            .unwrap_err();
        let EncodeError::Url { url, .. } = &error else { panic!("{error}") };
        assert!(url.ends_with("/api/v3/account"), "{url}");
        assert!(!error.to_string().contains("signature"));
    }
}
