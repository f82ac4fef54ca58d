//! Tools from a registry, which here is on this machine.

use serde_json::json;
use sha2::{Digest, Sha256};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::sandbox::{ENDLESS, MENDED, Said, Sandbox};
use crate::terminal::Terminal;

fn digest(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sha256:{hex}")
}

async fn give(server: &MockServer, at: &str, kind: &str, body: &[u8]) {
    Mock::given(method("GET"))
        .and(path(at))
        .respond_with(ResponseTemplate::new(200).set_body_raw(body, kind))
        .mount(server)
        .await;
}

/// Runs the command while the registry goes on answering.
async fn quipu(sandbox: &Sandbox, args: &[&str]) -> Said {
    let mut command = sandbox.command(args);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap());
    output.await.unwrap().into()
}

/// Makes `server` a registry whose `somebody/slow:1.0` is `component`; gives the digest of
/// its manifest.
async fn serve(server: &MockServer, component: &[u8]) -> String {
    let part = |kind: &str, bytes: &[u8]| json!({"mediaType": kind, "digest": digest(bytes), "size": bytes.len()});
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": part("application/vnd.wasm.config.v0+json", b"{}"),
        "layers": [part("application/wasm", component)],
    })
    .to_string();
    give(server, "/v2/", "application/json", b"{}").await;
    give(
        server,
        "/v2/somebody/slow/manifests/1.0",
        "application/vnd.oci.image.manifest.v1+json",
        manifest.as_bytes(),
    )
    .await;
    let blob = format!("/v2/somebody/slow/blobs/{}", digest(component));
    give(server, &blob, "application/octet-stream", component).await;
    digest(manifest.as_bytes())
}

#[tokio::test]
async fn a_tool_is_added_under_the_digest_it_was_found_with() {
    let component = wat::parse_str(MENDED).unwrap();
    let server = MockServer::start().await;
    let before = serve(&server, &component).await;

    let sandbox = Sandbox::new();
    let reference = format!("{}/somebody/slow:1.0", server.address());
    let pinned = format!("from {}/somebody/slow@{}", server.address(), before);
    let added = quipu(&sandbox, &["tool", "add", &reference]).await;
    added.check(0, &[&pinned, "installed slow.spin"]);
    let called = quipu(&sandbox, &["tool", "call", "slow", "{}"]).await;
    assert_eq!(called.out, "42\n");

    // The tag leads to something else later: that is asked about, and remembered.
    let other = wat::parse_str(ENDLESS).unwrap();
    server.reset().await;
    let now = serve(&server, &other).await;
    let changed = quipu(&sandbox, &["tool", "add", &reference]).await;
    changed.check(2, &["not installed", &before, &now, "--force"]);
    let called = quipu(&sandbox, &["tool", "call", "slow", "{}"]).await;
    assert_eq!(called.out, "42\n");
    quipu(&sandbox, &["tool", "rm", "slow"]).await.check(0, &[]);
    let changed = quipu(&sandbox, &["tool", "add", &reference]).await;
    changed.check(2, &["not installed", &before, &now]);
    let forced = quipu(&sandbox, &["tool", "add", "--force", &reference]).await;
    forced.check(0, &[&now, "installed slow.spin"]);
    quipu(&sandbox, &["tool", "add", &reference])
        .await
        .check(0, &[]);

    let missing = format!("{}/somebody/slow:2.0", server.address());
    quipu(&sandbox, &["tool", "add", &missing])
        .await
        .check(1, &["somebody/slow:2.0", "hint: "]);
}

#[test]
fn a_tool_is_not_replaced_by_another_one_unnoticed() {
    let sandbox = Sandbox::new();
    sandbox.install("slow", MENDED);
    std::fs::create_dir(sandbox.path().join("other")).unwrap();
    let other = sandbox.write("other/slow.wasm", wat::parse_str(ENDLESS).unwrap());
    let other = other.to_str().unwrap();
    let refused = sandbox.quipu(&["tool", "add", other]);
    refused.check(
        2,
        &[
            "replaces another tool called slow",
            "slow.wasm (sha256 ",
            "--force",
        ],
    );
    assert_eq!(sandbox.quipu(&["tool", "call", "slow", "{}"]).out, "42\n");
    sandbox
        .quipu(&["tool", "add", "--name", "fast", other])
        .check(0, &[]);
    let forced = sandbox.quipu(&["tool", "add", "--force", other]);
    forced.check(0, &["replaces another tool called slow"]);
    // A new version from the same place is what was asked for.
    sandbox.write("other/slow.wasm", wat::parse_str(MENDED).unwrap());
    sandbox
        .quipu(&["tool", "add", other])
        .check(0, &["installed"]);
    assert_eq!(sandbox.quipu(&["tool", "call", "slow", "{}"]).out, "42\n");
    // A person may say yes.
    let first = sandbox.write("slow.wasm", wat::parse_str(ENDLESS).unwrap());
    let add = ["tool", "add", first.to_str().unwrap()];
    let mut terminal = Terminal::of(sandbox, &add);
    terminal.shows("Install it? [y/N]");
    terminal.types("y");
    assert_eq!(terminal.end().0, Some(0));
}
