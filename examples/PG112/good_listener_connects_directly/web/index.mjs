import pg from "pg";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 4 });

export const locked = (work) =>
  pool.query("SELECT pg_advisory_xact_lock(1), run_nightly()").then(work);
