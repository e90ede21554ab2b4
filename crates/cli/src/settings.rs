//! Settings: what the command line means, once environment and terminal have been asked.
//!
//! Everything that depends on the surroundings is decided here, in functions of the arguments and an [`Environment`]
//! that tests make up. Commands see settings only, and so behave the same in a terminal, a pipe and a test.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anstream::AutoStream;
use clap::ColorChoice;
use kinetoscope_analysis::TextOptions;
use kinetoscope_analysis::stats::{Filter, Layout, Options as ReportOptions, ReportRequest, TimeUnit};
use kinetoscope_export::{Options as ExportOptions, PrivateNames};
use kinetoscope_ingest::ReadOptions;
use kinetoscope_ingest::bytes::Limits as ReadLimits;
use kinetoscope_ingest::nsys::PrivateData;
use kinetoscope_server::{Limits, Mode, ServerOptions, Token};
use kinetoscope_sql::format::Format;
use kinetoscope_store::cache::CacheLocation;

use crate::args::{
    Args, CacheCommand, CacheDirArg, CacheListArgs, Command, ExportArgs, ExportTo, MessageArgs, PageArgs, QueryArgs,
    ReadArgs, StatsArgs, SummaryArgs, parse_reports,
};
use crate::failure::RequestError;
use crate::printer::{Printer, Verbosity};
use crate::window::Window;

/// What our folders in the user's folders are called.
const OUR_FOLDER: &str = "kinetoscope";

/// What was typed at prompts.
const HISTORY_FILE: &str = "query-history";

/// Where the page is when nobody asks for another port: the same each time, since a browser keeps settings by it.
const DEFAULT_PORT: u16 = 4780;

/// Standard input, where a path is expected.
pub(crate) const STDIN: &str = "-";

/// The surroundings of the process, as far as they matter.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    pub(crate) cache_dir: Option<OsString>,
    pub(crate) xdg_cache_home: Option<OsString>,
    pub(crate) xdg_state_home: Option<OsString>,
    pub(crate) home: Option<OsString>,
    /// The program that opens an address in the user's browser; `None` where there is no screen for it.
    pub(crate) browser: Option<OsString>,
    pub(crate) is_stdin_terminal: bool,
    pub(crate) is_stdout_terminal: bool,
    /// A terminal that can move its cursor.
    pub(crate) is_stderr_terminal: bool,
    /// True when colours are welcome on standard error.
    pub(crate) has_color: bool,
    /// Columns of the terminal that standard output is.
    pub(crate) width: Option<usize>,
}

impl Environment {
    /// That of this process.
    pub(crate) fn of_process() -> Self {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let has_screen = variable("DISPLAY").is_some() || variable("WAYLAND_DISPLAY").is_some();
        let opener = match std::env::consts::OS {
            "macos" => Some("open"),
            "windows" => Some("explorer"),
            _ if has_screen => Some("xdg-open"),
            _ => None,
        };
        let is_dumb = variable("TERM").is_some_and(|term| term == "dumb");
        Self {
            cache_dir: variable("KINETOSCOPE_CACHE_DIR"),
            xdg_cache_home: variable("XDG_CACHE_HOME"),
            xdg_state_home: variable("XDG_STATE_HOME"),
            home: variable("HOME"),
            browser: opener.map(OsString::from),
            is_stdin_terminal: io::stdin().is_terminal(),
            is_stdout_terminal: io::stdout().is_terminal(),
            is_stderr_terminal: io::stderr().is_terminal() && !is_dumb,
            has_color: AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never,
            width: terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0)),
        }
    }

    /// Our folder for cache files of this user, and whether they asked for that one.
    fn cache_location(&self, asked: &CacheDirArg) -> CacheLocation {
        let asked = asked.cache_dir.clone().or_else(|| self.cache_dir.clone().map(PathBuf::from));
        if asked.is_some() {
            return CacheLocation { user_folder: asked, is_user_folder_only: true };
        }
        let caches = self.user_folder(&self.xdg_cache_home, ".cache");
        CacheLocation { user_folder: caches, is_user_folder_only: false }
    }

    /// Our folder for what shall outlast a run and is neither data nor settings.
    fn state_folder(&self) -> Option<PathBuf> {
        self.user_folder(&self.xdg_state_home, ".local/state")
    }

    /// Our folder in the one that a variable names, or else in `in_home`.
    fn user_folder(&self, variable: &Option<OsString>, in_home: &str) -> Option<PathBuf> {
        // The specification of these folders says that a relative path is a mistake and does not count.
        let absolute = |path: &OsString| Some(PathBuf::from(path)).filter(|path| path.is_absolute());
        let asked = variable.as_ref().and_then(absolute);
        let folder = asked.or_else(|| self.home.as_ref().and_then(absolute).map(|home| home.join(in_home)));
        folder.map(|folder| folder.join(OUR_FOLDER))
    }
}

