//! Hands the terms of `text.rs` to tantivy, and tells it how to order what it finds.

use tantivy::collector::sort_key::NaturalComparator;
use tantivy::collector::{SegmentSortKeyComputer, SortKeyComputer};
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};
use tantivy::{DocId, Score, SegmentReader};

use crate::{rank, text};

/// `text::tokens` as a tokenizer.
#[derive(Clone)]
pub(super) struct Analyzer;

/// The tokens of one text.
pub(super) struct Stream<'a> {
    tokens: text::Tokens<'a>,
    token: Token,
}

impl Tokenizer for Analyzer {
    type TokenStream<'a> = Stream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Stream<'a> {
        Stream {
            tokens: text::tokens(text),
            token: Token::default(),
        }
    }
}

impl TokenStream for Stream<'_> {
    fn advance(&mut self) -> bool {
        let Some(next) = self.tokens.next() else {
            return false;
        };
        self.token.text = next.term;
        self.token.offset_from = next.span.start;
        self.token.offset_to = next.span.end;
        self.token.position = self.token.position.wrapping_add(1);
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

/// Orders by the rounded score, so that ties can be told by id.
pub(super) struct ByScore;

impl SortKeyComputer for ByScore {
    type SortKey = Score;
    type Child = ByScore;
    type Comparator = NaturalComparator;

    fn requires_scoring(&self) -> bool {
        true
    }

    fn segment_sort_key_computer(&self, _: &SegmentReader) -> tantivy::Result<ByScore> {
        Ok(ByScore)
    }
}

impl SegmentSortKeyComputer for ByScore {
    type SortKey = Score;
    type SegmentSortKey = Score;
    type SegmentComparator = NaturalComparator;

    fn segment_sort_key(&mut self, _: DocId, score: Score) -> Score {
        rank::rounded(score)
    }

    fn convert_segment_sort_key(&self, score: Score) -> Score {
        score
    }
}
