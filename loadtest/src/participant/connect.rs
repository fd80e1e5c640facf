//! From nothing to a connection that is being set up: join, offer, answer, publish, view.

use super::Participant;
use crate::engine::tally::{self, record};
use crate::net::Sockets;
use crate::report::millis;
use crate::signal::Signal;
use anyhow::{Context, Result, bail};
use media::{Codec, NtpTime, Source};
use signaling::{ClientMessage, OfferedTrack, ServerMessage};
use sim::client::{Client, ClientConfig, Srtp};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Publishers' clocks differ by this much from one to the next: minutes, as real computers' do.
const CLOCK_STEP: Duration = Duration::from_secs(97);
/// Timers other than media's wait for the next multiple of this. It is the time between two transport-wide feedbacks, and
/// everything else goes with them: a visit to a participant costs more than what is done in it.
const TIMER_GRID: Duration = Duration::from_millis(50);

impl Participant {
    pub(super) async fn connect(&mut self, signal: &mut Signal, sockets: &Sockets) -> Result<Client> {
        let join = ClientMessage::Join {
            room: self.seat.room.clone(),
            name: self.report.name.clone(),
            token: self
                .shared
                .options
                .access
                .as_ref()
                .map(|access| access.token(&self.seat.room, &self.report.name)),
            metadata: None,
            resume: None,
            compat: self.shared.options.compat,
        };
        self.ask(signal, None, join).await.context("join")?;
        let welcome = self.started.elapsed();
        self.report.welcome_ms = Some(millis(welcome));
        tally::count(|tally| record(&mut tally.welcome, welcome));
        let mut client = Client::new(Instant::now(), self.client_config(sockets)?)?;
        let offer = client.offer(Instant::now())?;
        let tracks = offer
            .tracks
            .into_iter()
            .map(|(mid, source)| OfferedTrack { mid, source })
            .collect();
        let offer = ClientMessage::Offer {
            sdp: offer.sdp,
            tracks,
        };
        let answer = self.ask(signal, None, offer).await.context("offer")?;
        let ServerMessage::Answer { sdp } = answer else {
            bail!("offer was answered with {answer:?}")
        };
        client.handle_answer(Instant::now(), &sdp)?;
        for source in [Source::Camera, Source::Microphone, Source::Screen] {
            self.publish(signal, &mut client, source).await?;
        }
        if let Some(height) = self.seat.view_height {
            let view = ClientMessage::View {
                tiles: vec![],
                auto_height: Some(height),
            };
            self.ask(signal, Some(&mut client), view).await.context("view")?;
        }
        Ok(client)
    }

    fn client_config(&self, sockets: &Sockets) -> Result<ClientConfig> {
        let options = &self.shared.options;
        let seat = &self.seat;
        let local = sockets.local_addr()?;
        let tcp = options.tcp || options.move_to_udp.is_some();
        let since_1900 = SystemTime::now().duration_since(UNIX_EPOCH)? + Duration::from_secs(2_208_988_800);
        let skew = CLOCK_STEP * u32::try_from(seat.number)?;
        let mut config = ClientConfig {
            seed: seat.seed,
            wall_clock: NtpTime(0).advance(since_1900 + skew),
            udp: (!tcp).then_some(local),
            tcp: tcp.then_some(local),
            srtp: if options.compat { Srtp::AesCm } else { Srtp::Both },
            camera: seat.camera_layers(),
            video_slots: seat.video_slots,
            audio_slots: seat.audio_slots,
            timer_grid: TIMER_GRID,
            send_clock: Some(self.shared.clock),
            ..ClientConfig::default()
        };
        if seat.like_sdk {
            config.red = true;
            config.publishes = seat.publishes();
            config.past_connection = true;
            if !options.compat {
                config.srtp = Srtp::Gcm;
            }
            config.send_red = seat.microphone.as_ref().is_some_and(|microphone| microphone.red);
            config.video_codecs = vec![Codec::Vp8, Codec::Vp9, Codec::Av1, Codec::H264];
            config.publish_codecs = Some(vec![Codec::Vp8]);
        }
        Ok(config)
    }
}
