"""What a database's schema is, as PostgreSQL's catalogue tells it: for comparing two of them object by object.

`python -m tests.catalogue OLD BASELINE` makes a database from the folder OLD and one from reportdb/schema/, on an
embedded server of its own, and prints how they differ. Use it when the baseline is brought up to date: OLD is
reportdb/schema/ of the commit before, with its migrations, and BASELINE that commit's name of its baseline,
"0040_baseline".
"""

import sys
from difflib import unified_diff
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from reportdb.database.connection import connect
from reportdb.database.embedded_server import embedded_server
from reportdb.database.migrations import BASELINE, DASHBOARD, ROLES, SCHEMA, migrate

Catalogue = dict[tuple[str, str], str]
"""Each object of a schema, by its kind and name, with all there is to say of it."""

_ACL = """(select string_agg(
    format('%%s=%%s%%s', case when grantee = 0 then 'public' when grantee = current_user::regrole then 'owner'
        else pg_get_userbyid(grantee) end, privilege_type, case when is_grantable then '*' end),
    ' ' order by pg_get_userbyid(grantee), privilege_type)
    from aclexplode({acl}))"""
"""The rights of an access control list in one order, in which the owner's own name does not stand."""

_KINDS = {
    "table": """
        select relname, concat_ws(' ', relkind, relpersistence, 'rows', relrowsecurity, 'forced', relforcerowsecurity,
            'replica', relreplident, reloptions, 'inherits', relhassubclass, relispartition)
        from pg_class where relnamespace = {schema} and relkind in ('r', 'p', 'v', 'm', 'f')""",
    "rights to a table": f"""
        select relname, {_ACL.format(acl="coalesce(relacl, acldefault('r', relowner))")}
        from pg_class where relnamespace = {{schema}} and relkind in ('r', 'p', 'v', 'm', 'f', 'S')""",
    "column": """
        select format('%%s.%%s', relname, attname), concat_ws(' ',
            row_number() over (partition by relname order by attnum),
            format_type(atttypid, atttypmod), case when attnotnull then 'not null' end, 'identity', attidentity,
            'generated', attgenerated, 'storage', attstorage, 'compression', attcompression,
            'statistics', attstattarget, 'collation',
            (select collname from pg_collation where pg_collation.oid = attcollation),
            attoptions, pg_get_expr(adbin, adrelid))
        from pg_attribute
        join pg_class on pg_class.oid = attrelid
        left join pg_attrdef on adrelid = attrelid and adnum = attnum
        where relnamespace = {schema} and relkind in ('r', 'p', 'v', 'm', 'f') and attnum > 0 and not attisdropped""",
    "rights to a column": f"""
        select format('%%s.%%s', relname, attname), {_ACL.format(acl="attacl")}
        from pg_attribute join pg_class on pg_class.oid = attrelid
        where relnamespace = {{schema}} and attacl is not null and not attisdropped""",
    "constraint": """
        select format('%%s on %%s', conname, conrelid::regclass), concat_ws(' ', pg_get_constraintdef(oid),
            condeferrable, condeferred, convalidated)
        from pg_constraint where connamespace = {schema}""",
    "index": """
        select relname, concat_ws(' ', pg_get_indexdef(indexrelid), indisunique, indisprimary, indisvalid,
            indisclustered, indisreplident, reloptions)
        from pg_index join pg_class on pg_class.oid = indexrelid where relnamespace = {schema}""",
    "function": """
        select oid::regprocedure::text, concat_ws(' ', prokind, proleakproof, pg_get_functiondef(oid),
            pg_get_function_sqlbody(oid))
        from pg_proc where pronamespace = {schema} and prokind in ('f', 'p')""",
    "rights to a function": f"""
        select oid::regprocedure::text, {_ACL.format(acl="coalesce(proacl, acldefault('f', proowner))")}
        from pg_proc
        where pronamespace = {{schema}} or pronamespace = 'pg_catalog'::regnamespace and proacl is not null""",
    "view": """
        select relname, pg_get_viewdef(oid) from pg_class where relnamespace = {schema} and relkind in ('v', 'm')""",
    "policy": """
        select format('%%s on %%s', polname, relname), concat_ws(' ', polcmd, polpermissive,
            array(select pg_get_userbyid(role) from unnest(polroles) as role order by 1),
            'using', pg_get_expr(polqual, polrelid), 'check', pg_get_expr(polwithcheck, polrelid))
        from pg_policy join pg_class on pg_class.oid = polrelid where relnamespace = {schema}""",
    "trigger": """
        select format('%%s on %%s', tgname, relname), concat_ws(' ', pg_get_triggerdef(pg_trigger.oid), tgenabled)
        from pg_trigger join pg_class on pg_class.oid = tgrelid where relnamespace = {schema} and not tgisinternal""",
    "rule": """
        select format('%%s on %%s', rulename, relname), pg_get_ruledef(pg_rewrite.oid)
        from pg_rewrite join pg_class on pg_class.oid = ev_class where relnamespace = {schema} and relkind <> 'v'""",
    "sequence": """
        select seqrelid::regclass::text, concat_ws(' ', seqtypid::regtype, seqstart, seqincrement, seqmax, seqmin,
            seqcache, seqcycle, (select format('%%s.%%s %%s', refobjid::regclass, refobjsubid, deptype) from pg_depend
                where objid = seqrelid and classid = 'pg_class'::regclass and refclassid = 'pg_class'::regclass))
        from pg_sequence join pg_class on pg_class.oid = seqrelid where relnamespace = {schema}""",
    "statistics": """
        select stxname, pg_get_statisticsobjdef(oid) from pg_statistic_ext where stxnamespace = {schema}""",
    "type": """
        select typname, concat_ws(' ', typtype, typbasetype::regtype, typnotnull, typdefault,
            array(select enumlabel from pg_enum where enumtypid = pg_type.oid order by enumsortorder))
        from pg_type where typnamespace = {schema} and typtype not in ('b', 'c')""",
    "comment": """
        select pg_describe_object(classoid, objoid, objsubid), description from pg_description
        where (pg_identify_object(classoid, objoid, objsubid)).schema = current_schema()""",
    "schema": f"""
        select 'rights', {_ACL.format(acl="coalesce(nspacl, acldefault('n', nspowner))")}
        from pg_namespace where oid = {{schema}}
        union all
        select 'rights to the database', {_ACL.format(acl="coalesce(datacl, acldefault('d', datdba))")}
        from pg_database where datname = current_database()
        union all
        select 'default rights', string_agg(concat_ws(' ', defaclnamespace::regnamespace, defaclobjtype, defaclacl), ';'
            order by defaclobjtype) from pg_default_acl""",
    "extension": "select extname, extversion from pg_extension",
    "role": """
        select rolname, concat_ws(' ', rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication,
            rolbypassrls, rolconfig, array(select pg_get_userbyid(roleid) from pg_auth_members
                where member = pg_roles.oid order by 1))
        from pg_roles where rolname = any (%(roles)s)""",
}
_NOT_COMPARED = ("schema_migration", "scope_key", "change_mark")
"""Tables whose rows differ from database to database: which files made it and when, and a random key."""


