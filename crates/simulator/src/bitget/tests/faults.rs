//! Bad days by a script: what was done, what was told, and what the ledger says of both.

use super::*;

type Answered = Delivery<http::Response<Bytes>>;

fn placed(world: &World) -> usize {
    world.bitget.ledger().accounts[0].orders_accepted
}

fn struck(fault: Fault) -> (World, Answered) {
    let mut world = quiet();
    world.bitget.add_fault(Rule::once(Pattern::what(PLACE), fault));
    let request = world.request(PLACE, &resting("a1").to_string(), 0);
    let delivery = world.bitget.ask(world.now, PEER, &request);
    (world, delivery)
}

fn body(delivery: &Answered) -> (u16, Value) {
    let Delivery::Answer { answer, .. } = delivery else { panic!("no answer: {delivery:?}") };
    let body = serde_json::from_slice(answer.body()).unwrap_or(Value::Null);
    (answer.status().as_u16(), body)
}

#[test]
fn what_is_lost_on_the_way_in_never_happened_and_what_is_lost_on_the_way_out_did() {
    for (fault, is_done) in [
        (Fault::RequestLost, false),
        (Fault::RequestReset, false),
        (Fault::AnswerLost, true),
        (Fault::AnswerReset, true),
    ] {
        let (world, delivery) = struck(fault.clone());
        assert!(matches!(delivery, Delivery::Silence | Delivery::Reset), "{fault:?}");
        assert_eq!(placed(&world), usize::from(is_done), "{fault:?}");
        assert_eq!(world.bitget.requests(PLACE), u64::from(is_done));
    }
}

#[test]
fn an_order_whose_answer_was_lost_is_found_by_its_name_and_refused_a_second_time() {
    let (mut world, delivery) = struck(Fault::AnswerLost);
    assert!(matches!(delivery, Delivery::Silence));
    assert_eq!(world.place(&resting("a1")).error(), (400, "43118"));
    let found = world.ask("trade/orderInfo?clientOid=a1");
    assert_eq!(found.data()[0]["status"], "live");
}

#[test]
fn a_word_that_nobody_can_rely_on_may_hide_either_truth() {
    let words =
        [canned::timed_out(), canned::service_error(), canned::unknown_error(), Canned::empty()];
    for word in words {
        for is_done in [false, true] {
            let fault = match is_done {
                true => Fault::Misreported(word.clone()),
                false => Fault::Answered(word.clone()),
            };
            let (world, delivery) = struck(fault);
            assert_eq!(body(&delivery).0, word.status);
            assert_eq!(placed(&world), usize::from(is_done));
        }
    }
    let (_, delivery) = struck(Fault::Answered(canned::too_many_requests()));
    let Delivery::Answer { answer, .. } = &delivery else { panic!("no answer") };
    assert_eq!(answer.headers()["x-mbx-used-remain-limit"], "0");
    assert_eq!(body(&delivery).1["code"], "429");
}

#[test]
fn what_waits_for_longer_than_the_venue_works_on_anything_is_never_done() {
    let (world, delivery) = struck(Fault::RequestHeld(Duration::from_millis(10_001)));
    assert_eq!(body(&delivery), (400, serde_json::from_slice(&canned::timed_out().body).unwrap()));
    assert_eq!(placed(&world), 0);
    let (world, delivery) = struck(Fault::RequestHeld(Duration::from_secs(3)));
    assert!(matches!(delivery, Delivery::Held(_)));
    assert_eq!(placed(&world), 0);
    let (world, delivery) = struck(Fault::AnswerCut(10));
    let Delivery::Answer { answer, .. } = delivery else { panic!("no answer") };
    assert_eq!((answer.body().len(), placed(&world)), (10, 1));
}

#[test]
fn a_login_may_be_answered_late_wrongly_or_never() {
    let late = Duration::from_secs(2);
    let mut world = quiet();
    let rule = |fault| Rule::once(Pattern::what("login"), fault);
    let id = world.open(Service::PRIVATE);
    let login = world.login(&world.now.as_secs().to_string());
    world.bitget.add_fault(rule(Fault::AnswerHeld(late)));
    world.tell(id, &login);
    world.say(id, "ping");
    assert_eq!(world.read(id), [json!("pong")], "what was said later overtakes it");
    world.wait(2_000);
    assert_eq!(world.read(id), [json!({"event": "login", "code": 0})]);
    let refusal = Canned::json(400, &json!({"event": "error", "code": 30_005, "msg": "no"}));
    world.bitget.add_fault(rule(Fault::Answered(refusal)));
    world.tell(id, &login);
    assert_eq!(world.read(id)[0]["code"], 30_005);
    world.bitget.add_fault(rule(Fault::RequestHeld(late)));
    world.tell(id, &login);
    assert_eq!(world.read(id), Vec::<Value>::new());
    world.wait(2_000);
    assert_eq!(world.read(id), [json!({"event": "login", "code": 0})]);
    world.bitget.add_fault(rule(Fault::RequestReset));
    world.tell(id, &login);
    assert!(matches!(world.frames(id).as_slice(), [Frame::Close { code: 1006, .. }]));
}

