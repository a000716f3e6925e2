//! By which address we leave.
//!
//! A venue counts, and bans, by the address that it sees: which one that is, is part of a route.
//! So what is said here holds for every byte of a route, requests and sockets alike, and nothing
//! falls back to another way when this one fails.
//!
//! A proxy carries bytes and nothing more. It is asked for a tunnel to the venue, for plain
//! connections as well, so that whatever it says itself can never be read as the venue's answer.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderValue, Uri};
use percent_encoding::percent_decode_str;

/// The way out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Egress {
    /// As this machine sees fit.
    #[default]
    Direct,
    /// From one of this machine's own addresses.
    Address(IpAddr),
    /// Through a proxy, whose address the venue sees.
    Proxy(Proxy),
}

impl fmt::Display for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Direct => f.write_str("directly"),
            Self::Address(address) => write!(f, "from {address}"),
            Self::Proxy(proxy) => write!(f, "through the proxy {proxy}"),
        }
    }
}

/// How a proxy is spoken with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyKind {
    /// HTTP, which is asked to `CONNECT`.
    Http,
    /// SOCKS 5.
    Socks5,
}

/// A proxy: how it is spoken with, where it is, and who we are to it. It looks up the names of
/// venues itself. Printed without the login.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    kind: ProxyKind,
    authority: String,
    login: Option<Login>,
}

#[derive(Clone, PartialEq, Eq)]
struct Login {
    user: String,
    password: String,
}

/// Why a text names no proxy. The text is not repeated: it may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProxy {
    /// It is no URL.
    #[error("it is no URL of a proxy; write http://HOST:PORT or socks5://HOST:PORT")]
    Url,
    /// It is of a kind that is not spoken.
    #[error("it begins with neither http:// nor socks5://; write one of these, then HOST:PORT")]
    Scheme,
    /// There is no port.
    #[error("it names no port; write http://HOST:PORT or socks5://HOST:PORT")]
    Port,
    /// Something follows the port.
    #[error("it goes on behind the port; end it there")]
    Path,
    /// A login that is not one.
    #[error(
        "its login cannot be read; write USER:PASSWORD@ before the host, and %40 for @, %3A for : \
         and %2F for / in either"
    )]
    Login,
}

impl FromStr for Proxy {
    type Err = InvalidProxy;

    fn from_str(text: &str) -> Result<Self, InvalidProxy> {
        let uri: Uri = text.trim().parse().map_err(|_| InvalidProxy::Url)?;
        let kind = match uri.scheme_str() {
            Some("http") => ProxyKind::Http,
            Some("socks5" | "socks5h") => ProxyKind::Socks5,
            Some(_) => return Err(InvalidProxy::Scheme),
            None => return Err(InvalidProxy::Url),
        };
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(InvalidProxy::Path);
        }
        let whole = uri.authority().ok_or(InvalidProxy::Url)?;
        whole.port_u16().ok_or(InvalidProxy::Port)?;
        let (login, authority) = match whole.as_str().rsplit_once('@') {
            Some((login, authority)) => (Some(Login::read(login)?), authority),
            None => (None, whole.as_str()),
        };
        Ok(Self { kind, authority: authority.to_owned(), login })
    }
}

impl Login {
    fn read(text: &str) -> Result<Self, InvalidProxy> {
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        let plain = |text: &str| {
            let plain = percent_decode_str(text).decode_utf8().map_err(|_| InvalidProxy::Login)?;
            // SOCKS gives each a byte for its length.
            let is_sound = plain.len() <= 255 && !plain.chars().any(char::is_control);
            is_sound.then(|| plain.into_owned()).ok_or(InvalidProxy::Login)
        };
        let login = Self { user: plain(user)?, password: plain(password)? };
        // A name with a colon would be a shorter name with a longer password.
        let is_apart = !login.user.is_empty() && !login.user.contains(':');
        is_apart.then_some(login).ok_or(InvalidProxy::Login)
    }
}

impl Proxy {
    /// How it is spoken with.
    #[must_use]
    pub const fn kind(&self) -> ProxyKind {
        self.kind
    }

    /// `HOST:PORT`.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Whether it is told who we are.
    #[must_use]
    pub const fn has_login(&self) -> bool {
        self.login.is_some()
    }

    /// Where it is, as whatever connects to it wants it.
    pub(crate) fn uri(&self) -> Result<Uri, http::Error> {
        Uri::builder().scheme("http").authority(self.authority.as_str()).path_and_query("/").build()
    }

    /// Who we are, for one that speaks HTTP.
    pub(crate) fn basic(&self) -> Option<HeaderValue> {
        let Login { user, password } = self.login.as_ref()?;
        let token = BASE64_STANDARD.encode(format!("{user}:{password}"));
        // It is of letters, digits and a few signs.
        let mut value = HeaderValue::from_str(&format!("Basic {token}")).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Who we are, for one that speaks SOCKS.
    pub(crate) fn pair(&self) -> Option<(String, String)> {
        self.login.as_ref().map(|login| (login.user.clone(), login.password.clone()))
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.kind {
            ProxyKind::Http => "http",
            ProxyKind::Socks5 => "socks5",
        };
        write!(f, "{scheme}://{}", self.authority)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_read_and_printed_without_its_login() {
        let proxy: Proxy = "http://me:se%40cret@gate.test:3128/".parse().unwrap();
        assert_eq!((proxy.kind(), proxy.authority()), (ProxyKind::Http, "gate.test:3128"));
        assert_eq!(proxy.pair(), Some(("me".to_owned(), "se@cret".to_owned())));
        assert_eq!(proxy.basic().unwrap(), "Basic bWU6c2VAY3JldA==");
        let egress = Egress::Proxy(proxy);
        for shown in [egress.to_string(), format!("{egress:?}"), format!("{egress:#?}")] {
            assert!(shown.contains("gate.test:3128"), "{shown}");
            assert!(!shown.contains("cret") && !shown.contains("me:"), "{shown}");
        }
        let plain: Proxy = "socks5://[::1]:1080".parse().unwrap();
        assert_eq!((plain.kind(), plain.has_login()), (ProxyKind::Socks5, false));
        assert_eq!(plain.to_string(), "socks5://[::1]:1080");
    }

    #[test]
    fn what_names_no_proxy_is_said_without_what_was_written() {
        for (text, error) in [
            ("", InvalidProxy::Url),
            ("gate.test:3128", InvalidProxy::Url),
            ("http://canary:canary @gate.test:1", InvalidProxy::Url),
            ("https://canary@gate.test:3128", InvalidProxy::Scheme),
            ("socks4://canary@gate.test:3128", InvalidProxy::Scheme),
            ("http://canary@gate.test", InvalidProxy::Port),
            ("http://canary@gate.test:3128/path", InvalidProxy::Path),
            ("http://canary:%ff@gate.test:3128", InvalidProxy::Login),
            ("http://can%3Aary:x@gate.test:3128", InvalidProxy::Login),
            ("http://:canary@gate.test:3128", InvalidProxy::Login),
        ] {
            let found = text.parse::<Proxy>().unwrap_err();
            assert_eq!(found, error, "{text}");
            assert!(!found.to_string().contains("canary"), "{found}");
        }
    }
}
