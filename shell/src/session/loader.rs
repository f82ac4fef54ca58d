//! The model of a machine, and those beside it: those of this machine, and those behind the
//! endpoints of the configuration.
//!
//! | name | model |
//! | --- | --- |
//! | `endpoint:NAME` | the one of `[endpoints.NAME]` |
//! | one of `fallback` that is here | a file of this machine, also where an endpoint computes |
//! | another, where an endpoint computes | the one that this endpoint calls so |
//! | another | a file of this machine, as `--model` takes it |

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use quipu_cpu::llama::{self, LocalSettings};
use quipu_cpu::remote::{RemoteCpu, RemoteSettings, shown};
use quipu_cpu::{Cpu, CpuError, Trouble};
use quipu_kernel::gate::Policy;
use quipu_kernel::judgement::Judgement;
use quipu_kernel::label::Secrecy;
use quipu_kernel::process::NoModel;
use quipu_kernel::{Found, Loaded, Loader};
use quipu_models::{self as models, ModelError, Places, gguf};
use quipu_tools::Grants;

use super::Session;
use super::cpu::{ENDPOINT_SILENCE, clearance_of, local_settings, seeing};
use super::judgement;
use crate::config::endpoints::{self, Endpoint};
use crate::config::paths::Paths;
use crate::config::settings::{CpuChoice, Settings};
use crate::terminal::output::visible;
use crate::terminal::words::{fill, words};
use crate::terminal::{draft, model_hints};

/// The share of a machine's memory that models take at most, unless the configuration says how
/// many bytes: the rest is for the system, for other programs, and for what models share.
const MEMORY_SHARE: (u64, u64) = (3, 4);

/// What brings the models of a session.
pub struct ModelLoader {
    settings: Settings,
    paths: Paths,
    places: Places,
    /// What is granted to all processes: an endpoint may be shown what is private by that.
    grants: Grants,
    /// What tells the machine's own model from others.
    own: String,
    /// Bytes of memory that the machine's own takes.
    own_bytes: u64,
}

/// Where a model comes from.
enum Source {
    File(PathBuf),
    Endpoint(Endpoint),
}

/// What a machine computes with by itself.
pub(super) struct Own {
    /// What computes.
    pub(super) cpu: Arc<dyn Cpu>,
    /// What its odds are worth.
    pub(super) judgement: Judgement,
    /// The most secret text that it may be shown, as a policy has it.
    pub(super) clearance: Option<Secrecy>,
    /// Its name, where it computes in place of the one of the settings.
    pub(super) instead: Option<String>,
    /// What tells it from other models.
    key: String,
}

impl Session {
    /// What computes by the settings on a machine that does what `policy` says. Where that cannot
    /// be loaded, it is the first of the models in its place that can, and that is said. States of
    /// processes that leave its cache go to the folder `swap`.
    ///
    /// # Errors
    /// Why the one of the settings cannot be loaded, where no other can.
    pub(super) async fn own(&self, swap: PathBuf, policy: &Policy) -> Result<Own> {
        let own = match &self.settings.cpu {
            // Where a model can stand in for it, an endpoint has to answer.
            CpuChoice::Url(url) if !self.fallbacks().is_empty() => {
                let own = connected(&self.asked(url)).await;
                own.map(|cpu| Arc::new(cpu) as Arc<dyn Cpu>)
                    .map_err(anyhow::Error::from)
            }
            _ => self.cpu(swap).await,
        };
        let error = match own {
            Ok(cpu) => {
                return Ok(Own {
                    cpu,
                    judgement: self.judgement(),
                    clearance: policy.clearance,
                    instead: None,
                    key: self.own_key(),
                });
            }
            Err(error) => error,
        };
        let loader = self.brings(String::new(), 0, policy.grants.clone());
        let model = &self.settings.model;
        for name in self.fallbacks() {
            let (loaded, key) = match loaded_alone(&loader, name).await {
                Ok(loaded) => loaded,
                Err(why) => {
                    say!("warning: {name} cannot stand in for {model}: {why}");
                    continue;
                }
            };
            let values: [(&str, &dyn Display); 3] = [
                ("model", model),
                ("instead", name),
                ("reason", &format!("{error:#}")),
            ];
            say!("warning: {}", visible(&fill(words().instead, &values)));
            return Ok(Own {
                cpu: loaded.cpu,
                judgement: loaded.judgement,
                clearance: loaded.clearance,
                instead: Some(name.clone()),
                key,
            });
        }
        Err(error)
    }

