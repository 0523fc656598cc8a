//! Files good and bad, from byte strings.

use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use num_complex::Complex;
use pdesolve_core::codes;

use super::{Fault, read, read_sparse, read_vector, write_dense, write_sparse, write_vector};
use crate::entries::{DenseArray, Matrix, SparseEntries, Symmetry, Values};
use crate::error::IoError;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join("A.mtx");
        std::fs::write(&path, content).unwrap();
        path
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

fn parse(content: impl AsRef<[u8]>) -> Result<Matrix, IoError> {
    read(&Folder::new().file(content))
}

fn sparse(content: &str) -> SparseEntries {
    match parse(content) {
        Ok(Matrix::Sparse(entries)) => entries,
        other => panic!("{content}: {other:?}"),
    }
}

/// The matrix row by row; entries of one place add up.
fn dense(matrix: &SparseEntries) -> Vec<Vec<Complex<f64>>> {
    let mut all = vec![vec![Complex::default(); matrix.ncols]; matrix.nrows];
    for k in 0..matrix.len() {
        all[matrix.rows[k] as usize][matrix.columns[k] as usize] += matrix.values.get(k);
    }
    all
}

fn real(rows: &[&[f64]]) -> Vec<Vec<Complex<f64>>> {
    rows.iter()
        .map(|row| row.iter().map(|&v| v.into()).collect())
        .collect()
}

/// Line and fault of a bad file.
fn fault(content: impl AsRef<[u8]>) -> (u64, Fault) {
    match parse(content.as_ref()) {
        Err(IoError::MatrixMarket { line, fault, .. }) => (line, fault),
        other => panic!("{}: {other:?}", String::from_utf8_lossy(content.as_ref())),
    }
}

fn message(content: impl AsRef<[u8]>) -> String {
    let (line, fault) = fault(content);
    assert!(!fault.advice().is_empty());
    assert!(codes::find(fault.code()).is_some());
    format!("{line}: {fault}")
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(content).unwrap();
    out.finish().unwrap()
}

const GENERAL: &str = "%%MatrixMarket matrix coordinate real general
% a comment
3 4 5
1 1 1.5
3 4 -2e-3
2 2 +.5
1 4 7
2 2 1
";

#[test]
fn entries_are_read_in_their_order_and_duplicates_kept() {
    let a = sparse(GENERAL);
    assert_eq!((a.nrows, a.ncols), (3, 4));
    assert_eq!(a.rows, [0, 2, 1, 0, 1]);
    assert_eq!(a.columns, [0, 3, 1, 3, 1]);
    assert_eq!(a.values, Values::Real(vec![1.5, -2e-3, 0.5, 7.0, 1.0]));
    assert_eq!(a.symmetry, Symmetry::General);
}

#[test]
fn symmetric_storage_is_expanded() {
    let file = |field: &str, symmetry: &str, body: &str| {
        sparse(&format!(
            "%%MatrixMarket matrix coordinate {field} {symmetry}\n{body}"
        ))
    };
    let a = file("real", "symmetric", "3 3 4\n1 1 2\n2 1 -1\n3 2 5\n3 3 4\n");
    assert_eq!(
        dense(&a),
        real(&[&[2.0, -1.0, 0.0], &[-1.0, 0.0, 5.0], &[0.0, 5.0, 4.0]])
    );
    let a = file("integer", "skew-symmetric", "3 3 2\n2 1 -1\n3 2 5\n");
    assert_eq!(
        dense(&a),
        real(&[&[0.0, 1.0, 0.0], &[-1.0, 0.0, -5.0], &[0.0, 5.0, 0.0]])
    );
    let a = file("pattern", "symmetric", "2 2 2\n1 1\n2 1\n");
    assert_eq!(dense(&a), real(&[&[1.0, 1.0], &[1.0, 0.0]]));
    let a = file("complex", "hermitian", "2 2 3\n1 1 3 0\n2 1 1 2\n2 2 4 0\n");
    let z = Complex::new;
    assert_eq!(
        dense(&a),
        [[z(3.0, 0.0), z(1.0, -2.0)], [z(1.0, 2.0), z(4.0, 0.0)]]
    );
    let a = file("complex", "symmetric", "2 2 2\n1 1 3 1\n2 1 1 2\n");
    assert_eq!(
        dense(&a),
        [[z(3.0, 1.0), z(1.0, 2.0)], [z(1.0, 2.0), z(0.0, 0.0)]]
    );
    let a = file("complex", "skew-symmetric", "2 2 1\n2 1 1 2\n");
    assert_eq!(
        dense(&a),
        [[z(0.0, 0.0), z(-1.0, -2.0)], [z(1.0, 2.0), z(0.0, 0.0)]]
    );
}

