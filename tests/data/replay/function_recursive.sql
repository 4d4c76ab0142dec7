CREATE FUNCTION count_down(n integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER ROLE app CONNECTION LIMIT %s', n);
    IF n > 1 THEN
        PERFORM count_down(n - 1);
    END IF;
END
$$;
CREATE ROLE app LOGIN;
SELECT count_down(3);
