import pg from "pg";
import createSubscriber from "pg-listen";  // expect: PG112

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 4 });

export async function follow(channel) {
  const client = await pool.connect();
  client.on("notification", (message) => console.log(message.payload));
  await client.query(`LISTEN ${channel}`);
}

export const byId = (id) =>
  pool.query({ name: "by-id", text: "SELECT * FROM orders WHERE id = $1", values: [id] });
