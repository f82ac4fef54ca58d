//! A server over HTTP, made with the library that is also the client.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use quipu_tools::mcp::{McpHost, McpServer, McpTransport};
use quipu_tools::net::{Addresses, Net, NetLimits, Resolver};
use quipu_tools::{CallContext, Device, ErrorKind};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::{Value, json};

use super::WAIT;

struct Adder;

impl ServerHandler for Adder {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let number = json!({"type": "integer"});
        let schema = json!({"type": "object", "properties": {"a": number, "b": number}});
        let schema = schema.as_object().cloned().unwrap_or_default();
        Ok(ListToolsResult::with_all_items(vec![Tool::new(
            "add", "Adds.", schema,
        )]))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let args = request.arguments.unwrap_or_default();
        let number = |name: &str| args.get(name).and_then(serde_json::Value::as_i64);
        let (Some(a), Some(b)) = (number("a"), number("b")) else {
            return Err(ErrorData::invalid_params("two numbers are needed", None));
        };
        let sum = CallToolResult::structured(json!({"sum": a + b}));
        Ok(CallToolResponse::Complete(sum))
    }
}

/// Starts a server on a thread of its own, with `around` the adder, and gives its host.
fn serve(path: &'static str, around: impl FnOnce(Router) -> Router + Send + 'static) -> String {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async move {
            let service: StreamableHttpService<Adder, LocalSessionManager> =
                StreamableHttpService::new(
                    || Ok(Adder),
                    LocalSessionManager::default().into(),
                    StreamableHttpServerConfig::default(),
                );
            let router = around(Router::new().nest_service(path, service));
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            sender.send(listener.local_addr().unwrap()).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
    });
    format!("http://{}", receiver.recv().unwrap())
}

/// Starts a server that leads every request to `to`, and gives its address.
fn lead(status: u16, to: &'static str) -> String {
    let leads = move || async move {
        let status = StatusCode::from_u16(status).unwrap();
        (status, [("location", to)])
    };
    serve("/there", move |router| router.fallback(leads)) + "/here"
}

