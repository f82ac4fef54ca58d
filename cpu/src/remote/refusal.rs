//! What an endpoint says where it does not reply, and what that means: whether it may be
//! asked again, without which part, and what the user can do.

use std::time::Duration;

use reqwest::{StatusCode, Url};
use serde_json::Value;

use super::fault;
use crate::{CpuError, Trouble};

/// The longest pause an endpoint may ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(30);

/// What a request says, of which some endpoints take the turns of a user and a model alone.
pub(super) const MESSAGES: &str = "messages";

/// Whether the reply comes as it is written.
pub(super) const STREAM: &str = "stream";

/// Parts of a request that some endpoints do not take: what is left out of it then, or written
/// in another way, and the words of a refusal that mean it.
pub(super) const OPTIONAL: [(&str, &[&str]); 7] = [
    (
        STREAM,
        &[
            "to stream this",
            "streaming is not supported",
            "streaming not supported",
            "not support streaming",
            "stream is not supported",
        ],
    ),
    (
        "response_format",
        &[
            "response_format",
            "schema",
            "grammar",
            "guided",
            "structured output",
        ],
    ),
    ("stream_options", &["stream_options", "include_usage"]),
    ("seed", &["seed"]),
    ("temperature", &["temperature"]),
    ("max_tokens", &["max_tokens", "max_completion_tokens"]),
    (
        MESSAGES,
        &[
            "system role",
            "role system",
            "role: system",
            "system message",
            "system instruction",
            "developer instruction",
            "must alternate",
            "should alternate",
            "alternate between user",
            "after role",
            "user and assistant roles",
        ],
    ),
];

/// `messages` as templates take them that know no system and want turns to alternate: what the
/// system says begins the first turn of the user, and turns of one side are one.
pub(super) fn alternating(messages: Value) -> Value {
    let Value::Array(messages) = messages else {
        return messages;
    };
    let mut turns: Vec<Value> = Vec::with_capacity(messages.len());
    for mut message in messages {
        if message["role"] == "system" {
            message["role"] = "user".into();
        }
        match turns
            .last_mut()
            .filter(|last| last["role"] == message["role"])
        {
            Some(last) => {
                let text =
                    |message: &Value| message["content"].as_str().unwrap_or_default().to_owned();
                last["content"] = format!("{}\n\n{}", text(last), text(&message)).into();
            }
            None => turns.push(message),
        }
    }
    turns.into()
}

/// Whether an endpoint that answers so does not work on the request, and may later.
pub(super) fn may_pass(status: StatusCode) -> bool {
    // Behind these the request may still be computed.
    let gave_up_waiting = matches!(status.as_u16(), 504 | 520..=524);
    let busy = matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT
    );
    (status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED && !gave_up_waiting) || busy
}

/// The part of `body` that `refusal` is about, as a bit that was not `tried` yet.
pub(super) fn not_taken(refusal: &CpuError, body: &Value, tried: u32) -> Option<u32> {
    let CpuError::Endpoint { reason, .. } = refusal else {
        return None;
    };
    if too_long(reason).is_some() {
        return None;
    }
    let said = reason.to_ascii_lowercase();
    let place = OPTIONAL.iter().position(|(name, words)| {
        body.get(*name).is_some() && words.iter().any(|word| said.contains(word))
    })?;
    let bit = 1 << place;
    (tried & bit == 0).then_some(bit)
}

pub(super) fn retry_after(response: &reqwest::Response) -> Option<Duration> {
    let seconds = response
        .headers()
        .get("retry-after")?
        .to_str()
        .ok()?
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX))
}

/// The address of an endpoint as it is told: without the name and the password in it, and what is
/// behind its path, which may be a key.
pub fn shown(url: &str) -> String {
    let Ok(mut parsed) = Url::parse(url) else {
        return url.to_owned();
    };
    let has_more = parsed.query().is_some() || parsed.fragment().is_some();
    if parsed.username().is_empty() && parsed.password().is_none() && !has_more {
        return url.to_owned();
    }
    parsed.set_query(None);
    parsed.set_fragment(None);
    // Neither fails for an address that has one of them.
    let _ = parsed.set_username("");
    let _ = parsed.set_password(None);
    parsed.as_str().trim_end_matches('/').to_owned()
}

