//! The machine's own API, version 1: processes, the machine, its tools. Its memory is in `memory`.
//!
//! A process started here belongs to the machine and not to the connection: it goes on when
//! the client leaves. What it may do is the gate's to say; approvals are taken only from
//! clients whom the machine's user vouches for.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use futures_util::stream::{self, StreamExt};
use quipu_kernel::ModelNow;
use quipu_kernel::calls::held_steps;
use quipu_kernel::event::{Event, Subscription};
use quipu_kernel::label::{Label, Trust};
use quipu_kernel::limits::Limits;
use quipu_kernel::process::{Attached, PRIORITIES, Pid, Program, Reply};
use quipu_kernel::signal::Signal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::apart::aside;
use super::error::ApiError;
use super::guard::Caller;
use super::plain::schema;
use super::state::Service;
use super::wire::Input;
use super::{agent, conversations, ending, wire};
use crate::session::agent::Loaded;
use crate::terminal::report::{add_plan, add_rulings, process};

/// Processes that are listed.
const LISTED_MAX: usize = 200;

/// The priority of a process for which none is asked.
const PRIORITY_USUAL: i8 = 0;

/// What is asked for with `POST /api/v1/processes`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spawn {
    prompt: String,
    agent: Option<String>,
    /// A text that others wrote, which the task is about.
    input: Option<String>,
    /// Processes that it was made from, such as the turns before: it is as secret as all that
    /// these had read.
    #[serde(default)]
    input_from: Vec<Pid>,
    schema: Option<Value>,
    #[serde(default)]
    limits: Fewer,
    #[serde(default)]
    priority: i8,
    /// Whether the client answers questions and approvals.
    #[serde(default)]
    attended: bool,
    /// The process that it comes after in a conversation; 0 begins one.
    after: Option<Pid>,
    /// The key of that process, from a client without the token.
    key: Option<String>,
}

/// Limits, which may only be tighter than the machine's.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fewer {
    steps: Option<u32>,
    tokens: Option<u32>,
    seconds: Option<u64>,
}

impl Fewer {
    fn tighten(&self, limits: &mut Limits) {
        limits.steps = self.steps.map_or(limits.steps, |n| n.min(limits.steps));
        limits.tokens = self.tokens.map_or(limits.tokens, |n| n.min(limits.tokens));
        limits.seconds = self
            .seconds
            .map_or(limits.seconds, |n| n.min(limits.seconds));
    }
}

/// What is asked for with `POST /api/v1/processes/{pid}/reply`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answered {
    /// The key of the question or the approval, from its event.
    key: String,
    text: Option<String>,
    approve: Option<bool>,
    /// What an approval is for, beside the call.
    #[serde(rename = "for")]
    scope: Option<Scope>,
}

/// What an approval is for, where it is for more than one call.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Scope {
    /// Calls of this process that the rule in the event holds for.
    Process,
}

/// What is asked for with `POST /api/v1/processes/{pid}/signal`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signalled {
    signal: Word,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Interrupt,
    Kill,
}

/// What is asked for with `POST /api/v1/processes/{pid}/nice`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nice {
    priority: i8,
}

/// What is asked for with `POST /api/v1/processes/{pid}/fork` and `…/resume`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Again {
    /// After which step; the last one otherwise.
    step: Option<u32>,
    #[serde(default)]
    attended: bool,
}

type Shared = State<Arc<Service>>;
type Answer = Result<Response, ApiError>;

/// Answers `GET /api/v1/processes`.
pub async fn list(State(service): Shared) -> Answer {
    let mut rows = aside(move || Ok(service.kernel.journal().processes()?)).await?;
    rows.truncate(LISTED_MAX);
    let rows: Vec<Value> = rows.iter().map(process).collect();
    Ok(wire::json(&json!({ "processes": rows })))
}

