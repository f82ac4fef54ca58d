//! What is to be kept where the user does not say it, but points at a text beside the task:
//! "Remember the phone number in this letter."

use std::sync::LazyLock;

use regex::Regex;

use super::facts::{is_told_in_sentences, only_tells, sentences, what_is_told};
use super::shared_words::shared_things;
use crate::pattern::pattern;

/// The most characters of one memory. A text up to this length is kept as a whole.
const PIECE_CHARS_MAX: usize = 1_000;
/// The most memories that are made of one text, each in a step of its own. A longer text makes
/// longer memories.
const PIECES_MAX: usize = 8;
/// A sentence is kept too if it shares this much of what the best sentence shares with the
/// request.
const ENOUGH: f32 = 0.5;

/// The memories to make of `texts`, as `told` asks. `None` where `told` itself says what is to be
/// kept, or asks for something else.
pub(crate) fn pointed_at(told: &str, texts: &[&str]) -> Option<Vec<String>> {
    let texts: Vec<&str> = texts.iter().map(|text| text.trim()).collect();
    let texts: Vec<&str> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    // What is asked beside it is answered, and kept nowhere.
    let told = what_is_told(told);
    let told = told.trim();
    if texts.is_empty() || is_told_in_sentences(told) {
        return None;
    }
    let object = object(told)?;
    if names_nothing(object) {
        return Some(texts.into_iter().flat_map(pieces).collect());
    }
    let topic = THE_TEXT.replace_all(object, " ");
    if states(topic.trim()) {
        return None;
    }
    let points = topic.len() < object.len();
    let found: Vec<String> = texts
        .iter()
        .filter_map(|text| passage(text, &topic))
        .collect();
    let found = match (found.is_empty(), points) {
        (false, _) => found,
        // A letter may have the number behind "Tel."
        (true, true) => texts.into_iter().flat_map(pieces).collect(),
        (true, false) => return None,
    };
    // The user's word for it comes first, so that a search for that word finds it.
    Some(
        found
            .iter()
            .map(|text| format!("{object}: {text}"))
            .collect(),
    )
}

