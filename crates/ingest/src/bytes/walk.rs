//! Opens one input and walks through everything that is packed in it, down to the documents.
//!
//! Each layer is a [`Stream`] that borrows the one below it, and each call of [`Walk::walk`] adds one. So the stack of
//! decoders is the call stack, a document is handed out while all its layers are alive, and when a call returns, what is
//! left of the layer below can still be asked what was wrong with it.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use kinetoscope_model::WarningKind;
use tempfile::{NamedTempFile, SpooledTempFile};

use super::find::natural_cmp;
use super::gzip::GzipStream;
use super::inflate::InflateStream;
use super::sniff::{self, Container, Kind};
use super::stream::{
    Bounded, Budget, Budgeted, FileMeter, INPUT_BUFFER_BYTES, Lookahead, ReadSeek, SeekableSource, Source, Stream,
};
use super::tarball::{MemberKind, TarReader};
use super::zipfile::{self, Checked, Directory, Found, Method};
use super::zstandard::ZstdStream;
use super::{ContentFormat, Input, Limits, Outcome, Problem, Problems};
use crate::error::IngestError;
use crate::progress::Progress;

/// Up to this size, a zip archive that cannot be read from any place is kept in memory instead of in a temporary file.
const MAX_SPOOL_IN_MEMORY_BYTES: usize = 1024 * 1024;

/// One unpacked document inside an input.
pub struct Document<'a> {
    /// Where it comes from: the path of the input, and for members of archives `!` and their name in it, as in
    /// `run.zip!rank0.json.gz`.
    pub path: String,
    /// What it was packed in, outermost first, and what it is: `zip, gzip, chrome json`.
    pub format: String,
    /// What it is.
    pub content: ContentFormat,
    stream: &'a mut dyn Stream,
    progress: &'a Progress,
    meter: &'a FileMeter<'a>,
    file_bytes_before: u64,
    /// The file that the document is all of, when it is packed in nothing.
    file: Option<&'a Path>,
}

/// A document as a file, for what has to be read from any place. A temporary copy lives as long as this.
#[derive(Debug)]
pub struct StoredDocument {
    path: PathBuf,
    num_bytes: u64,
    /// Removes the copy when it is dropped.
    _temporary: Option<NamedTempFile>,
}

impl StoredDocument {
    /// Where the bytes are.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many there are.
    pub fn num_bytes(&self) -> u64 {
        self.num_bytes
    }
}

impl Document<'_> {
    /// Reads the next bytes into the front of `buf` and returns how many; 0 is the end.
    ///
    /// A damaged document ends where its last readable byte is; [`Self::take_problems`] then says why. The larger `buf`
    /// is, the less is copied: unpacking goes straight into it.
    pub fn read(&mut self, buf: &mut [u8]) -> Result<usize, IngestError> {
        self.progress.check_cancelled()?;
        let n = self.stream.read(buf)?;
        self.progress.add_unpacked_bytes(n as u64);
        Ok(n)
    }

    /// Reads until `buf` is full or the document ends, and returns how many bytes there were.
    pub fn fill(&mut self, buf: &mut [u8]) -> Result<usize, IngestError> {
        let mut len = 0;
        while len < buf.len() {
            match self.read(&mut buf[len..])? {
                0 => break,
                n => len += n,
            }
        }
        Ok(len)
    }

    /// True when the document is the input itself, packed in nothing.
    pub fn is_whole_file(&self) -> bool {
        self.file.is_some()
    }

    /// The document as a file: the input itself, or a temporary copy of what is unpacked from it or comes through a pipe.
    pub fn store(&mut self) -> Result<StoredDocument, IngestError> {
        let io_error = |source| IngestError::Io { path: format!("temporary copy of {}", self.path), source };
        if let Some(path) = self.file {
            let num_bytes = std::fs::metadata(path).map_err(io_error)?.len();
            return Ok(StoredDocument { path: path.to_owned(), num_bytes, _temporary: None });
        }
        let mut copy = NamedTempFile::new().map_err(io_error)?;
        let mut chunk = vec![0; INPUT_BUFFER_BYTES];
        let mut num_bytes = 0;
        loop {
            self.progress.check_cancelled()?;
            match self.stream.read(&mut chunk)? {
                0 => break,
                n => {
                    copy.write_all(&chunk[..n]).map_err(io_error)?;
                    num_bytes += n as u64;
                    self.progress.add_unpacked_bytes(n as u64);
                }
            }
        }
        copy.flush().map_err(io_error)?;
        Ok(StoredDocument { path: copy.path().to_owned(), num_bytes, _temporary: Some(copy) })
    }

    /// How many bytes of the input it took to read so far, as they lie in the file.
    ///
    /// Of a member of an archive this is close, not exact, because archives are read ahead.
    pub fn file_bytes(&self) -> u64 {
        self.meter.num_counted() - self.file_bytes_before
    }

    /// Takes what is known to be wrong with the document: all of it once [`Self::read`] has returned 0.
    ///
    /// What nobody takes is reported in [`Outcome::problems`].
    pub fn take_problems(&mut self) -> Problems {
        let mut problems = Problems::default();
        for problem in self.stream.take_problems() {
            problems.push(problem);
        }
        problems
    }
}

