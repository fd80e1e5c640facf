//! The report as one HTML file: no script, no network, light and dark, readable on a phone.

mod axis;
mod figures;
mod plot;
mod plots;
mod tables;

use super::model::Run;
use std::fmt::Write as _;

/// Colours, sizes and the places of labels.
const STYLE: &str = include_str!("style.css");
/// Failures and warnings written out; the rest are counted, and are in the JSON.
const MAX_LISTED: usize = 50;

/// A heading that says what the shading is.
const OVER_TIME: &str = "Over time <small><i></i>steady: what the figures are about</small>";

/// The page of a run.
pub fn page(run: &Run) -> String {
    let mut out = String::from("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    out.push_str("<meta name=\"color-scheme\" content=\"light dark\">\n");
    // Nothing in the page may load anything or run, whatever a name in it says.
    out.push_str(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n",
    );
    // Writing to a String does not fail, here and below.
    let _ = write!(
        out,
        "<title>{} · load test</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n",
        escape(&run.scenario.name)
    );
    out.push_str(&header(run));
    out.push_str("<main>\n");
    out.push_str(&verdict(run));
    out.push_str(&listed("Warnings", "warnings", &run.warnings));
    out.push_str(&listed("Failures", "failures", &run.failures));
    out.push_str(&figures::figures(run));
    section(&mut out, OVER_TIME, "plots", &plots::over_time(run));
    section(&mut out, "Distributions", "plots", &plots::distributions(run));
    section(&mut out, "Tables", "tables", &tables::tables(run));
    let _ = write!(
        out,
        "</main>\n<footer>plenum-loadtest {}, report format {}</footer>\n</body>\n</html>\n",
        escape(&run.machine.version),
        run.format
    );
    out
}

fn section(out: &mut String, title: &str, class: &str, content: &str) {
    if !content.is_empty() {
        let _ = write!(
            out,
            "<section><h2>{title}</h2><div class=\"{class}\">\n{content}</div></section>\n"
        );
    }
}

fn header(run: &Run) -> String {
    let machine = &run.machine;
    let mut facts: Vec<String> = vec![machine.date.replace('T', " ").replace('Z', " UTC")];
    facts.push(format!("{} cores", machine.cores));
    facts.extend([&machine.cpu_model, &machine.kernel].map(String::clone));
    let facts: String = facts
        .iter()
        .filter(|fact| !fact.trim().is_empty())
        .map(|fact| format!("<li>{}</li>", escape(fact)))
        .collect();
    format!(
        "<header><p class=\"over\">Plenum load test</p><h1>{}</h1><p class=\"lead\">{}</p><ul class=\"facts\">{facts}</ul></header>\n",
        escape(&run.scenario.name),
        escape(&run.scenario.description)
    )
}

/// What to know before reading on.
fn verdict(run: &Run) -> String {
    let broken = run.verdicts.iter().filter(|verdict| verdict.broken).count();
    let (class, word) = if broken > 0 || !run.failures.is_empty() {
        ("bad", "Failed")
    } else if run.verdicts.is_empty() {
        ("plain", "Completed")
    } else {
        ("good", "Passed")
    };
    let thresholds = match (run.verdicts.len(), broken) {
        (0, _) => "no thresholds were set".to_owned(),
        (1, 0) => "the threshold held".to_owned(),
        (all, 0) => format!("all {all} thresholds held"),
        (all, broken) => format!("{broken} of {} broken", counted(all, "threshold")),
    };
    let failures = match run.failures.len() {
        0 => String::new(),
        failures => format!(", {}", counted(failures, "failure")),
    };
    let items = run.verdicts.iter().map(|verdict| {
        let (class, word) = if verdict.broken {
            ("bad", "broken")
        } else {
            ("good", "held")
        };
        let value = verdict
            .value
            .map_or("not measured".to_owned(), super::format::precise);
        format!(
            "<li class=\"{class}\"><code>{}</code> <b>{word}</b> <span>{value}</span></li>",
            escape(&verdict.threshold)
        )
    });
    let items: String = items.collect();
    let items = if items.is_empty() {
        items
    } else {
        format!("<ul>{items}</ul>")
    };
    format!(
        "<section class=\"verdict {class}\" aria-label=\"Verdict\"><p><strong>{word}</strong> <span>{thresholds}{failures}</span></p>{items}</section>\n"
    )
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn listed(title: &str, class: &str, messages: &[String]) -> String {
    if messages.is_empty() {
        return String::new();
    }
    let shown = messages.iter().take(MAX_LISTED);
    let mut items: String = shown
        .map(|message| format!("<li>{}</li>", escape(message)))
        .collect();
    if messages.len() > MAX_LISTED {
        let _ = write!(items, "<li>and {} more</li>", messages.len() - MAX_LISTED);
    }
    format!("<section class=\"messages {class}\"><h2>{title}</h2><ul>{items}</ul></section>\n")
}

/// Text that is nothing but text, in elements and in quoted attributes.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests;