/// Starts a server that fails at every notification, and gives its address.
fn choke() -> String {
    async fn chokes(request: Request, next: Next) -> Response {
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let message: Value = serde_json::from_slice(&body).unwrap_or_default();
        if message["method"].is_string() && message["id"].is_null() {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        next.run(Request::from_parts(head, body.into())).await
    }
    serve("/mcp", |router| {
        router.layer(axum::middleware::from_fn(chokes))
    }) + "/mcp"
}

/// Starts a server that names an error and a result in each of its answers, one of them null,
/// and says that they are of this `kind`; gives its address.
fn both(kind: &'static str) -> String {
    async fn answers(request: Request, kind: &'static str) -> Response {
        if request.method() != "POST" {
            return StatusCode::METHOD_NOT_ALLOWED.into_response();
        }
        let body = request.into_body();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let message: Value = serde_json::from_slice(&body).unwrap_or_default();
        if message["id"].is_null() {
            return StatusCode::ACCEPTED.into_response();
        }
        let (result, error) = match message["method"].as_str().unwrap_or_default() {
            "initialize" => {
                let info = json!({"name": "tides", "version": "1"});
                let version = &message["params"]["protocolVersion"];
                (
                    json!({"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": info}),
                    Value::Null,
                )
            }
            "tools/list" => (json!({"tools": [{"name": "tide"}]}), Value::Null),
            "tools/call" => (json!("3.5 m"), Value::Null),
            _ => (
                Value::Null,
                json!({"code": -32601, "message": "no such method"}),
            ),
        };
        let answer =
            json!({"jsonrpc": "2.0", "id": message["id"], "result": result, "error": error});
        ([("content-type", kind)], answer.to_string()).into_response()
    }
    let handler = move |request: Request| answers(request, kind);
    serve("/mcp", move |_| Router::new().fallback(handler)) + "/mcp"
}

/// Starts a server with the transport of 2024, and gives the address of its events.
fn of_2024() -> String {
    type Said = tokio::sync::mpsc::UnboundedSender<String>;
    fn answer(message: &Value) -> Option<Value> {
        let id = message.get("id").filter(|id| !id.is_null())?;
        let result = match message["method"].as_str().unwrap_or_default() {
            "initialize" => {
                let info = json!({"name": "tides", "version": "1"});
                json!({"protocolVersion": "2024-11-05", "capabilities": {"tools": {}}, "serverInfo": info})
            }
            "tools/list" => json!({"tools": [{"name": "tide", "inputSchema": {"type": "object"}}]}),
            _ => json!({"content": [{"type": "text", "text": "3.5 m"}]}),
        };
        Some(json!({"jsonrpc": "2.0", "id": id, "result": result}))
    }
    let said: Arc<parking_lot::Mutex<Option<Said>>> = Arc::default();
    let heard = said.clone();
    let events = move || {
        let heard = heard.clone();
        async move {
            let (sender, receiver) = tokio::sync::mpsc::unbounded_channel::<String>();
            let _ = sender.send("event: endpoint\ndata: /messages?session=7\n\n".into());
            *heard.lock() = Some(sender);
            let events = futures_util::stream::unfold(receiver, |mut receiver| async move {
                let event = receiver.recv().await?;
                Some((Ok::<String, std::io::Error>(event), receiver))
            });
            let body = axum::body::Body::from_stream(events);
            ([("content-type", "text/event-stream")], body).into_response()
        }
    };
    let messages = move |body: String| {
        let said = said.clone();
        async move {
            let message: Value = serde_json::from_str(&body).unwrap_or_default();
            if let (Some(answer), Some(said)) = (answer(&message), said.lock().as_ref()) {
                let _ = said.send(format!("event: message\ndata: {answer}\n\n"));
            }
            StatusCode::ACCEPTED
        }
    };
    serve("/mcp", |_| {
        Router::new()
            .route("/sse", axum::routing::get(events))
            .route("/messages", axum::routing::post(messages))
    }) + "/sse"
}

/// What the server at `url` lists, or why it lists nothing, has `want` in it.
#[track_caller]
fn check(url: &str, want: &str) -> String {
    let host = super::host();
    let grants = super::granted("net:127.0.0.1").grants;
    let said = match host.list(host.bind(server(url)), grants, WAIT) {
        Ok(listing) => format!("lists {}", listing.functions[0].name),
        Err(error) => error.to_string(),
    };
    assert!(said.contains(want), "{url}: {said}");
    said
}

#[test]
fn a_redirect_is_followed_on_the_same_host() {
    for status in [301, 302, 307, 308] {
        check(&lead(status, "/there"), "lists add");
    }
    for status in [301, 307] {
        let url = lead(status, "https://other.example/mcp?key=hunter2");
        let said = check(&url, "another host, https://other.example: ");
        assert!(said.contains("net:other.example:443"), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn a_server_with_an_older_transport_or_a_form_of_its_own_is_a_device() {
    for url in [
        of_2024(),
        both("application/json"),
        both("text/html; charset=utf-8"),
    ] {
        let host = super::host();
        let bound = host.bind(server(&url));
        let held = super::granted("net:127.0.0.1");
        let listing = host.list(bound.clone(), held.grants.clone(), WAIT).unwrap();
        let device = host.device(bound, listing.functions, held);
        let tide = device.call("tide", &json!({}), &CallContext::default());
        assert_eq!(tide.unwrap(), "3.5 m");
    }
}

#[test]
fn a_server_that_fails_at_notifications_can_be_used() {
    check(&choke(), "lists add");
}

fn server(url: &str) -> McpServer {
    McpServer {
        name: "adder".into(),
        silent_max: None,
        wanted: Default::default(),
        transport: McpTransport::Http {
            url: url.into(),
            headers: BTreeMap::from([("x-cord".into(), "7".into())]),
        },
    }
}

#[test]
fn a_server_over_http_is_a_device() {
    let host = super::host();
    let bound = host.bind(server(&(serve("/mcp", |router| router) + "/mcp")));
    let held = super::granted("net:127.0.0.1");
    let functions = host
        .list(bound.clone(), held.grants.clone(), WAIT)
        .unwrap()
        .functions;
    let device = host.device(bound, functions, held);
    assert!(
        device.spec().requests[0]
            .to_string()
            .starts_with("net:127.0.0.1:")
    );
    let context = CallContext::default();
    let sum = device
        .call("add", &json!({"a": 2, "b": 3}), &context)
        .unwrap();
    assert_eq!(sum, json!({"sum": 5}));
    let error = device.call("add", &json!({"a": 2}), &context).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Failed);
    assert!(error.message.contains("two numbers"), "{error}");
}

/// Every name leads into the user's own network.
struct Inside;

impl Resolver for Inside {
    fn resolve<'a>(&'a self, _: &'a str) -> Addresses<'a> {
        Box::pin(async { Ok(vec!["10.0.0.7".parse().unwrap()]) })
    }
}

/// Why the server at `url`, with a header `key`, is not reached with what was granted.
#[track_caller]
fn refused(url: &str, key: &str, granted: &str) -> quipu_tools::ToolError {
    let variables = |_: &str| Some("hunter2hunter2@evil.example".to_owned());
    let net = Net::new(std::sync::Arc::new(Inside), NetLimits::default());
    let host = McpHost::new(BTreeMap::new(), std::sync::Arc::new(variables)).unwrap();
    let host = std::sync::Arc::new(host.with_net(net));
    let mut server = server(url);
    if let McpTransport::Http { headers, .. } = &mut server.transport {
        headers.insert("x-key".into(), key.into());
    }
    let grants = super::granted(granted).grants;
    let error = host.list(host.bind(server), grants, WAIT).unwrap_err();
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    error
}

#[test]
fn nobody_at_the_address_is_said() {
    let begun = std::time::Instant::now();
    let error = refused("http://127.0.0.1:1/mcp", "", "net:127.0.0.1");
    assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn an_address_goes_through_the_guard_of_the_network() {
    // An address, the header of its entry, what was granted, and why it is not reached.
    let cases = [
        // Not granted: by its own name, in whichever form it is written.
        ("http://a.org/mcp", "", "", "needs net:a.org:80"),
        (
            "http:evil.org/mcp",
            "",
            "net:a.org",
            "needs net:evil.org:80",
        ),
        ("http:\\\\evil.org/mcp", "", "net:a.org", "has a backslash"),
        ("http://a.org@evil.org/", "", "net:*", "cannot be used"),
        ("evil", "", "net:*", "cannot be used"),
        // A name that leads inside, and an address that was granted only among others.
        ("http://a.org/mcp", "", "net:a.org", "not a public address"),
        (
            "http://127.0.0.1:1/mcp",
            "",
            "net:*",
            "not a public address",
        ),
        ("http://[::1]:1/mcp", "", "net:*", "not a public address"),
        // Variables: named by a grant, and sent to nobody who could read along.
        ("https://a.org/", "${KEY}", "net:a.org", "needs env:KEY"),
        ("https://a.org/${KEY}", "", "net:a.org", "needs env:KEY"),
        (
            "http://a.org/",
            "${KEY}",
            "net:a.org env:KEY",
            "not sent in clear",
        ),
        (
            "http://${KEY}/",
            "",
            "net:a.org env:KEY",
            "cannot stand in the host",
        ),
    ];
    for (url, key, granted, want) in cases {
        let error = refused(url, key, granted);
        assert!(error.message.contains(want), "{url}: {error}");
    }
}
