import { Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`CREATE ROLE app LOGIN CONNECTION LIMIT ${sql.raw("20")}`.execute(db);
  await sql`CREATE ROLE batch LOGIN CONNECTION LIMIT -1`.execute(db); // expect: PG001
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER ROLE app CONNECTION LIMIT -1`.execute(db); // expect: PG009
}