/// The object of a request to remember: the words after its verb.
fn object(told: &str) -> Option<&str> {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| {
        let asks = r"(?ix)^\W*
            (?:(?:please|(?:can|could|would|will)\s+you|hey|ok|okay|also)[\s,]+)*
            (?:remember|memori[sz]e|(?:keep|bear)\s+in\s+mind|(?:do\s+not|don['’]?t|never)\s+forget)\b
            | ^\W*(?:请|麻烦你?|帮我|帮忙)*(?:记住|记得|记下来?|牢记|别忘了?)(?:一下)?";
        pattern(asks)
    });
    let found = ASKS.find(told)?;
    let ends = |c: char| c.is_whitespace() || ".,:;!?…。，：；！？".contains(c);
    let object = told[found.end()..].trim_matches(ends);
    let is_request = only_tells(told) || is_polite(found.as_str());
    (is_request && !is_what_was_told(object)).then_some(object)
}

/// Whether a request is put politely, so that its question mark asks for nothing: "Can you
/// remember this?" In contrast, "Remember this?" asks for what is known.
fn is_polite(request: &str) -> bool {
    static POLITE: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?i)\b(?:please|you)\b|请|麻烦|帮"));
    POLITE.is_match(request)
}

/// Whether an object refers to what somebody told before, not to a text.
fn is_what_was_told(object: &str) -> bool {
    static TOLD: LazyLock<Regex> = LazyLock::new(|| {
        let told = r"(?ix)\b(?:i|we)(?:['’](?:ve|d))?
            (?:\s+(?:have|had|just|already|also|once|ever|always|last|first))*
            \s+(?:told|said|mentioned|explained|asked|taught|showed|gave)\b
            |\byou(?:['’]ve)?\s+(?:(?:were|have|been|already)\s+)*told\b
            |我们?(?:跟你|和你|给你|对你|以前|之前|上次|刚才|刚刚|昨天|已经|曾经?)*(?:说|告诉|提过|提到|讲过)";
        pattern(told)
    });
    TOLD.is_match(object)
}

/// Words that refer to the text beside the task.
static THE_TEXT: LazyLock<Regex> = LazyLock::new(|| {
    let names = r"(?ix)(?:\b(?:in|of|from|on|inside|within)\s+)?
        \b(?:this|that|these|those|the|my)\s+(?:attached\s+|enclosed\s+)?
        (?:files?|documents?|letters?|pages?|texts?|notes?|pictures?|photos?|images?|scans?
           |recordings?|e-?mails?|messages?|pdfs?|attachments?|articles?|reports?|receipts?
           |invoices?|contents?)\b
        | \b(?:attached|enclosed)\b
        | \b(?:in|of|from|on|inside)\s+(?:it|this|these|them)\b
        | (?:\b(?:in|of|from|on|inside)\s+)?@\S+
        | \b(?:in|of|from|on|inside)\s+[^\s.]+\.[a-z0-9]{1,5}\b
        | (?:附件|文件|文档|图片|照片|录音|邮件|这封信|这份|这张|这篇|这段)(?:里面?|中|上)?的?";
    pattern(names)
});

/// Whether an object says only "this" or "what is in it": then all of the text is meant.
fn names_nothing(object: &str) -> bool {
    static NOTHING: LazyLock<Regex> = LazyLock::new(|| {
        let nothing = r"(?ix)^\s*(?:
            (?:(?:all|everything)\s*(?:of\s+)?)?(?:this|that|it|these|those|them)?
              (?:\s*(?:please|for\s+me|for\s+later|for\s+next\s+time|too))*
            | what(?:ever)?(?:['’]s|\s+is|\s+it)?(?:\s+(?:written|said|says|stands))?
            | (?:这个|这些|这|它们?|以下|全部|内容|下面)*)\s*$";
        pattern(nothing)
    });
    NOTHING.is_match(&THE_TEXT.replace_all(object, " "))
}

/// Whether an object states a fact itself: by its verb, by a number, or as something to be done.
fn states(object: &str) -> bool {
    static SAYS: LazyLock<Regex> = LazyLock::new(|| {
        let says = r"(?ix)^(?:to|that)\b|[0-9]
            |\b(?:am|is|are|was|were|has|have|had|will|can|must|should|lives?|likes?|needs?)\b
            |['’](?:m|re|ve|ll)\b|[是叫有住爱喜]";
        pattern(says)
    });
    static ASKS: LazyLock<Regex> = LazyLock::new(|| {
        let asks = r"(?ix)^(?:what|which|who|whose|when|where|how|everything|all)\b";
        pattern(asks)
    });
    SAYS.is_match(object) && !ASKS.is_match(object)
}

/// The part of `text` that shares words with `topic`: all of a short text, else the sentences
/// that share most. `None` where no words are shared.
fn passage(text: &str, topic: &str) -> Option<String> {
    let lines = text.lines().flat_map(sentences);
    let lines: Vec<String> = lines.map(|line| line.trim().to_owned()).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let lines: Vec<&str> = lines.into_iter().filter(|line| !line.is_empty()).collect();
    let shared = shared_things(&lines, topic);
    let most = shared.iter().copied().fold(0.0, f32::max);
    if most <= 0.0 {
        return None;
    }
    if text.chars().count() <= PIECE_CHARS_MAX {
        return Some(text.to_owned());
    }
    let mut kept = String::new();
    let mut is_headed = false;
    for (line, shared) in lines.iter().zip(shared) {
        let is_wanted = shared >= most * ENOUGH || is_headed;
        let room = PIECE_CHARS_MAX.saturating_sub(kept.chars().count() + 1);
        if is_wanted && line.chars().count() <= room {
            if !kept.is_empty() {
                kept.push('\n');
            }
            kept.push_str(line);
        }
        // A sentence under a heading is about the heading too.
        is_headed = is_wanted && line.ends_with([':', '：']);
    }
    (!kept.is_empty()).then_some(kept)
}

/// All of `text`, in pieces of whole sentences where these are short enough.
fn pieces(text: &str) -> Vec<String> {
    let all = text.chars().count();
    let most = match all.div_ceil(PIECE_CHARS_MAX) <= PIECES_MAX {
        true => PIECE_CHARS_MAX,
        // Two neighbours have more than one may.
        false => 2 * all.div_ceil(PIECES_MAX),
    };
    let mut pieces: Vec<String> = Vec::new();
    // Of the last one.
    let mut chars = 0;
    for sentence in text.split_inclusive('\n').flat_map(sentences) {
        let signs: Vec<char> = sentence.chars().collect();
        for part in signs.chunks(most) {
            chars += part.len();
            match pieces.last_mut() {
                Some(last) if chars <= most => last.extend(part),
                _ => {
                    chars = part.len();
                    pieces.push(part.iter().collect());
                }
            }
        }
    }
    let pieces = pieces.iter().map(|piece| piece.trim().to_owned());
    pieces.filter(|piece| !piece.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LETTER: &str = "Dear Ms Ash,\nTel. 555-0134. The rent is due on 3 May.\n";

    #[test]
    fn who_points_at_a_text_has_it_kept() {
        let check = |told: &str, want: Option<&str>| {
            let got = pointed_at(told, &[LETTER]).map(|pieces| pieces.join("|"));
            assert_eq!(got.as_deref(), want, "{told}");
        };
        let whole = Some(LETTER.trim());
        for told in [
            "Remember this.",
            "Please remember this letter",
            "Can you remember what is in this file?",
            "Remember what it says:",
            "Don't forget the contents of this letter!",
            "Memorize everything in the attached document",
            "Remember @letter-2.txt",
            "remember what is in letter2.pdf",
            "记住附件里的内容。",
            "请记住这个",
        ] {
            check(told, whole);
        }
        let about = |object: &str| format!("{object}: {}", LETTER.trim());
        for (told, object) in [
            (
                "Remember the phone number in this letter.",
                "the phone number in this letter",
            ),
            (
                "Remember the phone number in bill2.pdf",
                "the phone number in bill2.pdf",
            ),
            ("Remember when the rent is due", "when the rent is due"),
            ("please remember the rent", "the rent"),
            (
                "Could you remember when the rent is due?",
                "when the rent is due",
            ),
            ("记住附件里的电话号码", "附件里的电话号码"),
            // Something is asked for beside it.
            (
                "Remember the rent in this letter, then tell me when it is due.",
                "the rent in this letter",
            ),
            (
                "Remember the rent in this letter. What is the phone number?",
                "the rent in this letter",
            ),
        ] {
            check(told, Some(&about(object)));
        }
        // What says itself what is to be kept, or is something else.
        for told in [
            "Remember that the hen is Berta.",
            "Remember: my gate code is 4711",
            "Remember the hen is Berta.",
            "Remember gate code 4711",
            "Remember to answer this letter.",
            "Remember that this letter is important",
            "Remember the hen's birthday",
            "记住，我的狗叫豆豆",
            "Do you remember this letter?",
            "Save the rent of this letter to a table.",
            "Remember this. It is from my landlord.",
            // What was told before is asked for.
            "Remember what I told you about the rent?",
            "Remember what I told you about the rent",
            "Can you remember what I’ve already told you about the rent?",
            "Please remember what you were told about this letter",
            "Remember when the rent is due?",
            "Remember the rent in this letter?",
            "记得我上次说过的房租吗？",
            "记得附件里的电话号码吗？",
            "",
        ] {
            check(told, None);
        }
        assert_eq!(pointed_at("Remember this.", &[" "]), None);
    }

    #[test]
    fn of_a_long_text_is_kept_what_shares_words_with_the_request() {
        let filler = "The sea was calm and grey all day.\n".repeat(60);
        let text = format!("{filler}Opening hours:\nten to four.\n{filler}");
        let check = |told: &str, want: &[&str]| {
            let got = pointed_at(told, &[&text]).unwrap();
            assert_eq!(got, want, "{told}");
        };
        check(
            "Remember the opening hours in this file",
            &["the opening hours in this file: Opening hours:\nten to four."],
        );
        let all = pointed_at("Remember this file", &[&text]).unwrap();
        let kept: Vec<&str> = all.iter().flat_map(|piece| piece.lines()).collect();
        assert_eq!(kept, text.lines().collect::<Vec<_>>());
        assert!(all.iter().all(|piece| piece.chars().count() <= 1_000));
        // Each takes a step: of a longer text there are no more, and nothing is left out.
        let longer = text.repeat(20);
        let few = pointed_at("Remember this file", &[&longer]).unwrap();
        assert!(few.len() <= PIECES_MAX + 1, "{}", few.len());
        let lines = few.iter().flat_map(|piece| piece.lines());
        assert_eq!(
            lines.collect::<Vec<_>>(),
            longer.lines().collect::<Vec<_>>()
        );
    }
}
