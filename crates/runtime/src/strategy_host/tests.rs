use serde::Deserialize;
use tradewind_model::id::{ClientOrderIds, InstrumentId};
use tradewind_model::notice::{Command, Notice, VenueStatus};
use tradewind_model::order::OrderUpdate;
use tradewind_model::time::Timestamp;
use tradewind_strategy::{Context, InvalidParams, Mailbox, Params, Registry, Strategy};

use super::*;

#[derive(Deserialize)]
struct NoParams {}

/// Panics when the venue goes stale.
struct Nervous;

impl Strategy for Nervous {
    type Params = NoParams;

    fn new(_params: NoParams, _instruments: &[InstrumentId]) -> Result<Self, InvalidParams> {
        Ok(Self)
    }

    fn on_order(&mut self, _update: &OrderUpdate, _cx: &mut Context<'_>) {}

    fn on_venue(&mut self, status: &VenueStatus, _cx: &mut Context<'_>) {
        assert_eq!(*status, VenueStatus::Live, "a panic that the test asked for");
    }
}

fn start() -> (HostThread, mpsc::Receiver<Event>) {
    let (events, received) = mpsc::channel(16);
    let inbox = Arc::new(Inbox::new());
    let clock = Clock::start();
    let host = Host::new(
        &Registry::new().with::<Nervous>("nervous"),
        "one".parse().unwrap(),
        "nervous",
        &Params::parse("").unwrap(),
        &[],
        ClientOrderIds::new(0, clock.now()),
        Mailbox::new(|_| Ok(())),
    );
    (HostThread::start(host.unwrap(), inbox, clock, events).unwrap(), received)
}

#[test]
fn a_strategys_wishes_come_out_as_events() {
    let (host, mut events) = start();
    host.inbox().push(Timestamp::EPOCH, Notice::Started(Box::default()));
    let strategy = "one".parse().unwrap();
    let started = Event::Command { strategy, command: Command::Started };
    assert_eq!(events.blocking_recv(), Some(started));
}

#[test]
fn a_panic_is_contained_and_told() {
    let (host, mut events) = start();
    host.inbox().push(Timestamp::EPOCH, Notice::Venue(VenueStatus::Live));
    host.inbox()
        .push(Timestamp::EPOCH, Notice::Venue(VenueStatus::Stale { reason: String::new() }));
    let strategy = "one".parse().unwrap();
    let Some(Event::StrategyLost { strategy: lost, how: StrategyFailure::Panicked(words) }) =
        events.blocking_recv()
    else {
        panic!("nothing was told");
    };
    assert_eq!(lost, strategy);
    assert!(words.contains("a panic that the test asked for") && !words.contains('\n'), "{words}");
    assert_eq!(events.blocking_recv(), None, "the thread has ended");
}
