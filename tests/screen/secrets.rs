//! The screen shows no values of header fields, no bodies and no query strings.

use super::stage::{Stage, capture};

/// The recording's query strings and User-Agent.
const SECRETS: [&str; 4] = ["n=200", "ApacheBench", "ms=3", "text/plain"];

#[test]
fn nothing_secret_is_drawn_in_any_view() {
    let bytes = std::fs::read(capture("churn.pcap")).expect("a capture");
    let is_there = |secret: &&str| bytes.windows(secret.len()).any(|some| some == secret.as_bytes());
    assert!(
        SECRETS.iter().filter(|secret| is_there(secret)).count() >= 2,
        "the recording has some"
    );
    let mut stage = Stage::of("churn.pcap", (160, 50));
    let mut ladders = 0;
    for keys in [
        "1",
        "n",
        "2",
        "p",
        "3",
        "j",
        "4",
        "5",
        "2Sg",
        "<Enter>",
        "<Esc>j<Enter>",
        "<Esc>",
    ] {
        stage.press(keys);
        let text = stage.text();
        ladders += usize::from(text.contains("GET /app/small"));
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret} after {keys}:\n{text}");
        }
    }
    assert!(ladders > 0, "a ladder shows its requests");
}
