DROP TABLE delegations;
DROP TABLE case_files;
DROP TABLE case_people;
DROP TABLE cases;
DROP TABLE privacy_requests;
