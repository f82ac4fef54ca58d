//! The forms in which a reply says what was heard: OpenAI's two of JSON, the text, and the two of
//! subtitles. None has a number that the ears do not tell.

use axum::response::Response;
use serde_json::{Value, json};

use super::super::wire;
use crate::session::hearing::Heard;
use crate::terminal::output::one_line;

/// A form of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The text, in JSON.
    Json,
    /// The text alone, a line for each sentence or so.
    Text,
    /// Subtitles of SubRip.
    Srt,
    /// Subtitles of the web, WebVTT: <https://www.w3.org/TR/webvtt1/>.
    Vtt,
    /// JSON with the language, and the times of each sentence or so.
    Verbose,
}

impl Written {
    /// What clients call them.
    pub const NAMES: [&str; 5] = ["json", "text", "srt", "vtt", "verbose_json"];

    /// The form that clients call `name`.
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::Json, Self::Text, Self::Srt, Self::Vtt, Self::Verbose];
        let at = Self::NAMES.iter().position(|known| *known == name)?;
        Some(all[at])
    }

    /// The reply that says what was `heard`.
    pub fn reply(self, heard: &Heard) -> Response {
        match self {
            Self::Json => wire::json(&brief(heard)),
            Self::Verbose => wire::json(&verbose(heard)),
            Self::Text => wire::with_type("text/plain; charset=utf-8", heard.text() + "\n"),
            Self::Srt => wire::with_type("application/x-subrip; charset=utf-8", srt(heard)),
            Self::Vtt => wire::with_type("text/vtt; charset=utf-8", vtt(heard)),
        }
    }
}

fn brief(heard: &Heard) -> Value {
    json!({"text": heard.text(), "usage": usage(heard)})
}

fn verbose(heard: &Heard) -> Value {
    let segments = heard.segments.iter().enumerate();
    let segments = segments.map(|(id, segment)| {
        json!({"id": id, "start": segment.start, "end": segment.end, "text": segment.text})
    });
    let segments: Vec<Value> = segments.collect();
    json!({
        "task": "transcribe",
        "language": heard.language,
        "duration": heard.seconds(),
        "text": heard.text(),
        "segments": segments,
        "usage": usage(heard),
    })
}

/// What it cost, in seconds of sound, rounded up.
fn usage(heard: &Heard) -> Value {
    json!({"type": "duration", "seconds": heard.seconds().ceil() as u64})
}

fn srt(heard: &Heard) -> String {
    let cues = cues(heard, ',').enumerate();
    cues.map(|(n, (times, text))| format!("{}\n{times}\n{text}\n\n", n + 1))
        .collect()
}

fn vtt(heard: &Heard) -> String {
    let cues = cues(heard, '.').map(|(times, text)| {
        // These begin what is no text.
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        format!("{times}\n{}\n\n", text.replace('>', "&gt;"))
    });
    format!("WEBVTT\n\n{}", cues.collect::<String>())
}

/// The times of each subtitle, with `point` before their milliseconds, and its text, on one line:
/// an empty line would end it.
fn cues(heard: &Heard, point: char) -> impl Iterator<Item = (String, String)> {
    let segments = heard.segments.iter();
    let cues = segments.map(move |segment| {
        let (start, end) = (time(segment.start, point), time(segment.end, point));
        (format!("{start} --> {end}"), one_line(&segment.text))
    });
    cues.filter(|(_, text)| !text.is_empty())
}

/// A time in seconds as subtitles write it: `01:02:03,500`.
fn time(seconds: f64, point: char) -> String {
    let ms = (seconds.max(0.0) * 1000.0).round() as u64;
    let (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
    format!(
        "{hours:02}:{minutes:02}:{seconds:02}{point}{:03}",
        ms % 1000
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::hearing::Segment;

    fn heard() -> Heard {
        let segment = |start, end, text: &str| Segment {
            start,
            end,
            text: text.to_owned(),
        };
        Heard {
            segments: vec![
                segment(0.0, 1.5, "Good morning."),
                segment(1.5, 61.0004, "Is 3 < 4 & 5 --> 6?\n\nYes."),
                segment(61.5, 62.0, " "),
                segment(3723.25, 3724.9996, "你好。"),
            ],
            language: Some("en".to_owned()),
            next: None,
            length: Some(3725.2),
        }
    }

    #[test]
    fn each_form_has_a_name() {
        for name in Written::NAMES {
            assert!(Written::named(name).is_some(), "{name}");
        }
        assert_eq!(Written::named("verbose_json"), Some(Written::Verbose));
        assert_eq!(Written::named("mp3"), None);
    }

    #[test]
    fn replies_say_what_they_are() {
        let check = |written: Written, want: &str| {
            let reply = written.reply(&heard());
            let kind = reply.headers()["content-type"].to_str().unwrap();
            assert_eq!(kind, want);
        };
        check(Written::Json, "application/json");
        check(Written::Verbose, "application/json");
        check(Written::Text, "text/plain; charset=utf-8");
        check(Written::Srt, "application/x-subrip; charset=utf-8");
        check(Written::Vtt, "text/vtt; charset=utf-8");
    }

    #[test]
    fn subtitles_of_subrip() {
        let want = "1\n00:00:00,000 --> 00:00:01,500\nGood morning.\n\n\
                    2\n00:00:01,500 --> 00:01:01,000\nIs 3 < 4 & 5 --> 6? Yes.\n\n\
                    3\n01:02:03,250 --> 01:02:05,000\n你好。\n\n";
        assert_eq!(srt(&heard()), want);
        assert_eq!(srt(&Heard::default()), "");
    }

    #[test]
    fn subtitles_of_the_web() {
        let want = "WEBVTT\n\n\
                    00:00:00.000 --> 00:00:01.500\nGood morning.\n\n\
                    00:00:01.500 --> 00:01:01.000\nIs 3 &lt; 4 &amp; 5 --&gt; 6? Yes.\n\n\
                    01:02:03.250 --> 01:02:05.000\n你好。\n\n";
        assert_eq!(vtt(&heard()), want);
        assert_eq!(vtt(&Heard::default()), "WEBVTT\n\n");
    }

    #[test]
    fn json_has_the_text_and_where_it_is_said() {
        let brief = brief(&heard());
        assert_eq!(brief["usage"], json!({"type": "duration", "seconds": 3726}));
        let verbose = verbose(&heard());
        assert_eq!(verbose["text"], brief["text"]);
        assert_eq!(verbose["language"], "en");
        assert_eq!(verbose["duration"], 3725.2);
        let first = json!({"id": 0, "start": 0.0, "end": 1.5, "text": "Good morning."});
        assert_eq!(verbose["segments"][0], first);
        let silence = super::verbose(&Heard::default());
        let seconds = json!({"type": "duration", "seconds": 0});
        let want = json!({"task": "transcribe", "language": null, "duration": 0.0, "text": "",
                          "segments": [], "usage": seconds});
        assert_eq!(silence, want);
    }
}
