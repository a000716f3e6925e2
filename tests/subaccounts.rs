//! Accounts of one exchange, each by an address of its own: over real sockets, with bots that are
//! processes of their own. What they do is read in the venue's books.

#![expect(clippy::unwrap_used, reason = "a process that cannot be started is a failed test")]

mod proxy;
mod stage;

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use tradewind_model::Decimal;
use tradewind_simulator::binance::Arrival;

use self::proxy::Proxy;
use self::stage::{ACCOUNTS, Bot, PLENTY, Stage, by_address, unreachable};

const MAIN: usize = 0;
const SUB: usize = 1;
const GATED: usize = 2;
/// How long a ban lasts here.
const LASTS: Duration = Duration::from_secs(6);

const fn here(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(127, 0, 0, last))
}

/// Each account was signed for from its own address and from no other.
fn keeps_to_its_addresses(stage: &Stage, addresses: &[IpAddr]) {
    let peers: Vec<_> =
        stage.venue.ledger().accounts.into_iter().map(|account| account.peers).collect();
    let own: Vec<_> = addresses.iter().map(|address| vec![*address]).collect();
    assert_eq!(peers[..own.len()], own);
    assert!(peers[own.len()..].iter().all(Vec::is_empty), "{peers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ban_of_one_address_leaves_it_silent_and_the_strategy_goes_on_by_another_account() {
    let stage = Stage::set("ban", [PLENTY; ACCOUNTS]).await;
    let config = stage.config(&[&by_address(1), &by_address(2)], MIRROR, None);
    let bot = stage.run(&config);
    stage.until("orders rest at home", |stage| stage.open(MAIN) >= 5).await;
    assert_eq!(stage.open(SUB), 0, "of two that are equal the more preferred is home");
    let until = stage.venue.with(|venue, now| venue.ban_for(now, here(1), LASTS));
    stage.until("orders are taken by the other account", |stage| stage.accepted(SUB) >= 3).await;
    let is_back =
        |arrival: &Arrival| arrival.peer == here(1) && arrival.at >= until && arrival.status < 400;
    stage
        .until("it is asked again", |stage| stage.venue.ledger().arrivals.iter().any(is_back))
        .await;
    let ledger = stage.venue.ledger();
    assert!(ledger.banned > 0, "it was told");
    assert_eq!(ledger.knocks, 0, "nothing knocks where it is shut");
    keeps_to_its_addresses(&stage, &[here(1), here(2)]);
    drop(bot);
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn home_is_the_account_with_most_to_spend_though_a_proxy_leads_there() {
    let rich = PLENTY * Decimal::from(5);
    let stage = Stage::set("capital", [PLENTY, PLENTY, rich]).await;
    let proxy = Proxy::start(here(3)).await;
    let gate = "[egress]\nproxy_env = 'TEST_GATE'\n";
    let config = stage.config(&[&by_address(1), &by_address(2), gate], MIRROR, None);
    let bot = stage.run_by(&config, &[("TEST_GATE", &proxy.url())]);
    stage.until("orders rest where most can be spent", |stage| stage.open(GATED) >= 5).await;
    assert_eq!((stage.open(MAIN), stage.open(SUB)), (0, 0));
    stage.venue.with(|venue, now| venue.ban(now, here(3)));
    let elsewhere = |stage: &Stage| stage.accepted(MAIN) + stage.accepted(SUB) >= 3;
    stage.until("orders are taken by another account", elsewhere).await;
    assert_eq!(stage.venue.ledger().knocks, 0);
    keeps_to_its_addresses(&stage, &[here(1), here(2), here(3)]);
    let asked = proxy.asked();
    assert!(!asked.is_empty() && asked.iter().all(|line| line.starts_with("CONNECT 127.0.0.1:")));
    let log = std::fs::read_to_string(stage.log()).unwrap();
    assert!(!log.contains(proxy::PASSWORD), "a login is printed nowhere");
    drop(bot);
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_refuses_is_named_and_the_other_account_trades() {
    let stage = Stage::set("refusal", [PLENTY; ACCOUNTS]).await;
    let proxy = Proxy::start(here(3)).await;
    let gate = "[egress]\nproxy_env = 'TEST_GATE'\n";
    let config = stage.config(&[gate, &by_address(2)], MIRROR, None);
    let wrong = proxy.url().replace(proxy::PASSWORD, "canary");
    let bot = stage.run_by(&config, &[("TEST_GATE", &wrong)]);
    stage.until("the other account trades", |stage| stage.open(SUB) >= 5).await;
    let ledger = stage.venue.ledger();
    assert!(ledger.arrivals.iter().all(|arrival| arrival.peer == here(2)), "nobody came by it");
    let status = stage.status(&config);
    assert_ne!(status["routes"][0]["status"], "live", "{status}");
    let log = std::fs::read_to_string(stage.log()).unwrap();
    assert!(!log.contains("canary"), "a login is printed nowhere");
    drop(bot);
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_way_out_that_is_none_is_said_before_anything_leaves() {
    let stage = Stage::set("none", [PLENTY; ACCOUNTS]).await;
    let config = stage.config(&["[egress]\nlocal_address = '203.0.113.7'\n"], "", None);
    let error = stage.fails(&config, &["run"]);
    assert!(error.contains("binance/main: local address 203.0.113.7 cannot be left"), "{error}");
    let config = stage.config(&["[egress]\nproxy_env = 'TEST_GATE'\n"], "", None);
    let error = stage.fails(&config, &["run"]);
    assert!(error.contains("TEST_GATE, which is not set"), "{error}");
    assert_eq!(stage.venue.ledger().total_requests(), 0);
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_base_url_that_is_dead_is_left_for_the_next_and_not_tried_first_by_the_next_life() {
    let stage = Stage::set("urls", [PLENTY; ACCOUNTS]).await;
    let dead = unreachable().await;
    let config = stage.config(&[&by_address(1)], "", Some(dead));
    let bot = stage.run(&config);
    stage.until("orders rest", |stage| stage.open(MAIN) >= 5).await;
    let status = stage.status(&config);
    let decisions = status["decisions"].to_string();
    assert!(decisions.contains("go by http://127.0.0.1:"), "{decisions}");
    assert!(decisions.contains("transport faults"), "{decisions}");
    drop(bot);
    let again = stage.run(&config);
    stage.until("it is live again", |stage| stage.is_live(&config)).await;
    let status = stage.status(&config);
    assert!(!status["decisions"].to_string().contains("transport faults"), "{status}");
    drop(again);
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_command_is_heeded_by_all_routes_and_by_their_next_life() {
    let stage = Stage::set("commands", [PLENTY; ACCOUNTS]).await;
    let config = stage.config(&[&by_address(1), &by_address(2)], "", None);
    let bot = stage.run(&config);
    stage.until("orders rest", |stage| stage.open(MAIN) >= 5).await;
    let said = stage.succeeds(&config, &["halt", "--reason", "the house burns"]);
    assert!(said.contains("trading is halted for everything"), "{said}");
    stage.until("nothing rests", |stage| stage.all_open() == 0).await;
    let placed = stage.placed();
    let is_halted = |status: &serde_json::Value| {
        let routes = status["routes"].as_array().unwrap().clone();
        assert_eq!(routes.len(), 2, "{status}");
        routes.iter().chain([status]).all(|one| one["trading"][0]["state"] == "halted")
    };
    let status = stage.status(&config);
    assert!(is_halted(&status), "{status}");
    let named = |index: usize| {
        let route = &status["routes"][index];
        format!("{} {} {}", route["venue"], route["account"], route["egress"])
    };
    assert_eq!(named(1), "\"binance\" \"sub-1\" \"127.0.0.2\"");
    drop(bot);
    let status = stage.status(&config);
    assert!(status["status"] == "not running" && is_halted(&status), "{status}");
    let bot = stage.run(&config);
    stage.until("it is live again", |stage| stage.is_live(&config)).await;
    assert_eq!((stage.placed(), stage.all_open()), (placed, 0), "and places nothing");
    stage.succeeds(&config, &["resume"]);
    stage.until("orders rest again", |stage| stage.all_open() >= 5).await;
    signal(&bot);
    stage.until("nothing rests", |stage| stage.all_open() == 0).await;
    assert!(is_halted(&stage.status(&config)));
    drop(bot);
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_routes_journal_forbids_is_forbidden_by_all_routes() {
    let stage = Stage::set("alike", [PLENTY; ACCOUNTS]).await;
    let both = stage.config(&[&by_address(1), &by_address(2)], "", None);
    // Whoever wrote it down was stopped before the other journal had it.
    let alone = stage.config_of(&[SUB], &[&by_address(2)], "", None);
    let said = stage.succeeds(&alone, &["halt"]);
    assert!(said.contains("no run is there"), "{said}");
    let bot = stage.run(&both);
    stage.until("it is live", |stage| stage.is_live(&both)).await;
    let status = stage.status(&both);
    let states: Vec<_> = (0..2).map(|one| &status["routes"][one]["trading"][0]["state"]).collect();
    assert_eq!(states, ["halted", "halted"], "{status}");
    assert_eq!(stage.placed(), 0);
    drop(bot);
    let said = stage.succeeds(&both, &["resume"]);
    assert!(said.contains("no run is there"), "{said}");
    let bot = stage.run(&both);
    stage.until("orders rest", |stage| stage.all_open() >= 5).await;
    drop(bot);
    stage.strike().await;
}

fn signal(bot: &Bot) {
    bot.signal("-USR1");
}

/// What rests where it is shut is placed elsewhere as well.
const MIRROR: &str = "[router]\non_shut = 'mirror'\nmirror_cap = '1'\nfail_back_after_s = 3600\n\
                      patience_ms = 1000\n";
