//! Secrets in requests: handles that the host turns into values at the boundary.
//!
//! A device writes `{{secret:NAME}}` into a header; the value takes its place after
//! the request has left the sandbox, only on the way to the host that the device's
//! manifest names for it, and never in clear over a network. What comes back is
//! searched for it. No device, model, log or journal sees a value.

use std::collections::BTreeMap;

use reqwest::header::{HeaderMap, HeaderValue};

use super::{NetError, Response};
use crate::caps::{Capability, Rights};
use crate::secrets::{LeakScan, Secret};

const OPEN: &str = "{{secret:";
const CLOSE: &str = "}}";
/// The secrets of one device.
#[derive(Clone, Debug, Default)]
pub struct Secrets(BTreeMap<String, Bound>);

/// A secret with the host it is for.
#[derive(Clone, Debug)]
struct Bound {
    host: String,
    value: Option<Secret>,
    /// Its forms: a server often says again, encoded, what it was asked with.
    forms: LeakScan,
}

/// Bytes of a text that are searched at once: a text that is searched takes many times its room.
const PIECE_BYTES: usize = 1 << 20;

impl Bound {
    /// `text` with `handle` in place of each form of the value.
    fn hidden(&self, text: &str, handle: &str) -> String {
        let hidden = self.hidden_in_pieces(text, PIECE_BYTES, handle);
        match text.len() > PIECE_BYTES {
            // What lay across two pieces lies within one now.
            true => self.hidden_in_pieces(&hidden, PIECE_BYTES / 2, handle),
            false => hidden,
        }
    }

    /// The same piece by piece, of which the first has `most` bytes.
    fn hidden_in_pieces(&self, text: &str, mut most: usize, handle: &str) -> String {
        let (mut hidden, mut rest) = (String::new(), text);
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.floor_char_boundary(most));
            hidden.push_str(&self.forms.hidden(piece, handle));
            (rest, most) = (after, PIECE_BYTES);
        }
        hidden
    }
}

impl Secrets {
    /// Brings together which host each secret is for and the values there are.
    pub fn new(hosts: &BTreeMap<String, String>, mut values: BTreeMap<String, Secret>) -> Self {
        let entries = hosts.iter().map(|(name, host)| {
            let value = values.remove(name);
            let known = value.iter().map(|value| (name.as_str(), value));
            let bound = Bound {
                host: host.to_ascii_lowercase(),
                forms: LeakScan::of(known),
                value,
            };
            (name.clone(), bound)
        });
        Self(entries.collect())
    }

    /// Whether `text` has a handle in it.
    pub(crate) fn are_named_in(text: &str) -> bool {
        text.contains(OPEN)
    }

    /// `headers` with values in place of handles, for a request to `host`.
    /// `confidential` says that nobody on the way can read along.
    pub(crate) fn put_into(
        &self,
        headers: &HeaderMap,
        host: &str,
        confidential: bool,
        rights: &Rights,
    ) -> Result<HeaderMap, NetError> {
        let mut filled = HeaderMap::with_capacity(headers.len());
        for (name, value) in headers {
            let text = value.to_str().unwrap_or_default();
            if !Self::are_named_in(text) {
                filled.append(name, value.clone());
                continue;
            }
            let text = self.fill(text, host, confidential, rights)?;
            let mut value = HeaderValue::from_str(&text)
                .map_err(|_| NetError::Invalid(format!("the header {name:?} is not valid")))?;
            value.set_sensitive(true);
            filled.append(name, value);
        }
        Ok(filled)
    }

    fn fill(
        &self,
        text: &str,
        host: &str,
        confidential: bool,
        rights: &Rights,
    ) -> Result<String, NetError> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(OPEN) {
            let (name, after) = after
                .split_once(CLOSE)
                .ok_or_else(|| NetError::Invalid(format!("{OPEN}NAME is not closed by {CLOSE}")))?;
            let wanted = Capability::Secret { name: name.into() };
            if !rights.allows(&wanted) {
                return Err(NetError::NotGranted(wanted));
            }
            let elsewhere = || NetError::Secret {
                name: name.to_owned(),
                host: host.to_owned(),
            };
            let bound = self.0.get(name).ok_or_else(elsewhere)?;
            if bound.host != host || !confidential {
                return Err(elsewhere());
            }
            let Some(value) = &bound.value else {
                return Err(NetError::NotGranted(wanted));
            };
            filled.push_str(before);
            filled.push_str(value.reveal());
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// `response` with handles in place of values, in any of their forms: some servers echo what
    /// they get. In a body that is no text, values are looked for as they are.
    pub(crate) fn hide(&self, mut response: Response) -> Response {
        for (name, bound) in &self.0 {
            let Some(value) = bound.value.as_ref().map(Secret::reveal) else {
                continue;
            };
            let handle = format!("{OPEN}{name}{CLOSE}");
            let hidden = |text: &str| bound.hidden(&text.replace(value, &handle), &handle);
            response.url = hidden(&response.url);
            for (_, text) in &mut response.headers {
                *text = hidden(text);
            }
            response.body = match std::str::from_utf8(&response.body) {
                Ok(text) => hidden(text).into_bytes(),
                Err(_) => replaced(response.body, value.as_bytes(), handle.as_bytes()),
            };
        }
        response
    }
}

fn replaced(body: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut at = 0;
    let mut found = false;
    let mut out = Vec::new();
    while at < body.len() {
        if body[at..].starts_with(from) {
            found = true;
            out.extend_from_slice(to);
            at += from.len();
        } else {
            out.push(body[at]);
            at += 1;
        }
    }
    if found { out } else { body }
}

#[cfg(test)]
mod tests {
    use data_encoding::{BASE64, HEXLOWER};

