//! Macros: `name!(…)` replaced by the tokens that it stands for.
//!
//! A macro works on the text, before anything is known of its meaning. The tokens of its body get places of their own
//! behind the script's last line: several of one place would be taken for one. [`Origins`] says which call in the script
//! they come from, so that a caret can point at that.
//!
//! Some macros are built in, because they work on lists of tokens: `__intrinsic_token_apply!(m, (a, b), (c, d))` stands
//! for `m!(a, c), m!(b, d)`, and `__intrinsic_stringify!(…)` for the text of its tokens.

use std::collections::HashMap;

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan};

/// How deep macros may call macros.
const MAX_DEPTH: usize = 64;

/// How many tokens a statement may grow to: a macro that calls itself twice doubles with each step.
const MAX_TOKENS: usize = 1 << 20;

/// The first line behind every script.
pub(super) const FIRST_LINE: u64 = 1 << 40;

/// A macro.
#[derive(Debug, Clone)]
pub(crate) struct Macro {
    pub(crate) parameters: Vec<String>,
    pub(crate) body: Vec<TokenWithSpan>,
}

/// Macros that work on lists of tokens.
#[derive(Debug, Clone, Copy)]
enum Intrinsic {
    /// Calls a macro with the first items of some lists, then with the second ones, and so on.
    Apply {
        /// What stands between two calls.
        joint: Joint,
        /// Whether it stands before the first one too.
        is_prefix: bool,
    },
    /// Calls a macro with each item of the first list and all of the second.
    ApplyWithCapture,
    /// Calls a macro with the items of two lists like [`Self::Apply`], with tokens of the caller's between the calls:
    /// lists first, then the macro, then the tokens.
    ZipJoin {
        /// Whether the tokens stand before the first call too.
        is_prefix: bool,
    },
    /// A comma, where one of its own would end the argument.
    Comma,
    /// The text of its first argument. Further arguments are names of placeholders that stay as they are in the text.
    Stringify,
}

/// What stands between two calls.
#[derive(Debug, Clone, Copy)]
enum Joint {
    Comma,
    And,
}

impl Intrinsic {
    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "__intrinsic_token_apply" => Self::Apply { joint: Joint::Comma, is_prefix: false },
            "__intrinsic_token_apply_prefix" => Self::Apply { joint: Joint::Comma, is_prefix: true },
            "__intrinsic_token_apply_and" => Self::Apply { joint: Joint::And, is_prefix: false },
            "__intrinsic_token_apply_and_prefix" => Self::Apply { joint: Joint::And, is_prefix: true },
            "__intrinsic_token_apply_with_capture" => Self::ApplyWithCapture,
            "__intrinsic_token_zip_join" => Self::ZipJoin { is_prefix: false },
            "__intrinsic_token_zip_join_prefix" | "__intrinsic_prefixed_token_zip_join" => {
                Self::ZipJoin { is_prefix: true }
            }
            "__intrinsic_token_comma" => Self::Comma,
            "__intrinsic_stringify" => Self::Stringify,
            _ => return None,
        })
    }
}

impl Joint {
    fn token(self) -> Token {
        match self {
            Self::Comma => Token::Comma,
            Self::And => Token::make_keyword("AND"),
        }
    }
}

/// Which call in the script tokens come from that a macro has put in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origins {
    /// First line of the tokens of one expansion, the macro, and the place of the call; by line.
    calls: Vec<(u64, String, Span)>,
}

impl Origins {
    /// The call that a place behind the script comes from: the macro's name and where its name stands.
    pub(crate) fn call_of(&self, place: Location) -> Option<(&str, Span)> {
        let index = self.calls.partition_point(|(line, ..)| *line <= place.line).checked_sub(1)?;
        self.calls.get(index).map(|(_, name, span)| (name.as_str(), *span))
    }

