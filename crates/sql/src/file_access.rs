//! Files of the host, for sessions whose owner lets their queries reach them.
//!
//! A session reaches nothing outside of its trace. Who starts one may hand it this, and then `readfile` and `writefile`
//! work; what they may reach is decided there, so this crate touches no file itself.

use std::fmt::Debug;
use std::io;

/// What queries may read and write.
pub trait FileAccess: Debug + Send + Sync {
    /// All bytes of a file.
    fn read(&self, path: &str) -> io::Result<Vec<u8>>;

    /// Makes `bytes` all that a file has; makes the file when there is none.
    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()>;
}
