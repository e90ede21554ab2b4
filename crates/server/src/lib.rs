//! Serves the page and the API on loopback, with a token and cancellation.
