//! Scripts: several statements in one text, parsed one after the other.
//!
//! SQLite's shell runs each statement before it looks at the next, so a mistake in the last one leaves the results of
//! the first ones standing. The text is cut into tokens once; the tokens keep their places in the whole script, so
//! that errors point into what was typed.

use std::collections::HashMap;

use datafusion::sql::sqlparser::ast::{Expr, Query, Statement};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer};

use super::grammar::Grammar;
use super::perfetto::{self, FunctionText, PerfettoStatement, Read};
use super::token_macro::{self, Origins, WrongKind};
use super::{rewrite, table_call, with_name};
use crate::definition::Known;
use crate::error::{Place, SqlError, nearest_names};

/// How deep an expression or a chain of operators may be: SQLite's own limit. Planner and optimiser walk trees by
/// recursion, and a stack overflow cannot be caught.
const MAX_DEPTH: usize = 1000;

/// How deep parentheses, sub-queries and the like may nest. The parser's stack frames are large.
const MAX_NESTING: usize = 200;

/// Words that begin a statement that writes.
const WRITING: [Keyword; 16] = [
    Keyword::INSERT,
    Keyword::REPLACE,
    Keyword::UPDATE,
    Keyword::DELETE,
    Keyword::MERGE,
    Keyword::COPY,
    Keyword::UNLOAD,
    Keyword::ALTER,
    Keyword::TRUNCATE,
    Keyword::ATTACH,
    Keyword::DETACH,
    Keyword::VACUUM,
    Keyword::LOAD,
    Keyword::INSTALL,
    Keyword::GRANT,
    Keyword::REVOKE,
];

/// Words that begin a statement that reads or defines.
const READING: [Keyword; 7] =
    [Keyword::SELECT, Keyword::WITH, Keyword::VALUES, Keyword::EXPLAIN, Keyword::CREATE, Keyword::DROP, Keyword::FROM];

/// A script on its way to being run.
#[derive(Debug)]
pub(crate) struct Script<'a> {
    text: &'a str,
    lines: Lines<'a>,
    tokens: std::vec::IntoIter<TokenWithSpan>,
    /// Why the tokens end before the text does.
    token_error: Option<SqlError>,
    /// Where the statement that was read last begins and ends.
    statement: Option<(Location, Location)>,
}

/// One parsed statement, ready to be planned.
#[derive(Debug, Clone)]
pub(crate) struct ParsedStatement {
    /// The tree, rewritten.
    pub(crate) ast: Statement,
    /// How to spell a result column: by its name in the plan.
    pub(crate) spelling: HashMap<String, String>,
    /// What stood between double quotes, by its place: it may turn out to be a text.
    quoted: HashMap<Location, String>,
    /// Names and types that the statement declares for the columns of what it makes.
    pub(crate) declared: Option<Vec<(String, String)>>,
    /// Whether it is one of Perfetto's, whose tables and views have no two columns of one name.
    pub(crate) is_perfetto: bool,
    /// Where the tokens that macros have put in come from.
    pub(crate) origins: Origins,
}

/// One statement of a script.
#[derive(Debug)]
pub(crate) enum ScriptStatement {
    /// What SQLite knows.
    Sql(Box<ParsedStatement>),
    /// What only Perfetto knows.
    Perfetto(PerfettoStatement),
}

impl ParsedStatement {
    /// Reads these names as result columns of their own `SELECT`; false when there is none.
    pub(crate) fn read_as_result_columns(&mut self, unresolved: &[rewrite::Unresolved]) -> bool {
        rewrite::read_as_result_columns(&mut self.ast, unresolved)
    }

    /// Reads these names of a row's number as `id`; false when there is none.
    pub(crate) fn read_row_ids(&mut self, names: &[String]) -> bool {
        rewrite::read_row_ids(&mut self.ast, names)
    }

    /// Reads `"text"` at these places as texts instead of column names; false when there is none.
    pub(crate) fn read_as_texts(&mut self, unresolved: &[rewrite::Unresolved]) -> bool {
        rewrite::read_as_texts(&mut self.ast, &self.quoted, unresolved)
    }
}

impl<'a> Script<'a> {
    /// Cuts `text` into tokens.
    pub(crate) fn new(text: &'a str) -> Self {
        let mut tokens = Vec::new();
        let result = Tokenizer::new(&Grammar, text).tokenize_with_location_into_buf(&mut tokens);
        join_hex_numbers(&mut tokens);
        let lines = Lines::new(text);
        read_hex_numbers(&lines, &mut tokens);
        let token_error = result.err().map(|error| SqlError::Syntax {
            message: error.message.trim().to_owned(),
            place: Place::in_script(text, error.location.line, error.location.column, 1),
        });
        Self { text, lines, tokens: tokens.into_iter(), token_error, statement: None }
    }

