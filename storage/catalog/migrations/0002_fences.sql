-- +goose Up
-- Who sees what. zvonok_app sees the school that its transaction named and cannot leave it; zvonok_lookup, which nobody
-- can log in as, owns the few functions for what is asked before a school is known. Force: the owner is bound as well, so
-- a migration that rewrites rows has to lift it for its own length.
-- +goose StatementBegin
do $$
declare
    t text;
begin
    for t in select tablename from pg_tables where schemaname = 'zvonok' and tablename <> 'migrations' loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy own_school on %I using (%s) with check (%2$s)', t,
            case when t = 'schools' then 'id' else 'school_id' end
            || ' = nullif(current_setting(''zvonok.school'', true), '''')::uuid');
    end loop;
    foreach t in array array['schools', 'classes', 'people', 'class_members', 'sign_in_links', 'sessions',
                             'setup_links', 'lessons', 'recordings'] loop
        execute format('create policy before_sign_in on %I to zvonok_lookup using (true) with check (true)', t);
    end loop;
end $$;
-- +goose StatementEnd

-- Only the owner makes set-up links; they have no school yet.
create policy by_owner on setup_links to zvonok_owner using (true) with check (true);

grant usage on schema zvonok to zvonok_app, zvonok_lookup;

-- The application: rows, never structure; no password hash, no token, nothing rewritten that has no reason to change.
grant select on schools, classes, person_cards, class_members, lessons, room_people, chat_messages, recordings,
    recording_tracks, recording_inits, recording_segments, recording_stage, recording_events, recording_views to zvonok_app;
grant select (id, school_id, name, role, login, has_secret, created_at, archived_at) on people to zvonok_app;
grant select (id, school_id, person_id, created_at, seen_at, expires_at, ended_at) on sessions to zvonok_app;
grant insert on classes, people, class_members, sign_in_links, sessions, lessons, room_people, chat_messages, recordings,
    recording_tracks, recording_inits, recording_segments, recording_stage, recording_events, recording_views, audit
    to zvonok_app;
grant update (name, role, login, password_hash, archived_at) on people to zvonok_app;
grant update (ended_at) on sessions to zvonok_app;
grant update (title, starts_at, minutes, recorded, started_at, ended_at) on lessons to zvonok_app;
grant update (left_at, hand_at, removed_at) on room_people to zvonok_app;
grant update (ended_at, complete_at, published, deleted_at) on recordings to zvonok_app;
grant update (wrapped_key) on recording_tracks to zvonok_app;
grant update (at_us, seen_at) on recording_views to zvonok_app;
grant delete on class_members to zvonok_app;

grant select on schools, people, person_cards, classes, class_members, sign_in_links, sessions, setup_links, lessons,
    recordings to zvonok_lookup;
grant insert on schools, people to zvonok_lookup;
grant update (used_at) on sign_in_links to zvonok_lookup;
grant update (used_at, school_id) on setup_links to zvonok_lookup;
grant update (seen_at) on sessions to zvonok_lookup;
