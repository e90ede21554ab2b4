//! The command line as it is typed.
//!
//! The types here hold what was written and nothing else; [`crate::settings`] adds the environment and the defaults
//! that depend on it. The help texts are the part of the manual that everyone has at hand, so each command says what it
//! is for and shows what one would type.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{ColorChoice, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use kinetoscope_analysis::stats::{Filter, Layout, NvtxFilter, ReportRequest, TimeUnit};
use kinetoscope_server::Token;
use kinetoscope_sql::format::Format;

use crate::byte_size::parse_byte_size;
use crate::window::{Window, parse_window};

/// Lines of help are easier to read when they are not as long as the terminal is wide.
const MAX_HELP_WIDTH: usize = 100;

/// The narrowest page that a summary is laid out for.
const MIN_WIDTH: u64 = 40;

const READING: &str = "Reading";
const OUTPUT: &str = "Messages";

const EXAMPLES: &str = "\
Examples:
  kinetoscope open rank0.pt.trace.json.gz          see it in the browser
  kinetoscope summary rank0.pt.trace.json.gz       what the machine did, why the GPU was idle
  kinetoscope summary traces/                      all ranks of a run, on one clock
  kinetoscope stats rank0.pt.trace.json.gz         kernels, copies, calls and ranges as `nsys stats` lists them
  kinetoscope query rank0.pt.trace.json.gz 'select name, dur from kernel order by dur desc limit 10'";

const CONTRACT: &str = "\
Data goes to standard output, everything else to standard error. Progress is shown on a terminal only.

Exit codes:
  0    done; also when the reader of the output closed it early, as `head` does
  2    wrong usage, unreadable input, or a query that cannot be answered
  3    an error of Kinetoscope itself: please report it
  130  interrupted with Ctrl-C

Environment:
  KINETOSCOPE_CACHE_DIR  folder for all cache files, like --cache-dir
  XDG_CACHE_HOME, HOME   where the user's cache folder is otherwise
  XDG_STATE_HOME, HOME   where the history of the prompt of `query` is kept
  NO_COLOR               no colours, like --color never";

/// Sees what an LLM inference engine does with its GPUs: reads profiler traces, shows them, sums them up, and
/// answers SQL.
///
/// Reads what torch.profiler and vLLM's profiler write (Chrome/Kineto JSON; plain, or packed with gzip, zstd, zip or
/// tar), recognised by content. Works offline, and leaves nothing but a cache file beside the trace.
#[derive(Debug, Parser)]
#[command(name = "kinetoscope", bin_name = "kinetoscope", version, max_term_width = MAX_HELP_WIDTH)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{CONTRACT}"))]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,

    #[command(flatten)]
    pub(crate) messages: MessageArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Open(OpenArgs),
    Serve(ServeArgs),
    Summary(SummaryArgs),
    Stats(StatsArgs),
    Query(QueryArgs),
    Export(ExportArgs),
    #[command(subcommand)]
    Cache(CacheCommand),
}

/// What goes to standard error, whatever the command.
#[derive(Debug, clap::Args)]
pub(crate) struct MessageArgs {
    /// Print nothing but the result and errors
    #[arg(short, long, global = true, help_heading = OUTPUT, conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    /// Say what is done and how long it takes
    #[arg(short, long, global = true, help_heading = OUTPUT)]
    pub(crate) verbose: bool,

    /// When to use colours
    #[arg(long, global = true, help_heading = OUTPUT, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,

    /// Show no progress, not even on a terminal
    #[arg(long, global = true, help_heading = OUTPUT)]
    pub(crate) no_progress: bool,
}

/// How traces are read.
#[derive(Debug, clap::Args)]
pub(crate) struct ReadArgs {
    /// Read the trace anew and write no cache file
    #[arg(long, help_heading = READING)]
    pub(crate) no_cache: bool,

    #[command(flatten)]
    pub(crate) cache_dir: CacheDirArg,

    /// Keep the user's cache folder below SIZE by removing what was not used for longest
    #[arg(long, help_heading = READING, value_name = "SIZE", value_parser = parse_byte_size)]
    #[arg(default_value = "10GB")]
    pub(crate) max_cache_bytes: u64,

