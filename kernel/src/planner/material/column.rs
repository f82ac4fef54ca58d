//! The column that a task asks for beside the names of a row: of two prices that of one thing, or that of
//! all. A small model says what all cost where it is asked for one.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::names::{Name, name, named_cells, said, words};
use super::table::{Table, tables};
use crate::pattern::{laid_out, pattern};
use crate::planner::wording::without_addresses;

/// Which of two prices is meant.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Price {
    OfOne,
    OfAll,
}

impl Price {
    /// The price that `task` asks for; `None` where it says neither, or both.
    fn asked_in(task: &str) -> Option<Self> {
        static ONE: LazyLock<Regex> = LazyLock::new(|| {
            laid_out(
                r"(?i)\b(?:each|apiece|per\s+\w+|unit\s+(?:price|cost)s?|(?:price|cost)s?\s+of\s+(?:one|an?)
                |(?:is|was|does|did|will|would|for|of|pay\s+for)\s+(?:(?:just|only)\s+)?(?:one|an?|a\s+single))\b
                |单价|每[个件份只本张把盒瓶袋斤台条]|一[个件份只本张把盒瓶袋斤台条]",
            )
        });
        static ALL: LazyLock<Regex> = LazyLock::new(|| {
            laid_out(
                r"(?i)\b(?:in\s+(?:total|all)|totals?|altogether|together|all\s+(?:the|of|\d+)|sum)\b
                |一共|总共|共(?:花|付|计)|合计|总[价额]|小计",
            )
        });
        match (ONE.is_match(task), ALL.is_match(task)) {
            (true, false) => Some(Self::OfOne),
            (false, true) => Some(Self::OfAll),
            _ => None,
        }
    }

    /// The price that stands in a column called `head`, if that says which.
    fn below(head: &str) -> Option<Self> {
        static ONE: LazyLock<Regex> = LazyLock::new(|| {
            laid_out(
                r"(?i)\b(?:(?:price|cost|rate|fee)s?\s+(?:each|apiece|per\s+\w+)|each|per\s+(?:unit|piece|item)|(?:unit|single)
                \s+(?:price|cost|rate))\b|单价|每[个件份只本张把盒瓶袋斤台条]",
            )
        });
        static ALL: LazyLock<Regex> = LazyLock::new(|| {
            laid_out(
                r"(?i)^\W*(?:(?:(?:line|sub|grand)[\s-]?)?totals?(?:\s+(?:price|cost|amount|paid))?|amount\s+(?:due|paid)|sum|(?:price|cost)\s+in\s+total)\b
                |总[价额]|小计|合计|总计|金额",
            )
        });
        let head = head.replace('_', " ");
        match (ONE.is_match(&head), ALL.is_match(&head)) {
            (true, false) => Some(Self::OfOne),
            (false, true) => Some(Self::OfAll),
            _ => None,
        }
    }
}

/// Whether `task` asks what something costs.
fn asks_for_a_price(task: &str) -> bool {
    static COSTS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)\b(?:costs?|pa(?:y|id)|prices?|how\s+much\s+(?:is|are|was|were))\b|多少钱|几块钱|几元|单价|总价",
        )
    });
    COSTS.is_match(task)
}

/// The only one of the columns of `table` without `keys` that `fits`.
fn only(table: &Table, keys: &BTreeSet<usize>, fits: impl Fn(usize) -> bool) -> Option<usize> {
    let mut columns = (0..table.head.len()).filter(|at| !keys.contains(at) && fits(*at));
    columns.next().filter(|_| columns.next().is_none())
}

/// The column that is asked for beside the `keys` of a row: the only other one, the only one whose name is
/// `said`, or the price where `task` asks what something costs. Of the price of one and that of all the
/// task has to say which.
pub(super) fn column(
    table: &Table,
    task: &str,
    keys: &BTreeSet<usize>,
    said: &BTreeSet<Name>,
) -> Option<usize> {
    static PRICE: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?i)\b(?:prices?|costs?|fees?|fares?)\b|价|费用|收费"));
    let is_said = |at: usize| name(&table.head[at]).is_some_and(|name| said.contains(&name));
    let any_is_said = (0..table.head.len()).any(|at| !keys.contains(&at) && is_said(at));
    let asks = asks_for_a_price(task);
    let of = |price: Price| {
        only(table, keys, |at| {
            Price::below(&table.head[at]) == Some(price)
        })
    };
    let both = [Price::OfOne, Price::OfAll].map(of);
    if let ([Some(_), Some(_)], true, false) = (both, asks, any_is_said) {
        return of(Price::asked_in(task)?);
    }
    match any_is_said {
        true => only(table, keys, is_said),
        false => only(table, keys, |_| true).or_else(|| {
            let asked = Price::asked_in(task);
            let is_other = |at: usize| {
                let stands = Price::below(&table.head[at]);
                asked.is_some() && stands.is_some() && asked != stands
            };
            let is_price = |at: usize| PRICE.is_match(&table.head[at]) && !is_other(at);
            asks.then(|| only(table, keys, is_price)).flatten()
        }),
    }
}

/// The expression for the price of one of what `task` names in a table of `found` that has only what all cost
/// and how many there are. `None` where several rows are named, or tables have one.
pub(super) fn price_of_one(task: &str, found: &str) -> Option<String> {
    let task = without_addresses(task);
    if Price::asked_in(&task) != Some(Price::OfOne) || !asks_for_a_price(&task) {
        return None;
    }
    let told = words(&task);
    let tables = tables(found);
    let mut expressions = tables.iter().filter_map(|table| divided(table, &told));
    let expression = expressions.next()?;
    expressions
        .all(|other| other == expression)
        .then_some(expression)
}

