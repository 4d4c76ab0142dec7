from django.db import migrations

SQL = """
ALTER ROLE batch CONNECTION LIMIT -1; -- expect: PG001
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("shop", "0001_initial")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