    /// Where something stands in the script: the call, for what a macro has put in.
    fn in_script(&self, span: Span) -> Span {
        self.call_of(span.start).map_or(span, |(_, call)| call)
    }
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
) -> Result<(Vec<TokenWithSpan>, Origins), WrongCall> {
    drop_blanks_in_calls(&mut tokens);
    let mut expansion = Expansion { macros, next_line: FIRST_LINE, origins: Origins::default(), depth: 0 };
    for _ in 0..MAX_DEPTH {
        if find_call(&tokens, 0).is_none() {
            return Ok((tokens, expansion.origins));
        }
        tokens = expansion.expand_once(&tokens)?;
    }
    match find_call(&tokens, 0) {
        Some(at) => Err(expansion.wrong(&tokens[at], format!("macros call each other more than {MAX_DEPTH} deep"))),
        None => Ok((tokens, expansion.origins)),
    }
}

/// `name !(…)` is a call too.
pub(crate) fn drop_blanks_in_calls(tokens: &mut Vec<TokenWithSpan>) {
    let mut before_blanks: Option<usize> = None;
    let mut at = 0;
    while at < tokens.len() {
        let is_call = tokens[at].token == Token::ExclamationMark
            && tokens.get(at + 1).is_some_and(|next| next.token == Token::LParen);
        match before_blanks {
            Some(word) if is_call && word + 1 < at => {
                tokens.drain(word + 1..at);
                at = word + 1;
            }
            _ => {}
        }
        match &tokens[at].token {
            Token::Word(word) if word.keyword == Keyword::NoKeyword => before_blanks = Some(at),
            Token::Whitespace(_) => {}
            _ => before_blanks = None,
        }
        at += 1;
    }
}

/// Where the next call begins.
fn find_call(tokens: &[TokenWithSpan], from: usize) -> Option<usize> {
    (from..tokens.len()).find(|&at| {
        matches!(tokens[at].token, Token::Word(_))
            && tokens.get(at + 1).is_some_and(|next| next.token == Token::ExclamationMark)
            && tokens.get(at + 2).is_some_and(|next| next.token == Token::LParen)
    })
}

struct Expansion<'a> {
    macros: &'a HashMap<String, Macro>,
    next_line: u64,
    origins: Origins,
    /// How many lists are being expanded inside of each other.
    depth: usize,
}

