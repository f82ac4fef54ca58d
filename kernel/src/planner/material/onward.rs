//! What has to be searched for next: a row or a short sentence that was found says a part of what a task
//! asks, "oars: boathouse" where somebody asks who has the key to the room of the oars, and nothing says
//! the rest. A small model takes the part for the answer, or makes the rest up.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;

use super::asked_kind::{Asked, Kind, asked, ends_as_a_place, has_han, says};
use super::linked::row_led_to;
use super::names::telling;
use super::passage::passage_id;
use super::row::in_words;
use super::table::{Table, tables};
use crate::pattern::{laid_out, pattern};
use crate::planner::facts::sentences;
use crate::planner::poor_answer::is_common;

/// Tables and lines of a text that are read: more are no answer to one question.
const TABLES_MAX: usize = 16;
const LINES_MAX: usize = 500;
/// Characters and words of a name: what is longer is a text.
const NAME_CHARS_MAX: usize = 30;
const NAME_WORDS_MAX: usize = 3;
/// Characters of a sentence that says one thing of another.
const SENTENCE_CHARS_MAX: usize = 100;
/// Letters of a title, such as "Dr".
const TITLE_CHARS_MAX: usize = 2;
/// Words of a task that are searched for beside a name.
const WORDS_MAX: usize = 6;
/// Characters of all that is searched for.
const QUERY_CHARS_MAX: usize = 200;

/// Words that are told of nothing: none of them is searched for, or leads on.
const ASKING: &str = " do does did how what when where which who whom whose why person people man woman \
    one somebody tell me my i we our you your from there yes no open closed unknown here home ";
const HAN_ASKING: [&str; 8] = [
    "我们", "你们", "他们", "今天", "明天", "这里", "那里", "大家",
];

/// A name that something found says of another one.
struct Lead {
    /// What it is said of.
    key: String,
    value: String,
    /// Whether it can only be a place, or those who are together there.
    is_place: bool,
}

/// What to search for next where `said`, which was found last, has one row or sentence that leads on from
/// what `task` names, and no text of all that was `found` says of these two what is asked: the name that it
/// leads to and what else the task speaks of. `None` where nothing or more than one name leads on.
pub(crate) fn leads_to(task: &str, said: &str, found: &str) -> Option<String> {
    let asked = asked(task)?;
    if !is_in_two_steps(task, asked.kind) || row_led_to(task, found).is_some() {
        return None;
    }
    let mut leads = leads_in(said);
    for table in tables(said).iter().take(TABLES_MAX) {
        let rows = 0..table.rows.len();
        leads.extend(rows.filter_map(|at| lead_of_row(task, asked.kind, table, at)));
    }
    leads.retain(|lead| fits(task, asked.kind, lead));
    let names: BTreeSet<String> = leads.iter().map(|lead| lead.value.to_lowercase()).collect();
    let lead = leads.first().filter(|_| names.len() == 1)?;
    let is_open = !is_answered(asked.kind, lead, found);
    is_open.then(|| query(task, &asked, lead))
}

/// Whether a name that is no `kind` may be a step on the way to what `task` asks. A time is no name; but
/// where somebody or a place is asked for, any name could be the answer, so the task has to say the step.
fn is_in_two_steps(task: &str, kind: Kind) -> bool {
    static PLACES: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i).\bwhere\b|\b(?:rooms?|places?|buildings?|halls?|departments?|wards?|teams?|groups?|class)\b
            |\b(?:floors?|offices?|shops?|stores?|company|school)\b|房间|地方|科室|部门|车间|仓库|教室|办公室",
        )
    });
    static PEOPLE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"(?i)\b(?:who|person|man|woman|somebody|someone|one)\b|的人|的老师|的师傅")
    });
    match kind {
        Kind::Person => PLACES.is_match(task),
        Kind::Place => PEOPLE.is_match(task),
        _ => true,
    }
}

