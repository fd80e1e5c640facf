//! Whether the node takes more people. It says no before those who are here have a worse call.

use media::WorkerId;
use router::Balance;
use std::io;

/// A node that was too busy takes people again when one worker has so much less to do, in thousandths. Lower: it says yes
/// and no in turns; higher: it is not filled again for longer.
const TAKES_AGAIN: u64 = 50;
/// File descriptors kept for what must go on: connections of those who are here, files, the page.
const SPARE_FILES: u64 = 64;

/// What the node has too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Work, on every worker.
    Busy,
    /// Peer connections, on every worker.
    Peers,
    /// Tracks, on every worker.
    Tracks,
    /// Open files.
    Files,
}

impl Refusal {
    /// One word each, for the metric's label.
    pub(crate) const NAMES: [&'static str; 4] = ["busy", "peers", "tracks", "files"];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Peers => "peers",
            Self::Tracks => "tracks",
            Self::Files => "files",
        }
    }
}

/// Where the limits are. Those of peers and tracks are each worker's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AdmissionLimits {
    /// In thousandths; `None`: however busy.
    pub(crate) below_permille: Option<u64>,
    pub(crate) peers: u64,
    pub(crate) tracks: u64,
    /// Open files; `None` where the system sets no limit, or does not tell.
    pub(crate) files: Option<u64>,
}

/// What the node has, besides what [`Balance`] knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Held {
    /// Tracks of each worker.
    pub(crate) tracks: Vec<u64>,
    /// Open files, where that is known.
    pub(crate) files: Option<u64>,
}

#[derive(Debug)]
pub(crate) struct Admission {
    limits: AdmissionLimits,
    was_busy: bool,
}

impl Admission {
    pub(crate) fn new(limits: AdmissionLimits) -> Self {
        Self {
            limits,
            was_busy: false,
        }
    }

    /// Why nobody more is taken now, if that is so.
    pub(crate) fn refusal(&mut self, balance: &Balance, held: &Held) -> Option<Refusal> {
        let Self { limits, was_busy } = self;
        let files = limits.files.zip(held.files);
        if files.is_some_and(|(limit, open)| open + SPARE_FILES >= limit) {
            return Some(Refusal::Files);
        }
        let all = |is_full: &dyn Fn(WorkerId) -> bool| balance.workers().all(is_full);
        if all(&|worker| balance.peers(worker) >= limits.peers) {
            return Some(Refusal::Peers);
        }
        let tracks = |worker: WorkerId| held.tracks.get(usize::from(worker.0)).copied().unwrap_or(0);
        if all(&|worker| tracks(worker) >= limits.tracks) {
            return Some(Refusal::Tracks);
        }
        let below = limits.below_permille?;
        let below = if *was_busy {
            below.saturating_sub(TAKES_AGAIN)
        } else {
            below
        };
        *was_busy = all(&|worker| balance.load(worker) >= below);
        was_busy.then_some(Refusal::Busy)
    }
}

/// How many files this process may have open (RLIMIT_NOFILE), where there is a limit.
pub(crate) fn file_limit() -> Option<u64> {
    #[cfg(unix)]
    {
        use nix::sys::resource::{Resource, getrlimit};
        let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
        (soft != nix::sys::resource::RLIM_INFINITY).then_some(soft)
    }
    #[cfg(not(unix))]
    None
}

/// How many it has open. Costs some hundred microseconds for each thousand: for once a second.
pub(crate) fn open_files() -> Option<u64> {
    let entries = std::fs::read_dir("/proc/self/fd").ok()?;
    let entries = entries.collect::<io::Result<Vec<_>>>().ok()?;
    Some(entries.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use router::Figures;

    const LIMITS: AdmissionLimits = AdmissionLimits {
        below_permille: Some(850),
        peers: 100,
        tracks: 400,
        files: Some(1_000),
    };

    /// Two workers this busy, with so many peers each.
    fn balance(busy: [u32; 2], peers: [u64; 2]) -> Balance {
        let mut balance = Balance::new(2);
        for worker in 0..2 {
            let figures = Figures {
                busy_permille: busy[worker],
                peers: peers[worker],
            };
            balance.handle_figures(WorkerId(worker as u16), figures);
        }
        balance
    }

    fn held(tracks: [u64; 2], files: u64) -> Held {
        Held {
            tracks: tracks.to_vec(),
            files: Some(files),
        }
    }

    fn refusal(balance: &Balance, held: &Held) -> Option<Refusal> {
        Admission::new(LIMITS).refusal(balance, held)
    }

    #[test]
    fn a_node_with_room_on_one_worker_takes_people() {
        let little = held([0; 2], 30);
        assert_eq!(refusal(&balance([1_000, 849], [99; 2]), &little), None);
        assert_eq!(refusal(&balance([0; 2], [100, 99]), &little), None);
        assert_eq!(refusal(&balance([0; 2], [0; 2]), &held([400, 399], 30)), None);
        assert_eq!(refusal(&balance([0; 2], [0; 2]), &held([0; 2], 935)), None);
    }

    #[test]
    fn each_limit_is_told_by_its_name() {
        let little = held([0; 2], 30);
        let idle = balance([0; 2], [0; 2]);
        let busy = balance([1_000, 850], [10; 2]);
        assert_eq!(refusal(&busy, &little), Some(Refusal::Busy));
        let crowded = balance([0; 2], [100, 100]);
        assert_eq!(refusal(&crowded, &little), Some(Refusal::Peers));
        assert_eq!(refusal(&idle, &held([400; 2], 30)), Some(Refusal::Tracks));
        assert_eq!(refusal(&idle, &held([0; 2], 936)), Some(Refusal::Files));
        let all = [Refusal::Busy, Refusal::Peers, Refusal::Tracks, Refusal::Files];
        assert_eq!(all.map(Refusal::name), Refusal::NAMES);
    }

    #[test]
    fn a_busy_node_takes_people_again_a_little_later() {
        let mut admission = Admission::new(LIMITS);
        let mut at = |busy| admission.refusal(&balance([900, busy], [10; 2]), &Held::default());
        let answers = [840, 850, 820, 800, 799, 840].map(|busy| at(busy).is_some());
        assert_eq!(answers, [false, true, true, true, false, false]);
    }

    #[test]
    fn who_comes_counts_before_the_figures_show_it() {
        let now = std::time::Instant::now();
        let mut balance = balance([0, 0], [99, 100]);
        let mut admission = Admission::new(LIMITS);
        assert_eq!(admission.refusal(&balance, &Held::default()), None);
        let (room, who) = (media::RoomId(1), media::ParticipantId(1));
        balance.reserve(now, room, who, WorkerId(0));
        assert_eq!(
            admission.refusal(&balance, &Held::default()),
            Some(Refusal::Peers)
        );
    }

    #[test]
    fn a_node_that_shall_be_filled_is_never_too_busy() {
        let mut admission = Admission::new(AdmissionLimits {
            below_permille: None,
            ..LIMITS
        });
        let busy = balance([1_000; 2], [0; 2]);
        assert_eq!(admission.refusal(&busy, &Held::default()), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn open_files_are_counted() {
        let before = open_files().unwrap();
        let open: Vec<_> = (0..20)
            .map(|_| std::fs::File::open("/dev/null").unwrap())
            .collect();
        // Other tests open and close some meanwhile.
        assert!(open_files().unwrap() + 10 >= before + open.len() as u64);
        assert!(file_limit().is_none_or(|limit| limit > before));
    }
}
