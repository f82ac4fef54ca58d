use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

/// A classifier that knows a few words, of which `obey` and `password` are an attack: the logits
/// are the sums of what its tokens have. An ONNX file, written as the format says.
fn tiny(folder: &std::path::Path) -> PathBuf {
    let words = [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "page", "obey", "password", "##s",
    ];
    let harmless = [0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    let attack = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 4.0, 4.0, 0.0];
    let vocabulary: serde_json::Map<String, serde_json::Value> = words
        .iter()
        .enumerate()
        .map(|(n, word)| ((*word).to_owned(), n.into()))
        .collect();
    let tokenizer = serde_json::json!({
        "normalizer": {"type": "BertNormalizer", "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "model": {"continuing_subword_prefix": "##", "vocab": vocabulary},
    });
    fs::write(folder.join("tokenizer.json"), tokenizer.to_string()).expect("written");
    let table: Vec<u8> = harmless
        .iter()
        .zip(attack)
        .flat_map(|(harmless, attack)| [*harmless, attack])
        .flat_map(f32::to_le_bytes)
        .collect();
    let last = (-1_i64).to_le_bytes();
    let middle = 1_i64.to_le_bytes();
    let to_float = attribute("to", 1);
    let no_dims = attribute("keepdims", 0);
    let graph = [
        node("Gather", &["table", "input_ids"], "each", &[]),
        node("Cast", &["attention_mask"], "float", &[to_float]),
        node("Unsqueeze", &["float", "last"], "mask", &[]),
        node("Mul", &["each", "mask"], "counted", &[]),
        node("ReduceSum", &["counted", "middle"], "logits", &[no_dims]),
        bytes(2, b"tiny"),
        initializer("table", &[words.len() as u64, 2], FLOAT, &table),
        initializer("last", &[1], INT64, &last),
        initializer("middle", &[1], INT64, &middle),
        tensor(11, "input_ids", INT64, "tokens"),
        tensor(11, "attention_mask", INT64, "tokens"),
        tensor(12, "logits", FLOAT, "scores"),
    ]
    .concat();
    let model = [number(1, 8), bytes(7, &graph), bytes(8, &number(2, 18))].concat();
    let path = folder.join("tiny.onnx");
    fs::write(&path, model).expect("written");
    path
}

/// The kinds of tensors in onnx.proto.
const FLOAT: u64 = 1;
const INT64: u64 = 7;

fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

fn number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

fn bytes(field: u64, value: &[u8]) -> Vec<u8> {
    let head = [varint((field << 3) | 2), varint(value.len() as u64)].concat();
    [head, value.to_vec()].concat()
}

/// A node of the graph.
fn node(op: &str, inputs: &[&str], output: &str, attributes: &[Vec<u8>]) -> Vec<u8> {
    let mut node: Vec<u8> = inputs
        .iter()
        .flat_map(|input| bytes(1, input.as_bytes()))
        .collect();
    node.extend(bytes(2, output.as_bytes()));
    node.extend(bytes(3, output.as_bytes()));
    node.extend(bytes(4, op.as_bytes()));
    attributes
        .iter()
        .for_each(|attribute| node.extend(bytes(5, attribute)));
    bytes(1, &node)
}

/// A whole number as an attribute of a node.
fn attribute(name: &str, value: u64) -> Vec<u8> {
    [bytes(1, name.as_bytes()), number(3, value), number(20, 2)].concat()
}

fn initializer(name: &str, sizes: &[u64], kind: u64, raw: &[u8]) -> Vec<u8> {
    let mut tensor: Vec<u8> = sizes.iter().flat_map(|size| number(1, *size)).collect();
    tensor.extend(number(2, kind));
    tensor.extend(bytes(8, name.as_bytes()));
    tensor.extend(bytes(9, raw));
    bytes(5, &tensor)
}

/// An input or an output of the graph, of texts and as many `columns`.
fn tensor(field: u64, name: &str, kind: u64, columns: &str) -> Vec<u8> {
    let dimension = |name: &str| bytes(1, &bytes(2, name.as_bytes()));
    let shape = [dimension("texts"), dimension(columns)].concat();
    let of_tensor = [number(1, kind), bytes(2, &shape)].concat();
    let info = [bytes(1, name.as_bytes()), bytes(2, &bytes(1, &of_tensor))].concat();
    bytes(field, &info)
}

#[test]
fn the_worst_window_counts() {
    let folder = tempfile::tempdir().expect("a folder");
    let classifier = Classifier::open(&tiny(folder.path())).expect("a classifier");
    let check = |text: &str, attack: bool, whole: bool| {
        let found = classifier.detect(text).expect("a score");
        assert_eq!(found.score > 0.5, attack, "{found:?} of {text:.60}");
        assert_eq!(found.looked_at == 1.0, whole, "{found:?} of {text:.60}");
    };
    check("a page", false, true);
    check("Obey a page!", true, true);
    // Cut into pieces, and with words that are not known.
    check("the passwords", true, true);
    check(&format!("{}obey", "a page ".repeat(10_000)), true, false);
    check(&format!("obey{}", " a page".repeat(10_000)), true, false);
    check(&"a page ".repeat(2_000), false, true);
    check(&"a page ".repeat(100_000), false, false);
    // Nothing that a network could know.
    for text in ["", " \n", "—", "\u{7}"] {
        assert_eq!(classifier.detect(text).expect("a score"), NOTHING);
    }
}

#[test]
fn what_is_no_classifier_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let network = tiny(folder.path());
    let check = |file: &str, content: &[u8], want: &str| {
        let path = folder.path().join(file);
        let before = fs::read(&path).expect("read");
        fs::write(&path, content).expect("written");
        let error = Classifier::open(&network).err().expect("an error");
        assert!(error.to_string().contains(want), "{error}");
        fs::write(&path, before).expect("written");
    };
    check("tiny.onnx", b"", "tiny.onnx");
    check("tiny.onnx", b"no network", "tiny.onnx");
    check("tokenizer.json", b"{}", "tokenizer.json");
    let marks = r###"{"normalizer": {"type": "BertNormalizer", "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "model": {"continuing_subword_prefix": "##", "vocab": {"a": 0}}}"###;
    check("tokenizer.json", marks.as_bytes(), "marks");
    fs::remove_file(&network).expect("removed");
    assert!(matches!(
        Classifier::open(&network),
        Err(DetectError::Io { .. })
    ));
}

proptest! {
    /// However long a text is: the work is bounded, the beginning and the end are looked at, a
    /// window follows the one before, and a text that is not too long is looked at whole.
    #[test]
    fn windows_are_few_and_have_both_ends(tokens in 1_usize..2_000_000) {
        let windows = windows(tokens);
        prop_assert!(windows.len() <= WINDOWS_MAX);
        prop_assert_eq!(windows.first().map(|window| window.start), Some(0));
        prop_assert_eq!(windows.last().map(|window| window.end), Some(tokens));
        prop_assert!(windows.iter().all(|window| window.len() <= TEXT && !window.is_empty()));
        prop_assert!(windows.windows(2).all(|two| two[0].start < two[1].start));
        let looked_at = share(&windows, tokens);
        prop_assert!(looked_at > 0.0 && looked_at <= 1.0);
        let whole = tokens <= TEXT + (WINDOWS_MAX - 1) * STRIDE;
        prop_assert!(looked_at == 1.0 || !whole);
        prop_assert!(looked_at < 1.0 || tokens <= TEXT * WINDOWS_MAX);
    }
}
