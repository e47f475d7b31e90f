-- +goose Up
-- Every table carries its school; the application's role sees only the rows of the school that its transaction named.
create table schools (
    id          uuid primary key,
    name        text not null check (length(name) between 1 and 200),
    time_zone   text not null,
    created_at  timestamptz not null
);

create table classes (
    id          uuid primary key,
    school_id   uuid not null references schools,
    name        text not null check (length(name) between 1 and 60),
    created_at  timestamptz not null,
    unique (school_id, name),
    unique (school_id, id)
);

create table people (
    id            uuid primary key,
    school_id     uuid not null references schools,
    name          text not null check (length(name) between 1 and 200),
    role          text not null check (role in ('admin', 'teacher', 'student')),
    login         text check (length(login) between 1 and 100),
    password_hash text,
    created_at    timestamptz not null,
    archived_at   timestamptz,
    unique (school_id, id)
);
create unique index people_login on people (lower(login)) where login is not null;

create table class_members (
    school_id   uuid not null,
    class_id    uuid not null,
    person_id   uuid not null,
    primary key (class_id, person_id),
    foreign key (school_id, class_id) references classes (school_id, id),
    foreign key (school_id, person_id) references people (school_id, id)
);

-- Tokens are kept as SHA-256 only.
create table sign_in_links (
    token_hash  bytea primary key,
    school_id   uuid not null,
    person_id   uuid not null,
    next        text not null default '',
    created_at  timestamptz not null,
    expires_at  timestamptz not null,
    used_at     timestamptz,
    foreign key (school_id, person_id) references people (school_id, id)
);

create table sessions (
    token_hash  bytea primary key,
    id          uuid not null unique,
    school_id   uuid not null,
    person_id   uuid not null,
    browser     text not null default '',
    created_at  timestamptz not null,
    seen_at     timestamptz not null,
    expires_at  timestamptz not null,
    ended_at    timestamptz,
    foreign key (school_id, person_id) references people (school_id, id)
);

create table setup_links (
    token_hash  bytea primary key,
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
    created_at  timestamptz not null,
    unique (school_id, id),
    foreign key (school_id, class_id) references classes (school_id, id),
    foreign key (school_id, teacher_id) references people (school_id, id)
);
create index lessons_by_day on lessons (school_id, starts_at);

-- What a room would miss after a crash. One row per lesson that was opened and per person who was inside.
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
    foreign key (school_id, class_id) references classes (school_id, id)
);
create index recordings_by_lesson on recordings (lesson_id);

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
    wrapped_key  bytea,
    unique (school_id, id),
    foreign key (school_id, recording_id) references recordings (school_id, id)
);
create index recording_tracks_by_recording on recording_tracks (recording_id);

create table recording_inits (
    id           uuid primary key,
    school_id    uuid not null,
    track_id     uuid not null,
    object       text not null,
    iv           bytea not null check (length(iv) = 16),
    sha256       bytea not null check (length(sha256) = 32),
    bytes        bigint not null,
    -- codecs is the RFC 6381 string, e.g. avc1.42e01f.
    codecs       text not null,
    width        integer not null default 0,
    height       integer not null default 0,
    unique (school_id, id),
    foreign key (school_id, track_id) references recording_tracks (school_id, id)
);

create table recording_segments (
    id           uuid primary key,
    school_id    uuid not null,
    track_id     uuid not null,
    init_id      uuid not null,
    seq          integer not null,
    start_us     bigint not null,
    duration_us  bigint not null,
    -- independent: starts with a keyframe.
    independent  boolean not null,
    object       text not null,
    iv           bytea not null check (length(iv) = 16),
    sha256       bytea not null check (length(sha256) = 32),
    bytes        bigint not null,
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
    seq          integer not null,
    start_us     bigint not null,
    track_id     uuid,
    primary key (recording_id, seq),
    foreign key (school_id, recording_id) references recordings (school_id, id)
);

create table recording_events (
    school_id    uuid not null,
    recording_id uuid not null,
    seq          integer not null,
    at_us        bigint not null,
    kind         text not null,
    person_id    uuid,
    data         jsonb not null default '{}',
    primary key (recording_id, seq),
    foreign key (school_id, recording_id) references recordings (school_id, id)
);

-- Where a person stopped watching.
create table recording_views (
    school_id    uuid not null,
    recording_id uuid not null,
    person_id    uuid not null,
    at_us        bigint not null,
    seen_at      timestamptz not null,
    primary key (recording_id, person_id),
    foreign key (school_id, recording_id) references recordings (school_id, id),
    foreign key (school_id, person_id) references people (school_id, id)
);

create table audit (
    id           bigint generated always as identity primary key,
    school_id    uuid not null,
    at           timestamptz not null,
    person_id    uuid,
    action       text not null,
    object_kind  text not null default '',
    object_id    text not null default '',
    allowed      boolean not null,
    reason       text not null default ''
);
