//! How a server is started or reached: the program or the address that was granted, in
//! the revision of the protocol that it speaks.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rmcp::ClientLifecycleMode as Lifecycle;
use rmcp::service::{
    ClientInitializeError, RoleClient, RunningService, serve_client_with_lifecycle_and_ct,
};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use tokio::process::Command;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::client::{self, Client};
use super::config::{McpTransport, address};
use super::connection::{Link, Running};
use super::events;
use super::http_client::Post;
use super::redirects::{self, Redirects};
use super::repair::Repaired;
use super::revision::{self, Probe};
use super::stdio::{self, Said, Stdio};
use super::{START_MAX, binding};
use crate::caps::{Grants, Rights};
use crate::net::Target;

/// How long the last words of a server that could not be started are waited for.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How an address is asked.
struct Way {
    web: reqwest::Client,
    target: Target,
    headers: HashMap<http::HeaderName, http::HeaderValue>,
}

/// A connection, or why there is none.
type Started = Result<RunningService<RoleClient, Client>, ClientInitializeError>;

impl Link {
    /// Starts or reaches the server, in the way that it understands.
    pub(super) async fn start(&self) -> Result<Running, String> {
        let mut lifecycle = match self.shakes_hands.load(Ordering::Relaxed) {
            true => Lifecycle::Initialize,
            false => revision::either(),
        };
        let mut address = None;
        let (mut again, mut hops) = (false, 0);
        loop {
            let over = self.shared.over.child_token();
            // Cancelled as well where nobody waits for the start any longer.
            let guard = over.clone().drop_guard();
            let late = Arc::new(AtomicBool::default());
            let asks = lifecycle != Lifecycle::Initialize;
            let redirects = Redirects::default();
            let started = match &self.server().transport {
                McpTransport::Stdio { .. } => self.start_program(lifecycle, &late, &over).await?,
                McpTransport::Http { .. } => {
                    self.reach(address.as_ref(), lifecycle, &redirects, &over)
                        .await?
                }
            };
            let error = match started {
                Ok(service) => return Ok(self.running(service, guard)),
                Err(error) => error,
            };
            drop(guard);
            if let Some(to) = redirects.take() {
                hops += 1;
                let granted = self.granted_address()?;
                let next = redirects::next(&granted, &to);
                address = Some(next.map_err(|reason| format!("{}: {reason}", granted.origin()))?);
                if hops > redirects::HOPS_MAX {
                    return Err("it leads on without end".into());
                }
                lifecycle = if asks {
                    revision::either()
                } else {
                    Lifecycle::Initialize
                };
                continue;
            }
            match revision::after(&error, late.load(Ordering::Relaxed)).filter(|_| asks && !again) {
                Some(next) => lifecycle = next,
                None => {
                    let said = plain(&revision::words(&error));
                    return match revision::may_be_of_2024(&said) {
                        true => self.start_of_2024(address.as_ref()).await.ok_or(said),
                        false => Err(said),
                    };
                }
            }
            again = true;
            self.said.lock().clear();
        }
    }

    /// Reaches the address, or `instead`, in the way of the first revision; none where nobody
    /// there speaks it.
    async fn start_of_2024(&self, instead: Option<&Target>) -> Option<Running> {
        let over = self.shared.over.child_token();
        let guard = over.clone().drop_guard();
        let way = self.way(instead, &Redirects::default()).await.ok()?;
        let Way {
            web,
            target,
            headers,
        } = way;
        let headers: http::HeaderMap = headers.into_iter().collect();
        let started = async {
            let streams = events::open(web, headers, &target, &over).await.ok()?;
            let said = Said {
                lines: self.said.clone(),
                hidden: self.hidden.clone(),
            };
            let transport = Repaired::new(Stdio::new(streams.output, streams.input, said));
            let client = Client::new(self.life.clone());
            let shakes_hands = Lifecycle::Initialize;
            serve_client_with_lifecycle_and_ct(client, transport, shakes_hands, over.clone())
                .await
                .ok()
        };
        let service = tokio::time::timeout(START_MAX, started).await.ok()??;
        Some(self.running(service, guard))
    }

    fn running(&self, service: RunningService<RoleClient, Client>, over: DropGuard) -> Running {
        let info = service.peer_info();
        let shakes_hands = info.is_some_and(|info| info.protocol_version.has_initialize());
        self.shakes_hands.store(shakes_hands, Ordering::Relaxed);
        tokio::spawn(client::listen(service.peer().clone(), self.life.clone()));
        Running {
            service,
            listed: AtomicBool::default(),
            _over: over,
        }
    }