    /// Stop unpacking an input after SIZE, which guards against files made to fill a memory
    #[arg(long, help_heading = READING, value_name = "SIZE", value_parser = parse_byte_size)]
    #[arg(default_value = "64GiB")]
    pub(crate) max_unpacked_bytes: u64,

    /// Keep environment variables and command lines of Nsight captures, which are left out otherwise
    ///
    /// They may hold passwords. They are in the table `metadata`, and in what is exported, and never in a cache file.
    #[arg(long, help_heading = READING)]
    pub(crate) private_data: bool,

    /// Use N threads to read events and to answer queries [default: one for each processor]
    #[arg(long, help_heading = READING, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
}

/// Where cache files are.
#[derive(Debug, clap::Args)]
pub(crate) struct CacheDirArg {
    /// Keep cache files in DIR and not beside their traces
    ///
    /// Without it, a cache file goes beside its trace, or where that is not possible into the folder `kinetoscope` of
    /// the user's cache folder. The variable KINETOSCOPE_CACHE_DIR does the same for all commands.
    #[arg(long, help_heading = READING, value_name = "DIR")]
    pub(crate) cache_dir: Option<PathBuf>,
}

const OPEN_EXAMPLES: &str = "\
Examples:
  kinetoscope open rank0.pt.trace.json.gz            read it and show it in the browser
  kinetoscope open traces/                           all ranks of a run, on one clock
  kinetoscope open trace.json.gz --no-browser --port 4780
  ssh -L 4780:127.0.0.1:4780 node7 kinetoscope open trace.json.gz --no-browser --port 4780";

/// See a trace in the browser: timeline, details, SQL
///
/// Serves a page from this program on the loopback address and opens it. The address holds a secret; it is printed, so
/// that it can be opened elsewhere. The page asks no other host. Ctrl-C ends it.
#[derive(Debug, clap::Args)]
#[command(after_help = OPEN_EXAMPLES)]
pub(crate) struct OpenArgs {
    /// Traces, as for `summary`
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<String>,

    #[command(flatten)]
    pub(crate) page: PageArgs,

    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

const SERVE_EXAMPLES: &str = "\
Examples:
  kinetoscope serve traces/                          choose in the browser which one to see
  kinetoscope serve /shared/profiles --no-browser --port 4780";

/// See the traces of a folder in the browser, also those that are written there later
///
/// Every file that looks like a trace is listed, and every folder with several of them as one trace with all ranks. A
/// trace is read when somebody opens it.
#[derive(Debug, clap::Args)]
#[command(after_help = SERVE_EXAMPLES)]
pub(crate) struct ServeArgs {
    /// Folder with traces in it and below it
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,

    /// Close traces that nobody looked at for longest while the files of the open ones are larger than SIZE together
    #[arg(long, value_name = "SIZE", value_parser = parse_byte_size)]
    #[arg(default_value = "4GiB")]
    pub(crate) max_open_bytes: u64,

    #[command(flatten)]
    pub(crate) page: PageArgs,

    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// How the page is served.
#[derive(Debug, clap::Args)]
pub(crate) struct PageArgs {
    /// Print the address and open no browser
    #[arg(long)]
    pub(crate) no_browser: bool,

    /// Listen on PORT [default: 4780, or any that is free]
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,

    /// Listen on this name or address; others than loopback let other machines ask
    #[arg(long, value_name = "HOST", default_value = "127.0.0.1")]
    pub(crate) host: String,

    /// The secret part of the address [default: a random one]
    #[arg(long, value_name = "TOKEN")]
    pub(crate) token: Option<Token>,

    /// Stop SQL of the page after SECONDS
    #[arg(long, value_name = "SECONDS", value_parser = parse_timeout, default_value = "600")]
    pub(crate) query_timeout: Duration,

