//! Messages of the Janus API and its VideoRoom plugin, as far as they are used here.
//!
//! Source: Janus documentation, "JavaScript API" (`janus` requests over WebSockets) and "VideoRoom plugin".

use anyhow::{Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};

/// The subprotocol of the WebSocket.
pub(super) const SUBPROTOCOL: &str = "janus-protocol";
/// The plugin.
pub(super) const VIDEOROOM: &str = "janus.plugin.videoroom";

/// The plugin's `JANUS_VIDEOROOM_ERROR_NO_SUCH_FEED`.
const NO_SUCH_FEED: u32 = 428;

/// Anything that Janus sends.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub(super) struct Reply {
    /// `success`, `ack`, `event`, `error`, `webrtcup`, `hangup`, `timeout` …
    pub(super) janus: String,
    /// The request's, when it is an answer.
    pub(super) transaction: Option<String>,
    /// Of `create` and `attach`.
    pub(super) data: Option<Id>,
    /// What the plugin says.
    pub(super) plugindata: Option<PluginData>,
    /// An offer or an answer.
    pub(super) jsep: Option<Jsep>,
    /// Of `error`.
    pub(super) error: Option<JanusError>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) struct Id {
    pub(super) id: u64,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct PluginData {
    pub(super) data: RoomData,
}

/// What VideoRoom says.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub(super) struct RoomData {
    /// `created`, `joined`, `attached`, `event` …
    #[serde(default)]
    pub(super) videoroom: String,
    /// Of `joined`: the publisher's own feed.
    pub(super) id: Option<u64>,
    /// Why it refused.
    pub(super) error: Option<String>,
    /// Its number.
    pub(super) error_code: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Jsep {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) sdp: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct JanusError {
    pub(super) code: u32,
    pub(super) reason: String,
}

impl Reply {
    /// Reads a frame.
    pub(super) fn parse(text: &str) -> Result<Self> {
        match serde_json::from_str(text) {
            Ok(reply) => Ok(reply),
            Err(error) => bail!("not a message of Janus: {error}"),
        }
    }

    /// Whether this ends the request of that transaction: everything but `ack`, which only says that it was received.
    pub(super) fn answers(&self, transaction: &str) -> bool {
        self.transaction.as_deref() == Some(transaction) && self.janus != "ack"
    }

    /// Whether the publisher is not there, or not yet.
    pub(super) fn has_no_such_feed(&self) -> bool {
        let code = self.plugindata.as_ref().and_then(|plugin| plugin.data.error_code);
        code == Some(NO_SUCH_FEED)
    }

    /// Itself, or the error that it tells.
    pub(super) fn checked(self) -> Result<Self> {
        if let Some(error) = &self.error {
            bail!("Janus refuses: {} (code {})", error.reason, error.code);
        }
        let refused = self.plugindata.as_ref().map(|plugin| &plugin.data);
        if let Some(RoomData {
            error: Some(error),
            error_code,
            ..
        }) = refused
        {
            bail!("VideoRoom refuses: {error} (code {})", error_code.unwrap_or(0));
        }
        Ok(self)
    }

    /// The description of this kind.
    pub(super) fn sdp(&self, kind: &str) -> Result<&str> {
        match &self.jsep {
            Some(jsep) if jsep.kind == kind => Ok(&jsep.sdp),
            Some(jsep) => bail!("Janus sent an SDP {} where an {kind} was due", jsep.kind),
            None => bail!("Janus sent no SDP {kind}"),
        }
    }
}

/// Body of a room's creation: nothing in it limits or changes what publishers send.
pub(super) fn create(room: u64) -> Value {
    json!({
        "request": "create", "room": room, "publishers": 4, "bitrate": 0, "videocodec": "vp8", "audiocodec": "opus",
        "notify_joining": false, "permanent": false,
    })
}

/// Body of the publisher's entry.
pub(super) fn join_publisher(room: u64) -> Value {
    json!({ "request": "join", "ptype": "publisher", "room": room, "display": "publisher" })
}

/// Body that comes with the publisher's offer.
pub(super) fn publish() -> Value {
    json!({ "request": "publish" })
}

/// Body of a subscriber's entry; the answer has Janus' offer.
pub(super) fn join_subscriber(room: u64, feed: u64) -> Value {
    json!({ "request": "join", "ptype": "subscriber", "room": room, "streams": [{ "feed": feed }] })
}

/// Body that comes with a subscriber's answer.
pub(super) fn start(room: u64) -> Value {
    json!({ "request": "start", "room": room })
}

#[cfg(test)]
mod tests;
