//! Requests as nginx writes them to an upstream, responses as Tomcat writes them.

use std::io::Write as _;

use super::Shape;
use super::random::Random;

const BROWSER: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36";
const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz";

/// A request: two of three with the few headers of ApacheBench, the others from browsers with what nginx adds, some of
/// them POST.
pub(super) fn request(shape: Shape, random: &mut Random, into: &mut Vec<u8>) {
    into.clear();
    let (version, close) = match shape {
        Shape::Churn => ("1.0", "Connection: close\r\n"),
        _ => ("1.1", ""),
    };
    if shape == Shape::Large {
        let head = format!("GET /app/large?n=100000 HTTP/{version}\r\nHost: tomcats\r\n{close}");
        into.extend_from_slice(head.as_bytes());
        into.extend_from_slice(b"User-Agent: ApacheBench/2.3\r\nAccept: */*\r\n\r\n");
    } else if shape == Shape::Open || random.percent(66) {
        let head = format!("GET /app/small?n=200 HTTP/{version}\r\nHost: tomcats\r\n{close}");
        into.extend_from_slice(head.as_bytes());
        into.extend_from_slice(b"User-Agent: ApacheBench/2.3\r\nAccept: */*\r\n\r\n");
    } else {
        browser(version, close, random, into);
    }
}

fn browser(version: &str, close: &str, random: &mut Random, into: &mut Vec<u8>) {
    let body = if random.percent(20) {
        random.between(30, 200)
    } else {
        0
    };
    let method = if body > 0 { "POST" } else { "GET" };
    let visitor = random.between(1, 255);
    // Writing to a vector does not fail.
    let _ = write!(
        into,
        "{method} /app/orders/{}?page={} HTTP/{version}\r\nHost: shop.example.com\r\n\
         X-Real-IP: 192.0.2.{visitor}\r\nX-Forwarded-For: 192.0.2.{visitor}\r\nX-Forwarded-Proto: https\r\n{close}",
        random.between(1, 2_000_000),
        random.between(1, 20),
    );
    if body > 0 {
        let _ = write!(
            into,
            "Content-Length: {body}\r\nContent-Type: application/json\r\n"
        );
    }
    let _ = write!(
        into,
        "User-Agent: {BROWSER}\r\nAccept: application/json, text/plain, */*\r\n\
         Accept-Language: en-US,en;q=0.9\r\nAccept-Encoding: gzip, deflate, br\r\n\
         Referer: https://shop.example.com/app/\r\nCookie: JSESSIONID={:016X}{:016X}\r\n\r\n",
        random.next(),
        random.next(),
    );
    fill(into, body as usize);
}

/// A response at `seconds` after 08:00:00: most with `Content-Length`, one of eight chunked (unless the request was
/// HTTP/1.0), a few 304.
pub(super) fn response(shape: Shape, seconds: u64, random: &mut Random, into: &mut Vec<u8>) {
    into.clear();
    let date = format!(
        "Date: Sun, 22 Nov 2026 {:02}:{:02}:{:02} GMT\r\n",
        8 + seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    );
    let length = match shape {
        Shape::Large => 100_000,
        Shape::Open => 200,
        Shape::Keepalive | Shape::Churn => random.between(100, 300),
    };
    let close = if shape == Shape::Churn {
        "Connection: close\r\n"
    } else {
        ""
    };
    let small = shape == Shape::Keepalive;
    // Writing to a vector does not fail.
    let _ = if small && random.percent(3) {
        write!(
            into,
            "HTTP/1.1 304 \r\nETag: W/\"{length}-1795334400000\"\r\n{date}\r\n"
        )
    } else if small && random.percent(12) {
        write!(
            into,
            "HTTP/1.1 200 \r\nContent-Type: application/json;charset=UTF-8\r\nTransfer-Encoding: chunked\r\n{date}\r\n{length:x}\r\n"
        )
        .and_then(|()| {
            fill(into, length as usize);
            write!(into, "\r\n0\r\n\r\n")
        })
    } else {
        write!(
            into,
            "HTTP/1.1 200 \r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n{date}{close}\r\n"
        )
        .map(|()| fill(into, length as usize))
    };
}

fn fill(into: &mut Vec<u8>, length: usize) {
    into.extend(ALPHABET.iter().cycle().take(length));
}
