ALTER ROLE ALL SET password_encryption = md5;  -- expect: PG402
