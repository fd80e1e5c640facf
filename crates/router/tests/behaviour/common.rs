//! A router in virtual time with scripted peers.
#![allow(unreachable_pub, reason = "a test binary has no public")]

use bytes::{Bytes, BytesMut};
use media::layers_allocation::AllocatedLayer;
use media::packet::SlotPacket;
use media::plane::{MediaCommand, MediaEvent, PublishSection, Sections, Slot, SlotAssignment};
use media::{
    Bitrate, Codec, Extensions, Kind, LayerIndex, LayerInfo, LayersAllocation, MLineIndex, NtpTime, Packet,
    ParticipantId, RoomId, RtpTime, SeqNo, Source, TrackId,
};
use peer::{
    Answer, DataChannel, DataError, OfferError, Path, Peer, PeerEvent, PeerStats, Protocol, SlotReport,
    Transmit,
};
use router::{Router, RouterConfig};
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

pub const MIC: MLineIndex = MLineIndex(0);
pub const CAMERA: MLineIndex = MLineIndex(1);
pub const SCREEN: MLineIndex = MLineIndex(2);
pub const SCREEN_AUDIO: MLineIndex = MLineIndex(3);
const FIRST_SLOT: u16 = 4;

/// The origin of virtual time.
#[allow(clippy::disallowed_methods)]
pub fn origin() -> Instant {
    Instant::now()
}

/// What a fake peer will say, and what it was asked to do.
#[derive(Default)]
pub struct Script {
    pub events: VecDeque<PeerEvent>,
    pub transmits: VecDeque<Transmit>,
    /// What comes of sending: moved to `events` and `timeout` once everything is sent.
    pub after_sending: Option<(PeerEvent, Instant)>,
    pub timeout: Option<Instant>,
    /// The time it was told while it was polled.
    pub told: Option<Instant>,
    pub datagrams: usize,
    pub timeouts: usize,
    pub polls: usize,
    pub sent: Vec<(MLineIndex, SlotPacket)>,
    pub resent: Vec<(MLineIndex, SlotPacket)>,
    pub reports: Vec<(MLineIndex, SlotReport)>,
    pub keyframe_requests: Vec<(MLineIndex, LayerIndex)>,
    pub given_up: Vec<(MLineIndex, LayerIndex)>,
    pub data: Vec<(DataChannel, Bytes)>,
    pub data_error: Option<DataError>,
    pub refused_codecs: Vec<Codec>,
    pub refuses_descriptors: bool,
    pub bandwidth: Option<bwe::Estimate>,
    pub changes: VecDeque<bwe::Change>,
    /// How often its downlink was shared out.
    pub allocations: usize,
    pub next_answer: Option<Result<Answer, OfferError>>,
    pub closed: bool,
    pub unreachable: bool,
    pub paths_closed: Vec<Path>,
    /// The call in which it breaks, by name.
    pub breaks_in: Option<&'static str>,
}

impl Script {
    fn enter(&self, call: &'static str) {
        assert!(self.breaks_in != Some(call), "a broken peer");
    }
}

pub struct FakePeer(pub Rc<RefCell<Script>>);

impl Peer for FakePeer {
    fn handle_datagram(&mut self, _now: Instant, path: Path, datagram: BytesMut) {
        self.0.borrow().enter("handle_datagram");
        let mut script = self.0.borrow_mut();
        script.datagrams += 1;
        if datagram.first() == Some(&0) {
            script.events.push_back(PeerEvent::PathValidated(path));
        }
    }
    fn handle_timeout(&mut self, _now: Instant) {
        self.0.borrow().enter("handle_timeout");
        let mut script = self.0.borrow_mut();
        script.timeouts += 1;
        script.timeout = None;
    }
    fn poll_timeout(&mut self) -> Option<Instant> {
        self.0.borrow().enter("poll_timeout");
        self.0.borrow().timeout
    }
    fn tell_time(&mut self, now: Instant) {
        self.0.borrow_mut().told = Some(now);
    }
    fn poll_transmit(&mut self) -> Option<Transmit> {
        self.0.borrow().enter("poll_transmit");
        let mut script = self.0.borrow_mut();
        let transmit = script.transmits.pop_front();
        if transmit.is_none()
            && let Some((event, timeout)) = script.after_sending.take()
        {
            script.events.push_back(event);
            script.timeout = Some(timeout);
        }
        transmit
    }
    fn poll_event(&mut self) -> Option<PeerEvent> {
        self.0.borrow().enter("poll_event");
        let mut script = self.0.borrow_mut();
        script.polls += 1;
        script.events.pop_front()
    }
    fn handle_offer(&mut self, _now: Instant, _sdp: &str) -> Result<Answer, OfferError> {
        self.0.borrow().enter("handle_offer");
        self.0
            .borrow_mut()
            .next_answer
            .take()
            .expect("the test expects an offer")
    }
    fn handle_path_closed(&mut self, _now: Instant, path: Path) {
        self.0.borrow_mut().paths_closed.push(path);
    }
    fn is_reachable(&self) -> bool {
        !self.0.borrow().unreachable
    }
    fn accepts(&self, _slot: MLineIndex, codec: Codec) -> bool {
        self.0.borrow().enter("accepts");
        !self.0.borrow().refused_codecs.contains(&codec)
    }
    fn takes_descriptors(&self, _slot: MLineIndex) -> bool {
        !self.0.borrow().refuses_descriptors
    }
    fn bandwidth(&self) -> Option<bwe::Estimate> {
        self.0.borrow().bandwidth
    }

