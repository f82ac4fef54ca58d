//! Components from OCI registries, such as `ghcr.io/somebody/word-count:1.0`.
//!
//! What is installed is named by its digest, whatever the tag says later, and the
//! bytes are checked against the digest in the manifest, and that against its own.

use std::time::Duration;

use anyhow::Result;
use data_encoding::HEXLOWER;
use futures_util::StreamExt;
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::manifest::{OciDescriptor, OciManifest};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};
use sha2::{Digest, Sha256};

use crate::terminal::error::UserError;

/// Media types of a layer that is a component: the standard one and an older one.
const WASM_LAYERS: &[&str] = &[
    "application/wasm",
    "application/vnd.wasm.content.layer.v1+wasm",
];
/// The largest component that is downloaded.
const BYTES_MAX: usize = 256 << 20;
/// How long a registry may stay silent.
const SILENCE: Duration = Duration::from_secs(30);

/// A component as a registry gave it.
#[derive(Debug)]
pub struct Pulled {
    /// The last word of the repository's name.
    pub name: String,
    /// Registry and repository, without a tag.
    pub repository: String,
    /// The reference that was followed, written in full.
    pub reference: String,
    /// The digest that it led to.
    pub digest: String,
    /// The component.
    pub bytes: Vec<u8>,
}

/// Whether `text` names something in a registry rather than a file: it begins with a
/// host, which has a dot, a port, or is this machine.
pub fn is_reference(text: &str) -> bool {
    let text = text.strip_prefix("oci://").unwrap_or(text);
    let Some((host, rest)) = text.split_once('/') else {
        return false;
    };
    let is_host = !host.starts_with('.') && (host.contains(['.', ':']) || host == "localhost");
    is_host && !rest.is_empty() && text.parse::<Reference>().is_ok()
}

/// Downloads the component that `text` names.
pub async fn pull(text: &str) -> Result<Pulled> {
    let text = text.strip_prefix("oci://").unwrap_or(text);
    let reference: Reference = text.parse().map_err(|error| {
        UserError::usage(
            format!("{text}: {error}"),
            "a reference looks like ghcr.io/somebody/word-count:1.0",
        )
    })?;
    quipu_tls::install();
    let client = Client::new(ClientConfig {
        protocol: protocol(&reference),
        read_timeout: Some(SILENCE),
        connect_timeout: Some(SILENCE),
        ..ClientConfig::default()
    });
    let failed = |error: &dyn std::fmt::Display| {
        UserError::failed(
            format!("{text}: {error}"),
            "only what everybody may read can be pulled; or download the component and add the file",
        )
    };
    let (manifest, digest) = client
        .pull_manifest(&reference, &RegistryAuth::Anonymous)
        .await
        .map_err(|error| failed(&error))?;
    let layer = component_layer(&manifest).map_err(|reason| failed(&reason))?;
    let bytes = download(&client, &reference, layer)
        .await
        .map_err(|reason| failed(&reason))?;
    let repository = reference.repository();
    Ok(Pulled {
        name: repository
            .rsplit('/')
            .next()
            .unwrap_or(repository)
            .to_owned(),
        repository: format!("{}/{repository}", reference.registry()),
        reference: reference.whole(),
        digest,
        bytes,
    })
}

/// In the clear only to this machine itself.
fn protocol(reference: &Reference) -> ClientProtocol {
    let registry = reference.resolve_registry();
    let host = registry.rsplit_once(':').map_or(registry, |(host, _)| host);
    match host {
        "localhost" | "127.0.0.1" | "[::1]" => ClientProtocol::HttpsExcept(vec![registry.into()]),
        _ => ClientProtocol::Https,
    }
}

fn component_layer(manifest: &OciManifest) -> Result<&OciDescriptor, String> {
    let OciManifest::Image(image) = manifest else {
        return Err("it is an index of several images, not a component".into());
    };
    let layers: Vec<&OciDescriptor> = image
        .layers
        .iter()
        .filter(|layer| WASM_LAYERS.contains(&layer.media_type.as_str()))
        .collect();
    match layers.as_slice() {
        [layer] if layer.size > BYTES_MAX as i64 => {
            Err(format!("{} bytes are too large for a tool", layer.size))
        }
        [layer] => Ok(layer),
        [] => Err("it holds no wasm component".into()),
        _ => Err("it holds several wasm components".into()),
    }
}

