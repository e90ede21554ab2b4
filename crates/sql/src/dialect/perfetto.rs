//! PerfettoSQL's own statements, read from tokens.
//!
//! The parser does not know them, and most are SQLite's with words in between. So they are told from their first words
//! here: tables and views lose those words and go on as SQL, functions and macros are kept as text and tokens.

use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use super::grammar::Grammar;
use super::token_macro::drop_blanks_in_calls;
use crate::window_table::SETTINGS;

/// A statement that is not SQLite's.
#[derive(Debug, Clone)]
pub(crate) enum PerfettoStatement {
    /// `CREATE PERFETTO FUNCTION`.
    CreateFunction { may_replace: bool, function: FunctionText },
    /// `SELECT EXPERIMENTAL_MEMOIZE('name')`.
    Memoize { name: String },
    /// Several of them in one `SELECT`.
    Several(Vec<Self>),
    /// `CREATE PERFETTO MACRO`.
    CreateMacro { may_replace: bool, name: String, parameters: Vec<String>, body: Vec<TokenWithSpan> },
    /// `CREATE PERFETTO INDEX`.
    CreateIndex { may_replace: bool, name: String, table: String, columns: Vec<String> },
    /// `DROP PERFETTO INDEX`.
    DropIndex { name: String, table: String },
    /// `INCLUDE PERFETTO MODULE`.
    Include { pattern: String },
    /// `CREATE VIRTUAL TABLE … USING SPAN_JOIN(…)`.
    SpanJoin { name: String, kind: SpanJoinKind, sides: [SpanJoinSide; 2] },
    /// `CREATE VIRTUAL TABLE … USING window`.
    Window { name: String },
    /// `UPDATE window SET …` with the texts of the values by their columns; the token is the first one.
    SetWindow { name: String, values: Vec<(String, String)>, first: TokenWithSpan },
    /// `PRAGMA name`, with the argument in parentheses.
    Pragma { name: String, argument: Option<String> },
    /// `CREATE VIRTUAL TABLE … USING __intrinsic_slice_mipmap(…)`; `rows` is the text of the table that it is made from.
    Mipmap { name: String, kind: MipmapKind, rows: String },
}

/// What a mipmap shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MipmapKind {
    /// Slices, by their depth.
    Slices,
    /// The values of one counter.
    Counter,
}

impl MipmapKind {
    /// The statements that make it: a table of its rows, and a function of the same name that shows a window of them.
    pub(crate) fn definition(self, name: &str, rows: &str) -> String {
        let (columns, order, kernel, shown) = match self {
            Self::Slices => (
                "id, ts, dur, depth",
                "depth, ts, id",
                "__slice_mipmap",
                "ts LONG, dur LONG, depth LONG, id LONG, count LONG",
            ),
            Self::Counter => (
                "ts, value",
                "ts",
                "__counter_mipmap",
                "min_value DOUBLE, max_value DOUBLE, last_ts LONG, last_value DOUBLE",
            ),
        };
        format!(
            "CREATE PERFETTO TABLE \"{name}\" AS SELECT {columns} FROM {rows} ORDER BY {order}; \
             CREATE OR REPLACE PERFETTO FUNCTION \"{name}\"(start_ts LONG, end_ts LONG, step LONG) RETURNS TABLE({shown}) AS \
             SELECT * FROM {kernel}((SELECT {columns} FROM \"{name}\" WHERE ts < $end_ts), \
             (SELECT $start_ts AS start_ts, $end_ts AS end_ts, $step AS step));"
        )
    }
}

/// Functions that were the statements before there were statements.
const LEGACY: [&str; 5] = ["create_function", "create_view_function", "experimental_memoize", "import", "run_metric"];

/// A function as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FunctionText {
    /// Name, in small letters.
    pub(crate) name: String,
    /// Names and types of the parameters.
    pub(crate) parameters: Vec<(String, String)>,
    /// What it gives.
    pub(crate) returns: Returns,
    /// The query; empty where another function does the work.
    pub(crate) body: String,
    /// The function that does the work, with the same arguments.
    pub(crate) delegate: Option<String>,
    /// Whether the last parameter stands for any number of arguments.
    pub(crate) is_variadic: bool,
    /// Whether it is one of ours, which may be joined with any arguments.
    pub(crate) is_shipped: bool,
}

