//! An OpenAI-compatible endpoint as a CPU.
//!
//! Streams `/v1/chat/completions` with the legal actions as a JSON Schema response
//! format. The endpoint's tokenizer is not known, so tokens are estimated from
//! above; an endpoint that ignores the schema is caught by the kernel's own check.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{
    Chunk, ClosedEarly, Completion, Cpu, CpuError, CpuInfo, Form, Job, Message, Prompt, Sampling,
    Sink, Ticket, without_thought,
};
use crate::process::Usage;

/// The window assumed when the endpoint does not tell.
const WINDOW_DEFAULT: usize = 8192;
/// Bytes counted as a token. Byte-pair tokenizers need three to four for text and
/// about two for code and digits; too low an estimate would overrun the window.
const TOKEN_BYTES: usize = 2;
/// Tokens a chat template adds to a message, at most.
const MESSAGE_TOKENS: usize = 8;
/// Tries of a request that failed in a way that may pass.
const TRIES: u32 = 4;
/// The first pause between tries; it doubles each time.
const BACKOFF: Duration = Duration::from_millis(250);
/// The longest pause an endpoint may ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(30);

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
    /// How long the endpoint may stay silent.
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
    url: String,
    model: String,
    api_key: Option<String>,
}

impl RemoteCpu {
    /// Asks the endpoint which models it has. Must be called within a tokio runtime.
    pub async fn connect(settings: RemoteSettings) -> Result<Self, CpuError> {
        let url = settings.url.trim_end_matches('/').to_owned();
        let fail = |reason: String| endpoint(&url, reason);
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .read_timeout(settings.timeout)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| fail(error.to_string()))?;
        let mut link = Link {
            client,
            url: url.clone(),
            model: settings.model.clone().unwrap_or_default(),
            api_key: settings.api_key,
        };
        let listed = link.models().await;
        let entries = match (&listed, &settings.model) {
            (Ok(value), _) => value["data"].as_array().cloned().unwrap_or_default(),
            // Some endpoints list nothing; a model named by the user is enough.
            (Err(_), Some(_)) => Vec::new(),
            (Err(error), None) => return Err(error.clone()),
        };
        let named = |entry: &&Value| {
            settings.model.is_none() || entry["id"].as_str() == settings.model.as_deref()
        };
        let entry = entries.iter().find(named).cloned().unwrap_or_default();
        if link.model.is_empty() {
            link.model = entry["id"]
                .as_str()
                .ok_or_else(|| fail("it lists no models; name one with --model".into()))?
                .to_owned();
        }
        let window = settings
            .window
            .or_else(|| stated_window(&entry))
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

/// What servers call the window of a listed model: llama.cpp, vLLM, OpenRouter.
fn stated_window(entry: &Value) -> Option<usize> {
    [
        &entry["meta"]["n_ctx"],
        &entry["max_model_len"],
        &entry["context_length"],
        &entry["meta"]["n_ctx_train"],
    ]
    .iter()
    .find_map(|value| value.as_u64())
    .map(|window| window as usize)
}

impl Cpu for RemoteCpu {
    fn info(&self) -> &CpuInfo {
        &self.info
    }

    fn prepare(&self, messages: &[Message]) -> Result<Prompt, CpuError> {
        let tokens = messages
            .iter()
            .map(|m| self.count(&m.text) + MESSAGE_TOKENS);
        Ok(Prompt {
            messages: messages.to_vec(),
            tokens: Vec::new(),
            len: tokens.sum(),
            boot: 0,
        })
    }

    fn count(&self, text: &str) -> usize {
        text.len().div_ceil(TOKEN_BYTES)
    }

    fn submit(&self, job: Job) -> Ticket {
        let (sink, ticket) = Ticket::new();
        let link = self.link.clone();
        self.runtime.spawn(async move {
            let result = tokio::select! {
                result = link.complete(&job, &sink) => result,
                // The ticket was dropped: closing the connection stops the endpoint.
                () = sink.closed() => return,
            };
            let _ = sink.send(result.map(Chunk::Done));
        });
        ticket
    }
}

impl Link {
    async fn models(&self) -> Result<Value, CpuError> {
        let response = self
            .with_retries(|| self.client.get(format!("{}/models", self.url)))
            .await?;
        response.json().await.map_err(|error| {
            endpoint(
                &self.url,
                format!("its list of models is not JSON: {error}"),
            )
        })
    }

    async fn complete(&self, job: &Job, sink: &Sink) -> Result<Completion, CpuError> {
        let body = self.body(job);
        let url = format!("{}/chat/completions", self.url);
        let response = self
            .with_retries(|| self.client.post(&url).json(&body))
            .await?;
        let mut stream = response.bytes_stream();
        let mut buffer = Vec::new();
        let mut completion = Completion::default();
        while let Some(bytes) = stream.next().await {
            let bytes = bytes.map_err(|error| endpoint(&self.url, silent(&error)))?;
            buffer.extend_from_slice(&bytes);
            while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = buffer.drain(..=end).collect();
                let line = String::from_utf8_lossy(&line);
                let Some(data) = line.trim().strip_prefix("data:") else {
                    continue;
                };
                if data.trim() == "[DONE]" {
                    return self.settle(completion, job);
                }
                if let Some(text) = self.take(data.trim(), &mut completion)? {
                    let _ = sink.send(Ok(Chunk::Text(text)));
                }
            }
        }
        self.settle(completion, job)
    }

