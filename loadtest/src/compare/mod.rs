//! `compare janus`: what a forwarded packet costs, beside Janus' VideoRoom under the same load on the same machine.
//!
//! Runs alternate between the servers, so that whatever else the machine does meets both, and ratios are taken within a
//! pair. Towards both servers the clients are the same, with the same codecs, extensions, feedback and cipher.

mod drive;
mod janus;
mod leg;
mod load;
mod options;
mod outcome;
mod plenum;
mod tracks;

pub use options::{CompareOptions, compare_command};

use crate::engine::process;
use anyhow::{Context, Result, bail, ensure};
use drive::Counters;
use janus::JanusRoom;
use leg::Leg;
use load::Load;
use outcome::{Comparison, Measured, Pair, Round};
use plenum::PlenumRoom;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Everybody must receive within this time.
const START_TIMEOUT: Duration = Duration::from_secs(20);
/// Counters are looked at this often until then.
const POLL: Duration = Duration::from_millis(100);
/// Between two runs, for what the former leaves behind.
const COOL_DOWN: Duration = Duration::from_secs(2);
/// A task that was told to stop has this long.
const GOODBYE: Duration = Duration::from_secs(5);

/// A server of the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Server {
    Plenum,
    Janus,
}

/// A call that is going on.
struct Call {
    publisher: Arc<Counters>,
    subscribers: Vec<Arc<Counters>>,
    tasks: Vec<JoinHandle<()>>,
    stop: watch::Sender<bool>,
}

/// Runs the whole comparison and prints it. `print` gets a line for each run, and the table at the end.
///
/// # Errors
/// When a server cannot be reached, refuses, or does not deliver.
pub async fn compare(options: &CompareOptions, print: fn(&str)) -> Result<()> {
    // What is missing is told before anything is measured.
    drop(janus::connect(&options.janus_url).await?);
    for pid in [options.plenum_pid, options.janus_pid] {
        cpu(pid)?;
    }
    let mut comparison = Comparison::new(options);
    for &load in &options.loads {
        for &subscribers in &options.subscribers {
            let mut pairs = Vec::new();
            for pair in 0..options.pairs {
                let plenum = run(options, Server::Plenum, load, subscribers, print).await?;
                let janus = run(options, Server::Janus, load, subscribers, print).await?;
                print(&format!(
                    "pair {} of {}: {}",
                    pair + 1,
                    options.pairs,
                    outcome::ratio(&plenum, &janus)
                ));
                pairs.push(Pair { plenum, janus });
            }
            comparison.rounds.push(Round::new(load, subscribers, pairs));
        }
    }
    print(&comparison.table());
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(&comparison)?;
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

async fn run(
    options: &CompareOptions,
    server: Server,
    load: Load,
    subscribers: usize,
    print: fn(&str),
) -> Result<Measured> {
    let name = match server {
        Server::Plenum => "Plenum",
        Server::Janus => "Janus",
    };
    let call = Call::start(options, server, load, subscribers)
        .await
        .with_context(|| format!("{name}, {}, {subscribers} subscribers", load.name()))?;
    let measured = call.measure(options, server).await;
    call.stop().await;
    let measured = measured.with_context(|| format!("{name}, {}, {subscribers} subscribers", load.name()))?;
    print(&format!(
        "{name:<7} {:<6} {subscribers:>4} subscribers  {measured}",
        load.name()
    ));
    tokio::time::sleep(COOL_DOWN).await;
    Ok(measured)
}

/// A room of either server.
enum Room {
    Plenum(PlenumRoom),
    Janus(Box<JanusRoom>),
}

impl Room {
    async fn open(options: &CompareOptions, server: Server, number: u64) -> Result<Self> {
        Ok(match server {
            Server::Plenum => Room::Plenum(PlenumRoom::open(&options.plenum_url, number)),
            Server::Janus => Room::Janus(Box::new(JanusRoom::open(&options.janus_url, number).await?)),
        })
    }

    async fn publisher(&mut self, local: SocketAddr, load: Load) -> Result<Leg> {
        match self {
            Room::Plenum(room) => room.publisher(local, load).await,
            Room::Janus(room) => room.publisher(local, load).await,
        }
    }

    async fn subscriber(&mut self, local: SocketAddr) -> Result<Leg> {
        match self {
            Room::Plenum(room) => room.subscriber(local).await,
            Room::Janus(room) => room.subscriber(local).await,
        }
    }

    fn attend(self, stop: watch::Receiver<bool>) -> Vec<JoinHandle<()>> {
        match self {
            Room::Plenum(room) => room.attend(&stop),
            Room::Janus(room) => vec![room.attend(stop)],
        }
    }
}

impl Call {
    async fn start(options: &CompareOptions, server: Server, load: Load, subscribers: usize) -> Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let mut legs = Vec::new();
        let mut tasks = Vec::new();
        let number = room_number();
        let (socket, local) = drive::open(options.local).await?;
        let mut room = Room::open(options, server, number).await?;
        let publisher = room.publisher(local, load).await?;
        legs.push(drive::spawn(publisher, socket, stopped.clone()));
        for _ in 0..subscribers {
            let (socket, local) = drive::open(options.local).await?;
            let subscriber = room.subscriber(local).await?;
            legs.push(drive::spawn(subscriber, socket, stopped.clone()));
        }
        tasks.extend(room.attend(stopped));
        let (counters, running): (Vec<_>, Vec<_>) = legs.into_iter().unzip();
        tasks.extend(running);
        let mut counters = counters.into_iter();
        let publisher = counters.next().context("the publisher has a connection")?;
        Ok(Self {
            publisher,
            subscribers: counters.collect(),
            tasks,
            stop,
        })
    }

    /// Waits until everybody receives and the load has settled, then measures.
    async fn measure(&self, options: &CompareOptions, server: Server) -> Result<Measured> {
        let deadline = Instant::now() + START_TIMEOUT;
        while self
            .subscribers
            .iter()
            .any(|counters| counters.received.load(Relaxed) == 0)
        {
            ensure!(Instant::now() < deadline, "{}", self.silence());
            tokio::time::sleep(POLL).await;
        }
        tokio::time::sleep(options.warm_up).await;
        let pid = match server {
            Server::Plenum => options.plenum_pid,
            Server::Janus => options.janus_pid,
        };
        let before = Reading::take(self, pid)?;
        tokio::time::sleep(options.hold).await;
        let after = Reading::take(self, pid)?;
        if self
            .subscribers
            .iter()
            .any(|counters| counters.closed.load(Relaxed))
        {
            bail!("a connection was lost");
        }
        after.since(&before, self.subscribers.len())
    }

    fn silence(&self) -> String {
        let connected = self
            .subscribers
            .iter()
            .filter(|counters| counters.connected.load(Relaxed))
            .count();
        let received = self
            .subscribers
            .iter()
            .filter(|counters| counters.received.load(Relaxed) > 0)
            .count();
        format!(
            "after {} s the publisher is {}connected, of {} subscribers {connected} are connected and {received} receive",
            START_TIMEOUT.as_secs(),
            if self.publisher.connected.load(Relaxed) {
                ""
            } else {
                "not "
            },
            self.subscribers.len()
        )
    }

    async fn stop(self) {
        // Nobody listens only when all tasks have ended already.
        let _ = self.stop.send(true);
        let deadline = tokio::time::Instant::now() + GOODBYE;
        for mut task in self.tasks {
            if tokio::time::timeout_at(deadline, &mut task).await.is_err() {
                task.abort();
            }
        }
    }
}