    fn poll_change(&mut self) -> Option<bwe::Change> {
        self.0.borrow_mut().changes.pop_front()
    }

    fn set_demand(&mut self, _: Instant, _: bwe::Demand) {
        self.0.borrow().enter("set_demand");
        self.0.borrow_mut().allocations += 1;
    }

    fn send_rtp(&mut self, _now: Instant, slot: MLineIndex, packet: SlotPacket) {
        self.0.borrow().enter("send_rtp");
        self.0.borrow_mut().sent.push((slot, packet));
    }
    fn send_retransmission(&mut self, _now: Instant, slot: MLineIndex, packet: SlotPacket) {
        self.0.borrow_mut().resent.push((slot, packet));
    }
    fn send_report(&mut self, _now: Instant, slot: MLineIndex, report: SlotReport) {
        self.0.borrow().enter("send_report");
        self.0.borrow_mut().reports.push((slot, report));
    }
    fn request_keyframe(&mut self, _now: Instant, section: MLineIndex, layer: LayerIndex) {
        self.0.borrow().enter("request_keyframe");
        self.0.borrow_mut().keyframe_requests.push((section, layer));
    }
    fn give_up_repairs(&mut self, section: MLineIndex, layer: LayerIndex) {
        self.0.borrow_mut().given_up.push((section, layer));
    }
    fn send_data(&mut self, _now: Instant, channel: DataChannel, message: Bytes) -> Result<(), DataError> {
        self.0.borrow().enter("send_data");
        let mut script = self.0.borrow_mut();
        script.data_error.map_or(Ok(()), Err)?;
        script.data.push((channel, message));
        Ok(())
    }
    fn close(&mut self, _now: Instant) {
        self.0.borrow().enter("close");
        let mut script = self.0.borrow_mut();
        script.closed = true;
        let path = path_of(65_000);
        script.transmits.push_back(Transmit {
            path,
            datagram: BytesMut::from(&b"bye"[..]),
        });
    }
    fn stats(&self) -> PeerStats {
        PeerStats {
            nacks_sent: 1,
            ..PeerStats::default()
        }
    }
}

/// A participant as the test sees it.
#[derive(Clone)]
pub struct Member {
    pub id: ParticipantId,
    pub path: Path,
    pub script: Rc<RefCell<Script>>,
    pub video: Vec<MLineIndex>,
    pub audio: Vec<MLineIndex>,
}

impl Member {
    /// Packets sent through a slot since last asked.
    pub fn received(&self, slot: MLineIndex) -> Vec<SlotPacket> {
        let mut script = self.script.borrow_mut();
        let (mine, others): (Vec<_>, Vec<_>) = script.sent.drain(..).partition(|(to, _)| *to == slot);
        script.sent = others;
        mine.into_iter().map(|(_, packet)| packet).collect()
    }
    pub fn received_anything(&self) -> bool {
        !self.script.borrow().sent.is_empty()
    }
    /// How often its downlink was shared out since last asked.
    pub fn allocations(&self) -> usize {
        std::mem::take(&mut self.script.borrow_mut().allocations)
    }
    pub fn keyframe_requests(&self) -> Vec<(MLineIndex, LayerIndex)> {
        std::mem::take(&mut self.script.borrow_mut().keyframe_requests)
    }
}

