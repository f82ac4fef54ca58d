//! The connection to one server: started when it is needed, and again when it has
//! ended; not at once after it failed. Here is the one place where a server is started or
//! reached, so here it is checked that all it asks for was granted to exactly this one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rmcp::model::{
    CallToolRequestParams, CallToolResult, ErrorCode, ErrorData, PaginatedRequestParams,
    ReadResourceRequestParams, Tool,
};
use rmcp::service::{RoleClient, RunningService, ServiceError};
use serde_json::{Map, Value};
use tokio::sync::Mutex;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::binding::{self, Bound};
use super::child::Children;
use super::client::{Client, Life};
use super::config::{McpServer, McpTransport, to_be_given};
use super::connect::plain;
use super::placeholders::fill;
use super::redaction::Hidden;
use super::revision::of_call;
use super::stdio::{Lines, TOO_LONG};
use super::{Listing, START_MAX, Surroundings, content, convert};
use crate::caps::{Capability, Grants};
use crate::device::{ErrorKind, FunctionSpec, ToolError};
use crate::net::Net;
use crate::secrets::handle::{self, PREFIX};

/// The shortest and the longest time after a failed start before the next.
const REST: Duration = Duration::from_secs(1);
const REST_MAX: Duration = Duration::from_secs(60);
/// Pages of a listing.
const PAGES_MAX: usize = 200;
/// Resources that are named where another was asked for.
const RESOURCES_NAMED: usize = 20;

/// How a server asks for an answer of a model.
const SAMPLING: &str = "sampling/createMessage";

type Service = Arc<Running>;

/// A connection that stands. Given up, it is closed, and the program behind it is ended.
pub(super) struct Running {
    pub(super) service: RunningService<RoleClient, Client>,
    /// Whether the library has seen its tools.
    pub(super) listed: AtomicBool,
    pub(super) _over: DropGuard,
}

impl Running {
    /// All tools of the server. A page that names no other as the next is the last; so is one
    /// that only has tools which were listed before, as of servers that name some page always. An
    /// empty name is one; servers that mean the end by it may refuse it.
    async fn tools(&self) -> Result<Vec<Tool>, ServiceError> {
        let mut tools: Vec<Tool> = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let params = PaginatedRequestParams::default().with_cursor(cursor.clone());
            let page = match self.service.list_tools(Some(params)).await {
                Err(ServiceError::McpError(_)) if cursor.as_deref() == Some("") => break,
                page => page?,
            };
            let fresh: Vec<Tool> = page
                .tools
                .into_iter()
                .filter(|tool| cursor.is_none() || !tools.contains(tool))
                .collect();
            let next = page.next_cursor;
            let is_last = next.is_none() || cursor.is_some() && fresh.is_empty();
            tools.extend(fresh);
            if is_last {
                break;
            }
            cursor = next;
        }
        Ok(tools)
    }
}

/// What a link shares with the others of its machine.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) surroundings: Arc<Surroundings>,
    pub(super) net: Net,
    /// The programs that were started.
    pub(super) children: Children,
    /// Cancelled when the machine ends its servers.
    pub(super) over: CancellationToken,
}

/// The connection to a server.
pub(super) struct Link {
    pub(super) bound: Bound,
    /// What was granted to this server.
    pub(super) grants: Grants,
    pub(super) shared: Shared,
    /// Values that it may not repeat.
    pub(super) hidden: Hidden,
    /// What it said without being asked.
    pub(super) life: Arc<Life>,
    state: Mutex<State>,
    pub(super) said: Lines,
    /// Whether it is known to be of the kind that shakes hands.
    pub(super) shakes_hands: AtomicBool,
}

#[derive(Default)]
struct State {
    service: Option<Service>,
    failures: u32,
    failed: Option<(Instant, ToolError)>,
}

impl Link {
    pub(super) fn new(bound: Bound, grants: Grants, shared: Shared) -> Self {
        let mut link = Self {
            bound,
            grants,
            shared,
            hidden: Hidden::default(),
            life: Arc::default(),
            state: Mutex::default(),
            said: Lines::default(),
            shakes_hands: AtomicBool::default(),
        };
        let granted = link.server().variables().into_iter();
        let values: BTreeMap<String, String> = granted
            .filter(|name| !link.shared.surroundings.passed_on.contains_key(name))
            .filter_map(|name| Some((link.variable(&name)?, name)))
            .map(|(value, name)| (name, value))
            .collect();
        link.hidden = Hidden::of(link.server(), &values);
        link
    }

