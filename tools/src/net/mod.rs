//! Outgoing requests, checked.
//!
//! A host's name is resolved once; addresses that are not public are refused unless
//! the user granted that very address; the connection goes to the address that was
//! checked; each redirect is a new request, checked again. No proxy, no cookie and no
//! credential that the caller did not put there, and none of those to another origin.

mod address;
mod body;
mod resolve;
pub mod secrets;
mod target;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, HeaderMap, HeaderName, HeaderValue,
    LOCATION, PROXY_AUTHORIZATION, TRANSFER_ENCODING,
};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, StatusCode};
use url::Host;

use crate::caps::{Capability, Rights};
pub use address::is_public;
pub use resolve::{Addresses, Resolver, SystemResolver};
use secrets::Secrets;
pub(crate) use target::{Target, capability_of};

/// Redirects that are followed.
const REDIRECTS_MAX: usize = 8;
/// Headers of a request.
const HEADERS_MAX: usize = 64;
/// How a request introduces itself, as robots should.
const USER_AGENT: &str = concat!(
    "quipu/",
    env!("CARGO_PKG_VERSION"),
    " (fetches single pages that its user asks for)"
);

/// Limits of one request.
#[derive(Clone, Copy, Debug)]
pub struct NetLimits {
    /// From the start to the last byte, redirects included.
    pub time_max: Duration,
    /// To find and reach one host.
    pub connect_max: Duration,
    /// The body, decompressed.
    pub body_bytes_max: usize,
}

impl Default for NetLimits {
    fn default() -> Self {
        Self {
            time_max: Duration::from_secs(20),
            connect_max: Duration::from_secs(8),
            body_bytes_max: 8 << 20,
        }
    }
}

/// A request to be made.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `GET` and so on.
    pub method: String,
    /// Where to.
    pub url: String,
    /// Names and values, in which `{{secret:NAME}}` stands for a secret.
    pub headers: Vec<(String, String)>,
    /// The body, if there is one.
    pub body: Option<Vec<u8>>,
}

/// The answer, after redirects.
#[derive(Clone, Debug)]
pub struct Response {
    /// Where it came from in the end.
    pub url: String,
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body, decompressed.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// The request cannot be made as it is written.
    #[error("{0}")]
    Invalid(String),
    /// The host was not granted.
    #[error("{0} was not granted")]
    NotGranted(Capability),
    /// Only functions that may change the world can do this.
    #[error("a function that only reads cannot {0}; only GET and HEAD")]
    ReadOnly(String),
    /// The host leads into a private network.
    #[error("{host} is {address}, which is not a public address")]
    NotPublic {
        /// The host.
        host: String,
        /// Its address.
        address: IpAddr,
        /// What would have to be granted.
        needs: Capability,
    },
    /// A secret that may not go there.
    #[error("the secret {name} is not for {host}")]
    Secret {
        /// The secret's name.
        name: String,
        /// The host of the request.
        host: String,
    },
    /// There is no such host, or it does not answer properly.
    #[error("{host} cannot be reached: {reason}")]
    Unreachable {
        /// The host.
        host: String,
        /// What happened.
        reason: String,
    },
    /// The time was up.
    #[error("{host} took longer than {} ms", .limit.as_millis())]
    Timeout {
        /// The host.
        host: String,
        /// The limit.
        limit: Duration,
    },
    /// The body is too long.
    #[error("{host} sent more than {limit} bytes")]
    TooLarge {
        /// The host.
        host: String,
        /// The limit.
        limit: usize,
    },
    /// Its redirects go in a circle.
    #[error("more than {REDIRECTS_MAX} redirects")]
    Redirects,
}

impl NetError {
    /// The capability that would have made the difference.
    pub fn missing(&self) -> Option<&Capability> {
        match self {
            NetError::NotGranted(needs) | NetError::NotPublic { needs, .. } => Some(needs),
            _ => None,
        }
    }
}

/// What a request may do, and on whose behalf.
pub struct Permit<'a> {
    /// The rights of the call.
    pub rights: &'a Rights,
    /// The secrets of the device.
    pub secrets: &'a Secrets,
    /// Whether only `GET` and `HEAD` are allowed.
    pub read_only: bool,
}

/// The way out.
#[derive(Clone)]
pub struct Net {
    resolver: Arc<dyn Resolver>,
    limits: NetLimits,
}

impl Default for Net {
    fn default() -> Self {
        Self::new(Arc::new(SystemResolver), NetLimits::default())
    }
}

