//! What a client is told when a request fails, in the form that OpenAI's clients read:
//! `{"error": {"message", "type", "param", "code"}}`.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use quipu_cpu::{CpuError, Trouble};
use quipu_kernel::KernelError;
use quipu_kernel::journal::JournalError;
use quipu_memory::StoreError;
use serde_json::{Value, json};

use super::absent;
use crate::terminal::hints;

/// Seconds after which a client that was turned away may try again.
const RETRY_AFTER_S: &str = "1";

/// The kinds of errors there are: the `type` of the reply.
const INVALID: &str = "invalid_request_error";
const SERVER: &str = "server_error";

/// A request that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// The status of the reply.
    pub status: StatusCode,
    /// What happened, and what to do next.
    pub message: String,
    /// The kind of error.
    pub kind: &'static str,
    /// The field of the request that is at fault.
    pub param: Option<String>,
    /// A word for programs.
    pub code: Option<&'static str>,
}

impl ApiError {
    fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            kind,
            param: None,
            code: None,
        }
    }

    /// The field `param` has a value that cannot be used.
    pub fn invalid(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            param: Some(param.into()),
            code: Some("invalid_value"),
            ..Self::new(StatusCode::BAD_REQUEST, INVALID, message)
        }
    }

    /// The field `param` asks for what this machine does not do.
    pub fn unsupported(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: Some("unsupported_parameter"),
            ..Self::invalid(param, message)
        }
    }

    /// The request as a whole cannot be read.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, INVALID, message)
    }

    /// The prompt does not fit the window.
    pub fn too_long(param: &str, tokens: usize, window: usize) -> Self {
        Self {
            code: Some("context_length_exceeded"),
            ..Self::invalid(
                param,
                format!(
                    "the prompt has {tokens} tokens, and the window holds {window} with the \
                     answer; shorten the messages, or start `quipu serve` with a larger --window"
                ),
            )
        }
    }

    /// The body is larger than is read.
    pub fn too_large(bytes_max: usize) -> Self {
        Self {
            code: Some("request_too_large"),
            ..Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                INVALID,
                format!("the body is larger than {bytes_max} bytes; send less at once"),
            )
        }
    }

    /// The body did not come in the time that a client has for it.
    pub fn too_slow() -> Self {
        Self {
            code: Some("request_timeout"),
            ..Self::new(
                StatusCode::REQUEST_TIMEOUT,
                INVALID,
                "the body did not come in time; send it again",
            )
        }
    }

    /// The body broke off, or was sent in pieces that are none.
    pub fn cut_short(reason: &str) -> Self {
        Self::malformed(format!(
            "the body broke off: {reason}; send all of it again"
        ))
    }

    /// There is no such thing.
    pub fn not_found(param: Option<&str>, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            param: param.map(str::to_owned),
            code: Some(code),
            ..Self::new(StatusCode::NOT_FOUND, INVALID, message)
        }
    }

    /// There is nothing at `path`, or what other servers have there is not here.
    pub fn nowhere(path: &str) -> Self {
        if let Some(instead) = absent::instead(path) {
            let message = format!("{path} is not served here: {instead}");
            return Self {
                code: Some("not_implemented"),
                ..Self::new(StatusCode::NOT_IMPLEMENTED, INVALID, message)
            };
        }
        let message =
            format!("there is nothing at {path}; /api/v1/openapi.json lists what there is");
        Self::not_found(None, "unknown_url", message)
    }

    /// The state of something does not allow it.
    fn conflict(message: impl Into<String>) -> Self {
        Self {
            code: Some("conflict"),
            ..Self::new(StatusCode::CONFLICT, INVALID, message)
        }
    }

    /// The path is known, and the method is not one of its own.
    pub fn method() -> Self {
        Self {
            code: Some("method_not_allowed"),
            ..Self::new(
                StatusCode::METHOD_NOT_ALLOWED,
                INVALID,
                "this path does not take that method; /api/v1/openapi.json lists those it takes",
            )
        }
    }

    /// The token is missing or wrong.
    pub fn unauthorized() -> Self {
        Self {
            code: Some("invalid_api_key"),
            ..Self::new(
                StatusCode::UNAUTHORIZED,
                "authentication_error",
                "the token is missing or wrong; send the one in the file that `quipu serve` named \
                 when it started, as `Authorization: Bearer TOKEN`",
            )
        }
    }

    /// The request came by a way that only a page of another origin takes.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self {
            code: Some("forbidden"),
            ..Self::new(StatusCode::FORBIDDEN, "permission_error", message)
        }
    }

    /// As many requests as are taken at once are under way.
    pub fn too_many(most: usize) -> Self {
        Self {
            code: Some("rate_limit_exceeded"),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "rate_limit_error",
                format!("{most} answers are being written already; try again shortly"),
            )
        }
    }

    /// It took longer than a request may.
    pub fn timeout(seconds: u64) -> Self {
        Self {
            code: Some("timeout"),
            ..Self::new(
                StatusCode::GATEWAY_TIMEOUT,
                SERVER,
                format!(
                    "the answer took longer than {seconds} seconds (`seconds` under [limits] of \
                     the configuration); ask for fewer tokens"
                ),
            )
        }
    }

    /// The machine is being stopped.
    pub fn stopping(message: impl Into<String>) -> Self {
        Self {
            code: Some("stopping"),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, SERVER, message)
        }
    }

    /// Something here failed. Which folders this machine has is told to nobody: a stranger may ask.
    pub fn internal(message: impl Into<String>) -> Self {
        let message = without_folders(&message.into());
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, SERVER, message)
    }

    /// The error as an API says it that calls the field `there` by the name `here`.
    pub fn renamed(mut self, there: &str, here: &str) -> Self {
        if self.param.as_deref() == Some(there) {
            self.param = Some(here.to_owned());
        }
        self
    }

    /// The error as the value of a reply or of an event.
    pub fn body(&self) -> Value {
        json!({"error": {
            "message": self.message, "type": self.kind, "param": self.param, "code": self.code,
        }})
    }

    /// The error as Anthropic's clients read it. It has no place for the field: that is named in
    /// the message.
    pub fn body_for_anthropic(&self) -> Value {
        let kind = match (self.status, self.kind) {
            (StatusCode::NOT_FOUND, _) => "not_found_error",
            (StatusCode::PAYLOAD_TOO_LARGE, _) => "request_too_large",
            (StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT, _) => "timeout_error",
            (StatusCode::SERVICE_UNAVAILABLE, _) => "overloaded_error",
            (_, SERVER) => "api_error",
            (_, kind) => kind,
        };
        let message = match &self.param {
            Some(param) if !self.message.contains(&**param) => {
                format!("{param}: {}", self.message)
            }
            _ => self.message.clone(),
        };
        let mut error = json!({"type": kind, "message": message});
        if let Some(code) = self.code {
            error["details"] = json!({ "error_code": code });
        }
        json!({"type": "error", "error": error})
    }

    /// The reply. The error goes with it, for those who are told of it in another form.
    fn reply(self) -> Response {
        let mut response = Response::new(Body::from(self.body().to_string()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
        match self.status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                let wait = HeaderValue::from_static(RETRY_AFTER_S);
                headers.insert(header::RETRY_AFTER, wait);
            }
            StatusCode::UNAUTHORIZED => {
                let scheme = HeaderValue::from_static("Bearer");
                headers.insert(header::WWW_AUTHENTICATE, scheme);
            }
            _ => {}
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// `text` with the name of each file in place of its whole path, also between quotes or brackets.
pub(super) fn without_folders(text: &str) -> String {
    let words = text.split_inclusive(char::is_whitespace);
    words.map(without_folder).collect()
}

/// `word` with a name in place of the path in it, where it has one from the top on. An address has
/// none: its first slash stands after a letter or a colon.
fn without_folder(word: &str) -> String {
    let opens = |before: &str| before.ends_with(['"', '\'', '`', '(', '[', '<', '=']);
    let begins = word.find('/').filter(|&at| at == 0 || opens(&word[..at]));
    let path = begins.map(|at| word.split_at(at));
    match path.and_then(|(before, path)| Some((before, path.rsplit_once('/')?))) {
        Some((before, (folder, name))) if !folder.is_empty() => format!("{before}…/{name}"),
        _ => word.to_owned(),
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.reply()
    }
}

impl From<CpuError> for ApiError {
    fn from(error: CpuError) -> Self {
        let message = format!("{error}; {}", hints::cpu(&error));
        match error {
            CpuError::Grammar(reason) => Self::invalid(
                "response_format",
                format!("no model can be held to this schema: {reason}; simplify it"),
            ),
            CpuError::Template { reason, .. } => Self::invalid(
                "messages",
                format!("the model's chat template does not take these messages: {reason}"),
            ),
            CpuError::Picture(_) => Self::invalid("messages", message),
            CpuError::Undecided => Self::unsupported("model", message),
            CpuError::Endpoint {
                trouble: Trouble::TooLong(_),
                ..
            } => Self {
                code: Some("context_length_exceeded"),
                ..Self::invalid("messages", message)
            },
            CpuError::Endpoint {
                trouble: Trouble::TooMany,
                ..
            } => Self {
                code: Some("rate_limit_exceeded"),
                ..Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limit_error", message)
            },
            CpuError::Endpoint { .. } => Self {
                code: Some("upstream_failed"),
                ..Self::new(StatusCode::BAD_GATEWAY, SERVER, message)
            },
            _ => Self::internal(message),
        }
    }
}

impl From<KernelError> for ApiError {
    fn from(error: KernelError) -> Self {
        let message = format!("{error}; {}", hints::kernel(&error));
        match error {
            KernelError::Journal(error) => error.into(),
            KernelError::Store(error) => error.into(),
            KernelError::Finished(_)
            | KernelError::Killed(_)
            | KernelError::Running(_)
            | KernelError::NoRoom(_)
            | KernelError::Busy(_)
            | KernelError::NotRunning(_) => Self::conflict(message),
            KernelError::Stopping => Self::stopping(message),
        }
    }
}

impl From<JournalError> for ApiError {
    fn from(error: JournalError) -> Self {
        let message = format!("{error}; {}", hints::journal(&error));
        match error {
            JournalError::NoProcess(_) => Self::not_found(Some("pid"), "no_process", message),
            JournalError::NoStep { .. } => Self::not_found(Some("step"), "no_step", message),
            _ => Self::internal(message),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::internal(format!("{error}; {}", error.hint()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_has_the_headers_that_belong_to_it() {
        let check = |error: ApiError, status: u16, header: &str, want: Option<&str>| {
            let response = error.into_response();
            assert_eq!(response.status().as_u16(), status);
            let got = response.headers().get(header).map(|value| value.to_str());
            assert_eq!(got.transpose().unwrap(), want, "{header}");
        };
        check(ApiError::too_many(3), 429, "retry-after", Some("1"));
        check(
            ApiError::unauthorized(),
            401,
            "www-authenticate",
            Some("Bearer"),
        );
        check(ApiError::internal("x"), 500, "retry-after", None);
        check(ApiError::stopping("x"), 503, "retry-after", Some("1"));
        check(ApiError::too_slow(), 408, "retry-after", None);
        check(ApiError::nowhere("/v1/files"), 501, "allow", None);
        check(ApiError::nowhere("/nonsense"), 404, "allow", None);
        let long = ApiError::too_long("messages", 9, 8);
        assert_eq!(long.code, Some("context_length_exceeded"));
        check(long, 400, "content-type", Some("application/json"));
    }

    #[test]
    fn no_folder_of_the_machine_is_told() {
        let check = |text: &str, want: &str| {
            assert_eq!(ApiError::internal(text).message, want);
        };
        check(
            "/home/ann/.local/state/quipu/journal.db: the disk is full",
            "…/journal.db: the disk is full",
        );
        check("page 3/4 of a/b", "page 3/4 of a/b");
        check("see http://a.example/b", "see http://a.example/b");
        check(
            "cannot read \"/home/ann/a.gguf\": no\n(/home/ann/b)\nend",
            "cannot read \"…/a.gguf\": no\n(…/b)\nend",
        );
        check("/home/ännä/ö.db", "…/ö.db");
    }

    #[test]
    fn an_error_has_the_form_of_each_api() {
        let check = |error: &ApiError, want: Value| {
            assert_eq!(error.body_for_anthropic()["error"]["type"], want);
            assert!(error.body()["error"]["message"].is_string());
        };
        check(&ApiError::invalid("a", "b"), json!("invalid_request_error"));
        check(
            &ApiError::not_found(None, "x", "b"),
            json!("not_found_error"),
        );
        check(&ApiError::too_many(1), json!("rate_limit_error"));
        check(&ApiError::unauthorized(), json!("authentication_error"));
        check(&ApiError::internal("x"), json!("api_error"));
        check(&ApiError::too_slow(), json!("timeout_error"));
        check(&ApiError::timeout(7), json!("timeout_error"));
        check(&ApiError::stopping("x"), json!("overloaded_error"));
        check(
            &ApiError::nowhere("/v1/files"),
            json!("invalid_request_error"),
        );
        let named = |param: &str, message: &str| {
            let error = ApiError::invalid(param, message).body_for_anthropic();
            error["error"]["message"].as_str().map(str::to_owned)
        };
        let required = named("max_tokens", "it is required");
        assert_eq!(required.as_deref(), Some("max_tokens: it is required"));
        let twice = named("speed", "`speed` is not supported");
        assert_eq!(twice.as_deref(), Some("`speed` is not supported"));
        let lost = ApiError::not_found(None, "thread_not_found", "b").body_for_anthropic();
        assert_eq!(lost["error"]["details"]["error_code"], "thread_not_found");
    }
}
