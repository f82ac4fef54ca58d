//! Rewrites the network's ONNX file in memory, so that rten computes what was meant.
//!
//! Two kinds of nodes are changed (rten 0.27):
//! - `FusedMatMul`, which rten does not have, becomes `Transpose` and `MatMul`.
//! - A `ConvInteger` with padding gets its input from a `Pad` that writes the zero point of the
//!   input, because rten pads with another value.
//!
//! Numbers of fields are those of onnx.proto.

use super::protobuf::{Field, fields, numbers, put_bytes, put_length, put_number};

const MODEL_GRAPH: u64 = 7;
const GRAPH_NODE: u64 = 1;
const GRAPH_INITIALIZER: u64 = 5;
const NODE_INPUT: u64 = 1;
const NODE_OUTPUT: u64 = 2;
const NODE_OP: u64 = 4;
const NODE_ATTRIBUTE: u64 = 5;
const ATTRIBUTE_NAME: u64 = 1;
const ATTRIBUTE_TEXT: u64 = 4;
const ATTRIBUTE_NUMBER: u64 = 3;
const ATTRIBUTE_NUMBERS: u64 = 8;
const ATTRIBUTE_KIND: u64 = 20;
const TENSOR_SIZES: u64 = 1;
const TENSOR_KIND: u64 = 2;
const TENSOR_NAME: u64 = 8;
const TENSOR_BYTES: u64 = 9;
/// The kinds of attributes, and of tensors.
const KIND_TEXT: u64 = 3;
const KIND_NUMBERS: u64 = 7;
const INT64: u64 = 7;

/// The model in `bytes`, rewritten.
///
/// # Errors
/// A sentence: what is not as it should be.
pub fn rewrite(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(bytes.len() + (1 << 16));
    for field in fields(bytes)? {
        if field.number != MODEL_GRAPH {
            out.extend_from_slice(field.whole);
            continue;
        }
        let pieces = graph(field.bytes())?;
        put_length(&mut out, MODEL_GRAPH, pieces.iter().map(Piece::len).sum());
        for piece in pieces {
            match piece {
                Piece::Kept(bytes) => out.extend_from_slice(bytes),
                Piece::New(bytes) => out.extend_from_slice(&bytes),
            }
        }
    }
    Ok(out)
}

/// A part of the new graph.
enum Piece<'a> {
    Kept(&'a [u8]),
    New(Vec<u8>),
}

impl Piece<'_> {
    fn len(&self) -> usize {
        match self {
            Piece::Kept(bytes) => bytes.len(),
            Piece::New(bytes) => bytes.len(),
        }
    }
}

fn graph(bytes: &[u8]) -> Result<Vec<Piece<'_>>, String> {
    let mut pieces = Vec::new();
    for field in fields(bytes)? {
        let new = match field.number {
            GRAPH_NODE => node(field.bytes())?,
            _ => None,
        };
        pieces.push(match new {
            Some(new) => Piece::New(new),
            None => Piece::Kept(field.whole),
        });
    }
    Ok(pieces)
}

/// The fields of the graph that replace a node, where it is to be replaced.
fn node(bytes: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let node = fields(bytes)?;
    match node.iter().find(|field| field.number == NODE_OP) {
        Some(op) if op.text() == "FusedMatMul" => product(&node).map(Some),
        Some(op) if op.text() == "ConvInteger" => convolution(&node),
        _ => Ok(None),
    }
}

