//! Servers of the Model Context Protocol as devices.
//!
//! A server is a program of its own, with the rights of the user, or somebody else's
//! machine: none runs that was not granted, and what it says is not trusted. It is
//! started at its first call and again when it has ended; its functions are known
//! before that, from an earlier listing.
//!
//! | file | job |
//! | --- | --- |
//! | `config` | what a server is: a command or an address |
//! | `link` | the connection: started when needed, and again after a failure |
//! | `convert` | tools to functions, results to JSON |
//! | `plain` | schemas as a grammar can follow them |

mod config;
mod convert;
mod link;
mod plain;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Map, Value};
use tokio::runtime::{Builder, Runtime};

pub use config::{McpServer, McpTransport};

use crate::caps::Capability;
use crate::device::{CallContext, Device, DeviceSpec, Effect, ErrorKind, FunctionSpec, ToolError};
use crate::grants::Held;
use link::Link;

/// How often a waiting call looks whether it was cancelled.
const TICK: Duration = Duration::from_millis(20);
/// How long a server may take to start: some are downloaded first.
const START_MAX: Duration = Duration::from_secs(60);

/// Where the connections of a machine live: a thread beside those of its owner, so
/// that a call may block wherever it is made.
pub struct McpHost {
    runtime: Option<Runtime>,
    environment: Environment,
}

/// Variables of the environment.
pub type Environment = BTreeMap<String, String>;

impl McpHost {
    /// Starts the thread. Programs get the variables of `environment` and their own,
    /// no others. Fails only where no thread can be started.
    pub fn new(environment: Environment) -> std::io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("quipu-mcp")
            .enable_all()
            .build()?;
        Ok(Self {
            runtime: Some(runtime),
            environment,
        })
    }

    /// The device for `server`, with the functions it was `known` to have and what it
    /// was granted. Nothing is started before the first call.
    pub fn device(
        self: &Arc<Self>,
        server: McpServer,
        known: Vec<FunctionSpec>,
        held: Held,
    ) -> McpDevice {
        let requests = server.requests();
        let functions = known.into_iter().map(|function| FunctionSpec {
            needs: requests.clone(),
            ..function
        });
        McpDevice {
            spec: DeviceSpec {
                name: server.name.clone(),
                description: format!("the MCP server {}", server.name),
                origin: server.origin(),
                functions: functions.collect(),
                requests,
                granted: held.grants,
                lapsed: held.lapsed,
                hash: Some(server.fingerprint()),
            },
            link: Arc::new(Link::new(server, self.environment.clone())),
            host: self.clone(),
        }
    }

    /// Starts `server`, asks for its functions and waits for at most `deadline`. Those
    /// that cannot be used are left out and named with the reason.
    pub fn list(
        self: &Arc<Self>,
        server: McpServer,
        deadline: Duration,
    ) -> Result<Listing, ToolError> {
        let link = Link::new(server, self.environment.clone());
        let context = CallContext {
            deadline,
            ..CallContext::default()
        };
        self.run(&context, async move { link.list().await })?
    }

    /// Runs `work` on the host's thread until it is done, the deadline has passed or
    /// the caller cancels; then it is dropped, which tells the server.
    fn run<T: Send + 'static>(
        &self,
        context: &CallContext,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, ToolError> {
        let gone = || ToolError::new(ErrorKind::Unavailable, "the connection was shut down", "");
        let runtime = self.runtime.as_ref().ok_or_else(gone)?;
        let (sender, receiver) = channel();
        let task = runtime.spawn(async move {
            // A caller that has stopped waiting needs no answer.
            let _ = sender.send(work.await);
        });
        let begun = Instant::now();
        loop {
            let left = context.deadline.saturating_sub(begun.elapsed());
            match receiver.recv_timeout(left.min(TICK)) {
                Ok(done) => return Ok(done),
                Err(RecvTimeoutError::Disconnected) => return Err(gone()),
                Err(RecvTimeoutError::Timeout) if context.cancel.is_cancelled() => {
                    task.abort();
                    return Err(ToolError::new(
                        ErrorKind::Cancelled,
                        "the call was cancelled",
                        "",
                    ));
                }
                Err(RecvTimeoutError::Timeout) if begun.elapsed() >= context.deadline => {
                    task.abort();
                    return Err(ToolError::new(
                        ErrorKind::Timeout,
                        format!(
                            "the server did not answer within {} ms",
                            context.deadline.as_millis()
                        ),
                        "try a smaller request, or later",
                    ));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

impl Drop for McpHost {
    fn drop(&mut self) {
        // May happen on a thread that must not wait; the servers end with their pipes.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// What a server offers.
#[derive(Debug)]
pub struct Listing {
    /// The functions that can be used.
    pub functions: Vec<FunctionSpec>,
    /// The others, by name, with the reason.
    pub left_out: Vec<(String, String)>,
}

/// A server on the bus.
pub struct McpDevice {
    spec: DeviceSpec,
    link: Arc<Link>,
    host: Arc<McpHost>,
}

impl Device for McpDevice {
    fn spec(&self) -> &DeviceSpec {
        &self.spec
    }

    fn call(
        &self,
        function: &str,
        args: &Value,
        context: &CallContext,
    ) -> Result<Value, ToolError> {
        let spec = self.spec.function(function)?;
        spec.check_args(args)?;
        // The gate has asked as well; here it is what keeps the server from starting.
        let held =
            |need: &&Capability| self.spec.granted.allows(need) || context.grants.allows(need);
        if let Some(missing) = spec.needs.iter().find(|need| !held(need)) {
            return Err(ToolError::new(
                ErrorKind::Denied,
                format!("{} needs {missing}, which was not granted", self.spec.name),
                format!("quipu tool grant {} {missing}", self.spec.name),
            ));
        }
        let args: Map<String, Value> = args.as_object().cloned().unwrap_or_default();
        let (link, name) = (self.link.clone(), spec.name.clone());
        let repeatable = spec.effect == Effect::Read;
        let result =
            self.host.run(
                context,
                async move { link.call(name, args, repeatable).await },
            )??;
        convert::outcome(result, context.output_bytes_max)
    }
}