    /// Let SQL of the page hold at most SIZE of memory; what it sorts, groups or joins beyond that goes to files
    #[arg(long, value_name = "SIZE", value_parser = parse_byte_size, default_value = "4GiB")]
    pub(crate) query_memory_bytes: u64,
}

const SUMMARY_EXAMPLES: &str = "\
Examples:
  kinetoscope summary rank0.pt.trace.json.gz
  kinetoscope summary traces/ --top 25               all ranks in a folder, longer lists
  kinetoscope summary 'traces/*rank[0-3]*'           some of them
  ssh node7 cat trace.json.gz | kinetoscope summary -
  kinetoscope summary traces/ --json | jq '.gpu.time.devices[].idle_ns'
  kinetoscope summary broken.json.gz --warnings      what could not be read, and where it stands";

/// Sum up traces on one page: what the machine did and why the GPU was idle
#[derive(Debug, clap::Args)]
#[command(after_help = SUMMARY_EXAMPLES)]
pub(crate) struct SummaryArgs {
    /// Traces: a file, a folder (with all ranks in it), a pattern, or - for standard input
    ///
    /// All of them become one trace on one clock. Formats are recognised by content: Chrome/Kineto JSON, plain or packed
    /// with gzip, zstd, zip or tar.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<String>,

    /// Print JSON with everything, lists uncut and times in nanoseconds
    #[arg(long)]
    pub(crate) json: bool,

    /// Print what reading lost, mended or guessed, with places in the input, instead of the summary
    #[arg(long)]
    pub(crate) warnings: bool,

    /// Show the first N rows of long lists
    #[arg(long, value_name = "N", default_value_t = 10, conflicts_with_all = ["json", "warnings"])]
    pub(crate) top: usize,

    /// Lay the page out for N columns [default: those of the terminal, or else 100]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(MIN_WIDTH..=10_000))]
    #[arg(conflicts_with = "json")]
    pub(crate) width: Option<u64>,

    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

const STATS_EXAMPLES: &str = "\
Examples:
  kinetoscope stats report1.nsys-rep                           the default set, as `nsys stats` prints it
  kinetoscope stats trace.json.gz -r cuda_gpu_kern_sum:base    kernels by their short names, of a PyTorch trace
  kinetoscope stats report1.sqlite -r nvtx_sum,osrt_sum --format csv
  kinetoscope stats report1.sqlite -r rules                    the rules of `nsys analyze`
  kinetoscope stats report1.sqlite -r cuda_api_trace --filter-time 1.5s/2s
  kinetoscope stats report1.sqlite -r nvtx_kern_sum --fold-ids --percentiles
  kinetoscope stats --list                                     all reports with their arguments";

/// Print the reports of Nsight Systems, from any trace
///
/// The same rows, columns, units and layout as `nsys stats` and `nsys analyze` of version 2023.4, also of PyTorch traces.
#[derive(Debug, clap::Args)]
#[command(after_help = STATS_EXAMPLES)]
pub(crate) struct StatsArgs {
    /// Traces, as for `summary`
    #[arg(required_unless_present = "list", value_name = "PATH")]
    pub(crate) paths: Vec<String>,

    /// Print these reports: names with their arguments behind colons, parted by commas; or `default`, or `rules`
    #[arg(short, long = "report", value_name = "REPORT[:ARG...]", default_value = "default")]
    pub(crate) reports: Vec<String>,

    /// How to print: column, table, csv, tsv, json or markdown
    ///
    /// `:nohdr` behind it leaves out the headings of columns, `:nolimit` lets columns be wider than 100 characters.
    #[arg(short, long, value_name = "FORMAT", default_value = "column", value_parser = parse_layout)]
    pub(crate) format: Layout,

    /// Print times in UNIT: ns, us, ms or s; JSON is in nanoseconds always
    #[arg(long = "timeunit", value_name = "UNIT", default_value = "ns", value_parser = parse_time_unit)]
    pub(crate) time_unit: TimeUnit,

    /// Only what overlaps START/END, each in nanoseconds or with a unit, and either may be missing
    #[arg(long, value_name = "START/END", value_parser = parse_times, allow_hyphen_values = true)]
    pub(crate) filter_time: Option<Filter>,

