//! Marks of punctuation, as the network knows them.

/// Whether `c` is a mark that the network knows.
pub fn is_mark(c: char) -> bool {
    ";:,.!?—…“”()".contains(c)
}

/// Whether a mark stands at the end of what it belongs to.
pub fn is_closing(c: char) -> bool {
    ";:,.!?…”)".contains(c)
}

/// The mark that stands for `c`, which may be one of Chinese; none where it is left out.
pub fn plain(c: char) -> Option<char> {
    Some(match c {
        '，' | '、' => ',',
        '。' | '．' | '｡' => '.',
        '！' => '!',
        '？' => '?',
        '：' => ':',
        '；' => ';',
        '（' | '[' | '【' | '〔' => '(',
        '）' | ']' | '】' | '〕' => ')',
        '《' | '「' | '『' | '〈' | '«' => '“',
        '》' | '」' | '』' | '〉' | '»' => '”',
        '–' | '－' | '―' => '—',
        '⋯' => '…',
        c if is_mark(c) => c,
        _ => return None,
    })
}

/// Whether a sentence may end with `c`.
pub fn ends_sentence(c: char) -> bool {
    ".!?…。！？｡".contains(c)
}
