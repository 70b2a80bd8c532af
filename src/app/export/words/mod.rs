//! What the export says in words, in Danish and in English.

pub(super) mod blocks;
pub(super) mod categories;
pub(crate) mod codes;
mod meanings;
