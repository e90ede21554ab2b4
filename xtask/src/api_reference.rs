//! The reference of the API, written from the code that answers.
//!
//! What a request is for stands above its handler, what a field means stands above the field, and both are read here from
//! the sources. So nothing is told twice, and a document that says something else fails the tests. The sources are
//! formatted, which spares a parser: one attribute, field or variant is one line.
//!
//! Routes come from the router. What a handler takes is told by its signature (`Asked<…>` is the body, `Query<…>` what
//! follows the question mark); what it answers by the line of its comment that begins with `Answer:`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail, ensure};

use crate::repository::{self, RepoFile};

/// The document.
pub(crate) const PATH: &str = "docs/reference/api.md";

/// Where the routes are.
const ROUTER: &str = "crates/server/src/api/mod.rs";

/// Where the types of requests and answers are.
const SOURCES: [&str; 3] = ["crates/server/src/", "crates/analysis/src/", "crates/sql/src/"];

const METHODS: [&str; 4] = ["get", "post", "put", "delete"];

/// Writes the document.
pub(crate) fn write() -> Result<()> {
    let text = reference(&repository::files()?)?;
    std::fs::write(repository::root().join(PATH), text).with_context(|| format!("cannot write `{PATH}`"))?;
    println!("wrote {PATH}");
    Ok(())
}

/// The document as the sources have it.
pub(crate) fn reference(files: &[RepoFile]) -> Result<String> {
    let in_sources = |file: &&RepoFile| SOURCES.iter().any(|folder| file.path.starts_with(folder));
    let sources: Vec<Source> = files.iter().filter(in_sources).map(Source::parse).collect();
    let router = files.iter().find(|file| file.path == ROUTER).with_context(|| format!("there is no `{ROUTER}`"))?;
    let requests = routes(&router.text)
        .into_iter()
        .map(|route| Request::find(route, &sources))
        .collect::<Result<Vec<Request<'_>>>>()?;
    let mut out = String::from("<!-- `cargo xtask gen` writes this from crates/server/src/api. -->\n\n");
    out.push_str(&module_doc(&router.text));
    out.push_str("\n\n## Requests\n\n| request | what it is for |\n| --- | --- |\n");
    for request in &requests {
        writeln!(out, "| [`{}`](#{}) | {} |", request.title(), anchor(&request.title()), request.summary())?;
    }
    let mut types = Types { sources: &sources, told: BTreeSet::new(), todo: Vec::new() };
    for request in &requests {
        write!(out, "\n### `{}`\n\n{}\n", request.title(), request.doc.join("\n"))?;
        for (what, name) in [("Parameters", &request.query), ("Body", &request.body)] {
            if let Some(name) = name {
                write!(out, "\n{what}:\n\n{}", types.table(name, request.file)?)?;
            }
        }
        match &request.answer {
            Answer::Type(name) => write!(out, "\nAnswer:\n\n{}", types.table(name, request.file)?)?,
            Answer::Text(text) => write!(out, "\nAnswer: {text}\n")?,
        }
    }
    out.push_str("\n## Types\n");
    while !types.todo.is_empty() {
        let (name, file) = types.todo.remove(0);
        let item = types.find(&name, &file)?;
        write!(out, "\n### `{name}`\n\n{}\n\n{}", plain(&item.doc, &sources), types.table(&name, &file)?)?;
    }
    Ok(out)
}

