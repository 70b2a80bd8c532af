//! The error report: a line a finding, as CSV, without anything of the rows' content.

use crate::app::import::{Finding, Severity};
use crate::cli::outcome::Failure;
use csv::Writer;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

const HEADER: [&str; 6] = ["row", "line", "severity", "column", "code", "reason"];
/// Errors shown on standard error where no report is kept.
const MOST_SHOWN: usize = 20;

/// Where findings are told.
pub enum Report {
    /// To a file.
    Kept(Box<Writer<File>>),
    /// To standard error, so many errors already.
    Shown(usize),
}

impl Report {
    /// Opens the report; without a file, the first errors go to standard error and notices are counted only.
    ///
    /// An earlier report is replaced, so that the same command can be run again; any other file is not, since one
    /// slip of the hand would else overwrite the file that is to be imported.
    ///
    /// # Errors
    /// When the file holds something else, or cannot be written.
    pub fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self::Shown(0)) };
        let refused = |why: String| Failure::Usage(format!("--report {}: {why}", path.display()));
        if !replaceable(path).map_err(|error| refused(error.to_string()))? {
            return Err(refused("is there already, and is no report of an import".to_owned()));
        }
        let file = File::create(path).map_err(|error| refused(error.to_string()))?;
        let mut writer = Writer::from_writer(file);
        writer.write_record(HEADER).map_err(|error| refused(error.to_string()))?;
        Ok(Self::Kept(Box::new(writer)))
    }

    /// Adds a line.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn add(&mut self, finding: &Finding) -> io::Result<()> {
        match self {
            Self::Kept(writer) => {
                let (row, line) = (finding.row.to_string(), finding.line.to_string());
                let column = finding.column.as_deref().unwrap_or_default();
                let cells = [&row, &line, finding.severity.as_str(), column, finding.code, &finding.reason];
                Ok(writer.write_record(cells)?)
            }
            Self::Shown(errors) if finding.severity == Severity::Error => {
                *errors += 1;
                // Where standard error is closed, the counts of the summary have to do.
                let _ = match *errors {
                    ..=MOST_SHOWN => writeln!(io::stderr(), "{}", shown(finding)),
                    errors if errors == MOST_SHOWN + 1 => {
                        writeln!(io::stderr(), "further errors are not shown; keep all with --report FILE")
                    }
                    _ => Ok(()),
                };
                Ok(())
            }
            Self::Shown(_) => Ok(()),
        }
    }

    /// Writes out what is still in memory.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn end(&mut self) -> Result<(), Failure> {
        match self {
            Self::Kept(writer) => writer.flush().map_err(|error| Failure::Fault(format!("--report: {error}"))),
            Self::Shown(_) => Ok(()),
        }
    }
}

/// Whether there is nothing yet, or a report of before.
fn replaceable(path: &Path) -> io::Result<bool> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    if !file.metadata()?.is_file() {
        return Ok(false);
    }
    let header = HEADER.join(",");
    let mut first = Vec::new();
    let most = header.len() as u64 + 1;
    BufReader::new(io::Read::take(file, most)).read_until(b'\n', &mut first)?;
    Ok(first.is_empty() || first == format!("{header}\n").as_bytes())
}

/// `row 7 (line 8), column guest_name: must …`.
fn shown(finding: &Finding) -> String {
    let column = finding.column.as_ref().map(|column| format!(", column {column}")).unwrap_or_default();
    format!("row {} (line {}){column}: {}", finding.row, finding.line, finding.reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_report_is_overwritten() {
        let dir = std::env::temp_dir().join(format!("guestlog-report-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir_all(&dir).unwrap();
        let (path, other) = (dir.join("report.csv"), dir.join("visits.csv"));
        let finding = |severity| Finding {
            row: 7,
            line: 9,
            severity,
            column: Some("name, of \"guest\"".to_owned()),
            code: "too_long",
            reason: "must be short".to_owned(),
        };
        for _ in 0..2 {
            let mut report = Report::open(Some(&path)).ok().unwrap();
            report.add(&finding(Severity::Error)).unwrap();
            report.end().ok().unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            let expected = "7,9,error,\"name, of \"\"guest\"\"\",too_long,must be short\n";
            assert_eq!(text, format!("{}\n{expected}", HEADER.join(",")));
        }
        std::fs::write(&other, "visit_ref,guest_ref\n").unwrap();
        assert!(matches!(Report::open(Some(&other)), Err(Failure::Usage(text)) if text.contains("no report")));
        assert_eq!(std::fs::read_to_string(&other).unwrap(), "visit_ref,guest_ref\n");
        assert!(Report::open(Some(&dir)).is_err());
        let mut shown = Report::open(None).ok().unwrap();
        shown.add(&finding(Severity::Notice)).unwrap();
        assert!(matches!(shown, Report::Shown(0)));
        std::fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn a_line_for_people() {
        let finding = Finding {
            row: 7,
            line: 9,
            severity: Severity::Error,
            column: None,
            code: "stray_quote",
            reason: "has a quotation mark".to_owned(),
        };
        assert_eq!(shown(&finding), "row 7 (line 9): has a quotation mark");
    }
}
