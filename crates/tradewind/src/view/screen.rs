//! A terminal, borrowed.
//!
//! The page is drawn on the alternate screen, so that whatever the terminal showed is there again
//! afterwards. That holds for a panic too: it is undone before the panic is told.

use std::io::{self, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::style::{Attribute, Color, Print, ResetColor, SetAttribute, SetForegroundColor};
use crossterm::terminal::{
    Clear, ClearType, DisableLineWrap, EnableLineWrap, EnterAlternateScreen, LeaveAlternateScreen,
};

use super::{Line, Size, Tone};
use crate::logs;

/// Of a terminal that does not tell.
const SIZE_DEFAULT: Size = Size { columns: 80, rows: 24 };

/// Whether the terminal is borrowed now; the panic hook has nothing else to go by.
static IS_BORROWED: AtomicBool = AtomicBool::new(false);

/// The terminal behind stdout, until this is dropped.
#[derive(Debug)]
pub(crate) struct Screen {
    has_colors: bool,
}

impl Screen {
    /// Borrows the terminal.
    pub(crate) fn borrow() -> io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let told = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                // A strategy's panic is contained and the view goes on; only the thread that
                // draws takes the screen down with it.
                if std::thread::current().name() == Some("main") {
                    give_back();
                }
                if IS_BORROWED.load(Ordering::SeqCst) {
                    tracing::error!("{panic}");
                } else {
                    told(panic);
                }
            }));
        });
        let mut out = io::stdout().lock();
        queue!(out, EnterAlternateScreen, Hide, DisableLineWrap, Clear(ClearType::All))?;
        out.flush()?;
        IS_BORROWED.store(true, Ordering::SeqCst);
        logs::hold();
        // See no-color.org: set to anything, it asks for none.
        let has_colors = std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty());
        Ok(Self { has_colors })
    }

    /// Its size now.
    #[expect(clippy::unused_self, reason = "only who has borrowed the terminal should ask")]
    pub(crate) fn size(&self) -> Size {
        match crossterm::terminal::size() {
            Ok((columns, rows)) if columns > 0 && rows > 0 => {
                Size { columns: columns.into(), rows: rows.into() }
            }
            _ => SIZE_DEFAULT,
        }
    }

    /// Draws a page over the last one.
    pub(crate) fn draw(&self, page: &[Line]) -> io::Result<()> {
        let mut out = io::BufWriter::new(io::stdout().lock());
        for (line, row) in page.iter().zip(0_u16..) {
            queue!(out, MoveTo(0, row))?;
            self.set(&mut out, line.tone)?;
            queue!(out, Print(&line.text), ResetColor, SetAttribute(Attribute::Reset))?;
            queue!(out, Clear(ClearType::UntilNewLine))?;
        }
        queue!(out, Clear(ClearType::FromCursorDown))?;
        out.flush()
    }

    fn set(&self, out: &mut impl Write, tone: Tone) -> io::Result<()> {
        let color = match tone {
            Tone::Plain => return Ok(()),
            Tone::Strong => return queue!(out, SetAttribute(Attribute::Bold)),
            Tone::Faint => return queue!(out, SetAttribute(Attribute::Dim)),
            Tone::Buy => Color::Green,
            Tone::Sell => Color::Red,
            Tone::Alarm => Color::Yellow,
        };
        if self.has_colors { queue!(out, SetForegroundColor(color)) } else { Ok(()) }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Makes the terminal what it was; once.
fn give_back() {
    if !IS_BORROWED.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout().lock();
    // A terminal that is gone needs nothing.
    queue!(out, EnableLineWrap, Show, LeaveAlternateScreen).ok();
    out.flush().ok();
    drop(out);
    logs::release();
}