/// What a heading is linked by.
fn anchor(title: &str) -> String {
    let kept = title.chars().filter(|c| c.is_alphanumeric() || "-_ ".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

/// The comment at the top of a file, its first line as the title.
fn module_doc(text: &str) -> String {
    let lines = text.lines().map_while(|line| line.strip_prefix("//!"));
    let lines: Vec<&str> = lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    format!("# {}", lines.join("\n"))
}

/// A method, a path and the function that answers.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Route {
    method: String,
    path: String,
    handler: String,
}

fn routes(router: &str) -> Vec<Route> {
    let code = router.split("#[cfg(test)]").next().unwrap_or_default();
    let mut routes = Vec::new();
    for part in code.split(".route(").skip(1) {
        let part = part.split(".fallback(").next().unwrap_or_default();
        let Some(path) = part.split('"').nth(1) else { continue };
        let mut rest = part;
        while let Some((before, after)) = rest.split_once('(') {
            let method = before.rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
            if METHODS.contains(&method)
                && let Some((handler, _)) = after.split_once(')')
            {
                routes.push(Route {
                    method: method.to_ascii_uppercase(),
                    path: path.to_owned(),
                    handler: handler.trim().to_owned(),
                });
            }
            rest = after;
        }
    }
    routes
}

enum Answer {
    Type(String),
    Text(String),
}

/// A request as the sources tell it.
struct Request<'a> {
    route: Route,
    file: &'a str,
    doc: Vec<String>,
    query: Option<String>,
    body: Option<String>,
    answer: Answer,
}

impl<'a> Request<'a> {
    fn find(route: Route, sources: &'a [Source]) -> Result<Self> {
        let (module, name) = route.handler.split_once("::").context("a handler stands in a module of the API")?;
        let path = format!("crates/server/src/api/{module}.rs");
        let source = sources.iter().find(|source| source.path == path).with_context(|| format!("no `{path}`"))?;
        let handler = source.functions.iter().find(|function| function.name == name);
        let handler = handler.with_context(|| format!("no function `{name}` in `{path}`"))?;
        let mut doc: Vec<String> = handler.doc.iter().map(|line| plain(std::slice::from_ref(line), sources)).collect();
        let place = doc.iter().position(|line| line.starts_with("Answer: "));
        let place = place.with_context(|| format!("`{name}` in `{path}` does not say its `Answer: `"))?;
        // A text may go on; a type stands alone.
        let text = doc.split_off(place).join("\n");
        while doc.last().is_some_and(String::is_empty) {
            doc.pop();
        }
        ensure!(!doc.is_empty(), "`{name}` in `{path}` does not say what it is for");
        let text = text.trim_start_matches("Answer: ").to_owned();
        let type_name = text.strip_prefix('`').and_then(|rest| rest.strip_suffix("`."));
        let answer = match type_name.filter(|name| name.chars().all(char::is_alphanumeric)) {
            Some(name) => Answer::Type(name.to_owned()),
            None => Answer::Text(text),
        };
        let taken = |wrapper: &str| {
            let (_, rest) = handler.signature.split_once(wrapper)?;
            Some(rest.split(['>', ',']).next()?.to_owned())
        };
        Ok(Self { file: &source.path, query: taken("Query<"), body: taken("Asked<"), doc, answer, route })
    }

    fn title(&self) -> String {
        format!("{} {}", self.route.method, self.route.path)
    }

    /// The first sentence.
    fn summary(&self) -> String {
        let text = self.doc.join(" ");
        text.split_once(". ").map_or(text.as_str(), |(first, _)| first).trim_end_matches('.').to_owned()
    }
}

/// A comment as a document has it: links are names, numbers are what they stand for, nothing is null.
fn plain(doc: &[String], sources: &[Source]) -> String {
    let mut text = doc.join("\n").replace("`None`", "null");
    while let Some((before, name, after)) = text
        .split_once("[`")
        .and_then(|(before, rest)| rest.split_once("`]").map(|(name, after)| (before, name, after)))
    {
        let constant = sources.iter().flat_map(|source| &source.constants).find(|(known, _)| known == name);
        let shown = constant.map_or_else(|| format!("`{name}`"), |(_, value)| value.replace('_', ","));
        text = format!("{before}{shown}{after}");
    }
    text
}

/// A field of a struct or a variant of an enum.
#[derive(Debug)]
struct Part {
    name: String,
    type_name: String,
    doc: Vec<String>,
    is_flat: bool,
}

