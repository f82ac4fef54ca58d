//! What a message to an assistant wants.

use super::Lesson;

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
            "A crate holds 26 jars. How many jars are in 37 crates if 4 of them are half empty?",
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
