//! The model hub over HTTP: which files a repository has, and fetching one of them,
//! continued by `Range` where an earlier attempt stopped.
//!
//! Written on reqwest alone: resuming into a file of our choice and one plain
//! connection is all that is wanted of the hub.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::header::{CONTENT_RANGE, RANGE};
use reqwest::{RequestBuilder, Response, StatusCode, Url};
use serde::Deserialize;

use super::super::error::ModelError;
use super::super::hubname::{HubName, Pick, Want, is_gguf, is_plain};
use super::super::progress::Progress;
use super::super::projector::{self, is_projector};
use super::Settings;

/// The hub that is meant where none is configured.
const HUB: &str = "https://huggingface.co";
/// Longest wait for a connection: a hub out of reach must not hold up other sources.
const CONNECT: Duration = Duration::from_secs(5);
/// Longest silence during a transfer.
const SILENCE: Duration = Duration::from_secs(30);
/// Longest list of files accepted, in bytes.
const LIST_MAX: usize = 16 << 20;
/// How often a broken transfer is continued within one pull.
const CONTINUED_MAX: u32 = 4;

/// Which hub, and as whom.
#[derive(Clone)]
pub struct Hub {
    /// Base address.
    pub endpoint: String,
    /// Access token; else the one kept in the hub's home is used.
    pub token: Option<String>,
    /// The hub's home: its cache and token are read, nothing is written.
    pub home: Option<PathBuf>,
}

impl Default for Hub {
    fn default() -> Self {
        Hub {
            endpoint: HUB.to_owned(),
            token: None,
            home: None,
        }
    }
}

impl std::fmt::Debug for Hub {
    /// Leaves the token out: debug output ends up in logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let token = self.token.as_ref().map(|_| "...");
        let mut out = f.debug_struct("Hub");
        out.field("endpoint", &self.endpoint)
            .field("token", &token)
            .field("home", &self.home);
        out.finish()
    }
}

impl Hub {
    fn token(&self) -> Option<String> {
        let kept = || fs::read_to_string(self.home.as_ref()?.join("token")).ok();
        let token = self.token.clone().or_else(kept)?;
        Some(token.trim().to_owned()).filter(|token| !token.is_empty())
    }

    /// The address of `path` below the hub's base, each component escaped.
    fn address(&self, path: &[&str]) -> Result<Url, ModelError> {
        let unusable = |why: String| ModelError::Unreachable {
            endpoint: self.endpoint.clone(),
            why,
        };
        let mut url = Url::parse(&self.endpoint).map_err(|error| unusable(error.to_string()))?;
        url.path_segments_mut()
            .map_err(|()| unusable("it is not the address of a server".into()))?
            .pop_if_empty()
            .extend(path);
        Ok(url)
    }

