//! A log on its way in: line by line, then the questions.

use std::io::{self, BufRead, Read};

use crate::attempt::Log;
use crate::line::Line;
use crate::report::{Lines, Report};

/// The longest line that is read, in bytes; an event takes less than one kilobyte. A longer one
/// counts as bad and is passed over without being kept.
const LINE_MAX: u64 = 64 * 1024;

/// Reads a log and says what it shows.
#[derive(Debug, Default)]
pub struct Triage {
    log: Log,
    lines: Lines,
}

impl Triage {
    /// Reads a log to its end. Lines in any order, of any number of instances; bad ones are
    /// counted and never fatal.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn read(mut source: impl BufRead) -> io::Result<Report> {
        let mut triage = Self::default();
        let mut line = Vec::new();
        loop {
            line.clear();
            let len = source.by_ref().take(LINE_MAX).read_until(b'\n', &mut line)?;
            if len == 0 {
                return Ok(triage.report());
            }
            if len as u64 == LINE_MAX && line.last() != Some(&b'\n') {
                source.skip_until(b'\n')?;
                triage.lines.bad += 1;
                continue;
            }
            triage.line(&line);
        }
    }

    /// Takes one line in; a blank one is passed over.
    pub fn line(&mut self, line: &[u8]) {
        let line = line.trim_ascii();
        if line.is_empty() {
            return;
        }
        match Line::read(line) {
            Line::Attempt(attempt) => {
                self.log.push(&attempt);
                self.lines.attempts = self.log.attempts.len() as u64;
                self.lines.ignored = self.log.ignored;
            }
            Line::Other => self.lines.other += 1,
            Line::Bad => self.lines.bad += 1,
        }
    }

    /// What the lines so far show.
    #[must_use]
    pub fn report(mut self) -> Report {
        self.log.sort();
        Report::of(&self.log, self.lines)
    }
}

#[cfg(test)]
mod tests;
