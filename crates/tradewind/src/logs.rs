//! Where log lines go: to stderr, and while a live view is on the screen into it.
//!
//! A line written over the view would tear it. The last few are shown in the view instead, and
//! what was a warning is written out after it, so that nothing is lost with the screen.

use std::collections::VecDeque;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, LineWriter, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tradewind_runtime::ATTEMPTS;

/// Lines kept while a view is on.
const KEPT_MAX: usize = 200;
/// The environment variable that says what is logged: `debug`, or `tradewind_engine=trace,info`.
const VARIABLE: &str = "TRADEWIND_LOG";

#[derive(Debug, Default)]
struct Sink {
    /// Lines, while they are held back.
    held: Option<VecDeque<String>>,
}

fn sink() -> MutexGuard<'static, Sink> {
    static SINK: OnceLock<Mutex<Sink>> = OnceLock::new();
    SINK.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts logging, once a process. Attempts go to a file of their own, when there is one.
///
/// # Errors
/// When that file cannot be opened.
pub(crate) fn start(default: LevelFilter, attempts: Option<&Path>) -> io::Result<()> {
    let wanted = std::env::var(VARIABLE).ok().and_then(|text| text.parse::<Targets>().ok());
    let filter = wanted.unwrap_or_else(|| Targets::new().with_default(default));
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_target(false);
    let lines =
        lines.with_writer(Lines).with_filter(filter.with_target(ATTEMPTS, LevelFilter::OFF));
    let attempts = attempts.map(Attempts::open).transpose()?;
    let only = Targets::new().with_target(ATTEMPTS, LevelFilter::INFO);
    let attempts = attempts.map(|attempts| attempts.with_filter(only));
    // Whoever calls this as a library may have a subscriber of their own.
    tracing_subscriber::registry().with(lines).with(attempts).try_init().ok();
    Ok(())
}

/// The log of attempts: each event's text is a line as it is.
struct Attempts {
    file: Mutex<LineWriter<File>>,
}

impl Attempts {
    fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self { file: Mutex::new(LineWriter::new(file)) })
    }
}

impl<S: Subscriber> Layer<S> for Attempts {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut text = Text::default();
        event.record(&mut text);
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // A full disk must not stop a bot that has orders open.
        writeln!(file, "{}", text.0).ok();
    }
}

/// The text of an event.
#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

/// Holds lines back from here on.
pub(crate) fn hold() {
    sink().held.get_or_insert_default();
}

/// Writes out what was held back, and what comes from here on at once.
pub(crate) fn release() {
    let held = sink().held.take();
    let mut err = io::stderr().lock();
    for line in held.into_iter().flatten() {
        // A closed stderr is nobody to tell.
        err.write_all(line.as_bytes()).ok();
    }
}

/// The last lines that are held back, oldest first.
pub(crate) fn last(count: usize) -> Vec<String> {
    let sink = sink();
    let held = sink.held.iter().flatten();
    let skipped = sink.held.as_ref().map_or(0, |held| held.len().saturating_sub(count));
    held.skip(skipped).map(|line| line.trim_end().to_owned()).collect()
}

#[derive(Debug)]
struct Lines;

impl<'w> MakeWriter<'w> for Lines {
    type Writer = Line;

    fn make_writer(&'w self) -> Line {
        Line
    }
}

/// One line: the formatter writes it with a single call.
#[derive(Debug)]
struct Line;

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(held) = &mut sink().held {
            if held.len() == KEPT_MAX {
                held.pop_front();
            }
            held.push_back(String::from_utf8_lossy(bytes).into_owned());
            return Ok(bytes.len());
        }
        io::stderr().lock().write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
