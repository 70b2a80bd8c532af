//! Restriction of processing: data that are stored, and nothing else (Article 18).

use super::coded::coded;

coded! {
    /// The ground of a restriction, by its letter in Article 18(1).
    Ground {
        /// (a) The person contests that the data are accurate.
        Accuracy = 1 as "a",
        /// (b) The processing is unlawful, and the person opposes erasure.
        UnlawfulKept = 2 as "b",
        /// (c) The person needs the data for a legal claim.
        LegalClaim = 3 as "c",
        /// (d) The person has objected, and it is not decided yet.
        Objection = 4 as "d",
    }

    /// Why restricted data are read all the same, as Article 18(2) has it.
    Exception schema "RestrictionException" {
        /// The person agrees.
        Consent = 1 as "consent",
        /// For a legal claim.
        LegalClaims = 2 as "legal_claims",
        /// To protect the rights of another person.
        RightsOfOthers = 3 as "rights_of_others",
        /// For an important public interest.
        PublicInterest = 4 as "public_interest",
    }
}

impl Ground {
    /// Whether the person has asked for the data to be kept, so that a deletion must be confirmed (REQUIREMENTS L-47).
    #[must_use]
    pub fn keeps_data(self) -> bool {
        matches!(self, Self::UnlawfulKept | Self::LegalClaim)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_b_and_c_keep_the_data() {
        let kept: Vec<&str> = Ground::ALL.iter().filter(|ground| ground.keeps_data()).map(|g| g.as_str()).collect();
        assert_eq!(kept, ["b", "c"]);
    }
}
