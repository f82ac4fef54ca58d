//! Whether a note makes an older one untrue.

use super::Lesson;

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
        (
            "Old note: Our landlord is Mr Pell.\nNew note: The house was sold, Ms Adair is our landlord.",
            "yes",
        ),
        (
            "Old note: My neighbour Piet grows dahlias.\nNew note: My neighbour Joris keeps bees.",
            "no",
        ),
        (
            "Old note: The loan costs 310 a month.\nNew note: I pay 275 a month for the loan since June.",
            "yes",
        ),
        (
            "Old note: I can't stand liquorice.\nNew note: Liquorice is something I dislike.",
            "no",
        ),
        (
            "Old note: 钢笔放在书房的抽屉里。\nNew note: 钢笔我挪到床头柜里了。",
            "yes",
        ),
        (
            "Old note: Our boat is 7 metres long.\nNew note: Our boat is moored in Hoorn.",
            "no",
        ),
        (
            "Old note: My niece has no children.\nNew note: My niece had a baby girl.",
            "yes",
        ),
        ("Old note: 姐姐是护士。\nNew note: 姐姐三十四岁。", "no"),
        (
            "Old note: We own a caravan.\nNew note: The caravan went to a dealer last week.",
            "yes",
        ),
        (
            "Old note: The concert is on the 9th.\nNew note: The rehearsal is on the 7th.",
            "no",
        ),
        (
            "Old note: I take the ferry to the office.\nNew note: I drive to the office, the ferry is too slow.",
            "yes",
        ),
        ("Old note: 我爱吃辣。\nNew note: 我特别喜欢辣的菜。", "no"),
        (
            "Old note: The recital is at five.\nNew note: No, the recital begins at half past six.",
            "yes",
        ),
        (
            "Old note: My office is in Bristol.\nNew note: My office has a view of the canal.",
            "no",
        ),
        (
            "Old note: 房租每月3200。\nNew note: 从下月起房租涨到3500。",
            "yes",
        ),
        (
            "Old note: The safe opens with 1188.\nNew note: The luggage locks open with 365.",
            "no",
        ),
        (
            "Old note: Aunt Vera is 71.\nNew note: Aunt Vera had her 72nd birthday.",
            "yes",
        ),
        (
            "Old note: My husband is a vet.\nNew note: My husband treats animals for a living.",
            "no",
        ),
        (
            "Old note: 我养了一条狗。\nNew note: 狗送给朋友养了。",
            "yes",
        ),
        ("Old note: 大伯住在洛阳。\nNew note: 二伯住在开封。", "no"),
        (
            "Old note: I sing alto.\nNew note: The conductor put me with the tenors.",
            "yes",
        ),
        (
            "Old note: The train leaves at 7:12.\nNew note: We sit in coach 4 of the train.",
            "no",
        ),
        (
            "Old note: I'm with the Green Gym.\nNew note: I quit the Green Gym.",
            "yes",
        ),
        (
            "Old note: My twin brother is called Otto.\nNew note: The kettle is broken.",
            "no",
        ),
        ("Old note: 聚餐定在周六。\nNew note: 聚餐不办了。", "yes"),
        ("Old note: 我会游泳。\nNew note: 我还会打羽毛球。", "no"),
        (
            "Old note: My tent is orange.\nNew note: My sleeping bag is grey.",
            "no",
        ),
        (
            "Old note: 我喝茶加糖。\nNew note: 我现在喝茶什么都不加。",
            "yes",
        ),
        ("Old note: 牙医约在十号。\nNew note: 理发约在十二号。", "no"),
    ],
    labels: &["yes", "no"],
};
