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

/// What the reference, `BertNormalizer` of the library tokenizers, makes of words.
#[test]
fn words_of_all_languages_are_cut_as_the_reference_does() {
    let check = |text: &str, expected: &[&str]| {
        let tokens = WordPiece::parse(&vocabulary(expected), expected.len()).expect("a vocabulary");
        let found: Vec<&str> = tokens
            .tokens_or(text, Some(usize::MAX))
            .map(|token| expected.get(token).copied().unwrap_or("[UNK]"))
            .collect();
        assert_eq!(found, expected, "{text:?}");
    };
    // Vowel signs that take a place of their own stay, those above and below go: also the dot
    // and the sign that joins two letters.
    check(
        "\u{915}\u{93f}\u{924}\u{93e}\u{92c}",
        &["\u{915}\u{93f}\u{924}\u{93e}\u{92c}"],
    );
    check(
        "\u{939}\u{93f}\u{902}\u{926}\u{940}\u{964}",
        &["\u{939}\u{93f}\u{926}\u{940}", "\u{964}"],
    );
    check(
        "\u{bae}\u{bc1}\u{ba4}\u{bb2}\u{bcd}",
        &["\u{bae}\u{bc1}\u{ba4}\u{bb2}"],
    );
    // Syllables of Korean are taken apart.
    check(
        "\u{ac00}\u{ac01}",
        &["\u{1100}\u{1161}\u{1100}\u{1161}\u{11a8}"],
    );
    // Soft hyphens, joiners, marks of direction and of byte order are none of a word.
    check("car\u{ad}pet", &["carpet"]);
    check(
        "\u{feff}wo\u{200b}ol\u{200d} \u{202e}red\u{202c}",
        &["wool", "red"],
    );
    check("wo\u{e000}ol", &["wool"]);
    check("caf\u{fffd}e", &["cafe"]);
    // Points of Hebrew go; punctuation of all scripts stands alone.
    check(
        "\u{5e9}\u{5b8}\u{5dc}\u{5d5}\u{5be}",
        &["\u{5e9}\u{5dc}\u{5d5}", "\u{5be}"],
    );
    check(
        "\u{627}\u{60c}\u{3002}",
        &["\u{627}", "\u{60c}", "\u{3002}"],
    );
    check("a\u{b7}b_c", &["a", "\u{b7}", "b", "_", "c"]);
    check("\u{130}x 5\u{20ac}", &["ix", "5\u{20ac}"]);
}

#[test]
fn a_vocabulary_of_another_program_cuts_alike() {
    let pieces = ["run", "##ning", "##s", ".", "[UNK]"];
    let named = WordPiece::parse(&vocabulary(&pieces), pieces.len()).expect("a vocabulary");
    let marked = WordPiece::marked(["\u{2581}run", "ning", "s", "\u{2581}.", "[UNK]"].into_iter());
    for text in ["Running runs. Ning", "", "[UNK]", "runner"] {
        let unknown = named.mark("[UNK]");
        assert_eq!(marked.mark("[UNK]"), unknown);
        let of = |pieces: &WordPiece| pieces.tokens_or(text, unknown).collect::<Vec<_>>();
        assert_eq!(of(&marked), of(&named), "{text}");
    }
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
