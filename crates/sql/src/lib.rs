//! Offers the store as SQL: PerfettoSQL dialect, tables, views, functions.
