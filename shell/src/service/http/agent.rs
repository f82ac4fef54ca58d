//! A whole agent as a model: `agent` for the default one, `agent/NAME` for the one of that
//! name in the folder `agents` beside the configuration.
//!
//! A request is a process. Nobody is there to approve anything; a client that leaves
//! interrupts it, and it can be resumed.

use std::collections::HashSet;
use std::sync::Arc;

use axum::response::Response;
use futures_util::stream::{self, StreamExt};
use quipu_kernel::deliberation::{Deliberation, Stopper, Think};
use quipu_kernel::event::{Event, Subscription};
use quipu_kernel::label::{Label, Suspicion, Trust};
use quipu_kernel::process::{Attached, Exit, Pid, Program, Status};
use quipu_kernel::signal::Signal;
use serde_json::{Value, json};

use super::apart::{Asker, aside};
use super::chat::fields;
use super::chat::reply::{Answer, Head};
use super::chat::request::{self, Body, StreamOptions};
use super::error::{ApiError, without_folders};
use super::guard::Caller;
use super::plain::{Finish, Piece, Said, Speaker};
use super::state::{Lease, Service};
use super::{chat, ending, late, pictures, wire};
use crate::session::agent::{self, Loaded};
use crate::terminal::hints;

/// The name of the default agent as a model.
pub const DEFAULT: &str = "agent";
/// What the names of the others begin with.
pub const PREFIX: &str = "agent/";
/// Characters of a result in the steps that a client is told.
const RESULT_CHARS: usize = 2000;

/// The agent that `model` names: `Some(None)` is the default one.
pub fn named(model: Option<&str>) -> Option<Option<&str>> {
    match model? {
        DEFAULT => Some(None),
        model => model.strip_prefix(PREFIX).map(Some),
    }
}

/// The agent `name`; the default one without a name.
///
/// # Errors
/// Where there is none, or its file cannot be used on this machine.
pub fn load(service: &Service, name: Option<&str>) -> Result<Loaded, ApiError> {
    let Some(name) = name else {
        return Ok(Loaded::default());
    };
    let missing = || {
        let message = format!("there is no agent {name:?}; /v1/models lists those there are");
        ApiError::not_found(Some("model"), "model_not_found", message)
    };
    let path = agent::named(&service.session.paths.agents(), name).ok_or_else(missing)?;
    // Why it cannot be read quotes its lines, and a stranger may ask.
    let unread = |_: anyhow::Error| {
        let message = format!("the file of the agent {name:?} cannot be used");
        ApiError::invalid("model", format!("{message}; `quipu agent ls` says why"))
    };
    let loaded = agent::load(&path, &service.session.paths).map_err(unread)?;
    let checked = loaded.check(service.kernel.bus());
    let checked = checked.and_then(|()| loaded.check_memory(&**service.kernel.store()));
    checked.map_err(|error: anyhow::Error| {
        ApiError::invalid("model", without_folders(&format!("{error:#}")))
    })?;
    Ok(loaded)
}

/// A process under way; dropping it interrupts the process.
pub struct Running {
    /// Its number.
    pub pid: Pid,
    events: Subscription,
    lease: Lease,
    /// Its task along other branches too, until they are compared.
    thought: Option<Deliberation>,
    /// What stops these.
    branches: Option<Stopper>,
}

impl Running {
    /// Starts `program`, which gets as much thought as `think` says.
    ///
    /// # Errors
    /// Where its prompt does not fit the window, no place is left, or the journal fails.
    pub async fn start(
        service: &Arc<Service>,
        program: Program,
        think: Option<Think>,
    ) -> Result<Self, ApiError> {
        let lease = service.admit()?;
        let program = fitting(service, program).await?;
        let on = service.clone();
        // The journal is written to. Where the client has left by then, this is dropped.
        aside(move || {
            let events = on.kernel.subscribe();
            let pid = on.kernel.spawn(program.clone())?;
            let mut running = Self {
                pid,
                events,
                lease,
                thought: None,
                branches: None,
            };
            if let Some(think) = think {
                let thought = on.kernel.deliberate(pid, &program, think)?;
                running.branches = Some(thought.stopper());
                running.thought = Some(thought);
            }
            Ok(running)
        })
        .await
    }

