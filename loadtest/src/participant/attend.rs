//! In the room: datagrams, timers and messages, until it is time to leave.

use super::Participant;
use crate::control::Command;
use crate::engine::tally::{self, record};
use crate::net::{Received, Sockets};
use crate::report::millis;
use crate::signal::Signal;
use anyhow::{Result, anyhow, bail};
use media::data::ToClient;
use signaling::ClientMessage;
use sim::client::{Client, ClientEvent, Via};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, sleep_until};

/// Keep-alive on the socket.
const PING_INTERVAL: Duration = Duration::from_secs(10);
/// What does not change with every packet is looked at this often: skew, losses, freezes.
const MEASURE_INTERVAL: Duration = Duration::from_secs(1);
/// Skew counts only while both slots had packets this recently.
const FRESH: Duration = Duration::from_millis(300);

/// What of a participant is in the tally already.
#[derive(Debug, Default)]
pub(super) struct Counted {
    connected: bool,
    subscribes: bool,
    sent: (u64, u64),
    received: sim::client::Received,
    lost: u64,
    nacked: u64,
    freezes: u64,
    frozen: Duration,
}

impl Counted {
    fn connect(&mut self, subscribes: bool) {
        (self.connected, self.subscribes) = (true, subscribes);
        tally::count(|tally| {
            tally.connected += 1;
            tally.subscribers += i64::from(subscribes);
        });
    }

    pub(super) fn leave(&mut self) {
        tally::count(|tally| {
            tally.connected -= i64::from(self.connected);
            tally.subscribers -= i64::from(self.connected && self.subscribes);
        });
    }

    /// Adds what came and went since the last call; cheap enough for every turn.
    fn packets(&mut self, client: &mut Client) {
        let (sent, received) = (client.sent(), client.received());
        tally::count(|tally| {
            tally.packets_sent += sent.0 - self.sent.0;
            tally.sent_bytes += sent.1 - self.sent.1;
            tally.packets_received += received.packets - self.received.packets;
            tally.received_bytes += received.bytes - self.received.bytes;
            tally.frames += received.frames - self.received.frames;
            for (kind, age) in client.take_ages() {
                tally.latency(kind, age);
            }
        });
        (self.sent, self.received) = (sent, received);
    }

    /// Adds what is counted slot by slot.
    fn slots(&mut self, client: &Client) {
        let (mut lost, mut freezes, mut frozen) = (0, 0, Duration::ZERO);
        for slot in client.slots() {
            lost += slot.stats.lost;
            freezes += slot.stats.freezes;
            frozen += slot.stats.frozen;
        }
        let nacked = client.nacked();
        tally::count(|tally| {
            tally.packets_lost += lost - self.lost;
            tally.packets_nacked += nacked - self.nacked;
            tally.freezes += freezes - self.freezes;
            tally.frozen += frozen - self.frozen;
        });
        (self.lost, self.nacked, self.freezes, self.frozen) = (lost, nacked, freezes, frozen);
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
        let mut moving = self.shared.options.move_to_udp;
        let leave_at = self.seat.leave_at.map(|at| self.shared.started + at);
        let mut wake = Instant::now();
        let sleep = sleep_until(wake.into());
        tokio::pin!(sleep);
        loop {
            self.pump(sockets, client).await?;
            self.move_when_due(sockets, client, &mut moving)?;
            let due = [client.poll_timeout(), sockets.poll_timeout(), leave_at];
            let due = due.into_iter().flatten().min();
            let due = due.unwrap_or_else(|| Instant::now() + MEASURE_INTERVAL);
            if due != wake {
                wake = due;
                sleep.as_mut().reset(wake.into());
            }
            tokio::select! {
                biased;
                readable = sockets.readable() => {
                    let mut deliver = |Received { via, remote, datagram }| {
                        client.handle_datagram(Instant::now(), via, remote, datagram);
                    };
                    if let Some(first) = readable? {
                        deliver(first);
                    }
                    sockets.receive(deliver);
                }
                () = &mut sleep => {
                    let now = Instant::now();
                    tally::count(|tally| record(&mut tally.lateness, now.saturating_duration_since(wake)));
                    if leave_at.is_some_and(|at| at <= now) {
                        return self.leave(signal, client).await;
                    }
                    sockets.deliver(now, |Received { via, remote, datagram }| {
                        client.handle_datagram(now, via, remote, datagram);
                    });
                    client.handle_timeout(now);
                    // The same instant may be asked for again, and the sleep is over.
                    sleep.as_mut().reset((now + MEASURE_INTERVAL).into());
                    wake = now + MEASURE_INTERVAL;
                }
                frame = signal.receive() => {
                    let frame = frame?.ok_or_else(|| anyhow!("the server closed the socket"))?;
                    self.noticed(Some(client), frame.message)?;
                }
                _ = measures.tick() => {
                    let now = Instant::now();
                    self.measure(client);
                    if now >= next_ping {
                        next_ping = now + PING_INTERVAL;
                        signal.send(ClientMessage::Ping {}).await?;
                    }
                }
                command = commands.recv() => {
                    let leave = match command {
                        Some(command) => self.obey(signal, client, command).await?,
                        None => true,
                    };
                    if leave {
                        return self.leave(signal, client).await;
                    }
                }
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
        self.counted.packets(client);
        Ok(())
    }

    fn connected(&mut self) {
        let time = self.started.elapsed();
        self.report.connected_ms = Some(millis(time));
        tally::count(|tally| record(&mut tally.connect, time));
        self.counted.connect(self.seat.subscribes());
    }

    fn move_when_due(
        &mut self,
        sockets: &mut Sockets,
        client: &mut Client,
        moving: &mut Option<Duration>,
    ) -> Result<()> {
        if moving.is_some_and(|after| client.is_connected() && self.started.elapsed() >= after) {
            *moving = None;
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
