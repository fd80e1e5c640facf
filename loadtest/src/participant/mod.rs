//! One participant: signaling, sockets and the sans-IO client, in one task.

mod alarm;
mod attend;
mod connect;
mod count;
mod publish;

use crate::control::Command;
use crate::engine::rest::Rest;
use crate::engine::tally;
use crate::net::Sockets;
use crate::options::RunOptions;
use crate::oracle::Oracle;
use crate::plan::Seat;
use crate::report::ParticipantReport;
use crate::signal::Signal;
use anyhow::{Context, Result, anyhow, bail};
use link::{LinkConfig, LossModel};
use media::{Source, TrackId};
use signaling::{ClientMessage, ServerMessage};
use sim::client::{Client, SendClock};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Signaling must answer within this time.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// The other direction of a line that is bad in one.
const PERFECT: LinkConfig = LinkConfig {
    rate_bps: None,
    schedule: Vec::new(),
    delay: Duration::ZERO,
    jitter: Duration::ZERO,
    reorder: false,
    loss: LossModel::None,
    queue: Duration::ZERO,
};

/// What a participant tells its run.
#[derive(Debug)]
pub enum Update {
    /// A message for the log: chat, a mute, an error.
    Line(String),
    /// It is over.
    Done(Box<Seat>, Box<ParticipantReport>),
}

/// What all participants of a run share.
pub struct Shared {
    /// Flags.
    pub options: RunOptions,
    /// Start of the run.
    pub started: Instant,
    /// When threads rest.
    pub rest: Rest,
    /// Of the send times in made-up packets.
    pub clock: SendClock,
    /// To the run.
    pub updates: mpsc::Sender<Update>,
}

/// Runs until told to leave, or until something breaks.
pub async fn run(seat: Box<Seat>, shared: Arc<Shared>, commands: mpsc::Receiver<Command>) {
    tally::count(|tally| tally.joined += 1);
    let mut participant = Participant {
        report: ParticipantReport {
            name: seat.name(),
            ..ParticipantReport::default()
        },
        seat,
        started: Instant::now(),
        oracle: Oracle::default(),
        own: HashMap::new(),
        counted: count::Counted::default(),
        moving: shared.options.move_to_udp,
        shared,
    };
    if let Err(error) = participant.live(commands).await {
        participant.report.error = Some(format!("{error:#}"));
    }
    participant.counted.leave();
    tally::count(|tally| tally.joined -= 1);
    let Participant {
        seat, report, shared, ..
    } = participant;
    // The run only stops listening when it is over itself.
    let _ = shared.updates.send(Update::Done(seat, Box::new(report))).await;
}

struct Participant {
    seat: Box<Seat>,
    shared: Arc<Shared>,
    report: ParticipantReport,
    started: Instant,
    oracle: Oracle,
    own: HashMap<Source, TrackId>,
    counted: count::Counted,
    /// From TCP to UDP after this time.
    moving: Option<Duration>,
}

impl Participant {
    async fn live(&mut self, mut commands: mpsc::Receiver<Command>) -> Result<()> {
        let mut signal = Signal::connect(&self.shared.options.url).await?;
        let mut sockets = Sockets::open(signal.local_ip()?).await?;
        let options = &self.shared.options;
        if options.impair_up.is_some() || options.impair_down.is_some() {
            let [up, down] =
                [&options.impair_up, &options.impair_down].map(|link| link.clone().unwrap_or(PERFECT));
            sockets.impair(up, down, self.seat.seed);
        }
        let mut client = self.connect(&mut signal, &sockets).await?;
        let result = self
            .attend(&mut signal, &mut sockets, &mut client, &mut commands)
            .await;
        let left = Instant::now();
        self.report.fill(&client, &self.oracle, left);
        client.close(left);
        sockets.send_all(std::iter::from_fn(|| client.poll_transmit()));
        result
    }

    /// Sends a request and waits for its answer; what else comes is handled on the way.
    async fn ask(
        &mut self,
        signal: &mut Signal,
        client: Option<&mut Client>,
        message: ClientMessage,
    ) -> Result<ServerMessage> {
        let id = signal.send(message).await?;
        let mut others = Vec::new();
        let answer = tokio::time::timeout(ANSWER_TIMEOUT, signal.answer(id, &mut others))
            .await
            .map_err(|_| anyhow!("no answer within {} s", ANSWER_TIMEOUT.as_secs()))??;
        if matches!(answer, ServerMessage::Welcome { .. }) {
            self.oracle.handle(Instant::now(), &answer);
        }
        let mut client = client;
        for message in others {
            self.noticed(client.as_deref_mut(), message)?;
        }
        Ok(answer)
    }

    fn noticed(&mut self, client: Option<&mut Client>, message: ServerMessage) -> Result<()> {
        self.oracle.handle(Instant::now(), &message);
        match message {
            ServerMessage::Layers { track, wanted } => {
                let source = self
                    .own
                    .iter()
                    .find(|(_, id)| **id == track)
                    .map(|(source, _)| *source);
                if let (Some(client), Some(source)) = (client, source) {
                    client.set_wanted(source, &wanted);
                }
            }
            ServerMessage::Error { code, message } => bail!("the server reports {code:?}: {message}"),
            ServerMessage::Draining { .. } => bail!("the server is shutting down"),
            _ => {}
        }
        Ok(())
    }

    async fn leave(&mut self, signal: &mut Signal, client: &mut Client) -> Result<()> {
        self.ask(signal, Some(client), ClientMessage::Leave {})
            .await
            .context("leave")
            .map(|_| ())
    }

    async fn line(&self, text: &str) {
        // The run only stops listening when it is over itself.
        let _ = self
            .shared
            .updates
            .send(Update::Line(format!("{}: {text}", self.report.name)))
            .await;
    }
}
