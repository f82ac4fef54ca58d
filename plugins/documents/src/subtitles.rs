//! Subtitles: what is said, and when.

use crate::found::{Failed, Found, failed};

/// The text of the subtitles in `bytes`, SRT or WebVTT: a line for each.
pub fn read(bytes: &[u8]) -> Result<Found, Failed> {
    let text = markup::decode(bytes, "")
        .replace("\r\n", "\n")
        .replace('\r', "\n");
    let mut lines: Vec<String> = Vec::new();
    let mut cues = 0;
    let mut last = String::new();
    for block in text.split("\n\n") {
        let mut rest = block
            .lines()
            .map(str::trim)
            .skip_while(|line| !line.contains("-->"));
        let Some(time) = rest.next() else { continue };
        cues += 1;
        let start = time.split("-->").next().unwrap_or_default().trim();
        let start = start.split(['.', ',']).next().unwrap_or(start);
        let says: Vec<String> = rest.map(plain).filter(|line| !line.is_empty()).collect();
        // Rolling captions say each line again until it has left the screen.
        let fresh: Vec<&str> = says
            .iter()
            .map(String::as_str)
            .filter(|line| *line != last)
            .collect();
        if !fresh.is_empty() {
            lines.push(format!("{start} {}", fresh.join(" ")));
        }
        if let Some(line) = says.last() {
            last.clone_from(line);
        }
    }
    match cues {
        0 => Err(failed(
            "no subtitles: there is no line with a time and -->",
            "save it as SRT or WebVTT",
        )),
        _ => Ok(Found::whole("", lines.join("\n"))),
    }
}

/// `line` without tags and commands; a voice is named.
fn plain(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some(at) = rest.find(['<', '{']) {
        text.push_str(&rest[..at]);
        let close = if rest[at..].starts_with('<') {
            '>'
        } else {
            '}'
        };
        let Some(end) = rest[at..].find(close) else {
            break;
        };
        let tag = &rest[at + 1..at + end];
        if let Some((_, voice)) = tag
            .split_once(' ')
            .filter(|(name, _)| name.split('.').next() == Some("v"))
        {
            text.push_str(&format!("{}: ", voice.trim()));
        } else if close == '}' && !tag.starts_with('\\') {
            text.push_str(&rest[at..=at + end]);
        }
        rest = &rest[at + end + 1..];
    }
    text.push_str(rest);
    for (entity, sign) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&nbsp;", " "),
        ("&lrm;", ""),
        ("&rlm;", ""),
        ("&amp;", "&"),
    ] {
        text = text.replace(entity, sign);
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_and_when() {
        let check = |subtitles: &str, expected: &str| {
            assert_eq!(
                read(subtitles.as_bytes()).expect("subtitles").parts[0].text,
                expected
            );
        };
        check(
            "1\r\n00:00:01,500 --> 00:00:03,000\r\n<i>The wool</i>\r\n{\\an8}is dyed\r\n\r\n2\r\n00:01:04,000 --> 00:01:05,000\r\nred &amp; blue\r\n",
            "00:00:01 The wool is dyed\n00:01:04 red & blue",
        );
        check(
            "WEBVTT\n\nNOTE no\n\nintro\n00:02.000 --> 00:04.000 align:start\n<v Ada>Hello <c.x>you</c>\n\n00:04.000 --> 00:05.000\nAda: Hello you\n\n00:05.000 --> 00:06.000\nAda: Hello you\nagain",
            "00:02 Ada: Hello you\n00:05 again",
        );
        assert!(read(b"plain text").is_err());
    }
}
