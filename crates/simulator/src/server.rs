//! A venue on sockets: three loopback ports, or one address for all, around one [`AnyVenue`].
//!
//! REST is served by hyper. WebSocket ports do their own handshake, because a refused one must
//! answer with an HTTP status that limits and bans decide. One task drives the venue's clock and
//! hands out its frames; nobody else does, so frames keep their order. Every connection has a
//! bounded queue, and a client that does not read is dropped rather than stored for.
//!
//! The wall clock is read in exactly one file, `clock.rs`.

mod admin;
mod clock;
mod driver;
mod front;
mod rest;
mod websocket;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;
use tradewind_model::Timestamp;

use crate::front::{Frame, SessionId, VenueLedger};
use crate::limits::Service;
use crate::venue::{AnyVenue, VenueConfig};

/// Where the server reads the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Connections per port; further ones wait to be accepted.
const CONNECTIONS_MAX: usize = 4_096;

/// Frames on their way to one connection.
const QUEUE_MAX: usize = 4_096;

/// How long a stopping server waits for its connections to say goodbye.
const GOODBYE_MAX: Duration = Duration::from_secs(2);

/// A venue running inside this process, until it is stopped or dropped.
#[derive(Debug)]
pub struct Embedded {
    venue: Arc<Venue>,
    rest: SocketAddr,
    ws_api: SocketAddr,
    streams: SocketAddr,
    paths: Paths,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Embedded {
    /// Starts a venue on loopback ports of the system's choice, by the wall clock: which one, the
    /// kind of the configuration says. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When a port cannot be opened.
    pub async fn start(config: impl Into<VenueConfig>, seed: u64) -> io::Result<Self> {
        Self::start_with_clock(config, seed, Arc::new(clock::wall)).await
    }

    /// The same by another clock. It must run as fast as the wall clock, but may be offset.
    ///
    /// # Errors
    /// When a port cannot be opened.
    pub async fn start_with_clock(
        config: impl Into<VenueConfig>,
        seed: u64,
        clock: Clock,
    ) -> io::Result<Self> {
        let config = config.into();
        let local = (Ipv4Addr::LOCALHOST, 0);
        match &config {
            VenueConfig::Binance(_) => {}
            // All of its services have one address.
            VenueConfig::Bitget(_) => return Self::at(&config, seed, clock, local.into()).await,
        }
        let rest = TcpListener::bind(local).await?;
        let ws_api = TcpListener::bind(local).await?;
        let streams = TcpListener::bind(local).await?;
        let paths = Paths::of(&config);
        let venue = Venue::new(&config, seed, clock);
        let (stop, stopped) = watch::channel(false);
        let addresses = (rest.local_addr()?, ws_api.local_addr()?, streams.local_addr()?);
        let tasks = vec![
            tokio::spawn(driver::drive(Arc::clone(&venue), stopped.clone())),
            tokio::spawn(rest::listen(Arc::clone(&venue), rest, stopped.clone())),
            tokio::spawn(websocket::listen(
                Arc::clone(&venue),
                Service::WsApi,
                ws_api,
                stopped.clone(),
            )),
            tokio::spawn(websocket::listen(Arc::clone(&venue), Service::Streams, streams, stopped)),
        ];
        let (rest, ws_api, streams) = addresses;
        Ok(Self { venue, rest, ws_api, streams, paths, stop, tasks })
    }

    /// Starts a venue for other processes: all of its services behind one address, by the wall
    /// clock, and what is true of it at `GET /simulator/ledger`. Port 0 is one of the system's
    /// choice. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn serve(
        config: impl Into<VenueConfig>,
        seed: u64,
        address: SocketAddr,
    ) -> io::Result<Self> {
        Self::at(&config.into(), seed, Arc::new(clock::wall), address).await
    }

