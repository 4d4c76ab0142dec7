--liquibase formatted sql

--changeset a:1 dbms:postgresql
CREATE ROLE formatted LOGIN CONNECTION LIMIT -1; -- expect: PG001
--rollback DROP ROLE formatted;

--changeset a:2 dbms:mysql
CREATE ROLE other LOGIN;
