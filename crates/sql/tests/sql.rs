//! SQL over drawn traces: one binary for all of it, because linking the engine is what takes time.

mod json_rules;

mod sql {
    mod bare_columns;
    mod definitions;
    mod dialect;
    mod drawn;
    mod errors;
    mod filtering;
    mod formats;
    mod functions;
    mod json_rows;
    mod limits;
    mod many;
    mod oracle;
    mod order;
    mod perfetto;
    mod pushdown;
    mod sqlite;
    mod statements;
    mod sub_queries;
    mod tables;
    mod views;
}
