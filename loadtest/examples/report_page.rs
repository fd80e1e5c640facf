//! Writes the HTML report of a made-up run: `cargo run -p loadtest --example report_page -- report.html`.

use loadtest::report::{example, html, threshold::Threshold};

fn main() -> anyhow::Result<()> {
    let path = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "report.html".to_owned());
    let mut run = example::run();
    for threshold in [
        "p99_latency_ms>20",
        "delivered_percent<99.9",
        "freezes_per_minute>0.005",
    ] {
        let threshold: Threshold = threshold.parse().map_err(anyhow::Error::msg)?;
        run.verdicts.push(threshold.judge(&run));
    }
    run.warnings
        .push("the harness used 88 % of the CPU it has: figures may be its own".to_owned());
    std::fs::write(path, html::page(&run))?;
    Ok(())
}
