//! Questions that are put with examples: a small model sorts far better by what it is shown
//! than by what it is told. The examples stand before the text, so that they are computed
//! once and shared by all processes; a question costs the tokens of the text.

use crate::cpu::{Message, Role};
use crate::label::Label;

/// Characters of a text that are shown: of a longer one its beginning and its end.
const TEXT_CHARS: usize = 900;
/// Of these, characters of its end.
const END_CHARS: usize = 300;

/// A task with examples.
#[derive(Debug)]
pub struct Lesson {
    /// What is to be done, as the system's message.
    pub task: &'static str,
    /// Texts and the label of each.
    pub examples: &'static [(&'static str, &'static str)],
    /// The labels; the last is the one that the others are held against.
    pub labels: &'static [&'static str],
}

impl Lesson {
    /// The messages that end with `text`; the next word is its label.
    pub fn messages(&self, text: &str) -> Vec<Message> {
        let say = |role, text: &str| Message {
            role,
            text: text.to_owned(),
            label: Label::kernel(),
        };
        let mut messages = vec![say(Role::System, self.task)];
        for (text, label) in self.examples {
            messages.push(say(Role::User, text));
            messages.push(say(Role::Assistant, label));
        }
        messages.push(say(Role::User, &cut(text)));
        messages
    }

    /// The texts that begin each label.
    pub fn options(&self) -> Vec<Vec<String>> {
        let labels = self.labels.iter();
        labels.map(|label| vec![(*label).to_owned()]).collect()
    }
}

/// The beginning and the end of a long text.
fn cut(text: &str) -> String {
    let text = text.trim();
    let chars = text.chars().count();
    if chars <= TEXT_CHARS {
        return text.to_owned();
    }
    let begins: String = text.chars().take(TEXT_CHARS - END_CHARS).collect();
    let ends: String = text.chars().skip(chars - END_CHARS).collect();
    format!("{begins} … {ends}")
}

/// What a message to an assistant wants.
pub static SORT: Lesson = Lesson {
    task: "You sort messages to an assistant. Answer with one word:\n\
           remember: the person tells a fact, a wish or a change about their life, to be kept \
           for later\n\
           recall: the person asks about their own life, things or plans, which only they can \
           have told\n\
           compute: something has to be worked out from what the message gives: arithmetic, \
           counting, dates, sorting\n\
           other: knowledge, writing, translating, explaining, chatting, anything else",
    examples: &[
        ("Which river flows through Ghent?", "other"),
        (
            "Our gardener comes on Wednesdays now, no longer on Fridays.",
            "remember",
        ),
        (
            "A crate holds 18 jars. How many jars are in 35 crates if 4 of them are half empty?",
            "compute",
        ),
        ("Who cuts our hedge?", "recall"),
        (
            "Translate into Dutch: Don't forget to bring the tickets.",
            "other",
        ),
        ("别忘了，我对虾过敏。", "remember"),
        (
            "Write a short note to Anke: the rehearsal is moved to Monday.",
            "other",
        ),
        ("把这些数从小到大排： 81， 17， 54， 29", "compute"),
        ("我女儿的钢琴老师姓什么？", "recall"),
        ("Please call me Jo from now on.", "remember"),
        ("Do you remember how photosynthesis works?", "other"),
        (
            "How often does the letter t occur in 'attention to the tent'?",
            "compute",
        ),
        ("为什么天空是蓝色的？", "other"),
        ("What size are my ski boots?", "recall"),
        ("How many moons does Mars have?", "other"),
        (
            "I keep the passports in the grey tin, just so you know.",
            "remember",
        ),
        ("We moved house in May, we're in Deventer now.", "remember"),
        ("I am a nurse on nights, so I sleep until two.", "remember"),
        ("How many keys has a piano?", "other"),
        ("What does petrol cost today?", "other"),
        (
            "My tailor is called Ozil, in case you need it later.",
            "remember",
        ),
        (
            "I have 24 stamps and give a third to Ben. How many are left?",
            "compute",
        ),
        ("Always answer me in British spelling.", "remember"),
        ("Suggest a present that my sister would like.", "recall"),
        ("Explain what a median is.", "other"),
        ("When does our lease end?", "recall"),
        ("我搬到青岛了。", "remember"),
        ("记住：阳台的钥匙在鞋柜里。", "remember"),
        ("地球到月球有多远？", "other"),
        ("帮我写一封请假条，说我明天去医院。", "other"),
        ("一本书320页，每天读25页，几天读完？", "compute"),
        ("我的血压药一天吃几次？", "recall"),
        ("Hello! Nice to see you.", "other"),
        ("What is the weather in Split tomorrow?", "other"),
        (
            "That was wrong, the choir meets on the 9th, not on the 6th.",
            "remember",
        ),
        (
            "What is the word for fear of heights? I forgot it.",
            "other",
        ),
        ("About the ladder, what was it that I said?", "recall"),
        ("设一个明早七点的闹钟。", "other"),
        ("Answer in short sentences, every time.", "remember"),
        ("你还记得我上次说的那个医生吗？", "recall"),
        ("Thanks, that was a great help!", "other"),
        ("How old is our fridge by now?", "recall"),
        ("Spell 'rhubarb' backwards.", "compute"),
        ("When did Haydn die?", "other"),
        ("我听力不太好。", "remember"),
        ("Tell me what you know about my family.", "recall"),
        ("给妈妈留张字条：记得浇花。", "other"),
        (
            "My brother is 31 and I am 5 years younger. How old am I?",
            "compute",
        ),
        ("人有多少颗牙齿？", "other"),
        ("We no longer have the boat.", "remember"),
        ("杜甫是哪里人？", "other"),
    ],
    labels: &["remember", "recall", "compute", "other"],
};

