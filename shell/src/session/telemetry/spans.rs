//! Events of the kernel -> spans and measurements of the conventions.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use opentelemetry::metrics::{Histogram, MeterProvider};
use opentelemetry::trace::{self, Span, SpanBuilder, SpanKind, TraceContextExt, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::SdkTracer;
use quipu_kernel::Kernel;
use quipu_kernel::event::Event;
use quipu_kernel::label::Secrecy;
use quipu_kernel::process::{Exit, Pid, Status, Usage};
use quipu_tools::LeakScan;
use serde_json::{Value, json};

use super::collector::Collector;

/// The most bytes of one prompt, answer, argument or result that are sent.
const TEXT_BYTES_MAX: usize = 16 << 10;
/// The longest name of a function that is sent.
const NAME_BYTES_MAX: usize = 128;
/// Buckets of `gen_ai.client.token.usage`, as the conventions give them.
const TOKENS: [f64; 14] = [
    1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0, 4194304.0,
    16777216.0, 67108864.0,
];
/// Buckets of `gen_ai.client.operation.duration` in seconds, as the conventions give them.
const SECONDS: [f64; 14] = [
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];

/// A process that runs.
struct Told {
    /// With its span, which those of its steps and children are in.
    context: Context,
    /// What it has decided to call and has no result of, by the number of the step.
    calls: HashMap<u32, Value>,
}

/// Makes spans and measurements of events.
pub struct Teller {
    kernel: Weak<Kernel>,
    content: bool,
    leaks: LeakScan,
    collector: Collector,
    /// The attributes that every span and measurement has.
    common: Vec<KeyValue>,
    /// The model's name.
    model: String,
    /// Of spans of the model: whether it is asked over a network.
    kind: SpanKind,
    tracer: SdkTracer,
    tokens: Histogram<u64>,
    seconds: Histogram<f64>,
    processes: HashMap<Pid, Told>,
}

impl Teller {
    /// For the machine of `kernel`; texts are sent only where `content` says so, and without what
    /// `leaks` finds.
    pub fn new(kernel: &Arc<Kernel>, collector: Collector, content: bool, leaks: LeakScan) -> Self {
        let info = kernel.cpu().info();
        // An endpoint of this kind is called by the name of the client's protocol.
        let (provider, kind) = match info.kind {
            "remote" => ("openai", SpanKind::Client),
            _ => ("quipu", SpanKind::Internal),
        };
        let meter = collector.metrics.meter("quipu");
        Self {
            kernel: Arc::downgrade(kernel),
            content,
            leaks,
            common: vec![
                KeyValue::new("gen_ai.provider.name", provider),
                KeyValue::new("gen_ai.request.model", info.model.clone()),
            ],
            model: info.model.clone(),
            kind,
            tracer: collector.traces.tracer("quipu"),
            tokens: meter
                .u64_histogram("gen_ai.client.token.usage")
                .with_description("Number of input and output tokens used")
                .with_unit("{token}")
                .with_boundaries(TOKENS.to_vec())
                .build(),
            seconds: meter
                .f64_histogram("gen_ai.client.operation.duration")
                .with_description("GenAI operation duration")
                .with_unit("s")
                .with_boundaries(SECONDS.to_vec())
                .build(),
            collector,
            processes: HashMap::new(),
        }
    }

    /// Tells of one event.
    pub fn take(&mut self, event: Event) {
        match event {
            Event::Started { pid, .. } => self.started(pid),
            Event::Action {
                pid,
                n,
                action,
                usage,
                ms,
            } => self.decided(pid, n, action, usage, ms),
            Event::Observation {
                pid,
                n,
                text,
                ok,
                ms,
                ..
            } => self.called(pid, n, &text, ok, ms),
            Event::Question { pid, n, .. } => self.note(pid, "question", n),
            Event::Approval { pid, n, .. } => self.note(pid, "approval", n),
            Event::Denied { pid, n, .. } => self.note(pid, "denied", n),
            Event::LimitHit { pid, text, .. } => {
                if let Some(told) = self.processes.get(&pid) {
                    let limit = KeyValue::new("quipu.limit", text);
                    told.context.span().add_event("limit", vec![limit]);
                }
            }
            Event::Exited { pid, exit } => self.exited(pid, &exit),
            Event::Lost { .. } => self.forget_ended(),
            _ => {}
        }
    }

    fn started(&mut self, pid: Pid) {
        let Some(kernel) = self.kernel.upgrade() else {
            return;
        };
        let Ok(program) = kernel.journal().program_in_words(pid) else {
            return;
        };
        let child_of = program.child_of.as_ref().map(|of| of.pid);
        let parent = child_of.or(program.branch.as_ref().map(|branch| branch.of));
        let mut attributes = self.attributes("invoke_agent");
        attributes.push(KeyValue::new("quipu.pid", pid));
        let name = match program.agent.name.as_str() {
            "" => "invoke_agent".to_owned(),
            name => {
                attributes.push(KeyValue::new("gen_ai.agent.name", name.to_owned()));
                format!("invoke_agent {name}")
            }
        };
        if self.may_tell(pid) {
            let text = json!({"type": "text", "content": self.text(&program.prompt)});
            attributes.push(messages("gen_ai.input.messages", "user", &text));
        }
        let builder = SpanBuilder::from_name(name)
            .with_kind(SpanKind::Internal)
            .with_attributes(attributes);
        let above = parent.and_then(|parent| self.processes.get(&parent));
        let above = above.map_or_else(Context::new, |told| told.context.clone());
        let span = builder.start_with_context(&self.tracer, &above);
        let told = Told {
            context: above.with_span(span),
            calls: HashMap::new(),
        };
        // It ended where events were lost, and was taken up again.
        if let Some(before) = self.processes.insert(pid, told) {
            self.end(&before.context);
        }
    }

    fn decided(&mut self, pid: Pid, n: u32, action: Value, usage: Usage, ms: u64) {
        // What follows from the task alone costs no model anything.
        if usage.prompt_tokens > 0 || usage.generated_tokens > 0 {
            self.chat(pid, &action, usage, ms);
        }
        let Some(told) = self.processes.get_mut(&pid) else {
            return;
        };
        // Each call of a step has a number of its own.
        match action {
            Value::Object(mut fields) => match fields.remove("calls") {
                Some(Value::Array(calls)) => told.calls.extend((n..).zip(calls)),
                _ if fields.contains_key("answer") => {}
                _ => {
                    told.calls.insert(n, Value::Object(fields));
                }
            },
            other => {
                told.calls.insert(n, other);
            }
        }
    }

    /// The decision of a step.
    fn chat(&self, pid: Pid, action: &Value, usage: Usage, ms: u64) {
        let Some(told) = self.processes.get(&pid) else {
            return;
        };
        let mut attributes = self.attributes("chat");
        self.seconds.record(seconds(ms), &attributes);
        for (kind, tokens) in [
            ("input", usage.prompt_tokens),
            ("output", usage.generated_tokens),
        ] {
            let kind = KeyValue::new("gen_ai.token.type", kind);
            let of = [attributes.as_slice(), &[kind]].concat();
            self.tokens.record(tokens.into(), &of);
        }
        attributes.extend(spent(usage));
        attributes.push(KeyValue::new(
            "gen_ai.usage.cache_read.input_tokens",
            i64::from(usage.cached_tokens),
        ));
        if self.may_tell(pid) {
            let part = match (action["tool"].as_str(), action["answer"].as_str()) {
                (Some(tool), _) => {
                    let arguments = self.clean(&action["args"]);
                    json!({"type": "tool_call", "name": tool, "arguments": arguments})
                }
                (None, Some(answer)) => json!({"type": "text", "content": self.text(answer)}),
                (None, None) => {
                    let text = shortened(&self.clean(action).to_string());
                    json!({"type": "text", "content": text})
                }
            };
            attributes.push(messages("gen_ai.output.messages", "assistant", &part));
        }
        let name = format!("chat {}", self.model);
        self.finished(&told.context, name, self.kind.clone(), attributes, ms, None);
    }

    /// A call whose result is there.
    fn called(&mut self, pid: Pid, n: u32, text: &str, ok: bool, ms: u64) {
        let Some(told) = self.processes.get_mut(&pid) else {
            return;
        };
        let call = told.calls.remove(&n).unwrap_or_default();
        let context = told.context.clone();
        let mut attributes = self.attributes("execute_tool");
        // A call of the kernel's own goes by the name of its only field.
        let own = || call.as_object()?.keys().next().cloned();
        let tool = call["tool"].as_str().map(str::to_owned).or_else(own);
        let name = match tool.filter(|tool| self.is_name(tool)) {
            Some(tool) => {
                attributes.push(KeyValue::new("gen_ai.tool.name", tool.clone()));
                format!("execute_tool {tool}")
            }
            None => "execute_tool".to_owned(),
        };
        if !ok {
            attributes.push(KeyValue::new("error.type", "tool_error"));
        }
        if self.may_tell(pid) {
            let arguments = self.clean(call.get("args").unwrap_or(&call)).to_string();
            let told = [
                ("gen_ai.tool.call.arguments", shortened(&arguments)),
                ("gen_ai.tool.call.result", self.text(text)),
            ];
            attributes.extend(told.map(|(key, text)| KeyValue::new(key, text)));
        }
        let error = (!ok).then_some("the call failed");
        self.finished(&context, name, SpanKind::Internal, attributes, ms, error);
    }

    fn exited(&mut self, pid: Pid, exit: &Exit) {
        let Some(told) = self.processes.remove(&pid) else {
            return;
        };
        let status = exit.status.as_str();
        let mut attributes = spent(exit.usage);
        attributes.push(KeyValue::new("quipu.status", status));
        if let Some(answer) = exit.answer.as_ref().filter(|_| self.may_tell(pid)) {
            let words = match answer {
                Value::String(words) => self.text(words),
                form => shortened(&self.clean(form).to_string()),
            };
            let text = json!({"type": "text", "content": words});
            attributes.push(messages("gen_ai.output.messages", "assistant", &text));
        }
        let span = told.context.span();
        if matches!(exit.status, Status::Failed | Status::Denied | Status::Limit) {
            attributes.push(KeyValue::new("error.type", status));
            span.set_status(trace::Status::error(status));
        }
        span.set_attributes(attributes);
        self.end(&told.context);
    }

    /// Something that happened in a step of a process, without what it was about.
    fn note(&self, pid: Pid, what: &'static str, n: u32) {
        if let Some(told) = self.processes.get(&pid) {
            let step = KeyValue::new("quipu.step", i64::from(n));
            told.context.span().add_event(what, vec![step]);
        }
    }

    /// Ends the spans of processes whose end may be among the events that were lost.
    fn forget_ended(&mut self) {
        let Some(kernel) = self.kernel.upgrade() else {
            return;
        };
        let is_over = |pid: &Pid, _: &mut Told| !kernel.is_running(*pid);
        let over: Vec<(Pid, Told)> = self.processes.extract_if(is_over).collect();
        for (_, told) in over {
            self.end(&told.context);
        }
    }

    /// A span within `context` that took `ms` milliseconds until now.
    fn finished(
        &self,
        context: &Context,
        name: String,
        kind: SpanKind,
        attributes: Vec<KeyValue>,
        ms: u64,
        error: Option<&'static str>,
    ) {
        let now = SystemTime::now();
        let begun = now.checked_sub(Duration::from_millis(ms)).unwrap_or(now);
        let mut span = SpanBuilder::from_name(name)
            .with_kind(kind)
            .with_start_time(begun)
            .with_attributes(attributes)
            .start_with_context(&self.tracer, context);
        if let Some(error) = error {
            span.set_status(trace::Status::error(error));
        }
        self.count(span.is_recording());
        span.end_with_timestamp(now);
    }

    /// Ends the span of a process.
    fn end(&self, context: &Context) {
        self.count(context.span().is_recording());
        context.span().end();
    }

    /// Counts a span that is to arrive; one that is not sampled is not.
    fn count(&self, is_recording: bool) {
        let is_sent = u64::from(is_recording);
        let made = &self.collector.counts.made;
        made.fetch_add(is_sent, Ordering::Relaxed);
    }

    fn attributes(&self, operation: &'static str) -> Vec<KeyValue> {
        let mut attributes = vec![KeyValue::new("gen_ai.operation.name", operation)];
        attributes.extend(self.common.iter().cloned());
        attributes
    }

    /// Whether texts of the process may be sent: the user said so, and it has read nothing secret.
    fn may_tell(&self, pid: Pid) -> bool {
        let is_open = |kernel: Arc<Kernel>| {
            let label = kernel.journal().label_of(pid).ok()?;
            Some(label.secrecy != Secrecy::Secret)
        };
        self.content && self.kernel.upgrade().and_then(is_open).unwrap_or(false)
    }

    /// Whether a model that called something by `word` wrote a name, and no text that stays here.
    fn is_name(&self, word: &str) -> bool {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let is_short = word.len() <= NAME_BYTES_MAX && word.chars().all(is_plain);
        is_short && self.leaks.redacted(word) == word
    }

    /// `value` without secrets.
    fn clean(&self, value: &Value) -> Value {
        let clean = self.leaks.redacted_value(value);
        clean.unwrap_or_else(|| value.clone())
    }

    /// `text` without secrets, and its first [`TEXT_BYTES_MAX`] bytes.
    fn text(&self, text: &str) -> String {
        shortened(&self.leaks.redacted_json(text))
    }

    /// Ends all spans and sends what waits. Blocks.
    pub fn close(mut self) {
        for (_, told) in std::mem::take(&mut self.processes) {
            self.end(&told.context);
        }
        self.collector.close();
    }
}

/// The first [`TEXT_BYTES_MAX`] bytes of a text without secrets.
fn shortened(clean: &str) -> String {
    let end = clean.floor_char_boundary(TEXT_BYTES_MAX);
    match clean.len() - end {
        0 => clean.to_owned(),
        more => format!("{}… ({more} more bytes)", &clean[..end]),
    }
}

fn spent(usage: Usage) -> Vec<KeyValue> {
    vec![
        KeyValue::new("gen_ai.usage.input_tokens", i64::from(usage.prompt_tokens)),
        KeyValue::new(
            "gen_ai.usage.output_tokens",
            i64::from(usage.generated_tokens),
        ),
    ]
}

/// One message with one part, in the form of the conventions.
fn messages(key: &'static str, role: &str, part: &Value) -> KeyValue {
    let message = json!([{"role": role, "parts": [part]}]);
    KeyValue::new(key, message.to_string())
}

fn seconds(ms: u64) -> f64 {
    Duration::from_millis(ms).as_secs_f64()
}
