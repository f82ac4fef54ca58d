//! Patterns for texts: `*` stands for any run of characters, everything else for itself.

use serde::{Deserialize, Serialize};

/// What separates the members of a list that is written as one text.
const SEPARATORS: &[char] = &[',', ';', '|'];

/// What ends the host of an address, and what comes before one.
const HOST_ENDS: &[char] = &['/', '?', '#', '\\', '@', '%'];
/// What is in no name of a mailbox, or ends it.
const MAILBOX_ENDS: &[char] = &['@', '<', '>', '"', '/', ':', '\\'];

/// A text with `*` for what may differ; `\*` is a star and `\\` a backslash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Pattern {
    written: String,
    /// What stands between the stars; never empty.
    parts: Vec<String>,
}

impl From<String> for Pattern {
    fn from(written: String) -> Self {
        let (mut parts, mut part) = (Vec::new(), String::new());
        let mut chars = written.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '*' => parts.push(std::mem::take(&mut part)),
                '\\' if matches!(chars.peek(), Some('*' | '\\')) => part.extend(chars.next()),
                c => part.push(c),
            }
        }
        parts.push(part);
        Self { written, parts }
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.written
    }
}

impl Pattern {
    /// The pattern that fits `text` and nothing else.
    pub fn exactly(text: &str) -> Self {
        text.replace('\\', "\\\\").replace('*', "\\*").into()
    }

    /// As it was written.
    pub fn written(&self) -> &str {
        &self.written
    }

    /// Whether `text` fits as it is. Where a star is only a part of the pattern, it stands
    /// for no separator and no white space: `*@a.org` is one address, and no list that ends
    /// with one. In `https://*.a.org/*` the first star stands for a part of the host: an address
    /// of another host may have `.a.org/` further on.
    pub fn fits(&self, text: &str) -> bool {
        let joins = |c: char| SEPARATORS.contains(&c) || c.is_whitespace() || c.is_control();
        let is_any = self.parts.iter().all(String::is_empty);
        let is_plain = |at: usize, gap: &str| {
            is_any || !(gap.contains(joins) || gap.contains(self.ends_of(at)))
        };
        fits(&self.parts, text, &is_plain)
    }

    /// Whether it names the function `name` of a device, or the device, and with it all its
    /// functions, in upper or lower case: for rules that forbid. A rule for `mail` or
    /// `Mail.Send` would else hold for nothing.
    pub fn names(&self, name: &str) -> bool {
        let device = name.split_once('.').map(|(device, _)| device);
        self.fits_loosely(name) || device.is_some_and(|device| self.fits_loosely(device))
    }

    /// What is wrong with it as the name of tools, if it can name none.
    pub fn problem(&self) -> Option<&'static str> {
        let is_strange = |c: char| c.is_whitespace() || c.is_control() || c == '?';
        let is_none = self.written.is_empty() || self.written.contains(is_strange);
        is_none.then_some(
            "tool names no tool: it is written as TOOL.FUNCTION, and `*` stands for anything",
        )
    }

    /// What the star behind the part `at` does not stand for beside separators: what ends the
    /// host or the mailbox that it is in.
    fn ends_of(&self, at: usize) -> &'static [char] {
        let (before, after) = self.parts.split_at(at + 1);
        let is_last = after.iter().all(String::is_empty);
        match after.first() {
            Some(next) if next.starts_with('@') => MAILBOX_ENDS,
            _ if !is_last && is_in_a_host(&before.concat()) => HOST_ENDS,
            _ => &[],
        }
    }

    /// Whether `text`, or a member of it where it is a list, fits in upper or lower case: for
    /// rules that forbid.
    pub fn fits_loosely(&self, text: &str) -> bool {
        let parts: Vec<String> = self.parts.iter().map(|part| part.to_lowercase()).collect();
        let text = text.to_lowercase();
        let is_end = |c: char| SEPARATORS.contains(&c) || c.is_whitespace() || "<>\"'".contains(c);
        let members = text.split(is_end).filter(|member| !member.is_empty());
        let mut candidates = [text.as_str(), text.trim()].into_iter().chain(members);
        candidates.any(|text| fits(&parts, text, &|_, _| true))
    }
}

