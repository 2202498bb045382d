//! Moves blocks from the source's thread to the analysis, in order, and back for reuse.
//!
//! In: a [`Source`]. Out: a [`Snapshot`] when it ends, on the way what an [`Observer`] asks for, and a [`View`] when a
//! [`Screen`] asks. May touch: threads, the processors they are on, and channels; it joins `source`, `engine`,
//! `aggregate` and `diagnose`. Never: packet contents.
//!
//! Reading is a thread of its own, so that the analysis never waits for a disk or a decompressor and a capture ring never
//! waits for the analysis. Connections are divided among engines, a thread each; every engine sees the time of every
//! frame. The calling thread merges what they tell in frame order and adds it up: what needs order across connections
//! stands apart from what one connection does, and the report is the same for any number of engines.

mod adding;
mod apart;
mod assemble;
mod divide;
mod ladder;
mod observer;
mod showing;
mod view;
mod waiting;

use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::aggregate::{Aggregate, Told};
use crate::diagnose::{ExchangeRecord, Snapshot};
use crate::engine::{Config, Engine, KeyHasher, Left};
use crate::lang;
use crate::source::Source;
use crate::time::Timestamp;
use adding::Adding;
use apart::{Apart, Stay};
use assemble::Account;
use divide::{Divided, Interfaces, Read, Reading, Share};
pub use ladder::{ladder, ladders};
pub use observer::{Observer, SoFar};
use view::{Ask, Recent, ViewDesk};
pub use view::{Screen, Selected, View, ViewQuery, ViewRow};
use waiting::Wait;

/// Blocks and batches under way between threads: enough to bridge a hiccup of either, few enough to stay in the cache.
const UNDER_WAY: usize = 4;

/// What an engine found in one block.
#[derive(Default)]
struct Batch {
    told: Told,
    exchanges: Vec<ExchangeRecord>,
    /// First packet of the capture, and packet time at the end of the block.
    span: Option<(Timestamp, Timestamp)>,
    /// After the last block: what this engine has left to tell.
    left: Option<Left>,
    /// The engine's counters after the block.
    account: Account,
}

/// The main thread's end of an engine.
struct Desk {
    found: Receiver<Batch>,
    used: Sender<Batch>,
    left: Sender<Arc<Left>>,
    wait: Wait,
}

/// An engine's end.
struct Post {
    shares: Receiver<Share>,
    empty: Sender<Divided>,
    found: Sender<Batch>,
    fresh: Receiver<Batch>,
    left: Receiver<Arc<Left>>,
    /// Its number among how many.
    place: (usize, usize),
    /// What a screen wants to know.
    asks: Option<Receiver<Ask>>,
    wait: Wait,
}

