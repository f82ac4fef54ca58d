//! Words by which somebody takes back what was said or planned, before it is said anew: "Scratch that, …",
//! 计划有变：…. They say nothing themselves. What follows is to be kept, also where no model says so.

use std::sync::LazyLock;

use regex::Regex;

use super::values::{Kind, values};
use crate::pattern::laid_out;
use crate::planner::facts::{only_asks, tells_something};

/// What takes something back, at the beginning of a text, with what joins it to the rest.
static TAKES_BACK: LazyLock<Regex> = LazyLock::new(|| {
    laid_out(
        r"(?i)^\W*(?:(?:oh|ah|no|wait|hold\s+on|hang\s+on|sorry|oops|ok|okay|well|hmm|actually|um|please)\b[\s,.!…–—-]*)*
        (?:(?:
        (?:scrap|scratch|strike|cancel|disregard|ignore|forget|undo)\s+(?:that|it|this|what\s+i\s+(?:just\s+)?said|the\s+last\s+(?:one|bit))(?:\s+last\s+(?:one|bit))?
        |(?:(?:a|one|small|slight|quick|last[\s-]minute)\s+)*changes?\s+(?:of|to|in)\s+(?:(?:the|our|my)\s+)?(?:plans?|schedule|mind)
        |(?:(?:the|my|our)\s+)?plans?\s+(?:have\s+|has\s+)?changed
        |(?:(?:a|one|small|slight|quick)\s+)*(?:correction|amendment|update)(?:\s+to\s+(?:that|this|what\s+i\s+said))?
        |let\s+me\s+(?:correct|rephrase)\s+(?:that|this|myself)|i\s+(?:stand\s+corrected|misspoke|take\s+(?:that|it)\s+back|got\s+(?:that|it)\s+wrong)
        |i(?:['’]ve|\s+have)?\s+changed\s+my\s+mind|that(?:\s+was|\s+is|['’]s)\s+(?:wrong|not\s+right|out\s+of\s+date|outdated|no\s+longer\s+true)
        |my\s+(?:mistake|bad|error|apologies)|never\s*mind(?:\s+(?:that|what\s+i\s+said))?|not\s+any\s*more
        )(?:\s*[:,;.!…–—]+\s*|\s+-+\s+|$)
        |(?:on\s+second\s+thoughts?|come\s+to\s+think\s+of\s+it|(?:as\s+it\s+)?turns\s+out(?:\s+that)?|make\s+(?:that|it)|i\s+meant(?:\s+to\s+say)?)(?:\s*[:,]?\s+|$))
        |^\W*(?:哦|啊|嗯|等等|等一下|抱歉|不好意思|对不起|不|那个)*[，,。、\s]*
        (?:(?:刚才|刚刚|之前|上次|前面)?我?(?:说|记|弄|搞|写)错了?|(?:计划|安排|情况|行程|时间)(?:有变化?|变了|有变动|有调整|改了|变更)
        |(?:更正|纠正|勘误|修正|改正)(?:一下|一点)?|我?改主意了|我?(?:改变|变)了?主意了?|(?:刚才|刚刚|之前|上次|前面)(?:那个|那条|那句|说的)?的?(?:不算|作废|不对|取消|收回)
        |(?:收回|忽略|忘掉|别管|不要管|划掉|撤回)(?:刚才|刚刚|之前|上次|前面)?(?:那个|那条|那句|说的)?的?话?|口误|不对|算了)
        (?:[：:，,。！!；;\s]+|$)",
    )
});

/// What `text` says after it took something back; all of it where it takes nothing back.
pub(crate) fn after_taking_back(text: &str) -> &str {
    TAKES_BACK
        .find(text)
        .map_or(text, |found| &text[found.end()..])
}

/// Whether `text` begins by taking something back.
pub(crate) fn takes_back(text: &str) -> bool {
    TAKES_BACK.is_match(text)
}

/// Whether `text` takes something back and then states how it is. A request may follow instead: "scratch
/// that, show me the list".
pub(crate) fn says_it_anew(text: &str) -> bool {
    static STATES: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:am|is|are|was|were|has|have|will|won['’]t|isn['’]t|aren['’]t)\b|['’](?:s|m|re|ve|ll)\b|[是在改到换]",
        )
    });
    static REQUESTS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)^\W*(?:please\s+)?(?:(?:can|could|would|will)\s+you\b|write|draft|show|tell|give|list|make|find|search|open|read|compute|calculate
            |translate|explain|summari[sz]e|help|do|don['’]t|let['’]?s?|try|start|stop|use|send|run|delete|remove|what|who|when|where|why|which|how)\b
            |^(?:请|帮|给|把|写|列|查|找|算|翻译|告诉|打开|删|解释)",
        )
    });
    let rest = after_taking_back(text.trim());
    let is_of_a_time = || {
        let all = values(rest);
        all.iter().any(|value| value.kind != Kind::Number)
    };
    takes_back(text)
        && !REQUESTS.is_match(rest)
        && !only_asks(rest)
        && tells_something(rest)
        && (STATES.is_match(rest) || is_of_a_time())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_is_said_anew() {
        let check = |text: &str, rest: &str| {
            assert_eq!(after_taking_back(text), rest, "{text}");
            assert!(says_it_anew(text), "{text}");
        };
        check(
            "Scratch that, the regatta is on Sunday.",
            "the regatta is on Sunday.",
        );
        check("Oh wait, strike that: my berth is K7.", "my berth is K7.");
        check("Change of plans: we meet on Sunday.", "we meet on Sunday.");
        check(
            "Small correction, the keel is 4 metres.",
            "the keel is 4 metres.",
        );
        check(
            "Sorry, my mistake. The keel is green.",
            "The keel is green.",
        );
        check(
            "On second thought, the regatta will be in Kiel.",
            "the regatta will be in Kiel.",
        );
        check(
            "I've changed my mind: Ole is the skipper.",
            "Ole is the skipper.",
        );
        check(
            "Plans have changed, the boat leaves at 9:30.",
            "the boat leaves at 9:30.",
        );
        check("说错了，船在三号码头。", "船在三号码头。");
        check("计划有变：比赛改到周日。", "比赛改到周日。");
        check("刚才说的不算，船是绿色的。", "船是绿色的。");
        check("更正一下，船长是李明。", "船长是李明。");
    }

    #[test]
    fn what_states_nothing_is_not_kept() {
        for text in [
            "Scratch that.",
            "Scratch that, show me the list.",
            "Never mind, what is the time?",
            "Forget that, please write a poem on Sunday.",
            "Strike that, translate this instead: the keel is green.",
            "The change of plan was good.",
            "They cancel it on Sundays.",
            "Correct the list.",
            "Updates are on Sunday.",
            "My mistakes are many.",
            "Update your notes on Sunday.",
            "Correction fluid is in the drawer.",
            "Never mind the gap, it is 4 metres.",
            "算了。",
            "算了，帮我写一首诗。",
            "不对称的船是新的。",
            "他说错了三次。",
            "",
        ] {
            assert!(!says_it_anew(text), "{text}");
        }
    }
}
