//! The endpoint of a session, where an operator commands it.

use std::path::PathBuf;

use tokio::net::TcpListener;
use tradewind_model::attempt::AccountHash;
use tradewind_runtime::config::ControlSection;
use tradewind_runtime::control::{Control, Token};
use tradewind_runtime::state::Announcement;
use tradewind_runtime::{Config, Desk, State};

use super::{StartError, machine};

/// A port that was taken, and what whoever uses it has to know.
pub(super) struct Ready {
    listener: TcpListener,
    token: Token,
    /// Whether the token has to be noted for others to know it.
    is_drawn: bool,
    /// The folder of the state, where there is one.
    folder: Option<PathBuf>,
    halt_files: Vec<PathBuf>,
}

/// The endpoint, as long as the session lasts.
#[derive(Debug)]
pub(crate) struct Commanded {
    control: Control,
    _announcement: Option<Announcement>,
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
    pub(super) async fn take(
        config: &Config<'_>,
        state: Option<&State>,
    ) -> Result<Option<Self>, StartError> {
        let section = &config.control;
        let given = given_token(section)?;
        let is_found = state.is_some() || (given.is_some() && section.port != 0);
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
        let folder = state.map(|state| state.path().to_owned());
        let halt_files = state.map(|state| state.halt_files().collect()).unwrap_or_default();
        Ok(Some(Self { listener, token, is_drawn, folder, halt_files }))
    }

    /// Serves a session.
    pub(super) fn serve(
        self,
        desk: Desk,
        hash: AccountHash,
        slot: u16,
    ) -> Result<Commanded, StartError> {
        let Self { listener, token, is_drawn, folder, halt_files } = self;
        let noted = is_drawn.then(|| token.clone());
        let control = Control::start(listener, desk, token, halt_files);
        let control = control.map_err(|error| machine(&error))?;
        let announce = |folder: PathBuf| {
            Announcement::publish(&folder, hash, slot, control.address(), noted.as_ref())
        };
        let announcement = folder.map(announce).transpose().map_err(|error| machine(&error))?;
        Ok(Commanded { control, _announcement: announcement })
    }
}

impl Commanded {
    /// Ends it, and lets go of the session.
    pub(super) async fn stop(self) {
        self.control.stop().await;
    }
}
