//! Whether a reply claims that something was kept.

use super::Lesson;

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
        (
            "I said: The bulbs go into the ground in October.\nThe reply: Bulbs in October: I have that on my list now.",
            "yes",
        ),
        (
            "I said: I got the job!\nThe reply: Well done! When do you start?",
            "no",
        ),
        (
            "I said: The canoe hangs in the barn.\nThe reply: Thank you, good to know.",
            "no",
        ),
        (
            "I said: My locker is number 31.\nThe reply: Locker 31. I won't forget.",
            "yes",
        ),
        (
            "I said: 阿姨的店叫春来。\nThe reply: 已记录：阿姨的店叫春来。",
            "yes",
        ),
        (
            "I said: Keep my customer number.\nThe reply: What is the number, please?",
            "no",
        ),
        (
            "I said: Which flat is ours?\nThe reply: As far as I recall, it is flat 6.",
            "no",
        ),
        (
            "I said: I'm no longer the treasurer.\nThe reply: I have changed my entry about you.",
            "yes",
        ),
        (
            "I said: 我新买了一台洗衣机。\nThe reply: 要不要我记下型号？",
            "no",
        ),
        (
            "I said: Our anniversary is on 2 June.\nThe reply: I've put your anniversary in my notes.",
            "yes",
        ),
        (
            "I said: 我的书架是哪个颜色？\nThe reply: 您说过是胡桃色的。",
            "no",
        ),
        (
            "I said: 我怕蜘蛛。\nThe reply: 嗯，这一点我会放在心里。",
            "yes",
        ),
        (
            "I said: Where can a picture be saved on this phone?\nThe reply: Hold your finger on the picture, then choose save.",
            "no",
        ),
        (
            "I said: 记住我的护照号。\nThe reply: 对不起，我不能保存号码。",
            "no",
        ),
        (
            "I said: Speak to me in Frisian.\nThe reply: From now on I will, that's settled and stored.",
            "yes",
        ),
        (
            "I said: 我们家的密码锁换了。\nThe reply: 换成什么了？",
            "no",
        ),
    ],
    labels: &["yes", "no"],
};
