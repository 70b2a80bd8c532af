//! Closed sets of words: an enum whose variants have a word for the contract and a number for the database.
//!
//! The OpenAPI document calls it as the code does, or by the name behind `schema`.

macro_rules! coded {
    (@schema $name:ident) => { stringify!($name) };
    (@schema $name:ident $schema:literal) => { $schema };
    ($($(#[$doc:meta])* $name:ident $(schema $schema:literal)? { $($(#[$vdoc:meta])* $variant:ident = $n:literal as $text:literal),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ::serde::Serialize, ::serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// The small number it is stored as.
            #[must_use]
            pub fn number(self) -> i16 {
                match self { $(Self::$variant => $n),* }
            }
            /// From the small number it is stored as.
            #[must_use]
            pub fn from_number(number: i16) -> Option<Self> {
                match number { $($n => Some(Self::$variant),)* _ => None }
            }
            /// The word that the contract uses.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }

        // A derived schema would name the variants as the code does.
        $crate::domain::schema::documented!(
            $name,
            $crate::domain::coded::coded!(@schema $name $($schema)?),
            $crate::domain::schema::choice([$($text),*])
        );
    )*};
}
pub(crate) use coded;