/// What one run does.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) command: CommandSettings,
    pub(crate) messages: MessageSettings,
}

#[derive(Debug)]
pub(crate) enum CommandSettings {
    Serve(ServeSettings),
    Summary(SummarySettings),
    Stats(StatsSettings),
    StatsList,
    Query(QuerySettings),
    Export(ExportSettings),
    Schema(SchemaSettings),
    CacheList(CacheListSettings),
    CacheClear(CacheClearSettings),
}

/// What goes to standard error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MessageSettings {
    pub(crate) printer: Printer,
    pub(crate) shows_progress: bool,
}

/// How traces are read.
#[derive(Debug)]
pub(crate) struct ReadSettings {
    pub(crate) options: ReadOptions,
    pub(crate) num_threads: Option<NonZeroUsize>,
    /// `None` to neither use nor write cache files.
    pub(crate) cache: Option<CacheSettings>,
}

impl ReadSettings {
    /// Everything about a reading that changes the trace: a cache file made otherwise is of no use.
    pub(crate) fn cache_key(&self) -> String {
        format!(
            "kinetoscope={} reader={} max-unpacked-bytes={}",
            env!("CARGO_PKG_VERSION"),
            kinetoscope_ingest::READER_REVISION,
            self.options.limits.max_unpacked_bytes
        )
    }
}

#[derive(Debug)]
pub(crate) struct CacheSettings {
    pub(crate) location: CacheLocation,
    pub(crate) max_bytes: u64,
}

#[derive(Debug)]
pub(crate) struct SummarySettings {
    pub(crate) paths: Vec<String>,
    pub(crate) subject: SummarySubject,
    pub(crate) form: Form,
    pub(crate) read: ReadSettings,
}

#[derive(Debug)]
pub(crate) struct ExportSettings {
    pub(crate) paths: Vec<String>,
    pub(crate) to: ExportTo,
    /// `None` for standard output.
    pub(crate) output: Option<PathBuf>,
    /// True when a file that is there may be written over.
    pub(crate) may_overwrite: bool,
    pub(crate) is_stdout_terminal: bool,
    /// `None` for the whole trace.
    pub(crate) window: Option<Window>,
    pub(crate) options: ExportOptions,
    pub(crate) read: ReadSettings,
}

#[derive(Debug)]
pub(crate) struct StatsSettings {
    pub(crate) paths: Vec<String>,
    pub(crate) reports: Vec<ReportRequest>,
    pub(crate) layout: Layout,
    pub(crate) time_unit: TimeUnit,
    pub(crate) filter: Filter,
    pub(crate) options: ReportOptions,
    /// `None` for standard output.
    pub(crate) output: Option<PathBuf>,
    pub(crate) is_stdout_terminal: bool,
    pub(crate) read: ReadSettings,
}

/// What is told of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SummarySubject {
    Machine,
    Warnings,
}

/// How a result is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Text(TextOptions),
    Json,
}

