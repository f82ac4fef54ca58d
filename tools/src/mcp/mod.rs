//! Servers of the Model Context Protocol as devices.
//!
//! A server is a program of its own, with the rights of the user, or somebody else's
//! machine: none runs that was not granted, by itself and not among others, and what it
//! says is not trusted. It is
//! started at its first call and again when it has ended; its functions are known
//! before that, from an earlier listing.
//!
//! | file | job |
//! | --- | --- |
//! | `config` | what a server is: a command or an address |
//! | `fill` | variables in what was written down |
//! | `bound` | what a grant is bound to: the entry, the program, its files |
//! | `link` | the connection: started when needed, and again after a failure |
//! | `hidden` | what a server was given in confidence, kept out of what it says |
//! | `convert` | tools to functions, results to JSON |

mod bound;
mod config;
mod convert;
mod fill;
mod hidden;
mod link;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Map, Value};
use tokio::runtime::{Builder, Runtime};

pub use bound::Bound;
pub use config::{McpServer, McpTransport};

use crate::caps::Grants;
use crate::device::{CallContext, Device, DeviceSpec, Effect, ErrorKind, FunctionSpec, ToolError};
use crate::grants::Held;
use crate::net::Net;
use link::Link;

/// How often a waiting call looks whether it was cancelled.
const TICK: Duration = Duration::from_millis(20);
/// How long a server may take to start: some are downloaded first.
const START_MAX: Duration = Duration::from_secs(60);

/// Where the connections of a machine live: a thread beside those of its owner, so
/// that a call may block wherever it is made.
pub struct McpHost {
    runtime: Option<Runtime>,
    surroundings: Arc<Surroundings>,
    net: Net,
}

/// Variables of the environment.
pub type Environment = BTreeMap<String, String>;

/// Looks a variable of the environment up by its name.
pub type Variables = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// What a server finds around it.
struct Surroundings {
    /// Variables that every program has without being given them.
    passed_on: Environment,
    /// Those that may be filled in once they were granted.
    variables: Variables,
}

impl McpHost {
    /// Starts the thread. Programs get the variables of `passed_on`, their own, and those
    /// of `variables` that are named in their entry and were granted; no others. Fails
    /// only where no thread can be started.
    pub fn new(passed_on: Environment, variables: Variables) -> std::io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("quipu-mcp")
            .enable_all()
            .build()?;
        Ok(Self {
            runtime: Some(runtime),
            surroundings: Arc::new(Surroundings {
                passed_on,
                variables,
            }),
            net: Net::default(),
        })
    }

    /// The same, reaching addresses through `net`.
    #[must_use]
    pub fn with_net(mut self, net: Net) -> Self {
        self.net = net;
        self
    }

    /// `server` with what a grant to it is bound to: reads its program and its files.
    pub fn bind(&self, server: McpServer) -> Bound {
        Bound::of(server, &self.surroundings)
    }

    /// The device for `bound`, with the functions it was `known` to have and what it
    /// was granted. Nothing is started before the first call.
    pub fn device(
        self: &Arc<Self>,
        bound: Bound,
        known: Vec<FunctionSpec>,
        held: Held,
    ) -> McpDevice {
        let server = &bound.server;
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
                optional: false,
                requests,
                granted: held.grants.clone(),
                lapsed: held.lapsed,
                vouched: false,
                hash: Some(bound.fingerprint.clone()),
            },
            link: Arc::new(self.link(bound, held.grants)),
            host: self.clone(),
        }
    }

    /// Starts the server of `bound`, which holds `grants`, asks for its functions and
    /// waits for at most `deadline`. Those that cannot be used are left out and named
    /// with the reason.
    ///
    /// # Errors
    /// Also when something that it asks for was not granted: then it is not started.
    pub fn list(
        self: &Arc<Self>,
        bound: Bound,
        grants: Grants,
        deadline: Duration,
    ) -> Result<Listing, ToolError> {
        let link = self.link(bound, grants);
        let context = CallContext {
            deadline,
            ..CallContext::default()
        };
        self.run(&context, async move { link.list().await })?
    }

    fn link(&self, bound: Bound, grants: Grants) -> Link {
        Link::new(bound, grants, self.surroundings.clone(), self.net.clone())
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
        let args: Map<String, Value> = args.as_object().cloned().unwrap_or_default();
        let (link, name) = (self.link.clone(), spec.name.clone());
        let repeatable = spec.effect == Effect::Read;
        let result =
            self.host.run(
                context,
                async move { link.call(name, args, repeatable).await },
            )??;
        convert::outcome(result, context.output_bytes_max)
            .map(|value| self.link.hidden.value(value))
            .map_err(|error| self.link.confidential(error))
    }
}