/// What the sentences of `text` say of one thing: each clause that is short.
fn leads_in(text: &str) -> Vec<Lead> {
    let mut leads = Vec::new();
    for sentence in sentences_of(text) {
        let clauses = sentence.split([',', '，', '、', ';', '；']).map(str::trim);
        leads.extend(clauses.filter_map(lead_of));
    }
    leads
}

/// What a short sentence says of one thing: "oars: boathouse", "the oars are in the boathouse".
fn lead_of(sentence: &str) -> Option<Lead> {
    static IS_IN: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)^(?P<key>\S.{0,58}?)\s+(?:(?:is|are|was|were)(?:\s+[a-z]+)?|(?:hang|lie|stand|sit|live)s?
            |(?:work|sleep|belong|stay|sing|play|row)s?|kept|stored)\s+
            (?P<how>in|at|on|under|behind|by|with|to)\s+(?:(?:the|a|an|our|my)\s+)?(?P<value>\S.{0,38})$",
        )
    });
    static IS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"^(?P<key>\S.{0,58}?)\s+(?:is|are)\s+(?:(?:called|named)\s+)?
            (?P<value>\p{Lu}\S*(?:[ -][\p{Lu}\d]\S*){0,3})$",
        )
    });
    static HAN_IS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"^(?P<key>[\w·]{2,16}?)(?:存放在|放在|住在|位于|属于|归|由|在|是|叫)
            (?P<value>[\w·]{2,10}?)(?:里面|里|工作|上班|负责|保管|管)?$",
        )
    });
    let sentence = sentence.trim_end_matches(['.', '!', '。', '！']).trim();
    if sentence.chars().count() > SENTENCE_CHARS_MAX {
        return None;
    }
    let lead = |key: &str, value: &str, is_in: bool| Lead {
        key: bare(key),
        value: bare(value),
        is_place: is_in || is_place(value),
    };
    let listed = sentence.rsplit_once([':', '：']);
    if let Some((before, value)) = listed.or_else(|| sentence.rsplit_once(" - ")) {
        // A title may stand before it.
        let key = before.rsplit([':', '：']).next().unwrap_or_default();
        return Some(lead(key, value, false));
    }
    let forms = [&*IS_IN, &*IS, &*HAN_IS];
    let found = forms.iter().find_map(|form| form.captures(sentence))?;
    let how = found.name("how").map(|how| how.as_str().to_lowercase());
    let is_in = how.is_some_and(|how| !["by", "with", "to"].contains(&how.as_str()));
    Some(lead(&found["key"], &found["value"], is_in))
}

/// What the row `at` of `table` says of its first cell: its only name of something that is no `kind`, or
/// the only one in a column that `task` names.
fn lead_of_row(task: &str, kind: Kind, table: &Table, at: usize) -> Option<Lead> {
    let row = &table.rows[at];
    let cells = table.head.iter().zip(row).skip(1);
    let lead = |(head, cell): (&String, &String)| {
        let is_short = cell.chars().all(|c| c.is_ascii_digit()) || cell.chars().count() == 1;
        let value = match is_short && !head.is_empty() {
            true => format!("{head} {cell}"),
            false => cell.clone(),
        };
        let lead = Lead {
            key: row[0].clone(),
            is_place: is_place(&value) || ends_as_a_place(head),
            value,
        };
        let is_named = !head.is_empty() && is_in_the_task(task, head);
        (!cell.is_empty() && fits(task, kind, &lead)).then_some((is_named, lead))
    };
    let mut leads: Vec<(bool, Lead)> = cells.filter_map(lead).collect();
    if leads.len() > 1 {
        leads.retain(|(is_named, _)| *is_named);
    }
    match leads.len() {
        1 => leads.pop().map(|(_, lead)| lead),
        _ => None,
    }
}