/// `FusedMatMul` of a transposed first input, as two nodes.
fn product(node: &[Field<'_>]) -> Result<Vec<u8>, String> {
    let names = |number| node.iter().filter(move |field| field.number == number);
    let number = |name| attribute(node, name).and_then(|held| numbers_of(&held).first().copied());
    if number("transA") != Some(1) || number("transB").unwrap_or(0) != 0 {
        return Err("it multiplies matrices in a way that is not known".into());
    }
    let inputs: Vec<&str> = names(NODE_INPUT).map(Field::text).collect();
    let output = names(NODE_OUTPUT).map(Field::text).next();
    let ([first, second], Some(output)) = (inputs.as_slice(), output) else {
        return Err("a product of matrices has not two inputs".into());
    };
    let turned = format!("{first}_turned");
    let mut graph = Vec::new();
    let order = numbers_attribute("perm", &[0, 2, 1]);
    put_node(&mut graph, "Transpose", &[first], &turned, &[order]);
    put_node(&mut graph, "MatMul", &[&turned, second], output, &[]);
    Ok(graph)
}

/// A convolution whose input is padded before; none where nothing is padded.
fn convolution(node: &[Field<'_>]) -> Result<Option<Vec<u8>>, String> {
    let pads = attribute(node, "pads").map(|held| numbers_of(&held));
    let Some([before, after]) = pads.as_deref().filter(|pads| pads.iter().any(|n| *n > 0)) else {
        return Ok(None);
    };
    let inputs = node.iter().filter(|field| field.number == NODE_INPUT);
    let inputs: Vec<&str> = inputs.map(Field::text).collect();
    let outputs = node.iter().find(|field| field.number == NODE_OUTPUT);
    let (Some([input, _, zero]), Some(output)) = (inputs.get(..3), outputs) else {
        return Err("a convolution has no zero point".into());
    };
    // The name of its output is its own: no other node has it.
    let (sizes, padded) = (
        format!("{}_pads", output.text()),
        format!("{}_padded", output.text()),
    );
    let mut graph = Vec::new();
    put_sizes(&mut graph, &sizes, &[0, 0, *before, 0, 0, *after]);
    let mode = text_attribute("mode", "constant");
    put_node(&mut graph, "Pad", &[input, &sizes, zero], &padded, &[mode]);
    let mut same = Vec::new();
    let mut is_first = true;
    for field in node {
        match field.number {
            NODE_INPUT if std::mem::take(&mut is_first) => {
                put_bytes(&mut same, NODE_INPUT, padded.as_bytes());
            }
            NODE_ATTRIBUTE if name_of(field) == "pads" => {
                put_bytes(
                    &mut same,
                    NODE_ATTRIBUTE,
                    &numbers_attribute("pads", &[0, 0]),
                );
            }
            _ => same.extend_from_slice(field.whole),
        }
    }
    put_bytes(&mut graph, GRAPH_NODE, &same);
    Ok(Some(graph))
}

/// The fields of the attribute `name` of a node.
fn attribute<'a>(node: &[Field<'a>], name: &str) -> Option<Vec<Field<'a>>> {
    let mut held = node.iter().filter(|field| field.number == NODE_ATTRIBUTE);
    fields(held.find(|field| name_of(field) == name)?.bytes()).ok()
}

fn name_of<'a>(attribute: &Field<'a>) -> &'a str {
    let held = fields(attribute.bytes()).unwrap_or_default();
    let name = held.iter().find(|field| field.number == ATTRIBUTE_NAME);
    name.map(Field::text).unwrap_or_default()
}

/// The numbers that an attribute holds.
fn numbers_of(attribute: &[Field<'_>]) -> Vec<u64> {
    let held = attribute
        .iter()
        .filter(|field| matches!(field.number, ATTRIBUTE_NUMBER | ATTRIBUTE_NUMBERS));
    held.flat_map(|field| numbers(field).unwrap_or_default())
        .collect()
}

fn numbers_attribute(name: &str, values: &[u64]) -> Vec<u8> {
    let mut attribute = Vec::new();
    put_bytes(&mut attribute, ATTRIBUTE_NAME, name.as_bytes());
    for value in values {
        put_number(&mut attribute, ATTRIBUTE_NUMBERS, *value);
    }
    put_number(&mut attribute, ATTRIBUTE_KIND, KIND_NUMBERS);
    attribute
}

fn text_attribute(name: &str, text: &str) -> Vec<u8> {
    let mut attribute = Vec::new();
    put_bytes(&mut attribute, ATTRIBUTE_NAME, name.as_bytes());
    put_bytes(&mut attribute, ATTRIBUTE_TEXT, text.as_bytes());
    put_number(&mut attribute, ATTRIBUTE_KIND, KIND_TEXT);
    attribute
}

/// Appends a node to the graph.
fn put_node(graph: &mut Vec<u8>, op: &str, inputs: &[&str], output: &str, held: &[Vec<u8>]) {
    let mut node = Vec::new();
    for input in inputs {
        put_bytes(&mut node, NODE_INPUT, input.as_bytes());
    }
    put_bytes(&mut node, NODE_OUTPUT, output.as_bytes());
    put_bytes(&mut node, NODE_OP, op.as_bytes());
    for attribute in held {
        put_bytes(&mut node, NODE_ATTRIBUTE, attribute);
    }
    put_bytes(graph, GRAPH_NODE, &node);
}

/// Appends a constant of whole numbers to the graph.
fn put_sizes(graph: &mut Vec<u8>, name: &str, values: &[u64]) {
    let mut tensor = Vec::new();
    put_number(&mut tensor, TENSOR_SIZES, values.len() as u64);
    put_number(&mut tensor, TENSOR_KIND, INT64);
    put_bytes(&mut tensor, TENSOR_NAME, name.as_bytes());
    let bytes: Vec<u8> = values.iter().flat_map(|n| n.to_le_bytes()).collect();
    put_bytes(&mut tensor, TENSOR_BYTES, &bytes);
    put_bytes(graph, GRAPH_INITIALIZER, &tensor);
}