    /// The text of the statement that was read last.
    pub(crate) fn statement_text(&self) -> &'a str {
        self.statement.map_or("", |(start, end)| self.lines.between(start, end))
    }

    /// Makes a placeholder the name of a table.
    pub(crate) fn name_placeholder(&mut self, placeholder: &str, name: &str) {
        let is_meant = |token: &Token| matches!(token, Token::Placeholder(found) if found == placeholder);
        let tokens: Vec<TokenWithSpan> = self
            .tokens
            .by_ref()
            .map(|token| match is_meant(&token.token) {
                true => TokenWithSpan { token: Token::make_word(name, None), span: token.span },
                false => token,
            })
            .collect();
        self.tokens = tokens.into_iter();
    }

    /// The next statement; `None` at the end.
    pub(crate) fn next_statement(&mut self, known: &Known) -> Option<Result<ScriptStatement, SqlError>> {
        loop {
            let mut tokens = Vec::new();
            let mut is_terminated = false;
            for token in self.tokens.by_ref() {
                if token.token == Token::SemiColon {
                    is_terminated = true;
                    break;
                }
                tokens.push(token);
            }
            if !is_terminated && let Some(error) = self.token_error.take() {
                return Some(Err(error));
            }
            let mut words = tokens.iter().filter(|token| !is_blank(token));
            if let Some(first) = words.next() {
                let last = words.next_back().unwrap_or(first);
                self.statement = Some((first.span.start, last.span.end));
                return Some(self.parse(tokens, known));
            }
            if !is_terminated {
                return None;
            }
        }
    }

    fn parse(&self, tokens: Vec<TokenWithSpan>, known: &Known) -> Result<ScriptStatement, SqlError> {
        let text_of = |first: &TokenWithSpan, last: &TokenWithSpan| {
            self.lines.between(first.span.start, last.span.end).to_owned()
        };
        let wrong = |wrong: perfetto::Wrong| {
            let place = match &wrong.token {
                Some(token) => self.place_of(token),
                None => Place::end_of(self.text),
            };
            SqlError::Syntax { message: wrong.message, place }
        };
        let (tokens, declared, is_perfetto) = match perfetto::read(&tokens, &text_of).map_err(wrong)? {
            Read::Perfetto(statement) => return Ok(ScriptStatement::Perfetto(statement)),
            Read::SqlWithColumns { tokens, columns } => (tokens, columns, true),
            Read::Sql => (tokens, None, false),
        };
        let (tokens, origins) = self.expand(tokens, known)?;
        let statement = self.parse_sql(tokens, origins, declared, known)?;
        Ok(ScriptStatement::Sql(Box::new(ParsedStatement { is_perfetto, ..statement })))
    }

    fn expand(&self, tokens: Vec<TokenWithSpan>, known: &Known) -> Result<(Vec<TokenWithSpan>, Origins), SqlError> {
        token_macro::expand(tokens, &known.macros).map_err(|wrong| {
            let place = self.place_of(&wrong.token);
            match wrong.kind {
                WrongKind::Unknown(name) => {
                    let nearest = nearest_names(&name, known.macros.keys().map(String::as_str));
                    SqlError::UnknownMacro { name, nearest, place }
                }
                WrongKind::Other(message) => SqlError::Invalid { message, place },
            }
        })
    }

    fn parse_sql(
        &self,
        mut tokens: Vec<TokenWithSpan>,
        origins: Origins,
        declared: Option<Vec<(String, String)>>,
        known: &Known,
    ) -> Result<ParsedStatement, SqlError> {
        self.check_placeholders(&tokens, &origins)?;
        drop_materialized(&mut tokens);
        self.check_kind(&tokens)?;
        self.check_depth(&tokens)?;
        let quoted = lower_quoted_names(&mut tokens);
        let item_texts = ItemTexts { lines: Some(&self.lines), tokens: tokens.clone() };
        let mut parser =
            Parser::new(&Grammar).with_recursion_limit(MAX_NESTING).with_tokens_with_locations(tokens.clone());
        let ast = parser.parse_statement().map_err(|error| self.syntax_error(error, &tokens, &origins))?;
        let rest = parser.peek_token();
        if rest.token != Token::EOF {
            let message = format!("expected the end of the statement, found `{}`", rest.token);
            return Err(self.syntax_error_at(message, &rest, &origins));
        }
        finish(ast, quoted, &item_texts, declared, origins, known)
    }

    /// A parameter has a value in the body of its macro or function only.
    fn check_placeholders(&self, tokens: &[TokenWithSpan], origins: &Origins) -> Result<(), SqlError> {
        let is_placeholder = |token: &&TokenWithSpan| matches!(token.token, Token::Placeholder(_));
        match tokens.iter().find(is_placeholder) {
            Some(token) => {
                let message = format!("`{}` is no parameter of a macro or function here", token.token);
                Err(self.syntax_error_at(message, token, origins))
            }
            None => Ok(()),
        }
    }

    /// The error about a token, which a macro may have put in.
    fn syntax_error_at(&self, message: String, token: &TokenWithSpan, origins: &Origins) -> SqlError {
        match origins.call_of(token.span.start) {
            Some((name, span)) => SqlError::Syntax {
                message: format!("in what `{name}!` stands for: {message}"),
                place: self.place_of(&TokenWithSpan { token: token.token.clone(), span }),
            },
            None => SqlError::Syntax { message, place: self.place_of(token) },
        }
    }

    /// Says clearly what a statement is that can never run, whatever follows its first words.
    fn check_kind(&self, tokens: &[TokenWithSpan]) -> Result<(), SqlError> {
        let mut words = tokens.iter().filter(|token| !is_blank(token));
        let Some(first) = words.next() else { return Ok(()) };
        let second = words.next();
        let place = self.place_of(first);
        let keyword = keyword_of(first);
        let two_words = || match second {
            Some(second) => format!("{} {}", first.token, second.token).to_uppercase(),
            None => first.token.to_string().to_uppercase(),
        };
        match keyword {
            Keyword::CREATE if second.is_some_and(|token| keyword_of(token) == Keyword::EXTERNAL) => {
                Err(SqlError::ReadOnly { statement: two_words(), place })
            }
            Keyword::CREATE | Keyword::DROP => match second.map(keyword_of) {
                Some(Keyword::VIEW | Keyword::TABLE | Keyword::OR | Keyword::TEMP | Keyword::TEMPORARY) | None => {
                    Ok(())
                }
                _ => Err(SqlError::Unsupported { statement: two_words(), place }),
            },
            keyword if WRITING.contains(&keyword) => {
                Err(SqlError::ReadOnly { statement: first.token.to_string().to_uppercase(), place })
            }
            keyword if READING.contains(&keyword) || first.token == Token::LParen => Ok(()),
            _ => match &first.token {
                // A misspelt word is the parser's to explain; a statement that SQLite has and we do not is ours.
                Token::Word(word) if word.quote_style.is_none() && word.keyword != Keyword::NoKeyword => {
                    Err(SqlError::Unsupported { statement: word.value.to_uppercase(), place })
                }
                _ => Err(SqlError::Syntax {
                    message: format!("expected a statement such as `SELECT`, found `{}`", first.token),
                    place,
                }),
            },
        }
    }

    /// Refuses chains that would make a tree too deep to walk.
    fn check_depth(&self, tokens: &[TokenWithSpan]) -> Result<(), SqlError> {
        let mut chains = vec![Chain::default()];
        for token in tokens {
            let keyword = keyword_of(token);
            let is_in_case = chains.last().is_some_and(|chain| chain.is_case);
            match &token.token {
                Token::LParen => chains.push(Chain::default()),
                Token::RParen if chains.len() > 1 => {
                    chains.pop();
                }
                Token::Word(_) if keyword == Keyword::CASE => chains.push(Chain { is_case: true, ..Chain::default() }),
                Token::Word(_) if keyword == Keyword::END && is_in_case => {
                    chains.pop();
                }
                Token::Word(_) if matches!(keyword, Keyword::WHEN | Keyword::THEN | Keyword::ELSE) && is_in_case => {
                    chains.pop();
                    chains.push(Chain { is_case: true, ..Chain::default() });
                }
                Token::Whitespace(_) | Token::Number(..) | Token::SingleQuotedString(_) | Token::Period => {}
                Token::Word(_) if !LINKING.contains(&keyword) && !OPERATORS.contains(&keyword) => {}
                token => {
                    if let Some(chain) = chains.last_mut() {
                        match token {
                            Token::Comma => *chain = Chain { is_case: chain.is_case, ..Chain::default() },
                            // What stands between two of these hangs from them side by side.
                            _ if LINKING.contains(&keyword) => {
                                chain.links += 1;
                                chain.operators = 0;
                            }
                            _ => chain.operators += 1,
                        }
                    }
                }
            }
            if chains.last().is_some_and(|chain| chain.links + chain.operators > MAX_DEPTH) {
                return Err(SqlError::Syntax {
                    message: format!("the expression is too large (more than {MAX_DEPTH} operators in a row)"),
                    place: self.place_of(token),
                });
            }
        }
        Ok(())
    }

    fn place_of(&self, token: &TokenWithSpan) -> Option<Place> {
        let Location { line, column } = token.span.start;
        if token.token == Token::EOF || line == 0 {
            return Place::end_of(self.text);
        }
        let len = if token.span.end.line == line { token.span.end.column.saturating_sub(column) } else { 1 };
        Place::in_script(self.text, line, column, len as usize)
    }

    fn syntax_error(&self, error: ParserError, tokens: &[TokenWithSpan], origins: &Origins) -> SqlError {
        let message = match error {
            ParserError::TokenizerError(message) | ParserError::ParserError(message) => message,
            ParserError::RecursionLimitExceeded => {
                let place = tokens.iter().find(|token| !is_blank(token)).and_then(|token| self.place_of(token));
                return SqlError::Syntax { message: "the statement is nested too deeply".to_owned(), place };
            }
        };
        // The parser has its places in the text of its messages only: "Expected: …, found: x at Line: 1, Column: 8".
        let located = message.rsplit_once(" at Line: ").and_then(|(message, place)| {
            let (line, column) = place.split_once(", Column: ")?;
            Some((message, line.trim().parse::<u64>().ok()?, column.trim().parse::<u64>().ok()?))
        });
        let ours = |message: &str| {
            let message =
                message.replace("Expected: ", "expected ").replace(", found: EOF", ", found the end of the text");
            message.replace(", found: ", ", found ")
        };
        match located {
            Some((message, line, column)) => {
                match tokens.iter().find(|token| token.span.start == Location { line, column }) {
                    Some(token) => self.syntax_error_at(ours(message), token, origins),
                    None => {
                        let place = Place::in_script(self.text, line, column, 1);
                        SqlError::Syntax { message: ours(message), place }
                    }
                }
            }
            None => SqlError::Syntax { message: ours(&message), place: Place::end_of(self.text) },
        }
    }
}

