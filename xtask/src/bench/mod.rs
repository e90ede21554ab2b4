//! Measures reading, reopening and memory as ratios of what runs beside them on the same machine.
//!
//! An absolute time says more about the machine than about the program, so nothing is held against one. Every subject
//! runs as a process of its own, all subjects take turns, and the turns are repeated: what disturbs the machine for a
//! while then disturbs every side of a ratio.

mod measure;
mod options;
mod report;
pub(crate) mod worker;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use self::measure::Run;
use self::options::Options;
use self::report::{Measure, Ratio, Series, Spread, Target};
use self::worker::Task;
use crate::repository;

/// How many times larger the larger trace is.
const GROWTH: u64 = 10;

/// JSON of a trace with ten million slices.
const LARGE_TRACE_BYTES: u64 = 6_700_000_000;

/// What Python people would do first.
const PYTHON: &str = "import gzip, json, sys; print(len(json.load(gzip.open(sys.argv[1]))['traceEvents']))";

/// What the command is asked once its cache is there.
const QUERY: &str = "select count(*) from slice";

const UNPACKING: &str = "only unpacking";
const READING: &str = "reading";
const READING_PLAIN: &str = "reading, not packed";
const READING_TENTH: &str = "reading a tenth";
const CACHING: &str = "reading and writing the cache";
const REOPENING: &str = "reopening";
const QUERYING: &str = "reopening and a query";
const SERDE_TYPED: &str = "serde_json, typed";
const SERDE_VALUE: &str = "serde_json, values";
const PYTHON_LOAD: &str = "Python json.load";

/// Something that is measured: a name and how to start it.
struct Subject {
    name: String,
    command: Box<dyn Fn() -> Command>,
    /// Runs first, unmeasured.
    prepare: Option<Box<dyn Fn() -> Command>>,
}

impl Subject {
    fn new(name: &str, command: impl Fn() -> Command + 'static) -> Self {
        Self { name: name.to_owned(), command: Box::new(command), prepare: None }
    }
}

/// A made trace on the disk.
struct MadeTrace {
    plain: PathBuf,
    packed: PathBuf,
    /// Events and bytes.
    facts: Value,
}

/// `cargo xtask bench`.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let options = Options::parse(args)?;
    let worker = build_release("xtask")?;
    let folder = worker.with_file_name("bench");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create `{}`", folder.display()))?;

    let num_events = num_events_for(options.num_bytes);
    eprintln!("making traces of {num_events} and {} events", num_events / GROWTH);
    let large = make_trace(&worker, num_events, &folder.join("large.json"))?;
    let small = make_trace(&worker, num_events / GROWTH, &folder.join("small.json"))?;

    let subjects = subjects(&options, &worker, &large, &small)?;
    let (series, facts) = measure_all(&subjects, options.repeat)?;
    let facts = json!({
        "trace": large.facts,
        "tenth": small.facts,
        "printed": facts,
        "num_cores": std::thread::available_parallelism().map_or(0, usize::from),
    });
    let json_bytes = large.facts["json_bytes"].as_f64().context("the trace has no size")?;
    let ratios = ratios(&series, &options.peers, json_bytes);
    if options.as_json {
        println!("{:#}", report::json(&facts, &series, &ratios));
    } else {
        println!(
            "{} events, {:.0} MB of JSON, {:.0} MB packed with gzip; {} runs of each on {} cores\n",
            large.facts["events"],
            json_bytes / 1e6,
            large.facts["gzip_bytes"].as_f64().unwrap_or(f64::NAN) / 1e6,
            options.repeat,
            facts["num_cores"],
        );
        print!("{}", report::text(&series, &ratios));
    }
    Ok(())
}

/// `cargo xtask bench-sql`: the queries of a bench of the SQL crate here and in SQLite, over a made trace.
pub(crate) fn run_sql(args: &[String]) -> Result<()> {
    run_on_large_trace("bench-sql", "against_sqlite", args)
}

/// `cargo xtask bench-page`: what a page asks for, over a made trace.
pub(crate) fn run_page(args: &[String]) -> Result<()> {
    run_on_large_trace("bench-page", "viewports", args)
}