/// Answers `POST /api/v1/processes`.
pub async fn spawn(
    State(service): Shared,
    Extension(caller): Extension<Caller>,
    Input(asked): Input<Spawn>,
) -> Answer {
    if asked.prompt.trim().is_empty() {
        return Err(ApiError::invalid(
            "prompt",
            "the task is empty; say what should be done",
        ));
    }
    priority(caller, asked.priority)?;
    let on = service.clone();
    let (loaded, program) = aside(move || program(&on, caller, asked)).await?;
    let fitting = agent::fitting(&service, program).await;
    let mut program = fitting.map_err(|error| error.renamed("messages", "prompt"))?;
    let begun = aside(move || {
        // Of a task that fits: the words of a longer one would be looked through here.
        service.session.teach(&loaded, &mut program);
        let pid = start(&service, caller, program)?;
        begun(&service, pid)
    });
    let mut response = wire::json(&begun.await?);
    *response.status_mut() = axum::http::StatusCode::CREATED;
    Ok(response)
}

/// The program of what is asked, and its agent.
fn program(service: &Service, caller: Caller, asked: Spawn) -> Result<(Loaded, Program), ApiError> {
    let loaded = agent::load(service, asked.agent.as_deref());
    let loaded = loaded.map_err(|error| error.renamed("model", "agent"))?;
    let mut program = service.session.program(&loaded, asked.prompt);
    program.model = service.model_of(&loaded);
    program.label = service.client(caller);
    if let Some(after) = asked.after {
        let key = asked.key.as_deref();
        let put = conversations::put_after(service, caller, &mut program, after, key);
        put.map_err(|error| error.renamed("pid", "after"))?;
    }
    program.clearance = service.clearance(caller);
    program.interactive = asked.attended;
    program.priority = asked.priority;
    asked.limits.tighten(&mut program.limits);
    if let Some(text) = asked.input {
        let mut label = Label::new("input over HTTP", Trust::Untrusted);
        // A stranger does not learn what others had read by what becomes of a process.
        for pid in asked.input_from.iter().filter(|_| caller == Caller::User) {
            let read = service.kernel.journal().label_of(*pid)?;
            // Less than that leaves the text to be looked at itself.
            let attack = read.suspicion.filter(|said| said.is_notable());
            label = label.held_to(read.level()).suspected(attack);
        }
        program.attached.push(Attached {
            text,
            label,
            picture: None,
        });
    }
    if let Some(given) = &asked.schema {
        program.answer_schema = Some(schema("schema", given, false)?);
    }
    Ok((loaded, program))
}

/// Starts a process, where not too many run.
fn start(service: &Service, caller: Caller, program: Program) -> Result<Pid, ApiError> {
    service.few_run(caller)?;
    Ok(service.kernel.spawn(program)?)
}

/// Answers `GET /api/v1/processes/{pid}`.
pub async fn one(State(service): Shared, Path(pid): Path<String>) -> Answer {
    let pid = number(&pid)?;
    let row = aside(move || row(&service, pid)).await?;
    Ok(wire::json(&row))
}

/// Answers `GET /api/v1/processes/{pid}/log`, as `quipu log --json` prints it.
pub async fn log(State(service): Shared, Path(pid): Path<String>) -> Answer {
    let pid = number(&pid)?;
    let log = aside(move || log_of(&service, pid)).await?;
    Ok(wire::json(&log))
}

fn log_of(service: &Service, pid: Pid) -> Result<Value, ApiError> {
    let row = row(service, pid)?;
    let journal = service.kernel.journal();
    let (steps, recalled) = (journal.steps(pid)?, journal.reminder(pid)?);
    let mut log = json!({"process": row, "steps": steps, "recalled": recalled});
    add_rulings(&mut log["steps"], &journal.rulings(pid)?);
    add_plan(&mut log, journal.plan(pid)?.as_ref());
    let held = held_steps(journal, pid)?;
    if !held.is_empty() {
        log["held"] = json!(held);
    }
    Ok(log)
}

/// Answers `GET /api/v1/processes/{pid}/window`: its pages, or null where this machine cannot
/// lay them out.
pub async fn window(State(service): Shared, Path(pid): Path<String>) -> Answer {
    let pid = known(&service, &pid).await?;
    let kernel = service.kernel.clone();
    // Counting may wait for a batch.
    let window = aside(move || Ok(kernel.window(pid)?)).await?;
    Ok(wire::json(&json!({ "window": window })))
}

