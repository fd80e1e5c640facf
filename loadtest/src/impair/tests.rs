//! The relay over loopback. Waits for datagrams, never for a time.

use super::flows::{Arrived, Direction, FLOW_IDLE, MAX_FLOWS, read};
use super::relay::Relay;
use super::*;
use std::net::Ipv4Addr;

const PATIENCE: Duration = Duration::from_secs(10);

fn options(to: SocketAddr, up: &str, down: &str) -> ImpairOptions {
    ImpairOptions {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        to,
        up: parse_link(up).unwrap(),
        down: parse_link(down).unwrap(),
        seed: 1,
        stats: None,
        duration: None,
        control: false,
    }
}

async fn socket() -> UdpSocket {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap()
}

async fn receive(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = [0; 2_048];
    let received = tokio::time::timeout(PATIENCE, socket.recv_from(&mut buffer)).await;
    let (len, from) = received.expect("a datagram").unwrap();
    (buffer[..len].to_vec(), from)
}

/// A relay that is driven by hand, and the server it sends to.
async fn by_hand(up: &str, down: &str) -> (Relay, mpsc::Receiver<Arrived>, UdpSocket, Instant) {
    let server = socket().await;
    let (arrived, arrivals) = mpsc::channel(MAX_ARRIVED);
    let now = Instant::now();
    let options = options(server.local_addr().unwrap(), up, down);
    let overflow = Arc::new(AtomicU64::new(0));
    let relay = Relay::new(options, Arc::new(socket().await), arrived, overflow, now);
    (relay, arrivals, server, now)
}

fn up(port: u16, bytes: usize) -> Arrived {
    Arrived {
        direction: Direction::Up,
        client: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        datagram: vec![7; bytes],
    }
}

#[tokio::test]
async fn datagrams_pass_both_ways_and_clients_stay_apart() {
    let server = socket().await;
    let options = options(server.local_addr().unwrap(), "delay=5ms", "delay=5ms,rate=10M");
    let relay = Impairment::open(options).await.unwrap();
    let at = relay.address();
    let (_tell, commands) = mpsc::channel(1);
    let _running = EndOfTask(tokio::spawn(async move {
        relay.run(commands, |_| {}).await.unwrap();
    }));
    let clients = [socket().await, socket().await];
    let mut seen = Vec::new();
    for (number, client) in clients.iter().enumerate() {
        client.send_to(&[number as u8; 100], at).await.unwrap();
        let (datagram, from) = receive(&server).await;
        assert_eq!(datagram, [number as u8; 100]);
        assert!(!seen.contains(&from), "each client has an address of its own");
        seen.push(from);
    }
    for (number, client) in clients.iter().enumerate() {
        server
            .send_to(&[10 + number as u8; 50], seen[number])
            .await
            .unwrap();
        assert_eq!(receive(client).await, (vec![10 + number as u8; 50], at));
    }
}

#[tokio::test]
async fn a_datagram_leaves_after_the_delay_and_not_before() {
    let (mut relay, _arrivals, server, now) = by_hand("delay=25ms", "").await;
    relay.accept(up(1, 100), now).await;
    let due = now + Duration::from_millis(25);
    assert_eq!(relay.next_due(), Some(due));
    relay.deliver(now + Duration::from_millis(20));
    assert_eq!(relay.next_due(), Some(due), "too early");
    relay.deliver(due);
    assert_eq!(relay.next_due(), None);
    assert_eq!(receive(&server).await.0, vec![7; 100]);
    assert_eq!(relay.stats(due)["up"]["datagrams"], 1);
}

#[tokio::test]
async fn what_is_dropped_is_counted_by_its_reason() {
    let (mut relay, _arrivals, _server, now) = by_hand("rate=8k,queue=100ms", "").await;
    // 128 bytes take 128 ms: the third would wait for 256, the second for 128, more than the queue allows.
    for _ in 0..3 {
        relay.accept(up(1, 100), now).await;
    }
    relay.obey(ImpairCommand::parse("up loss=100%").unwrap(), now);
    let later = now + Duration::from_secs(1);
    relay.accept(up(1, 100), later).await;
    relay.deliver(later);
    let stats = relay.stats(later);
    let of = |name: &str| stats["up"][name].as_u64().unwrap();
    assert_eq!(
        (of("datagrams"), of("dropped_full"), of("dropped_lost")),
        (1, 2, 1)
    );
    let line = relay.line(later);
    assert!(line.contains("dropped 2 full + 1 lost + 0 refused"), "{line}");
}

