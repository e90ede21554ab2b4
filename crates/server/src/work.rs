//! Work: answers that take a processor for a while, on threads of their own, and never longer than somebody waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Semaphore;

use crate::answer::Refusal;

/// Threads that answer at the same time. What comes in beyond that waits its turn.
#[derive(Debug, Clone)]
pub(crate) struct Workers {
    permits: Arc<Semaphore>,
}

/// Whether anybody still waits for the answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Waiting(Arc<AtomicBool>);

impl Waiting {
    /// True once nobody does.
    pub(crate) fn is_over(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Ends the waiting when the request is dropped.
struct EndOfWaiting(Waiting);

impl Drop for EndOfWaiting {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

impl Workers {
    pub(crate) fn new(count: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(count)) }
    }

    /// Does `work` on a thread where blocking is no harm. It learns from what it is given when its client is gone.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Waiting) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(Refusal::internal)?;
        let waiting = Waiting::default();
        let _end = EndOfWaiting(waiting.clone());
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work(&waiting)
        });
        // A panic has been reported by then; the client gets an answer all the same.
        done.await.unwrap_or_else(|error| Err(Refusal::internal(error)))
    }
}