pub fn path_of(port: u16) -> Path {
    Path {
        protocol: Protocol::Udp,
        local: SocketAddr::from(([192, 0, 2, 1], 10_000)),
        remote: SocketAddr::from(([198, 51, 100, 1], port)),
    }
}

/// A STUN binding request whose username starts with `ufrag:`.
pub fn stun(ufrag: &str) -> BytesMut {
    let username = format!("{ufrag}:them");
    let padded = username.len().next_multiple_of(4);
    let mut out = BytesMut::new();
    out.extend_from_slice(&[0, 1]);
    out.extend_from_slice(&((padded + 4) as u16).to_be_bytes());
    out.extend_from_slice(&[0x21, 0x12, 0xA4, 0x42]);
    out.extend_from_slice(&[7; 12]);
    out.extend_from_slice(&[0, 6]);
    out.extend_from_slice(&(username.len() as u16).to_be_bytes());
    out.extend_from_slice(username.as_bytes());
    out.resize(20 + 4 + padded, 0);
    out
}

pub fn slots(first: u16, count: u16) -> Vec<Slot> {
    (first..first + count)
        .map(|mline| Slot {
            mline: MLineIndex(mline),
            mid: mline.to_string(),
        })
        .collect()
}

pub fn sections(video: u16, audio: u16) -> Sections {
    let publish = |mline: MLineIndex, kind, rids: &[&str]| PublishSection {
        mline,
        mid: mline.0.to_string(),
        kind,
        rids: rids.iter().map(|rid| (*rid).to_owned()).collect(),
    };
    Sections {
        publish: vec![
            publish(MIC, Kind::Audio, &[]),
            publish(CAMERA, Kind::Video, &["q", "h", "f"]),
            publish(SCREEN, Kind::Video, &[]),
            publish(SCREEN_AUDIO, Kind::Audio, &[]),
        ],
        video_slots: slots(FIRST_SLOT, video),
        audio_slots: slots(FIRST_SLOT + video, audio),
    }
}

/// The router and the time.
pub struct Stage {
    pub router: Router<FakePeer>,
    pub now: Instant,
    pub events: Vec<MediaEvent>,
    pub transmits: usize,
    next_seqs: HashMap<(u32, MLineIndex, u8), u16>,
    next_port: u16,
    /// The worker's.
    pub port: u16,
}

impl Stage {
    pub fn new() -> Self {
        Self::with(RouterConfig::default())
    }

    pub fn with(config: RouterConfig) -> Self {
        let now = origin();
        let router = Router::new(config, NtpTime(3_900_000_000 << 32), now);
        Self {
            router,
            now,
            events: Vec::new(),
            transmits: 0,
            next_seqs: HashMap::new(),
            next_port: 1_000,
            port: 10_000,
        }
    }

    /// Adds a participant with so many slots and lets ICE validate its address.
    pub fn join(&mut self, room: u32, id: u32, video: u16, audio: u16) -> Member {
        let script = Rc::<RefCell<Script>>::default();
        let sections = sections(video, audio);
        let mlines = |slots: &[Slot]| slots.iter().map(|slot| slot.mline).collect::<Vec<_>>();
        let (video, audio) = (mlines(&sections.video_slots), mlines(&sections.audio_slots));
        let answer = Answer {
            sdp: String::new(),
            sections,
            ufrag: format!("ufrag{id}"),
        };
        let peer = FakePeer(script.clone());
        self.next_port += 1;
        let mut path = path_of(self.next_port);
        path.local.set_port(self.port);
        let member = Member {
            id: ParticipantId(id),
            path,
            script,
            video,
            audio,
        };
        self.router
            .add_peer(self.now, RoomId(room), member.id, peer, &answer);
        self.router
            .handle_datagram(self.now, member.path, stun(&format!("ufrag{id}")));
        self.drain();
        member
    }

    pub fn drain(&mut self) {
        while let Some(event) = self.router.poll_event() {
            self.events.push(event);
        }
        while self.router.poll_transmit().is_some() {
            self.transmits += 1;
        }
    }

    /// Events since last asked.
    pub fn take_events(&mut self) -> Vec<MediaEvent> {
        self.drain();
        std::mem::take(&mut self.events)
    }

    /// Lets the member's peer report something.
    pub fn tell(&mut self, member: &Member, event: PeerEvent) {
        member.script.borrow_mut().events.push_back(event);
        self.router
            .handle_datagram(self.now, member.path, BytesMut::from(&[0x80, 0][..]));
        self.drain();
    }

