//! Databases: what our reader makes of one is what it was made from.

#[path = "sqlite/mod.rs"]
mod sqlite;
