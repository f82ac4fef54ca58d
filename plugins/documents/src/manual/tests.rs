//! Pages of manuals.

use super::*;

fn check(page: &str, title: &str, expected: &str) {
    let found = read(page.as_bytes()).expect("a page");
    assert_eq!(found.title, title, "{page}");
    assert_eq!(found.parts[0].text, expected, "{page}");
}

#[test]
fn a_page_of_man_has_its_words() {
    check(
        ".\\\" a remark\n.TH SPIN 1 \"2026-01-01\" \"loom 1.0\" \"User Commands\"\n.SH NAME\nspin \\- make \\fByarn\\fR of wool\n.SH \"SEE ALSO\"\n.BR card (1),\n.B weave\nand others.\n.br\nNext line.\n",
        "SPIN(1)",
        "# SPIN(1)\n\n## NAME\n\nspin - make yarn of wool\n\n## SEE ALSO\n\ncard(1), weave and others.\nNext line.",
    );
    check(
        ".TH A 1\n.SH OPTIONS\n.TP\n.BR \\-f \", \" \\-\\-fast\nSpin \\(lqfast\\(rq\\&.\nVery.\n.TP\n\\fB\\-n\\fR\n.TQ\n.B \\-\\-not\nNever.\n.IP \\(bu 2\nA bullet\n.IP word\nexplained\n.PP\nAfter\n.nf\n\n  code  here\n.B bold\n.fi\n.SS Less\nend",
        "A(1)",
        "# A(1)\n\n## OPTIONS\n\n- -f, --fast: Spin “fast”. Very.\n- -n, --not: Never.\n- A bullet\n- word: explained\n\nAfter\n\n```\n  code  here\nbold\n```\n\n### Less\n\nend",
    );
}

#[test]
fn what_a_page_defines_is_not_shown() {
    check(
        ".de Vb \\\" code begins\n.ft CW\n..\n.\\\"\n.ie n \\{\\\n.  ds -- \\(*W-\n'br\\}\n.el\\{\\\n.  ds -- \\|\\(em\\|\n'br\\}\n.if t .ds X y\n.ds V 2.0\n.TH A 3pm\n.SH\nName\nof \\*V\n.ig\nno words\n..\n.Unknown its words\n.hw un-seen\n.Vb 1\n\\&  code\n.Ve\n",
        "A(3pm)",
        "# A(3pm)\n\n## Name\n\nof 2.0 its words\n\n```\n  code\n```",
    );
}

#[test]
fn a_table_is_a_table() {
    check(
        ".TH A 1\n.TS\ntab(;) allbox;\nlb lb\nl l.\nRoot;Colour\n_\nmadder;T{\ndeep\nred\nT}\nwoad;blue\n.TE\nAfter.",
        "A(1)",
        "# A(1)\n\n| Root | Colour |\n| --- | --- |\n| madder | deep red |\n| woad | blue |\n\nAfter.",
    );
}

#[test]
fn a_page_of_mdoc_has_its_words() {
    check(
        ".Dd January 1, 2026\n.Dt SPIN 1\n.Os\n.Sh NAME\n.Nm spin\n.Nd make yarn\n.Sh SYNOPSIS\n.Nm\n.Op Fl f Ar speed\n.Op Fl v\n.Ar\n.Sh DESCRIPTION\n.Nm\nspins, see\n.Xr card 1 ,\n.Dq no more .\n.Bl -tag -width indent\n.It Fl f Ar speed\nSpin fast.\n.It Fl v\nSay more.\n.El\n.Bd -literal\nspin -v\n.Ed\n.Pp\nEnd.",
        "SPIN(1)",
        "# SPIN(1)\n\n## NAME\n\nspin – make yarn\n\n## SYNOPSIS\n\nspin [-f speed] [-v] file ...\n\n## DESCRIPTION\n\nspin spins, see card(1), “no more”.\n\n- -f speed: Spin fast.\n- -v: Say more.\n\n```\nspin -v\n```\n\nEnd.",
    );
}

#[test]
fn a_page_that_stands_elsewhere_is_named() {
    let failed = read(b".so man1/spin.1\n").expect_err("no text");
    assert_eq!(
        failed.message,
        "a page of a manual whose text stands in man1/spin.1"
    );
    let found = read(b".TH A 1\n.so more.1\n").expect("a page");
    assert_eq!(found.left_out, ["the text in more.1"]);
}

#[test]
fn a_paper_of_ms_has_its_headings() {
    check(
        ".TL\nOn wool\n.AU\nAda\n.NH 1\nDye\n.LP\nRed.",
        "On wool",
        "# On wool\n\nAda\n\n## Dye\n\nRed.",
    );
}
