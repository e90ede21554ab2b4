//! Failures: what an error means to whoever called the program.
//!
//! Exit codes are a contract, and so is what they stand for: whatever is not known to be somebody's input, request or
//! wish counts as our own error, and asks to be reported.

use std::fmt;
use std::io;
use std::process::ExitCode;

use kinetoscope_ingest::IngestError;
use kinetoscope_server::{ExportError, ServerError};
use kinetoscope_sql::SqlError;
use kinetoscope_store::cache::{CacheError, Miss};

use crate::printer::{OutputError, Printer};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It did what it was asked, or as much as the reader of the output wanted.
    Done,
    /// The request makes no sense, or its input cannot be read.
    Unusable,
    /// We are wrong.
    Internal,
    /// The user stopped it.
    Interrupted,
}

impl Exit {
    /// The number that the shell sees. What comes after an interrupt is 128 and the number of the signal, as shells say it.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Unusable => 2,
            Self::Internal => 3,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// A request that makes no sense or cannot be fulfilled.
#[derive(Debug)]
pub(crate) struct RequestError {
    message: String,
    hint: Option<String>,
}

impl RequestError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for RequestError {}

/// Where people report our errors.
pub(crate) const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

/// Says what went wrong, if anybody has to be told, and how the run ends.
pub(crate) fn conclude(result: anyhow::Result<()>, printer: Printer) -> Exit {
    let Err(error) = result else { return Exit::Done };
    let explained = Explained::of(&error);
    if let Some(message) = explained.message {
        printer.error(message, explained.hint.as_deref());
    }
    explained.exit
}

/// What is told of an error, and what to do about it; no message for what somebody did on purpose.
pub(crate) fn explain(error: &anyhow::Error) -> (Option<String>, Option<String>) {
    let explained = Explained::of(error);
    (explained.message, explained.hint)
}

/// An error as the user sees it.
#[derive(Debug, PartialEq, Eq)]
struct Explained {
    exit: Exit,
    /// Nothing for what the user did on purpose.
    message: Option<String>,
    hint: Option<String>,
}

impl Explained {
    fn silent(exit: Exit) -> Self {
        Self { exit, message: None, hint: None }
    }

    fn of(error: &anyhow::Error) -> Self {
        if let Some(error) = error.downcast_ref::<SqlError>() {
            return Self::of_sql(error);
        }
        if let Some(error) = error.downcast_ref::<IngestError>() {
            return match error {
                IngestError::Cancelled => Self::silent(Exit::Interrupted),
                _ => Self::unusable(error, error.hint()),
            };
        }
        if let Some(error) = error.downcast_ref::<OutputError>() {
            return match error.source.kind() {
                io::ErrorKind::BrokenPipe => Self::silent(Exit::Done),
                _ => Self::unusable(error, None),
            };
        }
        if let Some(error) = error.downcast_ref::<RequestError>() {
            return Self::unusable(error, error.hint.clone());
        }
        if let Some(error) = error.downcast_ref::<Miss>() {
            let hint = "read the trace that it was made from: the cache file is then written anew";
            return Self::unusable(error, Some(hint.to_owned()));
        }
        if let Some(error) = error.downcast_ref::<ServerError>() {
            let hint = matches!(error, ServerError::Listen { .. }).then(|| "choose another one with --port".to_owned());
            return Self::unusable(error, hint);
        }
        if let Some(error) = error.downcast_ref::<ExportError>() {
            return match error {
                ExportError::Cancelled => Self::silent(Exit::Interrupted),
                error if error.is_internal() => Self::internal(error),
                error => Self::unusable(error, error.hint().map(str::to_owned)),
            };
        }
        if let Some(error) = error.downcast_ref::<kinetoscope_export::ExportError>() {
            return match error {
                kinetoscope_export::ExportError::Cancelled => Self::silent(Exit::Interrupted),
                error => Self::unusable(error, None),
            };
        }
        if let Some(error) = error.downcast_ref::<CacheError>() {
            return Self::unusable(error, None);
        }
        Self::internal(format!("{error:#}"))
    }