/// Whether what comes after the text `before` is a part of the host of an address.
fn is_in_a_host(before: &str) -> bool {
    let (scheme, host) = before.split_once("://").unwrap_or_default();
    let is_web = ["http", "https"]
        .iter()
        .any(|web| scheme.eq_ignore_ascii_case(web));
    is_web && !host.contains(HOST_ENDS)
}

/// Whether `text` is the `parts` in their order, with something that `gap` lets pass between
/// two of them, behind the part of this number.
fn fits(parts: &[String], text: &str, gap: &dyn Fn(usize, &str) -> bool) -> bool {
    let Some((first, rest)) = parts.split_first() else {
        return false;
    };
    let Some((last, middle)) = rest.split_last() else {
        return text == first;
    };
    let Some(mut left) = text.strip_prefix(first.as_str()) else {
        return false;
    };
    for (before, part) in middle.iter().enumerate() {
        // The first place is the best one: it leaves most to the parts that follow.
        let Some(at) = left.find(part.as_str()) else {
            return false;
        };
        if !gap(before, &left[..at]) {
            return false;
        }
        left = &left[at + part.len()..];
    }
    let rest = left.strip_suffix(last.as_str());
    rest.is_some_and(|rest| gap(middle.len(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_named_with_its_functions() {
        let check = |pattern: &str, name: &str, want: bool| {
            let pattern = Pattern::from(pattern.to_owned());
            assert_eq!(pattern.names(name), want, "{} {name}", pattern.written());
        };
        check("mail", "mail.send", true);
        check("mail.send", "mail.send", true);
        check("mail.*", "mail.send", true);
        check("lookup", "lookup", true);
        check("mail", "mailbox.send", false);
        check("send", "mail.send", false);
        check("mail.read", "mail.send", false);
        check("Mail.Send", "mail.send", true);
        check("MAIL", "mail.send", true);
        check("mail.getuser", "mail.getUser", true);
    }

    #[test]
    fn a_name_that_no_tool_has_is_a_mistake() {
        let check = |pattern: &str, want: bool| {
            let pattern = Pattern::from(pattern.to_owned());
            assert_eq!(pattern.problem().is_some(), want, "{}", pattern.written());
        };
        for sound in ["*", "mail", "mail.*", "mail.send", "mail_2.get-User"] {
            check(sound, false);
        }
        for wrong in [
            "",
            " ",
            "mail.send ",
            "mail, bank",
            "mail.sen?",
            "mail\tsend",
        ] {
            check(wrong, true);
        }
    }

    #[test]
    fn a_star_stays_in_its_host_and_in_its_mailbox() {
        let check = |pattern: &str, text: &str, want: bool| {
            let pattern = Pattern::from(pattern.to_owned());
            assert_eq!(pattern.fits(text), want, "{} {text}", pattern.written());
        };
        let hosts = "https://*.a.org/*";
        check(hosts, "https://www.a.org/page?q=1", true);
        check(hosts, "https://x.y.a.org/", true);
        for other in [
            "https://b.org/?q=.a.org/",
            "https://b.org/x.a.org/page",
            "https://b.org#.a.org/",
            "https://b.org\\.a.org/",
            "https://me@b.org%2f.a.org/",
        ] {
            check(hosts, other, false);
        }
        check("https://*/page", "https://a.org:8080/page", true);
        check("https://*/page", "https://a.org/other/page", false);
        // Behind the host it stands for whatever there is, and so it does by itself.
        check("https://a.org/*/x*", "https://a.org/b/c/x?y=z", true);
        check("https://*", "https://b.org/x?y", true);
        check("*.txt", "notes/a.txt", true);
        check("*", "a, b", true);
        let friends = "*@a.org";
        check(friends, "ann.b+c@a.org", true);
        for other in [
            "eve@b.org@a.org",
            "<eve@b.org>x@a.org",
            "eve@b.org\u{0}@a.org",
            "eve@b.org,x@a.org",
            "eve@b.org x@a.org",
        ] {
            check(friends, other, false);
        }
        // Rules that forbid find it wherever it stands.
        let loosely = |text: &str| Pattern::from(friends.to_owned()).fits_loosely(text);
        assert!(loosely("<x@A.org>, eve@b.org") && loosely("eve@b.org@a.org"));
    }
}
