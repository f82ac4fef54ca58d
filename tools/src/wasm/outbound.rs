//! The host's side of `quipu:plugin/http`.

use std::sync::Arc;

use wasmtime::component::{HasSelf, Linker};

use super::guest::Guest;
use crate::caps::{Capability, Rights};
use crate::net::{Net, NetError, Permit, Request};
use crate::secrets::Secrets;

wasmtime::component::bindgen!({
    path: "../plugins/wit/quipu.wit",
    world: "host",
    imports: { default: async },
});

use quipu::plugin::http;

/// Requests of one call.
const REQUESTS_MAX: u32 = 100;

/// What a guest that may use the network is given.
pub(super) struct Outbound {
    net: Net,
    rights: Rights,
    secrets: Arc<Secrets>,
    read_only: bool,
    requests_left: u32,
    /// The last capability it wanted and did not have.
    pub(super) missing: Option<Capability>,
}

impl Outbound {
    pub(super) fn new(net: Net, rights: Rights, secrets: Arc<Secrets>, read_only: bool) -> Self {
        Self {
            net,
            rights,
            secrets,
            read_only,
            requests_left: REQUESTS_MAX,
            missing: None,
        }
    }
}

/// Gives guests the interface.
pub(super) fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    http::add_to_linker::<_, HasSelf<Guest>>(linker, |guest| guest)
}

impl http::Host for Guest {
    async fn send(&mut self, request: http::Request) -> Result<http::Response, http::Failure> {
        let Some(outbound) = &mut self.outbound else {
            return Err(failure(
                http::Reason::Denied,
                "this plugin asks for no host; it has to name them in its plugin.toml, under needs.net",
            ));
        };
        outbound.requests_left = outbound.requests_left.checked_sub(1).ok_or_else(|| {
            let words = format!("more than {REQUESTS_MAX} requests in one call");
            failure(http::Reason::Denied, &words)
        })?;
        let request = Request {
            method: request.method,
            url: request.url,
            headers: request.headers,
            body: request.body,
        };
        let permit = Permit {
            rights: &outbound.rights,
            secrets: &outbound.secrets,
            read_only: outbound.read_only,
        };
        match outbound.net.send(request, &permit).await {
            Ok(response) => Ok(http::Response {
                url: response.url,
                status: response.status,
                headers: response.headers,
                body: response.body,
            }),
            Err(error) => {
                outbound.missing = error.missing().cloned();
                Err(failure(reason(&error), &error.to_string()))
            }
        }
    }
}

fn reason(error: &NetError) -> http::Reason {
    match error {
        NetError::Invalid(_) => http::Reason::Invalid,
        NetError::NotGranted(_)
        | NetError::NotPublic { .. }
        | NetError::ReadOnly(_)
        | NetError::Secret { .. } => http::Reason::Denied,
        NetError::Unreachable { .. } => http::Reason::Unreachable,
        NetError::Timeout { .. } => http::Reason::Timeout,
        NetError::TooLarge { .. } | NetError::Redirects => http::Reason::TooLarge,
    }
}

fn failure(reason: http::Reason, message: &str) -> http::Failure {
    http::Failure {
        reason,
        message: message.to_owned(),
    }
}
