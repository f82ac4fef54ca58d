//! A web server on this machine for the pages of cases.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Result;
use axum::Router;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::cases::Case;

/// What stands for the server's address in prompts and pages.
const BASE: &str = "{base}";

/// The server; it ends when this is dropped.
pub struct Pages {
    port: u16,
    task: JoinHandle<()>,
}

impl Pages {
    /// Serves the pages of `cases`, each case in a folder of its own.
    pub async fn serve(cases: &[Case]) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let mut pages = HashMap::new();
        for (n, case) in cases.iter().enumerate() {
            for (path, text) in &case.pages {
                let path = path.trim_start_matches('/');
                let text = text.replace(BASE, &base(port, n));
                pages.insert(format!("/{n}/{path}"), text);
            }
        }
        let pages = Arc::new(pages);
        let router = Router::new().fallback(move |uri: Uri| answer(pages.clone(), uri));
        let task = tokio::spawn(async move {
            // The server ends with the eval.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { port, task })
    }

    /// The capability that a process needs to read them.
    pub fn capability(&self) -> String {
        format!("net:127.0.0.1:{}", self.port)
    }

    /// `text` of case `n` with the server's address in place of its mark.
    pub fn fill(&self, n: usize, text: &str) -> String {
        text.replace(BASE, &base(self.port, n))
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn base(port: u16, n: usize) -> String {
    format!("http://127.0.0.1:{port}/{n}")
}

async fn answer(pages: Arc<HashMap<String, String>>, uri: Uri) -> Response {
    match pages.get(uri.path()) {
        Some(text) => {
            let kind = match text.trim_start().starts_with('<') {
                true => "text/html; charset=utf-8",
                false => "text/plain; charset=utf-8",
            };
            ([(header::CONTENT_TYPE, kind)], text.clone()).into_response()
        }
        None => (StatusCode::NOT_FOUND, "there is no such page").into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_case_has_its_own_pages() {
        let case = |page: &str| -> Case {
            let case = serde_json::json!({"id": 1, "prompt": "p", "pages": {"a.html": page}});
            serde_json::from_value(case).unwrap()
        };
        let cases = [case("one"), case("<a href='{base}/b.html'>")];
        let pages = Pages::serve(&cases).await.unwrap();
        let address = |n: usize| pages.fill(n, "{base}/a.html");
        let get = async |address: String| {
            let client = quipu_tls::client().build().unwrap();
            let response = client.get(address).send().await.unwrap();
            (response.status().as_u16(), response.text().await.unwrap())
        };
        assert_eq!(get(address(0)).await, (200, "one".to_owned()));
        let link = pages.fill(1, "<a href='{base}/b.html'>");
        assert_eq!(get(address(1)).await, (200, link));
        assert_eq!(get(address(2)).await.0, 404);
        assert!(address(0).contains(&pages.capability()["net:".len()..]));
    }
}