#[test]
fn arrays_stand_column_by_column() {
    let array = |content: &str| match parse(content) {
        Ok(Matrix::Dense(array)) => array.values,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        array("%%MatrixMarket matrix array real general\n2 3\n1\n2\n3\n4\n5\n6\n"),
        Values::Real(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    );
    assert_eq!(
        array("%%MatrixMarket matrix array integer symmetric\n2 2\n1\n2\n3\n"),
        Values::Real(vec![1.0, 2.0, 2.0, 3.0])
    );
    assert_eq!(
        array("%%MatrixMarket matrix array real skew-symmetric\n3 3\n1\n2\n3\n"),
        Values::Real(vec![0.0, 1.0, 2.0, -1.0, 0.0, 3.0, -2.0, -3.0, 0.0])
    );
    let z = Complex::new;
    assert_eq!(
        array("%%MatrixMarket matrix array complex hermitian\n2 2\n1 0\n2 3\n4 0\n"),
        Values::Complex(vec![z(1.0, 0.0), z(2.0, 3.0), z(2.0, -3.0), z(4.0, 0.0)])
    );
}

#[test]
fn spelling_that_programs_use_is_understood() {
    let plain = sparse(GENERAL);
    let dos = GENERAL.replace('\n', "\r\n");
    assert_eq!(sparse(&dos), plain);
    let loud = GENERAL.replace(
        "matrix coordinate real general",
        "MATRIX Coordinate REAL General",
    );
    assert_eq!(sparse(&loud), plain);
    let airy = GENERAL
        .replace("3 4 5\n", "\n% more\n  3\t4  5 \n\n")
        .replace("2 2 +.5", " \t2   2 +.5\n   % inside\n\n");
    assert_eq!(sparse(&airy), plain);
    assert_eq!(sparse(GENERAL.trim_end()), plain, "no line end at the end");
    assert_eq!(sparse(&GENERAL.replace("real", "double")), plain);
    assert_eq!(sparse(&GENERAL.replace("-2e-3", "-2.0D-03")), plain);
    assert_eq!(sparse(&format!("\u{feff}{GENERAL}")), plain);
    assert_eq!(
        parse(gzip(GENERAL.as_bytes())).unwrap(),
        Matrix::Sparse(plain),
        "compressed, under a name that does not say so"
    );
    let unsigned = "%%MatrixMarket matrix coordinate unsigned-integer general\n1 1 1\n1 1 18446744073709551615\n";
    assert_eq!(sparse(unsigned).values, Values::Real(vec![u64::MAX as f64]));
}

#[test]
fn empty_matrices_are_matrices() {
    let a = sparse("%%MatrixMarket matrix coordinate real general\n0 0 0\n");
    assert_eq!((a.nrows, a.ncols, a.len()), (0, 0, 0));
    let a = sparse("%%MatrixMarket matrix coordinate real symmetric\n4294967295 4294967295 0\n");
    assert_eq!((a.nrows, a.len()), (u32::MAX as usize, 0));
    let empty = parse("%%MatrixMarket matrix array real skew-symmetric\n1 1\n").unwrap();
    assert!(matches!(empty, Matrix::Dense(a) if a.values == Values::Real(vec![0.0])));
}

#[test]
fn each_bad_head_is_named_with_what_was_expected() {
    let says = |content: &str, expected: &str| assert_eq!(message(content), expected);
    says(
        "",
        "1: the file is empty, expected the line `%%MatrixMarket matrix coordinate real general`",
    );
    says(
        "%MatrixMarket matrix coordinate real general\n",
        "1: found `%MatrixMarket matrix coordinate real gen...`, expected a line that begins with `%%MatrixMarket matrix`",
    );
    says(
        "1 1 1\n",
        "1: found `1 1 1`, expected a line that begins with `%%MatrixMarket matrix`",
    );
    says(
        "%%MatrixMarket matrx coordinate real general\n",
        "1: found the object `matrx`, expected `matrix`; did you mean `matrix`?",
    );
    says(
        "%%MatrixMarket matrix coordinates real general\n",
        "1: found the format `coordinates`, expected `coordinate` or `array`; did you mean `coordinate`?",
    );
    says(
        "%%MatrixMarket matrix coordinate rael general\n",
        "1: found the field `rael`, expected `real`, `integer`, `complex` or `pattern`; did you mean `real`?",
    );
    says(
        "%%MatrixMarket matrix coordinate quaternion general\n",
        "1: found the field `quaternion`, expected `real`, `integer`, `complex` or `pattern`",
    );
    says(
        "%%MatrixMarket matrix coordinate real symetric\n",
        "1: found the symmetry `symetric`, expected `general`, `symmetric`, `skew-symmetric` or `hermitian`; did you mean `symmetric`?",
    );
    says(
        "%%MatrixMarket matrix coordinate real\n",
        "1: the banner has 4 words, expected 5: `%%MatrixMarket matrix FORMAT FIELD SYMMETRY`",
    );
    says(
        "%%MatrixMarket matrix coordinate real hermitian\n",
        "1: found `real` with `hermitian`, expected `complex` with `hermitian`, or `symmetric`",
    );
    says(
        "%%MatrixMarket matrix array pattern general\n",
        "1: found `array` with `pattern`, expected `coordinate` with `pattern`",
    );
    says(
        "%%MatrixMarket matrix coordinate real general\n% only\n% comments\n",
        "4: the file ends, expected the line of sizes: `ROWS COLUMNS ENTRIES`",
    );
    says(
        "%%MatrixMarket matrix coordinate real general\n3 3\n",
        "2: found the sizes `3 3`, expected `ROWS COLUMNS ENTRIES` as whole numbers",
    );
    says(
        "%%MatrixMarket matrix array real general\n3 -1\n",
        "2: found the sizes `3 -1`, expected `ROWS COLUMNS` as whole numbers",
    );
    says(
        "%%MatrixMarket matrix coordinate real symmetric\n3 2 1\n1 1 1\n",
        "2: found 3 rows and 2 columns, expected a square matrix since it is declared symmetric",
    );
    says(
        "%%MatrixMarket matrix coordinate real general\n4294967296 1 0\n",
        "2: found 4294967296 rows, expected at most 4294967295",
    );
    says(
        "%%MatrixMarket matrix coordinate real general\n1 99999999999999999999999 0\n",
        "2: found 99999999999999999999999 columns, expected at most 4294967295",
    );
}

#[test]
fn each_bad_entry_is_named_with_its_line() {
    let says = |size: &str, body: &str, expected: &str| {
        let content = format!("%%MatrixMarket matrix coordinate {size}\n{body}");
        assert_eq!(message(&content), expected);
    };
    let general = "real general\n2 3 1";
    says(general, "0 1 5\n", "3: found the row 0, expected 1 to 2");
    says(general, "1 4 5\n", "3: found the column 4, expected 1 to 3");
    says(general, "-1 1 5\n", "3: found the row -1, expected 1 to 2");
    says(
        general,
        "1 36893488147419103233 5\n",
        "3: found the column 36893488147419103233, expected 1 to 3",
    );
    says(
        general,
        "1.0 1 5\n",
        "3: found `1.0`, expected a row as a whole number",
    );
    says(general, "\n1 1 x5\n", "4: found `x5`, expected a number");
    says(
        general,
        "1 1\n",
        "3: found 2 words, expected row, column and value",
    );
    says(
        general,
        "1 1 5 6\n",
        "3: found 4 words, expected row, column and value",
    );
    says(
        "complex general\n2 2 1",
        "1 1 5\n",
        "3: found 3 words, expected row, column, real and imaginary part",
    );
    says(
        "pattern general\n2 2 1",
        "1 1 5\n",
        "3: found 3 words, expected row and column",
    );
    says(
        "integer general\n2 2 1",
        "1 1 5.5\n",
        "3: found `5.5`, expected a whole number, since the field is `integer`",
    );
    for word in ["nan", "NaN", "-inf", "Infinity", "1e999", "-1D999"] {
        says(
            general,
            &format!("1 1 {word}\n"),
            &format!(
                "3: found the value `{word}`, expected a finite number of at most 1.7976931348623157e308"
            ),
        );
    }
    says(
        "complex general\n2 2 1",
        "1 1 0 nan\n",
        "3: found the value `nan`, expected a finite number of at most 1.7976931348623157e308",
    );
    says(
        "real symmetric\n2 2 1",
        "1 2 5\n",
        "3: found entry (1, 2) above the diagonal, expected the lower triangle only (row >= column) since the matrix is declared symmetric",
    );
    says(
        "real skew-symmetric\n2 2 1",
        "2 2 5\n",
        "3: found 5 on the diagonal at (2, 2), expected zero since the matrix is declared skew-symmetric",
    );
    says(
        "complex hermitian\n2 2 1",
        "2 2 5 1\n",
        "3: found 5+1i on the diagonal at (2, 2), expected a real number since the matrix is declared hermitian",
    );
    assert_eq!(
        message("%%MatrixMarket matrix array real general\n2 1\n1\n2 3\n"),
        "4: found 2 words, expected one value"
    );
    let zero = fault("%%MatrixMarket matrix coordinate real general\n2 2 1\n0 1 5\n").1;
    assert_eq!(
        zero.advice(),
        "indices count from 1: add 1 to all rows and columns"
    );
    let bytes = b"%%MatrixMarket matrix coordinate real general\n1 1 1\n1 1 \xff\x07\xfe\n";
    assert_eq!(
        message(bytes),
        "3: found `\u{fffd}\u{fffd}\u{fffd}`, expected a number"
    );
}

#[test]
fn wrong_counts_are_errors_and_take_no_memory() {
    let head = "%%MatrixMarket matrix coordinate real general\n";
    assert_eq!(
        message(format!("{head}2 2 3\n1 1 1\n2 2 1\n")),
        "5: the file ends after 2 entries, expected 3 as its sizes say"
    );
    assert_eq!(
        message(format!("{head}2 2 1\n1 1 1\n% note\n2 2 1\n")),
        "5: found `2 2 1` after the last entry, expected nothing after the 1 entries that its sizes announce"
    );
    assert_eq!(
        message(format!(
            "{head}4000000000 4000000000 1000000000000000000\n1 1 1\n"
        )),
        "4: the file ends after 1 entries, expected 1000000000000000000 as its sizes say"
    );
    let compressed = gzip(format!("{head}9 9 1000000000000000000\n1 1 1\n").as_bytes());
    assert_eq!(
        message(compressed),
        "4: the file ends after 1 entries, expected 1000000000000000000 as its sizes say"
    );
    for symmetry in ["general", "symmetric", "skew-symmetric"] {
        let content =
            format!("%%MatrixMarket matrix array real {symmetry}\n4294967295 4294967295\n1\n");
        assert!(matches!(
            fault(content),
            (4, Fault::Missing { found: 1, .. })
        ));
    }
}

#[test]
fn other_kinds_of_file_are_told_apart() {
    let says = |content: &[u8], expected: &str| assert_eq!(message(content), expected);
    let expected = "expected a Matrix Market text file, plain or compressed by gzip";
    says(
        b"\x89HDF\r\n\x1a\n0000",
        &format!("1: found an HDF5 file, {expected}"),
    );
    says(
        b"PK\x03\x04...",
        &format!("1: found a zip archive, {expected}"),
    );
    says(
        b"\x7fELF\0\0\0",
        &format!("1: found binary data, {expected}"),
    );
    let mut archive = [0; 512];
    archive[..5].copy_from_slice(b"A.mtx");
    archive[257..262].copy_from_slice(b"ustar");
    says(&archive, &format!("1: found a tar archive, {expected}"));
    says(
        &gzip(&archive),
        &format!("1: found a tar archive, {expected}"),
    );
    assert!(matches!(
        fault(vec![b'7'; 3 << 20]),
        (1, Fault::LineTooLong { .. })
    ));

    let folder = Folder::new();
    assert!(matches!(
        read(folder.0.path()),
        Err(IoError::IsDirectory { .. })
    ));
    let none = read(&folder.path("none.mtx")).unwrap_err();
    assert!(matches!(none, IoError::Missing { .. }));
    assert_eq!(none.matrix_code(), codes::MATRIX_UNREADABLE);
}

#[test]
fn a_compressed_file_that_is_cut_or_damaged_is_never_read_as_shorter() {
    let mut text = "%%MatrixMarket matrix array real general\n2000 1\n".to_owned();
    for i in 0..2000 {
        text.push_str(&format!("{:?}\n", f64::from(i).sqrt()));
    }
    let whole = gzip(text.as_bytes());
    assert!(parse(&whole).is_ok());
    for kept in [
        1,
        2,
        5,
        20,
        whole.len() / 2,
        whole.len() - 9,
        whole.len() - 1,
    ] {
        let error = parse(&whole[..kept]).unwrap_err();
        let found = match error {
            IoError::MatrixMarket { fault, .. } => fault,
            other => panic!("{other}"),
        };
        match kept {
            // One byte is not yet the mark of gzip.
            1 => assert!(matches!(found, Fault::NoBanner { .. }), "{kept}: {found}"),
            _ => assert_eq!(found, Fault::GzipCutOff, "{kept}"),
        }
    }
    let mut damaged = whole.clone();
    let last = damaged.len() - 6;
    damaged[last] ^= 1;
    assert!(matches!(fault(damaged).1, Fault::GzipDamaged { .. }));
}

#[test]
fn random_damage_gives_errors_not_panics() {
    let symmetric = "%%MatrixMarket matrix coordinate real symmetric\n% c\n3 3 4\n1 1 2.5\n2 1 -1\n2 2 2\n3 3 1e3\n";
    let array = "%%MatrixMarket matrix array complex hermitian\n2 2\n1 0\n2 3\n4 0\n";
    let mut random = Random(7);
    let mut refused = 0;
    let folder = Folder::new();
    for round in 0..4000 {
        let text = [symmetric, array][round % 2].as_bytes();
        let mut damaged = text.to_vec();
        for _ in 0..1 + random.below(3) {
            let at = random.below(damaged.len());
            match random.below(3) {
                0 => damaged[at] = (random.next() >> 56) as u8,
                1 => drop(damaged.remove(at)),
                _ => damaged.insert(at, b" 0123456789-.en%\n"[random.below(17)]),
            }
        }
        refused += usize::from(read(&folder.file(&damaged)).is_err());
    }
    assert!(refused > 2000, "only {refused} of 4000 were refused");
}

/// Knuth's linear congruential generator, high bits.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        ((self.next() >> 33) as usize) % n
    }

    /// Any finite number: all exponents, subnormal ones too.
    fn number(&mut self) -> f64 {
        let bits = (self.next() >> 32) << 32 | self.next() >> 32;
        let value = f64::from_bits(bits);
        if value.is_finite() { value } else { -0.0 }
    }
}

