//! Who may ask: everything that a hostile page or program may send.

use super::client::{Answer, exchange};
use super::site::{Site, TOKEN};

/// Fails unless the answer carries everything that keeps a browser from passing it on.
fn assert_guarded(answer: &Answer) {
    let policy = answer.header("content-security-policy").unwrap_or_else(|| panic!("no policy: {answer:?}"));
    for part in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
        assert!(policy.split("; ").any(|given| given == part), "{part}: {policy}");
    }
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{answer:?}");
    }
    assert!(!answer.headers.iter().any(|(name, _)| name.starts_with("access-control-")), "{answer:?}");
}

#[test]
fn every_answer_is_guarded() {
    let site = Site::of_step();
    let (info, overview, names) =
        (site.api("info"), site.api(&site.about("step", "/overview")), site.api(&site.about("step", "/names")));
    let (query, open) = (site.api(&site.about("step", "/query")), site.api(&site.about("step", "/open")));
    let json = "Content-Type: application/json\r\n";
    let page = format!("/{TOKEN}/");
    for (status, method, path, headers, body) in [
        (200, "GET", &*page, "", ""),
        (308, "GET", &page[..page.len() - 1], "", ""),
        (200, "GET", &*info, "", ""),
        (200, "GET", &*overview, "", ""),
        (200, "POST", &*query, json, r#"{"sql": "select 1"}"#),
        (202, "POST", &*open, "", ""),
        (204, "DELETE", &*open, "", ""),
        (400, "POST", &*names, json, "{"),
        (403, "GET", "/", "", ""),
        (403, "GET", "/wrong-token/api/v1/info", "", ""),
        (403, "GET", &*info, "Origin: http://evil.example\r\n", ""),
        (404, "GET", &*format!("{page}nothing"), "", ""),
        (404, "GET", &*format!("{info}/nothing"), "", ""),
        (405, "POST", &*info, "", ""),
        (405, "POST", &*page, "", ""),
        (415, "POST", &*names, "", "{}"),
        (421, "GET", &*info, "Host: evil.example\r\n", ""),
        (422, "POST", &*names, json, r#"{"ids": 1}"#),
    ] {
        let answer = site.send(method, path, headers, body);
        assert_eq!(answer.status, status, "{method} {path} {answer:?}");
        assert_guarded(&answer);
        if status >= 400 {
            assert!(!answer.error().is_empty());
        }
    }
}

#[test]
fn without_the_token_there_is_nothing() {
    let site = Site::of_step();
    let upper = TOKEN.to_ascii_uppercase();
    for path in [
        "/",
        "//",
        "*",
        "/api/v1/info",
        "//api/v1/info",
        "/app.js",
        "/wrong-token/",
        "/wrong-token/api/v1/info",
        &format!("/{upper}/api/v1/info"),
        &format!("/{TOKEN}x/api/v1/info"),
        &format!("/{}/api/v1/info", &TOKEN[1..]),
        &format!("//{TOKEN}/api/v1/info"),
        &format!("/x/../{TOKEN}/api/v1/info"),
        &format!("/%74{}/api/v1/info", &TOKEN[1..]),
        &format!("/?{TOKEN}/api/v1/info"),
    ] {
        let method = if path == "*" { "OPTIONS" } else { "GET" };
        let answer = site.send(method, path, "", "");
        assert_eq!(answer.status, 403, "{path} {answer:?}");
        let text = String::from_utf8(answer.body).expect("text");
        assert!(!text.contains(TOKEN) && !text.contains("step"), "{text}");
    }
}

#[test]
fn paths_lead_nowhere_else() {
    let site = Site::of_step();
    for path in [
        "/../../etc/passwd",
        "/..",
        "/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/%2e%2e/Cargo.toml",
        "//etc/passwd",
        "/page/app.js",
        "/inputs.sha256",
        "/app.js%00",
        "/app.js/",
        "/api",
        "/api/v1",
        "/api/v1/",
        "/api/v1?x=1",
        "/api/v1x/info",
        "/api/v1evil.example",
        "/api/v1:80",
        "/api/v1//info",
        "/api/v1/../../app.js",
        "/api/v1/%2e%2e/info",
        "/api/v1/traces/..%2f..%2fetc%2fpasswd",
        "/api/v1/traces/%ff",
        "/api/v2/info",
    ] {
        let answer = site.send("GET", &format!("/{TOKEN}{path}"), "", "");
        // A name that is no text is malformed.
        let expected = if path.ends_with("%ff") { 400 } else { 404 };
        assert_eq!(answer.status, expected, "{path} {answer:?}");
        assert!(!answer.error().is_empty());
    }
}

#[test]
fn a_request_names_this_server() {
    let site = Site::of_step();
    let (info, port) = (site.api("info"), site.address.port());
    let status =
        |headers: &str| exchange(site.address, format!("GET {info} HTTP/1.1\r\n{headers}\r\n").as_bytes()).status;
    for host in [format!("127.0.0.1:{port}"), format!("localhost:{port}"), format!("LOCALHOST:{port}")] {
        assert_eq!(status(&format!("Host: {host}\r\n")), 200, "{host}");
    }
    for host in [
        "evil.example".to_owned(),
        format!("evil.example:{port}"),
        format!("127.0.0.1.evil.example:{port}"),
        format!("localhost.:{port}"),
        format!("127.0.0.2:{port}"),
        format!("0.0.0.0:{port}"),
        format!("user@127.0.0.1:{port}"),
        "127.0.0.1".to_owned(),
        format!("127.0.0.1:{}", port ^ 1),
        format!("127.0.0.1:{port}, evil.example"),
        String::new(),
    ] {
        assert_eq!(status(&format!("Host: {host}\r\n")), 421, "{host}");
    }
    assert_eq!(status(""), 421, "no host at all");
    assert_eq!(status(&format!("Host: 127.0.0.1:{port}\r\nHost: 127.0.0.1:{port}\r\n")), 421, "two hosts");
    assert_eq!(status(&format!("Host: 127.0.0.1:{port}\r\nHost: evil.example\r\n")), 421, "two hosts");
}

#[test]
fn other_sites_may_not_ask() {
    let site = Site::of_step();
    let (info, port) = (site.api("info"), site.address.port());
    let status = |headers: &str| site.send("GET", &info, headers, "").status;
    for allowed in [
        String::new(),
        format!("Origin: http://127.0.0.1:{port}\r\n"),
        "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\n".to_owned(),
        "Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\n".to_owned(),
        // Somebody follows a link to the page.
        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n".to_owned(),
    ] {
        assert_eq!(status(&allowed), 200, "{allowed}");
    }
    for refused in [
        "Origin: http://evil.example\r\n".to_owned(),
        "Origin: null\r\n".to_owned(),
        "Origin: \r\n".to_owned(),
        format!("Origin: https://127.0.0.1:{port}\r\n"),
        format!("Origin: http://127.0.0.1:{}\r\n", port ^ 1),
        format!("Origin: http://127.0.0.1:{port}.evil.example\r\n"),
        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: cors\r\n".to_owned(),
        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n".to_owned(),
        "Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: cors\r\n".to_owned(),
        // A browser says both or neither.
        "Sec-Fetch-Site: cross-site\r\n".to_owned(),
        // A form of another site.
        "Origin: http://evil.example\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n".to_owned(),
    ] {
        assert_eq!(status(&refused), 403, "{refused}");
    }
    // What a browser asks before it sends JSON for another site gets no permission.
    let asked = "Origin: http://evil.example\r\nAccess-Control-Request-Method: POST\r\n";
    let answer = site.send("OPTIONS", &site.api(&site.about("step", "/query")), asked, "");
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (403, None));
}
