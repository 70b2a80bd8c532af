-- Who read of people through the HTTP interface: the key, never a name. `at` to `last_at`, when the same key read the
-- same of the same people again and again, as a screen with the roll call does.
CREATE TABLE accesses (
    customer_id bigint NOT NULL,
    id          bigint NOT NULL,
    key_id      text NOT NULL,
    role        smallint NOT NULL,
    purpose     text NOT NULL,
    at          timestamptz NOT NULL,
    last_at     timestamptz NOT NULL,
    requests    bigint NOT NULL,
    people      bigint NOT NULL,
    PRIMARY KEY (customer_id, id),
    FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
);

-- Of whom.
CREATE TABLE access_people (
    customer_id bigint NOT NULL,
    person_id   bigint NOT NULL,
    access_id   bigint NOT NULL,
    PRIMARY KEY (customer_id, person_id, access_id),
    FOREIGN KEY (customer_id, person_id) REFERENCES people (customer_id, id) ON DELETE CASCADE,
    FOREIGN KEY (customer_id, access_id) REFERENCES accesses (customer_id, id) ON DELETE CASCADE
);
CREATE INDEX access_people_of_access ON access_people (customer_id, access_id);