    fn body(&self, job: &Job) -> Value {
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
        body
    }

    /// Takes one event of the stream in; the text it brings, if any.
    fn take(&self, data: &str, completion: &mut Completion) -> Result<Option<String>, CpuError> {
        let event: Value = serde_json::from_str(data).map_err(|error| {
            endpoint(
                &self.url,
                format!("an event of its stream is not JSON: {error}"),
            )
        })?;
        if let Some(error) = event.get("error") {
            let text = error["message"]
                .as_str()
                .unwrap_or("an error without a message");
            return Err(endpoint(&self.url, text.to_owned()));
        }
        if let Some(usage) = event.get("usage").filter(|usage| !usage.is_null()) {
            let count = |value: &Value| value.as_u64().unwrap_or(0) as u32;
            completion.usage = Usage {
                prompt_tokens: count(&usage["prompt_tokens"]),
                cached_tokens: count(&usage["prompt_tokens_details"]["cached_tokens"]),
                generated_tokens: count(&usage["completion_tokens"]),
            };
        }
        let choice = &event["choices"][0];
        let thought = ["reasoning_content", "reasoning"].iter().any(|key| {
            choice["delta"][key]
                .as_str()
                .is_some_and(|text| !text.is_empty())
        });
        completion.thought |= thought;
        if choice["finish_reason"].as_str() == Some("length") {
            completion.closed_early = Some(ClosedEarly::Full);
        }
        let text = choice["delta"]["content"]
            .as_str()
            .filter(|text| !text.is_empty());
        if let Some(text) = text {
            completion.text.push_str(text);
        }
        Ok(text.map(str::to_owned))
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
        if completion.text.is_empty() {
            return Err(match completion.thought {
                true => CpuError::Endpoint {
                    url: self.url.clone(),
                    reason: "it thought and did not come to an answer".into(),
                    hint: "turn its thinking off, or give an action more room: action_tokens under [limits]"
                        .into(),
                },
                false => endpoint(&self.url, "the stream ended without an answer".into()),
            });
        }
        if completion.usage.generated_tokens == 0 {
            completion.usage.prompt_tokens = job.prompt.len as u32;
            completion.usage.generated_tokens = completion.text.len().div_ceil(TOKEN_BYTES) as u32;
        }
        Ok(completion)
    }

    /// Sends a request, again with growing pauses while the failure may pass:
    /// no connection, 408, 429, or 5xx.
    async fn with_retries(
        &self,
        request: impl Fn() -> reqwest::RequestBuilder,
    ) -> Result<reqwest::Response, CpuError> {
        let mut pause = BACKOFF;
        let mut tries = 1;
        loop {
            let mut attempt = request();
            if let Some(key) = &self.api_key {
                attempt = attempt.bearer_auth(key);
            }
            let (error, wait) = match attempt.send().await {
                Ok(response) if response.status().is_success() => return Ok(response),
                Ok(response) => {
                    let status = response.status();
                    let wait = retry_after(&response);
                    let text = response.text().await.unwrap_or_default();
                    let error = refused(&self.url, status, &text);
                    let passing = status.is_server_error()
                        || matches!(
                            status,
                            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT
                        );
                    if !passing {
                        return Err(error);
                    }
                    (error, wait)
                }
                Err(error) if error.is_connect() || error.is_timeout() => {
                    (endpoint(&self.url, silent(&error)), None)
                }
                Err(error) => return Err(endpoint(&self.url, silent(&error))),
            };
            if tries == TRIES {
                return Err(error);
            }
            tracing::warn!(%error, tries, "trying again");
            tokio::time::sleep(wait.unwrap_or(pause)).await;
            tries += 1;
            pause *= 2;
        }
    }
}

fn retry_after(response: &reqwest::Response) -> Option<Duration> {
    let seconds = response
        .headers()
        .get("retry-after")?
        .to_str()
        .ok()?
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX))
}

/// An error of the transport in words, without the request's own details.
fn silent(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "it did not answer in time".into();
    }
    if error.is_connect() {
        return "nothing answers there".into();
    }
    error.to_string()
}

fn endpoint(url: &str, reason: String) -> CpuError {
    CpuError::Endpoint {
        url: url.to_owned(),
        reason,
        hint: "check that the server runs and the address ends in /v1".into(),
    }
}

fn refused(url: &str, status: StatusCode, body: &str) -> CpuError {
    let said = serde_json::from_str::<Value>(body)
        .ok()
        .and_then(|value| value["error"]["message"].as_str().map(str::to_owned))
        .unwrap_or_else(|| body.chars().take(200).collect());
    let hint = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            "set the key in the environment variable that `api_key_env` names (OPENAI_API_KEY)"
        }
        StatusCode::NOT_FOUND => "check the address (it ends in /v1) and the model's name",
        StatusCode::TOO_MANY_REQUESTS => "wait a while; the endpoint limits requests",
        StatusCode::BAD_REQUEST if said.contains("context") => {
            "give the endpoint's real window with --window"
        }
        _ => "see the endpoint's own log",
    };
    CpuError::Endpoint {
        url: url.to_owned(),
        reason: format!("{status}: {said}"),
        hint: hint.to_owned(),
    }
}
