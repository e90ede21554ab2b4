//! SQL over drawn traces: one binary for all of it, because linking the engine is what takes time.

mod json_rules;

mod sql {
    mod bare_columns;
    mod choices;
    mod date_times;
    mod definitions;
    mod dialect;
    mod drawn;
    mod errors;
    mod files;
    mod filtering;
    mod flamegraph;
    mod formats;
    mod functions;
    mod gpu_modules;
    mod graphs;
    mod hierarchy;
    mod interval_join;
    mod intervals;
    mod json_rows;
    mod limits;
    mod macros;
    mod many;
    mod mixed;
    mod modules;
    mod oracle;
    mod order;
    mod peer;
    mod perfetto;
    mod pushdown;
    mod row_join;
    mod scheduling;
    mod schema_tables;
    mod sqlite;
    mod statements;
    mod sub_queries;
    mod table_arguments;
    mod table_pointers;
    mod tables;
    mod timeline;
    mod views;
}
