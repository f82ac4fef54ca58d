//! Whether a function does what a message asks for.

use super::Lesson;

/// Whether a call of a function does what a message asks for: what it returns is what is
/// wanted, and the message says what it has to be given.
pub static FITS: Lesson = Lesson {
    task: "You are shown a function and a message. Does a call of the function do what the message asks for, with the values that the message gives? Answer yes or no.",
    examples: &[
        (
            "- tide_times: Times of high and low water at a harbour.\n    harbour: string. Name of the harbour.\n    date: string. Day.\nMessage: When is high water in Ostend on 3 May?",
            "yes",
        ),
        (
            "- tide_times: Times of high and low water at a harbour.\n    harbour: string. Name of the harbour.\n    date: string. Day.\nMessage: How deep is the harbour of Ostend?",
            "no",
        ),
        (
            "- paint_needed: Calculate the litres of paint for a wall.\n    width: number. Width of the wall in metres.\n    height: number. Height of the wall in metres.\n    coats?: number. Number of coats.\nMessage: How much paint do I need for my bedroom?",
            "no",
        ),
        (
            "- lease.cost: What it costs to lease a machine.\n    amount: number. Price of the machine.\n    years: number\nMessage: What does it come to if we lease a tractor of 80,000 for 4 years?",
            "yes",
        ),
        (
            "- case_lookup: Get the details of a court case.\n    case_number: string. Number of the case.\nMessage: Which famous cases were about patents?",
            "no",
        ),
        (
            "- 团队名单: 查询一支球队某个赛季的球员名单。\n    球队: string\n    赛季: string\nMessage: 哪支球队赢了1998年的杯赛？",
            "no",
        ),
        (
            "- find_recipe: Find recipes with an ingredient.\n    ingredient: string. Main ingredient.\n    diet?: string. Such as vegan.\nMessage: I've got leeks, what can I cook?",
            "yes",
        ),
        (
            "- personality_score: Calculate a person's traits from the answers of a test.\n    answers: [number]. The 40 answers, each from 1 to 5.\nMessage: Am I an introvert or an extrovert?",
            "no",
        ),
        (
            "- reminders.add: Set a reminder.\n    text: string\n    start: string. Date and time.\nMessage: Ring at 18:20 today: take the bread out",
            "yes",
        ),
        (
            "- get_gdp: Get the gross domestic product of a country.\n    country: string\n    year: number. The year.\nMessage: Why did Japan's economy slow down in the nineties?",
            "no",
        ),
        (
            "- 查询汇率: 按今天的汇率换算。\n    从: string. 原货币.\n    到: string. 目标货币.\n    金额: number\nMessage: 一百欧元等于多少人民币？",
            "yes",
        ),
        (
            "- solar_output: Calculate the yield of solar panels.\n    panels: number. Number of panels.\n    hours: number. Hours of sun a day.\nMessage: What are the pros and cons of solar power?",
            "no",
        ),
        (
            "- team_roster: List the players of a team.\n    team: string. Name of the team.\n    season?: number. Year.\nMessage: Who played for Ajax in 1995?",
            "yes",
        ),
        (
            "- middle.median: Find the one in the middle of some numbers.\n    numbers: [number]. The numbers.\nMessage: the median of 4, 9 and 11?",
            "yes",
        ),
        (
            "- 计算利息: 计算存款的利息。\n    本金: number\n    年利率: number\n    年数: number\nMessage: 我的存款一年能有多少利息？",
            "no",
        ),
        (
            "- hotel_search: Search for hotels with free rooms.\n    city: string\n    check_in: string. First night.\n    nights: number. Number of nights.\n    stars?: number\nMessage: A room in Gdansk for two nights from 9 August",
            "yes",
        ),
        (
            "- cell_type: Tell the type of a cell from its properties.\n    size: number. Size of the cell.\n    wall: boolean. Whether it has a cell wall.\n    organism: string. Kind of organism.\nMessage: What does a mitochondrion do?",
            "no",
        ),
        (
            "- book_by_isbn: Get the author and title of a book.\n    isbn: string. Thirteen digits.\nMessage: Who wrote Middlemarch?",
            "no",
        ),
        (
            "- send_mail: Send a mail.\n    to: string. Address.\n    subject: string\n    body: string\nMessage: Tell kim@post.test with the subject Lunch that I'm ten minutes late.",
            "yes",
        ),
        (
            "- web.open: Open a page of the web and return its text.\n    url: string. Address of the page.\n    raw?: string\nMessage: On http://zoo.test/visit.html, when are the seals fed?",
            "yes",
        ),
        (
            "- notes.find: Search what was stored, such as notes and documents.\n    query: string. Words to look for.\n    limit?: string\nMessage: What did I write about the boiler?",
            "yes",
        ),
        (
            "- notes.find: Search what was stored, such as notes and documents.\n    query: string. Words to look for.\n    limit?: string\nMessage: How does a boiler work?",
            "no",
        ),
        (
            "- run_code: Run a program and return what comes out.\n    code: string. The program.\n    stdin?: string\nMessage: How many vowels are there in 'onomatopoeia'?",
            "yes",
        ),
        (
            "- run_code: Run a program and return what comes out.\n    code: string. The program.\n    stdin?: string\nMessage: 给我讲一个关于蜗牛的笑话。",
            "no",
        ),
        (
            "- tide_times: Times of high and low water at a harbour.\n    harbour: string. Name of the harbour.\n    date: string. Day.\nMessage: Low water on 6 July in Ostend and in Whitby, please, so that I can compare.",
            "yes",
        ),
        (
            "- 运动员资料: 查询一名运动员的身高、年龄和球队。\n    姓名: string\nMessage: 姚明有多高？",
            "yes",
        ),
    ],
    labels: &["yes", "no"],
};
