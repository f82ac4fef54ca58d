//! Where a request goes: a URL that was understood in exactly one way.

use std::net::IpAddr;

use url::{Host, Url};

use super::NetError;
use crate::caps::{Capability, Rights};

/// The longest URL, in bytes.
const URL_BYTES_MAX: usize = 8 << 10;

/// Scheme, host and port of a request.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) url: Url,
    pub(super) host: Host<String>,
    pub(super) port: u16,
}

impl Target {
    /// Reads `text` as browsers do: `0x7f.1`, `2130706433` and `[::ffff:7f00:1]` come
    /// out as the addresses they are.
    pub(crate) fn parse(text: &str) -> Result<Self, NetError> {
        let invalid = |reason: &str| NetError::Invalid(format!("{}: {reason}", shown(text)));
        if text.len() > URL_BYTES_MAX {
            return Err(invalid("the address is too long"));
        }
        let url = Url::parse(text).map_err(|error| invalid(&error.to_string()))?;
        Self::of(url)
    }

    pub(super) fn of(mut url: Url) -> Result<Self, NetError> {
        let invalid = |url: &Url, reason: &str| {
            NetError::Invalid(format!("{}: {reason}", shown(url.as_str())))
        };
        if !matches!(url.scheme(), "http" | "https") {
            return Err(invalid(&url, "only http and https addresses can be asked"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(NetError::Invalid(
                "an address with a user name or password in it is refused".into(),
            ));
        }
        url.set_fragment(None);
        let host = match url.host() {
            Some(Host::Domain(name)) => {
                // `example.com.` is the same host, and would pass for another.
                let name = name.trim_end_matches('.').to_ascii_lowercase();
                if name.is_empty() || name.len() > 253 {
                    return Err(invalid(&url, "this is not the name of a host"));
                }
                url.set_host(Some(&name))
                    .map_err(|error| NetError::Invalid(error.to_string()))?;
                match url.host() {
                    Some(Host::Domain(name)) => Host::Domain(name.to_owned()),
                    _ => return Err(invalid(&url, "this is not the name of a host")),
                }
            }
            Some(Host::Ipv4(address)) => Host::Ipv4(address),
            Some(Host::Ipv6(address)) => Host::Ipv6(address),
            None => return Err(invalid(&url, "it names no host")),
        };
        let port = url
            .port_or_known_default()
            .ok_or_else(|| invalid(&url, "it names no port"))?;
        Ok(Self { url, host, port })
    }

    /// The capability to ask this host.
    pub(crate) fn capability(&self) -> Capability {
        Capability::Net {
            host: self.host.to_string(),
            port: Some(self.port),
        }
    }

    /// Scheme, host and port, as text.
    pub(crate) fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// Whether requests to both carry the same credentials.
    pub(crate) fn same_origin(&self, other: &Target) -> bool {
        self.url.origin() == other.url.origin()
    }

    /// Whether nobody on the way can read along.
    pub(crate) fn is_private(&self) -> bool {
        let own_machine = match &self.host {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        self.url.scheme() == "https" || own_machine
    }

    /// Whether the user has granted `address`, which is not public, by naming it: the
    /// name of a host is not enough, since its owner chooses where it leads.
    pub(super) fn address_is_granted(&self, address: IpAddr, rights: &Rights) -> bool {
        let names = |host: String| {
            let named = Capability::Net {
                host,
                port: Some(self.port),
            };
            rights.names(&named)
        };
        let number = match address {
            IpAddr::V4(address) => Host::<String>::Ipv4(address).to_string(),
            IpAddr::V6(address) => Host::<String>::Ipv6(address).to_string(),
        };
        let localhost = matches!(&self.host, Host::Domain(name) if name == "localhost");
        names(number) || (localhost && address.is_loopback() && names("localhost".into()))
    }
}

/// The beginning of an address, for messages.
fn shown(text: &str) -> String {
    match text.char_indices().nth(100) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The capability that a request to the URL in `text` needs.
pub(crate) fn capability_of(text: &str) -> Option<Capability> {
    Target::parse(text).ok().map(|target| target.capability())
}
