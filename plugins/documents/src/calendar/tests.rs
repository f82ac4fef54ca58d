//! Calendars and contacts of many programs.

use super::*;

#[test]
fn events_and_people_have_their_words() {
    let check = |file: &str, title: &str, text: &str| {
        let found = read(file.as_bytes()).expect("entries");
        assert_eq!(
            (found.title.as_str(), found.parts[0].text.as_str()),
            (title, text)
        );
    };
    check(
        "BEGIN:VCALENDAR\r\nX-WR-CALNAME:Farm\r\nBEGIN:VEVENT\r\nSUMMARY:Shearing\\, day one\r\nDTSTART;TZID=\"America/Lima\":20260305T083000\r\nDTEND:20260306\r\nATTENDEE;CN=Ada:mailto:ada@example.org\r\nDESCRIPTION:Bring\\nthe lo\r\n ng shears.\r\nBEGIN:VALARM\r\nDESCRIPTION:ring\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        "Farm",
        "## Shearing, day one\n\nBegins: 2026-03-05 08:30 (America/Lima)\nEnds: 2026-03-06\nWith: Ada <ada@example.org>\n\nBring\nthe long shears.",
    );
    check(
        "BEGIN:VCARD\nFN:Bo Reed\nitem1.EMAIL;TYPE=work:bo@example.org\nNOTE;ENCODING=QUOTED-PRINTABLE:caf=C3=A9\nADR:;;Calle 1;Pisac;;;Peru\nEND:VCARD\n",
        "",
        "## Bo Reed\n\nE-mail (work): bo@example.org\nAddress: Calle 1, Pisac, Peru\n\ncafé",
    );
    // Whole days, of which the one named as the end is none.
    check(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Fair\nDTSTART;VALUE=DATE:20240228\nDTEND;VALUE=DATE:20240301\nRRULE:FREQ=YEARLY\nEND:VEVENT\nBEGIN:VEVENT\nSUMMARY:Market\nDTSTART;VALUE=DATE:20260101\nDTEND;VALUE=DATE:20260102\nEND:VEVENT\nEND:VCALENDAR\n",
        "",
        "## Fair\n\nBegins: 2024-02-28\nEnds: 2024-02-29\nRepeats: every year\n\n## Market\n\nBegins: 2026-01-01",
    );
    // A contact of an older telephone.
    check(
        "BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C3=89toile;=\nAda\nTEL;CELL:+51 1 234\nNOTE;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:caf=E9=\n=20 open\nBDAY:19790112\nEND:VCARD\n",
        "",
        "## Ada Étoile\n\nTelephone (cell): +51 1 234\nBorn: 1979-01-12\n\ncafé  open",
    );
    // What its owner calls a number, and when an alarm rings.
    check(
        "BEGIN:VCARD\nFN:Bo\nitem1.TEL:+1 555\nitem1.X-ABLabel:_$!<Car>!$_\nitem2.URL:https://example.org\nitem2.X-ABLabel:Shop\nTEL;TYPE=home:+1 556\nX-SKYPE:bo.r\nEND:VCARD\n",
        "",
        "## Bo\n\nTelephone (Car): +1 555\nAddress (Shop): https://example.org\nTelephone (home): +1 556\nSkype: bo.r",
    );
    check(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Fair\nORGANIZER;CN=\"Ada ^'Q^'\":mailto:a@example.org\nBEGIN:VALARM\nTRIGGER:-PT15M\nEND:VALARM\nBEGIN:VALARM\nTRIGGER;RELATED=END:-PT5M\nEND:VALARM\nBEGIN:VALARM\nTRIGGER;VALUE=DATE-TIME:20260305T080000Z\nEND:VALARM\nBEGIN:VALARM\nTRIGGER:PT0S\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR\n",
        "",
        "## Fair\n\nOrganised by: Ada \"Q\" <a@example.org>\nReminder: 15 minutes before it begins\nReminder: 5 minutes before it ends\nReminder: 2026-03-05 08:00 UTC\nReminder: when it begins",
    );
    // Who comes, and where to.
    check(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Shearing\nATTENDEE;CN=\"Reed: Bo\";PARTSTAT=DECLINED:mailto:bo@example.org\nATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:ada@example.org\nCONFERENCE;VALUE=URI:https://meet.example/wool\nATTACH;ENCODING=BASE64;VALUE=BINARY:AAAA\nX-ALT-DESC;FMTTYPE=text/html:<p>Bring <b>shears</b>\\, two.</p>\nEND:VEVENT\nEND:VCALENDAR\n",
        "",
        "## Shearing\n\nWith: Reed: Bo <bo@example.org> (declined)\nWith: ada@example.org\nJoin at: https://meet.example/wool\n\nBring **shears**, two.",
    );
    check(
        "BEGIN:VCALENDAR\nBEGIN:VFREEBUSY\nFREEBUSY:20260301T100000Z/PT1H,20260302T100000Z/20260302T113000Z\nEND:VFREEBUSY\nEND:VCALENDAR\n",
        "",
        "## Busy\n\nBusy: 2026-03-01 10:00 UTC for 1 hour, 2026-03-02 10:00 UTC to 2026-03-02 11:30 UTC",
    );
    check(
        "BEGIN:VCARD\nVERSION:4.0\nN:Quill;Ada;Maria;Dr.;PhD\nBDAY:--0412\nitem1.X-ABRELATEDNAMES:Bo\nEND:VCARD\n",
        "",
        "## Dr. Ada Maria Quill PhD\n\nBorn: 04-12\nRelated: Bo",
    );
    // HTML in a description, and a file that is cut off.
    check(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Fair\nDESCRIPTION:Bring <b>shears</b>\\, <a href=\"https://example.org\">two</a>.\nEND:VEVENT\nBEGIN:VEVENT\nSUMMARY:Cut\nDESCRIPTION:a < b > c\n",
        "",
        "## Fair\n\nBring **shears**, [two](https://example.org).\n\n## Cut\n\na < b > c",
    );
    check(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Fair\nDTSTART;TZID=/example.org/x/Europe/Berlin:20260314T090000\nDTEND;TZID=America/Argentina/Salta:20260314T100000\nEND:VEVENT\nEND:VCALENDAR\n",
        "",
        "## Fair\n\nBegins: 2026-03-14 09:00 (Europe/Berlin)\nEnds: 2026-03-14 10:00 (America/Argentina/Salta)",
    );
    assert!(read(b"BEGIN:VCALENDAR\nEND:VCALENDAR\n").is_err());
}
