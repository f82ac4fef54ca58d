//! What all requests share: the machine, who may ask, and what is counted.

use std::collections::{HashMap, VecDeque};
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use quipu_cpu::{Cpu, CpuInfo, llama};
use quipu_kernel::judgement::Judgement;
use quipu_kernel::label::{Label, Secrecy, Trust};
use quipu_kernel::process::Pid;
use quipu_kernel::{Kernel, Model};
use quipu_voice::Voice;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit, watch};

use super::apart::Apart;
use super::embeddings::Meanings;
use super::error::ApiError;
use super::guard::{Caller, Guard};
use super::metrics::Metrics;
use super::responses::kept::Kept;
use super::sense::Sense;
use crate::service::schedules::Scheduler;
use crate::session::agent::Loaded;
use crate::session::hearing::Ears;
use crate::session::{Session, builtin};

/// Answers that may be under way at once; one more is turned away.
pub const ANSWERS_MAX: usize = 128;
/// Recordings that may be sent and heard at once; one more is turned away. Each is a file on the
/// disk meanwhile.
const RECORDINGS_MAX: usize = 16;
/// Long texts whose tokens may be counted at once; others wait.
const COUNTED_AT_ONCE: usize = 2;
/// Requests whose texts are made vectors at once; others wait. One uses all the processors.
const EMBEDDED_AT_ONCE: usize = 1;
/// Messages whose pictures are decoded or read at once; others wait.
const SEEN_AT_ONCE: usize = 2;
/// Processes that may run at once; no more are started over HTTP.
pub const PROCESSES_MAX: usize = 128;
/// Of these, those that are kept for the user: strangers may start processes only while fewer run.
const KEPT_FOR_THE_USER: usize = 32;
/// Answered requests whose tokens stay with the CPU, for the next turn of a conversation.
const KEPT_MAX: usize = 32;

/// The machine behind the APIs, with the plain model of one request: the machine's own, or one
/// beside it, which stays loaded as long as this is there.
pub struct Service {
    common: Arc<Common>,
    /// What the plain model's odds are worth.
    pub judgement: Judgement,
    /// The name of the plain model.
    pub model: String,
    /// The plain model, where it is not the machine's own.
    beside: Option<Arc<Model>>,
}

impl Deref for Service {
    type Target = Common;

    fn deref(&self) -> &Common {
        &self.common
    }
}

/// What is the same for all requests.
pub struct Common {
    /// The machine.
    pub kernel: Arc<Kernel>,
    /// Settings and paths.
    pub session: Session,
    /// The model that the settings of the machine name: where another computes in its place, that one
    /// answers for it.
    wanted: String,
    /// When it was started, in seconds since 1970.
    pub started_s: u64,
    /// Who may ask.
    pub guard: Guard,
    /// What is counted.
    pub metrics: Metrics,
    /// Responses that clients come back to.
    pub responses: Kept,
    /// The model of `/v1/embeddings`.
    pub meanings: Meanings,
    /// The voice of `/v1/audio/speech`.
    pub voice: Sense<Voice>,
    /// The ears of `/v1/audio/transcriptions`.
    pub ears: Sense<Ears>,
    /// Where the tokens of long texts are counted.
    pub counting: Apart,
    /// Where texts become vectors.
    pub embedding: Apart,
    /// Where pictures are decoded, and read.
    pub seeing: Apart,
    /// What starts agents by itself.
    pub schedules: Arc<Scheduler>,
    /// Becomes true when the machine stops.
    pub stopping: watch::Receiver<bool>,
    permits: Arc<Semaphore>,
    recordings: Semaphore,
    pids: Pids,
}

/// Numbers for requests that are no processes: below zero, so that no process has them.
struct Pids {
    last: AtomicI64,
    /// Those whose tokens stay, by the model that has them.
    answered: Mutex<HashMap<String, VecDeque<Pid>>>,
}

impl Service {
    /// A service of `kernel` for those whom `guard` lets in.
    pub fn new(
        kernel: Arc<Kernel>,
        session: Session,
        wanted: String,
        guard: Guard,
        schedules: Arc<Scheduler>,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.unwrap_or_default();
        let model = model_name(&session, &kernel);
        // Another model may compute in the place of the one that the settings name.
        let judgement = kernel.judgement().clone();
        let common = Common {
            kernel,
            session,
            wanted,
            started_s: now.as_secs(),
            guard,
            metrics: Metrics::default(),
            responses: Kept::default(),
            meanings: Meanings::default(),
            voice: Sense::new(builtin::VOICE),
            ears: Sense::new(builtin::EARS),
            counting: Apart::new(COUNTED_AT_ONCE),
            embedding: Apart::new(EMBEDDED_AT_ONCE),
            seeing: Apart::new(SEEN_AT_ONCE),
            schedules,
            stopping,
            permits: Arc::new(Semaphore::new(ANSWERS_MAX)),
            recordings: Semaphore::new(RECORDINGS_MAX),
            pids: Pids {
                // An earlier service's states may be on disk under its own numbers.
                last: AtomicI64::new(-(now.as_millis() as i64)),
                answered: Mutex::default(),
            },
        };
        Self {
            common: Arc::new(common),
            judgement,
            model,
            beside: None,
        }
    }

    /// The same for a request to `model`, one beside the machine's own.
    pub fn on(&self, model: Arc<Model>) -> Arc<Self> {
        Arc::new(Self {
            common: self.common.clone(),
            judgement: model.judgement.clone(),
            model: model.name.clone(),
            beside: Some(model),
        })
    }

