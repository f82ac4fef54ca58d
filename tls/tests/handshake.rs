//! A host is known by its certificate, and no other is talked to.

use std::sync::Arc;

use reqwest::Certificate;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A certificate of 127.0.0.1 by itself, until 2120, and its key. They open nothing else.
const CERTIFICATE: &[u8] = include_bytes!("localhost.crt");
const KEY: &[u8] = include_bytes!("localhost.key");

/// Serves `hello` over TLS, to whoever does not break off, and gives the address.
async fn serve() -> String {
    quipu_tls::install();
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE).expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(KEY).expect("a key");
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("they belong together");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let said = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello";
            let _ = stream.write_all(said).await;
            let _ = stream.shutdown().await;
        }
    });
    format!("https://{address}/")
}

#[tokio::test]
async fn a_host_is_known_by_its_certificate() {
    let url = serve().await;
    let stranger = quipu_tls::client().no_proxy().build().unwrap();
    let refused = stranger.get(&url).send().await.unwrap_err();
    assert!(refused.is_connect(), "{refused:?}");
    let certificate = Certificate::from_pem(CERTIFICATE).unwrap();
    let client = quipu_tls::client()
        .no_proxy()
        .tls_certs_only([certificate])
        .build()
        .unwrap();
    let said = client.get(&url).send().await.unwrap().text().await.unwrap();
    assert_eq!(said, "hello");
}
