//! What reading a report costs beside reading the database exported from it, and beside only unpacking its blocks.
//!
//! `cargo bench -p kinetoscope-ingest --bench nsys_report [-- COPIES]` reads the largest real report that lies beside the
//! clone, first as it is and then with its events repeated. Each subject is a process of its own, so that it has a peak
//! of memory of its own, and the subjects take turns; only the ratios mean anything on another machine.

#![expect(clippy::print_stdout, reason = "it prints what it measures")]

mod repeated;

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use kinetoscope_ingest::read_path;
use rusqlite::Connection;

use repeated::Parts;

/// The largest pair of report and export at hand.
const LARGEST: &str = "cpu_demo_sampled";

/// How often its events are repeated: a hundred megabytes of blocks.
const NUM_COPIES: usize = 150;

/// Runs of each subject, of which the middle one counts.
const NUM_RUNS: usize = 5;

const SUBJECTS: [&str; 3] = ["report", "database", "unpacking"];

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [subject, path] = &arguments[..] {
        return run_subject(subject, Path::new(path));
    }
    let num_copies = match arguments.first() {
        Some(number) => number.parse()?,
        None => NUM_COPIES,
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/traces/nsys");
    let (report, database) =
        (folder.join(LARGEST).with_extension("nsys-rep"), folder.join(LARGEST).with_extension("sqlite"));
    if !report.is_file() {
        println!("skipped: no real report beside the clone");
        return Ok(());
    }
    let made = tempfile::tempdir()?;
    let (long_report, long_database) = (made.path().join("long.nsys-rep"), made.path().join("long.sqlite"));
    let bytes = fs::read(&report)?;
    let (long, step) = Parts::of(&bytes).repeated(num_copies);
    fs::write(&long_report, long)?;
    fs::copy(&database, &long_database)?;
    let mut permissions = fs::metadata(&long_database)?.permissions();
    #[expect(clippy::permissions_set_readonly_false, reason = "a copy in a folder of our own")]
    permissions.set_readonly(false);
    fs::set_permissions(&long_database, permissions)?;
    repeated::repeat_database(&Connection::open(&long_database)?, num_copies, step)?;
    check_same(&long_report, &long_database)?;
    compare(LARGEST, &report, &database)?;
    compare(&format!("its events {num_copies} times"), &long_report, &long_database)
}

/// Shows that the two that are made are one capture: else the ratio would be of different things.
fn check_same(report: &Path, database: &Path) -> Result<()> {
    let (report, database) = (read_path(report)?, read_path(database)?);
    let of = |trace: &kinetoscope_model::Trace| {
        let durations = trace.slices.dur.iter().map(i128::from).sum::<i128>();
        (trace.slices.len(), durations, trace.thread_states.len(), trace.perf_samples.len(), trace.nvtx.len())
    };
    if of(&report) != of(&database) {
        return Err(format!("the report comes to {:?}, the database to {:?}", of(&report), of(&database)).into());
    }
    Ok(())
}

/// Does what a subject is for, and prints seconds by the clock, seconds of all cores, peak bytes, and a number that it
/// came to.
fn run_subject(subject: &str, path: &Path) -> Result<()> {
    let (before, start, count) = match subject {
        "unpacking" => {
            let bytes = fs::read(path)?;
            let parts = Parts::of(&bytes);
            let (before, start) = (core_seconds(), Instant::now());
            let mut num_bytes = 0;
            for &(packed, len) in &parts.blocks {
                num_bytes += std::hint::black_box(lz4_flex::block::decompress(packed, len)?).len();
            }
            (before, start, num_bytes)
        }
        _ => {
            let (before, start) = (core_seconds(), Instant::now());
            (before, start, read_path(path)?.slices.len())
        }
    };
    let (seconds, of_cores) = (start.elapsed().as_secs_f64(), core_seconds() - before);
    println!("{seconds} {of_cores} {} {count}", peak_bytes().unwrap_or(0));
    Ok(())
}

/// What this process took of all cores, in steps of a hundredth of a second; 0 where the system does not tell. On a
/// machine that does other things as well it says more than the clock does.
fn core_seconds() -> f64 {
    const TICKS_PER_SEC: f64 = 100.0;
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name, in brackets, may hold anything. User and system time are the twelfth and thirteenth number behind it.
    let numbers = text.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    let ticks: u64 = numbers.skip(11).take(2).filter_map(|number| number.parse::<u64>().ok()).sum();
    ticks as f64 / TICKS_PER_SEC
}

/// Peak of this process in bytes; nothing where the system does not tell.
fn peak_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}

/// One run: seconds by the clock and of all cores, peak bytes, a number.
#[derive(Debug, Clone, Copy)]
struct Run {
    seconds: f64,
    core_seconds: f64,
    peak_bytes: f64,
    count: u64,
}

fn compare(name: &str, report: &Path, database: &Path) -> Result<()> {
    let program = std::env::current_exe()?;
    let mut runs: [Vec<Run>; 3] = Default::default();
    for _ in 0..NUM_RUNS {
        for (subject, runs) in SUBJECTS.iter().zip(&mut runs) {
            let path = if *subject == "database" { database } else { report };
            let output = Command::new(&program).arg(subject).arg(path).output()?;
            let text = String::from_utf8(output.stdout)?;
            let mut numbers = text.split_whitespace();
            let mut next = || numbers.next().ok_or_else(|| String::from_utf8_lossy(&output.stderr).into_owned());
            let run = Run {
                seconds: next()?.parse()?,
                core_seconds: next()?.parse()?,
                peak_bytes: next()?.parse()?,
                count: next()?.parse()?,
            };
            runs.push(run);
        }
    }
    let [report_run, database_run, unpacking_run] = runs.map(middle);
    let num_report_bytes = fs::metadata(report)?.len() as f64;
    let num_unpacked_bytes = unpacking_run.count as f64;
    println!(
        "{name}: {:.1} MB of report, {:.1} MB of events unpacked, {:.1} MB of database, {} slices, middle of {NUM_RUNS}",
        num_report_bytes / 1e6,
        num_unpacked_bytes / 1e6,
        fs::metadata(database)?.len() as f64 / 1e6,
        report_run.count,
    );
    println!(
        "  seconds: report {:.4}, database {:.4}, only unpacking (one core) {:.4}",
        report_run.seconds, database_run.seconds, unpacking_run.seconds
    );
    println!(
        "  peak memory, MB: report {:.0}, database {:.0}",
        report_run.peak_bytes / 1e6,
        database_run.peak_bytes / 1e6
    );
    println!("  time: reading the report / reading its database  {:.2}", report_run.seconds / database_run.seconds);
    println!("  time: reading the report / only unpacking        {:.1}", report_run.seconds / unpacking_run.seconds);
    println!(
        "  of all cores: the report / its database          {:.2}",
        report_run.core_seconds / database_run.core_seconds
    );
    println!(
        "  of all cores: the report / only unpacking        {:.1}",
        report_run.core_seconds / unpacking_run.seconds
    );
    println!("  peak memory / bytes of report                    {:.2}", report_run.peak_bytes / num_report_bytes);
    println!("  peak memory / bytes unpacked                     {:.2}", report_run.peak_bytes / num_unpacked_bytes);
    println!(
        "  peak memory / slices                             {:.0}",
        report_run.peak_bytes / report_run.count as f64
    );
    Ok(())
}

fn middle(mut runs: Vec<Run>) -> Run {
    runs.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    runs[runs.len() / 2]
}
