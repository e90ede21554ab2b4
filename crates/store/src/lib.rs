//! Keeps a sealed trace ready to ask: indexes, level of detail, the cache file.
