from django.db import migrations


def create(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("CREATE ROLE app LOGIN")


def drop(apps, schema_editor):
    schema_editor.execute("DROP ROLE app")


class Migration(migrations.Migration):
    operations = [migrations.RunPython(create, reverse_code=drop)]
