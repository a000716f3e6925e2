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
const LOOK: usize = 16;
/// How long somebody who has connected may say nothing.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// How often it is looked whether more of the path has come.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// What the paths of sockets begin with; everything else is REST.
const SOCKETS: [(&[u8], Service); 3] = [
    (b"GET /ws-api/", Service::WsApi),
    (b"GET /ws/", Service::Streams),
    (b"GET /stream", Service::Streams),
];

/// Accepts connections until the server stops, and then lets them say goodbye.
pub(super) async fn listen(
    venue: Arc<Venue>,
    listener: TcpListener,
    mut stopped: watch::Receiver<bool>,
) {
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
                        let asked = timeout(SILENCE_MAX, service(&stream)).await;
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

/// Which socket is asked for; none for REST. Nothing of the request is taken.
async fn service(stream: &TcpStream) -> io::Result<Option<Service>> {
    let mut bytes = [0; LOOK];
    loop {
        let count = stream.peek(&mut bytes).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match judge(&bytes[..count]) {
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

fn judge(begun: &[u8]) -> Judged {
    if let Some((_, service)) = SOCKETS.iter().find(|(path, _)| begun.starts_with(path)) {
        return Judged::Is(Some(*service));
    }
    let may_be_one = SOCKETS.iter().any(|(path, _)| path.starts_with(begun));
    if may_be_one { Judged::TooShort } else { Judged::Is(None) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_known_by_its_path_however_little_of_it_has_come() {
        for (begun, expected) in [
            (&b"GET /ws-api/v3 HT"[..], Judged::Is(Some(Service::WsApi))),
            (b"GET /ws/btcusdt@t", Judged::Is(Some(Service::Streams))),
            (b"GET /stream?strea", Judged::Is(Some(Service::Streams))),
            (b"GET /api/v3/time", Judged::Is(None)),
            (b"POST", Judged::Is(None)),
            (b"G", Judged::TooShort),
            (b"GET /ws", Judged::TooShort),
            (b"GET /s", Judged::TooShort),
            (b"GET /simulator/l", Judged::Is(None)),
        ] {
            assert_eq!(judge(begun), expected, "{}", String::from_utf8_lossy(begun));
        }
    }
}
