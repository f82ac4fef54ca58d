//! Who may ask: the name that the server is called by, where a page came from, a token. What
//! each route needs is in `routes`; here it is asked for, before anything else is done.
//!
//! A page of another origin can make a browser send requests here, and by DNS rebinding even
//! under a name of its own. So where strangers are let in the `Host` has to be this machine's,
//! an `Origin` has to be the very host that is asked, and what a browser says that another
//! site began is turned away.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use quipu_kernel::process::Pid;
use sha2::{Digest, Sha256};

use super::error::ApiError;
use super::headers::Envelope;
use super::routes::{self, Needs};
use super::state::Service;
use super::wire;

/// What the paths of one process begin with.
const PROCESS: &str = "/api/v1/processes/";

/// Who sent a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// The machine's user, or whoever the token was given to.
    User,
    /// Anybody on this machine.
    Stranger,
}

/// Whom a server without a token lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strangers {
    /// They may ask the model, and start processes.
    LetIn,
    /// Nobody without the token.
    KeptOut,
}

/// Who is let in.
pub struct Guard {
    /// The digest of the token.
    token: [u8; 32],
    strangers: Strangers,
    /// The address that is listened on.
    address: SocketAddr,
}

impl Guard {
    /// Takes whoever has the `token` for the machine's user.
    pub fn new(token: &str, strangers: Strangers, address: SocketAddr) -> Self {
        Self {
            token: digest(token),
            strangers,
            address,
        }
    }

    /// The key of a process: with it whoever started the process, and has no token, sees and
    /// stops this one. It is the same each time, so nothing has to be kept.
    pub fn key(&self, pid: Pid) -> String {
        let digest = Sha256::new()
            .chain_update(self.token)
            .chain_update(pid.to_be_bytes());
        HEXLOWER.encode(&digest.finalize())
    }

    fn check(&self, method: &Method, path: &str, headers: &HeaderMap) -> Result<Caller, ApiError> {
        let needs = routes::needs(method, path);
        self.check_origin(needs, headers)?;
        let given = given(headers);
        if given.is_some_and(|given| same(&digest(given), &self.token)) {
            return Ok(Caller::User);
        }
        let let_in = self.strangers == Strangers::LetIn;
        let may = match needs {
            Needs::Nothing | Needs::Hook => true,
            Needs::Entry => let_in,
            Needs::ProcessKey => let_in && self.has_key(path, given),
            Needs::Token => false,
        };
        match may {
            true => Ok(Caller::Stranger),
            false => Err(ApiError::unauthorized()),
        }
    }

    /// Whether no page of another origin sent this.
    fn check_origin(&self, needs: Needs, headers: &HeaderMap) -> Result<(), ApiError> {
        let text = |name| headers.get(name).map(|value| value.to_str());
        let browser = ["origin", "sec-fetch-site", "sec-fetch-mode"];
        let host = match text(header::HOST) {
            Some(Ok(host)) => host,
            // Programs that speak HTTP/1.0, such as those that look whether a server is up. A
            // browser always names it.
            None if browser.iter().all(|name| !headers.contains_key(*name)) => return Ok(()),
            _ => return Err(ApiError::forbidden("the request names no `Host`")),
        };
        if self.strangers == Strangers::LetIn && !self.is_ours(host) {
            return Err(ApiError::forbidden(format!(
                "this server is not called {host:?}; use http://{}",
                self.address
            )));
        }
        let foreign = || ApiError::forbidden("pages of other origins may not use this server");
        if let Some(origin) = text(header::ORIGIN) {
            let own = origin.ok().and_then(|origin| origin.split_once("://"));
            if own.is_none_or(|(_, named)| !named.eq_ignore_ascii_case(host)) {
                return Err(foreign());
            }
        }
        // A browser sends no `Origin` with what it fetches for a picture or a script. The page
        // itself may be opened from anywhere.
        let site = headers.get("sec-fetch-site").map(|site| site.as_bytes());
        let own = matches!(site, None | Some(b"same-origin") | Some(b"none"));
        match own || needs == Needs::Nothing {
            true => Ok(()),
            false => Err(foreign()),
        }
    }

    /// Whether `given` is the key of process `pid`.
    pub fn opens(&self, pid: Pid, given: Option<&str>) -> bool {
        given.is_some_and(|given| same(&digest(given), &digest(&self.key(pid))))
    }

