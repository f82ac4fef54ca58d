//! What models that think aloud write before they act: never part of the action.

/// How the thought of a model begins and ends, by the marks of the families that have any
/// (Qwen3, DeepSeek-R1, SmolLM3 and others; Gemma and gpt-oss mark it in their template's
/// own tokens, which endpoints take away).
const MARKS: [(&str, &str); 2] = [("<think>", "</think>"), ("<thinking>", "</thinking>")];

/// Marks of others, which only endpoints hand on as they are: theirs is the template.
const MARKS_OF_OTHERS: [(&str, &str); 12] = [
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<seed:think>", "</seed:think>"),
    ("[THINK]", "[/THINK]"),
    ("<|channel|>analysis<|message|>", "<|end|>"),
    ("<|channel|>commentary<|message|>", "<|end|>"),
    ("<|channel>thought", "<channel|>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|inner_prefix|>", "<|inner_suffix|>"),
    ("<|think|>", "<|end|>"),
    ("◁think▷", "◁/think▷"),
];

/// Words in place of marks, which mean that only where both are there: how one family was
/// taught to think, and what is left of the marks of another without its own tokens.
const WORDS: [(&str, &str); 2] = [
    ("Here is my thought process:", "Here is my response:"),
    ("analysis", "assistantfinal"),
];

/// How a turn begins whose model names a channel first, and that of answers.
const TURN_WITH_CHANNELS: &str = "<|start|>assistant";
const ANSWER_CHANNEL: &str = "<|channel|>final<|message|>";

/// What may stand before an answer that was marked as one.
const ANSWER_MARKS: [&str; 5] = [
    TURN_WITH_CHANNELS,
    "<|begin|>assistant",
    "<|content|>",
    ANSWER_CHANNEL,
    "<|channel|>final <|constrain|>json<|message|>",
];

/// `text` without thoughts at its beginning. What was cut off while it thought is empty.
///
/// ```
/// use quipu_cpu::without_thought;
///
/// assert_eq!(without_thought("<think>Hm.</think>\n\nYes."), "Yes.");
/// assert_eq!(without_thought("Yes."), "Yes.");
/// ```
pub fn without_thought(text: &str) -> &str {
    let mut rest = text;
    while let Some(said) = after_thought(rest) {
        rest = said;
    }
    rest
}

/// What follows the first thought in `text`, if there is one at its beginning.
fn after_thought(text: &str) -> Option<&str> {
    let begun = text.trim_start();
    // An action, in which the marks are letters like others.
    if begun.is_empty() || begun.starts_with('{') {
        return None;
    }
    if let Some(said) = ANSWER_MARKS
        .iter()
        .find_map(|mark| begun.strip_prefix(mark))
    {
        return Some(said.trim_start());
    }
    for (open, close) in MARKS.iter().chain(&MARKS_OF_OTHERS) {
        if let Some(rest) = begun.strip_prefix(open) {
            return Some(
                rest.split_once(close)
                    .map_or("", |(_, said)| said.trim_start()),
            );
        }
    }
    for (open, close) in WORDS {
        let closed = begun
            .strip_prefix(open)
            .and_then(|rest| rest.split_once(close));
        if let Some((_, said)) = closed {
            return Some(said.trim_start());
        }
    }
    // Where the template has opened it, only the end is in the text.
    MARKS.iter().find_map(|(open, close)| {
        let (before, said) = begun.split_once(close)?;
        (!before.contains(open)).then(|| said.trim_start())
    })
}

/// What closes a thought that a template opens for the model at the end of `prompt`, or says that
/// an answer follows where a model would begin with another channel; empty where neither is needed.
/// The grammar of an action leaves no room to think in.
pub fn closing(prompt: &str) -> &'static str {
    let end = prompt.trim_end();
    if end.ends_with(TURN_WITH_CHANNELS) {
        return ANSWER_CHANNEL;
    }
    // Where a mark ends all that a turn says, the answer is a turn of its own.
    let closes = |marks: &&(&str, &str)| end.ends_with(marks.0) && marks.1 != "<|end|>";
    MARKS
        .iter()
        .chain(&MARKS_OF_OTHERS)
        .find(closes)
        .map_or("", |(_, close)| match *close {
            "</think>" => "\n</think>\n\n",
            "</thinking>" => "\n</thinking>\n\n",
            close => close,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thought_is_no_part_of_what_is_said() {
        let check = |text: &str, want: &str| assert_eq!(without_thought(text), want, "{text}");
        check("Hello.", "Hello.");
        check("<think>\nhm {\n</think>\n\nHello.", "Hello.");
        check("hm\n</think>\nHello.", "Hello.");
        check("<think>cut off", "");
        check(
            "A tag is <think> and its end.",
            "A tag is <think> and its end.",
        );
        check("", "");
        check("<think>\n\n</think>\n\n<think>b</think>{}", "{}");
        check("[THINK]hm[/THINK]{}", "{}");
        check("<reasoning>hm</reasoning>\n{}", "{}");
        check(
            "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>{}",
            "{}",
        );
        check("◁think▷hm◁/think▷{}", "{}");
        check(
            "Here is my thought process:\nhm\n\nHere is my response:\n{}",
            "{}",
        );
        check("analysisWe count.assistantfinal{}", "{}");
        check("analysis of the poem", "analysis of the poem");
        check(
            "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>commentary\
             <|message|>so<|end|><|start|>assistant<|channel|>final<|message|>{}",
            "{}",
        );
        check("<|think|>hm<|end|><|begin|>assistant<|content|>{}", "{}");
        let about = r#"{"answer":"the mark </think> ends it"}"#;
        check(about, about);
    }

    #[test]
    fn a_thought_that_a_template_opens_is_closed() {
        let check = |prompt: &str, want: &str| assert_eq!(closing(prompt), want, "{prompt}");
        check("<|im_start|>assistant\n<think>\n", "\n</think>\n\n");
        check("<|im_start|>assistant\n<think>\n\n</think>\n\n", "");
        check("<|im_start|>assistant\n", "");
        check("<|CHATBOT_TOKEN|><|START_THINKING|>", "<|END_THINKING|>");
        check("<turn>model\n<|channel>thought\n", "<channel|>");
        check("<|begin|>assistant<|think|>", "");
        check("<|start|>assistant", "<|channel|>final<|message|>");
    }
}
