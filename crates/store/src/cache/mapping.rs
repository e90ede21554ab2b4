//! Mapping: a file as memory, and the only unsafe line of the crate.

use std::fs::File;
use std::io;

use arrow_buffer::Buffer;
use bytes::Bytes;
use memmap2::Mmap;

/// The bytes of `file`, read from the disk as they are looked at. Every slice of the buffer keeps the mapping alive.
#[expect(unsafe_code, reason = "a mapped file cannot be had otherwise")]
pub(super) fn map(file: &File) -> io::Result<Buffer> {
    // SAFETY: the bytes must not change while they are mapped. We never write into a cache file that has its name: a new
    // one is written under another name and renamed over it, and removing it takes the name only, so the mapping keeps
    // what it saw. Another program that writes into the file or cuts it off breaks this, as it does for every program
    // that maps files.
    let map = unsafe { Mmap::map(file)? };
    Ok(Buffer::from(Bytes::from_owner(map)))
}
