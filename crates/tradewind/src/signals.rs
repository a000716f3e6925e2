//! Being asked to stop, or to halt.

use std::io;

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// To end the run.
    Stop,
    /// To halt trading.
    Halt,
}

/// Ctrl-C, and on Unix the signal that a service is stopped with, and SIGUSR1, which halts.
#[derive(Debug)]
pub(crate) struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    halt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// Listens from here on; must be called within a tokio runtime.
    pub(crate) fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            halt: signal(SignalKind::user_defined1())?,
        })
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) -> Asked {
        // In order: who halts is heard, whoever stops besides.
        tokio::select! {
            biased;
            _ = self.halt.recv() => Asked::Halt,
            _ = self.interrupt.recv() => Asked::Stop,
            _ = self.terminate.recv() => Asked::Stop,
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    /// Listens from here on; must be called within a tokio runtime.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) -> Asked {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Asked::Stop
    }
}

impl Signals {
    /// Waits until the run is to end, and nothing else matters any more.
    pub(crate) async fn stop(&mut self) {
        while self.next().await != Asked::Stop {}
    }
}