impl Net {
    /// A way out that looks names up with `resolver`.
    pub fn new(resolver: Arc<dyn Resolver>, limits: NetLimits) -> Self {
        Self { resolver, limits }
    }

    /// Makes `request` and follows its redirects, each as far as `permit` goes.
    ///
    /// # Errors
    /// Where the address cannot be read, `permit` does not let the request through, or it fails or
    /// takes too long.
    pub async fn send(&self, request: Request, permit: &Permit<'_>) -> Result<Response, NetError> {
        let target = Target::parse(&request.url)?;
        let host = target.host.to_string();
        let limit = self.limits.time_max;
        tokio::time::timeout(limit, self.follow(request, target, permit))
            .await
            .unwrap_or(Err(NetError::Timeout { host, limit }))
    }

    async fn follow(
        &self,
        request: Request,
        mut target: Target,
        permit: &Permit<'_>,
    ) -> Result<Response, NetError> {
        let mut method = method_of(&request, permit)?;
        let mut headers = headers_of(&request)?;
        let mut body = request.body;
        for _ in 0..=REDIRECTS_MAX {
            let response = self
                .once(&method, &target, &headers, body.as_deref(), permit)
                .await?;
            let Some(next) = redirect(&response, &target)? else {
                let (status, answer) = (response.status(), response.headers().clone());
                let bytes = body::read(response, &target, self.limits.body_bytes_max).await?;
                return Ok(permit.secrets.hide(Response {
                    url: target.url.into(),
                    status: status.as_u16(),
                    headers: body::texts(&answer),
                    body: bytes,
                }));
            };
            // As browsers do; 307 and 308 repeat the request as it was.
            let becomes_get = match response.status() {
                StatusCode::SEE_OTHER => method != Method::HEAD,
                StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => method == Method::POST,
                _ => false,
            };
            if becomes_get {
                method = Method::GET;
                body = None;
                headers.remove(CONTENT_TYPE);
            }
            if !next.same_origin(&target) {
                strip_credentials(&mut headers);
            }
            target = next;
        }
        Err(NetError::Redirects)
    }

    /// One request, without redirects, to an address that was checked.
    async fn once(
        &self,
        method: &Method,
        target: &Target,
        headers: &HeaderMap,
        body: Option<&[u8]>,
        permit: &Permit<'_>,
    ) -> Result<reqwest::Response, NetError> {
        let capability = target.capability();
        if !permit.rights.allows(&capability) {
            return Err(NetError::NotGranted(capability));
        }
        let headers = permit.secrets.put_into(
            headers,
            &target.host.to_string(),
            target.is_private(),
            permit.rights,
        )?;
        let addresses = self.addresses(target, permit.rights).await?;
        let mut request = self
            .client(target, &addresses, Policy::none())?
            .request(method.clone(), target.url.clone())
            .headers(headers);
        if let Some(body) = body {
            request = request.body(body.to_vec());
        }
        request
            .send()
            .await
            .map_err(|error| failed(&error, target, self.limits))
    }

    /// A client that reaches `target`, at the addresses that were checked now, and no
    /// other host. Of redirects it follows what `redirects` says, which must stay there.
    ///
    /// # Errors
    /// Where `rights` do not allow the host, or it leads into a private network.
    pub(crate) async fn client_for(
        &self,
        target: &Target,
        rights: &Rights,
        redirects: Policy,
    ) -> Result<Client, NetError> {
        let capability = target.capability();
        if !rights.allows(&capability) {
            return Err(NetError::NotGranted(capability));
        }
        let addresses = self.addresses(target, rights).await?;
        self.client(target, &addresses, redirects)
    }

    /// The addresses of `target` that may be connected to.
    async fn addresses(
        &self,
        target: &Target,
        rights: &Rights,
    ) -> Result<Vec<SocketAddr>, NetError> {
        let unreachable = |reason: String| NetError::Unreachable {
            host: target.host.to_string(),
            reason,
        };
        let found = match &target.host {
            Host::Ipv4(address) => vec![IpAddr::V4(*address)],
            Host::Ipv6(address) => vec![IpAddr::V6(*address)],
            Host::Domain(name) => self
                .resolver
                .resolve(name)
                .await
                .map_err(|error| unreachable(error.to_string()))?,
        };
        let may =
            |address: &IpAddr| is_public(*address) || target.address_is_granted(*address, rights);
        let (good, bad): (Vec<IpAddr>, Vec<IpAddr>) = found.into_iter().partition(may);
        match (good.is_empty(), bad.first()) {
            (false, _) => Ok(good
                .into_iter()
                .map(|address| SocketAddr::new(address, target.port))
                .collect()),
            (true, Some(address)) => Err(NetError::NotPublic {
                host: target.host.to_string(),
                address: *address,
                needs: Capability::Net {
                    host: match address {
                        IpAddr::V4(address) => address.to_string(),
                        IpAddr::V6(address) => format!("[{address}]"),
                    },
                    port: Some(target.port),
                },
            }),
            (true, None) => Err(unreachable("the name has no address".into())),
        }
    }

