use super::*;

fn check(text: &str, terms: &[&str]) {
    let found: Vec<Token> = tokens(text).collect();
    let words: Vec<&str> = found.iter().map(|token| token.term.as_str()).collect();
    assert_eq!(words, terms, "terms of {text:?}");
    let mut start = 0;
    for token in found {
        assert!(
            text.get(token.span.clone()).is_some() && token.span.start >= start,
            "{token:?} in {text:?}"
        );
        start = token.span.start;
    }
}

#[test]
fn words_become_terms() {
    check("", &[]);
    check(" \0 -- \u{1f999} ❤\u{fe0f} ", &[]);
    check("Running RUNS", &["run", "run"]);
    check("Caf\u{e9}s cafe\u{301}s CAFES", &["cafe", "cafe", "cafe"]);
    check(
        "Straße Łódź Ærø İstanbul",
        &["strass", "lodz", "aero", "istanbul"],
    );
    check("ﬁne Ｗｉｄｅ", &["fine", "wide"]);
    check("Привет हिन्दी", &["привет", "हिंदी"]);
}

#[test]
fn letters_with_dots_are_found_as_people_type_them() {
    check(
        "Müller Mueller Muller",
        &["mueller", "muller", "mueller", "muller"],
    );
    check("MU\u{308}LLER", &["mueller", "muller"]);
    check("Straße Strasse STRASSE STRAẞE", &["strass"; 4]);
    check("Århus Tromsø", &["aarhus", "arhus", "tromso"]);
    check("naïve Noël", &["naiv", "noel"]);
    // Also in the words of a word.
    check(
        "Lüders-Öhl getGröße",
        &[
            "lueder",
            "luder",
            "oehl",
            "ohl",
            "getgroess",
            "getgross",
            "get",
            "groess",
            "gross",
        ],
    );
}

#[test]
fn apostrophes_end_words() {
    check("Caroline's we’ll don't", &["carolin", "we", "don"]);
    check("l'avion s 's", &["l", "avion", "s", "s"]);
}

#[test]
fn names_are_found_whole_and_by_their_words() {
    check("get_user_names", &["get", "user", "name"]);
    check("getUserName", &["getusernam", "get", "user", "name"]);
    check("HTTPServer", &["httpserver", "http", "server"]);
    check(
        "utf8Text x86_64",
        &["utf8text", "utf8", "text", "x86", "64"],
    );
    check("iPhone NASA Paris", &["iphon", "phone", "nasa", "pari"]);
}

#[test]
fn a_word_with_a_joint_is_found_as_one() {
    check("e-mail Wi‑Fi", &["email", "e", "mail", "wifi", "wi", "fi"]);
    check("O'Brien's", &["obrien", "o", "brien"]);
    check("node.js", &["nodej", "node", "js"]);
    check("the U.S.A. won", &["the", "usa", "u", "s", "a", "won"]);
    check("Ph.D.", &["phd", "ph", "d"]);
    check("ISO-8601", &["iso8601", "iso", "8601"]);
    check("3-16-1484", &["3161484", "3", "16", "1484"]);
    check("3-16-14-X 5-6", &["31614x", "3", "16", "14", "x", "5", "6"]);
    // Words of their own, and what is no word.
    check("well-known l'avion", &["well", "known", "l", "avion"]);
    check("state-of-the-art", &["state", "of", "the", "art"]);
    check("a.txt wool.md", &["a", "txt", "wool", "md"]);
    check("It ended.Then", &["it", "end", "then"]);
    check("- a -- b", &["a", "b"]);
}

#[test]
fn a_letter_with_signs_is_a_name() {
    check("C++ and C#, c", &["c++", "c", "and", "c#", "c", "c"]);
    check("a+b x++y F#1", &["a", "b", "x++", "x", "y", "f", "1"]);
    check("C#", &["c#", "c"]);
}

#[test]
fn numbers_are_found_whole_and_by_their_parts() {
    check("1,400,000 items", &["1400000", "item"]);
    check("3.14 v1.2", &["3.14", "3", "14", "v1.2", "v1", "2"]);
    check("1,2 or 3.", &["12", "1", "2", "or", "3"]);
    check("1,234,567.89", &["1234567.89", "1234567", "89"]);
    check(
        "1,400.50 1400.50",
        &["1400.50", "1400", "50", "1400.50", "1400", "50"],
    );
    check("1,40.5", &["1,40.5", "1", "40", "5"]);
    check("10km 5GB", &["10km", "10", "km", "5gb", "5", "gb"]);
    check("2.5kg", &["2.5kg", "2", "5", "kg"]);
    check("3f2a 1x2", &["3f2a", "1x2"]);
}

