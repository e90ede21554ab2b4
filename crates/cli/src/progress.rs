//! Progress: what a terminal shows while the user waits.
//!
//! Shown on standard error only, only on a terminal, and only once waiting is noticed: most traces open before that,
//! and a bar that flashes tells nothing. It is gone before anything else is printed.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use kinetoscope_analysis::unit::{format_count, format_number_of};
use kinetoscope_ingest::{Progress, ProgressSnapshot};

use crate::interrupt::Interrupt;
use crate::printer::bytes_text;

/// Who waits for less does not wonder what goes on.
const DELAY: Duration = Duration::from_millis(250);

/// Time between two pictures: fast enough to look alive, slow enough to read.
const INTERVAL: Duration = Duration::from_millis(100);

/// An estimate from less than this is a guess.
const MIN_TIME_FOR_ESTIMATE: Duration = Duration::from_secs(1);

/// The message gets what is left of the line, and is cut at its end where the terminal is narrow.
const BAR_TEMPLATE: &str = "{bar:20} {wide_msg}";
const SPINNER_TEMPLATE: &str = "{spinner} {wide_msg}";

/// What is shown until it is dropped.
pub(crate) struct Display {
    bar: ProgressBar,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Display {
    /// Shows how far a reading is.
    pub(crate) fn of_reading(progress: &Arc<Progress>, interrupt: &Interrupt) -> Self {
        let progress = Arc::clone(progress);
        let start = Instant::now();
        Self::start(interrupt, move |bar| {
            let snapshot = progress.snapshot();
            let has_end = snapshot.total_file_bytes > 0 && !snapshot.is_building;
            bar.set_style(style(if has_end { BAR_TEMPLATE } else { SPINNER_TEMPLATE }));
            bar.update(|state| {
                state.set_len(snapshot.total_file_bytes);
                state.set_pos(snapshot.file_bytes);
            });
            bar.set_message(reading_message(&snapshot, start.elapsed()));
        })
    }

    /// Shows how far an export is.
    pub(crate) fn of_exporting(progress: &Arc<kinetoscope_export::Progress>, interrupt: &Interrupt) -> Self {
        let progress = Arc::clone(progress);
        Self::start(interrupt, move |bar| {
            let (rows, total) = progress.rows();
            bar.set_style(style(if total > 0 { BAR_TEMPLATE } else { SPINNER_TEMPLATE }));
            bar.update(|state| {
                state.set_len(total);
                state.set_pos(rows);
            });
            bar.set_message(format!("writing {}", format_number_of(rows, "row")));
        })
    }

    /// Shows that something goes on.
    pub(crate) fn of_waiting(message: &'static str, interrupt: &Interrupt) -> Self {
        Self::start(interrupt, move |bar| {
            bar.set_style(style(SPINNER_TEMPLATE));
            bar.set_message(message);
        })
    }

    fn start(interrupt: &Interrupt, draw: impl Fn(&ProgressBar) + Send + 'static) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        // Who interrupts us gets the terminal back as it was.
        let interrupted = bar.clone();
        interrupt.on_raise(move || interrupted.finish_and_clear());
        let (stop, stopped) = mpsc::channel();
        let drawn = bar.clone();
        let thread = thread::Builder::new().name("progress".to_owned()).spawn(move || {
            let mut wait = DELAY;
            while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) && !drawn.is_finished() {
                draw(&drawn);
                if wait == DELAY {
                    drawn.set_draw_target(ProgressDrawTarget::stderr());
                }
                drawn.tick();
                wait = INTERVAL;
            }
        });
        // Without the thread nothing is shown, and everything else goes on.
        Self { bar, stop: Some(stop), thread: thread.ok() }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It only draws; when that fails there is nothing to do about it.
            let _ = thread.join();
        }
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸ ")
}

/// How far a reading is after `elapsed`, in words, of which the first matter most.
fn reading_message(snapshot: &ProgressSnapshot, elapsed: Duration) -> String {
    let events = format_number_of(snapshot.events, "event");
    if snapshot.is_building {
        return format!("building tables of {events}");
    }
    let mut message = bytes_text(snapshot.file_bytes);
    if snapshot.total_file_bytes > 0 {
        message += &format!(" of {}", bytes_text(snapshot.total_file_bytes));
    }
    if let Some(secs) = seconds_left(snapshot, elapsed) {
        message += &format!(", {} s left", format_count(secs));
    }
    message + ", " + &events
}

/// Seconds until everything is read, if it goes on as it went.
fn seconds_left(snapshot: &ProgressSnapshot, elapsed: Duration) -> Option<u64> {
    let left = snapshot.total_file_bytes.checked_sub(snapshot.file_bytes)?;
    if snapshot.file_bytes == 0 || snapshot.total_file_bytes == 0 || elapsed < MIN_TIME_FOR_ESTIMATE {
        return None;
    }
    Some((elapsed.as_secs_f64() * left as f64 / snapshot.file_bytes as f64).ceil() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(file_bytes: u64, total_file_bytes: u64) -> ProgressSnapshot {
        ProgressSnapshot { total_file_bytes, file_bytes, unpacked_bytes: 0, events: 1_234, is_building: false }
    }

    #[test]
    fn a_reading_tells_how_far_it_is() {
        let after = |secs, snapshot| reading_message(&snapshot, Duration::from_secs(secs));
        assert_eq!(after(0, snapshot(0, 100_000_000)), "0 B of 100.0 MB, 1,234 events");
        assert_eq!(after(3, snapshot(25_000_000, 100_000_000)), "25.0 MB of 100.0 MB, 9 s left, 1,234 events");
        assert_eq!(after(3, snapshot(100, 100)), "100 B of 100 B, 0 s left, 1,234 events");
        assert_eq!(after(3, snapshot(25_000_000, 0)), "25.0 MB, 1,234 events");
        assert_eq!(after(3, snapshot(u64::MAX, 1)), "9223.4 PB of 1 B, 1,234 events");
        let building = ProgressSnapshot { is_building: true, ..snapshot(100, 100) };
        assert_eq!(after(3, building), "building tables of 1,234 events");
    }
}
