package db.migration;

import org.flywaydb.core.api.migration.BaseJavaMigration;
import org.flywaydb.core.api.migration.Context;

public class V2__Limit extends BaseJavaMigration {
    private static final int LIMIT = 5;
    private static final String ALTER = "ALTER ROLE app ";

    @Override
    public void migrate(Context context) throws Exception {
        try (var statement = context.getConnection().createStatement()) {
            statement.execute(ALTER + "CONNECTION LIMIT " + LIMIT);
            statement.execute("""
                SET lock_timeout = 1000;
                CREATE ROLE report LOGIN CONNECTION LIMIT -1 -- expect: PG001
                """);
            statement.execute(String.format("CREATE ROLE batch LOGIN CONNECTION LIMIT %d", 7));
        }
    }
}
