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
//! | `child` | a program: started, and ended with all that it started |
//! | `config` | what a server is: a command or an address |
//! | `placeholders` | variables in what was written down |
//! | `binding` | what a grant is bound to: the entry, the program, its files |
//! | `connect` | how it is reached: the program or address, the revision of the protocol |
//! | `revision`, `client` | which revision a server speaks, and what it says unasked |
//! | `redirects`, `http_client` | redirects of an address; how messages reach it |
//! | `events` | how they did in the first revision |
//! | `stdio` | the streams of a program: messages, and words beside them |
//! | `repair`, `forms` | results that are nearly as the protocol has them |
//! | `connection` | the connection: started when needed, and again after a failure |
//! | `redaction` | what a server was given in confidence, kept out of what it says |
//! | `content`, `data` | what a result holds: texts, and names of everything else; data in a text |
//! | `convert` | tools to functions, results to JSON |

mod binding;
mod child;
mod client;
mod config;
mod connect;
mod connection;
mod content;
mod convert;
mod data;
mod events;
mod forms;
mod http_client;
mod loose;
mod placeholders;
mod redaction;
mod redirects;
mod repair;
mod revision;
mod stdio;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde_json::{Map, Value};
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

pub use binding::Bound;
pub use config::{McpServer, McpTransport, Wanted};

use crate::caps::Grants;
use crate::device::{CallContext, Device, DeviceSpec, Effect, ErrorKind, FunctionSpec, ToolError};
use crate::grants::Held;
use crate::json_schema;
use crate::net::Net;
use child::Children;
use client::Life;
use connection::{Link, Shared};

/// How often a waiting call looks whether it was cancelled.
const TICK: Duration = Duration::from_millis(20);
/// How long a server may take to start: some are downloaded first.
const START_MAX: Duration = Duration::from_secs(60);
/// How long a call may take whose server goes on saying that it gets on with it.
const CALL_MAX: Duration = Duration::from_secs(3600);
/// How long a changed list of tools is waited for.
const RELIST_MAX: Duration = Duration::from_secs(5);

/// Where the connections of a machine live: a thread beside those of its owner, so
/// that a call may block wherever it is made.
pub struct McpHost {
    runtime: Mutex<Option<Runtime>>,
    shared: Shared,
    relisted: Option<Relisted>,
}

/// Is told of the functions of a server that had others before.
pub type Relisted = Arc<dyn Fn(&Bound, &[FunctionSpec]) + Send + Sync>;

/// Variables of the environment.
pub type Environment = BTreeMap<String, String>;