#[test]
fn a_number_is_found_however_its_thousands_are_written() {
    for number in [
        "1,400,000",
        "1\u{a0}400\u{a0}000",
        "1\u{202f}400\u{202f}000",
        "1'400’000",
        "1_400_000",
        "1400000",
    ] {
        check(number, &["1400000"]);
    }
    check("1.400.000", &["1.400.000", "1400000", "1", "400", "000"]);
    check("1.400", &["1.400", "1", "400"]);
    check("2023\u{a0}400", &["2023", "400"]);
    check("12\u{a0}4000 and 5'1", &["12", "4000", "and", "5", "1"]);
    check("v_1_400", &["v", "1400"]);
}

#[test]
fn signs_are_found_alone_and_in_pairs() {
    check("日本語 text", &["日", "日本", "本", "本语", "语", "text"]);
    check("簡體 简体", &["简", "简体", "体", "简", "简体", "体"]);
    check("x日y", &["x", "日", "y"]);
    check("한국어", &["한", "한국", "국", "국어", "어"]);
    check("か\u{3099}き", &["が", "がき", "き"]);
}

#[test]
fn one_word_has_one_form() {
    // Korean as a Mac writes it: each syllable in its parts.
    let parts = "\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}\u{110b}\u{1165}";
    check(parts, &["한", "한국", "국", "국어", "어"]);
    check("ｶﾞｽ", &["ガ", "ガス", "ス"]);
    check(
        "ｻｰﾊﾞｰ サーバー",
        &["サ", "サー", "ー", "ーバ", "バ", "バー", "ー"].repeat(2),
    );
    // Vietnamese as a Mac writes it, and the dotless letter of Turkish in capitals.
    check(
        "Nguye\u{302}\u{303}n Nguyễn Đà",
        &["nguyen", "nguyen", "da"],
    );
    check("ışık IŞIK isik", &["isik"; 3]);
    // Arabic and Hebrew with vowels and without, Persian on an Arabic keyboard, Greek in capitals.
    check(
        "\u{645}\u{64f}\u{62d}\u{64e}\u{645}\u{651}\u{64e}\u{62f} \u{645}\u{640}\u{62d}\u{645}\u{62f}",
        &["\u{645}\u{62d}\u{645}\u{62f}"; 2],
    );
    check(
        "\u{5e9}\u{5c1}\u{5b8}\u{5dc}\u{5d5}\u{5b9}\u{5dd} \u{5e9}\u{5dc}\u{5d5}\u{5dd}",
        &["\u{5e9}\u{5dc}\u{5d5}\u{5dd}"; 2],
    );
    check("\u{643}\u{64a} \u{6a9}\u{6cc}", &["\u{6a9}\u{6cc}"; 2]);
    check("ΟΔΟΣ οδός", &["οδοσ"; 2]);
    check("\u{661}\u{662} \u{6f1}\u{6f2} \u{967}\u{968}", &["12"; 3]);
    // Digits of other scripts, Arabic with its article, Hindi with a dot for a nasal and without
    // the one that letters of other languages have.
    check("๒๕ \u{9e8}\u{9eb}", &["25"; 2]);
    check("\u{661}\u{66c}\u{662}\u{663}\u{664}", &["1234"]);
    check("المكتبة مكتبه", &["المکتبه", "مکتبه", "مکتبه"]);
    check("हिंदी ज़रूर जरूर", &["हिंदी", "जरूर", "जरूर"]);
    check(
        "㍿ ㎏",
        &["株", "株式", "式", "式会", "会", "会社", "社", "kg"],
    );
    check("30㎡ 5km2", &["30m2", "30", "m2", "5km2", "5", "km2"]);
    check("№5 ℡03", &["5", "03"]);
    // Signs that nobody sees.
    check("in\u{ad}ven\u{ad}tory", &["inventori"]);
    check(
        "blan\u{200b}ket frob\u{2060}nicate()",
        &["blanket", "frobnic"],
    );
    check(
        "\u{feff}wool\u{200d} co\u{200c}rd\u{200e}",
        &["wool", "cord"],
    );
    check("日\u{200b}本", &["日", "日本", "本"]);
    check("cafe\u{ad}\u{301} Caf\u{e9}", &["cafe", "cafe"]);
    // Width, and numbers in circles and above.
    check("Ｗｏｏｌ １２３ ①x²", &["wool", "123", "1x2"]);
    check("Quipu™", &["quipu"]);
}

#[test]
fn a_word_without_end_is_bounded() {
    let endless = "é".repeat(1 << 20);
    let found: Vec<Token> = tokens(&endless).collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].term, "e".repeat(64));
}

#[test]
fn queries_keep_their_order_and_bound() {
    assert_eq!(query_terms("b x B c", 8), ["b", "x", "c"]);
    assert_eq!(query_terms("b x B c", 2), ["b", "x"]);
    assert_eq!(query_terms("What did the llama do?", 8), ["llama"]);
    assert_eq!(
        query_terms("to be or not to be", 8),
        ["to", "be", "or", "not"]
    );
}
