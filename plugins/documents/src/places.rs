//! Places and ways: GeoJSON (RFC 7946), GPX and KML. What they are called and what is said of
//! them counts; of a line of positions only its ends are told.

use roxmltree::Node;
use serde_json::Value;

use crate::found::{Failed, Found, Paragraphs, broken, failed, one_line};
use crate::page;
use crate::zipped::{decoded, local, xml};

/// Positions that are told of one place.
const SHOWN_MAX: usize = 2;
/// What is said of a place in more words than this stands below it.
const SHORT_CHARS_MAX: usize = 80;

/// What is on the map in `bytes`.
pub fn read(bytes: &[u8]) -> Result<Found, Failed> {
    let text = decoded(bytes);
    let found = match text.trim_start().starts_with('{') {
        true => geo_json(&text)?,
        false => map(&text)?,
    };
    match found.is_empty() {
        true => Err(failed("a map on which nothing is named", "export it again")),
        false => Ok(found),
    }
}

/// A place, and what is said of it.
#[derive(Default)]
struct Place {
    name: String,
    said: Vec<(String, String)>,
    positions: Vec<String>,
}

impl Place {
    fn add(self, whole: &mut Paragraphs) {
        let count = self.positions.len();
        let ends = match self.positions.as_slice() {
            [] => String::new(),
            [first] => format!("at {first}"),
            all if count <= SHOWN_MAX => format!("from {}", all.join(" to ")),
            [first, .., last] => format!("from {first} to {last}, {count} positions"),
        };
        let (short, long): (Vec<_>, Vec<_>) = self
            .said
            .into_iter()
            .partition(|(_, said)| said.chars().count() <= SHORT_CHARS_MAX);
        let short = short.into_iter().map(|(key, said)| match key.is_empty() {
            true => said,
            false => format!("{key}: {said}"),
        });
        let parts = [self.name, ends].into_iter().chain(short);
        let parts: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
        whole.item(0, &parts.join("; "));
        for (_, said) in long {
            whole.push(&said);
        }
    }
}

fn geo_json(text: &str) -> Result<Found, Failed> {
    let map: Value = serde_json::from_str(text).map_err(|error| broken("map", &error))?;
    let mut whole = Paragraphs::default();
    let alone = std::slice::from_ref(&map);
    let features = map["features"].as_array().map_or(alone, Vec::as_slice);
    for feature in features {
        let mut place = Place::default();
        for (key, value) in feature["properties"].as_object().into_iter().flatten() {
            match (key.to_lowercase().as_str(), words(value)) {
                (_, None) => {}
                ("name" | "title", Some(said)) if place.name.is_empty() => place.name = said,
                (_, Some(said)) => place.said.push((key.replace('_', " "), said)),
            }
        }
        let geometry = match feature.get("geometry") {
            Some(geometry) => geometry,
            None => feature,
        };
        positions(&geometry["coordinates"], &mut place.positions);
        for inner in geometry["geometries"].as_array().into_iter().flatten() {
            positions(&inner["coordinates"], &mut place.positions);
        }
        place.add(&mut whole);
    }
    let title = words(&map["name"]).or_else(|| words(&map["title"]));
    Ok(Found::whole(title.unwrap_or_default(), whole.text()))
}

/// A value in words; none where it says nothing.
fn words(value: &Value) -> Option<String> {
    let said = match value {
        Value::Null => return None,
        Value::String(text) => one_line(text),
        Value::Array(values) => values
            .iter()
            .filter_map(words)
            .collect::<Vec<_>>()
            .join(", "),
        Value::Object(fields) => {
            let said = fields.iter();
            let said = said.filter_map(|(key, value)| Some(format!("{key}: {}", words(value)?)));
            said.collect::<Vec<_>>().join(", ")
        }
        value => value.to_string(),
    };
    (!said.is_empty()).then_some(said)
}

/// Adds the positions in `coordinates`, in whatever lists they lie: latitude before longitude, as
/// people write it.
fn positions(coordinates: &Value, into: &mut Vec<String>) {
    let Some(list) = coordinates.as_array() else {
        return;
    };
    match (list.first(), list.get(1)) {
        (Some(Value::Number(longitude)), Some(Value::Number(latitude))) => {
            into.push(format!("{latitude}, {longitude}"));
        }
        _ => list.iter().for_each(|inner| positions(inner, into)),
    }
}

