"""Back-ups of a PostgreSQL database by its own programs.

pg_dump reads an exported snapshot, in which is also read what the database was; what pg_restore
prints goes to psql in one transaction, which is committed once every table has been compared.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, cast

import psycopg
from psycopg.conninfo import make_conninfo

from portal.backup import taken
from portal.backup.errors import Fault
from portal.backup.manifest import Manifest, Table
from portal.backup.taken import Taken

ENGINE, DUMP = "postgresql", "database.dump"
# What a row is as text depends on these.
AS_TEXT = (
    "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; "
    "SET extra_float_digits = 1; SET bytea_output = 'hex'; "
)
DIGEST = (
    "SELECT count(*), coalesce(sum(('x' || left(md5(\"the row\"::text), 16))::bit(64)::bigint"
    '::numeric), 0)::text FROM public.{} AS "the row"'
)
TABLES = """
    SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname
"""
SEES_ALL = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
# To whom the database belongs, whether this role may become that one, and make tables itself.
OWNER = """
    SELECT pg_get_userbyid(datdba), pg_has_role(current_user, datdba, 'MEMBER'),
    has_schema_privilege(current_user, 'public', 'CREATE'), current_user
    FROM pg_database WHERE datname = current_database()
"""
# Everything in the schema that is no extension's, and no part of a table.
EMPTIED = """
DO $portal$
DECLARE each record;
BEGIN
    FOR each IN
        SELECT CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind,
        format('public.%I', relname) AS name FROM pg_catalog.pg_class AS c
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'S')
        AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_depend WHERE objid = c.oid
            AND (deptype = 'e' OR relkind = 'S' AND deptype IN ('a', 'i'))
        )
        UNION ALL
        SELECT 'ROUTINE', oid::regprocedure::text FROM pg_catalog.pg_proc AS p
        WHERE pronamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend WHERE objid = p.oid AND deptype = 'e')
    LOOP
        EXECUTE format('DROP %s IF EXISTS %s CASCADE', each.kind, each.name);
    END LOOP;
END $portal$;
"""
# As the owner, for whom the wall stands too: it rests while a table is read.
COMPARED = """
DO $portal$
DECLARE
    expected record; n bigint; digest text; forced boolean;
BEGIN
    FOR expected IN SELECT * FROM (VALUES %(values)s) AS each (name, rows, digest) LOOP
        SELECT relforcerowsecurity INTO STRICT forced FROM pg_catalog.pg_class
        WHERE oid = format('public.%%I', expected.name)::pg_catalog.regclass;
        IF forced THEN
            EXECUTE format('ALTER TABLE public.%%I NO FORCE ROW LEVEL SECURITY', expected.name);
        END IF;
        EXECUTE format($text$%(digest)s$text$, expected.name) INTO n, digest;
        IF n <> expected.rows OR digest <> expected.digest THEN
            RAISE EXCEPTION 'The table %% is another than the manifest says.', expected.name;
        END IF;
        IF forced THEN
            EXECUTE format('ALTER TABLE public.%%I FORCE ROW LEVEL SECURITY', expected.name);
        END IF;
    END LOOP;
END $portal$;
"""
WAITS = 10  # seconds for somebody's lock


def take(entry: dict[str, Any], dump: Path) -> Taken:
    with _connected(entry) as database:
        database.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        database.read_only = True
        ask = _asking(database)
        [(sees_all,)] = ask(SEES_ALL)
        if not sees_all:
            raise Fault(
                f"Of the vendors' rows {database.info.user!r} sees none, which is as it should be: "
                "make a role for back-ups (CREATE ROLE portal_backup LOGIN PASSWORD '…' BYPASSRLS "
                "IN ROLE pg_read_all_data) and set DATABASE_URL to it for this command."
            )
        [(snapshot,)] = ask("SELECT pg_export_snapshot()")
        command = ["pg_dump", "--format=custom", "--schema=public", f"--snapshot={snapshot}"]
        with dump.open("wb") as file:
            _run([*command, f"--dbname={_address(entry)}"], entry, file)
        database.execute(AS_TEXT)
        digests = {name: DIGEST.format(f'"{name}"') for (name,) in ask(TABLES)}
        tables = {name: Table(*ask(digest)[0]) for name, digest in digests.items()}
        return taken.read(ask, database.info.parameter_status("server_version") or "", tables)


def names_now(entry: dict[str, Any]) -> set[str]:
    with _connected(entry) as database:
        return {row[0] for row in _asking(database)(taken.FILES)}


def check(dump: Path, manifest: Manifest) -> None:
    """Its rows are compared where it is restored."""
    _run(["pg_restore", "--file=/dev/null", str(dump)])


def is_empty(entry: dict[str, Any]) -> bool:
    with _connected(entry) as database:
        _owner(database)
        return not _asking(database)(TABLES)


def restore(entry: dict[str, Any], dump: Path, manifest: Manifest) -> None:
    """Tables get the owner of the database, and the rights that are that one's default."""
    with _connected(entry) as database:
        owner = _owner(database)
    values = ", ".join(
        f"('{name}', {table.rows}::bigint, '{table.digest}')"
        for name, table in manifest.tables.items()
    )
    compared = COMPARED % {"values": values, "digest": DIGEST.format("%I")}
    before = f"BEGIN; SET LOCAL lock_timeout = '{WAITS}s'; SET LOCAL ROLE \"{owner}\";{EMPTIED}"
    # Whose the tables are, and who may what with them, is said by the place; the schema is there.
    options = ["--schema=public", "--no-owner", "--no-privileges", "--no-comments", "--file=-"]
    psql = [_program("psql"), "-qX", "-vON_ERROR_STOP=1", f"--dbname={_address(entry)}"]
    _feed(
        psql,
        _environment(entry),
        before.encode(),
        [_program("pg_restore"), *options, str(dump)],
        f"{AS_TEXT}{compared}COMMIT; ANALYZE;".encode(),
    )