#[test]
fn pushes_are_lost_repeated_and_held_by_the_name_of_their_channel() {
    let mut world = quiet();
    let id = world.private();
    let push = |what: &str, fault| Rule::once(Pattern::what(what), fault);
    world.bitget.add_fault(push("push orders", Fault::AnswerLost));
    world.rest_order("a");
    world.wait(1);
    assert_eq!(world.read(id), Vec::<Value>::new());
    world.bitget.add_fault(push("push orders", Fault::AnswerRepeated(2)));
    world.rest_order("b");
    world.wait(1);
    assert_eq!(world.read(id).len(), 3);
    world.bitget.add_fault(push("push orders", Fault::AnswerHeld(Duration::from_secs(1))));
    world.rest_order("c");
    world.post("cancel-order", &json!({"symbol": "BTCUSDT", "clientOid": "c"})).data();
    world.wait(1_000);
    let told = world.read(id);
    let statuses: Vec<_> = told.iter().map(|push| &push["data"][0]["status"]).collect();
    assert_eq!(statuses, ["cancelled", "live"], "out of their order");
    let public = world.open(Service::PUBLIC);
    world.bitget.add_fault(push("push ticker *", Fault::AnswerReset));
    world.tell(public, &json!({"op": "subscribe", "args": [on("ticker")]}));
    let frames = world.frames(public);
    assert!(matches!(frames.last(), Some(Frame::Close { code: 1006, .. })), "{frames:?}");
}

#[test]
fn a_mute_connection_answers_pings_and_says_nothing_of_orders() {
    let mut world = quiet();
    let id = world.private();
    world.bitget.ail(world.now, Service::PRIVATE, Ailment::Mute);
    world.rest_order("a");
    world.wait(100);
    world.say(id, "ping");
    assert_eq!(world.read(id), [json!("pong")]);
    let sound = world.private();
    world.rest_order("b");
    world.wait(100);
    assert_eq!(world.read(sound).last().unwrap()["data"][0]["clientOid"], "b");
    world.bitget.ail(world.now, Service::PRIVATE, Ailment::Repeating(Duration::from_secs(1)));
    world.wait(1_000);
    assert_eq!(world.read(sound)[0]["data"][0]["clientOid"], "b", "the last one again");
}

#[test]
fn anything_can_be_put_into_the_venues_mouth() {
    let mut world = quiet();
    let id = world.private();
    world.bitget.say(Service::PRIVATE, "{\"event\":\"moon\"}");
    assert_eq!(world.read(id), [json!({"event": "moon"})]);
    for text in nonsense::MESSAGES {
        world.bitget.say(Service::PRIVATE, text);
    }
    for wrong in nonsense::WRONG {
        world.bitget.say(Service::PRIVATE, &nonsense::report("a", "1", wrong));
    }
    let said = world.read(id);
    assert_eq!(said.len(), 30);
    let reports = said.iter().filter(|said| said["data"][0]["enterPointSource"] == "API");
    assert_eq!(reports.count(), 18, "each is JSON");
    world.bitget.close_oldest(Service::PRIVATE);
    assert!(matches!(world.frames(id).as_slice(), [Frame::Close { code: 1001, .. }]));
}

#[test]
fn a_handshake_can_be_refused_swallowed_or_held() {
    let mut world = quiet();
    for fault in [Fault::Answered(Canned::forbidden()), Fault::RequestLost, Fault::AnswerReset] {
        world.bitget.add_fault(Rule::once(Pattern::what("handshake"), fault));
    }
    let mut connect = || world.bitget.connect(world.now, PEER, Service::PRIVATE, "/v2/ws/private");
    let Delivery::Answer { answer: Err(refusal), .. } = connect() else { panic!("not refused") };
    assert_eq!(refusal.status(), 403);
    assert!(matches!(connect(), Delivery::Silence));
    assert!(matches!(connect(), Delivery::Reset));
    assert!(matches!(connect(), Delivery::Answer { answer: Ok(_), .. }));
    assert_eq!(world.bitget.ledger().connections_open, 1);
}
