ALTER ROLE ALL SET password_encryption = 'md5';
ALTER ROLE ALL RESET password_encryption;