    /// Starts the program and speaks to it, until `over` is cancelled.
    async fn start_program(
        &self,
        lifecycle: Lifecycle,
        late: &Arc<AtomicBool>,
        over: &CancellationToken,
    ) -> Result<Started, String> {
        let program = self.program()?;
        let name = program.as_std().get_program().to_owned();
        let streams = self
            .shared
            .children
            .start(program, over.clone())
            .map_err(|error| format!("{}: {error}", name.display()))?;
        let said = Said {
            lines: self.said.clone(),
            hidden: self.hidden.clone(),
        };
        let listener = tokio::spawn(stdio::listen(streams.errors, said.clone()));
        let transport = Repaired::new(Stdio::new(streams.output, streams.input, said));
        let transport = Probe::new(transport, &lifecycle, late.clone());
        let client = Client::new(self.life.clone());
        let started =
            serve_client_with_lifecycle_and_ct(client, transport, lifecycle, over.clone()).await;
        if started.is_err() {
            // Its last words may still be on their way, and they explain most.
            let _ = tokio::time::timeout(LAST_WORDS, listener).await;
        }
        Ok(started)
    }

    /// Reaches the address, or `instead` where it leads to that, until `over` is cancelled.
    async fn reach(
        &self,
        instead: Option<&Target>,
        lifecycle: Lifecycle,
        redirects: &Redirects,
        over: &CancellationToken,
    ) -> Result<Started, String> {
        let wait = match lifecycle {
            Lifecycle::Initialize => START_MAX,
            _ => revision::REPLY_MAX,
        };
        let transport = self.address(instead, redirects).await?;
        let client = Client::new(self.life.clone());
        let transport = Repaired::new(transport);
        let started =
            serve_client_with_lifecycle_and_ct(client, transport, lifecycle, over.clone());
        let late = || ClientInitializeError::ConnectionClosed("it did not answer".into());
        let started = tokio::time::timeout(wait, started).await;
        Ok(match started {
            Ok(done) => done,
            Err(_) => Err(late()),
        })
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
            return Err("it is not a program".into());
        };
        let folder = binding::folder(cwd.as_deref());
        let command = self.filled(command)?;
        let program = binding::program(&command, &folder, &self.shared.surroundings)
            .ok_or_else(|| format!("there is no program {command}"))?;
        let mut child = Command::new(program);
        for arg in args {
            child.arg(self.filled(arg)?);
        }
        child.env_clear().envs(&self.shared.surroundings.passed_on);
        for (name, value) in env {
            child.env(name, self.filled(value)?);
        }
        child.current_dir(folder);
        Ok(child)
    }

    /// The connection to an address.
    async fn address(
        &self,
        instead: Option<&Target>,
        redirects: &Redirects,
    ) -> Result<StreamableHttpClientTransport<Post>, String> {
        let way = self.way(instead, redirects).await?;
        let config = StreamableHttpClientTransportConfig::with_uri(way.target.url.as_str())
            .custom_headers(way.headers);
        Ok(StreamableHttpClientTransport::with_client(
            Post::new(way.web),
            config,
        ))
    }

    /// How the address is asked, or `instead`: behind the same guard as the requests of plugins,
    /// with the headers of its entry.
    async fn way(&self, instead: Option<&Target>, redirects: &Redirects) -> Result<Way, String> {
        let McpTransport::Http { headers, .. } = &self.server().transport else {
            return Err("it is not an address".into());
        };
        let target = match instead {
            Some(target) => target.clone(),
            None => self.granted_address()?,
        };
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
            .shared
            .net
            .client_for(&target, &rights, redirects.policy())
            .await
            .map_err(|error| error.to_string())?;
        Ok(Way {
            web,
            target,
            headers: custom,
        })
    }

    /// The address with its variables filled in: on the host that was granted.
    fn granted_address(&self) -> Result<Target, String> {
        let McpTransport::Http { url, .. } = &self.server().transport else {
            return Err("it is not an address".into());
        };
        let granted = address(url)?;
        Target::parse(&self.filled(url)?)
            .ok()
            .filter(|target| target.same_origin(&granted))
            .ok_or_else(|| {
                "with its variables the url leads to another host than was granted".into()
            })
    }
}

/// A failure in words: the library names the Rust type of the transport first.
pub(super) fn plain(error: &str) -> String {
    let words = error
        .rsplit_once("] error: ")
        .map_or(error, |(_, words)| words);
    match words.contains("Broken pipe") || words.contains("connection closed") {
        true => "it ended before it answered".into(),
        false => words.to_owned(),
    }
}
