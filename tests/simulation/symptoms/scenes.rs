//! Days on which something goes wrong, and days on which nothing does. A scene is a function of its
//! seed.
//!
//! Each has the same cast: some instances of ours with a desk that asks this and that, a few bots
//! of others, one address, a network that loses an answer now and then, restarts and a deploy. To
//! that comes at most one act for each symptom. Nothing is written into the log by name: the venue
//! counts, refuses, bans and blocks, and who is turned away does what it does.

mod acts;

use std::time::Duration;

use tradewind_lab::Weather;
use tradewind_model::call::Call;
use tradewind_model::market::Interval;
use tradewind_model::time::Timestamp;
use tradewind_simulator::limits::EdgeConfig;
use tradewind_triage::FindingKind;

use super::client::Manners;
use super::dice::Dice;
use super::stage::{ACCOUNTS, Habit, Stage, Who, venue};

/// The five symptoms, by the finding that each is, the worst first.
pub(crate) const SYMPTOMS: [FindingKind; 5] = [
    FindingKind::EdgeBlock,
    FindingKind::AuthFailing,
    FindingKind::ConcurrencyJump,
    FindingKind::ReconnectStorm,
    FindingKind::HotEndpoint,
];

const MINUTE: Duration = Duration::from_secs(60);

/// What was done, for whoever compares it with what is found.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    pub(crate) kind: FindingKind,
    /// When it began.
    pub(crate) at: Timestamp,
    /// What the finding has to name: an account, an endpoint, a bot, a kind of change.
    pub(crate) who: String,
    /// In a word, for a failing test.
    pub(crate) variant: &'static str,
}

/// A log, and what was done in it.
pub(crate) struct Scene {
    pub(crate) log: Vec<u8>,
    pub(crate) done: Vec<Done>,
}

/// Several hours on which all is well, with whatever is usual.
pub(crate) fn healthy(seed: u64) -> Scene {
    let mut stage = cast(seed, false);
    let start = stage.world.now();
    let end = start + MINUTE * 240;
    routine(&mut stage, start, end);
    if stage.dice.percent(40) {
        let when = start + stage.dice.minutes(70, 200);
        stage.at(when, |stage| {
            let weather = weather(&mut stage.dice);
            stage.spawn("ours-late", 0, weather);
        });
    }
    if stage.dice.percent(50) {
        // A router is restarted: everybody's sockets fall, some twice.
        let when = start + stage.dice.minutes(20, 220);
        for again in 0..stage.dice.within(1, 3) {
            let when = when + MINUTE * u32::try_from(again).unwrap();
            stage.at(when, all_sockets_fall);
        }
    }
    stage.play(end);
    Scene { log: stage.log(), done: Vec::new() }
}

/// One symptom, after more than an hour in which all was well.
pub(crate) fn with(kind: FindingKind, seed: u64) -> Scene {
    let mut stage = cast(seed, kind == FindingKind::EdgeBlock);
    let start = stage.world.now();
    let at = start + stage.dice.minutes(80, 100);
    let end = at + MINUTE * 60;
    routine(&mut stage, start, at - MINUTE * 40);
    let done = acts::inflict(&mut stage, kind, at);
    stage.play(end);
    close(&mut stage, vec![done])
}

/// Two symptoms, either first, with more than an hour between them.
pub(crate) fn with_both(worse: FindingKind, milder: FindingKind, seed: u64) -> Scene {
    let has_edge = [worse, milder].contains(&FindingKind::EdgeBlock);
    let mut stage = cast(seed, has_edge);
    let start = stage.world.now();
    let (first, last) = if stage.dice.percent(50) { (worse, milder) } else { (milder, worse) };
    let at = start + stage.dice.minutes(70, 80);
    let later = at + stage.dice.minutes(85, 100);
    let one = acts::inflict(&mut stage, first, at);
    let other = acts::inflict(&mut stage, last, later);
    stage.play(later + MINUTE * 45);
    let mut done = vec![one, other];
    done.sort_by_key(|done| done.kind);
    close(&mut stage, done)
}

/// The log of a stage. When the firewall had enough is for the venue's own books to say.
fn close(stage: &mut Stage, mut done: Vec<Done>) -> Scene {
    let arrivals = stage.world.ledger().arrivals;
    if let (Some(block), Some(first)) = (
        done.iter_mut().find(|done| done.kind == FindingKind::EdgeBlock),
        arrivals.iter().find(|arrival| arrival.status == 403),
    ) {
        block.at = first.at;
    }
    Scene { log: stage.log(), done }
}

