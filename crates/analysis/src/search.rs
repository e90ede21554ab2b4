//! Search: slices by the texts in their names, categories and arguments.
//!
//! A trace has millions of slices and thousands of different texts, so texts are matched and slices only looked up: each
//! distinct name, category and text of an argument is compared once. Argument values that are numbers are compared in the
//! decimal writing that people read, and only when the text could be a part of one.
//!
//! A text is looked for anywhere and without case. With `*` (any characters) or `?` (one) in it, it is a pattern for the
//! whole of what is searched.

use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use hashbrown::HashMap;
use kinetoscope_model::time::{Nanos, end_of};
use kinetoscope_model::{ArgPage, ArgStore, ArgValue, StringPool};
use kinetoscope_store::Store;
use serde::{Deserialize, Serialize};

use crate::area_selection::SLICES_PER_LOOK;

/// Number of ticks over the whole trace: about as many as a screen has pixels.
pub const NUM_TICKS: usize = 1024;

/// Where a text is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the variants say it")]
pub enum SearchField {
    Name,
    Category,
    ArgKey,
    ArgValue,
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchRequest<'a> {
    /// The text or pattern. An empty one finds nothing.
    pub text: &'a str,
    /// Where: one of these has to match.
    pub fields: &'a [SearchField],
    /// Only slices seen in this window.
    pub window: Range<Nanos>,
    /// How many slices to list.
    pub limit: usize,
}

/// The slices that were found: the first of them in columns of the same length, by start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SearchResult {
    /// How many were found in all.
    pub total: u64,
    /// Rows of the `slice` table.
    pub ids: Vec<u32>,
    /// Starts.
    pub ts: Vec<Nanos>,
    /// Lengths; `None` for slices that never ended.
    pub dur: Vec<Option<Nanos>>,
    /// Tracks.
    pub tracks: Vec<u32>,
    /// How many of all that were found start in each of [`NUM_TICKS`] equal parts of the whole trace.
    pub ticks: Vec<u32>,
}

/// Looks for slices; `None` once `is_cancelled` says that nobody waits for them.
///
/// O(slices + bytes of distinct texts), and O(argument values) when these are searched.
pub fn search(
    store: &Store,
    request: &SearchRequest<'_>,
    is_cancelled: &(dyn Fn() -> bool + Sync),
) -> Option<SearchResult> {
    let trace = store.trace();
    let slices = &trace.slices;
    let mut result = SearchResult {
        total: 0,
        ids: Vec::new(),
        ts: Vec::new(),
        dur: Vec::new(),
        tracks: Vec::new(),
        ticks: vec![0; NUM_TICKS],
    };
    let (Some(bounds), false) = (store.bounds(), request.text.is_empty()) else { return Some(result) };
    let pattern = Pattern::new(request.text);
    let looks_in = |field: SearchField| request.fields.contains(&field);
    let (in_names, in_categories) = (looks_in(SearchField::Name), looks_in(SearchField::Category));
    let is_text_wanted =
        if in_names || in_categories { matching_strings(&trace.strings, &pattern, is_cancelled)? } else { Vec::new() };
    let (in_keys, in_values) = (looks_in(SearchField::ArgKey), looks_in(SearchField::ArgValue));
    let is_set_wanted = match in_keys || in_values {
        true => matching_sets(&trace.args, &pattern, in_keys, in_values, is_cancelled)?,
        false => Vec::new(),
    };
    let is_wanted = |list: &[bool], index: usize| list.get(index).copied().unwrap_or(false);
    for row in 0..slices.len() {
        if row % SLICES_PER_LOOK == 0 && is_cancelled() {
            return None;
        }
        let is_found = (in_names && is_wanted(&is_text_wanted, slices.name.get(row).index()))
            || (in_categories && slices.category.get(row).is_some_and(|id| is_wanted(&is_text_wanted, id.index())))
            || slices.arg_set_id.get(row).is_some_and(|id| is_wanted(&is_set_wanted, id.index()));
        if !is_found {
            continue;
        }
        let (ts, dur) = (slices.ts.get(row), slices.dur.get(row));
        let end = if dur < 0 { bounds.end } else { end_of(ts, dur) };
        let window = &request.window;
        if ts >= window.end || (ts < window.start && end <= window.start) {
            continue;
        }
        result.total += 1;
        result.ticks[tick(ts, bounds.start, bounds.end)] += 1;
        if result.ids.len() < request.limit {
            result.ids.push(row as u32);
            result.ts.push(ts);
            result.dur.push((dur >= 0).then_some(dur));
            result.tracks.push(slices.track_id.get(row).0);
        }
    }
    Some(result)
}

