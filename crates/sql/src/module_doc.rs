//! What modules say of themselves: every object of a module's text, with the comments that stand before it.
//!
//! A comment right before a statement is the object's, one right before a column or parameter is that one's, and the
//! first of a file, with an empty line behind it, is the module's. So a module is documented where it is written.

use std::sync::OnceLock;

use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, Whitespace};
use serde::Serialize;

use crate::dialect::grammar::Grammar;
use crate::module::{self, Module, PRELUDE, PRELUDE_NAME};
use crate::schema::{ColumnDoc, TableDoc, reference};

/// A module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModuleDoc {
    /// Name, with points.
    pub name: String,
    /// What it is about.
    pub doc: String,
    /// What it defines, in order.
    pub objects: Vec<ObjectDoc>,
}

/// One thing that a module defines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ObjectDoc {
    /// `table`, `view`, `function`, `table_function` or `macro`.
    #[serde(rename = "type")]
    pub object_type: &'static str,
    /// Name.
    pub name: String,
    /// What it is.
    pub doc: String,
    /// Parameters, in order.
    pub parameters: Vec<FieldDoc>,
    /// Columns, in order; of a function that gives one value none.
    pub columns: Vec<FieldDoc>,
    /// What a function or macro gives, when that is no table.
    pub returns: Option<String>,
}

/// A parameter or column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldDoc {
    /// Name.
    pub name: String,
    /// Type, as written.
    #[serde(rename = "type")]
    pub type_name: String,
    /// What it is.
    pub doc: String,
}

/// Every module.
pub(crate) fn modules() -> &'static [ModuleDoc] {
    static MODULES: OnceLock<Vec<ModuleDoc>> = OnceLock::new();
    MODULES.get_or_init(|| {
        let doc_of = |module: &Module| match module.name {
            // It is in every session, so including it runs nothing.
            PRELUDE_NAME => read(&Module { name: PRELUDE_NAME, text: PRELUDE, doc: "", shipped: &[] }),
            _ => read(module),
        };
        let mut modules: Vec<ModuleDoc> = module::all().iter().map(doc_of).collect();
        // Tests describe every column, so a reference that cannot be made is found there.
        let reference = reference().unwrap_or_default();
        for (doc, module) in modules.iter_mut().zip(module::all()) {
            doc.objects.extend(
                module
                    .shipped
                    .iter()
                    .filter_map(|name| reference.iter().find(|table| table.name == *name))
                    .map(shipped),
            );
            fill_in(doc, &reference);
        }
        modules
    })
}

/// A view of every session as a module's object.
fn shipped(table: &TableDoc) -> ObjectDoc {
    let columns = table.columns.iter().map(|column| FieldDoc {
        name: column.name.clone(),
        type_name: perfetto_type(column).to_owned(),
        doc: column.doc.clone(),
    });
    ObjectDoc {
        object_type: "view",
        name: table.name.clone(),
        doc: table.doc.clone(),
        parameters: Vec::new(),
        columns: columns.collect(),
        returns: None,
    }
}

/// Perfetto's word for the type of a column.
fn perfetto_type(column: &ColumnDoc) -> &'static str {
    match (column.name.as_str(), column.type_name) {
        ("id", _) => "ID",
        ("ts" | "start_ts" | "end_ts" | "ts_end", _) => "TIMESTAMP",
        ("dur" | "thread_dur", _) => "DURATION",
        ("arg_set_id", _) => "ARGSETID",
        (_, "INTEGER") => "LONG",
        (_, "REAL") => "DOUBLE",
        (_, "BOOLEAN") => "BOOL",
        _ => "STRING",
    }
}

/// A column without words of its own is what the column of its name in `slice` or `flow` is.
fn fill_in(module: &mut ModuleDoc, reference: &[TableDoc]) {
    let of_table =
        |table: &'static str| reference.iter().filter(move |doc| doc.name == table).flat_map(|doc| &doc.columns);
    for column in module.objects.iter_mut().flat_map(|object| &mut object.columns) {
        if column.doc.is_empty()
            && let Some(same) = of_table("slice").chain(of_table("flow")).find(|same| same.name == column.name)
        {
            column.doc.clone_from(&same.doc);
        }
    }
}

fn read(module: &Module) -> ModuleDoc {
    // The texts are ours, and tests read every one of them.
    let tokens = Tokenizer::new(&Grammar, module.text).tokenize_with_location().unwrap_or_default();
    let mut reader = Reader { tokens: &tokens, at: 0, comment: Vec::new(), num_breaks: 0 };
    let mut doc = ModuleDoc { name: module.name.to_owned(), doc: module.doc.to_owned(), objects: Vec::new() };
    while reader.at < tokens.len() {
        if let Some(comment) = reader.skip_blanks(doc.objects.is_empty() && doc.doc.is_empty()) {
            doc.doc = comment;
        }
        doc.objects.extend(reader.read_object());
        reader.skip_statement();
    }
    doc
}

struct Reader<'a> {
    tokens: &'a [TokenWithSpan],
    at: usize,
    /// Lines of the comment before this place.
    comment: Vec<String>,
    /// Line breaks since the comment's last line.
    num_breaks: usize,
}

