//! Stops, replacements, amendments and pairs: calls, and what the venue answers them with.

use tradewind_model::call::{
    Amendment, Call, NewOco, NewOrder, OrderListRef, OrderRef, Replacement, WhenNotCanceled,
    WhenOverLimit, WhenTraded,
};
use tradewind_model::id::ClientOrderId;
use tradewind_model::order::{
    LimitTerms, Oco, OcoStop, OcoTake, OrderKind, Side, TimeInForce, Trigger,
};

use super::{client_order_id, new_order, symbol, venue_order_id};

fn id(text: &str) -> ClientOrderId {
    text.parse().unwrap()
}

/// The four kinds with a trigger.
pub(crate) fn triggered_orders() -> [Call; 4] {
    let [at, price] = ["9.5", "9.4"].map(|text| text.parse().unwrap());
    let qty = "2".parse().unwrap();
    let now = LimitTerms { price, time_in_force: TimeInForce::ImmediateOrCancel };
    [
        new_order(OrderKind::stop_loss(at, qty)),
        new_order(OrderKind::stop_loss_limit(at, price, qty)),
        new_order(OrderKind::take_profit(at, qty)),
        new_order(OrderKind::Triggered { trigger: Trigger::TakeProfit(at), qty, limit: Some(now) }),
    ]
}

/// The order of [`CANCELED`](super::CANCELED) gives way to that of [`PLACED`](super::PLACED).
pub(crate) fn replacement() -> Replacement {
    Replacement {
        cancel: OrderRef::Venue(venue_order_id()),
        order: NewOrder {
            client_order_id: client_order_id(),
            symbol: symbol(),
            side: Side::Buy,
            kind: OrderKind::PostOnly { price: "10".parse().unwrap(), qty: "3".parse().unwrap() },
        },
        when_traded: WhenTraded::Cancel,
        when_not_canceled: WhenNotCanceled::Stop,
        when_over_limit: WhenOverLimit::DoNothing,
    }
}

pub(crate) fn replace() -> Call {
    Call::ReplaceOrder(Box::new(replacement()))
}

/// The same in every other way there is.
pub(crate) fn replace_anyway() -> Call {
    Call::ReplaceOrder(Box::new(Replacement {
        cancel: OrderRef::Client(client_order_id()),
        when_traded: WhenTraded::Leave,
        when_not_canceled: WhenNotCanceled::PlaceAnyway,
        when_over_limit: WhenOverLimit::CancelOnly,
        ..replacement()
    }))
}

pub(crate) fn amend() -> Call {
    Call::AmendOrder(Amendment {
        symbol: symbol(),
        order: OrderRef::Client(client_order_id()),
        client_order_id: client_order_id(),
        qty: "1.5".parse().unwrap(),
    })
}

/// The pair of [`OCO_PLACED`].
pub(crate) fn oco() -> Call {
    Call::PlaceOco(Box::new(NewOco {
        client_list_id: id("tw1-list"),
        take_id: id("tw1-take"),
        stop_id: id("tw1-stop"),
        symbol: symbol(),
        side: Side::Sell,
        pair: Oco {
            qty: "2".parse().unwrap(),
            take: OcoTake::PostOnly { price: "11".parse().unwrap() },
            stop: OcoStop {
                at: "9.5".parse().unwrap(),
                limit: Some(LimitTerms::resting("9.4".parse().unwrap())),
            },
        },
    }))
}

/// A pair of triggers, to buy.
pub(crate) fn oco_of_triggers() -> Call {
    let Call::PlaceOco(pair) = oco() else { unreachable!() };
    let limit = Some(LimitTerms::resting("9.3".parse().unwrap()));
    Call::PlaceOco(Box::new(NewOco {
        side: Side::Buy,
        pair: Oco {
            take: OcoTake::Triggered { at: "9.2".parse().unwrap(), limit },
            stop: OcoStop { at: "11".parse().unwrap(), limit: None },
            ..pair.pair
        },
        ..*pair
    }))
}

