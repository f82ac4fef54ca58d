//! A session: the paths and settings of one call of the program, and what is made from them:
//! the store, the CPU, the policy, a booted kernel.
//!
//! The bus of tools is put together in `bus`, agents are read in `agent`. The socket by which
//! other programs reach the machine is opened a floor above, in `service/machine`.

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::Duration;

use anyhow::Result;
use quipu_cpu::llama::{self, Attention, LocalCpu, LocalSettings};
use quipu_cpu::remote::{RemoteCpu, RemoteSettings};
use quipu_cpu::scripted::ScriptedCpu;
use quipu_cpu::{Cpu, CpuError, CpuInfo};
use quipu_kernel::gate::rules::Rules;
use quipu_kernel::gate::{Detection, Policy};
use quipu_kernel::journal::{Journal, JournalError};
use quipu_kernel::judgement::Judgement;
use quipu_kernel::label::{Label, Secrecy, Trust};
use quipu_kernel::process::Program;
use quipu_kernel::{Kernel, Parts};
use quipu_memory::{Access, DiskStore};
use quipu_models::{self as models, Places, gguf};
use quipu_tools::mcp::McpHost;
use quipu_tools::{Bus, Capability, Device, LeakScan, SecretStore};

use crate::config::globals::Globals;
use crate::config::paths::{self, Paths};
use crate::config::settings::{self, ApproveWord, AttentionWord, CpuChoice, Settings};
use crate::config::{env_vars, policy, private};
use crate::session::agent::Loaded;
use crate::session::bus::Servers;
use crate::session::introduce;
use crate::session::judgement;
use crate::session::lock::{self, MachineLock};
use crate::session::signals;
use crate::terminal::error::UserError;
use crate::terminal::output::{counted, visible};
use crate::terminal::{draft, secrets};

/// How long an endpoint may stay silent.
const ENDPOINT_SILENCE: Duration = Duration::from_secs(120);

/// Paths and settings of this call.
pub struct Session {
    /// Where things are.
    pub paths: Paths,
    /// What the user chose.
    pub settings: Settings,
    /// What the user says of single tools and calls.
    pub rules: Arc<Rules>,
    /// The secrets that are kept on this root.
    pub leaks: LeakScan,
    /// What looks at strangers' texts for attacks, if its weights are here.
    pub detection: Detection,
    /// The global options as given.
    pub globals: Globals,
    /// The store of the machine that runs in this program: it has one writer.
    open_store: OnceLock<Arc<DiskStore>>,
    /// What has servers running that are to be ended with this program.
    servers: Mutex<Vec<Weak<McpHost>>>,
}

impl Session {
    /// Reads the configuration.
    pub fn open(globals: Globals) -> Result<Self> {
        let root = globals
            .root
            .clone()
            .or_else(|| env_vars::path(env_vars::ROOT));
        let paths = Paths::find(root.as_deref())?;
        paths::make_private(&paths);
        let settings = Settings::load(&paths.config, &globals)?;
        if settings.attention == AttentionWord::LlamaCpp {
            // Before the first model is read.
            llama::leave_attention();
        }
        // A file that cannot be read stops whatever would use a secret, and no other command.
        let kept = SecretStore::open(&paths.secrets());
        let leaks =
            kept.map(|kept| LeakScan::of(kept.iter().map(|(name, _, value)| (name, value))));
        let leaks = leaks.unwrap_or_default();
        secrets::keep_out(&leaks);
        Ok(Self {
            rules: Arc::new(policy::load(&paths.policy())?),
            leaks,
            detection: signals::find(settings.signals, &paths.models),
            paths,
            settings,
            globals,
            open_store: OnceLock::new(),
            servers: Mutex::default(),
        })
    }

    /// The model file that the settings name, checked before anything reads it.
    pub fn model_file(&self) -> Result<PathBuf> {
        let file = models::resolve(&self.settings.model, &self.places())?;
        gguf::read(&file).map_err(models::ModelError::Gguf)?;
        Ok(file)
    }

    /// The projector of the model, if one lies beside its file: with it the model sees pictures.
    pub fn projector(&self) -> Option<PathBuf> {
        match self.settings.cpu {
            CpuChoice::Local => models::projector_of(&self.model_file().ok()?),
            _ => None,
        }
    }

    /// What the model's odds are worth, as far as it was fitted.
    pub fn judgement(&self) -> Judgement {
        let fitted = match self.settings.cpu {
            CpuChoice::Local => self.model_file().ok(),
            _ => None,
        };
        fitted
            .and_then(|model| judgement::find(&self.paths, &model))
            .map(|fitted| fitted.judgement)
            .unwrap_or_default()
    }