    /// Only what overlaps the range NAME, on its thread; INDEX counts ranges of one name from 0
    #[arg(long, value_name = "NAME[@DOMAIN][/INDEX]", value_parser = parse_nvtx_filter)]
    pub(crate) filter_nvtx: Option<NvtxFilter>,

    /// Add the 90th and the 99th percentile to summaries
    #[arg(long)]
    pub(crate) percentiles: bool,

    /// Add the share of the trace's length to summaries
    #[arg(long)]
    pub(crate) wall: bool,

    /// Leave out every version in the names of calls, and not only those of four digits
    #[arg(long)]
    pub(crate) strip_suffixes: bool,

    /// Leave out sequence numbers, ids and sizes that PyTorch writes into the names of ranges
    #[arg(long)]
    pub(crate) fold_ids: bool,

    /// Write to FILE and not to standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// List all reports with their arguments
    #[arg(long, conflicts_with = "paths")]
    pub(crate) list: bool,

    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// The reports of all values of `--report`.
pub(crate) fn parse_reports(texts: &[String]) -> Result<Vec<ReportRequest>, String> {
    let mut requests = Vec::new();
    for text in texts {
        requests.extend(ReportRequest::parse_list(text).map_err(|error| error.to_string())?);
    }
    Ok(requests)
}

fn parse_layout(text: &str) -> Result<Layout, String> {
    text.parse().map_err(|error: kinetoscope_analysis::stats::LayoutError| error.to_string())
}

fn parse_time_unit(text: &str) -> Result<TimeUnit, String> {
    TimeUnit::find(text).ok_or_else(|| "expected `ns`, `us`, `ms` or `s`".to_owned())
}

fn parse_times(text: &str) -> Result<Filter, String> {
    let mut filter = Filter::default();
    filter.set_times(text).map(|()| filter).map_err(|error| error.to_string())
}

fn parse_nvtx_filter(text: &str) -> Result<NvtxFilter, String> {
    text.parse().map_err(|error: kinetoscope_analysis::stats::FilterError| error.to_string())
}

const QUERY_USAGE: &str = "kinetoscope query [OPTIONS] <PATH>... [SQL]\n       kinetoscope query --schema [NAME]";

const QUERY_EXAMPLES: &str = "\
Examples:
  kinetoscope query trace.json.gz \"select ts, dur, name from slice where name like '%memcpy%'\"
  kinetoscope query traces/ 'select name, sum(dur) from kernel group by 1 order by 2 desc limit 9'
  kinetoscope query trace.json.gz -f busy.sql --format csv -o busy.csv
  echo 'select count(*) from slice' | kinetoscope query trace.json.gz --format json
  kinetoscope query trace.json.gz                    a prompt, with history and completion
  kinetoscope query --schema                         tables and views
  kinetoscope query --schema kernel                  columns of one of them";

/// Ask traces in SQL, in the dialect and with the tables that Perfetto has
#[derive(Debug, clap::Args)]
#[command(override_usage = QUERY_USAGE, after_help = QUERY_EXAMPLES)]
pub(crate) struct QueryArgs {
    /// Traces, as for `summary`, and then the SQL
    ///
    /// The last argument is SQL when it has a space in it and is not the name of a file or folder. Everything else is a
    /// PATH, and so are all of them with --sql or --file. SQL that is given nowhere is typed at a prompt, or read from
    /// standard input where that is no terminal. Statements are parted by semicolons.
    #[arg(value_name = "PATH|SQL", required_unless_present = "schema")]
    pub(crate) paths_and_sql: Vec<String>,

    /// The SQL, whatever it looks like
    #[arg(short = 'e', long, value_name = "SQL", conflicts_with = "file", allow_hyphen_values = true)]
    pub(crate) sql: Option<String>,

    /// Read the SQL from FILE; - is standard input
    #[arg(short, long, value_name = "FILE")]
    pub(crate) file: Option<String>,

