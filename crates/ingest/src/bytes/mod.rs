//! Bytes: placeholder.