#[derive(Debug)]
pub(crate) struct QuerySettings {
    pub(crate) paths: Vec<String>,
    pub(crate) sql: SqlSource,
    pub(crate) format: Format,
    /// `None` for standard output.
    pub(crate) output: Option<PathBuf>,
    pub(crate) is_stdout_terminal: bool,
    /// Columns that a table for people may take; `None` where it is not shown on a terminal.
    pub(crate) width: Option<usize>,
    pub(crate) is_strict: bool,
    /// True when queries may read and write files.
    pub(crate) may_reach_files: bool,
    /// `None` for as much memory as there is.
    pub(crate) memory: Option<MemorySettings>,
    /// `None` for as long as it takes.
    pub(crate) timeout: Option<Duration>,
    /// Where the inputs of a prompt are kept.
    pub(crate) history: Option<PathBuf>,
    pub(crate) read: ReadSettings,
}

/// What queries may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MemorySettings {
    pub(crate) limit_bytes: usize,
    /// Where what is beyond it goes.
    pub(crate) spill_folder: PathBuf,
}

/// Where the SQL comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SqlSource {
    Text(String),
    /// An argument that was taken for SQL, since it looked like nothing else.
    Argument(String),
    File(String),
    Stdin,
    /// Typed at a prompt.
    Prompt,
}

#[derive(Debug)]
pub(crate) struct ServeSettings {
    pub(crate) traces: ServedTraces,
    pub(crate) options: ServerOptions,
    /// True when another port will do if that one is taken.
    pub(crate) is_port_free: bool,
    /// What opens an address; `None` to print it only.
    pub(crate) browser: Option<OsString>,
    pub(crate) read: ReadSettings,
}

/// What is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ServedTraces {
    /// Everything as one trace.
    One(Vec<String>),
    /// Every trace in a folder.
    Folder(PathBuf),
}

#[derive(Debug)]
pub(crate) struct SchemaSettings {
    /// `None` for all tables.
    pub(crate) table: Option<String>,
    pub(crate) form: Form,
}

#[derive(Debug)]
pub(crate) struct CacheListSettings {
    pub(crate) location: CacheLocation,
    pub(crate) paths: Vec<PathBuf>,
    pub(crate) form: Form,
}

#[derive(Debug)]
pub(crate) struct CacheClearSettings {
    pub(crate) location: CacheLocation,
    pub(crate) paths: Vec<PathBuf>,
}

impl Settings {
    /// What `args` mean in `environment`.
    pub(crate) fn resolve(args: Args, environment: &Environment) -> Result<Self, RequestError> {
        let messages = MessageSettings::resolve(&args.messages, environment);
        let command = match args.command {
            Command::Open(args) => {
                let traces = ServedTraces::One(args.paths);
                CommandSettings::Serve(serve_settings(traces, u64::MAX, args.page, args.read, environment)?)
            }
            Command::Serve(args) => {
                let traces = ServedTraces::Folder(args.folder);
                CommandSettings::Serve(serve_settings(traces, args.max_open_bytes, args.page, args.read, environment)?)
            }
            Command::Export(args) => CommandSettings::Export(export_settings(args, environment)?),
            Command::Summary(args) => CommandSettings::Summary(summary_settings(args, environment)),
            Command::Stats(args) if args.list => CommandSettings::StatsList,
            Command::Stats(args) => CommandSettings::Stats(stats_settings(args, environment)?),
            Command::Query(args) => match args.schema {
                Some(table) => CommandSettings::Schema(schema_settings(table, args.format, environment)?),
                None => CommandSettings::Query(query_settings(args, environment)?),
            },
            Command::Cache(CacheCommand::List(CacheListArgs { paths, json, cache_dir })) => {
                let form = form(json, TextOptions::default().top, None, environment);
                let location = environment.cache_location(&cache_dir);
                CommandSettings::CacheList(CacheListSettings { location, paths, form })
            }
            Command::Cache(CacheCommand::Clear(args)) => {
                let location = environment.cache_location(&args.cache_dir);
                CommandSettings::CacheClear(CacheClearSettings { location, paths: args.paths })
            }
        };
        Ok(Self { command, messages })
    }
}

impl MessageSettings {
    /// What `args` mean in `environment`.
    pub(crate) fn resolve(args: &MessageArgs, environment: &Environment) -> Self {
        let verbosity = match (args.quiet, args.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, true) => Verbosity::Verbose,
            (false, false) => Verbosity::Normal,
        };
        let has_color = match args.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => environment.has_color,
        };
        let shows_progress = environment.is_stderr_terminal && !args.no_progress && !args.quiet;
        Self { printer: Printer { verbosity, has_color }, shows_progress }
    }
}

