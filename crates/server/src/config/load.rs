//! Layers: defaults, then the file, then the environment, then flags. All errors are collected.

use super::{Config, FIELDS, Field, check};
use std::fmt;
use std::path::{Path, PathBuf};

/// File read when none is named and it exists.
pub const DEFAULT_FILE: &str = "plenum.toml";
/// Environment variable that names the file.
pub const FILE_VARIABLE: &str = "PLENUM_CONFIG";
/// Prefix of the environment variables.
const PREFIX: &str = "PLENUM_";

/// One thing wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// Where: a file, a variable or a flag.
    pub origin: String,
    /// What, and what would be right.
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.message)
    }
}

/// Everything wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        writeln!(
            f,
            "the configuration has {count} error{}:",
            if count == 1 { "" } else { "s" }
        )?;
        self.0.iter().try_for_each(|error| writeln!(f, "  {error}"))
    }
}

impl std::error::Error for ConfigErrors {}

/// Where values come from, besides the defaults.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// A file that must exist; absent: the one `PLENUM_CONFIG` names, or ./plenum.toml when it exists.
    pub file: Option<PathBuf>,
    /// The environment.
    pub environment: Vec<(String, String)>,
    /// Flags: field name and text.
    pub flags: Vec<(&'static str, String)>,
}

/// Layer all sources.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn load(sources: &Sources) -> Result<Config, ConfigErrors> {
    let mut loader = Loader {
        config: Config::default(),
        errors: Vec::new(),
        failed: Vec::new(),
    };
    if let Some((path, must_exist)) = file(sources) {
        loader.file(&path, must_exist);
    }
    for (variable, text) in &sources.environment {
        loader.variable(variable, text);
    }
    for (name, text) in &sources.flags {
        if let Some(field) = FIELDS.iter().find(|field| field.name == *name) {
            let result = (field.set_text)(&mut loader.config, text);
            loader.note(format!("--{}", field.flag()), Some(field), result);
        }
    }
    loader.finish()
}

/// Which file, and whether it must exist.
fn file(sources: &Sources) -> Option<(PathBuf, bool)> {
    let named = sources.file.clone().or_else(|| {
        let variable = sources.environment.iter().find(|(name, _)| name == FILE_VARIABLE);
        variable
            .filter(|(_, path)| !path.is_empty())
            .map(|(_, path)| PathBuf::from(path))
    });
    Some(named.map_or_else(|| (PathBuf::from(DEFAULT_FILE), false), |path| (path, true)))
}

/// The candidate that is closest to what was written, when it is close at all.
pub(crate) fn nearest<'a>(written: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(written, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min()
        .map(|(_, candidate)| candidate)
}

struct Loader {
    config: Config,
    errors: Vec<ConfigError>,
    /// Fields that have an error: contradictions with them say nothing.
    failed: Vec<&'static str>,
}

impl Loader {
    fn note(&mut self, origin: String, field: Option<&Field>, result: Result<(), String>) {
        if let Err(message) = result {
            self.failed.extend(field.map(|field| field.name));
            self.errors.push(ConfigError { origin, message });
        }
    }

    fn file(&mut self, path: &Path, must_exist: bool) {
        let origin = path.display().to_string();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if !must_exist && error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => return self.note(origin, None, Err(format!("cannot be read: {error}"))),
        };
        let table: toml::Table = match text.parse() {
            Ok(table) => table,
            Err(error) => {
                let error: toml::de::Error = error;
                let line = error.span().map_or(1, |span| {
                    1 + text[..span.start.min(text.len())].matches('\n').count()
                });
                return self.note(
                    origin,
                    None,
                    Err(format!("line {line} is not TOML: {}", error.message())),
                );
            }
        };
        for (key, value) in &table {
            let origin = format!("{origin}: {key}");
            match FIELDS.iter().find(|field| field.name == key) {
                Some(field) => {
                    let result = (field.set_toml)(&mut self.config, value);
                    self.note(origin, Some(field), result);
                }
                None => self.note(
                    origin,
                    None,
                    Err(unknown(key, FIELDS.iter().map(|field| field.name))),
                ),
            }
        }
    }

    /// A variable that is close to one of ours is a typing error; others with our prefix are left alone, because
    /// Kubernetes sets `PLENUM_PORT` and the like for a service of our name.
    fn variable(&mut self, variable: &str, text: &str) {
        let Some(name) = variable.strip_prefix(PREFIX).map(str::to_lowercase) else {
            return;
        };
        match FIELDS.iter().find(|field| field.name == name) {
            Some(field) => {
                let result = (field.set_text)(&mut self.config, text);
                self.note(variable.to_owned(), Some(field), result);
            }
            None if variable == FILE_VARIABLE => {}
            None => {
                if let Some(near) = nearest(&name, FIELDS.iter().map(|field| field.name)) {
                    let message = format!("unknown variable; did you mean {PREFIX}{}?", near.to_uppercase());
                    self.note(variable.to_owned(), None, Err(message));
                }
            }
        }
    }

    fn finish(mut self) -> Result<Config, ConfigErrors> {
        for (fields, message) in check::contradictions(&self.config) {
            if !fields.iter().any(|field| self.failed.contains(field)) {
                self.errors.push(ConfigError {
                    origin: fields.join(", "),
                    message,
                });
            }
        }
        if self.errors.is_empty() {
            Ok(self.config)
        } else {
            Err(ConfigErrors(self.errors))
        }
    }
}

fn unknown<'a>(key: &str, known: impl Iterator<Item = &'a str>) -> String {
    match nearest(key, known) {
        Some(near) => format!("unknown key; did you mean {near}?"),
        None => "unknown key; docs/configuration.md lists all".into(),
    }
}
