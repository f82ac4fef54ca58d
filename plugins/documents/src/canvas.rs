//! Boards: notes and the arrows between them in JSON Canvas, words in drawings of Excalidraw.

use std::collections::HashMap;

use serde_json::Value;

use crate::found::{Failed, Found, Paragraphs, broken, one_line};
use crate::notebook::unmarked;

/// Characters of a note by which an arrow names it.
const NAME_CHARS: usize = 60;

/// The text of the board in `bytes`.
pub fn read(bytes: &[u8]) -> Result<Found, Failed> {
    let board: Value =
        serde_json::from_slice(unmarked(bytes)).map_err(|error| broken("canvas", &error))?;
    if board["elements"].is_array() {
        return Ok(drawn(&board));
    }
    let list = |key: &str| board[key].as_array().cloned().unwrap_or_default();
    let mut nodes = list("nodes");
    // As one reads a board: from the top to the bottom, from the left to the right.
    let at = |node: &Value, key: &str| node[key].as_f64().unwrap_or(0.0);
    nodes.sort_by(|a, b| {
        at(a, "y")
            .total_cmp(&at(b, "y"))
            .then(at(a, "x").total_cmp(&at(b, "x")))
    });
    let mut text = Paragraphs::default();
    let mut names: HashMap<String, String> = HashMap::new();
    for node in &nodes {
        let word = |key: &str| node[key].as_str().unwrap_or_default().to_owned();
        let says = match word("type").as_str() {
            "file" => format!("[[{}{}]]", word("file"), word("subpath")),
            "link" => word("url"),
            "group" => word("label"),
            _ => word("text"),
        };
        names.insert(word("id"), name(&says));
        match word("type").as_str() {
            "group" => text.heading(2, &says),
            _ => text.push(&says),
        }
    }
    for edge in list("edges") {
        let end = |key: &str| {
            let id = edge[key].as_str().unwrap_or_default();
            names.get(id).cloned().unwrap_or_default()
        };
        let label = match edge["label"].as_str().unwrap_or_default() {
            "" => String::new(),
            label => format!(" ({})", one_line(label)),
        };
        text.item(
            0,
            &format!("{} → {}{label}", end("fromNode"), end("toNode")),
        );
    }
    Ok(Found::whole("", text.text()))
}

/// The words of a drawing of Excalidraw, in the order in which one reads them.
fn drawn(board: &Value) -> Found {
    let elements = board["elements"].as_array().into_iter().flatten();
    let mut said: Vec<(f64, f64, &str)> = elements
        .filter(|element| element["isDeleted"].as_bool() != Some(true))
        .filter_map(|element| {
            let says = ["originalText", "text", "name"];
            let says = says.iter().find_map(|key| element[*key].as_str())?;
            let at = |key: &str| element[key].as_f64().unwrap_or(0.0);
            Some((at("y"), at("x"), says))
        })
        .collect();
    said.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut text = Paragraphs::default();
    said.iter().for_each(|(_, _, says)| text.push(says));
    Found::whole("", text.text())
}

fn name(says: &str) -> String {
    let line = says
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    let line = one_line(line.trim_start_matches('#'));
    match line.char_indices().nth(NAME_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_says_its_words() {
        let drawing = r#"{"type":"excalidraw","elements":[
            {"type":"text","text":"Dye","x":0,"y":40},
            {"type":"line","points":[[0,1]]},
            {"type":"text","text":"The\nwool","originalText":"The wool","x":9,"y":2},
            {"type":"text","text":"gone","isDeleted":true}]}"#;
        let found = read(drawing.as_bytes()).expect("a drawing");
        assert_eq!(found.parts[0].text, "The wool\n\nDye");
    }

    #[test]
    fn a_board_is_read_like_a_page() {
        let board = r##"{"nodes":[
            {"id":"b","type":"text","text":"# Dye\nred","x":300,"y":0},
            {"id":"a","type":"file","file":"Wool.md","subpath":"#Fibre","x":0,"y":0},
            {"id":"g","type":"group","label":"Plans","x":0,"y":-50}],
            "edges":[{"fromNode":"a","toNode":"b","label":"is given"}]}"##;
        let found = read(board.as_bytes()).expect("a board");
        assert_eq!(
            found.parts[0].text,
            "## Plans\n\n[[Wool.md#Fibre]]\n\n# Dye\nred\n\n- [[Wool.md#Fibre]] → Dye (is given)"
        );
    }
}
