//! Which revision of the protocol a server speaks. From 2026-07-28 on a client asks for
//! what there is (`server/discover`); before, it shakes hands (`initialize`). A server of
//! one kind knows nothing of the other, so the newer question is asked first, and an
//! answer that makes no sense means the older kind.
//!
//! The library does this for servers that refuse the question properly. Here are the
//! others: those that answer anything to it, or nothing, or to nobody.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rmcp::model::{
    ClientJsonRpcMessage, ClientRequest, ErrorCode, ErrorData, ProtocolVersion, RequestId,
    ServerJsonRpcMessage, ServerResult,
};
use rmcp::service::{ClientInitializeError, RoleClient};
use rmcp::transport::Transport;
use rmcp::{ClientLifecycleMode, service};
use tokio::time::Instant;

use super::START_MAX;

/// How long an answer to the newer question is waited for, where it is not known whether it is
/// understood: older programs may say nothing to it.
const ANSWER_MAX: Duration = Duration::from_secs(3);
/// The same of an address: whoever is there answers something.
pub(super) const REPLY_MAX: Duration = Duration::from_secs(10);

/// Asks for what there is, and shakes hands where that is not understood.
pub(super) fn either() -> ClientLifecycleMode {
    ClientLifecycleMode::Auto {
        preferred_versions: vec![ProtocolVersion::V_2026_07_28],
        legacy_version: Some(ProtocolVersion::LATEST_WITH_INITIALIZE),
    }
}

/// Only asks for what there is.
pub(super) fn newer() -> ClientLifecycleMode {
    ClientLifecycleMode::Discover {
        preferred_versions: vec![ProtocolVersion::V_2026_07_28],
    }
}

/// A connection on which a server that does not understand `server/discover` seems to say
/// so.
pub(super) struct Probe<T> {
    inner: T,
    /// How long an answer is waited for.
    patience: Duration,
    /// The question that waits for its answer, and until when.
    asked: Option<(RequestId, Instant)>,
    /// A request that was answered in the server's place.
    given_up: Option<RequestId>,
    /// Set where the server did understand it, but late.
    late: Arc<AtomicBool>,
}

impl<T> Probe<T> {
    /// Wraps `inner`; `late` is set where an answer comes that nobody waits for any longer. What
    /// is known to understand the question, by `lifecycle`, has all the time that it takes to
    /// start: a busy machine takes ten times as long.
    pub(super) fn new(inner: T, lifecycle: &ClientLifecycleMode, late: Arc<AtomicBool>) -> Self {
        let patience = match lifecycle {
            ClientLifecycleMode::Discover { .. } => START_MAX,
            _ => ANSWER_MAX,
        };
        Self {
            inner,
            patience,
            asked: None,
            given_up: None,
            late,
        }
    }

    /// The meaning of a message while the question waits; `None` for one that is of no use.
    fn meant(&mut self, message: ServerJsonRpcMessage) -> Option<ServerJsonRpcMessage> {
        // Some answer a number as a text.
        let answers = |id: &Option<RequestId>, other: &RequestId| {
            id.as_ref()
                .is_some_and(|id| id.to_string() == other.to_string())
        };
        if let Some((id, _)) = self.asked.clone() {
            let understood = match &message {
                ServerJsonRpcMessage::Response(response) => {
                    matches!(response.result, ServerResult::DiscoverResult(_))
                }
                // Whatever id it has: nothing else was asked.
                ServerJsonRpcMessage::Error(error) => {
                    self.asked = None;
                    return Some(ServerJsonRpcMessage::error(error.error.clone(), Some(id)));
                }
                _ => return Some(message),
            };
            self.asked = None;
            return Some(match understood {
                true => message,
                false => refusal(id),
            });
        }
        match &message {
            ServerJsonRpcMessage::Response(response) if answers(&self.given_up, &response.id) => {
                let understood = matches!(response.result, ServerResult::DiscoverResult(_));
                self.late.store(understood, Ordering::Relaxed);
                None
            }
            ServerJsonRpcMessage::Error(error)
                if error
                    .id
                    .as_ref()
                    .is_some_and(|id| answers(&self.given_up, id)) =>
            {
                None
            }
            _ => Some(message),
        }
    }
}

fn refusal(id: RequestId) -> ServerJsonRpcMessage {
    let words = "server/discover is not understood";
    let error = ErrorData::new(ErrorCode::METHOD_NOT_FOUND, words, None);
    ServerJsonRpcMessage::error(error, Some(id))
}

