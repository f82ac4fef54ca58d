//! Data that is written as letters in a text, such as pictures in an export of notes: nothing
//! that somebody reads or looks for.

/// From how many letters of base64 on, with nothing but line ends between, a text is data.
const LETTERS_MIN: usize = 1024;
/// Letters of a line that goes on in the next: fewer are a word. PEM has 64, MIME 76.
const LINE_LETTERS_MIN: usize = 48;

/// `text` without such data, and how many letters are left out. Every line keeps its number.
pub fn without(text: &str) -> (String, usize) {
    let mut kept = String::with_capacity(text.len());
    let mut left_out = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let start = rest.find(is_letter).unwrap_or(rest.len());
        kept.push_str(&rest[..start]);
        rest = &rest[start..];
        let (len, letters) = run(rest);
        let (run, after) = rest.split_at(len);
        if letters >= LETTERS_MIN && is_mixed(run) {
            kept.extend(run.chars().filter(|c| *c == '\n'));
            left_out += letters;
        } else {
            kept.push_str(run);
        }
        rest = after;
    }
    (kept, left_out)
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=')
}

/// The bytes of the run of letters that `text` begins with, with the line ends in it, and how
/// many letters it has.
fn run(text: &str) -> (usize, usize) {
    let (mut len, mut letters) = (0, 0);
    loop {
        let line = &text[len..];
        let count = line
            .bytes()
            .take_while(|b| is_letter(char::from(*b)))
            .count();
        len += count;
        letters += count;
        if count < LINE_LETTERS_MIN {
            return (len, letters);
        }
        let after = &text[len..];
        let next = after.trim_start_matches(['\r', '\n', ' ', '\t']);
        let blank = after.len() - next.len();
        let line = next.split(['\r', '\n']).next().unwrap_or_default();
        // A full last line may be followed by words.
        let is_data = line.starts_with(is_letter) && !line.trim_end().contains(' ');
        if !is_data || !after[..blank].contains('\n') {
            return (len, letters);
        }
        len += blank;
    }
}

/// Prose has no such run, and a list of letters of one kind is something else.
fn is_mixed(run: &str) -> bool {
    let has = |is: fn(&u8) -> bool| run.as_bytes().iter().any(is);
    has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_left_out_and_words_are_not() {
        let check = |text: &str, kept: &str, left_out: usize| {
            assert_eq!(without(text), (kept.to_owned(), left_out), "{text}");
        };
        let data = "aB3/".repeat(400);
        let line = "aB3/".repeat(19);
        let lines = format!("{line}\n").repeat(20);
        check("", "", 0);
        check("The wool of the llama", "The wool of the llama", 0);
        check(&format!("<b>{data}</b> knot"), "<b></b> knot", 1600);
        check(
            &format!("a\n{lines}end ing"),
            &format!("a\n{}end ing", "\n".repeat(20)),
            1520,
        );
        check(
            &format!("  {}</d>", format!("{line}\r\n  ").repeat(20)),
            &format!("  {}\r\n  </d>", "\n".repeat(19)),
            1520,
        );
        // A key of a few lines, a digest, a number of many digits.
        let short = format!("{line}\n").repeat(4);
        check(&short, &short, 0);
        let digits = "31415".repeat(400);
        check(&digits, &digits, 0);
        let path = "src/import/data/".repeat(100);
        check(&path, &path, 0);
        check("磨坊aB3/磨坊", "磨坊aB3/磨坊", 0);
    }
}
