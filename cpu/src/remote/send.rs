//! Sends requests: again where an endpoint was not reached or is busy, and to where it leads.

use std::time::{Duration, Instant};

use reqwest::header::LOCATION;
use reqwest::{Method, StatusCode, Url};
use serde_json::Value;

use super::Link;
use super::fault::is_page;
use super::refusal::{endpoint, may_pass, refused, retry_after, silent};
use crate::{CpuError, Trouble};

/// Tries of a request that failed in a way that may pass.
const TRIES: u32 = 4;
/// The first pause between tries; it doubles each time.
const BACKOFF: Duration = Duration::from_millis(250);
/// How long a server is waited for that is loading its model, and how long until it is asked
/// again. Large models take minutes from a slow disk.
const LOADING_MAX: Duration = Duration::from_secs(100);
const LOADING_PAUSE: Duration = Duration::from_secs(1);
/// The shortest pause until then, whatever the server says.
const LOADING_PAUSE_MIN: Duration = Duration::from_millis(100);
/// Redirects that one request follows.
const HOPS_MAX: usize = 5;

impl Link {
    /// Sends a request to `path`, again with growing pauses where the endpoint was not
    /// reached or says that it is busy; and to where it leads, on the same host.
    ///
    /// # Errors
    /// [`CpuError::Endpoint`] where it was not reached, does not take the request, or leads
    /// elsewhere.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<reqwest::Response, CpuError> {
        let mut to = below(&self.base, path);
        let (mut pause, mut tries, mut hops) = (BACKOFF, 1, 0);
        let mut loading: Option<Instant> = None;
        loop {
            let mut attempt = self.client.request(method.clone(), &to);
            if let Some(body) = body {
                attempt = attempt.json(body);
            }
            if let Some(key) = &self.api_key {
                attempt = attempt.bearer_auth(key);
            }
            let (error, wait) = match attempt.send().await {
                Ok(response) if response.status().is_success() => return Ok(response),
                Ok(response) if response.headers().contains_key(LOCATION) => {
                    to = self.led_to(&to, &response)?;
                    hops += 1;
                    if hops > HOPS_MAX {
                        return Err(endpoint(&self.url, "it leads on without end".into()));
                    }
                    continue;
                }
                Ok(response) => {
                    let status = response.status();
                    let wait = retry_after(&response);
                    let text = self.without_key(response.text().await.unwrap_or_default());
                    let error = refused(&self.url, status, &text);
                    if is_loading(status, &text) {
                        let since = *loading.get_or_insert_with(|| {
                            tracing::warn!("{error}; waiting for it");
                            Instant::now()
                        });
                        if since.elapsed() > LOADING_MAX {
                            return Err(error);
                        }
                        let wait = wait.unwrap_or(LOADING_PAUSE).max(LOADING_PAUSE_MIN);
                        tokio::time::sleep(wait).await;
                        continue;
                    }
                    if !may_pass(status) {
                        return Err(error);
                    }
                    (error, wait)
                }
                Err(error) if error.is_connect() => (endpoint(&self.url, silent(error)), None),
                Err(error) => return Err(endpoint(&self.url, silent(error))),
            };
            if tries == TRIES {
                return Err(error);
            }
            tracing::warn!("{error}; trying again ({tries} of {TRIES})");
            tokio::time::sleep(wait.unwrap_or(pause)).await;
            tries += 1;
            pause *= 2;
        }
    }

    /// Where a redirect leads, if that is the same host: the request and the key go there.
    fn led_to(&self, from: &str, response: &reqwest::Response) -> Result<String, CpuError> {
        let location = response.headers().get(LOCATION);
        let location = location.and_then(|value| value.to_str().ok());
        let from = Url::parse(from).ok();
        let to = location.and_then(|to| from.as_ref()?.join(to).ok());
        match (from, to) {
            (Some(from), Some(to)) if from.origin() == to.origin() => Ok(to.into()),
            (_, to) => Err(CpuError::Endpoint {
                url: self.url.clone(),
                reason: format!(
                    "{}: it leads to {}",
                    response.status(),
                    to.map_or("nowhere".into(), |to| to.origin().ascii_serialization())
                ),
                trouble: Trouble::Elsewhere,
            }),
        }
    }
}

/// The address of `path` below that of an endpoint. What some of them want behind a `?`, such as
/// the version of their API, goes with each request.
fn below(base: &str, path: &str) -> String {
    match base.split_once('?') {
        Some((place, query)) => format!("{}/{path}?{query}", place.trim_end_matches('/')),
        None => format!("{base}/{path}"),
    }
}

/// Whether a server that says this has yet to load its model: it will answer when that is done. A
/// web page is a proxy's, and `loading` a word of its pictures.
fn is_loading(status: StatusCode, said: &str) -> bool {
    status == StatusCode::SERVICE_UNAVAILABLE
        && !is_page(said)
        && said.to_ascii_lowercase().contains("loading")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stands_before_what_is_asked_with_it() {
        let check = |base: &str, want: &str| assert_eq!(below(base, "models"), want);
        check("http://a.example/v1", "http://a.example/v1/models");
        check("http://a.example/v1?v=2", "http://a.example/v1/models?v=2");
        check("http://a.example/v1/?v=2", "http://a.example/v1/models?v=2");
    }

    #[test]
    fn a_server_that_loads_is_known_from_one_that_is_busy() {
        let check = |status: u16, said: &str, want: bool| {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(is_loading(status, said), want, "{status} {said}");
        };
        check(
            503,
            r#"{"error":{"message":"Loading model","code":503}}"#,
            true,
        );
        check(503, "busy", false);
        check(503, "<html><img src=a.png loading=lazy>", false);
        check(500, "loading the model failed", false);
    }
}
