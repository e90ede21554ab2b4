//! `cargo xtask fixtures`: makes the traces that tests and benches read.
//!
//! `make-sample` writes the sample trace the README shows, from options that only the testkit knows, so the file in the
//! repository can always be made again. `make-trace` writes traces of any size for benches; they are never committed.
//! The generator needs no more memory for ten gigabytes than for one, so nothing here collects what it writes.

use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use kinetoscope_testkit::generate::{
    GenerateOptions, GroundTruth, file_name, generate, ground_truth, num_events_for_bytes,
};
use kinetoscope_testkit::{fixture, gzip};

const USAGE: &str = "\
usage: cargo xtask fixtures make-sample
       cargo xtask fixtures make-trace (--events N | --bytes SIZE) [options] -o FOLDER_OR_FILE

make-sample writes the sample trace in `fixtures/` anew.

make-trace writes one vLLM-like trace a rank, named as vLLM names them, into a folder;
or, for one rank and a name that ends in .json or .json.gz, into that file.

  --events N       events in each rank's file (the last engine step is not cut)
  --bytes SIZE     size of each rank's unpacked file, for example 500MB or 1000000000 (about 2 % exact);
                   also --target-bytes
  --ranks R        ranks of the job, one file each (1)
  --rank R         only this rank's file
  --seed S         another job (1)
  --layers L       layers of the model (1 for every 1,000 events, 2 to 32)
  --with-stack     Python frames
  --with-shapes    arguments of operators
  --with-scopes    vLLM's own scopes
  --with-occupancy the occupancy calculator's numbers, as PyTorch 2.13 writes them
  --without-memory no [memory] instants
  --plain          do not pack (--gzip, the default, does)
";

/// Runs `cargo xtask fixtures ARGS…`.
pub(crate) fn run(args: &[String]) -> anyhow::Result<()> {
    if args.iter().any(|arg| arg == "--help" || arg == "-h") {
        print!("{USAGE}");
        return Ok(());
    }
    match args.first().map(String::as_str) {
        Some("make-sample") => {
            ensure!(args.len() == 1, "make-sample takes no options, not `{}`\n\n{USAGE}", args[1]);
            make_sample()
        }
        Some("make-trace") => make_traces(&TraceRequest::parse(&args[1..])?),
        Some(other) => bail!("`{other}` is not a fixtures command\n\n{USAGE}"),
        None => bail!("which fixtures command?\n\n{USAGE}"),
    }
}

