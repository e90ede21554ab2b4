//! scratch
use super::drawn::*;
use super::many;
use kinetoscope_sql::format::Format;
use kinetoscope_sql::*;

#[test]
fn scratch() {
    let Ok(text) = std::fs::read_to_string("/tmp/q.sql") else { return };
    let n: usize = text.lines().next().and_then(|l| l.strip_prefix("-- ")).and_then(|l| l.parse().ok()).unwrap_or(0);
    let trace = if n > 0 { many::trace(n) } else { trace() };
    let start = std::time::Instant::now();
    let s = Session::new(trace, SessionOptions { num_threads: std::num::NonZeroUsize::new(4), ..Default::default() }).expect("s");
    println!("session {:?}", start.elapsed());
    let chain = |operator: &str, len: usize| vec!["1"; len].join(operator);
    for script in [
        format!("select {} as x", chain(" + ", 900)),
        format!("select count(*) as n from slice where {}", vec!["dur >= 0"; 900].join(" or ")),
        format!("select sum(x) from ({})", vec!["select 1 as x"; 60].join(" union all ")),
        format!("select {}", chain(" + ", 100_000)),
        format!("select 1 where {}", chain(" = 1 and 1 = ", 100_000)),
        format!("select {}1{}", "(".repeat(100_000), ")".repeat(100_000)),
        format!("select {}1", "-".repeat(1) + &" -".repeat(100_000)),
        format!("select {}1", "not ".repeat(100_000)),
        format!("select {}1{}", "abs(".repeat(100_000), ")".repeat(100_000)),
        format!("select * from {}slice{}", "(select * from ".repeat(10_000), ")".repeat(10_000)),
        vec!["select 1"; 100_000].join(" union all "),
        format!("select 1{}", "::int".repeat(100_000)),
        format!("select case {} end", "when case ".repeat(50_000)),
    ] {
        let start = std::time::Instant::now();
        let r = print_as(&s, Format::Table, &script).is_ok();
        println!("{:?} {r} {}", start.elapsed(), &script[..40]);
    }
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
