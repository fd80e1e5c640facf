use super::*;
use crate::report::example;
use crate::report::model::{ParticipantSummary, Verdict};

/// Elements that have no end tag.
const VOID: [&str; 3] = ["meta", "!doctype", "br"];

/// Panics when an element is not closed in order, or an attribute is not quoted.
fn check_nesting(page: &str) {
    let body = page.find("<style>").zip(page.find("</style>"));
    let (from, to) = body.expect("a style sheet");
    let page = [&page[..from], &page[to + "</style>".len()..]].concat();
    let mut open: Vec<String> = Vec::new();
    for tag in page.split('<').skip(1) {
        let (tag, text) = tag.split_once('>').unwrap_or_else(|| panic!("<{tag} has no end"));
        assert!(!text.contains('>'), "a bare > in {text:?}");
        let name = tag
            .trim_end_matches('/')
            .split_whitespace()
            .next()
            .unwrap_or_default();
        if let Some(name) = name.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "closed out of order");
        } else if !tag.ends_with('/') && !VOID.contains(&name) {
            assert_eq!(tag.matches('"').count() % 2, 0, "an open quote in <{tag}>");
            open.push(name.to_owned());
        }
    }
    assert!(open.is_empty(), "not closed: {open:?}");
}

#[test]
fn the_page_is_well_formed_and_loads_nothing() {
    let page = page(&example::run());
    check_nesting(&page);
    for loading in [
        "http://", "https://", "src=", "href=", "url(", "<script", "@import",
    ] {
        assert!(!page.contains(loading), "{loading} is in the page");
    }
    assert!(
        !page.contains("NaN") && !page.contains("inf"),
        "a figure is not a number"
    );
}

#[test]
fn every_plot_has_a_title_and_its_figures_in_words() {
    let page = page(&example::run());
    let plots = page.matches("<svg ").count();
    assert_eq!(plots, 10);
    assert_eq!(page.matches("role=\"img\"><title>").count(), plots);
    assert_eq!(page.matches("<desc>").count(), plots);
    assert!(!page.contains("<desc></desc>"));
}

#[test]
fn a_plot_of_nothing_but_zeros_says_so() {
    let mut run = example::run();
    assert!(!page(&run).contains(": none</p>"));
    for sample in &mut run.samples {
        sample.freezes = 0;
    }
    assert_eq!(page(&run).matches(": none</p>").count(), 1);
}

#[test]
fn what_a_name_contains_is_text() {
    let mut run = example::run();
    let evil = "</title><script>alert(\"1\")</script>&'".to_owned();
    run.scenario.name.clone_from(&evil);
    run.scenario.description.clone_from(&evil);
    run.scenario.parameters.insert(evil.clone(), evil.clone());
    run.machine.cpu_model.clone_from(&evil);
    run.machine.version.clone_from(&evil);
    run.warnings = vec![evil.clone()];
    run.failures = vec![evil.clone()];
    run.verdicts = vec![Verdict {
        threshold: evil.clone(),
        value: None,
        broken: true,
    }];
    run.participants = vec![ParticipantSummary {
        name: evil.clone(),
        error: Some(evil),
        ..ParticipantSummary::default()
    }];
    let page = page(&run);
    check_nesting(&page);
    assert!(!page.contains("<script"));
    let escaped = "&lt;/title&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;";
    assert_eq!(page.matches(escaped).count(), 13);
}

#[test]
fn a_run_that_measured_nothing_has_a_page() {
    let page = page(&Run::default());
    check_nesting(&page);
    assert!(
        page.contains("no thresholds were set") && !page.contains("NaN"),
        "{page}"
    );
}

#[test]
fn the_verdict_says_what_is_wrong() {
    let mut run = example::run();
    let verdict = |broken| Verdict {
        threshold: "freezes>3".to_owned(),
        value: Some(5.0),
        broken,
    };
    run.verdicts = vec![verdict(false)];
    assert!(page(&run).contains("<strong>Passed</strong> <span>the threshold held</span>"));
    run.verdicts.push(verdict(true));
    assert!(page(&run).contains("<strong>Failed</strong> <span>1 of 2 thresholds broken</span>"));
    run.verdicts = vec![];
    run.failures = (0..60).map(|i| format!("bot-{i} failed")).collect();
    let page = page(&run);
    assert!(page.contains("no thresholds were set, 60 failures") && page.contains("and 10 more"));
}