    /// Its next event; `None` when the machine stops.
    async fn next(&mut self) -> Option<Event> {
        let kernel = &self.lease.service().kernel;
        kernel.next_event(&mut self.events, self.pid).await
    }

    /// How it ended, where its process ended as `exit`: of several branches the end of the one
    /// whose answer was chosen, which counts as its process from then on.
    async fn settled(&mut self, exit: Exit) -> Result<Exit, ApiError> {
        let Some(thought) = self.thought.take() else {
            return Ok(exit);
        };
        let decided = thought.settle(&self.lease.service().kernel, exit).await?;
        self.pid = decided.pid;
        Ok(decided.exit)
    }

    async fn end(&mut self) -> Result<Exit, ApiError> {
        while let Some(event) = self.next().await {
            if let Event::Exited { exit, .. } = event {
                return self.settled(exit).await;
            }
        }
        Err(ApiError::stopping(
            "the machine is stopping; ask again when it runs",
        ))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let kernel = &self.lease.service().kernel;
        if let Some(branches) = &self.branches {
            branches.stop(kernel);
        }
        // One that has ended needs no signal.
        let _ = kernel.signal(self.pid, Signal::Interrupt);
    }
}

/// The `program`, whose prompt fits the window.
///
/// # Errors
/// Where it does not.
pub async fn fitting(service: &Arc<Service>, program: Program) -> Result<Program, ApiError> {
    let on = service.clone();
    let attached = program.attached.iter().map(|attached| attached.text.len());
    let bytes = program.prompt.len() + attached.sum::<usize>();
    let work = move |_: &Asker| match on.kernel.fits(&program) {
        Ok(()) => Ok(program),
        Err(error) => Err(ApiError {
            code: Some("context_length_exceeded"),
            ..ApiError::invalid("messages", format!("{error}; {}", hints::window(&error)))
        }),
    };
    service.counting.run(bytes, service.patience(), work).await
}

/// What an `answer` is worth that a client says an agent gave: as much as all that its process had
/// read. Of one that no process here gave nobody knows that.
fn label_of(service: &Service, answer: &str) -> Result<Label, ApiError> {
    let known = service.kernel.journal().label_of_answer(answer)?;
    Ok(known.unwrap_or(Label::new("an answer over HTTP", Trust::Untrusted)))
}

/// Which of what was `said` is the task: the last that the user said.
///
/// # Errors
/// Where the user said nothing, or sent only a picture.
fn task_in(said: &[Said]) -> Result<usize, ApiError> {
    let wrong = |message: &str| Err(ApiError::invalid("messages", message));
    let Some(last) = said.iter().rposition(|said| said.by == Speaker::User) else {
        return wrong("no message is the user's, so there is no task");
    };
    if said[last].text.trim().is_empty() && !said[last].images.is_empty() {
        return wrong("a picture alone is not a task; say what should be done with it");
    }
    Ok(last)
}

