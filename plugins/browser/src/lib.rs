//! The browser: pages of the web as Markdown.
//!
//! The host makes the requests; here is what comes after: which encoding, which kind
//! of content, and what of a page is its article.

mod article;

use quipu::plugin::http;

wit_bindgen::generate!({
    path: ["../wit/quipu.wit", "wit"],
    world: "quipu:browser/browser",
    generate_all,
});

/// What the plugin asks for, where the host looks for it.
#[used]
#[unsafe(link_section = "quipu:plugin")]
static MANIFEST: [u8; include_bytes!("../plugin.toml").len()] = *include_bytes!("../plugin.toml");

/// Its WIT, for the comments in it, which a component does not keep.
#[used]
#[unsafe(link_section = "quipu:wit")]
static WIT: [u8; include_bytes!("../wit/world.wit").len()] = *include_bytes!("../wit/world.wit");

struct Browser;

export!(Browser);

/// What is asked for, the most readable first.
const ACCEPT: &str =
    "text/html,application/xhtml+xml,text/markdown,text/plain,application/json;q=0.9,*/*;q=0.1";

impl Guest for Browser {
    fn fetch(url: String) -> Result<Page, Problem> {
        let request = http::Request {
            method: "GET".into(),
            url: whole(&url),
            headers: vec![("accept".into(), ACCEPT.into())],
            body: None,
        };
        let response = http::send(&request).map_err(|failure| Problem {
            message: failure.message,
            hint: hint(failure.reason).into(),
        })?;
        if !(200..300).contains(&response.status) {
            return Err(Problem {
                message: format!("{} answers with status {}", response.url, response.status),
                hint: "check the address, or try another page".into(),
            });
        }
        page(&response)
    }

    fn read(html: String, url: Option<String>) -> Result<Article, Problem> {
        let (article, _) = article::read(&html, url.as_deref())?;
        Ok(article)
    }
}

/// `example.com/a` is what people write.
fn whole(url: &str) -> String {
    let url = url.trim();
    match url.contains("://") {
        true => url.to_owned(),
        false => format!("https://{url}"),
    }
}

fn hint(reason: http::Reason) -> &'static str {
    match reason {
        http::Reason::Invalid => {
            "write the whole address, https:// and all, as the task or a page gives it"
        }
        http::Reason::Denied => "the user has to grant this host",
        http::Reason::Unreachable => "check the address, or try another page",
        http::Reason::Timeout => "try again, or another page",
        http::Reason::TooLarge => "try a page with less on it",
    }
}

fn page(response: &http::Response) -> Result<Page, Problem> {
    let given = response
        .headers
        .iter()
        .find(|(name, _)| name == "content-type");
    let content_type = given.map_or("text/html", |(_, value)| value.as_str());
    let kind = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let text = || markup::decode(&response.body, content_type);
    let plain = |markdown: String| Page {
        url: response.url.clone(),
        title: String::new(),
        markdown,
        links: Vec::new(),
    };
    match kind.as_str() {
        "text/html" | "application/xhtml+xml" => {
            let (article, links) = article::read(&text(), Some(&response.url))?;
            Ok(Page {
                url: response.url.clone(),
                title: article.title,
                markdown: article.markdown,
                links,
            })
        }
        kind if kind == "application/json" || kind.ends_with("+json") => {
            Ok(plain(format!("```json\n{}\n```", text().trim())))
        }
        kind if kind.starts_with("text/") || kind.ends_with("xml") => Ok(plain(text())),
        other => Err(Problem {
            message: format!("{} is {other}, not text", response.url),
            hint: "only pages, text and JSON can be read; the user can download it and add the file".into(),
        }),
    }
}
