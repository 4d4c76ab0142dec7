const LIMIT = 20;

exports.up = async function (knex) {
  await knex.raw(`
    CREATE ROLE app LOGIN
      CONNECTION LIMIT ${LIMIT};
    CREATE ROLE batch LOGIN; -- expect: PG001
  `);
  await knex.schema.raw('CREATE ROLE report LOGIN ' + "CONNECTION LIMIT 3");
  await knex.schema.createTable('t', (table) => {
    table.timestamp('at').defaultTo(knex.raw('now()'));
  });
};

exports.down = (knex) => knex.raw('ALTER ROLE app CONNECTION LIMIT -1'); // expect: PG009