    /// The CPU of the plain model.
    pub fn cpu(&self) -> &dyn Cpu {
        match &self.beside {
            Some(model) => &*model.cpu,
            None => self.kernel.cpu(),
        }
    }

    /// The model that `agent` is for, where it is another than the machine's own.
    pub fn model_of(&self, agent: &Loaded) -> Option<String> {
        let model = self.session.model_of(agent);
        model.filter(|model| *model != self.wanted)
    }

    /// How long a request may take.
    pub fn patience(&self) -> Duration {
        Duration::from_secs(self.session.settings.limits.seconds)
    }

    /// Who speaks through a request: the machine's user where a token says so, or where the
    /// user vouches for whoever asks; else anybody on this machine.
    pub fn client(&self, caller: Caller) -> Label {
        let trust = match caller {
            Caller::User => Trust::User,
            Caller::Stranger if self.session.globals.trusted_input => Trust::User,
            Caller::Stranger => Trust::Untrusted,
        };
        Label::new("a client over HTTP", trust)
    }

    /// The most secret text that whoever speaks through a request may learn; any where that is
    /// the machine's user.
    pub fn clearance(&self, caller: Caller) -> Option<Secrecy> {
        (self.client(caller).trust < Trust::User).then_some(Secrecy::Public)
    }

    /// A place among the answers that are under way.
    ///
    /// # Errors
    /// Where all are taken.
    pub fn admit(self: &Arc<Self>) -> Result<Lease, ApiError> {
        let permit = self.permits.clone().try_acquire_owned();
        let permit = permit.map_err(|_| ApiError::too_many(ANSWERS_MAX))?;
        Ok(Lease {
            service: self.clone(),
            pid: self.pids.last.fetch_sub(1, Ordering::Relaxed) - 1,
            computes: AtomicBool::new(false),
            _permit: permit,
        })
    }

    /// A place among the recordings that are sent and heard: a client who sends one slowly takes
    /// no place of an answer.
    ///
    /// # Errors
    /// Where all are taken.
    pub fn receive(&self) -> Result<SemaphorePermit<'_>, ApiError> {
        let place = self.recordings.try_acquire();
        place.map_err(|_| ApiError::too_many(RECORDINGS_MAX))
    }

    /// Whether `caller` may start one more process: those that nobody waits for are counted by
    /// their number.
    ///
    /// # Errors
    /// Where too many run.
    pub fn few_run(&self, caller: Caller) -> Result<(), ApiError> {
        let most = processes_max(caller);
        match self.kernel.running() < most {
            true => Ok(()),
            false => Err(ApiError::too_many(most)),
        }
    }

    /// Answers under way.
    pub fn under_way(&self) -> usize {
        ANSWERS_MAX - self.permits.available_permits()
    }

    fn answered(&self, pid: Pid) {
        let answered = self.pids.answered.lock();
        let mut answered = answered.unwrap_or_else(PoisonError::into_inner);
        let answered = answered.entry(self.model.clone()).or_default();
        answered.push_back(pid);
        if answered.len() > KEPT_MAX
            && let Some(oldest) = answered.pop_front()
        {
            self.cpu().retire(oldest);
        }
    }
}

/// How many processes may run for `caller` to start one more.
fn processes_max(caller: Caller) -> usize {
    match caller {
        Caller::User => PROCESSES_MAX,
        Caller::Stranger => PROCESSES_MAX - KEPT_FOR_THE_USER,
    }
}

/// The name of the model for clients: as its user named it, and no path.
fn model_name(session: &Session, kernel: &Kernel) -> String {
    let info = kernel.cpu().info();
    match info.kind {
        // Another computes in its place.
        "local" if !is_of_settings(session, info) => info.model.clone(),
        "local" => {
            let named = std::path::Path::new(&session.settings.model);
            let is_file = named.extension().is_some_and(|ending| ending == "gguf");
            let stem = named.file_stem().filter(|_| is_file);
            stem.map_or_else(
                || session.settings.model.clone(),
                |stem| stem.to_string_lossy().into_owned(),
            )
        }
        "script" => "script".to_owned(),
        _ => info.model.clone(),
    }
}

/// Whether the local model of `info` is the one that the settings name: another may compute in its
/// place.
fn is_of_settings(session: &Session, info: &CpuInfo) -> bool {
    let file = session.model_file().ok();
    let digest = file.and_then(|file| llama::fingerprint(&file).ok());
    digest.is_some_and(|digest| digest.split(' ').next() == Some(&*info.model_digest))
}

/// A place among the answers under way, with a number for the CPU. When it is dropped the
/// place is free, and the tokens stay until newer ones take their place. One that asks the CPU
/// nothing, as while a text is counted or a model is loaded, takes no other's tokens away.
pub struct Lease {
    service: Arc<Service>,
    pid: Pid,
    /// Whether the CPU was asked something under the number.
    computes: AtomicBool,
    _permit: OwnedSemaphorePermit,
}

impl Lease {
    /// The service that it is a place of.
    pub fn service(&self) -> &Arc<Service> {
        &self.service
    }

    /// The number, for whoever asks the CPU something under it.
    pub fn pid(&self) -> Pid {
        self.computes.store(true, Ordering::Relaxed);
        self.pid
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if *self.computes.get_mut() {
            self.service.answered(self.pid);
        }
    }
}
