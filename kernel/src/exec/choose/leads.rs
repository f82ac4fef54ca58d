//! Where a page that was opened leads: a small model opens the same one again, or computes before it
//! has read on.

use serde_json::Value;

use super::writing::Decided;
use crate::calls::SEARCH;
use crate::exec::{Ending, Execution};
use crate::grammar::{Callable, Legal, Move};
use crate::planner::answer_form::asks_for_a_fact;
use crate::planner::material::ahead::meant;
use crate::planner::wording::{asks_for_a_total, puts_numbers_together, sends_to_documents};
use quipu_cpu::Prompt;

/// Addresses on a page up to which only they may be opened next.
const AHEAD_MAX: usize = 64;

impl Execution {
    /// Whether `tool` computes, and what was just looked up has not the numbers but leads on.
    pub(super) fn lacks_a_number(&self, legal: &Legal, tool: &str) -> bool {
        let computes = |call: &Callable| call.takes_an_expression() || call.program.is_some();
        let computes = legal
            .offered()
            .any(|call| call.name == tool && computes(call));
        computes && self.lacks_numbers(legal) && self.has_more_to_open()
    }

    /// Whether what was just opened names another address.
    pub(super) fn has_more_to_open(&self) -> bool {
        !self.addresses_ahead().is_empty()
    }

    /// Whether what was just opened names an address that nothing named before it: the menu of a site
    /// stands on each of its pages.
    pub(super) fn leads_on(&self) -> bool {
        let before = self.found.texts().split_last();
        let before = before.map(|(_, before)| before.join(" "));
        has_another(&self.addresses_ahead(), &before.unwrap_or_default())
    }

    /// The addresses that what was just opened names, but for those that led there.
    fn addresses_ahead(&self) -> Vec<String> {
        let opened = self.track.last().map(|(action, _)| &action["args"]);
        let opened = opened.map(Value::to_string).unwrap_or_default();
        let said = self.vm.last_observation().unwrap_or_default();
        other_addresses(&said, &format!("{} {opened}", self.told()))
    }

    /// Whether the task speaks of some of the links of the page that was just opened and not of the
    /// others, and gives no address that is still to be opened.
    pub(super) fn speaks_of_a_link(&self) -> bool {
        let ahead = self.addresses_ahead();
        let all = ahead.len();
        let given = other_addresses(self.told(), &self.found.opened().join(" "));
        given.is_empty() && self.spoken_of(ahead).len() < all
    }

    /// Those of the `addresses` on what was found of which the task speaks, or all of them.
    fn spoken_of(&self, addresses: Vec<String>) -> Vec<String> {
        let mut task = self.told().to_owned();
        for address in other_addresses(&task, "") {
            task = task.replace(&address, " ");
        }
        meant(addresses, &self.what_was_found(), &task)
    }

    /// The addresses that any page which was opened names, but for those that were opened.
    fn addresses_left(&self) -> Vec<String> {
        let opened = format!("{} {}", self.told(), self.found.opened().join(" "));
        other_addresses(&self.what_was_found(), &opened)
    }

    /// A call that opens what the task gives the address of, where a fact is asked for and nothing
    /// was opened yet: a small model says what such a page may well say.
    pub(super) async fn opened_first(
        &mut self,
        n: u32,
        prompt: &Prompt,
        legal: &Legal,
    ) -> Result<Option<Decided>, Ending> {
        let told = self.told();
        let asks = asks_for_a_fact(told) || asks_for_a_total(told) || puts_numbers_together(told);
        match asks {
            true => self.open_what_is_given(n, prompt, legal).await,
            false => Ok(None),
        }
    }

    /// A call that opens what the task gives the address of, if nothing was done yet.
    pub(super) async fn open_what_is_given(
        &mut self,
        n: u32,
        prompt: &Prompt,
        legal: &Legal,
    ) -> Result<Option<Decided>, Ending> {
        if !self.may_open_what_is_given(legal) {
            return Ok(None);
        }
        let given = other_addresses(self.told(), "");
        let Some(only) = opening_only(legal, &given) else {
            return Ok(None);
        };
        let call = self.written(n, prompt, &only, Move::Call).await?;
        Ok(Some(call))
    }

