//! What guests that read files share: how a file comes in, and HTML: which encoding, what
//! of it is content, and Markdown.

mod encoding;
mod intake;
mod shown;
mod tables;
mod tidy;
mod xhtml;

use htmd::HtmlToMarkdown;
use htmd::options::{BulletListMarker, HrStyle, Options};

pub use encoding::decode;
pub use intake::{base64, bytes};
pub use tables::{Room, SPAN_MAX};
pub use tidy::{Tidied, headings_mended, tidied};

/// Never part of what is read. Images say nothing to a reader of text.
pub const SKIPPED: &[&str] = &[
    "script", "style", "noscript", "template", "svg", "img", "picture", "video", "audio", "iframe",
    "object", "embed", "button", "input", "select", "textarea", "head",
];

/// `html` as Markdown, without the elements `skipped`.
///
/// # Errors
/// What the parser cannot go on with.
pub fn markdown(html: &str, skipped: Vec<&str>) -> std::io::Result<String> {
    let converter = HtmlToMarkdown::builder()
        .skip_tags(skipped)
        .options(Options {
            bullet_list_marker: BulletListMarker::Dash,
            hr_style: HrStyle::Dashes,
            ul_bullet_spacing: 1,
            ol_number_spacing: 1,
            ..Options::default()
        })
        .build();
    converter.convert(html).map(|text| text.trim().to_owned())
}