    /// The models in place of the machine's own. There are none for a script, nor where an option
    /// says what computes: what is asked of that goes to no other server.
    pub(super) fn fallbacks(&self) -> &[String] {
        let is_script = matches!(self.settings.cpu, CpuChoice::Script(_));
        match is_script || self.globals.cpu.is_some() {
            true => &[],
            false => &self.settings.fallback,
        }
    }

    /// What brings models to a machine beside its `own`, where so much is granted.
    pub(super) fn loader(&self, own: &Own, grants: Grants) -> ModelLoader {
        self.brings(own.key.clone(), own.cpu.info().bytes, grants)
    }

    fn brings(&self, own: String, own_bytes: u64, grants: Grants) -> ModelLoader {
        ModelLoader {
            settings: self.settings.clone(),
            paths: self.paths.clone(),
            places: self.places(),
            grants,
            own,
            own_bytes,
        }
    }

    /// What tells the model that the settings name from others; nothing of a script.
    fn own_key(&self) -> String {
        match &self.settings.cpu {
            CpuChoice::Local => {
                let file = self.model_file();
                file.map(|file| key_of(&file)).unwrap_or_default()
            }
            CpuChoice::Url(url) => self.asked(url).identity(),
            CpuChoice::Script(_) => String::new(),
        }
    }

    /// The endpoint at `url`, which computes by the settings.
    fn asked(&self, url: &str) -> Endpoint {
        let settings = &self.settings;
        let model = settings.model_named.then(|| settings.model.clone());
        asked_as(settings, url, model)
    }
}

impl Session {
    /// Checks that a machine of this session finds the model `name`.
    ///
    /// # Errors
    /// Where there is no such endpoint or file.
    pub fn check_model(&self, name: &str) -> Result<()> {
        if let Some(called) = endpoints::named(name) {
            return endpoints::find(called, &self.settings.endpoints).map(|_| ());
        }
        match self.settings.cpu {
            CpuChoice::Local => Ok(models::resolve(name, &self.places()).map(drop)?),
            // An endpoint has names of its own, and a script needs no model.
            CpuChoice::Url(_) | CpuChoice::Script(_) => Ok(()),
        }
    }
}

/// The endpoint at `url`, as the settings have it asked for `model`.
fn asked_as(settings: &Settings, url: &str, model: Option<String>) -> Endpoint {
    Endpoint {
        url: url.to_owned(),
        model,
        api_key_env: Some(settings.api_key_env.clone()),
        window: settings.window,
    }
}

/// The model `name`, loaded where no other is, with what tells it from others.
///
/// # Errors
/// Where there is no such model, no room for it, or it cannot be run.
async fn loaded_alone(loader: &ModelLoader, name: &str) -> Result<(Loaded, String), NoModel> {
    let found = loader.find(name)?;
    let (key, room) = (found.key.clone(), loader.room(0));
    if found.bytes > room {
        let (name, needs) = (found.name, found.bytes);
        return Err(NoModel::NoRoom { name, needs, room });
    }
    let loaded = loader.load(found, room).await?;
    Ok((loaded, key))
}

/// What a file is called whatever it was named.
fn key_of(file: &Path) -> String {
    let whole = file.canonicalize();
    whole.as_deref().unwrap_or(file).display().to_string()
}

/// Why there is no such model, with what to do about it.
fn not_here(error: &ModelError) -> NoModel {
    let reason = match model_hints::hint(error) {
        Some(hint) => format!("{error}; {hint}"),
        None => error.to_string(),
    };
    NoModel::NotHere { reason }
}

