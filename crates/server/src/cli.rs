//! The command line of `plenum`.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command's output is what its user asked for"
)]

use crate::access::Access;
use crate::config::{self, Config, ConfigErrors, FIELDS, Secrets, Sources};
use crate::logging;
use crate::run::{self, Server, StartError};
use crate::token_command;
use clap::{Arg, ArgMatches, Command};
use std::ffi::OsString;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

/// Exit status for a configuration or command line that is wrong (`EX_USAGE`).
pub(crate) const EXIT_USAGE: u8 = 64;
/// What whoever starts the server with `dev` should not miss.
const DEV_WARNING: &str = "\
*************************************************************************
*  --dev: EVERYBODY who reaches this server is let in without a token.  *
*  Use it to try things out; for real calls use keys (--key-file).      *
*************************************************************************";

/// The command with every flag.
pub fn command() -> Command {
    let config = Arg::new("config")
        .long("config")
        .value_name("FILE")
        .global(true)
        .help("Configuration file (default: PLENUM_CONFIG, or ./plenum.toml when it exists)");
    let flags = FIELDS.iter().map(|field| {
        let doc = field.doc.lines().map(str::trim).collect::<Vec<_>>().join(" ");
        let flag = Arg::new(field.name).long(field.flag()).value_name("VALUE");
        // `--dev` alone says yes; what follows it may be another flag.
        let flag = if field.is_switch() {
            flag.num_args(0..=1).default_missing_value("true")
        } else {
            flag.allow_hyphen_values(true)
        };
        flag.global(true)
            .help(format!("{} [default: {}]", doc.trim(), (field.default)()))
            .help_heading(field.section)
    });
    Command::new("plenum")
        .about("Plenum: a media router (SFU) for group calls, with the page and the signaling in one program")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .arg(config)
        .args(flags)
        .subcommand(Command::new("serve").about("Serve the page, signaling and media"))
        .subcommand(token_command::command())
        .subcommand(
            Command::new("config")
                .about("Look at the configuration")
                .subcommand_required(true)
                .arg_required_else_help(true)
                .subcommand(
                    Command::new("check")
                        .about("Report everything that is wrong; exit with 64 if anything is"),
                )
                .subcommand(Command::new("print").about("Show what is in force, secrets masked")),
        )
}

/// Runs the program with these arguments and this environment.
pub fn run(arguments: impl IntoIterator<Item = OsString>, environment: Vec<(String, String)>) -> ExitCode {
    let matches = match command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => {
            let wrong = error.use_stderr();
            let _ = error.print();
            return if wrong {
                ExitCode::from(EXIT_USAGE)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let loaded = config::load(&sources(&matches, environment));
    match matches.subcommand() {
        Some(("config", matches)) => match matches.subcommand_name() {
            Some("print") => with_config(loaded, |config| {
                print!("{}", config::print(&config, Secrets::Masked));
                ExitCode::SUCCESS
            }),
            _ => with_config(loaded, |config| check(&config)),
        },
        Some(("token", matches)) => with_config(loaded, |config| token_command::run(matches, &config)),
        _ => with_config(loaded, serve),
    }
}

fn with_config(loaded: Result<Config, ConfigErrors>, then: impl FnOnce(Config) -> ExitCode) -> ExitCode {
    match loaded {
        Ok(config) => then(config),
        Err(errors) => {
            eprint!("{errors}");
            ExitCode::from(EXIT_USAGE)
        }
    }
}

/// Flags may stand before or after the command.
fn sources(matches: &ArgMatches, environment: Vec<(String, String)>) -> Sources {
    let mut deepest = matches;
    while let Some((_, next)) = deepest.subcommand() {
        deepest = next;
    }
    let value = |name: &str| deepest.get_one::<String>(name).cloned();
    Sources {
        file: value("config").map(Into::into),
        environment,
        flags: FIELDS
            .iter()
            .filter_map(|field| Some((field.name, value(field.name)?)))
            .collect(),
    }
}

/// Where there are keys, they are part of what can be wrong.
fn check(config: &Config) -> ExitCode {
    if !config.key_file.0.is_empty()
        && let Err(error) = Access::open(config)
    {
        eprintln!("plenum: {error}");
        return ExitCode::from(EXIT_USAGE);
    }
    println!("the configuration is fine");
    ExitCode::SUCCESS
}

fn serve(config: Config) -> ExitCode {
    if config.dev {
        eprintln!("{DEV_WARNING}");
    }
    logging::start(&config);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("control")
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("plenum: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(async {
        match Server::start(config).await {
            Ok(server) => {
                // Before it is told: who reads that may send a signal at once.
                let terminated = terminated();
                run::log_started(&server);
                match server.run(terminated).await {
                    Ok(()) => ExitCode::SUCCESS,
                    // It was logged.
                    Err(_) => ExitCode::FAILURE,
                }
            }
            Err(error) => {
                eprintln!("plenum: {error}");
                match error {
                    StartError::Access(_) => ExitCode::from(EXIT_USAGE),
                    _ => ExitCode::FAILURE,
                }
            }
        }
    });
    // A blocking task that hangs must not keep the process.
    runtime.shutdown_background();
    code
}

/// Takes SIGTERM and SIGINT from now on; done when one comes.
fn terminated() -> impl Future<Output = ()> {
    let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    async {
        let (Ok(mut term), Ok(mut int)) = signals else {
            tracing::error!("signals cannot be received: stop this process with SIGKILL");
            return std::future::pending().await;
        };
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
    }
}
