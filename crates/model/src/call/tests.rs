use super::*;

#[test]
fn only_what_is_safe_to_repeat_is_called_repeatable() {
    assert_eq!(CallKind::PlaceOrder.effect(), Effect::Once);
    assert_eq!(CallKind::CancelOpenOrders.effect(), Effect::Once);
    assert_eq!(CallKind::ReplaceOrder.effect(), Effect::Once);
    assert_eq!(CallKind::PlaceOco.effect(), Effect::Once);
    assert_eq!(CallKind::CancelOrder.effect(), Effect::Idempotent);
    assert_eq!(CallKind::CancelOrderList.effect(), Effect::Idempotent);
    assert_eq!(CallKind::AmendOrder.effect(), Effect::Idempotent);
    assert_eq!(CallKind::QueryOrder.effect(), Effect::Read);
}
