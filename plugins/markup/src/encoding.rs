//! From bytes to text, as browsers guess it.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// Where a page names its encoding, if it does.
const HEAD_BYTES: usize = 1024;

/// The text in `bytes`: by its byte order mark, by `content_type`, by what the page
/// says of itself, and else UTF-8 or what its letters are most likely written in.
pub fn decode(bytes: &[u8], content_type: &str) -> String {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding.decode(bytes).0.into_owned();
    }
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    let said = label(content_type).or_else(|| label(&String::from_utf8_lossy(head)));
    let is_utf8 = std::str::from_utf8(bytes).is_ok();
    let encoding = said.filter(|&said| !is_outdated(said, bytes, is_utf8));
    match (encoding, std::str::from_utf8(bytes)) {
        (None, Ok(text)) => text.to_owned(),
        (None, Err(error)) => {
            // A page cut in the middle of a character is still UTF-8.
            let cut = error.error_len().is_none();
            let encoding = if cut { UTF_8 } else { likely(bytes) };
            encoding.decode(bytes).0.into_owned()
        }
        (Some(encoding), _) => encoding.decode(bytes).0.into_owned(),
    }
}

/// Whether a file is not in the encoding `said`: programs keep that word when they save the
/// file anew, in UTF-8. What could be read has signs of one byte, and Unicode in two is told
/// by its zeros.
fn is_outdated(said: &'static Encoding, bytes: &[u8], is_utf8: bool) -> bool {
    let is_wide = said == UTF_16LE || said == UTF_16BE;
    match is_wide {
        true => !bytes.contains(&0),
        false => is_utf8 && !bytes.is_ascii() && said.is_single_byte(),
    }
}

fn likely(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    detector.guess(None, Utf8Detection::Deny)
}

/// The encoding that XML names in its first line, or the one after the first `charset=`.
fn label(text: &str) -> Option<&'static Encoding> {
    let lower = text.to_ascii_lowercase();
    let declared = lower.trim_start().strip_prefix("<?xml");
    let declared = declared.and_then(|rest| rest.split_once("?>")?.0.split_once("encoding"));
    let (_, after) = declared.or_else(|| lower.split_once("charset"))?;
    let after = after.trim_start().strip_prefix('=')?.trim_start();
    let name = after.trim_start_matches(['"', '\'']);
    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && !"-_:.".contains(c));
    Encoding::for_label(&name.as_bytes()[..end.unwrap_or(name.len())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_in_its_encoding() {
        let check = |label: &str, text: &str| {
            let encoding = Encoding::for_label(label.as_bytes()).expect("an encoding");
            let (bytes, _, _) = encoding.encode(text);
            assert_eq!(decode(&bytes, ""), text, "{label}");
        };
        check(
            "windows-1252",
            "Die Br\u{fc}cke \u{fc}ber den Flu\u{df} wurde gebaut.",
        );
        check(
            "gbk",
            "1\n00:00:01,000 --> 00:00:04,000\n河边的磨坊一直用到山谷里修了新路。\n",
        );
        check(
            "shift_jis",
            "<p>川のほとりの水車小屋は、新しい道ができるまで使われました。",
        );
        check(
            "windows-1251",
            "Мельница у реки работала, пока не построили дорогу.",
        );
        check(
            "iso-8859-1",
            "<?xml version='1.0' encoding='ISO-8859-1'?><p>caf\u{e9} 100 \u{b5}m</p>",
        );
        check("gb2312", "<meta charset=gb2312><p>磨坊");
        assert_eq!(decode("caf\u{e9}".as_bytes(), ""), "caf\u{e9}");
        // Saved anew by a program that left the old name in its place.
        for said in ["ISO-8859-1", "windows-1252", "utf-16", "unicode"] {
            let page = format!("<meta charset=\"{said}\"><p>caf\u{e9} \u{2013} \u{78e8}");
            assert_eq!(decode(page.as_bytes(), ""), page);
        }
        assert_eq!(
            decode(b"caf\xe9", "text/html; charset=ISO-8859-1"),
            "caf\u{e9}"
        );
    }
}
