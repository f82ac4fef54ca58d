//! One contract, every store: each check takes a `&dyn Store` and is run on all of them.

mod finding;
mod keeping;
mod origins;
mod quotas;
mod relevant;
mod shown;

use std::str::FromStr;

use quipu_memory::{Kind, NewPage, PageId, Query, Store, Trust};

/// Runs each check on a fresh store of each kind.
macro_rules! contract {
    ($($part:ident: $($check:ident),+ $(,)?;)+) => {
        mod ram {
            $($(#[test] fn $check() { super::$part::$check(&quipu_memory::RamStore::new()); })+)+
        }
        mod disk {
            use quipu_memory::{Access, DiskStore};
            $($(#[test] fn $check() {
                let folder = crate::folder();
                let store = DiskStore::open(folder.path(), Access::ReadWrite);
                super::$part::$check(&store.expect("a new store"));
            })+)+
        }
    };
}

contract! {
    keeping:
    an_empty_store_is_empty,
    what_was_put_is_got_back_verbatim,
    what_was_put_elsewhere_keeps_its_date,
    ids_are_short_and_never_come_back,
    a_page_replaces_the_one_of_its_id,
    a_removed_page_is_gone,
    a_batch_is_all_or_nothing,
    a_batch_is_its_pages_one_after_another,
    limits_are_named,
    list_and_stats_agree,
    threads_share_a_store,
    any_page_is_got_back_verbatim;
    origins:
    a_memory_keeps_its_history,
    a_page_is_trusted_no_further_than_its_sources,
    a_page_is_as_secret_as_its_sources,
    a_page_is_as_suspicious_as_its_sources,
    lineage_leads_back_to_the_first_sources,
    spaces_are_apart,
    copies_count_once_and_strangers_get_a_share,
    copies_are_as_secret_and_hide_no_original,
    no_name_of_a_page_looks_like_another_passage,
    a_newer_word_stands_first;
    quotas:
    a_full_space_takes_nothing_and_loses_nothing,
    memories_are_counted_by_space_and_come_newest_first;
    relevant:
    only_what_matches_well_is_found,
    strangers_are_counted_or_quoted,
    a_budget_is_kept,
    other_spaces_stay_apart,
    what_was_made_of_memories_speaks_for_them;
    finding:
    words_match_whatever_their_form,
    the_title_counts_too,
    rare_words_count_more,
    filters_hold,
    hostile_queries_are_only_text,
    equal_pages_come_in_order_of_id,
    the_order_does_not_depend_on_how_pages_came,
    neighbours_lend_their_score,
    linked_pages_lend_their_score,
    a_list_of_links_lends_little_and_a_strangers_link_nothing,
    links_lend_within_one_origin_one_secrecy_and_never_upwards,
    names_and_numbers_are_found_by_their_parts,
    k_is_kept,
    snippets_show_the_match,
    snippets_are_plain_and_bounded,
    any_text_is_a_query;
    shown:
    a_passage_keeps_the_lines_of_a_table,
    of_a_long_table_the_head_and_the_rows_that_match_are_shown;
}

fn page(id: &str, title: &str, text: &str) -> NewPage {
    NewPage {
        id: (!id.is_empty()).then(|| PageId::from(id)),
        kind: Kind::Document,
        title: title.into(),
        text: text.into(),
        source: "test".into(),
        trust: Trust::User,
        ..NewPage::default()
    }
}

fn put(store: &dyn Store, id: &str, title: &str, text: &str) {
    store.put(page(id, title, text)).expect("put");
}

fn ids(store: &dyn Store, query: &str) -> Vec<String> {
    found(store, &Query::new(query, 100))
}

fn found(store: &dyn Store, query: &Query) -> Vec<String> {
    let hits = store.search(query).expect("search");
    hits.iter().map(|hit| hit.id.to_string()).collect()
}

#[test]
fn words_and_json_agree() {
    for trust in Trust::ALL {
        assert_eq!(Trust::from_str(trust.as_str()), Ok(*trust));
        assert_eq!(
            serde_json::to_string(trust).expect("json"),
            format!("\"{trust}\"")
        );
    }
    for kind in Kind::ALL {
        assert_eq!(Kind::from_str(kind.as_str()), Ok(*kind));
        assert_eq!(
            serde_json::to_string(kind).expect("json"),
            format!("\"{kind}\"")
        );
    }
    assert!(Trust::Untrusted < Trust::User && Trust::User < Trust::System);
    let unknown = Trust::from_str("root").expect_err("no such trust");
    assert_eq!(
        unknown.to_string(),
        "`root` is not a trust; use one of: untrusted, user, system"
    );
    assert_eq!(
        serde_json::to_string(&PageId::from("m1")).expect("json"),
        "\"m1\""
    );
}