    pub fn command(&mut self, command: MediaCommand) {
        self.router.handle_command(self.now, command);
        self.drain();
    }

    /// Lets time pass, calling the router when it asks for it.
    pub fn pass(&mut self, ms: u64) {
        let end = self.now + Duration::from_millis(ms);
        while let Some(at) = self.router.poll_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.router.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    pub fn publish(&mut self, member: &Member, mline: MLineIndex, track: u32, source: Source) -> TrackId {
        let layers = match source {
            Source::Camera => vec![layer("q", 180), layer("h", 360), layer("f", 720)],
            Source::Screen => vec![layer("", 1080)],
            Source::Microphone | Source::ScreenAudio => Vec::new(),
        };
        let (participant, track) = (member.id, TrackId(track));
        self.command(MediaCommand::Publish {
            participant,
            mline,
            track,
            source,
            layers,
        });
        track
    }

    pub fn assign(&mut self, member: &Member, slot: MLineIndex, track: Option<TrackId>, height: u16) {
        let slots = vec![SlotAssignment {
            slot,
            track,
            height,
            priority: 0,
        }];
        self.command(MediaCommand::Assign {
            participant: member.id,
            slots,
        });
    }

    /// A packet of audio with this loudness (127 loudest).
    pub fn audio(&mut self, from: &Member, section: MLineIndex, loudness: u8) -> SeqNo {
        let opus = Bytes::from_static(&[0xF8, 1, 2, 3]);
        let mut packet = self.packet(from, section, 0, Codec::Opus, opus);
        packet.extensions.audio_level = Some(127 - loudness);
        let seq = packet.seq;
        self.rtp(from, section, 0, packet);
        seq
    }

    /// A whole frame of the camera in one packet.
    pub fn frame(&mut self, from: &Member, layer: u8, keyframe: bool) {
        let mut packet = self.packet(from, CAMERA, layer, Codec::Vp8, Bytes::new());
        packet.payload = vp8(keyframe, packet.seq.0);
        self.rtp(from, CAMERA, layer, packet);
    }

    /// The same with its publisher's word on which streams it sends, at these rates.
    pub fn frame_telling(&mut self, from: &Member, layer: u8, keyframe: bool, sent: &[(u8, u64)]) {
        let mut packet = self.packet(from, CAMERA, layer, Codec::Vp8, Bytes::new());
        packet.payload = vp8(keyframe, packet.seq.0);
        packet.extensions.layers_allocation = Some(allocation(layer, sent));
        self.rtp(from, CAMERA, layer, packet);
    }

    pub fn rtp(&mut self, from: &Member, section: MLineIndex, layer: u8, packet: Packet) {
        self.tell(
            from,
            PeerEvent::Rtp {
                section,
                layer: LayerIndex(layer),
                packet,
            },
        );
    }

    /// The next packet of a layer, not sent yet.
    pub fn packet(
        &mut self,
        from: &Member,
        section: MLineIndex,
        layer: u8,
        codec: Codec,
        payload: Bytes,
    ) -> Packet {
        let seq = self.next_seqs.entry((from.id.0, section, layer)).or_insert(100);
        *seq += 1;
        Packet {
            seq: SeqNo(*seq),
            timestamp: RtpTime(u32::from(*seq) * 960),
            marker: true,
            codec,
            extensions: Extensions::default(),
            payload,
        }
    }
}

/// A layers allocation on a packet of this stream: streams that are sent, and their rates.
pub fn allocation(stream: u8, sent: &[(u8, u64)]) -> Bytes {
    let layers = sent
        .iter()
        .map(|(of, bps)| AllocatedLayer::new(*of, 0, &[Bitrate(*bps)]));
    let layers = layers.collect();
    LayersAllocation { stream, layers }.to_wire()
}

fn layer(rid: &str, height: u16) -> LayerInfo {
    LayerInfo {
        rid: rid.to_owned(),
        height,
        max_bitrate: Bitrate(0),
    }
}

/// One VP8 frame in one packet: descriptor with picture id and TL0PICIDX, then the frame's first bytes.
pub fn vp8(keyframe: bool, picture_id: u16) -> Bytes {
    let id = picture_id.to_be_bytes();
    let frame = if keyframe { 0x10 } else { 0x11 };
    Bytes::copy_from_slice(&[
        0x90,
        0xC0,
        0x80 | id[0],
        id[1],
        picture_id as u8,
        frame,
        2,
        0,
        0x9D,
        1,
        0x2A,
    ])
}
