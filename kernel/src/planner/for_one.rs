//! A task for each of several texts, in the words in which it is given to a process that has one
//! of these texts; and whether such a process is shown more than its text. Decided by words,
//! without a model.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::several::is_for_each;
use crate::pattern::{HAN, laid_out, pattern};
use crate::process::Program;

/// What an English task calls one of the texts.
const NOUNS: &str = "document|file|text|letter|report|article|e-?mail|message|invoice|paper|review\
    |receipt|recipe|contract|bill|essay|abstract|attachment|transcript";
/// The same in Chinese.
const HAN_NOUNS: &str =
    "文件|文档|文章|文本|材料|附件|信件|邮件|信|报告|合同|发票|收据|论文|评论|简历";

/// Added to a task that cannot be reworded for one text.
const ONLY_THIS: &str = "Only the text attached here is meant: answer for this one alone.";
/// The same in Chinese.
const ONLY_THIS_HAN: &str = "这里只指附上的这一份，只针对它回答。";

/// `task`, which asks the same of several texts, for one of these: "for each document" becomes
/// "for this document". If other words still speak of several, the task stays as it is, with a
/// sentence that says what is meant. A task for one text is not changed.
pub(crate) fn for_one(task: &str) -> String {
    let task = task.trim();
    if !is_for_each(task) {
        return task.to_owned();
    }
    let is_chinese = task.contains(|c: char| HAN.contains(&c));
    let (one, only_this) = match is_chinese {
        true => (of_one_han(task), ONLY_THIS_HAN),
        false => (of_one(task), ONLY_THIS),
    };
    one.unwrap_or_else(|| format!("{task}\n\n{only_this}"))
}

/// An English task with "this document" for "each document"; `None` where other words still speak
/// of several.
fn of_one(task: &str) -> Option<String> {
    static EACH: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(&format!(
            r"(?i)\b(?:each|every)\s+(?:one\s+)?of\s+(?:the|these|those|my|our)\s+
            (?:attached\s+)?(?:(?:\d+|two|three|four|five|six)\s+)?(?:attached\s+)?
            (?P<of>{NOUNS})s\b
            |\b(?:each|every)\s+(?:single\s+)?(?:attached\s+)?(?P<one>{NOUNS})\b"
        ))
    });
    static SEVERAL: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(&format!(
            r"(?i)\b(?:each|every|one\s+by\s+one|they|them|their|these|those|all|both|others?
            |another|together|compare|respectively|(?:{NOUNS})s)\b"
        ))
    });
    let this = |found: &Captures<'_>| {
        let noun = found.name("of").or(found.name("one"));
        let noun = noun.map_or("", |noun| noun.as_str());
        match found[0].starts_with('E') {
            true => format!("This {noun}"),
            false => format!("this {noun}"),
        }
    };
    let one = EACH.replace_all(task, this);
    let is_enough = one != task && !SEVERAL.is_match(&one);
    is_enough.then(|| one.into_owned())
}

/// The same of a Chinese task.
fn of_one_han(task: &str) -> Option<String> {
    static EACH: LazyLock<Regex> = LazyLock::new(|| {
        pattern(&format!(
            "每一?(?P<count>[个份篇封])?(?:附上的|附带的)?(?P<noun>{HAN_NOUNS})"
        ))
    });
    static THESE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(&format!(
            "(?:这些|上述|所有|全部|这几(?P<count>[个份篇封]))的?(?:附上的|附带的)?(?P<noun>{HAN_NOUNS})"
        ))
    });
    static ONE_BY_ONE: LazyLock<Regex> = LazyLock::new(|| pattern("逐一|逐个|分别"));
    static SEVERAL: LazyLock<Regex> = LazyLock::new(|| {
        pattern("每|逐|分别|各|这些|这几|它们|他们|她们|其他|其它|所有|全部|上述|比较")
    });
    let this = |found: &Captures<'_>| {
        let noun = &found["noun"];
        let count = found
            .name("count")
            .map_or(counted(noun), |one| one.as_str());
        format!("这{count}{noun}")
    };
    let mut one = EACH.replace_all(task, this).into_owned();
    if ONE_BY_ONE.is_match(&one) {
        one = THESE.replace_all(&one, this).into_owned();
        let names_one = one != task;
        if !names_one {
            return None;
        }
        one = ONE_BY_ONE.replace_all(&one, "").into_owned();
    }
    let is_enough = one != task && !SEVERAL.is_match(&one);
    is_enough.then_some(one)
}