impl Expansion<'_> {
    fn wrong(&self, token: &TokenWithSpan, message: String) -> WrongCall {
        self.wrong_kind(token, WrongKind::Other(message))
    }

    fn wrong_kind(&self, token: &TokenWithSpan, kind: WrongKind) -> WrongCall {
        let span = self.origins.in_script(token.span);
        WrongCall { kind, token: TokenWithSpan { token: token.token.clone(), span } }
    }

    /// A token with a place of its own.
    fn placed(&mut self, token: Token) -> TokenWithSpan {
        let start = Location { line: self.next_line, column: 1 };
        self.next_line += 1;
        TokenWithSpan { token, span: Span { start, end: start } }
    }

    fn expand_once(&mut self, tokens: &[TokenWithSpan]) -> Result<Vec<TokenWithSpan>, WrongCall> {
        let mut out = Vec::with_capacity(tokens.len());
        let mut at = 0;
        while let Some(call) = find_call(tokens, at) {
            out.extend_from_slice(&tokens[at..call]);
            let name_token = &tokens[call];
            let name = match &name_token.token {
                Token::Word(word) => word.value.to_lowercase(),
                _ => String::new(),
            };
            let Some((args, end)) = arguments(tokens, call + 3) else {
                return Err(self.wrong(name_token, format!("the call of `{name}!` has no end")));
            };
            // An inner call points to where the outer one stands.
            let origin = match self.origins.call_of(name_token.span.start) {
                Some((outer, span)) => (self.next_line, outer.to_owned(), span),
                None => (self.next_line, name.clone(), name_token.span),
            };
            self.origins.calls.push(origin);
            match (self.macros.get(&name), Intrinsic::from_name(&name)) {
                (Some(found), _) => self.put_body(name_token, &name, found, &args, &mut out)?,
                (None, Some(Intrinsic::Stringify)) => {
                    let text = args.first().map(|arg| text_of(arg)).unwrap_or_default();
                    out.push(self.placed(Token::SingleQuotedString(text)));
                }
                (None, Some(Intrinsic::Apply { joint, is_prefix })) => {
                    let (applied, lists) = self.lists(name_token, &name, &args)?;
                    let num_calls = lists.iter().map(Vec::len).min().unwrap_or(0);
                    let calls = (0..num_calls).map(|index| lists.iter().map(|list| list[index].as_slice()).collect());
                    self.apply(&applied, &[joint.token()], is_prefix, calls, &mut out);
                }
                (None, Some(Intrinsic::Comma)) => out.push(self.placed(Token::Comma)),
                (None, Some(Intrinsic::ZipJoin { is_prefix })) => {
                    let [first, second, applied, joint] = args.as_slice() else {
                        let message =
                            format!("`{name}!` takes two lists, the name of a macro and what joins its calls");
                        return Err(self.wrong(name_token, message));
                    };
                    let joint = self.joining_tokens(joint);
                    let args = [applied.clone(), first.clone(), second.clone()];
                    let (applied, lists) = self.lists(name_token, &name, &args)?;
                    let num_calls = lists.iter().map(Vec::len).min().unwrap_or(0);
                    let calls = (0..num_calls).map(|index| lists.iter().map(|list| list[index].as_slice()).collect());
                    self.apply(&applied, &joint, is_prefix, calls, &mut out);
                }
                (None, Some(Intrinsic::ApplyWithCapture)) => {
                    let (applied, lists) = self.lists(name_token, &name, &args)?;
                    let (items, captured) = lists.split_at(1);
                    let captured = || captured.iter().flatten().map(Vec::as_slice);
                    let calls = items.iter().flatten();
                    let calls = calls.map(|item| std::iter::once(item.as_slice()).chain(captured()).collect());
                    self.apply(&applied, &[Token::Comma], false, calls, &mut out);
                }
                (None, None) => return Err(self.wrong_kind(name_token, WrongKind::Unknown(name))),
            }
            if out.len() > MAX_TOKENS {
                return Err(self.wrong(name_token, format!("`{name}!` stands for more than {MAX_TOKENS} tokens")));
            }
            at = end;
        }
        out.extend_from_slice(&tokens[at..]);
        Ok(out)
    }

    fn put_body(
        &mut self,
        call: &TokenWithSpan,
        name: &str,
        found: &Macro,
        args: &[Vec<TokenWithSpan>],
        out: &mut Vec<TokenWithSpan>,
    ) -> Result<(), WrongCall> {
        let num_args = if is_empty_list(args) { 0 } else { args.len() };
        if num_args != found.parameters.len() {
            let expected = found.parameters.len();
            let parameters = found.parameters.join(", ");
            let listed = if expected == 0 { String::new() } else { format!(": `{name}!({parameters})`") };
            return Err(self.wrong(call, format!("`{name}!` takes {expected} arguments, not {num_args}{listed}")));
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
                Some(arg) => out.extend_from_slice(trimmed(arg)),
                None => {
                    let token = self.placed(token.token.clone());
                    out.push(token);
                }
            }
        }
        Ok(())
    }

    /// The macro that the first argument names, and the items of the lists that the others are.
    fn lists(
        &mut self,
        call: &TokenWithSpan,
        name: &str,
        args: &[Vec<TokenWithSpan>],
    ) -> Result<(TokenWithSpan, Vec<ItemList>), WrongCall> {
        let message = format!("`{name}!` takes the name of a macro and lists in parentheses");
        let wrong = || self.wrong(call, message.clone());
        let (applied, lists) = args.split_first().ok_or_else(wrong)?;
        let mut applied = applied.iter().filter(|token| !is_blank(token));
        let macro_name = match (applied.next(), applied.next()) {
            (Some(token @ TokenWithSpan { token: Token::Word(_), .. }), None) if !lists.is_empty() => token,
            _ => return Err(wrong()),
        };
        let mut items = Vec::with_capacity(lists.len());
        for list in lists {
            // A list may be what another macro stands for.
            let mut list = list.clone();
            while find_call(&list, 0).is_some_and(|at| list[..at].iter().all(is_blank)) {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(self.wrong(call, format!("macros call each other more than {MAX_DEPTH} deep")));
                }
                list = self.expand_once(&list)?;
                self.depth -= 1;
            }
            items.push(list_items(&list).ok_or_else(|| self.wrong(call, message.clone()))?);
        }
        Ok((macro_name.clone(), items))
    }

    /// What stands between the calls of a macro: the tokens, or a comma where they call for one.
    fn joining_tokens(&self, joint: &[TokenWithSpan]) -> Vec<Token> {
        let is_comma = |token: &TokenWithSpan| {
            matches!(&token.token, Token::Word(word)
                if matches!(Intrinsic::from_name(&word.value.to_lowercase()), Some(Intrinsic::Comma)))
        };
        match joint.iter().find(|token| !is_blank(token)).is_some_and(is_comma) {
            true => vec![Token::Comma],
            false => joint.iter().filter(|token| !is_blank(token)).map(|token| token.token.clone()).collect(),
        }
    }

    /// Calls of a macro, given the arguments of each.
    fn apply<'t>(
        &mut self,
        applied: &TokenWithSpan,
        joint: &[Token],
        is_prefix: bool,
        calls: impl Iterator<Item = Vec<&'t [TokenWithSpan]>>,
        out: &mut Vec<TokenWithSpan>,
    ) {
        for (index, args) in calls.enumerate() {
            if index > 0 || is_prefix {
                for token in joint {
                    let token = self.placed(token.clone());
                    out.push(token);
                }
            }
            out.push(applied.clone());
            out.push(self.placed(Token::ExclamationMark));
            out.push(self.placed(Token::LParen));
            for (number, arg) in args.into_iter().enumerate() {
                if number > 0 {
                    out.push(self.placed(Token::Comma));
                }
                out.extend_from_slice(arg);
            }
            out.push(self.placed(Token::RParen));
        }
    }
}

