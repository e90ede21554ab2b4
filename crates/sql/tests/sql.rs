//! SQL over drawn traces: one binary for all of it, because linking the engine is what takes time.

mod json_rules;

mod sql {
    mod dialect;
    mod drawn;
    mod errors;
    mod formats;
    mod functions;
    mod limits;
    mod many;
    mod oracle;
    mod order;
    mod perfetto;
    mod pushdown;
    mod sqlite;
    mod statements;
    mod tables;
}
