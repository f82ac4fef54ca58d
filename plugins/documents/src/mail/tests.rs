//! Mails of many programs.

use super::*;

const MAIL: &str = "From: =?utf-8?b?QWRhIMOJdG9pbGU=?= <ada@example.org>\r\nTo: bo@example.org\r\nSubject: =?utf-8?q?The_wool_=E2=80=93_again?=\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: base64\r\n\r\nRml2ZSBiYWxlcyBmb3IgdGhlIGNhZuku\r\n--x\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"=?utf-8?q?n=C3=B3ta.pdf?=\"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--x--\r\n";

#[test]
fn a_mail_is_decoded() {
    let found = read(MAIL.as_bytes()).expect("a mail");
    assert_eq!(found.title, "The wool – again");
    assert_eq!(
        found.parts[0].text,
        "# The wool – again\n\nFrom: Ada Étoile <ada@example.org>\nTo: bo@example.org\n\nFive bales for the café.\n\nAttachments: nóta.pdf (application/pdf, 4 bytes)"
    );
}

#[test]
fn html_is_read_where_there_is_no_text() {
    let mail =
        "Subject: a\nContent-Type: text/html; charset=utf-8\n\n<h2>Wool</h2><p>of the <b>llama</b>";
    let found = read(mail.as_bytes()).expect("a mail");
    assert_eq!(found.parts[0].text, "# a\n\n## Wool\n\nof the **llama**");
}

#[test]
fn a_blank_text_beside_html_says_nothing() {
    let mail = "Subject: a\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: text/plain\n\n \n--x\nContent-Type: text/html\n\n<p>The wool is <b>red</b>.\n--x--\n";
    let found = read(mail.as_bytes()).expect("a mail");
    assert_eq!(found.parts[0].text, "# a\n\nThe wool is **red**.");
}

#[test]
fn lines_may_end_as_on_old_machines_and_begin_with_none() {
    for mail in [
        "Subject: a\rFrom: b@example.org\r\rThe wool\ris red.\r",
        "\r\n\nSubject: a\nFrom: b@example.org\n\nThe wool\nis red.\n",
    ] {
        let found = read(mail.as_bytes()).expect("a mail");
        assert_eq!(
            found.parts[0].text,
            "# a\n\nFrom: b@example.org\n\nThe wool\nis red."
        );
    }
}

#[test]
fn a_part_that_says_nothing_of_itself_is_text() {
    let mail = "Subject: a\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\nBefore it.\n--x\n\nThe wool is red.\n";
    let found = read(mail.as_bytes()).expect("a mail");
    assert_eq!(found.parts[0].text, "# a\n\nThe wool is red.");
}

#[test]
fn a_text_that_only_points_to_html_gives_way_to_it() {
    let check = |plain: &str, html: &str, expected: &str| {
        let mail = format!(
            "Subject: a\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: text/plain\n\n{plain}\n--x\nContent-Type: text/html\n\n<p>{html}</p>\n--x--\n"
        );
        let found = read(mail.as_bytes()).expect("a mail");
        assert_eq!(found.parts[0].text, format!("# a\n\n{expected}"), "{plain}");
    };
    let news =
        "The gate code of the north yard is 4711, and the shears are in the shed. ".repeat(3);
    let news = news.trim();
    check("See this mail in a browser.", news, news);
    check(
        "The code is 4711.",
        "The code is <b>4711</b>.",
        "The code is 4711.",
    );
}

#[test]
fn letters_that_nobody_declared_are_read() {
    let words = "Die Br\u{fc}cke \u{fc}ber den Flu\u{df} wurde gebaut.";
    let latin: Vec<u8> = words.chars().map(|c| c as u8).collect();
    let quoted: String = latin
        .iter()
        .map(|byte| match byte {
            128.. => format!("={byte:02X}"),
            byte => char::from(*byte).to_string(),
        })
        .collect();
    let check = |headers: &str, body: &[u8]| {
        let mail = [format!("Subject: a\n{headers}\n").as_bytes(), body, b"\n"].concat();
        let found = read(&mail).expect("a mail");
        assert_eq!(found.parts[0].text, format!("# a\n\n{words}"), "{headers}");
    };
    check("", &latin);
    check("Content-Type: text/plain; charset=utf-8\n", &latin);
    check("Content-Type: text/plain\n", words.as_bytes());
    check(
        "Content-Transfer-Encoding: quoted-printable\n",
        quoted.as_bytes(),
    );
}

