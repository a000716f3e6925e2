//! A proxy of a few lines that is asked to `CONNECT`, and leaves by an address of its own.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;

/// What is asked of whoever comes.
pub(super) const PASSWORD: &str = "opensesame";
const LOGIN: &str = "Proxy-Authorization: Basic Ym90Om9wZW5zZXNhbWU=\r\n";
const HEAD_MAX: usize = 4_096;

/// The proxy, until it is dropped.
pub(super) struct Proxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Proxy {
    pub(super) async fn start(leaves_by: IpAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(client, leaves_by, Arc::clone(&noted)));
            }
        });
        Self { address, asked, task }
    }

    /// As a bot is told of it.
    pub(super) fn url(&self) -> String {
        format!("http://bot:{PASSWORD}@{}", self.address)
    }

    /// The first line of all that it was asked.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut client: TcpStream, leaves_by: IpAddr, noted: Arc<Mutex<Vec<String>>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < HEAD_MAX {
        let Ok(byte) = client.read_u8().await else { return };
        head.push(byte);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let line = head.lines().next().unwrap_or_default().to_owned();
    let to = line.split(' ').nth(1).and_then(|to| to.parse::<SocketAddr>().ok());
    noted.lock().unwrap().push(line);
    if !head.contains(LOGIN) {
        let refused = b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
        client.write_all(refused).await.ok();
        return;
    }
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(leaves_by, 0)).unwrap();
    let Some(to) = to else { return };
    let Ok(mut venue) = socket.connect(to).await else { return };
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.ok();
    tokio::io::copy_bidirectional(&mut client, &mut venue).await.ok();
}
