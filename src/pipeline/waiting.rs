//! How a thread waits for another one.

use std::hint::spin_loop;
use std::thread::sleep;
use std::time::Duration;

use crossbeam_channel::{Receiver, SendError, Sender, TryRecvError, TrySendError};

/// Looks before a sleep, some tens of microseconds in all: what is nearly done is not slept for, which takes longer.
const LOOKS: u32 = 64;

/// Pauses of the processor, of some ten nanoseconds each, between two looks.
const PAUSES: u32 = 16;

/// Sleeps before a thread waits to be woken. One is enough to come to an idle processor; where there is none each further one
/// takes the processor from the other thread for nothing.
const SLEEPS: u32 = 2;

/// The shortest sleep; Linux makes it some 50 us (`PR_SET_TIMERSLACK`).
const MOMENT: Duration = Duration::from_micros(1);

/// How a thread waits that has nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// The other one is at work, and done within a block's time: sleeps for moments, and looks again.
    ///
    /// A channel's own waiting begins with `sched_yield`. Two threads that were put on one processor then run there by
    /// turns, neither ever asleep, and another processor stays idle until the kernel balances them; who wakes from sleep is put
    /// on an idle one at once.
    Briefly,
    /// Nothing may come for long, or there is one processor for all threads: waits to be woken.
    Long,
}

impl Wait {
    /// The next message; `None` if there is none to come.
    pub(super) fn receive<T>(self, from: &Receiver<T>) -> Option<T> {
        for look in self.looks() {
            match from.try_recv() {
                Ok(message) => return Some(message),
                Err(TryRecvError::Disconnected) => return None,
                Err(TryRecvError::Empty) => pause(look),
            }
        }
        from.recv().ok()
    }

    /// Sends a message when there is room.
    ///
    /// # Errors
    /// Nobody is left to receive it.
    pub(super) fn send<T>(self, to: &Sender<T>, mut message: T) -> Result<(), SendError<T>> {
        for look in self.looks() {
            message = match to.try_send(message) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Disconnected(message)) => return Err(SendError(message)),
                Err(TrySendError::Full(message)) => message,
            };
            pause(look);
        }
        to.send(message)
    }

    fn looks(self) -> std::ops::Range<u32> {
        match self {
            Self::Briefly => 0..LOOKS + SLEEPS,
            Self::Long => 0..0,
        }
    }
}

/// After the `look`-th look that found nothing.
fn pause(look: u32) {
    if look < LOOKS {
        (0..PAUSES).for_each(|_| spin_loop());
    } else {
        sleep(MOMENT);
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use crossbeam_channel::bounded;

    use super::*;

    #[test]
    fn messages_come_in_order_however_long_each_side_waits() {
        for wait in [Wait::Briefly, Wait::Long] {
            let (sender, receiver) = bounded(2);
            let other = thread::spawn(move || {
                for number in 0..200_u32 {
                    if number % 50 == 10 {
                        sleep(Duration::from_millis(2));
                    }
                    wait.send(&sender, number).expect("somebody receives");
                }
            });
            let mut came = Vec::new();
            while let Some(number) = wait.receive(&receiver) {
                if number % 70 == 5 {
                    sleep(Duration::from_millis(2));
                }
                came.push(number);
            }
            other.join().expect("the sender ends");
            assert_eq!(came, (0..200).collect::<Vec<_>>());
        }
    }

    #[test]
    fn who_is_alone_is_told() {
        for wait in [Wait::Briefly, Wait::Long] {
            let (sender, receiver) = bounded::<u8>(1);
            drop(receiver);
            assert_eq!(wait.send(&sender, 7), Err(SendError(7)));
            let (sender, receiver) = bounded::<u8>(1);
            drop(sender);
            assert_eq!(wait.receive(&receiver), None);
        }
    }
}