    pub(super) fn bound(&self) -> &Bound {
        &self.bound
    }

    pub(super) fn server(&self) -> &McpServer {
        &self.bound.server
    }

    /// The value of a variable, if it was granted.
    fn variable(&self, name: &str) -> Option<String> {
        let granted = self.grants.allows(&to_be_given(name));
        granted.then(|| (self.shared.surroundings.variables)(name))?
    }

    /// `args` with the values of the secrets whose handles they are, as far as these were
    /// granted to the server, or by `once` for this call.
    pub(super) fn with_secrets(
        &self,
        args: Map<String, Value>,
        once: &Grants,
    ) -> Result<Map<String, Value>, ToolError> {
        let fill = |value: Value| self.with_secret(value, once);
        let filled = args
            .into_iter()
            .map(|(name, value)| Ok((name, fill(value)?)));
        filled.collect()
    }

    fn with_secret(&self, value: Value, once: &Grants) -> Result<Value, ToolError> {
        Ok(match value {
            Value::String(text) => match handle::whole(&text) {
                Some(name) => Value::String(self.secret(name, once)?),
                None => Value::String(text),
            },
            Value::Array(items) => {
                let items = items.into_iter().map(|item| self.with_secret(item, once));
                Value::Array(items.collect::<Result<_, _>>()?)
            }
            Value::Object(fields) => Value::Object(self.with_secrets(fields, once)?),
            other => other,
        })
    }

    fn secret(&self, name: &str, once: &Grants) -> Result<String, ToolError> {
        let server = &self.server().name;
        let wanted = Capability::Secret { name: name.into() };
        if !self.grants.allows(&wanted) && !once.allows(&wanted) {
            let reason = format!("{server} needs {wanted}, which was not granted");
            return Err(ToolError::denied(reason, server, &wanted));
        }
        let value = (self.shared.surroundings.variables)(&format!("{PREFIX}{name}"));
        value.ok_or_else(|| {
            let message = format!("there is no secret {name}");
            ToolError::new(ErrorKind::Denied, message, "its user has to set it")
        })
    }

    pub(super) fn filled(&self, text: &str) -> Result<String, String> {
        fill(text, &|name| self.variable(name))
    }

    /// Whether all that the server asks for was granted, to the one that is there now.
    fn permitted(&self) -> Result<(), ToolError> {
        let name = &self.server().name;
        let denied =
            |message: String, hint: String| Err(ToolError::new(ErrorKind::Denied, message, hint));
        let requests = self.server().requests();
        if requests.is_empty() {
            let reason = self.server().check().err().unwrap_or_default();
            return denied(
                format!("the MCP server {name} cannot be used: {reason}"),
                "see how its file has it".into(),
            );
        }
        if let Some(missing) = requests.iter().find(|need| !self.grants.allows(need)) {
            let reason = format!("{name} needs {missing}, which was not granted");
            return Err(ToolError::denied(reason, name, missing));
        }
        // Between the grant and now somebody may have put another program in its place.
        if binding::fingerprint(self.server(), &self.shared.surroundings) != self.bound.fingerprint
        {
            let reason = format!(
                "the program or a file of the MCP server {name} was changed just now; look at it \
                 before you grant it again"
            );
            return Err(ToolError::denied(reason, name, &requests[0]));
        }
        Ok(())
    }

