ALTER ROLE app CONNECTION LIMIT ${app_limit}; -- expect: PG001
