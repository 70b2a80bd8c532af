DROP TABLE statements;
DROP TABLE holds;
DROP TABLE objections;
