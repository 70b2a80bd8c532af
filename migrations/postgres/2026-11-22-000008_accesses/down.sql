DROP TABLE access_people;
DROP TABLE accesses;
