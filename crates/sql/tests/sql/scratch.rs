//! scratch
use super::drawn::*;
use super::many;
use kinetoscope_sql::format::Format;
use kinetoscope_sql::*;

#[test]
fn scratch() {
    let Ok(text) = std::fs::read_to_string("/tmp/q.sql") else { return };
    let head = text.lines().next().and_then(|l| l.strip_prefix("-- ")).unwrap_or("");
    let trace = if let Ok(n) = head.parse() {
        many::trace(n)
    } else if head.is_empty() {
        trace()
    } else {
        std::sync::Arc::new(kinetoscope_ingest::read_path(std::path::Path::new(head)).unwrap())
    };
    let start = std::time::Instant::now();
    let s = Session::new(trace, SessionOptions { num_threads: std::num::NonZeroUsize::new(4), ..Default::default() })
        .expect("s");
    println!("session {:?}", start.elapsed());
    for q in text.split("\n---\n") {
        let start = std::time::Instant::now();
        println!("> {q}");
        match print_as(&s, Format::Table, q) {
            Ok(t) => println!("{t}"),
            Err(e) => println!("ERROR {}\n{e:?}", e.report()),
        }
        println!("[{:?}]", start.elapsed());
    }
}