/// Answers `GET /api/v1/processes/{pid}/events`: the process as it is, with what it asks, then
/// its events until it ends.
pub async fn events(State(service): Shared, Path(pid): Path<String>) -> Answer {
    let pid = number(&pid)?;
    // What happens meanwhile comes twice rather than never.
    let heard = service.kernel.subscribe();
    let on = service.clone();
    let row = aside(move || row(&on, pid)).await?;
    let is_blocked = row["state"] == "blocked";
    let asked = service.kernel.asking(pid).filter(|_| is_blocked);
    let asked = asked.map(|event| {
        let value = json!(event);
        wire::event(value["event"].as_str(), &value)
    });
    let first = [Some(wire::event(Some("process"), &row)), asked];
    let first = stream::iter(first.into_iter().flatten());
    let live = service.kernel.is_running(pid).then_some(heard);
    let all = first.chain(told(&service, live, Some(pid)));
    Ok(wire::events(ending::until(&service.stopping, all)))
}

/// Answers `GET /api/v1/events`: what happens to all processes from now on.
pub async fn all_events(State(service): Shared) -> Response {
    let heard = Some(service.kernel.subscribe());
    wire::events(ending::until(
        &service.stopping,
        told(&service, heard, None),
    ))
}

/// The events about `pid`, or all of them, as a stream; it ends with the process.
fn told(
    service: &Arc<Service>,
    heard: Option<Subscription>,
    pid: Option<Pid>,
) -> impl futures_util::Stream<Item = String> + Send + 'static {
    let service = service.clone();
    stream::unfold(heard, move |heard| {
        let service = service.clone();
        async move {
            let mut heard = heard?;
            let event = match pid {
                Some(pid) => service.kernel.next_event(&mut heard, pid).await?,
                None => heard.recv().await?,
            };
            let value = json!(event);
            let name = value["event"].as_str();
            let text = wire::event(name, &value);
            let over = pid.is_some() && matches!(event, Event::Exited { .. });
            Some((text, (!over).then_some(heard)))
        }
    })
}

/// Answers `POST /api/v1/processes/{pid}/reply`.
pub async fn reply(
    State(service): Shared,
    Extension(caller): Extension<Caller>,
    Path(pid): Path<String>,
    Input(answered): Input<Answered>,
) -> Answer {
    let pid = known(&service, &pid).await?;
    let reply = match (answered.text, answered.approve, answered.scope) {
        (Some(text), None, None) => Reply::Text(text),
        (None, Some(false), None) => Reply::Deny,
        (None, Some(true), None) => Reply::Approve,
        (None, Some(true), Some(Scope::Process)) => Reply::ApproveProcess,
        _ => {
            let message = "a reply has either `text` or `approve`";
            return Err(ApiError::invalid("approve", message));
        }
    };
    // An approval is the user's own word.
    if reply != Reply::Deny && service.client(caller).trust < Trust::User {
        return Err(ApiError::forbidden(
            "anybody on this machine could send this; send the token, which is in the file that \
             `quipu serve` named when it started",
        ));
    }
    service.kernel.reply(pid, &answered.key, reply)?;
    Ok(wire::json(&json!({ "pid": pid })))
}

/// Answers `POST /api/v1/processes/{pid}/signal`.
pub async fn signal(
    State(service): Shared,
    Path(pid): Path<String>,
    Input(given): Input<Signalled>,
) -> Answer {
    let pid = known(&service, &pid).await?;
    let signal = match given.signal {
        Word::Interrupt => Signal::Interrupt,
        Word::Kill => Signal::Kill,
    };
    service.kernel.signal(pid, signal)?;
    Ok(wire::json(&json!({ "pid": pid })))
}

/// Answers `POST /api/v1/processes/{pid}/nice`.
pub async fn nice(
    State(service): Shared,
    Extension(caller): Extension<Caller>,
    Path(pid): Path<String>,
    Input(given): Input<Nice>,
) -> Answer {
    let pid = number(&pid)?;
    priority(caller, given.priority)?;
    let work = move || {
        service.kernel.nice(pid, given.priority)?;
        row(&service, pid)
    };
    Ok(wire::json(&aside(work).await?))
}

