//! A server over HTTP, made with the library that is also the client.

use std::collections::BTreeMap;
use std::time::Duration;

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
use serde_json::json;

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

/// Starts the server on a thread of its own and gives its address.
fn serve() -> String {
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
            let router = axum::Router::new().nest_service("/mcp", service);
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            sender.send(listener.local_addr().unwrap()).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
    });
    format!("http://{}/mcp", receiver.recv().unwrap())
}

/// Starts a server that leads every request to `to`, and gives its address.
fn lead(status: u16, to: &'static str) -> String {
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
            let leads = move || async move {
                let status = axum::http::StatusCode::from_u16(status).unwrap();
                (status, [("location", to)])
            };
            let router = axum::Router::new()
                .nest_service("/there", service)
                .fallback(leads);
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            sender.send(listener.local_addr().unwrap()).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
    });
    format!("http://{}/here", receiver.recv().unwrap())
}

#[test]
fn a_redirect_is_followed_on_the_same_host() {
    for status in [301, 302, 307, 308] {
        let host = super::host();
        let bound = host.bind(server(&lead(status, "/there")));
        let grants = super::granted("net:127.0.0.1").grants;
        let listing = host.list(bound, grants, WAIT).unwrap();
        assert_eq!(listing.functions[0].name, "add", "{status}");
    }
    for status in [301, 307] {
        let host = super::host();
        let bound = host.bind(server(&lead(
            status,
            "https://other.example/mcp?key=hunter2",
        )));
        let grants = super::granted("net:127.0.0.1").grants;
        let error = host.list(bound, grants, WAIT).unwrap_err();
        let want = "another host, https://other.example: ";
        assert!(error.message.contains(want), "{error}");
        assert!(error.message.contains("net:other.example:443"), "{error}");
        assert!(!error.message.contains("hunter2"), "{error}");
    }
}

fn server(url: &str) -> McpServer {
    McpServer {
        name: "adder".into(),
        silent_max: None,
        transport: McpTransport::Http {
            url: url.into(),
            headers: BTreeMap::from([("x-cord".into(), "7".into())]),
        },
    }
}

#[test]
fn a_server_over_http_is_a_device() {
    let host = super::host();
    let bound = host.bind(server(&serve()));
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

#[test]
fn nobody_at_the_address_is_said() {
    let begun = std::time::Instant::now();
    let error = refused("http://127.0.0.1:1/mcp", "", "net:127.0.0.1");
    assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
    assert!(begun.elapsed() < Duration::from_secs(20));
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
fn an_address_goes_through_the_guard_of_the_network() {
    let check = |url: &str, key: &str, granted: &str, want: &str| {
        let error = refused(url, key, granted);
        assert!(error.message.contains(want), "{url}: {error}");
    };
    // Not granted: by its own name, in whichever form it is written.
    check("http://a.org/mcp", "", "", "needs net:a.org:80");
    check(
        "http:evil.org/mcp",
        "",
        "net:a.org",
        "needs net:evil.org:80",
    );
    check(
        "http:\\\\evil.org/mcp",
        "",
        "net:a.org",
        "needs net:evil.org:80",
    );
    check("http://a.org@evil.org/", "", "net:*", "cannot be used");
    check("evil", "", "net:*", "cannot be used");
    // A name that leads inside, and an address that was granted only among others.
    check("http://a.org/mcp", "", "net:a.org", "not a public address");
    check(
        "http://127.0.0.1:1/mcp",
        "",
        "net:*",
        "not a public address",
    );
    check("http://[::1]:1/mcp", "", "net:*", "not a public address");
    // Variables: named by a grant, and sent to nobody who could read along.
    check("https://a.org/", "${KEY}", "net:a.org", "needs env:KEY");
    check("https://a.org/${KEY}", "", "net:a.org", "needs env:KEY");
    check(
        "http://a.org/",
        "${KEY}",
        "net:a.org env:KEY",
        "not sent in clear",
    );
    check(
        "http://${KEY}/",
        "",
        "net:a.org env:KEY",
        "cannot stand in the host",
    );
}
