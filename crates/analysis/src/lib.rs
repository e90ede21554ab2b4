//! Answers fixed questions as pure functions from a store to result structs, and writes those as text, CSV, JSON, Markdown.