#[test]
fn a_mail_that_came_back_says_why() {
    let mail = "Subject: a\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\n\n--x\nContent-Type: text/plain\n\nIt came back.\n--x\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; bo@example.org\nDiagnostic-Code: smtp; 550 no such user\n--x--\n";
    let found = read(mail.as_bytes()).expect("a mail");
    let text = &found.parts[0].text;
    assert!(
        text.contains("Diagnostic-Code: smtp; 550 no such user"),
        "{text}"
    );
    assert_eq!(found.left_out, Vec::<String>::new());
}

#[test]
fn a_text_that_needs_a_key_is_named() {
    let check = |kind: &str, is_named: bool| {
        let mail = format!(
            "Subject: a\nMIME-Version: 1.0\nContent-Type: {kind}; name=a\nContent-Transfer-Encoding: base64\n\nMIIBBg==\n"
        );
        let found = read(mail.as_bytes()).expect("a mail");
        assert_eq!(!found.left_out.is_empty(), is_named, "{kind}");
    };
    check("application/pkcs7-mime; smime-type=enveloped-data", true);
    check("application/pdf", false);
}

#[test]
fn an_invitation_says_when_it_is() {
    let mail = "Subject: a\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nCome.\n--x\nContent-Type: text/calendar; method=REQUEST; name=\"i.ics\"\nContent-Disposition: attachment; filename=\"i.ics\"\n\nBEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Shearing\nLOCATION:Yard\nEND:VEVENT\nEND:VCALENDAR\n--x--\n";
    let found = read(mail.as_bytes()).expect("a mail");
    let text = &found.parts[0].text;
    assert!(
        text.contains("Attached i.ics:\n\n## Shearing\n\nWhere: Yard"),
        "{text}"
    );
    assert!(!text.contains("BEGIN:"), "{text}");
}

#[test]
fn files_of_other_days_are_named_and_read() {
    let check = |headers: &str, body: &str, expected: &str| {
        let mail = format!("Subject: a\n{headers}\n{body}");
        let found = read(mail.as_bytes()).expect("a mail");
        assert_eq!(found.parts[0].text, format!("# a\n\n{expected}"), "{mail}");
    };
    check(
        "",
        "See it.\n\nbegin 644 a.txt\n#0V%T\n`\nend\n",
        "See it.\n\nAttached a.txt:\n\nCat\n\nAttachments: a.txt (uuencoded, 3 bytes)",
    );
    check(
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n",
        "--x\nContent-Type: text/plain\n\nSee it.\n--x\nContent-Type: application/octet-stream; name=a.txt\nContent-Disposition: attachment; filename=a.txt\nContent-Transfer-Encoding: x-uuencode\n\nbegin 644 a.txt\n#0V%T\n`\nend\n--x--\n",
        "See it.\n\nAttached a.txt:\n\nCat\n\nAttachments: a.txt (uuencoded, 3 bytes)",
    );
    // What Outlook packed: a subject, and nothing behind it.
    let subject = b"\x01\x04\x80\x06\0\x05\0\0\0Wool\0\0\0";
    let packed = markup::base64(&[&b"\x78\x9f\x3e\x22\x01\0"[..], &subject[..]].concat());
    check(
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n",
        &format!(
            "--x\nContent-Type: text/plain\n\nSee it.\n--x\nContent-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\n{packed}\n--x--\n"
        ),
        "See it.\n\nAttached winmail.dat:\n\n# Wool\n\nAttachments: winmail.dat (application/ms-tnef, 22 bytes)",
    );
}

#[test]
fn an_enriched_text_has_its_words() {
    let mail = "Subject: a\nReply-To: bo@example.org\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/enriched\n\n<bold>Rich</bold> <color><param>red</param>wool</color>, 1 << 2\n--x--\n";
    let found = read(mail.as_bytes()).expect("a mail");
    let text = &found.parts[0].text;
    assert!(text.contains("Reply to: bo@example.org"), "{text}");
    assert!(text.contains("Rich wool, 1 < 2"), "{text}");
    let mail = "From: a@example.org\nReply-To: a@example.org\nSubject: a\n\nb";
    let found = read(mail.as_bytes()).expect("a mail");
    assert_eq!(found.parts[0].text, "# a\n\nFrom: a@example.org\n\nb");
    // Somebody else, whose address ends the sender's.
    let mail = "From: ba@example.org\nReply-To: a@example.org\nSubject: a\n\nb";
    let found = read(mail.as_bytes()).expect("a mail");
    let text = &found.parts[0].text;
    assert!(text.contains("Reply to: a@example.org"), "{text}");
}

