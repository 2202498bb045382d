//! Which of the words after `read` are files and which are the filter.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::error::Error;

/// What captures start with: pcap in both byte orders and precisions, pcapng, gzip, zstd.
const MAGIC: [&[u8]; 7] = [
    &[0xa1, 0xb2, 0xc3, 0xd4],
    &[0xd4, 0xc3, 0xb2, 0xa1],
    &[0xa1, 0xb2, 0x3c, 0x4d],
    &[0x4d, 0x3c, 0xb2, 0xa1],
    &[0x0a, 0x0d, 0x0d, 0x0a],
    &[0x1f, 0x8b],
    &[0x28, 0xb5, 0x2f, 0xfd],
];

/// How capture files are usually named; rotated ones have digits after it.
const SUFFIXES: [&str; 8] = [
    ".pcap", ".pcapng", ".cap", ".dmp", ".dump", ".gz", ".zst", ".trace",
];

/// Files, and the filter if there is one.
#[derive(Debug, PartialEq)]
pub(super) struct Split {
    pub(super) files: Vec<PathBuf>,
    pub(super) filter: Option<String>,
}

/// Splits `words`; `after_dashes` is what followed `--`, which is filter whatever it looks like.
pub(super) fn split(words: Vec<OsString>, after_dashes: Vec<OsString>) -> Result<Split, Error> {
    let mut words = words.into_iter().peekable();
    let mut files: Vec<PathBuf> = words.next().into_iter().map(PathBuf::from).collect();
    while let Some(file) = words.next_if(|word| is_file(word)) {
        files.push(file.into());
    }
    let mut filter = Vec::new();
    for word in words {
        if is_file(&word) {
            let problem = "a capture after the filter has begun; name the files first, then the filter";
            return Err(Error::argument(word.to_string_lossy(), problem));
        }
        if looks_like_file(&word) {
            return Err(Error::argument(
                word.to_string_lossy(),
                why_no_file(Path::new(&word)),
            ));
        }
        filter.push(word);
    }
    filter.extend(after_dashes);
    let filter = filter
        .into_iter()
        .map(utf8)
        .collect::<Result<Vec<_>, _>>()?
        .join(" ");
    let filter = Some(filter.trim().to_owned()).filter(|filter| !filter.is_empty());
    Ok(Split { files, filter })
}

fn utf8(word: OsString) -> Result<String, Error> {
    word.into_string()
        .map_err(|word| Error::argument(word.to_string_lossy(), "a filter is plain text"))
}

/// Standard input, a capture, or a pipe such as the shell's `<(zcat ...)`, which can't be looked into.
fn is_file(word: &OsStr) -> bool {
    let path = Path::new(word);
    let is_pipe = || {
        path.metadata()
            .is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
    };
    word == "-" || starts_as_capture(path) || looks_like_file(word) && is_pipe()
}

/// Refuses streams, which can be read only once.
pub(super) fn must_be_files(files: &[PathBuf], why: &str) -> Result<(), Error> {
    let streams = |file: &PathBuf| !file.metadata().is_ok_and(|metadata| metadata.is_file());
    let stream = files
        .iter()
        .find(|file| file.exists() && streams(file) || file.as_os_str() == "-");
    stream.map_or(Ok(()), |stream| {
        Err(Error::argument(
            stream.display().to_string(),
            format!("is a stream: {why}"),
        ))
    })
}

/// Whether the file exists and its first bytes are a capture's.
pub(super) fn starts_as_capture(path: &Path) -> bool {
    // Opening a FIFO for a look would block, and would eat its first bytes.
    if !path.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return false;
    }
    let mut start = [0; 4];
    let Ok(read) = File::open(path).and_then(|mut file| file.read(&mut start)) else {
        return false;
    };
    let start = start.get(..read).unwrap_or_default();
    MAGIC.iter().any(|magic| start.starts_with(magic))
}

