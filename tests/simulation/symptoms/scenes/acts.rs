//! What goes wrong, and who does it.

use std::time::Duration;

use tradewind_engine::Event;
use tradewind_model::call::Call;
use tradewind_model::market::Interval;
use tradewind_model::time::Timestamp;
use tradewind_triage::FindingKind;
use tradewind_venue::Signer;

use super::super::client::Manners;
use super::super::stage::{ACCOUNTS, Habit, Stage, Who, api_key, signer};
use super::{Done, MINUTE};

/// Lets a symptom come about from a moment on.
pub(super) fn inflict(stage: &mut Stage, kind: FindingKind, at: Timestamp) -> Done {
    let (who, variant) = match kind {
        FindingKind::EdgeBlock => block(stage, at),
        FindingKind::AuthFailing => refuse(stage, at),
        FindingKind::ConcurrencyJump => jump(stage, at),
        FindingKind::ReconnectStorm => storm(stage, at),
        FindingKind::HotEndpoint => heat(stage, at),
        FindingKind::Banned
        | FindingKind::Limited
        | FindingKind::RetriesInStep
        | FindingKind::VenueDegraded => unreachable!("no symptom of its own"),
    };
    Done { kind, at, who, variant }
}

fn bars(limit: u32) -> Call {
    let interval = Interval::Minute1;
    Call::Bars { symbol: "BTCUSDT".into(), interval, from: None, until: None, limit }
}

/// Bursts of requests that make no sense, more of them each time, until the firewall has enough of
/// the address; whoever caused it goes on for a while.
fn block(stage: &mut Stage, at: Timestamp) -> (String, &'static str) {
    let account = usize::try_from(stage.dice.within(0, ACCOUNTS as u64)).unwrap();
    let is_private = stage.dice.percent(50);
    let goes_on = stage.dice.minutes(1, 25);
    let manners = if stage.dice.percent(50) {
        Manners::Polite
    } else {
        Manners::Stubborn { times: 1, after_ms: 700 }
    };
    let mut bursts = vec![(at, 700)];
    for _ in 0..stage.dice.within(1, 4) {
        bursts.push((at - stage.dice.minutes(6, 28), stage.dice.within(30, 60)));
    }
    let mut when = at;
    while when < at + goes_on {
        when = when + stage.dice.minutes(1, 4);
        bursts.push((when, stage.dice.within(5, 60)));
    }
    let until = at + goes_on;
    // Then somebody reads what the log says and stops every bot, or the block would never end.
    stage.at(until, move |stage| {
        for client in &mut stage.clients {
            client.hushed_until = until + MINUTE * 10;
        }
    });
    stage.at(at - MINUTE * 30, move |stage| {
        let client = stage.client("rogue", account, manners);
        let habit = |call, secs| Habit {
            call,
            every: Duration::from_secs(secs),
            by_the_clock: false,
            until,
        };
        stage.habit(Who::Client(client), habit(bars(10), 9));
        stage.habit(Who::Client(client), habit(Call::Account, 30));
        for (when, count) in bursts {
            let gap = stage.dice.within(20, 90);
            for place in 0..count {
                let call = if is_private {
                    Call::OpenOrders { symbol: Some("btc/usdt".into()) }
                } else {
                    Call::Ticker { symbol: "btc/usdt".into() }
                };
                let when = when + Duration::from_millis(gap * place);
                stage.at(when, move |stage| stage.ask(client, call));
            }
        }
    });
    ("simulated via here".to_owned(), if is_private { "private" } else { "public" })
}

/// A key, a secret or a clock that the venue no longer believes.
fn refuse(stage: &mut Stage, at: Timestamp) -> (String, &'static str) {
    let length = stage.dice.minutes(15, 40);
    match stage.dice.within(0, 4) {
        0 => revoke(stage, at, length),
        1 => {
            let (key, secret) = (api_key(1), "FAKE0another0secret".to_owned());
            (rotate(stage, at, length, &key, &secret), "wrong secret")
        }
        2 => {
            let (key, secret) = (format!("FAKE0gone{:0<55}", ""), "FAKE0gone".to_owned());
            (rotate(stage, at, length, &key, &secret), "unknown key")
        }
        _ => {
            let behind_ms = i64::try_from(stage.dice.within(5_500, 60_000)).unwrap();
            let client = stage.clients.len() - 1;
            stage.at(at, move |stage| {
                stage.clients[client].behind_ms = behind_ms;
                stage.clients[client].manners = Manners::Stubborn { times: 2, after_ms: 900 };
            });
            stage.at(at + length, move |stage| {
                stage.clients[client].behind_ms = 0;
                stage.clients[client].manners = Manners::Polite;
            });
            (stage.clients[client].signer.account_hash().to_string(), "clock")
        }
    }
}

/// The venue takes a key back, and somebody tells our instance again and again that all is well.
fn revoke(stage: &mut Stage, at: Timestamp, length: Duration) -> (String, &'static str) {
    let mut times = vec![at + stage.dice.seconds(30, 120)];
    while times[times.len() - 1] < at + length {
        times.push(times[times.len() - 1] + stage.dice.minutes(1, 6));
    }
    stage.at(at, |stage| {
        stage.world.at_venue(|venue, _| venue.revoke(&api_key(0)));
    });
    for when in times {
        stage.at(when, |stage| {
            let id = stage.ours[0];
            stage.world.tell(id, Event::ClearAccount);
        });
    }
    (signer(0).account_hash().to_string(), "revoked key")
}

