//! The page at `/`: static files that are part of the program. It asks nothing but this
//! server, and a policy keeps it to that.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;

use super::wire;

const INDEX: &str = include_str!("page/index.html");
const SCRIPT: &str = include_str!("page/app.js");
const VIEWS: &str = include_str!("page/views.js");
const STYLE: &str = include_str!("page/style.css");

/// What the page may load and do: its own files and this server.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src 'self'; form-action 'none'; base-uri 'none'; \
    frame-ancestors 'none'";

/// Answers `GET /`.
pub async fn index() -> Response {
    let mut response = file("text/html; charset=utf-8", INDEX);
    let policy = HeaderValue::from_static(POLICY);
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, policy);
    let own = HeaderName::from_static("cross-origin-opener-policy");
    let same = HeaderValue::from_static("same-origin");
    response.headers_mut().insert(own, same);
    response
}

/// Answers `GET /app.js`.
pub async fn script() -> Response {
    file("text/javascript; charset=utf-8", SCRIPT)
}

/// Answers `GET /views.js`.
pub async fn views() -> Response {
    file("text/javascript; charset=utf-8", VIEWS)
}

/// Answers `GET /style.css`.
pub async fn style() -> Response {
    file("text/css; charset=utf-8", STYLE)
}

/// Answers `GET /favicon.ico`: there is none.
pub async fn icon() -> StatusCode {
    StatusCode::NO_CONTENT
}

fn file(kind: &'static str, text: &'static str) -> Response {
    let mut response = wire::with_type(kind, text);
    let fresh = HeaderValue::from_static("no-cache");
    response.headers_mut().insert(header::CACHE_CONTROL, fresh);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_small_and_has_nothing_of_others() {
        let whole = [INDEX, SCRIPT, VIEWS, STYLE];
        let bytes: usize = whole.iter().map(|text| text.len()).sum();
        assert!(bytes < 200_000, "{bytes}");
        for text in whole {
            // Addresses of others, and ways to make code or markup out of text.
            for bad in [
                "http://",
                "https://",
                "innerHTML",
                "eval(",
                "onclick",
                "style=",
            ] {
                assert!(!text.contains(bad), "{bad}");
            }
        }
    }
}