/// Puts the calls of scripts' functions into a parsed statement and rewrites it.
fn finish(
    mut ast: Statement,
    mut quoted: HashMap<Location, String>,
    item_texts: &ItemTexts<'_>,
    declared: Option<Vec<(String, String)>>,
    origins: Origins,
    known: &Known,
) -> Result<ParsedStatement, SqlError> {
    table_call::replace(&mut ast, known, &mut quoted)?;
    with_name::make_different(&mut ast);
    let spelling = rewrite::rewrite(&mut ast, &quoted, item_texts);
    Ok(ParsedStatement { ast, spelling, quoted, declared, is_perfetto: false, origins })
}

/// The query of a function with `args` in the places of its parameters, ready to be planned.
pub(crate) fn parse_call(function: &FunctionText, args: &[Expr], known: &Known) -> Result<ParsedStatement, SqlError> {
    let mut quoted = HashMap::new();
    let mut query = parse_body(function, known, &mut quoted)?;
    table_call::put_arguments(&mut query, function, args);
    let item_texts = ItemTexts { lines: None, tokens: Vec::new() };
    finish(Statement::Query(Box::new(query)), quoted, &item_texts, None, Origins::default(), known)
}

/// The query of a function. Its places lie behind every script, since no caret can point into it; what stands between
/// double quotes is added to `quoted`.
pub(crate) fn parse_body(
    function: &FunctionText,
    known: &Known,
    quoted: &mut HashMap<Location, String>,
) -> Result<Query, SqlError> {
    /// Behind the lines that macros take.
    const FIRST_LINE: u64 = 1 << 50;
    let name = &function.name;
    let mut script = Script::new(&function.body);
    if let Some(error) = script.token_error.take() {
        return Err(error);
    }
    let tokens: Vec<TokenWithSpan> = script.tokens.by_ref().collect();
    let (mut tokens, _) = script.expand(tokens, known)?;
    script.check_depth(&tokens)?;
    let first_line = FIRST_LINE + ((quoted.len() as u64) << 24);
    for (line, token) in (first_line..).zip(&mut tokens) {
        let start = Location { line, column: 1 };
        token.span = Span { start, end: start };
    }
    quoted.extend(lower_quoted_names(&mut tokens));
    let mut parser = Parser::new(&Grammar).with_recursion_limit(MAX_NESTING).with_tokens_with_locations(tokens);
    let query = parser.parse_query().map_err(|error| SqlError::Syntax {
        message: format!("in the function `{name}`: {}", error.to_string().replace("sql parser error: ", "")),
        place: None,
    })?;
    match parser.peek_token().token {
        Token::EOF => Ok(*query),
        token => Err(SqlError::Syntax {
            message: format!("in the function `{name}`: expected the end of the query, found `{token}`"),
            place: None,
        }),
    }
}