impl ModelLoader {
    fn source(&self, name: &str) -> Result<Source, NoModel> {
        if let Some(called) = endpoints::named(name) {
            let endpoint = self.settings.endpoints.get(called);
            return endpoint.cloned().map(Source::Endpoint).ok_or_else(|| NoModel::NotHere {
                reason: format!(
                    "no endpoint is called {called}; write its `url` below [endpoints.{called}] \
                     in config.toml"
                ),
            });
        }
        let file = models::resolve(name, &self.places);
        let stands_in = self.settings.fallback.iter().any(|other| other == name);
        if let CpuChoice::Url(url) = &self.settings.cpu
            && !(stands_in && file.is_ok())
        {
            let endpoint = asked_as(&self.settings, url, Some(name.to_owned()));
            return Ok(Source::Endpoint(endpoint));
        }
        let file = file.map_err(|error| not_here(&error))?;
        Ok(Source::File(file))
    }
}

impl Loader for ModelLoader {
    fn find(&self, name: &str) -> Result<Found, NoModel> {
        let (key, bytes) = match self.source(name)? {
            Source::Endpoint(endpoint) => (endpoint.identity(), 0),
            Source::File(file) => {
                let header = gguf::read(&file);
                let header = header.map_err(|error| not_here(&ModelError::Gguf(error)))?;
                if !header.chat_template {
                    let model = name.to_owned();
                    return Err(CpuError::NoTemplate { model }.into());
                }
                (key_of(&file), header.needs)
            }
        };
        Ok(Found {
            name: name.to_owned(),
            is_own: key == self.own,
            key,
            bytes,
        })
    }

    fn load(&self, found: Found, room: u64) -> BoxFuture<'static, Result<Loaded, NoModel>> {
        let source = match self.source(&found.name) {
            Ok(source) => source,
            Err(error) => return std::future::ready(Err(error)).boxed(),
        };
        match source {
            Source::Endpoint(endpoint) => {
                let clearance = clearance_of(&endpoint.url, self.grants.iter());
                async move {
                    Ok::<_, NoModel>(Loaded {
                        cpu: Arc::new(connected(&endpoint).await?),
                        judgement: Judgement::default(),
                        clearance: Some(clearance),
                    })
                }
                .boxed()
            }
            Source::File(file) => {
                let (settings, paths) = (self.settings.clone(), self.paths.clone());
                let load = move || local(&found.name, &file, room, &settings, &paths);
                async move {
                    let loaded = tokio::task::spawn_blocking(load).await;
                    // What a crash says of itself is told to no client.
                    let crashed = "it crashed while it was loaded";
                    loaded.map_err(|_| CpuError::Decode(crashed.to_owned()))?
                }
                .boxed()
            }
        }
    }

    fn instead_of(&self, name: &str) -> Vec<String> {
        let others = self.settings.fallback.iter();
        others.filter(|other| *other != name).cloned().collect()
    }

    fn room(&self, taken: u64) -> u64 {
        let memory = llama::memory_bytes();
        let total = memory.map_or(u64::MAX, |memory| memory.total);
        let free = memory.map_or(u64::MAX, |memory| memory.free);
        room(
            self.settings.models_bytes,
            total,
            free,
            self.own_bytes.saturating_add(taken),
        )
    }
}

/// The bytes that one more model may take where `taken` are taken: what is left of those that
/// were `named`, else of a share of the `total`; and no more than are `free`.
fn room(named: Option<u64>, total: u64, free: u64, taken: u64) -> u64 {
    let (share, of) = MEMORY_SHARE;
    let budget = named.unwrap_or(total / of * share);
    budget.saturating_sub(taken).min(free)
}

/// What is behind `endpoint`, which answers: one that is down, or takes no such key, is found out
/// before a task runs on it.
async fn connected(endpoint: &Endpoint) -> Result<RemoteCpu, CpuError> {
    let _waiting = draft::waiting(&shown(&endpoint.url));
    let settings = |model: Option<String>| RemoteSettings {
        url: endpoint.url.clone(),
        model,
        api_key: endpoint.key(),
        window: endpoint.window,
        timeout: ENDPOINT_SILENCE,
    };
    let first = RemoteCpu::connect(settings(None)).await;
    if endpoint.model.is_none() {
        return first;
    }
    match first {
        Err(
            error @ CpuError::Endpoint {
                trouble: Trouble::Silent | Trouble::Key,
                ..
            },
        ) => Err(error),
        // Some list nothing: a model that was named is enough.
        _ => RemoteCpu::connect(settings(endpoint.model.clone())).await,
    }
}

