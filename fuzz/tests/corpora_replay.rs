//! Every file of every corpus is replayed through its target.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Most files, and bytes in them, of all corpora together: they are read by people who look for what they are about.
const MAX_FILES: usize = 200;
const MAX_BYTES: usize = 300 * 1024;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a readable folder").path())
        .collect();
    paths.sort();
    paths
}

#[test]
fn every_target_holds_for_its_corpus() {
    for target in fuzz::TARGETS {
        let files = entries(&corpus().join(target.name));
        assert!(!files.is_empty(), "the corpus of {} is empty", target.name);
        for file in files {
            let data = fs::read(&file).expect("a readable file");
            let run = std::panic::catch_unwind(|| (target.run)(&data));
            assert!(
                run.is_ok(),
                "{} does not hold for {}",
                target.name,
                file.display()
            );
        }
    }
}

#[test]
fn every_corpus_has_a_target_and_is_small() {
    let names: BTreeSet<&str> = fuzz::TARGETS.iter().map(|target| target.name).collect();
    let (mut files, mut bytes) = (0, 0);
    for folder in entries(&corpus()) {
        let name = folder
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        assert!(names.contains(name), "{} is no target's", folder.display());
        for file in entries(&folder) {
            files += 1;
            bytes += fs::metadata(&file).expect("a readable file").len() as usize;
        }
    }
    assert!(
        files <= MAX_FILES && bytes <= MAX_BYTES,
        "{files} files, {bytes} bytes"
    );
}

/// The corpora do not depend on the search: each target holds for what is no input at all.
#[test]
fn every_target_holds_for_nothing_and_for_noise() {
    let noise: Vec<u8> = (0..2_000u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    for target in fuzz::TARGETS {
        (target.run)(&[]);
        (target.run)(&noise);
    }
}
