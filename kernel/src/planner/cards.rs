//! Tool cards, paged. A process on a machine with hundreds of tools is shown the few that its
//! task needs; `find_tool` brings the rest.

use quipu_memory::{Kind, NewPage, PageId, Query, RamStore, Store, Trust};

use super::kind::signature;
use crate::grammar::Callable;

/// Up to this many functions of devices are all shown; with more, their cards are paged. Small
/// models choose worse from a long list, and each card costs about 40 tokens.
const SHOWN_MAX: usize = 12;
/// Cards that the words of the task bring into sight, and cards that one search brings.
const CHOSEN: usize = 5;

/// A function with the words by which it is found.
pub(super) struct Card {
    pub(super) callable: Callable,
    /// What its device is for.
    pub(super) about: String,
    /// Shown whatever the task is.
    pub(super) pinned: bool,
}

/// The cards out of sight.
#[derive(Default)]
pub(super) struct Cards {
    hidden: Vec<Callable>,
    index: RamStore,
}

impl Cards {
    /// Divides `cards` into those that are shown whatever the task is, and the rest.
    pub(super) fn deal(cards: Vec<Card>) -> (Vec<Callable>, Self) {
        // A function that no model is told of takes no room.
        let told = |card: &&Card| card.callable.offered;
        let few = cards.iter().filter(told).count() <= SHOWN_MAX;
        let mut shown = Vec::new();
        let mut rest = Self::default();
        for card in cards {
            let room = few || (card.pinned && shown.len() < SHOWN_MAX);
            match room {
                true => shown.push(card.callable),
                false => rest.hide(card),
            }
        }
        (shown, rest)
    }

    /// How many are out of sight.
    pub(super) fn len(&self) -> usize {
        self.hidden.len()
    }

    /// The cards that fit `query` best, best first.
    pub(super) fn find(&self, query: &str) -> Vec<&Callable> {
        let hits = self.index.search(&Query::new(query, CHOSEN));
        let hits = hits.unwrap_or_default();
        hits.iter()
            .filter_map(|hit| self.hidden.iter().find(|call| call.name == hit.id.as_str()))
            .collect()
    }

    /// Takes the cards out that [`Cards::find`] finds.
    pub(super) fn take(&mut self, query: &str) -> Vec<Callable> {
        let found: Vec<Callable> = self.find(query).into_iter().cloned().collect();
        for call in &found {
            self.hidden.retain(|hidden| hidden.name != call.name);
            // A store in memory forgets without fail.
            let _ = self.index.remove(&PageId::from(call.name.clone()));
        }
        found
    }

    fn hide(&mut self, card: Card) {
        let call = &card.callable;
        let fields = signature(&call.parameters);
        let page = NewPage {
            id: Some(PageId::from(call.name.clone())),
            kind: Kind::Document,
            // Names are made of words, and say most.
            title: call.name.replace(['.', '_', '-', '/'], " "),
            text: format!("{}\n{}\n{fields}", call.description, card.about),
            source: String::new(),
            trust: Trust::System,
            ..NewPage::default()
        };
        if let Err(error) = self.index.put(page) {
            tracing::warn!(tool = call.name, %error, "a tool cannot be found by its description");
        }
        self.hidden.push(card.callable);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn card(name: &str, description: &str) -> Card {
        Card {
            callable: Callable::new(
                name,
                description,
                json!({"properties": {"text": {"type": "string"}}}),
            ),
            about: String::new(),
            pinned: name == "calculator.calculate",
        }
    }

    fn many() -> Vec<Card> {
        let mut cards: Vec<Card> = (0..200)
            .map(|n| {
                card(
                    &format!("shelf{n}.put"),
                    &format!("puts a thing on shelf {n}"),
                )
            })
            .collect();
        cards.push(card(
            "weather.forecast",
            "the weather of a place in the next days",
        ));
        cards.push(card("mail.send_message", "sends a letter to somebody"));
        cards.push(card("calculator.calculate", "evaluates an expression"));
        cards
    }

    fn names<'a>(calls: impl IntoIterator<Item = &'a Callable>) -> Vec<&'a str> {
        calls.into_iter().map(|call| call.name.as_str()).collect()
    }

    #[test]
    fn few_cards_are_all_shown() {
        let (shown, rest) = Cards::deal(vec![card("a.f", "x"), card("b.g", "y")]);
        assert_eq!(names(&shown), ["a.f", "b.g"]);
        assert_eq!(rest.len(), 0);
    }

    #[test]
    fn of_many_the_task_chooses_and_a_search_finds() {
        let (shown, mut rest) = Cards::deal(many());
        assert_eq!(names(&shown), ["calculator.calculate"]);
        let chosen = rest.take("Will it rain? Forecast the weather in Cusco.");
        assert_eq!(names(&chosen), ["weather.forecast"]);
        assert_eq!(rest.len(), 201);
        assert_eq!(names(rest.find("send a message"))[0], "mail.send_message");
        rest.take("send a message");
        assert!(!names(rest.find("send a message")).contains(&"mail.send_message"));
        assert!(rest.find("").is_empty());
    }

    #[test]
    fn a_page_of_cards_is_bounded() {
        let pinned = many().into_iter().map(|card| Card {
            pinned: true,
            ..card
        });
        let (shown, mut rest) = Cards::deal(pinned.collect());
        assert_eq!(shown.len(), SHOWN_MAX);
        assert_eq!(rest.take("put a thing on a shelf").len(), CHOSEN);
    }
}
