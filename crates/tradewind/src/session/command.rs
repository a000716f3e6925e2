//! The endpoint of a session, where an operator commands it.

use std::path::PathBuf;

use tokio::net::TcpListener;
use tradewind_model::attempt::AccountHash;
use tradewind_runtime::config::ControlSection;
use tradewind_runtime::control::{Control, Token};
use tradewind_runtime::state::Announcement;
use tradewind_runtime::{Config, Subject};

use super::prepared::Prepared;
use super::{StartError, machine};

/// A port that was taken, and what whoever uses it has to know.
pub(crate) struct Ready {
    listener: TcpListener,
    token: Token,
    /// Whether the token has to be noted for others to know it.
    is_drawn: bool,
    /// The folders of the states, where there are any, and whose they are.
    folders: Vec<(PathBuf, AccountHash)>,
    halt_files: Vec<PathBuf>,
}

/// The endpoint, as long as the session lasts.
#[derive(Debug)]
pub(crate) struct Commanded {
    control: Control,
    _announcements: Vec<Announcement>,
}

/// The token that the environment holds; none when it holds none.
pub(crate) fn given_token(section: &ControlSection) -> Result<Option<Token>, StartError> {
    let variable = &section.token_env;
    match std::env::var(variable) {
        Ok(text) if text.is_empty() => Ok(None),
        Ok(text) => Token::new(text.trim()).map(Some).map_err(|error| StartError::Token {
            variable: variable.clone(),
            error: error.to_string(),
        }),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(error @ std::env::VarError::NotUnicode(_)) => {
            // The error itself would quote it.
            drop(error);
            let error = "it is no text".to_owned();
            Err(StartError::Token { variable: variable.clone(), error })
        }
    }
}

impl Ready {
    /// Takes the port; none where nobody could find it or would know the token.
    pub(crate) async fn take(
        config: &Config<'_>,
        routes: &[Prepared],
    ) -> Result<Option<Self>, StartError> {
        let states = || routes.iter().filter_map(|one| Some((one.setup.state.as_ref()?, one.hash)));
        let section = &config.control;
        let given = given_token(section)?;
        let is_found = states().next().is_some() || (given.is_some() && section.port != 0);
        if !section.enabled || !is_found {
            return Ok(None);
        }
        let is_drawn = given.is_none();
        let token = match given {
            Some(token) => token,
            None => Token::drawn().map_err(|error| machine(&error))?,
        };
        let port = section.port;
        let listener =
            Control::bind(port).await.map_err(|error| StartError::Control { port, error })?;
        let folders = states().map(|(state, hash)| (state.path().to_owned(), hash)).collect();
        let mut halt_files: Vec<_> = states().flat_map(|(state, _)| state.halt_files()).collect();
        halt_files.sort();
        halt_files.dedup();
        Ok(Some(Self { listener, token, is_drawn, folders, halt_files }))
    }

    /// Serves a session.
    pub(crate) fn serve(
        self,
        subject: impl Into<Subject>,
        slot: u16,
    ) -> Result<Commanded, StartError> {
        let Self { listener, token, is_drawn, folders, halt_files } = self;
        let noted = is_drawn.then(|| token.clone());
        let control = Control::start(listener, subject, token, halt_files);
        let control = control.map_err(|error| machine(&error))?;
        let announce = |(folder, hash): (PathBuf, AccountHash)| {
            Announcement::publish(&folder, hash, slot, control.address(), noted.as_ref())
        };
        // In each of them, so that it is found by whichever route it is looked for.
        let announcements = folders.into_iter().map(announce).collect::<Result<Vec<_>, _>>();
        let announcements = announcements.map_err(|error| machine(&error))?;
        Ok(Commanded { control, _announcements: announcements })
    }
}

impl Commanded {
    /// Ends it, and lets go of the session.
    pub(crate) async fn stop(self) {
        self.control.stop().await;
    }
}
