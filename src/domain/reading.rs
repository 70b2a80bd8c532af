//! Readings of people's data: who read, as a role, and what for. It is what a person is told of consultations instead of
//! names (C-579/21, REQUIREMENTS L-14).

use super::coded::coded;

coded! {
    /// Whose program it was that read.
    Role {
        /// That of the operator of this service.
        Operator = 1 as "operator",
        /// The guest system at one of the customer's sites.
        GuestSystem = 2 as "guest_system",
        /// The customer's own backend.
        Backend = 3 as "backend",
    }

    /// What was read.
    Lookup {
        /// A list of events.
        Events = 1 as "events",
        /// One event.
        Event = 2 as "event",
        /// A list of visits.
        Visits = 3 as "visits",
        /// One visit.
        Visit = 4 as "visit",
        /// Who is in the building.
        OnSite = 5 as "on_site",
        /// A list of people.
        People = 6 as "people",
        /// One person.
        Person = 7 as "person",
        /// One person, in the answer to what the backend holds.
        Put = 8 as "put",
        /// One person, in the answer to a correction.
        Patch = 9 as "patch",
        /// What must be kept of a person.
        Holds = 10 as "holds",
        /// All that is held of a person.
        Export = 11 as "export",
        /// A list of cases of data subjects.
        Cases = 12 as "cases",
        /// One case of a data subject.
        Case = 13 as "case",
        /// The file of a case, to hand over.
        CaseFile = 14 as "case_file",
    }
}

impl Lookup {
    /// The route that reads it.
    #[must_use]
    pub fn route(self) -> &'static str {
        match self {
            Self::Events => "GET /v1/events",
            Self::Event => "GET /v1/events/{id}",
            Self::Visits => "GET /v1/visits",
            Self::Visit => "GET /v1/visits/{id}",
            Self::OnSite => "GET /v1/visits/on-site",
            Self::People => "GET /v1/people",
            Self::Person => "GET /v1/people/{ref}",
            Self::Put => "PUT /v1/people/{ref}",
            Self::Patch => "PATCH /v1/people/{ref}",
            Self::Holds => "GET /v1/people/{ref}/holds",
            Self::Export => "GET /v1/people/{ref}/export",
            Self::Cases => "GET /v1/rights/cases",
            Self::Case => "GET /v1/rights/cases/{id}",
            Self::CaseFile => "GET /v1/rights/cases/{id}/file",
        }
    }

    /// What a route reads.
    #[must_use]
    pub fn of_route(route: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|lookup| lookup.route() == route)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_route_of_its_own() {
        for lookup in Lookup::ALL {
            assert_eq!(Lookup::of_route(lookup.route()), Some(*lookup));
        }
        assert_eq!(Lookup::of_route("GET /v1/nothing"), None);
    }
}