/// Whether `lead` leads on from what `task` names to a name that the task has not, and that cannot be what
/// it asks for.
fn fits(task: &str, kind: Kind, lead: &Lead) -> bool {
    let Lead { key, value, .. } = lead;
    let named = names(task);
    let is_meant = match kind {
        // Somebody may be named in another part of the task.
        Kind::Person | Kind::Place => true,
        _ => named.is_empty() || !named.is_disjoint(&telling(key)),
    };
    let is_step = match kind {
        // Of "the team" alone it is said who they are.
        Kind::Person if ends_as_a_place(key) && telling(key).len() == 1 => false,
        Kind::Person => lead.is_place && !says(Kind::Person, value),
        Kind::Place => says(Kind::Person, value),
        _ => !says(kind, value),
    };
    is_meant
        && is_step
        && is_name(value)
        && is_in_the_task(task, key)
        && !is_in_the_task(task, value)
}

/// Whether all that `name` says stands in `task`.
fn is_in_the_task(task: &str, name: &str) -> bool {
    if has_han(name) {
        let is_told = name.chars().count() > 1 && task.contains(name);
        return is_told && !HAN_ASKING.contains(&name);
    }
    let said = telling(name);
    !said.is_empty() && said.is_subset(&telling(task))
}

/// Whether `text` could be the name of something: some words with letters, and more than a sign.
fn is_name(text: &str) -> bool {
    static CODE: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^\p{L}?[\d\W]*$|^\p{L}?[\d\W]+\p{L}$"));
    let words: Vec<&str> = text.unicode_words().collect();
    let is_asking = |word: &&str| ASKING.contains(&format!(" {} ", word.to_lowercase()));
    let is_short =
        text.chars().count() <= NAME_CHARS_MAX && (has_han(text) || words.len() <= NAME_WORDS_MAX);
    let begins = text.starts_with(char::is_alphabetic);
    let says_something = !words.iter().all(is_asking) && !HAN_ASKING.contains(&text);
    is_short && begins && says_something && !CODE.is_match(text) && !text.contains("://")
}

/// Whether `value` is a place by its own words: a name of somebody has a capital letter.
fn is_place(value: &str) -> bool {
    let value = value.trim();
    ends_as_a_place(value) || value.starts_with(char::is_lowercase)
}

/// The words of `task` with a capital letter that do not begin a sentence.
fn names(task: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for sentence in sentences(task) {
        let words = sentence.unicode_words().skip(1);
        let is_name = |word: &&str| {
            let long = word.chars().count() > 1;
            long && word.starts_with(char::is_uppercase) && !is_common(&word.to_lowercase())
        };
        names.extend(words.filter(is_name).flat_map(telling));
    }
    names
}

/// Whether a sentence or a row of `found` that speaks of one of the two names of `lead` says something of
/// the `kind` that is asked for.
fn is_answered(kind: Kind, lead: &Lead, found: &str) -> bool {
    static GOES_ON: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)^(?:he|she|it|they|there|this|his|her|its|their)\b
            |^(?:他|她|它|那里|这里|其)",
        )
    });
    let of_it = |text: &str| may_speak_of(text, &lead.key) || speaks_of(text, &lead.value);
    let plain = sentences_of(found);
    let says_it = |at: usize| {
        let next = plain.get(at + 1).filter(|next| GOES_ON.is_match(next));
        let is_said = says(kind, &plain[at]) || next.is_some_and(|next| says(kind, next));
        is_said && of_it(&plain[at])
    };
    let says_it_in_a_row = |table: &Table| {
        let mut rows = (0..table.rows.len()).filter_map(|at| in_words(table, at));
        rows.any(|row| of_it(&row) && says(kind, &row))
    };
    (0..plain.len()).any(says_it) || tables(found).iter().any(says_it_in_a_row)
}

/// Whether `text` has a word of `name`, which others may have only in a part; in Chinese, all of it.
fn may_speak_of(text: &str, name: &str) -> bool {
    let mut words = telling(name);
    // Titles are shared by many.
    words.retain(|word| word.chars().count() > TITLE_CHARS_MAX);
    match has_han(name) || words.is_empty() {
        true => speaks_of(text, name),
        false => !words.is_disjoint(&telling(text)),
    }
}

fn speaks_of(text: &str, name: &str) -> bool {
    match has_han(name) {
        true => text.contains(name),
        false => telling(name).is_subset(&telling(text)),
    }
}

