//! A UDP relay that behaves like a bad network: between a browser and a server, or between two browsers.
//!
//! All clients share the two links, as people in one place share its line.

mod flows;
mod options;
mod relay;
mod spec;
mod stats;
#[cfg(test)]
mod tests;

pub use options::{ImpairOptions, impair_command};
pub use spec::{parse_link, parse_schedule};

use anyhow::{Context, Result};
use flows::{Arrived, EndOfTask, read};
use link::{LinkConfig, RateStep};
use relay::{EARLY, Relay};
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

/// Datagrams read from all sockets and not yet put on a link.
const MAX_ARRIVED: usize = 4_096;
/// Time between two lines in the file of statistics.
const STATS: Duration = Duration::from_millis(100);
/// Lines in the file of statistics for one on the screen.
const STATS_PER_LINE: u32 = 10;

/// What a running relay can be told.
#[derive(Debug, Clone, PartialEq)]
pub enum ImpairCommand {
    /// The link from the clients is this from now on.
    Up(LinkConfig),
    /// The link to the clients is this from now on.
    Down(LinkConfig),
    /// Rates of both directions, counted from now.
    Schedule(Vec<RateStep>),
}

impl ImpairCommand {
    /// Reads `up rate=1M`, `down loss=5%` or `schedule 0s:3M,20s:0.8M`.
    ///
    /// # Errors
    /// With the forms that are understood.
    pub fn parse(line: &str) -> Result<Self, String> {
        match line.trim().split_once(' ') {
            Some(("up", link)) => Ok(Self::Up(parse_link(link)?)),
            Some(("down", link)) => Ok(Self::Down(parse_link(link)?)),
            Some(("schedule", steps)) => Ok(Self::Schedule(parse_schedule(steps)?)),
            _ => Err(format!("{line:?}: write up LINK, down LINK or schedule STEPS")),
        }
    }
}

/// Relays for the time in the options, or to the end of stdin when it reads commands, or for ever.
///
/// # Errors
/// When a socket or the file of statistics cannot be opened, or that file not be written.
pub async fn relay(options: ImpairOptions, say: impl Fn(&str)) -> Result<()> {
    let (control, duration, to) = (options.control, options.duration, options.to);
    let relay = Impairment::open(options).await?;
    say(&format!("relaying {} to {to}", relay.address()));
    let (tell, commands) = mpsc::channel(16);
    tokio::select! {
        result = relay.run(commands, &say) => result,
        () = obey_stdin(tell, &say), if control => Ok(()),
        () = tokio::time::sleep(duration.unwrap_or_default()), if duration.is_some() => Ok(()),
    }
}

/// Until the end of stdin.
async fn obey_stdin(tell: mpsc::Sender<ImpairCommand>, say: impl Fn(&str)) {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        match ImpairCommand::parse(&line) {
            Ok(command) => {
                let _ = tell.send(command).await;
            }
            Err(error) => say(&error),
        }
    }
}

/// A relay whose socket is open.
pub struct Impairment {
    relay: Relay,
    arrivals: mpsc::Receiver<Arrived>,
    file: Option<std::fs::File>,
    address: SocketAddr,
    _reader: EndOfTask,
}

impl Impairment {
    /// Opens the socket for clients and the file of statistics; relays nothing yet.
    ///
    /// # Errors
    /// When either cannot be opened.
    pub async fn open(options: ImpairOptions) -> Result<Self> {
        let listen = UdpSocket::bind(options.listen).await;
        let listen = Arc::new(listen.with_context(|| format!("cannot listen on {}", options.listen))?);
        // Until tokio has heard that a socket can be written to, it refuses to try.
        listen.writable().await?;
        let file = match &options.stats {
            Some(path) => Some(
                std::fs::File::create(path).with_context(|| format!("cannot write {}", path.display()))?,
            ),
            None => None,
        };
        let address = listen.local_addr()?;
        let (arrived, arrivals) = mpsc::channel(MAX_ARRIVED);
        let overflow = Arc::new(AtomicU64::new(0));
        let reader = read(Arc::clone(&listen), None, arrived.clone(), Arc::clone(&overflow));
        Ok(Self {
            relay: Relay::new(options, listen, arrived, overflow, Instant::now()),
            arrivals,
            file,
            address,
            _reader: EndOfTask(tokio::spawn(reader)),
        })
    }

    /// Where clients send to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Relays until the future is dropped. `say` gets a line a second.
    ///
    /// # Errors
    /// When the file of statistics cannot be written.
    pub async fn run(
        mut self,
        mut commands: mpsc::Receiver<ImpairCommand>,
        say: impl Fn(&str),
    ) -> Result<()> {
        let relay = &mut self.relay;
        let mut stats = tokio::time::interval(STATS);
        stats.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (mut ticks, mut talking) = (0u32, true);
        loop {
            let due = relay.next_due().and_then(|due| due.checked_sub(EARLY));
            let due = due.unwrap_or_else(|| Instant::now() + STATS);
            tokio::select! {
                () = tokio::time::sleep_until(due.into()) => {}
                Some(first) = self.arrivals.recv() => {
                    relay.accept(first, Instant::now()).await;
                    // Not for ever: what is due has to leave, however much comes.
                    for _ in 0..MAX_ARRIVED {
                        let Ok(more) = self.arrivals.try_recv() else { break };
                        relay.accept(more, Instant::now()).await;
                    }
                }
                command = commands.recv(), if talking => match command {
                    Some(command) => relay.obey(command, Instant::now()),
                    None => talking = false,
                },
                _ = stats.tick() => {
                    ticks = ticks.wrapping_add(1);
                    let json = relay.stats(Instant::now());
                    if let Some(file) = &mut self.file {
                        writeln!(file, "{json}").context("cannot write statistics")?;
                    }
                    if ticks.is_multiple_of(STATS_PER_LINE) {
                        say(&relay.line(Instant::now()));
                    }
                }
            }
            relay.deliver(Instant::now());
        }
    }
}

/// Datagrams that came faster than the relay took them, since the last call.
fn take(overflow: &AtomicU64) -> u64 {
    overflow.swap(0, Ordering::Relaxed)
}
