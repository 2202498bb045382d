//! The listening socket, and the threads that answer.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::desk::Desk;
use super::request::{self, Wish};
use crate::limits::{SCRAPE, SCRAPERS};

/// Pieces in which an answer is written: after each one the deadline is looked at.
const PIECE: usize = 64 << 10;

/// A socket that listens; nobody is answered yet.
#[derive(Debug)]
pub struct Exporter {
    listener: TcpListener,
}

/// How many threads answer.
struct Busy(Arc<AtomicUsize>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Exporter {
    /// Listens on an address.
    ///
    /// # Errors
    /// The system's: the address is taken, is none of this host's, or its port needs a privilege.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        Ok(Self { listener })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system's.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers from a thread of its own until the program ends, with what `desk` is told, as `media_type`.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn serve(self, desk: Arc<Desk>, media_type: &'static str) -> io::Result<()> {
        let busy = Arc::new(AtomicUsize::new(0));
        let name = || thread::Builder::new().name("metrics".to_owned());
        let accept = move || {
            for client in self.listener.incoming() {
                let Ok(client) = client else {
                    // Out of descriptors, or a client that was gone at once: neither is to make this thread spin.
                    thread::sleep(Duration::from_millis(100));
                    continue;
                };
                let deadline = Instant::now() + SCRAPE;
                if busy.fetch_add(1, Ordering::Relaxed) >= SCRAPERS {
                    let busy = Busy(Arc::clone(&busy));
                    let _ = refuse(client, "503 Service Unavailable", "come again in a second\n");
                    drop(busy);
                    continue;
                }
                let (busy, desk) = (Busy(Arc::clone(&busy)), Arc::clone(&desk));
                let answer = move || {
                    let _busy = busy;
                    // A client that does not take its answer has itself to blame.
                    let _ = answer(client, &desk, media_type, deadline);
                };
                // Without a thread the client is let go.
                let _ = name().spawn(answer);
            }
        };
        thread::Builder::new()
            .name("metrics".to_owned())
            .spawn(accept)
            .map(drop)
    }
}

fn answer(mut client: TcpStream, desk: &Desk, media_type: &str, deadline: Instant) -> io::Result<()> {
    let left = deadline.saturating_duration_since(Instant::now());
    client.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
    client.set_write_timeout(Some(left.max(Duration::from_millis(1))))?;
    let head_only = match request::read(&mut client, deadline) {
        Wish::Metrics { head_only } => head_only,
        Wish::Elsewhere => return refuse(client, "404 Not Found", "metrics are at /metrics\n"),
        Wish::Otherwise => return refuse(client, "405 Method Not Allowed", "only GET and HEAD\n"),
        Wish::Nothing => return Ok(()),
    };
    let Some(text) = desk.ask() else {
        return refuse(client, "503 Service Unavailable", "nothing was counted yet\n");
    };
    client.write_all(head("200 OK", media_type, text.len()).as_bytes())?;
    if head_only {
        return Ok(());
    }
    for piece in text.as_bytes().chunks(PIECE) {
        if Instant::now() >= deadline {
            return Err(io::ErrorKind::TimedOut.into());
        }
        client.write_all(piece)?;
    }
    client.flush()
}

fn refuse(mut client: TcpStream, status: &str, why: &str) -> io::Result<()> {
    client.set_write_timeout(Some(Duration::from_millis(100)))?;
    let head = head(status, "text/plain; charset=utf-8", why.len());
    client.write_all(head.as_bytes())?;
    client.write_all(why.as_bytes())
}

fn head(status: &str, media_type: &str, length: usize) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {length}\r\nCache-Control: no-store\r\n\
         X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    /// An exporter whose desk is told `text` whenever somebody asks.
    fn running(text: &'static str) -> (SocketAddr, Arc<Desk>) {
        let exporter = Exporter::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let address = exporter.address().unwrap();
        let desk = Arc::new(Desk::default());
        exporter.serve(Arc::clone(&desk), "text/plain").unwrap();
        let teller = Arc::clone(&desk);
        thread::spawn(move || {
            loop {
                if teller.is_wanted() {
                    teller.tell(text.to_owned());
                }
                thread::sleep(Duration::from_millis(5));
            }
        });
        (address, desk)
    }

    fn said(address: SocketAddr, request: &[u8]) -> String {
        let mut client = TcpStream::connect(address).unwrap();
        client.write_all(request).unwrap();
        let mut answer = String::new();
        let _ = client.read_to_string(&mut answer);
        answer
    }

    #[test]
    fn who_asks_is_answered() {
        let (address, _) = running("a 1\n# EOF\n");
        let answer = said(address, b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("Content-Length: 10\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\na 1\n# EOF\n"), "{answer}");
        assert!(said(address, b"GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404 "));
        assert!(said(address, b"PUT /metrics HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405 "));
        assert_eq!(said(address, b"\x16\x03\x01\r\n\r\n"), "");
    }

    /// Clients that say nothing take every place but cost no more, and their places are free again in time.
    #[test]
    fn slow_clients_cost_their_places_and_nothing_else() {
        let (address, _) = running("a 1\n# EOF\n");
        let slow: Vec<TcpStream> = (0..SCRAPERS)
            .map(|_| TcpStream::connect(address).unwrap())
            .collect();
        // The places are taken when the threads have begun.
        let ask = || said(address, b"GET /metrics HTTP/1.1\r\n\r\n");
        let begin = Instant::now();
        while !ask().starts_with("HTTP/1.1 503 ") {
            assert!(begin.elapsed() < SCRAPE, "a place was left");
        }
        drop(slow);
        while !ask().starts_with("HTTP/1.1 200 ") {
            assert!(begin.elapsed() < 2 * SCRAPE, "no place was given back");
        }
    }
}
