//! Where a user's state is kept.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use tradewind_model::id::VenueId;

/// The folder that holds the state of all venues: the one that was configured, or the one that
/// the user's environment names (XDG Base Directory Specification 0.8: `$XDG_STATE_HOME`, by
/// default `~/.local/state`). A configured one may begin with `~/`.
///
/// None when neither says anything.
#[must_use]
pub fn state_dir(configured: Option<&Path>) -> Option<PathBuf> {
    find(configured, |name| std::env::var_os(name))
}

fn find(configured: Option<&Path>, variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    // What is no absolute path is to be ignored, says the specification.
    let folder = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    match configured {
        Some(path) => match path.strip_prefix("~") {
            Ok(rest) => Some(folder("HOME")?.join(rest)),
            Err(_) => Some(path.to_owned()),
        },
        None => {
            let state = folder("XDG_STATE_HOME");
            let state = state.or_else(|| Some(folder("HOME")?.join(".local/state")))?;
            Some(state.join("tradewind"))
        }
    }
}

/// What the folder of a venue is called: the host that is asked, since that is what bans, whatever
/// a configuration calls it; its name where it is inside of the process.
#[must_use]
pub fn folder_name(venue: VenueId, rest_url: Option<&str>) -> String {
    let Some(url) = rest_url else { return venue.to_string() };
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = host.split(['/', '?', '#']).next().unwrap_or(host);
    // A name and a password may stand before it; neither is anybody's business.
    let host = host.rsplit('@').next().unwrap_or(host);
    let plain = |c: char| match c {
        'a'..='z' | '0'..='9' | '.' | '-' => c,
        'A'..='Z' => c.to_ascii_lowercase(),
        _ => '_',
    };
    let host: String = host.chars().map(plain).collect();
    // Dots alone would be the folder itself, or the one above it.
    if host.bytes().all(|byte| byte == b'.') { venue.to_string() } else { host }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(configured: Option<&str>, set: &[(&str, &str)]) -> Option<String> {
        let variable = |name: &str| {
            set.iter().find(|(set, _)| *set == name).map(|(_, value)| OsString::from(value))
        };
        let found = find(configured.map(Path::new), variable);
        found.map(|path| path.to_string_lossy().into_owned())
    }

    #[test]
    fn state_is_where_the_user_keeps_state() {
        let home = ("HOME", "/home/quant");
        for (configured, set, expected) in [
            (None, &[home][..], Some("/home/quant/.local/state/tradewind")),
            (None, &[home, ("XDG_STATE_HOME", "/s")], Some("/s/tradewind")),
            (None, &[home, ("XDG_STATE_HOME", "")], Some("/home/quant/.local/state/tradewind")),
            (None, &[home, ("XDG_STATE_HOME", "s")], Some("/home/quant/.local/state/tradewind")),
            (None, &[], None),
            (Some("/var/lib/t"), &[home], Some("/var/lib/t")),
            (Some("here"), &[], Some("here")),
            (Some("~/bots"), &[home], Some("/home/quant/bots")),
            (Some("~/bots"), &[], None),
        ] {
            assert_eq!(found(configured, set).as_deref(), expected, "{configured:?} {set:?}");
        }
    }

    #[test]
    fn a_venue_is_called_by_the_host_that_bans() {
        let venue = VenueId::new("mine").unwrap();
        for (url, expected) in [
            (Some("https://api.binance.com"), "api.binance.com"),
            (Some("https://API.Binance.com:443/x"), "api.binance.com_443"),
            (Some("http://127.0.0.1:8080"), "127.0.0.1_8080"),
            (Some("https://name:word@host.example"), "host.example"),
            (Some("https://../../etc"), "mine"),
            (Some("https://"), "mine"),
            (None, "mine"),
        ] {
            assert_eq!(folder_name(venue, url), expected, "{url:?}");
        }
    }
}
