//! What computes, by the settings of a session.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use quipu_cpu::llama::{Attention, LocalCpu, LocalSettings};
use quipu_cpu::remote::{RemoteCpu, RemoteSettings, shown};
use quipu_cpu::scripted::ScriptedCpu;
use quipu_cpu::{Cpu, CpuError};
use quipu_kernel::label::Secrecy;
use quipu_models as models;
use quipu_tools::Capability;

use super::Session;
use crate::config::env_vars;
use crate::config::paths::Paths;
use crate::config::settings::{AttentionWord, CpuChoice, Settings};
use crate::terminal::draft;
use crate::terminal::output::visible;

/// How long an endpoint may stay silent.
pub(super) const ENDPOINT_SILENCE: Duration = Duration::from_secs(120);

impl Session {
    /// The CPU that the settings name. States of processes that leave its cache go to the
    /// folder `swap`.
    pub(super) async fn cpu(&self, swap: PathBuf) -> Result<Arc<dyn Cpu>> {
        let settings = &self.settings;
        Ok(match &settings.cpu {
            CpuChoice::Local => Arc::new(self.local_cpu(swap).await?),
            CpuChoice::Script(file) => Arc::new(ScriptedCpu::load(file.as_ref(), settings.window)?),
            CpuChoice::Url(url) => {
                let remote = RemoteSettings {
                    url: url.clone(),
                    model: settings.model_named.then(|| settings.model.clone()),
                    api_key: env_vars::get(&settings.api_key_env),
                    window: settings.window,
                    timeout: ENDPOINT_SILENCE,
                };
                let _waiting = draft::waiting(&shown(url));
                Arc::new(RemoteCpu::connect(remote).await?)
            }
        })
    }

    /// The model that the settings name, loaded. Warns of what is other than they say.
    async fn local_cpu(&self, swap: PathBuf) -> Result<LocalCpu> {
        let settings = &self.settings;
        let file = self.model_file()?;
        let cores = std::thread::available_parallelism().map_or(usize::MAX, Into::into);
        if let Some(threads) = settings.threads.map(usize::from).filter(|&n| n > cores) {
            say!("warning: {threads} threads on {cores} cores are far slower than {cores}");
        }
        let local = LocalSettings {
            kv_cells: settings.kv_tokens,
            swap: Some(swap),
            swap_bytes: Some(settings.kv_disk_bytes),
            ..local_settings(settings, &self.paths, &file)?
        };
        let loading = draft::loading(&settings.model);
        let load = move || seeing(&file, local);
        let cpu = tokio::task::spawn_blocking(load).await??;
        drop(loading);
        let wanted = settings.attention == AttentionWord::Own;
        if let Err(reason) = cpu.own_attention()
            && wanted
        {
            say!(
                "warning: attention is llama.cpp's own: {reason}; answers may depend on who \
                 shares the machine"
            );
        }
        let (most, cells) = (cpu.info().window, cpu.info().kv_cells);
        if let Some(window) = settings.window.filter(|&window| window > most) {
            say!("warning: the model has a window of {most} tokens, not {window}");
        }
        if let Some(tokens) = settings.kv_tokens.filter(|&tokens| tokens < cells) {
            say!("warning: kv_tokens = {tokens} does not hold one window; {cells} are used");
        }
        Ok(cpu)
    }

    /// The most secret text that the CPU may be shown, where it is on another machine: what is
    /// private too, if that was granted with `allow` or in the settings.
    pub(super) fn clearance(&self, allow: &[Capability]) -> Option<Secrecy> {
        let CpuChoice::Url(url) = &self.settings.cpu else {
            return None;
        };
        let granted = self.settings.allow.iter().chain(allow);
        Some(clearance_of(url, granted))
    }
}

/// How the model in `file` is run, whichever model of this machine it is.
pub(super) fn local_settings(
    settings: &Settings,
    paths: &Paths,
    file: &Path,
) -> std::io::Result<LocalSettings> {
    Ok(LocalSettings {
        window: settings.window,
        threads: settings.threads.map(usize::from),
        secret: paths.key()?,
        attention: match settings.attention {
            AttentionWord::Own => Attention::Own,
            AttentionWord::LlamaCpp => Attention::LlamaCpp,
        },
        projector: models::projector_of(file),
        loaded: Some(draft::loaded),
        ..LocalSettings::default()
    })
}

/// The most secret text that the endpoint at `url` may be shown, where so much is `granted`.
pub(super) fn clearance_of<'a>(
    url: &str,
    mut granted: impl Iterator<Item = &'a Capability>,
) -> Secrecy {
    let wanted = endpoint(url);
    match wanted.is_some_and(|wanted| granted.any(|held| held.covers(&wanted))) {
        true => Secrecy::Private,
        false => Secrecy::Public,
    }
}

/// The model in `file`; without its projector where that cannot be used, which is told.
pub(super) fn seeing(file: &Path, local: LocalSettings) -> Result<LocalCpu, CpuError> {
    let loaded = LocalCpu::load(file, &local);
    let projector = local.projector.as_ref();
    let projector = projector.map(|path| path.display().to_string());
    match loaded {
        Err(CpuError::Load { path, reason }) if projector.as_ref() == Some(&path) => {
            let (path, reason) = (visible(&path), visible(&reason));
            say!("warning: the model sees no pictures: {path}: {reason}");
            let blind = LocalSettings {
                projector: None,
                ..local
            };
            LocalCpu::load(file, &blind)
        }
        loaded => loaded,
    }
}

/// What has to be granted for the endpoint at `url` to be shown private text.
fn endpoint(url: &str) -> Option<Capability> {
    let url = reqwest::Url::parse(url).ok()?;
    let (host, port) = (url.host_str()?, url.port_or_known_default()?);
    format!("private:{host}:{port}").parse().ok()
}
