//! Subtitles: what is said, and when.

use roxmltree::Node;

use crate::found::{Failed, Found, failed, one_line};
use crate::zipped::xml;

/// Fields of a line of ASS before what is said.
const DIALOGUE_FIELDS: usize = 9;

/// The text of the subtitles in `bytes`, SRT, WebVTT, SBV, ASS, TTML, YouTube's own, SAMI,
/// MicroDVD, MPL2 or LRC: a line for each.
pub fn read(bytes: &[u8]) -> Result<Found, Failed> {
    let text = markup::decode(bytes, "")
        .replace("\r\n", "\n")
        .replace('\r', "\n");
    let said: Vec<String> = text.lines().filter_map(dialogue).collect();
    if !said.is_empty() {
        return Ok(Found::whole("", said.join("\n")));
    }
    let timed = timed_text(&text);
    if !timed.is_empty() {
        return Ok(Found::whole("", timed.join("\n")));
    }
    let shown = shown(&text);
    if !shown.is_empty() {
        return Ok(Found::whole("", shown.join("\n")));
    }
    let sung: Vec<String> = text.lines().filter_map(lyric).collect();
    if !sung.is_empty() && !text.contains("-->") {
        return Ok(Found::whole(name_of_song(&text), sung.join("\n")));
    }
    let mut lines: Vec<String> = Vec::new();
    let mut before: Vec<String> = Vec::new();
    let cues = cues(&text);
    for (start, says) in &cues {
        let start = start.split(['.', ',']).next().unwrap_or(start);
        let says = says.iter().map(|line| plain(line));
        let says: Vec<String> = says.filter(|line| !line.is_empty()).collect();
        if says.is_empty() {
            continue;
        }
        let fresh = &says[rolled(&before, &says)..];
        if !fresh.is_empty() {
            lines.push(format!("{start} {}", fresh.join(" ")));
        }
        before = says;
    }
    match cues.len() {
        0 => Err(failed(
            "no subtitles: there is no line with a time and -->",
            "save it as SRT or WebVTT",
        )),
        _ => Ok(Found::whole("", lines.join("\n"))),
    }
}

/// How many of the lines `says` stood there `before`: rolling captions say each line again until it
/// has left the screen.
fn rolled(before: &[String], says: &[String]) -> usize {
    let most = before.len().min(says.len());
    let again = |n: &usize| before[before.len() - n..] == says[..*n];
    (1..=most).rev().find(again).unwrap_or(0)
}

/// When each thing is said, and its lines. Not all programs put a blank line between two, and
/// some put one into what is said.
fn cues(text: &str) -> Vec<(&str, Vec<&str>)> {
    let is_web = text.starts_with("WEBVTT");
    let is_number = |line: &str| !line.is_empty() && line.bytes().all(|b| b.is_ascii_digit());
    let begins = |line: &str| line.starts_with(|c: char| c.is_ascii_digit());
    let lines: Vec<&str> = text.lines().map(trimmed).collect();
    let starts: Vec<usize> = (0..lines.len())
        .filter(|n| begins(lines[*n]) && start_of(lines[*n]).is_some())
        .collect();
    let is_numbered = starts
        .first()
        .and_then(|first| first.checked_sub(1))
        .is_some_and(|before| is_number(lines[before]));
    let mut cues = Vec::new();
    for (n, at) in starts.iter().enumerate() {
        let next = starts.get(n + 1).copied();
        let mut says = &lines[at + 1..next.unwrap_or(lines.len())];
        while let [before @ .., last] = says
            && last.trim().is_empty()
        {
            says = before;
        }
        if let [before @ .., last] = says
            && is_numbered
            && next.is_some()
            && is_number(last)
        {
            // It is the number of the next one.
            says = before;
        }
        // What follows a blank line there is a remark, or the name of the next one; where words have
        // times of their own, programs that take spaces off leave one before the words.
        let has_times = says.iter().any(|line| line.contains("<c>"));
        let goes_on = |line: &&&str| !is_web || has_times || !line.is_empty();
        let says = says.iter().take_while(goes_on);
        let start = start_of(lines[*at]).unwrap_or_default();
        cues.push((start, says.copied().collect()));
    }
    cues
}