/// An error of the transport in words, without the request's own details: its address may have a
/// key in it.
pub(super) fn silent(error: reqwest::Error) -> String {
    if error.is_timeout() {
        return "it did not answer in time".into();
    }
    if error.is_connect() {
        return "nothing answers there".into();
    }
    error.without_url().to_string()
}

pub(super) fn endpoint(url: &str, reason: String) -> CpuError {
    CpuError::Endpoint {
        url: url.to_owned(),
        reason,
        trouble: Trouble::Silent,
    }
}

/// An error that came in place of a reply, in the endpoint's own words.
pub(super) fn failure(url: &str, reason: String) -> CpuError {
    CpuError::Endpoint {
        url: url.to_owned(),
        trouble: too_long(&reason).unwrap_or(Trouble::Other),
        reason,
    }
}

/// The trouble, where `said` is that the prompt was too long for it.
fn too_long(said: &str) -> Option<Trouble> {
    let lower = said.to_ascii_lowercase();
    let about = [
        "context length",
        "context_length",
        "context size",
        "context window",
        "maximum context",
        "n_ctx",
        "too long",
        "maximum input",
        "number of tokens allowed",
        "max_new_tokens` must be",
    ];
    about
        .iter()
        .any(|word| lower.contains(word))
        .then(|| Trouble::TooLong(window_in(said)))
}

pub(super) fn refused(url: &str, status: StatusCode, body: &str) -> CpuError {
    let parsed = serde_json::from_str::<Value>(body).ok();
    let said = parsed
        .as_ref()
        .and_then(fault::failure)
        .unwrap_or_else(|| fault::plain(body));
    let trouble = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Trouble::Key,
        StatusCode::NOT_FOUND => Trouble::NotFound,
        StatusCode::TOO_MANY_REQUESTS => Trouble::TooMany,
        StatusCode::PAYLOAD_TOO_LARGE => Trouble::TooLong(window_in(body)),
        _ => too_long(body).unwrap_or(Trouble::Other),
    };
    CpuError::Endpoint {
        url: url.to_owned(),
        reason: format!("{status}: {said}"),
        trouble,
    }
}

