//! The network of a call: what leaves it, and the host's side of `quipu:plugin/http`.
//! `wasi:http` goes the same way, in `http`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::Mutex;
use wasmtime::component::{HasSelf, Linker};

use super::guest::Guest;
use crate::caps::{Capability, Rights};
use crate::net::secrets::Secrets;
use crate::net::{Net, NetError, Permit, Request, Response};

wasmtime::component::bindgen!({
    path: "../plugins/wit/quipu.wit",
    world: "host",
    imports: { default: async },
});

use quipu::plugin::http;

/// Requests of one call.
const REQUESTS_MAX: u32 = 100;

/// The way out for a guest that may use the network. Clones are the same way.
#[derive(Clone)]
pub(super) struct Outbound(Arc<Way>);

struct Way {
    net: Net,
    rights: Rights,
    secrets: Arc<Secrets>,
    read_only: bool,
    requests_left: AtomicU32,
    /// The last capability it wanted and did not have.
    missing: Mutex<Option<Capability>>,
}

/// Why a request of a guest has no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("more than {REQUESTS_MAX} requests in one call")]
    TooMany,
    #[error(transparent)]
    Net(#[from] NetError),
}

impl Outbound {
    pub(super) fn new(net: Net, rights: Rights, secrets: Arc<Secrets>, read_only: bool) -> Self {
        Self(Arc::new(Way {
            net,
            rights,
            secrets,
            read_only,
            requests_left: AtomicU32::new(REQUESTS_MAX),
            missing: Mutex::default(),
        }))
    }

    /// The last capability that the guest wanted and did not have.
    pub(super) fn missing(&self) -> Option<Capability> {
        self.0.missing.lock().clone()
    }

    /// Makes `request`, as far as the call's rights go.
    pub(super) async fn send(&self, request: Request) -> Result<Response, Refusal> {
        let way = &*self.0;
        let one_less = |left: u32| left.checked_sub(1);
        way.requests_left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less)
            .map_err(|_| Refusal::TooMany)?;
        let permit = Permit {
            rights: &way.rights,
            secrets: &way.secrets,
            read_only: way.read_only,
        };
        way.net.send(request, &permit).await.map_err(|error| {
            way.missing.lock().clone_from(&error.missing().cloned());
            error.into()
        })
    }
}

/// Gives guests the interface.
pub(super) fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    http::add_to_linker::<_, HasSelf<Guest>>(linker, |guest| guest)
}

impl http::Host for Guest {
    async fn send(&mut self, request: http::Request) -> Result<http::Response, http::Failure> {
        let Some(outbound) = &self.outbound else {
            return Err(failure(
                http::Reason::Denied,
                "this plugin asks for no host; it has to name them in its plugin.toml, under needs.net",
            ));
        };
        let request = Request {
            method: request.method,
            url: request.url,
            headers: request.headers,
            body: request.body,
        };
        match outbound.send(request).await {
            Ok(response) => Ok(http::Response {
                url: response.url,
                status: response.status,
                headers: response.headers,
                body: response.body,
            }),
            Err(error) => Err(failure(reason(&error), &error.to_string())),
        }
    }
}

fn reason(error: &Refusal) -> http::Reason {
    let Refusal::Net(error) = error else {
        return http::Reason::Denied;
    };
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