    /// How to print results
    ///
    /// The same for a terminal and a pipe, but that a terminal shows long texts of a `table` cut in the middle. `csv` is
    /// what Perfetto's shell prints; `json` is an array of objects, `ndjson` an object on each line; `arrow` is an Arrow
    /// IPC stream, and `parquet` a Parquet file of one result.
    #[arg(long, value_name = "FORMAT", default_value_t)]
    #[arg(value_parser = PossibleValuesParser::new(Format::ALL.iter().map(|format| format.word())).try_map(|word| word.parse::<Format>()))]
    pub(crate) format: Format,

    /// Write results to FILE and not to standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Take the SQL by the letter
    ///
    /// Otherwise `category = "cuda"` finds the kernels of a PyTorch trace, whose category is `kernel`, and a note says so.
    #[arg(long)]
    pub(crate) strict_sql: bool,

    /// Let the SQL read and write files, with readfile(PATH) and writefile(PATH, CONTENT)
    ///
    /// As in SQLite's shell: `readfile` gives the bytes of a file, `writefile` writes a file and gives the number of its
    /// bytes. The traces that are asked cannot be written to.
    #[arg(long)]
    pub(crate) allow_files: bool,

    /// Let running queries and created tables hold at most SIZE of memory [default: no limit]
    ///
    /// What a query sorts, groups or joins beyond that goes to files, which are removed when it ends; a query that cannot
    /// go on without more fails. The trace itself is not counted.
    #[arg(long, value_name = "SIZE", value_parser = parse_byte_size)]
    pub(crate) max_memory_bytes: Option<u64>,

    /// Put those files into FOLDER [default: the system's folder for temporary files]
    #[arg(long, value_name = "FOLDER", requires = "max_memory_bytes")]
    pub(crate) spill_dir: Option<PathBuf>,

    /// Stop the SQL after SECONDS [default: no limit]
    #[arg(long, value_name = "SECONDS", value_parser = parse_timeout)]
    pub(crate) timeout: Option<Duration>,

    /// List all tables, views and modules, or what is known of one; needs no PATH
    #[arg(long, value_name = "NAME", num_args = 0..=1, conflicts_with_all = ["sql", "file", "output"])]
    pub(crate) schema: Option<Option<String>>,

    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// A time above 0 in seconds, with decimals.
fn parse_timeout(text: &str) -> Result<Duration, String> {
    let seconds: f64 =
        text.trim().parse().map_err(|_| "expected a number of seconds such as `10` or `0.5`".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(time) if !time.is_zero() => Ok(time),
        _ => Err("expected a number of seconds above 0 such as `10` or `0.5`".to_owned()),
    }
}

/// What a trace can be exported to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ExportTo {
    /// A page that opens without a server
    Html,
    /// Chrome's JSON as PyTorch's profiler writes it, which Perfetto opens; packed when FILE ends in .gz
    Chrome,
    /// A database as `nsys export --type sqlite` makes them, for scripts that read these
    Sqlite,
    /// Stacks of CPU slices with their own nanoseconds, a line each, for flame graphs
    Folded,
}

impl ExportTo {
    /// The word on the command line.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Chrome => "chrome",
            Self::Sqlite => "sqlite",
            Self::Folded => "folded",
        }
    }
}

const EXPORT_EXAMPLES: &str = "\
Examples:
  kinetoscope export rank0.pt.trace.json.gz --to html -o step.html --window 34.7ms..35.6ms
  kinetoscope export report1.nsys-rep --to chrome -o report1.json.gz    to see it in Perfetto
  kinetoscope export traces/ --to chrome -o run.json.gz                 all ranks in one file
  kinetoscope export rank0.pt.trace.json.gz --to sqlite -o rank0.sqlite for scripts that read nsys's exports
  kinetoscope export report1.nsys-rep --to sqlite -o public.sqlite --strip-environment
  kinetoscope export trace.json.gz --to folded -o - | flamegraph.pl > flames.svg";

/// Write a trace, or a window of it, as a file to hand on
///
/// `--to html` is the page itself with everything that is within the window: timeline, details, arguments, flows. The file
/// opens in a browser without Kinetoscope, and asks for nothing. The other formats are for other tools; what they have no
/// place for is counted and said.
#[derive(Debug, clap::Args)]
#[command(after_help = EXPORT_EXAMPLES)]
pub(crate) struct ExportArgs {
    /// Traces, as for `summary`
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<String>,