/// Whether a note makes an older one untrue.
pub static REPLACE: Lesson = Lesson {
    task: "You keep a person's notes. Is the old note wrong or out of date once the new note is true? Answer yes or no.",
    examples: &[
        (
            "Old note: My dentist is Dr Sato.\nNew note: Dr Lund looks after my teeth now.",
            "yes",
        ),
        (
            "Old note: My aunt lives in Cork.\nNew note: My uncle lives in Galway.",
            "no",
        ),
        (
            "Old note: 我的车停在三楼。\nNew note: 车现在停在地下一层。",
            "yes",
        ),
        (
            "Old note: I play the oboe.\nNew note: I also play the tuba.",
            "no",
        ),
        (
            "Old note: The bins go out on Monday.\nNew note: The bins go out on Thursday, not on Monday.",
            "yes",
        ),
        (
            "Old note: Our cat is called Moss.\nNew note: Moss is nine years old.",
            "no",
        ),
        (
            "Old note: I drink my coffee black.\nNew note: Black is how I like my coffee.",
            "no",
        ),
        (
            "Old note: The gate code is 5531.\nNew note: They changed the gate code: 8204.",
            "yes",
        ),
        (
            "Old note: 我弟弟在银行工作。\nNew note: 我弟弟住在大连。",
            "no",
        ),
        (
            "Old note: I'm flying to Oslo in June.\nNew note: Oslo is called off.",
            "yes",
        ),
        (
            "Old note: The key to the attic is in the blue vase.\nNew note: The key to the shed is on the hook.",
            "no",
        ),
        (
            "Old note: My son is at nursery.\nNew note: My son has started school.",
            "yes",
        ),
        ("Old note: 我儿子属马。\nNew note: 我女儿属羊。", "no"),
        (
            "Old note: The harbour is where I work.\nNew note: I have been with the railway since March.",
            "yes",
        ),
    ],
    labels: &["yes", "no"],
};

/// Whether a reply claims that something was kept.
pub static CLAIM: Lesson = Lesson {
    task: "Does the reply say that something was saved, noted or will be remembered? Answer yes or no.",
    examples: &[
        (
            "I said: My desk is number 12.\nThe reply: Noted, your desk is number 12.",
            "yes",
        ),
        (
            "I said: What is a fjord?\nThe reply: A long narrow inlet between cliffs.",
            "no",
        ),
        ("I said: 我不吃香菜。\nThe reply: 好的,我会记住的。", "yes"),
        (
            "I said: Where is my ladder?\nThe reply: It is in the garage, you said.",
            "no",
        ),
        (
            "I said: You may call me Lou.\nThe reply: Of course! Lou it is, I'll remember.",
            "yes",
        ),
        (
            "I said: We moved to Hull.\nThe reply: How exciting! How do you like it there?",
            "no",
        ),
        ("I said: 我下周要出差。\nThe reply: 祝你一路顺风!", "no"),
        (
            "I said: Remember that my aunt is called Ilse.\nThe reply: Sorry, storing things is not possible for me.",
            "no",
        ),
        (
            "I said: The code is 4471.\nThe reply: I've saved the code for you.",
            "yes",
        ),
        (
            "I said: Any trick for learning vocabulary?\nThe reply: Remember each word with a picture.",
            "no",
        ),
    ],
    labels: &["yes", "no"],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lessons_are_of_a_piece() {
        for lesson in [&SORT, &REPLACE, &CLAIM] {
            for (text, label) in lesson.examples {
                assert!(lesson.labels.contains(label), "{text}: {label}");
            }
            let messages = lesson.messages("text");
            assert_eq!(messages.len(), 2 + 2 * lesson.examples.len());
            let last = messages.last().map(|message| message.text.as_str());
            assert_eq!(last, Some("text"));
        }
    }

    #[test]
    fn a_long_text_is_shown_by_its_ends() {
        let text = format!("Please {} now?", "x ".repeat(2_000));
        let cut = cut(&text);
        assert!(
            cut.starts_with("Please x") && cut.ends_with("x  now?"),
            "{cut}"
        );
        assert_eq!(cut.chars().count(), TEXT_CHARS + 3);
    }
}
