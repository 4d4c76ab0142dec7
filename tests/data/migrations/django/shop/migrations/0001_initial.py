from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [
        migrations.RunSQL(
            sql=[
                ("ALTER ROLE app CONNECTION LIMIT %s", [20]),
                "CREATE ROLE batch LOGIN CONNECTION LIMIT 5",
            ],
            reverse_sql="ALTER ROLE app CONNECTION LIMIT -1",  # expect: PG009
        ),
    ]
