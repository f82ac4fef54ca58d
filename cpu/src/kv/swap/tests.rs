use super::file::DIGEST_BYTES;
use super::*;

fn swap(memory: usize, folder: Option<&Path>, key: &str) -> Swap {
    Swap::open(SwapSettings {
        memory_bytes_max: memory,
        disk_bytes_max: 1 << 20,
        folder: folder.map(Path::to_owned),
        secret: [1; 32],
        key: key.into(),
    })
}

/// Asserts how far `prompt` is covered, and by which state.
fn check(swap: &mut Swap, prompt: &[i32], resident: usize, want: Option<(usize, &[u8])>) {
    let found = swap.find(prompt, resident);
    let got = found.and_then(|found| Some((found.upto, swap.load(found)?)));
    assert_eq!(
        got,
        want.map(|(upto, state)| (upto, Arc::new(state.to_vec()))),
        "{prompt:?}"
    );
}

#[test]
fn the_state_that_reaches_furthest_is_found() {
    let mut swap = swap(1 << 20, None, "k");
    swap.put(For::Process(1), vec![1, 2, 3, 4], 2, b"long".to_vec());
    swap.put(For::Process(2), vec![1, 2, 3], 0, b"short".to_vec());
    check(&mut swap, &[1, 2, 3, 4, 5], 2, Some((4, b"long")));
    check(&mut swap, &[1, 2, 3, 4, 5], 0, Some((3, b"short")));
    check(&mut swap, &[1, 2, 3, 4, 5], 4, None);
    check(&mut swap, &[1, 9], 0, Some((1, b"short")));
    assert_eq!(swap.reach(&[1, 2, 3, 4, 5], 0), 4);
    assert_eq!(swap.reach(&[6], 0), 0);
    swap.forget(1);
    check(&mut swap, &[1, 2, 3, 4, 5], 2, Some((3, b"short")));
    swap.forget(2);
    check(&mut swap, &[1, 2, 3], 0, None);
}

#[test]
fn what_others_rest_on_outlives_its_process() {
    let mut swap = swap(1 << 20, None, "k");
    swap.put(For::Process(1), vec![1, 2, 3], 0, b"base".to_vec());
    swap.put(For::Process(2), vec![1, 2, 3, 4], 3, b"two".to_vec());
    swap.put(For::Process(3), vec![1, 2, 5], 2, b"three".to_vec());
    swap.put(For::Process(4), vec![6, 7, 8], 2, b"other".to_vec());
    swap.forget(1);
    check(&mut swap, &[1, 2, 3], 0, Some((3, b"base")));
    swap.forget(2);
    check(&mut swap, &[1, 2, 3], 0, Some((3, b"base")));
    swap.forget(3);
    check(&mut swap, &[1, 2, 3], 0, None);
}

#[test]
fn what_memory_cannot_hold_goes_to_disk_and_outlives_the_machine() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = swap(6, Some(folder.path()), "k");
    first.put(For::Process(1), vec![1], 0, b"oldest".to_vec());
    first.put(For::Process(2), vec![2], 0, b"newer".to_vec());
    assert_eq!(first.memory_bytes(), 5);
    check(&mut first, &[1], 0, Some((1, b"oldest")));
    first.flush();
    check(
        &mut swap(6, Some(folder.path()), "k"),
        &[2],
        0,
        Some((1, b"newer")),
    );
    check(
        &mut swap(6, Some(folder.path()), "another model"),
        &[2],
        0,
        None,
    );
}

#[test]
fn without_a_disk_the_oldest_is_forgotten() {
    let mut swap = swap(6, None, "k");
    swap.put(For::Process(1), vec![1], 0, b"oldest".to_vec());
    swap.put(For::Process(2), vec![2], 0, b"newer".to_vec());
    check(&mut swap, &[1], 0, None);
    check(&mut swap, &[2], 0, Some((1, b"newer")));
}

#[test]
fn an_image_of_another_root_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let open = |secret: u8| {
        Swap::open(SwapSettings {
            memory_bytes_max: 9,
            disk_bytes_max: 1 << 20,
            folder: Some(folder.path().to_owned()),
            secret: [secret; 32],
            key: "k".into(),
        })
    };
    open(1).put(For::Everyone, vec![1, 2], 0, b"state".to_vec());
    check(&mut open(1), &[1, 2], 0, Some((2, b"state")));
    check(&mut open(2), &[1, 2], 0, None);
    // It was removed, as a damaged one is.
    check(&mut open(1), &[1, 2], 0, None);
}

#[test]
fn a_damaged_image_is_refused_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let file = || {
        fs::read_dir(folder.path())
            .unwrap()
            .next()
            .map(|e| e.unwrap().path())
    };
    let damage = |at: fn(usize) -> usize| {
        let mut first = swap(9, Some(folder.path()), "k");
        first.put(For::Everyone, vec![1, 2], 0, b"state".to_vec());
        let path = file().unwrap();
        let mut bytes = fs::read(&path).unwrap();
        let at = at(bytes.len());
        bytes[at] ^= 1;
        fs::write(&path, bytes).unwrap();
        check(&mut swap(9, Some(folder.path()), "k"), &[1, 2], 0, None);
    };
    damage(|len| len - 1); // the state
    assert_eq!(file(), None);
    damage(|_| 0); // the magic
    assert_eq!(file(), None);
    damage(|len| len - 5 - DIGEST_BYTES - 8); // a token: it is another prompt's now
    let mut cut = swap(9, Some(folder.path()), "k");
    cut.put(For::Everyone, vec![3], 0, b"state".to_vec());
    let paths: Vec<PathBuf> = fs::read_dir(folder.path())
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    for path in paths {
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    }
    check(&mut swap(9, Some(folder.path()), "k"), &[3], 0, None);
    assert_eq!(file(), None);
}

#[test]
fn what_was_used_last_stays_on_disk_whichever_model_it_is_of() {
    let folder = tempfile::tempdir().unwrap();
    let open = |key: &str, disk_bytes_max: u64| {
        Swap::open(SwapSettings {
            memory_bytes_max: 9,
            disk_bytes_max,
            folder: Some(folder.path().to_owned()),
            secret: [1; 32],
            key: key.into(),
        })
    };
    let paths = || {
        fs::read_dir(folder.path())
            .unwrap()
            .map(|e| e.unwrap().path())
    };
    let of = |tokens: &[i32]| {
        let is_of = |path: &PathBuf| file::read_header(path).unwrap().tokens == tokens;
        paths().find(is_of).unwrap()
    };
    let mut first = open("a", 1 << 20);
    first.put(For::Everyone, vec![1], 0, b"one".to_vec());
    first.put(For::Everyone, vec![2], 0, b"two".to_vec());
    for (tokens, seconds) in [([1], 10), ([2], 20)] {
        let file = fs::File::options().write(true).open(of(&tokens)).unwrap();
        let written = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        file.set_modified(written).unwrap();
    }
    // The older one is read again, so the other is the first to go.
    check(&mut open("a", 1 << 20), &[1], 0, Some((1, b"one")));
    let bytes = fs::metadata(of(&[1])).unwrap().len();
    let mut other = open("b", 2 * bytes);
    other.put(For::Everyone, vec![3], 0, b"new".to_vec());
    assert_eq!(paths().count(), 2);
    check(&mut open("a", 1 << 20), &[2], 0, None);
    check(&mut open("a", 1 << 20), &[1], 0, Some((1, b"one")));
    // A machine with less room makes it at its start.
    open("a", bytes);
    assert_eq!(paths().count(), 1);
}
