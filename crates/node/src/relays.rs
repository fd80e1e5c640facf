//! The way between workers: a mailbox for each, and a bell that is rung once until it is heard.

use media::WorkerId;
use mio::Waker;
use router::{Handover, RelayMessage};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Messages of all others waiting for one worker: about 50 ms of what a busy one can take. When full, they wait in their
/// router's queues, which drop the oldest packets. Memory is taken for what waits, not for what may.
const MAILBOX_RELAY: usize = 8_192;
/// Messages taken per loop, so that sockets and timers get their turn.
const RELAYS_PER_LOOP: usize = 1_024;
/// How soon to try again when another worker's mailbox was full.
pub(crate) const RELAY_RETRY: Duration = Duration::from_millis(1);

/// What goes from one worker to another.
#[derive(Debug)]
pub(crate) enum Crossing<P> {
    /// About the tracks of a room that is on both.
    Relay(RelayMessage),
    /// A participant who moves, or what was sent to one who has.
    Handover(Handover<P>),
}

/// Wakes a worker, once for however many messages come until it looks.
#[derive(Clone)]
struct Bell {
    waker: Arc<Waker>,
    rung: Arc<AtomicBool>,
}

impl Bell {
    fn ring(&self) {
        if !self.rung.swap(true, Ordering::SeqCst) {
            // A worker that cannot be woken wakes for its next snapshot.
            let _ = self.waker.wake();
        }
    }
}

/// Another worker, seen from one.
struct Other<P> {
    worker: WorkerId,
    mailbox: Sender<(WorkerId, Crossing<P>)>,
    bell: Bell,
    /// What its mailbox had no room for.
    held: Option<Crossing<P>>,
}

/// One worker's end of the ways to and from all others.
pub(crate) struct Relays<P> {
    own: WorkerId,
    inbox: Receiver<(WorkerId, Crossing<P>)>,
    rung: Arc<AtomicBool>,
    others: Vec<Other<P>>,
}

/// Connects each worker, by its waker, with all others.
pub(crate) fn connect<P>(wakers: &[Arc<Waker>]) -> Vec<Relays<P>> {
    let mut inboxes = Vec::new();
    let mut doors = Vec::new();
    for (index, waker) in wakers.iter().enumerate() {
        let (mailbox, inbox) = channel(MAILBOX_RELAY);
        let bell = Bell {
            waker: waker.clone(),
            rung: Arc::default(),
        };
        // Workers have ports of their own, so there are fewer than 65,536.
        let worker = WorkerId(index as u16);
        inboxes.push((worker, inbox, bell.rung.clone()));
        doors.push((worker, mailbox, bell));
    }
    let others = |own: WorkerId| {
        let others = doors.iter().filter(|(worker, ..)| *worker != own);
        others
            .map(|(worker, mailbox, bell)| Other {
                worker: *worker,
                mailbox: mailbox.clone(),
                bell: bell.clone(),
                held: None,
            })
            .collect()
    };
    inboxes
        .into_iter()
        .map(|(own, inbox, rung)| Relays {
            own,
            inbox,
            rung,
            others: others(own),
        })
        .collect()
}

impl<P> Relays<P> {
    /// Takes what has come; `false` when more may wait.
    pub(crate) fn receive(&mut self, mut handle: impl FnMut(WorkerId, Crossing<P>)) -> bool {
        // Before looking: whoever sends after this rings again.
        self.rung.store(false, Ordering::SeqCst);
        for _ in 0..RELAYS_PER_LOOP {
            match self.inbox.try_recv() {
                Ok((from, message)) => handle(from, message),
                // Nothing is there, or no other worker is.
                Err(_) => return true,
            }
        }
        false
    }

    /// Passes on what the router has for each other worker, as far as their mailboxes take it.
    pub(crate) fn send(&mut self, mut poll: impl FnMut(WorkerId) -> Option<Crossing<P>>) {
        for other in &mut self.others {
            let mut sent = false;
            while let Some(message) = other.held.take().or_else(|| poll(other.worker)) {
                match other.mailbox.try_send((self.own, message)) {
                    Ok(()) => sent = true,
                    Err(TrySendError::Full((_, message))) => {
                        other.held = Some(message);
                        break;
                    }
                    // The node is going down.
                    Err(TrySendError::Closed(_)) => {}
                }
            }
            if sent {
                other.bell.ring();
            }
        }
    }

    /// Messages of others that wait.
    pub(crate) fn depth(&self) -> usize {
        self.inbox.len()
    }

    /// Whether something waits for room in another's mailbox: send again after [`RELAY_RETRY`].
    pub(crate) fn waiting(&self) -> bool {
        self.others.iter().any(|other| other.held.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use media::TrackId;
    use mio::{Events, Poll, Token};

    fn message(track: u32) -> Crossing<()> {
        Crossing::Relay(RelayMessage::Unwatch {
            track: TrackId(track),
        })
    }

    fn track(message: &Crossing<()>) -> u32 {
        match message {
            Crossing::Relay(RelayMessage::Unwatch { track }) => track.0,
            other => panic!("not what was sent: {other:?}"),
        }
    }

    /// Two workers, and the poll that the second one waits in.
    fn two() -> (Relays<()>, Relays<()>, Poll, Poll) {
        let polls = [Poll::new().unwrap(), Poll::new().unwrap()];
        let wakers = polls
            .each_ref()
            .map(|poll| Arc::new(Waker::new(poll.registry(), Token(0)).unwrap()));
        let mut relays = connect(&wakers).into_iter();
        let [first, second] = polls;
        (relays.next().unwrap(), relays.next().unwrap(), first, second)
    }

    fn is_woken(poll: &mut Poll) -> bool {
        let mut events = Events::with_capacity(4);
        poll.poll(&mut events, Some(Duration::ZERO)).unwrap();
        !events.is_empty()
    }

    #[test]
    fn a_worker_is_woken_once_until_it_looks() {
        let (mut one, mut two, _poll, mut poll) = two();
        let mut send = |numbers: std::ops::Range<u32>| {
            let mut messages = numbers.map(message);
            one.send(|to| {
                assert_eq!(to, WorkerId(1));
                messages.next()
            });
        };
        send(0..3);
        assert!(is_woken(&mut poll));
        send(3..5);
        assert!(!is_woken(&mut poll));
        assert_eq!(two.depth(), 5);
        let mut got = Vec::new();
        assert!(two.receive(|from, message| {
            assert_eq!(from, WorkerId(0));
            got.push(track(&message));
        }));
        assert_eq!(got, [0, 1, 2, 3, 4]);
        send(5..6);
        assert!(is_woken(&mut poll));
    }

    #[test]
    fn what_does_not_fit_waits_in_its_place() {
        let (mut one, mut two, ..) = two();
        let total = MAILBOX_RELAY as u32 + 10;
        let mut messages = (0..total).map(message);
        one.send(|_| messages.next());
        assert!(one.waiting());
        let mut got = Vec::new();
        while !two.receive(|_, message| got.push(track(&message))) {}
        one.send(|_| messages.next());
        assert!(!one.waiting());
        two.receive(|_, message| got.push(track(&message)));
        assert_eq!(got, (0..total).collect::<Vec<_>>());
    }
}
