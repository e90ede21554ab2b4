//! Requests that cannot be answered: what is wrong is said, with the status that fits.

use std::sync::{Arc, Barrier};
use std::thread;

use kinetoscope_server::{Limits, Mode};
use serde_json::json;

use super::client::{connect, exchange};
use super::site::{Opening, Site, step};

const JSON: &str = "Content-Type: application/json\r\n";

#[test]
fn bodies_are_limited() {
    let limits = Limits { max_body_bytes: 1_000, ..Limits::default() };
    let site = Site::with(Mode::Serve, limits, &[("step", Opening::Trace(Arc::new(step())))]);
    site.open("step");
    let path = site.api(&site.about("step", "/names"));
    let body = |size: usize| format!("{:<size$}", r#"{"ids": []}"#);
    assert_eq!(site.send("POST", &path, JSON, &body(1_000)).status, 200);
    let refused = site.send("POST", &path, JSON, &body(1_001));
    assert_eq!(refused.status, 413);
    assert!(!refused.error().is_empty());
    // In chunks, nobody says beforehand how long it is.
    let head = format!("POST {path} HTTP/1.1\r\nHost: {}\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n", site.address);
    let chunk = format!("258\r\n{:600}\r\n", "[");
    assert_eq!(exchange(site.address, format!("{head}{chunk}{chunk}0\r\n\r\n").as_bytes()).status, 413);
}

#[test]
fn bodies_are_json_of_the_right_shape() {
    let site = Site::of_step();
    let status = |what: &str, headers: &str, body: &str| {
        let answer = site.send("POST", &site.api(&site.about("step", what)), headers, body);
        assert!(!answer.error().is_empty());
        answer.status
    };
    for headers in ["", "Content-Type: text/plain\r\n", "Content-Type: application/x-www-form-urlencoded\r\n"] {
        assert_eq!(status("/names", headers, r#"{"ids": []}"#), 415, "{headers}");
    }
    for body in ["", "{", "ids", r#"{"ids": [1,]}"#, "{\"ids\": [1]} {}"] {
        assert_eq!(status("/names", JSON, body), 400, "{body}");
    }
    for (what, body) in [
        ("/names", "{}"),
        ("/names", "[]x".trim_end_matches('x')),
        ("/names", r#"{"ids": ["1"]}"#),
        ("/names", r#"{"ids": [-1]}"#),
        ("/names", r#"{"ids": [4294967296]}"#),
        ("/query", r#"{"sql": 1}"#),
        ("/query", r#"{"session": "a"}"#),
        ("/viewport", r#"{"start": 0, "end": 1.5, "px": 1, "tracks": []}"#),
        ("/viewport", r#"{"start": 0, "end": 1, "px": -1, "tracks": []}"#),
        ("/viewport", r#"{"start": 0, "end": 1, "px": 1}"#),
        ("/search", r#"{"text": "a", "in": ["colour"], "limit": 1}"#),
        ("/area", r#"{"start": 0, "end": 1, "tracks": [], "by": "colour"}"#),
        ("/flamegraph", r#"{"start": 0, "end": 1, "tracks": [], "direction": "sideways"}"#),
    ] {
        assert_eq!(status(what, JSON, body), 422, "{what} {body}");
    }
}

#[test]
fn what_is_not_there_is_not_found() {
    let site = Site::of_step();
    let refused = |what: &str| {
        let answer = site.get(what);
        (answer.status, answer.error())
    };
    assert_eq!(refused("traces/0123"), (404, "there is no trace `0123`".to_owned()));
    for what in ["overview", "tracks", "schema", "summary", "warnings", "slices/0"] {
        assert_eq!(refused(&format!("traces/0123/{what}")).0, 404, "{what}");
    }
    let slices = |slice: &str| refused(&site.about("step", &format!("/slices/{slice}")));
    let num_slices = site.step_get("/overview")["num_slices"].as_u64().expect("a number");
    assert_eq!(site.get(&site.about("step", &format!("/slices/{}", num_slices - 1))).status, 200);
    assert_eq!(slices(&num_slices.to_string()), (404, format!("there is no slice {num_slices}")));
    assert_eq!(slices("4294967295").0, 404);
    for part in ["same-name", "flows", "neighbour?direction=next"] {
        assert_eq!(slices(&format!("{num_slices}/{part}")).0, 404, "{part}");
    }
    for malformed in ["x", "-1", "4294967296", "1.5", "0/neighbour", "0/neighbour?direction=up"] {
        assert_eq!(slices(malformed).0, 400, "{malformed}");
    }
    let names = site.post(&site.about("step", "/names"), &json!({ "ids": [0, 4_294_967_295_u32] }));
    assert_eq!((names.status, names.error()), (404, "there is no name 4294967295".to_owned()));
}

#[test]
fn methods_are_those_of_the_api() {
    let site = Site::of_step();
    for (method, what, allowed) in [
        ("GET", "/query", "POST"),
        ("PUT", "/query", "POST"),
        ("GET", "/open", "POST,DELETE"),
        ("DELETE", "", "GET,HEAD"),
        ("POST", "/overview", "GET,HEAD"),
    ] {
        let answer = site.send(method, &site.api(&site.about("step", what)), "", "");
        assert_eq!((answer.status, answer.header("allow")), (405, Some(allowed)), "{method} {what} {answer:?}");
        assert!(!answer.error().is_empty());
    }
}

#[test]
fn bytes_that_are_no_request_harm_nobody() {
    let site = Site::of_step();
    let mut garbage = vec![b"\0\xff\r\n\r\n".to_vec(), b"GET\r\n\r\n".to_vec(), b"\x16\x03\x01\x02\0\x01".to_vec()];
    garbage.push([b"GET / HTTP/1.1\r\nX: ", vec![b'x'; 1 << 20].as_slice()].concat());
    for bytes in garbage {
        use std::io::Write as _;
        // The server may hang up before all is sent.
        let _ = connect(site.address).write_all(&bytes);
        assert_eq!(site.get("info").status, 200);
    }
}

#[test]
fn a_thousand_clients_at_once_are_answered() {
    const NUM_CLIENTS: usize = 1_000;
    let site = Site::of_step();
    let search = json!({ "text": "mm", "in": ["name"], "limit": 10 }).to_string();
    let requests = [
        site.request("GET", &site.api("info"), "", ""),
        site.request("POST", &site.api(&site.about("step", "/search")), JSON, &search),
        site.request("POST", &site.api(&site.about("step", "/query")), JSON, r#"{"sql": "select 1 as x"}"#),
        site.request("GET", &site.api(&site.about("step", "/tracks")), "", ""),
    ];
    let together = Barrier::new(NUM_CLIENTS);
    let mut statuses = Vec::new();
    thread::scope(|scope| {
        let clients: Vec<_> = (0..NUM_CLIENTS)
            .map(|client| {
                let (request, together) = (&requests[client % requests.len()], &together);
                let started = thread::Builder::new().stack_size(256 << 10).spawn_scoped(scope, move || {
                    together.wait();
                    exchange(site.address, request.as_bytes())
                });
                started.expect("a thread")
            })
            .collect();
        statuses.extend(clients.into_iter().map(|client| client.join().expect("an answer")));
    });
    assert_eq!(statuses.len(), NUM_CLIENTS);
    for answer in statuses {
        assert!(answer.status == 200 && !answer.body.is_empty(), "{answer:?}");
    }
}