fn random_matrix(random: &mut Random, symmetry: Symmetry, complex: bool) -> SparseEntries {
    let nrows = 1 + random.below(20);
    let ncols = match symmetry {
        Symmetry::General => 1 + random.below(20),
        _ => nrows,
    };
    let (mut rows, mut columns, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..random.below(60) {
        let (i, j) = (random.below(nrows) as u32, random.below(ncols) as u32);
        let mut value = Complex::new(random.number(), if complex { random.number() } else { 0.0 });
        if symmetry == Symmetry::General {
            rows.push(i);
            columns.push(j);
            values.push(value);
            continue;
        }
        let (i, j) = (i.max(j), i.min(j));
        let mirrored = match symmetry {
            Symmetry::SkewSymmetric => -value,
            Symmetry::Hermitian => value.conj(),
            _ => value,
        };
        if i == j {
            match symmetry {
                Symmetry::SkewSymmetric => continue,
                Symmetry::Hermitian => value.im = 0.0,
                _ => {}
            }
        }
        rows.push(i);
        columns.push(j);
        values.push(value);
        if i != j {
            rows.push(j);
            columns.push(i);
            values.push(mirrored);
        }
    }
    SparseEntries {
        nrows,
        ncols,
        rows,
        columns,
        values: match complex {
            true => Values::Complex(values),
            false => Values::Real(values.iter().map(|z| z.re).collect()),
        },
        symmetry,
    }
}

/// Bit patterns: `==` does not tell the zeros apart.
fn bits(values: &Values) -> Vec<[u64; 2]> {
    (0..values.len())
        .map(|k| values.get(k))
        .map(|z| [z.re.to_bits(), z.im.to_bits()])
        .collect()
}

#[test]
fn random_matrices_come_back_bit_for_bit() {
    let folder = Folder::new();
    let mut random = Random(1);
    for round in 0..400 {
        let complex = round % 2 == 0;
        let symmetry = match round % 8 / 2 {
            0 => Symmetry::General,
            1 => Symmetry::Symmetric,
            2 => Symmetry::SkewSymmetric,
            _ if complex => Symmetry::Hermitian,
            _ => Symmetry::General,
        };
        let matrix = random_matrix(&mut random, symmetry, complex);
        assert!(matrix.has_declared_symmetry());
        let path = folder.path(if round % 3 == 0 { "a.mtx.gz" } else { "a.mtx" });
        write_sparse(&path, &matrix).unwrap();
        let back = read_sparse(&path).unwrap();
        assert_eq!(back, matrix, "round {round}");
        assert_eq!(bits(&back.values), bits(&matrix.values));

        write_vector(&path, &matrix.values).unwrap();
        let back = read_vector(&path).unwrap();
        assert_eq!(bits(&back), bits(&matrix.values));
    }
}

#[test]
fn a_symmetric_matrix_is_written_as_its_lower_triangle() {
    let text = "%%MatrixMarket matrix coordinate real symmetric\n2 2 2\n1 1 2.0\n2 1 -1.0\n";
    let mut matrix = sparse(text);
    let folder = Folder::new();
    let path = folder.path("a.mtx");
    write_sparse(&path, &matrix).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    // Once an entry was changed the word no longer holds, and everything is written.
    matrix.values = Values::Real(vec![2.0, -1.0, -3.0]);
    write_sparse(&path, &matrix).unwrap();
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        "%%MatrixMarket matrix coordinate real general\n2 2 3\n1 1 2.0\n2 1 -1.0\n1 2 -3.0\n"
    );
}