    /// Whether `given` is the key of the process that `path` names.
    fn has_key(&self, path: &str, given: Option<&str>) -> bool {
        let named = path
            .strip_prefix(PROCESS)
            .and_then(|rest| rest.split('/').next());
        let pid: Option<Pid> = named.and_then(|pid| pid.parse().ok());
        pid.is_some_and(|pid| self.opens(pid, given))
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

/// Lets a request in or turns it away, and counts it. The [`Caller`] goes with it.
pub async fn watch(
    State(service): State<Arc<Service>>,
    mut request: Request,
    next: Next,
) -> Response {
    let begun = Instant::now();
    let path = request.uri().path().to_owned();
    let envelope = Envelope::of(&path, request.headers());
    let checked = service
        .guard
        .check(request.method(), &path, request.headers());
    let mut response = match checked {
        Ok(_) if request.method() == Method::OPTIONS => options(&path),
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            request.extensions_mut().insert(envelope.unknown.clone());
            next.run(request).await
        }
        Err(error) => {
            wire::drop_body(request).await;
            error.into_response()
        }
    };
    envelope.put_into(&mut response);
    let headers = response.headers_mut();
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let status = response.status().as_u16();
    service.metrics.count(&path, status, begun.elapsed());
    response
}

/// Answers `OPTIONS`: what may be asked of `path`.
fn options(path: &str) -> Response {
    let methods = routes::methods(path).join(", ");
    match HeaderValue::from_str(&methods) {
        Ok(methods) if !methods.is_empty() => {
            let mut response = StatusCode::NO_CONTENT.into_response();
            response.headers_mut().insert(header::ALLOW, methods);
            response
        }
        _ => ApiError::nowhere(path).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::super::routes::ROUTES;
    use super::*;

    const HOST: (&str, &str) = ("host", "localhost:8080");

    fn guard(strangers: Strangers) -> Guard {
        Guard::new("sesame", strangers, ([127, 0, 0, 1], 8080).into())
    }

    /// The status that a request is turned away with, or who it is taken for.
    fn asked(
        guard: &Guard,
        method: &str,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Caller, u16> {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| {
                let value = HeaderValue::from_str(value).unwrap();
                (HeaderName::from_static(name), value)
            })
            .collect();
        let method: Method = method.to_uppercase().parse().unwrap();
        let checked = guard.check(&method, path, &headers);
        checked.map_err(|error| error.status.as_u16())
    }

    #[test]
    fn only_this_machine_and_its_own_pages_are_let_in() {
        let guard = guard(Strangers::LetIn);
        let check = |headers: &[(&'static str, &str)], want: Result<Caller, u16>| {
            let got = asked(&guard, "GET", "/v1/models", headers);
            assert_eq!(got, want, "{headers:?}");
        };
        let stranger = Ok(Caller::Stranger);
        check(&[("host", "127.0.0.1:8080")], stranger);
        check(&[("host", "LocalHost:8080")], stranger);
        check(&[("host", "[::1]:8080")], stranger);
        check(&[("host", "rebound.example:8080")], Err(403));
        check(&[("host", "127.0.0.1.example")], Err(403));
        // No browser sends this.
        check(&[], stranger);
        check(&[("origin", "http://localhost:8080")], Err(403));
        check(&[("sec-fetch-mode", "no-cors")], Err(403));
        check(&[HOST, ("origin", "http://localhost:8080")], stranger);
        check(&[HOST, ("origin", "http://localhost:9090")], Err(403));
        check(&[HOST, ("origin", "null")], Err(403));
        check(&[HOST, ("sec-fetch-site", "same-origin")], stranger);
        check(&[HOST, ("sec-fetch-site", "none")], stranger);
        check(&[HOST, ("sec-fetch-site", "same-site")], Err(403));
        check(&[HOST, ("sec-fetch-site", "cross-site")], Err(403));
        // Not with the token either.
        let token = ("authorization", "Bearer sesame");
        check(&[HOST, token, ("sec-fetch-site", "cross-site")], Err(403));
        check(&[HOST, token, ("origin", "https://a.example")], Err(403));
        // A link to the page may stand anywhere.
        let link = [HOST, ("sec-fetch-site", "cross-site")];
        assert_eq!(asked(&guard, "GET", "/", &link), stranger);
    }

    #[test]
    fn a_token_has_to_be_the_right_one() {
        let guard = guard(Strangers::KeptOut);
        let check = |header: (&'static str, &str), want: Result<Caller, u16>| {
            // By whatever name the machine is reached.
            let headers = [("host", "box.example:8080"), header];
            let got = asked(&guard, "GET", "/v1/models", &headers);
            assert_eq!(got, want, "{header:?}");
        };
        check(("authorization", "Bearer sesame"), Ok(Caller::User));
        check(("authorization", "bearer sesame"), Ok(Caller::User));
        check(("authorization", "Bearer sesam"), Err(401));
        check(("authorization", "Basic sesame"), Err(401));
        check(("x-api-key", "sesame"), Ok(Caller::User));
        check(("x-other", "sesame"), Err(401));
    }

    /// Every route, asked for by everybody.
    #[test]
    fn each_route_needs_what_the_table_says() {
        let (open, closed) = (guard(Strangers::LetIn), guard(Strangers::KeptOut));
        let bearer = |value: &str| format!("Bearer {value}");
        for route in ROUTES {
            let path = route.path.replace("{pid}", "7");
            let (method, refused, let_in) = (route.method, Err(401), Ok(Caller::Stranger));
            let [without, key, both] = match route.needs {
                Needs::Nothing | Needs::Hook => [let_in, let_in, let_in],
                Needs::Entry => [let_in, let_in, refused],
                Needs::ProcessKey => [refused, let_in, refused],
                Needs::Token => [refused, refused, refused],
            };
            let check = |guard: &Guard, given: Option<&str>, want: Result<Caller, u16>| {
                let value = given.map(bearer);
                let mut headers = vec![HOST];
                headers.extend(value.as_deref().map(|value| ("authorization", value)));
                let got = asked(guard, method, &path, &headers);
                assert_eq!(got, want, "{method} {path} {given:?}");
            };
            check(&open, None, without);
            // What clients send that are made to send something.
            check(&open, Some("none"), without);
            check(&open, Some(&open.key(7)), key);
            check(&open, Some(&open.key(8)), without);
            check(&closed, None, both);
            check(&closed, Some(&closed.key(7)), both);
            for guard in [&open, &closed] {
                check(guard, Some("sesame"), Ok(Caller::User));
            }
        }
    }
}
