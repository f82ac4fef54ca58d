//! The connection to one server: started when it is needed, and again when it has
//! ended; not at once after it failed.

use std::collections::{HashMap, VecDeque};
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

use super::config::{McpServer, McpTransport};
use super::{Environment, Listing, START_MAX, convert};
use crate::device::{ErrorKind, ToolError};

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
    server: McpServer,
    environment: Environment,
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
    pub(super) fn new(server: McpServer, environment: Environment) -> Self {
        Self {
            server,
            environment,
            state: Mutex::default(),
            said: Lines::default(),
        }
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
                Ok(function) => listing.functions.push(function),
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
        match &self.server.transport {
            McpTransport::Stdio {
                command,
                args,
                env,
                cwd,
            } => {
                let mut child = Command::new(command);
                child.args(args).kill_on_drop(true);
                child.env_clear().envs(&self.environment).envs(env);
                if let Some(cwd) = cwd {
                    child.current_dir(cwd);
                }
                let (transport, stderr) = TokioChildProcess::builder(child)
                    .stderr(Stdio::piped())
                    .spawn()
                    .map_err(|error| format!("{command}: {error}"))?;
                let listener = stderr.map(|stderr| tokio::spawn(listen(stderr, self.said.clone())));
                let started = client.serve(transport).await;
                if let (Err(_), Some(listener)) = (&started, listener) {
                    // What it said last may be still on its way, and explains most.
                    let _ = tokio::time::timeout(LAST_WORDS, listener).await;
                }
                started.map_err(|error| plain(&error.to_string()))
            }
            McpTransport::Http { url, headers } => {
                let mut custom = HashMap::new();
                for (name, value) in headers {
                    let wrong = || format!("the header {name} cannot be sent");
                    custom.insert(
                        http::HeaderName::from_str(name).map_err(|_| wrong())?,
                        http::HeaderValue::from_str(value).map_err(|_| wrong())?,
                    );
                }
                let config = StreamableHttpClientTransportConfig::with_uri(url.as_str())
                    .custom_headers(custom);
                // What was granted is this host, and a redirect would lead to another.
                let web = reqwest::Client::builder()
                    .redirect(reqwest::redirect::Policy::none())
                    .no_proxy()
                    .build()
                    .map_err(|error| error.to_string())?;
                let transport = StreamableHttpClientTransport::with_client(web, config);
                client
                    .serve(transport)
                    .await
                    .map_err(|error| plain(&error.to_string()))
            }
        }
    }

    fn failure(&self, error: &ServiceError) -> ToolError {
        match error {
            ServiceError::McpError(error) => {
                ToolError::new(ErrorKind::Failed, error.message.to_string(), "")
            }
            error => self.unavailable(&plain(&error.to_string())),
        }
    }

    fn unavailable(&self, reason: &str) -> ToolError {
        let mut message = format!("the MCP server {}: {reason}", self.server.name);
        let said: Vec<String> = self.said.lock().iter().cloned().collect();
        if !said.is_empty() {
            message.push_str(&format!("; it said: {}", said.join(" / ")));
        }
        ToolError::new(
            ErrorKind::Unavailable,
            message,
            format!(
                "see whether it runs by hand, and how .mcp.json has it: {}",
                self.server.origin()
            ),
        )
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
async fn listen(stderr: ChildStderr, lines: Lines) {
    let mut reader = BufReader::new(stderr).lines();
    while let Ok(Some(line)) = reader.next_line().await {
        tracing::debug!(%line, "an MCP server says");
        let mut lines = lines.lock();
        if lines.len() == LINES_KEPT {
            lines.pop_front();
        }
        lines.push_back(line.chars().take(300).collect());
    }
}