/// Whether a word that is no capture was probably meant as one. `net 10.0.0.0/8` is not.
fn looks_like_file(word: &OsStr) -> bool {
    let Some(word) = word.to_str() else { return true };
    if word.contains(|c: char| c.is_whitespace() || "[]()<>=&|!".contains(c)) {
        return false;
    }
    let stem = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let named_so = SUFFIXES
        .iter()
        .any(|suffix| word.ends_with(suffix) || stem.ends_with(suffix));
    named_so || (word.len() > 1 && word.contains('/') && !is_network(word))
}

/// `10.0.0.0/8`, `10/8`, `2001:db8::/32`.
fn is_network(word: &str) -> bool {
    let Some((address, prefix)) = word.split_once('/') else {
        return false;
    };
    let short = address.split('.').all(|part| part.parse::<u8>().is_ok());
    let mask = prefix.parse::<u8>().is_ok() || prefix.parse::<IpAddr>().is_ok();
    mask && (short || address.parse::<IpAddr>().is_ok())
}

fn why_no_file(path: &Path) -> &'static str {
    match path.metadata() {
        Err(_) => "no such file; if it belongs to the filter, write the filter after `--`",
        Ok(metadata) if metadata.is_dir() => "is a directory; name the capture files in it",
        Ok(_) if File::open(path).is_err() => {
            "permission denied; read it as a user who may, for example with sudo"
        }
        Ok(_) => {
            "is no capture (pcap or pcapng, plain, gzip or zstd); if it belongs to the filter, write the filter after `--`"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &[&str]) -> Vec<OsString> {
        text.iter().map(OsString::from).collect()
    }

    #[test]
    fn the_first_word_is_a_file_and_the_rest_a_filter() {
        let got = split(words(&["tcp", "port", "8080"]), Vec::new()).unwrap();
        assert_eq!(
            got,
            Split {
                files: vec!["tcp".into()],
                filter: Some("port 8080".into())
            }
        );
        let got = split(words(&["a", "-"]), words(&["net", "10.0.0.0/8"])).unwrap();
        assert_eq!(
            got,
            Split {
                files: vec!["a".into(), "-".into()],
                filter: Some("net 10.0.0.0/8".into())
            }
        );
        assert_eq!(split(words(&["a"]), Vec::new()).unwrap().filter, None);
    }

    #[test]
    fn a_filter_word_that_looks_like_a_file_is_no_such_file() {
        for word in [
            "b.pcap", "b.pcap1", "dir/b", "/nowhere", "./b", "b.gz", "b.zst", "b.cap",
        ] {
            let error = split(words(&["a", "port", "80", word]), Vec::new())
                .unwrap_err()
                .to_string();
            assert!(error.contains(word) && error.contains("no such file"), "{error}");
        }
        assert!(split(words(&["a"]), words(&["b.pcap"])).is_ok());
    }

    #[test]
    fn networks_and_expressions_are_no_files() {
        for word in [
            "10.0.0.0/8",
            "10/8",
            "2001:db8::/32",
            "10.0.0.0/255.0.0.0",
            "tcp[13]&2!=0",
            "net 10.0.0.0/8 and port 80",
            "/",
        ] {
            assert!(!looks_like_file(OsStr::new(word)), "{word}");
        }
    }

    #[test]
    fn captures_are_known_by_their_first_bytes() {
        let dir = std::env::temp_dir().join(format!("flowcheck-words-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let (capture, text) = (dir.join("port"), dir.join("80"));
        std::fs::write(&capture, [0xd4, 0xc3, 0xb2, 0xa1, 2, 0]).unwrap();
        std::fs::write(&text, "hello").unwrap();
        let got = split(vec!["a".into(), capture.clone().into(), "tcp".into()], Vec::new()).unwrap();
        assert_eq!(
            got,
            Split {
                files: vec!["a".into(), capture.clone()],
                filter: Some("tcp".into())
            }
        );
        let error = split(vec!["a".into(), "tcp".into(), capture.into()], Vec::new())
            .unwrap_err()
            .to_string();
        assert!(error.contains("files first"), "{error}");
        let error = split(vec!["a".into(), text.into()], Vec::new())
            .unwrap_err()
            .to_string();
        assert!(error.contains("is no capture"), "{error}");
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
