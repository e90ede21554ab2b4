//! `query`: SQL over traces.
//!
//! Results are written as they come. The SQL is at hand before the trace is read, and an output file is made when the
//! first row is: a mistake in the request costs neither time nor an older result.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read as _, Stdout, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use kinetoscope_sql::format::{Format, ResultWriter};
use kinetoscope_sql::{CancelHandle, FileAccess, ResultEvent, Session, SessionOptions, SqlError};

use super::host_files::HostFiles;
use super::{Context, prompt, with_trace};
use crate::failure::{Exit, RequestError, sql_message};
use crate::open::since;
use crate::printer::{OutputError, Printer};
use crate::settings::{QuerySettings, SqlSource};

/// Bytes that are put together before they go to a pipe or a file.
const BUFFER_BYTES: usize = 256 << 10;

/// What an editor may put in front of a text.
const BYTE_ORDER_MARK: char = '\u{feff}';

pub(crate) fn run(settings: &QuerySettings, context: &Context) -> Result<Exit> {
    let sql = read_sql(&settings.sql)?;
    with_trace(&settings.paths, &settings.read, context, |opened| {
        if let Some(output) = &settings.output {
            refuse_to_overwrite(output, &opened.files)?;
        }
        opened.warn_of_losses(&settings.paths, context.messages.printer);
        let start = Instant::now();
        let options = SessionOptions {
            num_threads: settings.read.num_threads,
            is_strict: settings.is_strict,
            memory_limit_bytes: settings.memory.as_ref().map(|memory| memory.limit_bytes),
            spill_folder: settings.memory.as_ref().map(|memory| memory.spill_folder.clone()),
            timeout: settings.timeout,
            files: settings.may_reach_files.then(|| -> Arc<dyn FileAccess> { Arc::new(HostFiles::new(&opened.files)) }),
        };
        let session = Session::new(Arc::clone(&opened.trace), options)?;
        let Some(sql) = sql else {
            return prompt::run(settings, &session, opened, context);
        };
        let cancel = CancelHandle::default();
        let interrupted = cancel.clone();
        context.interrupt.on_raise(move || interrupted.cancel());
        let answering = Answering {
            session: &session,
            format: settings.format,
            width: settings.width,
            output: settings.output.as_deref(),
            printer: context.messages.printer,
        };
        let mut destination = match &settings.output {
            Some(path) => Destination::file(path.clone()),
            None => Destination::standard_output(settings.is_stdout_terminal),
        };
        answering.run(&sql, &cancel, &mut destination).map_err(|error| explain(error, &settings.sql))?;
        context.messages.printer.detail(format_args!("answered in {}", since(start)));
        Ok(())
    })
}

/// How scripts are answered.
pub(super) struct Answering<'a> {
    pub(super) session: &'a Session,
    pub(super) format: Format,
    /// Columns that a table for people may take.
    pub(super) width: Option<usize>,
    /// The file that the destination is, for messages.
    pub(super) output: Option<&'a Path>,
    pub(super) printer: Printer,
}

impl Answering<'_> {
    /// Runs `sql` and writes its results to `destination`.
    pub(super) fn run(&self, sql: &str, cancel: &CancelHandle, destination: &mut Destination) -> Result<()> {
        let mut writer = ResultWriter::new(self.format, destination);
        if let Some(width) = self.width {
            writer = writer.fit_to(width);
        }
        let ran = self.session.run_cancellable(sql, cancel, &mut |event| {
            if let ResultEvent::Note(note) = &event {
                self.printer.note(format_args!("{note} (--strict-sql takes it by the letter)"));
            }
            writer.write(event)
        });
        let has_cut = writer.has_cut();
        // Rows before an error are results as well.
        let finished = writer.finish();
        let written = match (ran, finished) {
            (Err(SqlError::Output(source)), _) | (Ok(()), Err(source)) => Err(source),
            (Err(error), _) => return Err(error.into()),
            // A script without results makes an empty file.
            (Ok(()), Ok(())) => destination.writer().map(drop),
        };
        written.map_err(|source| OutputError { path: self.output.map(Path::to_owned), source })?;
        if has_cut {
            self.printer
                .note("texts with … are cut to fit the terminal; they are whole in a pipe, a file, or another format");
        }
        Ok(())
    }
}

