//! A log on its way in: line by line, then the questions.

use std::io::{self, BufRead};

use crate::attempt::Log;
use crate::line::{Line, RawAttempt, plain};
use crate::report::{Lines, Report};

/// The longest line that is read, in bytes; an event takes less than one kilobyte. A longer one
/// counts as bad and is passed over without being kept.
const LINE_MAX: usize = 64 * 1024;

/// Reads a log and says what it shows.
#[derive(Debug, Default)]
pub struct Triage {
    log: Log,
    lines: Lines,
    /// Lines so far, blank ones included.
    number: u64,
}

impl Triage {
    /// Reads a log to its end. Lines in any order, of any number of instances; bad ones are
    /// counted and never fatal.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn read(mut source: impl BufRead) -> io::Result<Report> {
        let mut triage = Self::default();
        // The beginning of a line whose end has not been read yet.
        let mut begun = Vec::new();
        loop {
            let bytes = match source.fill_buf() {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if bytes.is_empty() {
                triage.line(&begun);
                return Ok(triage.report());
            }
            let len = bytes.len();
            let mut rest = bytes;
            while let Some(end) = memchr::memchr(b'\n', rest) {
                let line = &rest[..end];
                if begun.is_empty() {
                    triage.line(line);
                } else {
                    keep(&mut begun, line);
                    triage.line(&begun);
                    begun.clear();
                }
                rest = &rest[end + 1..];
            }
            keep(&mut begun, rest);
            source.consume(len);
        }
    }

    /// Takes one line in; a blank one is passed over.
    pub fn line(&mut self, line: &[u8]) {
        self.number += 1;
        let line = line.trim_ascii();
        if line.is_empty() {
            return;
        }
        if line.len() > LINE_MAX {
            return self.bad();
        }
        if let Some(attempt) = plain::read(line) {
            self.attempt(&attempt);
            return;
        }
        match Line::read(line) {
            Line::Attempt(attempt) => self.attempt(&attempt),
            Line::Other => self.lines.other += 1,
            Line::Bad => self.bad(),
        }
    }

    fn bad(&mut self) {
        self.lines.bad += 1;
        self.lines.first_bad.get_or_insert(self.number);
    }

    fn attempt(&mut self, attempt: &RawAttempt<'_>) {
        self.log.push(attempt);
        self.lines.attempts = self.log.attempts.len() as u64;
        self.lines.ignored = self.log.ignored;
    }

    /// What the lines so far show.
    #[must_use]
    pub fn report(mut self) -> Report {
        self.log.sort();
        Report::of(&self.log, self.lines)
    }
}

/// Adds to a line, and no more than it takes to know that it is too long.
fn keep(begun: &mut Vec<u8>, more: &[u8]) {
    let room = (LINE_MAX + 1).saturating_sub(begun.len());
    begun.extend_from_slice(&more[..more.len().min(room)]);
}

#[cfg(test)]
mod tests;
