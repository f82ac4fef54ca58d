//! Who may ask: the name that the server is called by, where a page came from, a token.
//!
//! A page of another origin can make a browser send requests here, and by DNS rebinding
//! even under a name of its own. So without a token the `Host` has to be this machine's, and
//! an `Origin` has to be the very host that is asked.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::error::ApiError;
use super::state::Service;

/// Paths that need no token: that it runs is no secret, and the page asks for the token.
const OPEN: &[&str] = &["/", "/app.js", "/style.css", "/favicon.ico", "/health"];

/// What the paths of hooks begin with.
const HOOKS: &str = "/api/v1/hooks/";

/// Who is let in.
pub struct Guard {
    /// The digest of the token.
    token: Option<[u8; 32]>,
    /// The address that is listened on.
    address: SocketAddr,
}

impl Guard {
    /// Lets in who has the `token`, or anybody on this machine without one.
    pub fn new(token: Option<&str>, address: SocketAddr) -> Self {
        Self {
            token: token.map(digest),
            address,
        }
    }

    /// Whether a token is asked for.
    pub fn has_token(&self) -> bool {
        self.token.is_some()
    }

    fn check(&self, path: &str, headers: &HeaderMap) -> Result<(), ApiError> {
        let text = |name| headers.get(name).map(|value| value.to_str());
        let host = match text(header::HOST) {
            Some(Ok(host)) => host,
            _ => return Err(ApiError::forbidden("the request names no `Host`")),
        };
        if self.token.is_none() && !self.is_ours(host) {
            return Err(ApiError::forbidden(format!(
                "this server is not called {host:?}; use http://{}",
                self.address
            )));
        }
        if let Some(origin) = text(header::ORIGIN) {
            let own = origin.ok().and_then(|origin| origin.split_once("://"));
            if own.is_none_or(|(_, named)| !named.eq_ignore_ascii_case(host)) {
                return Err(ApiError::forbidden(
                    "pages of other origins may not use this server",
                ));
            }
        }
        match &self.token {
            // A hook has a token of its own.
            Some(token) if !OPEN.contains(&path) && !path.starts_with(HOOKS) => {
                match given(headers) {
                    Some(given) if same(&digest(given), token) => Ok(()),
                    _ => Err(ApiError::unauthorized()),
                }
            }
            _ => Ok(()),
        }
    }

    /// Whether `host`, with or without a port, is a name of this machine for itself.
    fn is_ours(&self, host: &str) -> bool {
        let name = match host.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        };
        if name.eq_ignore_ascii_case("localhost") {
            return true;
        }
        let address: Option<IpAddr> = name.parse().ok();
        address.is_some_and(|address| address.is_loopback() || address == self.address.ip())
    }
}

/// The token of a request: as OpenAI's clients send it, or Anthropic's.
pub fn given(headers: &HeaderMap) -> Option<&str> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = text("authorization").and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    bearer.or_else(|| text("x-api-key"))
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Compares two digests in a time that says nothing of where they differ.
fn same(a: &[u8; 32], b: &[u8; 32]) -> bool {
    let differ = a.iter().zip(b).fold(0, |differ, (a, b)| differ | (a ^ b));
    std::hint::black_box(differ) == 0
}

/// Lets a request in or turns it away, and counts it.
pub async fn watch(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let path = request.uri().path().to_owned();
    let mut response = match service.guard.check(&path, request.headers()) {
        Ok(()) if request.method() == Method::OPTIONS => ApiError::method().into_response(),
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        headers.insert(name, axum::http::HeaderValue::from_static(value));
    }
    let status = response.status().as_u16();
    service.metrics.count(&path, status, begun.elapsed());
    response
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn check(guard: &Guard, path: &str, headers: &[(&'static str, &'static str)], want: u16) {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| {
                let name = HeaderName::from_static(name);
                (name, HeaderValue::from_static(value))
            })
            .collect();
        let got = guard.check(path, &headers);
        let got = got.map_or_else(|error| error.status.as_u16(), |()| 200);
        assert_eq!(got, want, "{path} {headers:?}");
    }

    #[test]
    fn without_a_token_only_this_machine_is_let_in() {
        let guard = Guard::new(None, ([127, 0, 0, 1], 8080).into());
        let path = "/v1/models";
        check(&guard, path, &[("host", "127.0.0.1:8080")], 200);
        check(&guard, path, &[("host", "LocalHost:8080")], 200);
        check(&guard, path, &[("host", "[::1]:8080")], 200);
        check(&guard, path, &[("host", "rebound.example:8080")], 403);
        check(&guard, path, &[("host", "127.0.0.1.example")], 403);
        check(&guard, path, &[], 403);
        let origin = |origin| [("host", "localhost:8080"), ("origin", origin)];
        check(&guard, path, &origin("http://localhost:8080"), 200);
        check(&guard, path, &origin("http://localhost:9090"), 403);
        check(&guard, path, &origin("null"), 403);
    }

    #[test]
    fn with_a_token_it_has_to_be_the_right_one() {
        let guard = Guard::new(Some("sesame"), ([0, 0, 0, 0], 8080).into());
        let host = ("host", "box.example:8080");
        check(&guard, "/v1/models", &[host], 401);
        check(&guard, "/health", &[host], 200);
        check(&guard, "/api/v1/hooks/ci", &[host], 200);
        check(&guard, "/", &[host], 200);
        let bearer = |value| [host, ("authorization", value)];
        check(&guard, "/v1/models", &bearer("Bearer sesame"), 200);
        check(&guard, "/v1/models", &bearer("bearer sesame"), 200);
        check(&guard, "/v1/models", &bearer("Bearer sesam"), 401);
        check(&guard, "/v1/models", &bearer("Basic sesame"), 401);
        check(&guard, "/v1/models", &[host, ("x-api-key", "sesame")], 200);
        let other = [
            host,
            ("x-api-key", "sesame"),
            ("origin", "https://a.example"),
        ];
        check(&guard, "/v1/models", &other, 403);
    }
}