/// Operators in a row between parentheses, or between `CASE` and `END`.
#[derive(Debug, Clone, Copy, Default)]
struct Chain {
    is_case: bool,
    /// Those of [`LINKING`].
    links: usize,
    /// Others since the last link.
    operators: usize,
}

/// Words that link what may be chains itself; a chain of them is one level deeper with each.
const LINKING: [Keyword; 6] =
    [Keyword::AND, Keyword::OR, Keyword::JOIN, Keyword::UNION, Keyword::EXCEPT, Keyword::INTERSECT];

/// Other words that make a tree one level deeper.
const OPERATORS: [Keyword; 8] = [
    Keyword::NOT,
    Keyword::IS,
    Keyword::LIKE,
    Keyword::IN,
    Keyword::BETWEEN,
    Keyword::COLLATE,
    Keyword::REGEXP,
    Keyword::MATCH,
];

fn is_blank(token: &TokenWithSpan) -> bool {
    matches!(token.token, Token::Whitespace(_))
}

fn keyword_of(token: &TokenWithSpan) -> Keyword {
    match &token.token {
        Token::Word(word) if word.quote_style.is_none() => word.keyword,
        _ => Keyword::NoKeyword,
    }
}

/// `WITH t AS [NOT] MATERIALIZED (…)` is a wish about how to run a query, and the parser does not know it.
fn drop_materialized(tokens: &mut Vec<TokenWithSpan>) {
    let mut dropped = Vec::new();
    // The last two words that mean something, by their places.
    let mut before: [Option<usize>; 2] = [None; 2];
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| !is_blank(token)) {
        if keyword_of(token) == Keyword::MATERIALIZED {
            let keyword_at =
                |place: Option<usize>| place.map_or(Keyword::NoKeyword, |place| keyword_of(&tokens[place]));
            match (keyword_at(before[0]), keyword_at(before[1])) {
                (_, Keyword::AS) => dropped.push(at),
                (Keyword::AS, Keyword::NOT) => dropped.extend(before[1].into_iter().chain([at])),
                _ => {}
            }
        }
        before = [before[1], Some(at)];
    }
    for at in dropped.into_iter().rev() {
        tokens.remove(at);
    }
}