    /// What to write
    #[arg(long, value_name = "FORMAT")]
    pub(crate) to: ExportTo,

    /// The file to write; - is standard output, for `chrome` and `folded`
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,

    /// Write over FILE if there is one
    #[arg(short, long)]
    pub(crate) force: bool,

    /// Only what is seen from START to END, such as 1.5ms..2ms, counted from the start of the trace as in the page
    ///
    /// Either may be left out. Units are s, ms, us and ns; without one, nanoseconds. For `html`, whose files hold at most
    /// 100,000 slices.
    #[arg(long, value_name = "START..END", value_parser = parse_window)]
    pub(crate) window: Option<Window>,

    /// Leave out environments, command lines, names of users and of hosts
    ///
    /// Names that the trace gives, and the folders of homes, are left out of every text that is written. Not for `html`.
    #[arg(long, conflicts_with = "private_data")]
    pub(crate) strip_environment: bool,

    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

const CACHE_EXAMPLES: &str = "\
Examples:
  kinetoscope cache list                   what lies in the user's cache folder
  kinetoscope cache list traces/           and the cache files in a folder of traces
  kinetoscope cache clear                  empty the user's cache folder
  kinetoscope cache clear traces/          and remove the cache files in a folder of traces";

/// See and remove cache files, which make opening a trace again a matter of milliseconds
///
/// The first reading of a trace writes a cache file beside it, named like it and ending in `.kinetoscope-cache`; where
/// that is not possible it goes to the user's cache folder. A cache file is used only while its inputs are unchanged,
/// and may be removed at any time.
#[derive(Debug, Subcommand)]
#[command(after_help = CACHE_EXAMPLES)]
pub(crate) enum CacheCommand {
    /// List cache files: those in the user's cache folder, and those of PATHs
    List(CacheListArgs),
    /// Remove cache files: those in the user's cache folder, and those of PATHs
    Clear(CacheClearArgs),
}

#[derive(Debug, clap::Args)]
#[command(after_help = CACHE_EXAMPLES)]
pub(crate) struct CacheListArgs {
    /// Traces, folders of traces, or cache files
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) cache_dir: CacheDirArg,
}

#[derive(Debug, clap::Args)]
#[command(after_help = CACHE_EXAMPLES)]
pub(crate) struct CacheClearArgs {
    /// Traces, folders of traces, or cache files
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) cache_dir: CacheDirArg,
}

/// Parses a command line; the error is also help and version, which its `print` writes where they belong.
pub(crate) fn parse(args: Vec<OsString>) -> Result<Args, clap::Error> {
    let mut command = Args::command().color(color_asked_for(&args));
    let mut matches = command.try_get_matches_from_mut(args)?;
    Args::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))
}

/// The value of `--color`, for messages about a command line that cannot be parsed.
fn color_asked_for(args: &[OsString]) -> ColorChoice {
    let mut args = args.iter().filter_map(|arg| arg.to_str()).take_while(|&arg| arg != "--");
    let mut asked = ColorChoice::Auto;
    while let Some(arg) = args.next() {
        let value = match arg.strip_prefix("--color") {
            Some("") => args.next(),
            Some(rest) => rest.strip_prefix('='),
            None => None,
        };
        asked = value.and_then(|value| value.parse().ok()).unwrap_or(asked);
    }
    asked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Args::command().debug_assert();
    }

    #[test]
    fn the_color_is_known_before_parsing() {
        let asked = |line: &str| color_asked_for(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert_eq!(asked("kinetoscope --nonsense"), ColorChoice::Auto);
        assert_eq!(asked("kinetoscope --nonsense --color never"), ColorChoice::Never);
        assert_eq!(asked("kinetoscope --color=always summary"), ColorChoice::Always);
        assert_eq!(asked("kinetoscope --color=always --color mauve"), ColorChoice::Always);
        assert_eq!(asked("kinetoscope --colorful never -- --color never"), ColorChoice::Auto);
    }
}
