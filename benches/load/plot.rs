//! The plot: for each case how many times as much as the straightforward server, as bars with their spread.

use crate::figures::{Spread, ratio};
use crate::place::Kind;
use crate::report::{Row, base};
use crate::server::Program;
use std::fmt::Write;

const LEFT: f64 = 330.0;
const WIDTH: f64 = 460.0;
const BAR: f64 = 15.0;
const LINE: f64 = 22.0;
const TOP: f64 = 56.0;

/// Colours that the colour-blind can tell apart, and that show on white and on black.
const COLOURS: [(Kind, &str); 2] = [(Kind::Postgres, "#0072b2"), (Kind::Sqlite, "#e69f00")];

/// An SVG of what the runs came to.
pub fn svg(rows: &[Row]) -> String {
    let bars: Vec<(&Row, Spread)> = rows
        .iter()
        .filter(|row| row.program == Program::Guestlog && !row.case.is_open)
        .filter_map(|row| {
            let base = base(rows, row).filter(|base| base.program == Program::Straightforward)?;
            Some((row, ratio(row, base, |run| run.per_s)?))
        })
        .collect();
    let most = bars.iter().map(|(_, spread)| spread.most).fold(2.0_f64, f64::max).ceil();
    let (scale, height) = (WIDTH / most, TOP + bars.len() as f64 * LINE + 40.0);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 860 {height:.0}\" font-family=\"sans-serif\" \
         font-size=\"12\" role=\"img\" aria-label=\"Throughput as a multiple of the straightforward server\">\n\
         <rect width=\"860\" height=\"{height:.0}\" fill=\"#ffffff\"/>\n\
         <text x=\"10\" y=\"20\" font-size=\"14\">guestlog: throughput as a multiple of the straightforward server</text>\n"
    );
    for (place, (kind, colour)) in COLOURS.iter().enumerate() {
        let x = 10.0 + place as f64 * 110.0;
        let _ = writeln!(text, "<rect x=\"{x}\" y=\"30\" width=\"12\" height=\"12\" fill=\"{colour}\"/>");
        let _ = writeln!(text, "<text x=\"{}\" y=\"40\">{}</text>", x + 17.0, kind.name());
    }
    for (place, (row, spread)) in bars.iter().enumerate() {
        bar(&mut text, row, *spread, TOP + place as f64 * LINE, scale);
    }
    let bottom = TOP + bars.len() as f64 * LINE;
    for tick in 0..=(most as u32) {
        let x = LEFT + f64::from(tick) * scale;
        let (colour, width) = if tick == 1 { ("#d55e00", 1.5) } else { ("#cccccc", 0.5) };
        let _ = writeln!(
            text,
            "<line x1=\"{x:.1}\" y1=\"{}\" x2=\"{x:.1}\" y2=\"{bottom}\" stroke=\"{colour}\" stroke-width=\"{width}\"/>\n\
             <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{tick}</text>",
            TOP - 4.0,
            bottom + 16.0
        );
    }
    text.push_str("</svg>\n");
    text
}

fn bar(text: &mut String, row: &Row, spread: Spread, y: f64, scale: f64) {
    let colour = COLOURS.iter().find(|(kind, _)| *kind == row.kind).map_or("#000000", |(_, colour)| colour);
    let (middle, end) = (y + BAR / 2.0, LEFT + spread.median * scale);
    let (from, to) = (LEFT + spread.least * scale, LEFT + spread.most * scale);
    let _ = writeln!(
        text,
        "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\n\
         <rect x=\"{LEFT}\" y=\"{y}\" width=\"{:.1}\" height=\"{BAR}\" fill=\"{colour}\"/>\n\
         <line x1=\"{from:.1}\" y1=\"{middle}\" x2=\"{to:.1}\" y2=\"{middle}\" stroke=\"#000000\"/>\n\
         <text x=\"{:.1}\" y=\"{:.1}\">{:.1}</text>",
        LEFT - 8.0,
        middle + 4.0,
        row.case.title,
        end - LEFT,
        end.max(to) + 6.0,
        middle + 4.0,
        spread.median
    );
}