/// The name that `lead` leads to, with the words of `task` that are not of its key.
fn query(task: &str, asked: &Asked, lead: &Lead) -> String {
    static BETWEEN: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"[^\w]+|多少|什么|时候|怎么|[的在是谁几哪那里有我你吗呢了请问要把被给和归由]")
    });
    let known = telling(&lead.key);
    let is_new = |word: &&str| {
        let said = telling(word);
        let asks = ASKING.contains(&format!(" {} ", word.to_lowercase()));
        !asks && !said.is_empty() && said.is_disjoint(&known)
    };
    let mut words: Vec<&str> = match has_han(task) {
        true => BETWEEN.split(task).filter(is_new).collect(),
        false => task.unicode_words().filter(is_new).collect(),
    };
    if words.is_empty() && has_han(task) {
        words.push(&asked.words);
    }
    words.truncate(WORDS_MAX);
    words.insert(0, &lead.value);
    words.join(" ").chars().take(QUERY_CHARS_MAX).collect()
}

/// The sentences of `text` that stand in no table, without the heads of its passages.
fn sentences_of(text: &str) -> Vec<String> {
    let is_plain = |line: &&str| {
        let line = line.trim();
        let is_aside = line.starts_with('(') && line.ends_with(')');
        !line.is_empty() && !line.contains('|') && !is_aside
    };
    let lines = text.lines().take(LINES_MAX).filter(is_plain);
    let all = lines.flat_map(|line| sentences(&without_head(line)));
    let all = all.map(|sentence| sentence.trim().to_owned());
    all.filter(|sentence| !sentence.is_empty()).collect()
}

/// A line without what says of which passage it is, and from where.
fn without_head(line: &str) -> String {
    static HEAD: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^\[[^\]\s][^\]]*\](?:\s[^«\n]{0,200}?:\s«)?\s*"));
    static SOURCE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\s\([^()]*\)$"));
    let line = line.trim();
    let text = match passage_id(line) {
        Some(_) => SOURCE.replace(&HEAD.replace(line, ""), "").into_owned(),
        None => line.to_owned(),
    };
    let text = text.trim_end_matches('»');
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || "#*•>-".contains(c));
    text.trim().to_owned()
}

