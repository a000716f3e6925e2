//! A call that is turned away must not become a ban: with everything queued that a bot can have,
//! one answer says no, and nothing leaves until the latest moment that it names.

use std::time::Duration;

use tradewind_engine::{Answer, ReadFailed};
use tradewind_lab::{Trip, Weather, check_always, check_silence};
use tradewind_model::call::CallKind;
use tradewind_model::id::ClientOrderId;
use tradewind_model::market::Interval;
use tradewind_model::notice::{Command, VenueStatus};
use tradewind_model::order::{OrderState, Side};
use tradewind_model::stream::StreamKind;
use tradewind_model::time::Timestamp;
use tradewind_scheduler::Shed;
use tradewind_simulator::binance::{Hint, Hints};

use super::orders::{Desk, post_only, qty};
use super::probe::{Told, of_order, told};
use super::rush::{self, CANCELS, ORDERS, READS, first_no, is_uneven, kinds, questions};
use super::solo::PEER;
use super::venue_kind::{VenueKind, at_each_venue};

at_each_venue! {
    a_ban_is_outwaited_by_everything_that_waits,
    a_process_that_is_killed_ten_seconds_into_a_ban_or_a_429_comes_back_into_silence,
    a_socket_that_dies_in_the_silence_after_a_no_is_not_opened_before_its_end,
}

/// A desk on a busy day: orders rest, and then two hundred calls of every priority want to leave
/// in one moment.
struct Rush {
    desk: Desk,
    orders: Vec<ClientOrderId>,
    inquiries: Vec<u64>,
    began_at: Timestamp,
}

impl Rush {
    /// Gets ready, lets `trouble` have its way with the venue, and rushes.
    fn into(at: VenueKind, trouble: impl FnOnce(&mut Desk)) -> Self {
        let mut desk = Desk::of(Weather::FAIR, at.config(), |instance| {
            instance.disk = Some("disk".to_owned());
        });
        let price = desk.price(-10);
        let resting: Vec<_> =
            (0..CANCELS).map(|_| desk.submit(Side::Buy, post_only(price, qty("0.001")))).collect();
        desk.world.run_for(Duration::from_secs(11));
        let told = told();
        let is_resting = |id: &ClientOrderId| {
            of_order(&told, *id).last().is_some_and(|update| update.state == OrderState::Open)
        };
        assert!(resting.iter().all(is_resting));
        trouble(&mut desk);
        let began_at = desk.world.now();
        let orders =
            (0..ORDERS).map(|_| desk.submit(Side::Buy, post_only(price, qty("0.001")))).collect();
        for client_order_id in &resting {
            desk.world.command("probe", Command::Cancel { client_order_id: *client_order_id });
        }
        let (instrument, interval) = ("BTC-USDT".into(), Interval::Minute1);
        desk.world.command("probe", Command::History { instrument, interval, bars: 50 });
        let inquiries = questions();
        let inquiries =
            inquiries.map(|(call, urgency, patience)| desk.world.ask(call, urgency, patience));
        let inquiries = inquiries.collect();
        Self { desk, orders, inquiries, began_at }
    }

    /// Plays until an answer that says no is in our hands; when that was, and until when it
    /// covers what.
    fn turned_away(&mut self) -> (Timestamp, Timestamp) {
        let until = self.desk.world.now() + Duration::from_secs(30);
        self.desk.world.run_until(until, |world| world.trips().any(|one| one.closed.is_some()));
        first_no(&self.desk.world)
    }

    /// What left within a time, in order.
    fn left(&self, from: Timestamp, until: Timestamp) -> Vec<Trip> {
        rush::left(&self.desk.world, from, until)
    }

    /// Nothing left, and nothing but what was on its way reached the venue.
    fn was_silent(&self, from: Timestamp, until: Timestamp) {
        rush::was_silent(&self.desk.world, from, until);
    }

    fn sockets(&self) -> usize {
        self.desk.world.ledger().connections_open
    }
}

fn count(kinds: &[CallKind], kind: CallKind) -> usize {
    kinds.iter().filter(|one| **one == kind).count()
}

