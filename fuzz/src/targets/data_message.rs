//! Envelopes of data messages.

use media::ParticipantId;
use media::data::{EnvelopeError, MAX_MESSAGE, MAX_RELAYED, ToClient, ToServer};

/// Any message, in both directions.
pub fn data_message(data: &[u8]) {
    match ToServer::decode(data) {
        Ok(read) => {
            assert_eq!(read.encode().as_deref(), Ok(data));
            let sender = ParticipantId(1);
            let relayed = ToClient { sender, topic: read.topic, payload: read.payload };
            let relayed = relayed.encode().expect("what was taken can be passed on");
            assert!(relayed.len() <= data.len() + 3);
        }
        Err(error) => assert_eq!(error == EnvelopeError::TooLarge(data.len()), data.len() > MAX_MESSAGE),
    }
    match ToClient::decode(data) {
        Ok(read) => assert_eq!(read.encode().as_deref(), Ok(data)),
        Err(error) => assert_eq!(error == EnvelopeError::TooLarge(data.len()), data.len() > MAX_RELAYED),
    }
}