/// The Chinese measure word with which a text of this name is counted.
fn counted(noun: &str) -> &'static str {
    match noun {
        "文章" | "文本" | "论文" => "篇",
        "信" | "信件" | "邮件" => "封",
        "评论" => "条",
        _ => "份",
    }
}

/// Whether `program` answers only for the one text that another process gave it. Then the store
/// is out of its sight. A task that speaks of what is kept, or of other texts, is no such task.
pub(crate) fn is_for_its_text(program: &Program) -> bool {
    static SPEAKS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:memor(?:y|ies|i[sz]e)|remember(?:ed)?|remind|recall|you\s+know|told
            |(?:my|our|your)\s+notes?|knowledge|library|archive|stored?|sav(?:e|ed)|search
            |look\s+up|others?|another|earlier|previous|compare)\b
            |[记記](?:忆|得|住|下|录)|保存|笔记|资料库|知识库|搜索|查找|检索|查一下
            |其他|其它|另外|别的|之前|以前|比较|对照",
        )
    });
    let is_given_one = program.child_of.is_some() && program.attached.len() == 1;
    is_given_one && !SPEAKS.is_match(program.told())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::{Label, Trust};
    use crate::process::{Attached, ChildOf};

    #[test]
    fn a_task_for_each_is_put_for_one() {
        let check = |task: &str, want: &str| assert_eq!(for_one(task), want, "{task}");
        check(
            "For each document, what is it about in five words?",
            "For this document, what is it about in five words?",
        );
        check(
            "For each of the attached letters, name its writer.",
            "For this letter, name its writer.",
        );
        check(
            "Every report has a date. Name it for each of the 3 reports.",
            "This report has a date. Name it for this report.",
        );
        check(
            "What is the date of every attached e-mail?",
            "What is the date of this e-mail?",
        );
        check(
            "对每份文件，用五个词说明它的内容。",
            "对这份文件，用五个词说明它的内容。",
        );
        check("请逐一概括这些文件。", "请概括这份文件。");
        check("请分别说明每一封邮件的主题。", "请说明这封邮件的主题。");
        check("每篇文章讲了什么？", "这篇文章讲了什么？");
        // For one already.
        check(" Tell its mark. ", "Tell its mark.");
        check("概括这份文件。", "概括这份文件。");
    }

    #[test]
    fn what_speaks_of_several_all_the_same_is_explained() {
        let check = |task: &str, said: &str| {
            assert_eq!(for_one(task), format!("{task}\n\n{said}"), "{task}");
        };
        check("Name the writer of each. Who wrote most?", ONLY_THIS);
        check("For each file, say which other files it names.", ONLY_THIS);
        check("For each of the towns, name its river.", ONLY_THIS);
        check("Sum the letters up one by one.", ONLY_THIS);
        check("请逐一概括。", ONLY_THIS_HAN);
        check("每份文件和其他文件有什么不同？", ONLY_THIS_HAN);
        check("这些文件每天更新，请分别概括。", ONLY_THIS_HAN);
    }

    #[test]
    fn who_answers_for_one_text_sees_nothing_else() {
        let check = |task: &str, texts: usize, is_child: bool, want: bool| {
            let text = |n| Attached {
                picture: None,
                text: "text".into(),
                label: Label::new(format!("file:{n}.txt"), Trust::Untrusted),
            };
            let place = ChildOf {
                pid: 1,
                step: 1,
                at: 0,
            };
            let program = Program {
                attached: (0..texts).map(text).collect(),
                child_of: is_child.then_some(place),
                ..Program::new(task)
            };
            assert_eq!(is_for_its_text(&program), want, "{task}");
        };
        check("For this letter, name its writer.", 1, true, true);
        check("说明这封邮件的主题。", 1, true, true);
        check(&for_one("Sum the letters up one by one."), 1, true, true);
        check("For this letter, name its writer.", 1, false, false);
        check("For this letter, name its writer.", 0, true, false);
        check("Does this letter fit with your memory?", 1, true, false);
        check("Is this letter like the other ones?", 1, true, false);
        check("Remember the date of this letter.", 1, true, false);
        check("这封信和之前的一样吗？", 1, true, false);
    }
}
