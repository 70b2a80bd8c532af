//! Standard output: lines, tables and JSON.

use super::outcome::Failure;
use serde::Serialize;
use std::io::{self, Write};

/// The form of the answer.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Form {
    /// Answer in JSON, for scripts
    #[arg(long)]
    pub json: bool,
}

impl Form {
    /// Prints `value` as JSON, or what `text` makes of it.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn answer<T: Serialize>(self, value: &T, text: impl FnOnce(&T) -> String) -> Result<(), Failure> {
        if self.json {
            let json = serde_json::to_string_pretty(value).map_err(|error| Failure::fault(&error))?;
            return say(&json);
        }
        say(&text(value))
    }
}

/// Prints lines, and is sure that they are out.
///
/// # Errors
/// When standard output cannot be written.
pub fn say(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", text.trim_end_matches('\n'))?;
    Ok(out.flush()?)
}

/// A count with its noun, in the plural where it should be: `1 event`, `2 events`.
#[must_use]
pub fn count(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// A table of aligned columns.
#[derive(Debug)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings and no rows.
    #[must_use]
    pub fn new(headings: &[&str]) -> Self {
        Self { rows: vec![headings.iter().map(|&heading| heading.to_owned()).collect()] }
    }

    /// Adds a row; an empty cell is shown as a dash.
    pub fn row(&mut self, cells: &[&str]) {
        let shown = |cell: &str| if cell.is_empty() { "-".to_owned() } else { cell.to_owned() };
        self.rows.push(cells.iter().map(|cell| shown(cell)).collect());
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell: &String| cell.chars().count()).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', width - cell.chars().count() + 2));
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new(&["NAME", "SINCE"]);
        table.row(&["Åse", "10:15"]);
        table.row(&["Χρυσόστομη", ""]);
        assert_eq!(table.to_string(), "NAME        SINCE\nÅse         10:15\nΧρυσόστομη  -\n");
    }
}
