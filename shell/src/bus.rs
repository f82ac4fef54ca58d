//! The tools of this machine: those that come with Quipu, the installed ones, and the
//! servers of `.mcp.json`.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use quipu_tools::mcp::{Listing, McpDevice, McpHost, McpServer};
use quipu_tools::{
    Bus, Capability, Device, ErrorKind, FunctionSpec, Given, GrantBook, Grants, SecretStore,
    ToolError, WasmHost, WasmSettings, load_dir,
};
use serde::Serialize;

use crate::error::{UserError, hint};
use crate::init::Session;
use crate::output::visible;
use crate::{builtin, env_vars, mcp};

/// A tool that is there and cannot be used.
#[derive(Debug, Serialize)]
pub struct Unusable {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub origin: String,
    /// Why it cannot be used, and what to do.
    pub error: String,
}

/// How servers are asked for their functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Servers {
    /// Not at all: what they said before is taken, if they did.
    Unasked,
    /// Once; later what they said then is taken.
    Known,
    /// Now, so that one that fails is seen.
    Asked,
}

/// What is named in place of servers when their file cannot be read.
const FILE: &str = "mcp";
/// How long it is remembered that a server did not answer.
const SILENT_FOR: Duration = Duration::from_secs(300);
/// How long a command that is about all tools waits for one server.
const LISTING_MAX: Duration = Duration::from_secs(10);
/// How long a command waits that is about this server: some are downloaded first.
const FIRST_LISTING_MAX: Duration = Duration::from_secs(60);

impl Session {
    /// The engine that wasm tools run on.
    pub fn wasm_host(&self) -> Result<WasmHost> {
        Ok(WasmHost::new(WasmSettings {
            cache_dir: Some(self.paths.cache.join("wasm")),
            variables: Arc::new(env_vars::get),
            ..WasmSettings::default()
        })?)
    }

    /// What the user has given to single tools.
    pub fn given(&self) -> Result<Given> {
        Ok(Given {
            grants: GrantBook::open(&self.paths.grants())?,
            secrets: SecretStore::open(&self.paths.secrets())?,
        })
    }

    /// The tools, and those that cannot be used.
    pub fn bus(&self, servers: Servers) -> Result<(Bus, Vec<Unusable>)> {
        self.bus_with(&|_| (servers, LISTING_MAX))
    }

    /// The tools, for a command about `name`: a tool, or one of its functions. No server
    /// is started for any other.
    ///
    /// # Errors
    /// Also when that tool is there and cannot be used.
    pub fn bus_for(&self, name: &str, servers: Servers) -> Result<Bus> {
        let name = name.split('.').next().unwrap_or_default();
        let (bus, unusable) = self.bus_with(&|server| match server == name {
            true => (servers, FIRST_LISTING_MAX),
            false => (Servers::Unasked, LISTING_MAX),
        })?;
        match unusable.iter().find(|tool| tool.name == name) {
            Some(tool) if bus.get(name).is_none() => Err(UserError::failed(
                format!("{name} cannot be used: {}", tool.error),
                "`quipu tool ls` lists the tools with their state",
            )),
            _ => {
                // That file may be where it is written down.
                if let (None, Some(file)) = (
                    bus.get(name),
                    unusable.iter().find(|tool| tool.name == FILE),
                ) {
                    say!("warning: {}: {}", file.origin, visible(&file.error));
                }
                Ok(bus)
            }
        }
    }

    fn bus_with(&self, ask: &Asking<'_>) -> Result<(Bus, Vec<Unusable>)> {
        let host = self.wasm_host()?;
        let given = self.given()?;
        let mut bus = Bus::default();
        for (name, component) in builtin::TOOLS {
            let mut device = host.load_own(name, component)?;
            given.to(&mut device);
            bus.add(Arc::new(device))?;
        }
        let (devices, broken) = load_dir(&host, &self.paths.tools, &given);
        let mut unusable: Vec<Unusable> = broken
            .into_iter()
            .map(|(path, error)| Unusable {
                name: path
                    .file_stem()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
                origin: path.display().to_string(),
                error: error.to_string(),
            })
            .collect();
        for device in devices {
            unusable.extend(add(&mut bus, Arc::new(device)));
        }
        unusable.extend(self.add_servers(&mut bus, &given.grants, ask)?);
        Ok((bus, unusable))
    }