/// What a function gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Returns {
    /// One value of this type.
    Value(String),
    /// Rows with these columns.
    Table(Vec<(String, String)>),
}

/// Which spans a span join keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SpanJoinKind {
    /// Where both sides have one.
    Inner,
    /// Where the left side has one.
    Left,
    /// Where any side has one.
    Outer,
}

impl SpanJoinKind {
    /// Whether the join keeps what has a span on the left, on the right, or on both sides.
    pub(crate) fn keeps(self, has_left: bool, has_right: bool) -> bool {
        match self {
            Self::Inner => has_left && has_right,
            Self::Left => has_left,
            Self::Outer => has_left || has_right,
        }
    }
}

/// One side of a span join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SpanJoinSide {
    /// The table.
    pub(crate) table: String,
    /// The column by which its spans are told apart.
    pub(crate) partition: Option<String>,
}

/// What the first words of a statement say.
#[derive(Debug)]
pub(crate) enum Read {
    /// It is SQLite's.
    Sql,
    /// It is SQLite's without the words of Perfetto's: these tokens, and what its columns have to be.
    SqlWithColumns { tokens: Vec<TokenWithSpan>, columns: Option<Vec<(String, String)>> },
    /// It is Perfetto's.
    Perfetto(PerfettoStatement),
}

/// What is wrong with a statement, at which of its tokens.
#[derive(Debug)]
pub(crate) struct Wrong {
    pub(crate) message: String,
    pub(crate) token: Option<TokenWithSpan>,
}

/// Reads a statement of Perfetto's; `text_of` gives the text between two tokens.
pub(crate) fn read(
    tokens: &[TokenWithSpan],
    text_of: &dyn Fn(&TokenWithSpan, &TokenWithSpan) -> String,
) -> Result<Read, Wrong> {
    let significant: Vec<&TokenWithSpan> =
        tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).collect();
    let mut cursor = Cursor { tokens: &significant, at: 0 };
    if cursor.take_word("include") {
        cursor.expect_word("perfetto")?;
        cursor.expect_word("module")?;
        let pattern: String = cursor.rest().iter().map(|token| token.token.to_string()).collect();
        return match pattern.is_empty() {
            true => Err(cursor.expected("the name of a module")),
            false => Ok(Read::Perfetto(PerfettoStatement::Include { pattern: pattern.to_lowercase() })),
        };
    }
    if cursor.take_word("pragma") {
        return cursor.read_pragma();
    }
    if let Some(statement) = cursor.read_window_update(text_of) {
        return Ok(Read::Perfetto(statement));
    }
    if let Some(statement) = cursor.read_legacy()? {
        return Ok(Read::Perfetto(statement));
    }
    if cursor.take_word("drop") {
        return match cursor.take_word("perfetto") {
            true => cursor.read_drop(),
            false => Ok(Read::Sql),
        };
    }
    if !cursor.take_word("create") {
        return Ok(Read::Sql);
    }
    let may_replace = cursor.take_word("or");
    if may_replace {
        cursor.expect_word("replace")?;
    }
    if cursor.take_word("virtual") {
        return cursor.read_virtual_table(text_of);
    }
    if !cursor.take_word("perfetto") {
        return Ok(Read::Sql);
    }
    match cursor.peek_word().as_deref() {
        Some("table" | "view") => cursor.read_table(),
        Some("function") => cursor.read_function(may_replace, text_of),
        Some("macro") => cursor.read_macro(may_replace, tokens),
        Some("index") => cursor.read_index(may_replace),
        _ => Err(cursor.expected("`TABLE`, `VIEW`, `FUNCTION`, `MACRO` or `INDEX`")),
    }
}

