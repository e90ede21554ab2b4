//! The line editor: where input comes from, with history and completion.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};

use kinetoscope_sql::{Session, Vocabulary, is_complete};
use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Context, Editor, Helper};

use super::completion::complete;

const PROMPT: &str = "kinetoscope> ";

/// Inputs that are kept for the next time.
const MAX_HISTORY: usize = 10_000;

/// What the person at the prompt did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Input {
    /// Typed something.
    Text(String),
    /// Pressed Ctrl-C: what was typed is void.
    Interrupted,
    /// Pressed Ctrl-D, or the terminal is gone.
    End,
}

/// Reads inputs from a terminal.
pub(super) struct LineEditor<'a> {
    editor: Editor<SqlHelper<'a>, DefaultHistory>,
    history: Option<PathBuf>,
}

impl<'a> LineEditor<'a> {
    /// An editor with the history of former times, where there is one.
    pub(super) fn new(session: &'a Session, history: Option<PathBuf>) -> rustyline::Result<Self> {
        let config = Config::builder()
            .max_history_size(MAX_HISTORY)?
            .history_ignore_space(true)
            .auto_add_history(true)
            .completion_type(CompletionType::List)
            .build();
        let mut editor = Editor::with_config(config)?;
        editor.set_helper(Some(SqlHelper { session, vocabulary: RefCell::new(None) }));
        if let Some(history) = &history {
            // There is none the first time.
            let _ = editor.load_history(history);
        }
        Ok(Self { editor, history })
    }

    /// The next input.
    pub(super) fn read(&mut self) -> rustyline::Result<Input> {
        match self.editor.readline(PROMPT) {
            Ok(text) => Ok(Input::Text(text)),
            Err(ReadlineError::Interrupted) => Ok(Input::Interrupted),
            Err(ReadlineError::Eof) => Ok(Input::End),
            Err(error) => Err(error),
        }
    }

    /// What the session knows has changed.
    pub(super) fn forget_vocabulary(&mut self) {
        if let Some(helper) = self.editor.helper_mut() {
            helper.vocabulary.take();
        }
    }

    /// Keeps the inputs for the next time; the error says what went wrong.
    pub(super) fn save_history(&mut self) -> Result<(), String> {
        let Some(path) = &self.history else { return Ok(()) };
        let failed = |error: &dyn std::fmt::Display| format!("cannot write the history `{}`: {error}", path.display());
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| failed(&error))?;
        }
        // Other prompts may have written theirs meanwhile: only what is new is added.
        self.editor.append_history(path).map_err(|error| failed(&error))?;
        make_private(path).map_err(|error| failed(&error))
    }
}

/// Queries may quote what is nobody else's business.
#[cfg(unix)]
fn make_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn make_private(_path: &Path) -> std::io::Result<()> {
    Ok(())
}

/// What the editor asks about SQL.
struct SqlHelper<'a> {
    session: &'a Session,
    /// Made when Tab is first pressed, and again after statements that may have changed it.
    vocabulary: RefCell<Option<Vocabulary>>,
}

impl Completer for SqlHelper<'_> {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, _ctx: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let mut known = self.vocabulary.borrow_mut();
        // A session that cannot tell has worse to say than that, and will when it is asked something.
        let vocabulary = known.get_or_insert_with(|| self.session.vocabulary().unwrap_or_default());
        let (start, candidates) = complete(line, pos, vocabulary);
        let pairs = candidates
            .into_iter()
            .map(|candidate| Pair { display: candidate.word, replacement: candidate.replacement })
            .collect();
        Ok((start, pairs))
    }
}

impl Validator for SqlHelper<'_> {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let input = context.input();
        let is_ready = input.trim_start().starts_with('.') || is_complete(input);
        Ok(if is_ready { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}

impl Hinter for SqlHelper<'_> {
    type Hint = String;
}

impl Highlighter for SqlHelper<'_> {}

impl Helper for SqlHelper<'_> {}
