-- +goose Up
-- Every table carries its school; the application's role sees only the rows of the school that its transaction named.
create table schools (
    id          uuid primary key,
    name        text not null check (length(name) between 1 and 200),
    time_zone   text not null check (length(time_zone) between 1 and 64),
    created_at  timestamptz not null default now()
);

create table classes (
    id          uuid primary key,
    school_id   uuid not null references schools,
    name        text not null check (length(name) between 1 and 60),
    created_at  timestamptz not null default now(),
    unique (school_id, name),
    unique (school_id, id)
);

create table people (
    id            uuid primary key,
    school_id     uuid not null references schools,
    name          text not null check (length(name) between 1 and 200),
    role          text not null check (role in ('admin', 'teacher', 'student')),
    -- login is lower case already; it is unique over all schools, since signing in by it names no school.
    login         text unique check (length(login) between 1 and 100),
    password_hash text check (length(password_hash) <= 300),
    has_secret    boolean not null generated always as (password_hash is not null) stored,
    created_at    timestamptz not null default now(),
    archived_at   timestamptz,
    unique (school_id, id)
);

create table class_members (
    school_id   uuid not null,
    class_id    uuid not null,
    person_id   uuid not null,
    primary key (school_id, class_id, person_id),
    foreign key (school_id, class_id) references classes (school_id, id),
    foreign key (school_id, person_id) references people (school_id, id)
);
create index class_members_by_person on class_members (person_id);

-- Tokens are kept as SHA-256 only.
create table sign_in_links (
    token_hash  bytea primary key check (length(token_hash) = 32),
    school_id   uuid not null,
    person_id   uuid not null,
    next        text not null default '' check (length(next) <= 300),
    created_at  timestamptz not null,
    expires_at  timestamptz not null,
    used_at     timestamptz,
    foreign key (school_id, person_id) references people (school_id, id)
);

create table sessions (
    token_hash  bytea primary key check (length(token_hash) = 32),
    id          uuid not null unique,
    school_id   uuid not null,
    person_id   uuid not null,
    browser     text not null default '' check (length(browser) <= 300),
    created_at  timestamptz not null,
    seen_at     timestamptz not null,
    expires_at  timestamptz not null,
    ended_at    timestamptz,
    foreign key (school_id, person_id) references people (school_id, id)
);
create index sessions_by_person on sessions (person_id);

create table setup_links (
    token_hash  bytea primary key check (length(token_hash) = 32),
    -- school_id is the school that the link made.
    school_id   uuid references schools,
    created_at  timestamptz not null,
    expires_at  timestamptz not null,
    used_at     timestamptz
);

create table lessons (
    id          uuid primary key,
    school_id   uuid not null,
    class_id    uuid not null,
    teacher_id  uuid not null,
    title       text not null check (length(title) between 1 and 200),
    starts_at   timestamptz not null,
    minutes     integer not null check (minutes between 1 and 600),
    recorded    boolean not null,
    started_at  timestamptz,
    ended_at    timestamptz,
    created_at  timestamptz not null default now(),
    unique (school_id, id),
    foreign key (school_id, class_id) references classes (school_id, id),
    foreign key (school_id, teacher_id) references people (school_id, id)
);
create index lessons_by_day on lessons (school_id, starts_at);
create index lessons_open on lessons (school_id) where started_at is not null and ended_at is null;

-- What a room would miss after a crash. One row per person who was inside.
create table room_people (
    school_id   uuid not null,
    lesson_id   uuid not null,
    person_id   uuid not null,
    joined_at   timestamptz not null,
    left_at     timestamptz,
    hand_at     timestamptz,
    removed_at  timestamptz,
    primary key (lesson_id, person_id),
    foreign key (school_id, lesson_id) references lessons (school_id, id),
    foreign key (school_id, person_id) references people (school_id, id)
);

create table chat_messages (
    id          uuid primary key,
    school_id   uuid not null,
    lesson_id   uuid not null,
    person_id   uuid not null,
    -- client_id makes a repeated send after a lost acknowledgement harmless.
    client_id   text not null check (length(client_id) between 1 and 64),
    text        text not null check (length(text) between 1 and 4000),
    sent_at     timestamptz not null,
    unique (lesson_id, person_id, client_id),
    foreign key (school_id, lesson_id) references lessons (school_id, id),
    foreign key (school_id, person_id) references people (school_id, id)
);
create index chat_by_time on chat_messages (lesson_id, sent_at, id);

create table recordings (
    id          uuid primary key,
    school_id   uuid not null,
    lesson_id   uuid not null,
    class_id    uuid not null,
    started_by  uuid not null,
    started_at  timestamptz not null,
    ended_at    timestamptz,
    -- complete_at: every object is in the store and indexed.
    complete_at timestamptz,
    published   boolean not null default true,
    deleted_at  timestamptz,
    unique (school_id, id),
    foreign key (school_id, lesson_id) references lessons (school_id, id),
    foreign key (school_id, class_id) references classes (school_id, id),
    foreign key (school_id, started_by) references people (school_id, id)
);
create index recordings_by_lesson on recordings (lesson_id);
create index recordings_by_time on recordings (school_id, started_at desc);
create index recordings_open on recordings (id) where deleted_at is null and (ended_at is null or complete_at is null);

