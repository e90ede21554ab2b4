//! A client of HTTP/1.1 that sends exactly what it is told and reads answers by the letter.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;

/// No answer takes this long, so a server that hangs fails the test.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in small letters.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The message of a refusal, which has the one shape that refusals have.
    pub(crate) fn error(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        let json = self.json();
        let keys: Vec<&String> = json["error"].as_object().expect("an error").keys().collect();
        assert_eq!(keys, ["hint", "message", "place"]);
        json["error"]["message"].as_str().expect("a message").to_owned()
    }
}

/// Connects; waits while this process has no more files to open.
pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let start = Instant::now();
    loop {
        match TcpStream::connect(address) {
            Ok(stream) => {
                stream.set_read_timeout(Some(PATIENCE)).expect("a timeout is set");
                return stream;
            }
            Err(error) if start.elapsed() > PATIENCE => panic!("no connection: {error}"),
            Err(_) => std::thread::yield_now(),
        }
    }
}

/// Sends these bytes and reads one answer.
pub(crate) fn exchange(address: SocketAddr, request: &[u8]) -> Answer {
    let mut stream = connect(address);
    stream.write_all(request).expect("the request is sent");
    read_answer(&mut BufReader::new(stream))
}

/// Reads the first line and the headers.
pub(crate) fn read_head(from: &mut BufReader<TcpStream>) -> Answer {
    let mut line = || {
        let mut line = String::new();
        from.read_line(&mut line).expect("a line of the answer");
        assert!(line.ends_with("\r\n"), "the answer ends within its head: {line:?}");
        line.trim_end().to_owned()
    };
    let first = line();
    let status = first.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    let mut headers = Vec::new();
    loop {
        let header = line();
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(':').expect("a header");
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    Answer { status: status.unwrap_or_else(|| panic!("a status: {first}")), headers, body: Vec::new() }
}

/// Reads an answer to the end of its body.
pub(crate) fn read_answer(from: &mut BufReader<TcpStream>) -> Answer {
    let mut answer = read_head(from);
    if answer.header("transfer-encoding") == Some("chunked") {
        loop {
            let mut size = String::new();
            from.read_line(&mut size).expect("the size of a chunk");
            let size = usize::from_str_radix(size.trim_end(), 16).expect("a size");
            let mut chunk = vec![0; size + 2];
            from.read_exact(&mut chunk).expect("a chunk");
            assert_eq!(&chunk[size..], b"\r\n");
            answer.body.extend(&chunk[..size]);
            if size == 0 {
                return answer;
            }
        }
    }
    let size = answer.header("content-length").map_or(0, |size| size.parse().expect("a length"));
    answer.body = vec![0; size];
    from.read_exact(&mut answer.body).expect("the body");
    answer
}