impl<T: Transport<RoleClient> + 'static> Transport<RoleClient> for Probe<T> {
    type Error = T::Error;

    fn name() -> Cow<'static, str> {
        T::name()
    }

    fn send(
        &mut self,
        item: service::TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        if let ClientJsonRpcMessage::Request(request) = &item
            && matches!(request.request, ClientRequest::DiscoverRequest(_))
        {
            self.asked = Some((request.id.clone(), Instant::now() + self.patience));
        }
        self.inner.send(item)
    }

    async fn receive(&mut self) -> Option<service::RxJsonRpcMessage<RoleClient>> {
        loop {
            let message = match self.asked.clone() {
                None => self.inner.receive().await?,
                Some((id, until)) => {
                    match tokio::time::timeout_at(until, self.inner.receive()).await {
                        Ok(message) => message?,
                        Err(_) => {
                            self.asked = None;
                            self.given_up = Some(id.clone());
                            return Some(refusal(id));
                        }
                    }
                }
            };
            if let Some(message) = self.meant(message) {
                return Some(message);
            }
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.inner.close().await
    }
}

/// What to try next with a server after `error`, if anything.
pub(super) fn after(
    error: &ClientInitializeError,
    understood_late: bool,
) -> Option<ClientLifecycleMode> {
    match error {
        _ if understood_late => Some(newer()),
        // It speaks the newer kind, but in no revision that is spoken here.
        ClientInitializeError::NoCompatibleProtocolVersion { .. } => None,
        ClientInitializeError::Cancelled => None,
        // Some older ones end at a question they do not know, or close the connection.
        _ => Some(ClientLifecycleMode::Initialize),
    }
}

/// Why a server could not be started, in words.
pub(super) fn words(error: &ClientInitializeError) -> String {
    match error {
        ClientInitializeError::LegacyFallbackFailed { fallback, .. } => words(fallback),
        ClientInitializeError::NoCompatibleProtocolVersion {
            server_supported, ..
        } => {
            let theirs: Vec<&str> = server_supported
                .iter()
                .map(ProtocolVersion::as_str)
                .collect();
            format!(
                "it speaks revision {} of the protocol, and not {} or {}",
                theirs.join(", "),
                ProtocolVersion::V_2026_07_28,
                ProtocolVersion::LATEST_WITH_INITIALIZE,
            )
        }
        ClientInitializeError::JsonRpcError(error) => {
            format!("it refuses the connection: {}", error.message)
        }
        error if error.is_authorization_required() => ASKS_WHO.to_owned(),
        error => with_advice(error.to_string()),
    }
}

/// Whether a server that says this to a message may have the transport of 2024, which takes
/// messages at another address.
pub(super) fn may_be_of_2024(said: &str) -> bool {
    ["HTTP 400", "HTTP 404", "HTTP 405"]
        .iter()
        .any(|status| said.contains(status))
}

/// What a server behind an address says that wants a key.
const ASKS_WHO: &str = "it asks who you are: its key belongs into \"headers\" of its entry, such as \
                        \"Authorization\": \"Bearer ${NAME}\"; signing in by OAuth is not offered";

/// What a server says to a call, with what it may mean.
pub(super) fn of_call(said: String) -> String {
    let has = |words: &str| said.contains(words);
    if has("HTTP 401") || has("Auth required") {
        return format!("{said}; {ASKS_WHO}");
    }
    if has("input_required") {
        return "it goes on asking for what it is not given here: what a person answers, or what a \
                model makes"
            .to_owned();
    }
    if has("Insufficient scope") {
        return format!("{said}; its key is not for this");
    }
    said
}

/// What an address says that is none of a server, with what it may mean.
fn with_advice(said: String) -> String {
    let has = |words: &str| said.contains(words);
    let advice = if has("HTTP 401") {
        ASKS_WHO
    } else if has("HTTP 404") || has("HTTP 405") {
        "is the path right? It is often /mcp, or /sse where it has the transport of 2024"
    } else if has("Unexpected content type") || has("could not parse JSON") {
        "what is there is something else than a server of this protocol; is the address right?"
    } else {
        return said;
    };
    format!("{said}; {advice}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_no_server_is_explained() {
        let check = |said: &str, want: &str| {
            let told = with_advice(said.to_owned());
            assert!(told.starts_with(said) && told.contains(want), "{told}");
        };
        check("HTTP 401 Unauthorized: no key", "\"Authorization\"");
        check("HTTP 405 Method Not Allowed: ", "often /mcp");
        assert!(may_be_of_2024("HTTP 405 Method Not Allowed: ") && !may_be_of_2024("HTTP 401"));
        check(
            "Unexpected content type: Some(\"text/html\")",
            "is the address right?",
        );
        assert_eq!(with_advice("no route".to_owned()), "no route");
        let check = |said: &str, want: &str| {
            let told = of_call(said.to_owned());
            assert!(told.starts_with(said) && told.contains(want), "{told}");
        };
        check("Auth required", "\"Authorization\"");
        check("Insufficient scope", "its key is not for this");
        let asks = of_call("input_required did not complete within 10 rounds".to_owned());
        assert!(asks.starts_with("it goes on asking"), "{asks}");
        assert_eq!(of_call("HTTP 404".to_owned()), "HTTP 404");
    }
}
