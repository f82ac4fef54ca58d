//! How well `browser.read` finds the article of a page: words in common with a version
//! that people have checked, over the public suite of Mozilla's Readability.
//!
//!     cargo run --release --workspace --example readability_eval -- FOLDER [WORST]
//!
//! FOLDER holds one folder for each page, with `source.html` and `expected.html`. Prints
//! the pages with the lowest F1 of words and the mean of all.
#![allow(clippy::print_stdout, reason = "an example talks to people")]

use std::collections::HashMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use quipu_tools::{CallContext, Device, WasmDevice, WasmHost, WasmSettings};
use serde_json::json;

/// Where the pages of the suite say they come from.
const PAGE_URL: &str = "http://fakehost/test/page.html";

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let folder = PathBuf::from(args.next().ok_or("name the folder of the suite")?);
    let worst: usize = args.next().map_or(Ok(10), |n| n.parse())?;
    let host = WasmHost::new(WasmSettings::default())?;
    let guest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/guests/browser.wasm");
    let browser = host.load_file(&guest)?;
    let mut pages = Vec::new();
    let mut slowest = Duration::ZERO;
    for entry in std::fs::read_dir(&folder)? {
        let page = entry?.path();
        if !page.join("source.html").is_file() {
            continue;
        }
        let begun = Instant::now();
        let score = score(&browser, &page)?;
        slowest = slowest.max(begun.elapsed());
        pages.push((score, page));
    }
    pages.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (score, page) in pages.iter().take(worst) {
        println!(
            "{score:.3}  {}",
            page.file_name().unwrap_or_default().display()
        );
    }
    let mean = pages.iter().map(|(score, _)| score).sum::<f64>() / pages.len().max(1) as f64;
    println!(
        "mean F1 {mean:.4} over {} pages, slowest {slowest:?}",
        pages.len()
    );
    Ok(())
}

fn score(browser: &WasmDevice, page: &Path) -> Result<f64, Box<dyn Error>> {
    let html = std::fs::read_to_string(page.join("source.html"))?;
    let expected = std::fs::read_to_string(page.join("expected.html"))?;
    let context = CallContext {
        output_bytes_max: 16 << 20,
        ..CallContext::default()
    };
    let args = json!({"html": html, "url": PAGE_URL});
    Ok(match browser.call("read", &args, &context) {
        Ok(article) => {
            let markdown = article["markdown"].as_str().unwrap_or_default();
            f1(
                &words(&text_of_markdown(markdown)),
                &words(&text_of_html(&expected)),
            )
        }
        Err(error) => {
            println!("{}: {error}", page.display());
            0.0
        }
    })
}

/// How often each word occurs.
fn words(text: &str) -> HashMap<String, usize> {
    let mut words = HashMap::new();
    let parts = text.split(|c: char| !c.is_alphanumeric());
    for word in parts.filter(|word| !word.is_empty()) {
        *words.entry(word.to_lowercase()).or_default() += 1;
    }
    words
}

/// The harmonic mean of precision and recall, words counted as often as they occur.
fn f1(got: &HashMap<String, usize>, want: &HashMap<String, usize>) -> f64 {
    let total = |words: &HashMap<String, usize>| words.values().sum::<usize>() as f64;
    let common = |(word, n): (&String, &usize)| got.get(word).map_or(0, |m| *m.min(n));
    let shared = want.iter().map(common).sum::<usize>() as f64;
    match total(got) + total(want) {
        0.0 => 1.0,
        sum => 2.0 * shared / sum,
    }
}

/// Markdown without the targets of its links.
fn text_of_markdown(markdown: &str) -> String {
    let mut text = String::new();
    let mut rest = markdown;
    while let Some((before, after)) = rest.split_once("](") {
        text.push_str(before);
        text.push(' ');
        rest = after.split_once(')').map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    // A character that Markdown would read as its own has a backslash before it.
    text.replace('\\', "")
}

/// HTML without tags, its entities as characters.
fn text_of_html(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        let tag = after.split_once('>').map_or(after, |(tag, _)| tag);
        // Between blocks there is a break, within a word there is none.
        let name = tag
            .trim_start_matches('/')
            .split([' ', '/'])
            .next()
            .unwrap_or_default();
        if ![
            "a", "b", "i", "em", "strong", "span", "code", "sup", "sub", "font",
        ]
        .contains(&name)
        {
            text.push(' ');
        }
        rest = after.split_once('>').map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    for (entity, character) in [
        ("&nbsp;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&amp;", "&"),
    ] {
        text = text.replace(entity, character);
    }
    text
}
