//! `plenum token`: making keys, making tokens, looking into tokens.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command's output is what its user asked for"
)]

use crate::access::{KeyFile, KeyFileError, read_private, unix_now, write_new_secret};
use crate::cli::EXIT_USAGE;
use crate::config::Config;
use clap::{Arg, ArgAction, ArgMatches, Command};
use signaling::token::{Claims, Grants, RoomPattern, SigningKey};
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

/// How long a token is valid when nobody says.
const DEFAULT_TTL: &str = "1h";
/// Most bytes of a token read from standard input.
const INPUT_BYTES_MAX: u64 = 64 * 1_024;

/// The command with its flags; the file with keys is the configuration's `key_file`.
pub(crate) fn command() -> Command {
    let text = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    let grants = Grants::CALL.words().join(", ");
    Command::new("token")
        .about("Make keys and access tokens, with the file that key_file names")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("keygen")
                .about("Add a key with a new secret to the file, which is made when it does not exist")
                .arg(text("key", "ID", "Id of the new key").default_value("app")),
        )
        .subcommand(
            Command::new("create")
                .about("Print a token, and nothing else")
                .arg(text("key", "ID", "Which key signs; not needed when there is one"))
                .arg(
                    text(
                        "private-key",
                        "FILE",
                        "Sign with an Ed25519 private key in PEM form (EdDSA)",
                    )
                    .requires("key"),
                )
                .arg(text("room", "NAME", "Room, or a pattern with * for any characters").required(true))
                .arg(text("identity", "ID", "Who it is for").required(true))
                .arg(text(
                    "name",
                    "NAME",
                    "Name that others see, and that the client cannot change",
                ))
                .arg(text("metadata", "TEXT", "Metadata of the participant"))
                .arg(text("ttl", "TIME", "How long it is valid: 90s, 15m, 1h, 7d").default_value(DEFAULT_TTL))
                .arg(
                    text("grant", "GRANT", "")
                        .action(ArgAction::Append)
                        .value_delimiter(',')
                        .help(format!(
                            "What it allows, repeated or with commas: {} [default: {grants}]",
                            Grants::WORDS.join(", ")
                        )),
                ),
        )
        .subcommand(
            Command::new("inspect")
                .about("Check a token by the keys and print what it says; it is read from standard input"),
        )
}

/// Runs it.
pub(crate) fn run(matches: &ArgMatches, config: &Config) -> ExitCode {
    let file = Path::new(&config.key_file.0);
    let done = match matches.subcommand() {
        Some(("keygen", matches)) => keygen(matches, file),
        Some(("create", matches)) => create(matches, file),
        _ => inspect(file),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("plenum: {why}");
            ExitCode::from(EXIT_USAGE)
        }
    }
}

fn keygen(matches: &ArgMatches, file: &Path) -> Result<(), String> {
    let id = matches.get_one::<String>("key").map_or("app", String::as_str);
    write_new_secret(named(file)?, id).map_err(|why| why.to_string())?;
    eprintln!(
        "key {id} is in {file}; start the server with `--key-file {file}`",
        file = file.display()
    );
    Ok(())
}

fn create(matches: &ArgMatches, file: &Path) -> Result<(), String> {
    let value = |name: &str| matches.get_one::<String>(name).cloned();
    let mut grants = Grants::default();
    match matches.get_many::<String>("grant") {
        None => grants = Grants::CALL,
        Some(words) => {
            for word in words {
                grants.add(word.trim()).map_err(|why| format!("--grant: {why}"))?;
            }
        }
    }
    let key = signing_key(value("key").as_deref(), value("private-key").as_deref(), file)?;
    let now = unix_now();
    let claims = Claims {
        key: key.id().to_owned(),
        identity: value("identity").unwrap_or_default(),
        name: value("name"),
        metadata: value("metadata"),
        room: RoomPattern(value("room").unwrap_or_default()),
        grants,
        not_before: None,
        expires: now.saturating_add(seconds(&value("ttl").unwrap_or_default())?),
    };
    claims.check().map_err(|why| why.to_string())?;
    println!("{}", key.sign(&claims).0);
    Ok(())
}

fn signing_key(id: Option<&str>, private_key: Option<&str>, file: &Path) -> Result<SigningKey, String> {
    let words = |why: KeyFileError| why.to_string();
    match (private_key, id) {
        (Some(path), Some(id)) => {
            let pem = read_private(Path::new(path)).map_err(|why| format!("--private-key {path}: {why}"))?;
            SigningKey::private_key(id, &pem).map_err(|why| format!("--private-key {path}: {why}"))
        }
        _ => KeyFile::read(named(file)?)
            .map_err(words)?
            .signing_key(id)
            .map_err(words),
    }
}

fn inspect(file: &Path) -> Result<(), String> {
    let keys = KeyFile::read(named(file)?).and_then(|file| file.keys());
    let keys = keys.map_err(|why| why.to_string())?;
    let mut token = String::new();
    let input = std::io::stdin().take(INPUT_BYTES_MAX).read_to_string(&mut token);
    input.map_err(|why| format!("standard input: {why}"))?;
    let now = unix_now();
    let claims = keys.check(token.trim(), now).map_err(|why| why.to_string())?;
    let json = serde_json::to_string_pretty(&claims).map_err(|why| why.to_string())?;
    println!("{json}");
    eprintln!("valid for {} s more", claims.left(now).as_secs());
    Ok(())
}

fn named(file: &Path) -> Result<&Path, String> {
    if file.as_os_str().is_empty() {
        return Err("name the file with keys: `--key-file keys.toml`".into());
    }
    Ok(file)
}

/// A number with a unit, in seconds.
fn seconds(text: &str) -> Result<u64, String> {
    let wrong = || format!("--ttl: expected a time like 90s, 15m, 1h or 7d, found {text:?}");
    let text = text.trim();
    let digits = text.trim_end_matches(char::is_alphabetic);
    let unit = match text.strip_prefix(digits).unwrap_or_default() {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    match number.checked_mul(unit) {
        Some(seconds) if seconds > 0 => Ok(seconds),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        for (text, expected) in [
            ("90", 90),
            ("90s", 90),
            ("15m", 900),
            (" 1h ", 3_600),
            ("7d", 604_800),
        ] {
            assert_eq!(seconds(text), Ok(expected), "{text}");
        }
        for text in [
            "",
            "0",
            "0h",
            "h",
            "-1h",
            "1w",
            "1h30m",
            "99999999999999999999d",
            "9999999999999999999d",
        ] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
