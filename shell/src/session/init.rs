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
use quipu_cpu::{Cpu, CpuInfo};
use quipu_kernel::gate::Policy;
use quipu_kernel::gate::rules::Rules;
use quipu_kernel::journal::Journal;
use quipu_kernel::judgement::Judgement;
use quipu_kernel::label::{Label, Secrecy, Trust};
use quipu_kernel::process::Program;
use quipu_kernel::{Kernel, Parts};
use quipu_memory::{Access, DiskStore, Embedder, Screen};
use quipu_models::{self as models, Places, gguf};
use quipu_tools::mcp::McpHost;
use quipu_tools::{Bus, Capability, Device, LeakScan, SecretStore};

use crate::config::globals::Globals;
use crate::config::paths::{self, Paths};
use crate::config::settings::{self, ApproveWord, AttentionWord, CpuChoice, Settings};
use crate::config::{env_vars, policy, private};
use crate::session::agent::Loaded;
use crate::session::bus::Servers;
use crate::session::embedder::{self, LazyEmbedder};
use crate::session::introduce;
use crate::session::judgement;
use crate::session::library::Library;
use crate::session::lock::MachineLock;
use crate::terminal::output::counted;
use crate::terminal::{bar, draft, secrets};

/// Pages that get vectors whenever the store is opened, a few seconds' work; more wait for
/// `quipu mem add` or `quipu mem rebuild`, and are found by their words meanwhile, and by the
/// vectors of another model that they may have.
const VECTORS_AT_ONCE_MAX: u64 = 20;
/// How long an endpoint may stay silent.
const ENDPOINT_SILENCE: Duration = Duration::from_secs(120);

