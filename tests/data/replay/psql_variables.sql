\set who app
\set slots 27
CREATE ROLE :"who" LOGIN CONNECTION LIMIT :slots;