fn read_settings(args: ReadArgs, environment: &Environment) -> ReadSettings {
    let mut options = ReadOptions {
        limits: ReadLimits { max_unpacked_bytes: args.max_unpacked_bytes, ..ReadLimits::default() },
        ..ReadOptions::default()
    };
    options.tuning.num_readers = args.threads.map(NonZeroUsize::get);
    if args.private_data {
        options.private_data = PrivateData::Kept;
    }
    // What is private shall not lie around, and a cache file without it is of no use.
    let cache = (!args.no_cache && !args.private_data).then(|| CacheSettings {
        location: environment.cache_location(&args.cache_dir),
        max_bytes: args.max_cache_bytes,
    });
    ReadSettings { options, num_threads: args.threads, cache }
}

fn form(is_json: bool, top: usize, width: Option<usize>, environment: &Environment) -> Form {
    let width = width.or(environment.width).unwrap_or(TextOptions::default().width);
    if is_json { Form::Json } else { Form::Text(TextOptions { width, top }) }
}

fn export_settings(args: ExportArgs, environment: &Environment) -> Result<ExportSettings, RequestError> {
    let format = args.to.word();
    let foreign = [
        ("--window", args.window.is_some(), args.to == ExportTo::Html, "html"),
        ("--strip-environment", args.strip_environment, args.to != ExportTo::Html, "chrome, sqlite and folded"),
    ];
    for (option, is_given, is_known, known) in foreign {
        if is_given && !is_known {
            let message = format!("`{option}` does not go with `--to {format}`");
            return Err(RequestError::new(message).with_hint(format!("it is an option of {known}")));
        }
    }
    let output = Some(args.output).filter(|output| output.as_os_str() != STDIN);
    if output.is_none() && !matches!(args.to, ExportTo::Chrome | ExportTo::Folded) {
        let message = format!("`--to {format}` cannot go to standard output");
        return Err(RequestError::new(message).with_hint("name a file with -o FILE"));
    }
    let private_names = if args.strip_environment { PrivateNames::Stripped } else { PrivateNames::Kept };
    Ok(ExportSettings {
        paths: args.paths,
        to: args.to,
        output,
        may_overwrite: args.force,
        is_stdout_terminal: environment.is_stdout_terminal,
        window: args.window,
        options: ExportOptions { private_names },
        read: read_settings(args.read, environment),
    })
}

fn stats_settings(args: StatsArgs, environment: &Environment) -> Result<StatsSettings, RequestError> {
    let reports = parse_reports(&args.reports)
        .map_err(|message| RequestError::new(message).with_hint("`kinetoscope stats --list` lists all reports"))?;
    Ok(StatsSettings {
        paths: args.paths,
        reports,
        layout: args.format,
        time_unit: args.time_unit,
        filter: Filter { nvtx: args.filter_nvtx, ..args.filter_time.unwrap_or_default() },
        options: ReportOptions {
            percentiles: args.percentiles,
            wall: args.wall,
            strip_suffixes: args.strip_suffixes,
            fold_ids: args.fold_ids,
        },
        output: args.output,
        is_stdout_terminal: environment.is_stdout_terminal,
        read: read_settings(args.read, environment),
    })
}

fn summary_settings(args: SummaryArgs, environment: &Environment) -> SummarySettings {
    // The parser knows the range.
    let width = args.width.and_then(|width| usize::try_from(width).ok());
    SummarySettings {
        paths: args.paths,
        subject: if args.warnings { SummarySubject::Warnings } else { SummarySubject::Machine },
        form: form(args.json, args.top, width, environment),
        read: read_settings(args.read, environment),
    }
}

fn schema_settings(
    table: Option<String>,
    format: Format,
    environment: &Environment,
) -> Result<SchemaSettings, RequestError> {
    let is_json = match format {
        Format::Table => false,
        Format::Json => true,
        other => {
            let message = format!("`--schema` cannot be printed as `{other}`");
            return Err(RequestError::new(message).with_hint("it has the formats `table` and `json`"));
        }
    };
    Ok(SchemaSettings { table, form: form(is_json, TextOptions::default().top, None, environment) })
}