#[test]
fn dense_and_sparse_files_of_one_matrix_agree() {
    let folder = Folder::new();
    let path = folder.path("a.mtx");
    let values = Values::Real(vec![1.0, 0.0, -2.0, 0.0, 0.0, 1e-310]);
    let array = DenseArray {
        nrows: 2,
        ncols: 3,
        values,
        symmetry: Symmetry::General,
    };
    write_dense(&path, &array).unwrap();
    assert_eq!(read(&path).unwrap(), Matrix::Dense(array));
    let matrix = read_sparse(&path).unwrap();
    assert_eq!(matrix.rows, [0, 0, 1]);
    assert_eq!(matrix.columns, [0, 1, 2]);
    assert_eq!(matrix.values, Values::Real(vec![1.0, -2.0, 1e-310]));
}

#[test]
fn vectors_may_be_lists_but_not_matrices() {
    let folder = Folder::new();
    let list =
        folder.file("%%MatrixMarket matrix coordinate real general\n4 1 2\n3 1 2.5\n1 1 1\n");
    assert_eq!(
        read_vector(&list).unwrap(),
        Values::Real(vec![1.0, 0.0, 2.5, 0.0])
    );
    let matrix = folder.file(GENERAL);
    assert_eq!(
        say(&folder, &read_vector(&matrix).unwrap_err()),
        "`A.mtx`, line 3: found 3 rows and 4 columns, expected a vector: one column"
    );
    let huge =
        folder.file("%%MatrixMarket matrix coordinate real general\n4000000000 1 1\n1 1 1\n");
    assert_eq!(
        say(&folder, &read_vector(&huge).unwrap_err()),
        "`A.mtx`, line 2: found 4000000000 rows, expected at most 134217728"
    );
}

