//! The dialect: SQLite as people type it, brought into the shape that DataFusion plans.
//!
//! DataFusion takes a syntax tree and does not care which text it came from. So the differences between the two
//! languages are settled here, on tokens and on the tree, and the planner stays untouched:
//!
//! - [`script`] splits a script into statements and parses one at a time, so that the first runs even when the second is
//!   wrong;
//! - [`grammar`] tells the parser which words and signs SQLite's users expect;
//! - [`affinity`] says which type a name in a `CAST` means;
//! - [`operator`] says what `=`, `+` and the like mean between values of different kinds;
//! - [`truth`] finds the places where any value may stand for a condition;
//! - [`bare_column`] gives a meaning to columns beside aggregates;
//! - [`function_call`] knows SQLite's functions by their names and arguments;
//! - [`perfetto`] reads the statements that only PerfettoSQL has, [`token_macro`] and [`table_call`] put in their places
//!   what those have defined;
//! - [`rewrite`] replaces what DataFusion would read differently (`LIKE`, `"text"`, unnamed result columns).

pub(crate) mod affinity;
pub(crate) mod bare_column;
pub(crate) mod cuda_word;
mod function_call;
pub(crate) mod grammar;
mod join_columns;
pub(crate) mod operator;
pub(crate) mod perfetto;
pub(crate) mod rewrite;
mod row_value;
pub(crate) mod script;
pub(crate) mod table_call;
mod table_pointer;
pub(crate) mod token_macro;
mod truth;
mod with_name;