impl Read for Document<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        Document::read(self, buf).map_err(|error| match error {
            IngestError::Io { source, .. } => source,
            other => io::Error::other(other),
        })
    }
}

/// Adds the sizes of `inputs` to the total of `progress`, unless the size of one is not known beforehand.
pub fn announce_sizes<'a>(inputs: impl IntoIterator<Item = &'a Input>, progress: &Progress) {
    let total = inputs.into_iter().try_fold(0_u64, |total, input| total.checked_add(size_of(input)?));
    progress.add_total_file_bytes(total.unwrap_or_default());
}

/// Size of an input; `None` when only reading it will tell.
fn size_of(input: &Input) -> Option<u64> {
    match input {
        Input::File(path) => match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => Some(metadata.len()),
            // What cannot be opened has nothing to read.
            Err(_) => Some(0),
            Ok(_) => None,
        },
        Input::Stdin => None,
        Input::Memory { bytes, .. } => Some(bytes.len() as u64),
    }
}

/// Calls `visit` for each document of `input`, in the order of the archive (of a zip in natural order of the names).
///
/// Documents stream: nothing is unpacked before it is read, and what `visit` does not read is passed over. An error of
/// `visit` that says that a member of an archive is no trace is taken as a note; every other error ends the walk.
///
/// An input without any document is an error: what it looks like, or what is wrong with it.
///
/// ```
/// use kinetoscope_ingest::Progress;
/// use kinetoscope_ingest::bytes::{Input, Limits, for_each_document};
///
/// let input = Input::Memory { name: "a.json".into(), bytes: b"[{\"ph\": \"X\"}]".as_slice().into() };
/// let mut length = 0;
/// for_each_document(&input, &Limits::default(), &Progress::default(), &mut |mut document| {
///     assert_eq!((document.path.as_str(), document.format.as_str()), ("a.json", "chrome json array"));
///     let mut chunk = vec![0; 1 << 20];
///     loop {
///         match document.read(&mut chunk)? {
///             0 => return Ok(()),
///             n => length += n,
///         }
///     }
/// })?;
/// assert_eq!(length, 13);
/// # Ok::<(), kinetoscope_ingest::IngestError>(())
/// ```
pub fn for_each_document(
    input: &Input,
    limits: &Limits,
    progress: &Progress,
    visit: &mut dyn FnMut(Document<'_>) -> Result<(), IngestError>,
) -> Result<Outcome, IngestError> {
    let path = input.path();
    let budget = Budget::new(limits.max_unpacked_bytes);
    let meter = FileMeter::new(progress, size_of(input));
    let mut walk = Walk {
        limits,
        progress,
        budget: &budget,
        meter: &meter,
        file_bytes_before: 0,
        num_members: 0,
        visit,
        file: None,
        outcome: Outcome::default(),
    };
    let place = Place { path: path.clone(), format: String::new(), depth: 0 };
    let io_error = |source| IngestError::Io { path: path.clone(), source };
    let result = match input {
        Input::File(file_path) => {
            let file = File::open(file_path).map_err(io_error)?;
            if file.metadata().map_err(io_error)?.is_file() {
                walk.file = Some(file_path);
                walk.walk_seekable(&file, &meter, &place)
            } else {
                walk.walk_stream(&mut Source::new(&file, &path, progress, Some(&meter)), &place)
            }
        }
        Input::Stdin => walk.walk_stream(&mut Source::new(io::stdin().lock(), &path, progress, Some(&meter)), &place),
        Input::Memory { bytes, .. } => walk.walk_seekable(Cursor::new(&bytes[..]), &meter, &place),
    };
    // A reader that stopped because of the cancelling may have wrapped it in an error of its own.
    progress.check_cancelled()?;
    // Also when it is no trace: then it is done with, and a folder goes on with its next file.
    meter.finish();
    result.map(|()| walk.outcome)
}

/// Where the walk is.
#[derive(Debug)]
struct Place {
    path: String,
    /// The containers around it, each with a comma behind it.
    format: String,
    depth: u32,
}

impl Place {
    /// Inside of a container that holds one thing.
    fn inside(&self, container: Container) -> Self {
        Self {
            path: self.path.clone(),
            format: format!("{}{}, ", self.format, container.name()),
            depth: self.depth + 1,
        }
    }

    /// A member of the archive that this is.
    fn member(&self, archive: Container, name: &str) -> Self {
        // Names come from anyone and end up on terminals.
        let name: String = name.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect();
        Self { path: format!("{}!{name}", self.path), ..self.inside(archive) }
    }
}

/// What became of the members of one archive.
#[derive(Debug, Default)]
struct Tally {
    documents_before: u64,
    num_files: u64,
    num_hidden: u64,
    /// Why the first file that is no trace is none.
    first_failure: Option<IngestError>,
    /// What is wrong with the archive itself.
    damage: Option<String>,
}

struct Walk<'w> {
    limits: &'w Limits,
    progress: &'w Progress,
    budget: &'w Budget,
    meter: &'w FileMeter<'w>,
    /// What had been read when the walk came to the member it is in.
    file_bytes_before: u64,
    num_members: u64,
    visit: &'w mut dyn FnMut(Document<'_>) -> Result<(), IngestError>,
    /// The input, when it is a file that can be read from any place.
    file: Option<&'w Path>,
    outcome: Outcome,
}

