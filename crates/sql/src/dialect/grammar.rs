//! The grammar: what the parser accepts, which is SQLite's and its users' habits.
//!
//! `GLOB` and `REGEXP` are no operators of the parser's own SQLite dialect in the sense needed here: it does not know
//! the first and gives the second the wrong precedence.

use std::any::TypeId;

use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, ObjectName,
    UnaryOperator,
};
use datafusion::sql::sqlparser::dialect::{Dialect, Precedence, SQLiteDialect};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;

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
            Self::Regexp => call("regexp_like", [text, pattern]),
        }
    }
}

fn is_not(token: &Token) -> bool {
    matches!(token, Token::Word(word) if word.keyword == Keyword::NOT)
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

    fn supports_comma_separated_trim(&self) -> bool {
        true
    }

    fn get_next_precedence(&self, parser: &Parser<'_>) -> Option<Result<u8, ParserError>> {
        let first = &parser.peek_token().token;
        let operator = match is_not(first) {
            true => PatternOperator::from_token(&parser.peek_nth_token(1).token),
            false => PatternOperator::from_token(first),
        };
        operator.map(|_| Ok(self.prec_value(Precedence::Like)))
    }

    fn parse_infix(&self, parser: &mut Parser<'_>, expr: &Expr, precedence: u8) -> Option<Result<Expr, ParserError>> {
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