-- A track is one source of one person as it arrived, or a rendition derived from others ('mix', person null).
-- Times inside a recording are microseconds since its start.
create table recording_tracks (
    id           uuid primary key,
    school_id    uuid not null,
    recording_id uuid not null,
    person_id    uuid,
    source       text not null check (source in ('microphone', 'camera', 'share', 'share_audio', 'mix')),
    codec        text not null check (codec in ('h264', 'vp9', 'av1', 'vp8', 'opus')),
    -- The track's AES-128 key, wrapped by the master key; erased on deletion.
    wrapped_key  bytea check (length(wrapped_key) <= 256),
    unique (school_id, id),
    foreign key (school_id, recording_id) references recordings (school_id, id),
    foreign key (school_id, person_id) references people (school_id, id)
);
create index recording_tracks_by_recording on recording_tracks (recording_id);

create table recording_inits (
    id           uuid primary key,
    school_id    uuid not null,
    track_id     uuid not null,
    object       text not null check (length(object) between 1 and 512),
    iv           bytea not null check (length(iv) = 16),
    sha256       bytea not null check (length(sha256) = 32),
    bytes        bigint not null check (bytes >= 0),
    -- codecs is the RFC 6381 string, e.g. avc1.42e01f.
    codecs       text not null check (length(codecs) <= 100),
    width        integer not null default 0 check (width >= 0),
    height       integer not null default 0 check (height >= 0),
    unique (school_id, id),
    foreign key (school_id, track_id) references recording_tracks (school_id, id)
);
create index recording_inits_by_track on recording_inits (track_id);

create table recording_segments (
    id           uuid primary key,
    school_id    uuid not null,
    track_id     uuid not null,
    init_id      uuid not null,
    seq          integer not null check (seq >= 0),
    start_us     bigint not null,
    duration_us  bigint not null check (duration_us >= 0),
    -- independent: starts with a keyframe.
    independent  boolean not null,
    object       text not null check (length(object) between 1 and 512),
    iv           bytea not null check (length(iv) = 16),
    sha256       bytea not null check (length(sha256) = 32),
    bytes        bigint not null check (bytes >= 0),
    -- The anchor: RTP ticks, sender's NTP and server time of the first sample.
    anchor_rtp   bigint not null,
    anchor_ntp   timestamptz,
    anchor_server timestamptz not null,
    unique (track_id, seq),
    foreign key (school_id, track_id) references recording_tracks (school_id, id),
    foreign key (school_id, init_id) references recording_inits (school_id, id)
);

-- Who was on stage: spans in order; track null is the slate.
create table recording_stage (
    school_id    uuid not null,
    recording_id uuid not null,
    seq          integer not null check (seq >= 0),
    start_us     bigint not null,
    track_id     uuid,
    primary key (recording_id, seq),
    foreign key (school_id, recording_id) references recordings (school_id, id)
);

create table recording_events (
    school_id    uuid not null,
    recording_id uuid not null,
    seq          integer not null check (seq >= 0),
    at_us        bigint not null,
    kind         text not null check (length(kind) between 1 and 60),
    person_id    uuid,
    data         jsonb not null default '{}' check (length(data::text) <= 20000),
    primary key (recording_id, seq),
    foreign key (school_id, recording_id) references recordings (school_id, id)
);

-- Where a person stopped watching.
create table recording_views (
    school_id    uuid not null,
    recording_id uuid not null,
    person_id    uuid not null,
    at_us        bigint not null check (at_us >= 0),
    seen_at      timestamptz not null,
    primary key (recording_id, person_id),
    foreign key (school_id, recording_id) references recordings (school_id, id),
    foreign key (school_id, person_id) references people (school_id, id)
);

create table audit (
    id           bigint generated always as identity primary key,
    school_id    uuid not null references schools,
    at           timestamptz not null,
    person_id    uuid,
    action       text not null check (length(action) <= 100),
    object_kind  text not null default '' check (length(object_kind) <= 100),
    object_id    text not null default '' check (length(object_id) <= 200),
    allowed      boolean not null,
    reason       text not null default '' check (length(reason) <= 200)
);
create index audit_by_time on audit (school_id, at);

-- A person as the application reads it: everything but the secret. security_invoker: the policies of who asks apply.
create view person_cards with (security_invoker = true) as
select p.id, p.school_id, p.name, p.role, coalesce(p.login, '') as login, p.has_secret, p.archived_at,
       array(select c.id from class_members m join classes c on c.id = m.class_id
             where m.person_id = p.id order by c.name, c.id) as class_ids,
       array(select c.name from class_members m join classes c on c.id = m.class_id
             where m.person_id = p.id order by c.name, c.id) as class_names
from people p;