impl Reader<'_> {
    fn token(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|token| &token.token)
    }

    /// Goes on to what means something, and keeps the comment right before it. Returns a comment that stands alone, if
    /// `wants_lone`.
    fn skip_blanks(&mut self, wants_lone: bool) -> Option<String> {
        let mut lone = None;
        self.comment.clear();
        self.num_breaks = 0;
        let tokens = self.tokens;
        while let Some(Token::Whitespace(blank)) = tokens.get(self.at).map(|token| &token.token) {
            match blank {
                Whitespace::SingleLineComment { comment, .. } => {
                    if self.num_breaks > 0 {
                        self.comment.clear();
                    }
                    let line = comment.trim().to_owned();
                    self.comment.push(line);
                    // The token ends with the line.
                    self.num_breaks = 0;
                }
                Whitespace::Newline => {
                    self.num_breaks += 1;
                    if !self.comment.is_empty() && wants_lone && lone.is_none() {
                        lone = Some(self.comment.join(" "));
                    }
                }
                _ => {}
            }
            self.at += 1;
        }
        if self.num_breaks > 0 {
            self.comment.clear();
        } else {
            // It belongs to what follows after all.
            lone = lone.filter(|lone| *lone != self.comment.join(" "));
        }
        lone
    }

    fn next_word(&mut self) -> Option<String> {
        let word = match self.token()? {
            Token::Word(word) => word.value.clone(),
            _ => return None,
        };
        self.at += 1;
        self.skip_blanks(false);
        Some(word)
    }

    fn take_word(&mut self, expected: &str) -> bool {
        let is_next = matches!(self.token(), Some(Token::Word(word)) if word.value.eq_ignore_ascii_case(expected));
        if is_next {
            self.at += 1;
            self.skip_blanks(false);
        }
        is_next
    }

    fn read_object(&mut self) -> Option<ObjectDoc> {
        let doc = self.comment.join(" ");
        if !self.take_word("create") {
            return None;
        }
        if self.take_word("or") {
            self.take_word("replace");
        }
        if !self.take_word("perfetto") {
            return None;
        }
        let kind = self.next_word()?.to_lowercase();
        let name = self.next_word()?;
        let mut object =
            ObjectDoc { object_type: "table", name, doc, parameters: Vec::new(), columns: Vec::new(), returns: None };
        match kind.as_str() {
            "table" => object.columns = self.fields(),
            "view" => (object.object_type, object.columns) = ("view", self.fields()),
            "function" | "macro" => {
                object.object_type = if kind == "macro" { "macro" } else { "function" };
                object.parameters = self.fields();
                self.take_word("returns");
                match self.take_word("table") {
                    true => (object.object_type, object.columns) = ("table_function", self.fields()),
                    false => object.returns = self.next_word(),
                }
            }
            _ => return None,
        }
        Some(object)
    }

    /// `(name TYPE, …)` with comments; nothing where no list follows.
    fn fields(&mut self) -> Vec<FieldDoc> {
        let mut fields = Vec::new();
        if self.token() != Some(&Token::LParen) {
            return fields;
        }
        self.at += 1;
        self.skip_blanks(false);
        while self.token().is_some_and(|token| *token != Token::RParen) {
            let doc = self.comment.join(" ");
            let Some(name) = self.next_word() else { break };
            let mut type_name = String::new();
            let mut depth = 0;
            while let Some(token) = self.token() {
                match token {
                    Token::Comma | Token::RParen if depth == 0 => break,
                    Token::LParen => depth += 1,
                    Token::RParen => depth -= 1,
                    _ => {}
                }
                if !matches!(token, Token::Whitespace(_)) {
                    type_name += &token.to_string();
                }
                self.at += 1;
            }
            fields.push(FieldDoc { name, type_name, doc });
            if self.token() == Some(&Token::Comma) {
                self.at += 1;
            }
            self.skip_blanks(false);
        }
        self.at += 1;
        self.skip_blanks(false);
        fields
    }

    fn skip_statement(&mut self) {
        while let Some(token) = self.token() {
            let is_end = *token == Token::SemiColon;
            self.at += 1;
            if is_end {
                break;
            }
        }
    }
}

/// Whether a name is for the module's own use.
pub(crate) fn is_private(name: &str) -> bool {
    name.starts_with('_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_belong_to_what_follows_them() {
        const TEXT: &str = "-- About it all.\n-- More of it.\n\n-- A view\n-- of two lines.\nCREATE PERFETTO VIEW v(\n  -- Which.\n  id JOINID(slice.id),\n  plain LONG\n) AS SELECT 1;\n-- Lost.\n\nCREATE OR REPLACE PERFETTO FUNCTION f(\n  -- How many.\n  n LONG, s STRING) RETURNS TABLE(\n -- A.\n x LONG) AS SELECT 2;\n-- Twice.\nCREATE PERFETTO MACRO m(e Expr) RETURNS Expr AS $e * 2;\nCREATE PERFETTO FUNCTION g() RETURNS BOOL AS SELECT 1";
        let doc = read(&Module { name: "a.b", text: TEXT, doc: "", shipped: &[] });
        assert_eq!(doc.doc, "About it all. More of it.");
        let described: Vec<(&str, &str, &str)> =
            doc.objects.iter().map(|object| (object.object_type, object.name.as_str(), object.doc.as_str())).collect();
        assert_eq!(
            described,
            [
                ("view", "v", "A view of two lines."),
                ("table_function", "f", ""),
                ("macro", "m", "Twice."),
                ("function", "g", ""),
            ]
        );
        let field = |name: &str, type_name: &str, doc: &str| FieldDoc {
            name: name.to_owned(),
            type_name: type_name.to_owned(),
            doc: doc.to_owned(),
        };
        assert_eq!(doc.objects[0].columns, [field("id", "JOINID(slice.id)", "Which."), field("plain", "LONG", "")]);
        assert_eq!(doc.objects[1].parameters, [field("n", "LONG", "How many."), field("s", "STRING", "")]);
        assert_eq!(doc.objects[1].columns, [field("x", "LONG", "A.")]);
        assert_eq!(doc.objects[2].returns.as_deref(), Some("Expr"));
        assert_eq!(doc.objects[3].returns.as_deref(), Some("BOOL"));
    }
}