    fn of_sql(error: &SqlError) -> Self {
        match error {
            SqlError::Cancelled => Self::silent(Exit::Interrupted),
            SqlError::Internal { message } => Self::internal(message),
            _ => Self::unusable(sql_message(error), error.hint()),
        }
    }

    fn unusable(message: impl fmt::Display, hint: Option<String>) -> Self {
        Self { exit: Exit::Unusable, message: Some(message.to_string()), hint }
    }

    fn internal(message: impl fmt::Display) -> Self {
        let hint = format!("this is an error of Kinetoscope itself; please report it at {REPOSITORY}");
        Self { exit: Exit::Internal, message: Some(format!("internal error: {message}")), hint: Some(hint) }
    }
}

/// The error of a query, with the line that it is about and a caret below the place.
pub(crate) fn sql_message(error: &SqlError) -> String {
    match error.place() {
        Some(place) => format!("{error}\n{place}"),
        None => error.to_string(),
    }
}

/// Makes a panic, which is always our error, ask to be reported.
pub(crate) fn explain_panics(printer: Printer) {
    std::panic::set_hook(Box::new(move |panic| {
        let message = panic.payload_as_str().unwrap_or("no message");
        let place = panic.location().map(|place| format!(" ({}:{})", place.file(), place.line())).unwrap_or_default();
        let mut explained = Explained::internal(format!("{message}{place}"));
        let backtrace = std::backtrace::Backtrace::capture();
        let has_backtrace = backtrace.status() == std::backtrace::BacktraceStatus::Captured;
        if let (true, Some(text)) = (has_backtrace, &mut explained.message) {
            *text += &format!("\n{backtrace}");
        }
        if let Some(message) = explained.message {
            printer.error(message, explained.hint.as_deref());
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exit_of(error: impl Into<anyhow::Error>) -> (Exit, bool) {
        let explained = Explained::of(&error.into());
        (explained.exit, explained.message.is_some())
    }

    #[test]
    fn what_the_user_can_act_on_is_unusable_and_the_rest_is_ours() {
        let path = || "a.json".to_owned();
        assert_eq!(exit_of(IngestError::Empty { path: path() }), (Exit::Unusable, true));
        assert_eq!(exit_of(RequestError::new("no")), (Exit::Unusable, true));
        assert_eq!(exit_of(SqlError::Execution { message: "division by zero".to_owned() }), (Exit::Unusable, true));
        assert_eq!(exit_of(Miss::Absent { path: path().into() }), (Exit::Unusable, true));
        assert_eq!(exit_of(SqlError::Internal { message: "no such batch".to_owned() }), (Exit::Internal, true));
        assert_eq!(exit_of(anyhow::anyhow!("unheard of")), (Exit::Internal, true));
        assert_eq!(exit_of(io::Error::from(io::ErrorKind::BrokenPipe)), (Exit::Internal, true));
    }

    #[test]
    fn what_the_user_did_is_not_told_to_them() {
        assert_eq!(exit_of(IngestError::Cancelled), (Exit::Interrupted, false));
        assert_eq!(exit_of(SqlError::Cancelled), (Exit::Interrupted, false));
        let to = |kind| OutputError { path: None, source: io::Error::from(kind) };
        assert_eq!(exit_of(to(io::ErrorKind::BrokenPipe)), (Exit::Done, false));
        assert_eq!(exit_of(to(io::ErrorKind::StorageFull)), (Exit::Unusable, true));
    }

    #[test]
    fn the_codes_are_the_contract() {
        let exits = [Exit::Done, Exit::Unusable, Exit::Internal, Exit::Interrupted];
        assert_eq!(exits.map(Exit::code), [0, 2, 3, 130]);
    }
}
