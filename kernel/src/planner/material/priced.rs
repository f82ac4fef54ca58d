//! What so many things cost, where one price of one of them was found: "a visit costs 7.20", and four are
//! asked for. As an expression of the calculator; a small model says the price of one, or that nobody tells
//! the sum.

use std::sync::LazyLock;

use regex::Regex;

use super::column::price_of_one;
use crate::numbers::in_any_form;
use crate::pattern::laid_out;
use crate::planner::facts::sentences;
use crate::planner::wording::without_addresses;
use crate::written::numbers;

/// So many things.
struct Counted {
    count: u32,
    /// What is counted, in the singular; in Chinese the word that counts it.
    noun: String,
}

/// The expression for what `task` asks the price of, from the only price of one such thing in `found`, or for
/// the price of one from that of all in a table. `None` where the task or the text says more of prices: a discount, another number, two prices.
pub(crate) fn expression(task: &str, found: &str) -> Option<String> {
    static LESS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:discount(?:s|ed)?|reduced|half\s+price|concessions?|bundles?|season|cheaper|free|surcharge|extra)\b|优惠|折|半价|套票|免费|另收|附加",
        )
    });
    if LESS.is_match(found) {
        return None;
    }
    let Some(counted) = counted(task) else {
        return said_of_each(task, found).or_else(|| price_of_one(task, found));
    };
    let about: Vec<String> = found
        .lines()
        .flat_map(sentences)
        .filter(|sentence| counted.is_in(sentence))
        .collect();
    let mut prices: Vec<String> = Vec::new();
    for sentence in &about {
        let price = counted.price_in(sentence)?;
        if !prices.contains(&price) {
            prices.push(price);
        }
    }
    match &prices[..] {
        [price] => Some(format!("{} * {price}", counted.count)),
        _ => None,
    }
}

/// Whether `task` asks for a price, and for nothing beside it.
fn asks_for_a_price(task: &str) -> bool {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:how\s+much|what|total)\b[^.?!]*\b(?:costs?|pay|price|charged?|owe|spend|due|cost\s+me)\b|\bhow\s+much\s+(?:is|are|for|do|does|will|would)\b
            |多少钱|(?:花|付|收|要)多少",
        )
    });
    static BESIDE: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:more|less|than|left|back|change|discount|off|both|and|plus|with|without|average|difference|cheaper|dearer|tips?|tax|deposit
            |if|each|per|every|free|save|how\s+many|ago|last|or)\b|[比找剩折减加和或如免每]|优惠|平均|差|押金",
        )
    });
    ASKS.is_match(task) && !BESIDE.is_match(task)
}

/// The things that `task` asks the price of. `None` where it asks for something else, or has another
/// number.
fn counted(task: &str) -> Option<Counted> {
    static COUNTS: LazyLock<Regex> = LazyLock::new(|| {
        let words = numbers::any_word();
        laid_out(&format!(
            r"(?i)\b(?P<count>{words}|[2-9]|[1-9]\d{{1,2}})\s+(?:\p{{Latin}}+\s+)??(?P<noun>\p{{Latin}}{{2,}}s|people|children)\b
            |(?P<number>[2-9]|[1-9]\d{{1,2}}|[两二三四五六七八九十]+)\s?(?P<class>[个张位人次份件杯盒瓶本袋斤箱晚天节])"
        ))
    });
    let task = without_addresses(task);
    if !asks_for_a_price(&task) || in_any_form(&task).len() != 1 {
        return None;
    }
    let found = COUNTS.captures(&task)?;
    let count = found.name("count").or(found.name("number"))?.as_str();
    let in_words = || numbers::word(count).or_else(|| numbers::han_count(count));
    let count = count
        .parse()
        .ok()
        .or_else(in_words)
        .filter(|count| *count > 1)?;
    let noun = found
        .name("noun")
        .or(found.name("class"))?
        .as_str()
        .to_lowercase();
    let noun = match noun.as_str() {
        "people" => "person".to_owned(),
        "children" => "child".to_owned(),
        // "Boxes", "entries".
        plural => match (plural.strip_suffix("ies"), plural.strip_suffix('s')) {
            (Some(bare), _) => format!("{bare}y"),
            (None, Some(bare)) => bare.to_owned(),
            (None, None) => plural.to_owned(),
        },
    };
    Some(Counted { count, noun })
}

/// The expression where the only sentence of `found` that says what such things cost says how many there
/// were too: "six visits at 7.20 each". `task` speaks of all of them and has no number.
fn said_of_each(task: &str, found: &str) -> Option<String> {
    static EACH: LazyLock<Regex> = LazyLock::new(|| {
        let words = numbers::any_word();
        laid_out(&format!(
            r"(?i)\b(?P<count>{words}|[2-9]|[1-9]\d{{1,2}})\s+(?:\p{{Latin}}+\s+)??(?P<noun>\p{{Latin}}{{2,}}s)\b[^.;\d]{{0,24}}?\s
            (?:[€$£]\s?|eur\s+|chf\s+)?(?P<price>\d{{1,5}}(?:\.\d{{1,2}})?)\s*(?:[€$£]|eur|euros?|dollars?|pounds?|francs?|chf|kr)?\s*(?:each|apiece)\b"
        ))
    });
    let task = without_addresses(task).to_lowercase();
    if !asks_for_a_price(&task) || !in_any_form(&task).is_empty() {
        return None;
    }
    let mut said = found.lines().flat_map(sentences).filter_map(|sentence| {
        let each = EACH.captures(&sentence)?;
        let noun = each["noun"].to_lowercase();
        let mut asked = task.split(|c: char| !c.is_alphanumeric());
        let count = each["count"].parse().ok();
        let count: u32 = count.or_else(|| numbers::word(&each["count"]))?;
        let expression = format!("{count} * {}", &each["price"]);
        asked.any(|word| word == noun).then_some(expression)
    });
    said.next().filter(|_| said.next().is_none())
}

