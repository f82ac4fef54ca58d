//! A classifier that knows a few words, of which `obey` and `password` are an attack: its logits
//! are the sums of what its tokens have. An ONNX file, written as the format says.

/// The words, and what each adds to the logits of what is harmless and of an attack.
const WORDS: [(&str, f32, f32); 9] = [
    ("[PAD]", 0.0, 0.0),
    ("[UNK]", 0.0, 0.0),
    ("[CLS]", 2.0, 0.0),
    ("[SEP]", 0.0, 0.0),
    ("a", 0.0, 0.0),
    ("page", 0.0, 0.0),
    ("obey", 0.0, 8.0),
    ("password", 0.0, 8.0),
    ("##s", 0.0, 0.0),
];

/// The kinds of tensors in onnx.proto.
const FLOAT: u64 = 1;
const INT64: u64 = 7;

/// Its `tokenizer.json`.
pub(crate) fn tokenizer() -> String {
    let vocabulary: serde_json::Map<String, serde_json::Value> = WORDS
        .iter()
        .enumerate()
        .map(|(n, (word, ..))| ((*word).to_owned(), n.into()))
        .collect();
    let tokenizer = serde_json::json!({
        "normalizer": {"type": "BertNormalizer", "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "model": {"continuing_subword_prefix": "##", "vocab": vocabulary},
    });
    tokenizer.to_string()
}

/// Its network.
pub(crate) fn network() -> Vec<u8> {
    let table: Vec<u8> = WORDS
        .iter()
        .flat_map(|(_, harmless, attack)| [*harmless, *attack])
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
        initializer("table", &[WORDS.len() as u64, 2], FLOAT, &table),
        initializer("last", &[1], INT64, &last),
        initializer("middle", &[1], INT64, &middle),
        tensor(11, "input_ids", INT64, "tokens"),
        tensor(11, "attention_mask", INT64, "tokens"),
        tensor(12, "logits", FLOAT, "scores"),
    ]
    .concat();
    [number(1, 8), bytes(7, &graph), bytes(8, &number(2, 18))].concat()
}

/// A number as the format writes it.
pub(crate) fn varint(mut value: u64) -> Vec<u8> {
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
    for attribute in attributes {
        node.extend(bytes(5, attribute));
    }
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