#[derive(Debug)]
struct Item {
    name: String,
    is_enum: bool,
    /// It is read from JSON or written as such.
    is_on_the_wire: bool,
    doc: Vec<String>,
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Function {
    name: String,
    doc: Vec<String>,
    signature: String,
}

/// What a source file declares.
#[derive(Debug)]
struct Source {
    path: String,
    items: Vec<Item>,
    functions: Vec<Function>,
    constants: Vec<(String, String)>,
}

impl Source {
    fn parse(file: &RepoFile) -> Self {
        let mut source =
            Self { path: file.path.clone(), items: Vec::new(), functions: Vec::new(), constants: Vec::new() };
        let (mut doc, mut attributes) = (Vec::new(), String::new());
        let mut lines = file.text.lines();
        while let Some(line) = lines.next() {
            if let Some(comment) = line.strip_prefix("///") {
                doc.push(comment.strip_prefix(' ').unwrap_or(comment).to_owned());
                continue;
            }
            if line.starts_with("#[") {
                attributes.push_str(line);
                continue;
            }
            let words: Vec<&str> = line.split(|c: char| !is_word(c)).filter(|word| !word.is_empty()).collect();
            let words: Vec<&str> =
                words.into_iter().filter(|word| !["pub", "crate", "super", "async"].contains(word)).collect();
            match words.as_slice() {
                [kind @ ("struct" | "enum"), name, ..] if line.ends_with('{') && !line.starts_with(' ') => {
                    let is_enum = *kind == "enum";
                    let is_on_the_wire = ["Serialize", "Deserialize"].iter().any(|derive| attributes.contains(derive));
                    let is_snake_case = attributes.contains("rename_all = \"snake_case\"");
                    let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "}").collect();
                    let parts = parts(&body, is_enum, is_snake_case);
                    let doc = std::mem::take(&mut doc);
                    source.items.push(Item { name: (*name).to_owned(), is_enum, is_on_the_wire, doc, parts });
                }
                ["fn", name, ..] if !line.starts_with(' ') => {
                    let mut signature = line.to_owned();
                    while !signature.ends_with('{') {
                        let Some(more) = lines.next() else { break };
                        signature.push_str(more);
                    }
                    source.functions.push(Function {
                        name: (*name).to_owned(),
                        doc: std::mem::take(&mut doc),
                        signature,
                    });
                }
                ["const", name, ..] if !line.starts_with(' ') => {
                    if let Some((_, value)) = line.split_once(" = ") {
                        source.constants.push(((*name).to_owned(), value.trim_end_matches(';').to_owned()));
                    }
                }
                _ => {}
            }
            doc.clear();
            attributes.clear();
        }
        source
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn parts(body: &[&str], is_enum: bool, is_snake_case: bool) -> Vec<Part> {
    let (mut doc, mut attributes) = (Vec::new(), String::new());
    let mut parts = Vec::new();
    for line in body.iter().map(|line| line.trim()) {
        if let Some(comment) = line.strip_prefix("///") {
            doc.push(comment.trim().to_owned());
        } else if line.starts_with("#[") {
            attributes.push_str(line);
        } else if let Some(declared) = line.strip_suffix(',') {
            let (name, type_name) = match declared.split_once(": ") {
                Some((name, type_name)) if !is_enum => (name, type_name),
                _ => (declared.split([' ', '(']).next().unwrap_or_default(), ""),
            };
            let name = name.rsplit(' ').next().unwrap_or_default().trim_start_matches("r#");
            let renamed = attributes.split("rename = \"").nth(1).and_then(|rest| rest.split('"').next());
            let name = match renamed {
                Some(name) => name.to_owned(),
                None if is_snake_case => snake_case(name),
                None => name.to_owned(),
            };
            let is_flat = attributes.contains("serde(flatten)");
            parts.push(Part { name, type_name: type_name.to_owned(), doc: std::mem::take(&mut doc), is_flat });
            attributes.clear();
        }
    }
    parts
}

fn snake_case(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// The types of requests and answers, each told once.
struct Types<'a> {
    sources: &'a [Source],
    told: BTreeSet<String>,
    todo: Vec<(String, String)>,
}

impl<'a> Types<'a> {
    /// The type that a file means by a name, and where it is declared.
    fn find(&self, name: &str, file: &str) -> Result<&'a Item> {
        Ok(self.find_with_file(name, file)?.1)
    }

