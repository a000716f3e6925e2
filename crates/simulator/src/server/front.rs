//! One address for all services: who connects is known by the first path that they ask for.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{CONNECTIONS_MAX, GOODBYE_MAX, Venue, rest, until_stopped, websocket};
use crate::limits::Service;

/// Bytes looked at: the longest path that tells services apart, and then some.
const LOOK: usize = 24;
/// How long somebody who has connected may say nothing.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// How often it is looked whether more of the path has come.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// Accepts connections until the server stops, and then lets them say goodbye.
pub(super) async fn listen(
    venue: Arc<Venue>,
    listener: TcpListener,
    mut stopped: watch::Receiver<bool>,
) {
    let sockets = venue.lock().socket_paths();
    let mut connections = JoinSet::new();
    let stop = stopped.clone();
    loop {
        // Biased: a stop must win over clients that keep connecting.
        tokio::select! {
            biased;
            () = until_stopped(&mut stopped) => break,
            Some(_ended) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => {
                if let Ok((stream, peer)) = accepted {
                    let (venue, stop) = (Arc::clone(&venue), stop.clone());
                    connections.spawn(async move {
                        let asked = timeout(SILENCE_MAX, service(&stream, sockets)).await;
                        match asked {
                            Ok(Ok(Some(service))) => {
                                websocket::serve(venue, service, stream, peer.ip(), stop).await;
                            }
                            // REST has no goodbye.
                            Ok(Ok(None)) => {
                                let mut stop = stop;
                                tokio::select! {
                                    () = until_stopped(&mut stop) => {}
                                    () = rest::serve(venue, stream, peer.ip()) => {}
                                }
                            }
                            // They have left, or never said anything.
                            Ok(Err(_)) | Err(_) => {}
                        }
                    });
                }
            }
        }
    }
    let all = async { while connections.join_next().await.is_some() {} };
    // Whoever is not done by then is dropped with the set.
    let _late = timeout(GOODBYE_MAX, all).await;
}

/// What the paths of sockets begin with; everything else is REST.
type Sockets = &'static [(&'static [u8], Service)];

/// Which socket is asked for; none for REST. Nothing of the request is taken.
async fn service(stream: &TcpStream, sockets: Sockets) -> io::Result<Option<Service>> {
    let mut bytes = [0; LOOK];
    loop {
        let count = stream.peek(&mut bytes).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match judge(&bytes[..count], sockets) {
            Judged::Is(service) => return Ok(service),
            Judged::TooShort => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
}

/// What the beginning of a request says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Judged {
    Is(Option<Service>),
    TooShort,
}

fn judge(begun: &[u8], sockets: Sockets) -> Judged {
    if let Some((_, service)) = sockets.iter().find(|(path, _)| begun.starts_with(path)) {
        return Judged::Is(Some(*service));
    }
    let may_be_one = sockets.iter().any(|(path, _)| path.starts_with(begun));
    if may_be_one { Judged::TooShort } else { Judged::Is(None) }
}

#[cfg(test)]
mod tests {
    use tradewind_model::Timestamp;

    use super::*;
    use crate::binance::BinanceConfig;
    use crate::bitget::BitgetConfig;
    use crate::venue::{AnyVenue, VenueConfig};

    fn judged(config: impl Into<VenueConfig>, cases: &[(&[u8], Judged)]) {
        let venue = AnyVenue::new(&config.into(), 1, Timestamp::from_secs(1_790_000_000));
        for (begun, expected) in cases {
            let judged = judge(begun, venue.socket_paths());
            assert_eq!(judged, *expected, "{}", String::from_utf8_lossy(begun));
        }
    }

    #[test]
    fn a_service_is_known_by_its_path_however_little_of_it_has_come() {
        judged(
            BinanceConfig::embedded(),
            &[
                (b"GET /ws-api/v3 HT", Judged::Is(Some(Service::WsApi))),
                (b"GET /ws/btcusdt@t", Judged::Is(Some(Service::Streams))),
                (b"GET /stream?strea", Judged::Is(Some(Service::Streams))),
                (b"GET /api/v3/time", Judged::Is(None)),
                (b"POST", Judged::Is(None)),
                (b"G", Judged::TooShort),
                (b"GET /ws", Judged::TooShort),
                (b"GET /s", Judged::TooShort),
                (b"GET /simulator/l", Judged::Is(None)),
                (b"GET /v2/ws/public", Judged::Is(None)),
            ],
        );
    }

    #[test]
    fn each_venue_has_paths_of_its_own() {
        judged(
            BitgetConfig::embedded(),
            &[
                (b"GET /v2/ws/private HTTP", Judged::Is(Some(Service::PRIVATE))),
                (b"GET /v2/ws/public HTTP/", Judged::Is(Some(Service::PUBLIC))),
                (b"GET /v2/ws/p", Judged::TooShort),
                (b"GET /v2/ws/other", Judged::Is(None)),
                (b"GET /api/v2/public/time", Judged::Is(None)),
                (b"GET /ws/btcusdt@trade", Judged::Is(None)),
            ],
        );
    }
}