/// Makes a trace and runs a bench of one of the crates on it.
fn run_on_large_trace(command: &str, bench: &str, args: &[String]) -> Result<()> {
    let num_bytes = match args {
        [] => LARGE_TRACE_BYTES,
        [size] => options::parse_bytes(size)?,
        [_, surplus, ..] => bail!("`{command}` takes a size, and was given `{surplus}` too"),
    };
    let worker = build_release("xtask")?;
    let folder = worker.with_file_name("bench");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
    let num_events = num_events_for(num_bytes);
    eprintln!("making a trace of {num_events} events");
    let made = make_trace(&worker, num_events, &folder.join("large.json"))?;
    fs::remove_file(&made.plain).context("cannot remove the trace that is not packed")?;
    let mut cargo = repository::cargo();
    // The whole workspace, so that the engine is built with the features that everything else has.
    cargo.args(["bench", "--workspace", "--locked", "--bench", bench, "--"]).arg(&made.packed);
    ensure!(cargo.status().context("cannot run `cargo bench`")?.success(), "the bench failed");
    Ok(())
}

/// Builds a program for release and returns its path.
fn build_release(program: &str) -> Result<PathBuf> {
    let mut command = repository::cargo();
    command.args(["build", "--release", "--locked", "--message-format=json-render-diagnostics"]);
    // With the features of the whole workspace: another set would mean another build of the query engine.
    command.args(["--workspace", "--bin", program]);
    let output = command.stderr(Stdio::inherit()).output().context("cannot run `cargo build`")?;
    ensure!(output.status.success(), "the release build of `{program}` failed");
    let messages = String::from_utf8_lossy(&output.stdout);
    let mut programs = messages.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message["executable"].as_str()?))
    });
    programs.next_back().with_context(|| format!("`{program}` is no program"))
}

fn num_events_for(num_bytes: u64) -> u64 {
    use kinetoscope_testkit::generate::{GenerateOptions, num_events_for_bytes};
    num_events_for_bytes(&GenerateOptions::new(num_bytes / 300), num_bytes)
}

fn make_trace(worker: &Path, num_events: u64, plain: &Path) -> Result<MadeTrace> {
    let mut command = Command::new(worker);
    command.args([worker::COMMAND, "make-trace", &num_events.to_string()]).arg(plain);
    Ok(MadeTrace {
        plain: plain.to_owned(),
        packed: worker::packed_path(plain),
        facts: printed_fact(&measure::run(command)?)?,
    })
}

/// The JSON that a worker prints.
fn printed_fact(run: &Run) -> Result<Value> {
    serde_json::from_str(&run.stdout).with_context(|| format!("a worker printed no JSON: `{}`", run.stdout.trim()))
}

fn subjects(options: &Options, worker: &Path, large: &MadeTrace, small: &MadeTrace) -> Result<Vec<Subject>> {
    let ours = |name: &str, task: Task, path: &Path| {
        let (worker, path) = (worker.to_owned(), path.to_owned());
        Subject::new(name, move || {
            let mut command = Command::new(&worker);
            command.args([worker::COMMAND, task.name()]).arg(&path);
            command
        })
    };
    let mut subjects = vec![
        ours(UNPACKING, Task::Unpack, &large.packed),
        ours(READING, Task::Read, &large.packed),
        ours(READING_PLAIN, Task::Read, &large.plain),
        ours(READING_TENTH, Task::Read, &small.packed),
        ours(CACHING, Task::WriteCache, &large.packed),
        // Finds the cache that the one before has written.
        ours(REOPENING, Task::Reopen, &large.packed),
    ];
    if options.with_sql {
        let program = build_release("kinetoscope")?;
        let path = large.packed.clone();
        let query = move || {
            let mut command = Command::new(&program);
            command.arg("query").arg(&path).arg(QUERY);
            command
        };
        // The first run reads the trace and writes the command's own cache.
        subjects.push(Subject { prepare: Some(Box::new(query.clone())), ..Subject::new(QUERYING, query) });
    }
    if options.with_others {
        subjects.push(ours(SERDE_TYPED, Task::SerdeTyped, &large.packed));
        subjects.push(ours(SERDE_VALUE, Task::SerdeValue, &large.packed));
        if has_python() {
            let path = large.packed.clone();
            subjects.push(Subject::new(PYTHON_LOAD, move || {
                let mut command = Command::new("python3");
                command.args(["-c", PYTHON]).arg(&path);
                command
            }));
        } else {
            eprintln!("skipped: {PYTHON_LOAD} (there is no `python3`)");
        }
    }
    for peer in &options.peers {
        let (script, path) = (format!("{peer} \"$1\""), large.packed.clone());
        subjects.push(Subject::new(peer, move || {
            let mut command = Command::new("sh");
            command.args(["-c", &script, "sh"]).arg(&path);
            command
        }));
    }
    Ok(subjects)
}