/// The part of the trace that `ts` lies in.
fn tick(ts: Nanos, start: Nanos, end: Nanos) -> usize {
    let span = (i128::from(end) - i128::from(start)).max(1);
    let part = (i128::from(ts) - i128::from(start)) * NUM_TICKS as i128 / span;
    part.clamp(0, NUM_TICKS as i128 - 1) as usize
}

fn matching_strings(strings: &StringPool, pattern: &Pattern, is_cancelled: &dyn Fn() -> bool) -> Option<Vec<bool>> {
    let mut lowered = String::new();
    let mut found = Vec::with_capacity(strings.len());
    for (index, text) in strings.as_array().iter().enumerate() {
        if index % SLICES_PER_LOOK == 0 && is_cancelled() {
            return None;
        }
        found.push(pattern.matches(text.unwrap_or_default(), &mut lowered));
    }
    Some(found)
}

/// Which argument sets have a key or value that matches, by their number. All processors share the pages.
fn matching_sets(
    args: &ArgStore,
    pattern: &Pattern,
    in_keys: bool,
    in_values: bool,
    is_cancelled: &(dyn Fn() -> bool + Sync),
) -> Option<Vec<bool>> {
    let pages = args.pages();
    let next = AtomicUsize::new(0);
    let found: Vec<OnceLock<Vec<bool>>> = pages.iter().map(|_| OnceLock::new()).collect();
    let work = || {
        while let Some((page, found)) = {
            let index = next.fetch_add(1, Ordering::Relaxed);
            pages.get(index).zip(found.get(index))
        } {
            // A page holds some thousand sets.
            if is_cancelled() {
                break;
            }
            found.get_or_init(|| matching_sets_of_page(page, pattern, in_keys, in_values));
        }
    };
    let num_threads = std::thread::available_parallelism().map_or(1, usize::from).min(pages.len());
    std::thread::scope(|scope| {
        (1..num_threads).for_each(|_| {
            scope.spawn(work);
        });
        work();
    });
    // A page that nobody looked through was left because nobody waits.
    found.into_iter().try_fold(Vec::with_capacity(args.num_sets()), |mut all, page| {
        all.extend(page.into_inner()?);
        Some(all)
    })
}

fn matching_sets_of_page(page: &ArgPage, pattern: &Pattern, in_keys: bool, in_values: bool) -> Vec<bool> {
    let mut lowered = String::new();
    let keys_match: Vec<bool> = (0..page.num_shapes())
        .map(|shape| in_keys && page.shape_keys(shape).any(|key| pattern.matches(key, &mut lowered)))
        .collect();
    let mut values = in_values.then(|| PageValues::new(pattern));
    (0..page.num_sets())
        .map(|set| {
            let by_key = keys_match.get(page.shape_of(set)).copied().unwrap_or(false);
            by_key || values.as_mut().is_some_and(|values| values.any_matches(page, set))
        })
        .collect()
}

/// Compares the values of one page, each of its texts once.
struct PageValues<'a> {
    pattern: &'a Pattern,
    /// By where the text lies: a page has every text once.
    texts: HashMap<(*const u8, usize), bool>,
    numbers: HashMap<i64, bool>,
    lowered: String,
    written: String,
}

/// Numbers whose comparison is kept. Correlations and addresses are all different: there is no use in keeping them all.
const MAX_KEPT_NUMBERS: usize = 1 << 14;

impl<'a> PageValues<'a> {
    fn new(pattern: &'a Pattern) -> Self {
        Self { pattern, texts: HashMap::new(), numbers: HashMap::new(), lowered: String::new(), written: String::new() }
    }

    fn any_matches(&mut self, page: &ArgPage, set: usize) -> bool {
        page.set(set).any(|(_, value)| self.matches(value))
    }