/// The program of `loaded` for the last thing said by the user. What was said before stands
/// beside it, and what a system said goes with the agent's instructions. Whoever is not
/// vouched for makes a stranger of the agent with that. Nobody's word makes an earlier answer
/// more than it was: it may quote a page.
fn program(
    service: &Service,
    caller: Caller,
    loaded: &Loaded,
    said: &[Said],
) -> Result<Program, ApiError> {
    let last = task_in(said)?;
    let client = service.client(caller);
    let mut program = service.session.program(loaded, said[last].text.clone());
    program.model = service.model_of(loaded);
    program.label = client.clone();
    program.clearance = service.clearance(caller);
    let mut before = String::new();
    let mut label = client.clone();
    let mut answers = HashSet::new();
    // What was said of the pages behind the answers, and whether a stranger's words stand beside
    // them that nobody looked at.
    let (mut suspicion, mut unseen) = (None, client.trust == Trust::Untrusted);
    for said in &said[..last] {
        match &said.by {
            Speaker::System => {
                let instructions = &mut program.agent.instructions;
                instructions.push('\n');
                instructions.push_str(&said.text);
                program.agent.stranger |= client.trust < Trust::User;
            }
            Speaker::User => {
                before.push_str(&format!("User: {}\n", said.text));
            }
            Speaker::Assistant => {
                before.push_str(&format!("You: {}\n", said.text));
                // A stranger's words are one already, and do not learn what was answered here.
                let answer = said.text.trim();
                let is_new = client.trust >= Trust::User && !answer.is_empty();
                if is_new && answers.insert(answer) {
                    let given = label_of(service, answer)?;
                    unseen |= given.trust == Trust::Untrusted && given.suspicion.is_none();
                    suspicion = Suspicion::joined(suspicion, given.suspicion);
                    label = label.held_to(given.level());
                }
            }
            Speaker::Function(name) => {
                before.push_str(&format!("{name}: {}\n", said.text));
                label = label.lowered_to(Trust::Untrusted);
                unseen = true;
            }
        }
        for image in &said.images {
            before.push_str(&format!("[The text in a picture:]\n{}\n", image.words));
            label = label.lowered_to(Trust::Untrusted);
            unseen = true;
        }
    }
    if !before.is_empty() {
        // Where that is no attack for certain, the whole is looked at before the first step.
        let known = suspicion.filter(|said: &Suspicion| !unseen || said.is_notable());
        let label = label.suspected(known);
        program.attached.push(Attached {
            picture: None,
            text: format!("Earlier in this conversation:\n{before}"),
            label,
        });
    }
    program.attached.extend(pictures_in(&said[last], &client));
    Ok(program)
}

/// The pictures in what the `client` said. What others wrote may stand in one, whoever sends it.
fn pictures_in(said: &Said, client: &Label) -> Vec<Attached> {
    let mut attached = Vec::new();
    for image in &said.images {
        let label = Label::new("a picture over HTTP", Trust::Untrusted);
        attached.push(Attached {
            text: image.words.clone(),
            label: label.held_to(client.level()),
            picture: image.picture.clone(),
        });
    }
    attached
}

/// Answers `/v1/chat/completions` for the agent `name`.
///
/// # Errors
/// A request that an agent cannot be asked, and what ended the process without an answer.
pub async fn chat(
    service: &Arc<Service>,
    caller: Caller,
    name: Option<&str>,
    body: &Body,
) -> Result<Response, ApiError> {
    body.supported()?;
    body.askable_of_an_agent()?;
    let (on, name) = (service.clone(), name.map(str::to_owned));
    let loaded = aside(move || load(&on, name.as_deref())).await?;
    let mut said = request::said(&body.messages)?;
    pictures::see(service, &mut said, true).await?;
    let think = loaded.think.and_then(Think::more_than_one);
    let on = service.clone();
    let mut program = aside(move || program(&on, caller, &loaded, &said)).await?;
    let (field, most) = body.tokens_max();
    if let Some(tokens) = fields::tokens(field, most)? {
        program.limits.tokens = program.limits.tokens.min(tokens);
    }
    if let Some(schema) = body.schema()? {
        program.answer_schema = Some(schema);
    }
    let running = Running::start(service, program, think).await?;
    let head = chat::head(service, body.model.as_deref());
    if !body.stream.unwrap_or(false) {
        return late::whole(whole(head, running), ApiError::body).await;
    }
    let options = body.stream_options.as_ref();
    let stream = Told {
        head,
        steps: StreamOptions::steps(options),
        usage: StreamOptions::usage(options),
    };
    let begin = stream.chunk(&json!({"role": "assistant", "content": ""}), None);
    let rest = stream::unfold(Some((stream, running)), |state| async move {
        let (stream, mut running) = state?;
        loop {
            match running.next().await? {
                Event::Exited { exit, .. } => {
                    let text = match running.settled(exit).await {
                        Ok(exit) => stream.end(&exit),
                        Err(error) => wire::failed(&error),
                    };
                    return Some((text, None));
                }
                event => {
                    if let Some(text) = stream.step(&event) {
                        return Some((text, Some((stream, running))));
                    }
                }
            }
        }
    });
    let all = stream::iter([begin]).chain(rest);
    Ok(wire::events(ending::until(&service.stopping, all)))
}