/// A path that is mistyped and has a space in it is taken for SQL, and SQL is the last thing its author thinks of then.
fn explain(error: anyhow::Error, source: &SqlSource) -> anyhow::Error {
    let (Some(sql_error), SqlSource::Argument(argument)) = (error.downcast_ref::<SqlError>(), source) else {
        return error;
    };
    let fails_at_once = sql_error.place().is_some_and(|place| (place.line, place.column) == (1, 1));
    if !(matches!(sql_error, SqlError::Syntax { .. }) && fails_at_once && argument.contains(['.', '/'])) {
        return error;
    }
    let hint = format!("`{argument}` was taken for SQL, as no file has that name");
    RequestError::new(sql_message(sql_error)).with_hint(hint).into()
}

/// The SQL; `None` where it is to be typed.
fn read_sql(source: &SqlSource) -> Result<Option<String>> {
    let mut bytes = Vec::new();
    let (read, name) = match source {
        SqlSource::Prompt => return Ok(None),
        SqlSource::Text(sql) | SqlSource::Argument(sql) => return Ok(Some(sql.clone())),
        SqlSource::File(path) => (fs::read(path).map(|read| bytes = read), format!("`{path}`")),
        SqlSource::Stdin => (io::stdin().lock().read_to_end(&mut bytes).map(drop), "standard input".to_owned()),
    };
    read.map_err(|error| RequestError::new(format!("cannot read SQL from {name}: {error}")))?;
    let sql = decode_sql(bytes, &name)?;
    if sql.trim().is_empty() {
        let hint = "give it as the last argument, with --file FILE, or on standard input";
        return Err(RequestError::new(format!("there is no SQL in {name}")).with_hint(hint).into());
    }
    Ok(Some(sql))
}

/// The SQL in `bytes`, which come from what `name` says.
pub(super) fn decode_sql(bytes: Vec<u8>, name: &str) -> Result<String, RequestError> {
    let sql = String::from_utf8(bytes).map_err(|error| {
        RequestError::new(format!("the SQL in {name} is not UTF-8 at byte {}", error.utf8_error().valid_up_to()))
    })?;
    Ok(sql.trim_start_matches(BYTE_ORDER_MARK).to_owned())
}

pub(super) fn refuse_to_overwrite(output: &Path, inputs: &[PathBuf]) -> Result<(), RequestError> {
    let Ok(output_path) = fs::canonicalize(output) else { return Ok(()) };
    if inputs.iter().any(|input| fs::canonicalize(input).is_ok_and(|input| input == output_path)) {
        let message = format!("`{}` is what is asked and cannot be the output too", output.display());
        return Err(RequestError::new(message));
    }
    Ok(())
}

/// Where results go.
pub(super) enum Destination {
    /// Line by line, so that the rows of a slow query are seen as they come.
    Terminal(Stdout),
    Pipe(BufWriter<Stdout>),
    File {
        path: PathBuf,
        file: Option<BufWriter<File>>,
    },
}

impl Destination {
    /// Standard output.
    pub(super) fn standard_output(is_terminal: bool) -> Self {
        if is_terminal {
            Self::Terminal(io::stdout())
        } else {
            Self::Pipe(BufWriter::with_capacity(BUFFER_BYTES, io::stdout()))
        }
    }

    /// A file, made anew when there is something to write to it.
    pub(super) fn file(path: PathBuf) -> Self {
        Self::File { path, file: None }
    }

    /// The writer; makes the file when it is first asked for.
    fn writer(&mut self) -> io::Result<&mut dyn Write> {
        match self {
            Self::Terminal(writer) => Ok(writer),
            Self::Pipe(writer) => Ok(writer),
            Self::File { file: Some(writer), .. } => Ok(writer),
            Self::File { path, file } => Ok(file.insert(BufWriter::with_capacity(BUFFER_BYTES, File::create(path)?))),
        }
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File { file: None, .. } => Ok(()),
            _ => self.writer()?.flush(),
        }
    }
}
