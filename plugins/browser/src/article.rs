//! The article of a page, as Markdown; of a short page that is mostly no article, all of it.

use dom_smoothie::Readability;
use markup::{SKIPPED, headings_mended, markdown};
use url::Url;

use crate::{Article, Link, Problem};

/// Around the content, on a page that has no article.
const FURNITURE: &[&str] = &["nav", "header", "footer", "aside", "dialog"];
/// Characters of a page that is shown whole rather than by half.
const SHORT_MAX: usize = 6_000;
/// Links of a page.
const LINKS_MAX: usize = 200;

/// The main content of `html`, and its links. `url` makes links whole.
pub fn read(html: &str, url: Option<&str>) -> Result<(Article, Vec<Link>), Problem> {
    let problem = |message: String| Problem {
        message,
        hint: "give the whole HTML of a page".into(),
    };
    if html.trim().is_empty() {
        return Err(problem("the page is empty".into()));
    }
    let base = url
        .map(|url| {
            Url::parse(url).map_err(|error| problem(format!("{url} is not an address: {error}")))
        })
        .transpose()?;
    let html = headings_mended(html);
    // "about:blank" and the like make no link whole.
    let absolute = base.as_ref().filter(|base| !base.cannot_be_a_base());
    let mut reader = Readability::new(html.as_str(), absolute.map(Url::as_str), None)
        .map_err(|error| problem(error.to_string()))?;
    let title = reader.get_article_title().to_string();
    // A form on a page of the web asks for something; it says nothing.
    let skipped = [SKIPPED, &["form"]].concat();
    let around = [&skipped[..], FURNITURE].concat();
    let read =
        |html: &str, skipped| markdown(html, skipped).map_err(|error| problem(error.to_string()));
    let whole = read(&html, around)?;
    let (title, content, markdown) = match reader.parse() {
        Ok(article) => {
            let part = read(&article.content, skipped)?;
            match leaves_out(&part, &whole) {
                false => (article.title, article.content.to_string(), part),
                true => (article.title, html.clone(), whole),
            }
        }
        // A page of links, a form, a page of one line: everything but its furniture.
        Err(_) => (title, html.clone(), whole),
    };
    let article = Article {
        title: title.trim().to_owned(),
        markdown,
    };
    Ok((article, links(&content, base.as_ref())))
}

/// Whether `part`, which was taken for the article, is the smaller half of a `whole` short page: of a
/// page that is a table it may be one row.
fn leaves_out(part: &str, whole: &str) -> bool {
    let (part, whole) = (part.chars().count(), whole.chars().count());
    whole <= SHORT_MAX && 2 * part < whole
}

fn links(html: &str, base: Option<&Url>) -> Vec<Link> {
    let document = dom_query::Document::from(html);
    let mut links: Vec<Link> = Vec::new();
    for anchor in document.select("a[href]").iter() {
        let Some(href) = anchor.attr("href") else {
            continue;
        };
        let url = match base {
            Some(base) => base.join(&href).ok(),
            None => Url::parse(&href).ok(),
        };
        let Some(url) = url.filter(|url| matches!(url.scheme(), "http" | "https")) else {
            continue;
        };
        let text = anchor
            .text()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        let known = links.iter().any(|link| link.url == url.as_str());
        if !text.is_empty() && !known {
            links.push(Link {
                text,
                url: url.into(),
            });
        }
        if links.len() == LINKS_MAX {
            break;
        }
    }
    links
}
