//! The control socket: what other programs on the same root may ask of the machine that runs,
//! and what it answers.
//!
//! One request and one reply a connection, each a line of JSON. `Attend`, `Lend` and
//! `Consolidate` are followed by more lines. The socket lies beside the machine's lock and is
//! the user's alone. The machine's side is in `server`, the other programs' side in `talk`.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::Result;
use quipu_cpu::CpuStats;
use quipu_kernel::gate::Approve;
use quipu_kernel::process::Pid;
use quipu_kernel::window::Window;
use quipu_kernel::{Consolidated, Kernel, ModelNow};
use quipu_tools::Grants;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;
use tokio::net::unix::OwnedWriteHalf;

use super::conversation::Ask;
use crate::config::digest::digest;
use crate::session::init::describe;
use crate::session::setup::Environment;

/// The longest path of a socket on every system (104 on macOS, 108 on Linux).
const PATH_BYTES_MAX: usize = 100;

/// The release of this program: another one may ask and answer in another form.
pub const RELEASE: &str = env!("CARGO_PKG_VERSION");

/// A request to a machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Request {
    /// How things are.
    Stats,
    /// Stop a process for good.
    Kill {
        /// The process.
        pid: Pid,
    },
    /// Change a priority.
    Nice {
        /// The process.
        pid: Pid,
        /// Higher runs first.
        priority: i8,
    },
    /// Start a copy of a process.
    Fork {
        /// The process.
        pid: Pid,
        /// After which step.
        at: Option<u32>,
    },
    /// What kind of machine it is.
    Greet,
    /// The window of a process.
    Window {
        /// The process.
        pid: Pid,
    },
    /// Look at the schedules: they have changed.
    Schedules,
    /// Start a process and tell of it. The reply is a line for each
    /// [`super::conversation::Told`], and each line that follows the request is a
    /// [`super::conversation::Say`].
    Attend {
        /// What is wanted.
        ask: Box<Ask>,
        /// The greeting that the asker has seen. A machine with another greeting takes nothing.
        seen: Box<Greeting>,
    },
    /// Lend the library. After the reply each line is a [`super::lending::Call`], and the
    /// machine answers with lines that are a [`super::lending::Said`].
    Lend,
    /// Make one memory of those that belong together. The reply comes when that is done; any
    /// line that follows the request ends it early.
    Consolidate,
}

/// The reply of a machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// To [`Request::Stats`].
    Stats(Box<Snapshot>),
    /// To [`Request::Fork`]: the number of the copy.
    Forked(Pid),
    /// To [`Request::Greet`].
    Greeting(Box<Greeting>),
    /// To [`Request::Window`]; `None` where it cannot be laid out.
    Window(Option<Window>),
    /// To [`Request::Consolidate`].
    Consolidated(Box<Consolidated>),
    /// It is done.
    Done,
    /// It failed: the reason, and what to do.
    Failed(String, String),
}

/// A machine in one moment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    /// The model, as it is shown.
    pub model: String,
    /// The CPU.
    pub cpu: CpuStats,
    /// All models that are loaded, the machine's own first.
    #[serde(default)]
    pub models: Vec<ModelNow>,
}

impl Snapshot {
    /// The machine of `kernel` now. May wait for the batches under way.
    pub fn of(kernel: &Kernel) -> Self {
        let models = kernel.models_now();
        let own = models.first().map(|own| own.cpu.clone());
        Self {
            model: describe(kernel.cpu().info()),
            cpu: own.unwrap_or_default(),
            models,
        }
    }
}

/// A machine's description of itself. A missing field means an earlier release.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Greeting {
    /// Whether it takes processes of other programs now.
    pub is_open: bool,
    /// Whether it runs until it is told to stop, and not only for a single command.
    #[serde(default)]
    pub lasts: bool,
    /// Where it is served over HTTP.
    #[serde(default)]
    pub address: Option<String>,
    /// The release of its program.
    #[serde(default)]
    pub release: String,
    /// What it is made of, as one word: [`crate::session::Session::setup`].
    #[serde(default)]
    pub setup: String,
    /// The part of the environment that takes effect in its processes.
    #[serde(default)]
    pub environment: Environment,
    /// The model, as its user named it.
    pub model: String,
    /// The CPU, as the user named it.
    pub cpu: String,
    /// The model that computes in place of that, where it could not be loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<String>,
    /// Whether what computes sees pictures.
    #[serde(default)]
    pub sees: bool,
    /// The grants of its processes.
    pub grants: Grants,
    /// How approvals are settled.
    pub approve: Approve,
}