/// Names are compared without case. The planner does that for plain names only, so quoted ones are lowered here.
/// Returns what each of them was.
fn lower_quoted_names(tokens: &mut [TokenWithSpan]) -> HashMap<Location, String> {
    let mut quoted = HashMap::new();
    for token in tokens {
        if let Token::Word(word) = &mut token.token
            && word.quote_style.is_some()
        {
            let lower = word.value.to_lowercase();
            quoted.insert(token.span.start, std::mem::replace(&mut word.value, lower));
        }
    }
    quoted
}

/// Gives the text of each item of a `SELECT` list, which is how SQLite names a result column without a name.
#[derive(Debug)]
pub(crate) struct ItemTexts<'a> {
    /// Where the items may be found as they were typed.
    lines: Option<&'a Lines<'a>>,
    tokens: Vec<TokenWithSpan>,
}

impl ItemTexts<'_> {
    /// The items of the list that follows the word `SELECT` at `select`.
    pub(crate) fn after(&self, select: Location) -> Vec<String> {
        const END: [Keyword; 10] = [
            Keyword::WHERE,
            Keyword::GROUP,
            Keyword::HAVING,
            Keyword::WINDOW,
            Keyword::ORDER,
            Keyword::LIMIT,
            Keyword::UNION,
            Keyword::EXCEPT,
            Keyword::INTERSECT,
            Keyword::OFFSET,
        ];
        let first = self.tokens.iter().position(|token| token.span.start == select).map_or(usize::MAX, |at| at + 1);
        let tokens = self.tokens.iter().enumerate().skip(first).filter(|(_, token)| !is_blank(token));
        let mut items = Vec::new();
        let mut item: Option<(usize, usize)> = None;
        let mut depth = 0usize;
        let mut before = Keyword::NoKeyword;
        for (at, token) in tokens {
            let keyword = keyword_of(token);
            let is_end = match &token.token {
                Token::RParen => depth == 0,
                // `a IS DISTINCT FROM b` does not end the list.
                Token::Word(_) => {
                    depth == 0 && (END.contains(&keyword) || (keyword == Keyword::FROM && before != Keyword::DISTINCT))
                }
                _ => false,
            };
            if is_end {
                break;
            }
            let is_quantifier =
                matches!(keyword, Keyword::DISTINCT | Keyword::ALL) && item.is_none() && items.is_empty();
            before = keyword;
            match &token.token {
                Token::Comma if depth == 0 => {
                    items.extend(item.take());
                    continue;
                }
                Token::LParen | Token::LBracket => depth += 1,
                Token::RParen | Token::RBracket => depth = depth.saturating_sub(1),
                _ if is_quantifier => continue,
                _ => {}
            }
            item = Some((item.map_or(at, |(start, _)| start), at));
        }
        items.extend(item);
        items.into_iter().map(|(start, end)| self.text_of(&self.tokens[start..=end])).collect()
    }

    /// The text of some tokens: what the script has there, or the tokens themselves where macros have put some in.
    fn text_of(&self, tokens: &[TokenWithSpan]) -> String {
        match (self.lines, tokens.first(), tokens.last()) {
            (Some(lines), Some(first), Some(last))
                if tokens.iter().all(|token| token.span.start.line <= lines.num_lines()) =>
            {
                lines.between(first.span.start, last.span.end).to_owned()
            }
            _ => tokens.iter().map(|token| token.token.to_string()).collect(),
        }
    }
}

