//! Output for a terminal or a line printer as plain text: without colours, with each letter once
//! where it was struck twice, and with line ends of its own.

/// What begins a colour, or a movement of the cursor.
const ESCAPE: char = '\x1b';
/// What goes one letter back.
const BACK: char = '\x08';

/// `text` as it is read on a terminal. Every line keeps its number.
pub fn plain(text: String) -> String {
    let text = match text.contains(ESCAPE) {
        true => console::strip_ansi_codes(&text).into_owned(),
        false => text,
    };
    let text = match text.contains(BACK) {
        true => struck_once(&text),
        false => text,
    };
    // Old programs of Apple ended lines so.
    match text.contains('\r') && !text.contains('\n') {
        true => text.replace('\r', "\n"),
        false => text,
    }
}

/// Bold letters were struck twice, and underlined ones over a line: the last one is meant.
fn struck_once(text: &str) -> String {
    let mut once = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            BACK if !once.ends_with('\n') => drop(once.pop()),
            BACK => {}
            letter => once.push(letter),
        }
    }
    once
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_shows_is_text() {
        let check = |text: &str, expected: &str| assert_eq!(plain(text.to_owned()), expected);
        check("plain\r\nlines\r\n", "plain\r\nlines\r\n");
        check(
            "\x1b[31mERROR\x1b[0m of \x1b[1;4mwool\x1b[m",
            "ERROR of wool",
        );
        check("N\x08NA\x08AM\x08ME\x08E", "NAME");
        check("_\x08w_\x08o_\x08o_\x08l", "wool");
        check("a\n\x08b", "a\nb");
        check("one\rtwo\r", "one\ntwo\n");
        check("磨\x08磨坊", "磨坊");
    }
}
