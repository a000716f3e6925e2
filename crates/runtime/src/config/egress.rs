//! `[egress]`: by which address a route leaves.
//!
//! A venue counts and bans by address, so what is said here has a name, and routes of that name
//! share whatever happens to it. Two ways out may be one address to a venue, behind one router or
//! one proxy's exit: then they are given one name.

use std::net::IpAddr;

use serde::Deserialize;
use tradewind_model::id::EgressId;
use tradewind_transport::{Egress, InvalidProxy, Proxy};

use super::account::{VARIABLE_MAX, is_variable};
use super::source::{ConfigError, Source};

/// By which address a route leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EgressConfig {
    /// Its name: routes of one name share a venue's limits, and its bans.
    pub name: EgressId,
    /// Whether somebody has chosen the name.
    pub is_named: bool,
    /// How it is left.
    pub way: EgressWay,
}

/// How a route is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EgressWay {
    /// As it is written.
    Written(Egress),
    /// Through a proxy whose URL is in an environment variable, since it holds a login.
    ProxyFrom(String),
}

/// Why a way out is none, though it was written down well.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EgressUnknown {
    /// The variable is not there.
    #[error(
        "egress.proxy_env names {0}, which is not set; set it to http://USER:PASSWORD@HOST:PORT, or to socks5:// and the same"
    )]
    NotSet(String),
    /// It holds something else.
    #[error("{variable}, which egress.proxy_env names, holds no proxy: {error}")]
    NoProxy {
        /// Which variable.
        variable: String,
        /// What is wrong with it.
        error: InvalidProxy,
    },
}

impl EgressConfig {
    /// Out by whatever this machine chooses.
    #[must_use]
    pub fn direct() -> Self {
        let name = EgressId::new("direct").expect("a short word is a name");
        Self { name, is_named: false, way: EgressWay::Written(Egress::Direct) }
    }

    /// The way out, with what the environment says of it.
    ///
    /// # Errors
    /// When a variable is not set, or holds no proxy. What it holds is not repeated.
    pub fn resolve(
        &self,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Egress, EgressUnknown> {
        match &self.way {
            EgressWay::Written(egress) => Ok(egress.clone()),
            EgressWay::ProxyFrom(name) => {
                let text = variable(name).filter(|text| !text.is_empty());
                let text = text.ok_or_else(|| EgressUnknown::NotSet(name.clone()))?;
                let proxy = text.parse();
                proxy
                    .map(Egress::Proxy)
                    .map_err(|error| EgressUnknown::NoProxy { variable: name.clone(), error })
            }
        }
    }

    /// What is wrong with leaving by this and by another beside it, at one venue.
    pub(super) fn contradicts(&self, other: &Self) -> Option<String> {
        let (one, two) = (self.name, other.name);
        if self.way == other.way && one != two {
            return Some(format!(
                "egress {one} and egress {two} are one way out; give both one name, so that a ban \
                 of it is heeded by both"
            ));
        }
        let may_be_one = |one: &Self, two: &Self| {
            !one.is_named
                && one.way == EgressWay::Written(Egress::Direct)
                && matches!(two.way, EgressWay::Written(Egress::Address(_)))
        };
        if one != two && (may_be_one(self, other) || may_be_one(other, self)) {
            return Some(format!(
                "egress {one} and egress {two} may be one address of this machine; give each a \
                 local_address, or both one name"
            ));
        }
        None
    }
}

/// As it is written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct EgressSection {
    name: Option<EgressId>,
    local_address: Option<String>,
    proxy: Option<String>,
    proxy_env: Option<String>,
}

impl Source<'_> {
    /// The way out.
    pub(super) fn egress(self, section: EgressSection) -> Result<EgressConfig, ConfigError> {
        egress(section).map_err(|message| self.error(None, message))
    }
}

fn egress(section: EgressSection) -> Result<EgressConfig, String> {
    let EgressSection { name, local_address, proxy, proxy_env } = section;
    let (way, usual) = match (local_address, proxy, proxy_env) {
        (None, None, None) => {
            let direct = EgressConfig::direct();
            let is_named = name.is_some();
            return Ok(EgressConfig { name: name.unwrap_or(direct.name), is_named, ..direct });
        }
        (Some(address), None, None) => {
            let address = local(&address)?;
            (EgressWay::Written(Egress::Address(address)), address.to_string())
        }
        (None, Some(text), None) => {
            let proxy = written(&text)?;
            let usual = proxy.authority().to_owned();
            (EgressWay::Written(Egress::Proxy(proxy)), usual)
        }
        (None, None, Some(variable)) => {
            if !is_variable(&variable) {
                // It may be the login itself, which is then not repeated.
                return Err(format!(
                    "egress.proxy_env is not the name of an environment variable; name one in \
                     capitals of at most {VARIABLE_MAX} letters, and put the proxy's URL into it"
                ));
            }
            (EgressWay::ProxyFrom(variable.clone()), variable)
        }
        _ => {
            let message = "an egress is left in one way; keep one of local_address, proxy and \
                           proxy_env";
            return Err(message.to_owned());
        }
    };
    let is_named = name.is_some();
    let name = name.or_else(|| EgressId::new(&usual).ok()).ok_or_else(|| {
        format!("the egress by {usual} has no short name of itself; add a name to it")
    })?;
    Ok(EgressConfig { name, is_named, way })
}

fn local(text: &str) -> Result<IpAddr, String> {
    text.parse::<IpAddr>().ok().filter(|address| !address.is_unspecified()).ok_or_else(|| {
        format!(
            "egress.local_address is {text:?}; write one of this machine's addresses, as in \
             192.0.2.7"
        )
    })
}

