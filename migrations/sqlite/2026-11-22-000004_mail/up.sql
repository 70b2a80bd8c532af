-- How a customer is named to people and written to. Sealed together: a contact is a person.
ALTER TABLE customers ADD COLUMN locale TEXT NOT NULL DEFAULT 'da';
ALTER TABLE customers ADD COLUMN contact_sealed BLOB;
ALTER TABLE customers ADD COLUMN key_version INTEGER;
