//! What the browser makes of a page: its article, or all of a short page that is none.

use serde_json::json;

use crate::sandbox::Sandbox;

#[test]
fn a_short_page_is_not_read_by_a_part_of_it() {
    let sandbox = Sandbox::new();
    let check = |body: &str, wanted: &[&str], lacks: &[&str]| {
        let html = format!("<html><head><title>Mill</title></head><body>{body}</body></html>");
        let args = json!({ "html": html }).to_string();
        let read = sandbox.quipu(&["tool", "call", "browser.read", &args]);
        read.check(0, &[]);
        let has = |text: &&&str| read.out.contains(**text);
        assert_eq!(
            wanted.iter().find(|text| !has(text)),
            None,
            "{body}: {read:?}"
        );
        assert_eq!(lacks.iter().find(has), None, "{body}: {read:?}");
    };
    let rows = "<tr><th>Grain</th><th>When</th></tr><tr><td>Rye</td><td>every day</td></tr>\
                <tr><td>Oats and bran</td><td>Tuesday, 13 to 17</td></tr>\
                <tr><td>Barley</td><td>first Saturday of the month</td></tr>";
    check(
        &format!("<h1>When we grind</h1><table>{rows}</table>"),
        &["every day", "Tuesday, 13 to 17", "first Saturday"],
        &[],
    );
    check(
        "<h1>Who to ask</h1><p>You want to help? We are glad, for there is much to do here.</p>\
         <ul><li>Garden: Ida</li><li>Wheel: Bo</li><li>Stones: Cy</li><li>Sacks: Dan</li></ul>",
        &["Garden: Ida", "Sacks: Dan"],
        &[],
    );
    let long = "The wheel turns the stone, and the stone grinds the grain, day after day. ";
    let article: String = (0..6)
        .map(|_| format!("<p>{}</p>", long.repeat(6)))
        .collect();
    check(
        &format!("<nav><a href='/a'>Away</a></nav><article>{article}</article><div>Shop</div>"),
        &["The wheel turns"],
        &["Away"],
    );
}
