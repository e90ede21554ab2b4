//! SQL over drawn traces: one binary for all of it, because linking the engine is what takes time.

mod sql {
    mod drawn;
    mod many;
    mod scratch;
}
