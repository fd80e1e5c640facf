//! What a random call needs of the world it is played in.

use crate::full::Arrival;
use crate::plain::{Sample, Workers};
use link::LinkConfig;
use media::{Source, TrackId};
use room::SlotShown;
use std::time::{Duration, Instant};

/// A server with one room, and people who are numbered as they come. All of it is in virtual time.
pub(super) trait Call {
    /// Nobody is there yet; whatever is random follows from the seed, as far as this world repeats itself. Full mode has
    /// one worker, whatever is asked for.
    fn begin(seed: u64, workers: Workers) -> Self;
    /// Virtual time now.
    fn now(&self) -> Instant;
    /// Lets time pass.
    fn run(&mut self, duration: Duration);

    /// Somebody joins over these links, publishes a camera and a silent microphone, and is observed from now on.
    fn comes(&mut self, up: LinkConfig, down: LinkConfig) -> usize;
    /// Somebody says goodbye.
    fn leaves(&mut self, who: usize);
    /// Somebody vanishes: the socket closes, nothing more is sent.
    fn is_killed(&mut self, who: usize);
    /// Publishes the camera, or stops.
    fn set_camera(&mut self, who: usize, on: bool);
    /// Mutes the microphone, or stops.
    fn mute(&mut self, who: usize, muted: bool);
    /// From now on somebody is this loud: 0 silent, 127 loudest.
    fn speak(&mut self, who: usize, loudness: u8);
    /// Somebody looks at these people's cameras, at these heights, and at nothing else.
    fn show(&mut self, who: usize, tiles: &[(usize, u16)]);

    /// Moves somebody's connection to another of the server's workers.
    fn moves(&mut self, who: usize, to: usize);

    /// Whether the server has a connection for somebody, or waits for one.
    fn knows(&self, who: usize) -> bool;
    /// What somebody publishes of a source now.
    fn track(&self, who: usize, source: Source) -> Option<TrackId>;
    /// Video frames that somebody decoded so far.
    fn frames(&self, who: usize) -> Vec<Arrival>;
    /// Packets of sound that came to somebody so far.
    fn sound(&self, who: usize) -> Vec<Arrival>;
    /// How somebody's downlink was.
    fn samples(&self, who: usize) -> &[Sample];
    /// What the server last said of each of somebody's slots, by mid.
    fn slots(&self, who: usize) -> Vec<(&str, SlotShown)>;

    /// What happened that must not.
    fn violations(&self) -> Vec<String>;
    /// What is left on the server, with a word for it: nothing, when everybody has gone.
    fn left_over(&self) -> Vec<(&'static str, u64)>;
}
