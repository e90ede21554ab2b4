//! The grammar: what the parser accepts, which is SQLite's and its users' habits.
//!
//! `GLOB` and `REGEXP` are no operators of the parser's own SQLite dialect in the sense needed here: it does not know
//! the first and gives the second the wrong precedence.

use std::any::TypeId;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident,
    ObjectName, UnaryOperator,
};
use datafusion::sql::sqlparser::dialect::{Dialect, Precedence, SQLiteDialect};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::table_call::all_of;

/// SQLite's grammar with window names, shifts and the pattern operators.
#[derive(Debug)]
pub(crate) struct Grammar;

/// Infix operators that are calls of functions.
#[derive(Debug, Clone, Copy)]
enum PatternOperator {
    /// `text GLOB pattern` is `glob(pattern, text)`.
    Glob,
    /// `text REGEXP pattern` is true when the pattern matches a part of the text.
    Regexp,
}

impl PatternOperator {
    fn from_token(token: &Token) -> Option<Self> {
        match token {
            Token::Word(word) if word.quote_style.is_some() => None,
            Token::Word(word) if word.value.eq_ignore_ascii_case("glob") => Some(Self::Glob),
            Token::Word(word) if word.value.eq_ignore_ascii_case("regexp") => Some(Self::Regexp),
            _ => None,
        }
    }

    fn call(self, text: Expr, pattern: Expr) -> Expr {
        match self {
            Self::Glob => call("glob", [pattern, text]),
            Self::Regexp => call("regexp", [pattern, text]),
        }
    }
}

fn is_not(token: &Token) -> bool {
    matches!(token, Token::Word(word) if word.keyword == Keyword::NOT)
}

/// `a ISNULL` is `a IS NULL`.
fn is_isnull(token: &Token) -> bool {
    matches!(token, Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("isnull"))
}

impl Dialect for Grammar {
    fn dialect(&self) -> TypeId {
        TypeId::of::<SQLiteDialect>()
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '"' || ch == '`' || ch == '['
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_ascii_alphabetic() || ch == '_' || !ch.is_ascii()
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        self.is_identifier_start(ch) || ch.is_ascii_digit()
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    fn supports_window_clause_named_window_reference(&self) -> bool {
        true
    }

    fn supports_group_by_expr(&self) -> bool {
        true
    }

    fn supports_in_empty_list(&self) -> bool {
        true
    }

    fn supports_limit_comma(&self) -> bool {
        true
    }

    fn supports_bitwise_shift_operators(&self) -> bool {
        true
    }

    fn supports_notnull_operator(&self) -> bool {
        true
    }

    // `$name` is a parameter in the body of a function or macro.
    fn supports_dollar_placeholder(&self) -> bool {
        true
    }

    fn supports_comma_separated_trim(&self) -> bool {
        true
    }

    fn get_next_precedence(&self, parser: &Parser<'_>) -> Option<Result<u8, ParserError>> {
        let first = &parser.peek_token().token;
        if is_isnull(first) {
            return Some(Ok(self.prec_value(Precedence::Is)));
        }
        let operator = match is_not(first) {
            true => PatternOperator::from_token(&parser.peek_nth_token(1).token),
            false => PatternOperator::from_token(first),
        };
        operator.map(|_| Ok(self.prec_value(Precedence::Like)))
    }

    fn parse_infix(&self, parser: &mut Parser<'_>, expr: &Expr, precedence: u8) -> Option<Result<Expr, ParserError>> {
        if is_isnull(&parser.peek_token().token) {
            parser.next_token();
            return Some(Ok(Expr::IsNull(Box::new(expr.clone()))));
        }
        if let Some(parsed) = parse_is(parser, expr, precedence) {
            return Some(parsed);
        }
        if let Some(parsed) = parse_in_table(parser, expr) {
            return Some(parsed);
        }
        let is_negated = is_not(&parser.peek_token().token);
        let operator = PatternOperator::from_token(&parser.peek_nth_token(usize::from(is_negated)).token)?;
        for _ in 0..=usize::from(is_negated) {
            parser.next_token();
        }
        Some(parser.parse_subexpr(precedence).map(|pattern| {
            let call = operator.call(expr.clone(), pattern);
            match is_negated {
                true => Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(call) },
                false => call,
            }
        }))
    }
}

/// `a IS b` and `a IS NOT b` for any two values: equal, or both null. The parser knows the words that may follow `IS`
/// in other languages, and reads those itself.
fn parse_is(parser: &mut Parser<'_>, expr: &Expr, precedence: u8) -> Option<Result<Expr, ParserError>> {
    const READ_BY_PARSER: [Keyword; 6] =
        [Keyword::NULL, Keyword::TRUE, Keyword::FALSE, Keyword::UNKNOWN, Keyword::DISTINCT, Keyword::NORMALIZED];
    let keyword_at = |index: usize| match &parser.peek_nth_token_ref(index).token {
        Token::Word(word) if word.quote_style.is_none() => word.keyword,
        _ => Keyword::NoKeyword,
    };
    if keyword_at(0) != Keyword::IS {
        return None;
    }
    let is_negated = keyword_at(1) == Keyword::NOT;
    if READ_BY_PARSER.contains(&keyword_at(1 + usize::from(is_negated))) {
        return None;
    }
    for _ in 0..=usize::from(is_negated) {
        parser.next_token();
    }
    Some(parser.parse_subexpr(precedence).map(|right| {
        let left = Box::new(expr.clone());
        let is_same = Expr::BinaryOp { left, op: BinaryOperator::Spaceship, right: Box::new(right) };
        match is_negated {
            true => Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(is_same) },
            false => is_same,
        }
    }))
}

/// `a IN name` is `a IN (SELECT * FROM name)`.
fn parse_in_table(parser: &mut Parser<'_>, expr: &Expr) -> Option<Result<Expr, ParserError>> {
    let is_negated = is_not(&parser.peek_token().token);
    let in_at = usize::from(is_negated);
    let is_in = matches!(&parser.peek_nth_token(in_at).token, Token::Word(word) if word.keyword == Keyword::IN);
    let Token::Word(table) = parser.peek_nth_token(in_at + 1).token else { return None };
    if !is_in || (table.quote_style.is_none() && table.keyword == Keyword::UNNEST) {
        return None;
    }
    for _ in 0..=in_at + 1 {
        parser.next_token();
    }
    let name = Ident { quote_style: table.quote_style, ..Ident::new(table.value) };
    Some(Ok(Expr::InSubquery { expr: Box::new(expr.clone()), subquery: Box::new(all_of(name)), negated: is_negated }))
}

/// The expression `name(arguments)`.
pub(crate) fn call(name: &str, arguments: impl IntoIterator<Item = Expr>) -> Expr {
    let args = arguments.into_iter().map(|argument| FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))).collect();
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList { duplicate_treatment: None, args, clauses: vec![] }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: vec![],
    })
}