/// How long one who writes the store waits for another: what is stored at the same time
/// is stored one after the other.
pub const WRITER_WAIT_MAX: Duration = Duration::from_secs(10);

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
        paths::mend(&paths);
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
            CpuChoice::Local => {
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
                    secret: self.paths.key()?,
                    attention: match settings.attention {
                        AttentionWord::Own => Attention::Own,
                        AttentionWord::LlamaCpp => Attention::LlamaCpp,
                    },
                    ..LocalSettings::default()
                };
                let load = move || LocalCpu::load(&file, &local);
                let cpu = tokio::task::spawn_blocking(load).await??;
                let wanted = settings.attention == AttentionWord::Own;
                if let Err(reason) = cpu.own_attention()
                    && wanted
                {
                    say!(
                        "warning: attention is llama.cpp's own: {reason}; answers may depend on \
                         who shares the machine"
                    );
                }
                let (most, cells) = (cpu.info().window, cpu.info().kv_cells);
                if let Some(window) = settings.window.filter(|&window| window > most) {
                    say!("warning: the model has a window of {most} tokens, not {window}");
                }
                if let Some(tokens) = settings.kv_tokens.filter(|&tokens| tokens < cells) {
                    say!(
                        "warning: kv_tokens = {tokens} does not hold one window; {cells} are used"
                    );
                }
                Arc::new(cpu)
            }
            CpuChoice::Script(file) => Arc::new(ScriptedCpu::load(file.as_ref(), settings.window)?),
            CpuChoice::Url(url) => {
                let remote = RemoteSettings {
                    url: url.clone(),
                    model: settings.model_named.then(|| settings.model.clone()),
                    api_key: env_vars::get(&settings.api_key_env),
                    window: settings.window,
                    timeout: ENDPOINT_SILENCE,
                };
                Arc::new(RemoteCpu::connect(remote).await?)
            }
        })
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

    /// The store in `folder`.
    fn store_in(&self, folder: &Path, access: Access) -> Result<Arc<DiskStore>> {
        if access == Access::ReadWrite {
            paths::create(folder)?;
        }
        let store = DiskStore::open_with(folder, access, self.patience(), &|_, _| {})?;
        let store = match self.leaks.is_empty() {
            true => store,
            false => store.with_screen(screen(self.leaks.clone())),
        };
        let Some(embedder) = self.embedder()? else {
            return Ok(Arc::new(store));
        };
        let threads = self.settings.threads.map(usize::from);
        let others = embedder::others(&embedder, &self.places(), threads);
        let all = std::iter::once(embedder).chain(others);
        let all = all.map(|embedder| Arc::new(embedder) as Arc<dyn Embedder>);
        let store = store.with_embedders(all.collect(), VECTORS_AT_ONCE_MAX)?;
        Ok(Arc::new(store))
    }

    /// The embedding model that the settings name, or the best that is here.
    ///
    /// # Errors
    /// One that is named and not here.
    pub fn embedder(&self) -> Result<Option<LazyEmbedder>> {
        let threads = self.settings.threads.map(usize::from);
        embedder::find(self.settings.embedder.as_deref(), &self.places(), threads)
    }

    /// How long to wait for another writer of the store: not at all for a machine, which
    /// may run for hours.
    fn patience(&self) -> Duration {
        let own = std::process::id();
        match MachineLock::holder(&self.paths.lock()) {
            Some(holder) if holder != own => Duration::ZERO,
            _ => WRITER_WAIT_MAX,
        }
    }

    /// Gives the pages of `library` that have none their vectors.
    pub fn give_vectors(&self, library: &dyn Library) -> Result<()> {
        let bar = OnceLock::new();
        library.give_vectors(&|done, total| {
            let bar = bar.get_or_init(|| {
                if total > VECTORS_AT_ONCE_MAX {
                    say!(
                        "preparing {total} pages to be found by meaning; they are found already \
                         as before, and Ctrl-C loses nothing: `quipu mem rebuild` goes on"
                    );
                }
                bar::bar(total)
            });
            bar.set_position(done);
        })?;
        if let Some(bar) = bar.get() {
            bar.finish_and_clear();
        }
        Ok(())
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

    /// The journal, to look things up beside a running machine.
    pub fn journal(&self) -> Result<Journal> {
        Ok(Journal::open(&self.paths.journal(), false)?)
    }

    /// A kernel for `agent`, with the lock of this root. Fails when another machine runs on
    /// it. Other programs do not reach it: see `service::machine`.
    pub async fn boot(&self, policy: Policy, agent: &Loaded) -> Result<(Arc<Kernel>, MachineLock)> {
        // A machine that never gets its CPU leaves nothing behind.
        if self.settings.cpu == CpuChoice::Local {
            self.model_file()?;
        }
        let lock = MachineLock::take(&self.paths.lock())?;
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
        let swap = self.paths.cache.join("kv");
        paths::create(&swap)?;
        let first = introduce::is_first(&swap);
        let waits = self.settings.cpu == CpuChoice::Local;
        let loading = waits.then(|| draft::loading(&self.settings.model));
        let cpu = self.cpu(swap).await?;
        drop(loading);
        self.introduce(&*cpu, first && waits);
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
        Ok((Arc::new(kernel), lock))
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
        let session = Self::open(Globals {
            models: match self.globals.models.is_empty() {
                true => Vec::new(),
                false => vec![model.to_owned()],
            },
            ..self.globals.clone()
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

/// What has to be granted for the endpoint at `url` to be shown private text.
fn endpoint(url: &str) -> Option<Capability> {
    let url = reqwest::Url::parse(url).ok()?;
    let (host, port) = (url.host_str()?, url.port_or_known_default()?);
    format!("private:{host}:{port}").parse().ok()
}

/// Takes secrets out of what is stored, and says so.
fn screen(leaks: LeakScan) -> Screen {
    Arc::new(move |text: &str| match leaks.redacted(text) {
        Cow::Borrowed(_) => None,
        Cow::Owned(clean) => {
            say!("warning: a secret stood in what is stored; a mark stands in its place");
            Some(clean)
        }
    })
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
