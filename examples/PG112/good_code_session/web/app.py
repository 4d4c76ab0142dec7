import psycopg2
from psycopg2.pool import ThreadedConnectionPool

from settings import DATABASE_URL

pool = ThreadedConnectionPool(1, 4, DATABASE_URL)


def wait_for_orders():
    connection = pool.getconn()
    with connection.cursor() as cursor:
        cursor.execute("LISTEN new_orders")
        cursor.execute("SET statement_timeout = '5s'")


def nightly(connection):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", (42,))
        cursor.execute("CREATE TEMP TABLE totals AS SELECT 1")
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute("SELECT pg_advisory_xact_lock(43)")
