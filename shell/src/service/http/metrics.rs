//! `/metrics`: what the machine does, in the text format of Prometheus.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use quipu_cpu::{Counters, CpuStats};
use quipu_kernel::process::Usage;

use super::apart::aside;
use super::error::ApiError;
use super::state::Service;
use super::{routes, wire};

/// The version of the text format.
const FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What is counted of requests.
#[derive(Default)]
pub struct Metrics(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    /// Requests by route and status, and the seconds until their replies began.
    requests: BTreeMap<(&'static str, u16), (u64, f64)>,
    /// Tokens of plain answers.
    usage: [u64; 3],
}

impl Metrics {
    /// Counts a request for `path`, whose reply began after `elapsed`.
    pub fn count(&self, path: &str, status: u16, elapsed: Duration) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = counts
            .requests
            .entry((routes::name(path), status))
            .or_default();
        entry.0 += 1;
        entry.1 += elapsed.as_secs_f64();
    }

    /// Counts the tokens of a plain answer.
    pub fn spent(&self, usage: Usage) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.usage[0] += u64::from(usage.prompt_tokens);
        counts.usage[1] += u64::from(usage.cached_tokens);
        counts.usage[2] += u64::from(usage.generated_tokens);
    }

    fn write(&self, page: &mut Page) {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        page.head("quipu_http_requests_total", "counter", "Requests answered");
        for ((route, status), (number, _)) in &counts.requests {
            page.line(
                &[("route", route), ("status", &status.to_string())],
                *number,
            );
        }
        let name = "quipu_http_seconds_total";
        page.head(name, "counter", "Seconds until replies began");
        for ((route, status), (_, seconds)) in &counts.requests {
            page.line(
                &[("route", route), ("status", &status.to_string())],
                seconds,
            );
        }
        let name = "quipu_http_tokens_total";
        page.head(name, "counter", "Tokens of plain answers over HTTP");
        let kinds = ["prompt", "prompt_cached", "generated"];
        for (kind, tokens) in kinds.iter().zip(counts.usage) {
            page.line(&[("kind", kind)], tokens);
        }
    }
}

/// A page of metrics.
#[derive(Default)]
struct Page {
    text: String,
    name: &'static str,
}

impl Page {
    fn head(&mut self, name: &'static str, kind: &str, help: &str) {
        self.name = name;
        // Writing to a string does not fail.
        let _ = writeln!(self.text, "# HELP {name} {help}.\n# TYPE {name} {kind}");
    }

    fn line(&mut self, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let labels: Vec<String> = labels
            .iter()
            .map(|(name, value)| format!("{name}=\"{value}\""))
            .collect();
        let labels = match labels.is_empty() {
            true => String::new(),
            false => format!("{{{}}}", labels.join(",")),
        };
        let _ = writeln!(self.text, "{}{labels} {value}", self.name);
    }

    fn one(&mut self, name: &'static str, kind: &str, help: &str, value: u64) {
        self.head(name, kind, help);
        self.line(&[], value);
    }
}

/// Answers `GET /metrics`.
pub async fn get(State(service): State<Arc<Service>>) -> Result<Response, ApiError> {
    let counted = service.clone();
    let (stats, rows) = aside(move || {
        let kernel = &counted.kernel;
        Ok((kernel.stats(), kernel.journal().processes()?))
    })
    .await?;
    let mut page = Page::default();
    gauges(&mut page, &stats);
    counters(&mut page, &stats.counters);
    page.head("quipu_processes", "gauge", "Processes by state");
    let mut states: BTreeMap<&str, u64> = BTreeMap::new();
    for row in rows {
        *states.entry(row.state_word()).or_default() += 1;
    }
    const STATES: [&str; 6] = [
        "ready",
        "running",
        "blocked",
        "suspended",
        "interrupted",
        "exited",
    ];
    for state in STATES {
        page.line(&[("state", state)], states.get(state).unwrap_or(&0));
    }
    let name = "quipu_http_answers_under_way";
    let answers = service.under_way() as u64;
    page.one(name, "gauge", "Answers being written over HTTP", answers);
    service.metrics.write(&mut page);
    Ok(wire::with_type(FORMAT, page.text))
}

/// What the CPU has and does now.
fn gauges(page: &mut Page, stats: &CpuStats) {
    let gauges = [
        ("quipu_kv_cells", "Cells of the KV cache", stats.cells),
        ("quipu_kv_cells_used", "Cells in use", stats.cells_used),
        (
            "quipu_swap_bytes",
            "Bytes of swapped states",
            stats.swap_bytes,
        ),
        ("quipu_threads", "Threads it computes with", stats.threads),
        ("quipu_jobs_running", "Jobs in the batch", stats.running),
        ("quipu_jobs_waiting", "Jobs that wait", stats.waiting),
    ];
    for (name, help, value) in gauges {
        page.one(name, "gauge", help, value as u64);
    }
}

/// What the CPU has `done` since it started.
fn counters(page: &mut Page, done: &Counters) {
    let counters = [
        ("quipu_batches_total", "Batches computed", done.batches),
        (
            "quipu_prefilled_tokens_total",
            "Prompt tokens computed",
            done.prefilled,
        ),
        (
            "quipu_decoded_tokens_total",
            "Tokens computed while generating",
            done.decoded,
        ),
        (
            "quipu_shared_tokens_total",
            "Prompt tokens shared with another",
            done.shared,
        ),
        (
            "quipu_swapped_out_tokens_total",
            "Tokens moved to the swap",
            done.swapped_out,
        ),
        (
            "quipu_swapped_in_tokens_total",
            "Tokens moved back",
            done.swapped_in,
        ),
        (
            "quipu_preempted_total",
            "Jobs that gave up their place",
            done.preempted,
        ),
        (
            "quipu_collected_total",
            "Times the cache was tidied",
            done.collected,
        ),
        (
            "quipu_forced_tokens_total",
            "Tokens forced by a grammar",
            done.forced,
        ),
        ("quipu_drafted_tokens_total", "Tokens guessed", done.drafted),
        (
            "quipu_accepted_tokens_total",
            "Tokens guessed rightly",
            done.accepted,
        ),
    ];
    for (name, help, value) in counters {
        page.one(name, "counter", help, value);
    }
}
