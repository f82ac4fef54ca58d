//! Two halves of the cases: one is learnt from, the other is held aside.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// The places of the cases that are learnt from, and of those that are held aside, each in
/// their order. Which case is in which half depends on the ids alone: not on the order of the
/// file, nor on what else changes in it.
pub fn halves(ids: &[&Value]) -> (Vec<usize>, Vec<usize>) {
    let mut places: Vec<usize> = (0..ids.len()).collect();
    places.sort_by_cached_key(|n| Sha256::digest(ids[*n].to_string().as_bytes()).to_vec());
    let half = |rest: usize| {
        let ranked = places.iter().enumerate();
        let mut half: Vec<usize> = ranked
            .filter(|(rank, _)| rank % 2 == rest)
            .map(|(_, n)| *n)
            .collect();
        half.sort_unstable();
        half
    };
    (half(0), half(1))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn halves_are_of_a_size_and_depend_on_the_ids_alone() {
        let ids: Vec<Value> = (0..11).map(|n| json!(format!("case {n}"))).collect();
        let forth: Vec<&Value> = ids.iter().collect();
        let back: Vec<&Value> = ids.iter().rev().collect();
        let (learnt, aside) = halves(&forth);
        assert_eq!((learnt.len(), aside.len()), (6, 5));
        assert!(learnt.iter().all(|n| !aside.contains(n)));
        let mut same: Vec<usize> = halves(&back).0.iter().map(|n| 10 - n).collect();
        same.sort_unstable();
        assert_eq!(same, learnt);
    }
}
