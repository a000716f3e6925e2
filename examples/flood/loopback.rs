//! The flood for real: the ordinary session against the embedded venue, over sockets on loopback.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tradewind::prelude::{Timestamp, VenueStatus};
use tradewind::{Config, Session};
use tradewind_engine::{Answer, Urgency};
use tradewind_runtime::Desk;
use tradewind_runtime::desk::Ask;
use tradewind_simulator::server::Embedded;

use crate::Failed;
use crate::args::Plan;
use crate::demand::{Demand, PATIENCE};
use crate::figures::Figures;
use crate::orders;
use crate::reads::Reads;
use crate::stranger::{intrude, stranger};
use crate::trouble;
use crate::wishes::Wishes;

/// How long the start may take.
const START_MAX: Duration = Duration::from_secs(30);
/// How long canceling may take at the end.
const GOODBYE_MAX: Duration = Duration::from_secs(15);
/// Questions that wait at the most; further ones are not asked.
const ASKERS_MAX: usize = 8_192;
/// How often it is looked whether all is over.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Floods for so long, or until it is over.
pub(crate) async fn run(
    plan: &Plan,
    time: Duration,
    is_over: &AtomicBool,
) -> Result<Figures, Failed> {
    let wishes = Wishes::default();
    let text = configuration(plan);
    let config = Config::parse("flood", &text)?;
    let session = Session::start(&config, &orders::registry(&wishes)).await?;
    let desk = session.desk();
    let venue = session.embedded().ok_or("the venue is not inside of this program")?;
    venue.with(|venue, _| {
        if let Some(venue) = venue.binance() {
            trouble::prepare(venue, plan);
        }
    });
    let mut strangers = JoinSet::new();
    if let Some(stranger) = stranger(plan) {
        strangers.spawn(intrude(stranger, address(venue)?));
    }
    go_live(&desk).await?;
    let from = venue.with(|_, now| now);
    let reads = flood(&session, plan.seed, time, is_over).await;
    let reads = Reads { coalesced: desk.snapshot().counters.reads.coalesced, ..reads };
    let figures = venue.with(|venue, now| {
        let venue = venue.binance()?;
        Some(Figures::of(venue, &wishes.book(), reads, from, now))
    });
    let figures = figures.ok_or("the venue counts in another way")?;
    drop(desk);
    // The session's own report is not what is printed here, but a flaw in it is one.
    let flaw = session.close(GOODBYE_MAX).await?.flaw();
    Ok(Figures { flaw, ..figures })
}

fn configuration(plan: &Plan) -> String {
    let params = orders::params(plan.order_every, plan.seed);
    let (seed, kind) = (plan.seed, orders::KIND);
    format!(
        "[venue]\nname = \"embedded\"\nadapter = \"binance\"\n[venue.embedded]\nseed = {seed}\n\
         [[strategy]]\nkind = \"{kind}\"\ninstruments = [\"BTC-USDT\"]\n\
         [strategy.params]\n{params}"
    )
}

fn address(venue: &Embedded) -> Result<SocketAddr, Failed> {
    let url = venue.rest_url();
    Ok(url.trim_start_matches("http://").parse()?)
}

async fn go_live(desk: &Desk) -> Result<(), Failed> {
    let mut desk = desk.clone();
    let live = async {
        while let Some(snapshot) = desk.renewed().await {
            if snapshot.status == VenueStatus::Live {
                return Ok(());
            }
        }
        Err("the engine has ended".into())
    };
    let late = || Err(format!("not live within {} s", START_MAX.as_secs()).into());
    tokio::time::timeout(START_MAX, live).await.unwrap_or_else(|_| late())
}

/// An answer, and to what.
struct Answered {
    asked_at: Timestamp,
    urgency: Urgency,
    answer: Answer,
}

async fn flood(session: &Session, seed: u64, time: Duration, is_over: &AtomicBool) -> Reads {
    let until = session.now() + time;
    let mut demand = Demand::new(seed, session.now());
    let mut reads = Reads::default();
    let mut asking = JoinSet::new();
    loop {
        let now = session.now();
        if now >= until || is_over.load(Ordering::Relaxed) {
            return reads;
        }
        if demand.next_due() <= now {
            if let Some((call, urgency)) = demand.take(now)
                && asking.len() < ASKERS_MAX
            {
                reads.asked += 1;
                let desk = session.desk();
                let ask = Ask { urgency, ..Ask::default() }.within(PATIENCE);
                asking.spawn(async move {
                    let answer = desk.ask(call, ask).await;
                    Answered { asked_at: now, urgency, answer }
                });
            }
            continue;
        }
        let idle = demand.next_due().min(until).since(now).min(LOOK_EVERY);
        // An answer first, so that its time is right.
        tokio::select! {
            biased;
            Some(Ok(answered)) = asking.join_next() => {
                let Answered { asked_at, urgency, answer } = answered;
                reads.note(urgency, session.now().since(asked_at), &answer);
            }
            () = tokio::time::sleep(idle) => {}
        }
    }
}
