//! What is asked for where an answer is wanted in a certain form or is tried again, in the language
//! of the task: a small model that is asked in English answers a Chinese task in English.

use crate::exec::Execution;
use crate::planner::answer_form::language_request;

/// A request in each language that there are words in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hint {
    english: &'static str,
    chinese: &'static str,
}

impl Hint {
    const fn new(english: &'static str, chinese: &'static str) -> Self {
        Self { english, chinese }
    }

    /// The request in the language of the task `told`.
    fn said_for(&self, told: &str) -> &'static str {
        match language_request(told) {
            Some(_) => self.chinese,
            None => self.english,
        }
    }
}

/// Before the task, below the texts that were found: a small model answers best what comes last.
pub(super) const IN_A_SENTENCE: Hint = Hint::new(
    "Answer this from the text above only, in one short sentence:",
    "只根据上文，用一句话回答：",
);
/// Where an answer has to come from the task alone.
pub(super) const BRIEFLY: Hint = Hint::new("Answer in one short sentence.", "用一句话简短回答。");
/// Where an answer only refused.
pub(super) const IN_WORDS: Hint = Hint::new(
    "Answer in words, as well as you can.",
    "请尽你所能，用文字回答。",
);
/// Where an answer only denied, after the text and the task.
pub(super) const FROM_THE_TEXT: Hint = Hint::new(
    "Answer from this text only, in a few words.",
    "只根据这段文字，用几个字回答。",
);
/// What is answered where nothing that was found says what is asked, and the CPU makes it up.
pub(super) const NOT_SAID: Hint = Hint::new(
    "Nothing that was found says this.",
    "找到的内容里没有提到。",
);
/// What follows that, before what was looked at: a sentence of its own.
pub(super) const LOOKED_AT: Hint = Hint::new(" Looked at: ", "查看过：");
/// The store, among what was looked at.
pub(super) const THE_STORE: Hint = Hint::new("the documents here", "这里的资料");
/// Between what was looked at, and behind it.
pub(super) const AND: Hint = Hint::new(", ", "、");
pub(super) const END: Hint = Hint::new(".", "。");
/// Where an answer left out the number that was computed, which follows.
pub(super) const THE_RESULT: Hint = Hint::new(
    "Answer the task in one sentence. What was computed for it is",
    "用一句话回答上面的问题。已经算出的结果是",
);
/// Where an answer left a question out; the question follows.
pub(super) const ALSO: Hint = Hint::new(
    "Answer only this now, in a sentence:",
    "现在只用一句话回答这个问题：",
);
/// Where an answer is a number and no name.
pub(super) const A_NAME: Hint = Hint::new(
    "A name is asked for, and not a number. Answer with the name, in a few words.",
    "问的是名字，不是数字。用几个字回答这个名字。",
);
/// Where an answer has no number.
pub(super) const A_NUMBER: Hint = Hint::new(
    "A number is asked for. Answer with the number, in a few words.",
    "问的是数字。用几个字回答这个数字。",
);
/// Where a value would have to be made up; the names of the values follow.
pub(super) const WHAT_IS_MISSING: Hint = Hint::new(
    "Not all that a tool needs has been said, and nothing may be made up. In one sentence, ask for:",
    "工具需要的内容还没有说全，不能编造。用一句话询问：",
);

impl Execution {
    /// `hint` in the language of the task.
    pub(super) fn asked_by(&self, hint: &Hint) -> &'static str {
        hint.said_for(self.told())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::HAN;

    #[test]
    fn a_hint_is_in_the_language_of_the_task() {
        let is_chinese = |text: &str| text.contains(|c: char| HAN.contains(&c));
        let check = |told: &str, want: bool| {
            let hints = [
                IN_A_SENTENCE,
                BRIEFLY,
                IN_WORDS,
                FROM_THE_TEXT,
                NOT_SAID,
                LOOKED_AT,
                THE_STORE,
                THE_RESULT,
                ALSO,
                A_NAME,
                A_NUMBER,
                WHAT_IS_MISSING,
            ];
            for hint in hints {
                let said = hint.said_for(told);
                assert_eq!(is_chinese(said), want, "{told}: {said}");
            }
        };
        check("Who carried the sacks?", false);
        check("谁搬了麻袋？", true);
        check("书架上有几本书？", true);
        check("Who is 李明?", false);
        // The task itself is about a language.
        check("把“书架”翻译成英文。", false);
        check("", false);
    }
}
