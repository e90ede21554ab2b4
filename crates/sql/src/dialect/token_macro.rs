//! Macros: `name!(…)` replaced by the tokens that it stands for.
//!
//! A macro works on the text, before anything is known of its meaning. The tokens of its body get places of their own
//! behind the script's last line: several of one place would be taken for one, and no caret can point at them.

use std::collections::HashMap;

use datafusion::sql::sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan};

/// How deep macros may call macros.
const MAX_DEPTH: usize = 64;

/// How many tokens a statement may grow to: a macro that calls itself twice doubles with each step.
const MAX_TOKENS: usize = 1 << 20;

/// The first line behind every script.
const FIRST_LINE: u64 = 1 << 40;

/// A macro.
#[derive(Debug, Clone)]
pub(crate) struct Macro {
    pub(crate) parameters: Vec<String>,
    pub(crate) body: Vec<TokenWithSpan>,
}

/// What is wrong with a call, and where.
#[derive(Debug)]
pub(crate) struct WrongCall {
    pub(crate) kind: WrongKind,
    pub(crate) token: TokenWithSpan,
}

/// Kinds of wrong calls.
#[derive(Debug)]
pub(crate) enum WrongKind {
    /// There is no macro of this name.
    Unknown(String),
    /// Anything else.
    Other(String),
}

/// Replaces every call of a macro.
pub(crate) fn expand(
    mut tokens: Vec<TokenWithSpan>,
    macros: &HashMap<String, Macro>,
) -> Result<Vec<TokenWithSpan>, WrongCall> {
    let mut next_line = FIRST_LINE;
    for _ in 0..MAX_DEPTH {
        if find_call(&tokens, 0).is_none() {
            return Ok(tokens);
        }
        tokens = expand_once(&tokens, macros, &mut next_line)?;
    }
    match find_call(&tokens, 0) {
        Some(at) => Err(wrong(&tokens[at], format!("macros call each other more than {MAX_DEPTH} deep"))),
        None => Ok(tokens),
    }
}

fn wrong(token: &TokenWithSpan, message: String) -> WrongCall {
    WrongCall { kind: WrongKind::Other(message), token: token.clone() }
}

/// Where the next call begins.
fn find_call(tokens: &[TokenWithSpan], from: usize) -> Option<usize> {
    (from..tokens.len()).find(|&at| {
        matches!(tokens[at].token, Token::Word(_))
            && tokens.get(at + 1).is_some_and(|next| next.token == Token::ExclamationMark)
            && tokens.get(at + 2).is_some_and(|next| next.token == Token::LParen)
    })
}

fn expand_once(
    tokens: &[TokenWithSpan],
    macros: &HashMap<String, Macro>,
    next_line: &mut u64,
) -> Result<Vec<TokenWithSpan>, WrongCall> {
    let mut out = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while let Some(call) = find_call(tokens, at) {
        out.extend_from_slice(&tokens[at..call]);
        let name = match &tokens[call].token {
            Token::Word(word) => word.value.to_lowercase(),
            _ => String::new(),
        };
        let Some(found) = macros.get(&name) else {
            return Err(WrongCall { kind: WrongKind::Unknown(name), token: tokens[call].clone() });
        };
        let Some((args, end)) = arguments(tokens, call + 3) else {
            return Err(wrong(&tokens[call], format!("the call of `{name}!` has no end")));
        };
        let num_args = match args.as_slice() {
            [only] if only.iter().all(|token| matches!(token.token, Token::Whitespace(_))) => 0,
            args => args.len(),
        };
        if num_args != found.parameters.len() {
            let expected = found.parameters.len();
            return Err(wrong(&tokens[call], format!("`{name}!` takes {expected} arguments, not {num_args}")));
        }
        for token in &found.body {
            let arg = match &token.token {
                Token::Placeholder(placeholder) => {
                    let parameter = placeholder.trim_start_matches('$').to_lowercase();
                    found.parameters.iter().position(|name| *name == parameter).and_then(|index| args.get(index))
                }
                _ => None,
            };
            match arg {
                Some(arg) => out.extend_from_slice(arg),
                None => {
                    let start = Location { line: *next_line, column: 1 };
                    *next_line += 1;
                    out.push(TokenWithSpan { token: token.token.clone(), span: Span { start, end: start } });
                }
            }
        }
        if out.len() > MAX_TOKENS {
            return Err(wrong(&tokens[call], format!("`{name}!` stands for more than {MAX_TOKENS} tokens")));
        }
        at = end;
    }
    out.extend_from_slice(&tokens[at..]);
    Ok(out)
}

/// The arguments of a call whose first begins at `at`, and where the tokens go on behind it.
fn arguments(tokens: &[TokenWithSpan], at: usize) -> Option<(Vec<Vec<TokenWithSpan>>, usize)> {
    let mut args = vec![Vec::new()];
    let mut depth = 0usize;
    for (index, token) in tokens.iter().enumerate().skip(at) {
        match token.token {
            Token::RParen if depth == 0 => return Some((args, index + 1)),
            Token::Comma if depth == 0 => {
                args.push(Vec::new());
                continue;
            }
            Token::LParen => depth += 1,
            Token::RParen => depth -= 1,
            _ => {}
        }
        args.last_mut()?.push(token.clone());
    }
    None
}
