//! What the user wants to be sent where, and the way there: the exporters of the standard on the
//! HTTP client of this program. What is sent is made in `spans`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;
use opentelemetry::{Key, KeyValue};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{MetricExporter, Protocol, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use tokio::runtime::Handle;

use crate::config::env_vars::{self, otel};

/// How long the program waits at its end for what is still to be sent.
pub const FLUSH_MAX: Duration = Duration::from_secs(1);
/// How long one request to the collector may take.
const SEND_MAX: Duration = Duration::from_secs(10);

/// Spans that were made and spans that arrived.
#[derive(Debug, Default)]
pub struct Counts {
    /// Spans that ended.
    pub made: AtomicU64,
    /// Those that the collector took.
    pub arrived: AtomicU64,
    /// Whether the last request failed: its user is told once.
    failing: AtomicBool,
}

/// What the user wants to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Traces.
    pub traces: bool,
    /// Metrics.
    pub metrics: bool,
    /// Prompts, answers, arguments and results in the traces.
    pub content: bool,
}

impl Wanted {
    /// By the environment, of which `get` gives a variable's value; `None` for nothing.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let is = |name, word: &str| get(name).is_some_and(|it| it.eq_ignore_ascii_case(word));
        if is(otel::SDK_DISABLED, "true") {
            return None;
        }
        let to = |endpoint, exporter| {
            let is_named = get(otel::ENDPOINT).or_else(|| get(endpoint)).is_some();
            is_named && !is(exporter, "none")
        };
        let wanted = Self {
            traces: to(otel::TRACES_ENDPOINT, otel::TRACES_EXPORTER),
            metrics: to(otel::METRICS_ENDPOINT, otel::METRICS_EXPORTER),
            content: is(otel::CONTENT, "true"),
        };
        (wanted.traces || wanted.metrics).then_some(wanted)
    }
}

/// The way to a collector.
pub struct Collector {
    /// Takes spans; sends none where none are wanted.
    pub traces: SdkTracerProvider,
    /// Takes measurements; sends none where none are wanted.
    pub metrics: SdkMeterProvider,
    /// How many spans were made and have arrived.
    pub counts: Arc<Counts>,
}

impl Collector {
    /// The one that the environment names. Nothing is sent to it yet.
    ///
    /// # Errors
    /// Where it is to be spoken to as this program cannot, or its address is none.
    pub fn named(wanted: Wanted) -> Result<Self> {
        if let Some(other) = env_vars::get(otel::PROTOCOL).filter(|word| word != "http/protobuf") {
            anyhow::bail!(
                "{}={other}: this program speaks http/protobuf, usually on port 4318",
                otel::PROTOCOL
            );
        }
        let (client, counts) = (Client::new()?, Arc::new(Counts::default()));
        let mut traces = SdkTracerProvider::builder().with_resource(resource());
        if wanted.traces {
            let exporter = opentelemetry_otlp::SpanExporter::builder()
                .with_http()
                .with_protocol(Protocol::HttpBinary)
                .with_http_client(client.clone())
                .build()?;
            traces = traces.with_batch_exporter(Counted {
                exporter,
                counts: counts.clone(),
            });
        }
        let mut metrics = SdkMeterProvider::builder().with_resource(resource());
        if wanted.metrics {
            let exporter = MetricExporter::builder()
                .with_http()
                .with_protocol(Protocol::HttpBinary)
                .with_http_client(client)
                .build()?;
            metrics = metrics.with_periodic_exporter(exporter);
        }
        Ok(Self {
            traces: traces.build(),
            metrics: metrics.build(),
            counts,
        })
    }

    /// Sends what waits, and nothing more after that. Blocks, for at most [`FLUSH_MAX`] each.
    pub fn close(&self) {
        // What fails here is missing in the counts.
        let _ = self.traces.shutdown_with_timeout(FLUSH_MAX);
        let _ = self.metrics.shutdown_with_timeout(FLUSH_MAX);
    }
}

/// What this program is called, unless the environment calls it otherwise.
fn resource() -> Resource {
    let named = Resource::builder().build();
    let name = named.get(&Key::new("service.name"));
    let release = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let resource = Resource::builder().with_attribute(release);
    match name.is_none_or(|name| name.as_str().starts_with("unknown_service")) {
        true => resource.with_service_name("quipu").build(),
        false => resource.build(),
    }
}

/// The client of this program. The exporter asks from threads of its own, where no runtime is;
/// the request runs on that of the program.
#[derive(Clone, Debug)]
struct Client {
    http: reqwest::Client,
    runtime: Handle,
}

impl Client {
    fn new() -> Result<Self> {
        let http = quipu_tls::client()
            // Nobody but the collector that was named is told anything.
            .redirect(reqwest::redirect::Policy::none())
            .timeout(SEND_MAX)
            .build()?;
        Ok(Self {
            http,
            runtime: Handle::current(),
        })
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let http = self.http.clone();
        let sent = self
            .runtime
            .spawn(async move { http.send_bytes(request).await });
        sent.await?
    }
}

/// An exporter whose spans are counted once they have arrived.
#[derive(Debug)]
struct Counted {
    exporter: opentelemetry_otlp::SpanExporter,
    counts: Arc<Counts>,
}

impl SpanExporter for Counted {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len() as u64;
        let sent = self.exporter.export(batch).await;
        let has_failed = self.counts.failing.swap(sent.is_err(), Ordering::Relaxed);
        match &sent {
            Ok(()) => {
                self.counts.arrived.fetch_add(spans, Ordering::Relaxed);
            }
            Err(_) if has_failed => {}
            Err(error) => tracing::warn!("the OpenTelemetry collector took no spans: {error}"),
        }
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In an environment of these `variables` this is sent.
    #[track_caller]
    fn check(variables: &[(&str, &str)], wanted: Option<(bool, bool, bool)>) {
        let get = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let read = Wanted::read(get).map(|read| (read.traces, read.metrics, read.content));
        assert_eq!(read, wanted, "{variables:?}");
    }

    #[test]
    fn nothing_is_sent_unless_its_user_names_a_collector() {
        let there = (otel::ENDPOINT, "http://127.0.0.1:4318");
        let content = (otel::CONTENT, "true");
        check(&[], None);
        check(&[content], None);
        check(&[there], Some((true, true, false)));
        check(&[there, content], Some((true, true, true)));
        check(
            &[there, (otel::CONTENT, "false")],
            Some((true, true, false)),
        );
        check(&[there, (otel::SDK_DISABLED, "TRUE")], None);
        check(
            &[there, (otel::METRICS_EXPORTER, "none")],
            Some((true, false, false)),
        );
        check(
            &[(otel::TRACES_ENDPOINT, "http://127.0.0.1:4318/v1/traces")],
            Some((true, false, false)),
        );
        check(
            &[(otel::METRICS_ENDPOINT, "http://127.0.0.1:4318/v1/metrics")],
            Some((false, true, false)),
        );
    }
}
