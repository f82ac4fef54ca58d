//! Text that is written from right to left: a page has its letters as one sees them, from
//! left to right, and readers want them in the order in which they are read.

/// `seen`, from left to right, in the order of reading.
pub fn logical(seen: &str) -> String {
    if !seen.chars().any(is_rtl) {
        return seen.to_owned();
    }
    let letters: Vec<char> = seen.chars().collect();
    let count = |is: fn(char) -> bool| letters.iter().filter(|c| is(**c)).count();
    let mostly = count(is_rtl) > count(|c| c.is_alphabetic() && !is_rtl(c));
    match mostly {
        true => turned(&letters),
        false => parts_turned(&letters),
    }
}

/// A line from right to left, in which numbers and foreign words go on from left to right.
fn turned(letters: &[char]) -> String {
    let mut text = String::new();
    let mut end = letters.len();
    while end > 0 {
        let mut start = end;
        while start > 0 && goes_right(letters, start - 1) {
            start -= 1;
        }
        if start < end {
            text.extend(&letters[start..end]);
            end = start;
            continue;
        }
        // A mark stands after the letter it belongs to, on both ways.
        let mut first = end - 1;
        while first > 0 && is_mark(letters[first]) && is_rtl(letters[first - 1]) {
            first -= 1;
        }
        text.push(mirrored(letters[first]));
        text.extend(&letters[first + 1..end]);
        end = first;
    }
    text
}

/// A line from left to right with words in it that go the other way.
fn parts_turned(letters: &[char]) -> String {
    let mut text = String::new();
    let mut at = 0;
    while at < letters.len() {
        if !is_rtl(letters[at]) {
            text.push(letters[at]);
            at += 1;
            continue;
        }
        let mut end = at;
        for (n, c) in letters.iter().enumerate().skip(at) {
            if is_rtl(*c) {
                end = n + 1;
            } else if c.is_alphanumeric() {
                break;
            }
        }
        text.push_str(&turned(&letters[at..end]));
        at = end;
    }
    text
}

/// Whether the letter at `at` is part of a number or a word from left to right.
fn goes_right(letters: &[char], at: usize) -> bool {
    let right = |c: &char| c.is_alphanumeric() && !is_rtl(*c);
    let c = letters[at];
    let inside = matches!(c, '.' | ',' | '-' | '/' | ':' | '@' | '_' | '%')
        && at > 0
        && letters.get(at - 1).is_some_and(right)
        && letters.get(at + 1).is_some_and(right);
    right(&c) || inside
}

fn is_rtl(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}')
        && !matches!(c, '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}')
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{64b}'..='\u{65f}' | '\u{670}')
}

fn mirrored(c: char) -> char {
    match c {
        '(' => ')',
        ')' => '(',
        '[' => ']',
        ']' => '[',
        '«' => '»',
        '»' => '«',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_from_the_right_is_turned() {
        let check = |seen: &str, read: &str| assert_eq!(logical(seen), read);
        check("wool and cord", "wool and cord");
        check("םולש", "שלום");
        check("42 םולש", "שלום 42");
        check("(םולש) 3.5", "3.5 (שלום)");
        check("he said םלוע םולש twice", "he said שלום עולם twice");
    }
}
