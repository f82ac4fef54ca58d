//! Strings outside of the pages: UTF-16 or UTF-8 with a mark, else PDFDocEncoding.

/// What the bytes from 0x80 on stand for, where they are not as in Latin-1.
const SPECIAL: [char; 33] = [
    '•', '†', '‡', '…', '—', '–', 'ƒ', '⁄', '‹', '›', '−', '‰', '„', '“', '”', '‘', '’', '‚', '™',
    'ﬁ', 'ﬂ', 'Ł', 'Œ', 'Š', 'Ÿ', 'Ž', 'ı', 'ł', 'œ', 'š', 'ž', '\u{fffd}', '€',
];

/// The text in `bytes`.
pub fn decoded(bytes: &[u8]) -> String {
    let wide = |read: fn([u8; 2]) -> u16, bytes: &[u8]| {
        let units: Vec<u16> = bytes
            .as_chunks::<2>()
            .0
            .iter()
            .map(|pair| read(*pair))
            .collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xfe, 0xff, rest @ ..] => wide(u16::from_be_bytes, rest),
        [0xff, 0xfe, rest @ ..] => wide(u16::from_le_bytes, rest),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => bytes.iter().map(|byte| sign(*byte)).collect(),
    }
}

fn sign(byte: u8) -> char {
    match byte {
        0x80..=0xa0 => SPECIAL[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_say_how_they_are_written() {
        let check = |bytes: &[u8], text: &str| assert_eq!(decoded(bytes), text);
        check(b"plain \xe9 \x80 \xa0", "plain é • €");
        check(b"\xfe\xff\x67\x28\x68\x69", "木桩");
        check(b"\xff\xfe\x28\x67", "木");
        check(b"\xef\xbb\xbfcaf\xc3\xa9", "café");
        check(b"", "");
    }
}