/// Answers `POST /api/v1/processes/{pid}/fork`.
pub async fn fork(
    State(service): Shared,
    Extension(caller): Extension<Caller>,
    Path(pid): Path<String>,
    Input(again): Input<Again>,
) -> Answer {
    let pid = known(&service, &pid).await?;
    service.few_run(caller)?;
    let work = move || {
        let child = service.kernel.fork(pid, again.step, again.attended)?;
        begun(&service, child)
    };
    Ok(wire::json(&aside(work).await?))
}

/// Answers `POST /api/v1/processes/{pid}/resume`.
pub async fn resume(
    State(service): Shared,
    Extension(caller): Extension<Caller>,
    Path(pid): Path<String>,
    Input(again): Input<Again>,
) -> Answer {
    let pid = known(&service, &pid).await?;
    service.few_run(caller)?;
    let work = move || {
        service.kernel.resume(pid, None, again.attended)?;
        row(&service, pid)
    };
    Ok(wire::json(&aside(work).await?))
}

/// Answers `GET /api/v1/machine`.
pub async fn machine(State(service): State<Arc<Service>>) -> Result<Response, ApiError> {
    let asked = service.clone();
    let now = aside(move || Ok(asked.kernel.models_now())).await?;
    let models = now.iter().map(|model| loaded(&service, model));
    let models: Vec<Value> = models.collect();
    // The machine's own comes first.
    let cpu = now.first().map(|own| &own.cpu);
    Ok(wire::json(
        &json!({"model": service.model, "cpu": cpu, "models": models}),
    ))
}

/// A model that is loaded. Where its file lies is nobody's business.
fn loaded(service: &Service, model: &ModelNow) -> Value {
    let name = match model.is_own {
        true => &service.model,
        false => &model.name,
    };
    json!({
        "name": name, "is_own": model.is_own, "bytes": model.bytes, "in_use": model.in_use,
        "processes": model.cpu.processes.len(), "cpu": model.cpu,
    })
}

/// Answers `GET /api/v1/tools`.
pub async fn tools(State(service): Shared) -> Response {
    let devices = service.kernel.bus().list();
    let tools: Vec<Value> = devices.iter().map(|device| json!(device.spec())).collect();
    wire::json(&json!({ "tools": tools }))
}

/// The process as it stands in the journal, which is read here.
pub(super) fn row(service: &Service, pid: Pid) -> Result<Value, ApiError> {
    Ok(process(&service.kernel.journal().process(pid)?))
}

/// A process that was just started, with the key for whoever started it.
fn begun(service: &Service, pid: Pid) -> Result<Value, ApiError> {
    let mut row = row(service, pid)?;
    row["key"] = service.guard.key(pid).into();
    Ok(row)
}

/// The number of a process that the journal has.
pub(super) async fn known(service: &Arc<Service>, pid: &str) -> Result<Pid, ApiError> {
    let (on, pid) = (service.clone(), number(pid)?);
    aside(move || row(&on, pid).map(|_| pid)).await
}

fn number(pid: &str) -> Result<Pid, ApiError> {
    pid.parse()
        .map_err(|_| ApiError::invalid("pid", format!("{pid:?} is not the number of a process")))
}

/// Whether a process may have this priority: a stranger's has none above the usual one.
fn priority(caller: Caller, priority: i8) -> Result<(), ApiError> {
    if caller == Caller::Stranger && priority > PRIORITY_USUAL {
        let message = "a priority above the usual one needs the machine's token";
        return Err(ApiError::invalid("priority", message));
    }
    match PRIORITIES.contains(&priority) {
        true => Ok(()),
        false => {
            let (least, most) = (PRIORITIES.start(), PRIORITIES.end());
            let message = format!("a priority is a number from {least} to {most}");
            Err(ApiError::invalid("priority", message))
        }
    }
}