    /// Whether nothing was done yet, and something opens addresses such as the task gives.
    pub(super) fn may_open_what_is_given(&self, legal: &Legal) -> bool {
        self.track.n() == 0 && self.gives_an_address() && legal.opens_addresses().is_some()
    }

    /// A call that looks something up, in the place of one that computes; `None` where that is the
    /// last one again.
    pub(super) async fn look_further(
        &mut self,
        n: u32,
        prompt: &Prompt,
        legal: &Legal,
    ) -> Result<Option<Decided>, Ending> {
        // What a page leads to says more of it than a store does.
        let mut ahead = self.addresses_ahead();
        if ahead.is_empty() {
            ahead = self.addresses_left();
        }
        let opened = opening_only(legal, &self.spoken_of(ahead));
        // The task speaks of documents, and a page was read.
        let read = self.track.last().map(|(action, _)| &action["tool"]);
        let in_store = sends_to_documents(self.told()) && read.is_some_and(|tool| *tool != SEARCH);
        let store = legal.only(|call| call.name == SEARCH).filter(|_| in_store);
        let Some(only) = opened.or(store).or_else(|| legal.only(Callable::looks_up)) else {
            return Ok(None);
        };
        let decided = self.written(n, prompt, &only, Move::Call).await?;
        let action = only.action(Move::Call, &decided.completion.text);
        Ok((!self.track.was_just_done(&action)).then_some(decided))
    }

    /// Where the texts lead, when they were read and do not say what is asked.
    pub(super) async fn followed_from_what_was_found(
        &mut self,
        n: u32,
        prompt: &Prompt,
        legal: &Legal,
    ) -> Result<Option<Decided>, Ending> {
        let may = self.found.may_be_followed();
        if !may || !self.gives_an_address() || self.addresses_left().is_empty() {
            return Ok(None);
        }
        self.found.follow();
        self.look_further(n, prompt, legal).await
    }
}

/// Whether one of `addresses` is not named in `before`.
fn has_another(addresses: &[String], before: &str) -> bool {
    let known = other_addresses(before, "");
    addresses.iter().any(|address| !known.contains(address))
}

/// `legal` with nothing in it but to open one of `addresses`: a small model opens the one again that
/// the task gives. `None` where there are none, or nothing opens any.
fn opening_only(legal: &Legal, addresses: &[String]) -> Option<Legal> {
    let mut only = legal.only(Callable::opens_addresses)?;
    if addresses.len() <= AHEAD_MAX {
        let calls = only.calls.drain(..).map(|call| match call.offered {
            true => call.opening(addresses),
            false => call,
        });
        only.calls = calls.collect();
    }
    (!addresses.is_empty()).then_some(only)
}

/// The addresses in `said` that do not stand in `opened`, each once. What one of `opened` begins
/// with up to a mark, such as the site, counts as opened.
pub(super) fn other_addresses(said: &str, opened: &str) -> Vec<String> {
    let is_opened = |address: &str| {
        opened.match_indices(address).any(|(at, _)| {
            let rest = &opened[at + address.len()..];
            address.ends_with('/') || !rest.starts_with(|c: char| c.is_ascii_alphanumeric())
        })
    };
    let mut others: Vec<String> = Vec::new();
    for address in said.split(ends_an_address).filter_map(address_in) {
        if !is_opened(address) && others.iter().all(|other| other != address) {
            others.push(address.to_owned());
        }
    }
    others
}

/// Whether `c` is in no address. A backslash begins an escape of JSON.
fn ends_an_address(c: char) -> bool {
    c.is_whitespace() || r#""'<>[]\`，。、；！？（）「」《》“”"#.contains(c)
}

