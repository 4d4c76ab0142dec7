-- Placeholders that no policy depends on, and one with a value.
\set api_limit 25
CREATE ROLE :"api_role" LOGIN PASSWORD :'api_password' CONNECTION LIMIT :api_limit;
CREATE ROLE app_${environment} LOGIN PASSWORD '${password}' CONNECTION LIMIT 10;
CREATE ROLE {{ .Worker }} LOGIN PASSWORD {{ .Password }} CONNECTION LIMIT 10;
