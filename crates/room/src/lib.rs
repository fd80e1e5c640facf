//! Who is here and who sees what: membership, tracks, views, assignments, active speakers.
