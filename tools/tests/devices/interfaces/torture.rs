//! Whatever bytes come in, the readers of outside data come to an end with a result or a
//! reason. `make torture` tries many more of them.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use proptest::prelude::*;
use quipu_tools::json_schema::{normal, unwrapped, validator};
use quipu_tools::{CallContext, Capability, Device, WasmDevice, manifest, schema};
use serde_json::{Value, json};

use super::{component, everything, host, probe};

/// Bytes that are nearly `sound`: some changed, and perhaps the end cut off.
fn damaged(sound: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let len = sound.len();
    let changes = prop::collection::vec((0..len, any::<u8>()), 0..8);
    (changes, prop_oneof![Just(len), 0..len]).prop_map(move |(changes, end)| {
        let mut bytes = sound.clone();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        bytes.truncate(end);
        bytes
    })
}

/// JSON that uses the words of schemas more often than chance would.
fn like_a_schema() -> impl Strategy<Value = Value> {
    const WORDS: [&str; 14] = [
        "type",
        "properties",
        "items",
        "anyOf",
        "oneOf",
        "allOf",
        "not",
        "enum",
        "const",
        "$ref",
        "$defs",
        "required",
        "pattern",
        "minimum",
    ];
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z#/$]{0,8}".prop_map(Value::from),
        prop::sample::select(vec!["object", "array", "string", "#", "#/$defs/a"])
            .prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let word = prop_oneof![
            4 => prop::sample::select(WORDS.to_vec()).prop_map(str::to_owned),
            1 => "[a-z]{1,3}",
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(word, inner, 0..6).prop_map(|map| json!(map)),
        ]
    })
}

/// A reader of documents that comes with Quipu.
fn reader(name: &str, place: &'static OnceLock<WasmDevice>) -> &'static WasmDevice {
    place.get_or_init(|| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/guests");
        let file = std::path::Path::new(folder).join(format!("{name}.wasm"));
        host()
            .load_file(&file)
            .unwrap_or_else(|error| panic!("{error}: run `make guests`"))
    })
}

fn pdf() -> &'static WasmDevice {
    static PDF: OnceLock<WasmDevice> = OnceLock::new();
    reader("pdf", &PDF)
}

fn documents() -> &'static WasmDevice {
    static DOCUMENTS: OnceLock<WasmDevice> = OnceLock::new();
    reader("documents", &DOCUMENTS)
}

fn browser() -> &'static WasmDevice {
    static BROWSER: OnceLock<WasmDevice> = OnceLock::new();
    reader("browser", &BROWSER)
}

/// The longest that a call may take, and how much later it may be over.
const DEADLINE: Duration = Duration::from_secs(5);
const LATE: Duration = Duration::from_secs(5);

/// Has a reader read; whatever it was given, it comes back with a value or an error in time.
fn read(guest: &WasmDevice, function: &str, args: &Value) {
    let begun = Instant::now();
    let context = CallContext {
        deadline: DEADLINE,
        ..CallContext::default()
    };
    let _ = guest.call(function, args, &context);
    assert!(begun.elapsed() < DEADLINE + LATE, "{args}");
}

/// A file of one page that says a word.
const PDF: &[u8] = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids\
[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]/Contents 4 0 R\
/Resources<</Font<</F 5 0 R>>>>>>endobj\n4 0 obj<</Length 38>>stream\nBT /F 12 Tf 20 50 Td (Hello) Tj ET\
   \nendstream endobj\n5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n\
trailer<</Root 1 0 R>>\n%%EOF";
const HTML: &[u8] = b"<!doctype html><title>A</title><h1 id=x>B</h1><p>one <b>two</b>&amp;\
<table><tr><td>c<td>d</table><ul><li>e<li><a href='/f'>g</a></ul><pre>h\n i</pre><img alt=j>";
const MAIL: &[u8] = b"From: a@b.example\r\nSubject: =?utf-8?q?caf=C3=A9?=\r\nMIME-Version: 1.0\r\n\
Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\
Content-Transfer-Encoding: quoted-printable\r\n\r\nOne=20two.\r\n--x--\r\n";
const NOTEBOOK: &[u8] = br##"{"cells":[{"cell_type":"markdown","metadata":{},"source":["# A\n"]},
{"cell_type":"code","execution_count":1,"metadata":{},"outputs":[{"output_type":"stream",
"name":"stdout","text":["2\n"]}],"source":"1+1"}],"metadata":{},"nbformat":4,"nbformat_minor":5}"##;

/// A value of the record that the probe takes, with some of it replaced by other JSON.
fn like_everything() -> impl Strategy<Value = Value> {
    let changes = prop::collection::vec((any::<prop::sample::Index>(), like_a_schema()), 0..3);
    (everything(), changes).prop_map(|(mut value, changes)| {
        for (at, change) in changes {
            let names: Vec<String> = value
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, _)| name.clone())
                .collect();
            value[at.get(&names).as_str()] = change;
        }
        value
    })
}

/// How often a component is called: each call is a fresh instance, which takes milliseconds.
fn fewer() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig {
        cases: usual.cases.div_ceil(16),
        ..usual
    }
}

proptest! {
    #![proptest_config(fewer())]

    /// JSON becomes values of a component, or an error says why not.
    #[test]
    fn torture_arguments_become_values_or_are_refused(value in like_everything()) {
        let _ = probe().call("echo", &json!({ "value": value }), &CallContext::default());
        let _ = probe().call("echo", &value, &CallContext::default());
    }

    #[test]
    fn torture_a_pdf_is_read_or_refused(bytes in damaged(PDF.to_vec())) {
        let base64 = BASE64_STANDARD.encode(bytes);
        read(pdf(), "read", &json!({"base64": base64, "first": 1, "last": 2}));
    }

    #[test]
    fn torture_a_page_is_read_or_refused(bytes in damaged(HTML.to_vec())) {
        let html = String::from_utf8_lossy(&bytes);
        read(browser(), "read", &json!({"html": html, "url": "https://a.example/b"}));
    }

    #[test]
    fn torture_a_document_is_read_or_refused(
        (format, bytes) in prop_oneof![
            damaged(MAIL.to_vec()).prop_map(|bytes| ("mail", bytes)),
            damaged(NOTEBOOK.to_vec()).prop_map(|bytes| ("notebook", bytes)),
            damaged(HTML.to_vec()).prop_map(|bytes| ("html", bytes)),
        ]
    ) {
        let base64 = BASE64_STANDARD.encode(bytes);
        read(documents(), "read", &json!({"base64": base64, "format": format}));
    }

}

proptest! {
    #[test]
    fn torture_a_component_is_described_or_refused(
        bytes in damaged(component::without_code(
            "package a:b@1.0.0;\nworld w { export f: func(x: list<option<string>>) -> u8; }"
        ))
    ) {
        let _ = schema::describe(&bytes);
        let _ = manifest::found_in(&bytes);
    }

    #[test]
    fn torture_a_schema_is_put_into_its_normal_form_or_refused(given in like_a_schema()) {
        if let Ok(inner) = unwrapped(&given)
            && let Ok(once) = normal(inner)
        {
            // What is normal can be read, and stays as it is.
            prop_assert!(validator(&once).is_ok(), "{once}");
            prop_assert_eq!(normal(&once), Ok(once.clone()));
        }
    }

    #[test]
    fn torture_a_capability_is_read_or_refused(text in "[a-z]{0,6}(:[ -~]{0,12}){0,3}") {
        if let Ok(capability) = text.parse::<Capability>() {
            // What is written of it is the same capability.
            prop_assert_eq!(capability.to_string().parse(), Ok(capability));
        }
    }
}