    /// A client for `target` alone. Connections that nobody uses are not kept for the
    /// next request, which may have other rights.
    fn client(
        &self,
        target: &Target,
        addresses: &[SocketAddr],
        redirects: Policy,
    ) -> Result<Client, NetError> {
        let mut builder = quipu_tls::client()
            .no_proxy()
            .referer(false)
            .redirect(redirects)
            .pool_max_idle_per_host(0)
            .connect_timeout(self.limits.connect_max)
            .user_agent(USER_AGENT);
        if let Host::Domain(name) = &target.host {
            builder = builder.resolve_to_addrs(name, addresses);
        }
        builder.build().map_err(|error| NetError::Unreachable {
            host: target.host.to_string(),
            reason: error.to_string(),
        })
    }
}

fn method_of(request: &Request, permit: &Permit<'_>) -> Result<Method, NetError> {
    let method = match request.method.to_ascii_uppercase().as_str() {
        "" | "GET" => Method::GET,
        "HEAD" => Method::HEAD,
        "POST" => Method::POST,
        "PUT" => Method::PUT,
        "PATCH" => Method::PATCH,
        "DELETE" => Method::DELETE,
        "OPTIONS" => Method::OPTIONS,
        other => {
            return Err(NetError::Invalid(format!("{other:?} is not a method")));
        }
    };
    let reads = matches!(method, Method::GET | Method::HEAD) && request.body.is_none();
    match permit.read_only && !reads {
        true => Err(NetError::ReadOnly(method.to_string())),
        false => Ok(method),
    }
}

fn headers_of(request: &Request) -> Result<HeaderMap, NetError> {
    let wrong = |name: &str| NetError::Invalid(format!("the header {name:?} is not valid"));
    if request.headers.len() > HEADERS_MAX {
        return Err(NetError::Invalid(format!(
            "more than {HEADERS_MAX} headers"
        )));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        let key: HeaderName = name.parse().map_err(|_| wrong(name))?;
        // Who is asked, and how the bytes travel, is not the device's to say.
        if [HOST, CONTENT_LENGTH, TRANSFER_ENCODING, PROXY_AUTHORIZATION].contains(&key)
            || matches!(
                key.as_str(),
                "connection" | "upgrade" | "expect" | "te" | "accept-encoding"
            )
        {
            return Err(NetError::Invalid(format!(
                "the header {name:?} is the host's to set"
            )));
        }
        headers.append(key, HeaderValue::from_str(value).map_err(|_| wrong(name))?);
    }
    Ok(headers)
}

/// Removes what may be meant for one origin only.
fn strip_credentials(headers: &mut HeaderMap) {
    headers.remove(AUTHORIZATION);
    headers.remove(COOKIE);
    let keyed: Vec<HeaderName> = headers
        .iter()
        .filter(|(name, value)| {
            let name = name.as_str();
            let secret = value.to_str().is_ok_and(Secrets::are_named_in);
            secret
                || ["key", "token", "auth", "secret"]
                    .iter()
                    .any(|word| name.contains(word))
        })
        .map(|(name, _)| name.clone())
        .collect();
    for name in keyed {
        headers.remove(name);
    }
}

/// Where `response` sends the caller, if it does.
fn redirect(response: &reqwest::Response, from: &Target) -> Result<Option<Target>, NetError> {
    let redirects = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let Some(location) = response.headers().get(LOCATION).filter(|_| redirects) else {
        return Ok(None);
    };
    let location = String::from_utf8_lossy(location.as_bytes());
    let url = from.url.join(&location).map_err(|error| {
        NetError::Invalid(format!("{} redirects to nowhere: {error}", from.host))
    })?;
    Target::of(url).map(Some)
}

fn failed(error: &reqwest::Error, target: &Target, limits: NetLimits) -> NetError {
    let host = target.host.to_string();
    if error.is_timeout() {
        return NetError::Timeout {
            host,
            limit: limits.connect_max,
        };
    }
    // The innermost cause says it best: `connection refused`, `invalid certificate`.
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    NetError::Unreachable {
        host,
        reason: cause.to_string(),
    }
}
