-- +goose Up
-- A door lets one device into one lesson without a person at it: an encoder that publishes, a screen that watches. It is
-- seen in the lesson as a person of the role device, which has no login and no rights of its own: a door has those of
-- who made it, narrowed to what it is for. Its token is kept as SHA-256 only.
alter table people drop constraint people_role_check;
alter table people add constraint people_role_check check (role in ('admin', 'teacher', 'student', 'device'));

create table doors (
    id          uuid primary key,
    school_id   uuid not null,
    lesson_id   uuid not null,
    made_by     uuid not null,
    device_id   uuid not null,
    publishes   boolean not null,
    token_hash  bytea not null unique check (length(token_hash) = 32),
    created_at  timestamptz not null,
    expires_at  timestamptz not null,
    revoked_at  timestamptz,
    unique (school_id, id),
    check (expires_at > created_at),
    foreign key (school_id, lesson_id) references lessons (school_id, id),
    foreign key (school_id, made_by) references people (school_id, id),
    foreign key (school_id, device_id) references people (school_id, id)
);
create index doors_by_lesson on doors (lesson_id);

alter table doors enable row level security;
alter table doors force row level security;
create policy own_school on doors using (school_id = nullif(current_setting('zvonok.school', true), '')::uuid)
    with check (school_id = nullif(current_setting('zvonok.school', true), '')::uuid);
create policy before_sign_in on doors to zvonok_lookup using (true) with check (true);
grant select (id, school_id, lesson_id, made_by, device_id, publishes, created_at, expires_at, revoked_at) on doors to zvonok_app;
grant insert on doors to zvonok_app;
grant update (revoked_at) on doors to zvonok_app;
grant select on doors to zvonok_lookup;

-- The door of a token, with who made it. Whether it may still be used is the policy's to say.
create function door_by_token(hash bytea)
returns table (door_id uuid, lesson_id uuid, device_id uuid, device_name text, publishes boolean, created_at timestamptz,
    expires_at timestamptz, revoked_at timestamptz,
    id uuid, school_id uuid, name text, role text, login text, has_secret boolean, archived_at timestamptz,
    class_ids uuid[], class_names text[])
language sql stable security definer set search_path = zvonok, pg_temp
as $$
    select d.id, d.lesson_id, d.device_id, p.name, d.publishes, d.created_at, d.expires_at, d.revoked_at, c.*
    from doors d join people p on p.id = d.device_id join person_cards c on c.id = d.made_by
    where d.token_hash = hash
$$;
-- +goose StatementBegin
do $$
begin
    grant create on schema zvonok to zvonok_lookup;
    revoke all on function door_by_token(bytea) from public;
    grant execute on function door_by_token(bytea) to zvonok_app;
    alter function door_by_token(bytea) owner to zvonok_lookup;
    revoke create on schema zvonok from zvonok_lookup;
end $$;
-- +goose StatementEnd
