DROP TABLE mails;
ALTER TABLE customers DROP COLUMN key_version;
ALTER TABLE customers DROP COLUMN contact_sealed;
ALTER TABLE customers DROP COLUMN locale;
