//! Times queries over one trace here and in SQLite over the same rows, in turns, and prints the ratios.
//!
//! `cargo xtask bench-sql` makes a trace and runs this. By hand:
//! `cargo bench --workspace --bench against_sqlite -- TRACE`, and with a word behind the trace, only the queries with that
//! word in their names.
//!
//! SQLite gets what its users would give it: the tables in memory, keys and indexes for every join and look-up below, and
//! statistics. Making those is not timed. Both sides must give the same rows, or the bench fails.

#![expect(clippy::print_stdout, reason = "the table on standard output is what this program is for")]

use std::env;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_cast::cast;
use arrow_schema::DataType;
use kinetoscope_sql::{CancelHandle, ResultEvent, Session, SessionOptions, SqlError};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Timed runs of each query on each side.
const RUNS: usize = 5;

/// A table that SQLite gets a copy of: its name, the query that gives its rows, and the indexes on it.
const COPIED: [(&str, &str, &[&str]); 6] = [
    ("slice", "select id, ts, dur, track_id, category, name, depth, parent_id, arg_set_id from slice", &["(id)"]),
    ("thread_track", "select id, utid from thread_track", &["(id)"]),
    ("thread", "select utid, tid, upid, name from thread", &["(utid)"]),
    ("kernel", "select id, ts, dur, name, stream, correlation from kernel", &["(ts)"]),
    ("cuda_api", "select id, ts, dur, name, correlation from cuda_api", &["(correlation)"]),
    ("span", "select id, ts, dur from span", &[]),
];

/// Ranges of time that the interval join takes: 50,000 operators, or as many as there are.
const SPANS: &str = "create perfetto table span as
    select id, ts, dur from slice where category = 'cpu_op' and dur > 0 order by id limit 50000";

struct Query {
    name: &'static str,
    ours: &'static str,
    /// SQLite's, where an expert would write it in another way.
    theirs: Option<&'static str>,
    /// True when the time counts until the first row is there.
    is_first_row: bool,
    /// True when it looks at next to no row, so that both sides are done before anybody notices.
    is_instant: bool,
}

const fn same(name: &'static str, sql: &'static str) -> Query {
    Query { name, ours: sql, theirs: None, is_first_row: false, is_instant: false }
}

const QUERIES: [Query; 8] = [
    same(
        "top names by sum",
        "select name, count(*), sum(dur) from slice group by name order by 3 desc, 1 limit 20",
    ),
    same("LIKE count", "select count(*) from slice where name like '%gemm%'"),
    same(
        "slice, track, thread",
        "select thread.utid, count(*), sum(slice.dur) from slice join thread_track on slice.track_id = thread_track.id
         join thread on thread_track.utid = thread.utid group by 1 order by 1",
    ),
    same(
        "correlation, percentiles",
        "with delay as (
           select kernel.ts - (cuda_api.ts + cuda_api.dur) as delay
           from kernel join cuda_api on kernel.correlation = cuda_api.correlation
         ), ranked as (select delay, row_number() over (order by delay) as place, count(*) over () as total from delay)
         select min(case when place * 2 >= total then delay end), min(case when place * 100 >= total * 99 then delay end),
           max(delay) from ranked",
    ),
    Query {
        name: "50 k ranges, overlapping kernels",
        ours: "select count(*), sum(kernel.dur) from span join kernel
               on span.ts < kernel.ts + kernel.dur and kernel.ts < span.ts + span.dur",
        // The index finds the kernels that begin in time; the longest kernel bounds how far back one must look.
        theirs: Some(
            "select count(*), sum(kernel.dur) from span join kernel
             on kernel.ts > span.ts - (select max(dur) from kernel) and kernel.ts < span.ts + span.dur
             and span.ts < kernel.ts + kernel.dur",
        ),
        is_first_row: false,
        is_instant: false,
    },
    same(
        "gaps per stream, LAG",
        "select stream, count(*), max(gap) from (
           select stream, ts - lag(ts + dur) over (partition by stream order by ts, id) as gap from kernel
         ) where gap > 0 group by 1 order by 1",
    ),
    Query {
        name: "one slice by id",
        ours: "select id, ts, dur, name from slice where id = 123456",
        theirs: None,
        is_first_row: false,
        is_instant: true,
    },
    Query {
        name: "first row",
        ours: "select id, ts, dur, name from slice where dur > 1000",
        theirs: None,
        is_first_row: true,
        is_instant: true,
    },
];

