//! Redirects of a server's address: those that stay on the host that was granted are
//! followed, and of the others it is said where they lead.

use std::sync::Arc;

use parking_lot::Mutex;
use reqwest::StatusCode;
use reqwest::redirect::{Attempt, Policy};

use crate::net::Target;

/// No address leads on through more others than this.
pub(super) const HOPS_MAX: usize = 5;

/// Where an address led last that was not followed.
#[derive(Clone, Default)]
pub(super) struct Redirects(Arc<Mutex<Option<String>>>);

impl Redirects {
    /// Follows what keeps the request as it is and stays on the host, and notes the rest:
    /// the library would make another request of a POST.
    pub(super) fn policy(&self) -> Policy {
        let noted = self.0.clone();
        Policy::custom(move |attempt: Attempt<'_>| {
            let keeps = matches!(
                attempt.status(),
                StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT
            );
            let here = attempt.previous().last().map(|url| url.origin());
            let stays = here == Some(attempt.url().origin());
            if keeps && stays && attempt.previous().len() <= HOPS_MAX {
                return attempt.follow();
            }
            *noted.lock() = Some(attempt.url().to_string());
            attempt.stop()
        })
    }

    /// Where the address led that was asked last, if it led elsewhere.
    pub(super) fn take(&self) -> Option<String> {
        self.0.lock().take()
    }
}

/// The address to ask instead of one of `granted`, that leads to `to`.
///
/// # Errors
/// Where that is another host: what it is, and what it would need.
pub(super) fn next(granted: &Target, to: &str) -> Result<Target, String> {
    let target = Target::parse(to).map_err(|_| "it leads to something that is not an address")?;
    match target.same_origin(granted) {
        true => Ok(target),
        // Only its host: the rest may hold a key.
        false => Err(format!(
            "it leads to another host, {}: if that is right, write that address into its entry, \
             which then asks for {}",
            target.origin(),
            target.capability()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_host_is_followed() {
        let granted = Target::parse("http://a.org/mcp").unwrap();
        let check = |to: &str, want: &str| {
            let said = match next(&granted, to) {
                Ok(target) => target.url.to_string(),
                Err(reason) => reason,
            };
            assert!(said.contains(want), "{to}: {said}");
        };
        check("http://a.org/mcp/", "http://a.org/mcp/");
        check("https://a.org/mcp", "https://a.org");
        check("https://a.org/mcp", "asks for net:a.org:443");
        check("http://b.org/k?key=1", "another host, http://b.org:");
        check("http://u@a.org/", "not an address");
    }
}
