//! Ids the store gives: a letter for the kind and a number that never comes back.
//! Short, because a language model has to type them.

use crate::page::{Kind, PageId};

/// The last number given out, or seen in an id that looks like one of ours.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ids {
    pub(crate) last: i64,
}

/// Numbers a caller may write that still move the count; beyond it no id is ever given.
const SEEN_MAX: i64 = 1 << 53;

impl Ids {
    /// A fresh id.
    pub(crate) fn next(&mut self, kind: Kind) -> PageId {
        self.last += 1;
        let letter = match kind {
            Kind::Document => 'd',
            Kind::Memory => 'm',
        };
        PageId::from(format!("{letter}{}", self.last))
    }

    /// Notes an id chosen by the caller, so that `next` never gives it to another page.
    pub(crate) fn saw(&mut self, id: &PageId) {
        let digits = id.as_str().strip_prefix(['d', 'm']);
        if let Some(number) = digits.and_then(|digits| digits.parse::<i64>().ok())
            && number < SEEN_MAX
        {
            self.last = self.last.max(number);
        }
    }
}

impl PageId {
    /// Whether it has the form of an id that a machine gives: a letter for the kind and a number
    /// (`m17`, `d18`), or the process and the step that kept it (`m3-2`). Callers choose others.
    pub fn is_given(&self) -> bool {
        let is_number =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let numbers = self.as_str().strip_prefix(['d', 'm']);
        numbers.is_some_and(|numbers| numbers.splitn(2, '-').all(is_number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_id_is_told_from_a_chosen_one() {
        let check = |id: &str, want: bool| assert_eq!(PageId::from(id).is_given(), want, "{id}");
        check(Ids::default().next(Kind::Document).as_str(), true);
        check(Ids::default().next(Kind::Memory).as_str(), true);
        check("m3-12", true);
        check("7", false);
        check("m", false);
        check("m3-", false);
        check("m3-1-2", false);
        check("MED-10", false);
        check("notes.md#1", false);
        check("", false);
    }

    #[test]
    fn a_number_never_comes_back() {
        let mut ids = Ids::default();
        assert_eq!(ids.next(Kind::Memory).as_str(), "m1");
        for (seen, then) in [
            ("d5", "d6"),
            ("m3", "d7"),
            ("m-9", "d8"),
            ("dx", "d9"),
            ("m99999999999999999999", "d10"),
        ] {
            ids.saw(&PageId::from(seen));
            assert_eq!(ids.next(Kind::Document).as_str(), then, "after {seen}");
        }
    }
}