    fn matches(&mut self, value: ArgValue<'_>) -> bool {
        let pattern = self.pattern;
        match value {
            ArgValue::Text(text) | ArgValue::Json(text) => {
                let lowered = &mut self.lowered;
                *self.texts.entry((text.as_ptr(), text.len())).or_insert_with(|| pattern.matches(text, lowered))
            }
            ArgValue::Int(value) if pattern.may_be_whole => match self.numbers.get(&value) {
                Some(&is_match) => is_match,
                None => {
                    let is_match = self.written_matches(value);
                    if self.numbers.len() < MAX_KEPT_NUMBERS {
                        self.numbers.insert(value, is_match);
                    }
                    is_match
                }
            },
            ArgValue::UInt(value) => pattern.may_be_whole && self.written_matches(value),
            ArgValue::Real(value) => self.written_matches(value),
            ArgValue::Bool(value) => self.written_matches(value),
            ArgValue::Null => pattern.matches("null", &mut self.lowered),
            ArgValue::Int(_) => false,
        }
    }

    fn written_matches(&mut self, value: impl std::fmt::Display) -> bool {
        use std::fmt::Write as _;
        self.written.clear();
        // Writing to a string does not fail.
        write!(self.written, "{value}").is_ok() && self.pattern.matches(&self.written, &mut self.lowered)
    }
}

/// A text to look for, in lower case.
#[derive(Debug)]
struct Pattern {
    text: String,
    /// The characters of a pattern with `*` or `?`; `None` for a text that is looked for anywhere.
    glob: Option<Vec<char>>,
    /// Whether a whole number may match.
    may_be_whole: bool,
}

impl Pattern {
    fn new(text: &str) -> Self {
        let text = text.to_lowercase();
        let glob = text.contains(['*', '?']).then(|| text.chars().collect());
        let may_be_whole = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '*' | '?'));
        Self { text, glob, may_be_whole }
    }

    /// Whether it matches; `lowered` is only memory to use again.
    fn matches(&self, text: &str, lowered: &mut String) -> bool {
        lowered.clear();
        if text.is_ascii() {
            lowered.push_str(text);
            lowered.make_ascii_lowercase();
        } else {
            lowered.push_str(&text.to_lowercase());
        }
        match &self.glob {
            None => lowered.contains(&self.text),
            Some(glob) => matches_glob(glob, lowered),
        }
    }
}

