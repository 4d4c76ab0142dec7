import os

from sqlalchemy import create_engine

# 2 replicas, 4 workers each, and in every worker 5 connections and 10 more under load.
engine = create_engine(os.environ["DATABASE_URL"])  # expect: PG103