def _feed(
    psql: Sequence[str],
    environment: dict[str, str],
    before: bytes,
    source: Sequence[str],
    after: bytes,
) -> None:
    """Hands psql what comes before, what another program prints, and, if that has ended well, what
    comes after; without it nothing is committed. Raises Fault."""
    with tempfile.TemporaryFile() as told:
        fed = subprocess.Popen(
            psql, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=told, env=environment
        )
        try:
            whole = _fed(cast(IO[bytes], fed.stdin), before, source, after, told)
            done = fed.wait() == 0 and whole
        except BaseException:
            fed.kill()
            fed.wait()
            raise
        if not done:
            raise Fault(_said(told))


def _fed(
    script: IO[bytes], before: bytes, source: Sequence[str], after: bytes, told: IO[bytes]
) -> bool:
    """Whether everything was there to be handed over; psql may have ended meanwhile."""
    whole = False
    with suppress(BrokenPipeError), script:
        script.write(before)
        with subprocess.Popen(source, stdout=subprocess.PIPE, stderr=told) as printing:
            shutil.copyfileobj(cast(IO[bytes], printing.stdout), script)
        whole = printing.returncode == 0
        if whole:
            script.write(after)
    return whole


def _owner(database: Any) -> str:
    """Whose tables are to be. Raises Fault for a role that can't make any."""
    [(owner, may_become, may_create, role)] = _asking(database)(OWNER)
    if may_become:
        return str(owner)
    if may_create:
        return str(role)
    raise Fault(
        f"{role!r} can't make tables in this database: restore as its owner, who also migrates "
        "(DATABASE_URL=postgresql://portal_owner:…)."
    )


def _run(command: Sequence[str], entry: dict[str, Any] | None = None, into: Any = None) -> None:
    """Runs one of PostgreSQL's programs to its end; raises Fault with what it says."""
    name, *arguments = command
    with tempfile.TemporaryFile() as told:
        done = subprocess.run(
            [_program(name), *arguments],
            stdout=into or subprocess.DEVNULL,
            stderr=told,
            env=_environment(entry or {}),
            check=False,
        )
        if done.returncode < 0:
            raise Fault(f"{name} was killed by signal {-done.returncode}.")
        if done.returncode:
            raise Fault(_said(told))


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Fault(
            f"{name} is not on this machine: install PostgreSQL's client programs of the server's "
            "version or a newer one (apt install postgresql-client)."
        )
    return found


def _said(told: IO[bytes]) -> str:
    """What PostgreSQL's programs have complained of, as one sentence or several."""
    told.seek(0)
    lines = told.read().decode("utf-8", "replace").strip().splitlines()
    more = (
        " Stop the portal and its workers, then try again." if "lock timeout" in str(lines) else ""
    )
    return f"PostgreSQL says: {' '.join(lines[:5])[:1000] or 'nothing, but it failed'}.{more}"


def _parameters(entry: dict[str, Any]) -> dict[str, Any]:
    """The entry of DATABASES as libpq has it, without the password."""
    own = {"assume_role", "pool", "isolation_level", "server_side_binding"}
    options = {name: value for name, value in entry.get("OPTIONS", {}).items() if name not in own}
    named = {"host": entry["HOST"], "port": entry["PORT"], "user": entry["USER"]}
    return {**{n: v for n, v in named.items() if v}, **options, "dbname": entry["NAME"]}


def _address(entry: dict[str, Any]) -> str:
    return make_conninfo("", **_parameters(entry))


def _environment(entry: dict[str, Any]) -> dict[str, str]:
    """Processes' arguments can be read by everybody on the machine; their environment can't."""
    password = entry.get("PASSWORD")
    return {**os.environ, "PGPASSWORD": password} if password else dict(os.environ)


@contextmanager
def _connected(entry: dict[str, Any]) -> Iterator[psycopg.Connection[Any]]:
    try:
        password = entry.get("PASSWORD") or None
        with psycopg.connect(**_parameters(entry), password=password) as database:
            yield database
    except psycopg.Error as error:
        raise Fault(f"PostgreSQL says: {str(error).strip().splitlines()[0]}.") from error


def _asking(database: Any) -> taken.Ask:
    return lambda query: database.execute(query).fetchall()
