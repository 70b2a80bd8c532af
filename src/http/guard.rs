//! Why a handler without an authorisation extractor can't become a route.

use super::access::Access;
use super::auth::Authorisation;
use super::part::Part;

use actix_web::FromRequest;

/// A handler's arguments, of which the first says who may call: the tuples of one to eight extractors whose first is
/// an [`Authorisation`] and whose others are [`Part`]s. Sealed.
pub trait Guarded: FromRequest + sealed::Sealed {
    /// Who may call.
    const ACCESS: Access;
    /// The media types of the body; none when there is no body.
    const TAKES: &'static [&'static str];
    /// Whether the query of the address is read.
    const QUERY: bool;
}

mod sealed {
    pub trait Sealed {}
}

const fn first<'a>(lists: &[&'a [&'a str]]) -> &'a [&'a str] {
    let mut at = 0;
    while at < lists.len() {
        if !lists[at].is_empty() {
            return lists[at];
        }
        at += 1;
    }
    &[]
}

macro_rules! guarded {
    ($($part:ident)*) => {
        impl<A, $($part),*> sealed::Sealed for (A, $($part,)*) where A: Authorisation, $($part: Part),* {}

        impl<A, $($part),*> Guarded for (A, $($part,)*)
        where
            A: Authorisation + 'static,
            $($part: Part + 'static),*
        {
            const ACCESS: Access = A::ACCESS;
            const TAKES: &'static [&'static str] = first(&[$($part::TAKES),*]);
            const QUERY: bool = false $(|| $part::QUERY)*;
        }
    };
}

guarded! {}
guarded! { B }
guarded! { B C }
guarded! { B C D }
guarded! { B C D E }
guarded! { B C D E F }
guarded! { B C D E F G }
guarded! { B C D E F G H }