/// The address in a word: up to a parenthesis that was opened before it, and without the marks of a
/// sentence.
fn address_in(word: &str) -> Option<&str> {
    let at = word.find("://")?;
    let scheme = word[..at].char_indices().rev();
    let scheme = scheme.take_while(|(_, c)| c.is_ascii_alphabetic()).last();
    let (start, _) = scheme?;
    let address = &word[start..];
    let mut open = 0;
    let closes = |(_, c): &(usize, char)| {
        open += i32::from(*c == '(') - i32::from(*c == ')');
        open < 0
    };
    let end = address.char_indices().find(closes);
    let address = &address[..end.map_or(address.len(), |(end, _)| end)];
    Some(address.trim_end_matches(['.', ',', ';', ':', '!', '?']))
}

/// Whether `action` searches the store for nothing but a number of the task `told`, which does not
/// send there: such a number is to be worked with.
pub(super) fn searches_for_a_number(action: &Result<Value, String>, told: &str) -> bool {
    let Ok(action) = action else {
        return false;
    };
    let query = action["args"]["query"].as_str().unwrap_or_default().trim();
    // "Nan" is no number, though it is one for a parser.
    let is_number = query.parse::<f64>().is_ok_and(f64::is_finite) && told.contains(query);
    action["tool"] == SEARCH && is_number && !sends_to_documents(told)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_number_of_the_task_is_not_searched_for() {
        let check = |tool: &str, query: &str, told: &str, want: bool| {
            let action = Ok(json!({"tool": tool, "args": {"query": query}}));
            assert_eq!(searches_for_a_number(&action, told), want, "{query} {told}");
        };
        let told = "Which of these comes twice? 7310, 2844, 7310";
        check(SEARCH, "7310", told, true);
        check(SEARCH, "7311", told, false);
        check(SEARCH, "number 7310", told, false);
        check("web.search", "7310", told, false);
        check(SEARCH, "7310", "Who is 7310, by my notes?", false);
        check(SEARCH, "Nan", "Where does Nan live?", false);
        assert!(!searches_for_a_number(&Err("cut".into()), told));
    }

    #[test]
    fn a_menu_that_was_seen_leads_nowhere() {
        let menu = "[Prices](http://a.example/prices) [Hours](http://a.example/hours)";
        let check = |page: &str, before: &str, want: bool| {
            let ahead = other_addresses(page, "http://a.example/prices");
            assert_eq!(has_another(&ahead, before), want, "{page} / {before}");
        };
        check(menu, menu, false);
        check(menu, "", true);
        let news = format!("{menu} See [what is new](http://a.example/news).");
        check(&news, menu, true);
        check("Soup: 4 euros", menu, false);
    }

    #[test]
    fn where_a_page_leads_is_another_address() {
        let check = |said: &str, want: &[&str]| {
            let opened = r#"{"url":"http://127.0.0.1:9/club.html"}"#;
            assert_eq!(other_addresses(said, opened), want, "{said}");
        };
        check(r#"{"url":"http://127.0.0.1:9/club.html","links":[]}"#, &[]);
        let join = "http://127.0.0.1:9/join.html";
        check(
            "[Join](http://127.0.0.1:9/join.html), or http://127.0.0.1:9/join.html.",
            &[join],
        );
        check("see <https://example.com/a>", &["https://example.com/a"]);
        check("14 euros", &[]);
        check(
            "[Hen](https://example.com/Hen_(bird)), and (see https://example.com/b).",
            &["https://example.com/Hen_(bird)", "https://example.com/b"],
        );
        check(
            r#"{"text":"See https://example.com/a\nNext","more":"看https://example.com/b，或者"}"#,
            &["https://example.com/a", "https://example.com/b"],
        );
        check("http://127.0.0.1:9/ http://127.0.0.1:9", &[]);
        check("http://127.0.0.1:9/club", &[]);
        check(
            "http://127.0.0.1:9/club.htm",
            &["http://127.0.0.1:9/club.htm"],
        );
        check("://", &[]);
    }
}