fn make_sample() -> anyhow::Result<()> {
    let path = fixture::path(fixture::SAMPLE_NAME);
    let truth = write_trace(&fixture::sample_options(), &path, Packing::Gzip)?;
    println!("{}: {} events", path.display(), truth.num_events);
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    Gzip,
    Plain,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Size {
    Events(u64),
    Bytes(u64),
}

#[derive(Debug, PartialEq, Eq)]
struct TraceRequest {
    options: GenerateOptions,
    size: Size,
    only_rank: Option<u64>,
    packing: Packing,
    out: PathBuf,
}

impl TraceRequest {
    fn parse(args: &[String]) -> anyhow::Result<Self> {
        let mut options = GenerateOptions::new(0);
        let (mut size, mut layers, mut only_rank, mut packing, mut out) = (None, None, None, None, None);
        let mut args = args.iter();
        while let Some(option) = args.next() {
            let mut value = || args.next().with_context(|| format!("`{option}` wants a value\n\n{USAGE}"));
            match option.as_str() {
                "--events" => set_once(&mut size, Size::Events(number(option, value()?)?), "--events and --bytes")?,
                "--bytes" | "--target-bytes" => {
                    set_once(&mut size, Size::Bytes(number_of_bytes(option, value()?)?), "--events and --bytes")?;
                }
                "--ranks" => options.num_ranks = number(option, value()?)?,
                "--rank" => only_rank = Some(number(option, value()?)?),
                "--seed" => options.seed = number(option, value()?)?,
                "--layers" => layers = Some(number(option, value()?)?),
                "--with-stack" => options.with_stack = true,
                "--with-shapes" => options.with_shapes = true,
                "--with-scopes" => options.with_scopes = true,
                "--with-occupancy" => options.with_occupancy = true,
                "--without-memory" => options.with_memory = false,
                "--gzip" => set_once(&mut packing, Packing::Gzip, "--gzip and --plain")?,
                "--plain" => set_once(&mut packing, Packing::Plain, "--gzip and --plain")?,
                "-o" | "--out" => out = Some(PathBuf::from(value()?)),
                _ => bail!("`{option}` is not an option of make-trace\n\n{USAGE}"),
            }
        }
        let size = size.with_context(|| format!("how large? give --events or --bytes\n\n{USAGE}"))?;
        let out = out.with_context(|| format!("where to? give -o\n\n{USAGE}"))?;
        ensure!(options.num_ranks > 0, "a job has at least one rank, not `0`");
        if let Some(rank) = only_rank {
            ensure!(
                rank < options.num_ranks,
                "rank `{rank}` is not below the number of ranks, `{}`",
                options.num_ranks
            );
        }
        // Four hundred bytes is an event's usual size; the layers need no better guess.
        let num_events = match size {
            Size::Events(num_events) => num_events,
            Size::Bytes(num_bytes) => num_bytes / 400,
        };
        options.num_layers = layers.unwrap_or(GenerateOptions::new(num_events).num_layers);
        ensure!(options.num_layers > 0, "a model has at least one layer, not `0`");
        Ok(Self { options, size, only_rank, packing: packing.unwrap_or(Packing::Gzip), out })
    }
}

fn set_once<T>(slot: &mut Option<T>, value: T, options: &str) -> anyhow::Result<()> {
    ensure!(slot.is_none(), "{options}: only one of them, once");
    *slot = Some(value);
    Ok(())
}

fn number(option: &str, text: &str) -> anyhow::Result<u64> {
    let digits: String = text.chars().filter(|&letter| letter != '_' && letter != ',').collect();
    digits.parse().with_context(|| format!("`{option}` wants a whole number, not `{text}`"))
}

/// A size in bytes; the units are powers of a thousand, as disks and this repository's documents count.
fn number_of_bytes(option: &str, text: &str) -> anyhow::Result<u64> {
    let upper = text.to_uppercase();
    for (unit, factor) in [("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("B", 1)] {
        if let Some(digits) = upper.strip_suffix(unit) {
            let size: u64 = number(option, digits.trim())?;
            return size.checked_mul(factor).with_context(|| format!("`{text}` is more than can be counted"));
        }
    }
    number(option, text)
}

fn make_traces(request: &TraceRequest) -> anyhow::Result<()> {
    let mut options = request.options.clone();
    options.num_events = match request.size {
        Size::Events(num_events) => num_events,
        Size::Bytes(num_bytes) => num_events_for_bytes(&options, num_bytes),
    };
    let ranks: Vec<u64> = match request.only_rank {
        Some(rank) => vec![rank],
        None => (0..options.num_ranks).collect(),
    };
    let out_name = request.out.to_string_lossy();
    let is_file = out_name.ends_with(".json") || out_name.ends_with(".json.gz");
    if is_file {
        ensure!(ranks.len() == 1, "{} ranks do not fit one file; give a folder, not `{out_name}`", ranks.len());
        let says_packed = out_name.ends_with(".gz");
        let is_packed = request.packing == Packing::Gzip;
        ensure!(
            says_packed == is_packed,
            "`{out_name}` does not suit {}",
            if is_packed { "--gzip" } else { "--plain" }
        );
    } else {
        fs::create_dir_all(&request.out).with_context(|| format!("cannot make the folder `{out_name}`"))?;
    }
    for rank in ranks {
        let options = options.for_rank(rank);
        let path = if is_file {
            request.out.clone()
        } else {
            let suffix = if request.packing == Packing::Gzip { ".gz" } else { "" };
            request.out.join(format!("{}{suffix}", file_name(&options, &ground_truth(&options))))
        };
        let truth = write_trace(&options, &path, request.packing)?;
        println!("{}: {} events", path.display(), truth.num_events);
    }
    Ok(())
}

fn write_trace(options: &GenerateOptions, path: &Path, packing: Packing) -> anyhow::Result<GroundTruth> {
    let file = File::create(path).with_context(|| format!("cannot create `{}`", path.display()))?;
    // The generator hands out large pieces, the compressor small ones.
    let mut file = BufWriter::with_capacity(1 << 18, file);
    let written = match packing {
        Packing::Plain => generate(options, Progress::new(&mut file, path)),
        Packing::Gzip => {
            let mut packer = gzip::encoder(&mut file);
            let truth = generate(options, Progress::new(&mut packer, path));
            truth.and_then(|truth| packer.finish().map(|_| truth))
        }
    };
    written.and_then(|truth| file.flush().map(|()| truth)).with_context(|| format!("cannot write `{}`", path.display()))
}

/// Says on a terminal how much went through.
struct Progress<'a, W> {
    out: W,
    path: &'a Path,
    num_bytes: u64,
    started: Instant,
    next_report: Instant,
    is_shown: bool,
}

impl<'a, W: Write> Progress<'a, W> {
    const PERIOD: Duration = Duration::from_millis(500);

    fn new(out: W, path: &'a Path) -> Self {
        let started = Instant::now();
        let is_shown = io::stderr().is_terminal();
        Self { out, path, num_bytes: 0, started, next_report: started + Self::PERIOD, is_shown }
    }

    fn report(&mut self) {
        let now = Instant::now();
        if !self.is_shown || now < self.next_report {
            return;
        }
        self.next_report = now + Self::PERIOD;
        let megabytes = self.num_bytes as f64 / 1e6;
        let rate = megabytes / now.duration_since(self.started).as_secs_f64();
        // Carriage return and erase: the line overwrites itself. A terminal that is gone is no reason to stop.
        let _ = write!(io::stderr(), "\r\x1b[K{}: {megabytes:.0} MB, {rate:.0} MB/s", self.path.display());
    }
}

impl<W: Write> Write for Progress<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let num_bytes = self.out.write(bytes)?;
        self.num_bytes += num_bytes as u64;
        self.report();
        Ok(num_bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl<W> Drop for Progress<'_, W> {
    fn drop(&mut self) {
        if self.is_shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> anyhow::Result<TraceRequest> {
        let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        TraceRequest::parse(&args)
    }

    #[test]
    fn a_request_is_what_was_asked_for() {
        let request =
            parse("--events 1_000_000 --ranks 8 --seed 7 --with-stack --plain -o traces").expect("it is valid");
        assert_eq!(request.size, Size::Events(1_000_000));
        assert_eq!((request.options.num_ranks, request.options.seed, request.options.num_layers), (8, 7, 32));
        assert!(request.options.with_stack && !request.options.with_shapes);
        assert_eq!((request.packing, request.out), (Packing::Plain, PathBuf::from("traces")));
    }

    #[test]
    fn sizes_have_units_of_a_thousand() {
        for (text, bytes) in [("1GB", 1_000_000_000), ("500mb", 500_000_000), ("12kB", 12_000), ("99", 99), ("7B", 7)] {
            let request = parse(&format!("--bytes {text} -o x")).expect("it is valid");
            assert_eq!(request.size, Size::Bytes(bytes), "{text}");
        }
    }

    #[test]
    fn wrong_requests_say_what_is_wrong() {
        for (line, part) in [
            ("--events 5", "give -o"),
            ("-o x", "give --events or --bytes"),
            ("--events five -o x", "not `five`"),
            ("--events 5 --bytes 5 -o x", "only one of them"),
            ("--gzip --plain --events 5 -o x", "only one of them"),
            ("--events 5 --rank 2 --ranks 2 -o x", "rank `2` is not below"),
            ("--events 5 --ranks 0 -o x", "at least one rank"),
            ("--events 5 -o", "`-o` wants a value"),
            ("--bytes 99999999999999GB -o x", "more than can be counted"),
            ("--speed 5", "`--speed` is not an option"),
        ] {
            let error = parse(line).expect_err(line).to_string();
            assert!(error.contains(part), "{line}: {error}");
        }
    }

    #[test]
    fn files_of_all_ranks_are_named_packed_and_counted() {
        let temporary = tempfile::tempdir().expect("the system has room for temporary files");
        let folder = temporary.path().join("made");
        let request =
            TraceRequest { out: folder.clone(), ..parse("--events 2000 --ranks 2 -o elsewhere").expect("it is valid") };
        make_traces(&request).expect("the folder can be written");
        let mut names: Vec<String> = fs::read_dir(&folder)
            .expect("it was made")
            .map(|entry| entry.expect("it is readable").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        assert_eq!(names.len(), 2);
        for (rank, name) in names.iter().enumerate() {
            assert!(name.starts_with(&format!("rank{rank}.")) && name.ends_with(".pt.trace.json.gz"), "{name}");
            let packed = fs::read(folder.join(name)).expect("it was written");
            let trace: serde_json::Value =
                serde_json::from_slice(&gzip::unpack(&packed).expect("it is gzip")).expect("it is JSON");
            assert_eq!(trace["distributedInfo"]["rank"], rank);
        }
        let one_file = parse("--events 2000 --ranks 2 -o some.json.gz").expect("it is valid");
        assert!(make_traces(&one_file).expect_err("two ranks").to_string().contains("do not fit one file"));
        let unpacked = parse("--events 2000 --plain -o some.json.gz").expect("it is valid");
        assert!(make_traces(&unpacked).expect_err("packed name").to_string().contains("does not suit --plain"));
    }
}
