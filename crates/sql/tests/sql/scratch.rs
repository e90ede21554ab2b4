//! scratch
use super::drawn::*;
use kinetoscope_sql::format::Format;

#[test]
fn scratch() {
    let Ok(text) = std::fs::read_to_string("/tmp/q.sql") else { return };
    let start = std::time::Instant::now();
    let s = session();
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
