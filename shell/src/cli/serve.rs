//! `quipu serve`.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use quipu_tools::Capability;
use rmcp::ServiceExt;
use rmcp::transport::io::stdio;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::config::paths::{self, Paths};
use crate::config::private;
use crate::config::settings::ApproveWord;
use crate::service::http;
use crate::service::http::guard::{Guard, Strangers};
use crate::service::http::state::Service;
use crate::service::knowledge;
use crate::service::lent::Shelf;
use crate::service::machine::{Lifetime, Machine};
use crate::service::mcp::Offer;
use crate::service::schedules::Scheduler;
use crate::service::way;
use crate::session::Session;
use crate::session::agent::Loaded;
use crate::session::bus::Servers;
use crate::terminal::error::UserError;
use crate::terminal::interrupts::Interrupts;
use crate::terminal::output::counted;
use crate::terminal::text::read_text;

/// How long replies have to end when the machine stops and its processes are suspended.
const GRACE: Duration = Duration::from_secs(2);
/// The shortest token that is taken, in characters.
const TOKEN_CHARS_MIN: usize = 16;

/// Run the machine as a service: an OpenAI-compatible API over HTTP, or the tools and the
/// memory over MCP
///
/// Whoever sends the token is taken for you: an agent that is asked with the token answers from
/// your whole memory, private pages too. Give it only to programs that may know them. Without the
/// token a program on this machine is a stranger, who is told nothing private.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Speak the Model Context Protocol on standard input and output, instead of HTTP
    #[arg(long, conflicts_with_all = ["addr", "token_file"])]
    mcp: bool,
    /// Where to listen; other addresses than this machine's own need --token-file
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8080")]
    addr: String,
    /// A file with the token that every client has to send
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Grant a capability; several with several options
    #[arg(long, value_name = "CAP")]
    allow: Vec<Capability>,
    /// Calls that change something: `ask` asks clients that wait for events; with --mcp, `all`
    /// leaves asking to the other program [default: ask, or never with --mcp]
    #[arg(long, value_enum, value_name = "WHO")]
    approve: Option<ApproveWord>,
}

/// Runs until it is told to stop, or the other side closes the connection.
pub async fn run(session: &Session, args: &ServeArgs) -> Result<u8> {
    match args.mcp {
        true => mcp(session, args).await,
        false => machine(session, args).await,
    }
}

async fn mcp(session: &Session, args: &ServeArgs) -> Result<u8> {
    let approve = args.approve.unwrap_or(ApproveWord::Never);
    let policy = session.policy(&args.allow, Some(approve));
    let (bus, unusable) = session.bus(Servers::Known)?;
    for tool in unusable {
        say!("warning: {}", tool.told());
    }
    paths::create(&session.paths.store)?;
    let offer = Offer::new(Shelf::of(&session.paths), &bus, policy);
    let failed = |error: String| {
        UserError::failed(
            error,
            "the other program starts `quipu serve --mcp` and speaks first",
        )
    };
    let service = offer
        .serve(stdio())
        .await
        .map_err(|error| failed(error.to_string()))?;
    service
        .waiting()
        .await
        .map_err(|error| failed(error.to_string()))?;
    Ok(0)
}

/// Boots the machine and serves it over HTTP.
async fn machine(session: &Session, args: &ServeArgs) -> Result<u8> {
    let given = args.token_file.as_deref().map(token).transpose()?;
    let wanted = address(&args.addr, given.is_some()).await?;
    let mut interrupts = Interrupts::listen()?;
    // First, as a second machine on a root has nothing to do with its port.
    let lock = way::claim(session).await?;
    // Requests come before the machine is up: they wait in the listener.
    let listener = listen(wanted).await?;
    let address = listener.local_addr()?;
    let policy = session.policy(&args.allow, args.approve);
    let lifetime = Lifetime::Service(Some(address));
    let machine = Machine::start(session, policy, &Loaded::default(), lifetime, lock).await?;
    tokio::task::block_in_place(|| knowledge::refresh_all(session));
    let (token, strangers) = match given {
        Some(token) => (token, Strangers::KeptOut),
        // Only whoever holds the root may make one.
        None => (own_token(&session.paths)?, Strangers::LetIn),
    };
    let (stop, stopping) = watch::channel(false);
    let own = Session::open(session.globals.clone())?;
    let scheduler = Arc::new(Scheduler::new(
        machine.kernel.clone(),
        own,
        machine.bell.clone(),
    ));
    let mut named = Session::open(session.globals.clone())?;
    let wanted = named.settings.model.clone();
    if let Some(instead) = &machine.instead {
        // Clients are told the name of what answers them.
        named.settings.model.clone_from(instead);
    }
    let service = Arc::new(Service::new(
        machine.kernel.clone(),
        named,
        wanted,
        Guard::new(&token, strangers, address),
        scheduler.clone(),
        stopping.clone(),
    ));
    say!("listening on http://{address}");
    if strangers == Strangers::LetIn {
        tell_token(session, address, &token);
    }
    let scheduling = tokio::spawn(scheduler.run(stopping.clone()));
    interrupts.begin();
    let mut told = stopping;
    let serving = http::serve(&service, listener, async move {
        // A sender that is gone stops it too.
        let _ = told.wait_for(|stopping| *stopping).await;
    });
    tokio::pin!(serving);
    tokio::select! {
        served = &mut serving => {
            served?;
            return Ok(0);
        }
        () = interrupts.next() => {}
    }
    // The next one finds nothing left to stop but the program.
    interrupts.end();
    say!("stopping; processes that run are suspended; a second signal ends at once");
    scheduling.abort();
    suspend(&machine, &stop, serving).await;
    // The machine was told to stop, and did. To its supervisor that is no failure.
    Ok(0)
}

