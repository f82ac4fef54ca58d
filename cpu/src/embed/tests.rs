use super::table::Table;
use super::wordpiece::WordPiece;

fn vocabulary(pieces: &[&str]) -> String {
    let vocab: serde_json::Map<String, serde_json::Value> = pieces
        .iter()
        .enumerate()
        .map(|(n, piece)| ((*piece).to_owned(), n.into()))
        .collect();
    serde_json::json!({
        "normalizer": {"type": "BertNormalizer", "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "model": {"continuing_subword_prefix": "##", "vocab": vocab},
    })
    .to_string()
}

#[test]
fn words_are_cut_into_the_longest_pieces() {
    let pieces = [
        "[UNK]", "run", "##ning", "##n", "##ing", ".", "結", "cafe", "r",
    ];
    let tokens = WordPiece::parse(&vocabulary(&pieces), pieces.len()).expect("a vocabulary");
    let check = |text: &str, expected: &[&str]| {
        let found: Vec<&str> = tokens.tokens(text).map(|token| pieces[token]).collect();
        assert_eq!(found, expected, "{text:?}");
    };
    check("", &[]);
    check("Running. RUN", &["run", "##ning", ".", "run"]);
    check("CAFÉ結cafe\u{301}", &["cafe", "結", "cafe"]);
    check("runx unknown [UNK]", &[]);
    check(&"r".repeat(101), &[]);
    let unknown = tokens.mark("[UNK]");
    let found: Vec<usize> = tokens.tokens_or("run runx .", unknown).collect();
    assert_eq!(found, [1, 0, 5], "a word that has no pieces is one token");
    assert_eq!(tokens.mark("[CLS]"), None);
}

#[test]
fn what_is_no_vocabulary_is_refused() {
    for text in ["", "{}", "{\"model\":{}}", &vocabulary(&["a", "b", "c"])] {
        assert!(WordPiece::parse(text, 2).is_err(), "{text}");
    }
}

fn tensor(header: &str, numbers: &[f32]) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    bytes
}

#[test]
fn a_table_is_read_and_a_damaged_one_refused() {
    let header = r#"{"embeddings":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}"#;
    let numbers = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let whole = tensor(header, &numbers);
    let table = Table::parse(&whole).expect("a table");
    assert_eq!((table.len(), table.dimensions()), (2, 3));
    assert_eq!(table.row(1), &numbers[3..]);
    for end in 0..whole.len() {
        assert!(Table::parse(&whole[..end]).is_err(), "{end} bytes of it");
    }
    for wrong in [
        header.replace("F32", "F16"),
        header.replace("[2,3]", "[6]"),
        header.replace("[2,3]", "[18446744073709551615,3]"),
        header.replace("[0,24]", "[24,0]"),
        "{}".to_owned(),
    ] {
        assert!(Table::parse(&tensor(&wrong, &numbers)).is_err(), "{wrong}");
    }
}
