//! In the room: datagrams, timers and messages, until it is time to leave.

use super::Participant;
use super::alarm::Alarm;
use crate::control::Command;
use crate::engine::tally::{self, record};
use crate::net::{Received, Sockets};
use crate::report::millis;
use crate::signal::Signal;
use anyhow::{Result, anyhow, bail};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use media::DatagramKind;
use media::data::ToClient;
use signaling::{ClientMessage, ServerFrame};
use sim::client::{Client, ClientEvent, Via};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// Keep-alive on the socket.
const PING_INTERVAL: Duration = Duration::from_secs(10);
/// What does not change with every packet is looked at this often: skew, losses, freezes.
const MEASURE_INTERVAL: Duration = Duration::from_secs(1);
/// Skew counts only while both slots had packets this recently.
const FRESH: Duration = Duration::from_millis(300);

/// What does not happen with every packet.
enum Seldom {
    Message(Result<Option<Box<ServerFrame>>>),
    Measure,
    Command(Option<Command>),
    Leave,
}

async fn seldom_happens(
    signal: &mut Signal,
    measures: &mut Interval,
    commands: &mut mpsc::Receiver<Command>,
) -> Seldom {
    tokio::select! {
        biased;
        frame = signal.receive() => Seldom::Message(frame.map(|frame| frame.map(Box::new))),
        _ = measures.tick() => Seldom::Measure,
        command = commands.recv() => Seldom::Command(command),
    }
}

impl Participant {
    /// In the room, until it is time to leave.
    pub(super) async fn attend(
        &mut self,
        signal: &mut Signal,
        sockets: &mut Sockets,
        client: &mut Client,
        commands: &mut mpsc::Receiver<Command>,
    ) -> Result<()> {
        let mut measures = interval(MEASURE_INTERVAL);
        measures.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut next_ping = Instant::now() + PING_INTERVAL;
        let mut alarm = Alarm::new(self.shared.rest);
        loop {
            // A future in a set is asked only when it was woken, not with every packet.
            let mut seldom = FuturesUnordered::new();
            seldom.push(seldom_happens(signal, &mut measures, commands));
            let happened = self.media(sockets, client, &mut alarm, &mut seldom).await?;
            drop(seldom);
            match happened {
                Seldom::Message(frame) => {
                    let frame = frame?.ok_or_else(|| anyhow!("the server closed the socket"))?;
                    self.noticed(Some(client), frame.message)?;
                }
                Seldom::Measure => {
                    self.measure(client);
                    let now = Instant::now();
                    if now >= next_ping {
                        next_ping = now + PING_INTERVAL;
                        signal.send(ClientMessage::Ping {}).await?;
                    }
                }
                Seldom::Command(command) => {
                    let leave = match command {
                        Some(command) => self.obey(signal, client, command).await?,
                        None => true,
                    };
                    if leave {
                        return self.leave(signal, client).await;
                    }
                }
                Seldom::Leave => return self.leave(signal, client).await,
            }
        }
    }

    /// Datagrams and timers, until something else happens.
    async fn media(
        &mut self,
        sockets: &mut Sockets,
        client: &mut Client,
        alarm: &mut Alarm,
        seldom: &mut FuturesUnordered<impl Future<Output = Seldom>>,
    ) -> Result<Seldom> {
        let leave_at = self.seat.leave_at.map(|at| self.shared.started + at);
        // Whoever sends must do so when it is due; all others can wait for the next tick.
        let sends = self.seat.publishes() || sockets.is_impaired();
        loop {
            self.pump(sockets, client).await?;
            self.move_when_due(sockets, client)?;
            let due = [client.poll_timeout(), sockets.poll_timeout(), leave_at];
            let due = due.into_iter().flatten().min();
            let due = due.unwrap_or_else(|| Instant::now() + MEASURE_INTERVAL);
            alarm.set(due, sends || !client.is_connected());
            tokio::select! {
                biased;
                readable = sockets.readable() => {
                    if let Some(first) = readable? {
                        deliver(client, first);
                    }
                    sockets.receive(|received| deliver(client, received));
                }
                now = alarm.rings(MEASURE_INTERVAL) => {
                    if leave_at.is_some_and(|at| at <= now) {
                        return Ok(Seldom::Leave);
                    }
                    sockets.deliver(now, |received| deliver(client, received));
                    client.handle_timeout(now);
                }
                Some(happened) = seldom.next() => return Ok(happened),
            }
        }
    }

