//! An OpenAI-compatible endpoint as a CPU.
//!
//! Streams `/v1/chat/completions` with the legal actions as a JSON Schema response
//! format. The endpoint's tokenizer is not known, so tokens are estimated from
//! above; an endpoint that ignores the schema is caught by the kernel's own check.
//!
//! A request is sent again only where the endpoint has answered that it does not work on
//! it, or was not reached. How long a first token takes is bounded by the process's own
//! time: machines differ by a hundred times in it.
//!
//! | file | job |
//! | --- | --- |
//! | this one | the endpoint as a [`Cpu`] |
//! | `send`, `refusal` | a request, and what it means where it is not taken |
//! | `flow`, `reply`, `action` | a reply as it comes, what it says, and the action in it |
//! | `fault` | what it says of a failure |
//! | `listing` | the models that it has |
//! | `echo` | the key, kept out of what the endpoint says |
//! | `weigh`, `shape` | decisions; how tokens are chosen |

mod action;
mod echo;
mod fault;
mod flow;
mod listing;
mod refusal;
mod reply;
mod send;
mod shape;
mod weigh;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    Chunk, ClosedEarly, Completion, Cpu, CpuError, CpuInfo, Form, Inquiry, Job, Message, Prompt,
    Sampling, Shaping, Sink, Ticket, Trouble, Wishes, without_thought,
};
use crate::estimate::Estimate;
use crate::message::without_pictures;
use flow::{Next, next};
use refusal::{MESSAGES, OPTIONAL, STREAM, alternating, endpoint, failure, not_taken};
use reply::Reply;
use shape::shape;

pub use refusal::shown;

/// The window assumed when the endpoint does not tell.
const WINDOW_DEFAULT: usize = 8192;
/// Byte-pair tokenizers need three to four bytes a token for text and about two for code and
/// digits, and templates add up to eight tokens to a message; too low an estimate would
/// overrun the window.
const ESTIMATE: Estimate = Estimate {
    token_bytes: 2,
    message_tokens: 8,
};
/// What is said of a reply without a text that calls a function.
const CALLED: &str = "it called a function in a way of its own, and wrote nothing: its server reads \
                      calls out of what the model writes, which it should not here";

/// How to reach an endpoint.
#[derive(Clone, Debug)]
pub struct RemoteSettings {
    /// The base, such as `http://127.0.0.1:8080/v1`.
    pub url: String,
    /// The model to ask for; the first one the endpoint lists when `None`.
    pub model: Option<String>,
    /// The key, if it wants one.
    pub api_key: Option<String>,
    /// The window, when it is known better than the endpoint says.
    pub window: Option<usize>,
    /// How long the endpoint may stay silent once it has begun to answer.
    pub timeout: Duration,
}

/// A CPU behind HTTP.
pub struct RemoteCpu {
    info: CpuInfo,
    link: Arc<Link>,
    runtime: tokio::runtime::Handle,
}

struct Link {
    client: reqwest::Client,
    /// Where requests go: a password may stand in it.
    base: String,
    /// The same as it is told.
    url: String,
    model: String,
    api_key: Option<String>,
    silence_max: Duration,
    /// Which of the [`OPTIONAL`] parts are left out, a bit each.
    left_out: AtomicU32,
}

impl RemoteCpu {
    /// Asks the endpoint which models it has. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// [`CpuError::Endpoint`] where it cannot be reached, or lists no model and none was named.
    pub async fn connect(settings: RemoteSettings) -> Result<Self, CpuError> {
        let base = settings.url.trim_end_matches('/').to_owned();
        let url = shown(&base);
        let fail = |reason: String| endpoint(&url, reason);
        let client = quipu_tls::client()
            .connect_timeout(Duration::from_secs(10))
            .tcp_keepalive(Duration::from_secs(30))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| fail(error.to_string()))?;
        let mut link = Link {
            client,
            base,
            url: url.clone(),
            model: settings.model.clone().unwrap_or_default(),
            api_key: settings.api_key,
            silence_max: settings.timeout,
            left_out: AtomicU32::default(),
        };
        let listed = link.models().await;
        let entries = match (&listed, &settings.model) {
            (Ok(value), _) => listing::entries(value),
            // Some endpoints list nothing; a model named by the user is enough.
            (Err(_), Some(_)) => Vec::new(),
            (Err(error), None) => return Err(error.clone()),
        };
        let entry = match &settings.model {
            Some(named) => listing::named(&entries, named),
            None => listing::first(&entries),
        };
        if link.model.is_empty() {
            link.model = entry
                .and_then(listing::name)
                .ok_or_else(|| CpuError::Endpoint {
                    url: url.clone(),
                    reason: "it lists no models, and none was named".into(),
                    trouble: Trouble::NoModel,
                })?
                .to_owned();
        }
        let window = settings
            .window
            .or_else(|| entry.and_then(listing::window))
            .unwrap_or(WINDOW_DEFAULT);
        Ok(Self {
            info: CpuInfo {
                model: link.model.clone(),
                kind: "remote",
                details: url,
                window,
                ..CpuInfo::default()
            },
            link: Arc::new(link),
            runtime: tokio::runtime::Handle::current(),
        })
    }
}

