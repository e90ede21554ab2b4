//! The dialect: SQLite as people type it, brought into the shape that DataFusion plans.
//!
//! DataFusion takes a syntax tree and does not care which text it came from. So the differences between the two
//! languages are settled here, on tokens and on the tree, and the planner stays untouched:
//!
//! - [`script`] splits a script into statements and parses one at a time, so that the first runs even when the second is
//!   wrong;
//! - [`grammar`] tells the parser which words and signs SQLite's users expect;
//! - [`affinity`] says which type a name in a `CAST` means;
//! - [`rewrite`] replaces what DataFusion would read differently (`LIKE`, `"text"`, unnamed result columns).

pub(crate) mod affinity;
pub(crate) mod grammar;
pub(crate) mod rewrite;
pub(crate) mod script;
