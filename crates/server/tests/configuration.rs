//! Reading the configuration: layers, and errors all at once.

use server::config::{Config, Secrets, Sources, load, print};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// A configuration file that is gone with the test.
struct File(PathBuf);

impl File {
    fn new(text: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("plenum-config-{}-{count}.toml", std::process::id()));
        std::fs::write(&path, text).expect("a file can be written");
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn sources(file: &File, environment: &[(&str, &str)], flags: &[(&'static str, &str)]) -> Sources {
    Sources {
        file: Some(file.0.clone()),
        environment: environment
            .iter()
            .map(|(name, text)| ((*name).into(), (*text).into()))
            .collect(),
        flags: flags.iter().map(|(name, text)| (*name, (*text).into())).collect(),
    }
}

/// Errors as text, the file's path replaced.
fn errors(file: &str, environment: &[(&str, &str)], flags: &[(&'static str, &str)]) -> Vec<String> {
    let file = File::new(file);
    let path = file.0.display().to_string();
    match load(&sources(&file, environment, flags)) {
        Ok(_) => Vec::new(),
        Err(errors) => errors
            .0
            .iter()
            .map(|error| error.to_string().replace(&path, "FILE"))
            .collect(),
    }
}

#[test]
fn a_later_layer_wins() {
    let file = File::new("max_rooms = 1\nmax_video_slots = 1\nmax_audio_slots = 1\n");
    let environment = [("PLENUM_MAX_VIDEO_SLOTS", "2"), ("PLENUM_MAX_AUDIO_SLOTS", "2")];
    let config = load(&sources(&file, &environment, &[("max_audio_slots", "3")])).unwrap();
    assert_eq!(
        (config.max_rooms, config.max_video_slots, config.max_audio_slots),
        (1, 2, 3)
    );
    assert_eq!(config.max_sessions, Config::default().max_sessions);
}

#[test]
fn everything_wrong_is_reported_at_once() {
    let file = "max_room = 7\nmax_rooms = 0\nworkers = \"two\"\nhttp_bind = \"localhost\"\nunheard_of = 1\n\
                log_level = \"verbose\"\nexternal_ips = [\"10.0.0.300\"]\n";
    let found = errors(
        file,
        &[("PLENUM_LOUDEST", "3"), ("PLENUM_LOUDEST_N", "many")],
        &[("media_port", "99999")],
    );
    let expected = [
        "FILE: external_ips: expected an IP address, found \"10.0.0.300\"",
        "FILE: http_bind: expected an IP address and a port, like \"0.0.0.0:8080\" or \"[::]:8080\", found \"localhost\"",
        "FILE: log_level: expected one of \"error\", \"warn\", \"info\", \"debug\", \"trace\", found \"verbose\"",
        "FILE: max_room: unknown key; did you mean max_rooms?",
        "FILE: max_rooms: 0 is outside its range, 1 to 100000",
        "FILE: unheard_of: unknown key; docs/configuration.md lists all",
        "FILE: workers: expected a whole number, found the text \"two\"",
        "PLENUM_LOUDEST: unknown variable; did you mean PLENUM_LOUDEST_N?",
        "PLENUM_LOUDEST_N: expected a whole number, found \"many\"",
        "--media-port: 99999 cannot be meant here: at most 65535, at least 0",
    ];
    assert_eq!(found, expected);
}

#[test]
fn values_that_contradict_each_other_are_reported_together() {
    let file = "workers = 4\nmedia_port = 8078\nmax_video_slots = 40\nmax_audio_slots = 40\nping_interval_ms = 15000\n\
                data_message_bytes = 65536\ndata_bytes_per_second = 1024\nexternal_ips = [\"0.0.0.0\", \"2001:db8::1\"]\n\
                allowed_origins = [\"call.example\"]\n";
    let found = errors(file, &[], &[]);
    let about = |fields: &str| found.iter().any(|error| error.starts_with(fields));
    for fields in [
        "http_bind, media_port, workers: http_bind uses TCP port 8080, which worker 2 needs",
        "max_video_slots, max_audio_slots: ",
        "idle_timeout_ms, ping_interval_ms: ",
        "data_bytes_per_second, data_message_bytes: ",
        "external_ips: 0.0.0.0 is not",
        "external_ips, media_bind: 2001:db8::1 cannot",
        "allowed_origins: \"call.example\" is not an origin",
    ] {
        assert!(about(fields), "{fields} is missing in {found:#?}");
    }
    assert_eq!(found.len(), 7);
    let ports = errors("workers = 10\nmedia_port = 65530", &[], &[]);
    assert!(ports[0].contains("need ports up to 65539"), "{ports:?}");
}

#[test]
fn a_contradiction_with_a_value_that_could_not_be_read_is_not_reported() {
    let found = errors("max_video_slots = \"many\"\nmax_audio_slots = 59\n", &[], &[]);
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn a_file_that_is_not_toml_is_reported_with_its_line() {
    let found = errors("max_rooms = 1\nmax_rooms = \n", &[("PLENUM_WORKERS", "x")], &[]);
    assert!(found[0].starts_with("FILE: line 2 is not TOML"), "{found:?}");
    assert_eq!(found.len(), 2);
}

#[test]
fn a_file_that_was_named_must_exist() {
    let file = File::new("");
    let missing = Sources {
        file: Some(file.0.with_extension("missing")),
        ..Default::default()
    };
    assert!(load(&missing).unwrap_err().to_string().contains("cannot be read"));
    let variable = ("PLENUM_CONFIG".to_owned(), "/nonexistent/plenum.toml".to_owned());
    let named = Sources {
        environment: vec![variable],
        ..Default::default()
    };
    assert!(
        load(&named)
            .unwrap_err()
            .to_string()
            .contains("/nonexistent/plenum.toml: cannot be read")
    );
}

#[test]
fn variables_of_an_orchestrator_are_left_alone() {
    let environment = [
        ("PLENUM_PORT", "tcp://10.0.0.1:8080"),
        ("PLENUM_SERVICE_HOST", "10.0.0.1"),
        ("PATH", "/bin"),
    ];
    assert_eq!(errors("", &environment, &[]), Vec::<String>::new());
}

#[test]
fn lists_are_written_with_commas_in_the_environment() {
    let file = File::new("");
    let environment = [
        ("PLENUM_EXTERNAL_IPS", "192.0.2.1, 192.0.2.2"),
        ("PLENUM_ALLOWED_ORIGINS", "[\"*\"]"),
    ];
    let config = load(&sources(&file, &environment, &[])).unwrap();
    assert_eq!(config.external_ips.len(), 2);
    assert_eq!(config.allowed_origins, ["*"]);
}

#[test]
fn secrets_are_masked_when_printed_and_in_errors() {
    let file = File::new(
        "[[ice_servers]]\nurls = [\"turn:t.example:3478\"]\nusername = \"u\"\ncredential = \"s3cret\"\n",
    );
    let config = load(&sources(&file, &[], &[])).unwrap();
    assert_eq!(config.ice_servers.0[0].credential.as_deref(), Some("s3cret"));
    let masked = print(&config, Secrets::Masked);
    assert!(
        masked.contains("credential = \"********\"") && !masked.contains("s3cret"),
        "{masked}"
    );

    let broken = [(
        "PLENUM_ICE_SERVERS",
        "[{ urls = [\"turn:t.example\"], credential = \"s3cret\"",
    )];
    let found = errors("", &broken, &[]);
    assert!(
        found[0].starts_with("PLENUM_ICE_SERVERS: ") && !found[0].contains("s3cret"),
        "{found:?}"
    );
}

#[test]
fn ice_servers_are_checked_one_by_one() {
    let file = "ice_servers = [{ urls = [\"http://x\"] }, { urls = [\"turn:t\"] }, { url = \"stun:s\" }]";
    let found = errors(file, &[], &[]).join("\n");
    for part in [
        "server 1: the text \"http://x\" is not a stun:",
        "server 2: a turn: or turns: URL needs username and credential",
        "server 3: unknown key \"url\"",
        "server 3: urls must be a list",
    ] {
        assert!(found.contains(part), "{part} is missing in {found}");
    }
}

#[test]
fn what_is_printed_can_be_read_again() {
    let file = File::new(
        "external_ips = [\"192.0.2.1\"]\nlog_format = \"json\"\n[[ice_servers]]\nurls = [\"stun:s.example\"]\n",
    );
    let config = load(&sources(&file, &[], &[])).unwrap();
    let printed = File::new(&print(&config, Secrets::Shown));
    assert_eq!(load(&sources(&printed, &[], &[])).unwrap(), config);
}
