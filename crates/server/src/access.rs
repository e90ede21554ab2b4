//! Access: who may ask.
//!
//! A server on loopback is reached by every program and every web page on the machine. Three things keep them out:
//!
//! - a random [`Token`] in the path, which only whoever was given the address knows;
//! - the `Host` header must name this server, or a site whose name was made to point here (DNS rebinding) could ask in
//!   its own name;
//! - a browser says where a request comes from (`Origin`, `Sec-Fetch-Site`), and other sites get no answer even if they
//!   learn the token. Following a link to the page is no such request.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, StatusCode};

use crate::answer::Refusal;

/// Random bytes of a token that nobody chose.
const TOKEN_BYTES: usize = 16;

/// The shortest token that is taken from a command line.
const MIN_TOKEN_CHARS: usize = 8;

/// The secret part of the address.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A token that cannot be guessed. `None` when the system has no random numbers.
    pub fn random() -> Option<Self> {
        let mut bytes = [0; TOKEN_BYTES];
        getrandom::fill(&mut bytes).ok()?;
        Some(Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// Compares in a time that does not depend on where the texts differ.
    fn matches(&self, other: &str) -> bool {
        let (ours, theirs) = (self.0.as_bytes(), other.as_bytes());
        ours.len() == theirs.len() && ours.iter().zip(theirs).fold(0, |different, (a, b)| different | (a ^ b)) == 0
    }
}

impl FromStr for Token {
    type Err = String;

    /// A token of somebody's choice: letters, digits, `-` and `_`, so that it is the same in every address.
    fn from_str(text: &str) -> Result<Self, String> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if !is_plain || text.len() < MIN_TOKEN_CHARS {
            return Err(format!("expected at least {MIN_TOKEN_CHARS} letters, digits, `-` or `_`"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Token {
    /// A secret does not get into logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Who may ask, and under which name.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    token: Token,
    address: SocketAddr,
    /// The name that the server was asked to be reached by, where that is no address.
    host: Option<String>,
}

impl Access {
    pub(crate) fn new(token: Token, address: SocketAddr, host: &str) -> Self {
        let host = host.parse::<IpAddr>().is_err().then(|| host.to_ascii_lowercase());
        Self { token, address, host }
    }

    /// Splits `/TOKEN/rest` into whether the token is right and `/rest`.
    pub(crate) fn strip_token<'a>(&self, path: &'a str) -> Result<&'a str, Refusal> {
        let (token, rest) = match path.strip_prefix('/').unwrap_or(path).split_once('/') {
            Some((token, rest)) => (token, &path[path.len() - rest.len() - 1..]),
            None => (path.trim_start_matches('/'), ""),
        };
        if !self.token.matches(token) {
            return Err(Refusal::new(StatusCode::FORBIDDEN, "this address does not have the token of the server")
                .with_hint("open the address that `kinetoscope` printed when it started"));
        }
        Ok(rest)
    }

    /// Refuses a request that does not name this server, or that another site makes.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
        let host = text(HOST.as_str()).unwrap_or_default();
        if headers.get_all(HOST).iter().count() != 1 || !self.is_our_name(host) {
            return Err(Refusal::new(StatusCode::MISDIRECTED_REQUEST, "the request is for another host than this one"));
        }
        if let Some(origin) = text(ORIGIN.as_str())
            && origin.strip_prefix("http://") != Some(host)
        {
            return Err(Refusal::new(StatusCode::FORBIDDEN, "other sites may not ask this server"));
        }
        match text("sec-fetch-site") {
            None | Some("same-origin" | "none") => Ok(()),
            Some(_) if text("sec-fetch-mode") == Some("navigate") => Ok(()),
            Some(_) => Err(Refusal::new(StatusCode::FORBIDDEN, "other sites may not ask this server")),
        }
    }

    /// Whether `host`, a name or address with a port, is one that this server goes by.
    fn is_our_name(&self, host: &str) -> bool {
        let (name, port) = match host.rsplit_once(':') {
            // The colon may be one within an IPv6 address.
            Some((name, port)) if !port.ends_with(']') => (name, port),
            _ => (host, "80"),
        };
        if port.parse() != Ok(self.address.port()) {
            return false;
        }
        let name = name.to_ascii_lowercase();
        if self.host.as_ref() == Some(&name) {
            return true;
        }
        let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        match address {
            // A name cannot be made to point to an address by somebody who does not know it, and an address is no name.
            Ok(address) if self.address.ip().is_unspecified() => !address.is_unspecified(),
            Ok(address) => address == self.address.ip(),
            Err(_) => name == "localhost" && (self.address.ip().is_loopback() || self.address.ip().is_unspecified()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(address: &str, host: &str) -> Access {
        Access::new("tell-no-one".parse().expect("it is plain"), address.parse().expect("an address"), host)
    }

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        lines.iter().map(|&(name, value)| (name.parse().expect("a name"), value.parse().expect("a value"))).collect()
    }

    #[test]
    fn tokens_are_random_or_plain() {
        let (a, b) = (Token::random().expect("random numbers"), Token::random().expect("random numbers"));
        assert_ne!(a, b);
        assert_eq!(a.to_string().len(), 2 * TOKEN_BYTES);
        assert_eq!(format!("{a:?}"), "Token(…)");
        for bad in ["", "short", "a/../../etc", "with space", "prozent%20x"] {
            assert!(bad.parse::<Token>().is_err(), "{bad}");
        }
    }

    #[test]
    fn only_the_token_opens() {
        let access = access("127.0.0.1:7000", "127.0.0.1");
        assert_eq!(access.strip_token("/tell-no-one/api/v1/info").ok(), Some("/api/v1/info"));
        assert_eq!(access.strip_token("/tell-no-one/").ok(), Some("/"));
        assert_eq!(access.strip_token("/tell-no-one").ok(), Some(""));
        for wrong in ["", "/", "//", "/tell-no-on/x", "/tell-no-one2/x", "/TELL-NO-ONE/x", "/x/tell-no-one/"] {
            assert!(access.strip_token(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_host_must_be_this_server() {
        let local = access("127.0.0.1:7000", "127.0.0.1");
        let is_right = |access: &Access, host: &str| access.check(&headers(&[("host", host)])).is_ok();
        assert!(is_right(&local, "127.0.0.1:7000") && is_right(&local, "localhost:7000"));
        assert!(is_right(&local, "LocalHost:7000"));
        for wrong in
            ["", "127.0.0.1", "127.0.0.1:7001", "evil.example:7000", "localhost.evil.example:7000", "[::1]:7000"]
        {
            assert!(!is_right(&local, wrong), "{wrong}");
        }
        assert!(local.check(&HeaderMap::new()).is_err(), "a request without host");
        assert!(is_right(&access("[::1]:7000", "::1"), "[::1]:7000"));
        let open = access("0.0.0.0:7000", "0.0.0.0");
        assert!(is_right(&open, "192.168.1.7:7000") && !is_right(&open, "evil.example:7000"));
        let named = access("10.0.0.7:7000", "gpu-node");
        assert!(is_right(&named, "gpu-node:7000") && !is_right(&named, "localhost:7000"));
    }

    #[test]
    fn other_sites_get_no_answer() {
        let access = access("127.0.0.1:7000", "127.0.0.1");
        let host = ("host", "127.0.0.1:7000");
        let is_right = |lines: &[(&'static str, &str)]| access.check(&headers(&[&[host], lines].concat())).is_ok();
        assert!(is_right(&[]) && is_right(&[("origin", "http://127.0.0.1:7000")]));
        assert!(is_right(&[("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors")]));
        assert!(is_right(&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")]), "a link to the page");
        for origin in ["http://evil.example", "null", "https://127.0.0.1:7000", "http://localhost:7000"] {
            assert!(!is_right(&[("origin", origin)]), "{origin}");
        }
        for site in ["cross-site", "same-site"] {
            assert!(!is_right(&[("sec-fetch-site", site), ("sec-fetch-mode", "no-cors")]), "{site}");
        }
    }
}
