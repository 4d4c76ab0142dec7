exports.up = (pgm) => {
  pgm.createRole('app', { login: true, limit: 20 });
  pgm.createRole('batch', { login: true }); // expect: PG001
  pgm.createRole('report', { login: true, limit: 5 });
  pgm.alterRole('report', { limit: -1 }); // expect: PG001
  pgm.sql(`CREATE ROLE dev LOGIN CONNECTION LIMIT 2`);
};

exports.down = (pgm) => {
  pgm.alterRole('app', { limit: -1 }); // expect: PG009
  pgm.dropRole('batch');
};
