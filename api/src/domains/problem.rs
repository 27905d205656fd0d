//! What is wrong with the proof of a domain.

/// What DNS says of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// The record is there.
    Proved,
    /// It was not found.
    Failed(Problem),
}

/// What is wrong with a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// DNS says that there is no such record.
    NoRecord,
    /// There are records of the name, but not the one that is looked for.
    OtherRecords,
    /// DNS did not answer in time.
    NoAnswer,
    /// DNS answered that it failed, or would not say.
    ServerFailure,
    /// The record is there, and another tenant is served at the host.
    Taken,
    /// The proof was gone for too long, and the host was released.
    Released,
}

impl Problem {
    const ALL: [Self; 6] = [Self::NoRecord, Self::OtherRecords, Self::NoAnswer, Self::ServerFailure, Self::Taken, Self::Released];

    /// The name, as it is stored.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::NoRecord => "no_record",
            Self::OtherRecords => "other_records",
            Self::NoAnswer => "no_answer",
            Self::ServerFailure => "server_failure",
            Self::Taken => "taken",
            Self::Released => "released",
        }
    }

    pub(super) fn read(stored: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|problem| problem.as_str() == stored)
    }

    /// Whether DNS has said that the proof is not there. What is not answered says nothing.
    pub(super) const fn is_absence(self) -> bool {
        matches!(self, Self::NoRecord | Self::OtherRecords)
    }

    /// The sentence for the tenant's administrators.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NoRecord => "DNS has no such TXT record yet. A new record may take a while to be seen everywhere.",
            Self::OtherRecords => "DNS has other TXT records at this name, but not this one. Compare the value.",
            Self::NoAnswer => "DNS did not answer in time. Please check again later.",
            Self::ServerFailure => "The DNS server of this domain reports a failure. Ask whoever runs it, or check again later.",
            Self::Taken => {
                "The record is right, but another organisation is served at this address. Please ask the operator of this service."
            }
            Self::Released => {
                "The record was missing for a week, so this address was released. Set the new record and check again."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_read_as_it_was_stored() {
        for problem in Problem::ALL {
            assert_eq!(Problem::read(problem.as_str()), Some(problem));
        }
    }
}