/// Looks a variable of the environment up by its name.
pub type Variables = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// The surroundings of a server.
struct Surroundings {
    /// Variables that every program has without being given them.
    passed_on: Environment,
    /// The variables that may be filled in once they were granted.
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
            runtime: Mutex::new(Some(runtime)),
            shared: Shared {
                surroundings: Arc::new(Surroundings {
                    passed_on,
                    variables,
                }),
                net: Net::default(),
                children: Children::default(),
                over: CancellationToken::new(),
            },
            relisted: None,
        })
    }

    /// The same, reaching addresses through `net`.
    #[must_use]
    pub fn with_net(mut self, net: Net) -> Self {
        self.shared.net = net;
        self
    }

    /// The same, telling `relisted` when a server says in the middle that its tools have
    /// changed.
    #[must_use]
    pub fn telling(mut self, relisted: Relisted) -> Self {
        self.relisted = Some(relisted);
        self
    }

    /// Ends the servers, and waits until they have: a few seconds at most, and usually
    /// none. No call can be made afterwards.
    pub fn end(&self) {
        let Some(runtime) = self.runtime.lock().take() else {
            return;
        };
        self.shared.over.cancel();
        let children = self.shared.children.clone();
        // On a thread of its own, because the caller's may be one that must not wait.
        let waiting = std::thread::spawn(move || {
            runtime.block_on(children.ended());
            runtime.shutdown_background();
        });
        let _ = waiting.join();
    }

    /// `server` with what a grant to it is bound to: reads its program and its files.
    pub fn bind(&self, server: McpServer) -> Bound {
        Bound::of(server, &self.shared.surroundings)
    }

    /// The device for `bound`, with its `known` functions and its grants. Nothing is started
    /// before the first call.
    pub fn device(
        self: &Arc<Self>,
        bound: Bound,
        known: Vec<FunctionSpec>,
        held: Held,
    ) -> McpDevice {
        let server = &bound.server;
        let requests = server.requests();
        let wanted = |function: &FunctionSpec| server.wanted.admits(&function.name);
        let functions = known
            .into_iter()
            .filter(wanted)
            .map(|function| FunctionSpec {
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
                granted: held.grants.clone(),
                lapsed: held.lapsed,
                hash: Some(bound.fingerprint.clone()),
                ..DeviceSpec::default()
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
        self.listed(Arc::new(self.link(bound, grants)), deadline)
    }

    /// The listing of the server behind `link`, within `deadline`.
    fn listed(&self, link: Arc<Link>, deadline: Duration) -> Result<Listing, ToolError> {
        let patience = Patience::of(&link, deadline, deadline);
        let asked = async move { link.list().await };
        self.run(&CallContext::default(), &patience, asked)?
    }

    fn link(&self, bound: Bound, grants: Grants) -> Link {
        Link::new(bound, grants, self.shared.clone())
    }

    /// Runs `work` on the host's thread until it is done, `patience` has ended or the
    /// caller cancels; then it is dropped, which tells the server.
    fn run<T: Send + 'static>(
        &self,
        context: &CallContext,
        patience: &Patience,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, ToolError> {
        let gone = || ToolError::new(ErrorKind::Unavailable, "the connection was shut down", "");
        let (sender, receiver) = channel();
        let task = self
            .runtime
            .lock()
            .as_ref()
            .ok_or_else(gone)?
            .spawn(async move {
                // A caller that has stopped waiting needs no answer.
                let _ = sender.send(work.await);
            });
        let begun = Instant::now();
        loop {
            match receiver.recv_timeout(patience.left(begun).min(TICK)) {
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
                Err(RecvTimeoutError::Timeout) if patience.left(begun).is_zero() => {
                    task.abort();
                    return Err(patience.error(begun));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Asks a server again that said that its tools have changed.
    fn relist(&self, link: &Arc<Link>) {
        let (Some(relisted), true) = (&self.relisted, link.life.take_changed()) else {
            return;
        };
        if let Ok(listing) = self.listed(link.clone(), RELIST_MAX) {
            relisted(link.bound(), &listing.functions);
        }
    }
}

/// How long a server is waited for.
struct Patience {
    name: String,
    /// The longest silence.
    silent_max: Duration,
    /// The longest time in all, however often it says that it gets on.
    whole_max: Duration,
    life: Arc<Life>,
}

impl Patience {
    fn of(link: &Link, silent_max: Duration, whole_max: Duration) -> Self {
        Self {
            name: link.bound().server.name.clone(),
            silent_max,
            whole_max: whole_max.max(silent_max),
            life: link.life.clone(),
        }
    }

    /// The time that is left for work that has `begun`.
    fn left(&self, begun: Instant) -> Duration {
        let heard = self.life.heard().filter(|heard| *heard > begun);
        let silence = heard.unwrap_or(begun).elapsed();
        let silent = self.silent_max.saturating_sub(silence);
        silent.min(self.whole_max.saturating_sub(begun.elapsed()))
    }

    fn error(&self, begun: Instant) -> ToolError {
        let name = &self.name;
        let limit = match self.silent_max {
            limit if limit.subsec_millis() == 0 => format!("{} s", limit.as_secs()),
            limit => format!("{} ms", limit.as_millis()),
        };
        let message = match self.life.heard().filter(|heard| *heard > begun) {
            None => format!("the server {name} did not answer within {limit}"),
            Some(heard) if heard.elapsed() >= self.silent_max => format!(
                "the server {name} did not answer within {limit} after it last reported progress"
            ),
            Some(_) => format!(
                "the server {name} did not come to an end within {} s",
                self.whole_max.as_secs()
            ),
        };
        let hint = format!(
            "try a smaller request, or later; \"timeout\" in the entry of {name}, in \
             milliseconds, is how long it may be silent"
        );
        ToolError::new(ErrorKind::Timeout, message, hint)
    }
}

impl Drop for McpHost {
    fn drop(&mut self) {
        self.end();
    }
}

/// The functions of a server.
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
        let args = json_schema::whole(&spec.parameters, args);
        let args: Map<String, Value> = args.as_object().cloned().unwrap_or_default();
        let args = self.link.with_secrets(args, &context.grants)?;
        let silent_max = self.link.bound().server.silent_max;
        let patience = Patience::of(&self.link, silent_max.unwrap_or(context.deadline), CALL_MAX);
        let value = match content::is_reader(spec) {
            true => self.read(&args, context, &patience),
            false => self.tool(spec, args, context, &patience),
        };
        self.host.relist(&self.link);
        value
            .map(|value| self.link.hidden.value(value))
            .map_err(|error| self.link.confidential(error))
    }
}

impl McpDevice {
    fn tool(
        &self,
        spec: &FunctionSpec,
        args: Map<String, Value>,
        context: &CallContext,
        patience: &Patience,
    ) -> Result<Value, ToolError> {
        let (link, name) = (self.link.clone(), spec.name.clone());
        let repeatable = spec.effect == Effect::Read;
        let work = async move { link.call(name, args, repeatable).await };
        let result = self.host.run(context, patience, work)??;
        convert::outcome(result, context.output_bytes_max)
    }

    fn read(
        &self,
        args: &Map<String, Value>,
        context: &CallContext,
        patience: &Patience,
    ) -> Result<Value, ToolError> {
        let uri = args.get("uri").and_then(Value::as_str);
        let (link, uri) = (self.link.clone(), uri.unwrap_or_default().to_owned());
        let work = async move { link.read(uri).await };
        let value = self.host.run(context, patience, work)??;
        convert::bounded(value, context.output_bytes_max)
    }
}
