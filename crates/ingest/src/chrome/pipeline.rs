//! The pipeline: one thread unpacks, others read events, and one puts the pieces in order.
//!
//! ```text
//! file ──► unpack, cut ──► read ahead (n threads) ──► scanner, in order ──► documents
//!              ▲                                          │
//!              └──────────── empty buffers ◄──────────────┘
//! ```
//!
//! A fixed number of buffers goes around, so memory is bounded whichever stage is slow, and no stage can be outrun.
//! What comes out depends on the bytes alone: pieces are cut by content, and taken over in order.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use kinetoscope_model::SourceId;

use crate::bytes::Problems;
use crate::chrome::Document;
use crate::chrome::event::EventReader;
use crate::chrome::scanner::{DocumentScanner, ReadAhead, find_cut};
use crate::error::IngestError;
use crate::progress::Progress;

/// Size of a piece. Large enough that names and shapes repeat within it, small enough to stay in a core's cache.
const PIECE_BYTES: usize = 2 << 20;

/// How the pipeline works, for tests that want other sizes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PipelineOptions {
    pub(crate) piece_bytes: usize,
    pub(crate) num_readers: usize,
}

impl Default for PipelineOptions {
    fn default() -> Self {
        Self { piece_bytes: PIECE_BYTES, num_readers: thread::available_parallelism().map_or(1, NonZero::get) }
    }
}

/// A buffer on its way around: only the first `len` bytes count.
#[derive(Debug)]
struct Piece {
    buffer: Vec<u8>,
    len: usize,
}

impl Piece {
    fn bytes(&self) -> &[u8] {
        &self.buffer[..self.len]
    }
}

/// What is known of a document before it is read.
#[derive(Debug)]
pub(crate) struct DocumentHead {
    pub(crate) path: String,
    pub(crate) format: String,
    /// True when it is the inside of an event array, without what comes before.
    pub(crate) is_bare_event_list: bool,
}

#[derive(Debug)]
enum Message {
    Begin { source: SourceId, head: DocumentHead },
    Piece { piece: Piece, read_ahead: Option<Box<ReadAhead>> },
    End { unpacked_bytes: u64, file_bytes: u64, problems: Problems },
}

#[derive(Debug)]
struct Work {
    sequence: u64,
    source: SourceId,
    offset: u64,
    piece: Piece,
}

/// Fills the front of a buffer with a document's next bytes; 0 is the end.
pub(crate) type Reading<'a> = dyn FnMut(&mut [u8]) -> Result<usize, IngestError> + 'a;

/// Where the unpacking side puts documents into the pipeline.
#[derive(Debug)]
pub(crate) struct Feeder<'a> {
    to_readers: Sender<Work>,
    to_scanner: Sender<(u64, Message)>,
    empty_buffers: Receiver<Vec<u8>>,
    sequence: u64,
    num_documents: usize,
    piece_bytes: usize,
    progress: &'a Progress,
}

impl Feeder<'_> {
    /// Reads one document to its end and returns how many bytes it has. `read` fills the front of a buffer, as
    /// [`std::io::Read::read`] does.
    pub(crate) fn document(&mut self, head: DocumentHead, read: &mut Reading<'_>) -> Result<u64, IngestError> {
        let source = SourceId::from_index(self.num_documents);
        self.num_documents += 1;
        self.send(Message::Begin { source, head })?;
        let mut offset = 0u64;
        let mut piece = self.take_buffer(&[])?;
        let mut is_first = true;
        loop {
            self.progress.check_cancelled()?;
            let is_last = fill(&mut piece, read)?;
            if is_last {
                let end = offset + piece.len as u64;
                self.send_piece(piece, source, offset, is_first)?;
                return Ok(end);
            }
            // A piece without a place to cut is sent whole; the scanner joins it to the next.
            let cut = find_cut(piece.bytes()).unwrap_or(piece.len);
            let next = self.take_buffer(&piece.bytes()[cut..])?;
            piece.len = cut;
            self.send_piece(piece, source, offset, is_first)?;
            offset += cut as u64;
            piece = next;
            is_first = false;
        }
    }

    /// Ends the document read last.
    pub(crate) fn end_document(
        &mut self,
        unpacked_bytes: u64,
        file_bytes: u64,
        problems: Problems,
    ) -> Result<(), IngestError> {
        self.send(Message::End { unpacked_bytes, file_bytes, problems })
    }

    fn take_buffer(&mut self, start: &[u8]) -> Result<Piece, IngestError> {
        let mut buffer = self.empty_buffers.recv().map_err(|_| IngestError::Cancelled)?;
        // Room for a piece after what the last one left over.
        let wanted = self.piece_bytes + start.len();
        if buffer.len() < wanted {
            buffer.resize(wanted, 0);
        }
        buffer[..start.len()].copy_from_slice(start);
        Ok(Piece { buffer, len: start.len() })
    }

    fn send(&mut self, message: Message) -> Result<(), IngestError> {
        let sequence = self.sequence;
        self.sequence += 1;
        // The scanner only goes away when the reading was given up.
        self.to_scanner.send((sequence, message)).map_err(|_| IngestError::Cancelled)
    }

    fn send_piece(&mut self, piece: Piece, source: SourceId, offset: u64, is_first: bool) -> Result<(), IngestError> {
        if is_first {
            // The first piece begins with the header and cannot be read ahead.
            return self.send(Message::Piece { piece, read_ahead: None });
        }
        let sequence = self.sequence;
        self.sequence += 1;
        self.to_readers.send(Work { sequence, source, offset, piece }).map_err(|_| IngestError::Cancelled)
    }
}

