//! What a participant sends: publishes, and commands that change it.

use super::Participant;
use crate::control::Command;
use crate::media_files;
use crate::plan::{SoundSource, Video};
use crate::signal::Signal;
use anyhow::{Context, Result, bail};
use media::data::ToServer;
use media::{Kind, Source};
use signaling::{ClientMessage, LayerDescription, ServerMessage};
use sim::client::{AudioSource, Channel, Client, LayerSpec, SINGLE_LAYER, Talk, VideoSource, section_of};
use std::time::Instant;

impl Participant {
    /// Publishes a source, if the participant has it.
    pub(super) async fn publish(
        &mut self,
        signal: &mut Signal,
        client: &mut Client,
        source: Source,
    ) -> Result<()> {
        let (layers, has) = match source.kind() {
            Kind::Audio => (vec![], self.seat.microphone.is_some()),
            Kind::Video => (self.described(source), self.seat.video(source).is_some()),
        };
        if !has {
            return Ok(());
        }
        let publish = ClientMessage::Publish {
            mid: section_of(source).to_string(),
            layers,
            muted: false,
        };
        let answer = self.ask(signal, Some(client), publish).await.context("publish")?;
        let ServerMessage::PublishedOk { track } = answer else {
            bail!("publish was answered with {answer:?}")
        };
        self.own.insert(source, track.id);
        self.start(client, source)
    }

    /// The layers of a picture, as the server is told.
    fn described(&self, source: Source) -> Vec<LayerDescription> {
        let layers = self.seat.video(source).map_or(0, Video::layers);
        let specs: &[LayerSpec] = match source {
            Source::Camera => &self.seat.camera_layers(),
            _ => &SINGLE_LAYER,
        };
        let described = |layer: &LayerSpec| LayerDescription {
            rid: layer.rid.to_owned(),
            height: layer.height,
            max_bitrate: layer.bitrate.into(),
        };
        specs.iter().take(layers).map(described).collect()
    }

    fn start(&self, client: &mut Client, source: Source) -> Result<()> {
        let (now, number) = (Instant::now(), self.seat.number);
        if let Some(video) = self.seat.video(source) {
            let played = match video {
                Video::Recorded(folder) => media_files::video(folder, number)?,
                Video::Small { fps } | Video::Layers { fps, .. } => VideoSource::Generated { fps: *fps },
                Video::Rate(rate) => VideoSource::Rate(*rate),
            };
            client.start_layers(now, source, &played, video.layers());
        } else if let Some(sound) = &self.seat.microphone {
            let played = match &sound.source {
                SoundSource::Recorded(folder) => AudioSource::Opus(media_files::audio(folder, number)?),
                SoundSource::Usual => AudioSource::Generated,
                SoundSource::Sized(bytes) => AudioSource::Sized(*bytes),
            };
            client.start_audio(now, source, played, sound.talk);
        }
        Ok(())
    }

    /// Carries out a command; `true` to leave.
    pub(super) async fn obey(
        &mut self,
        signal: &mut Signal,
        client: &mut Client,
        command: Command,
    ) -> Result<bool> {
        if let Some(speak) = command.speak {
            client.set_talk(Source::Microphone, if speak { Talk::Always } else { Talk::Never });
        }
        if let (Some(muted), Some(&track)) = (command.mute, self.own.get(&Source::Microphone)) {
            self.ask(signal, Some(client), ClientMessage::Mute { track, muted })
                .await
                .context("mute")?;
        }
        match command.camera {
            Some(true) if !self.own.contains_key(&Source::Camera) => {
                self.publish(signal, client, Source::Camera).await?;
            }
            Some(false) if self.own.remove(&Source::Camera).is_some() => {
                client.stop(Source::Camera);
                let mid = section_of(Source::Camera).to_string();
                self.ask(signal, Some(client), ClientMessage::Unpublish { mid })
                    .await
                    .context("unpublish")?;
            }
            _ => {}
        }
        if let Some(text) = command.say {
            let message = ToServer {
                recipients: vec![],
                topic: "chat",
                payload: text.as_bytes(),
            }
            .encode()?;
            client.send_data(Instant::now(), Channel::Reliable, &message)?;
        }
        Ok(command.leave == Some(true))
    }
}
