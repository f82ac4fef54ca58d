//! Signs that Chinese has in two forms: the traditional one is looked for as the simplified one, so
//! that 簡體 and 简体 find each other. Several may become one: 裡 and 里 are both 里.

use std::sync::LazyLock;

use hanconv::Dictionary;

/// Each traditional sign with its simplified one, in order.
static SIMPLIFIED: LazyLock<Vec<(char, char)>> = LazyLock::new(|| {
    let pairs = Dictionary::TSCharacters.iter();
    let pairs = pairs.filter_map(|(from, to)| Some((only(from)?, only(to)?)));
    let mut signs: Vec<(char, char)> = pairs.filter(|(from, to)| from != to).collect();
    signs.sort_unstable();
    signs
});

/// The sign that `text` is, if it is one.
fn only(text: &str) -> Option<char> {
    let mut signs = text.chars();
    signs.next().filter(|_| signs.as_str().is_empty())
}

/// `c` as it is looked for.
pub(super) fn simplified(c: char) -> char {
    let found = SIMPLIFIED.binary_search_by_key(&c, |(from, _)| *from);
    found.map_or(c, |at| SIMPLIFIED[at].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traditional_sign_is_its_simplified_one() {
        let check = |text: &str, want: &str| {
            let got: String = text.chars().map(simplified).collect();
            assert_eq!(got, want);
        };
        check("簡體", "简体");
        check("简体", "简体");
        check("臺灣圖書館", "台湾图书馆");
        check("裡里", "里里");
        check("日本の語 abc한", "日本の语 abc한");
    }
}