    /// Its tools, as functions.
    pub(super) async fn list(&self) -> Result<Listing, ToolError> {
        let running = self.connected().await?;
        let tools = match running.tools().await {
            // A server of resources or prompts need not know the question.
            Err(ServiceError::McpError(error)) if error.code == ErrorCode::METHOD_NOT_FOUND => {
                Vec::new()
            }
            tools => tools.map_err(|error| self.failure(&error))?,
        };
        let mut listing = Listing {
            functions: Vec::new(),
            left_out: Vec::new(),
        };
        for tool in &tools {
            let is_known = |known: &FunctionSpec| *known.name == *tool.name;
            match convert::function(tool) {
                Ok(_) if listing.functions.iter().any(is_known) => {
                    let reason = "another function of it has the same name".to_owned();
                    listing.left_out.push((tool.name.to_string(), reason));
                }
                Ok(function) => listing.functions.push(self.described(function)),
                Err(reason) => listing.left_out.push((tool.name.to_string(), reason)),
            }
        }
        let info = running.service.peer_info();
        let has_resources = info.is_some_and(|info| info.capabilities.resources.is_some());
        let named = |name: &str| tools.iter().any(|tool| tool.name == name);
        if has_resources && !named(content::READER) {
            listing.functions.push(content::reader());
        }
        Ok(listing)
    }

    /// Calls a tool. One that only reads is called again where the server had ended.
    pub(super) async fn call(
        &self,
        name: String,
        args: Map<String, Value>,
        repeatable: bool,
    ) -> Result<CallToolResult, ToolError> {
        let params = CallToolRequestParams::new(name).with_arguments(args);
        let running = self.ready().await?;
        let closed = match running.service.call_tool(params.clone()).await {
            Ok(result) => return Ok(result),
            Err(error) if is_closed(&error) => error,
            Err(error) => return Err(self.failure(&error)),
        };
        self.forget(&running).await;
        if !repeatable {
            let mut error = self.failure(&closed);
            error.hint = "whether it took effect is not known; check before doing it again".into();
            return Err(error);
        }
        let running = self.ready().await?;
        let result = running.service.call_tool(params).await;
        result.map_err(|error| self.failure(&error))
    }

    /// Reads what is at the address `uri` of the server.
    pub(super) async fn read(&self, uri: String) -> Result<Value, ToolError> {
        let running = self.connected().await?;
        let params = ReadResourceRequestParams::new(uri);
        let error = match running.service.read_resource(params).await {
            Ok(result) => return Ok(content::read(&result)),
            Err(error) => error,
        };
        if is_closed(&error) {
            self.forget(&running).await;
        }
        let mut failure = self.failure(&error);
        if failure.kind == ErrorKind::Failed
            && let Ok(there) = running.service.list_resources(None).await
        {
            let uris: Vec<&str> = there.resources.iter().map(|one| one.uri.as_str()).collect();
            let first = uris[..uris.len().min(RESOURCES_NAMED)].join(", ");
            let is_all = there.next_cursor.is_none() && uris.len() <= RESOURCES_NAMED;
            failure.hint = self.hidden.text(&match (uris.len(), is_all) {
                (0, _) => "take an address as a result of this server gave it".to_owned(),
                (_, true) => format!("there are {first}"),
                (_, false) => format!("there are many, such as {first}"),
            });
        }
        Err(failure)
    }

    /// The running server, ready for a call: over HTTP some of its arguments are headers,
    /// and which they are is in the listing.
    async fn ready(&self) -> Result<Service, ToolError> {
        let running = self.connected().await?;
        let info = running.service.peer_info();
        let is_newer = info.is_some_and(|info| !info.protocol_version.has_initialize());
        let is_http = matches!(self.server().transport, McpTransport::Http { .. });
        if is_newer && is_http && !running.listed.swap(true, Ordering::Relaxed) {
            // A call without them fails with the server's own words.
            let _ = running.tools().await;
        }
        Ok(running)
    }

