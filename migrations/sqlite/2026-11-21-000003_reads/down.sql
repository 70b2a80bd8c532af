DROP INDEX people_by_kind;
DROP INDEX visits_by_start;
CREATE INDEX visits_by_start ON visits (customer_id, starts_at, visit_id);
DROP INDEX events_by_time;
CREATE INDEX events_by_time ON events (customer_id, occurred_at, id);
DROP INDEX visits_by_denial;
DROP INDEX visits_by_cancellation;
DROP INDEX visits_by_expectation;
CREATE INDEX visits_by_arrival ON visits (customer_id, license_id, arrived_at);
DROP INDEX visits_by_stay;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('visits', 'visits_by_arrival', '500000 500000 250000 2'),
    ('visits', 'visits_by_start', '500000 500000 2 1'),
    ('events', 'events_by_time', '1000000 1000000 2 1');
ANALYZE sqlite_schema;
