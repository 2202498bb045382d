//! Message heads a second through `http`: heads of known shape, heads of browsers, responses, and heads cut in two.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use flowcheck::http::{Event, MessageStream, Method, RequestContext, Side};

const MESSAGES: usize = 1000;

const BARE: &str =
    "GET /app/small?n=200 HTTP/1.1\r\nHost: tomcats\r\nUser-Agent: ApacheBench/2.3\r\nAccept: */*\r\n\r\n";

const BROWSER: &str = "GET /app/orders/1324080?page=1 HTTP/1.1\r\nHost: shop.example.com\r\nX-Real-IP: 192.0.2.7\r\n\
    X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) \
    AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36\r\nAccept: application/json, text/plain, */*\r\n\
    Accept-Language: en-US,en;q=0.9\r\nAccept-Encoding: gzip, deflate, br\r\nReferer: https://shop.example.com/app/\r\n\
    Cookie: JSESSIONID=0123456789ABCDEF0123456789ABCDEF\r\n\r\n";

const SIZED: &str = "HTTP/1.1 200 \r\nContent-Type: text/plain\r\nContent-Length: 26\r\nDate: Sun, 22 Nov 2026 08:17:44 GMT\r\n\
    \r\nabcdefghijklmnopqrstuvwxyz";

const CHUNKED: &str = "HTTP/1.1 200 \r\nContent-Type: application/json;charset=UTF-8\r\nTransfer-Encoding: chunked\r\n\
    Date: Sun, 22 Nov 2026 08:17:44 GMT\r\n\r\n1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n";

fn main() {
    divan::main();
}

/// Reads `message` again and again, a segment each or in the pieces given.
fn run(bencher: Bencher, side: Side, pieces: &[&str]) {
    let context = RequestContext::Known(Method::Other);
    bencher.counter(ItemsCount::new(MESSAGES)).bench_local(|| {
        let mut stream = MessageStream::default();
        let mut heads = 0;
        for _ in 0..MESSAGES {
            for piece in pieces {
                let mut rest = black_box(piece.as_bytes());
                while !rest.is_empty() {
                    let step = stream.advance(side, context, rest);
                    heads += usize::from(matches!(step.event, Some(Event::Request(_) | Event::Response(_))));
                    rest = rest.get(step.used..).unwrap_or_default();
                }
            }
        }
        assert_eq!(heads, MESSAGES);
    });
}

#[divan::bench]
fn request_of_few_fields(bencher: Bencher) {
    run(bencher, Side::Request, &[BARE]);
}

#[divan::bench]
fn request_of_a_browser(bencher: Bencher) {
    run(bencher, Side::Request, &[BROWSER]);
}

#[divan::bench]
fn response_of_known_length(bencher: Bencher) {
    run(bencher, Side::Response, &[SIZED]);
}

#[divan::bench]
fn response_in_chunks(bencher: Bencher) {
    run(bencher, Side::Response, &[CHUNKED]);
}

#[divan::bench]
fn request_in_two_segments(bencher: Bencher) {
    let (first, second) = BROWSER.split_at(BROWSER.len() / 2);
    run(bencher, Side::Request, &[first, second]);
}
