-- A CASE without ELSE raises when nothing matches, and undoes the block.
CREATE ROLE app LOGIN CONNECTION LIMIT 1;
DO $$
BEGIN
    ALTER ROLE app CONNECTION LIMIT 2;
    CASE WHEN current_user = 'nobody' THEN
        ALTER ROLE app CONNECTION LIMIT 3;
    END CASE;
END
$$;