/// `line` without the spaces around it. A line of spaces alone keeps one: it does not end what is
/// said, and YouTube begins with one.
fn trimmed(line: &str) -> &str {
    match line.trim() {
        "" if !line.is_empty() => " ",
        line => line,
    }
}

/// What is said in SAMI, MicroDVD and MPL2, and when, where that can be told: MicroDVD counts
/// pictures.
fn shown(text: &str) -> Vec<String> {
    let small = text.to_ascii_lowercase();
    if small.contains("<sami") {
        let starts = small.match_indices("<sync").map(|(at, _)| at);
        let starts: Vec<usize> = starts.chain([text.len()]).collect();
        let line = |pair: &[usize]| {
            let (_, rest) = text[pair[0]..pair[1]].split_once('=')?;
            let digits = rest.trim_start_matches(['"', ' ']);
            let digits = &digits[..digits.find(|c: char| !c.is_ascii_digit())?];
            let (_, says) = rest.split_once('>')?;
            let says = says.replace("<br>", " ").replace("<BR>", " ");
            Some((digits.parse().ok()?, plain(&says.replace("&nbsp;", " "))))
        };
        let said: Vec<(u64, String)> = starts.windows(2).filter_map(line).collect();
        return said
            .into_iter()
            .filter(|(_, says)| !says.is_empty())
            .map(|(ms, says)| format!("{} {says}", clock(ms)))
            .collect();
    }
    if text.contains("-->") {
        return Vec::new();
    }
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let line = |line: &str| {
        let of = |open: char, close: char| {
            let (from, rest) = line.trim().strip_prefix(open)?.split_once(close)?;
            let (to, says) = rest.strip_prefix(open)?.split_once(close)?;
            (is_number(from) && is_number(to)).then_some((from, says))
        };
        let (time, says) = match (of('[', ']'), of('{', '}')) {
            (Some((tenths, says)), _) => (
                format!(
                    "{} ",
                    clock(tenths.parse::<u64>().ok()?.saturating_mul(100))
                ),
                says,
            ),
            (None, Some((_, says))) => (String::new(), says),
            (None, None) => return None,
        };
        let says: Vec<&str> = says
            .split('|')
            .map(|line| {
                // How it looks: "{y:i}", "/".
                let look = line.strip_prefix('{').and_then(|rest| rest.split_once('}'));
                let line = look.map_or(line, |(_, says)| says);
                line.strip_prefix('/').unwrap_or(line)
            })
            .collect();
        Some(format!("{time}{}", plain(&says.join(" "))))
    };
    text.lines().filter_map(line).collect()
}

/// Milliseconds as hours, minutes and seconds.
fn clock(ms: u64) -> String {
    let seconds = ms / 1000;
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// What is said in TTML or in YouTube's own form, and when; nothing where it is none.
fn timed_text(text: &str) -> Vec<String> {
    let is_timed = text.contains("<tt") || text.contains("<timedtext");
    let Some(document) = is_timed.then(|| xml(text, "subtitles").ok()).flatten() else {
        return Vec::new();
    };
    let line = |said: Node<'_, '_>| {
        let ms = said.attribute("t").and_then(|ms| ms.parse().ok());
        let begin = match (said.attribute("begin"), ms) {
            (Some(begin), _) if begin.contains(':') => begin.split('.').next()?.to_owned(),
            (Some(begin), _) => begin.to_owned(),
            (None, ms) => clock(ms?),
        };
        let words = said
            .descendants()
            .filter_map(|part| match part.tag_name().name() {
                "br" => Some(" "),
                _ if part.is_text() => part.text(),
                _ => None,
            });
        let words = one_line(&words.collect::<String>());
        (!words.is_empty()).then(|| format!("{begin} {words}"))
    };
    let said = document
        .descendants()
        .filter(|node| node.tag_name().name() == "p");
    said.filter_map(line).collect()
}

/// What is sung in a line of LRC, `[01:02.50]words`, and when.
fn lyric(line: &str) -> Option<String> {
    let (time, rest) = line.trim().strip_prefix('[')?.split_once(']')?;
    let is_time = time.contains(':')
        && time
            .bytes()
            .all(|b| b.is_ascii_digit() || b":.".contains(&b));
    // A line that is sung several times has several times.
    let words = rest.rsplit(']').next().unwrap_or(rest).trim();
    let time = time.split('.').next().unwrap_or(time);
    (is_time && !words.is_empty()).then(|| format!("{time} {}", plain(words)))
}

fn name_of_song(text: &str) -> &str {
    let title = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("[ti:"));
    title.map_or("", |title| title.trim_end_matches(']').trim())
}

