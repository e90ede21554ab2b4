//! Clients that go away: what they asked for stops, and others get their turn.

use std::io::{BufReader, ErrorKind, Read as _, Write as _};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use kinetoscope_server::{Limits, Mode};
use serde_json::json;

use super::client::{connect, exchange, read_head};
use super::query::frames;
use super::site::{Opening, Site, many, patient_limits};

/// A query over 1,000 slices that has a quadrillion rows to go through before its first one.
const ENDLESS: &str = "select count(*) from slice a, slice b, slice c, slice d, slice e \
                       where a.dur + b.dur + c.dur + d.dur + e.dur = 1";

/// A query that gives rows at once, and never ends.
const ENDLESS_ROWS: &str = "select a.id, b.id from slice a, slice b, slice c, slice d, slice e";

/// How long a query is let run before its client goes away.
const AT_WORK: Duration = Duration::from_millis(300);

const JSON: &str = "Content-Type: application/json\r\n";

fn site() -> Site {
    let site = Site::with(Mode::Serve, patient_limits(), &[("many", Opening::Trace(Arc::new(many())))]);
    site.open("many");
    site
}

/// As many queries as the server works on at a time.
fn num_workers() -> usize {
    2 * thread::available_parallelism().map_or(1, usize::from)
}

/// More than that.
fn more_than_workers() -> usize {
    2 * num_workers() + 1
}

fn request(site: &Site, sql: &str) -> String {
    let path = site.api(&site.about("many", "/query"));
    site.request("POST", &path, JSON, &json!({ "sql": sql, "session": "plain" }).to_string())
}

fn assert_there_is_a_worker(site: &Site) {
    let answer = exchange(site.address, request(site, "select 1 as x").as_bytes());
    let kinds: String = frames(&answer.body).iter().map(|frame| frame.kind).collect();
    assert_eq!(kinds, "SADZ");
}

#[test]
fn a_query_frees_its_worker_when_its_client_goes_away() {
    let site = site();
    let endless = request(&site, &format!("select 1 as x; {ENDLESS}"));
    let clients: Vec<_> = (0..num_workers())
        .map(|_| {
            let mut client = BufReader::new(connect(site.address));
            client.get_mut().write_all(endless.as_bytes()).expect("the request is sent");
            assert_eq!(read_head(&mut client).status, 200);
            client
        })
        .collect();
    // While the last one gets no further than its first rows, all of them are at work.
    for client in &clients {
        let mut stream = client.get_ref();
        stream.set_read_timeout(Some(AT_WORK)).expect("a timeout is set");
        let read = stream.read_to_end(&mut Vec::new());
        assert!(read.is_err_and(|error| error.kind() == ErrorKind::WouldBlock), "the query has an end");
    }
    drop(clients);
    assert_there_is_a_worker(&site);
}

#[test]
fn a_query_stops_when_its_client_goes_away_within_the_rows() {
    let site = site();
    let endless = request(&site, ENDLESS_ROWS);
    for _ in 0..more_than_workers() {
        let mut client = BufReader::new(connect(site.address));
        client.get_mut().write_all(endless.as_bytes()).expect("the request is sent");
        assert_eq!(read_head(&mut client).status, 200);
        let mut some = vec![0; 100_000];
        client.read_exact(&mut some).expect("rows come");
        assert!(some.windows(2).any(|pair| pair == b"\nS"), "they begin with their columns");
    }
    assert_there_is_a_worker(&site);
}

#[test]
fn a_client_that_reads_nothing_holds_no_more_than_a_worker() {
    let site = site();
    let mut idle = connect(site.address);
    idle.write_all(request(&site, ENDLESS_ROWS).as_bytes()).expect("the request is sent");
    assert_there_is_a_worker(&site);
    drop(idle);
}

#[test]
fn clients_that_read_nothing_hold_their_workers_no_longer_than_a_query_may_take() {
    let limits = Limits { query_timeout: Duration::from_secs(2), ..Limits::default() };
    let site = Site::with(Mode::Serve, limits, &[("many", Opening::Trace(Arc::new(many())))]);
    site.open("many");
    let endless = request(&site, ENDLESS_ROWS);
    let idle: Vec<_> = (0..more_than_workers())
        .map(|_| {
            let mut client = connect(site.address);
            client.write_all(endless.as_bytes()).expect("the request is sent");
            client
        })
        .collect();
    // It is not a query, whose time limit would end it meanwhile.
    assert_eq!(site.get(&site.about("many", "/overview")).status, 200);
    drop(idle);
}

#[test]
fn a_client_that_goes_away_within_its_request_harms_nobody() {
    let site = site();
    let whole = request(&site, ENDLESS);
    for length in [0, 1, whole.len() / 2, whole.len() - 1] {
        for _ in 0..more_than_workers() {
            connect(site.address).write_all(&whole.as_bytes()[..length]).expect("a part is sent");
        }
    }
    assert_there_is_a_worker(&site);
}
