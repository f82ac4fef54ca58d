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

#[cfg(test)]
mod tests {
    use super::*;

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
