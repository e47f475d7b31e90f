-- +goose Up
-- What is asked before a school is known. Each function answers one question as zvonok_lookup, with a pinned search path.

create function school_count() returns bigint
language sql stable security definer set search_path = zvonok, pg_temp
as $$ select count(*) from schools $$;

create function all_schools() returns setof schools
language sql stable security definer set search_path = zvonok, pg_temp
as $$ select * from schools order by name, id $$;

create function setup_link_valid(hash bytea, at timestamptz) returns boolean
language sql stable security definer set search_path = zvonok, pg_temp
as $$ select exists (select from setup_links where token_hash = hash and used_at is null and expires_at > at) $$;

-- The school and its admin, for a set-up link that is consumed; false: it is used, expired or unknown. Only the owner may
-- do without one (hash null): session_user is who logged in, whatever role is set.
-- +goose StatementBegin
create function create_school(hash bytea, school uuid, school_name text, zone text, admin uuid, admin_name text,
    admin_login text, admin_password text, at timestamptz) returns boolean
language plpgsql security definer set search_path = zvonok, pg_temp
as $$
begin
    if hash is null then
        if session_user = 'zvonok_app' then
            return false;
        end if;
    else
        -- The row's lock makes a second set-up with the same link wait, and then find it used.
        perform from setup_links where token_hash = hash and used_at is null and expires_at > at for update;
        if not found then
            return false;
        end if;
    end if;
    insert into schools (id, name, time_zone, created_at) values (school, school_name, zone, at);
    insert into people (id, school_id, name, role, login, password_hash, created_at)
        values (admin, school, admin_name, 'admin', nullif(admin_login, ''), nullif(admin_password, ''), at);
    update setup_links set used_at = at, school_id = school where token_hash = hash;
    return true;
end $$;
-- +goose StatementEnd

create function person_by_login(wanted text)
returns table (id uuid, school_id uuid, name text, role text, login text, has_secret boolean, archived_at timestamptz,
    class_ids uuid[], class_names text[], password_hash text)
language sql stable security definer set search_path = zvonok, pg_temp
as $$
    select c.*, p.password_hash from person_cards c join people p on p.id = c.id
    where p.login = wanted and p.archived_at is null and p.password_hash is not null
$$;

create function link_person(hash bytea, at timestamptz)
returns table (id uuid, school_id uuid, name text, role text, login text, has_secret boolean, archived_at timestamptz,
    class_ids uuid[], class_names text[], next text)
language sql stable security definer set search_path = zvonok, pg_temp
as $$
    select c.*, l.next from sign_in_links l join person_cards c on c.id = l.person_id
    where l.token_hash = hash and l.used_at is null and l.expires_at > at and c.archived_at is null
$$;

-- Of any number of calls at once one updates the row; the others wait for it and then find it used.
create function use_link(hash bytea, at timestamptz)
returns table (id uuid, school_id uuid, name text, role text, login text, has_secret boolean, archived_at timestamptz,
    class_ids uuid[], class_names text[], next text)
language sql volatile security definer set search_path = zvonok, pg_temp
as $$
    with used as (
        update sign_in_links l set used_at = at
        where l.token_hash = hash and l.used_at is null and l.expires_at > at
            and exists (select from people p where p.id = l.person_id and p.archived_at is null)
        returning l.person_id, l.next
    )
    select c.*, used.next from used join person_cards c on c.id = used.person_id
$$;

-- +goose StatementBegin
create function session_by_token(hash bytea, at timestamptz)
returns table (session_id uuid, browser text, created_at timestamptz, seen_at timestamptz, expires_at timestamptz,
    id uuid, school_id uuid, name text, role text, login text, has_secret boolean, archived_at timestamptz,
    class_ids uuid[], class_names text[])
language sql volatile security definer set search_path = zvonok, pg_temp
as $$
    update sessions s set seen_at = at
    where s.token_hash = hash and s.ended_at is null and s.expires_at > at and s.seen_at <= at - interval '1 minute';
    select s.id, s.browser, s.created_at, s.seen_at, s.expires_at, c.*
    from sessions s join person_cards c on c.id = s.person_id
    where s.token_hash = hash and s.ended_at is null and s.expires_at > at and c.archived_at is null
$$;
-- +goose StatementEnd

create function admin_logins() returns setof person_cards
language sql stable security definer set search_path = zvonok, pg_temp
as $$ select * from person_cards where role = 'admin' and archived_at is null order by name, id $$;

create function open_recordings()
returns table (id uuid, school_id uuid, lesson_id uuid, class_id uuid, started_by uuid, title text, class_name text,
    teacher_id uuid, started_at timestamptz, ended_at timestamptz, complete_at timestamptz, published boolean,
    deleted_at timestamptz)
language sql stable security definer set search_path = zvonok, pg_temp
as $$
    select r.id, r.school_id, r.lesson_id, r.class_id, r.started_by, l.title, c.name, l.teacher_id, r.started_at,
        r.ended_at, r.complete_at, r.published, r.deleted_at
    from recordings r join lessons l on l.id = r.lesson_id join classes c on c.id = r.class_id
    where r.deleted_at is null and (r.ended_at is null or r.complete_at is null)
    order by r.started_at, r.id
$$;

-- +goose StatementBegin
do $$
declare
    f regprocedure;
begin
    -- Handing a function over needs the right to create in the schema; lookup has it only for this moment.
    grant create on schema zvonok to zvonok_lookup;
    for f in select p.oid::regprocedure from pg_proc p where p.pronamespace = 'zvonok'::regnamespace and p.prosecdef loop
        execute format('revoke all on function %s from public', f);
        execute format('grant execute on function %s to zvonok_app', f);
        execute format('alter function %s owner to zvonok_lookup', f);
    end loop;
    revoke create on schema zvonok from zvonok_lookup;
    grant execute on function create_school to zvonok_owner;
end $$;
-- +goose StatementEnd