/// The tokens of each item of a list.
type ItemList = Vec<Vec<TokenWithSpan>>;

fn is_blank(token: &TokenWithSpan) -> bool {
    matches!(token.token, Token::Whitespace(_))
}

/// Tokens without the blanks around them.
fn trimmed(tokens: &[TokenWithSpan]) -> &[TokenWithSpan] {
    let end = tokens.iter().rposition(|token| !is_blank(token)).map_or(0, |last| last + 1);
    let start = tokens[..end].iter().position(|token| !is_blank(token)).unwrap_or(end);
    &tokens[start..end]
}

/// `()` has one argument of nothing but blanks.
fn is_empty_list(items: &[Vec<TokenWithSpan>]) -> bool {
    matches!(items, [only] if only.iter().all(is_blank))
}

/// The items of `(a, b, …)`; `None` for anything else.
fn list_items(tokens: &[TokenWithSpan]) -> Option<Vec<Vec<TokenWithSpan>>> {
    let start = tokens.iter().position(|token| !is_blank(token))?;
    if tokens[start].token != Token::LParen {
        return None;
    }
    let (items, end) = arguments(tokens, start + 1)?;
    if !tokens[end..].iter().all(is_blank) {
        return None;
    }
    Some(if is_empty_list(&items) { Vec::new() } else { items })
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

/// Tokens as text that gives the same tokens again. Those of a macro's body have lost the blanks between them.
fn text_of(tokens: &[TokenWithSpan]) -> String {
    let sticks = |token: &Token| {
        matches!(token, Token::Period | Token::LParen | Token::RParen | Token::Comma | Token::ExclamationMark)
    };
    let mut text = String::new();
    let mut before: Option<&Token> = None;
    for token in tokens {
        let token = &token.token;
        if let Token::Whitespace(_) = token {
            // A comment would swallow what follows it.
            if before.is_some() && !text.ends_with(' ') {
                text.push(' ');
            }
            continue;
        }
        if before.is_some_and(|before| !sticks(before) && !sticks(token)) && !text.ends_with(' ') {
            text.push(' ');
        }
        match token {
            Token::SingleQuotedString(value) => {
                text.push('\'');
                text.push_str(&value.replace('\'', "''"));
                text.push('\'');
            }
            token => text.push_str(&token.to_string()),
        }
        before = Some(token);
    }
    text.trim_end().to_owned()
}
