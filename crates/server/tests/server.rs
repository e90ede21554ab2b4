//! The server as its clients meet it: real connections, raw requests, the bytes that come back.
//!
//! One test binary, because linking the query engine takes longer than running everything here. The client is written on
//! `std` alone: a library would mend the very requests that a hostile one sends.

#[path = "server/access.rs"]
mod access;
#[path = "server/answers.rs"]
mod answers;
#[path = "server/bodies.rs"]
mod bodies;
#[path = "server/client.rs"]
mod client;
#[path = "server/disconnects.rs"]
mod disconnects;
#[path = "server/openings.rs"]
mod openings;
#[path = "server/page.rs"]
mod page;
#[path = "server/query.rs"]
mod query;
#[path = "server/site.rs"]
mod site;
#[path = "server/viewport.rs"]
mod viewport;