fn main() -> Result<()> {
    // `cargo bench` hands on flags of its own.
    let mut args = env::args().skip(1).filter(|arg| !arg.starts_with("--"));
    let path = args.next().ok_or("which trace?")?;
    let wanted = args.next().unwrap_or_default();
    let trace = kinetoscope_ingest::read_path(Path::new(&path))?;
    println!("{} slices, {} GPU operations", trace.slices.len(), trace.gpu_ops.len());
    let session = Session::new(Arc::new(trace), SessionOptions::default())?;
    session.run(SPANS, &mut |_| Ok(()))?;
    let sqlite = Connection::open_in_memory()?;
    for (table, rows, indexes) in COPIED {
        copy(&session, &sqlite, table, rows, indexes)?;
    }
    sqlite.execute_batch("analyze")?;
    println!("{:<34} {:>12} {:>12} {:>9}", "query", "here", "SQLite", "SQLite ÷");
    let (mut all, mut long) = (Vec::new(), Vec::new());
    for query in QUERIES.iter().filter(|query| query.name.contains(&wanted)) {
        let theirs = query.theirs.unwrap_or(query.ours);
        let (rows, expected) = (our_rows(&session, query)?, their_rows(&sqlite, theirs, query)?);
        if rows != expected {
            return Err(format!("`{}` differs:\n{rows:?}\n{expected:?}", query.name).into());
        }
        let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            our_times.push(timed(|| our_rows(&session, query))?);
            their_times.push(timed(|| their_rows(&sqlite, theirs, query))?);
        }
        let (ours, theirs) = (median(our_times), median(their_times));
        let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
        all.push(ratio);
        long.extend((!query.is_instant).then_some(ratio));
        println!("{:<34} {:>9.3} ms {:>9.3} ms {ratio:>9.1}", query.name, millis(ours), millis(theirs));
    }
    println!("{:<34} {:>38.1}", "geometric mean, all", geometric_mean(&all));
    println!("{:<34} {:>38.1}", "geometric mean, without the instant", geometric_mean(&long));
    Ok(())
}

fn geometric_mean(ratios: &[f64]) -> f64 {
    (ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp()
}

fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<Duration> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Copies a table with all its rows, and makes its indexes.
fn copy(session: &Session, sqlite: &Connection, table: &str, rows: &str, indexes: &[&str]) -> Result<()> {
    let mut columns = 0;
    let transaction = sqlite.unchecked_transaction()?;
    let mut failed = None;
    session.run(rows, &mut |event| {
        let done = match event {
            ResultEvent::Begin(schema) => {
                columns = schema.fields().len();
                let names: Vec<_> = schema.fields().iter().map(|field| format!("\"{}\"", field.name())).collect();
                transaction.execute_batch(&format!("create table {table} ({})", names.join(", "))).map_err(Into::into)
            }
            ResultEvent::Batch(batch) => insert(&transaction, table, &batch),
            ResultEvent::Note(_) | ResultEvent::End => Ok(()),
        };
        done.map_err(|error: Box<dyn Error>| {
            failed = Some(error.to_string());
            std::io::Error::other("the copy failed")
        })
    })?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    for (number, index) in indexes.iter().enumerate() {
        transaction.execute_batch(&format!("create index {table}_{number} on {table} {index}"))?;
    }
    Ok(transaction.commit()?)
}

fn insert(sqlite: &Connection, table: &str, batch: &RecordBatch) -> Result<()> {
    let marks = vec!["?"; batch.num_columns()].join(", ");
    let mut statement = sqlite.prepare_cached(&format!("insert into {table} values ({marks})"))?;
    let columns = batch.columns().iter().map(plain).collect::<Result<Vec<_>>>()?;
    for row in 0..batch.num_rows() {
        statement.execute(params_from_iter(columns.iter().map(|column| value(column, row))))?;
    }
    Ok(())
}

/// A column as whole numbers, reals or texts.
fn plain(column: &ArrayRef) -> Result<ArrayRef> {
    let data_type = match column.data_type() {
        DataType::Int64 | DataType::Float64 | DataType::Utf8 => return Ok(Arc::clone(column)),
        data_type if data_type.is_integer() || *data_type == DataType::Boolean => DataType::Int64,
        _ => DataType::Utf8,
    };
    Ok(cast(column, &data_type)?)
}

fn value(column: &ArrayRef, row: usize) -> Value {
    match column.data_type() {
        _ if column.is_null(row) => Value::Null,
        DataType::Int64 => Value::Integer(column.as_primitive::<Int64Type>().value(row)),
        DataType::Float64 => Value::Real(column.as_primitive::<Float64Type>().value(row)),
        _ => Value::Text(column.as_string::<i32>().value(row).to_owned()),
    }
}

/// All rows of a query, or its first.
fn our_rows(session: &Session, query: &Query) -> Result<Vec<Vec<Value>>> {
    let mut batches = Vec::new();
    let cancel = CancelHandle::default();
    let ran = session.run_cancellable(query.ours, &cancel, &mut |event| {
        if let ResultEvent::Batch(batch) = event {
            batches.push(batch);
            if query.is_first_row {
                cancel.cancel();
            }
        }
        Ok(())
    });
    match ran {
        Ok(()) => {}
        Err(SqlError::Cancelled) if query.is_first_row => {}
        Err(error) => return Err(error.into()),
    }
    if query.is_first_row {
        batches = batches.first().map(|batch| batch.slice(0, 1)).into_iter().collect();
    }
    let mut rows = Vec::new();
    for batch in &batches {
        let columns = batch.columns().iter().map(plain).collect::<Result<Vec<_>>>()?;
        rows.extend(
            (0..batch.num_rows()).map(|row| columns.iter().map(|column| value(column, row)).collect::<Vec<_>>()),
        );
    }
    Ok(rows)
}

fn their_rows(sqlite: &Connection, sql: &str, query: &Query) -> Result<Vec<Vec<Value>>> {
    let mut statement = sqlite.prepare(sql)?;
    let columns = statement.column_count();
    let mut cursor = statement.query([])?;
    let mut rows = Vec::new();
    while let Some(row) = cursor.next()? {
        rows.push((0..columns).map(|column| row.get(column)).collect::<std::result::Result<Vec<Value>, _>>()?);
        if query.is_first_row {
            break;
        }
    }
    Ok(rows)
}