impl Cpu for RemoteCpu {
    fn info(&self) -> &CpuInfo {
        &self.info
    }

    fn prepare(&self, messages: &[Message]) -> Result<Prompt, CpuError> {
        without_pictures(messages)?;
        Ok(ESTIMATE.prompt(messages))
    }

    fn count(&self, text: &str) -> usize {
        ESTIMATE.count(text)
    }

    fn weigh(&self, inquiry: Inquiry) -> Ticket {
        let (sink, ticket) = Ticket::new(0);
        let link = self.link.clone();
        self.runtime.spawn(async move {
            let weighed = tokio::select! {
                weighed = link.weigh(&inquiry) => weighed,
                () = sink.closed() => return,
            };
            let _ = sink.send(weighed).await;
        });
        ticket
    }

    fn submit(&self, job: Job) -> Ticket {
        self.submit_with(job, Wishes::default())
    }

    fn submit_with(&self, job: Job, wishes: Wishes) -> Ticket {
        if wishes.odds.is_some() {
            return Ticket::failed(CpuError::Undecided);
        }
        let (sink, ticket) = Ticket::new(job.tokens_max);
        let link = self.link.clone();
        self.runtime.spawn(async move {
            let result = tokio::select! {
                result = link.complete(&job, &wishes.shaping, &sink) => result,
                // The ticket was dropped: closing the connection stops the endpoint.
                () = sink.closed() => return,
            };
            let _ = sink.send(result.map(Chunk::Done)).await;
        });
        ticket
    }
}

impl Link {
    /// What the endpoint `said`, without the keys: some say again what they were asked with.
    fn without_key(&self, said: String) -> String {
        let keys = echo::keys_in(&self.base);
        let keys = keys.iter().chain(&self.api_key);
        keys.fold(said, |said, key| echo::without(said, key))
    }

    async fn models(&self) -> Result<Value, CpuError> {
        let asked = self.send(Method::GET, "models", None);
        let late = |_| endpoint(&self.url, "it did not list its models in time".into());
        let response = tokio::time::timeout(self.silence_max, asked)
            .await
            .map_err(late)??;
        response.json().await.map_err(|error| {
            endpoint(
                &self.url,
                format!("its list of models is not JSON: {}", error.without_url()),
            )
        })
    }

    async fn complete(
        &self,
        job: &Job,
        shaping: &Shaping,
        sink: &Sink,
    ) -> Result<Completion, CpuError> {
        loop {
            let tried = self.left_out.load(Ordering::Relaxed);
            let mut body = self.body(job, tried);
            shape(&mut body, shaping);
            let refusal = match self
                .send(Method::POST, "chat/completions", Some(&body))
                .await
            {
                Ok(response) => match self.read(response, job, sink).await {
                    Ok(completion) => return Ok(completion),
                    Err(Broken::Partly(error)) => return Err(error),
                    Err(Broken::Refused(error)) => error,
                },
                Err(error) => error,
            };
            let bit = not_taken(&refusal, &body, tried).ok_or(refusal)?;
            self.left_out.fetch_or(bit, Ordering::Relaxed);
        }
    }

    /// Reads a reply to its end.
    async fn read(
        &self,
        response: reqwest::Response,
        job: &Job,
        sink: &Sink,
    ) -> Result<Completion, Broken> {
        let (mut reply, broke) = self.receive(response, sink).await?;
        let (ended, called) = (reply.ended, reply.called);
        let silent = reply.completion.text.trim().is_empty();
        // Where a model did not think some servers take its whole answer for a thought.
        if silent
            && matches!(job.form, Form::Json(_))
            && let Some(action) = action::alone(without_thought(&reply.thoughts))
        {
            reply.completion.text = action.to_owned();
        } else if silent
            && matches!(job.form, Form::Json(_))
            && let Some(call) = reply.calls.only()
        {
            // A call that the server read out of what the model wrote is what it wrote.
            reply.completion.text = call;
        }
        let stray = match silent && !reply.completion.thought {
            true => std::mem::take(&mut reply.stray),
            false => String::new(),
        };
        let characters = reply.completion.text.chars().count();
        let completion = self
            .settle(reply.completion, job)
            .map_err(|error| match &broke {
                Some(reason) => Broken::Partly(endpoint(
                    &self.url,
                    format!("the stream broke off: {reason}"),
                )),
                None if called => Broken::Partly(CpuError::Endpoint {
                    url: self.url.clone(),
                    reason: CALLED.into(),
                    trouble: Trouble::Empty,
                }),
                None if !stray.is_empty() => Broken::Partly(self.astray(&stray)),
                None => Broken::Partly(error),
            })?;
        // Some leave the last line out, so a whole action counts without it.
        let whole = ended
            || broke.is_none() && !matches!(job.form, Form::Json(_))
            || serde_json::from_str::<Value>(&completion.text).is_ok();
        match whole {
            true => Ok(completion),
            false => {
                let reason = broke.unwrap_or_else(|| "it ended in the middle".into());
                Err(Broken::Partly(endpoint(
                    &self.url,
                    format!("the stream broke off after {characters} characters: {reason}"),
                )))
            }
        }
    }