/// Suspends what runs on `machine`, then tells what is `serving` to `stop`.
async fn suspend<S: Future>(machine: &Machine, stop: &watch::Sender<bool>, serving: S) {
    let suspended = machine.suspend().await.len();
    let _ = stop.send(true);
    // Whoever is still connected then has had the time to hear of it.
    let _ = tokio::time::timeout(GRACE, serving).await;
    if suspended > 0 {
        let suspended = counted(suspended, "process");
        say!("hint: {suspended} suspended, to go on when a machine starts on this root");
    }
}

/// Says how the page at `address` is reached with the `token` of this root.
fn tell_token(session: &Session, address: SocketAddr, token: &str) {
    match std::io::stderr().is_terminal() {
        true => {
            let token = utf8_percent_encode(token, NON_ALPHANUMERIC);
            say!("the page, for you alone: http://{address}/#token={token}");
        }
        // Messages may be kept in a log, where a token has no place.
        false => say!(
            "hint: the page and /api/v1 ask for the token in {}",
            session.paths.http_token().display()
        ),
    }
}

/// The token in the file at `path`.
fn token(path: &Path) -> Result<String> {
    let text = read_text(path, "a token")?;
    let token = text.trim();
    let chars = token.chars().count();
    if chars < TOKEN_CHARS_MIN || !token.chars().all(|c| c.is_ascii_graphic()) {
        return Err(UserError::usage(
            format!(
                "{}: a token is one word of at least {TOKEN_CHARS_MIN} characters",
                path.display()
            ),
            format!("make one with `openssl rand -hex 32 > {}`", path.display()),
        ));
    }
    Ok(token.to_owned())
}

/// The token of this root, made when it is served for the first time. It stays the same, so
/// that scripts and pages that know it go on.
fn own_token(paths: &Paths) -> Result<String> {
    let path = paths.http_token();
    if !path.exists() {
        paths::create(&paths.state)?;
        let made = private::token().and_then(|made| private::replace(&path, made.as_bytes()));
        made.map_err(|error| {
            UserError::failed(
                format!("cannot write {}: {error}", path.display()),
                "make room there, or name a file with a token, --token-file FILE",
            )
        })?;
    }
    token(&path)
}

/// The address that `text` names, which has to be this machine's own where there is no token.
async fn address(text: &str, has_token: bool) -> Result<SocketAddr> {
    let wrong = |reason: String| {
        UserError::usage(
            format!("--addr {text}: {reason}"),
            "an address is HOST:PORT, such as 127.0.0.1:8080; port 0 takes a free one",
        )
    };
    let found = tokio::net::lookup_host(text).await;
    let mut found = found.map_err(|error| wrong(error.to_string()))?;
    let first = found.next().ok_or_else(|| wrong("unknown".into()))?;
    if !has_token && !first.ip().is_loopback() {
        return Err(UserError::usage(
            format!("--addr {text} can be reached from other machines, and there is no token"),
            "name a file with a token, --token-file FILE, or listen on 127.0.0.1",
        ));
    }
    Ok(first)
}

/// Listens there.
async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        UserError::failed(
            format!("{address}: {error}"),
            "another program may listen there: choose another port with --addr HOST:PORT",
        )
    })
}
