//! Documents that are written from code are current. `PLENUM_WRITE_DOCS=1` writes them anew.

use server::config;
use server::metrics::{Metrics, SnapshotSource, markdown};
use std::path::PathBuf;
use std::sync::Arc;

fn check(path: &str, expected: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    if std::env::var_os("PLENUM_WRITE_DOCS").is_some() {
        std::fs::write(&path, expected).expect("the document can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "{} is not current: run `PLENUM_WRITE_DOCS=1 cargo test -p server --test documents`",
        path.display()
    );
}

fn metrics() -> Metrics {
    Metrics::new(SnapshotSource(Arc::new(|| vec![node::WorkerSnapshot::default()]))).expect("no name twice")
}

#[test]
fn the_configuration_page_is_current() {
    check("docs/configuration.md", &config::markdown());
}

#[test]
fn the_example_file_is_current() {
    check("plenum.example.toml", &config::example_file());
}

/// The text of every Rust file under a folder.
fn sources(folder: &std::path::Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&std::fs::read_to_string(&path).expect("a text file"));
        }
    }
}

#[test]
fn every_test_that_the_table_of_attacks_names_is_there() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = std::fs::read_to_string(root.join("docs/operations.md")).expect("the page");
    let (_, table) = page
        .split_once("| attack | outcome | shown by |")
        .expect("the table");
    let rows: Vec<&str> = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .collect();
    let mut text = String::new();
    sources(&root.join("crates"), &mut text);
    for row in &rows {
        let shown_by = row
            .trim_end_matches([' ', '|'])
            .rsplit('|')
            .next()
            .expect("a cell");
        let names: Vec<&str> = shown_by.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "{row}");
        for name in names {
            assert!(text.contains(&format!("fn {name}(")), "there is no test {name}");
        }
    }
    assert!(rows.len() > 20, "{} rows", rows.len());
}

#[test]
fn the_metrics_page_is_current() {
    check("docs/metrics.md", &markdown(&metrics().gather()));
}

#[test]
fn the_example_file_with_every_line_in_force_is_the_default() {
    let uncommented: String = config::example_file()
        .lines()
        .take_while(|line| !line.contains("An ICE server"))
        .filter_map(|line| line.strip_prefix('#').filter(|line| !line.starts_with(' ')))
        .map(|line| format!("{line}\n"))
        .collect();
    let path = std::env::temp_dir().join(format!("plenum-example-{}.toml", std::process::id()));
    std::fs::write(&path, &uncommented).expect("a file can be written");
    let loaded = config::load(&config::Sources {
        file: Some(path.clone()),
        ..Default::default()
    });
    let _ = std::fs::remove_file(&path);
    assert_eq!(loaded, Ok(config::Config::default()));
    assert_eq!(uncommented.lines().count(), config::FIELDS.len());
}

#[test]
fn every_metric_says_what_it_is_and_in_which_unit() {
    for family in metrics().gather() {
        let (name, help) = (family.name().to_owned(), family.help().to_owned());
        assert!(help.len() >= 10, "{name} needs a help text");
        for (unit, word) in [("_seconds", "second"), ("_bytes", "byte")] {
            let has_unit = name.ends_with(unit) || name.contains(&format!("{unit}_total"));
            assert!(
                !has_unit || help.contains(word),
                "the help text of {name} does not name its unit: {help}"
            );
        }
        let ours = name.starts_with("plenum_") || name.starts_with("process_");
        assert!(ours, "{name} does not start with plenum_");
    }
}