#[test]
fn after_a_429_nothing_of_any_priority_leaves_before_the_header_says() {
    let mut rush = limited();
    let (told_at, until) = rush.turned_away();
    assert_eq!(until, told_at + Duration::from_secs(35));
    let before = kinds(&rush.left(rush.began_at.offset_by(-1), told_at.offset_by(1)));
    assert!(before.len() < 60, "most of it still waits: {} left", before.len());
    let sockets = rush.sockets();
    // Whoever would have to know before it is over is told at once, and until when it lasts.
    let answers = (0..READS).filter(|number| number % 5 == 0);
    let answers = answers.filter_map(|number| rush.desk.world.answer(rush.inquiries[number]));
    let is_shed = |answer: &Answer| {
        let Err(ReadFailed::Shed(Shed::Shut { until: at, .. })) = answer else { return false };
        *at >= until && *at < until + Duration::from_secs(1)
    };
    let (shed, others): (Vec<_>, Vec<_>) = answers.partition(is_shed);
    assert!(shed.len() >= READS / 10, "{} given up", shed.len());
    assert!(others.iter().all(Result::is_ok), "{others:?}");
    rush.desk.world.run_until(until, |_| false);
    rush.was_silent(told_at, until);
    // Sockets stay, and the market is heard on them.
    assert_eq!((rush.sockets(), sockets), (2, 2));
    let heard = told();
    let quotes = heard.iter().filter(|told| matches!(told, Told::Quote(_))).count();
    assert!(quotes > 50, "{quotes} quotes in 35 s");
    // New orders wait ten seconds at the most, whatever they wait for.
    let denied = |id: &&ClientOrderId| {
        of_order(&heard, **id).last().is_some_and(|update| update.state == OrderState::Denied)
    };
    let placed = count(&before, CallKind::PlaceOrder);
    assert_eq!(rush.orders.iter().filter(denied).count() + placed, ORDERS);
    // What is left comes back by a ramp, cancels first.
    rush.desk.world.run_for(Duration::from_secs(15));
    let after = rush.left(until, until + Duration::from_secs(15));
    let canceled = count(&before, CallKind::CancelOrder);
    let first = &kinds(&after)[..CANCELS - canceled];
    assert!(count(first, CallKind::CancelOrder) + 5 >= CANCELS - canceled, "{first:?}");
    let is_other = |trip: &&Trip| trip.call != CallKind::CancelOrder;
    let early = after.iter().filter(|trip| trip.sent_at < until + Duration::from_secs(2));
    let early = early.filter(is_other).count();
    assert!(early <= 10, "{early} in the first two seconds");
    is_uneven(&after);
    let answered = rush.inquiries.iter().filter(|one| rush.desk.world.me().answer(**one).is_some());
    assert_eq!(answered.count(), READS);
    finish(rush);
}

fn finish(mut rush: Rush) {
    rush.desk.world.run_for(Duration::from_secs(120));
    rush.desk.world.stop(Duration::from_secs(30));
    assert_eq!(rush.desk.world.drained(), Some(&[][..]));
    let told = told();
    let last = told.iter().rfind(|told| matches!(told, Told::Venue(_)));
    assert_eq!(last, Some(&Told::Venue(VenueStatus::Live)), "trading went on");
    check_silence(&rush.desk.world, false).unwrap();
    check_always(&rush.desk.world).unwrap();
}

/// One answer says 429, and to come back in 35 seconds.
fn limited() -> Rush {
    Rush::into(VenueKind::Binance, |desk| {
        desk.world.at_venue(|venue, _| venue.add_fault(rush::limited(35)));
    })
}

/// A ban of two minutes, told in these ways.
fn banned(hints: Hints) -> Rush {
    Rush::into(VenueKind::Binance, |desk| {
        desk.world.at_venue(|venue, now| {
            venue.binance().unwrap().set_hints(hints);
            venue.ban(now, PEER);
        });
    })
}

/// A ban that is told as the venue tells it.
fn banned_as_usual(at: VenueKind) -> Rush {
    Rush::into(at, |desk| {
        desk.world.at_venue(|venue, now| venue.ban(now, PEER));
    })
}

/// Turned away for a while, by the mildest that the venue has for an address.
fn turned_away(at: VenueKind) -> Rush {
    match at {
        VenueKind::Binance => limited(),
        VenueKind::Bitget => banned_as_usual(at),
    }
}