fn serve_settings(
    traces: ServedTraces,
    max_open_bytes: u64,
    page: PageArgs,
    read: ReadArgs,
    environment: &Environment,
) -> Result<ServeSettings, RequestError> {
    let token = match page.token {
        Some(token) => token,
        None => Token::random().ok_or_else(|| {
            RequestError::new("the system has no random numbers").with_hint("choose a secret with --token")
        })?,
    };
    let mode = match traces {
        ServedTraces::One(_) => Mode::Open,
        ServedTraces::Folder(_) => Mode::Serve,
    };
    let limits = Limits {
        query_timeout: page.query_timeout,
        query_memory_bytes: usize::try_from(page.query_memory_bytes).unwrap_or(usize::MAX),
        spill_folder: Some(std::env::temp_dir()),
        max_open_bytes,
        ..Limits::default()
    };
    let port = page.port.unwrap_or(DEFAULT_PORT);
    Ok(ServeSettings {
        traces,
        options: ServerOptions { mode, host: page.host, port, token, limits },
        is_port_free: page.port.is_none(),
        browser: environment.browser.clone().filter(|_| !page.no_browser),
        read: read_settings(read, environment),
    })
}

fn query_settings(args: QueryArgs, environment: &Environment) -> Result<QuerySettings, RequestError> {
    let mut paths = args.paths_and_sql;
    let is_given = args.sql.is_some() || args.file.is_some();
    let argument = paths.pop_if(|last| !is_given && is_sql(last));
    let sql = match (args.sql, args.file, argument) {
        (Some(sql), _, _) => SqlSource::Text(sql),
        (None, Some(file), _) if file == STDIN => SqlSource::Stdin,
        (None, Some(file), _) => SqlSource::File(file),
        (None, None, Some(argument)) => SqlSource::Argument(argument),
        (None, None, None)
            if environment.is_stdin_terminal && environment.is_stdout_terminal && args.output.is_none() =>
        {
            SqlSource::Prompt
        }
        (None, None, None) if environment.is_stdin_terminal => {
            let hint = "give it as the last argument, with --file FILE, or on standard input";
            return Err(RequestError::new("there is no SQL to run").with_hint(hint));
        }
        (None, None, None) => SqlSource::Stdin,
    };
    if paths.is_empty() {
        let error = RequestError::new("there is no trace to ask");
        return Err(match sql {
            SqlSource::Argument(argument) => error.with_hint(format!(
                "`{argument}` was taken for the SQL, as no file has that name: give a PATH before it"
            )),
            _ => error.with_hint("give a PATH: a file, a folder, a pattern, or - for standard input"),
        });
    }
    if sql == SqlSource::Stdin && paths.iter().any(|path| path == STDIN) {
        let hint = "give the SQL as the last argument or with --file FILE";
        return Err(RequestError::new("standard input cannot be both the trace and the SQL").with_hint(hint));
    }
    if args.format.is_binary() && args.output.is_none() && environment.is_stdout_terminal {
        let hint = "write it to a file with --output FILE, or hand it to another program";
        let name = if args.format == Format::Parquet { "Parquet" } else { "Arrow" };
        return Err(RequestError::new(format!("a terminal cannot show {name}")).with_hint(hint));
    }
    // As everywhere, `-` is the standard way.
    let output = args.output.filter(|path| path.as_os_str() != STDIN);
    Ok(QuerySettings {
        paths,
        sql,
        format: args.format,
        width: environment.width.filter(|_| output.is_none()),
        output,
        is_stdout_terminal: environment.is_stdout_terminal,
        is_strict: args.strict_sql,
        may_reach_files: args.allow_files,
        memory: args.max_memory_bytes.map(|limit| MemorySettings {
            limit_bytes: usize::try_from(limit).unwrap_or(usize::MAX),
            spill_folder: args.spill_dir.unwrap_or_else(std::env::temp_dir),
        }),
        timeout: args.timeout,
        history: environment.state_folder().map(|folder| folder.join(HISTORY_FILE)),
        read: read_settings(args.read, environment),
    })
}