impl Walk<'_> {
    /// Walks through something that can be read from any place.
    fn walk_seekable(
        &mut self,
        mut reader: impl Read + Seek,
        meter: &FileMeter<'_>,
        place: &Place,
    ) -> Result<(), IngestError> {
        // A zip is read in another order, so its start is looked at without being counted.
        let mut start = SeekableSource::new(&mut reader, 0, &place.path, self.progress, None)?;
        if zipfile::is_start(Lookahead::new(&mut start).peek(zipfile::MAGIC_BYTES)?) {
            self.check_depth(place)?;
            return self.walk_zip(&mut reader, Some(meter), place);
        }
        self.walk_stream(&mut SeekableSource::new(reader, 0, &place.path, self.progress, Some(meter))?, place)
    }

    /// Walks through something that can only be read from front to back.
    fn walk_stream(&mut self, stream: &mut dyn Stream, place: &Place) -> Result<(), IngestError> {
        self.walk(&mut Lookahead::new(stream), place)
    }

    fn walk(&mut self, stream: &mut Lookahead<'_>, place: &Place) -> Result<(), IngestError> {
        match sniff::recognise(stream.peek(sniff::HEAD_BYTES)?) {
            Kind::Container(container) => {
                self.check_depth(place)?;
                match container {
                    Container::Gzip => {
                        let mut unpacked = Budgeted::new(GzipStream::new(stream), self.budget);
                        self.walk_stream(&mut unpacked, &place.inside(container))?;
                    }
                    Container::Zstd => {
                        let window_log = self.limits.max_zstd_window_log;
                        let zstd = ZstdStream::new(stream, window_log, &place.path)?;
                        self.walk_stream(&mut Budgeted::new(zstd, self.budget), &place.inside(container))?;
                    }
                    Container::Tar => self.walk_tar(stream, place)?,
                    Container::Zip => {
                        let mut spool = self.spool(stream, place)?;
                        self.walk_zip(&mut spool, None, place)?;
                    }
                }
            }
            Kind::Content(content) => self.visit_document(stream, content, place)?,
            Kind::Other { looks_like, hint } => {
                return Err(IngestError::WrongFormat {
                    path: place.path.clone(),
                    looks_like,
                    hint: hint.or_else(|| hint_from_name(&place.path)),
                });
            }
            Kind::Empty => {
                let problems = stream.take_problems();
                let Some(problem) = problems.first() else {
                    return Err(IngestError::Empty { path: place.path.clone() });
                };
                let reason = problem.detail.clone();
                self.note_all(problems, place);
                return Err(IngestError::NothingReadable { path: place.path.clone(), reason });
            }
        }
        self.note_all(stream.take_problems(), place);
        Ok(())
    }

    fn visit_document(
        &mut self,
        stream: &mut Lookahead<'_>,
        content: ContentFormat,
        place: &Place,
    ) -> Result<(), IngestError> {
        (self.visit)(Document {
            path: place.path.clone(),
            format: format!("{}{}", place.format, content.name()),
            content,
            stream,
            progress: self.progress,
            meter: self.meter,
            file_bytes_before: self.file_bytes_before,
            file: self.file.filter(|_| place.depth == 0),
        })?;
        self.outcome.num_documents += 1;
        Ok(())
    }

    fn check_depth(&self, place: &Place) -> Result<(), IngestError> {
        let limit = self.limits.max_container_depth;
        if place.depth < limit {
            return Ok(());
        }
        Err(IngestError::WrongFormat {
            path: place.path.clone(),
            looks_like: format!("containers packed in each other more than {limit} deep"),
            hint: None,
        })
    }

    fn walk_tar(&mut self, stream: &mut Lookahead<'_>, place: &Place) -> Result<(), IngestError> {
        let mut tally = self.new_tally();
        let mut tar = TarReader::default();
        while let Some(member) = tar.next_member(stream)? {
            self.note_archive(tar.take_problems(), &mut tally, place);
            if !self.may_enter_member(place) {
                break;
            }
            let padding = member.padding();
            let member_place = place.member(Container::Tar, &member.name);
            let mut data = Bounded::new(stream, member.num_bytes);
            match member.kind {
                MemberKind::File if is_hidden(&member.name) => tally.num_hidden += 1,
                MemberKind::File => self.walk_member(&mut data, &mut tally, &member_place)?,
                MemberKind::SparseFile => {
                    self.skip_member("it is stored as a sparse file, which is not read", &mut tally, &member_place);
                }
                MemberKind::Other => {}
            }
            if !self.is_whole(&mut data, &mut tally, &member_place)? {
                break;
            }
            stream.skip(padding)?;
        }
        self.note_archive(tar.take_problems(), &mut tally, place);
        self.finish_archive(tally, Container::Tar, place)
    }

    fn walk_zip(
        &mut self,
        reader: &mut dyn ReadSeek,
        meter: Option<&FileMeter<'_>>,
        place: &Place,
    ) -> Result<(), IngestError> {
        let mut tally = self.new_tally();
        match zipfile::read_directory(reader, &place.path)? {
            Directory::Files(mut members) => {
                members.sort_by(|a, b| natural_cmp(a.name.as_bytes(), b.name.as_bytes()));
                for member in members {
                    if self.budget.is_exceeded() {
                        let limit = self.limits.max_unpacked_bytes;
                        self.note_further_members(&format!("{limit} bytes are unpacked"), place);
                        break;
                    }
                    if !self.may_enter_member(place) {
                        break;
                    }
                    self.walk_zip_member(reader, meter, member, &mut tally, place)?;
                }
            }
            Directory::Unreadable(reason) => {
                let detail =
                    format!("the zip directory cannot be read ({reason}); its files were looked for without it");
                let problem = Problem { kind: WarningKind::Truncated, byte_offset: None, detail };
                self.note_archive(vec![problem], &mut tally, place);
                let mut source = SeekableSource::new(reader, 0, &place.path, self.progress, meter)?;
                self.walk_zip_in_order(&mut Lookahead::new(&mut source), &mut tally, place)?;
            }
        }
        self.finish_archive(tally, Container::Zip, place)
    }

    fn walk_zip_member(
        &mut self,
        reader: &mut dyn ReadSeek,
        meter: Option<&FileMeter<'_>>,
        member: zipfile::Member,
        tally: &mut Tally,
        place: &Place,
    ) -> Result<(), IngestError> {
        let member_place = place.member(Container::Zip, &member.name);
        match member.start {
            _ if is_hidden(&member.name) => tally.num_hidden += 1,
            _ if member.is_encrypted => self.skip_member("it is encrypted", tally, &member_place),
            Err(reason) => self.skip_member(&reason, tally, &member_place),
            Ok(start) => {
                let mut source = SeekableSource::new(reader, start, &place.path, self.progress, meter)?;
                let mut packed = Bounded::new(&mut source, member.num_packed_bytes);
                self.walk_packed_member(&mut packed, member.method, member.crc, tally, &member_place)?;
            }
        }
        Ok(())
    }

    /// Walks through a zip whose directory is lost, by the headers before its members.
    fn walk_zip_in_order(
        &mut self,
        input: &mut Lookahead<'_>,
        tally: &mut Tally,
        place: &Place,
    ) -> Result<(), IngestError> {
        loop {
            let member = match zipfile::read_header(input)? {
                Found::Member(member) => member,
                Found::NoMember => return Ok(()),
                Found::CutOff => {
                    let detail = "the zip ends within a header".to_owned();
                    let byte_offset = Some(input.position());
                    let problem = Problem { kind: WarningKind::Truncated, byte_offset, detail };
                    self.note_archive(vec![problem], tally, place);
                    return Ok(());
                }
            };
            if !self.may_enter_member(place) {
                return Ok(());
            }
            let member_place = place.member(Container::Zip, &member.name);
            match member.packed_bytes_and_crc {
                Some((num_bytes, crc)) => {
                    let mut packed = Bounded::new(input, num_bytes);
                    if member.name.ends_with('/') {
                        // A folder, which has no bytes.
                    } else if is_hidden(&member.name) {
                        tally.num_hidden += 1;
                    } else if member.is_encrypted {
                        self.skip_member("it is encrypted", tally, &member_place);
                    } else {
                        self.walk_packed_member(&mut packed, member.method, crc, tally, &member_place)?;
                    }
                    if !self.is_whole(&mut packed, tally, &member_place)? {
                        return Ok(());
                    }
                }
                None if member.method == Method::Deflated && !member.is_encrypted => {
                    let mut unpacked = Budgeted::new(InflateStream::new(input), self.budget);
                    if is_hidden(&member.name) {
                        tally.num_hidden += 1;
                    } else {
                        self.walk_member(&mut unpacked, tally, &member_place)?;
                    }
                    // Only unpacking it to its end tells where that is.
                    unpacked.skip(u64::MAX)?;
                    zipfile::skip_descriptor(input)?;
                }
                None => {
                    let reason = "its length stood in the directory, and with it where the next file starts";
                    self.skip_member(reason, tally, &member_place);
                    return Ok(());
                }
            }
        }
    }

    /// Unpacks a zip member.
    fn walk_packed_member(
        &mut self,
        packed: &mut Bounded<'_>,
        method: Method,
        crc: u32,
        tally: &mut Tally,
        place: &Place,
    ) -> Result<(), IngestError> {
        let mut packed = Lookahead::new(packed);
        let budget = self.budget;
        match method {
            Method::Stored => self.walk_member(&mut Budgeted::new(Checked::new(packed, crc), budget), tally, place),
            Method::Deflated => {
                let unpacked = InflateStream::new(&mut packed);
                self.walk_member(&mut Budgeted::new(Checked::new(unpacked, crc), budget), tally, place)
            }
            Method::Zstd => {
                let unpacked = ZstdStream::new(&mut packed, self.limits.max_zstd_window_log, &place.path)?;
                self.walk_member(&mut Budgeted::new(Checked::new(unpacked, crc), budget), tally, place)
            }
            Method::Other(_) => {
                self.skip_member(&format!("it is packed with {}, which is not read", method.name()), tally, place);
                Ok(())
            }
        }
    }

    /// Walks through a file of an archive; that it is no trace is a note.
    fn walk_member(&mut self, stream: &mut dyn Stream, tally: &mut Tally, place: &Place) -> Result<(), IngestError> {
        tally.num_files += 1;
        let mut stream = Lookahead::new(stream);
        match self.walk(&mut stream, place) {
            Err(error) if error.is_about_content() => {
                let problems = stream.take_problems();
                self.note_all(problems, place);
                self.note(WarningKind::SkippedMember, None, error.to_string());
                tally.first_failure.get_or_insert(error);
                Ok(())
            }
            result => result,
        }
    }

    /// Leaves a file of an archive alone.
    fn skip_member(&mut self, reason: &str, tally: &mut Tally, place: &Place) {
        tally.num_files += 1;
        let error = IngestError::NothingReadable { path: place.path.clone(), reason: reason.to_owned() };
        self.note(WarningKind::SkippedMember, None, error.to_string());
        tally.first_failure.get_or_insert(error);
    }

    /// Passes over what is left of a member; false, and noted, when the archive ends before it does.
    fn is_whole(&mut self, data: &mut Bounded<'_>, tally: &mut Tally, place: &Place) -> Result<bool, IngestError> {
        let is_whole = data.skip_rest()?;
        if !is_whole {
            let problems = data.take_problems();
            self.note_archive(problems, tally, place);
        }
        Ok(is_whole)
    }

    /// Spools something that can only be read from front to back, for what needs to read it from any place.
    fn spool(&self, stream: &mut dyn Stream, place: &Place) -> Result<SpooledTempFile, IngestError> {
        let io_error = |source| IngestError::Io { path: format!("temporary copy of {}", place.path), source };
        let mut spool = SpooledTempFile::new(MAX_SPOOL_IN_MEMORY_BYTES);
        let mut chunk = vec![0; INPUT_BUFFER_BYTES];
        loop {
            match stream.read(&mut chunk)? {
                0 => break,
                n => spool.write_all(&chunk[..n]).map_err(io_error)?,
            }
            self.progress.check_cancelled()?;
        }
        spool.seek(SeekFrom::Start(0)).map_err(io_error)?;
        Ok(spool)
    }

    fn new_tally(&self) -> Tally {
        Tally { documents_before: self.outcome.num_documents, ..Tally::default() }
    }

    /// Counts one more member of an archive; false, and noted, when there were too many.
    fn may_enter_member(&mut self, place: &Place) -> bool {
        let limit = self.limits.max_members;
        if self.num_members >= limit {
            self.note_further_members(&format!("there were {limit} before"), place);
            return false;
        }
        self.num_members += 1;
        self.file_bytes_before = self.meter.num_counted();
        true
    }

    fn note_further_members(&mut self, reason: &str, place: &Place) {
        let detail = format!("`{}`: further members were not read: {reason}", place.path);
        self.note(WarningKind::TooLarge, None, detail);
    }

    /// Ends an archive; one without any trace is an error.
    fn finish_archive(&mut self, tally: Tally, container: Container, place: &Place) -> Result<(), IngestError> {
        if self.outcome.num_documents > tally.documents_before {
            return Ok(());
        }
        let path = place.path.clone();
        let Tally { num_files, num_hidden, first_failure, damage, .. } = tally;
        match (num_files, first_failure, damage) {
            (1, Some(error), _) => Err(error),
            (0, _, Some(reason)) => Err(IngestError::NothingReadable { path, reason }),
            (_, first_failure, _) => {
                let hidden = if num_hidden > 0 { format!(" and {num_hidden} hidden ones") } else { String::new() };
                let looks_like = format!("a {} archive without a trace ({num_files} files{hidden})", container.name());
                let hint = first_failure.map(|error| format!("the first of its files: {error}"));
                Err(IngestError::WrongFormat { path, looks_like, hint })
            }
        }
    }

    fn note(&mut self, kind: WarningKind, byte_offset: Option<u64>, detail: String) {
        self.outcome.problems.push(Problem { kind, byte_offset, detail });
    }

    fn note_all(&mut self, problems: Vec<Problem>, place: &Place) {
        for problem in problems {
            self.note(problem.kind, problem.byte_offset, format!("`{}`: {}", place.path, problem.detail));
        }
    }

    fn note_archive(&mut self, problems: Vec<Problem>, tally: &mut Tally, place: &Place) {
        if let Some(problem) = problems.first() {
            tally.damage.get_or_insert_with(|| problem.detail.clone());
        }
        self.note_all(problems, place);
    }
}

/// True for what operating systems leave in archives: dot files, and the folder of macOS's resource forks.
fn is_hidden(name: &str) -> bool {
    name.split(['/', '\\']).any(|part| part == "__MACOSX" || (part.starts_with('.') && part != "." && part != ".."))
}

/// Advice for what content alone does not tell.
fn hint_from_name(path: &str) -> Option<String> {
    path.ends_with(".qdstrm").then(|| {
        "by its name it is an interrupted Nsight Systems capture; `QdstrmImporter`, which comes with the Nsight Systems \
            that recorded it, makes a report of it"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_is_any_part_of_the_name() {
        for name in [".a.json", "run/.cache/a.json", "__MACOSX/a.json", "run/__MACOSX/._a.json", "run\\.a.json"] {
            assert!(is_hidden(name), "{name}");
        }
        for name in ["a.json", "./a.json", "../a.json", "run/a.b.json", "MACOSX/a.json"] {
            assert!(!is_hidden(name), "{name}");
        }
    }
}