/// A name without the signs around it.
fn bare(name: &str) -> String {
    let around = |c: char| c.is_whitespace() || "*`_\"'.。»«".contains(c);
    name.trim_matches(around).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(task: &str, found: &str, want: Option<&str>) {
        let query = leads_to(task, found, found);
        assert_eq!(query.as_deref(), want, "{task} / {found}");
    }

    const KEY: &str = "Who has the key to the room where the oars are?";
    const FED: &str = "When is Waldo fed?";
    const FLOOR: &str = "Which floor is Dr. Lund on?";

    #[test]
    fn a_part_of_what_is_asked_leads_on() {
        let oars = Some("boathouse key room");
        check(KEY, "[m1] oars: boathouse (test)", oars);
        check(KEY, "[a] from a.md: «Oars: boathouse»", oars);
        check(
            KEY,
            "[a: Things]\n  - sails: loft\n  - oars: boathouse\n  (a.md)",
            oars,
        );
        check(KEY, "The oars are kept in the boathouse.", oars);
        check(
            KEY,
            "| Thing | Room |\n|---|---|\n| Oars | Boathouse |\n| Sails | Loft |",
            Some("Boathouse key room"),
        );
        check(
            FED,
            "| Dog | Kennel |\n|---|---|\n| Waldo | 3 |\n| Fig | 1 |",
            Some("Kennel 3 fed"),
        );
        check(FLOOR, "Dr. Lund: Dentistry", Some("Dentistry floor"));
        // What others have says nothing of this one.
        check(
            FLOOR,
            "Dr. Lund works in Dentistry. Surgery: 3rd floor",
            Some("Dentistry floor"),
        );
        check(
            "Which pier does our ferry leave from?",
            "[m4] Our ferry is QX 31. (process 2)",
            Some("QX 31 pier leave"),
        );
        check(
            "What is the phone number of the head of the choir?",
            "The head of the choir is Olaf Brandt.",
            Some("Olaf Brandt phone number"),
        );
        check(
            "Where does the person who has the attic key live?",
            "attic key: Ms. Lund",
            Some("Ms. Lund live"),
        );
    }

    #[test]
    fn chinese_leads_on() {
        check("沈师傅在几楼？", "沈师傅在眼科。", Some("眼科 几楼"));
        check(
            "沈师傅在几楼？",
            "[m1] 沈师傅：眼科 (test)",
            Some("眼科 几楼"),
        );
        check("李医生的电话是多少？", "李医生在牙科。", Some("牙科 电话"));
        check(
            "放船桨的房间的钥匙在谁那里？",
            "船桨：船库",
            Some("船库 房间 钥匙"),
        );
    }

    #[test]
    fn what_is_answered_does_not_lead_on() {
        // The row, and what is asked.
        check(KEY, "oars: boathouse\nboathouse key: Ms. Lund", None);
        check(KEY, "oars: boathouse, key with Pia Lund", None);
        check(KEY, "oars: Ms. Lund", None);
        check(FLOOR, "Dr. Lund: Dentistry, 9th floor", None);
        check(FLOOR, "Dr. Lund: Dentistry. She is on floor 9.", None);
        check(FLOOR, "Dr. Lund: Dentistry\nDentistry: floor 9", None);
        check(FLOOR, "Dr. Lund: Dentistry\nLund: floor 9", None);
        check(FED, "Waldo: kennel 3\nWaldo is fed at 7:45.", None);
        check(
            FED,
            "| Dog | Kennel | Fed |\n|---|---|---|\n| Waldo | 3 | 7:45 |",
            None,
        );
        let dogs = "| Dog | Kennel |\n|---|---|\n| Waldo | 3 |\n| Fig | 1 |";
        let times = "| Kennel | Evening |\n|---|---|\n| 3 | 18:45 |\n| 1 | 18:15 |";
        check(
            FED,
            &format!("[d1: Dogs]\n{dogs}\n\n[d2: Times]\n{times}"),
            None,
        );
        check("沈师傅在几楼？", "沈师傅在眼科，眼科在9楼。", None);
        check("沈师傅在几楼？", "沈师傅：9楼", None);
    }

    #[test]
    fn what_may_be_the_answer_does_not_lead_on() {
        check("Who runs the choir?", "choir: Olaf", None);
        check("Who runs the shop?", "shop: Olaf", None);
        check("Who is in the team?", "team: red shirts", None);
        check(FED, "Waldo: Meet him at the gate", None);
        check("Where is Dr. Lund?", "Dr. Lund: Dentistry", None);
        check("Where is the attic key?", "attic key: Ms. Lund", None);
        check("What colour is Waldo?", "Waldo: red", None);
        check("How much is Waldo fed?", "Waldo: 3", None);
        check("谁管仓库？", "仓库：王芳", None);
        check("沈师傅在哪里？", "沈师傅：眼科", None);
    }

    #[test]
    fn what_is_not_clear_does_not_lead_on() {
        // Of somebody else, of several, of nothing, or known.
        check(FLOOR, "Dr. Brandt: Dentistry", None);
        check(FLOOR, "Dr. Lund: Dentistry\nDr. Lund: Surgery", None);
        check(FLOOR, "Dr. Lund: unknown", None);
        check(FLOOR, "Dr. Lund: B4", None);
        check(FLOOR, "Dr. Lund: https://example.com/lund", None);
        check(
            "Which floor is Dr. Lund of Dentistry on?",
            "Dr. Lund: Dentistry",
            None,
        );
        check(FED, "evening: singing", None);
        check(FED, "Waldo | Kennel", None);
        check("沈师傅在几楼？", "李医生在眼科。", None);
        check("Sing.", "oars: boathouse", None);
        check(FLOOR, "", None);
        check("", "Dr. Lund: Dentistry", None);
    }
}
