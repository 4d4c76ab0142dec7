CREATE ROLE batch LOGIN CONNECTION LIMIT 2;
-- expect-next-line: PG903
ALTER ROLE batch CONNECTION LIMIT 4; -- connguard: ignore PG001 runs alone at night

-- expect-next-line: PG903
-- connguard: ignore PG001
CREATE ROLE importer LOGIN CONNECTION LIMIT -1; -- expect: PG001

-- expect-next-line: PG903
CREATE ROLE auditor LOGIN CONNECTION LIMIT 1; -- connguard: ignore PG999 there is no such policy
