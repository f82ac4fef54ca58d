//! From bytes to text, as browsers guess it.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// Where a page names its encoding, if it does.
const HEAD_BYTES: usize = 1024;

/// The text in `bytes`: by its byte order mark, by `content_type`, by what the page
/// says of itself, and else UTF-8 or what the early web was written in.
pub fn decode(bytes: &[u8], content_type: &str) -> String {
    let marked = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    let encoding = marked.or_else(|| label(content_type)).or_else(|| {
        label(&String::from_utf8_lossy(
            &bytes[..bytes.len().min(HEAD_BYTES)],
        ))
    });
    match (encoding, std::str::from_utf8(bytes)) {
        (None, Ok(text)) => text.to_owned(),
        (None, Err(error)) => {
            // A page cut in the middle of a character is still UTF-8.
            let cut = error.error_len().is_none();
            let encoding = if cut { UTF_8 } else { WINDOWS_1252 };
            encoding.decode(bytes).0.into_owned()
        }
        (Some(encoding), _) => encoding.decode(bytes).0.into_owned(),
    }
}

/// The encoding after the first `charset=`.
fn label(text: &str) -> Option<&'static Encoding> {
    let lower = text.to_ascii_lowercase();
    let (_, after) = lower.split_once("charset")?;
    let after = after.trim_start().strip_prefix('=')?.trim_start();
    let name = after.trim_start_matches(['"', '\'']);
    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && !"-_:.".contains(c));
    Encoding::for_label(&name.as_bytes()[..end.unwrap_or(name.len())])
}
