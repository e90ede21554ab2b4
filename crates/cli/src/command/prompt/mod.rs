//! The prompt: `query` without SQL on a terminal. One trace is opened once and asked many times.
//!
//! What one statement creates is there for the next ones. A mistake is explained and costs nothing else, and Ctrl-C stops
//! the answer under way, not the program.

mod completion;
mod dot_command;
mod editor;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::Result;
use kinetoscope_analysis::text_table::{columns_of_words, write_paragraph};
use kinetoscope_sql::format::Format;
use kinetoscope_sql::{CancelHandle, Session, SqlError};

use self::dot_command::DotCommand;
use self::editor::{Input, LineEditor};
use super::Context;
use super::query::{Answering, Destination, decode_sql, refuse_to_overwrite};
use super::schema;
use crate::failure::{RequestError, conclude};
use crate::open::{Opened, since};
use crate::printer::{OutputError, print_result};
use crate::settings::QuerySettings;

/// Columns of a page where the terminal does not say how many it has.
const DEFAULT_WIDTH: usize = 100;

/// Asks and answers until the person has had enough.
pub(super) fn run(settings: &QuerySettings, session: &Session, opened: &Opened, context: &Context) -> Result<()> {
    let failed = |error| RequestError::new(format!("the terminal cannot be used for a prompt: {error}"));
    let mut editor = LineEditor::new(session, settings.history.clone()).map_err(failed)?;
    let mut prompt = Prompt {
        session,
        opened,
        context,
        format: settings.format,
        width: settings.width.unwrap_or(DEFAULT_WIDTH),
        output: None,
        destination: Destination::standard_output(settings.is_stdout_terminal),
        is_timed: false,
        running: Arc::default(),
    };
    context.messages.printer.note("SQL ends with a semicolon; .help lists commands, Tab completes, Ctrl-D leaves");
    let running = Arc::clone(&prompt.running);
    let cancel = move || running.lock().unwrap_or_else(PoisonError::into_inner).cancel();
    let ended = context.interrupt.while_caught(cancel, || {
        loop {
            match editor.read().map_err(failed)? {
                Input::Interrupted => {}
                Input::End => return Ok(()),
                Input::Text(text) => match prompt.answer(&text) {
                    Next::Goes => editor.forget_vocabulary(),
                    Next::Ends => return Ok(()),
                },
            }
        }
    });
    if let Err(message) = editor.save_history() {
        context.messages.printer.warning(message);
    }
    ended
}

/// What follows an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Goes,
    Ends,
}

/// What the prompt keeps from one input to the next.
struct Prompt<'a> {
    session: &'a Session,
    opened: &'a Opened,
    context: &'a Context,
    format: Format,
    width: usize,
    /// The file that results go to instead of the terminal.
    output: Option<PathBuf>,
    destination: Destination,
    is_timed: bool,
    /// Stops the answer under way.
    running: Arc<Mutex<CancelHandle>>,
}

impl Prompt<'_> {
    fn answer(&mut self, input: &str) -> Next {
        let printer = self.context.messages.printer;
        let done = match input.trim() {
            "" => return Next::Goes,
            command if command.starts_with('.') => match DotCommand::parse(command) {
                Ok(DotCommand::Quit) => return Next::Ends,
                Ok(command) => self.obey(command),
                Err(message) => Err(RequestError::new(message).into()),
            },
            _ => self.run_sql(input),
        };
        let is_cancelled = done.as_ref().is_err_and(|error| matches!(error.downcast_ref(), Some(SqlError::Cancelled)));
        // Without a terminal to write to there is nobody to ask either.
        let is_alone = done
            .as_ref()
            .is_err_and(|error| error.downcast_ref().is_some_and(|error: &OutputError| error.path.is_none()));
        conclude(done, printer);
        if is_cancelled {
            printer.note("stopped");
        }
        if is_alone { Next::Ends } else { Next::Goes }
    }

    fn run_sql(&mut self, sql: &str) -> Result<()> {
        let cancel = CancelHandle::default();
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = cancel.clone();
        let answering = Answering {
            session: self.session,
            format: self.format,
            width: self.output.is_none().then_some(self.width),
            output: self.output.as_deref(),
            printer: self.context.messages.printer,
        };
        let start = Instant::now();
        let done = answering.run(sql, &cancel, &mut self.destination);
        if self.is_timed {
            self.context.messages.printer.note(format_args!("took {}", since(start)));
        }
        done
    }

    fn obey(&mut self, command: DotCommand) -> Result<()> {
        match command {
            DotCommand::Quit => Ok(()),
            DotCommand::Help => Ok(print_result(&dot_command::help())?),
            DotCommand::Format(format) => {
                self.format = format;
                Ok(())
            }
            DotCommand::Timer(is_timed) => {
                self.is_timed = is_timed;
                Ok(())
            }
            DotCommand::Output(path) => self.send_to(path),
            DotCommand::Read(path) => {
                let bytes = fs::read(&path).map_err(|error| cannot_read(&path, &error))?;
                self.run_sql(&decode_sql(bytes, &format!("`{}`", path.display()))?)
            }
            DotCommand::Schema(name) => {
                let tables = self.session.schema()?;
                // What a script made is no part of the reference, and still has columns.
                let made =
                    name.as_ref().filter(|name| !tables.iter().any(|table| table.name.eq_ignore_ascii_case(name)));
                match made {
                    Some(name) => self.show_made(name),
                    None => {
                        Ok(print_result(&schema::text(&tables, self.session.modules(), name.as_deref(), self.width)?)?)
                    }
                }
            }
            DotCommand::Tables(part) => {
                let names = self.session.vocabulary()?.tables.into_iter().map(|table| table.name);
                self.show_names(names, part.as_deref(), "table or view")
            }
            DotCommand::Functions(part) => {
                self.show_names(self.session.vocabulary()?.functions.into_iter(), part.as_deref(), "function")
            }
            DotCommand::Modules => {
                let modules = self.session.vocabulary()?.modules;
                self.show_names(modules.into_iter().map(str::to_owned), None, "module")
            }
        }
    }

    fn send_to(&mut self, path: Option<PathBuf>) -> Result<()> {
        if let Some(path) = &path {
            refuse_to_overwrite(path, &self.opened.files)?;
        }
        let destination = match &path {
            Some(path) => Destination::file(path.clone()),
            None => Destination::standard_output(true),
        };
        self.destination = destination;
        self.output = path;
        Ok(())
    }

    fn show_names(&self, names: impl Iterator<Item = String>, part: Option<&str>, what: &str) -> Result<()> {
        let part = part.unwrap_or_default().to_lowercase();
        let names: Vec<String> = names.filter(|name| name.to_lowercase().contains(&part)).collect();
        if names.is_empty() {
            return Err(RequestError::new(format!("no {what} has `{part}` in its name")).into());
        }
        Ok(print_result(&columns_of_words(&names, self.width))?)
    }

    fn show_made(&self, name: &str) -> Result<()> {
        let tables = self.session.vocabulary()?.tables;
        let table = tables
            .iter()
            .find(|table| table.name.eq_ignore_ascii_case(name))
            .ok_or_else(|| RequestError::new(format!("no such table: `{name}`")).with_hint("`.tables` lists all"))?;
        let mut text = String::new();
        write_paragraph(&mut text, &format!("{}: ", table.name), &table.columns.join(", "), self.width);
        writeln!(text)?;
        Ok(print_result(&text)?)
    }
}

fn cannot_read(path: &Path, error: &std::io::Error) -> RequestError {
    RequestError::new(format!("cannot read SQL from `{}`: {error}", path.display()))
}
