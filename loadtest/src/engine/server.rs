//! The server process, seen from outside: its `/metrics`, and `/proc` when it runs on this machine.

use super::process;
use crate::report::model::ServerSample;
use anyhow::{Context, Result, anyhow, bail};
use std::collections::HashMap;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A page of metrics must come within this time; a sample is a second.
const TIMEOUT: Duration = Duration::from_millis(700);
/// Most bytes of a page of metrics.
const MAX_PAGE: u64 = 4 << 20;

/// One look at the server.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Look {
    /// CPU time since its start.
    pub cpu: Duration,
    /// Resident memory in bytes.
    pub resident_bytes: u64,
    /// Datagrams it sent since its start, when it says.
    pub datagrams_out: Option<u64>,
    /// Open file descriptors.
    pub descriptors: u64,
    /// Peer connections it has, when it says.
    pub peers: Option<u64>,
    /// Threads.
    pub threads: u64,
}

/// Where to look.
#[derive(Debug, Clone)]
pub struct Probe {
    /// `host:port` and path of the metrics.
    metrics: Option<(String, String)>,
    pid: Option<u32>,
    last: Option<Look>,
}

impl Probe {
    /// `metrics`: a URL, `none`, or nothing for `/metrics` of the server that `signal` is a WebSocket of.
    ///
    /// # Errors
    /// When a URL is none.
    pub fn new(signal: &str, metrics: Option<&str>, pid: Option<u32>) -> Result<Self> {
        let metrics = match metrics {
            Some("none") => None,
            Some(url) => Some(split(url)?),
            None => Some((split(signal)?.0, "/metrics".to_owned())),
        };
        Ok(Self {
            metrics,
            pid,
            last: None,
        })
    }

    /// Looks now; `None` when there is nothing to be seen.
    pub async fn look(&self) -> Option<Look> {
        let of_page = match &self.metrics {
            Some((host, path)) => match tokio::time::timeout(TIMEOUT, page(host, path)).await {
                Ok(Ok(text)) => read(&text),
                _ => None,
            },
            None => None,
        };
        let Some(usage) = self.pid.and_then(process::of) else {
            return of_page;
        };
        let page = of_page.unwrap_or_default();
        Some(Look {
            cpu: usage.cpu,
            resident_bytes: usage.resident_bytes,
            descriptors: usage.descriptors,
            threads: usage.threads,
            ..page
        })
    }

    /// What happened since the last sample.
    pub async fn sample(&mut self) -> Option<ServerSample> {
        let now = self.look().await?;
        let before = self.last.replace(now.clone())?;
        let datagrams = now.datagrams_out.zip(before.datagrams_out);
        Some(ServerSample {
            cpu_s: now.cpu.saturating_sub(before.cpu).as_secs_f64(),
            resident_bytes: now.resident_bytes,
            datagrams_out: datagrams.map(|(now, before)| now.saturating_sub(before)),
        })
    }

    /// The last look of a sample.
    pub fn last(&self) -> Option<&Look> {
        self.last.as_ref()
    }
}

/// `host:port` and path of a URL without encryption.
fn split(url: &str) -> Result<(String, String)> {
    let rest = ["ws://", "http://"]
        .into_iter()
        .find_map(|scheme| url.strip_prefix(scheme));
    let rest = rest.ok_or_else(|| anyhow!("{url} is no URL of ws:// or http://"))?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = if host.contains(':') {
        host.to_owned()
    } else {
        format!("{host}:80")
    };
    Ok((host, format!("/{path}")))
}

/// HTTP/1.0: no chunks, and the end of the connection is the end of the page.
async fn page(host: &str, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(host)
        .await
        .with_context(|| format!("cannot connect to {host}"))?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.take(MAX_PAGE).read_to_string(&mut answer).await?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .context("the answer has no end of its header")?;
    if head.split(' ').nth(1).is_none_or(|status| status != "200") {
        bail!("{host}{path} answers {}", head.lines().next().unwrap_or_default());
    }
    Ok(body.to_owned())
}

/// The metrics that matter, of the Prometheus text format; `None` when the page has no CPU time.
fn read(page: &str) -> Option<Look> {
    let mut sums: HashMap<&str, f64> = HashMap::new();
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let Some((series, value)) = line.rsplit_once(' ') else {
            continue;
        };
        let name = series.split_once('{').map_or(series, |(name, _)| name);
        *sums.entry(name).or_default() += value.parse().unwrap_or(0.0);
    }
    let whole = |name| sums.get(name).map(|value| *value as u64);
    Some(Look {
        cpu: Duration::try_from_secs_f64(*sums.get("process_cpu_seconds_total")?).ok()?,
        resident_bytes: whole("process_resident_memory_bytes").unwrap_or(0),
        datagrams_out: whole("plenum_sent_datagrams_total"),
        descriptors: whole("process_open_fds").unwrap_or(0),
        peers: whole("plenum_worker_peers"),
        threads: whole("process_threads").unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_and_workers_are_added() {
        let page = "# TYPE plenum_sent_datagrams_total counter\n\
            plenum_sent_datagrams_total{worker=\"0\"} 100\nplenum_sent_datagrams_total{worker=\"1\"} 23\n\
            plenum_worker_peers{worker=\"0\"} 4\nprocess_cpu_seconds_total 1.25\nprocess_open_fds 9\n\
            process_resident_memory_bytes 1.5e+07\nprocess_threads 5\n";
        let look = read(page).unwrap();
        assert_eq!(look.cpu, Duration::from_millis(1_250));
        assert_eq!((look.datagrams_out, look.peers), (Some(123), Some(4)));
        assert_eq!(
            (look.resident_bytes, look.descriptors, look.threads),
            (15_000_000, 9, 5)
        );
        assert_eq!(read("nothing here"), None);
    }

    #[test]
    fn the_metrics_are_those_of_the_signaling_server_unless_told() {
        let of = |metrics| Probe::new("ws://h:1/signal", metrics, None).map(|probe| probe.metrics);
        assert_eq!(of(None).unwrap(), Some(("h:1".to_owned(), "/metrics".to_owned())));
        assert_eq!(
            of(Some("http://m/x")).unwrap(),
            Some(("m:80".to_owned(), "/x".to_owned()))
        );
        assert_eq!(of(Some("none")).unwrap(), None);
        assert!(of(Some("m:80")).is_err());
    }
}