/// The model in `file`, loaded in at most `room` bytes. What it has read is kept in memory only:
/// the folder of states has one user, the machine's own model.
fn local(
    name: &str,
    file: &Path,
    room: u64,
    settings: &Settings,
    paths: &Paths,
) -> Result<Loaded, NoModel> {
    let failed = |error: std::io::Error| CpuError::Load {
        path: file.display().to_string(),
        reason: error.to_string(),
    };
    let settings = LocalSettings {
        bytes_max: Some(room),
        ..local_settings(settings, paths, file).map_err(failed)?
    };
    let _loading = draft::loading(name);
    let cpu = seeing(file, settings)?;
    let fitted = judgement::find(paths, file);
    Ok(Loaded {
        cpu: Arc::new(cpu),
        judgement: fitted.map(|fitted| fitted.judgement).unwrap_or_default(),
        clearance: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::globals::Globals;

    const GB: u64 = 1 << 30;

    #[test]
    fn models_leave_memory_to_others() {
        let check = |named: Option<u64>, total: u64, free: u64, taken: u64, want: u64| {
            assert_eq!(room(named, total, free, taken), want);
        };
        check(None, 8 * GB, 7 * GB, 2 * GB, 4 * GB);
        // What others use is not there.
        check(None, 8 * GB, GB, 2 * GB, GB);
        check(None, 8 * GB, 7 * GB, 7 * GB, 0);
        check(Some(3 * GB), 8 * GB, 7 * GB, 2 * GB, GB);
        // A system that does not tell.
        check(Some(3 * GB), u64::MAX, u64::MAX, 2 * GB, GB);
    }

    #[test]
    fn a_name_is_an_endpoint_or_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        std::fs::create_dir_all(&root).unwrap();
        let text = "fallback = [\"here\", \"gone\"]\n\
                    [endpoints.fast]\nurl = \"http://127.0.0.1:9/v1\"\nmodel = \"m\"\n";
        std::fs::write(root.join("config.toml"), text).unwrap();
        let loader = |cpu: &str| {
            let session = Session::open(Globals {
                root: Some(root.clone()),
                cpu: Some(cpu.to_owned()),
                ..Globals::default()
            });
            let session = session.unwrap();
            session.brings(session.own_key(), 0, Grants::default())
        };
        let check = |cpu: &str, name: &str, want: Result<(&str, bool), &str>| {
            let found = loader(cpu).find(name);
            let found = found.map(|found| (found.key, found.is_own));
            match (found, want) {
                (Ok((key, is_own)), Ok(want)) => assert_eq!((key.as_str(), is_own), want),
                (Err(error), Err(want)) => {
                    let error = error.to_string();
                    assert!(error.contains(want), "{error}");
                }
                (found, want) => panic!("{cpu} {name}: {found:?} instead of {want:?}"),
            }
        };
        check(
            "script:/s",
            "endpoint:fast",
            Ok(("http://127.0.0.1:9/v1 m", false)),
        );
        check("script:/s", "endpoint:slow", Err("[endpoints.slow]"));
        check("script:/s", "nothing-like-it", Err("no model is called"));
        // Where an endpoint computes, a name is one of its models.
        let url = "http://127.0.0.1:8/v1";
        check(url, "small", Ok(("http://127.0.0.1:8/v1 small", false)));
        check(
            "http://127.0.0.1:9/v1/",
            "m",
            Ok(("http://127.0.0.1:9/v1 m", false)),
        );
        // What stands in for the endpoint is a file, where there is one.
        let models = root.join("models");
        std::fs::create_dir_all(&models).unwrap();
        for name in ["here.gguf", "other.gguf"] {
            std::fs::write(models.join(name), "").unwrap();
        }
        for (name, is_file) in [("here", true), ("other", false), ("gone", false)] {
            let source = loader(url).source(name);
            let got = source.map(|source| matches!(source, Source::File(_)));
            assert_eq!(got.ok(), Some(is_file), "{name}");
        }
    }
}