fn written(text: &str) -> Result<Proxy, String> {
    let proxy: Proxy = text.parse().map_err(|error| format!("egress.proxy: {error}"))?;
    if proxy.has_login() {
        let message = "egress.proxy holds a login, and this file is for anybody to see; put the \
                       whole URL into an environment variable, and name that in egress.proxy_env";
        return Err(message.to_owned());
    }
    Ok(proxy)
}

#[cfg(test)]
mod tests {
    use crate::Config;

    use super::*;

    fn config(egress: &str, other: &str) -> Result<Vec<EgressConfig>, String> {
        read(egress, other).map(|routes| routes.into_iter().map(|(egress, _)| egress).collect())
    }

    /// Each route's egress, and of how many it has one part of the limits.
    fn read(egress: &str, other: &str) -> Result<Vec<(EgressConfig, u32)>, String> {
        let venue = |place: &str| {
            format!(
                "[{place}venue]\nname = 'a'\nadapter = 'binance'\n[{place}venue.endpoint]\n\
                 rest = 'https://a.test'\naccount_stream = 'wss://a.test'\n\
                 market_stream = 'wss://a.test'\n"
            )
        };
        let further = if other.is_empty() {
            String::new()
        } else {
            let route = venue("routes.");
            format!("[[routes]]\n{route}[routes.account]\nname = 'sub'\n[routes.egress]\n{other}\n")
        };
        let text = format!(
            "{}[egress]\n{egress}\n{further}[[strategy]]\nkind = 'grid'\n\
             instruments = ['BTC-USDT']\n",
            venue("")
        );
        let config = Config::parse("a.toml", &text).map_err(|error| error.to_string())?;
        let part = |route| config.by(route).scheduler.share;
        Ok(config.routes().map(|route| (route.egress.clone(), part(route))).collect())
    }

    fn one(egress: &str) -> EgressConfig {
        config(egress, "").unwrap().remove(0)
    }

    #[test]
    fn an_egress_is_called_by_what_it_is_unless_it_is_given_a_name() {
        for (written, name) in [
            ("", "direct"),
            ("name = 'home'", "home"),
            ("local_address = '192.0.2.7'", "192.0.2.7"),
            ("local_address = '2001:db8::7'", "2001:db8::7"),
            ("proxy = 'http://gate.test:3128'", "gate.test:3128"),
            ("proxy = 'socks5://gate.test:1080'\nname = 'exit-1'", "exit-1"),
            ("proxy_env = 'PROXY_A'", "PROXY_A"),
        ] {
            assert_eq!(one(written).name.as_str(), name, "{written}");
        }
    }

    #[test]
    fn what_is_no_egress_is_said_with_the_way_out_and_without_a_login() {
        for (written, said) in [
            ("local_address = '0.0.0.0'", "192.0.2.7"),
            ("local_address = 'eth0'", "192.0.2.7"),
            ("proxy = 'gate.test:3128'", "http://HOST:PORT"),
            ("proxy = 'http://canary@gate.test:3128'", "egress.proxy_env"),
            ("proxy_env = 'http://canary@gate.test:3128'", "name one in capitals"),
            ("local_address = '192.0.2.7'\nproxy = 'http://gate.test:1'", "keep one of"),
            ("proxy = 'http://a-very-long-name-of-a-gate.test:3128'", "add a name"),
        ] {
            let error = config(written, "").unwrap_err();
            assert!(error.contains(said), "{written}: {error}");
            assert!(!error.contains("canary") && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn a_login_comes_from_the_environment_and_is_not_printed() {
        let egress = one("proxy_env = 'PROXY_A'");
        let url = "http://me:canary@gate.test:3128";
        let way = egress.resolve(|_| Some(url.to_owned())).unwrap();
        assert_eq!(way.to_string(), "through the proxy http://gate.test:3128");
        assert!(!format!("{way:?}").contains("canary"));
        let error = egress.resolve(|_| None).unwrap_err().to_string();
        assert!(error.contains("PROXY_A, which is not set"), "{error}");
        let error = egress.resolve(|_| Some("canary".to_owned())).unwrap_err().to_string();
        assert!(error.contains("PROXY_A") && !error.contains("canary"), "{error}");
    }

    #[test]
    fn limits_that_two_routes_draw_on_are_parted_between_them() {
        for (one, other, part) in [
            ("name = 'nat'", "name = 'nat'", 2),
            ("name = 'nat'\nlocal_address = '192.0.2.7'", "name = 'nat'", 2),
            ("local_address = '192.0.2.7'", "local_address = '192.0.2.8'", 1),
        ] {
            let parts: Vec<_> = read(one, other).unwrap().iter().map(|(_, part)| *part).collect();
            assert_eq!(parts, [part, part], "{one} {other}");
        }
    }

    #[test]
    fn two_names_for_what_may_be_one_address_are_refused() {
        for (one, other, said) in [
            ("name = 'x'\nlocal_address = '192.0.2.7'", "local_address = '192.0.2.7'", "one way"),
            ("proxy_env = 'A'", "name = 'y'\nproxy_env = 'A'", "one way"),
            ("name = 'x'", "name = 'y'", "one way"),
            ("", "local_address = '192.0.2.7'", "may be one address"),
            ("local_address = '192.0.2.7'", "name = 'direct'", ""),
            ("local_address = '192.0.2.7'", "local_address = '192.0.2.8'", ""),
            ("name = 'nat'", "name = 'nat'\nlocal_address = '192.0.2.8'", ""),
            ("", "proxy = 'http://gate.test:3128'", ""),
        ] {
            match config(one, other) {
                Ok(_) => assert!(said.is_empty(), "{one} {other}"),
                Err(error) => {
                    assert!(!said.is_empty() && error.contains(said), "{one} {other}: {error}");
                }
            }
        }
    }
}
