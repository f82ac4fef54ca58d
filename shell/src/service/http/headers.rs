//! What a reply has beside its body: the number of the request, the fields that nobody knows, and
//! an error in the form of the API that was asked.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use super::chat::unique;
use super::error::ApiError;

/// The number of a request, as OpenAI's clients read it, and send one of their own.
const NUMBER: &str = "x-request-id";
/// The same for Anthropic's clients.
const NUMBER_FOR_ANTHROPIC: &str = "request-id";
/// Fields of the body that were passed over because nobody knows them.
const UNKNOWN: &str = "x-quipu-unknown-fields";
/// What Anthropic's clients send with each request.
const ANTHROPIC: &str = "anthropic-version";
/// The paths of Anthropic's API begin so.
const MESSAGES: &str = "/v1/messages";
/// The most letters of a client's own number.
const NUMBER_LETTERS_MAX: usize = 128;
/// The most bytes of the header with unknown fields.
const UNKNOWN_BYTES_MAX: usize = 1024;

/// Fields of a body that nobody knows, for whoever reads the body to note.
#[derive(Clone, Default)]
pub struct Unknown(Arc<Mutex<Vec<String>>>);

impl Unknown {
    /// Notes their `names`.
    pub fn note(&self, names: Vec<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = names;
    }

    /// The names as a header; `None` where there are none. What no header can hold is left out.
    fn header(&self) -> Option<HeaderValue> {
        let names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let plain = |name: &&String| name.bytes().all(|byte| byte.is_ascii_graphic());
        let mut line = String::new();
        for name in names.iter().filter(plain) {
            if line.len() + name.len() > UNKNOWN_BYTES_MAX {
                break;
            }
            if !line.is_empty() {
                line.push_str(", ");
            }
            line.push_str(name);
        }
        let line = HeaderValue::from_str(&line).ok();
        line.filter(|line| !line.is_empty())
    }
}

/// What the reply to a request has beside its body.
pub struct Envelope {
    number: HeaderValue,
    for_anthropic: bool,
    /// What is noted while the body is read.
    pub unknown: Unknown,
}

impl Envelope {
    /// That of a request for `path` with these `headers`.
    pub fn of(path: &str, headers: &HeaderMap) -> Self {
        let own = headers.get(NUMBER).filter(|given| is_plain(given)).cloned();
        Self {
            number: own.unwrap_or_else(drawn),
            for_anthropic: path.starts_with(MESSAGES) || headers.contains_key(ANTHROPIC),
            unknown: Unknown::default(),
        }
    }

    /// Puts it into the `response`.
    pub fn put_into(self, response: &mut Response) {
        if self.for_anthropic {
            self.told_to_anthropic(response);
        }
        let unknown = self.unknown.header();
        let headers = response.headers_mut();
        if self.for_anthropic {
            headers.insert(NUMBER_FOR_ANTHROPIC, self.number.clone());
        }
        headers.insert(NUMBER, self.number);
        if let Some(names) = unknown {
            headers.insert(UNKNOWN, names);
        }
    }

    /// Tells an error in the form of Anthropic's API.
    fn told_to_anthropic(&self, response: &mut Response) {
        let Some(error) = response.extensions_mut().remove::<ApiError>() else {
            return;
        };
        let mut body = error.body_for_anthropic();
        body["request_id"] = self.number.to_str().unwrap_or_default().into();
        *response.body_mut() = Body::from(body.to_string());
        // Of the body that it had.
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
}

/// Whether a client's own number is short and made of letters that are seen.
fn is_plain(given: &HeaderValue) -> bool {
    let bytes = given.as_bytes();
    let seen = bytes.iter().all(u8::is_ascii_graphic);
    seen && (1..=NUMBER_LETTERS_MAX).contains(&bytes.len())
}

/// A number that no other request has.
fn drawn() -> HeaderValue {
    let number = format!("req_{:016x}", unique());
    // Its letters are those of a header.
    HeaderValue::from_str(&number).unwrap_or(HeaderValue::from_static("req_0"))
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;
    use serde_json::Value;

    use super::*;

    fn headers(given: &[(&'static str, &'static str)]) -> HeaderMap {
        let given = given.iter().map(|&(name, value)| {
            let name = axum::http::HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        });
        given.collect()
    }

    #[tokio::test]
    async fn an_error_is_told_in_the_form_of_its_api() {
        let check = async |path: &str, given: &[(&'static str, &'static str)], anthropic: bool| {
            let envelope = Envelope::of(path, &headers(given));
            let mut response = ApiError::unauthorized().into_response();
            envelope.put_into(&mut response);
            let number = response.headers()[NUMBER].to_str().unwrap().to_owned();
            let named = response.headers().contains_key(NUMBER_FOR_ANTHROPIC);
            assert_eq!(named, anthropic, "{path}");
            assert_eq!(response.status(), 401, "{path}");
            let body = axum::body::to_bytes(response.into_body(), usize::MAX);
            let body = body.await.unwrap();
            let body: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["error"]["type"], "authentication_error", "{path}");
            let id = body["request_id"].as_str();
            assert_eq!(id == Some(number.as_str()), anthropic, "{path} {body}");
            assert_eq!(body["type"] == "error", anthropic, "{path} {body}");
        };
        check("/v1/chat/completions", &[], false).await;
        check("/v1/messages", &[], true).await;
        check("/v1/messages/nothing", &[], true).await;
        check("/v1/models", &[("anthropic-version", "2023-06-01")], true).await;
    }

    #[test]
    fn a_request_has_a_number() {
        let check = |given: &'static str, own: bool| {
            let envelope = Envelope::of("/", &headers(&[("x-request-id", given)]));
            assert_eq!(envelope.number == given, own, "{given}");
        };
        check("trace-7", true);
        check("", false);
        check("two words", false);
        assert_ne!(drawn(), drawn());
        let long = "x".repeat(NUMBER_LETTERS_MAX + 1);
        assert!(!is_plain(&HeaderValue::from_str(&long).unwrap()));
        assert!(is_plain(&HeaderValue::from_str(&long[1..]).unwrap()));
    }

    #[test]
    fn fields_that_nobody_knows_are_named() {
        let check = |names: &[&str], want: Option<&str>| {
            let unknown = Unknown::default();
            unknown.note(names.iter().map(|name| (*name).to_owned()).collect());
            let got = unknown.header();
            let got = got.as_ref().map(|line| line.to_str().unwrap());
            assert_eq!(got, want, "{names:?}");
        };
        check(&[], None);
        check(&["chat_id", "x"], Some("chat_id, x"));
        check(&["a b", "é", "x"], Some("x"));
        let long = "y".repeat(UNKNOWN_BYTES_MAX);
        check(&["x", long.as_str()], Some("x"));
    }
}
