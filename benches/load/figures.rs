//! Minimum, median and maximum over the rounds, and the ratio of two programs round by round.

use crate::report::Row;
use crate::run::Measured;

/// Of several rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    pub least: f64,
    pub median: f64,
    pub most: f64,
}

impl Spread {
    /// None of no figures.
    pub fn of(figures: impl Iterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = figures.filter(|figure| figure.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let (&least, &most) = (sorted.first()?, sorted.last()?);
        let (low, high) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
        Some(Self { least, median: f64::midpoint(low, high), most })
    }
}

/// A figure of the runs that count.
pub fn spread(row: &Row, figure: impl Fn(&Measured) -> f64) -> Option<Spread> {
    Spread::of(row.runs.iter().filter(|run| run.dropped.is_none()).map(figure))
}

/// The figure of `row` in each round, as a multiple of that of `base` in the same round, where both count.
pub fn ratio(row: &Row, base: &Row, figure: impl Fn(&Measured) -> f64) -> Option<Spread> {
    let pairs = row.runs.iter().zip(&base.runs).filter(|(one, other)| one.dropped.is_none() && other.dropped.is_none());
    Spread::of(pairs.map(|(one, other)| figure(one) / figure(other)))
}