/// A bot is given another key, which is not right, and asks on.
fn rotate(stage: &mut Stage, at: Timestamp, length: Duration, key: &str, secret: &str) -> String {
    let wrong = Signer::hmac_sha256(key, secret).unwrap();
    let who = wrong.account_hash().to_string();
    let client = stage.clients.len() - 1;
    let right = stage.clients[client].signer.clone();
    let times = u32::try_from(stage.dice.within(0, 4)).unwrap();
    stage.at(at, move |stage| {
        stage.clients[client].signer = wrong;
        stage.clients[client].manners = Manners::Stubborn { times, after_ms: 400 };
    });
    stage.at(at + length, move |stage| {
        stage.clients[client].signer = right;
        stage.clients[client].manners = Manners::Polite;
    });
    who
}

/// More processes, or the same ones that ask for more, until it is rolled back.
fn jump(stage: &mut Stage, at: Timestamp) -> (String, &'static str) {
    let until = at + stage.dice.minutes(9, 14);
    let is_in_step = stage.dice.percent(50);
    let manners = if is_in_step {
        Manners::InStep(stage.dice.within(2, 8))
    } else {
        Manners::Stubborn { times: 2, after_ms: 3_000 }
    };
    match stage.dice.within(0, 2) {
        0 => {
            let count = stage.dice.within(8, 14);
            for number in 0..count {
                let when = at + stage.dice.seconds(0, 40);
                stage.at(when, move |stage| {
                    let client = stage.client(&format!("more-{number}"), 1, manners);
                    stage.clients[client].until = until;
                    greed(stage, client, count, until);
                });
            }
            ("scale-out from".to_owned(), "others scaled out")
        }
        _ => {
            let count = stage.clients.len();
            for client in 0..count {
                let when = at + stage.dice.seconds(0, 30);
                stage.at(when, move |stage| {
                    stage.restart_client(client, Some("2.0"));
                    stage.clients[client].manners = manners;
                    greed(stage, client, count as u64, until);
                });
                stage.at(until, move |stage| stage.clients[client].manners = Manners::Polite);
            }
            ("deploy of 2.0".to_owned(), "others deployed")
        }
    }
}

/// So much that `count` of them together want twice what the address may have.
fn greed(stage: &mut Stage, client: usize, count: u64, until: Timestamp) {
    // Per minute: 55 of weight a round, 12,000 for all.
    let every = Duration::from_millis(60_000 * 80 * count / stage.dice.within(9_000, 16_000));
    for call in [
        Call::Account,
        Call::FillHistory { symbol: "BTCUSDT".into(), order: None, since: None, limit: 20 },
        Call::OrderHistory { symbol: "BTCUSDT".into(), since: None, limit: 20 },
        Call::Depth { symbol: "BTCUSDT".into(), levels: 500 },
    ] {
        stage.habit(Who::Client(client), Habit { call, every, by_the_clock: false, until });
    }
}

/// Sockets that fall and reconnect for minutes, each time with everything asked again.
fn storm(stage: &mut Stage, at: Timestamp) -> (String, &'static str) {
    let until = at + stage.dice.minutes(6, 15);
    let is_everybody = stage.dice.percent(50);
    let (gap_ms, calls) = (stage.dice.within(2_000, 12_000), stage.dice.within(5, 13));
    let symbol = || "BTCUSDT".into();
    let resync: Vec<Call> = [
        Call::OpenOrders { symbol: Some(symbol()) },
        Call::Account,
        Call::FillHistory { symbol: symbol(), order: None, since: None, limit: 20 },
        Call::OrderHistory { symbol: symbol(), since: None, limit: 20 },
        bars(50),
    ]
    .into_iter()
    .cycle()
    .take(usize::try_from(calls).unwrap())
    .collect();
    let stormy = if is_everybody { stage.clients.len() } else { 1 };
    for client in 0..stormy {
        let mut when = at + stage.dice.seconds(0, 3);
        while when < until {
            let resync = resync.clone();
            stage.at(when, move |stage| stage.reconnect(client, resync));
            when = when + Duration::from_millis(stage.dice.within(gap_ms / 2, gap_ms * 3 / 2));
        }
    }
    ("other-0".to_owned(), if is_everybody { "everybody" } else { "one" })
}

/// One endpoint asked for more often than its bucket holds, with backoff that does not help. An
/// instance of ours asks one question once however often it is put, so that it takes many
/// different ones to keep its queue full.
fn heat(stage: &mut Stage, at: Timestamp) -> (String, &'static str) {
    let until = at + stage.dice.minutes(20, 35);
    let is_ours = stage.dice.percent(40);
    let (weight, name) = match stage.dice.within(0, 3) {
        0 => (250, "depth"),
        1 if !is_ours => (80, "open_orders"),
        _ => (50, "depth"),
    };
    let wanted_per_min = stage.dice.within(7_000, 12_000) / weight;
    let whose: Vec<Who> = if is_ours {
        stage.ours.iter().copied().map(Who::Desk).collect()
    } else {
        let count = stage.dice.within(1, stage.clients.len() as u64 + 1);
        (0..usize::try_from(count).unwrap()).map(Who::Client).collect()
    };
    // As many questions as one of them puts in a minute, each once a minute.
    let each = wanted_per_min.div_ceil(whose.len() as u64);
    for who in whose {
        for number in 0..each {
            let levels = u32::try_from(if weight == 250 { 1_001 } else { 501 } + number).unwrap();
            let call = match name {
                "depth" => Call::Depth { symbol: "BTCUSDT".into(), levels },
                _ => Call::OpenOrders { symbol: None },
            };
            let when = at + stage.dice.seconds(0, 20);
            stage.at(when, move |stage| {
                let habit = Habit { call, every: MINUTE, by_the_clock: false, until };
                stage.habit(who, habit);
            });
        }
    }
    (name.to_owned(), if is_ours { "ours" } else { "others" })
}
