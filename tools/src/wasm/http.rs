//! `wasi:http`, in both its versions, by the same way out as `quipu:plugin/http`: the same
//! checks, the same grants. A guest that was not granted a host is refused one when it asks,
//! so that what never asks needs no grant.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName};
use http_body_util::{BodyExt, Full, Limited};
use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

use super::guest::Guest;
use super::outbound::{Outbound, Refusal};
use crate::net::{NetError, Request, Response};

/// The longest body of a request, in bytes.
const BODY_BYTES_MAX: usize = 8 << 20;
/// Headers that belong to the connection, which is the host's; libraries set them unasked.
const OF_THE_CONNECTION: &[&str] = &[
    "accept-encoding",
    "connection",
    "expect",
    "keep-alive",
    "te",
    "upgrade",
];

/// What `wasi:http` keeps for one call.
#[derive(Default)]
pub(super) struct WasiHttp {
    context: WasiHttpCtx,
    pub(super) hooks: Hooks,
}

/// How requests leave; without a way out each is denied.
#[derive(Default)]
pub(super) struct Hooks {
    pub(super) outbound: Option<Outbound>,
}

/// The end of an exchange, which has nothing to tell any more.
type End = Box<dyn Future<Output = Result<(), Error>> + Send>;

/// Gives guests the interfaces.
pub(super) fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)?;
    wasmtime_wasi_http::p3::add_to_linker(linker)
}

impl WasiHttp {
    /// The part of it that the interfaces work on.
    pub(super) fn view<'a>(&'a mut self, table: &'a mut ResourceTable) -> WasiHttpCtxView<'a> {
        WasiHttpCtxView {
            hooks: &mut self.hooks,
            table,
            ctx: &mut self.context,
        }
    }
}

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        self.wasi_http()
    }
}

impl WasiHttpHooks for Hooks {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _response: End,
    ) -> Box<dyn Future<Output = Result<(http::Response<WasiBody>, End), Error>> + Send> {
        let outbound = self.outbound.clone();
        Box::new(async move {
            let outbound = outbound.ok_or(Error::HttpRequestDenied)?;
            let request = asked(request).await?;
            let response = outbound.send(request).await.map_err(|error| told(&error))?;
            let end: End = Box::new(async { Ok(()) });
            Ok((answered(response)?, end))
        })
    }
}

/// The request of a guest, with its whole body.
async fn asked(request: http::Request<WasiBody>) -> Result<Request, Error> {
    let (parts, body) = request.into_parts();
    let bytes = Limited::new(body, BODY_BYTES_MAX)
        .collect()
        .await
        .map_err(|_| Error::HttpRequestBodySize(Some(BODY_BYTES_MAX as u64)))?
        .to_bytes();
    Ok(Request {
        method: parts.method.to_string(),
        url: parts.uri.to_string(),
        headers: texts(&parts.headers)?,
        body: (!bytes.is_empty()).then(|| bytes.to_vec()),
    })
}

fn texts(headers: &HeaderMap) -> Result<Vec<(String, String)>, Error> {
    let of_the_host = |name: &HeaderName| {
        [HOST, CONTENT_LENGTH, TRANSFER_ENCODING].contains(name)
            || OF_THE_CONNECTION.contains(&name.as_str())
    };
    headers
        .iter()
        .filter(|(name, _)| !of_the_host(name))
        .map(|(name, value)| match value.to_str() {
            Ok(value) => Ok((name.to_string(), value.to_owned())),
            Err(_) => Err(Error::HttpRequestHeaderSize {
                field_name: Some(name.to_string()),
                field_size: None,
            }),
        })
        .collect()
}

fn answered(response: Response) -> Result<http::Response<WasiBody>, Error> {
    let mut built = http::Response::builder().status(response.status);
    for (name, value) in response.headers {
        // The body is whole here, and decompressed.
        if !["content-length", "content-encoding", "transfer-encoding"].contains(&name.as_str()) {
            built = built.header(name, value);
        }
    }
    let body = Full::new(Bytes::from(response.body));
    built
        .body(body.map_err(|never| match never {}).boxed_unsync())
        .map_err(|_| Error::HttpProtocolError)
}

/// What a guest is told of a refusal, in the terms of its interface.
fn told(error: &Refusal) -> Error {
    let Refusal::Net(error) = error else {
        return Error::ConnectionLimitReached;
    };
    match error {
        NetError::Invalid(_) => Error::HttpRequestUriInvalid,
        NetError::NotGranted(_) | NetError::ReadOnly(_) | NetError::Secret { .. } => {
            Error::HttpRequestDenied
        }
        NetError::NotPublic { .. } => Error::DestinationIpProhibited,
        NetError::Unreachable { .. } => Error::DestinationUnavailable,
        NetError::Timeout { .. } => Error::HttpResponseTimeout,
        NetError::TooLarge { limit, .. } => Error::HttpResponseBodySize(Some(*limit as u64)),
        NetError::Redirects => Error::LoopDetected,
    }
}
