-- Who read of people through the HTTP interface: the key, never a name. `at` to `last_at`, when the same key read the
-- same of the same people again and again, as a screen with the roll call does.
CREATE TABLE accesses (
    customer_id INTEGER NOT NULL,
    id          INTEGER NOT NULL,
    key_id      TEXT NOT NULL,
    role        INTEGER NOT NULL,
    purpose     TEXT NOT NULL,
    at          INTEGER NOT NULL,
    last_at     INTEGER NOT NULL,
    requests    INTEGER NOT NULL,
    people      INTEGER NOT NULL,
    PRIMARY KEY (customer_id, id),
    FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Of whom.
CREATE TABLE access_people (
    customer_id INTEGER NOT NULL,
    person_id   INTEGER NOT NULL,
    access_id   INTEGER NOT NULL,
    PRIMARY KEY (customer_id, person_id, access_id),
    FOREIGN KEY (customer_id, person_id) REFERENCES people (customer_id, id) ON DELETE CASCADE,
    FOREIGN KEY (customer_id, access_id) REFERENCES accesses (customer_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX access_people_of_access ON access_people (customer_id, access_id);
