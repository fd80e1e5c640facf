//! Scenarios: what is played, written in TOML. Some come with the program.

mod builtin;
mod check;
pub mod file;
mod overrides;
#[cfg(test)]
mod tests;

pub use file::Scenario;
pub use overrides::{Overrides, override_args};

use anyhow::{Context, Result, bail};

/// Reads a scenario: one that comes with the program, by its name, or else a file.
///
/// # Errors
/// When there is neither, or with everything that is wrong in it: key and allowed values.
pub fn load(name: &str) -> Result<Scenario> {
    if let Some(text) = builtin::text(name) {
        return parse(text).with_context(|| format!("scenario {name}"));
    }
    if !name.ends_with(".toml") {
        let names = builtin::names().join(", ");
        bail!(
            "there is no scenario {name:?}; write one of {names}, or the path of a file that ends in .toml"
        );
    }
    let text = std::fs::read_to_string(name).with_context(|| format!("cannot read {name}"))?;
    parse(&text).with_context(|| format!("{name} is not a scenario"))
}

/// Names and descriptions of the scenarios that come with the program.
pub fn list() -> Vec<(&'static str, String)> {
    let described = |name: &&'static str| Some((*name, parse(builtin::text(name)?).ok()?.description));
    builtin::names().iter().filter_map(described).collect()
}

/// Reads a scenario from its text.
///
/// # Errors
/// With everything that is wrong in it.
pub fn parse(text: &str) -> Result<Scenario> {
    let scenario: Scenario = toml::from_str(text)?;
    check(&scenario)?;
    Ok(scenario)
}

fn check(scenario: &Scenario) -> Result<()> {
    let problems = check::problems(scenario);
    if !problems.is_empty() {
        bail!("{}", problems.join("\n"));
    }
    Ok(())
}