#[test]
fn lines_flow_where_the_mail_says_so() {
    let check = |kind: &str, expected: &str| {
        let mail = format!("Subject: a\nContent-Type: {kind}\n\nThe wool \nof the\nllama");
        let found = read(mail.as_bytes()).expect("a mail");
        assert_eq!(found.parts[0].text, format!("# a\n\n{expected}"), "{kind}");
    };
    check("text/plain; format=flowed", "The wool of the\nllama");
    check(
        "text/plain; format=flowed; delsp=yes",
        "The woolof the\nllama",
    );
    check("text/plain", "The wool \nof the\nllama");
}

#[test]
fn a_mail_of_apple_says_how_long_it_is() {
    let mail = "Subject: a\n\nwool\n";
    let file = format!("{}     \n{mail}<?xml version='1.0'?><plist/>", mail.len());
    let found = read(file.as_bytes()).expect("a mail");
    assert_eq!(found.parts[0].text, "# a\n\nwool");
}

#[test]
fn a_mailbox_has_its_messages() {
    let mails = "From ada Thu Mar  5 10:00:00 2026\nSubject: one\n\nfirst\n>From here on\n\nFrom bo Fri Mar  6 10:00:00 2026\nSubject: two\n\nsecond\n";
    let found = mailbox(mails.as_bytes()).expect("a mailbox");
    let parts: Vec<(&str, &str, &str)> = found
        .parts
        .iter()
        .map(|part| (part.place.as_str(), part.title.as_str(), part.text.as_str()))
        .collect();
    assert_eq!(
        parts,
        [
            ("message 1", "one", "# one\n\nfirst\nFrom here on"),
            ("message 2", "two", "# two\n\nsecond"),
        ]
    );
    assert!(mailbox(b"no mail").is_err());
    // A line that is not quoted, since each message says how long it is.
    let mails =
        "From ada Thu Mar  5 10:00:00 2026\nSubject: one\n\nfirst\n\nFrom here on\nwe walk: far\n";
    let found = mailbox(mails.as_bytes()).expect("a mailbox");
    assert_eq!(found.parts.len(), 1);
    assert!(found.parts[0].text.ends_with("From here on\nwe walk: far"));
}

#[test]
fn a_mailbox_that_counts_its_bytes_quotes_nothing() {
    let check = |body: &str, length: usize, want: &[&str]| {
        let first = "From a Thu Mar  5 10:00:00 2026\nSubject: Walk\nContent-Length: ";
        let second = "From b Fri Mar  6 10:00:00 2026\nSubject: Rest\n\nWe rest.\n";
        let file = format!("{first}{length}\n\n{body}{second}");
        let found = mailbox(file.as_bytes()).expect("a mailbox");
        let titles: Vec<&str> = found.parts.iter().map(|part| part.title.as_str()).collect();
        assert_eq!(titles, want, "{file}");
    };
    let forwarded = "See below.\n\nFrom c Sat Mar  7 10:00:00 2026\nSubject: Old\n\nold words\n";
    check(forwarded, forwarded.len(), &["Walk", "Rest"]);
    check(
        &format!("{forwarded}\n"),
        forwarded.len(),
        &["Walk", "Rest"],
    );
    // A length that leads nowhere says nothing.
    check(&format!("{forwarded}\n"), 7, &["Walk", "Old", "Rest"]);
}

#[test]
fn headers_as_they_stand_are_read_in_any_encoding() {
    let check = |mail: &[u8], want: &str| {
        let found = read(mail).expect("a mail");
        assert_eq!(found.title, want);
    };
    // In the encoding of the text, in another one, and in UTF-8.
    check(
        b"Subject: Gr\xfc\xdfe aus K\xf6ln\nContent-Type: text/plain; charset=iso-8859-1\n\nja",
        "Gr\u{fc}\u{df}e aus K\u{f6}ln",
    );
    check(
        b"Subject: Gr\xfc\xdfe aus K\xf6ln und M\xfcnchen\nContent-Type: text/plain; charset=utf-8\n\nja",
        "Gr\u{fc}\u{df}e aus K\u{f6}ln und M\u{fc}nchen",
    );
    check(
        b"Subject: \xd6\xb1\xca\xe9\xb2\xbf\nContent-Type: text/plain; charset=gb2312\n\nja",
        "直书部",
    );
    check("Subject: Köln\n\nja".as_bytes(), "Köln");
}
