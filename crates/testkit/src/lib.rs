//! Draws traces as text and generates vLLM-like traces for tests and benches.
