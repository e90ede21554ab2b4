//! The last queries of a session with their times, for `sqlstats`.
//!
//! A statement runs in a task of its own with others beside it, so which entry it writes to is a thing of its task.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use datafusion::catalog::{MemTable, TableProvider};

/// How many queries are kept, as many as Perfetto keeps.
const MAX_QUERIES: usize = 100;

tokio::task_local! {
    /// The entry of the statement that runs in this task.
    static ENTRY: u64;
}

/// One query. Times are nanoseconds since the session began.
#[derive(Debug)]
struct Query {
    number: u64,
    text: String,
    started: i64,
    first_next: Option<i64>,
    ended: Option<i64>,
}

/// The last queries of a session.
#[derive(Debug)]
pub(crate) struct QueryLog {
    session_start: Instant,
    queries: Mutex<VecDeque<Query>>,
}

impl Default for QueryLog {
    fn default() -> Self {
        Self { session_start: Instant::now(), queries: Mutex::default() }
    }
}

impl QueryLog {
    fn now(&self) -> i64 {
        i64::try_from(self.session_start.elapsed().as_nanos()).unwrap_or(i64::MAX)
    }

    /// Runs a statement, whose text is `text`, with its times written down. What a statement runs itself, as including a
    /// module does, is a part of it.
    pub(crate) async fn record<T>(&self, text: &str, statement: impl Future<Output = T>) -> T {
        if ENTRY.try_with(|_| ()).is_ok() {
            return statement.await;
        }
        let started = self.now();
        let number = {
            let mut queries = self.queries.lock().unwrap_or_else(PoisonError::into_inner);
            let number = queries.back().map_or(0, |last| last.number + 1);
            if queries.len() == MAX_QUERIES {
                queries.pop_front();
            }
            queries.push_back(Query { number, text: text.to_owned(), started, first_next: None, ended: None });
            number
        };
        let result = ENTRY.scope(number, statement).await;
        self.change(number, |query, now| query.ended = Some(now));
        result
    }

    /// The statement of this task has its first rows, or has ended without any.
    pub(crate) fn has_first_rows(&self) {
        // A query that a running query needs is none that somebody typed.
        if let Ok(number) = ENTRY.try_with(|number| *number) {
            self.change(number, |query, now| query.first_next = query.first_next.or(Some(now)));
        }
    }

    fn change(&self, number: u64, change: impl FnOnce(&mut Query, i64)) {
        let now = self.now();
        let mut queries = self.queries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(query) = queries.iter_mut().find(|query| query.number == number) {
            change(query, now);
        }
    }

    /// The queries as a table, the oldest first.
    pub(crate) fn table(&self) -> Option<Arc<dyn TableProvider>> {
        let queries = self.queries.lock().unwrap_or_else(PoisonError::into_inner);
        let times = |time: fn(&Query) -> Option<i64>| -> ArrayRef {
            Arc::new(queries.iter().map(time).collect::<Int64Array>())
        };
        let columns: Vec<ArrayRef> = vec![
            Arc::new(queries.iter().map(|query| Some(query.text.as_str())).collect::<StringArray>()),
            times(|query| Some(query.started)),
            times(|query| query.first_next),
            times(|query| query.ended),
        ];
        let fields = [
            ("query", DataType::Utf8),
            ("started", DataType::Int64),
            ("first_next", DataType::Int64),
            ("ended", DataType::Int64),
        ];
        let schema = Arc::new(Schema::new(fields.map(|(name, data_type)| Field::new(name, data_type, true)).to_vec()));
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns).ok()?;
        Some(Arc::new(MemTable::try_new(schema, vec![vec![batch]]).ok()?))
    }
}
