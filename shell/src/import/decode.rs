//! From the bytes of a file to its text: UTF-8, UTF-16, or what older programs wrote.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, MACINTOSH};

use super::formats::HEAD_BYTES;

/// The text of a file, and the name of its encoding where that had to be guessed.
///
/// # Errors
/// In words, where it is no text, or broken.
pub fn decoded(bytes: &[u8]) -> Result<(String, Option<&'static str>), String> {
    let (text, name) = as_written(bytes)?;
    // Programs of the old Mac ended lines so, and nothing else reads them.
    Ok(match is_of_old_mac(text.as_bytes()) {
        true => (text.replace('\r', "\n"), name),
        false => (text, name),
    })
}

/// Whether lines end as on the Mac before it was a Unix.
fn is_of_old_mac(bytes: &[u8]) -> bool {
    bytes.contains(&b'\r') && !bytes.contains(&b'\n')
}

/// The same, with its lines as they are.
fn as_written(bytes: &[u8]) -> Result<(String, Option<&'static str>), String> {
    match bytes {
        // Before UTF-16, whose mark it begins with.
        [0xff, 0xfe, 0, 0, rest @ ..] => return Ok((widest(rest, u32::from_le_bytes)?, None)),
        [0, 0, 0xfe, 0xff, rest @ ..] => return Ok((widest(rest, u32::from_be_bytes)?, None)),
        [0xff, 0xfe, rest @ ..] => return Ok((wide(rest, u16::from_le_bytes)?, None)),
        [0xfe, 0xff, rest @ ..] => return Ok((wide(rest, u16::from_be_bytes)?, None)),
        _ => {}
    }
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    if let Some((name, read)) = unmarked(head) {
        return Ok((wide(bytes, read)?, Some(name)));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if text.contains('\0') => match with_gaps(text) {
            Some(text) => Ok((text, None)),
            None => Err("not a text file".into()),
        },
        _ if head.contains(&0) => Err("not a text file".into()),
        Ok(text) => Ok((
            text.strip_prefix('\u{feff}').unwrap_or(text).to_owned(),
            None,
        )),
        Err(error) => guessed(bytes, error.valid_up_to()),
    }
}

/// How a number of 16 bits is read from its bytes.
type Units = fn([u8; 2]) -> u16;

/// UTF-16 without a mark, as some programs of Windows write it: the name, and how its units are
/// read. In a text of Latin letters every other byte is zero, no sign is a control, and no line
/// ends within a sign.
fn unmarked(head: &[u8]) -> Option<(&'static str, Units)> {
    let pairs = head.as_chunks::<2>().0;
    let is_plain = |byte: u8| byte >= b' ' && byte != 0x7f || byte.is_ascii_whitespace();
    let ways: [(&str, Units, usize); 2] = [
        ("UTF-16LE", u16::from_le_bytes, 1),
        ("UTF-16BE", u16::from_be_bytes, 0),
    ];
    let found = ways.into_iter().find(|(_, _, high)| {
        let latin = pairs.iter().filter(|pair| pair[*high] == 0);
        let all_plain = pairs.iter().all(|pair| match pair[*high] {
            0 => is_plain(pair[1 - high]),
            high => !matches!(high, b'\n' | b'\r'),
        });
        // Most are Latin; the others are quotation marks and the like.
        all_plain && latin.count() * 4 >= pairs.len() * 3 && pairs.len() > 1
    });
    found.map(|(name, read, _)| (name, read))
}

/// A text with gaps of zero bytes, as logs have them after a crash: without the gaps. Nothing
/// where it has other signs that no text has, or more gaps than lines.
fn with_gaps(text: &str) -> Option<String> {
    let gaps = text.split('\0').filter(|part| !part.is_empty()).count();
    let is_control =
        |c: char| c.is_control() && !c.is_whitespace() && !matches!(c, '\0' | '\x1b' | '\x08');
    let is_text = gaps <= text.matches('\n').count() + 1 && text.contains('\n');
    (is_text && !text.contains(is_control)).then(|| text.replace('\0', ""))
}