fn has_python() -> bool {
    let status = Command::new("python3").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Runs all subjects in turns, and returns what each cost and what each of ours printed.
fn measure_all(subjects: &[Subject], repeat: usize) -> Result<(Vec<Series>, Value)> {
    let mut series: Vec<Series> =
        subjects.iter().map(|subject| Series { name: subject.name.clone(), costs: Vec::new() }).collect();
    let mut facts = json!({});
    for turn in 1..=repeat {
        for (subject, series) in subjects.iter().zip(&mut series) {
            eprintln!("turn {turn} of {repeat}: {}", subject.name);
            if let Some(prepare) = &subject.prepare {
                measure::run(prepare())?;
            }
            let run = measure::run((subject.command)())?;
            if let Ok(fact) = printed_fact(&run) {
                if facts.get(&subject.name).is_some_and(|before| *before != fact) {
                    bail!("{} printed `{fact}` and before that `{}`", subject.name, facts[&subject.name]);
                }
                facts[&subject.name] = fact;
            }
            series.costs.push(run.cost);
        }
    }
    Ok((series, facts))
}

fn ratios(series: &[Series], peers: &[String], json_bytes: f64) -> Vec<Ratio> {
    let spread = |name: &str, measure: Measure| {
        let found = series.iter().find(|series| series.name == name);
        found.map_or(Spread::constant(f64::NAN), |series| series.spread(measure))
    };
    let wall = |name: &str| spread(name, Measure::WallSecs);
    let peak = |name: &str| spread(name, Measure::PeakBytes);
    let json = Spread::constant(json_bytes);
    let one_second = Spread::constant(1.0);

    let mut ratios = vec![
        Ratio::new("reading ÷ only unpacking: time", wall(READING), wall(UNPACKING), Target::AtMost(1.5)),
        // Where other things run on the machine, threads wait for a core, and time says less than this.
        Ratio::new(
            "reading ÷ only unpacking: processor",
            spread(READING, Measure::CpuSecs),
            spread(UNPACKING, Measure::CpuSecs),
            Target::None,
        ),
        Ratio::new("reading: processor ÷ time", spread(READING, Measure::CpuSecs), wall(READING), Target::None),
        Ratio::new("reading: memory ÷ JSON", peak(READING), json, Target::AtMost(0.5)),
        Ratio::new("reading, not packed: memory ÷ JSON", peak(READING_PLAIN), json, Target::AtMost(0.5)),
        Ratio::new("10 × the events: time", wall(READING), wall(READING_TENTH), Target::AtMost(10.5)),
        Ratio::new("10 × the events: memory", peak(READING), peak(READING_TENTH), Target::AtMost(10.5)),
        Ratio::new("writing the cache ÷ reading: time", wall(CACHING), wall(READING), Target::None),
        Ratio::new("reopening: seconds", wall(REOPENING), one_second, Target::AtMost(0.1)),
        Ratio::new("reading ÷ reopening: time", wall(READING), wall(REOPENING), Target::None),
    ];
    let is_there = |name: &str| series.iter().any(|series| series.name == name);
    if is_there(QUERYING) {
        ratios.push(Ratio::new("reopening and a query: seconds", wall(QUERYING), one_second, Target::AtMost(0.1)));
    }
    for other in [SERDE_TYPED, SERDE_VALUE, PYTHON_LOAD].into_iter().filter(|name| is_there(name)) {
        ratios.push(Ratio::new(format!("{other} ÷ reading: time"), wall(other), wall(READING), Target::None));
        ratios.push(Ratio::new(format!("{other} ÷ reading: memory"), peak(other), peak(READING), Target::None));
    }
    for peer in peers {
        ratios.push(Ratio::new(format!("{peer} ÷ reading: time"), wall(peer), wall(READING), Target::AtLeast(10.0)));
        ratios.push(Ratio::new(format!("{peer} ÷ reading: memory"), peak(peer), peak(READING), Target::AtLeast(3.0)));
    }
    ratios
}