fn say(folder: &Folder, error: &IoError) -> String {
    let folder = format!("{}/", folder.0.path().display());
    error.to_string().replace(&folder, "")
}

#[test]
fn what_cannot_be_written_leaves_the_old_file() {
    let folder = Folder::new();
    let path = folder.file(GENERAL);
    let matrix = sparse(GENERAL);
    let refused = |change: &dyn Fn(&mut SparseEntries)| {
        let mut bad = matrix.clone();
        change(&mut bad);
        say(&folder, &write_sparse(&path, &bad).unwrap_err())
    };
    assert_eq!(
        refused(&|a| a.values = Values::Real(vec![1.0, 2.0, f64::NAN, 1.0, 1.0])),
        "`A.mtx` was not written: `matrix` holds NaN at entry 2"
    );
    assert_eq!(
        refused(&|a| a.columns.truncate(4)),
        "`A.mtx`: the list of columns has 4 entries, 5 are needed"
    );
    assert_eq!(
        refused(&|a| a.nrows = 2),
        "`A.mtx`, `matrix`: found row 2, expected less than 2"
    );
    assert!(matches!(
        write_sparse(&folder.path("no/such.mtx"), &matrix),
        Err(IoError::NoDirectory { .. })
    ));
    assert!(matches!(
        write_vector(Path::new("/"), &matrix.values),
        Err(IoError::IsDirectory { .. })
    ));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), GENERAL);
    assert_eq!(std::fs::read_dir(folder.0.path()).unwrap().count(), 1);
}
