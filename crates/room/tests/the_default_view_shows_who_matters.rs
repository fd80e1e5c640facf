//! For a client that asks for nothing: screens, then recent speakers, then who came first; without reshuffling.

mod common;
use common::{Person, World, camera, track_in};
use media::TrackId;
use std::time::Duration;

struct Stage {
    world: World,
    viewer: Person,
    people: Vec<(Person, TrackId, TrackId)>,
}

fn stage(count: usize) -> Stage {
    let mut world = World::new();
    let viewer = world.connect("daily", "Viewer");
    let mut people = Vec::new();
    for i in 0..count {
        let person = world.connect("daily", &format!("P{i}"));
        let (cam, mic) = (world.publish(&person, "cam").id, world.publish(&person, "mic").id);
        people.push((person, cam, mic));
    }
    world.pass_secs(1);
    Stage {
        world,
        viewer,
        people,
    }
}

impl Stage {
    /// Person `i` alone is loud for a second.
    fn speaks(&mut self, i: usize) {
        for _ in 0..6 {
            let mic = self.people[i].2;
            self.world.levels(self.viewer.room, &[(mic, 90)]);
            self.world.pass(Duration::from_millis(200));
        }
        self.world.levels(self.viewer.room, &[]);
        self.world.pass(Duration::from_millis(200));
    }

    fn shown(&self) -> [Option<usize>; 3] {
        let slots = self.world.slots(&self.viewer);
        ["v0", "v1", "v2"].map(|mid| {
            let track = track_in(&slots, mid)?;
            self.people.iter().position(|(_, cam, _)| *cam == track)
        })
    }
}

#[test]
fn people_come_in_the_order_of_joining_and_never_oneself() {
    let mut stage = stage(5);
    let own = stage.world.publish(&stage.viewer, "cam").id;
    stage.world.pass_secs(1);
    assert_eq!(stage.shown(), [Some(0), Some(1), Some(2)]);
    let assigned = stage.world.assigned(&stage.viewer).concat();
    assert!(assigned.iter().all(|change| change.track != Some(own)));
    assert!(
        assigned
            .iter()
            .any(|change| change.slot.0 == 10 && change.height == 360)
    );
}

#[test]
fn a_speaker_off_screen_takes_one_slot_and_nobody_else_moves() {
    let mut stage = stage(5);
    stage.speaks(4);
    assert_eq!(stage.shown(), [Some(0), Some(1), Some(4)]);
    stage.speaks(3);
    assert_eq!(stage.shown(), [Some(0), Some(3), Some(4)]);
}

#[test]
fn a_speaker_on_screen_moves_nothing() {
    let mut stage = stage(5);
    stage.world.settle();
    stage.speaks(2);
    stage.speaks(1);
    assert!(stage.world.assigned(&stage.viewer).is_empty());
}

#[test]
fn a_screen_comes_first_at_its_own_height() {
    let mut stage = stage(5);
    let screen = stage.world.publish(&stage.people[4].0, "scr").id;
    stage.world.pass_secs(1);
    assert_eq!(track_in(&stage.world.slots(&stage.viewer), "v2"), Some(screen));
    assert_eq!(stage.shown(), [Some(0), Some(1), None]);
    let assigned = stage.world.assigned(&stage.viewer).concat();
    assert!(
        assigned
            .iter()
            .any(|change| change.track == Some(screen) && change.height == 1_080)
    );
}

#[test]
fn who_leaves_makes_room_for_the_next() {
    let mut stage = stage(5);
    let gone = stage.people[1].0.clone();
    stage.world.leave(&gone);
    stage.world.pass_secs(1);
    assert_eq!(stage.shown(), [Some(0), Some(3), Some(2)]);
}

#[test]
fn pictures_come_before_mere_voices() {
    let mut stage = stage(4);
    let person = stage.people[0].0.clone();
    stage
        .world
        .rooms
        .handle_unpublish(stage.world.now, person.socket, "cam")
        .expect("the mid was offered");
    stage.world.pass_secs(1);
    assert_eq!(stage.shown(), [Some(3), Some(1), Some(2)]);
}

#[test]
fn auto_height_fills_what_the_tiles_leave_free() {
    let mut stage = stage(5);
    let tile = camera(&stage.people[4].0, 720);
    let viewer = stage.viewer.clone();
    stage.world.view(&viewer, &[tile], Some(180));
    assert_eq!(
        stage.shown(),
        [Some(0), Some(1), Some(4)],
        "who is shown already stays"
    );
    stage.world.commands.clear();
    stage.world.view(&viewer, &[tile], None);
    assert_eq!(stage.shown(), [None, None, Some(4)]);
    stage.speaks(3);
    assert_eq!(
        stage.shown(),
        [None, None, Some(4)],
        "a client that names everything gets nothing else"
    );
}
