//! How is a connection secured? By rustls, with the cryptography of ring and the certificates
//! that the system trusts.
//!
//! reqwest has no cryptography of its own here: what it would bring, aws-lc, takes minutes to
//! compile. A client that is built before any was installed panics. So every client begins with
//! [`client`], and `clippy.toml` forbids the other beginnings.

#![warn(missing_docs)]

use reqwest::ClientBuilder;
use rustls::crypto::{CryptoProvider, ring};

/// A client that can be configured and built, like `reqwest::Client::builder()`.
///
/// ```
/// let client = quipu_tls::client().https_only(true).build();
/// assert!(client.is_ok());
/// ```
#[allow(
    clippy::disallowed_methods,
    reason = "this is what others use in place of it"
)]
pub fn client() -> ClientBuilder {
    install();
    reqwest::Client::builder()
}

/// Gives this program its cryptography, for a library that builds clients by itself. What was
/// installed before stays.
pub fn install() {
    if CryptoProvider::get_default().is_none() {
        // The error is a provider that another thread has installed meanwhile.
        let _ = ring::default_provider().install_default();
    }
}
