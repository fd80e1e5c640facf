//! Commands on their way to workers, in order, without waiting.

use media::plane::MediaCommand;
use node::{Busy, Node, WorkerCommand, WorkerSnapshot};
use peer::RtcPeer;
use prometheus::IntCounter;
use std::collections::VecDeque;
use std::sync::Arc;

/// Commands kept for one worker whose mailbox (4,096) is full. When this is full too the worker is stuck: commands
/// are dropped and counted.
const BACKLOG_COMMANDS: usize = 16_384;

pub(super) struct Commands {
    node: Arc<Node<RtcPeer>>,
    backlogs: Vec<VecDeque<MediaCommand>>,
    refused: IntCounter,
}

impl Commands {
    pub(super) fn new(node: Arc<Node<RtcPeer>>, refused: IntCounter) -> Self {
        let backlogs = (0..node.workers()).map(|_| VecDeque::new()).collect();
        Self {
            node,
            backlogs,
            refused,
        }
    }

    /// What each worker last told of itself.
    pub(super) fn snapshots(&self) -> Vec<WorkerSnapshot> {
        let workers = 0..self.node.workers();
        workers.map(|worker| self.node.snapshot(worker)).collect()
    }

    /// Hands over a peer at once or not at all.
    pub(super) fn add_peer(&mut self, worker: usize, command: WorkerCommand<RtcPeer>) -> Result<(), Busy> {
        self.retry();
        if self
            .backlogs
            .get(worker)
            .is_none_or(|backlog| !backlog.is_empty())
        {
            self.refused.inc();
            return Err(Busy);
        }
        self.node
            .send(worker, command)
            .inspect_err(|Busy| self.refused.inc())
    }

    /// Hands over a command, later when the mailbox is full now.
    pub(super) fn send(&mut self, worker: usize, command: MediaCommand) {
        self.retry();
        let Some(backlog) = self.backlogs.get_mut(worker) else {
            return;
        };
        if backlog.is_empty()
            && self
                .node
                .send(worker, WorkerCommand::Media(command.clone()))
                .is_ok()
        {
            return;
        }
        if backlog.len() < BACKLOG_COMMANDS {
            backlog.push_back(command);
        } else {
            self.refused.inc();
        }
    }

    /// Whether something waits: call [`Self::retry`] again soon.
    pub(super) fn waiting(&self) -> bool {
        self.backlogs.iter().any(|backlog| !backlog.is_empty())
    }

    pub(super) fn retry(&mut self) {
        for (worker, backlog) in self.backlogs.iter_mut().enumerate() {
            while let Some(command) = backlog.front() {
                if self
                    .node
                    .send(worker, WorkerCommand::Media(command.clone()))
                    .is_err()
                {
                    break;
                }
                backlog.pop_front();
            }
        }
    }
}
