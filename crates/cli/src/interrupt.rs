//! Interrupts: stopping on Ctrl-C, whatever the program is waiting for.
//!
//! The work runs on a thread of its own, and the main thread waits for its end or an interrupt, whichever comes first.
//! The work is asked to stop and gets a moment to do so; but it may be blocked for ever, in a read from a pipe that
//! nobody writes to or a write to a pager that nobody scrolls, and then the process ends without it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use crate::failure::Exit;

/// How long interrupted work may take to tidy up. Removing an unfinished file takes less; people wait this long without
/// pressing the keys again.
const GRACE: Duration = Duration::from_millis(300);

/// Stack of the thread that works. Planning a view walks expressions by recursion; unused pages cost nothing.
const STACK_BYTES: usize = 64 << 20;

/// The wish to stop, shared between everything that should know of it.
#[derive(Clone, Default)]
pub(crate) struct Interrupt {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    is_raised: AtomicBool,
    listeners: Mutex<Vec<Box<dyn Fn() + Send>>>,
    /// Who takes an interrupt for something smaller than the end of the program.
    catcher: Mutex<Option<Box<dyn Fn() + Send>>>,
}

impl Interrupt {
    /// Raises the interrupt when the user presses Ctrl-C. Where the caller ignores the signal, as shells do for what
    /// runs in the background, it stays ignored.
    pub(crate) fn raise_on_ctrl_c(&self) {
        let interrupt = self.clone();
        let _ = ctrlc::try_set_handler(move || interrupt.raise());
    }

    /// Calls all who asked to be called, or the one who catches it.
    pub(crate) fn raise(&self) {
        if let Some(catcher) = &*self.catcher() {
            catcher();
            return;
        }
        let listeners = self.shared.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        self.shared.is_raised.store(true, Ordering::Relaxed);
        listeners.iter().for_each(|listener| listener());
    }

    /// Does `work`; an interrupt until its end calls `catcher` and nobody else, and does not count as raised.
    pub(crate) fn while_caught<T>(&self, catcher: impl Fn() + Send + 'static, work: impl FnOnce() -> T) -> T {
        *self.catcher() = Some(Box::new(catcher));
        let done = work();
        *self.catcher() = None;
        done
    }

    fn catcher(&self) -> MutexGuard<'_, Option<Box<dyn Fn() + Send>>> {
        self.shared.catcher.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls `listener` when the interrupt is raised; at once if it has been.
    pub(crate) fn on_raise(&self, listener: impl Fn() + Send + 'static) {
        let mut listeners = self.shared.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_raised() {
            listener();
        }
        listeners.push(Box::new(listener));
    }

    /// True once the interrupt was raised.
    pub(crate) fn is_raised(&self) -> bool {
        self.flag().load(Ordering::Relaxed)
    }

    /// What [`Self::is_raised`] looks at.
    pub(crate) fn flag(&self) -> &AtomicBool {
        &self.shared.is_raised
    }
}

enum Event {
    Ended(Exit),
    Interrupted,
}

/// Runs `work` until it ends or `interrupt` is raised.
pub(crate) fn supervise(interrupt: &Interrupt, work: impl FnOnce() -> Exit + Send + 'static) -> Exit {
    let (sender, events) = mpsc::channel();
    let from_interrupt = sender.clone();
    interrupt.on_raise(move || {
        // Nobody listens once the work has ended.
        let _ = from_interrupt.send(Event::Interrupted);
    });
    let spawned = thread::Builder::new().name("command".to_owned()).stack_size(STACK_BYTES).spawn(move || {
        // The panic has been reported by then.
        let exit = catch_unwind(AssertUnwindSafe(work)).unwrap_or(Exit::Internal);
        let _ = sender.send(Event::Ended(exit));
    });
    if spawned.is_err() {
        return Exit::Internal;
    }
    match events.recv() {
        Ok(Event::Ended(exit)) => exit,
        Ok(Event::Interrupted) => {
            let _ = events.recv_timeout(GRACE);
            Exit::Interrupted
        }
        Err(mpsc::RecvError) => Exit::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_work_is_the_end() {
        let interrupt = Interrupt::default();
        assert_eq!(supervise(&interrupt, || Exit::Done), Exit::Done);
        assert_eq!(supervise(&interrupt, || Exit::Unusable), Exit::Unusable);
        assert!(!interrupt.is_raised());
    }

    #[test]
    fn a_panic_is_an_internal_error() {
        assert_eq!(supervise(&Interrupt::default(), || panic!("on purpose")), Exit::Internal);
    }

    #[test]
    fn work_that_does_not_stop_is_left_behind() {
        let interrupt = Interrupt::default();
        let (_never_sends, blocked_on) = mpsc::channel::<()>();
        let raised_from = interrupt.clone();
        let exit = supervise(&interrupt, move || {
            raised_from.raise();
            let _ = blocked_on.recv();
            Exit::Done
        });
        assert_eq!(exit, Exit::Interrupted);
    }

    #[test]
    fn a_caught_interrupt_is_nobody_elses() {
        let interrupt = Interrupt::default();
        let (sender, calls) = mpsc::channel();
        let listener = sender.clone();
        interrupt.on_raise(move || listener.send("listener").expect("the receiver lives"));
        let catcher = move || sender.send("catcher").expect("the receiver lives");
        assert_eq!(
            interrupt.while_caught(catcher, || {
                interrupt.raise();
                7
            }),
            7
        );
        assert!(!interrupt.is_raised());
        interrupt.raise();
        assert_eq!(calls.try_iter().collect::<Vec<_>>(), ["catcher", "listener"]);
    }

    #[test]
    fn late_listeners_are_called_at_once() {
        let interrupt = Interrupt::default();
        let (sender, calls) = mpsc::channel();
        let early = sender.clone();
        interrupt.on_raise(move || early.send("early").expect("the receiver lives"));
        assert!(calls.try_recv().is_err());
        interrupt.raise();
        interrupt.on_raise(move || sender.send("late").expect("the receiver lives"));
        assert_eq!(calls.try_iter().collect::<Vec<_>>(), ["early", "late"]);
    }
}
