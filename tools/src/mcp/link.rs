//! The connection to one server: started when it is needed, and again when it has
//! ended; not at once after it failed. Here is the one place where a server is started or
//! reached, so here it is checked that all it asks for was granted to exactly this one.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::process::Stdio;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rmcp::ServiceExt;
use rmcp::model::{CallToolRequestParams, CallToolResult, ClientConfig, Implementation};
use rmcp::service::{RoleClient, RunningService, ServiceError};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::transport::{StreamableHttpClientTransport, TokioChildProcess};
use serde_json::{Map, Value};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{ChildStderr, Command};
use tokio::sync::Mutex;

use super::bound::{self, Bound};
use super::config::{McpServer, McpTransport, address};
use super::fill::fill;
use super::hidden::Hidden;
use super::{Listing, START_MAX, Surroundings, convert};
use crate::caps::{Capability, Grants, Rights};
use crate::device::{ErrorKind, FunctionSpec, ToolError};
use crate::net::{Net, Target};

/// The shortest and the longest time after a failed start before the next.
const REST: Duration = Duration::from_secs(1);
const REST_MAX: Duration = Duration::from_secs(60);
/// How long the last words of a server that could not be started are waited for.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Lines of a server's standard error that are kept to explain its end.
const LINES_KEPT: usize = 5;

type Service = Arc<RunningService<RoleClient, ClientConfig>>;
type Lines = Arc<parking_lot::Mutex<VecDeque<String>>>;

/// The connection to a server.
pub(super) struct Link {
    bound: Bound,
    /// What was granted to this server.
    grants: Grants,
    surroundings: Arc<Surroundings>,
    net: Net,
    /// What it may not say again.
    pub(super) hidden: Hidden,
    state: Mutex<State>,
    said: Lines,
}

#[derive(Default)]
struct State {
    service: Option<Service>,
    failures: u32,
    failed: Option<(Instant, ToolError)>,
}

impl Link {
    pub(super) fn new(
        bound: Bound,
        grants: Grants,
        surroundings: Arc<Surroundings>,
        net: Net,
    ) -> Self {
        let mut link = Self {
            bound,
            grants,
            surroundings,
            net,
            hidden: Hidden::default(),
            state: Mutex::default(),
            said: Lines::default(),
        };
        let granted = link.server().variables().into_iter();
        let values: BTreeMap<String, String> = granted
            .filter(|name| !link.surroundings.passed_on.contains_key(name))
            .filter_map(|name| Some((link.variable(&name)?, name)))
            .map(|(value, name)| (name, value))
            .collect();
        link.hidden = Hidden::of(link.server(), &values);
        link
    }

    fn server(&self) -> &McpServer {
        &self.bound.server
    }

    /// The value of a variable, if it was granted.
    fn variable(&self, name: &str) -> Option<String> {
        let wanted = Capability::Env { name: name.into() };
        let granted = self.grants.allows(&wanted);
        granted.then(|| (self.surroundings.variables)(name))?
    }