    async fn pump(&mut self, sockets: &mut Sockets, client: &mut Client) -> Result<()> {
        sockets.send_all(std::iter::from_fn(|| client.poll_transmit()));
        while let Some(event) = client.poll_event() {
            match event {
                ClientEvent::Connected => self.connected(),
                ClientEvent::Closed { state } => bail!("media connection {state}"),
                ClientEvent::Data { message, .. } => {
                    self.report.messages += 1;
                    if let Ok(ToClient {
                        sender,
                        topic,
                        payload,
                    }) = ToClient::decode(&message)
                    {
                        let text = String::from_utf8_lossy(payload);
                        self.line(&format!("{sender} says on {topic}: {text}")).await;
                    }
                }
                _ => {}
            }
        }
        if self.counted.received.packets == 0 && client.received().packets > 0 {
            let first = self.started.elapsed();
            self.report.first_media_ms = Some(millis(first));
            tally::count(|tally| record(&mut tally.first_media, first));
        }
        if self.report.first_frame_ms.is_none() && client.received().frames > 0 {
            self.report.first_frame_ms = Some(millis(self.started.elapsed()));
        }
        self.counted.packets(client, self.seat.publishes());
        Ok(())
    }

    fn connected(&mut self) {
        let time = self.started.elapsed();
        self.report.connected_ms = Some(millis(time));
        tally::count(|tally| record(&mut tally.connect, time));
        self.counted.connect(self.seat.subscribes());
    }

    fn move_when_due(&mut self, sockets: &mut Sockets, client: &mut Client) -> Result<()> {
        if self
            .moving
            .is_some_and(|after| client.is_connected() && self.started.elapsed() >= after)
        {
            self.moving = None;
            client.move_to(Instant::now(), Via::Udp)?;
        }
        if client.moved_to() == Some(Via::Udp) {
            sockets.close_tcp();
        }
        Ok(())
    }

    fn measure(&mut self, client: &Client) {
        self.counted.slots(client);
        let now = Instant::now();
        let slots = client.slots();
        let fresh = |i: usize| {
            let slot = slots.get(i)?;
            let last = slot.stats.last_packet?;
            let csrc = slot.csrc()?;
            let assigned = self.oracle.assigned(&slot.mid) == Some(csrc);
            (assigned && now.saturating_duration_since(last) < FRESH)
                .then(|| self.oracle.track(csrc))
                .flatten()
        };
        for video in 0..self.seat.video_slots.min(self.seat.audio_slots) {
            let audio = self.seat.video_slots + video;
            let (Some(picture), Some(sound)) = (fresh(video), fresh(audio)) else {
                continue;
            };
            if let (true, Some(skew)) = (
                picture.participant == sound.participant,
                client.skew(audio, video),
            ) {
                let tracks = slots
                    .get(audio)
                    .and_then(|slot| slot.csrc())
                    .map(|csrc| self.oracle.describe(csrc));
                self.report
                    .measured_skew(self.started.elapsed(), skew, &tracks.unwrap_or_default());
            }
        }
    }
}

/// Media counts from when the kernel had it: how long it waited for its turn here is the harness's affair, neither the path's,
/// of which feedback tells the server, nor the server's, whose latency is measured. Chromium feeds back the kernel's time
/// too. Everything else is answered, and counts from now.
fn deliver(client: &mut Client, received: Received) {
    let Received {
        via,
        remote,
        at,
        datagram,
    } = received;
    let at = match DatagramKind::of(&datagram) {
        Some(DatagramKind::Rtp) => at,
        _ => Instant::now(),
    };
    client.handle_datagram(at, via, remote, datagram);
}
