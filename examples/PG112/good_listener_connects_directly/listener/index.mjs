import pg from "pg";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 1 });
const client = await pool.connect();
client.on("notification", (message) => console.log(message.payload));
await client.query("LISTEN orders");