    /// The error for a reply that has nothing but a line that is none.
    fn astray(&self, line: &str) -> CpuError {
        let is_page = fault::is_page(line);
        let said = self.without_key(fault::plain(line));
        CpuError::Endpoint {
            url: self.url.clone(),
            reason: format!("its reply is no answer: {said}"),
            trouble: match is_page {
                true => Trouble::NotFound,
                false => Trouble::Other,
            },
        }
    }

    /// Takes a reply in as it comes, and hands its text on: the reply, and why it broke off where
    /// it did.
    ///
    /// # Errors
    /// What the endpoint says where it failed.
    async fn receive(
        &self,
        response: reqwest::Response,
        sink: &Sink,
    ) -> Result<(Reply, Option<String>), Broken> {
        let mut stream = response.bytes_stream();
        let mut reply = Reply::default();
        let failed = |reply: &Reply, reason: String| {
            let error = failure(&self.url, self.without_key(reason));
            match reply.completion.text.is_empty() && !reply.completion.thought {
                true => Broken::Refused(error),
                false => Broken::Partly(error),
            }
        };
        let mut broke = None;
        while !reply.is_over() {
            let text = match next(&mut stream, &reply, self.silence_max).await {
                Next::Bytes(bytes) => reply.take(&bytes),
                Next::End => break,
                Next::Broken(reason) => {
                    broke = Some(reason);
                    break;
                }
            };
            let text = text.map_err(|reason| failed(&reply, reason))?;
            if !text.is_empty() {
                let _ = sink.send(Ok(Chunk::Text(text))).await;
            }
        }
        let text = reply.finish().map_err(|reason| failed(&reply, reason))?;
        if !text.is_empty() {
            let _ = sink.send(Ok(Chunk::Text(text))).await;
        }
        Ok((reply, broke))
    }

    /// The request, without what was `left_out` of it.
    fn body(&self, job: &Job, left_out: u32) -> Value {
        let messages: Vec<Value> = job
            .prompt
            .messages
            .iter()
            .map(|message| json!({"role": message.role, "content": message.text}))
            .collect();
        let Sampling { temperature, seed } = job.sampling;
        let mut body = json!({
            "model": self.model,
            "messages": messages,
            "max_tokens": job.tokens_max,
            "temperature": temperature,
            "seed": seed,
            "stream": true,
            "stream_options": {"include_usage": true},
        });
        if let Form::Json(schema) = &job.form {
            body["response_format"] = json!({
                "type": "json_schema",
                "json_schema": {"name": "action", "schema": schema}
            });
        }
        let fields = body.as_object_mut().into_iter();
        for fields in fields {
            for (place, (name, _)) in OPTIONAL.iter().enumerate() {
                if left_out & (1 << place) == 0 {
                    continue;
                }
                let left = match (*name, fields.remove(*name)) {
                    // What OpenAI calls it now.
                    ("max_tokens", Some(value)) => ("max_completion_tokens", value),
                    (MESSAGES, Some(value)) => (MESSAGES, alternating(value)),
                    // Which only a stream may have.
                    (STREAM, _) => {
                        fields.remove("stream_options");
                        continue;
                    }
                    _ => continue,
                };
                fields.insert(left.0.to_owned(), left.1);
            }
        }
        body
    }

    /// Fills in what an endpoint left out: limits count tokens in any case. What it thought
    /// is no part of what it said.
    ///
    /// # Errors
    /// When nothing was said.
    fn settle(&self, mut completion: Completion, job: &Job) -> Result<Completion, CpuError> {
        let said = without_thought(&completion.text);
        if said.len() < completion.text.len() {
            completion.thought = true;
            completion.text = said.to_owned();
        }
        if matches!(job.form, Form::Json(_)) {
            completion.text = action::action(&completion.text).to_owned();
        }
        if completion.text.trim().is_empty() {
            let spent = completion.closed_early == Some(ClosedEarly::Full);
            let (reason, trouble) = match (completion.thought, spent) {
                (true, true) => (
                    format!("it thought until its {} tokens were spent", job.tokens_max),
                    Trouble::OnlyThought,
                ),
                (true, false) => (
                    "it thought and did not come to an answer".to_owned(),
                    Trouble::OnlyThought,
                ),
                (false, true) => (
                    format!("it spent its {} tokens without a word", job.tokens_max),
                    Trouble::NoRoom,
                ),
                (false, false) => ("its reply is empty".to_owned(), Trouble::Empty),
            };
            return Err(CpuError::Endpoint {
                url: self.url.clone(),
                reason,
                trouble,
            });
        }
        if completion.usage.generated_tokens == 0 {
            completion.usage.prompt_tokens = job.prompt.len as u32;
            completion.usage.generated_tokens = ESTIMATE.count(&completion.text) as u32;
        }
        Ok(completion)
    }
}

/// Why a reply did not come to its end.
enum Broken {
    /// Nothing of it had come.
    Refused(CpuError),
    /// Some of it had.
    Partly(CpuError),
}
