//! Emptying a socket, within bounds.

use std::io;

/// Receive calls per loop, so that timers and commands get their turn under a flood.
const RECEIVES_PER_LOOP: usize = 16;
/// Receive errors per loop: each belongs to one datagram or one earlier send. More are a fault that stays, and what
/// waits is tried again at the next wake-up, so that it does not keep the worker busy.
const ERRORS_PER_LOOP: usize = 8;
/// Receives until the socket is empty or broken; `false` when more may wait and the next loop must go on.
pub(crate) fn drain(mut receive: impl FnMut() -> io::Result<bool>) -> bool {
    let mut errors = 0;
    for _ in 0..RECEIVES_PER_LOOP {
        match receive() {
            Ok(true) => {}
            Ok(false) => return true,
            // Most likely of an earlier send (unreachable host): the socket itself is fine, and more may wait in it.
            Err(_) => errors += 1,
        }
        if errors == ERRORS_PER_LOOP {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    /// What `drain` returns, and how many results it left unread.
    fn drained(results: &[Result<bool, ()>]) -> (bool, usize) {
        let mut results: VecDeque<_> = results.iter().copied().collect();
        let all = drain(|| {
            let result = results.pop_front().unwrap_or(Ok(false));
            result.map_err(|()| io::Error::other("host unreachable"))
        });
        (all, results.len())
    }

    #[test]
    fn what_waits_behind_an_error_is_received() {
        assert_eq!(
            drained(&[Ok(true), Err(()), Ok(true), Err(()), Ok(true)]),
            (true, 0)
        );
    }

    #[test]
    fn a_flood_is_left_for_the_next_loop() {
        assert_eq!(drained(&[Ok(true); RECEIVES_PER_LOOP + 5]), (false, 5));
    }

    #[test]
    fn errors_without_end_do_not_keep_the_worker_busy() {
        assert_eq!(drained(&[Err(()); 100]), (true, 100 - ERRORS_PER_LOOP));
    }
}