impl Counted {
    /// Whether `sentence` speaks of such things and of a number.
    fn is_in(&self, sentence: &str) -> bool {
        let lower = sentence.to_lowercase();
        let is_han = !self.noun.is_ascii();
        let mut words = lower.split(|c: char| !c.is_alphanumeric());
        let is_named = match is_han {
            true => lower.contains(&self.noun),
            false => {
                words.any(|word| word.starts_with(&self.noun) && word.len() <= self.noun.len() + 2)
            }
        };
        is_named && sentence.contains(|c: char| c.is_ascii_digit())
    }

    /// The price of one of them in `sentence`, which has no other number.
    fn price_in(&self, sentence: &str) -> Option<String> {
        let noun = regex::escape(&self.noun);
        let money = r"(?:[€$£¥]|eur|euros?|dollars?|pounds?|francs?|chf|kr|元|块钱?|欧元?)";
        let price = r"(?P<price>\d{1,5}(?:[.,]\d{1,2})?)";
        let one = format!(
            r"(?i)\b(?:a|an|one|each|every|per|single)\s+(?:\p{{Latin}}+\s+){{0,2}}?{noun}(?:\s+\p{{Latin}}+){{0,4}}?\s*(?:is|costs?|comes\s+to|at|for|:|=)?\s*{money}?\s?{price}(?:[^\d,.%]|[,.](?:\D|$)|$)"
        );
        let behind = format!(
            r"(?i)(?:^|[^\d.,])(?P<price>\d{{1,5}}(?:[.,]\d{{1,2}})?)\s*{money}?\s*(?:each\b|apiece\b|(?:per|an?|for\s+(?:each|one|an?|every))\s+(?:\p{{Latin}}+\s+)?{noun}\b|/\s?{noun}\b)"
        );
        let han = format!(
            r"[每一单]\s?{noun}\p{{Han}}{{0,4}}?[：:]?\s?{price}\s?{money}|(?P<before>\d{{1,5}}(?:\.\d{{1,2}})?)\s?{money}\s?[/每一]\s?{noun}"
        );
        let forms = match self.noun.is_ascii() {
            true => vec![one, behind],
            false => vec![han],
        };
        let found = forms.iter().find_map(|form| {
            let form = Regex::new(form).ok()?;
            let found = form.captures(sentence)?;
            found
                .name("price")
                .or(found.name("before"))
                .map(|price| price.range())
        })?;
        let rest = format!("{} {}", &sentence[..found.start], &sentence[found.end..]);
        // The ids of passages are no numbers of theirs.
        let is_plain = in_any_form(&without_ids(&rest)).is_empty();
        is_plain.then(|| sentence[found].replace(',', "."))
    }
}

fn without_ids(text: &str) -> String {
    static IDS: LazyLock<Regex> =
        LazyLock::new(|| laid_out(r"\[[a-z]+\d[\w-]*[^\]]*\]|\(process \d+\)"));
    IDS.replace_all(text, " ").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICES: &str = "[m3] One night at the mooring costs 12.40 euros. (process 2)\nSaunas: 7,20 per visit.\n\
        Towels are 3 euros each.\nA lamp costs 40, and two lamps 70.\n一张票35元。每杯茶8元，续杯免收。";

    #[test]
    fn so_many_cost_so_many_times_one() {
        let check = |task: &str, want: &str| {
            assert_eq!(expression(task, PRICES).as_deref(), Some(want), "{task}");
        };
        check(
            "What do I pay for three nights at the mooring?",
            "3 * 12.40",
        );
        check("How much do six visits cost?", "6 * 7.20");
        check("How much are 9 towels?", "9 * 3");
        check("买4张票多少钱？", "4 * 35");
        check("三张票要多少钱？", "3 * 35");
    }

    #[test]
    fn how_many_there_were_may_stand_beside_the_price() {
        let check = |task: &str, want: Option<&str>| {
            let found = "In May Ole had six visits to the sauna at 7.20 each. He has 4 keys.";
            assert_eq!(expression(task, found).as_deref(), want, "{task}");
        };
        check("What did Ole pay for his visits in May?", Some("6 * 7.20"));
        check("What did the visits cost Ole?", Some("6 * 7.20"));
        check("What does a visit cost?", None);
        check("What does each of the visits cost?", None);
        check("How many visits were there?", None);
        check("What did the keys cost?", None);
        check("When were the visits?", None);
    }

    #[test]
    fn what_all_cost_is_parted_by_how_many_there_are() {
        let order = "Item,Quantity,Total\nOars,8,360\nSails,2,240";
        let each = expression("How much is one of the oars?", order);
        assert_eq!(each.as_deref(), Some("360 / 8"));
        assert_eq!(expression("How much are the oars?", order), None);
    }

    #[test]
    fn where_more_is_said_of_prices_nothing_is_computed() {
        let check = |task: &str| assert_eq!(expression(task, PRICES), None, "{task}");
        check("What does a night cost?");
        check("What do three lamps cost?");
        check("How much do six visits and 2 nights cost?");
        check("How much do six visits cost with 10 % off?");
        check("How much change do I get for six visits?");
        check("How many visits are there?");
        check("When were the three visits?");
        check("What do five boats cost?");
        check("买4张票和两杯茶多少钱？");
        check("");
        let reduced = "A visit costs 7.20. There is a discount for members.";
        assert_eq!(expression("How much do six visits cost?", reduced), None);
        let two = "A visit costs 7.20. In winter a visit costs 5.10.";
        assert_eq!(expression("How much do six visits cost?", two), None);
        assert_eq!(expression("How much do six visits cost?", ""), None);
    }
}
