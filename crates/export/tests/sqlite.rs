//! Databases: what our reader makes of one is what it was made from.

mod compared;
#[path = "sqlite/mod.rs"]
mod sqlite;