    /// The running server, started if it is not.
    async fn connected(&self) -> Result<Service, ToolError> {
        let mut state = self.state.lock().await;
        if let Some(service) = state
            .service
            .as_ref()
            .filter(|running| !running.service.is_closed())
        {
            return Ok(service.clone());
        }
        if let Some((at, error)) = &state.failed {
            let rest = (REST * 2u32.saturating_pow(state.failures.saturating_sub(1))).min(REST_MAX);
            if at.elapsed() < rest {
                let mut error = error.clone();
                let wait = rest.saturating_sub(at.elapsed()).as_secs() + 1;
                error.hint = format!("it is tried again in {wait} s; do without it until then");
                return Err(error);
            }
        }
        self.permitted()?;
        self.said.lock().clear();
        let started = tokio::time::timeout(START_MAX, self.start()).await;
        let late = || format!("it did not start within {} s", START_MAX.as_secs());
        match started.unwrap_or_else(|_| Err(late())) {
            Ok(running) => {
                let service = Arc::new(running);
                *state = State {
                    service: Some(service.clone()),
                    ..State::default()
                };
                Ok(service)
            }
            Err(reason) => {
                let error = self.unavailable(&reason);
                state.failures = state.failures.saturating_add(1);
                state.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    /// Drops a connection that has ended, unless it was replaced already.
    async fn forget(&self, ended: &Service) {
        let mut state = self.state.lock().await;
        if state
            .service
            .as_ref()
            .is_some_and(|service| Arc::ptr_eq(service, ended))
        {
            state.service = None;
        }
    }

    /// A function, told without what may not be said.
    fn described(&self, function: FunctionSpec) -> FunctionSpec {
        FunctionSpec {
            description: self.hidden.text(&function.description),
            parameters: self.hidden.value(function.parameters),
            returns: self.hidden.value(function.returns),
            ..function
        }
    }

    /// `error` without what may not be said.
    pub(super) fn confidential(&self, error: ToolError) -> ToolError {
        ToolError {
            message: self.hidden.text(&error.message),
            hint: self.hidden.text(&error.hint),
            ..error
        }
    }

    fn failure(&self, error: &ServiceError) -> ToolError {
        match error {
            ServiceError::McpError(error) if error.code == TOO_LONG => {
                let message = format!("the MCP server {}: {}", self.server().name, error.message);
                ToolError::new(ErrorKind::OutputTooLarge, message, "ask for less at a time")
            }
            ServiceError::McpError(error) => {
                self.confidential(ToolError::new(ErrorKind::Failed, words(error), ""))
            }
            ServiceError::UnexpectedResponse => {
                self.unavailable("it answers with something else than was asked for")
            }
            error => self.unavailable(&of_call(plain(&error.to_string()))),
        }
    }

    fn unavailable(&self, reason: &str) -> ToolError {
        let mut message = format!("the MCP server {}: {reason}", self.server().name);
        let said: Vec<String> = self.said.lock().iter().cloned().collect();
        if !said.is_empty() {
            message.push_str(&format!("; it said: {}", said.join(" / ")));
        }
        self.confidential(ToolError::new(
            ErrorKind::Unavailable,
            message,
            format!(
                "check that it runs by hand, and how its file starts it: {}",
                self.server().origin()
            ),
        ))
    }
}

/// The words with which a server refuses a request, and what it adds to them.
fn words(error: &ErrorData) -> String {
    let said = match error.message.trim() {
        // What the library says of it is its name alone.
        SAMPLING => "it wants a model to work for it, which no server is given",
        said => said,
    };
    let added = error.data.as_ref().filter(|data| !data.is_null());
    let added = added.map(|data| {
        data.as_str()
            .map_or_else(|| data.to_string(), str::to_owned)
    });
    let all = match (said, added) {
        ("", None) => format!("it refuses with the code {}", error.code.0),
        ("", Some(added)) => added,
        (said, Some(added)) if !said.contains(&added) => format!("{said}: {added}"),
        (said, _) => said.to_owned(),
    };
    convert::shortened(&all)
}

fn is_closed(error: &ServiceError) -> bool {
    matches!(
        error,
        ServiceError::TransportClosed | ServiceError::TransportSend(_)
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_is_told_with_what_it_adds() {
        let check = |message: &'static str, data: Value, want: &str| {
            let data = (!data.is_null()).then_some(data);
            let error = ErrorData::new(ErrorCode::INVALID_PARAMS, message, data);
            assert_eq!(words(&error), want);
        };
        check("no such cord", Value::Null, "no such cord");
        check("no such cord", json!("red"), "no such cord: red");
        check("no such cord: red", json!("red"), "no such cord: red");
        check("bad", json!({"at": "/cord"}), r#"bad: {"at":"/cord"}"#);
        check(" ", json!("red"), "red");
        check("", Value::Null, "it refuses with the code -32602");
        check(
            SAMPLING,
            Value::Null,
            "it wants a model to work for it, which no server is given",
        );
    }
}