    fn filled(&self, text: &str) -> Result<String, String> {
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
            return denied(
                format!("{name} needs {missing}, which was not granted"),
                format!("quipu tool grant {name} {missing}"),
            );
        }
        // Between the grant and now somebody may have put another program in its place.
        if bound::fingerprint(self.server(), &self.surroundings) != self.bound.fingerprint {
            return denied(
                format!("the program or a file of the MCP server {name} was changed just now"),
                format!("look at it, then: quipu tool grant {name} {}", requests[0]),
            );
        }
        Ok(())
    }

    /// Its tools, as functions.
    pub(super) async fn list(&self) -> Result<Listing, ToolError> {
        let service = self.connected().await?;
        let tools = service
            .list_all_tools()
            .await
            .map_err(|error| self.failure(&error))?;
        let mut listing = Listing {
            functions: Vec::new(),
            left_out: Vec::new(),
        };
        for tool in &tools {
            match convert::function(tool) {
                Ok(function) => listing.functions.push(self.described(function)),
                Err(reason) => listing.left_out.push((tool.name.to_string(), reason)),
            }
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
        let service = self.connected().await?;
        let closed = match service.call_tool(params.clone()).await {
            Ok(result) => return Ok(result),
            Err(error) if is_closed(&error) => error,
            Err(error) => return Err(self.failure(&error)),
        };
        self.forget(&service).await;
        if !repeatable {
            let mut error = self.failure(&closed);
            error.hint = "whether it took effect is not known; check before doing it again".into();
            return Err(error);
        }
        let service = self.connected().await?;
        service
            .call_tool(params)
            .await
            .map_err(|error| self.failure(&error))
    }

    /// The running server, started if it is not.
    async fn connected(&self) -> Result<Service, ToolError> {
        let mut state = self.state.lock().await;
        if let Some(service) = state
            .service
            .as_ref()
            .filter(|service| !service.is_closed())
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
            Ok(service) => {
                let service = Arc::new(service);
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

    async fn start(&self) -> Result<RunningService<RoleClient, ClientConfig>, String> {
        let mut client = ClientConfig::default();
        client.client_info = Implementation::new("quipu", env!("CARGO_PKG_VERSION"));
        let started = match &self.server().transport {
            McpTransport::Stdio { .. } => {
                let program = self.program()?;
                let name = program.as_std().get_program().to_owned();
                let (transport, stderr) = TokioChildProcess::builder(program)
                    .stderr(Stdio::piped())
                    .spawn()
                    .map_err(|error| format!("{}: {error}", name.display()))?;
                let listener = stderr.map(|stderr| {
                    tokio::spawn(listen(stderr, self.said.clone(), self.hidden.clone()))
                });
                let started = client.serve(transport).await;
                if let (Err(_), Some(listener)) = (&started, listener) {
                    // What it said last may be still on its way, and explains most.
                    let _ = tokio::time::timeout(LAST_WORDS, listener).await;
                }
                started
            }
            McpTransport::Http { .. } => client.serve(self.address().await?).await,
        };
        started.map_err(|error| plain(&error.to_string()))
    }

    /// The program to start: the very file that the grant is bound to.
    fn program(&self) -> Result<Command, String> {
        let McpTransport::Stdio {
            command,
            args,
            env,
            cwd,
        } = &self.server().transport
        else {
            return Err("it is no program".into());
        };
        let folder = bound::folder(cwd.as_deref());
        let command = self.filled(command)?;
        let program = bound::program(&command, &folder, &self.surroundings)
            .ok_or_else(|| format!("there is no program {command}"))?;
        let mut child = Command::new(program);
        for arg in args {
            child.arg(self.filled(arg)?);
        }
        child.env_clear().envs(&self.surroundings.passed_on);
        for (name, value) in env {
            child.env(name, self.filled(value)?);
        }
        child.current_dir(folder).kill_on_drop(true);
        Ok(child)
    }

    /// The connection to an address, behind the same guard as the requests of plugins.
    async fn address(&self) -> Result<StreamableHttpClientTransport<reqwest::Client>, String> {
        let McpTransport::Http { url, headers } = &self.server().transport else {
            return Err("it is no address".into());
        };
        let granted = address(url)?;
        let target = Target::parse(&self.filled(url)?)
            .ok()
            .filter(|target| target.same_origin(&granted))
            .ok_or("with its variables the url leads to another host than was granted")?;
        if !self.server().variables().is_empty() && !target.is_private() {
            return Err("a variable is not sent in clear: the url has to begin with https".into());
        }
        let mut custom = HashMap::new();
        for (name, value) in headers {
            let wrong = || format!("the header {name} cannot be sent");
            custom.insert(
                http::HeaderName::from_str(name).map_err(|_| wrong())?,
                http::HeaderValue::from_str(&self.filled(value)?).map_err(|_| wrong())?,
            );
        }
        let rights = Rights::new(&self.server().requests(), &self.grants, &Grants::default());
        let web = self
            .net
            .client_for(&target, &rights)
            .await
            .map_err(|error| error.to_string())?;
        let config = StreamableHttpClientTransportConfig::with_uri(target.url.as_str())
            .custom_headers(custom);
        Ok(StreamableHttpClientTransport::with_client(web, config))
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
            ServiceError::McpError(error) => self.confidential(ToolError::new(
                ErrorKind::Failed,
                error.message.to_string(),
                "",
            )),
            error => self.unavailable(&plain(&error.to_string())),
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
                "see whether it runs by hand, and how its file has it: {}",
                self.server().origin()
            ),
        ))
    }
}

/// A failure in words: the library names the Rust type of the transport first.
fn plain(error: &str) -> String {
    let words = error
        .rsplit_once("] error: ")
        .map_or(error, |(_, words)| words);
    match words.contains("Broken pipe") || words.contains("connection closed") {
        true => "it ended before it answered".into(),
        false => words.to_owned(),
    }
}

fn is_closed(error: &ServiceError) -> bool {
    matches!(
        error,
        ServiceError::TransportClosed | ServiceError::TransportSend(_)
    )
}

/// Keeps the last lines of what a server says on standard error.
async fn listen(stderr: ChildStderr, lines: Lines, hidden: Hidden) {
    let mut reader = BufReader::new(stderr).lines();
    while let Ok(Some(line)) = reader.next_line().await {
        let line = hidden.text(&line);
        tracing::debug!(%line, "an MCP server says");
        let mut lines = lines.lock();
        if lines.len() == LINES_KEPT {
            lines.pop_front();
        }
        lines.push_back(line.chars().take(300).collect());
    }
}