/// What is on a map of GPX or KML.
fn map(text: &str) -> Result<Found, Failed> {
    let document = xml(text, "map")?;
    let root = document.root_element();
    let is_place =
        |node: &Node<'_, '_>| matches!(local(node), "wpt" | "rte" | "trk" | "Placemark" | "Folder");
    let mut whole = Paragraphs::default();
    for node in root.descendants().filter(is_place) {
        let name = child(&node, "name").map_or_else(String::new, |node| said(&node));
        if local(&node) == "Folder" {
            whole.heading(2, &name);
            continue;
        }
        let mut place = Place {
            name,
            ..Place::default()
        };
        for key in [
            "desc",
            "cmt",
            "description",
            "type",
            "sym",
            "time",
            "address",
            "phoneNumber",
        ] {
            if let Some(words) = child(&node, key).map(|node| said(&node)) {
                let key = if key == "time" { "time" } else { "" };
                if !words.is_empty() && !place.said.iter().any(|(_, known)| *known == words) {
                    place.said.push((key.to_owned(), words));
                }
            }
        }
        for data in node
            .descendants()
            .filter(|node| matches!(local(node), "Data" | "SimpleData"))
        {
            let key = data.attribute("name").map(one_line).unwrap_or_default();
            place.said.push((key, said(&data)));
        }
        points(&node, &mut place.positions);
        place.add(&mut whole);
    }
    let title = root.descendants().find(|node| local(node) == "name");
    let title = title.filter(|node| node.parent().is_some_and(|parent| !is_place(&parent)));
    let title = title.map_or_else(String::new, |node| said(&node));
    Ok(Found::whole(title, whole.text()))
}

fn child<'a, 'i>(node: &Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|child| local(child) == name)
}

/// What an element says, which may be HTML.
fn said(node: &Node<'_, '_>) -> String {
    let texts = node.descendants().filter(Node::is_text);
    let text: String = texts.filter_map(|node| node.text()).collect();
    match text.contains('<') {
        true => page::of_html(&text).map_or_else(|_| one_line(&text), |(_, text)| one_line(&text)),
        false => one_line(&text),
    }
}

/// Adds the positions of a place of GPX, which are attributes, or of KML, which are a text.
fn points(node: &Node<'_, '_>, into: &mut Vec<String>) {
    for point in node.descendants() {
        match (point.attribute("lat"), point.attribute("lon")) {
            (Some(latitude), Some(longitude)) => into.push(format!("{latitude}, {longitude}")),
            _ if local(&point) == "coordinates" => {
                for three in point.text().unwrap_or_default().split_whitespace() {
                    let mut numbers = three.split(',');
                    if let (Some(longitude), Some(latitude)) = (numbers.next(), numbers.next()) {
                        into.push(format!("{latitude}, {longitude}"));
                    }
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_says_what_is_where() {
        let check = |map: &str, title: &str, expected: &str| {
            let found = read(map.as_bytes()).expect("a map");
            assert_eq!(
                (found.title.as_str(), found.parts[0].text.as_str()),
                (title, expected)
            );
        };
        check(
            r#"{"type":"FeatureCollection","name":"Yard","features":[{"type":"Feature","properties":{"code":4711,"name":"North gate","of":null,"tags":["a","b"]},"geometry":{"type":"Polygon","coordinates":[[[1.5,2],[3,4],[1.5,2]]]}},{"type":"Feature","properties":null,"geometry":{"type":"Point","coordinates":[1,2]}}]}"#,
            "Yard",
            "- North gate; from 2, 1.5 to 2, 1.5, 3 positions; code: 4711; tags: a, b\n- at 2, 1",
        );
        check(
            "<gpx version='1.1' xmlns='http://www.topografix.com/GPX/1/1'><metadata><name>Walks</name></metadata><wpt lat='1.5' lon='2'><name>North gate</name><desc>code 4711</desc></wpt><trk><name>Morning</name><trkseg><trkpt lat='1' lon='2'/><trkpt lat='3' lon='4'><ele>5</ele></trkpt></trkseg></trk></gpx>",
            "Walks",
            "- North gate; at 1.5, 2; code 4711\n- Morning; from 1, 2 to 3, 4",
        );
        check(
            "<kml xmlns='http://www.opengis.net/kml/2.2'><Document><name>Yard</name><Folder><name>Gates</name><Placemark><name>North</name><description><![CDATA[<b>code</b> 4711]]></description><Point><coordinates>\n2,1,0\n</coordinates></Point></Placemark></Folder></Document></kml>",
            "Yard",
            "## Gates\n\n- North; at 1, 2; **code** 4711",
        );
        assert!(read(b"{\"features\": []}").is_err());
        assert!(read(b"<gpx/>").is_err());
        assert!(read(b"{").is_err());
    }
}