    fn add_servers(
        &self,
        bus: &mut Bus,
        book: &GrantBook,
        ask: &Asking<'_>,
    ) -> Result<Vec<Unusable>> {
        let written = match mcp::config::servers(&self.paths) {
            Ok(written) if written.is_empty() => return Ok(Vec::new()),
            Ok(written) => written,
            // A mistake in that file is no reason to do without the other tools.
            Err(error) => {
                return Ok(vec![Unusable {
                    name: FILE.into(),
                    origin: ".mcp.json".into(),
                    error: format!("{error}; {}", hint(&error)),
                }]);
            }
        };
        let mut unusable = Vec::new();
        let mut servers = Vec::with_capacity(written.len());
        for (name, server) in written {
            match server {
                Ok(server) => servers.push(server),
                Err((file, error)) => unusable.push(Unusable {
                    name,
                    origin: file.display().to_string(),
                    error,
                }),
            }
        }
        let host = Arc::new(McpHost::new(mcp::config::environment())?);
        // Side by side: each may take a while to start.
        let devices = std::thread::scope(|scope| {
            let device = |server: McpServer| {
                let host = &host;
                scope.spawn(move || self.server(host, server, book, ask))
            };
            let threads: Vec<_> = servers.into_iter().map(device).collect();
            let ends = threads.into_iter().filter_map(|thread| thread.join().ok());
            ends.collect::<Vec<_>>()
        });
        let added = devices.into_iter().filter_map(|device| match device {
            Ok(device) => add(bus, Arc::new(device)),
            Err(unusable) => Some(unusable),
        });
        unusable.extend(added);
        Ok(unusable)
    }

    /// A server as a device. One that was not granted has no functions: nothing is
    /// started to ask for them.
    fn server(
        &self,
        host: &Arc<McpHost>,
        server: McpServer,
        book: &GrantBook,
        ask: &Asking<'_>,
    ) -> Result<McpDevice, Unusable> {
        let held = book.held(&server.name, &server.fingerprint());
        let everywhere: Grants = self.settings.allow.iter().cloned().collect();
        let allowed = |need: &Capability| held.grants.allows(need) || everywhere.allows(need);
        let functions = match server.requests().iter().all(allowed) {
            true => self.functions(host, server.clone(), ask),
            false => Ok(Vec::new()),
        };
        match functions {
            Ok(functions) => Ok(host.device(server, functions, held)),
            Err(error) => Err(Unusable {
                name: server.name.clone(),
                origin: server.origin(),
                error: format!("{}; {}", error.message, error.hint),
            }),
        }
    }

    /// The functions of a server, from its last listing where that will do.
    fn functions(
        &self,
        host: &Arc<McpHost>,
        server: McpServer,
        ask: &Asking<'_>,
    ) -> Result<Vec<FunctionSpec>, ToolError> {
        let file = format!("{}.json", server.fingerprint());
        let kept = self.paths.cache.join("mcp").join(file);
        let (ask, wait) = ask(&server.name);
        if ask != Servers::Asked {
            let text = std::fs::read(&kept).ok();
            if let Some(known) = text.and_then(|text| serde_json::from_slice(&text).ok()) {
                return Ok(known);
            }
            if ask == Servers::Unasked {
                return Ok(Vec::new());
            }
            if wait < FIRST_LISTING_MAX && is_fresh(&kept.with_extension(SILENT)) {
                return Err(late(&server.name, wait));
            }
            say!(
                "asking the MCP server {} for its tools, for up to {} s",
                server.name,
                wait.as_secs()
            );
        }
        let name = server.name.clone();
        let listing = host.list(server, wait);
        if let Err(error) = &listing
            && error.kind == ErrorKind::Timeout
        {
            // Best effort: the next command would only wait again.
            let _ = keep(&kept.with_extension(SILENT), &[]);
            return Err(late(&name, wait));
        }
        let Listing {
            functions,
            left_out,
        } = listing?;
        let _ = std::fs::remove_file(kept.with_extension(SILENT));
        for (function, reason) in left_out {
            let (function, reason) = (visible(&function), visible(&reason));
            say!("warning: {name}.{function} is left out: {reason}");
        }
        if let Err(error) = keep(&kept, &functions) {
            tracing::debug!(%error, "the listing is not kept");
        }
        Ok(functions)
    }
}

/// Whether a server, by its name, is asked, and how long its answer is waited for.
type Asking<'a> = dyn Fn(&str) -> (Servers, Duration) + Sync + 'a;

/// How files end that say that a server did not answer.
const SILENT: &str = "silent";

fn is_fresh(path: &Path) -> bool {
    let modified = path.metadata().and_then(|meta| meta.modified());
    let age = modified.ok().and_then(|time| time.elapsed().ok());
    age.is_some_and(|age| age < SILENT_FOR)
}

/// Says that a listing was not waited for any longer.
fn late(name: &str, wait: Duration) -> ToolError {
    let hint = match wait < FIRST_LISTING_MAX {
        true => format!(
            "`quipu tool show {name}` waits up to {} s: some servers are downloaded at their \
             first start",
            FIRST_LISTING_MAX.as_secs()
        ),
        false => "see whether it runs by hand, and how .mcp.json has it".to_owned(),
    };
    let message = format!(
        "the MCP server {name} did not list its tools within {} s",
        wait.as_secs()
    );
    ToolError::new(ErrorKind::Timeout, message, hint)
}

/// Puts a device on the bus, or says why it cannot be there.
fn add(bus: &mut Bus, device: Arc<dyn Device>) -> Option<Unusable> {
    let error = bus.add(device.clone()).err()?;
    Some(Unusable {
        name: device.spec().name.clone(),
        origin: device.spec().origin.clone(),
        error: error.to_string(),
    })
}

fn keep(path: &Path, functions: &[FunctionSpec]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let file = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer(&file, functions)?;
    file.persist(path)?;
    Ok(())
}