/// All that a ban has to look like from outside; it ends at `until`.
fn survive_ban(at: VenueKind, mut rush: Rush, told_at: Timestamp, until: Timestamp) {
    // All that comes up by itself within minutes waits: the clock is due, and the sockets that were
    // closed. Binance closes the account's and leaves those of the market; Bitget hangs up on
    // everybody who has not pinged for two minutes.
    let (standing, most_early) = match at {
        VenueKind::Binance => (1, 16),
        // Its sockets want more words before they carry anything.
        VenueKind::Bitget => (0, 20),
    };
    told();
    rush.desk.world.run_until(until, |_| false);
    rush.was_silent(told_at, until);
    assert_eq!(rush.sockets(), standing);
    let quotes = told().iter().filter(|told| matches!(told, Told::Quote(_))).count();
    assert!(quotes > 200, "{quotes} quotes in two minutes");
    let ledger = rush.desk.world.ledger();
    let (banned, bans) = (ledger.banned, ledger.bans);
    assert!(bans == 1 && banned <= 30, "{banned} in flight when the ban was learnt");
    // Who cannot wait until then is told so at once, with the time.
    let is_shed = |one: &&u64| {
        let answer = rush.desk.world.me().answer(**one);
        matches!(answer, Some(Err(ReadFailed::Shed(_) | ReadFailed::Unknown(_))))
    };
    let shed = rush.inquiries.iter().filter(is_shed).count();
    assert!(shed + 10 > READS, "{shed} of {READS} given up");
    // One cheap call goes first and alone; then cancels, then the rest by a ramp.
    rush.desk.world.run_for(Duration::from_secs(30));
    let after = rush.left(until, until + Duration::from_secs(30));
    assert_eq!(after[0].call, CallKind::ServerTime, "{:?}", kinds(&after));
    let passed = after[0].told_at.expect("the probe is answered");
    assert!(after[1].sent_at >= passed, "{:?}", kinds(&after));
    let early = after.iter().filter(|trip| trip.sent_at < passed + Duration::from_secs(2));
    let early = early.filter(|trip| trip.call != CallKind::CancelOrder).count();
    assert!(early <= most_early, "{early} in the first two seconds");
    is_uneven(&after);
    assert_eq!(rush.desk.world.ledger().bans, 1);
    finish(rush);
}

#[test]
fn a_ban_told_in_words_alone_is_kept_to_the_millisecond() {
    let mut rush = banned(Hints { header: Hint::Absent, ..Hints::default() });
    let (told_at, until) = rush.turned_away();
    let ban = rush.desk.world.at_venue(|venue, now| venue.banned_until(now, PEER)).unwrap();
    assert_eq!(until, ban);
    survive_ban(VenueKind::Binance, rush, told_at, until);
}

#[test]
fn of_a_header_and_a_text_that_disagree_the_later_one_holds() {
    let minute = 60_000;
    for (header, text) in [(minute, 0), (-minute, 0), (0, minute), (0, -minute)] {
        let hints = Hints {
            header: Hint::OffMillis(header),
            text: Hint::OffMillis(text),
            ..Hints::default()
        };
        let mut rush = banned(hints);
        let (told_at, until) = rush.turned_away();
        let ban = rush.desk.world.at_venue(|venue, now| venue.banned_until(now, PEER)).unwrap();
        let later = u64::try_from(header.max(text).max(0)).unwrap();
        assert!(until >= ban + Duration::from_millis(later), "{header} {text}");
        assert!(until < ban + Duration::from_millis(later + 1_100), "{header} {text}");
        survive_ban(VenueKind::Binance, rush, told_at, until);
    }
}

fn a_ban_is_outwaited_by_everything_that_waits(at: VenueKind) {
    let mut rush = banned_as_usual(at);
    let (told_at, until) = rush.turned_away();
    survive_ban(at, rush, told_at, until);
}

fn a_process_that_is_killed_ten_seconds_into_a_ban_or_a_429_comes_back_into_silence(at: VenueKind) {
    let bans_of_the_mildest = match at {
        VenueKind::Binance => 0,
        VenueKind::Bitget => 1,
    };
    for (mut rush, bans) in [(banned_as_usual(at), 1), (turned_away(at), bans_of_the_mildest)] {
        let (told_at, until) = rush.turned_away();
        rush.desk.world.run_for(Duration::from_secs(10));
        rush.desk.world.restart();
        assert!(until.since(rush.desk.world.now()) > Duration::from_secs(20));
        rush.desk.world.run_until(until, |_| false);
        rush.was_silent(told_at, until);
        rush.desk.world.run_for(Duration::from_secs(60));
        let after = rush.left(until, until + Duration::from_secs(60));
        assert_eq!(after[0].call, CallKind::ServerTime, "{:?}", kinds(&after));
        assert!(after[1].sent_at >= after[0].told_at.unwrap());
        assert_eq!(rush.desk.world.snapshot().status, VenueStatus::Live);
        assert_eq!(rush.desk.world.ledger().bans, bans);
        check_silence(&rush.desk.world, true).unwrap();
        check_always(&rush.desk.world).unwrap();
    }
}

