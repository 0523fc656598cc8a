//! The lines of a text file, plain or compressed, with their numbers.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::Fault;
use crate::error::IoError;
use crate::hdf;

/// No line of a matrix needs more; a file without line ends must not fill the memory.
const LONGEST: usize = 1 << 20;

const GZIP: &[u8] = &[0x1f, 0x8b];

/// First bytes of what people give instead.
const OTHERS: &[(&[u8], &str)] = &[
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (b"PK\x03\x04", "a zip archive"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ\0", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
    (b"MATLAB 5.0", "a MATLAB file"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
];

/// Reads a file line by line.
pub(super) struct Lines {
    input: Box<dyn BufRead>,
    path: PathBuf,
    compressed: bool,
    line: Vec<u8>,
    number: u64,
    /// Bytes of the file on the disk.
    pub(super) length: u64,
}

impl Lines {
    /// Opens `path`, and looks at its first bytes.
    pub(super) fn open(path: &Path) -> Result<Self, IoError> {
        hdf::check_readable(path)?;
        let system = |source| IoError::system("read", path, source);
        let file = File::open(path).map_err(system)?;
        let length = file.metadata().map_err(system)?.len();
        let mut plain = BufReader::with_capacity(1 << 18, file);
        let compressed = plain.fill_buf().map_err(system)?.starts_with(GZIP);
        let input: Box<dyn BufRead> = if compressed {
            let inflated = MultiGzDecoder::new(plain);
            Box::new(BufReader::with_capacity(1 << 18, inflated))
        } else {
            Box::new(plain)
        };
        let mut lines = Self {
            input,
            path: path.to_owned(),
            compressed,
            line: Vec::new(),
            number: 1,
            length,
        };
        lines.check_start()?;
        lines.number = 0;
        Ok(lines)
    }

    fn check_start(&mut self) -> Result<(), IoError> {
        let start = match self.input.fill_buf() {
            Ok(start) => &start[..start.len().min(512)],
            Err(source) => return Err(self.failed(source)),
        };
        if start.is_empty() {
            return Err(self.fault(Fault::Empty));
        }
        let known = OTHERS.iter().find(|(magic, _)| start.starts_with(magic));
        let found = match known {
            Some((_, found)) => Some(*found),
            // The header block of a tar archive is padded by zeros.
            None if start.contains(&0) && start.get(257..262) == Some(b"ustar") => {
                Some("a tar archive")
            }
            None if start.contains(&0) => Some("binary data"),
            None => None,
        };
        match found {
            Some(found) => Err(self.fault(Fault::OtherFormat { found })),
            None => Ok(()),
        }
    }

    /// The next line without its end; `None` at the end of the file.
    pub(super) fn next_line(&mut self) -> Result<Option<&[u8]>, IoError> {
        self.line.clear();
        self.number += 1;
        let read = (&mut self.input)
            .take(LONGEST as u64 + 1)
            .read_until(b'\n', &mut self.line);
        match read {
            Err(source) => Err(self.failed(source)),
            Ok(0) => Ok(None),
            Ok(length) if length > LONGEST => Err(self.fault(Fault::LineTooLong { most: LONGEST })),
            Ok(_) => Ok(Some(self.line.trim_ascii_end())),
        }
    }

    /// The next line that is neither blank nor a comment.
    pub(super) fn next_data(&mut self) -> Result<Option<&[u8]>, IoError> {
        // The line is asked for again at the end: the borrow checker follows no loan out of a loop.
        loop {
            match self.next_line()? {
                None => return Ok(None),
                Some(line) if line.is_empty() || line.trim_ascii_start().starts_with(b"%") => {}
                Some(_) => break,
            }
        }
        Ok(Some(self.line.trim_ascii()))
    }

    /// The fault of the line read last.
    pub(super) fn fault(&self, fault: Fault) -> IoError {
        IoError::MatrixMarket {
            path: self.path.clone(),
            line: self.number,
            fault,
        }
    }

    fn failed(&self, source: std::io::Error) -> IoError {
        use std::io::ErrorKind;
        match source.kind() {
            ErrorKind::UnexpectedEof if self.compressed => self.fault(Fault::GzipCutOff),
            ErrorKind::InvalidInput | ErrorKind::InvalidData if self.compressed => {
                self.fault(Fault::GzipDamaged {
                    reason: source.to_string(),
                })
            }
            _ => IoError::system("read", &self.path, source),
        }
    }
}

/// Bytes of a file as they are shown to a person: not too long, and printable.
pub(super) fn shown(bytes: &[u8]) -> String {
    const MOST: usize = 40;
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(4 * MOST)]);
    let mut shown: String = text
        .chars()
        .take(MOST)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if text.chars().count() > MOST {
        shown.push_str("...");
    }
    shown
}