/// The window that an endpoint names where a prompt did not fit.
fn window_in(body: &str) -> Option<usize> {
    const BEFORE: [&str; 10] = [
        "\"n_ctx\":",
        "maximum context length is ",
        "maximum context length of ",
        "context length of only ",
        "context length (",
        "context size (",
        "context window of ",
        "max_new_tokens` must be <= ",
        "tokens allowed (",
        "tokens > ",
    ];
    let number = |text: &str| {
        let text = text.trim_start();
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        text[..digits]
            .parse::<usize>()
            .ok()
            .filter(|window| *window > 0)
    };
    let lower = body.to_ascii_lowercase();
    let after = |mark: &&str| lower.split_once(*mark).and_then(|(_, rest)| number(rest));
    BEFORE.iter().find_map(after)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_address_is_told_without_its_password() {
        let check = |url: &str, want: &str| assert_eq!(shown(url), want);
        check("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1");
        check("https://me:hunter2@a.example/v1", "https://a.example/v1");
        check("https://hunter2@a.example", "https://a.example");
        check("https://a.example/v1?key=hunter2#x", "https://a.example/v1");
        check("no address", "no address");
    }

    #[test]
    fn what_is_not_taken_is_left_out_once() {
        let body = json!({"seed": 1, "max_tokens": 9, "response_format": {}, "stream_options": {},
                          "stream": true});
        let check = |said: &str, tried: u32, want: Option<&str>| {
            let refusal = failure("http://a", said.into());
            let bit = not_taken(&refusal, &body, tried);
            let name = bit.map(|bit| OPTIONAL[bit.trailing_zeros() as usize].0);
            assert_eq!(name, want, "{said}");
        };
        check("the grammar is not supported", 0, Some("response_format"));
        check(
            "400: Unknown field: response_format",
            0,
            Some("response_format"),
        );
        let place = OPTIONAL
            .iter()
            .position(|(name, _)| *name == "response_format");
        let left_out = 1 << place.unwrap();
        check("400: Unknown field: response_format", left_out, None);
        for said in [
            "400: JSON schema conversion failed:\nUnrecognized schema: {}",
            "400: Invalid schema for response_format 'action': In context=(), it is wrong",
            "400: oneOf is not supported in a JSON schema",
        ] {
            check(said, 0, Some("response_format"));
        }
        check(
            "400: you must be verified to stream this model",
            0,
            Some("stream"),
        );
        check(
            "400: streaming is not supported with response_format",
            0,
            Some("stream"),
        );
        check("use max_completion_tokens", 0, Some("max_tokens"));
        check("unknown field stream_options", 0, Some("stream_options"));
        check("maximum context length is 9; lower max_tokens", 0, None);
        check("out of memory", 0, None);
    }

    #[test]
    fn turns_alternate_where_a_template_wants_that() {
        for said in [
            "400: System role not supported",
            "400: unknown role: system",
            "400: Developer instruction is not enabled for this model",
            "400: Unexpected role 'user' after role 'user'",
            "500: Only user and assistant roles are supported!",
        ] {
            let refusal = failure("http://a", said.into());
            let body = json!({"messages": []});
            let bit = not_taken(&refusal, &body, 0).expect("a part that is not taken");
            assert_eq!(
                OPTIONAL[bit.trailing_zeros() as usize].0,
                MESSAGES,
                "{said}"
            );
        }
        let turn = |role: &str, content: &str| json!({"role": role, "content": content});
        let check = |messages: &[Value], want: &[Value]| {
            assert_eq!(alternating(json!(messages)), json!(want));
        };
        check(
            &[
                turn("system", "a"),
                turn("user", "b"),
                turn("assistant", "c"),
                turn("user", "d"),
                turn("user", "e"),
            ],
            &[
                turn("user", "a\n\nb"),
                turn("assistant", "c"),
                turn("user", "d\n\ne"),
            ],
        );
        check(&[turn("user", "a")], &[turn("user", "a")]);
        check(&[], &[]);
    }

    #[test]
    fn only_who_does_not_work_on_it_is_asked_again() {
        let check = |status: u16, want: bool| {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(may_pass(status), want, "{status}");
        };
        for (status, want) in [
            (429, true),
            (500, true),
            (503, true),
            (504, false),
            (524, false),
        ] {
            check(status, want);
        }
        check(400, false);
        check(501, false);
    }

    #[test]
    fn a_window_that_is_smaller_is_named() {
        let check = |body: &str, want: Option<usize>| {
            let CpuError::Endpoint { trouble, .. } =
                refused("http://a", StatusCode::BAD_REQUEST, body)
            else {
                panic!("another error");
            };
            assert_eq!(trouble, Trouble::TooLong(want));
        };
        check(
            r#"{"error":{"message":"exceeds the context size","n_ctx":2048}}"#,
            Some(2048),
        );
        check(r#"{"error":"the prompt is too long"}"#, None);
    }

    #[test]
    fn a_window_is_read_out_of_a_refusal() {
        let check = |body: &str, want: Option<usize>| assert_eq!(window_in(body), want, "{body}");
        check("{\"n_prompt_tokens\":9,\"n_ctx\":4096}", Some(4096));
        check(
            "This model's maximum context length is 2048 tokens.",
            Some(2048),
        );
        check("exceed context window of 512", Some(512));
        check(
            "exceeds the maximum context length of 2048 tokens",
            Some(2048),
        );
        check("longer than the context length (2048 tokens)", Some(2048));
        check(
            "`inputs` tokens + `max_new_tokens` must be <= 2048.",
            Some(2048),
        );
        check("prompt is too long: 9000 tokens > 2048 maximum", Some(2048));
        check("no such model", None);
    }
}
