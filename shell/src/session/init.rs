//! A session: the paths and settings of one call of the program, and what is made from them:
//! the store, the CPU, the policy, a booted kernel.
//!
//! The bus of tools is put together in `bus`, agents are read in `agent`. The socket by which
//! other programs reach the machine is opened a floor above, in `service/machine`.

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use anyhow::Result;
use quipu_cpu::CpuInfo;
use quipu_cpu::llama;
use quipu_kernel::gate::rules::Rules;
use quipu_kernel::gate::{Detection, Policy};
use quipu_kernel::journal::{Journal, JournalError};
use quipu_kernel::judgement::Judgement;
use quipu_kernel::label::{Label, Trust};
use quipu_kernel::process::Program;
use quipu_kernel::{Kernel, Parts};
use quipu_memory::{Access, DiskStore};
use quipu_models::pull::Hub;
use quipu_models::{self as models, Places, gguf};
use quipu_tools::mcp::McpHost;
use quipu_tools::{Bus, Capability, Device, LeakScan, SecretStore};

use crate::config::globals::Globals;
use crate::config::paths::{self, Paths};
use crate::config::settings::{ApproveWord, AttentionWord, CpuChoice, Settings};
use crate::config::{env_vars, policy, private, process};
use crate::session::agent::Loaded;
use crate::session::bus::Servers;
use crate::session::images;
use crate::session::introduce;
use crate::session::judgement;
use crate::session::lock::{self, MachineLock};
use crate::session::signals;
use crate::session::strange;
use crate::terminal::error::UserError;
use crate::terminal::secrets;
use crate::terminal::words::{fill, words};

/// Paths and settings of this call.
pub struct Session {
    /// Where things are.
    pub paths: Paths,
    /// The user's settings.
    pub settings: Settings,
    /// The user's rules for tools and calls.
    pub rules: Arc<Rules>,
    /// The secrets that are kept on this root.
    pub leaks: LeakScan,
    /// The detector of attacks in strangers' texts, if its weights are here.
    pub detection: Detection,
    /// The global options as given.
    pub globals: Globals,
    /// The store of the machine that runs in this program: it has one writer.
    open_store: OnceLock<Arc<DiskStore>>,
    /// Hosts with running servers, which have to end with this program.
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
    pub(super) fn judgement(&self) -> Judgement {
        let fitted = match self.settings.cpu {
            CpuChoice::Local => self.model_file().ok(),
            _ => None,
        };
        fitted
            .and_then(|model| judgement::find(&self.paths, &model))
            .map(|fitted| fitted.judgement)
            .unwrap_or_default()
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

    /// How a model is fetched, as the environment says.
    pub fn pull_settings(&self) -> models::Settings {
        let mut settings = models::Settings {
            hub: Hub {
                token: env_vars::get(env_vars::HF_TOKEN),
                home: self.paths.hub_home(),
                ..Hub::default()
            },
            ..models::Settings::default()
        };
        if let Some(endpoint) = env_vars::get(env_vars::HF_ENDPOINT) {
            settings.hub.endpoint = endpoint;
        }
        settings
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

    /// The journal, to read beside a running machine. A journal of an earlier release is brought
    /// up to date first.
    ///
    /// # Errors
    /// Where the machine of that release still runs: it would write what this release cannot
    /// read.
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
    /// Where there is no such model, and none in its place.
    pub fn can_compute(&self) -> Result<()> {
        match self.settings.cpu {
            CpuChoice::Local if self.fallbacks().is_empty() => self.model_file().map(drop),
            _ => Ok(()),
        }
    }

    /// A kernel for `agent`, made by whoever has the lock of this root; and the name of the model
    /// that computes in place of the one of the settings, where that is another. Other programs do
    /// not reach it: see `service::machine`.
    pub async fn boot(
        &self,
        mut policy: Policy,
        agent: &Loaded,
        _held: &MachineLock,
    ) -> Result<(Arc<Kernel>, Option<String>)> {
        private::file(&self.paths.journal())?;
        let journal = Journal::open(&self.paths.journal(), true)?;
        if journal.gone() > 0 {
            let said = fill(words().journal_gone, &[("count", &journal.gone())]);
            say!("{said}");
        }
        if journal.is_unnoted() {
            say!("{}", words().journal_unnoted);
        }
        if let Some(days) = self.settings.keep_days {
            let gone = journal.forget_older_than(days)?;
            images::remove(&self.paths.images(), &gone);
            if !gone.is_empty() {
                let count = gone.len();
                let said = fill(words().old_removed, &[("count", &count), ("days", &days)]);
                say!("{said}");
            }
        }
        let store = self.store(Access::ReadWrite)?;
        let store = self.open_store.get_or_init(|| store).clone();
        let mut bus = self.usable_tools()?;
        agent.add_to(&mut bus)?;
        agent.check(&bus)?;
        for note in strange::notes(&policy.rules, &bus) {
            say!("{note}");
        }
        agent.check_memory(&*store)?;
        let swap = self.paths.images();
        paths::create(&swap)?;
        let first = introduce::is_first(&swap);
        let own = self.own(swap, &policy).await?;
        self.introduce(&*own.cpu, first && self.settings.cpu == CpuChoice::Local);
        policy.clearance = own.clearance;
        let loader = Arc::new(self.loader(&own, policy.grants.clone()));
        let kernel = Kernel::boot(Parts {
            cpu: own.cpu,
            store,
            bus: Arc::new(bus),
            journal,
            policy,
            sampling: self.settings.sampling(),
            judgement: own.judgement,
        })?;
        kernel.bring_models_by(loader);
        let kernel = Arc::new(kernel);
        #[cfg(feature = "otel")]
        crate::session::telemetry::start(&kernel, &self.leaks);
        Ok((kernel, own.instead))
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
            // A stranger's agent may only lower limits.
            process::tighten_memory(&mut program.agent.memory, memory);
            process::tighten_limits(&mut program.limits, limits);
        }
        program.model = self
            .model_of(agent)
            .filter(|_| self.globals.models.is_empty());
        program
    }

    /// The model that `agent` is for, where it is another than the machine's own. A stranger's
    /// agent names no file of this machine, and a script that an option names writes all answers.
    pub fn model_of(&self, agent: &Loaded) -> Option<String> {
        let is_scripted = matches!(self.settings.cpu, CpuChoice::Script(_));
        if agent.agent.stranger || (is_scripted && self.globals.cpu.is_some()) {
            return None;
        }
        let named = agent.model.as_ref();
        named
            .filter(|model| **model != self.settings.model)
            .cloned()
    }

    /// Says where a secret stands in what was said to `program`: its process sees a mark there.
    pub fn note_secrets(&self, program: &Program) {
        let texts = program.attached.iter().map(|attached| &attached.text);
        let mut texts = texts.chain([&program.prompt]);
        if texts.any(|text| matches!(self.leaks.redacted(text), Cow::Owned(_))) {
            say!("{}", words().secret_in_task);
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