struct Cursor<'a> {
    tokens: &'a [&'a TokenWithSpan],
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<&TokenWithSpan> {
        self.tokens.get(self.at).copied()
    }

    fn rest(&self) -> &[&TokenWithSpan] {
        self.tokens.get(self.at..).unwrap_or_default()
    }

    fn peek_word(&self) -> Option<String> {
        match &self.peek()?.token {
            Token::Word(word) => Some(word.value.to_lowercase()),
            _ => None,
        }
    }

    fn expected(&self, what: &str) -> Wrong {
        let found = self.peek().map_or("the end of the text".to_owned(), |token| format!("`{}`", token.token));
        Wrong { message: format!("expected {what}, found {found}"), token: self.peek().cloned() }
    }

    fn take_word(&mut self, word: &str) -> bool {
        let is_next = self.peek_word().is_some_and(|next| next == word);
        self.at += usize::from(is_next);
        is_next
    }

    fn expect_word(&mut self, word: &str) -> Result<(), Wrong> {
        match self.take_word(word) {
            true => Ok(()),
            false => Err(self.expected(&format!("`{}`", word.to_uppercase()))),
        }
    }

    fn take(&mut self, token: &Token) -> bool {
        let is_next = self.peek().is_some_and(|next| next.token == *token);
        self.at += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, token: &Token) -> Result<(), Wrong> {
        match self.take(token) {
            true => Ok(()),
            false => Err(self.expected(&format!("`{token}`"))),
        }
    }

    fn name(&mut self) -> Result<String, Wrong> {
        let name = self.peek_word().ok_or_else(|| self.expected("a name"))?;
        self.at += 1;
        Ok(name)
    }

    /// `(name TYPE, …)`, where a type may have something in parentheses.
    fn columns(&mut self) -> Result<Vec<(String, String)>, Wrong> {
        match self.parameters()? {
            (columns, false) => Ok(columns),
            (_, true) => Err(self.expected("columns without `...`")),
        }
    }

    /// The same, where three dots behind the last type stand for any number of arguments; true when they are there.
    fn parameters(&mut self) -> Result<(Vec<(String, String)>, bool), Wrong> {
        self.expect(&Token::LParen)?;
        let mut columns = Vec::new();
        while !self.take(&Token::RParen) {
            if !columns.is_empty() {
                self.expect(&Token::Comma)?;
            }
            let name = self.name()?;
            let kind = self.kind()?;
            columns.push((name, kind));
            if self.take(&Token::Period) {
                self.expect(&Token::Period)?;
                self.expect(&Token::Period)?;
                self.expect(&Token::RParen)?;
                return Ok((columns, true));
            }
        }
        Ok((columns, false))
    }

    /// `SELECT CREATE_FUNCTION('f(x INT)', 'INT', 'SELECT …')` and its kin, which were the statements before there were
    /// statements. They give no result.
    fn read_legacy(&mut self) -> Result<Option<PerfettoStatement>, Wrong> {
        let is_word = |at: usize, word: &str| {
            let token = self.tokens.get(at).map(|token| &token.token);
            matches!(token, Some(Token::Word(found)) if found.value.eq_ignore_ascii_case(word))
        };
        if !is_word(self.at, "select") || !LEGACY.into_iter().any(|name| is_word(self.at + 1, name)) {
            return Ok(None);
        }
        self.at += 1;
        let mut statements = Vec::new();
        loop {
            statements.push(self.read_legacy_call()?);
            if self.peek().is_none() {
                return Ok(Some(PerfettoStatement::Several(statements)));
            }
            self.expect(&Token::Comma)?;
        }
    }

    fn read_legacy_call(&mut self) -> Result<PerfettoStatement, Wrong> {
        let Some(place) = self.peek().cloned() else { return Err(self.expected("a function")) };
        let name = self.name()?;
        if name == "run_metric" {
            let message = "`RUN_METRIC` runs metrics that come with Perfetto, and there are none here".to_owned();
            return Err(Wrong { message, token: Some(place) });
        }
        if !LEGACY.contains(&name.as_str()) {
            let message = format!("`{name}` cannot stand beside functions that define something");
            return Err(Wrong { message, token: Some(place) });
        }
        let name = name.as_str();
        self.expect(&Token::LParen)?;
        let mut args = Vec::new();
        loop {
            match self.peek().map(|token| &token.token) {
                Some(Token::SingleQuotedString(text)) => args.push(text.clone()),
                // A name that nothing has is a text in SQLite.
                Some(Token::Word(word)) if word.quote_style == Some('"') => args.push(word.value.clone()),
                _ => return Err(self.expected("a text")),
            }
            self.at += 1;
            if self.take(&Token::RParen) {
                break;
            }
            self.expect(&Token::Comma)?;
        }
        if self.take_word("as") {
            self.name()?;
        }
        let wrong = |message: String| Wrong { message, token: Some(place.clone()) };
        let read_in = |text: &str, what: &str, read: &dyn Fn(&mut Cursor<'_>) -> Result<FunctionText, Wrong>| {
            let tokens = Tokenizer::new(&Grammar, text).tokenize_with_location();
            let tokens = tokens.map_err(|error| wrong(format!("in {what}: {}", error.message)))?;
            let significant: Vec<&TokenWithSpan> =
                tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).collect();
            let mut cursor = Cursor { tokens: &significant, at: 0 };
            let found = read(&mut cursor).map_err(|error| wrong(format!("in {what}: {}", error.message)))?;
            match cursor.peek() {
                None => Ok(found),
                Some(token) => Err(wrong(format!("in {what}: expected its end, found `{}`", token.token))),
            }
        };
        let function = |signature: &str, returns: Returns, body: &str| {
            read_in(signature, "the signature", &|cursor| {
                let name = cursor.name()?;
                let parameters = cursor.columns()?;
                Ok(FunctionText {
                    name,
                    parameters,
                    returns: returns.clone(),
                    body: body.to_owned(),
                    delegate: None,
                    is_variadic: false,
                    is_shipped: false,
                })
            })
        };
        let function = match (name, args.as_slice()) {
            ("experimental_memoize", [function]) => {
                return Ok(PerfettoStatement::Memoize { name: function.to_lowercase() });
            }
            ("import", [module]) => return Ok(PerfettoStatement::Include { pattern: module.to_lowercase() }),
            ("create_function", [signature, kind, body]) => function(signature, Returns::Value(kind.clone()), body)?,
            ("create_view_function", [signature, columns, body]) => {
                let columns = read_in(&format!("columns({columns})"), "the columns", &|cursor| {
                    let name = cursor.name()?;
                    let columns = cursor.columns()?;
                    Ok(FunctionText {
                        name,
                        parameters: columns,
                        returns: Returns::Table(Vec::new()),
                        body: String::new(),
                        delegate: None,
                        is_variadic: false,
                        is_shipped: false,
                    })
                })?;
                function(signature, Returns::Table(columns.parameters), body)?
            }
            (name, args) => {
                let expected = if matches!(name, "experimental_memoize" | "import") { 1 } else { 3 };
                return Err(wrong(format!("{name} takes {expected} texts, not {}", args.len())));
            }
        };
        // Scripts that were written for them define the same function in several places.
        Ok(PerfettoStatement::CreateFunction { may_replace: true, function })
    }

    fn kind(&mut self) -> Result<String, Wrong> {
        let kind = self.name()?;
        if self.take(&Token::LParen) {
            while !self.take(&Token::RParen) {
                if self.peek().is_none() {
                    return Err(self.expected("`)`"));
                }
                self.at += 1;
            }
        }
        Ok(kind)
    }

    /// The tokens that follow, which have to be there.
    fn body(&mut self) -> Result<Vec<TokenWithSpan>, Wrong> {
        match self.rest() {
            [] => Err(self.expected("a query")),
            rest => Ok(rest.iter().map(|token| (*token).clone()).collect()),
        }
    }

    /// `PRAGMA [schema.]name`, `PRAGMA name(argument)` or `PRAGMA name = value`.
    fn read_pragma(mut self) -> Result<Read, Wrong> {
        let mut name = self.name()?;
        if self.take(&Token::Period) {
            name = self.name()?;
        }
        let mut argument = None;
        if self.take(&Token::Eq) || self.peek().is_some_and(|token| token.token == Token::LParen) {
            let is_call = self.take(&Token::LParen);
            let Some(token) = self.peek() else { return Err(self.expected("a value")) };
            argument = Some(match &token.token {
                Token::Word(word) => word.value.clone(),
                Token::SingleQuotedString(text) => text.clone(),
                other => other.to_string(),
            });
            self.at += 1;
            // `PRAGMA x = -1`.
            if argument.as_deref() == Some("-") {
                self.at += 1;
            }
            if is_call {
                self.expect(&Token::RParen)?;
            }
        }
        match self.peek() {
            None => Ok(Read::Perfetto(PerfettoStatement::Pragma { name, argument })),
            Some(_) => Err(self.expected("the end of the statement")),
        }
    }

    /// `UPDATE name SET window_start = …, …`, where nothing but the settings of a window is set.
    fn read_window_update(
        &self,
        text_of: &dyn Fn(&TokenWithSpan, &TokenWithSpan) -> String,
    ) -> Option<PerfettoStatement> {
        let mut cursor = Cursor { tokens: self.tokens, at: self.at };
        let first = cursor.peek()?.clone();
        if !cursor.take_word("update") {
            return None;
        }
        let name = cursor.name().ok()?;
        if !cursor.take_word("set") {
            return None;
        }
        let mut values = Vec::new();
        loop {
            let column = cursor.name().ok()?;
            if !SETTINGS.contains(&column.as_str()) || !cursor.take(&Token::Eq) {
                return None;
            }
            let start = cursor.at;
            let mut depth = 0_usize;
            while let Some(token) = cursor.peek() {
                match &token.token {
                    Token::LParen => depth += 1,
                    Token::RParen => depth = depth.saturating_sub(1),
                    Token::Comma if depth == 0 => break,
                    // Each window is one row, so the condition can only name it.
                    Token::Word(word) if depth == 0 && word.value.eq_ignore_ascii_case("where") => break,
                    _ => {}
                }
                cursor.at += 1;
            }
            if cursor.at == start {
                return None;
            }
            let (from, to) = (cursor.tokens.get(start)?, cursor.tokens.get(cursor.at.checked_sub(1)?)?);
            values.push((column, text_of(from, to)));
            if !cursor.take(&Token::Comma) {
                return Some(PerfettoStatement::SetWindow { name, values, first });
            }
        }
    }

    fn read_drop(mut self) -> Result<Read, Wrong> {
        if self.take_word("index") {
            let name = self.name()?;
            self.expect_word("on")?;
            let table = self.name()?;
            return Ok(Read::Perfetto(PerfettoStatement::DropIndex { name, table }));
        }
        match self.peek_word().as_deref() {
            // `DROP PERFETTO TABLE t` is `DROP TABLE t`.
            Some("table" | "view") => {
                let tokens = self.tokens[..1].iter().chain(&self.tokens[2..]).map(|token| (*token).clone()).collect();
                Ok(Read::SqlWithColumns { tokens: spaced(tokens), columns: None })
            }
            _ => Err(self.expected("`INDEX`, `TABLE` or `VIEW`")),
        }
    }

    fn read_table(mut self) -> Result<Read, Wrong> {
        let perfetto = self.at - 1;
        self.at += 1;
        self.name()?;
        let name_end = self.at;
        let columns = match self.peek().is_some_and(|token| token.token == Token::LParen) {
            true => Some(self.columns()?),
            false => None,
        };
        self.expect_word("as")?;
        let body = self.body()?;
        let head = self.tokens[..perfetto].iter().chain(&self.tokens[perfetto + 1..name_end]);
        let word_as = self.tokens[self.at - 1];
        let tokens = head.map(|token| (*token).clone()).chain([word_as.clone()]).chain(body).collect();
        Ok(Read::SqlWithColumns { tokens: spaced(tokens), columns })
    }

    fn read_function(
        mut self,
        may_replace: bool,
        text_of: &dyn Fn(&TokenWithSpan, &TokenWithSpan) -> String,
    ) -> Result<Read, Wrong> {
        self.at += 1;
        let name = self.name()?;
        let (parameters, is_variadic) = self.parameters()?;
        self.expect_word("returns")?;
        let returns = match self.take_word("table") {
            true => Returns::Table(self.columns()?),
            false => Returns::Value(self.kind()?),
        };
        if self.take_word("delegates") {
            self.expect_word("to")?;
            let delegate = Some(self.name()?);
            if self.peek().is_some() {
                return Err(self.expected("the end of the statement"));
            }
            let function = FunctionText {
                name,
                parameters,
                returns,
                body: String::new(),
                delegate,
                is_variadic,
                is_shipped: false,
            };
            return Ok(Read::Perfetto(PerfettoStatement::CreateFunction { may_replace, function }));
        }
        if is_variadic {
            return Err(self.expected("`DELEGATES TO`, since a query cannot name any number of arguments"));
        }
        self.expect_word("as")?;
        let body = self.body()?;
        let body = match body.as_slice() {
            [first, .., last] => text_of(first, last),
            _ => return Err(self.expected("a query")),
        };
        let function = FunctionText { name, parameters, returns, body, delegate: None, is_variadic, is_shipped: false };
        Ok(Read::Perfetto(PerfettoStatement::CreateFunction { may_replace, function }))
    }

    fn read_macro(mut self, may_replace: bool, all: &[TokenWithSpan]) -> Result<Read, Wrong> {
        self.at += 1;
        let name = self.name()?;
        let parameters = self.columns()?.into_iter().map(|(name, _)| name).collect();
        self.expect_word("returns")?;
        self.kind()?;
        self.expect_word("as")?;
        let body = self.body()?;
        // With the blanks, which are part of what a column without a name is called.
        let place = |token: Option<&TokenWithSpan>| {
            token.and_then(|token| all.iter().position(|other| other.span == token.span))
        };
        let body = match (place(body.first()), place(body.last())) {
            (Some(first), Some(last)) => {
                let mut body = all[first..=last].to_vec();
                drop_blanks_in_calls(&mut body);
                body
            }
            _ => body,
        };
        Ok(Read::Perfetto(PerfettoStatement::CreateMacro { may_replace, name, parameters, body }))
    }

    fn read_index(mut self, may_replace: bool) -> Result<Read, Wrong> {
        self.at += 1;
        let name = self.name()?;
        self.expect_word("on")?;
        let table = self.name()?;
        self.expect(&Token::LParen)?;
        let mut columns = vec![self.name()?];
        while !self.take(&Token::RParen) {
            self.expect(&Token::Comma)?;
            columns.push(self.name()?);
        }
        Ok(Read::Perfetto(PerfettoStatement::CreateIndex { may_replace, name, table, columns }))
    }

    fn read_virtual_table(mut self, text_of: &dyn Fn(&TokenWithSpan, &TokenWithSpan) -> String) -> Result<Read, Wrong> {
        self.expect_word("table")?;
        let name = self.name()?;
        self.expect_word("using")?;
        let kind = match self.peek_word().as_deref() {
            Some("span_join") => SpanJoinKind::Inner,
            Some("span_left_join") => SpanJoinKind::Left,
            Some("span_outer_join") => SpanJoinKind::Outer,
            Some("window") => {
                self.at += 1;
                if self.take(&Token::LParen) {
                    self.expect(&Token::RParen)?;
                }
                return match self.peek() {
                    None => Ok(Read::Perfetto(PerfettoStatement::Window { name })),
                    Some(_) => Err(self.expected("the end of the statement")),
                };
            }
            Some("__intrinsic_slice_mipmap") => return self.read_mipmap(name, MipmapKind::Slices, text_of),
            Some("__intrinsic_counter_mipmap") => return self.read_mipmap(name, MipmapKind::Counter, text_of),
            _ => return Err(self.expected("`SPAN_JOIN`, `SPAN_LEFT_JOIN`, `SPAN_OUTER_JOIN` or `window`")),
        };
        self.at += 1;
        self.expect(&Token::LParen)?;
        let left = self.side()?;
        self.expect(&Token::Comma)?;
        let right = self.side()?;
        self.expect(&Token::RParen)?;
        Ok(Read::Perfetto(PerfettoStatement::SpanJoin { name, kind, sides: [left, right] }))
    }

    fn read_mipmap(
        mut self,
        name: String,
        kind: MipmapKind,
        text_of: &dyn Fn(&TokenWithSpan, &TokenWithSpan) -> String,
    ) -> Result<Read, Wrong> {
        self.at += 1;
        self.expect(&Token::LParen)?;
        match self.rest() {
            [first, .., last, end] if end.token == Token::RParen => {
                let rows = text_of(first, last);
                Ok(Read::Perfetto(PerfettoStatement::Mipmap { name, kind, rows }))
            }
            [table, end] if end.token == Token::RParen => {
                let rows = text_of(table, table);
                Ok(Read::Perfetto(PerfettoStatement::Mipmap { name, kind, rows }))
            }
            _ => Err(self.expected("a query in parentheses or the name of a table, and then `)`")),
        }
    }

    fn side(&mut self) -> Result<SpanJoinSide, Wrong> {
        let table = self.name()?;
        let partition = match self.take_word("partitioned") {
            true => Some(self.name()?),
            false => None,
        };
        Ok(SpanJoinSide { table, partition })
    }
}

/// Tokens with blanks again where they stood apart: `name!(…)` is a call only where nothing stands between.
fn spaced(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    use datafusion::sql::sqlparser::tokenizer::Whitespace;
    let mut spaced = Vec::with_capacity(2 * tokens.len());
    let mut end = None;
    for token in tokens {
        if end.is_some_and(|end| end != token.span.start) {
            spaced.push(TokenWithSpan { token: Token::Whitespace(Whitespace::Space), span: token.span });
        }
        end = Some(token.span.end);
        spaced.push(token);
    }
    spaced
}