    fn get(&self, settings: &Settings, url: Url) -> Result<RequestBuilder, ModelError> {
        // As it is on the server: lengths and ranges are of those bytes.
        let client = quipu_tls::client()
            .no_gzip()
            .no_brotli()
            .user_agent(concat!("quipu/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .read_timeout(settings.stall.min(SILENCE))
            .build()
            .map_err(|error| self.unreachable(&error))?;
        let request = client.get(url);
        Ok(match self.token() {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
    }

    /// The innermost cause says most: "connection refused", "timed out".
    fn unreachable(&self, error: &reqwest::Error) -> ModelError {
        let mut cause: &dyn std::error::Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        let why = if error.is_connect() && error.is_timeout() {
            format!("no connection within {} s", CONNECT.as_secs())
        } else {
            cause.to_string()
        };
        ModelError::Unreachable {
            endpoint: self.endpoint.clone(),
            why,
        }
    }

    /// Turns a refusal into the error that says what to do.
    fn accept(&self, response: Response, what: &str) -> Result<Response, ModelError> {
        let what = what.to_owned();
        match response.status() {
            status if status.is_success() => Ok(response),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(ModelError::Denied {
                what,
                token: self.token().is_some(),
            }),
            StatusCode::NOT_FOUND => Err(ModelError::NotOnHub { what }),
            status => Err(ModelError::Hub {
                what,
                why: status.to_string(),
            }),
        }
    }
}

/// One file of the hub.
#[derive(Debug, Clone)]
pub struct Remote {
    org: String,
    repo: String,
    /// Commit or branch.
    revision: String,
    /// Path inside the repository.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, where the hub states it.
    pub sha256: Option<String>,
    /// The file beside it with which it sees pictures, if there is one.
    pub projector: Option<String>,
}

impl Remote {
    /// A file whose size and checksum the catalogue states.
    pub fn known(name: &HubName, bytes: u64, sha256: &str) -> Self {
        let file = match &name.want {
            Want::File(file) => file.clone(),
            Want::Usual | Want::Quant(_) => name.to_string(),
        };
        Remote {
            org: name.org.clone(),
            repo: name.repo.clone(),
            revision: "main".into(),
            file,
            bytes,
            sha256: Some(sha256.to_owned()),
            projector: None,
        }
    }

    /// Where the bytes are gathered. The name changes with the contents, so that a
    /// file that was replaced on the hub is not continued with the new one's bytes.
    pub fn part(&self, partial: &Path) -> PathBuf {
        let identity = self.sha256.as_ref().unwrap_or(&self.revision);
        let short: String = identity
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(16)
            .collect();
        partial.join(format!("hub-{short}.part"))
    }

    /// Bytes gathered so far.
    pub fn kept(&self, partial: &Path) -> u64 {
        fs::metadata(self.part(partial)).map_or(0, |meta| meta.len())
    }

    fn place(&self) -> String {
        format!("{}/{}", self.org, self.repo)
    }
}

#[derive(Deserialize)]
struct Repository {
    sha: Option<String>,
    #[serde(default)]
    siblings: Vec<Sibling>,
}

#[derive(Deserialize)]
struct Sibling {
    rfilename: String,
    size: Option<u64>,
    lfs: Option<Lfs>,
}

#[derive(Deserialize)]
struct Lfs {
    sha256: Option<String>,
    size: Option<u64>,
}

/// Asks the hub for the file that `name` means.
pub async fn find(name: &HubName, settings: &Settings) -> Result<Remote, ModelError> {
    let repository = listed(name, settings).await?;
    let file = chosen(name, &repository)?;
    let sibling = repository
        .siblings
        .iter()
        .find(|sibling| sibling.rfilename == file);
    let lfs = sibling.and_then(|sibling| sibling.lfs.as_ref());
    let size = sibling
        .and_then(|sibling| sibling.size)
        .or(lfs.and_then(|lfs| lfs.size));
    let sha256 = lfs
        .and_then(|lfs| lfs.sha256.clone())
        .map(|sha| sha.to_ascii_lowercase());
    let projector = projector_of(&repository, &file);
    Ok(Remote {
        projector,
        org: name.org.clone(),
        repo: name.repo.clone(),
        revision: repository
            .sha
            .filter(|sha| is_plain(sha))
            .unwrap_or_else(|| "main".into()),
        bytes: size.ok_or_else(|| ModelError::Hub {
            what: format!("{}:{file}", name.place()),
            why: "no size".into(),
        })?,
        file,
        sha256,
    })
}

/// The projector of the model `file`, where the repository has one and `file` is not one itself.
fn projector_of(repository: &Repository, file: &str) -> Option<String> {
    let names = repository.siblings.iter();
    let mut names: Vec<&str> = names
        .map(|sibling| sibling.rfilename.as_str())
        .filter(|name| is_projector(name) && is_gguf(name) && is_plain(name))
        .collect();
    names.sort_unstable();
    let chosen = projector::usual(&names)?;
    // Beside it, or it would not be found.
    (!file.contains('/') && !is_projector(file)).then(|| chosen.to_owned())
}

/// The hub's listing of the repository that `name` is in.
async fn listed(name: &HubName, settings: &Settings) -> Result<Repository, ModelError> {
    let (hub, place) = (&settings.hub, name.place());
    let mut url = hub.address(&["api", "models", &name.org, &name.repo])?;
    url.set_query(Some("blobs=true"));
    let answer = hub
        .get(settings, url)?
        .send()
        .await
        .map_err(|error| hub.unreachable(&error))?;
    let answer = hub.accept(answer, &place)?;
    let body = body(answer, hub, &place).await?;
    serde_json::from_slice(&body).map_err(|error| ModelError::Hub {
        what: place,
        why: format!("a list that cannot be read: {error}"),
    })
}

/// The file of `repository` that `name` means.
fn chosen(name: &HubName, repository: &Repository) -> Result<String, ModelError> {
    let files = repository
        .siblings
        .iter()
        .map(|sibling| sibling.rfilename.as_str());
    let owned = |files: Vec<&str>| files.into_iter().map(str::to_owned).collect();
    // Anyone may run a hub, so whatever goes into a path or an address is checked.
    let files = files.filter(|file| file.split('/').all(is_plain));
    let (place, wish) = (name.place(), name.to_string());
    match name.pick(files) {
        Pick::One(file) => Ok(file.to_owned()),
        Pick::Split(file) => Err(ModelError::Split {
            place,
            file: file.to_owned(),
        }),
        Pick::Several(files) => Err(ModelError::Several {
            place,
            wish,
            files: owned(files),
        }),
        Pick::None(have) => Err(ModelError::NoSuchQuant {
            place,
            wish,
            have: owned(have),
        }),
    }
}

/// Takes a whole, bounded answer.
async fn body(mut answer: Response, hub: &Hub, what: &str) -> Result<Vec<u8>, ModelError> {
    let mut body = Vec::new();
    while let Some(piece) = answer
        .chunk()
        .await
        .map_err(|error| hub.unreachable(&error))?
    {
        if body.len() + piece.len() > LIST_MAX {
            let why = format!("a list longer than {LIST_MAX} bytes");
            return Err(ModelError::Hub {
                what: what.to_owned(),
                why,
            });
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// Fetches what is missing of `remote`; returns the file that holds all of it.
pub async fn fetch(
    remote: &Remote,
    partial: &Path,
    settings: &Settings,
    progress: &dyn Progress,
) -> Result<PathBuf, ModelError> {
    let part = remote.part(partial);
    if remote.kept(partial) > remote.bytes {
        fs::remove_file(&part).map_err(ModelError::io("remove", &part))?;
    }
    let mut continued = 0;
    loop {
        let before = remote.kept(partial);
        if before == remote.bytes {
            return Ok(part);
        }
        match transfer(remote, before, &part, settings, progress).await {
            Ok(()) => {}
            // A transfer that broke after it had begun is worth continuing at once;
            // a hub that does not answer is not worth asking again.
            Err(ModelError::Unreachable { .. })
                if remote.kept(partial) > before && continued < CONTINUED_MAX => {}
            Err(error) => return Err(error),
        }
        continued += 1;
        if continued > CONTINUED_MAX {
            let why = "transfers that end early again and again".into();
            return Err(ModelError::Hub {
                what: remote.place(),
                why,
            });
        }
    }
}

/// One request: appends what comes to `part`, from byte `start` on.
async fn transfer(
    remote: &Remote,
    start: u64,
    part: &Path,
    settings: &Settings,
    progress: &dyn Progress,
) -> Result<(), ModelError> {
    let hub = &settings.hub;
    let what = format!("{}:{}", remote.place(), remote.file);
    let mut path = vec![
        remote.org.as_str(),
        &remote.repo,
        "resolve",
        &remote.revision,
    ];
    path.extend(remote.file.split('/'));
    let mut request = hub.get(settings, hub.address(&path)?)?;
    if start > 0 {
        request = request.header(RANGE, format!("bytes={start}-"));
    }
    let answer = request
        .send()
        .await
        .map_err(|error| hub.unreachable(&error))?;
    let mut answer = hub.accept(answer, &what)?;
    let mut at = match answer.status() {
        StatusCode::PARTIAL_CONTENT if continues_at(&answer, start) => start,
        StatusCode::PARTIAL_CONTENT => {
            let why = "another range than was asked for".into();
            return Err(ModelError::Hub { what, why });
        }
        // A server without ranges sends everything again.
        _ => 0,
    };
    let open = File::options()
        .create(true)
        .append(at > 0)
        .write(true)
        .truncate(at == 0)
        .open(part);
    let mut out = open.map_err(ModelError::io("open", part))?;
    progress.bytes(at, remote.bytes);
    while let Some(piece) = answer
        .chunk()
        .await
        .map_err(|error| hub.unreachable(&error))?
    {
        at += piece.len() as u64;
        if at > remote.bytes {
            let why = format!("more than the {} bytes it announced", remote.bytes);
            return Err(ModelError::Hub { what, why });
        }
        out.write_all(&piece)
            .map_err(ModelError::io("write", part))?;
        progress.bytes(at, remote.bytes);
    }
    Ok(())
}

/// Whether a partial answer begins at `start`: `Content-Range: bytes START-END/TOTAL`.
fn continues_at(answer: &Response, start: u64) -> bool {
    let range = answer
        .headers()
        .get(CONTENT_RANGE)
        .and_then(|range| range.to_str().ok());
    let begin = range.and_then(|range| range.trim().strip_prefix("bytes "));
    begin.and_then(|begin| begin.split('-').next()?.parse::<u64>().ok()) == Some(start)
}
