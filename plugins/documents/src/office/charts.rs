//! Charts: their title, and what is drawn as a table.

use roxmltree::Node;

use super::elements::{attribute, below, child, name};
use crate::found::{Failed, one_line};
use crate::table;
use crate::zipped::{Archive, xml};

/// Values of one chart.
const POINTS_MAX: usize = 2_000;

/// What the chart in the file `path` says; nothing if there is none.
pub fn read(archive: &mut Archive<'_>, path: &str) -> Result<String, Failed> {
    let text = archive.text(path)?.unwrap_or_default();
    if text.is_empty() {
        return Ok(String::new());
    }
    Ok(words(&xml(&text, "chart")?.root_element()))
}

fn words(chart: &Node<'_, '_>) -> String {
    let titles = chart.descendants().filter(|node| name(node) == "title");
    let titles: Vec<String> = titles.map(|title| said(&title)).collect();
    let series: Vec<Node<'_, '_>> = chart
        .descendants()
        .filter(|node| name(node) == "ser")
        .collect();
    let of = |names: [&str; 2], series: &Node<'_, '_>| {
        let found = names.iter().find_map(|name| child(series, name));
        found.map(|node| points(&node)).unwrap_or_default()
    };
    let mut columns = vec![Vec::new()];
    for one in &series {
        let labels = of(["cat", "xVal"], one);
        if labels.len() > columns[0].len() {
            columns[0] = labels;
        }
        columns.push(of(["val", "yVal"], one));
    }
    let head = |one: &Node<'_, '_>| child(one, "tx").map_or_else(String::new, |tx| said(&tx));
    let mut rows = vec![
        std::iter::once(String::new())
            .chain(series.iter().map(head))
            .collect(),
    ];
    let len = columns.iter().map(Vec::len).max().unwrap_or(0);
    rows.extend((0..len).map(|n| {
        let cell = |column: &Vec<String>| column.get(n).cloned().unwrap_or_default();
        columns.iter().map(cell).collect::<Vec<_>>()
    }));
    let titles: Vec<String> = titles
        .into_iter()
        .filter(|title| !title.is_empty())
        .collect();
    format!("{}\n\n{}", titles.join(", "), table::markdown(&rows))
        .trim()
        .to_owned()
}

/// The points of a series by their number: those without a value are empty.
fn points(node: &Node<'_, '_>) -> Vec<String> {
    let mut points = Vec::new();
    // Of labels in several levels the first is the finest.
    let level = below(node, "lvl").unwrap_or(*node);
    for point in level.descendants().filter(|found| name(found) == "pt") {
        let number = attribute(&point, "idx").and_then(|number| number.parse().ok());
        let Some(number) = number.filter(|number| *number < POINTS_MAX) else {
            continue;
        };
        if points.len() <= number {
            points.resize(number + 1, String::new());
        }
        points[number] =
            child(&point, "v").map_or_else(String::new, |v| one_line(v.text().unwrap_or_default()));
    }
    points
}

/// The words and values below a node.
fn said(node: &Node<'_, '_>) -> String {
    let texts = node
        .descendants()
        .filter(|found| matches!(name(found), "t" | "v"));
    one_line(&texts.filter_map(|text| text.text()).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_is_a_table() {
        let series = |name: &str, values: [&str; 2]| {
            format!(
                "<ser><tx><strRef><f>A1</f><strCache><pt idx='0'><v>{name}</v></pt></strCache></strRef></tx><cat><strCache><pt idx='0'><v>red</v></pt><pt idx='1'><v>blue</v></pt></strCache></cat><val><numCache><pt idx='0'><v>{}</v></pt><pt idx='1'><v>{}</v></pt></numCache></val></ser>",
                values[0], values[1]
            )
        };
        let text = format!(
            "<c><title><p><t>Dyed </t><t>wool</t></p></title>{}{}</c>",
            series("May", ["1", "2.5"]),
            series("June", ["3", "4"])
        );
        let document = xml(&text, "chart").expect("parsed");
        assert_eq!(
            words(&document.root_element()),
            "Dyed wool\n\n| | May | June |\n| --- | --- | --- |\n| red | 1 | 3 |\n| blue | 2.5 | 4 |"
        );
    }
}
