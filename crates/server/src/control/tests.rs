//! What cannot be seen through a WebSocket: what is kept, and for how long.

use super::*;
use crate::metrics::SnapshotSource;
use node::NodeConfig;
use peer::PeerConfig;
use router::RouterConfig;
use serde_json::{Value, json};
use signaling::parse_client_frame;

struct World {
    control: Control,
    built: mpsc::Receiver<Built>,
    outboxes: Vec<mpsc::Receiver<Outgoing>>,
    _node_events: mpsc::Receiver<NodeEvent>,
}

impl World {
    fn new() -> Self {
        let local = [127, 0, 0, 1].into();
        let (node, node_events) = Node::start(&NodeConfig {
            workers: 1,
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
        let (offers, built) = OfferDesk::new(vec![factory], &config);
        let control = Control {
            rooms: Rooms::new(room::Config::default(), [7; 32]),
            commands: Commands::new(Arc::new(node), metrics.commands_refused.clone()),
            offers,
            metrics,
            config,
            sockets: HashMap::new(),
            members: HashMap::new(),
            homes: HashMap::new(),
            placement: Placement::new(),
            next_request: 0,
            trace: None,
        };
        Self {
            control,
            built,
            outboxes: Vec::new(),
            _node_events: node_events,
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
        self.input(Input::Message { socket, frame, key });
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
