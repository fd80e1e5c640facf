//! ICE servers that clients are told to use, with the one secret of the configuration: their passwords.

use super::value::{MASK, Secrets, Setting, found, inline, quoted};
use toml::{Table, Value};

/// Most ICE servers handed out; browsers warn above four, as each costs start-up time.
const MAX_ICE_SERVERS: usize = 8;
/// Most URLs of one.
const MAX_URLS: usize = 8;

/// A STUN or TURN server for clients' `RTCConfiguration.iceServers`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IceServerConfig {
    /// `stun:`, `turn:` or `turns:` URLs (RFC 7064, RFC 7065).
    pub urls: Vec<String>,
    /// TURN user name.
    pub username: Option<String>,
    /// TURN password.
    pub credential: Option<String>,
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IceServers(pub Vec<IceServerConfig>);

impl IceServers {
    /// As `welcome` carries them.
    pub fn to_wire(&self) -> Vec<signaling::IceServer> {
        let wire = |server: &IceServerConfig| signaling::IceServer {
            urls: server.urls.clone(),
            username: server.username.clone(),
            credential: server.credential.clone(),
        };
        self.0.iter().map(wire).collect()
    }
}

impl Setting for IceServers {
    type Range = &'static str;
    const TYPE: &'static str = "a list of tables";

    fn from_toml(value: &Value) -> Result<Self, String> {
        let items = value.as_array();
        let items = items.ok_or_else(|| format!("expected {}, found {}", Self::TYPE, found(value)))?;
        if items.len() > MAX_ICE_SERVERS {
            return Err(format!(
                "{} servers are too many: at most {MAX_ICE_SERVERS}",
                items.len()
            ));
        }
        let (servers, errors): (Vec<_>, Vec<_>) = items
            .iter()
            .enumerate()
            .map(|(i, item)| server(i, item))
            .partition(Result::is_ok);
        let errors: Vec<String> = errors.into_iter().filter_map(Result::err).collect();
        if !errors.is_empty() {
            return Err(errors.join("; "));
        }
        Ok(Self(servers.into_iter().flatten().collect()))
    }

    fn from_text(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        // The text may hold a password: it is not repeated in the error.
        let value = inline(text).map_err(|_| "expected a list of tables as in a TOML file".to_owned())?;
        Self::from_toml(&value)
    }

    fn show(&self, secrets: Secrets) -> String {
        let servers: Vec<String> = self.0.iter().map(|server| show(server, secrets)).collect();
        format!("[{}]", servers.join(", "))
    }

    fn check(&self, _: &Self::Range) -> Result<(), String> {
        Ok(())
    }

    fn describe(range: &Self::Range) -> String {
        (*range).to_owned()
    }
}

fn show(server: &IceServerConfig, secrets: Secrets) -> String {
    let urls: Vec<String> = server.urls.iter().map(|url| quoted(url)).collect();
    let mut parts = vec![format!("urls = [{}]", urls.join(", "))];
    if let Some(username) = &server.username {
        parts.push(format!("username = {}", quoted(username)));
    }
    if let Some(credential) = &server.credential {
        let text = if secrets == Secrets::Masked {
            MASK
        } else {
            credential
        };
        parts.push(format!("credential = {}", quoted(text)));
    }
    format!("{{ {} }}", parts.join(", "))
}

fn server(index: usize, value: &Value) -> Result<IceServerConfig, String> {
    let at = |what: String| format!("server {}: {what}", index + 1);
    let table = value
        .as_table()
        .ok_or_else(|| at(format!("expected a table, found {}", found(value))))?;
    let mut errors = Vec::new();
    for key in table
        .keys()
        .filter(|key| !["urls", "username", "credential"].contains(&key.as_str()))
    {
        errors.push(at(format!(
            "unknown key {key:?}; known are urls, username, credential"
        )));
    }
    let urls = urls(table).unwrap_or_else(|error| {
        errors.push(at(error));
        Vec::new()
    });
    let mut text = |key: &str| match table.get(key) {
        None => None,
        Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
        Some(_) => {
            errors.push(at(format!("{key} must be a text that is not empty")));
            None
        }
    };
    let (username, credential) = (text("username"), text("credential"));
    let turn = urls.iter().any(|url| url.starts_with("turn"));
    if turn && errors.is_empty() && (username.is_none() || credential.is_none()) {
        errors.push(at("a turn: or turns: URL needs username and credential".into()));
    }
    if errors.is_empty() {
        Ok(IceServerConfig {
            urls,
            username,
            credential,
        })
    } else {
        Err(errors.join("; "))
    }
}

fn urls(table: &Table) -> Result<Vec<String>, String> {
    let items = match table.get("urls") {
        Some(Value::Array(items)) if (1..=MAX_URLS).contains(&items.len()) => items,
        _ => return Err(format!("urls must be a list of 1 to {MAX_URLS} texts")),
    };
    let url = |item: &Value| match item.as_str() {
        Some(url)
            if ["stun:", "stuns:", "turn:", "turns:"]
                .iter()
                .any(|scheme| url.starts_with(scheme)) =>
        {
            Ok(url.to_owned())
        }
        _ => Err(format!(
            "{} is not a stun:, stuns:, turn: or turns: URL",
            found(item)
        )),
    };
    items.iter().map(url).collect()
}
