//! Tools from a registry, which here is on this machine.

use serde_json::json;
use sha2::{Digest, Sha256};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::sandbox::{MENDED, Said, Sandbox};

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

#[tokio::test]
async fn a_tool_is_added_under_the_digest_it_was_found_with() {
    let component = wat::parse_str(MENDED).unwrap();
    let part = |kind: &str, bytes: &[u8]| json!({"mediaType": kind, "digest": digest(bytes), "size": bytes.len()});
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": part("application/vnd.wasm.config.v0+json", b"{}"),
        "layers": [part("application/wasm", &component)],
    })
    .to_string();
    let server = MockServer::start().await;
    give(&server, "/v2/", "application/json", b"{}").await;
    give(
        &server,
        "/v2/somebody/slow/manifests/1.0",
        "application/vnd.oci.image.manifest.v1+json",
        manifest.as_bytes(),
    )
    .await;
    let blob = format!("/v2/somebody/slow/blobs/{}", digest(&component));
    give(&server, &blob, "application/octet-stream", &component).await;

    let sandbox = Sandbox::new();
    let reference = format!("{}/somebody/slow:1.0", server.address());
    let pinned = format!(
        "from {}/somebody/slow@{}",
        server.address(),
        digest(manifest.as_bytes())
    );
    let added = quipu(&sandbox, &["tool", "add", &reference]).await;
    added.check(0, &[&pinned, "installed slow.spin"]);
    let called = quipu(&sandbox, &["tool", "call", "slow", "{}"]).await;
    assert_eq!(called.out, "42\n");

    let missing = format!("{}/somebody/slow:2.0", server.address());
    quipu(&sandbox, &["tool", "add", &missing])
        .await
        .check(1, &["somebody/slow:2.0", "hint: "]);
}