pub(crate) fn cancel_list() -> Call {
    let list = OrderListRef::Client(id("tw1-list"));
    Call::CancelOrderList { symbol: symbol(), list }
}

pub(crate) fn query_list() -> Call {
    Call::QueryOrderList { list: OrderListRef::Venue("501".parse().unwrap()) }
}

/// A stop that waits, as a query answers it.
pub(crate) const WAITING: &str = r#"{"symbol":"FOOUSDT","orderId":4811,"orderListId":501,
    "clientOrderId":"tw1-abc","price":"9.40000000","origQty":"2.00000000",
    "executedQty":"0.00000000","cummulativeQuoteQty":"0.00000000","status":"NEW",
    "timeInForce":"GTC","type":"STOP_LOSS_LIMIT","side":"SELL","stopPrice":"9.50000000",
    "icebergQty":"0.00000000","time":1800000000001,"updateTime":1800000000001,"isWorking":false,
    "workingTime":-1,"origQuoteOrderQty":"0.00000000","selfTradePreventionMode":"EXPIRE_MAKER"}"#;

/// The same, as its placement answers it.
pub(crate) const WAITING_PLACED: &str = r#"{"symbol":"FOOUSDT","orderId":4811,"orderListId":-1,
    "clientOrderId":"tw1-abc","transactTime":1800000000001,"price":"9.40000000",
    "origQty":"2.00000000","executedQty":"0.00000000","origQuoteOrderQty":"0.00000000",
    "cummulativeQuoteQty":"0.00000000","status":"NEW","timeInForce":"GTC",
    "type":"STOP_LOSS_LIMIT","side":"SELL","stopPrice":"9.50000000","workingTime":-1,
    "fills":[],"selfTradePreventionMode":"EXPIRE_MAKER"}"#;

/// An amended order.
pub(crate) const AMENDED: &str = r#"{"transactTime":1800000000410,"executionId":79,
    "amendedOrder":{"symbol":"FOOUSDT","orderId":4711,"orderListId":-1,
    "origClientOrderId":"tw1-abc","clientOrderId":"tw1-abc","price":"10.50000000",
    "qty":"1.50000000","executedQty":"0.50000000","preventedQty":"0.00000000",
    "quoteOrderQty":"0.00000000","cumulativeQuoteQty":"5.25000000","status":"PARTIALLY_FILLED",
    "timeInForce":"GTC","type":"LIMIT","side":"BUY","workingTime":1800000000001,
    "selfTradePreventionMode":"EXPIRE_MAKER"}}"#;

/// A pair, as its placement answers it.
pub(crate) const OCO_PLACED: &str = r#"{"orderListId":501,"contingencyType":"OCO",
    "listStatusType":"EXEC_STARTED","listOrderStatus":"EXECUTING",
    "listClientOrderId":"tw1-list","transactionTime":1800000000420,"symbol":"FOOUSDT",
    "orders":[{"symbol":"FOOUSDT","orderId":4821,"clientOrderId":"tw1-stop"},
    {"symbol":"FOOUSDT","orderId":4822,"clientOrderId":"tw1-take"}],"orderReports":[
    {"symbol":"FOOUSDT","orderId":4821,"orderListId":501,"clientOrderId":"tw1-stop",
    "transactTime":1800000000420,"price":"9.40000000","origQty":"2.00000000",
    "executedQty":"0.00000000","origQuoteOrderQty":"0.00000000",
    "cummulativeQuoteQty":"0.00000000","status":"NEW","timeInForce":"GTC",
    "type":"STOP_LOSS_LIMIT","side":"SELL","stopPrice":"9.50000000","workingTime":-1,"fills":[],
    "selfTradePreventionMode":"EXPIRE_MAKER"},
    {"symbol":"FOOUSDT","orderId":4822,"orderListId":501,"clientOrderId":"tw1-take",
    "transactTime":1800000000420,"price":"11.00000000","origQty":"2.00000000",
    "executedQty":"0.00000000","origQuoteOrderQty":"0.00000000",
    "cummulativeQuoteQty":"0.00000000","status":"NEW","timeInForce":"GTC","type":"LIMIT_MAKER",
    "side":"SELL","workingTime":1800000000420,"fills":[],
    "selfTradePreventionMode":"EXPIRE_MAKER"}]}"#;

