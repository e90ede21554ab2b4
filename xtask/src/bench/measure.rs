//! Runs a command and says what it cost: wall time, processor time, peak memory.
//!
//! Everything is measured from outside, as a process of its own, so that our reader, Python and somebody's trace
//! processor are all measured in one way, and none inherits the memory of the one before.

use std::io::Read as _;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

/// What one run cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cost {
    /// From start to exit, in seconds.
    pub(super) wall_secs: f64,
    /// In user code and in the system, all threads together, in seconds.
    pub(super) cpu_secs: f64,
    /// Most memory in use at a time, in bytes.
    pub(super) peak_bytes: f64,
}

/// A run: its cost and what it printed on standard output.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) cost: Cost,
    pub(super) stdout: String,
}

/// Runs `command` to its end. Fails when it cannot be started or does not succeed.
pub(super) fn run(mut command: Command) -> Result<Run> {
    let shown = format!("{command:?}");
    let start = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{shown}`"))?;
    let mut stdout = Vec::new();
    child.stdout.take().context("a piped output is missing")?.read_to_end(&mut stdout)?;
    let (status, usage) = wait_with_usage(child.id()).with_context(|| format!("cannot wait for `{shown}`"))?;
    let wall_secs = start.elapsed().as_secs_f64();
    if !status.success() {
        bail!("`{shown}` ended with {status}");
    }
    let cost = Cost {
        wall_secs,
        cpu_secs: seconds(usage.ru_utime) + seconds(usage.ru_stime),
        peak_bytes: usage.ru_maxrss as f64 * MAX_RSS_UNIT_BYTES,
    };
    Ok(Run { cost, stdout: String::from_utf8_lossy(&stdout).into_owned() })
}

/// What `ru_maxrss` counts: the one field of the structure on whose unit systems do not agree.
const MAX_RSS_UNIT_BYTES: f64 = if cfg!(target_vendor = "apple") { 1.0 } else { 1024.0 };

fn seconds(time: libc::timeval) -> f64 {
    time.tv_sec as f64 + time.tv_usec as f64 / 1e6
}

/// Waits for a child that nobody has waited for, and takes its account of resources, which no safe interface of the
/// standard library gives for one child alone.
#[expect(unsafe_code, reason = "the standard library waits for a child without asking for its resource usage")]
fn wait_with_usage(child_id: u32) -> Result<(ExitStatus, libc::rusage)> {
    use std::os::unix::process::ExitStatusExt as _;

    let mut status = 0;
    // SAFETY: `rusage` is plain numbers, for which all zeros is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    loop {
        // SAFETY: both pointers are to live local variables of the types that wait4 fills.
        let waited = unsafe { libc::wait4(child_id as libc::pid_t, &raw mut status, 0, &raw mut usage) };
        if waited >= 0 {
            return Ok((ExitStatus::from_raw(status), usage));
        }
        let error = std::io::Error::last_os_error();
        if error.kind() != std::io::ErrorKind::Interrupted {
            return Err(error.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_run_says_what_it_printed_and_cost() {
        let run = run(shell("printf done; sleep 0.1")).expect("a shell is there");
        assert_eq!(run.stdout, "done");
        assert!(run.cost.wall_secs >= 0.1, "{:?}", run.cost);
        // Sleeping costs time and no processor.
        assert!(run.cost.cpu_secs < run.cost.wall_secs, "{:?}", run.cost);
        assert!(run.cost.peak_bytes > 100_000.0, "{:?}", run.cost);
    }

    #[test]
    fn a_command_that_fails_is_an_error() {
        let error = run(shell("exit 3")).expect_err("3 is no success");
        assert!(error.to_string().ends_with("ended with exit status: 3"), "{error}");
        assert!(run(Command::new("there-is-no-such-command")).is_err());
    }
}