    fn find_with_file(&self, name: &str, file: &str) -> Result<(&'a str, &'a Item)> {
        let all = self.sources.iter().flat_map(|source| source.items.iter().map(|item| (source.path.as_str(), item)));
        let named: Vec<(&str, &Item)> = all.filter(|(_, item)| item.name == name && item.is_on_the_wire).collect();
        match named.iter().find(|(path, _)| *path == file).or(named.first()) {
            Some(&found) if named.len() == 1 || found.0 == file => Ok(found),
            Some(_) => bail!("`{name}`, which `{file}` names, may be any of {}", named.len()),
            None => bail!("`{name}`, which `{file}` names, is declared in none of the sources"),
        }
    }

    /// The fields of a struct, or the words of an enum, as a table.
    fn table(&mut self, name: &str, file: &str) -> Result<String> {
        let (path, item) = self.find_with_file(name, file)?;
        let path = path.to_owned();
        let mut out = String::new();
        if item.is_enum {
            out.push_str("| word | meaning |\n| --- | --- |\n");
            for part in &item.parts {
                writeln!(out, "| `{}` | {} |", part.name, plain(&part.doc, self.sources).replace('\n', " "))?;
            }
            return Ok(out);
        }
        out.push_str("| field | type | meaning |\n| --- | --- | --- |\n");
        self.add_rows(&mut out, item, &path)?;
        Ok(out)
    }

    fn add_rows(&mut self, out: &mut String, item: &Item, path: &str) -> Result<()> {
        for part in &item.parts {
            if part.is_flat {
                let (path, item) = self.find_with_file(&part.type_name, path)?;
                self.add_rows(out, item, path)?;
                continue;
            }
            let type_text = self.type_text(&part.type_name, path)?;
            let doc = plain(&part.doc, self.sources).replace('\n', " ");
            writeln!(out, "| `{}` | {type_text} | {doc} |", part.name)?;
        }
        Ok(())
    }

