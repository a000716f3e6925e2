//! A run over several routes, from its start to its exit code.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use serde_json::json;
use tradewind_model::Timestamp;
use tradewind_model::notice::VenueStatus;
use tradewind_runtime::{Config, End};
use tradewind_strategy::Registry;

use super::{Ban, Console, LINE_EVERY, Options, PATIENCE, Stopped, halt};
use crate::routed::{RoutedClosing, RoutedSession};
use crate::signals::{Asked, Signals};
use crate::view::Scene;

/// How often it is looked whether something is due.
const LOOK_EVERY: Duration = Duration::from_millis(20);

pub(super) async fn trade(
    config: &Config<'_>,
    registry: &Registry,
    options: Options,
    console: Console<'_>,
) -> Result<RoutedClosing, Stopped> {
    let mut signals = Signals::listen()?;
    let session = RoutedSession::start(config, registry).await?;
    let mut watch = Watch {
        session: &session,
        options,
        out: console.out,
        began_at: session.started_at(),
        live_at: None,
        told: 0,
        line_due: session.now(),
        has_banned: false,
    };
    watch.until_over(&mut signals).await?;
    let out = watch.out;
    let closing = tokio::select! {
        closing = session.close(PATIENCE) => closing?,
        () = signals.stop() => return Err(Stopped::Interrupted),
    };
    let report = if options.is_json { closing.json().to_string() } else { closing.to_string() };
    // Whoever stops reading has seen enough.
    writeln!(out, "{}", report.trim_end()).ok();
    out.flush().ok();
    match closing.flaw() {
        Some(flaw) => Err(Stopped::Flawed(flaw)),
        None => Ok(closing),
    }
}

struct Watch<'s, 'w> {
    session: &'s RoutedSession,
    options: Options,
    out: &'w mut dyn Write,
    began_at: Timestamp,
    live_at: Option<Timestamp>,
    /// Decisions that were shown.
    told: usize,
    line_due: Timestamp,
    has_banned: bool,
}

impl Watch<'_, '_> {
    /// Shows the run until it is to end.
    async fn until_over(&mut self, signals: &mut Signals) -> Result<(), Stopped> {
        loop {
            tokio::select! {
                biased;
                asked = signals.next() => match asked {
                    Asked::Stop => return Ok(()),
                    Asked::Halt => {
                        tokio::spawn(halt(self.session.desk()));
                    }
                },
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            self.check_ends()?;
            let now = self.session.now();
            if self.live_at.is_none() && self.is_live() {
                self.live_at = Some(now);
            }
            self.ban_when_due(now);
            self.tell_decisions();
            if now >= self.line_due {
                self.line_due = now + LINE_EVERY;
                self.show();
            }
            let deadline = self.live_at.zip(self.options.time).map(|(live, time)| live + time);
            if deadline.is_some_and(|deadline| now >= deadline) {
                return Ok(());
            }
        }
    }

    /// Carries on by what is left when a route has failed, and ends when none is.
    fn check_ends(&self) -> Result<(), Stopped> {
        let mut failure = None;
        for (_, lane) in self.session.lanes() {
            match lane.desk().end_so_far() {
                Some(End::Failed(failed)) => failure = Some(failed),
                Some(End::Drained { .. }) | None => return Ok(()),
            }
        }
        failure.map_or(Ok(()), |failure| Err(failure.into()))
    }

    /// Whether the most preferred route is live.
    fn is_live(&self) -> bool {
        let first = self.session.lanes().first();
        first.is_some_and(|(_, lane)| lane.desk().snapshot().status == VenueStatus::Live)
    }

    fn ban_when_due(&mut self, now: Timestamp) {
        let Some(Ban { after, lasts }) = self.options.ban.filter(|_| !self.has_banned) else {
            return;
        };
        if self.live_at.is_none_or(|live| now < live + after) {
            return;
        }
        self.has_banned = true;
        let first = self.session.lanes().first();
        if let Some(embedded) = first.and_then(|(_, lane)| lane.embedded()) {
            let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
            embedded.with(|venue, _| venue.ban_with_order(here, lasts));
        }
    }

    fn tell_decisions(&mut self) {
        let timeline = self.session.desk().timeline();
        for decision in timeline.decisions.iter().skip(self.told) {
            let at = decision.at.since(self.began_at).as_secs_f64();
            let line = if self.options.is_json {
                let at_text = decision.at.to_string();
                json!({ "kind": "decision", "at": at_text, "what": decision.to_string() })
                    .to_string()
            } else {
                format!("{at:>8.3} s  {decision}")
            };
            writeln!(self.out, "{line}").ok();
        }
        self.told = timeline.decisions.len();
        self.out.flush().ok();
    }

    fn show(&mut self) {
        for (route, lane) in self.session.lanes() {
            let snapshot = lane.desk().snapshot();
            let scene =
                Scene { about: lane.about(), snapshot: &snapshot, left: None, is_stopping: false };
            let line = if self.options.is_json {
                let mut state = scene.json();
                if let Some(fields) = state.as_object_mut() {
                    fields.insert("venue".to_owned(), route.venue.as_str().into());
                    fields.insert("account".to_owned(), route.account.as_str().into());
                }
                state.to_string()
            } else {
                // Routes of one exchange differ by their accounts.
                let name = format!("{}/{}", route.venue, route.account);
                format!("{name:<14} {}", scene.text())
            };
            writeln!(self.out, "{line}").ok();
        }
        self.out.flush().ok();
    }
}
