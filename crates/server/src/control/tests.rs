//! What cannot be seen through a WebSocket: what is kept, and for how long.

use super::*;
use crate::access::Access;
use crate::metrics::SnapshotSource;
use node::{NodeConfig, WorkerSnapshot};
use peer::PeerConfig;
use router::RouterConfig;
use serde_json::{Value, json};
use signaling::parse_client_frame;

struct World {
    control: Control,
    full: watch::Receiver<Option<Refusal>>,
    built: mpsc::Receiver<Built>,
    outboxes: Vec<mpsc::Receiver<Outgoing>>,
    node_events: mpsc::Receiver<NodeEvent>,
}

impl World {
    fn new() -> Self {
        Self::with(1)
    }

    fn with(workers: usize) -> Self {
        let local = [127, 0, 0, 1].into();
        let (node, node_events) = Node::start(&NodeConfig {
            workers,
            bind: local,
            port: 0,
            fallback_ip: local,
            pin_workers: node::PinWorkers::Off,
            router: RouterConfig::default(),
        })
        .expect("free ports");
        let address = node.local_addr(0).expect("a worker");
        let factory = PeerFactory::new(PeerConfig::new(vec![address])).expect("a certificate");
        let config = Arc::new(Config::default());
        let metrics = Metrics::new(SnapshotSource(Arc::new(Vec::new))).expect("metrics");
        let (offers, built) = OfferDesk::new(vec![factory; workers], &config);
        let (full, is_full) = watch::channel(None);
        let control = Control {
            rooms: Rooms::new(room::Config::default(), [7; 32]),
            places: Places::new(workers, &config, &RouterConfig::default()),
            full,
            commands: Commands::new(Arc::new(node), metrics.commands_refused.clone()),
            offers,
            metrics,
            config,
            sockets: HashMap::new(),
            members: HashMap::new(),
            placement: Placement::new(),
            next_request: 0,
            trace: None,
        };
        Self {
            control,
            full: is_full,
            built,
            outboxes: Vec::new(),
            node_events,
        }
    }

    fn open(&mut self) -> SocketId {
        let socket = SocketId(self.outboxes.len() as u64);
        let (outbox, receiver) = mpsc::channel(64);
        self.outboxes.push(receiver);
        self.input(Input::Opened {
            socket,
            outbox,
            overflow: Arc::default(),
        });
        socket
    }

    fn input(&mut self, input: Input) {
        self.control.input(input);
        self.control.drain();
    }

    fn send(&mut self, socket: SocketId, id: u32, mut message: Value) {
        message["id"] = json!(id);
        let frame = parse_client_frame(&message.to_string(), usize::MAX).expect("a message");
        let key = RequestKey { id, fingerprint: 0 };
        let credential = Access::Everybody.check(&frame.message);
        self.input(Input::Message {
            socket,
            frame,
            key,
            credential,
        });
    }

    /// Answers since last asked.
    fn answers(&mut self, socket: SocketId) -> Vec<Value> {
        let outbox = &mut self.outboxes[socket.0 as usize];
        let mut answers = Vec::new();
        while let Ok(outgoing) = outbox.try_recv() {
            if let Outgoing::Text(answer) = outgoing {
                answers.push(serde_json::from_str(&answer.text).expect("JSON"));
            }
        }
        answers
    }

    /// The worker says that it is this busy.
    fn busy(&mut self, percent: u32) {
        let snapshot = WorkerSnapshot {
            busy_permille: percent * 10,
            ..WorkerSnapshot::default()
        };
        self.control.places.handle_snapshots(Instant::now(), &[snapshot]);
    }

    /// Joins; returns the resume token.
    fn join(&mut self, socket: SocketId) -> String {
        self.send(socket, 1, json!({"type": "join", "room": "r", "name": "Ada"}));
        let welcome = self.answers(socket).remove(0);
        welcome["resume"].as_str().expect("a token").to_owned()
    }

    fn offer(&mut self, socket: SocketId, id: u32) {
        let sdp = include_str!("../../../peer/tests/offers/chromium-slots-offer.sdp");
        self.send(socket, id, json!({"type": "offer", "sdp": sdp, "tracks": []}));
    }
}

#[tokio::test]
async fn nothing_is_kept_of_a_participant_that_ends_while_its_socket_is_open() {
    let mut world = World::new();
    let (old, new) = (world.open(), world.open());
    let token = world.join(old);
    // The answer to this offer is not there when the client comes back, so its participant cannot be taken up.
    world.offer(old, 2);
    world.send(
        new,
        1,
        json!({"type": "join", "room": "r", "name": "Ada", "resume": token}),
    );
    assert_eq!(world.answers(new)[0]["code"], "resume_expired");
    world.input(Input::Closed { socket: old });
    world.input(Input::Closed { socket: new });
    assert_eq!((world.control.members.len(), world.control.sockets.len()), (0, 0));
}

