"""First revision, though its name sorts last."""

from alembic import op

revision = "ffff"
down_revision = None

LIMIT = 20


def upgrade() -> None:
    op.execute(f"CREATE ROLE app LOGIN CONNECTION LIMIT {LIMIT}")
    op.execute("CREATE ROLE batch LOGIN")


def downgrade() -> None:
    op.execute("ALTER ROLE app CONNECTION LIMIT -1")  # expect: PG009
