//! Somebody else on the same address, as the lab plays one and as a plain client of the venue.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tradewind_lab::{Burst, Chance, STRANGER_AGENT, Stranger};
use tradewind_model::call::Call;
use tradewind_model::id::Symbol;

use crate::args::Plan;
use crate::demand::WEIGHT_LIMIT;

/// The address that everybody shares.
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// What each of its requests weighs.
const TICKER_WEIGHT: u32 = 2;
const SYMBOL: &str = "BTCUSDT";
/// How long it waits for an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The most of an answer that it reads.
const ANSWER_MAX: u64 = 64 * 1_024;
/// Its requests under way at the most.
const REQUESTS_MAX: usize = 256;

/// Who uses a part of the limit: a fifth of that in bursts of a hundredth of the limit, the rest at
/// random.
pub(crate) fn stranger(plan: &Plan) -> Option<Stranger> {
    let share = u64::from(plan.stranger_permille) * u64::from(WEIGHT_LIMIT) / 1_000;
    if share == 0 {
        return None;
    }
    let size = WEIGHT_LIMIT / 100 / TICKER_WEIGHT;
    let nanos = |weight: u64, per_minute: u64| {
        Duration::from_nanos(60_000_000_000 * weight / per_minute.max(1))
    };
    let every = nanos(u64::from(TICKER_WEIGHT), share - share / 5);
    let burst = Burst { every: nanos(u64::from(WEIGHT_LIMIT / 100), share / 5), size };
    Some(Stranger {
        peer: PEER,
        calls: vec![Call::Ticker { symbol: Symbol::new(SYMBOL) }],
        every: Some(every),
        burst: Some(burst),
        seed: plan.seed,
    })
}

/// The same over sockets, until it is dropped. It heeds nothing that it is told.
pub(crate) async fn intrude(stranger: Stranger, venue: SocketAddr) {
    let mut chance = Chance::new(stranger.seed, 13);
    let mut requests = JoinSet::new();
    let mut wait = |mean: Option<Duration>| mean.map_or(Duration::MAX, |mean| chance.wait(mean));
    let bursts = stranger.burst.map(|burst| burst.every);
    let (mut request, mut burst) = (wait(stranger.every), wait(bursts));
    loop {
        let next = request.min(burst);
        tokio::time::sleep(next).await;
        (request, burst) = (request.saturating_sub(next), burst.saturating_sub(next));
        let mut count = 0;
        if request.is_zero() {
            (count, request) = (1, wait(stranger.every));
        }
        if burst.is_zero() {
            count += stranger.burst.map_or(0, |burst| burst.size);
            burst = wait(bursts);
        }
        while requests.try_join_next().is_some() {}
        for _ in 0..count {
            if requests.len() < REQUESTS_MAX {
                requests.spawn(tokio::time::timeout(PATIENCE, ask(venue)));
            }
        }
    }
}

/// One request, and its answer unread.
async fn ask(venue: SocketAddr) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(venue).await?;
    let request = format!(
        "GET /api/v3/ticker/bookTicker?symbol={SYMBOL} HTTP/1.1\r\nHost: {venue}\r\n\
         User-Agent: {STRANGER_AGENT}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    stream.take(ANSWER_MAX).read_to_end(&mut Vec::new()).await?;
    Ok(())
}