/// The reply of a process, once it has ended.
async fn whole(head: Head, mut running: Running) -> Result<Value, ApiError> {
    let exit = running.end().await?;
    let mut answer = Answer::of(&head.id, 0);
    answered(&exit)?
        .into_iter()
        .for_each(|piece| drop(answer.take(piece)));
    let mut reply = head.whole(&[answer.choice(0)], exit.usage);
    reply["pid"] = running.pid.into();
    Ok(reply)
}

/// The pieces of the answer in `exit`.
fn answered(exit: &Exit) -> Result<[Piece; 2], ApiError> {
    let text = match &exit.answer {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None if exit.status == Status::Limit => String::new(),
        None => {
            let error = exit.error.clone();
            let error = error.unwrap_or_else(|| "the process ended without an answer".into());
            return Err(match exit.status {
                Status::Denied => ApiError::forbidden(format!(
                    "{error}; nobody is there to approve it: grant it when `quipu serve` starts"
                )),
                Status::Suspended => ApiError::stopping(format!(
                    "{error}; it goes on when a machine starts: GET /api/v1/processes tells of it"
                )),
                _ => ApiError::internal(error),
            });
        }
    };
    let finish = match exit.status {
        Status::Limit => Finish::Length,
        _ => Finish::Stop,
    };
    Ok([Piece::Text(text), Piece::End(finish, exit.usage)])
}

/// A process told as a stream of chunks.
struct Told {
    head: Head,
    steps: bool,
    usage: bool,
}

impl Told {
    fn chunk(&self, delta: &Value, finish: Option<&str>) -> String {
        let choices = json!([{
            "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish,
        }]);
        let none = self.usage.then_some(&Value::Null);
        wire::event(None, &self.head.chunk(&choices, none))
    }

    /// A step as thought, where that is wanted.
    fn step(&self, event: &Event) -> Option<String> {
        let text = match event {
            Event::Action { action, .. } if action.get("answer").is_none() => format!("{action}\n"),
            Event::Observation { text, shown, .. } => {
                let held = if shown.is_some() { "(held back) " } else { "" };
                let begin: String = text.chars().take(RESULT_CHARS).collect();
                format!("{held}{begin}\n")
            }
            _ => return None,
        };
        let delta = json!({ "reasoning_content": text });
        self.steps.then(|| self.chunk(&delta, None))
    }

    fn end(&self, exit: &Exit) -> String {
        let pieces = match answered(exit) {
            Ok(pieces) => pieces,
            Err(error) => return wire::failed(&error),
        };
        let mut answer = Answer::of(&self.head.id, 0);
        let mut text = String::new();
        for piece in pieces {
            for delta in answer.take(piece) {
                let finish = answer.end.map(|(ended, _)| chat::reply::finish(ended));
                text.push_str(&self.chunk(&delta, finish));
            }
        }
        if self.usage {
            let usage = chat::reply::usage_of(exit.usage);
            let last = self.head.chunk(&json!([]), Some(&usage));
            text.push_str(&wire::event(None, &last));
        }
        text + wire::DONE
    }
}
