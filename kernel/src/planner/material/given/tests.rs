use super::*;

const SACKS: &str = "[d1: Mill]\nday,sack,kg,price\n2026-05-04,Rye,35,€1.20\n2026-05-05,Oats,40,€2\n\
    2026-05-06,Rye,5,€0.90\n2026-05-07,Oats,,€2\n2026-05-08,Bran,12,€3\n2026-05-09,Rye,\"1,035\",€1";

#[test]
fn a_long_table_is_a_list_of_dicts() {
    let given = Given::of("", SACKS);
    let first = r#"{"day": "2026-05-04", "sack": "Rye", "kg": 35, "price": 1.2}"#;
    assert_eq!(
        given.said(),
        Some(
            format!(
                "The table is there already as rows, a list of 6 dicts such as {first}. Use rows, \
                 and do not write the table again."
            )
            .as_str()
        )
    );
    let code = given.above("def solution():\n    return sum(row['kg'] or 0 for row in rows)");
    assert!(
        code.starts_with(&format!("rows = [\n    {first},\n")),
        "{code}"
    );
    assert!(
        code.contains(r#""sack": "Oats", "kg": None, "price": 2}"#),
        "{code}"
    );
    assert!(code.contains(r#""kg": 1035, "price": 1},"#), "{code}");
    assert_eq!(
        given.above("def solution():\n    return 35 + 40"),
        "def solution():\n    return 35 + 40"
    );
}

#[test]
fn what_stands_in_the_task_is_given() {
    let check = |task: &str, uses: &str, want: &str| {
        let given = Given::of(task, task);
        let code = given.above(uses);
        assert_eq!(code.strip_suffix(uses), Some(want), "{task}");
    };
    let text = "the old mill stands by the river";
    let task = format!("How many letters has \"{text}\"?");
    check(&task, "print(len(text))", &format!("text = \"{text}\"\n\n"));
    check(
        "How many words has \"the old mill stands by the river.\"?",
        "print(len(text))",
        "text = \"the old mill stands by the river.\"\n\
         words = [\"the\",\"old\",\"mill\",\"stands\",\"by\",\"the\",\"river\"]\n\n",
    );
    check(
        "“老磨坊在河边的小山坡上，已经有一百多年的历史了，没有人住”有几个字？",
        "print(len(text))",
        "text = \"老磨坊在河边的小山坡上，已经有一百多年的历史了，没有人住\"\n\n",
    );
    check(
        "What is the median of 4, 9, 1, 12 and 7?",
        "print(sorted(numbers))",
        "numbers = [4,9,1,12,7]\n\n",
    );
    check(
        "把这些词按长度排序：黑麦、燕麦、小麦片、荞麦、大麦",
        "print(sorted(items))",
        "items = [\"黑麦\",\"燕麦\",\"小麦片\",\"荞麦\",\"大麦\"]\n\n",
    );
    check(
        "Which come twice?\n\nred mill\nold barn\nnew gate\nred mill\ndry well",
        "print(lines)",
        "lines = [\"red mill\",\"old barn\",\"new gate\",\"red mill\",\"dry well\"]\n\n",
    );
    // It is not used, or the name is that of something else.
    check("Sort 4, 9, 1, 12, 7", "print(sorted([4, 9, 1, 12, 7]))", "");
    check("Sort 4, 9, 1, 12, 7", "print('numbers')  # numbers", "");
    check("Sort 4, 9, 1, 12, 7", "print(a.numbers)", "");
    check(
        "How many words has \"the old mill\"?",
        "print(len(text))",
        "",
    );
}

#[test]
fn a_function_may_change_what_it_is_given() {
    let check = |task: &str, body: &str, want: &str| {
        let code = format!("def solution():\n    {body}");
        let given = Given::of(task, task);
        let whole = given.above(&code);
        assert!(whole.ends_with(want), "{whole}");
    };
    let sort = "Sort 4, 9, 1, 12, 7";
    check(
        sort,
        "numbers = sorted(numbers)\n    return numbers",
        "\ndef solution(numbers=numbers):\n    numbers = sorted(numbers)\n    return numbers",
    );
    // A copy may lack something.
    check(
        sort,
        "numbers = [4, 9, 1]\n    return sorted(numbers)",
        "\n    numbers = numbers\n    return sorted(numbers)",
    );
    let text = "How many letters has \"the old mill stands by the river\"?";
    check(
        text,
        "text = 'the old mill stands by a river'\n    return len(text)",
        "\n    text = text\n    return len(text)",
    );
    check(
        SACKS,
        "rows = [{'sack': 'Rye', 'kg': 35}]\n    return len(rows)",
        "\n    rows = rows\n    return len(rows)",
    );
    // Those are lists and texts of its own.
    for (task, body) in [
        (sort, "numbers = []\n    return numbers"),
        (sort, "numbers = [2, 3, 5]\n    return numbers"),
        (sort, "more = [4, 9, 1]\n    return more + numbers"),
        (text, "text = ''\n    return text"),
        (SACKS, "rows = ['Rye', 'Oats']\n    return rows"),
        (SACKS, "global rows\n    return rows"),
    ] {
        check(task, body, body);
    }
    let given = Given::of(SACKS, SACKS);
    let code = "def solution():\n    global rows\n    return rows";
    assert!(given.above(code).ends_with(code));
}

#[test]
fn a_program_with_a_part_of_it_is_told_once() {
    let check = |task: &str, code: &str, want: bool| {
        let given = Given::of(task, task);
        assert_eq!(given.said_of_a_part(code).is_some(), want, "{code}");
    };
    check(SACKS, "a = [('Rye', 35), ('Oats', 40), ('Rye', 5)]", true);
    check(SACKS, "a = [35, 40, 5]\nprint(sum(a))", true);
    let sort = "Sort 4, 9, 1, 12, 7";
    check(sort, "print(sorted([4, 9, 1]))", true);
    let text = "How many letters has \"the old mill stands by the river\"?";
    check(text, "print(len('the old mill stands by river'))", true);
    // It is whole, used, too short for a copy, or has other values.
    check(sort, "print(sorted([4, 9, 1, 12, 7]))", false);
    check(sort, "a = [4, 9, 1]\nprint(sorted(numbers))", false);
    check(sort, "print([4, 9])", false);
    check(sort, "print([2, 3, 5])", false);
    check(SACKS, "print(35 + 40)", false);
    check(
        text,
        "print(len('the old mill stands by the river'))",
        false,
    );
    check(text, "print('letters')", false);
    check("What is 4 + 9?", "print([4, 9, 1])", false);
}

#[test]
fn a_value_is_put_before_a_program_that_lacks_it() {
    let check = |code: &str, want: bool| {
        let given = Given::of(SACKS, SACKS);
        let whole = given.where_missing(code);
        assert_eq!(whole.starts_with("rows = ["), want, "{code}");
    };
    check("print(len(rows))", true);
    check("import csv\nfor row in rows:\n    print(row)", true);
    check("print(len(table))", false);
    check("rows = 4\nprint(rows)", false);
    check("print(4)", false);
}

#[test]
fn what_is_no_whole_long_table_is_not_given() {
    let check = |text: &str| assert_eq!(Given::of("", text), Given::default(), "{text}");
    check("");
    check("Rye costs 4.");
    check("sack,kg\nRye,35\nOats,40\nBran,12");
    check(&format!("{SACKS}\n…\n2026-05-10,Rye,1,€1"));
    // Whose rows are meant, nobody can tell.
    check(&format!("{SACKS}\n\n{}", SACKS.replace("35", "36")));
    let other = SACKS.replace("Mill", "Shed").replace("35", "36");
    let both = format!("{SACKS}\n\n{other}");
    assert_eq!(
        Given::of("What was sold in the shed?", &both),
        Given::of("", &other)
    );
    check(&SACKS.replace("sack,kg", "kg,kg"));
    // Found twice, it is one table.
    assert_eq!(
        Given::of("", &format!("{SACKS}\n\n{SACKS}")),
        Given::of("", SACKS)
    );
    let excerpt = "[d2]\nday,sack,kg,price\n…\n2026-05-06,Rye,5,€0.90\n2026-05-07,Oats,,€2";
    assert_eq!(
        Given::of("", &format!("{excerpt}\n\n{SACKS}")),
        Given::of("", SACKS)
    );
}

#[test]
fn a_column_has_numbers_where_all_its_cells_are_numbers_of_one_unit() {
    let check = |cells: &[&str], want: Value| {
        let cells: Vec<String> = cells.iter().map(|cell| (*cell).to_owned()).collect();
        assert_eq!(json!(column(cells.iter())), want, "{cells:?}");
    };
    check(&["35 kg", "4.5 kg"], json!([35, 4.5]));
    check(&["35公斤", "4公斤"], json!([35, 4]));
    check(&["12 %", "8%"], json!([12, 8]));
    check(&["-3", "0"], json!([-3, 0]));
    check(&["35 kg", "4 g"], json!(["35 kg", "4 g"]));
    check(&["007", "012"], json!(["007", "012"]));
    check(&["2026-05-04", "7"], json!(["2026-05-04", "7"]));
    check(&["9:30", "10:15"], json!(["9:30", "10:15"]));
    check(&["", ""], json!(["", ""]));
}
