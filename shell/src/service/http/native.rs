//! The machine's own API, version 1: processes, memory, tools.
//!
//! A process started here belongs to the machine and not to the connection: it goes on when
//! the client leaves. What it may do is the gate's to say; approvals are taken only from
//! clients whom the machine's user vouches for.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use futures_util::stream::{self, StreamExt};
use quipu_kernel::calls::held_steps;
use quipu_kernel::event::{Event, Subscription};
use quipu_kernel::label::{Label, Trust};
use quipu_kernel::limits::Limits;
use quipu_kernel::process::{Attached, PRIORITIES, Pid, Program, Reply};
use quipu_kernel::signal::Signal;
use quipu_memory::{Mode, PageId, Query, Space};
use serde::Deserialize;
use serde_json::{Value, json};

use super::apart::aside;
use super::error::ApiError;
use super::guard::Caller;
use super::plain::schema;
use super::state::Service;
use super::wire::{Input, Params};
use super::{agent, conversations, wire};
use crate::session::agent::Loaded;
use crate::terminal::report::{add_plan, add_rulings, process};

/// Processes that are listed.
const LISTED_MAX: usize = 200;
/// Pages a search brings when the client does not say, and the most it brings.
const HITS: usize = 10;
const HITS_MAX: usize = 50;

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
    let mut program = agent::fitting(&service, program).await?;
    // Of a task that fits: the words of a longer one would be looked through here.
    service.session.teach(&loaded, &mut program);
    let pid = start(&service, caller, program)?;
    let mut response = wire::json(&begun(&service, pid)?);
    *response.status_mut() = axum::http::StatusCode::CREATED;
    Ok(response)
}

/// The program of what is asked, and its agent.
fn program(service: &Service, caller: Caller, asked: Spawn) -> Result<(Loaded, Program), ApiError> {
    let loaded = agent::load(service, asked.agent.as_deref())?;
    let mut program = service.session.program(&loaded, asked.prompt);
    program.model = service.session.model_of(&loaded);
    program.label = service.client(caller);
    if let Some(after) = asked.after {
        let key = asked.key.as_deref();
        conversations::put_after(service, caller, &mut program, after, key)?;
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
    Ok(wire::json(&row(&service, number(&pid)?)?))
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
    let pid = known(&service, &pid)?;
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
    let row = row(&service, pid)?;
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
    Ok(wire::events(super::until_stopped(&service, all)))
}

/// Answers `GET /api/v1/events`: what happens to all processes from now on.
pub async fn all_events(State(service): Shared) -> Response {
    let heard = Some(service.kernel.subscribe());
    wire::events(super::until_stopped(&service, told(&service, heard, None)))
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
    let pid = known(&service, &pid)?;
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
    let pid = known(&service, &pid)?;
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
    service.kernel.nice(pid, given.priority)?;
    Ok(wire::json(&row(&service, pid)?))
}

/// Answers `POST /api/v1/processes/{pid}/fork`.
pub async fn fork(
    State(service): Shared,
    Extension(caller): Extension<Caller>,
    Path(pid): Path<String>,
    Input(again): Input<Again>,
) -> Answer {
    let pid = known(&service, &pid)?;
    service.few_run(caller)?;
    let child = service.kernel.fork(pid, again.step, again.attended)?;
    Ok(wire::json(&begun(&service, child)?))
}

/// Answers `POST /api/v1/processes/{pid}/resume`.
pub async fn resume(
    State(service): Shared,
    Extension(caller): Extension<Caller>,
    Path(pid): Path<String>,
    Input(again): Input<Again>,
) -> Answer {
    let pid = known(&service, &pid)?;
    service.few_run(caller)?;
    service.kernel.resume(pid, None, again.attended)?;
    Ok(wire::json(&row(&service, pid)?))
}

/// Answers `GET /api/v1/memory/search?q=…&k=…&mode=…`.
pub async fn search(
    State(service): Shared,
    Extension(caller): Extension<Caller>,
    params: Params,
) -> Answer {
    let text = params.get("q").filter(|text| !text.trim().is_empty());
    let text = text.ok_or_else(|| ApiError::invalid("q", "say what to look for: ?q=WORDS"))?;
    let k = match params.get("k").map(str::parse) {
        None => HITS,
        Some(Ok(k @ 1..=HITS_MAX)) => k,
        Some(_) => {
            return Err(ApiError::invalid(
                "k",
                format!("a number from 1 to {HITS_MAX}"),
            ));
        }
    };
    let mode = match params.get("mode") {
        None | Some("best") => Mode::Best,
        Some("lexical") => Mode::Lexical,
        Some("semantic") => Mode::Semantic,
        Some("hybrid") => Mode::Hybrid,
        Some(_) => {
            let message = "a mode is best, lexical, semantic or hybrid";
            return Err(ApiError::invalid("mode", message));
        }
    };
    let query = Query {
        mode,
        // What an agent keeps for itself is not other programs' to find.
        spaces: Some(vec![Space::SHARED]),
        ..Query::new(text, k)
    };
    let store = service.kernel.store().clone();
    let mut hits = aside(move || Ok(store.search(&query)?)).await?;
    let clearance = service.clearance(caller);
    hits.retain(|hit| clearance.is_none_or(|most| hit.secrecy <= most));
    Ok(wire::json(&json!({ "hits": hits })))
}

/// Answers `GET /api/v1/memory/page?id=…`: a page as it is stored.
pub async fn page(
    State(service): Shared,
    Extension(caller): Extension<Caller>,
    params: Params,
) -> Answer {
    let id = params.get("id").filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| ApiError::invalid("id", "say which page: ?id=ID"))?;
    let (store, wanted) = (service.kernel.store().clone(), PageId::from(id));
    let page = aside(move || Ok(store.get(&wanted)?)).await?;
    let clearance = service.clearance(caller);
    let seen = page.filter(|page| clearance.is_none_or(|most| page.secrecy <= most));
    let page = seen.ok_or_else(|| {
        ApiError::not_found(Some("id"), "no_such_page", format!("there is no page {id}"))
    })?;
    Ok(wire::json(&json!({
        "id": page.id, "title": page.title, "text": page.text, "source": page.source,
        "trust": page.trust, "secrecy": page.secrecy, "created_ms": page.created_ms,
    })))
}

/// Answers `GET /api/v1/machine`.
pub async fn machine(State(service): State<Arc<Service>>) -> Result<Response, ApiError> {
    let asked = service.clone();
    let stats = aside(move || Ok(asked.kernel.stats())).await?;
    Ok(wire::json(&json!({"model": service.model, "cpu": stats})))
}

/// Answers `GET /api/v1/tools`.
pub async fn tools(State(service): Shared) -> Response {
    let devices = service.kernel.bus().list();
    let tools: Vec<Value> = devices.iter().map(|device| json!(device.spec())).collect();
    wire::json(&json!({ "tools": tools }))
}

/// The process as it stands in the journal.
fn row(service: &Service, pid: Pid) -> Result<Value, ApiError> {
    Ok(process(&service.kernel.journal().process(pid)?))
}

/// A process that was just started, with the key for whoever started it.
fn begun(service: &Service, pid: Pid) -> Result<Value, ApiError> {
    let mut row = row(service, pid)?;
    row["key"] = service.guard.key(pid).into();
    Ok(row)
}

/// The number of a process that the journal has.
pub(super) fn known(service: &Service, pid: &str) -> Result<Pid, ApiError> {
    let pid = number(pid)?;
    row(service, pid).map(|_| pid)
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
