//! Rust source split into code and comments, so that a check for a word in code is not misled by prose.
//!
//! This is a scanner of literals and comments and no parser: the checks ask for words, and a parser would be the
//! heaviest dependency of the developer commands.

/// One file, twice: each text has the length and the lines of the original, with the other's characters blanked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RustSource {
    /// Without comments, the contents of literals, and items under `#[cfg(test)]`.
    pub(crate) code: String,
    /// Comments alone.
    pub(crate) comments: String,
}

impl RustSource {
    /// Splits `text`.
    pub(crate) fn parse(text: &str) -> Self {
        let mut splitter = Splitter { rest: text, code: String::new(), comments: String::new() };
        while splitter.step() {}
        let (code, comments) = (without_test_items(&splitter.code), splitter.comments);
        Self { code, comments }
    }
}

struct Splitter<'a> {
    rest: &'a str,
    code: String,
    comments: String,
}

impl Splitter<'_> {
    /// Takes one comment, literal, word or other character; false at the end.
    fn step(&mut self) -> bool {
        let rest = self.rest;
        let Some(first) = rest.chars().next() else { return false };
        if rest.starts_with("//") {
            self.take_comment(rest.find('\n').unwrap_or(rest.len()));
        } else if rest.starts_with("/*") {
            self.take_comment(block_comment_len(rest));
        } else if let Some((quote_at, num_hashes)) = raw_string_start(rest) {
            let close = format!("\"{}", "#".repeat(num_hashes));
            let body = &rest[quote_at + 1..];
            let len = body.find(&close).map_or(rest.len(), |at| quote_at + 1 + at + close.len());
            self.take_literal(len);
        } else if first == '"' {
            self.take_literal(quoted_len(rest, '"'));
        } else if first == '\'' && is_char_literal(rest) {
            self.take_literal(quoted_len(rest, '\''));
        } else if is_word(first) {
            // A whole word at once, so that the `r` of `for"` is not taken for the start of a raw string.
            self.take_code(rest.find(|c| !is_word(c)).unwrap_or(rest.len()));
        } else {
            self.take_code(first.len_utf8());
        }
        true
    }

    fn take_code(&mut self, len: usize) {
        let (taken, rest) = self.rest.split_at(len);
        self.code.push_str(taken);
        self.comments.push_str(&blank(taken));
        self.rest = rest;
    }

    fn take_comment(&mut self, len: usize) {
        let (taken, rest) = self.rest.split_at(len);
        self.code.push_str(&blank(taken));
        self.comments.push_str(taken);
        self.rest = rest;
    }

    fn take_literal(&mut self, len: usize) {
        let (taken, rest) = self.rest.split_at(len);
        self.code.push_str(&blank(taken));
        self.comments.push_str(&blank(taken));
        self.rest = rest;
    }
}

/// Spaces for every character but line ends.
fn blank(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect()
}

/// True for characters of identifiers.
pub(crate) fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// Length of the block comment at the start of `text`; block comments nest.
fn block_comment_len(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        let here = &text[at..];
        if here.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += here.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// Place of the quote and number of hashes when a raw string starts here: `r"`, `r#"`, `br"`, `cr##"`.
fn raw_string_start(text: &str) -> Option<(usize, usize)> {
    let prefix = ["r", "br", "cr"]
        .into_iter()
        .find(|prefix| text.strip_prefix(prefix).is_some_and(|rest| rest.trim_start_matches('#').starts_with('"')))?;
    let rest = &text[prefix.len()..];
    let num_hashes = rest.len() - rest.trim_start_matches('#').len();
    Some((prefix.len() + num_hashes, num_hashes))
}

/// Length of a literal that ends at the next unescaped `quote`.
fn quoted_len(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// Tells `'a'` from the lifetime `'a`.
fn is_char_literal(text: &str) -> bool {
    let mut chars = text.chars().skip(1);
    match chars.next() {
        Some('\\') => true,
        Some(_) => chars.next() == Some('\''),
        None => false,
    }
}

/// Blanks the items under `#[cfg(test)]`, and everything when the file as a whole is under it.
fn without_test_items(code: &str) -> String {
    if code.contains("#![cfg(test)]") {
        return blank(code);
    }
    const MARK: &str = "#[cfg(test)]";
    let mut kept = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find(MARK) {
        let (before, item) = rest.split_at(at);
        let len = MARK.len() + item_len(&item[MARK.len()..]);
        kept.push_str(before);
        kept.push_str(&blank(&item[..len]));
        rest = &item[len..];
    }
    kept.push_str(rest);
    kept
}

/// Length up to the end of the item that starts here: its `;`, or the brace that closes its body.
fn item_len(code: &str) -> usize {
    let mut depth = 0_i32;
    for (at, c) in code.char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => {
                depth -= 1;
                if depth == 0 && c == '}' {
                    return at + 1;
                }
                if depth < 0 {
                    // The item was a field or an arm, and the block around it ends here.
                    return at;
                }
            }
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_words(text: &str) -> Vec<String> {
        RustSource::parse(text).code.split(|c| !is_word(c)).filter(|w| !w.is_empty()).map(str::to_owned).collect()
    }

    #[test]
    fn comments_and_literals_are_not_code() {
        let text = r####"a /* b /* c */ d */ e // f
            "g \" h" i 'j' 'k r#"l " m"# n b"o" '\'' p br##"q"# r"## s"####;
        // The lifetime 'k stays, for it is code.
        assert_eq!(code_words(text), ["a", "e", "i", "k", "n", "b", "p", "s"]);
    }

    #[test]
    fn lines_and_lengths_stay() {
        let text = "fn a() {} // ünïcode\n/* two\nlines */ \"more\nlines\" 'ü'\n";
        let source = RustSource::parse(text);
        for part in [&source.code, &source.comments] {
            assert_eq!(part.lines().count(), text.lines().count());
            assert_eq!(part.chars().count(), text.chars().count());
        }
        assert_eq!(
            source.comments.split_whitespace().collect::<Vec<_>>(),
            ["//", "ünïcode", "/*", "two", "lines", "*/"]
        );
    }

    #[test]
    fn test_items_are_not_code() {
        let text = "fn a() {}\n#[cfg(test)]\n#[expect(x, reason = \"}\")]\nmod tests { fn b() { let c = [1; 2]; } }\n\
                    #[cfg(test)] use d;\nfn e() {}";
        assert_eq!(code_words(text), ["fn", "a", "fn", "e"]);
        assert_eq!(code_words("#![cfg(test)]\nfn a() {}"), Vec::<String>::new());
    }

    #[test]
    fn an_unterminated_literal_ends_with_the_file() {
        for text in ["\"a", "'\\", "r#\"a\"", "/* a", "//", "'"] {
            let source = RustSource::parse(text);
            assert_eq!(source.code.chars().count(), text.chars().count(), "{text}");
        }
    }
}
