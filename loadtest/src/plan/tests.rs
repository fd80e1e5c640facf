use super::*;
use crate::scenario::{self, Scenario};

fn plan(scenario: &Scenario) -> Plan {
    Plan::from_scenario("test", "room", scenario).unwrap()
}

#[test]
fn groups_join_one_after_the_other_at_their_rate_and_then_it_counts() {
    let mut scenario = scenario::load("webinar").unwrap();
    (scenario.joins_per_second, scenario.group[1].participants) = (10.0, 5);
    let plan = plan(&scenario);
    let joins: Vec<_> = plan.seats.iter().map(|seat| seat.join_at.as_millis()).collect();
    assert_eq!(joins, [0, 100, 200, 300, 400, 500]);
    assert!(plan.everything_expected && plan.seats[0].camera.is_some() && !plan.seats[0].subscribes());
    assert_eq!(
        (plan.seats[1].video_slots, plan.seats[1].audio_slots),
        (9, 11),
        "as the SDK"
    );
    let from = Duration::from_millis(600) + scenario.warmup;
    assert_eq!(
        (plan.steady_from, plan.end),
        (from, Some(from + scenario.duration))
    );
}

#[test]
fn rooms_are_filled_in_turn() {
    let mut scenario = scenario::load("meeting").unwrap();
    (scenario.rooms, scenario.group[0].participants) = (3, 2);
    let rooms: Vec<_> = plan(&scenario).seats.into_iter().map(|seat| seat.room).collect();
    assert_eq!(
        rooms,
        ["room-1", "room-2", "room-3", "room-1", "room-2", "room-3"]
    );
}

#[test]
fn visitors_come_at_their_rate_stay_within_limits_and_are_the_same_for_a_seed() {
    let scenario = scenario::load("churn").unwrap();
    let churn = scenario.group[1].churn.clone().unwrap();
    let first = plan(&scenario);
    let visitors: Vec<_> = first
        .seats
        .iter()
        .filter_map(|seat| Some((seat, seat.leave_at?)))
        .collect();
    let seconds = (first.end.unwrap() - first.steady_from + scenario.warmup).as_secs_f64();
    let wanted = churn.joins_per_second * seconds;
    assert!(
        (visitors.len() as f64 - wanted).abs() <= 1.0,
        "{} of {wanted}",
        visitors.len()
    );
    let stays = visitors.iter().map(|(seat, leave)| *leave - seat.join_at);
    assert!(
        stays
            .clone()
            .all(|stay| stay >= churn.stay[0] && stay <= churn.stay[1])
    );
    assert!(stays.min() < Some(Duration::from_millis(1_100)));
    let share =
        visitors.iter().filter(|(seat, _)| seat.screen.is_some()).count() as f64 / visitors.len() as f64;
    assert!((share - churn.share).abs() < 0.03, "{share}");
    assert_eq!(first, plan(&scenario));
    let other = Scenario {
        seed: scenario.seed + 1,
        ..scenario
    };
    assert_ne!(first, plan(&other));
}

#[test]
fn more_participants_than_a_run_can_have_are_refused() {
    let mut scenario = scenario::load("meeting").unwrap();
    (scenario.rooms, scenario.group[0].participants) = (1_000, 10_000);
    assert!(Plan::from_scenario("test", "room", &scenario).is_err());
}

#[test]
fn a_rate_is_published_as_one_layer_with_the_full_picture() {
    let scenario = scenario::load("webinar").unwrap();
    let plan = plan(&scenario);
    let [first, ..] = plan.seats[0].camera_layers();
    assert_eq!((first.rid, first.height, first.bitrate), ("q", 720, 2_640_000));
    assert_eq!(plan.seats[0].video(Source::Camera).unwrap().layers(), 1);
}