/// The way of an ordinary bot to an ordinary venue.
fn weather(dice: &mut Dice) -> Weather {
    Weather {
        delay_max: Duration::from_millis(dice.within(10, 80)),
        tail: Duration::from_secs(2),
        tails_permille: dice.within(0, 4),
        lost_answers_permille: dice.within(0, 3),
        refused_permille: dice.within(0, 3),
        cut_every: Some(dice.minutes(40, 240)),
    }
}

/// Everybody who is there from the start, and what they usually ask.
fn cast(seed: u64, has_edge: bool) -> Stage {
    let mut venue = venue();
    let mut dice = Dice::new(seed, 3);
    if has_edge {
        // Patient enough to let a first burst pass.
        let offenses = u32::try_from(dice.within(150, 300)).unwrap();
        let lasts = dice.minutes(4, 8);
        venue.front.limits.edge = Some(EdgeConfig { offenses, within: MINUTE * 3, lasts });
    }
    let mut stage = Stage::new(seed, venue);
    let forever = Timestamp::MAX;
    let btc = || "BTCUSDT".into();
    let bars = Call::Bars {
        symbol: btc(),
        interval: Interval::Minute1,
        from: None,
        until: None,
        limit: 5,
    };
    for number in 0..dice.within(2, 5) {
        let account = usize::try_from(number).unwrap() % ACCOUNTS;
        let id = stage.spawn(&format!("ours-{number}"), account, weather(&mut dice));
        for (call, low, high) in [
            (bars.clone(), 20, 90),
            (Call::Depth { symbol: btc(), levels: 100 }, 15, 60),
            (Call::Account, 60, 400),
            (Call::Ticker { symbol: btc() }, 10, 60),
        ] {
            if dice.percent(60) {
                let every = dice.seconds(low, high);
                let by_the_clock = dice.percent(20);
                let habit = Habit { call, every, by_the_clock, until: forever };
                stage.habit(Who::Desk(id), habit);
            }
        }
    }
    for number in 0..dice.within(2, 4) {
        let account = usize::try_from(dice.within(0, ACCOUNTS as u64)).unwrap();
        let client = stage.client(&format!("other-{number}"), account, Manners::Polite);
        for (call, low, high) in [
            (bars.clone(), 5, 60),
            (Call::OpenOrders { symbol: Some(btc()) }, 10, 60),
            (Call::Account, 30, 200),
            (Call::Ticker { symbol: btc() }, 3, 30),
        ] {
            let every = dice.seconds(low, high);
            let by_the_clock = dice.percent(20);
            stage.habit(Who::Client(client), Habit { call, every, by_the_clock, until: forever });
        }
    }
    stage
}

/// What is usual: restarts, a deploy, a machine that sleeps, sockets that fall.
fn routine(stage: &mut Stage, from: Timestamp, until: Timestamp) {
    let mut dice = Dice::new(stage.dice.within(0, 1 << 60), 4);
    let span = until.since(from).as_secs();
    let moment = |dice: &mut Dice| from + dice.seconds(60, span);
    for id in stage.ours.clone() {
        if dice.percent(40) {
            let when = moment(&mut dice);
            stage.at(when, move |stage| stage.world.restart(id).unwrap());
        }
        if dice.percent(30) {
            let (when, nap) = (moment(&mut dice), dice.seconds(5, 90));
            stage.at(when, move |stage| stage.world.sleep(id, nap));
        }
        if dice.percent(20) {
            let (when, step) = (moment(&mut dice), i64::try_from(dice.within(1_500, 9_000)));
            stage.at(when, move |stage| stage.world.step_clock(id, step.unwrap()));
        }
    }
    if dice.percent(60) {
        let (mut when, gap) = (moment(&mut dice), dice.seconds(0, 60));
        for id in stage.ours.clone() {
            stage.at(when, move |stage| stage.world.deploy(id, "1.1.0").unwrap());
            when = when + gap;
        }
    }
    for client in 0..stage.clients.len() {
        if dice.percent(50) {
            let when = moment(&mut dice);
            let version = dice.percent(50).then_some("0.9.1");
            stage.at(when, move |stage| stage.restart_client(client, version));
        }
        for _ in 0..dice.within(0, 5) {
            let when = moment(&mut dice);
            stage.at(when, move |stage| stage.reconnect(client, vec![Call::Account]));
        }
    }
}

fn all_sockets_fall(stage: &mut Stage) {
    use tradewind_model::stream::StreamKind;
    for id in stage.ours.clone() {
        for kind in [StreamKind::Market, StreamKind::Account] {
            stage.world.cut_streams(id, kind);
        }
    }
    for client in 0..stage.clients.len() {
        stage.reconnect(client, vec![Call::OpenOrders { symbol: None }, Call::Account]);
    }
}
