//! The one integration binary: a file a capability, each store and use-case test on both databases.

mod catalogue;
mod convergence;
mod harness;
