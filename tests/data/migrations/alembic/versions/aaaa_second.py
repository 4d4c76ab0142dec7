"""Second revision: every way to write SQL."""

import textwrap

import sqlalchemy as sa
from alembic import op
from sqlalchemy import text

revision = "aaaa"
down_revision = "ffff"

ROLES = ["reader", "writer"]
UNLIMITED = """
    SET lock_timeout = 1000;
    ALTER ROLE app CONNECTION LIMIT -1 -- expect: PG001
"""


def _run(statement: str) -> None:
    op.execute(statement)


def upgrade() -> None:
    connection = op.get_bind()
    connection.execute(text("ALTER ROLE batch " "CONNECTION " + "LIMIT 5"))
    op.execute(UNLIMITED)
    for role in ROLES:
        op.execute("CREATE ROLE %s LOGIN CONNECTION LIMIT %d" % (role, 3))
    _run("CREATE ROLE dev LOGIN CONNECTION LIMIT {}".format(7))
    op.execute(
        sa.text(
            textwrap.dedent(
                """\
                SET lock_timeout = 1000;
                CREATE ROLE \u00e4pfel LOGIN CONNECTION LIMIT -1 -- expect: PG001
                """
            )
        )
    )
    if connection.dialect.name == "mysql":
        op.execute("ALTER ROLE dev CONNECTION LIMIT -1")
    op.execute("CREATE TABLE t (a integer)")
    op.execute(sa.table("t", sa.column("a")).update().values(a=1))


def downgrade() -> None:
    op.execute("ALTER ROLE dev CONNECTION LIMIT -1")  # expect: PG009
