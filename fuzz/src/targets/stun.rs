//! Binding requests as clients build them: the username is found behind whatever attributes.

use crate::input::Short;
use arbitrary::{Arbitrary, Unstructured};
use media::stun as ours;

const USERNAME: u16 = 0x0006;
const USE_CANDIDATE: u16 = 0x0025;

#[derive(Debug, Arbitrary)]
struct Request {
    before: Vec<(u16, Short)>,
    ufrag: String,
    theirs: Short,
    after: Vec<(u16, Short)>,
    transaction: [u8; 12],
}

/// A request, in structured form.
pub fn stun(data: &[u8]) {
    let Ok(mut request) = Request::arbitrary(&mut Unstructured::new(data)) else {
        return;
    };
    request.before.retain(|(kind, _)| *kind != USERNAME);
    let username = [request.ufrag.as_bytes(), b":", &request.theirs.0].concat();
    let mut attributes = Vec::new();
    let mut add = |kind: u16, value: &[u8]| {
        attributes.extend(kind.to_be_bytes());
        attributes.extend((value.len() as u16).to_be_bytes());
        attributes.extend(value);
        attributes.resize(attributes.len().next_multiple_of(4), 0);
    };
    request.before.iter().for_each(|(kind, value)| add(*kind, &value.0));
    add(USERNAME, &username);
    request.after.iter().for_each(|(kind, value)| add(*kind, &value.0));
    let Ok(length) = u16::try_from(attributes.len()) else { return };
    let mut datagram = vec![0, 1];
    datagram.extend(length.to_be_bytes());
    datagram.extend([0x21, 0x12, 0xa4, 0x42]);
    datagram.extend(request.transaction);
    datagram.extend(attributes);

    let found = ours::local_ufrag(&datagram);
    let ufrag = request.ufrag.split(':').next().unwrap_or_default();
    if ufrag.is_empty() || ufrag.len() > 256 || username.len() > usize::from(u16::MAX) {
        assert_eq!(found, None);
    } else {
        assert_eq!(found, Some(ufrag));
    }
    let all = || request.before.iter().chain(&request.after);
    let nominates = all().any(|(kind, _)| *kind == USE_CANDIDATE);
    let binding = peer::fuzzing::binding(&datagram);
    assert_eq!(binding, Some((true, request.transaction, nominates)));
}
