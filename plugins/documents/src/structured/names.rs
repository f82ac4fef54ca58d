//! What the elements of DocBook, DITA, JATS and TEI are called.

/// What is no part of the text: an index, remarks of writers, what describes the document beside
/// its title and its writers.
pub const ASIDE: &str = "\
    indexterm index-term index remark comment draft-comment keywordset kwd-group subjectset \
    revhistory legalnotice permissions prolog encodingDesc revisionDesc profileDesc \
    publicationStmt journal-meta article-categories toc imageobject refentryinfo refmeta \
    anchor self-uri history counts custom-meta-group";
pub const TITLES: &str = "\
    title article-title head searchtitle";
pub const SUBTITLES: &str = "\
    subtitle trans-title";
pub const SECTIONS: &str = "\
    set book part chapter article preface appendix section sect1 sect2 sect3 sect4 sect5 \
    simplesect refentry refsect1 refsect2 refsect3 refsection glossary glossdiv bibliography \
    dedication colophon acknowledgements reference qandaset qandadiv topic concept task \
    troubleshooting map sec app ack ref-list div div1 div2 div3 sidebar example figure fig \
    table table-wrap informaltable abstract formalpara boxed-text";
pub const PARAGRAPHS: &str = "\
    para simpara p shortdesc ab l caption attribution cmd stepresult result context prereq \
    postreq synopfragment mixed-citation element-citation biblioentry bibliomixed bibl pubdate \
    edition releaseinfo refname cmdsynopsis funcsynopsis affiliation aff speaker stage byline \
    textobject";
pub const CODE: &str = "\
    programlisting screen literallayout synopsis codeblock msgblock preformat eg pre lines";
pub const LISTS: &str = "\
    itemizedlist orderedlist simplelist procedure ul ol sl list steps substeps steps-unordered \
    listBibl";
pub const ITEMS: &str = "\
    listitem li sli list-item item member step substep";
/// Lists of words, each with what is said of it.
pub const TERMS: &str = "\
    term glossterm dt label";
pub const ENTRIES: &str = "\
    varlistentry glossentry dlentry def-item";
/// Words that stand before what they warn of.
pub const WARNINGS: &[(&str, &str)] = &[
    ("note", "Note"),
    ("tip", "Tip"),
    ("warning", "Warning"),
    ("caution", "Caution"),
    ("important", "Important"),
    ("danger", "Danger"),
    ("question", "Question"),
    ("answer", "Answer"),
];
/// Parts of a name, and others that are words apart though nothing stands between them.
pub const APART: &str = "\
    firstname surname othername honorific lineage given-names forename orgname suffix year arg \
    group command source volume issue fpage publisher-name lb sbr entry td th seg author \
    editor date street city country";
pub const NOTES: &str = "\
    footnote fn";
/// Signs that are written as words, as the tables of characters of these formats name them.
pub const ENTITIES: &[(&str, &str)] = &[
    ("nbsp", "\u{a0}"),
    ("ndash", "–"),
    ("mdash", "—"),
    ("hellip", "…"),
    ("copy", "©"),
    ("reg", "®"),
    ("trade", "™"),
    ("lsquo", "‘"),
    ("rsquo", "’"),
    ("ldquo", "“"),
    ("rdquo", "”"),
    ("times", "×"),
    ("deg", "°"),
    ("bull", "•"),
    ("rarr", "→"),
    ("larr", "←"),
    ("agrave", "à"),
    ("aacute", "á"),
    ("auml", "ä"),
    ("ccedil", "ç"),
    ("eacute", "é"),
    ("egrave", "è"),
    ("euml", "ë"),
    ("iacute", "í"),
    ("ntilde", "ñ"),
    ("oacute", "ó"),
    ("ouml", "ö"),
    ("szlig", "ß"),
    ("uacute", "ú"),
    ("uuml", "ü"),
];

/// Whether `name` is one of the names in `list`.
pub fn has(list: &str, name: &str) -> bool {
    list.split_whitespace().any(|known| known == name)
}