#[tokio::test]
async fn a_full_table_refuses_clients_until_the_old_ones_are_silent() {
    let (mut relay, _arrivals, _server, now) = by_hand("", "").await;
    for port in 1..=MAX_FLOWS as u16 + 1 {
        relay.accept(up(port, 10), now).await;
        relay.deliver(now);
    }
    assert_eq!(relay.stats(now)["up"]["dropped_refused"], 1);
    assert!(relay.line(now).contains(&format!("{MAX_FLOWS} clients")));
    let later = now + FLOW_IDLE;
    relay.accept(up(9_999, 10), later).await;
    relay.deliver(later);
    assert_eq!(relay.stats(later)["up"]["dropped_refused"], 0);
    assert!(
        relay.line(later).contains(" 1 clients"),
        "the silent ones are gone"
    );
}

#[tokio::test]
async fn for_a_client_that_is_gone_nothing_is_kept() {
    let (mut relay, _arrivals, _server, now) = by_hand("", "").await;
    let arrived = Arrived {
        direction: Direction::Down,
        ..up(1, 10)
    };
    relay.accept(arrived, now).await;
    assert_eq!(relay.next_due(), None);
    assert_eq!(relay.stats(now)["down"]["dropped_refused"], 1);
}

#[tokio::test]
async fn what_comes_faster_than_it_is_taken_is_counted() {
    let (arrived, mut arrivals) = mpsc::channel(1);
    let overflow = Arc::new(AtomicU64::new(0));
    let (reader, sender) = (Arc::new(socket().await), socket().await);
    let address = reader.local_addr().unwrap();
    let task = read(reader, None, arrived, Arc::clone(&overflow));
    let _task = EndOfTask(tokio::spawn(task));
    for _ in 0..3 {
        sender.send_to(&[1], address).await.unwrap();
    }
    let counted = async {
        while overflow.load(Ordering::Relaxed) < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, counted)
        .await
        .expect("two dropped");
    assert!(arrivals.recv().await.is_some());
}

#[tokio::test]
async fn a_schedule_counts_from_when_it_is_told() {
    let (mut relay, _arrivals, _server, now) = by_hand("rate=1M", "rate=2M").await;
    let seconds = |n| now + Duration::from_secs(n);
    relay.obey(ImpairCommand::parse("schedule 1s:3M,20s:0").unwrap(), seconds(10));
    let mut rates = |n| {
        let stats = relay.stats(seconds(n));
        ["up", "down"].map(|way| stats[way]["link_bps"].as_u64().unwrap())
    };
    assert_eq!(rates(10), [1_000_000, 2_000_000]);
    assert_eq!(rates(11), [3_000_000; 2]);
    assert_eq!(rates(30), [0; 2]);
}

#[test]
fn commands_are_read_and_what_makes_no_sense_is_refused() {
    let command = ImpairCommand::parse("down loss=5%\n").unwrap();
    assert_eq!(command, ImpairCommand::Down(parse_link("loss=5%").unwrap()));
    for wrong in ["", "down", "sideways rate=1M", "schedule soon", "up speed=1"] {
        assert!(ImpairCommand::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn the_command_line_of_the_help_is_accepted() {
    let line = "x impair --listen 10.0.0.2:20000 --to 10.0.0.2:10000 --up delay=25ms \
                --down rate=1M,delay=25ms,queue=300ms --schedule 0s:3M,20s:0.8M --stats s.jsonl --control";
    let matches = crate::options::command().try_get_matches_from(line.split_whitespace());
    let matches = matches.unwrap();
    let options = ImpairOptions::from_matches(matches.subcommand().unwrap().1).unwrap();
    assert_eq!((options.down.rate_bps, options.control), (Some(1_000_000), true));
    assert_eq!((options.up.schedule.len(), options.down.schedule.len()), (2, 2));
    assert!(
        crate::options::command()
            .try_get_matches_from(["x", "impair"])
            .is_err(),
        "without --to"
    );
}
