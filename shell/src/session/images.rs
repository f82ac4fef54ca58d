//! What models have read, as it lies on the disk: removed with the processes that read it.

use std::io::Read;
use std::path::Path;

use quipu_kernel::process::Pid;

/// Removes the states of the processes `gone` that were swapped out: their tokens are in them.
/// Those of an unknown form go too, and what a projector made of pictures, whosever they are: it
/// does not say; they can be made again.
pub fn remove(folder: &Path, gone: &[Pid]) {
    /// The first bytes of an image, before the number of its process.
    const MAGIC: &[u8] = b"QUIPUKV1";
    if gone.is_empty() {
        return;
    }
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.extension().and_then(|end| end.to_str()) {
            Some("kv") => {}
            Some("seen") => {
                let _ = std::fs::remove_file(path);
                continue;
            }
            _ => continue,
        }
        let mut head = [0; 16];
        let read = std::fs::File::open(&path).and_then(|mut file| file.read_exact(&mut head));
        let (magic, whose) = head.split_at(MAGIC.len());
        let is_gone = gone.iter().any(|pid| whose == pid.to_le_bytes());
        let of_another = read.is_ok() && magic == MAGIC && !is_gone;
        if !of_another {
            let _ = std::fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_of_a_removed_process_go_and_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let image = |magic: &str, pid: Pid| [magic.as_bytes(), &pid.to_le_bytes(), b"x"].concat();
        for (name, bytes, stays) in [
            ("a.kv", image("QUIPUKV1", 7), false),
            ("b.kv", image("QUIPUKV1", 8), true),
            ("everyone.kv", image("QUIPUKV1", 0), true),
            ("later.kv", image("QUIPUKV2", 8), false),
            ("short.kv", b"Q".to_vec(), false),
            ("picture.seen", b"QUIPUSE1".to_vec(), false),
            ("other", image("QUIPUKV1", 7), true),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            remove(folder.path(), &[5, 7]);
            assert_eq!(path.exists(), stays, "{name}");
        }
        // Nobody is gone, so nothing goes.
        let path = folder.path().join("short.kv");
        std::fs::write(&path, "Q").unwrap();
        remove(folder.path(), &[]);
        assert!(path.exists());
    }
}