fn a_socket_that_dies_in_the_silence_after_a_no_is_not_opened_before_its_end(at: VenueKind) {
    let mut rush = turned_away(at);
    let (told_at, until) = rush.turned_away();
    rush.desk.world.run_for(Duration::from_secs(5));
    for kind in [StreamKind::Market, StreamKind::Account] {
        rush.desk.world.cut_streams(kind);
    }
    rush.desk.world.run_until(until, |_| false);
    rush.was_silent(told_at, until);
    assert_eq!(rush.sockets(), 0);
    rush.desk.world.run_for(Duration::from_secs(30));
    assert_eq!(rush.sockets(), 2);
    finish(rush);
}

#[test]
fn what_a_socket_is_told_silences_all_that_waits_for_any_other_way_out() {
    let moment = Duration::from_secs(35);
    let mut until = Timestamp::EPOCH;
    let mut rush = Rush::into(VenueKind::Binance, |desk| {
        until = desk.world.now() + moment;
        let now = desk.world.now();
        desk.world.at_venue(|venue, _| venue.add_fault(rush::limited_on_socket(now, until)));
        // The stream is opened and about to be joined when two hundred calls want to leave.
        let accepted = desk.world.ledger().connections_accepted;
        desk.world.cut_streams(StreamKind::Account);
        let soon = desk.world.now() + Duration::from_secs(5);
        desk.world.run_until(soon, |world| world.ledger().connections_accepted > accepted);
    });
    let (told_at, named) = rush.turned_away();
    let no = rush.desk.world.trips().find(|one| one.closed.is_some()).copied().unwrap();
    assert_eq!((no.call, no.status), (CallKind::SubscribeAccount, Some(429)));
    // A venue's clock of milliseconds says it.
    assert_eq!(named.as_millis(), until.as_millis());
    let waits = rush.inquiries.iter().filter(|one| rush.desk.world.answer(**one).is_none());
    assert!(waits.count() > READS / 2, "most of it still waits");
    rush.desk.world.run_until(named, |_| false);
    rush.was_silent(told_at, named);
    // The market's stays. The account's, which could not be joined, is opened anew in its time.
    assert_eq!(rush.sockets(), 1);
    rush.desk.world.run_for(Duration::from_secs(30));
    assert_eq!(rush.sockets(), 2);
    is_uneven(&rush.left(named, named + Duration::from_secs(30)));
    assert_eq!(rush.desk.world.snapshot().status, VenueStatus::Live);
    finish(rush);
}

#[test]
fn a_socket_is_told_a_moment_and_not_a_time_to_wait() {
    let mut desk = Desk::open(VenueKind::Binance, Weather::FAIR);
    desk.world.run_for(Duration::from_secs(60));
    // Within ten seconds after a minute's start, so that a minute's end is far.
    let minute = Duration::from_secs(60);
    let start = desk.world.now().window_start(minute) + minute;
    desk.world.run_until(start + Duration::from_secs(10), |_| false);
    desk.world.cut_streams(StreamKind::Account);
    // The handshake passes; the subscription on the socket is turned away.
    let open = desk.world.ledger().connections_accepted;
    let until = desk.world.now() + Duration::from_secs(10);
    desk.world.run_until(until, |world| world.ledger().connections_accepted > open);
    desk.world.at_venue(|venue, now| venue.burn(now, PEER, 6_000));
    desk.world.run_for(Duration::from_secs(2));
    let no = desk.world.trips().find(|one| one.closed.is_some()).copied().expect("turned away");
    assert_eq!((no.call, no.status), (CallKind::SubscribeAccount, Some(429)));
    let until = start + minute;
    assert_eq!(no.closed.unwrap().until, until);
    desk.world.run_until(until, |_| false);
    let left: Vec<_> =
        desk.world.trips().filter(|one| one.sent_at > no.told_at.unwrap()).copied().collect();
    assert_eq!(kinds(&left), []);
    desk.world.run_for(Duration::from_secs(30));
    assert_eq!(desk.world.ledger().connections_open, 2);
    assert_eq!(desk.world.ledger().rate_limited, 1);
    check_silence(&desk.world, false).unwrap();
}