    /// A type in words.
    fn type_text(&mut self, type_name: &str, file: &str) -> Result<String> {
        let within = |wrapper: &str| type_name.strip_prefix(wrapper)?.strip_suffix('>');
        if let Some(inner) = within("Option<") {
            return Ok(format!("{} or null", self.type_text(inner, file)?));
        }
        if let Some(inner) = within("Vec<") {
            let inner = self.type_text(inner, file)?;
            let plural = if ["integer", "number", "text"].contains(&inner.as_str()) { "s" } else { "" };
            return Ok(format!("list of {inner}{plural}"));
        }
        if let Some((inner, len)) =
            type_name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')?.split_once("; "))
        {
            return Ok(format!("{len} of {}", self.type_text(inner, file)?));
        }
        let word = match type_name.rsplit("::").next().unwrap_or_default() {
            "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize" => "integer",
            "Nanos" => "nanoseconds",
            "f32" | "f64" => "number",
            "bool" => "boolean",
            "String" | "&'static str" => "text",
            "Value" => "any value",
            name => {
                let (path, _) = self.find_with_file(name, file)?;
                if self.told.insert(name.to_owned()) {
                    self.todo.push((name.to_owned(), path.to_owned()));
                }
                return Ok(format!("[`{name}`](#{})", anchor(name)));
            }
        };
        Ok(word.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODULE: &str = "\
//! API v1
//!
//! What is asked.

    Router::new()
        .route(\"/things/{thing}\", get(thing::about).delete(thing::end))
        .route(
            \"/find\",
            post(thing::find),
        )
        .fallback(|| nothing(1))
";

    const HANDLERS: &str = "\
/// Most things.
const MOST: usize = 1_000;

/// About a thing.
#[derive(Debug, Serialize)]
struct About {
    /// Its name; `None` when it has none.
    name: Option<String>,
    #[serde(rename = \"type\")]
    kind: other::Kind,
    sizes: [u32; 3],
}

/// What is looked for, at most [`MOST`].
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(flatten)]
    range: Range,
    limit: usize,
}

#[derive(Deserialize)]
struct Range {
    /// From here.
    start: i64,
}

/// Everything about a thing.
///
/// Answer: `About`.
pub(crate) async fn about(place: Place) -> Response {

/// Ends it.
///
/// Answer: 204.
pub(crate) async fn end(place: Place) -> Response {

/// Finds things, at most [`MOST`]. The first
/// come first.
///
/// Answer: one line for each,
/// and no more.
pub(crate) async fn find(
    Asked(wanted): Asked<Wanted>,
    order: Result<Query<Range>, Rejection>,
) -> Response {
";

    const KINDS: &str = "\
/// What a thing is.
#[derive(Serialize)]
#[serde(rename_all = \"snake_case\")]
pub enum Kind {
    /// Of its own.
    TrueThing = 1,
    Other,
}
";

    fn made_up(handlers: &str) -> Result<String> {
        reference(&[
            RepoFile::made_up(ROUTER, MODULE),
            RepoFile::made_up("crates/server/src/api/thing.rs", handlers),
            RepoFile::made_up("crates/analysis/src/kind.rs", KINDS),
        ])
    }

    #[test]
    fn the_reference_tells_what_the_sources_do() {
        let expected = "\
<!-- `cargo xtask gen` writes this from crates/server/src/api. -->

# API v1

What is asked.

## Requests

| request | what it is for |
| --- | --- |
| [`GET /things/{thing}`](#get-thingsthing) | Everything about a thing |
| [`DELETE /things/{thing}`](#delete-thingsthing) | Ends it |
| [`POST /find`](#post-find) | Finds things, at most 1,000 |

### `GET /things/{thing}`

Everything about a thing.

Answer:

| field | type | meaning |
| --- | --- | --- |
| `name` | text or null | Its name; null when it has none. |
| `type` | [`Kind`](#kind) |  |
| `sizes` | 3 of integer |  |

### `DELETE /things/{thing}`

Ends it.

Answer: 204.

### `POST /find`

Finds things, at most 1,000. The first
come first.

Parameters:

| field | type | meaning |
| --- | --- | --- |
| `start` | integer | From here. |

Body:

| field | type | meaning |
| --- | --- | --- |
| `start` | integer | From here. |
| `limit` | integer |  |

Answer: one line for each,
and no more.

## Types

### `Kind`

What a thing is.

| word | meaning |
| --- | --- |
| `true_thing` | Of its own. |
| `other` |  |
";
        assert_eq!(made_up(HANDLERS).expect("it can be written"), expected);
    }

    #[test]
    fn what_the_sources_do_not_tell_is_an_error() {
        let failure = |handlers: &str| made_up(handlers).expect_err("something is missing").to_string();
        let silent = HANDLERS.replace("/// Answer: 204.\n", "");
        assert!(failure(&silent).contains("`end`") && failure(&silent).contains("`Answer: `"), "{}", failure(&silent));
        let pointless = HANDLERS.replace("/// Ends it.\n", "");
        assert!(failure(&pointless).contains("what it is for"), "{}", failure(&pointless));
        let unknown = HANDLERS.replace("other::Kind", "other::Sort");
        assert!(failure(&unknown).contains("`Sort`"), "{}", failure(&unknown));
        let gone = HANDLERS.replace("fn find(", "fn found(");
        assert!(failure(&gone).contains("no function `find`"), "{}", failure(&gone));
    }
}