async fn download(
    client: &Client,
    reference: &Reference,
    layer: &OciDescriptor,
) -> Result<Vec<u8>, String> {
    let mut blob = client
        .pull_blob_stream(reference, layer)
        .await
        .map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    while let Some(part) = blob.stream.next().await {
        bytes.extend_from_slice(&part.map_err(|error| error.to_string())?);
        if bytes.len() > BYTES_MAX {
            return Err("it is too large for a tool".into());
        }
    }
    let digest = HEXLOWER.encode(&Sha256::digest(&bytes));
    if layer.digest != format!("sha256:{digest}") {
        return Err(format!(
            "the registry sent something else than {}",
            layer.digest
        ));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use wiremock::matchers::{method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;

    #[test]
    fn references_and_paths_are_told_apart() {
        let check = |text: &str, want: bool| assert_eq!(is_reference(text), want, "{text}");
        check("ghcr.io/somebody/word-count:1.0", true);
        check("oci://ghcr.io/somebody/word-count", true);
        check("localhost:5000/tool@sha256:".to_owned().as_str(), false);
        check("127.0.0.1:5000/tool", true);
        check("tool.wasm", false);
        check("./tool.wasm", false);
        check("../a/b.wasm", false);
        check("target/tool.wasm", false);
        check("/a/b", false);
    }

    fn sha256(bytes: &[u8]) -> String {
        format!("sha256:{}", HEXLOWER.encode(&Sha256::digest(bytes)))
    }

    /// A registry that holds one image with `layer`, and gives `sent` for it.
    async fn registry(layer: &[u8], media_type: &str, sent: &[u8]) -> (MockServer, String) {
        let server = MockServer::start().await;
        let descriptor = |kind: &str, bytes: &[u8]| json!({"mediaType": kind, "digest": sha256(bytes), "size": bytes.len()});
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": descriptor("application/vnd.wasm.config.v0+json", b"{}"),
            "layers": [descriptor(media_type, layer)],
        })
        .to_string();
        let give = |at: String, kind: &str, body: Vec<u8>| {
            Mock::given(method("GET"))
                .and(path(at))
                .respond_with(ResponseTemplate::new(200).set_body_raw(body, kind))
        };
        let digest = sha256(manifest.as_bytes());
        give("/v2/".into(), "application/json", b"{}".to_vec())
            .mount(&server)
            .await;
        give(
            "/v2/somebody/word-count/manifests/1.0".into(),
            "application/vnd.oci.image.manifest.v1+json",
            manifest.into_bytes(),
        )
        .mount(&server)
        .await;
        give(
            format!("/v2/somebody/word-count/blobs/{}", sha256(layer)),
            "application/octet-stream",
            sent.to_vec(),
        )
        .mount(&server)
        .await;
        (server, digest)
    }

    async fn pulled(server: &MockServer) -> Result<Pulled> {
        pull(&format!("{}/somebody/word-count:1.0", server.address())).await
    }

    #[tokio::test]
    async fn a_component_is_pulled_and_pinned() {
        let (server, digest) = registry(b"component", "application/wasm", b"component").await;
        let pulled = pulled(&server).await.unwrap();
        assert_eq!(pulled.name, "word-count");
        assert_eq!(pulled.bytes, b"component");
        let want = format!("{}/somebody/word-count", server.address());
        assert_eq!(
            (pulled.reference, pulled.digest),
            (format!("{want}:1.0"), digest)
        );
        assert_eq!(pulled.repository, want);
    }

    #[tokio::test]
    async fn other_bytes_than_the_manifest_names_are_refused() {
        let (server, _) = registry(b"component", "application/wasm", b"something").await;
        assert!(pulled(&server).await.is_err());
    }

    #[tokio::test]
    async fn what_is_no_component_is_refused() {
        let kind = "application/vnd.oci.image.layer.v1.tar+gzip";
        let (server, _) = registry(b"layer", kind, b"layer").await;
        let error = pulled(&server).await.unwrap_err().to_string();
        assert!(error.contains("no wasm component"), "{error}");
    }
}
