"""Roles."""

from yoyo import step

LIMIT = 5


def freed(connection):
    connection.cursor().execute("ALTER ROLE batch CONNECTION LIMIT -1")  # expect: PG001


steps = [
    step(f"CREATE ROLE batch LOGIN CONNECTION LIMIT {LIMIT}", "DROP ROLE batch"),
    step("CREATE ROLE app LOGIN", "DROP ROLE app"),
    step(freed),
]
