module.exports = {
  up: (queryInterface) =>
    queryInterface.sequelize.query(
      "CREATE ROLE app LOGIN CONNECTION LIMIT -1", // expect: PG001
    ),
  async down(queryInterface) {
    await queryInterface.sequelize.query("ALTER ROLE app CONNECTION LIMIT -1"); // expect: PG009
  },
};
