-- What people ask for by the public form, until it has become cases of those who decide. A request may name a customer
-- or none, so it is looked for by its own id; it holds no person's id.
CREATE TABLE privacy_requests (
    id               bigint NOT NULL,
    public_id        uuid NOT NULL,
    customer_id      bigint,
    asked            smallint NOT NULL,
    locale           text NOT NULL,
    received_at      timestamptz NOT NULL,
    asked_sealed     bytea,
    code_digest      bytea,
    code_expires_at  timestamptz,
    code_tries       smallint NOT NULL,
    codes_sent       smallint NOT NULL,
    verified_at      timestamptz,
    token_digest     bytea,
    token_expires_at timestamptz,
    passed_on_at     timestamptz,
    expires_at       timestamptz NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (public_id),
    FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
);

-- Cases of data subjects: the facts of the procedure. Customer 0 is the operator, for data of its own.
CREATE TABLE cases (
    customer_id      bigint NOT NULL,
    id               bigint NOT NULL,
    public_id        uuid NOT NULL,
    request_id       bigint,
    about            uuid,
    asked            smallint NOT NULL,
    channel          smallint NOT NULL,
    locale           text NOT NULL,
    state            smallint NOT NULL,
    received_at      timestamptz NOT NULL,
    received_on      text NOT NULL,
    safe_end_at      timestamptz NOT NULL,
    warned_percent   smallint NOT NULL,
    verified_at      timestamptz,
    verified_by      smallint,
    waited_days      smallint NOT NULL,
    waiting_since    timestamptz,
    extended_at      timestamptz,
    extension_ground smallint,
    decided_at       timestamptz,
    decided_by       text,
    decision         smallint,
    grounds          text NOT NULL,
    prepared_at      timestamptz,
    released_at      timestamptz,
    downloaded_at    timestamptz,
    closed_at        timestamptz,
    receipt_id       uuid,
    held_until       timestamptz,
    is_held          boolean,
    asked_sealed     bytea,
    reasons_sealed   bytea,
    PRIMARY KEY (customer_id, id),
    UNIQUE (customer_id, public_id)
);

-- Whom a case is about; it goes with the person, the case stays.
CREATE TABLE case_people (
    customer_id bigint NOT NULL,
    case_id     bigint NOT NULL,
    person_id   bigint NOT NULL,
    PRIMARY KEY (customer_id, case_id, person_id),
    FOREIGN KEY (customer_id, case_id) REFERENCES cases (customer_id, id) ON DELETE CASCADE,
    FOREIGN KEY (customer_id, person_id) REFERENCES people (customer_id, id) ON DELETE CASCADE
);

-- The file of an answer, sealed piece by piece, until it is fetched or its time is over.
CREATE TABLE case_files (
    customer_id bigint NOT NULL,
    case_id     bigint NOT NULL,
    position    integer NOT NULL,
    sealed      bytea NOT NULL,
    PRIMARY KEY (customer_id, case_id, position),
    FOREIGN KEY (customer_id, case_id) REFERENCES cases (customer_id, id) ON DELETE CASCADE
);

-- Instructions by which a customer lets the service decide, once a person's identity is shown.
CREATE TABLE delegations (
    customer_id     bigint NOT NULL,
    asked           smallint NOT NULL,
    document_sha256 bytea NOT NULL CHECK (length(document_sha256) = 32),
    instructed_at   timestamptz NOT NULL,
    actor           text NOT NULL,
    PRIMARY KEY (customer_id, asked),
    FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
);

CREATE INDEX privacy_requests_of_customer ON privacy_requests (customer_id);
CREATE INDEX cases_of_request ON cases (request_id) WHERE request_id IS NOT NULL;
CREATE INDEX cases_by_end ON cases (customer_id, safe_end_at, id);
CREATE INDEX case_people_of_person ON case_people (customer_id, person_id);

ALTER TABLE privacy_requests
    ALTER COLUMN asked_sealed SET STATISTICS 0,
    ALTER COLUMN code_digest SET STATISTICS 0,
    ALTER COLUMN token_digest SET STATISTICS 0;
ALTER TABLE cases
    ALTER COLUMN asked_sealed SET STATISTICS 0,
    ALTER COLUMN reasons_sealed SET STATISTICS 0;
ALTER TABLE case_files ALTER COLUMN sealed SET STATISTICS 0;