/// What all cost by how many there are, in the only row of `table` that a task names, whose words are `told`.
fn divided(table: &Table, told: &[String]) -> Option<String> {
    static COUNT: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)^\W*(?:counts?|quantity|qty|pieces|pcs|units|how\s+many|number(?:\s+of\s+\w+)?|no\.?\s+of\s+\w+)\W*$
            |^(?:数量|件数|个数|份数|瓶数|盒数|张数)",
        )
    });
    let keys = named_cells(table, &said(table, told));
    let mut named = (0..table.rows.len()).filter(|row| !keys[*row].is_empty());
    let row = named.next().filter(|_| named.next().is_none())?;
    let below = |at: usize| Price::below(&table.head[at]);
    if (0..table.head.len()).any(|at| below(at) == Some(Price::OfOne)) {
        return None;
    }
    let none = BTreeSet::new();
    let all = only(table, &none, |at| below(at) == Some(Price::OfAll))?;
    let count = only(table, &none, |at| COUNT.is_match(&table.head[at]))?;
    let (all, count) = (&table.rows[row][all], &table.rows[row][count]);
    let (all, count) = (plain_number(all)?, plain_number(count)?);
    (count.parse::<u32>().ok()? > 1).then(|| format!("{all} / {count}"))
}

/// The only number of `cell`, as the calculator reads it. `None` where that is not clear.
fn plain_number(cell: &str) -> Option<String> {
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"^[^\d.,+-]{0,4}(?P<number>\d+(?:\.\d{1,2})?|\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?)[^\d.,+-]{0,6}$",
        )
    });
    let found = NUMBER.captures(cell.trim())?;
    Some(found["number"].replace(',', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: &str = "Item | Count | Price each | Line total\n--- | --- | --- | ---\nChairs | 8 | 45.00 | 360.00\n\
        Tables | 2 | 120.00 | 240.00";
    const HAN: &str = "品名;数量;单价;总价\n椅子;8;45元;360元\n桌子;2;120元;240元";

    #[test]
    fn the_price_of_one_and_that_of_all_are_told_apart() {
        let check = |task: &str, text: &str, want: Option<&str>| {
            let table = tables(text).remove(0);
            let said = said(&table, &words(task));
            let keys = BTreeSet::from([0]);
            let at = column(&table, task, &keys, &said);
            assert_eq!(at.map(|at| table.head[at].as_str()), want, "{task}");
        };
        check("How much is one chair?", ORDER, Some("Price each"));
        check("What does a chair cost?", ORDER, Some("Price each"));
        check(
            "What did we pay per piece for the chairs?",
            ORDER,
            Some("Price each"),
        );
        check(
            "How much were the chairs in total?",
            ORDER,
            Some("Line total"),
        );
        check("What did all the chairs cost?", ORDER, Some("Line total"));
        check("How many chairs, by count?", ORDER, Some("Count"));
        check("椅子一把多少钱？", HAN, Some("单价"));
        check("椅子一共多少钱？", HAN, Some("总价"));
        check("椅子的单价是多少？", HAN, Some("单价"));
        // Neither, or both.
        check("What did the chairs cost?", ORDER, None);
        check(
            "What does a chair cost, and what do all the chairs cost?",
            ORDER,
            None,
        );
        check("椅子多少钱？", HAN, None);
        check("Who made the chairs?", ORDER, None);
        let all = "Item | Count | Total price\n--- | --- | ---\nChairs | 8 | 360";
        check("How much is one chair?", all, None);
        check("What did the chairs cost?", all, Some("Total price"));
        // A unit is no price, and there is one price.
        let unit = "Item | Unit | Total\n--- | --- | ---\nChair | piece | 45";
        check("How much is one chair?", unit, None);
        let one = "Item | Weight | Price\n--- | --- | ---\nChair | 8 | 45";
        check("What did the chair cost?", one, Some("Price"));
    }

    #[test]
    fn one_costs_what_all_cost_by_their_count() {
        let check = |task: &str, text: &str, want: Option<&str>| {
            assert_eq!(price_of_one(task, text).as_deref(), want, "{task}");
        };
        let order = "Item,Qty,Total\nChairs,8,€360.00\nTables,2,\"1,240\"\nLamps,1,30";
        check("How much is one chair?", order, Some("360.00 / 8"));
        check(
            "What did we pay for each of the tables?",
            order,
            Some("1240 / 2"),
        );
        check(
            "椅子一把多少钱？",
            "品名;数量;总价\n椅子;8;360元\n桌子;2;240元",
            Some("360 / 8"),
        );
        // One of one, all, two things, or none that stands there.
        check("How much is one lamp?", order, None);
        check("How much were the chairs in total?", order, None);
        check("What do a chair and a table cost each?", order, None);
        check("How much is one bench?", order, None);
        check("How many chairs are there per row?", order, None);
        // It stands there, or no count does.
        check("How much is one chair?", ORDER, None);
        check(
            "How much is one chair?",
            "Item,Total\nChairs,360\nTables,240",
            None,
        );
        check(
            "How much is one chair?",
            &order.replace("8,€360.00", "8,360-380"),
            None,
        );
        check("", order, None);
        check("How much is one chair?", "", None);
    }
}
