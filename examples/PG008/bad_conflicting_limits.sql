-- The parser takes both; the server says "conflicting or redundant options".
CREATE ROLE loader LOGIN CONNECTION LIMIT 5 CONNECTION LIMIT -1; -- expect: PG008

CREATE ROLE reader LOGIN CONNECTION LIMIT 8;
ALTER ROLE reader CONNECTION LIMIT -2; -- expect: PG008

ALTER DATABASE shop CONNECTION LIMIT -100; -- expect: PG008

DO $$
BEGIN
    EXECUTE 'ALTER ROLE reader CONNECTION LIMIT -3'; -- expect: PG008
END
$$;
