import { MigrationInterface, QueryRunner } from "typeorm";

export class Roles1700000000000 implements MigrationInterface {
  name = "Roles1700000000000";

  public async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`CREATE ROLE "app" LOGIN CONNECTION LIMIT -1`); // expect: PG001
  }

  public async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query("ALTER ROLE app CONNECTION LIMIT -1"); // expect: PG009
  }
}