    /// The CPU that the settings name. States of processes that leave its cache go to the
    /// folder `swap`.
    async fn cpu(&self, swap: PathBuf) -> Result<Arc<dyn Cpu>> {
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
                let _waiting = draft::waiting(url);
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
            window: settings.window,
            threads: settings.threads.map(usize::from),
            kv_cells: settings.kv_tokens,
            swap: Some(swap),
            swap_bytes: Some(settings.kv_disk_bytes),
            secret: self.paths.key()?,
            attention: match settings.attention {
                AttentionWord::Own => Attention::Own,
                AttentionWord::LlamaCpp => Attention::LlamaCpp,
            },
            projector: models::projector_of(&file),
            loaded: Some(draft::loaded),
            ..LocalSettings::default()
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

    /// The store, to read from or to write to.
    pub fn store(&self, access: Access) -> Result<Arc<DiskStore>> {
        if let Some(store) = self.open_store.get() {
            return Ok(store.clone());
        }
        self.store_in(&self.paths.store, access)
    }

    /// The store of the machine that runs in this program, if one does.
    pub fn own_store(&self) -> Option<Arc<DiskStore>> {
        self.open_store.get().cloned()
    }

    /// Where models are.
    pub fn places(&self) -> Places {
        Places {
            folders: self.paths.models.clone(),
            hub_home: self.paths.hub_home(),
        }
    }

    /// Notes a host whose servers [`Session::end_servers`] ends.
    pub fn note_servers(&self, host: &Arc<McpHost>) {
        if let Ok(mut servers) = self.servers.lock() {
            servers.push(Arc::downgrade(host));
        }
    }

    /// Ends the servers that were started: the program is about to be left, and what still
    /// runs in it keeps their hosts from being dropped.
    pub fn end_servers(&self) {
        let hosts = self
            .servers
            .lock()
            .map(|mut hosts| std::mem::take(&mut *hosts));
        for host in hosts.unwrap_or_default() {
            if let Some(host) = host.upgrade() {
                host.end();
            }
        }
    }

    /// The journal, to look things up beside a running machine. One of an earlier release is
    /// brought up to date first.
    ///
    /// # Errors
    /// Where the machine of that release still runs: it would write what this one cannot read.
    pub fn journal(&self) -> Result<Journal> {
        let path = self.paths.journal();
        match Journal::open(&path, false) {
            Err(JournalError::Older { .. }) => {}
            opened => return Ok(opened?),
        }
        let lock = self.paths.lock();
        let Some(_held) = MachineLock::if_free(&lock)? else {
            let holder = lock::program(MachineLock::holder(&lock).unwrap_or(0));
            return Err(UserError::usage(
                format!(
                    "the journal of this root is of an earlier release, and {holder} still uses \
                     it: {}",
                    path.display()
                ),
                "stop that program, or look with its own release; then this one brings the \
                 journal up to date",
            ));
        };
        drop(Journal::open(&path, true)?);
        Ok(Journal::open(&path, false)?)
    }

    /// Checks what a machine needs before it takes the root: one that never gets its CPU leaves
    /// nothing behind, and holds nobody up.
    ///
    /// # Errors
    /// Where there is no such model.
    pub fn can_compute(&self) -> Result<()> {
        match self.settings.cpu {
            CpuChoice::Local => self.model_file().map(drop),
            _ => Ok(()),
        }
    }

    /// A kernel for `agent`, made by whoever has the lock of this root. Other programs do not
    /// reach it: see `service::machine`.
    pub async fn boot(
        &self,
        policy: Policy,
        agent: &Loaded,
        _held: &MachineLock,
    ) -> Result<Arc<Kernel>> {
        private::file(&self.paths.journal())?;
        let journal = Journal::open(&self.paths.journal(), true)?;
        if let Some(days) = self.settings.keep_days {
            let gone = journal.forget_older_than(days)?.len();
            if gone > 0 {
                let (gone, days) = (counted(gone, "process"), counted(days, "day"));
                say!("removed {gone} that ended more than {days} ago");
            }
        }
        let store = self.store(Access::ReadWrite)?;
        let store = self.open_store.get_or_init(|| store).clone();
        let mut bus = self.usable_tools()?;
        agent.add_to(&mut bus)?;
        agent.check(&bus)?;
        agent.check_memory(&*store)?;
        let swap = self.paths.images();
        paths::create(&swap)?;
        let first = introduce::is_first(&swap);
        let cpu = self.cpu(swap).await?;
        self.introduce(&*cpu, first && self.settings.cpu == CpuChoice::Local);
        let judgement = self.judgement();
        let kernel = Kernel::boot(Parts {
            cpu,
            store,
            bus: Arc::new(bus),
            journal,
            policy,
            sampling: self.settings.sampling(),
            judgement,
        })?;
        let kernel = Arc::new(kernel);
        #[cfg(feature = "otel")]
        crate::session::telemetry::start(&kernel, &self.leaks);
        Ok(kernel)
    }

    /// The tools that can be used; a warning for each that cannot.
    fn usable_tools(&self) -> Result<Bus> {
        let (bus, unusable) = self.bus(Servers::Known)?;
        for tool in unusable {
            say!("warning: {}", tool.told());
        }
        Ok(bus)
    }

    /// The models that were named, or what computes by the settings; each once.
    pub fn models(&self) -> Vec<String> {
        let settings = &self.settings;
        let mut models = self.globals.models.clone();
        let mut seen = HashSet::new();
        models.retain(|model| seen.insert(model.clone()));
        match &settings.cpu {
            CpuChoice::Script(file) => vec![format!("script:{file}")],
            _ if !models.is_empty() => models,
            CpuChoice::Url(url) if !settings.model_named => vec![url.clone()],
            _ => vec![settings.model.clone()],
        }
    }

    /// The same session on another model, one of [`Session::models`].
    ///
    /// # Errors
    /// When there is no such model.
    pub fn on_model(&self, model: &str) -> Result<Self> {
        let session = Self::open(match self.globals.models.is_empty() {
            true => self.globals.clone(),
            false => self.globals.on(model),
        })?;
        if session.settings.cpu == CpuChoice::Local {
            session.model_file()?;
        }
        Ok(session)
    }

    /// A machine that has nothing of the user's own but the tools, what was granted to
    /// them, and the models. Its store is in `folder`, its journal in memory, and it has
    /// `devices` beside the tools.
    pub async fn bench(
        &self,
        folder: &Path,
        policy: Policy,
        devices: Vec<Arc<dyn Device>>,
    ) -> Result<Kernel> {
        let mut bus = self.usable_tools()?;
        for device in devices {
            bus.add(device)?;
        }
        let store = self.store_in(&folder.join("store"), Access::ReadWrite)?;
        let cpu = self.cpu(folder.join("kv")).await?;
        self.introduce(&*cpu, false);
        Ok(Kernel::boot(Parts {
            cpu,
            store,
            bus: Arc::new(bus),
            journal: Journal::in_memory()?,
            policy,
            sampling: self.settings.sampling(),
            judgement: self.judgement(),
        })?)
    }

    /// The program of `agent` for `prompt`, its file before the settings.
    pub fn program(&self, agent: &Loaded, prompt: String) -> Program {
        let mut program = Program::new(prompt);
        program.agent = agent.agent.clone();
        let (memory, limits) = (&self.settings.memory, &self.settings.limits);
        program.agent.memory = agent.memory.over(memory.clone());
        program.answer_schema.clone_from(&agent.schema);
        program.examples.clone_from(&agent.examples);
        program.limits = agent.limits.over(limits.clone());
        if agent.agent.stranger {
            // What a stranger sets may only be less.
            settings::tighten_memory(&mut program.agent.memory, memory);
            settings::tighten_limits(&mut program.limits, limits);
        }
        program
    }

    /// Says where a secret stands in what was said to `program`: its process sees a mark there.
    pub fn note_secrets(&self, program: &Program) {
        let texts = program.attached.iter().map(|attached| &attached.text);
        let mut texts = texts.chain([&program.prompt]);
        if texts.any(|text| matches!(self.leaks.redacted(text), Cow::Owned(_))) {
            say!("note: a secret stands in the task or beside it; the model sees a mark there");
        }
    }

    /// The label of what comes from standard input: anybody's, unless its user vouches.
    pub fn piped(&self) -> Label {
        match self.globals.trusted_input {
            true => Label::user(),
            false => Label::new("standard input", Trust::Untrusted),
        }
    }

    /// The gate's rules, with `allow` granted on top of the settings.
    pub fn policy(&self, allow: &[Capability], approve: Option<ApproveWord>) -> Policy {
        let granted = self.settings.allow.iter().chain(allow).cloned();
        Policy {
            grants: granted.collect(),
            approve: approve.unwrap_or(self.settings.approve).into(),
            rules: self.rules.clone(),
            leaks: self.leaks.clone(),
            clearance: self.clearance(allow),
            detection: self.detection.clone(),
        }
    }

    /// The most secret text that the CPU may be shown, where it is on another machine: what is
    /// private too, if that was granted with `allow` or in the settings.
    fn clearance(&self, allow: &[Capability]) -> Option<Secrecy> {
        let CpuChoice::Url(url) = &self.settings.cpu else {
            return None;
        };
        let mut granted = self.settings.allow.iter().chain(allow);
        let wanted = endpoint(url);
        let is_granted = wanted.is_some_and(|wanted| granted.any(|held| held.covers(&wanted)));
        Some(match is_granted {
            true => Secrecy::Private,
            false => Secrecy::Public,
        })
    }
}

/// The model in `file`; without its projector where that cannot be used, which is told.
fn seeing(file: &Path, local: LocalSettings) -> Result<LocalCpu, CpuError> {
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

/// The line printed when a CPU is ready.
pub fn describe(info: &CpuInfo) -> String {
    let mut line = format!("{} ({}) · window {}", info.model, info.details, info.window);
    if info.threads > 0 {
        line.push_str(&format!(
            " · {} threads · KV {} tokens · on this machine",
            info.threads, info.kv_cells
        ));
    }
    line
}
