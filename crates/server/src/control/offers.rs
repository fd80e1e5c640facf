//! Building peers from first offers: milliseconds of CPU each, so off the control plane's task and off the workers.

use crate::config::Config;
use media::{ParticipantId, RoomId};
use peer::{Answer, PeerFactory, RtcPeer};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, mpsc};

/// Offers waiting or being built, over all rooms. Each holds up to 256 KiB of SDP. When full, an offer is refused.
const OFFERS: usize = 256;

/// A peer that was built, or not.
pub(super) struct Built {
    pub(super) participant: ParticipantId,
    pub(super) room: RoomId,
    pub(super) worker: usize,
    pub(super) request: u64,
    pub(super) took: Duration,
    /// Or what to tell the client.
    pub(super) result: Result<Box<(RtcPeer, Answer)>, String>,
}

/// Where offers are handed in.
pub(super) struct OfferDesk {
    factories: Vec<PeerFactory>,
    /// As many are built at once as there are cores: more would only make each slower.
    cores: Arc<Semaphore>,
    places: Arc<Semaphore>,
    done: mpsc::Sender<Built>,
    max_video: usize,
    max_audio: usize,
}

impl OfferDesk {
    pub(super) fn new(factories: Vec<PeerFactory>, config: &Config) -> (Self, mpsc::Receiver<Built>) {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        // As long as the number of places: a finished builder never waits for the control plane.
        let (done, receiver) = mpsc::channel(OFFERS);
        let desk = Self {
            factories,
            cores: Arc::new(Semaphore::new(cores)),
            places: Arc::new(Semaphore::new(OFFERS)),
            done,
            max_video: usize::from(config.max_video_slots),
            max_audio: usize::from(config.max_audio_slots),
        };
        (desk, receiver)
    }

    /// Starts building; false when too many are being built already.
    pub(super) fn build(
        &self,
        participant: ParticipantId,
        room: RoomId,
        worker: usize,
        request: u64,
        sdp: String,
        compat: bool,
    ) -> bool {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return false;
        };
        let Some(factory) = self.factories.get(worker).cloned() else {
            return false;
        };
        let (cores, done) = (Arc::clone(&self.cores), self.done.clone());
        let limits = (self.max_video, self.max_audio);
        let started = Instant::now();
        tokio::spawn(async move {
            let _core = cores.acquire().await;
            let accepted = tokio::task::spawn_blocking(move || accept(&factory, &sdp, compat, limits)).await;
            let result =
                accepted.unwrap_or_else(|_| Err("the server failed on this offer; it is logged".into()));
            let took = started.elapsed();
            let _ = done
                .send(Built {
                    participant,
                    room,
                    worker,
                    request,
                    took,
                    result,
                })
                .await;
            drop(place);
        });
        true
    }
}

fn accept(
    factory: &PeerFactory,
    sdp: &str,
    compat: bool,
    (max_video, max_audio): (usize, usize),
) -> Result<Box<(RtcPeer, Answer)>, String> {
    let (peer, answer) = factory
        .accept(Instant::now(), sdp, compat)
        .map_err(|why| why.to_string())?;
    let (video, audio) = (
        answer.sections.video_slots.len(),
        answer.sections.audio_slots.len(),
    );
    if video > max_video || audio > max_audio {
        return Err(format!(
            "the offer has {video} video and {audio} audio slots; offer at most {max_video} and {max_audio} (`limits` in `welcome`)"
        ));
    }
    Ok(Box::new((peer, answer)))
}
