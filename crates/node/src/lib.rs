//! Workers: threads, batched UDP, ICE-TCP framing, timers, mailboxes.