/// `0X1F` is the same as `0x1F`, and the tokenizer takes it for a number and a word.
fn join_hex_numbers(tokens: &mut Vec<TokenWithSpan>) {
    let mut at = 0;
    while at + 1 < tokens.len() {
        let digits = match (&tokens[at].token, &tokens[at + 1].token) {
            (Token::Number(zero, false), Token::Word(word)) if zero == "0" && word.quote_style.is_none() => word
                .value
                .strip_prefix('X')
                .filter(|digits| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_hexdigit())),
            _ => None,
        };
        if let Some(digits) = digits.filter(|_| tokens[at].span.end == tokens[at + 1].span.start) {
            tokens[at].token = Token::HexStringLiteral(digits.to_owned());
            tokens[at].span.end = tokens[at + 1].span.end;
            tokens.remove(at + 1);
        }
        at += 1;
    }
}

/// `0x1F` is a whole number, for which the tokenizer has the same token as for the blob `x'1F'`.
fn read_hex_numbers(lines: &Lines<'_>, tokens: &mut [TokenWithSpan]) {
    for token in tokens {
        let Token::HexStringLiteral(digits) = &token.token else { continue };
        let is_number = lines.text[lines.offset(token.span.start)..].starts_with('0');
        // All 64 bits count, so the longest numbers are negative ones.
        if let Some(value) = is_number.then(|| u64::from_str_radix(digits, 16).ok()).flatten() {
            token.token = Token::Number(value.cast_signed().to_string(), false);
        }
    }
}

/// The lines of a text, found once: a script of thousands of statements asks where each of its words is.
#[derive(Debug)]
struct Lines<'a> {
    text: &'a str,
    /// Where each begins; the last may be empty.
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    fn num_lines(&self) -> u64 {
        let has_empty_end = self.starts.last() == Some(&self.text.len());
        (self.starts.len() - usize::from(has_empty_end)) as u64
    }

    fn between(&self, start: Location, end: Location) -> &'a str {
        self.text.get(self.offset(start)..self.offset(end)).unwrap_or_default()
    }

    /// Where a place that counts lines and characters lies in the text's bytes.
    fn offset(&self, place: Location) -> usize {
        let line = usize::try_from(place.line.saturating_sub(1)).unwrap_or(usize::MAX);
        let Some(&line_start) = self.starts.get(line) else { return self.text.len() };
        let column = place.column.saturating_sub(1) as usize;
        self.text[line_start..].char_indices().nth(column).map_or(self.text.len(), |(at, _)| line_start + at)
    }
}
