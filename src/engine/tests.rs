use super::conversation::Conversation;

/// What a million concurrent connections cost is decided here.
#[test]
fn a_connection_is_small() {
    let size = size_of::<Conversation>();
    assert!(size <= 576, "{size} bytes");
}
