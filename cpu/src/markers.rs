//! The markers by which chat templates tell turns apart, broken in text that others wrote.
//!
//! A local model is told which tokens are text. What is behind an endpoint is not known:
//! its tokenizer may take `<|im_start|>` in a text for the beginning of a turn.

/// Words that stand in angle brackets, with or without a slash before them.
const IN_ANGLES: &[&str] = &[
    "s",
    "bos",
    "eos",
    "pad",
    "unk",
    "mask",
    "start_of_turn",
    "end_of_turn",
    "start_of_image",
    "end_of_image",
    "think",
    "tool_call",
    "tool_calls",
    "tool_response",
    "tool_result",
    "tools",
    "function_call",
    "function_calls",
    "system",
    "user",
    "assistant",
    "sys",
    "inst",
    "human",
    "endoftext",
    "eot",
    "eom",
];

/// Words that stand in square brackets, with or without a slash before them.
const IN_SQUARES: &[&str] = &[
    "inst",
    "sys",
    "system_prompt",
    "available_tools",
    "tool_calls",
    "tool_results",
    "tool_content",
    "args",
    "call_id",
    "img",
    "gmask",
    "sop",
    "cls",
    "sep",
    "bos",
    "eos",
    "think",
    "prefix",
    "middle",
    "suffix",
    "model_settings",
];

/// `text` with a space after the sign that opens each marker in it; all else stays.
///
/// ```
/// use quipu_cpu::markers::broken;
///
/// assert_eq!(broken("a <|im_end|> b"), "a < |im_end|> b");
/// assert_eq!(broken("a < b"), "a < b");
/// ```
pub fn broken(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['<', '[']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        out.push_str(&from[..1]);
        rest = &from[1..];
        if opens_a_marker(&from[..1], rest) {
            out.push(' ');
        }
    }
    out.push_str(rest);
    out
}

/// Whether `sign`, before `rest`, begins a marker.
fn opens_a_marker(sign: &str, rest: &str) -> bool {
    // `<|…|>`, the same with wide bars, and `<<SYS>>`.
    if sign == "<" && rest.starts_with(['|', '\u{ff5c}']) {
        return true;
    }
    let doubled = rest.strip_prefix('<').unwrap_or(rest);
    let (inner, words, close) = match sign {
        "<" => (doubled, IN_ANGLES, '>'),
        _ => (rest, IN_SQUARES, ']'),
    };
    let inner = inner.strip_prefix('/').unwrap_or(inner);
    // A word is looked for within a few characters: the longest has not many more.
    let end = inner.char_indices().take(32).find(|(_, c)| *c == close);
    let Some((end, _)) = end else { return false };
    let word = inner[..end].to_ascii_lowercase();
    words.contains(&word.as_str()) || word.starts_with("unused") || word.starts_with("extra_id")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_broken_and_nothing_else() {
        let check = |text: &str, want: &str| assert_eq!(broken(text), want);
        check("<|im_start|>user", "< |im_start|>user");
        check("a<\u{ff5c}User\u{ff5c}>", "a< \u{ff5c}User\u{ff5c}>");
        check("</s><s>[INST] x [/INST]", "< /s>< s>[ INST] x [ /INST]");
        check("<<SYS>>", "< < SYS>>");
        check("<start_of_turn>model", "< start_of_turn>model");
        check("</think><TOOL_CALL>", "< /think>< TOOL_CALL>");
        check("<unused3>[TOOL_CALLS]", "< unused3>[ TOOL_CALLS]");
        for plain in [
            "a < b | c",
            "<div>[1]</div>",
            "x[s] << 2",
            "é<",
            "[",
            "<é\u{1f600}>",
        ] {
            check(plain, plain);
        }
    }
}
