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
use kinetoscope_sql::format::ResultWriter;
use kinetoscope_sql::{CancelHandle, ResultEvent, Session, SessionOptions, SqlError};

use super::{Context, with_trace};
use crate::failure::{Exit, RequestError, sql_message};
use crate::open::{Opened, since};
use crate::printer::OutputError;
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
        answer(&sql, settings, opened, context)
    })
}

fn answer(sql: &str, settings: &QuerySettings, opened: &Opened, context: &Context) -> Result<()> {
    let start = Instant::now();
    let options = SessionOptions {
        num_threads: settings.read.num_threads,
        is_strict: settings.is_strict,
        ..SessionOptions::default()
    };
    let session = Session::new(Arc::clone(&opened.trace), options)?;
    let cancel = CancelHandle::default();
    let interrupted = cancel.clone();
    context.interrupt.on_raise(move || interrupted.cancel());
    let mut destination = Destination::of(settings);
    let mut writer = ResultWriter::new(settings.format, &mut destination);
    if let Some(width) = settings.width {
        writer = writer.fit_to(width);
    }
    let ran = session.run_cancellable(sql, &cancel, &mut |event| {
        if let ResultEvent::Note(note) = &event {
            context.messages.printer.note(format_args!("{note} (--strict-sql takes it by the letter)"));
        }
        writer.write(event)
    });
    let has_cut = writer.has_cut();
    // Rows before an error are results as well.
    let finished = writer.finish();
    let written = match (ran, finished) {
        (Err(SqlError::Output(source)), _) | (Ok(()), Err(source)) => Err(source),
        (Err(error), _) => return Err(explain(error, &settings.sql)),
        // A script without results makes an empty file.
        (Ok(()), Ok(())) => destination.writer().map(drop),
    };
    written.map_err(|source| OutputError { path: settings.output.clone(), source })?;
    if has_cut {
        context
            .messages
            .printer
            .note("texts with … are cut to fit the terminal; they are whole in a pipe, a file, or another --format");
    }
    context.messages.printer.detail(format_args!("answered in {}", since(start)));
    Ok(())
}

/// A path that is mistyped and has a space in it is taken for SQL, and SQL is the last thing its author thinks of then.
fn explain(error: SqlError, source: &SqlSource) -> anyhow::Error {
    let fails_at_once = error.place().is_some_and(|place| (place.line, place.column) == (1, 1));
    match (&error, source) {
        (SqlError::Syntax { .. }, SqlSource::Argument(argument)) if fails_at_once && argument.contains(['.', '/']) => {
            let hint = format!("`{argument}` was taken for SQL, as no file has that name");
            RequestError::new(sql_message(&error)).with_hint(hint).into()
        }
        _ => error.into(),
    }
}

fn read_sql(source: &SqlSource) -> Result<String> {
    let mut bytes = Vec::new();
    let (read, name) = match source {
        SqlSource::Text(sql) | SqlSource::Argument(sql) => return Ok(sql.clone()),
        SqlSource::File(path) => (fs::read(path).map(|read| bytes = read), format!("`{path}`")),
        SqlSource::Stdin => (io::stdin().lock().read_to_end(&mut bytes).map(drop), "standard input".to_owned()),
    };
    read.map_err(|error| RequestError::new(format!("cannot read SQL from {name}: {error}")))?;
    let sql = String::from_utf8(bytes).map_err(|error| {
        RequestError::new(format!("the SQL in {name} is not UTF-8 at byte {}", error.utf8_error().valid_up_to()))
    })?;
    if sql.trim().is_empty() {
        let hint = "give it as the last argument, with --file FILE, or on standard input";
        return Err(RequestError::new(format!("there is no SQL in {name}")).with_hint(hint).into());
    }
    Ok(sql.trim_start_matches(BYTE_ORDER_MARK).to_owned())
}

fn refuse_to_overwrite(output: &Path, inputs: &[PathBuf]) -> Result<(), RequestError> {
    let Ok(output_path) = fs::canonicalize(output) else { return Ok(()) };
    if inputs.iter().any(|input| fs::canonicalize(input).is_ok_and(|input| input == output_path)) {
        let message = format!("`{}` is what is asked and cannot be the output too", output.display());
        return Err(RequestError::new(message));
    }
    Ok(())
}

/// Where results go.
enum Destination {
    /// Line by line, so that the rows of a slow query are seen as they come.
    Terminal(Stdout),
    Pipe(BufWriter<Stdout>),
    File {
        path: PathBuf,
        file: Option<BufWriter<File>>,
    },
}

impl Destination {
    fn of(settings: &QuerySettings) -> Self {
        match &settings.output {
            Some(path) => Self::File { path: path.clone(), file: None },
            None if settings.is_stdout_terminal => Self::Terminal(io::stdout()),
            None => Self::Pipe(BufWriter::with_capacity(BUFFER_BYTES, io::stdout())),
        }
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