/// The text in 16-bit units that `read` takes from two bytes.
fn wide(bytes: &[u8], read: Units) -> Result<String, String> {
    if bytes.len() % 2 == 1 {
        return Err("cut off: UTF-16 has two bytes for each sign".to_owned());
    }
    let units = bytes.as_chunks::<2>().0.iter().map(|pair| read(*pair));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    text.map_err(|_| "not UTF-16, though it begins as that".to_owned())
}

/// The text in 32-bit units that `read` takes from four bytes.
fn widest(bytes: &[u8], read: fn([u8; 4]) -> u32) -> Result<String, String> {
    let units = bytes.as_chunks::<4>().0.iter();
    let text: Option<String> = units.map(|four| char::from_u32(read(*four))).collect();
    text.ok_or_else(|| "not UTF-32, though it begins as that".to_owned())
}

/// The text in the encoding that its bytes are most likely written in.
fn guessed(bytes: &[u8], valid: usize) -> Result<(String, Option<&'static str>), String> {
    let broken = || {
        let line = bytes[..valid].iter().filter(|byte| **byte == b'\n').count() + 1;
        Err(format!(
            "not UTF-8 from line {line} on (convert it, for instance with iconv)"
        ))
    };
    // Programs are no text.
    let control = |byte: &&u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
    if let Some(text) = mostly_utf8(bytes) {
        return Ok((text, Some("UTF-8 with broken signs")));
    }
    // A text that was UTF-8 up to here is a broken one.
    let letters = std::str::from_utf8(&bytes[..valid]).unwrap_or_default();
    if !letters.is_ascii() {
        return broken();
    }
    // Some programs write \x1a at the end, and \x1b begins another table of letters.
    let controls = bytes.iter().filter(control);
    if controls
        .filter(|byte| ![0x1a, 0x1b].contains(*byte))
        .count()
        > 0
    {
        return Err("not a text file".into());
    }
    if let Some(encoding) = declared(letters) {
        let (text, _, is_broken) = encoding.decode(bytes);
        return match is_broken {
            true => broken(),
            false => Ok((text.into_owned(), None)),
        };
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    let mut encoding: &'static Encoding = detector.guess(None, Utf8Detection::Deny);
    // Nothing guesses its table of letters.
    if encoding.is_single_byte() && is_of_old_mac(bytes) {
        encoding = MACINTOSH;
    }
    let (text, _, is_broken) = encoding.decode(bytes);
    match is_broken {
        true => broken(),
        false => Ok((text.into_owned(), Some(encoding.name()))),
    }
}

/// A text that is UTF-8 but for a few bytes, with a sign in the place of each: in no other encoding
/// would its letters be such by chance.
fn mostly_utf8(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let is_control = |c: char| c.is_control() && !c.is_whitespace() && c != '\x1b';
    let broken = text.matches(char::REPLACEMENT_CHARACTER).count();
    let others = text.chars().filter(|c| !c.is_ascii()).count() - broken;
    (others >= 4 * broken && !text.contains(is_control)).then(|| text.into_owned())
}

/// The encoding that XML names in its first line.
fn declared(text: &str) -> Option<&'static Encoding> {
    let (line, _) = text.trim_start().strip_prefix("<?xml")?.split_once("?>")?;
    let (_, name) = line.split_once("encoding")?;
    let name = name.trim_start().strip_prefix('=')?.trim_start();
    let name = name.trim_start_matches(['"', '\'']);
    Encoding::for_label(name.split(['"', '\'']).next()?.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_told() {
        let check = |bytes: &[u8], expected: Result<&str, &str>| {
            let found = decoded(bytes).map(|(text, _)| text);
            assert_eq!(found.as_deref().map_err(String::as_str), expected);
        };
        check(b"plain", Ok("plain"));
        check(b"one\rtwo\r", Ok("one\ntwo\n"));
        check(b"one\r\ntwo\r", Ok("one\r\ntwo\r"));
        check(b"Caf\x8e\rGr\x9f\xa7e\r", Ok("Café\nGrüße\n"));
        check(b"\xef\xbb\xbfmarked", Ok("marked"));
        check(b"\xff\xfeh\0i\0", Ok("hi"));
        check(b"\xfe\xff\0h\0i", Ok("hi"));
        check(b"\xff\xfe\0\0h\0\0\0i\0\0\0", Ok("hi"));
        check(b"\0\0\xfe\xff\0\0\0h", Ok("h"));
        check(
            b"\xff\xfe\0\0\0\0\0\xff",
            Err("not UTF-32, though it begins as that"),
        );
        check(b"", Ok(""));
        check(b"a\0b", Err("not a text file"));
        check(b"h\0i\0!\0\r\0\n\0", Ok("hi!\r\n"));
        check(b"\0h\0i\0!\x20\x14", Ok("hi!\u{2014}"));
        check(b"a line\0\0\0\nanother\n", Ok("a line\nanother\n"));
        check(b"\0\0\0\0a line\n", Ok("a line\n"));
        check(b"\x01\0\x02\0\x03\0\x04\0", Err("not a text file"));
        check(b"a\0b\0c\0d\n", Err("not a text file"));
        check(b"\x01\x02\x9f\xfe", Err("not a text file"));
        check(
            b"\xff\xfeh\0i",
            Err("cut off: UTF-16 has two bytes for each sign"),
        );
        check(
            b"\xff\xfe\0\xd8",
            Err("not UTF-16, though it begins as that"),
        );
        let broken = "caf\u{e9}\ntwo ".as_bytes().iter().chain(b"\xe9!");
        check(
            &broken.copied().collect::<Vec<u8>>(),
            Err("not UTF-8 from line 2 on (convert it, for instance with iconv)"),
        );
    }

    #[test]
    fn a_broken_byte_costs_itself() {
        let check = |bytes: &[u8], expected: Option<&str>| {
            assert_eq!(mostly_utf8(bytes).as_deref(), expected);
        };
        let umlauts = "über die Brücke läuft ein Pferd höher";
        let broken = [umlauts.as_bytes(), b" \xff!"].concat();
        check(
            &broken,
            Some("über die Brücke läuft ein Pferd höher \u{fffd}!"),
        );
        let first = [&b"a \xe9 "[..], umlauts.as_bytes()].concat();
        check(
            &first,
            Some("a \u{fffd} über die Brücke läuft ein Pferd höher"),
        );
        check(b"Die Br\xfccke \xfcber den Flu\xdf", None);
        check(&[umlauts.as_bytes(), b" \xff\x01"].concat(), None);
    }

    #[test]
    fn older_encodings_are_read() {
        let check = |label: &str, text: &str| {
            let encoding = Encoding::for_label(label.as_bytes()).unwrap();
            let (bytes, _, _) = encoding.encode(text);
            let (found, name) = decoded(&bytes).unwrap();
            assert_eq!(found, text, "{label}");
            assert!(name.is_some(), "{label}");
        };
        check(
            "windows-1252",
            "Die Brücke über den Fluß wurde 1912 gebaut.",
        );
        check("gbk", "河边的磨坊一直用到山谷里修了新路。");
        check(
            "shift_jis",
            "川のほとりの水車小屋は、新しい道ができるまで使われました。",
        );
        check("euc-kr", "강가의 방앗간은 새 길이 날 때까지 쓰였다.");
        check(
            "windows-1251",
            "Мельница у реки работала, пока в долине не построили дорогу.",
        );
        check("big5", "河邊的磨坊一直用到山谷裡修了新路。");
        let (text, guessed) =
            decoded(b"<?xml version='1.0' encoding='windows-1251'?><p>\xcc\xe5\xeb").unwrap();
        assert_eq!(guessed, None);
        assert!(text.ends_with("Мел"), "{text}");
    }
}