/// How many engines suit this machine: reading and adding up want a processor, too, and more than four do not pay.
#[must_use]
pub fn engines() -> usize {
    processors().saturating_sub(1).clamp(1, 4)
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Reads `source` to its end and analyses it with `engines` engines.
///
/// `observer` is told on the way, on the calling thread.
pub fn analyse(
    source: Box<dyn Source>,
    config: &Config,
    engines: usize,
    observer: &mut dyn Observer,
) -> Snapshot {
    analyse_for(None, source, config, engines, observer)
}

/// The same, while a screen asks for connections.
pub fn analyse_for(
    screen: Option<&Screen>,
    source: Box<dyn Source>,
    config: &Config,
    engines: usize,
    observer: &mut dyn Observer,
) -> Snapshot {
    let mut aggregate = Aggregate::new(config.thresholds.clone(), config.keep_connections);
    let wait = if source.is_prompt() && processors() > 1 {
        Wait::Briefly
    } else {
        Wait::Long
    };
    let (empty, recycled) = bounded(UNDER_WAY);
    let (mut shares, mut desks, mut posts, mut asks) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let engines = engines.max(1);
    for number in 0..engines {
        let (share, own_shares) = bounded(UNDER_WAY);
        let (found, own_found) = bounded(UNDER_WAY);
        let (used, fresh) = bounded(UNDER_WAY);
        let (left, own_left) = bounded(1);
        let own_asks = screen.map(|_| {
            let (ask, own_asks) = bounded(UNDER_WAY);
            asks.push(ask);
            own_asks
        });
        shares.push(share);
        desks.push(Desk {
            found: own_found,
            used,
            left,
            wait,
        });
        posts.push(Post {
            shares: own_shares,
            empty: empty.clone(),
            found,
            fresh,
            left: own_left,
            place: (number, engines),
            asks: own_asks,
            wait,
        });
    }
    drop(empty);
    let recent = screen.map(|_| Recent::default());
    let interfaces = Interfaces::default();
    let known = interfaces.clone();
    let hasher = KeyHasher::default();
    if config.tell_connections {
        aggregate.keep_ended();
    }
    // With a single engine of files there are two threads, both busy.
    let apart = (engines == 1 && wait == Wait::Briefly)
        .then(Apart::of_this_thread)
        .flatten();
    thread::scope(|scope| {
        for post in posts {
            let engine = Engine::new(config.clone())
                .with_hasher(hasher.clone())
                .one_of(post.place.0, engines);
            scope.spawn(move || work(engine, post, apart.as_ref().map(Apart::elsewhere)));
        }
        if let Some((screen, recent)) = screen.zip(recent.as_ref()) {
            let idle_close = config.thresholds.idle_close;
            scope.spawn(move || {
                view::serve(&ViewDesk {
                    screen,
                    recent,
                    engines: &asks,
                    idle_close,
                });
            });
            aggregate.keep_recent();
        }
        let mut adding = Adding::new(&mut aggregate, desks, config, &known, (observer, recent.as_ref()));
        let read = if engines == 1 && source.is_prompt() {
            let stay = apart.as_ref().map(Apart::here);
            in_turn(
                Reading::new(source, interfaces, hasher),
                shares,
                &recycled,
                &mut adding,
                stay,
            )
        } else {
            let lang = lang::spoken();
            let reader = scope.spawn(move || {
                let _speaking = lang::speak(lang);
                Reading::new(source, interfaces, hasher).run(&shares, &recycled)
            });
            while adding.round() {}
            // A thread that panicked has said so on its own; what the others have is reported all the same.
            reader.join().unwrap_or_default()
        };
        let accounts = adding.finish();
        if let Some(screen) = screen {
            screen.close();
        }
        // Meanwhile the engines' memory is given back.
        let listed = config.keep_connections.is_some().then(|| aggregate.take_listed());
        assemble::snapshot(&accounts, &aggregate, listed, config, read).0
    })
}

/// Reads and adds up by turns, on one thread: with a single engine both together take about as long as the analysis, and two
/// threads that wait for each other on one processor cost more than they gain.
fn in_turn(
    mut reading: Reading,
    shares: Vec<Sender<Share>>,
    recycled: &Receiver<Divided>,
    adding: &mut Adding<'_>,
    mut stay: Option<Stay>,
) -> Read {
    let mut under_way = 0;
    while reading.step(&shares, recycled) {
        under_way += 1;
        stay.iter_mut().for_each(Stay::block);
        while (under_way == UNDER_WAY || adding.is_ready()) && adding.round() {
            under_way -= 1;
        }
    }
    drop(shares);
    while adding.round() {}
    reading.end()
}

/// An engine's thread. A receiver that is gone means that nobody is left to tell.
fn work(mut engine: Engine, mut post: Post, mut stay: Option<Stay>) {
    let asks = post.asks.take();
    let mut take_in = |engine: &mut Engine, share: Share| {
        stay.iter_mut().for_each(Stay::block);
        share.show(engine);
        if let Some(memory) = share.into_memory() {
            // A full channel means that enough blocks are under way: this one's memory is let go.
            let _ = post.empty.try_send(memory);
        }
        hand_on(engine, &post, None);
    };
    match asks {
        None => {
            while let Some(share) = post.wait.receive(&post.shares) {
                take_in(&mut engine, share);
            }
        }
        Some(asks) => view::attend(&mut engine, post.place, &post.shares, asks, take_in),
    }
    engine.finish();
    // What is told now has an order of its own.
    hand_on(&mut engine, &post, None);
    for unsure in [false, true] {
        let left = engine.left(unsure);
        hand_on(&mut engine, &post, Some(left));
        let Some(all) = post.wait.receive(&post.left) else {
            break;
        };
        engine.learn_left(&all);
        // Of every engine at a time, also of one that has nothing there.
        for part in all.parts() {
            engine.tell_part(*part, unsure);
            hand_on(&mut engine, &post, None);
        }
    }
    hand_on(&mut engine, &post, None);
}

fn hand_on(engine: &mut Engine, post: &Post, left: Option<Left>) {
    let mut batch = post.fresh.try_recv().unwrap_or_default();
    engine.take(&mut batch.told, &mut batch.exchanges);
    batch.span = engine.start().map(|start| (start, engine.clock()));
    batch.left = left;
    batch.account = Account::of(engine);
    let _ = post.wait.send(&post.found, batch);
}