/// CPU time of a process so far, with that of threads that have ended: those that answered the offers do so meanwhile.
fn cpu(pid: u32) -> Result<Duration> {
    let usage = process::of(pid).with_context(|| format!("there is no process {pid}"))?;
    Ok(usage.cpu)
}

/// Counters at one time.
struct Reading {
    at: Instant,
    server: Duration,
    harness: Duration,
    sent: u64,
    received: u64,
}

impl Reading {
    fn take(call: &Call, pid: u32) -> Result<Self> {
        Ok(Self {
            at: Instant::now(),
            server: cpu(pid)?,
            harness: cpu(std::process::id())?,
            sent: call.publisher.sent.load(Relaxed),
            received: call
                .subscribers
                .iter()
                .map(|counters| counters.received.load(Relaxed))
                .sum(),
        })
    }

    fn since(&self, before: &Self, subscribers: usize) -> Result<Measured> {
        let packets = self.received - before.received;
        ensure!(packets > 0, "nothing came while it was measured");
        let seconds = (self.at - before.at).as_secs_f64();
        let expected = (self.sent - before.sent) * subscribers as u64;
        let cpu = self.server.saturating_sub(before.server).as_secs_f64();
        let harness = self.harness.saturating_sub(before.harness).as_secs_f64();
        Ok(Measured {
            seconds,
            packets,
            delivered_percent: 100.0 * packets as f64 / expected.max(1) as f64,
            server_cpu_percent: 100.0 * cpu / seconds,
            server_cpu_us_per_packet: 1e6 * cpu / packets as f64,
            harness_cpu_percent: 100.0 * harness / seconds,
        })
    }
}

/// A room that nobody else has: milliseconds since 1970.
fn room_number() -> u64 {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since_1970.map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(0))
}
