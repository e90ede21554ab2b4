//! Packing and unpacking the way PyTorch packs its traces: gzip, one member.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

/// Packs what is written to it into `out`. Call `finish`, which says whether the last bytes could be written.
///
/// The header holds no time and no name, so equal input makes equal output with one version of the compressor.
pub fn encoder<W: Write>(out: W) -> GzEncoder<W> {
    GzEncoder::new(out, Compression::default())
}

/// Unpacks a whole file in memory.
pub fn unpack(packed: &[u8]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    MultiGzDecoder::new(packed).read_to_end(&mut bytes)?;
    Ok(bytes)
}
