//! Where a run is commanded: a file for this user alone, for as long as the run lasts.
//!
//! What a run that was killed has left there names an address at which nobody listens, or somebody
//! else who does not know the token.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tradewind_model::attempt::AccountHash;

use super::folder::Folder;
use crate::control::Token;

/// What is longer was not written by us.
const BYTES_MAX: u64 = 4_096;

#[derive(Serialize, Deserialize)]
struct Written {
    address: SocketAddr,
    /// None where the environment has it.
    token: Option<String>,
}

/// The file, until this is dropped.
#[derive(Debug)]
pub struct Announcement {
    path: PathBuf,
}

impl Announcement {
    fn name(hash: AccountHash, slot: u16) -> String {
        format!("control-{hash}-{slot}.json")
    }

    /// Notes where the run of a slot is commanded, in the folder of its venue; with the token, if
    /// that is not in the environment.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn publish(
        folder: &Path,
        hash: AccountHash,
        slot: u16,
        address: SocketAddr,
        token: Option<&Token>,
    ) -> io::Result<Self> {
        let place = Folder::at(folder);
        let name = Self::name(hash, slot);
        let token = token.map(|token| token.reveal().to_owned());
        let text = serde_json::to_vec(&Written { address, token }).map_err(io::Error::other)?;
        place.write(&name, &text)?;
        Ok(Self { path: folder.join(name) })
    }

    /// Where the run of a slot is commanded, and the token if that is written there; none when no
    /// run has said so.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn find(
        folder: &Path,
        hash: AccountHash,
        slot: u16,
    ) -> io::Result<Option<(SocketAddr, Option<Token>)>> {
        let text = Folder::at(folder).read(&Self::name(hash, slot), BYTES_MAX)?;
        let Some(text) = text else { return Ok(None) };
        let written: Written = serde_json::from_slice(&text).map_err(io::Error::other)?;
        let token = written.token.map(|token| Token::new(&token)).transpose();
        Ok(Some((written.address, token.map_err(io::Error::other)?)))
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        // A run that was killed leaves it, too.
        fs::remove_file(&self.path).ok();
    }
}
