//! How a model sees what was found: the lines of a table stay apart, and their head is with them.

use quipu_memory::{NewPage, Presentation, Query, Store, TABLE_CHARS_MAX, Trust, present};

use super::page;

/// What a model sees of the page "t" for `query`, as its user's words and as a stranger's.
fn seen(store: &dyn Store, title: &str, text: &str, query: &str) -> [String; 2] {
    [Trust::User, Trust::Untrusted].map(|trust| {
        let new = NewPage {
            trust,
            ..page("t", title, text)
        };
        store.put(new).expect("put");
        let query = Query::new(query, 1);
        let shown = present(store, &query, &Presentation::default()).expect("presented");
        let line = shown.first().expect("found").quoted();
        store.remove(&"t".into()).expect("removed");
        line
    })
}

pub fn a_passage_keeps_the_lines_of_a_table(store: &dyn Store) {
    let check = |text: &str, query: &str, lines: &str| {
        let [own, strange] = seen(store, "Mill", text, query);
        assert_eq!(own, format!("[t: Mill]{lines}\n  (test)"), "{query}");
        assert_eq!(strange, format!("[t] from test: «Mill:{lines}»"), "{query}");
    };
    check(
        "Prices of today\n\n| flour | price |\n| --- | --- |\n| rye | 4 |\n| spelt | 6 |\n",
        "price of spelt",
        "\n  Prices of today\n  | flour | price |\n  | --- | --- |\n  | rye | 4 |\n  | spelt | 6 |",
    );
    check(
        "今日价目\n\n| 面粉 | 价格 |\n|---|---|\n| 黑麦粉 | 4元 |\n| 小麦粉 | 6元 |\n",
        "黑麦粉的价格",
        "\n  今日价目\n  | 面粉 | 价格 |\n  |---|---|\n  | 黑麦粉 | 4元 |\n  | 小麦粉 | 6元 |",
    );
    check(
        "flour,price\nrye,4\nspelt,6\n",
        "spelt",
        "\n  flour,price\n  rye,4\n  spelt,6",
    );
    check(
        "To be ground:\n- rye\n- spelt of\n  the valley\n",
        "spelt",
        "\n  To be ground:\n  - rye\n  - spelt of the valley",
    );
    check(
        "一、黑麦粉\n二、小麦粉\n",
        "小麦粉",
        "\n  一、黑麦粉\n  二、小麦粉",
    );
    let [own, strange] = seen(store, "", "Rye is\nground here.", "rye");
    assert_eq!(own, "[t] Rye is ground here. (test)");
    assert_eq!(strange, "[t] from test: «Rye is ground here.»");
}

pub fn of_a_long_table_the_head_and_the_rows_that_match_are_shown(store: &dyn Store) {
    let check = |head: &str, row: &dyn Fn(usize) -> String, query: &str| {
        let rows: Vec<String> = (100..300).map(row).collect();
        let wanted = "| spelt | 6 |";
        let text = format!("{head}\n{}\n{wanted}\n{}", rows.join("\n"), rows.join("\n"));
        let [_, line] = seen(store, "", &text, query);
        let head = head.replace('\n', "\n  ");
        let want = format!("«\n  {head}\n  …\n  {wanted}\n  …»");
        assert!(line.ends_with(&want), "{line}");
        store.put(page("t", "", &text)).expect("put");
        let hits = store.search(&Query::new("flour", 1)).expect("search");
        let snippet = &hits[0].snippet;
        assert!(snippet.chars().count() <= TABLE_CHARS_MAX, "{snippet}");
        assert!(snippet.lines().count() > 4, "{snippet}");
    };
    check(
        "| flour | price |\n|---|---|",
        &|n| format!("| sort{n} | {n} |"),
        "spelt",
    );
    check(
        "| flour 面粉 | 价格 |\n|---|---|",
        &|n| format!("| 第{n}种 | {n} |"),
        "spelt 粉",
    );
    // However long its cells are.
    let long = "grain ".repeat(200);
    let [_, line] = seen(
        store,
        "",
        &format!("| flour | of |\n|---|---|\n| spelt | {long}|\n| rye | {long}|"),
        "spelt",
    );
    assert!(
        line.contains("| flour | of |\n  |---|---|\n  | spelt | grain"),
        "{line}"
    );
    assert!(line.chars().count() < TABLE_CHARS_MAX + 100, "{line}");
}
