//! What an OpenTelemetry collector is told of a run: the real program, and a collector that keeps
//! what comes. Only with the feature `otel`.

use std::collections::HashMap;
use std::net::TcpListener;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::sandbox::{ADD, DONE, Said, Sandbox};

/// A task with a word that stands nowhere else.
const TASK: &str = "What are 1 + 1 quinces?";
/// Sends prompts, answers, arguments and results as well.
const CONTENT: (&str, &str) = ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true");

async fn collector() -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&server)
        .await;
    server
}

/// Runs a task that adds, with a collector at `address` and more `variables`.
async fn run(sandbox: &Sandbox, address: &str, variables: &[(&str, &str)], task: &str) -> Said {
    let cpu = sandbox.script("adds", &[ADD, DONE]);
    let mut command = sandbox.command(&["run", "--cpu", &cpu, task]);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", address);
    command.envs(variables.iter().copied());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap());
    output.await.unwrap().into()
}

/// The bodies of the requests to `path`.
async fn bodies(server: &MockServer, path: &str) -> Vec<Vec<u8>> {
    let requests = server.received_requests().await.unwrap();
    let to_it = requests.into_iter().filter(|one| one.url.path() == path);
    to_it.map(|request| request.body).collect()
}

/// Attributes that are texts or numbers.
fn attributes(of: &[KeyValue]) -> HashMap<String, String> {
    let word = |one: &KeyValue| match one.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some((one.key.clone(), text.clone())),
        Value::IntValue(number) => Some((one.key.clone(), number.to_string())),
        _ => None,
    };
    of.iter().filter_map(word).collect()
}

/// Those of each span.
fn all_attributes(spans: &[Span]) -> Vec<HashMap<String, String>> {
    let each = spans.iter().map(|span| attributes(&span.attributes));
    each.collect()
}

/// The name of the service, and the spans in the order in which they ended.
async fn trace(server: &MockServer) -> (String, Vec<Span>) {
    let (mut service, mut spans) = (String::new(), Vec::new());
    for body in bodies(server, "/v1/traces").await {
        let request = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
        for of_resource in request.resource_spans {
            let resource = of_resource.resource.unwrap();
            service.clone_from(&attributes(&resource.attributes)["service.name"]);
            let scopes = of_resource.scope_spans.into_iter();
            spans.extend(scopes.flat_map(|scope| scope.spans));
        }
    }
    spans.sort_by_key(|span| span.end_time_unix_nano);
    (service, spans)
}

#[tokio::test]
async fn a_run_is_a_trace_without_a_word_of_it() {
    let (sandbox, server) = (Sandbox::new(), collector().await);
    run(&sandbox, &server.uri(), &[], TASK).await.check(0, &[]);
    let (service, spans) = trace(&server).await;
    assert_eq!(service, "quipu");
    let all = all_attributes(&spans);
    let operations = all.iter().map(|one| one["gen_ai.operation.name"].as_str());
    let operations: Vec<&str> = operations.collect();
    assert_eq!(operations, ["chat", "execute_tool", "chat", "invoke_agent"]);
    assert_eq!(spans[1].name, "execute_tool calculator.calculate");
    assert_eq!(all[1]["gen_ai.tool.name"], "calculator.calculate");
    for chat in [0, 2] {
        let model = &all[chat]["gen_ai.request.model"];
        assert_eq!(spans[chat].name, format!("chat {model}"));
        assert_eq!(all[chat]["gen_ai.provider.name"], "quipu");
        assert_ne!(all[chat]["gen_ai.usage.output_tokens"], "0");
    }
    let process = &spans[3];
    assert!(process.name.starts_with("invoke_agent"), "{process:?}");
    assert!(process.parent_span_id.is_empty(), "{process:?}");
    assert_eq!(all[3]["quipu.status"], "exited");
    for span in &spans[..3] {
        assert_eq!(span.parent_span_id, process.span_id);
        assert_eq!(span.trace_id, process.trace_id);
    }
    let mut measured = Vec::new();
    for body in bodies(&server, "/v1/metrics").await {
        let request = ExportMetricsServiceRequest::decode(body.as_slice()).unwrap();
        let of_resource = request.resource_metrics.into_iter();
        let scopes = of_resource.flat_map(|one| one.scope_metrics);
        measured.extend(scopes.flat_map(|scope| scope.metrics).map(|one| one.name));
    }
    measured.sort();
    measured.dedup();
    assert_eq!(
        measured,
        [
            "gen_ai.client.operation.duration",
            "gen_ai.client.token.usage"
        ]
    );
    for path in ["/v1/traces", "/v1/metrics"] {
        for body in bodies(&server, path).await {
            let text = String::from_utf8_lossy(&body).into_owned();
            let is_told = text.contains("quinces") || text.contains("1 + 1");
            assert!(!is_told, "{text}");
        }
    }
}

#[tokio::test]
async fn a_user_who_wants_it_sends_texts_and_no_secret() {
    let (sandbox, server) = (Sandbox::new(), collector().await);
    let secret = "tangerine-4711-pagoda";
    let kept = sandbox.quipu_reading(&["secret", "set", "bank"], secret);
    kept.check(0, &[]);
    let task = format!("{TASK} The code is {secret}.");
    let said = run(&sandbox, &server.uri(), &[CONTENT], &task).await;
    said.check(0, &[]);
    let (_, spans) = trace(&server).await;
    let all = all_attributes(&spans);
    let holds = |span: usize, key: &str, word: &str| {
        let text = &all[span][key];
        assert!(text.contains(word), "{key}: {text}");
    };
    holds(3, "gen_ai.input.messages", "quinces");
    holds(3, "gen_ai.output.messages", "done");
    holds(0, "gen_ai.output.messages", "calculator.calculate");
    holds(1, "gen_ai.tool.call.arguments", "1 + 1");
    holds(1, "gen_ai.tool.call.result", "2");
    let sent = format!("{all:?}");
    assert!(!sent.contains(secret), "{sent}");
}

#[tokio::test]
async fn a_collector_that_cannot_be_told_stops_nothing() {
    let sandbox = Sandbox::new();
    // Nobody listens there any more.
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let away = run(&sandbox, &address, &[], TASK).await;
    away.check(0, &["did not reach the OpenTelemetry collector"]);
    assert_eq!(away.out, "done\n");
    let server = collector().await;
    let other = [("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")];
    let said = run(&sandbox, &server.uri(), &other, TASK).await;
    said.check(0, &["OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "http/protobuf"]);
    let off = [("OTEL_SDK_DISABLED", "true")];
    run(&sandbox, &server.uri(), &off, TASK).await.check(0, &[]);
    assert!(server.received_requests().await.unwrap().is_empty());
}
