//! The tools of this machine: those that come with Quipu, the installed ones, and the
//! servers of the user and of a trusted folder.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, Utc};
use quipu_tools::mcp::{Bound, Listing, McpDevice, McpHost, McpServer};
use quipu_tools::{
    Bus, Device, ErrorKind, FunctionSpec, Given, GrantBook, Held, Resolved, SecretStore, ToolError,
    WasmHost, WasmSettings, load_dir,
};
use serde::Serialize;

use crate::config::trust::SERVERS;
use crate::config::{env_vars, mcp, private};
use crate::session::{Session, builtin, listings};
use crate::terminal::draft;
use crate::terminal::error::{UserError, hint};
use crate::terminal::hints;
use crate::terminal::output::{ago, one_line, visible};
use crate::terminal::words::{fill, words};

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

impl Unusable {
    /// A line that tells of it, which cannot touch the terminal.
    pub fn told(&self) -> String {
        let what = match self.name.as_str() {
            FILE => self.origin.clone(),
            // A stranger chose it, and may have put line ends in it.
            name => format!("the tool {}", one_line(name)),
        };
        visible(&format!("{what} is left out: {}", self.error))
    }
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
    /// Now, and what they say is taken: their user is shown it.
    Shown,
}

/// The name for all servers when their file cannot be read.
const FILE: &str = "mcp";
/// How long it is remembered that a server did not answer.
const SILENT_FOR: Duration = Duration::from_secs(300);
/// How long a command that is about all tools waits for one server.
const LISTING_MAX: Duration = Duration::from_secs(10);
/// Servers that are asked at the same time.
const AT_ONCE: usize = 4;
/// How long a command waits that is about this server: some are downloaded first.
pub const FIRST_LISTING_MAX: Duration = Duration::from_secs(60);

impl Session {
    /// The engine that wasm tools run on.
    pub fn wasm_host(&self) -> Result<WasmHost> {
        // A cache that cannot be written to is done without.
        let _ = private::folder(&self.paths.cache);
        Ok(WasmHost::new(WasmSettings {
            cache_dir: Some(self.paths.cache.join("wasm")),
            // Without a key, too: what is there could be anybody's.
            cache_key: self.paths.key().ok(),
            variables: Arc::new(env_vars::get),
            ..WasmSettings::default()
        })?)
    }