#[tokio::test]
async fn a_later_offer_of_a_peer_that_breaks_is_answered() {
    let mut world = World::new();
    let socket = world.open();
    world.join(socket);
    world.offer(socket, 2);
    let built = world.built.recv().await.expect("a peer");
    let participant = built.participant;
    world.control.peer_built(built);
    world.offer(socket, 3);
    world.answers(socket);
    let event = MediaEvent::Disconnected {
        participant,
        reason: "a test",
        dtls_alert: false,
    };
    world.control.media_event(NodeEvent { worker: 0, event });
    world.control.drain();
    let answers = world.answers(socket);
    assert_eq!(
        (&answers[0]["id"], &answers[0]["code"]),
        (&json!(3), &json!("offer_rejected"))
    );
}

#[tokio::test]
async fn a_full_node_says_so_to_who_comes_and_keeps_who_is_there() {
    let mut world = World::new();
    let (ada, ben) = (world.open(), world.open());
    let token = world.join(ada);
    world.busy(85);
    let join = json!({"type": "join", "room": "r", "name": "Ben"});
    world.send(ben, 1, join.clone());
    let answer = world.answers(ben).remove(0);
    assert_eq!(
        (&answer["type"], &answer["code"]),
        (&json!("error"), &json!("node_full"))
    );
    assert_eq!(*world.full.borrow(), Some(Refusal::Busy));
    let refused = &world.control.metrics.joins_refused;
    assert_eq!(refused.with_label_values(&["busy"]).get(), 1);
    assert_eq!(world.control.metrics.full.get(), 1);

    // Who is there offers, and comes back after a lost connection.
    world.offer(ada, 2);
    assert!(world.built.recv().await.expect("a peer").result.is_ok());
    world.input(Input::Closed { socket: ada });
    let again = world.open();
    let resume = json!({"type": "join", "room": "r", "name": "Ada", "resume": token});
    world.send(again, 1, resume);
    assert_ne!(world.answers(again)[0]["code"], "node_full");

    world.busy(70);
    world.send(ben, 2, join);
    assert_eq!(world.answers(ben)[0]["type"], "welcome");
    assert_eq!(*world.full.borrow(), None);
}

#[tokio::test]
async fn a_place_is_kept_from_the_join_until_the_peer_is_there_or_does_not_come() {
    let mut world = World::new();
    let peers = |world: &World| world.control.places.peers(WorkerId(0));
    let ada = world.open();
    world.join(ada);
    assert_eq!(peers(&world), 1);
    world.offer(ada, 2);
    let built = world.built.recv().await.expect("a peer");
    world.control.peer_built(built);
    assert_eq!(peers(&world), 1, "until the worker tells of it");
    world.send(ada, 3, json!({"type": "leave"}));
    assert_eq!(peers(&world), 0);

    let ben = world.open();
    world.join(ben);
    world.send(ben, 2, json!({"type": "offer", "sdp": "v=0", "tracks": []}));
    let built = world.built.recv().await.expect("an answer");
    assert!(built.result.is_err());
    world.control.peer_built(built);
    assert_eq!(peers(&world), 0);
}

#[tokio::test]
async fn who_costs_a_busy_worker_most_is_to_move() {
    let mut world = World::with(2);
    let ada = world.open();
    world.join(ada);
    world.offer(ada, 2);
    let built = world.built.recv().await.expect("a peer");
    let participant = built.participant;
    world.control.peer_built(built);
    let snapshot = |busy_permille, heaviest| WorkerSnapshot {
        busy_permille,
        heaviest,
        ..WorkerSnapshot::default()
    };
    let snapshots = [snapshot(900, vec![participant]), snapshot(0, Vec::new())];
    let began = Instant::now();
    for second in 0..=10 {
        let now = began + Duration::from_secs(second);
        world.control.places.handle_snapshots(now, &snapshots);
        world.control.relieve(now, &snapshots);
        assert_eq!(world.control.placement.is_moving(participant), second == 10);
    }
    // Her client has not connected yet, so the worker keeps her.
    while world.control.placement.is_moving(participant) {
        let event = world.node_events.recv().await.expect("the worker tells");
        world.control.media_event(event);
    }
    let moves = &world.control.metrics.moves;
    assert_eq!(
        MOVE_OUTCOMES.map(|outcome| moves.with_label_values(&[outcome]).get()),
        [0, 1, 0]
    );
}