/// Whether a pattern matches the whole of a text, in O(pattern × text): only the last `*` is ever tried again.
fn matches_glob(glob: &[char], text: &str) -> bool {
    let mut rest = text.chars();
    let mut place = 0;
    let mut last_star: Option<(usize, std::str::Chars<'_>)> = None;
    loop {
        let mut after = rest.clone();
        match (glob.get(place), after.next()) {
            (Some('*'), _) => {
                last_star = Some((place, rest.clone()));
                place += 1;
            }
            (Some('?'), Some(_)) => (place, rest) = (place + 1, after),
            (Some(wanted), Some(c)) if *wanted == c => (place, rest) = (place + 1, after),
            (None, None) => return true,
            _ => {
                let Some((star, begins_at)) = &mut last_star else { return false };
                // One character more belongs to the star.
                if begins_at.next().is_none() {
                    return false;
                }
                (place, rest) = (*star + 1, begins_at.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [SearchField; 4] =
        [SearchField::Name, SearchField::Category, SearchField::ArgKey, SearchField::ArgValue];

    fn sample() -> Store {
        let json = r#"{"traceEvents": [
            {"ph":"X","pid":1,"tid":1,"ts":0,"dur":10,"cat":"cpu_op","name":"aten::MM","args":{"Input Dims":[[4096, 7]]}},
            {"ph":"X","pid":1,"tid":1,"ts":20,"dur":10,"cat":"cpu_op","name":"aten::add","args":{"stream":14096,"ratio":0.25}},
            {"ph":"X","pid":1,"tid":2,"ts":30,"dur":10,"cat":"kernel","name":"Straße","args":{"note":"MM on GPU","on":true}},
            {"ph":"B","pid":1,"tid":3,"ts":1024,"cat":"kernel","name":"open mm"}
        ]}"#;
        Store::from(kinetoscope_ingest::read_bytes("s.json", json.as_bytes().to_vec()).expect("a trace"))
    }

    fn find(text: &str, fields: &[SearchField]) -> Vec<u32> {
        let request = SearchRequest { text, fields, window: Nanos::MIN..Nanos::MAX, limit: 10 };
        search(&sample(), &request, &|| false).expect("nobody cancels").ids
    }

    #[test]
    fn texts_are_found_anywhere_and_without_case() {
        use SearchField::*;
        assert_eq!(find("mm", &[Name]), [0, 3]);
        assert_eq!(find("MM", &ALL), [0, 2, 3]);
        assert_eq!(find("STRASSE", &[Name]), [0u32; 0], "one letter is not two");
        assert_eq!(find("straSSE", &[Name]), [0u32; 0]);
        assert_eq!(find("STRAß", &[Name]), [2]);
        assert_eq!(find("cpu_", &[Category]), [0, 1]);
        assert_eq!(find("cpu_", &[Name]), [0u32; 0]);
        assert_eq!(find("", &ALL), [0u32; 0]);
        assert_eq!(find("mm", &[]), [0u32; 0]);
    }

    #[test]
    fn patterns_match_the_whole() {
        use SearchField::*;
        assert_eq!(find("aten::*", &[Name]), [0, 1]);
        assert_eq!(find("*mm", &[Name]), [0, 3]);
        assert_eq!(find("aten::?m", &[Name]), [0]);
        assert_eq!(find("ten::*", &[Name]), [0u32; 0]);
        assert_eq!(find("*", &[Category]), [0, 1, 2, 3]);
    }

    #[test]
    fn arguments_of_every_kind_are_found() {
        use SearchField::*;
        assert_eq!(find("dims", &[ArgKey]), [0]);
        assert_eq!(find("dims", &[ArgValue]), [0u32; 0]);
        assert_eq!(find("4096", &[ArgValue]), [0, 1], "in an array, and within a number");
        assert_eq!(find("14*", &[ArgValue]), [1]);
        assert_eq!(find("0.25", &[ArgValue]), [1]);
        assert_eq!(find("true", &[ArgValue]), [2]);
        assert_eq!(find("on gpu", &[ArgValue]), [2]);
        assert_eq!(find("on", &[ArgKey]), [2]);
    }

    #[test]
    fn totals_and_ticks_count_all_and_lists_end_at_their_limit() {
        let request =
            SearchRequest { text: "*", fields: &[SearchField::Name], window: Nanos::MIN..Nanos::MAX, limit: 2 };
        let found = search(&sample(), &request, &|| false).expect("nobody cancels");
        assert_eq!((found.total, found.ids.as_slice()), (4, &[0u32, 1][..]));
        assert_eq!((found.ts.as_slice(), found.dur.as_slice()), (&[0, 20_000][..], &[Some(10_000), Some(10_000)][..]));
        // The trace is 1,024 microseconds long, so that a tick is one.
        let ticks: Vec<usize> = (0..NUM_TICKS).filter(|&tick| found.ticks[tick] > 0).collect();
        assert_eq!((ticks, found.ticks.len()), (vec![0, 20, 30, 1_023], 1_024));
        let request = SearchRequest { window: 25_000..30_000, limit: 9, ..request };
        let found = search(&sample(), &request, &|| false).expect("nobody cancels");
        assert_eq!(found.ids, [1], "it reaches into the window, and the next begins at its end");
        assert_eq!(search(&sample(), &request, &|| true), None);
        let empty = Store::from(kinetoscope_model::TraceBuilder::default().seal());
        assert_eq!(search(&empty, &request, &|| false).map(|found| found.total), Some(0));
    }

    #[test]
    fn a_slice_that_never_ended_has_no_length() {
        let request = SearchRequest { text: "open", fields: &[SearchField::Name], window: 0..Nanos::MAX, limit: 9 };
        let found = search(&sample(), &request, &|| false).expect("nobody cancels");
        assert_eq!((found.dur, found.tracks.len()), (vec![None], 1));
    }

    /// The definition: a star stands for nothing, or for one character and a star.
    fn matches_by_definition(glob: &[char], text: &[char]) -> bool {
        match (glob, text) {
            ([], text) => text.is_empty(),
            (['*', glob @ ..], text) => {
                matches_by_definition(glob, text)
                    || (!text.is_empty()
                        && matches_by_definition(&['*'].iter().chain(glob).copied().collect::<Vec<_>>(), &text[1..]))
            }
            (['?', glob @ ..], [_, text @ ..]) => matches_by_definition(glob, text),
            ([wanted, glob @ ..], [c, text @ ..]) => wanted == c && matches_by_definition(glob, text),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn globs_match_as_their_definition_has_it(glob in "[ab*?]{0,8}", text in "[abc]{0,10}") {
            let glob: Vec<char> = glob.chars().collect();
            let chars: Vec<char> = text.chars().collect();
            prop_assert_eq!(matches_glob(&glob, &text), matches_by_definition(&glob, &chars));
        }
    }
}
