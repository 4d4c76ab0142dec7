#!/bin/bash
set -e
BATCH_LIMIT=7

psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" <<-EOSQL
	ALTER ROLE app CONNECTION LIMIT 20;
	CREATE ROLE docker LOGIN PASSWORD '$PASSWORD'; -- expect: PG001
	DO \$\$
	BEGIN
	  ALTER ROLE batch CONNECTION LIMIT $BATCH_LIMIT;
	END
	\$\$;
EOSQL
psql -U postgres -c "CREATE ROLE report LOGIN CONNECTION LIMIT -1" # expect: PG001
echo 'CREATE ROLE piped LOGIN CONNECTION LIMIT 3' | psql -U postgres
psql -f extra/more.sql