/// Whether the last argument is SQL and no PATH.
///
/// A file that exists is always a PATH. Beyond that a space decides: SQL that says anything has one, and what has one
/// and is no file is a mistyped path at worst, which the message about it tells.
fn is_sql(argument: &str) -> bool {
    argument.contains(char::is_whitespace) && !Path::new(argument).exists()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args;

    fn resolve_in(environment: &Environment, args: &[&str]) -> Result<Settings, String> {
        let args = std::iter::once("kinetoscope").chain(args.iter().copied()).map(OsString::from).collect();
        let args = args::parse(args).map_err(|error| error.to_string())?;
        Settings::resolve(args, environment).map_err(|error| error.to_string())
    }

    fn query(environment: &Environment, args: &[&str]) -> Result<(Vec<String>, SqlSource), String> {
        match resolve_in(environment, args)?.command {
            CommandSettings::Query(query) => Ok((query.paths, query.sql)),
            other => panic!("another command: {other:?}"),
        }
    }

    #[test]
    fn the_last_argument_is_sql_when_it_has_a_space_and_is_no_file() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("select 1");
        std::fs::write(&file, "").expect("the folder is ours");
        let file = file.to_str().expect("the name is text");
        let environment = Environment::default();
        let asked = |args: &[&str]| query(&environment, &[&["query"], args].concat());
        let paths = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
        let argument = |sql: &str| SqlSource::Argument(sql.to_owned());
        assert_eq!(asked(&["a.json", "select 1"]), Ok((paths(&["a.json"]), argument("select 1"))));
        assert_eq!(asked(&["a.json", "b.json", "selct\n1"]), Ok((paths(&["a.json", "b.json"]), argument("selct\n1"))));
        assert_eq!(asked(&["a.json", "b.json"]), Ok((paths(&["a.json", "b.json"]), SqlSource::Stdin)));
        assert_eq!(asked(&[file]), Ok((paths(&[file]), SqlSource::Stdin)), "a file is a path");
        assert_eq!(asked(&["select 1", file]), Ok((paths(&["select 1", file]), SqlSource::Stdin)), "only the last");
        let given = Ok((paths(&["a.json", "my run.json"]), SqlSource::Text("select 2".to_owned())));
        assert_eq!(asked(&["a.json", "my run.json", "-e", "select 2"]), given);
        let given = Ok((paths(&["a.json"]), SqlSource::File("q.sql".to_owned())));
        assert_eq!(asked(&["a.json", "-f", "q.sql"]), given);
        assert_eq!(asked(&["a.json", "-f", "-"]), Ok((paths(&["a.json"]), SqlSource::Stdin)));
    }

    #[test]
    fn requests_that_make_no_sense_are_refused() {
        let pipe = Environment::default();
        let terminal = Environment { is_stdin_terminal: true, is_stdout_terminal: true, ..pipe.clone() };
        let refused = |environment, args: &[&str]| query(environment, args).expect_err("makes no sense");
        let no_screen = Environment { is_stdout_terminal: false, ..terminal.clone() };
        assert_eq!(refused(&no_screen, &["query", "a.json"]), "there is no SQL to run");
        assert_eq!(refused(&terminal, &["query", "a.json", "-o", "a.csv"]), "there is no SQL to run");
        assert_eq!(refused(&pipe, &["query", "my trace.json"]), "there is no trace to ask");
        assert_eq!(refused(&pipe, &["query", "-"]), "standard input cannot be both the trace and the SQL");
        assert_eq!(refused(&pipe, &["query", "-", "-f", "-"]), "standard input cannot be both the trace and the SQL");
        let arrow = ["query", "a.json", "select 1", "--format", "arrow"];
        assert_eq!(refused(&terminal, &arrow), "a terminal cannot show Arrow");
        assert!(query(&pipe, &arrow).is_ok());
        let parquet = ["query", "a.json", "select 1", "--format", "parquet"];
        assert_eq!(refused(&terminal, &parquet), "a terminal cannot show Parquet");
        assert!(query(&pipe, &parquet).is_ok());
        assert!(query(&terminal, &[&arrow[..], &["-o", "a.arrow"]].concat()).is_ok());
        assert!(query(&pipe, &["query", "-", "select 1"]).is_ok());
    }

    #[test]
    fn a_terminal_gets_a_prompt() {
        let terminal = Environment { is_stdin_terminal: true, is_stdout_terminal: true, ..Environment::default() };
        assert_eq!(query(&terminal, &["query", "a.json"]), Ok((vec!["a.json".to_owned()], SqlSource::Prompt)));
        let arrow = query(&terminal, &["query", "a.json", "--format", "arrow"]);
        assert_eq!(arrow.expect_err("cannot be shown"), "a terminal cannot show Arrow");
        let history = |environment: &Environment| match resolve_in(environment, &["query", "a.json"]) {
            Ok(Settings { command: CommandSettings::Query(query), .. }) => query.history,
            other => panic!("another command: {other:?}"),
        };
        let some = |path: &str| Some(OsString::from(path));
        let home = Environment { home: some("/home/me"), ..terminal.clone() };
        assert_eq!(history(&terminal), None);
        assert_eq!(history(&home), Some(PathBuf::from("/home/me/.local/state/kinetoscope/query-history")));
        let xdg = Environment { xdg_state_home: some("/var/state"), ..home };
        assert_eq!(history(&xdg), Some(PathBuf::from("/var/state/kinetoscope/query-history")));
    }

    #[test]
    fn a_table_fits_the_terminal_that_shows_it() {
        let terminal = Environment { width: Some(80), ..Environment::default() };
        let width = |environment: &Environment, more: &[&str]| {
            let args = [&["query", "a.json", "select 1"], more].concat();
            match resolve_in(environment, &args).expect("makes sense").command {
                CommandSettings::Query(query) => query.width,
                other => panic!("another command: {other:?}"),
            }
        };
        assert_eq!(width(&terminal, &[]), Some(80));
        assert_eq!(width(&terminal, &["-o", "-"]), Some(80));
        assert_eq!(width(&terminal, &["-o", "a.txt"]), None);
        assert_eq!(width(&Environment::default(), &[]), None);
    }

    #[test]
    fn cache_files_go_where_the_user_says() {
        let some = |path: &str| Some(OsString::from(path));
        let at = |environment: &Environment, args: &[&str]| {
            let location = match resolve_in(environment, &[&["cache", "list"], args].concat()).map(|it| it.command) {
                Ok(CommandSettings::CacheList(list)) => list.location,
                other => panic!("another command: {other:?}"),
            };
            (location.user_folder.map(|path| path.to_string_lossy().into_owned()), location.is_user_folder_only)
        };
        let at_path = |path: &str, is_only| (Some(path.to_owned()), is_only);
        let nothing = Environment::default();
        let home = Environment { home: some("/home/me"), ..nothing.clone() };
        let xdg = Environment { xdg_cache_home: some("/fast/cache"), ..home.clone() };
        let relative_xdg = Environment { xdg_cache_home: some("cache"), ..home.clone() };
        let ours = Environment { cache_dir: some("scratch"), ..xdg.clone() };
        assert_eq!(at(&nothing, &[]), (None, false));
        assert_eq!(at(&home, &[]), at_path("/home/me/.cache/kinetoscope", false));
        assert_eq!(at(&xdg, &[]), at_path("/fast/cache/kinetoscope", false));
        assert_eq!(at(&relative_xdg, &[]), at_path("/home/me/.cache/kinetoscope", false));
        assert_eq!(at(&ours, &[]), at_path("scratch", true));
        assert_eq!(at(&ours, &["--cache-dir", "here"]), at_path("here", true));
    }

    #[test]
    fn options_of_another_format_are_refused() {
        let export = |args: &[&str]| {
            let args = [&["export", "a.json", "--to"], args].concat();
            match resolve_in(&Environment::default(), &args).map(|settings| settings.command) {
                Ok(CommandSettings::Export(export)) => Ok((export.output, export.options.private_names)),
                Ok(other) => panic!("another command: {other:?}"),
                Err(error) => Err(error),
            }
        };
        let refused = |args: &[&str]| export(args).expect_err("makes no sense").to_string();
        assert_eq!(
            refused(&["chrome", "-o", "a.json", "--window", "1ms..2ms"]),
            "`--window` does not go with `--to chrome`"
        );
        assert_eq!(
            refused(&["html", "-o", "a.html", "--strip-environment"]),
            "`--strip-environment` does not go with `--to html`"
        );
        assert_eq!(refused(&["sqlite", "-o", "-"]), "`--to sqlite` cannot go to standard output");
        let a = || Some(PathBuf::from("a"));
        assert_eq!(export(&["folded", "-o", "-"]).ok(), Some((None, PrivateNames::Kept)));
        assert_eq!(export(&["sqlite", "-o", "a", "--strip-environment"]).ok(), Some((a(), PrivateNames::Stripped)));
    }

    #[test]
    fn what_is_private_is_in_no_cache_file() {
        let read = |args: &[&str]| {
            let args = [&["summary", "a.json"], args].concat();
            match resolve_in(&Environment::default(), &args).expect("makes sense").command {
                CommandSettings::Summary(summary) => summary.read,
                other => panic!("another command: {other:?}"),
            }
        };
        let (usual, private) = (read(&[]), read(&["--private-data"]));
        assert_eq!((usual.options.private_data, usual.cache.is_some()), (PrivateData::LeftOut, true));
        assert_eq!((private.options.private_data, private.cache.is_some()), (PrivateData::Kept, false));
    }

    #[test]
    fn messages_follow_the_switches_and_the_terminal() {
        let terminal = Environment { is_stderr_terminal: true, has_color: true, ..Environment::default() };
        let messages = |environment: &Environment, args: &[&str]| {
            let messages = resolve_in(environment, &[&["cache", "list"], args].concat()).expect("makes sense").messages;
            (messages.printer.verbosity, messages.printer.has_color, messages.shows_progress)
        };
        assert_eq!(messages(&terminal, &[]), (Verbosity::Normal, true, true));
        assert_eq!(messages(&terminal, &["--no-progress", "-v"]), (Verbosity::Verbose, true, false));
        assert_eq!(messages(&terminal, &["-q", "--color", "never"]), (Verbosity::Quiet, false, false));
        assert_eq!(messages(&Environment::default(), &[]), (Verbosity::Normal, false, false));
        assert_eq!(messages(&Environment::default(), &["--color=always"]), (Verbosity::Normal, true, false));
    }

    #[test]
    fn a_summary_is_as_wide_as_the_terminal() {
        let terminal = Environment { width: Some(133), ..Environment::default() };
        let form = |environment: &Environment, args: &[&str]| match resolve_in(
            environment,
            &[&["summary", "a.json"], args].concat(),
        )
        .expect("makes sense")
        .command
        {
            CommandSettings::Summary(summary) => summary.form,
            other => panic!("another command: {other:?}"),
        };
        assert_eq!(form(&terminal, &[]), Form::Text(TextOptions { width: 133, top: 10 }));
        assert_eq!(form(&terminal, &["--width", "80", "--top", "3"]), Form::Text(TextOptions { width: 80, top: 3 }));
        assert_eq!(form(&Environment::default(), &[]), Form::Text(TextOptions { width: 100, top: 10 }));
        assert_eq!(form(&terminal, &["--json"]), Form::Json);
    }

    #[test]
    fn what_changes_the_trace_is_in_the_cache_key() {
        let key = |args: &[&str]| {
            let args = [&["summary", "a.json"], args].concat();
            match resolve_in(&Environment::default(), &args).expect("makes sense").command {
                CommandSettings::Summary(summary) => summary.read.cache_key(),
                other => panic!("another command: {other:?}"),
            }
        };
        assert_ne!(key(&[]), key(&["--max-unpacked-bytes", "1GB"]));
        assert_eq!(key(&[]), key(&["--max-unpacked-bytes", "64GiB", "--threads", "3", "--top", "4"]));
        assert!(key(&[]).contains(env!("CARGO_PKG_VERSION")));
    }
}