    use super::*;

    const VALUE: &str = "s3cr3t-value";

    fn secrets() -> Secrets {
        let hosts = BTreeMap::from([("token".to_owned(), "api.example.com".to_owned())]);
        let value = Secret::new(&format!("{VALUE}\n")).unwrap();
        Secrets::new(&hosts, BTreeMap::from([("token".to_owned(), value)]))
    }

    #[test]
    fn a_handle_becomes_a_value_only_where_it_may() {
        let check =
            |granted: &str, header: &str, host: &str, confidential, want: Result<&str, &str>| {
                let asked = ["secret:token".parse().unwrap()];
                let own = granted
                    .split_whitespace()
                    .map(|g| g.parse().unwrap())
                    .collect();
                let rights = Rights::new(&asked, &own, &Default::default());
                let headers = HeaderMap::from_iter([(
                    reqwest::header::AUTHORIZATION,
                    HeaderValue::from_str(header).unwrap(),
                )]);
                let filled = secrets().put_into(&headers, host, confidential, &rights);
                let got = filled
                    .map(|headers| headers["authorization"].to_str().unwrap().to_owned())
                    .map_err(|error| error.to_string());
                assert_eq!(
                    got,
                    want.map(str::to_owned).map_err(str::to_owned),
                    "{header}"
                );
            };
        let bearer = "Bearer {{secret:token}}";
        let value = "Bearer s3cr3t-value";
        check("secret:token", bearer, "api.example.com", true, Ok(value));
        check(
            "",
            bearer,
            "api.example.com",
            true,
            Err("secret:token was not granted"),
        );
        let elsewhere = Err("the secret token is not for evil.example");
        check("secret:token", bearer, "evil.example", true, elsewhere);
        let in_clear = Err("the secret token is not for api.example.com");
        check("secret:token", bearer, "api.example.com", false, in_clear);
        let other = Err("secret:other was not granted");
        check(
            "secret:token",
            "{{secret:other}}",
            "api.example.com",
            true,
            other,
        );
        check("", "Basic abc", "evil.example", true, Ok("Basic abc"));
    }

    #[test]
    fn an_echo_is_hidden_and_so_is_debug() {
        let response = secrets().hide(Response {
            url: format!("https://api.example.com/?k={VALUE}"),
            status: 200,
            headers: vec![("x-echo".into(), format!("Bearer {VALUE}"))],
            body: format!("<{VALUE}{VALUE}>").into_bytes(),
        });
        let shown = format!("{response:?} {:?} {:?}", secrets(), Secret::new(VALUE));
        assert!(!shown.contains(VALUE), "{shown}");
        assert_eq!(response.body, b"<{{secret:token}}{{secret:token}}>");
    }

    #[test]
    fn an_echo_in_another_form_is_hidden_too() {
        let check = |body: Vec<u8>, want: &[u8]| {
            let response = secrets().hide(Response {
                url: "https://api.example.com/".into(),
                status: 401,
                headers: Vec::new(),
                body,
            });
            let shown = String::from_utf8_lossy(&response.body);
            assert_eq!(response.body, want, "{shown}");
        };
        let base64 = BASE64.encode(VALUE.as_bytes());
        let hex = HEXLOWER.encode(VALUE.as_bytes());
        check(hex.into_bytes(), b"{{secret:token}}");
        let backwards: String = VALUE.chars().rev().collect();
        check(backwards.clone().into_bytes(), b"{{secret:token}}");
        let escaped = "k=s3cr3t%2Dvalue&n=1";
        check(escaped.into(), b"k={{secret:token}}&n=1");
        check(base64.into_bytes(), b"{{secret:token}}");
        check(b"nothing of it".to_vec(), b"nothing of it");
        // Across two pieces.
        let before = " ".repeat(PIECE_BYTES - 6);
        let body = format!("{before}{backwards}");
        let want = format!("{before}{{{{secret:token}}}}");
        check(body.into_bytes(), want.as_bytes());
        // What is no text stays as it is around the value.
        let mut picture = vec![0xff, 0xfe];
        picture.extend(VALUE.bytes());
        check(picture, b"\xff\xfe{{secret:token}}");
    }
}
