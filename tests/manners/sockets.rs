//! Logins, parts of a subscription, signs of life.

use tradewind_engine::{Failure, Incident};
use tradewind_model::stream::{Feed, StreamKind};

use super::desk::{Desk, instrument};
use super::script::Script;

const ACCOUNT: StreamKind = StreamKind::Account;
const MARKET: StreamKind = StreamKind::Market;

#[test]
fn a_socket_says_whose_it_is_and_asks_for_nothing_before_that_is_granted() {
    let script = Script { is_deaf_to: vec!["login"], ..Script::default() };
    let mut desk = Desk::with(script, &[instrument()]);
    desk.pass(5_000);
    let texts = desk.texts(ACCOUNT);
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(texts[0].contains(r#""op":"login""#));
    let [account, _] = desk.engine.streams();
    assert!(!account.is_live);
    // A login without an answer is a socket without a use.
    desk.script.is_deaf_to.clear();
    desk.pass(30_000);
    let [account, _] = desk.engine.streams();
    assert!(account.is_live);
    assert_eq!(desk.opened, [ACCOUNT, ACCOUNT]);
}

#[test]
fn a_stream_lives_when_each_of_its_parts_was_answered() {
    let script = Script { is_deaf_to: vec!["fill"], ..Script::default() };
    let mut desk = Desk::with(script, &[instrument()]);
    desk.pass(5_000);
    assert_eq!(desk.texts(ACCOUNT).len(), 2, "a login and one message for all of it");
    assert!(!desk.engine.streams()[0].is_live, "one of three parts is missing");
    desk.say(
        ACCOUNT,
        r#"{"event":"subscribe","arg":{"instType":"SPOT","channel":"fill","instId":"default"}}"#,
    );
    desk.pass(100);
    assert!(desk.engine.streams()[0].is_live);
}

#[test]
fn a_login_that_is_refused_is_not_tried_again_and_says_why() {
    let script = Script { refuses_login: Some(30_015), ..Script::default() };
    let mut desk = Desk::with(script, &[instrument()]);
    desk.pass(120_000);
    assert_eq!(desk.texts(ACCOUNT).len(), 1);
    assert!(matches!(&desk.failure, Some(Failure::Auth { .. })), "{:?}", desk.failure);
}

#[test]
fn a_unified_account_ends_the_start_and_says_the_way_out() {
    let script = Script { is_unified: true, ..Script::default() };
    let mut desk = Desk::with(script, &[instrument()]);
    desk.pass(60_000);
    let Some(Failure::Auth { message, .. }) = &desk.failure else { panic!("{:?}", desk.failure) };
    assert!(message.contains("unified") && message.contains("classic"), "{message}");
    let signed = desk.asked.iter().filter(|path| path.starts_with("spot/account"));
    assert_eq!(signed.count(), 1, "a key that was refused is not tried again");
}

#[test]
fn every_socket_gives_a_sign_of_life_in_time() {
    let mut desk = Desk::new();
    desk.start(&[Feed::Quote]).pass(300_000);
    for kind in [ACCOUNT, MARKET] {
        let pings: Vec<_> =
            desk.sent.iter().filter(|sent| sent.kind == kind && sent.text == "ping").collect();
        assert!(pings.len() >= 10, "{kind:?}: {} in five minutes", pings.len());
        for pair in pings.windows(2) {
            let gap = pair[1].at.since(pair[0].at).as_secs();
            assert!(gap < 30, "{kind:?}: {gap} s");
        }
    }
    assert_eq!(desk.opened, [ACCOUNT, MARKET], "and that is enough");
}

#[test]
fn a_socket_that_does_not_answer_a_ping_is_replaced() {
    let mut desk = Desk::new();
    desk.start(&[Feed::Quote]);
    desk.script.is_deaf_to.push("ping");
    desk.pass(40_000);
    let is_of_account =
        |incident: &Incident| matches!(incident, Incident::StreamLost { kind: ACCOUNT, .. });
    assert!(desk.incidents.iter().any(is_of_account), "{:?}", desk.incidents);
    desk.script.is_deaf_to.clear();
    desk.pass(120_000);
    assert!(desk.engine.streams().iter().all(|stream| stream.is_live));
    assert_eq!(desk.standing.len(), 2, "those before were closed: {:?}", desk.standing);
}

#[test]
fn feeds_are_asked_for_by_message_and_a_market_lives_when_all_were_granted() {
    let script = Script { is_deaf_to: vec!["trade"], ..Script::default() };
    let mut desk = Desk::with(script, &[instrument()]);
    desk.start(&[Feed::Quote, Feed::Trade, Feed::Book(5)]);
    let texts = desk.texts(MARKET);
    assert_eq!(texts.len(), 1, "{texts:?}");
    for channel in ["books1", "trade", "books"] {
        assert!(texts[0].contains(&format!(r#""channel":"{channel}""#)), "{texts:?}");
    }
    assert!(!desk.engine.streams()[1].is_live);
    desk.say(
        MARKET,
        r#"{"event":"subscribe","arg":{"instType":"SPOT","channel":"trade","instId":"FOOUSDT"}}"#,
    );
    desk.pass(100);
    assert!(desk.engine.streams()[1].is_live);
}

#[test]
fn a_feed_that_is_refused_takes_no_other_with_it() {
    let script = Script { is_deaf_to: vec!["trade"], ..Script::default() };
    let mut desk = Desk::with(script, &[instrument()]);
    desk.start(&[Feed::Quote, Feed::Trade]);
    desk.say(
        MARKET,
        r#"{"event":"error","arg":{"instType":"SPOT","channel":"trade","instId":"FOOUSDT"},
            "code":30001,"msg":"doesn't exist","op":"subscribe"}"#,
    );
    desk.pass(100);
    assert!(desk.engine.streams()[1].is_live);
    let is_told = |incident: &Incident| {
        matches!(incident, Incident::ReadFailed { what, .. }
        if what.contains("Trade"))
    };
    assert!(desk.incidents.iter().any(is_told), "{:?}", desk.incidents);
}

#[test]
fn a_socket_is_replaced_before_its_day_is_over_and_says_everything_again() {
    let mut desk = Desk::new();
    desk.start(&[Feed::Quote]).pass(24 * 3_600_000);
    assert_eq!(desk.engine.snapshot(desk.now).counters.streams_rotated, 2);
    assert_eq!(desk.engine.snapshot(desk.now).counters.streams_lost, 0);
    let logins = desk.texts(ACCOUNT).iter().filter(|text| text.contains("login")).count();
    let followed = desk.texts(MARKET).iter().filter(|text| text.contains("books1")).count();
    assert_eq!((logins, followed), (2, 2));
    assert_eq!(desk.standing.len(), 2);
}