def catalogue(connection: psycopg.Connection) -> Catalogue:
    """Return every object of the current schema, what it is and who may use it, and the rows that a schema begins with.

    For a database without reports: all rows of all tables are read.
    """
    found: Catalogue = {}
    for kind, question in _KINDS.items():
        asked = question.format(schema="current_schema()::regnamespace").encode()
        for name, told in connection.execute(asked, {"roles": [*ROLES, DASHBOARD]}).fetchall():
            assert (kind, name) not in found, f"two of {kind} {name}"
            found[kind, name] = str(told)
    for (kind, name), told in list(found.items()):
        if kind == "table" and told.startswith("r ") and name not in _NOT_COMPARED:
            rows = connection.execute(
                sql.SQL(
                    "select coalesce(string_agg(line::text, e'\\n' order by line::text), '') from {} as line"
                ).format(sql.Identifier(name))
            ).fetchone()
            found["rows", name] = rows[0] if rows else ""
    return found


def differences(one: Catalogue, other: Catalogue) -> list[str]:
    """Return a few lines for each object that only one of two schemas has, or that is not the same in both."""
    lines = []
    for key in sorted(one.keys() | other.keys()):
        if one.get(key) != other.get(key):
            texts = unified_diff(one.get(key, "").splitlines(), other.get(key, "").splitlines(), n=1, lineterm="")
            there = "only in the first" if key not in other else "only in the second" if key not in one else "differs"
            lines.append("\n".join([f"{' '.join(key)}: {there}", *list(texts)[2:]]))
    return lines


def _main(old: Path, old_baseline: str) -> int:
    with TemporaryDirectory(prefix="catalogue-") as place, embedded_server(Path(place) / "db") as url:
        Path(place).chmod(0o755)
        found = []
        for name, folder, baseline in (("old", old, old_baseline), ("new", SCHEMA, BASELINE)):
            with connect(url) as server:
                server.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
            with connect(make_url(url).set(database=name).render_as_string(hide_password=False)) as connection:
                migrate(connection, folder, baseline)
                found.append(catalogue(connection))
    lines = differences(*found)
    told = [*lines, f"{len(found[0])} objects and {len(found[1])}, of which {len(lines)} differ", ""]
    sys.stdout.write("\n".join(told))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(_main(Path(sys.argv[1]), sys.argv[2]))