/// When it begins, where `line` says from when to when something is shown.
fn start_of(line: &str) -> Option<&str> {
    if let Some((start, _)) = line.split_once("-->") {
        return Some(start.trim());
    }
    let (start, end) = line.split_once(',')?;
    let is_time = |text: &str| {
        let signs = text
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b':' | b'.'));
        signs && text.contains(':') && text.contains('.')
    };
    (is_time(start) && is_time(end)).then_some(start)
}

/// What is said in a line of ASS, and when; nothing where it draws.
fn dialogue(line: &str) -> Option<String> {
    let line = line.trim().strip_prefix("Dialogue:")?;
    let fields: Vec<&str> = line
        .splitn(DIALOGUE_FIELDS + 1, ',')
        .map(str::trim)
        .collect();
    let (start, name, says) = (fields.get(1)?, fields.get(4)?, fields.get(DIALOGUE_FIELDS)?);
    let draws = says
        .split("\\p")
        .skip(1)
        .any(|rest| rest.starts_with(|c: char| matches!(c, '1'..='9')));
    let says = ["\\N", "\\n", "\\h"]
        .iter()
        .fold((*says).to_owned(), |says, end| says.replace(*end, " "));
    let says = plain(&says);
    let start = start.split('.').next().unwrap_or(start);
    let voice = match name.is_empty() {
        true => String::new(),
        false => format!("{name}: "),
    };
    (!draws && !says.is_empty()).then(|| format!("{start} {voice}{says}"))
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
            rest = &rest[at..];
            break;
        };
        let tag = &rest[at + 1..at + end];
        if close == '>' && !is_tag(tag) {
            // "3 < 4": the sign stands for itself.
            text.push('<');
            rest = &rest[at + 1..];
            continue;
        }
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
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&#39;", "'"),
        ("&lrm;", ""),
        ("&rlm;", ""),
        ("&amp;", "&"),
    ] {
        text = text.replace(entity, sign);
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether what stands between `<` and `>` is a tag, or the time at which a word is said.
fn is_tag(inner: &str) -> bool {
    let is_time = |b: u8| b.is_ascii_digit() || b":.".contains(&b);
    inner.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!')
        || (inner.contains(':') && inner.bytes().all(is_time))
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
        check(
            "0:00:01.500,0:00:03.000\nThe wool\nis dyed\n\n0:01:04.000,0:01:05.000\nred\n",
            "0:00:01 The wool is dyed\n0:01:04 red",
        );
        check(
            "[Script Info]\nTitle: x\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\nComment: 0,0:00:00.00,0:00:01.00,,,0,0,0,,no\nDialogue: 0,0:00:01.50,0:00:03.00,Default,Ada,0,0,0,,{\\i1}The wool,{\\i0}\\Nis dyed\nDialogue: 0,0:00:02.00,0:00:03.00,Default,,0,0,0,,{\\p1}m 0 0 l 9 9{\\p0}\nDialogue: 0,0:01:04.00,0:01:05.00,Default,,0,0,0,,red\n",
            "0:00:01 Ada: The wool, is dyed\n0:01:04 red",
        );
        check(
            "<?xml version='1.0'?><tt xmlns='http://www.w3.org/ns/ttml'><body><div><p begin='00:00:01.500' end='00:00:03.000'>The wool<br/>is <span>dyed</span></p><p begin='64s'>red</p><p begin='65s'/></div></body></tt>",
            "00:00:01 The wool is dyed\n64s red",
        );
        check(
            "[ti:Wool]\n[ar:Ada]\n[00:01.50]The wool\n[00:12.00][01:12.00]is dyed\n[00:20.00]\n",
            "00:01 The wool\n00:12 is dyed",
        );
        // Without blank lines between, and with one within.
        check(
            "1\n00:00:01,000 --> 00:00:02,000\nThe wool\n2\n00:00:03,000 --> 00:00:04,000\n\nis dyed\n\nred\n\n3\n00:00:05,000 --> 00:00:06,000\n1984\n",
            "00:00:01 The wool\n00:00:03 is dyed red\n00:00:05 1984",
        );
        check(
            "WEBVTT\n\n00:02.000 --> 00:04.000\nAda&#39;s wool --> here\n\nNOTE no\n\nlast\n00:05.000 --> 00:06.000\nred",
            "00:02 Ada's wool --> here\n00:05 red",
        );
        check(
            "<SAMI><BODY><SYNC Start=1000><P Class=ENCC>The wool<SYNC Start=2000><P Class=ENCC>&nbsp;<SYNC Start=65000><P>is<br>dyed</BODY></SAMI>",
            "00:00:01 The wool\n00:01:05 is dyed",
        );
        check(
            "{0}{25}The wool|is dyed\n{26}{50}{y:i}red\n",
            "The wool is dyed\nred",
        );
        check(
            "[10][25]The wool|is dyed\n[650][700]/red\n",
            "00:00:01 The wool is dyed\n00:01:05 red",
        );
        check(
            "<?xml version='1.0'?><timedtext format='3'><body><p t='65000' d='5'>is <s>dyed</s></p></body></timedtext>",
            "00:01:05 is dyed",
        );
        // A sign that is said, beside tags, and words with times of their own.
        check(
            "1\n00:00:01,000 --> 00:00:02,000\nif x <5 and <i>y</i> >3\n",
            "00:00:01 if x <5 and y >3",
        );
        check(
            "1\n00:00:01,000 --> 00:00:02,000\nI <3 wool {and\n",
            "00:00:01 I <3 wool {and",
        );
        check(
            "WEBVTT\n\n00:02.000 --> 00:04.000\n{laughs} The<00:03.000> wool\n",
            "00:02 {laughs} The wool",
        );
        // As YouTube has them: each line comes word by word, stays, and stands above the next one.
        let rolling = "WEBVTT\nKind: captions\nLanguage: en\n\n00:00:00.160 --> 00:00:02.389 align:start position:0%\n \nthe<00:00:00.480><c> wool</c><00:00:01.120><c> is</c>\n\n00:00:02.389 --> 00:00:02.399 align:start position:0%\nthe wool is\n \n\n00:00:02.399 --> 00:00:04.630 align:start position:0%\nthe wool is\ndyed<00:00:02.800><c> red</c>\n\n00:00:04.630 --> 00:00:04.640 align:start position:0%\ndyed red\n \n\n";
        check(rolling, "00:00:00 the wool is\n00:00:02 dyed red");
        let bare = rolling.replace("\n \n", "\n\n");
        check(&bare, "00:00:00 the wool is\n00:00:02 dyed red");
        // Two lines that roll, and a line that stands between others again.
        check(
            "1\n00:00:01,000 --> 00:00:02,000\nred\nblue\n\n2\n00:00:02,000 --> 00:00:03,000\nred\nblue\ngreen\n\n3\n00:00:03,000 --> 00:00:04,000\ngreen\nred\n\n4\n00:00:04,000 --> 00:00:05,000\nblue\nred\n",
            "00:00:01 red blue\n00:00:02 green\n00:00:03 red\n00:00:04 blue red",
        );
        assert!(read(b"plain text").is_err());
        assert_eq!(
            read(b"[ti:Wool]\n[00:01.50]a\n").expect("read").title,
            "Wool"
        );
    }
}