impl Greeting {
    /// Whether a process would run on this machine as on the `other`.
    pub fn is_like(&self, other: &Greeting) -> bool {
        self.lasts == other.lasts
            && self.release == other.release
            && self.setup == other.setup
            && self.environment == other.environment
            && self.model == other.model
            && self.cpu == other.cpu
            && self.instead == other.instead
            && self.approve == other.approve
            && self.grants_as(&other.grants)
    }

    /// Whether what is granted to its processes is what `grants` says, in whatever words.
    pub fn grants_as(&self, grants: &Grants) -> bool {
        let covers = |one: &Grants, other: &Grants| other.iter().all(|cap| one.allows(cap));
        covers(&self.grants, grants) && covers(grants, &self.grants)
    }
}

/// Where the socket of the machine with its state in `state` is.
pub fn socket(state: &Path) -> PathBuf {
    let path = state.join("control.sock");
    if path.as_os_str().len() <= PATH_BYTES_MAX {
        return path;
    }
    let name = digest(path.as_os_str().as_encoded_bytes(), 16);
    std::env::temp_dir().join(format!("quipu-{name}.sock"))
}

/// The socket of the machine with its state in `state`, for its clients. In the folder that all
/// users share, the socket has to belong to the owner of the state: another user could have put a
/// socket of the same name there, to learn what this user asks.
///
/// # Errors
/// Where there is no socket, or it is another user's.
pub fn own_socket(state: &Path) -> io::Result<PathBuf> {
    let path = socket(state);
    if path.starts_with(state) {
        return Ok(path);
    }
    let owner = std::fs::metadata(state)?.uid();
    match std::fs::symlink_metadata(&path)?.uid() == owner {
        true => Ok(path),
        false => Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            format!("{} is another user's", path.display()),
        )),
    }
}

/// Writes `value` as a line.
pub async fn write(writer: &mut OwnedWriteHalf, value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_string(value)?;
    text.push('\n');
    writer.write_all(text.as_bytes()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_that_does_something_else_is_another() {
        let one = Greeting {
            setup: "a".into(),
            ..Greeting::default()
        };
        let check = |other: Greeting, want: bool| {
            assert_eq!(one.is_like(&other), want, "{other:?}");
        };
        let is_open = true;
        let address = Some("127.0.0.1:1".to_owned());
        check(
            Greeting {
                is_open,
                address,
                ..one.clone()
            },
            true,
        );
        let (setup, lasts, approve) = ("b".to_owned(), true, Approve::All);
        check(
            Greeting {
                setup,
                ..one.clone()
            },
            false,
        );
        check(
            Greeting {
                lasts,
                ..one.clone()
            },
            false,
        );
        check(
            Greeting {
                approve,
                ..one.clone()
            },
            false,
        );
        check(
            Greeting {
                instead: Some("endpoint:fast".to_owned()),
                ..one.clone()
            },
            false,
        );
        check(
            Greeting {
                environment: Environment::from([("TZ".to_owned(), "0f".to_owned())]),
                ..one.clone()
            },
            false,
        );
        let mut grants = Grants::default();
        grants.add("net:example.com".parse().unwrap());
        check(
            Greeting {
                grants,
                ..one.clone()
            },
            false,
        );
    }

    #[test]
    fn a_long_path_is_shortened_and_stays_the_same() {
        let long = PathBuf::from("/x".repeat(80));
        assert!(socket(&long).as_os_str().len() <= PATH_BYTES_MAX);
        assert_eq!(socket(&long), socket(&long));
        assert_ne!(socket(&long), socket(&long.join("y")));
        assert_eq!(socket(Path::new("/s")), Path::new("/s/control.sock"));
        assert_eq!(
            own_socket(Path::new("/s")).unwrap(),
            socket(Path::new("/s"))
        );
    }

    #[test]
    fn a_socket_among_those_of_others_has_to_be_ones_own() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("x".repeat(PATH_BYTES_MAX));
        std::fs::create_dir(&state).unwrap();
        let path = socket(&state);
        assert!(!path.starts_with(&state));
        assert!(own_socket(&state).is_err(), "there is none");
        std::fs::write(&path, "").unwrap();
        let found = own_socket(&state);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(found.unwrap(), path);
    }
}