    /// The grants of single tools.
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
        self.bus_within(name, servers, FIRST_LISTING_MAX)
    }

    /// The same, waiting no longer than `wait` for a server.
    pub fn bus_within(&self, name: &str, servers: Servers, wait: Duration) -> Result<Bus> {
        let name = name.split('.').next().unwrap_or_default();
        let (bus, unusable) = self.bus_with(&|server| match server == name {
            true => (servers, wait),
            false => (Servers::Unasked, LISTING_MAX),
        })?;
        match unusable.iter().find(|tool| tool.name == name) {
            Some(tool) if bus.get(name).is_none() => Err(UserError::failed(
                format!("{name} cannot be used: {}", tool.error),
                "`quipu tool ls` lists the tools with their state",
            )),
            _ => {
                // The tool may be named in a file that cannot be used.
                let files = unusable.iter().filter(|tool| tool.name == FILE);
                for file in files.filter(|_| bus.get(name).is_none()) {
                    say!("warning: {}", file.told());
                }
                Ok(bus)
            }
        }
    }

    fn bus_with(&self, ask: &Asking<'_>) -> Result<(Bus, Vec<Unusable>)> {
        let host = self.wasm_host()?;
        let given = self.given()?;
        let mut bus = Bus::default();
        for tool in builtin::TOOLS {
            let mut device = host.load_own(tool.name, tool.bytes, tool.hash)?;
            given.to(&mut device);
            self.give_firmware(&mut device);
            bus.add(Arc::new(device))?;
        }
        bus.add(Arc::new(self.voice_tool()))?;
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
        unusable.extend(self.add_servers(&mut bus, given, ask)?);
        Ok((bus, unusable))
    }

    fn add_servers(&self, bus: &mut Bus, given: Given, ask: &Asking<'_>) -> Result<Vec<Unusable>> {
        let mut book = given.grants;
        let (servers, mut unusable) = self.written_servers();
        if servers.is_empty() {
            return Ok(unusable);
        }
        let relisted = |bound: &Bound, _: &[FunctionSpec]| {
            let name = &bound.server.name;
            say!("{}", fill(words().relisted, &[("name", name)]));
        };
        let host = McpHost::new(mcp::environment(), mcp::variables(given.secrets))?;
        let host = Arc::new(host.telling(Arc::new(relisted)));
        self.note_servers(&host);
        // Side by side, because each may take a while to start; and a few at a time, because
        // many at once would each take much longer.
        let waiting = Mutex::new(servers.into_iter().enumerate());
        let next = || waiting.lock().ok().and_then(|mut servers| servers.next());
        let mut devices = std::thread::scope(|scope| {
            let book = &book;
            let some = || {
                let mut devices = Vec::new();
                while let Some((place, server)) = next() {
                    devices.push((place, self.server(&host, server, book, ask)));
                }
                devices
            };
            let threads: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(some)).collect();
            let ends = threads.into_iter().filter_map(|thread| thread.join().ok());
            ends.flatten().collect::<Vec<_>>()
        });
        devices.sort_by_key(|(place, _)| *place);
        for (_, device) in devices {
            match device {
                Ok((device, seen)) => {
                    if let Some(seen) = seen {
                        let spec = device.spec();
                        let hash = spec.hash.as_deref().unwrap_or_default();
                        book.note_listing(&spec.name, hash, &seen)?;
                    }
                    unusable.extend(add(bus, Arc::new(device)));
                }
                Err(problem) => unusable.push(problem),
            }
        }
        Ok(unusable)
    }

    /// The servers that are written down, and those that cannot be used; where both files
    /// name one, the project's counts.
    pub(super) fn written_servers(&self) -> (Vec<McpServer>, Vec<Unusable>) {
        let mut servers: BTreeMap<String, McpServer> = BTreeMap::new();
        let mut unusable: BTreeMap<String, Unusable> = BTreeMap::new();
        let mut files = Vec::new();
        let sources = [
            ("mcp.json", mcp::of_user(&self.paths)),
            (SERVERS, mcp::of_project(&self.paths)),
        ];
        for (file, written) in sources {
            // A mistake in a file is no reason to do without the other tools.
            let written = written.unwrap_or_else(|error| {
                files.push(Unusable {
                    name: FILE.into(),
                    origin: file.into(),
                    error: format!("{error}; {}", hint(&error)),
                });
                Vec::new()
            });
            for (name, server) in written {
                servers.remove(&name);
                unusable.remove(&name);
                match server {
                    Ok(server) => drop(servers.insert(name, server)),
                    Err((file, error)) => {
                        let origin = file.display().to_string();
                        let broken = Unusable {
                            name: name.clone(),
                            origin,
                            error,
                        };
                        unusable.insert(name, broken);
                    }
                }
            }
        }
        files.extend(unusable.into_values());
        (servers.into_values().collect(), files)
    }

    /// A server as a device, and the hash of a listing that its user is seeing for the first
    /// time. One that was not granted has no functions: nothing is started to ask for them.
    fn server(
        &self,
        host: &Arc<McpHost>,
        server: McpServer,
        book: &GrantBook,
        ask: &Asking<'_>,
    ) -> Result<(McpDevice, Option<String>), Unusable> {
        let (name, origin, requests) = (server.name.clone(), server.origin(), server.requests());
        let bound = host.bind(server);
        let held = book.held(&name, &bound.fingerprint);
        // Grants to all tools do not count for a server: it has all rights of its user, and any
        // folder may bring one.
        let granted = !requests.is_empty() && requests.iter().all(|need| held.grants.allows(need));
        let functions = match granted {
            true => self.functions(host, bound.clone(), &held, ask),
            false => Ok((Vec::new(), None)),
        };
        match functions {
            Ok((functions, seen)) => Ok((host.device(bound, functions, held), seen)),
            Err(error) => Err(Unusable {
                name,
                origin,
                error: format!("{}; {}", error.message, hints::tool(&error)),
            }),
        }
    }

    /// The functions of a server, from its last listing where that will do; and the hash of
    /// one that its user did not see before. A server whose listing changes has the functions
    /// that its user saw, until the user sees the others.
    fn functions(
        &self,
        host: &Arc<McpHost>,
        bound: Bound,
        held: &Held,
        ask: &Asking<'_>,
    ) -> Result<(Vec<FunctionSpec>, Option<String>), ToolError> {
        let name = bound.server.name.clone();
        let file = format!("{}.json", bound.fingerprint);
        let kept = self.paths.cache.join("mcp").join(file);
        let known = listings::kept(&kept, held.listing.as_deref());
        let (ask, wait) = ask(&name);
        if ask != Servers::Asked && ask != Servers::Shown {
            if let Some(known) = known {
                // A listing that an earlier release kept counts as seen from now on.
                let seen = held.listing.is_none().then(|| listings::hash(&known));
                return Ok((known, seen));
            }
            if ask == Servers::Unasked {
                return Ok((Vec::new(), None));
            }
            if wait < FIRST_LISTING_MAX && is_fresh(&kept.with_extension(SILENT)) {
                return Err(late(&name, wait));
            }
            let seconds = wait.as_secs();
            let said = fill(
                words().asking_server,
                &[("name", &name), ("seconds", &seconds)],
            );
            say!("{said}");
        }
        // Who grants something waits for the listing without having asked for it.
        let waiting = (ask == Servers::Shown).then(|| draft::waiting(&name));
        let listing = host.list(bound, held.grants.clone(), wait);
        drop(waiting);
        if let Err(error) = &listing
            && error.kind == ErrorKind::Timeout
        {
            return Ok((of_a_silent_one(&kept, known, late(&name, wait))?, None));
        }
        let Listing {
            functions,
            left_out,
        } = listing?;
        let _ = std::fs::remove_file(kept.with_extension(SILENT));
        let hash = listings::hash(&functions);
        let is_new = held.listing.as_ref() != Some(&hash);
        let is_shown = ask == Servers::Shown || held.listing.is_none();
        if is_new && !is_shown {
            let changed = listings::changed(&name, &held.grants);
            let known = known.ok_or(changed.clone())?;
            say!("warning: {}; {}", changed.message, hints::tool(&changed));
            return Ok((known, None));
        }
        if is_new {
            listings::show(&name, &functions);
        }
        tell_left_out(&name, left_out);
        if let Err(error) = listings::keep(&kept, &functions) {
            tracing::debug!(%error, "the listing is not kept");
        }
        Ok((functions, is_new.then_some(hash)))
    }
}