/// Fills a piece; true when the document is at its end.
fn fill(piece: &mut Piece, read: &mut Reading<'_>) -> Result<bool, IngestError> {
    while piece.len < piece.buffer.len() {
        match read(&mut piece.buffer[piece.len..])? {
            0 => return Ok(true),
            count => piece.len += count,
        }
    }
    Ok(false)
}

/// Runs `feed` on a thread of its own and returns the documents that it fed to the end, read, and what it returned.
pub(crate) fn run<T: Send>(
    progress: &Progress,
    options: PipelineOptions,
    feed: impl FnOnce(&mut Feeder<'_>) -> Result<T, IngestError> + Send,
) -> Result<(Vec<Document>, T), IngestError> {
    let num_buffers = options.num_readers + 3;
    let (to_readers, from_feeder) = bounded::<Work>(num_buffers);
    let (to_scanner, from_all) = unbounded::<(u64, Message)>();
    let (return_buffer, empty_buffers) = bounded::<Vec<u8>>(num_buffers);
    for _ in 0..num_buffers {
        // The channel has room for exactly these.
        let _ = return_buffer.try_send(Vec::new());
    }
    thread::scope(|scope| {
        let mut feeder = Feeder {
            to_readers,
            to_scanner: to_scanner.clone(),
            empty_buffers,
            sequence: 0,
            num_documents: 0,
            piece_bytes: options.piece_bytes,
            progress,
        };
        let feeding = scope.spawn(move || feed(&mut feeder));
        for _ in 0..options.num_readers {
            let from_feeder = from_feeder.clone();
            let to_scanner = to_scanner.clone();
            scope.spawn(move || read_ahead(&from_feeder, &to_scanner));
        }
        drop(from_feeder);
        drop(to_scanner);
        let documents = scan_in_order(&from_all, &return_buffer, progress);
        // Without anyone to return buffers the feeder stops, should it still be waiting for one.
        drop(return_buffer);
        match feeding.join() {
            Ok(fed) => fed.map(|fed| (documents, fed)),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

fn read_ahead(from_feeder: &Receiver<Work>, to_scanner: &Sender<(u64, Message)>) {
    let mut reader = EventReader::default();
    for Work { sequence, source, offset, piece } in from_feeder {
        let ahead = ReadAhead::read(&mut reader, source, offset, piece.bytes());
        let message = Message::Piece { piece, read_ahead: Some(Box::new(ahead)) };
        if to_scanner.send((sequence, message)).is_err() {
            return;
        }
    }
}

fn scan_in_order(
    from_all: &Receiver<(u64, Message)>,
    return_buffer: &Sender<Vec<u8>>,
    progress: &Progress,
) -> Vec<Document> {
    let mut waiting = BTreeMap::new();
    let mut next = 0;
    let mut documents = Vec::new();
    let mut current: Option<(DocumentScanner, Document)> = None;
    let mut num_reported = 0;
    for (sequence, message) in from_all {
        waiting.insert(sequence, message);
        while let Some(message) = waiting.remove(&next) {
            next += 1;
            match message {
                Message::Begin { source, head: DocumentHead { path, format, is_bare_event_list } } => {
                    num_reported = 0;
                    let scanner = DocumentScanner::new(source, is_bare_event_list);
                    current = Some((scanner, Document { path, format, ..Document::default() }));
                }
                Message::Piece { piece, read_ahead } => {
                    if let Some((scanner, _)) = &mut current {
                        scanner.push(piece.bytes(), read_ahead.map(|ahead| *ahead));
                        progress.add_events(scanner.num_events - num_reported);
                        num_reported = scanner.num_events;
                    }
                    // Only fails when the feeder is done and needs no more.
                    let _ = return_buffer.send(piece.buffer);
                }
                Message::End { unpacked_bytes, file_bytes, problems } => {
                    if let Some((scanner, document)) = current.take() {
                        documents.push(finish(scanner, document, unpacked_bytes, file_bytes, &problems));
                        progress.add_events(documents.last().map_or(0, |last| last.num_events) - num_reported);
                    }
                }
            }
        }
    }
    documents
}

fn finish(
    mut scanner: DocumentScanner,
    mut document: Document,
    unpacked_bytes: u64,
    file_bytes: u64,
    problems: &Problems,
) -> Document {
    scanner.finish(!problems.is_empty());
    let source = scanner.source();
    problems.add_to(&mut scanner.warnings, source);
    if let Some(problem) = problems.iter().next() {
        scanner.first_failure.get_or_insert_with(|| problem.detail.clone());
    }
    document.unpacked_bytes = unpacked_bytes;
    document.file_bytes = file_bytes;
    document.blocks = scanner.blocks;
    document.top_level = scanner.top_level;
    document.warnings = scanner.warnings;
    document.num_events = scanner.num_events;
    document.has_events = scanner.has_events;
    document.first_failure = scanner.first_failure;
    document
}