/// The same pair canceled.
pub(crate) const LIST_CANCELED: &str = r#"{"orderListId":501,"contingencyType":"OCO",
    "listStatusType":"ALL_DONE","listOrderStatus":"ALL_DONE","listClientOrderId":"tw1-list",
    "transactionTime":1800000000430,"symbol":"FOOUSDT","orders":[
    {"symbol":"FOOUSDT","orderId":4821,"clientOrderId":"tw1-stop"},
    {"symbol":"FOOUSDT","orderId":4822,"clientOrderId":"tw1-take"}],"orderReports":[
    {"symbol":"FOOUSDT","origClientOrderId":"tw1-stop","orderId":4821,"orderListId":501,
    "clientOrderId":"cxl9","transactTime":1800000000430,"price":"9.40000000",
    "origQty":"2.00000000","executedQty":"0.00000000","origQuoteOrderQty":"0.00000000",
    "cummulativeQuoteQty":"0.00000000","status":"CANCELED","timeInForce":"GTC",
    "type":"STOP_LOSS_LIMIT","side":"SELL","stopPrice":"9.50000000",
    "selfTradePreventionMode":"EXPIRE_MAKER"},
    {"symbol":"FOOUSDT","origClientOrderId":"tw1-take","orderId":4822,"orderListId":501,
    "clientOrderId":"cxl9","transactTime":1800000000430,"price":"11.00000000",
    "origQty":"2.00000000","executedQty":"0.00000000","origQuoteOrderQty":"0.00000000",
    "cummulativeQuoteQty":"0.00000000","status":"CANCELED","timeInForce":"GTC",
    "type":"LIMIT_MAKER","side":"SELL","selfTradePreventionMode":"EXPIRE_MAKER"}]}"#;

/// The same pair, asked about.
pub(crate) const LIST: &str = r#"{"orderListId":501,"contingencyType":"OCO",
    "listStatusType":"EXEC_STARTED","listOrderStatus":"EXECUTING",
    "listClientOrderId":"tw1-list","transactionTime":1800000000420,"symbol":"FOOUSDT",
    "orders":[{"symbol":"FOOUSDT","orderId":4821,"clientOrderId":"tw1-stop"},
    {"symbol":"FOOUSDT","orderId":4822,"clientOrderId":"tw1-take"}]}"#;

/// The same pair, as the account's stream tells of it.
pub(crate) const LIST_STATUS: &str = r#"{"subscriptionId":0,"event":{"e":"listStatus",
    "E":1800000000421,"s":"FOOUSDT","g":501,"c":"OCO","l":"EXEC_STARTED","L":"EXECUTING",
    "r":"NONE","C":"tw1-list","T":1800000000420,"O":[
    {"s":"FOOUSDT","i":4821,"c":"tw1-stop"},{"s":"FOOUSDT","i":4822,"c":"tw1-take"}]}}"#;

/// The error of an order that was not there to be canceled.
pub(crate) const NOT_CANCELED: &str = r#"{"code":-2011,"msg":"Unknown order sent."}"#;

/// The error of an order that the matching engine did not take.
pub(crate) const NOT_PLACED: &str =
    r#"{"code":-2010,"msg":"Order would immediately match and take."}"#;

/// The two results of a replacement.
pub(crate) fn results(cancel: &str, canceled: &str, place: &str, placed: &str) -> String {
    format!(
        r#"{{"cancelResult":"{cancel}","newOrderResult":"{place}","cancelResponse":{canceled},
        "newOrderResponse":{placed}}}"#
    )
}

/// The same under an error of the whole.
pub(crate) fn partly(code: i64, results: &str) -> String {
    let word = if code == -2021 { "partially failed" } else { "failed" };
    format!(r#"{{"code":{code},"msg":"Order cancel-replace {word}.","data":{results}}}"#)
}
