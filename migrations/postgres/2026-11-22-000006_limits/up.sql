-- To what a person has objected, or for what consent was withdrawn (Articles 21 and 7(3)).
CREATE TABLE objections (
    customer_id    bigint NOT NULL,
    person_id      bigint NOT NULL,
    purpose        smallint NOT NULL,
    claim          smallint NOT NULL,
    state          smallint NOT NULL,
    grounds_sealed bytea,
    received_at    timestamptz NOT NULL,
    decided_at     timestamptz,
    PRIMARY KEY (customer_id, person_id, purpose),
    FOREIGN KEY (customer_id, person_id) REFERENCES people (customer_id, id) ON DELETE CASCADE
);

-- What of a person must be kept beyond an erasure, on what ground and until when (Article 17(3)).
CREATE TABLE holds (
    customer_id bigint NOT NULL,
    person_id   bigint NOT NULL,
    public_id   uuid NOT NULL,
    ref_digest  bytea NOT NULL CHECK (length(ref_digest) = 32),
    ground      smallint NOT NULL,
    law_sealed  bytea NOT NULL,
    fields      integer NOT NULL,
    placed_at   timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL,
    erased_at   timestamptz,
    PRIMARY KEY (customer_id, person_id, public_id),
    FOREIGN KEY (customer_id, person_id) REFERENCES people (customer_id, id) ON DELETE CASCADE
);

-- What a person says beside what is held of the person (Article 16).
CREATE TABLE statements (
    customer_id bigint NOT NULL,
    person_id   bigint NOT NULL,
    text_sealed bytea NOT NULL,
    made_at     timestamptz NOT NULL,
    PRIMARY KEY (customer_id, person_id),
    FOREIGN KEY (customer_id, person_id) REFERENCES people (customer_id, id) ON DELETE CASCADE
);

CREATE INDEX holds_by_ref ON holds (customer_id, ref_digest);
CREATE INDEX holds_by_end ON holds (customer_id, ends_at);

-- As in the migrations before: no statistics of sealed bytes and digests of people (REQUIREMENTS S-44).
ALTER TABLE objections ALTER COLUMN grounds_sealed SET STATISTICS 0;
ALTER TABLE holds
    ALTER COLUMN ref_digest SET STATISTICS 0,
    ALTER COLUMN law_sealed SET STATISTICS 0;
ALTER TABLE statements ALTER COLUMN text_sealed SET STATISTICS 0;
