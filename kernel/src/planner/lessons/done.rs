//! Whether the results of calls are all that a task needs.

use super::Lesson;

/// Whether the results of calls are all that a task needs.
pub static DONE: Lesson = Lesson {
    task: "You see a task of an assistant and the calls that were made for it. Answer with one word:\n\
           more: another call is needed before the task can be answered or is carried out\n\
           done: the results answer the task, or what was to be done is done",
    examples: &[
        (
            "Task: What does Mrs Aalto's parking permit cost?\nresident_lookup {\"name\":\"Aalto\"} -> {\"resident_no\":4471}",
            "more",
        ),
        (
            "Task: What's the resident number of Mr Brandt?\nresident_lookup {\"name\":\"Brandt\"} -> {\"resident_no\":5120}",
            "done",
        ),
        (
            "Task: Close the blinds in the study.\nblinds_close {\"room\":\"study\"} -> \"closed\"",
            "done",
        ),
        (
            "Task: 尾号3310的卡里还有多少钱？\nfind_card {\"tail\":\"3310\"} -> {\"card_id\":\"C77\"}",
            "more",
        ),
        (
            "Task: Open a ticket for the printer on floor 2 and give it to Ola.\nopen_ticket {\"about\":\"printer, floor 2\"} -> {\"ticket\":\"T-91\"}",
            "more",
        ),
        (
            "Task: How long is the fence around a plot of 14 by 9 metres?\ncalculator.calculate {\"expression\":\"2 * (14 + 9)\"} -> 46",
            "done",
        ),
        (
            "Task: What are 12 acres in hectares, and what does that cost at 900 a hectare?\nconvert {\"value\":12,\"from\":\"acre\",\"to\":\"hectare\"} -> 4.856",
            "more",
        ),
        (
            "Task: Who repairs our roof?\nmemory.search {\"query\":\"roof\"} -> [{\"text\":\"Mr Fenn repairs the roof\"}]",
            "done",
        ),
        (
            "Task: What does the plan say about Tuesday?\nread_file {\"path\":\"plan\"} -> error: no such file; there are plan.txt, list.txt",
            "more",
        ),
        (
            "Task: Is it raining in Bergen and in Leeds?\nweather {\"city\":\"Bergen\"} -> {\"rain\":true}",
            "more",
        ),
        (
            "Task: 上海和西安今天各多少度？\ntemperature {\"city\":\"上海\"} -> 22",
            "more",
        ),
        (
            "Task: What stands on the page of prices that http://mill.test links to?\nbrowser.fetch {\"url\":\"http://mill.test\"} -> Home. Opening hours. [Prices](http://mill.test/p.html)",
            "more",
        ),
        (
            "Task: Enter the reading of the gas meter into the house book.\nread_meter {\"meter\":\"gas\"} -> 8841",
            "more",
        ),
        (
            "Task: Book the cheapest room in Lund.\nrooms {\"city\":\"Lund\"} -> [{\"id\":\"r1\",\"price\":80},{\"id\":\"r2\",\"price\":60}]",
            "more",
        ),
        (
            "Task: Which is the cheapest room in Lund?\nrooms {\"city\":\"Lund\"} -> [{\"id\":\"r1\",\"price\":80},{\"id\":\"r2\",\"price\":60}]",
            "done",
        ),
        (
            "Task: Put these names in order: Ida, Abe, Cy\npython.run {\"code\":\"sorted(['Ida', 'Abe', 'Cy'])\"} -> [\"Abe\",\"Cy\",\"Ida\"]",
            "done",
        ),
        (
            "Task: 最便宜的那张票帮我订了吧。\ntickets {\"to\":\"武汉\"} -> [{\"id\":\"t1\",\"price\":210},{\"id\":\"t2\",\"price\":180}]",
            "more",
        ),
        (
            "Task: Which author wrote the book at the top of the list, and when was she born?\nlist_top {\"n\":1} -> [\"The Salt Road\"]",
            "more",
        ),
        (
            "Task: Add milk to my shopping list\nlist_add {\"list\":\"shopping\",\"item\":\"milk\"} -> {\"items\":6}",
            "done",
        ),
        (
            "Task: 把客厅的灯关掉。\nlamp_off {\"room\":\"客厅\"} -> \"已关\"",
            "done",
        ),
        (
            "Task: Which bus goes to the fair?\nbus_to {\"place\":\"fair\"} -> {\"line\":\"14\",\"stop_id\":\"S3\"}",
            "done",
        ),
        (
            "Task: Is it raining in Bergen and in Leeds?\nweather {\"city\":\"Bergen\"} -> {\"rain\":true}\nweather {\"city\":\"Leeds\"} -> {\"rain\":false}",
            "done",
        ),
        (
            "Task: Which of my notes mention the regatta?\nmemory.search {\"query\":\"regatta\"} -> nothing found",
            "done",
        ),
    ],
    labels: &["more", "done"],
};
