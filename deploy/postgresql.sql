-- Makes the database and its roles. Run once, by psql, as a superuser or, without the role for
-- back-ups, as who may make roles and databases:
--
--   psql -v owner_password=… -v web_password=… [-v backup_password=…] -f deploy/postgresql.sql postgres
--
-- portal_owner owns the tables: `manage.py migrate` connects as it, and nothing else does.
-- portal_web owns nothing and can't get around row-level security: the web server, the worker and
-- every other command connect as it. portal_backup, if it gets a password, reads everything, past
-- row-level security, and writes nothing: `manage.py backup` connects as it. Other names:
-- -v database=…, -v owner=…, -v web=…, -v backup=….

\set ON_ERROR_STOP on
\if :{?database} \else \set database portal \endif
\if :{?owner} \else \set owner portal_owner \endif
\if :{?web} \else \set web portal_web \endif
\if :{?backup} \else \set backup portal_backup \endif

CREATE ROLE :"owner" LOGIN PASSWORD :'owner_password';
CREATE ROLE :"web" LOGIN PASSWORD :'web_password';
\if :{?backup_password}
CREATE ROLE :"backup" LOGIN PASSWORD :'backup_password' BYPASSRLS IN ROLE pg_read_all_data;
\endif
GRANT :"owner" TO CURRENT_USER;
CREATE DATABASE :"database" OWNER :"owner" ENCODING 'UTF8' TEMPLATE template0;

\connect :"database"
-- As it is anyway from PostgreSQL 15 on.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT CREATE ON SCHEMA public TO :"owner";

SET ROLE :"owner";
ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"web";
ALTER DEFAULT PRIVILEGES GRANT USAGE ON SEQUENCES TO :"web";