    async fn at(
        config: &VenueConfig,
        seed: u64,
        clock: Clock,
        address: SocketAddr,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let paths = Paths::of(config);
        let venue = Venue::new(config, seed, clock);
        let (stop, stopped) = watch::channel(false);
        let tasks = vec![
            tokio::spawn(driver::drive(Arc::clone(&venue), stopped.clone())),
            tokio::spawn(front::listen(Arc::clone(&venue), listener, stopped)),
        ];
        let (rest, ws_api, streams) = (address, address, address);
        Ok(Self { venue, rest, ws_api, streams, paths, stop, tasks })
    }

    /// Where REST listens; where everything does that [`Embedded::serve`] has started.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.rest
    }

    /// Where REST is: `http://127.0.0.1:PORT`, to put a path behind.
    #[must_use]
    pub fn rest_url(&self) -> String {
        format!("http://{}", self.rest)
    }

    /// Where accounts are spoken with, path included: the WebSocket API, or the private socket.
    #[must_use]
    pub fn ws_api_url(&self) -> String {
        format!("ws://{}{}", self.ws_api, self.paths.account)
    }

    /// Where the market streams are: `ws://127.0.0.1:PORT`, to put `/ws/...` or `/stream?...`
    /// behind, or the public socket, path included.
    #[must_use]
    pub fn stream_url(&self) -> String {
        format!("ws://{}{}", self.streams, self.paths.market)
    }

    /// What really happened so far.
    #[must_use]
    pub fn ledger(&self) -> VenueLedger {
        self.venue.lock().ledger()
    }

    /// Does something to the venue at the venue's present: bans an address, closes a symbol.
    pub fn with<T>(&self, act: impl FnOnce(&mut AnyVenue, Timestamp) -> T) -> T {
        let mut venue = self.venue.lock();
        let done = act(&mut venue, self.venue.now());
        drop(venue);
        self.venue.moved.notify_one();
        done
    }

    /// Closes every connection with a goodbye and every port.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        for task in self.tasks.drain(..) {
            // A task that panicked has nothing more to close.
            let _ended = task.await;
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// What the addresses of sockets end with.
#[derive(Clone, Copy, Debug)]
struct Paths {
    account: &'static str,
    market: &'static str,
}

impl Paths {
    const fn of(config: &VenueConfig) -> Self {
        match config {
            VenueConfig::Binance(_) => Self { account: "/ws-api/v3", market: "" },
            VenueConfig::Bitget(_) => Self { account: "/v2/ws/private", market: "/v2/ws/public" },
        }
    }
}

/// What all connections share.
struct Venue {
    any: Mutex<AnyVenue>,
    clock: Clock,
    /// Something happened that may have made frames or a nearer wake-up.
    moved: Notify,
    queues: Mutex<BTreeMap<SessionId, mpsc::Sender<Frame>>>,
}

impl std::fmt::Debug for Venue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Venue").finish_non_exhaustive()
    }
}

impl Venue {
    fn new(config: &VenueConfig, seed: u64, clock: Clock) -> Arc<Self> {
        Arc::new(Self {
            any: Mutex::new(AnyVenue::new(config, seed, clock())),
            clock,
            moved: Notify::new(),
            queues: Mutex::new(BTreeMap::new()),
        })
    }

    /// The time. Asked with the venue locked, so that calls reach it in order of time.
    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// The venue. A panic elsewhere leaves it as it was: tests want to see the ledger then.
    fn lock(&self) -> MutexGuard<'_, AnyVenue> {
        self.any.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn queues(&self) -> MutexGuard<'_, BTreeMap<SessionId, mpsc::Sender<Frame>>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a message from a connection.
    fn receive(&self, id: SessionId, frame: Frame) {
        let mut any = self.lock();
        any.receive(self.now(), id, frame);
        drop(any);
        self.moved.notify_one();
    }

    /// A connection is gone.
    fn closed(&self, id: SessionId) {
        self.queues().remove(&id);
        let mut any = self.lock();
        any.closed(self.now(), id);
    }
}

/// Waits for the server to stop, or to be gone.
async fn until_stopped(stopped: &mut watch::Receiver<bool>) {
    // Both ends mean the same: there is nothing left to serve.
    let _stopped = stopped.wait_for(|stopped| *stopped).await;
}