/// The function `name` of the tools on `bus`, for somebody who typed it.
///
/// # Errors
/// Where there is none: which one is called nearly so, and which there are.
pub fn resolved(bus: &Bus, name: &str) -> Result<Resolved, ToolError> {
    let (tool, function) = name.split_once('.').unwrap_or((name, ""));
    bus.resolve(name).map_err(|error| {
        let (word, known): (&str, Vec<String>) = match error.kind {
            ErrorKind::UnknownTool => {
                let devices = bus.list().into_iter();
                let names = devices.map(|device| device.spec().name.clone());
                (tool, names.collect())
            }
            ErrorKind::UnknownFunction => {
                let functions = bus.get(tool).into_iter();
                let functions = functions.flat_map(|device| &device.spec().functions);
                let names = functions.map(|function| function.name.clone());
                (function, names.collect())
            }
            _ => return error,
        };
        ToolError {
            hint: hints::near(word, known, &error.hint),
            ..error
        }
    })
}

/// Whether a server, by its name, is asked, and how long its answer is waited for.
type Asking<'a> = dyn Fn(&str) -> (Servers, Duration) + Sync + 'a;

/// How files end that say that a server did not answer.
const SILENT: &str = "silent";

/// When a listing was kept, in milliseconds since 1970.
fn kept_ms(kept: &Path) -> Option<i64> {
    let written = kept.metadata().and_then(|meta| meta.modified()).ok()?;
    Some(DateTime::<Utc>::from(written).timestamp_millis())
}

fn is_fresh(path: &Path) -> bool {
    let modified = path.metadata().and_then(|meta| meta.modified());
    let age = modified.ok().and_then(|time| time.elapsed().ok());
    age.is_some_and(|age| age < SILENT_FOR)
}

/// The functions of a server that did not answer in time: what it had is better than nothing,
/// where it is said how old that is.
///
/// # Errors
/// The server is `late` and had none.
fn of_a_silent_one(
    kept: &Path,
    known: Option<Vec<FunctionSpec>>,
    late: ToolError,
) -> Result<Vec<FunctionSpec>, ToolError> {
    if let (Some(known), Some(then)) = (known, kept_ms(kept)) {
        say!(
            "warning: {}; its tools are shown as it listed them {}",
            late.message,
            ago(then)
        );
        return Ok(known);
    }
    // Best effort: the next command would only wait again.
    let _ = listings::keep(&kept.with_extension(SILENT), &[]);
    Err(late)
}

/// Names the functions of the server `name` that cannot be used, and why.
fn tell_left_out(name: &str, left_out: Vec<(String, String)>) {
    for (function, reason) in left_out {
        // A stranger chose the name, and may have put line ends in it.
        let tool = visible(&one_line(&format!("{name}.{function}")));
        let reason = visible(&reason);
        let said = fill(
            words().function_left_out,
            &[("tool", &tool), ("reason", &reason)],
        );
        say!("{said}");
    }
}

/// Says that a listing was not waited for any longer.
fn late(name: &str, wait: Duration) -> ToolError {
    let hint = match wait < FIRST_LISTING_MAX {
        true => format!(
            "`quipu tool show {name}` waits up to {} s: some servers are downloaded at their \
             first start",
            FIRST_LISTING_MAX.as_secs()
        ),
        false => "check that it runs by hand, and how its file starts it".to_owned(),
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
