//! Data that stands in a text as base64: how much it is, and a name in its place.

/// From how many letters of base64 on a text is data and nothing to read.
const DATA_LETTERS_MIN: usize = 1024;
/// The same behind `data:…;base64,`.
pub(super) const URL_LETTERS_MIN: usize = 64;
/// A line of base64 that goes on in the next has at least so many letters.
const LINE_LETTERS_MIN: usize = 60;
/// What stands before the letters of such an address.
const BASE64_MARK: &str = ";base64,";
/// The longest type of data, such as `image/png`, in bytes.
const TYPE_BYTES_MAX: usize = 100;

/// `text` with names in place of long runs of base64.
pub(super) fn without_data(text: &str) -> String {
    if text.len() < URL_LETTERS_MIN {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let (mut shown, mut kept, mut at) = (String::new(), 0, 0);
    while at < bytes.len() {
        let run = run(&bytes[at..]);
        if run == 0 {
            at += 1;
            continue;
        }
        let letters = &text[at..at + run];
        if let Some((begin, kind)) = data_url(&text[kept..at]).filter(|_| run >= URL_LETTERS_MIN) {
            shown.push_str(&text[kept..kept + begin]);
            shown.push_str(&format!("[{kind}, {}]", size(bytes_of(letters))));
            kept = at + run;
        } else if run >= DATA_LETTERS_MIN && looks_like_data(letters) {
            shown.push_str(&text[kept..at]);
            shown.push_str(&format!("[data, {}]", size(bytes_of(letters))));
            kept = at + run;
        }
        at += run;
    }
    shown.push_str(&text[kept..]);
    shown
}

/// Where `data:TYPE;base64,` begins at the end of `before`, and the type.
fn data_url(before: &str) -> Option<(usize, &str)> {
    let head = before.strip_suffix(BASE64_MARK)?;
    let begin = head.rfind("data:")?;
    let kind = &head[begin + "data:".len()..];
    let plain = |c: char| c.is_ascii_alphanumeric() || "/+.-;=_".contains(c);
    let is_type = kind.len() <= TYPE_BYTES_MAX && kind.chars().all(plain);
    is_type.then(|| {
        (
            begin,
            kind.split(';')
                .next()
                .filter(|kind| !kind.is_empty())
                .unwrap_or("data"),
        )
    })
}

/// Prose has no run this long, and a list of letters of one kind is something else.
fn looks_like_data(letters: &str) -> bool {
    let any = |is: fn(&u8) -> bool| letters.as_bytes().iter().any(is);
    any(u8::is_ascii_lowercase) && any(u8::is_ascii_uppercase) && any(u8::is_ascii_digit)
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=')
}

/// How many bytes at the beginning are base64, in one line or in several as mail has it.
fn run(bytes: &[u8]) -> usize {
    let letters = |from: usize| {
        bytes[from..]
            .iter()
            .take_while(|byte| is_letter(**byte))
            .count()
    };
    let mut line = letters(0);
    let mut end = line;
    while line >= LINE_LETTERS_MIN {
        let rest = &bytes[end..];
        let next = end + if rest.starts_with(b"\r\n") { 2 } else { 1 };
        if !rest.starts_with(b"\r\n") && !rest.starts_with(b"\n") {
            break;
        }
        line = letters(next);
        // Whatever is not a whole line of it is text again.
        if line == 0 || !matches!(bytes.get(next + line), None | Some(b'\r' | b'\n')) {
            break;
        }
        end = next + line;
    }
    end
}

/// How many bytes so many letters of base64 stand for.
pub(super) fn bytes_of(letters: &str) -> usize {
    let letters = letters.trim_end_matches('=');
    letters.bytes().filter(|byte| is_letter(*byte)).count() * 3 / 4
}

/// So many bytes in words.
pub(super) fn size(bytes: usize) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{} kB", bytes / 1000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}
